"""Edits the files that it is told on standard input, one JSON object a line, until it ends.

    python -m model_core.batch.worker

It answers on standard output in lines of JSON: `{"event": "progress", "share": 0.4, "phrase": ...}`
and `{"event": "result", ...}`, the fields of `JobResult`. It ends when its input does, so that none
is left over when the program that started it is gone.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from model_core.batch.job import BatchJob, JobResult
from model_core.errors import CancelledError, EditError
from model_core.priority import lower_priority
from model_core.progress import CancelToken

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

_INTERVAL_S: Final = 0.1


def main() -> int:
    """Runs the worker; returns its exit status, which is 0 once its input has ended."""
    if "--background" in sys.argv[1:]:
        lower_priority()
    answers = sys.stdout
    # Whatever a library prints must not come between the lines.
    sys.stdout = sys.stderr
    serve(sys.stdin, answers)
    return 0


def serve(orders: TextIO, answers: TextIO) -> None:
    """Does one job after the other.

    Args:
        orders: A job a line; their end is noticed at once, also while one is done.
        answers: Gets the lines of JSON.
    """
    from model_core.batch.doing import Engines, do_job

    engines = Engines()
    cancel = CancelToken()
    waiting: list[str] = []
    arrived = threading.Condition()

    def listen() -> None:
        for line in orders:
            with arrived:
                waiting.append(line)
                arrived.notify()
        cancel.cancel()
        with arrived:
            arrived.notify()

    def say(**values: object) -> None:
        answers.write(json.dumps(values) + "\n")
        answers.flush()

    threading.Thread(target=listen, name="orders", daemon=True).start()
    say(event="ready")
    while True:
        with arrived:
            arrived.wait_for(lambda: waiting or cancel.cancelled)
            if not waiting:
                return
            line = waiting.pop(0)
        try:
            job = _job(line)
        except EditError as error:
            say(event="refused", sentence=error.sentence)
            continue
        try:
            result = do_job(job, engines, _reporter(say), cancel)
        except CancelledError:
            result = JobResult(job.source, job.output, "stopped")
        say(event="result", **result.to_dict())


def _job(line: str) -> BatchJob:
    try:
        return BatchJob.from_dict(json.loads(line))
    except ValueError as error:
        raise EditError("A line of the batch is no JSON.") from error


def _reporter(say: Callable[..., None]) -> Callable[[float, str], None]:
    """Returns a progress that speaks at most ten times a second."""
    told = [0.0]

    def report(share: float, phrase: str) -> None:
        now = time.monotonic()
        if now - told[0] >= _INTERVAL_S:
            told[0] = now
            say(event="progress", share=round(share, 4), phrase=phrase)

    return report


if __name__ == "__main__":
    sys.exit(main())
