"""`editorbot batch`: many recordings, several at a time."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from model_core.commands.common import (
    DONE,
    FAILED,
    PARTLY,
    STOPPED,
    Answer,
    Commands,
    UsageError,
    add_command,
    add_output_arguments,
    run_command,
    told,
)
from model_core.styles import BUNDLED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from model_core.batch.job import BatchJob, JobOptions, JobResult
    from model_core.commands.common import ProgressLine
    from model_core.progress import CancelToken

_EXAMPLES = """\
  editorbot batch recordings/ --output edited/
  editorbot batch *.wav --output edited/ --style tight --format flac --report report.csv
  editorbot batch --list episodes.csv --output edited/ --processes 2 --json

A list has a heading and a row for each file; only input is needed:
  input,output,style,model,format,tightness,target_length,extend,seed,loudness,timeline,edit_list
  one.wav,,tight,,flac,,,,,,,
  two.wav,two/short.wav,natural,,,,300,,,-16,reaper,yes
The same as a JSON array of objects. Run it again after a break: what is done is not done again.
"""


def add_parser(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "batch",
        "edit many files and folders",
        "Edit files and whole folders, whose structure the results keep. Files that were done "
        "before with the same content and options are skipped; a bad file never stops the rest.",
        _EXAMPLES,
    )
    parser.add_argument("inputs", type=Path, nargs="*", metavar="INPUT", help="files and folders")
    parser.add_argument("--list", type=Path, metavar="FILE", help="a list of files (.csv, .json)")
    parser.add_argument(
        "--output", type=Path, required=True, metavar="FOLDER", help="where the results go"
    )
    parser.add_argument(
        "--style", default="", metavar="NAME|FILE", help=f"a style's file, or {', '.join(BUNDLED)}"
    )
    parser.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="another model than the bundled one"
    )
    parser.add_argument(
        "--format", default="", metavar="ENDING", help="such as flac; default: kept"
    )
    parser.add_argument("--tightness", type=float, metavar="0..1")
    parser.add_argument("--target-length", type=float, metavar="SECONDS", help="of each edit")
    parser.add_argument("--extend", type=float, default=1.0, metavar="FACTOR", help="1 to 4")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--temperature", type=float, default=0.0)
    parser.add_argument("--loudness", type=float, metavar="LUFS", help="such as -16")
    parser.add_argument("--edit-list", action="store_true", help="also write each edit list")
    parser.add_argument(
        "--timeline", action="append", default=[], metavar="FORMAT",
        help="also write a timeline, such as reaper; may be given several times",
    )  # fmt: skip
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    parser.add_argument(
        "--processes", type=int, metavar="N", help="files at a time (default: one a core)"
    )
    parser.add_argument("--again", action="store_true", help="also do what is done already")
    parser.add_argument(
        "--report", type=Path, action="append", default=[], metavar="FILE",
        help="write what came of each file (.json, .csv)",
    )  # fmt: skip
    add_output_arguments(parser)
    parser.set_defaults(run=lambda arguments: run_command(_batch, arguments))


def _batch(arguments: argparse.Namespace) -> tuple[int, Answer, str]:
    from model_core.batch.ledger import LEDGER_NAME, Ledger
    from model_core.batch.report import report_text, summary, summary_text, write_report
    from model_core.batch.running import run_batch, usual_processes
    from model_core.files import check_writable

    jobs = _jobs(arguments)
    for path in arguments.report:
        report_text((), path.suffix)
        check_writable(path)
    if arguments.processes is not None and arguments.processes < 1:
        raise UsageError("--processes is 1 or more")
    ledger = Ledger(arguments.output / LEDGER_NAME)
    if arguments.again:
        ledger.forget()
    told_line = told(arguments)
    watch = _Watch(jobs, told_line, quiet=arguments.quiet)
    with _stopped_by_ctrl_c() as cancel:
        results = run_batch(
            jobs,
            arguments.processes or usual_processes(),
            ledger=ledger,
            on_progress=watch.progress,
            on_result=watch.result,
            cancel=cancel,
        )
    told_line.clear()
    for path in arguments.report:
        write_report(path, results)
    answer = {**summary(results), "results": [result.to_dict() for result in results]}
    return _code(results), answer, summary_text(results)


def _code(results: list[JobResult]) -> int:
    states = {result.state for result in results}
    if "stopped" in states:
        return STOPPED
    if "failed" not in states:
        return DONE
    return FAILED if states == {"failed"} else PARTLY


def _jobs(arguments: argparse.Namespace) -> list[BatchJob]:
    from model_core.batch.finding import checked, distinct, find_jobs, read_list
    from model_core.errors import AudioReadError
    from model_core.export.formats import export_format
    from model_core.export.timelines import timeline_format

    if not arguments.inputs and arguments.list is None:
        raise UsageError("name files or folders, or a list with --list")
    try:
        options = _options(arguments)
    except ValueError as error:
        raise UsageError(str(error)) from error
    suffix = f".{arguments.format.lower().lstrip('.')}" if arguments.format else ""
    if suffix:
        export_format(Path(f"x{suffix}"))
    jobs: list[BatchJob] = []
    if arguments.list is not None:
        jobs += read_list(arguments.list, arguments.output, options, suffix)
    jobs += find_jobs(arguments.inputs, arguments.output, options, suffix)
    jobs = checked(distinct(jobs))
    if not jobs:
        raise AudioReadError("There is no recording in these folders.")
    for name in {name for job in jobs for name in job.options.timelines}:
        timeline_format(Path("x"), name)
    return jobs


def _options(arguments: argparse.Namespace) -> JobOptions:
    from model_core.batch.job import JobOptions

    return JobOptions(
        style=arguments.style,
        model=str(arguments.checkpoint.absolute()) if arguments.checkpoint else "",
        tightness=arguments.tightness,
        target_length_s=arguments.target_length,
        extension=arguments.extend,
        seed=arguments.seed,
        temperature=arguments.temperature,
        loudness_lufs=arguments.loudness,
        edit_list=arguments.edit_list,
        timelines=tuple(arguments.timeline),
        device=arguments.device,
    )


class _Watch:
    """Tells on standard error how far the batch is: a line for each file that is finished."""

    def __init__(self, jobs: list[BatchJob], line: ProgressLine, *, quiet: bool) -> None:
        self._jobs = jobs
        self._line = line
        self._quiet = quiet
        self._shares = [0.0] * len(jobs)
        self._finished = 0

    def progress(self, index: int, share: float, phrase: str) -> None:
        self._shares[index] = share
        name = self._jobs[index].source.name
        whole = sum(self._shares) / len(self._jobs)
        self._line(whole, f"{self._finished} of {len(self._jobs)} done; {name}: {phrase}")

    def result(self, index: int, result: JobResult) -> None:
        self._shares[index] = 1.0
        self._finished += 1
        if self._quiet:
            return
        self._line.clear()
        words = {
            "done": f"{result.raw_s:.1f} s → {result.edited_s:.1f} s in {result.seconds:.1f} s",
            "skipped": "was done before",
            "stopped": "not done",
        }.get(result.state, "")
        said = " ".join(part for part in (words, result.sentence, result.mend) if part)
        sys.stderr.write(f"[{self._finished}/{len(self._jobs)}] {result.source}: {said}\n")


@contextmanager
def _stopped_by_ctrl_c() -> Iterator[CancelToken]:
    """Yields a token that Ctrl+C sets, so that the batch ends in order and is reported."""
    from model_core.progress import CancelToken

    cancel = CancelToken()
    if threading.current_thread() is not threading.main_thread():
        yield cancel
        return
    before = signal.signal(signal.SIGINT, lambda _number, _frame: cancel.cancel())
    try:
        yield cancel
    finally:
        signal.signal(signal.SIGINT, before)
