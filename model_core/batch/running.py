"""A batch of files in several processes; none of them can stop the rest."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from model_core.batch.job import BatchJob, JobResult

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from model_core.batch.ledger import Ledger
    from model_core.progress import CancelToken

ROOT: Final = Path(__file__).resolve().parents[2]
"""Where the package `model_core` is found."""
_LOOK_S: Final = 0.2
_GRACE_S: Final = 10.0
_MOST_PROCESSES: Final = 64
FRESH_AFTER_S: Final = 3600.0
"""After so much audio a process is replaced: torch's libraries keep some 20 MB for each recording
of ten minutes, as long as the process lives."""


def usual_processes() -> int:
    """Returns how many files to work on at once: one a core."""
    return max(1, min(os.cpu_count() or 1, _MOST_PROCESSES))


def worker_command() -> list[str]:
    """Returns what starts a worker."""
    return [sys.executable, "-m", "model_core.batch.worker"]


def worker_environment(n_processes: int) -> dict[str, str]:
    """Returns the environment of a worker, which shares the cores with the others."""
    threads = str(max(1, (os.cpu_count() or 1) // n_processes))
    return {
        "PYTHONIOENCODING": "utf-8:surrogateescape",
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", threads),
    }


def run_batch(
    jobs: Sequence[BatchJob],
    n_processes: int = 1,
    *,
    ledger: Ledger | None = None,
    on_progress: Callable[[int, float, str], None] = lambda _index, _share, _phrase: None,
    on_result: Callable[[int, JobResult], None] = lambda _index, _result: None,
    cancel: CancelToken | None = None,
    command: Sequence[str] = (),
) -> list[JobResult]:
    """Edits files, several at a time, each process one after the other.

    Args:
        jobs: The files.
        n_processes: How many at a time.
        ledger: Knows what is done already and need not be done again.
        on_progress: Told a file by its index, its finished share and a phrase.
        on_result: Told what came of a file by its index.
        cancel: Ends the batch; files that are being worked on are given up whole.
        command: What starts a worker; left out, the usual one.

    Returns:
        A result for each file, in their order. A process that dies counts as a failure of its
        file alone.

    Raises:
        FileWriteError: The ledger can't be written.
    """
    batch = _Batch(jobs, ledger, on_progress, on_result, tuple(command) or worker_command())
    batch.run(n_processes, cancel)
    return [batch.results[index] for index in range(len(jobs))]


class _Batch:
    """The state of a batch: what waits, what is done, which processes work."""

    def __init__(
        self,
        jobs: Sequence[BatchJob],
        ledger: Ledger | None,
        on_progress: Callable[[int, float, str], None],
        on_result: Callable[[int, JobResult], None],
        command: Sequence[str],
    ) -> None:
        self.results: dict[int, JobResult] = {}
        self._jobs = jobs
        self._ledger = ledger
        self._on_progress = on_progress
        self._on_result = on_result
        self._command = command
        self._waiting: deque[int] = deque()
        self._workers: list[_Worker] = []
        self._events: _Events = queue.SimpleQueue()

    def run(self, n_processes: int, cancel: CancelToken | None) -> None:
        """Does all jobs, or gives up those that are left when it is cancelled."""
        for index, job in enumerate(self._jobs):
            before = self._ledger.find(job) if self._ledger is not None else None
            if before is not None:
                self._settle(index, before)
            else:
                self._waiting.append(index)
        n_workers = min(n_processes, len(self._waiting), _MOST_PROCESSES)
        try:
            for _ in range(n_workers):
                self._start(n_workers)
            while any(worker.index is not None for worker in self._workers):
                if cancel is not None and cancel.cancelled:
                    break
                with contextlib.suppress(queue.Empty):
                    self._take(*self._events.get(timeout=_LOOK_S), n_workers)
        finally:
            for worker in self._workers:
                worker.end_input()
            for worker in self._workers:
                worker.close()
        for index, job in enumerate(self._jobs):
            if index not in self.results:
                self._settle(index, JobResult(job.source, job.output, "stopped"))

    def _start(self, n_workers: int) -> None:
        worker = _Worker(self._command, n_workers, self._events)
        self._workers.append(worker)
        worker.next(self._waiting, self._jobs)

    def _take(self, worker: _Worker, event: dict[str, Any] | None, n_workers: int) -> None:
        if worker not in self._workers:
            return
        index = worker.index
        if event is None:
            # It was killed, or a library has crashed: another one takes its place.
            worker.close()
            self._workers.remove(worker)
            if index is not None:
                self._settle(index, _died(self._jobs[index], worker.said))
            if self._waiting:
                self._start(n_workers)
        elif index is None:
            return
        elif event.get("event") == "progress":
            self._on_progress(index, float(event["share"]), str(event["phrase"]))
        elif event.get("event") == "result":
            del event["event"]
            result = JobResult.from_dict(event)
            self._settle(index, result)
            worker.audio_s += result.raw_s
            if worker.audio_s >= FRESH_AFTER_S and self._waiting:
                worker.close()
                self._workers.remove(worker)
                self._start(n_workers)
            else:
                worker.next(self._waiting, self._jobs)

    def _settle(self, index: int, result: JobResult) -> None:
        self.results[index] = result
        if self._ledger is not None and result.state == "done":
            self._ledger.add(self._jobs[index], result)
        self._on_result(index, result)


def _died(job: BatchJob, said: str) -> JobResult:
    last = said.strip().splitlines()[-1:] if said.strip() else []
    why = f" Its last words: {last[0][:200]}" if last else ""
    return JobResult(
        job.source,
        job.output,
        "failed",
        f"The process that worked on “{job.source.name}” ended unexpectedly.{why}",
        "It may have run out of memory: work on fewer files at once.",
    )


_Events: TypeAlias = "queue.SimpleQueue[tuple[_Worker, dict[str, Any] | None]]"


class _Worker:
    """A process that edits files, and the threads that listen to it."""

    def __init__(
        self,
        command: Sequence[str],
        n_processes: int,
        events: _Events,
    ) -> None:
        self.index: int | None = None
        self.audio_s = 0.0
        self._said: deque[str] = deque(maxlen=20)
        self._process = subprocess.Popen(  # noqa: S603 - the project's own program
            list(command),
            cwd=ROOT,
            env={**os.environ, **worker_environment(n_processes)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="surrogateescape",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            # Ctrl+C is for the program, which then tells its workers.
            start_new_session=sys.platform != "win32",
        )
        self._events = events
        self._threads = [
            threading.Thread(target=work, name="batch", daemon=True)
            for work in (self._listen, self._note)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def said(self) -> str:
        """The last lines on its standard error."""
        return "".join(self._said)

    def next(self, waiting: deque[int], jobs: Sequence[BatchJob]) -> None:
        """Gives it the next file, or lets it go where there is none."""
        self.index = waiting.popleft() if waiting else None
        stdin = self._process.stdin
        if stdin is None:
            return
        try:
            if self.index is None:
                stdin.close()
            else:
                # Paths are those of this process, whatever folder the worker is in.
                job = jobs[self.index]
                order = BatchJob(job.source.absolute(), job.output.absolute(), job.options)
                stdin.write(json.dumps(order.to_dict()) + "\n")
                stdin.flush()
        except OSError:
            return  # it is gone; its listener tells

    def end_input(self) -> None:
        """Tells it that nothing more comes; it gives up what it is at."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def close(self) -> None:
        """Ends the process: its input ends, and if that isn't enough it is killed."""
        self.end_input()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            thread.join()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict):
                self._events.put((self, event))
        self._events.put((self, None))

    def _note(self) -> None:
        for line in self._process.stderr or ():
            self._said.append(line)
