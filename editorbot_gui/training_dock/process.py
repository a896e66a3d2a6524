"""The one door to the package `training`: its commands as processes of their own, without Qt."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any, Final

from model_core.errors import EditorBotError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_core.progress import CancelToken, Progress

_ROOT: Final = Path(__file__).resolve().parents[2]
_LOOK_S: Final = 0.1
_INCOMPLETE: Final = 1
_FAILED: Final = 1
_ERROR: Final = re.compile(r"(\w+\.)*\w*(Error|Exception|Interrupt)\b")


class TrainingCommandError(EditorBotError):
    """A command of the package `training` could not do what it was asked for."""


@dataclass(frozen=True, slots=True)
class Command:
    """What is to be done.

    Attributes:
        module: Of the package `training`; it writes JSON objects, one a line.
        arguments: What it is given.
        listed: What it is given as a JSON list on its standard input, if anything: a command line
            in Windows has room for some hundred paths only.
    """

    module: str
    arguments: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()

    @property
    def line(self) -> list[str]:
        """What starts it, at low priority: what somebody works with comes first."""
        return [sys.executable, "-m", "training.background", self.module, *self.arguments]


Event = dict[str, Any]
"""A JSON object that a command has written."""


def run_command(request: Command, cancel: CancelToken, progress: Progress) -> tuple[Event, ...]:
    """Runs a command to its end; a job function.

    Returns:
        What it has written. A command that left something out has ended with an event "end".

    Raises:
        TrainingCommandError: It did nothing, or ended unexpectedly; the sentence is its own.
        CancelledError: The person has changed their mind; what was done by then is kept.
    """
    # What it says goes through files, so that it never waits for a reader.
    with TemporaryDirectory(ignore_cleanup_errors=True) as private:
        given, said, why = (Path(private) / name for name in ("given", "said", "why"))
        given.write_text(json.dumps(request.listed), encoding="ascii")
        with (
            given.open("rb") as asked,
            said.open("wb") as out,
            why.open("wb") as err,
            said.open("rb") as reading,
        ):
            process = _started(request.line, out, err, asked)
            lines = _Lines(reading)
            events: list[Event] = []
            try:
                while True:
                    ended = _ends_soon(process)
                    for event in lines.read():
                        events.append(event)
                        _tell(event, progress)
                    if ended:
                        break
                    cancel.raise_if_cancelled()
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
        is_told = bool(events) and events[-1].get("event") == "end"
        if process.returncode == 0 or (process.returncode == _INCOMPLETE and is_told):
            return tuple(events)
        raise TrainingCommandError(_why(process.returncode, why))


def start_detached(request: Command, log: Path) -> subprocess.Popen[bytes]:
    """Starts a command that goes on when the window is closed.

    Args:
        request: What is to be done.
        log: File that what it says is appended to.

    Raises:
        TrainingCommandError: It can't be started.
    """
    try:
        with log.open("ab") as said:
            return _started(request.line, said, said, detached=True)
    except OSError as error:
        raise TrainingCommandError(f"The training can't be started: {error.strerror}.") from error


def let_go(process: subprocess.Popen[bytes]) -> None:
    """Leaves a process to itself: it outlives the window on purpose."""
    if process.poll() is None:
        # Otherwise Python would take its going on for a mistake, and warn.
        process.returncode = 0


def why_ended(code: int | None, said: Sequence[str]) -> str:
    """Returns why a process may have ended without a word of its own, as a sentence.

    Args:
        code: Its exit status; None if it isn't known, as an earlier window had started it.
        said: The last lines of its log.
    """
    errors = [line for line in said if _ERROR.match(line)]
    if any("MemoryError" in line or "memory" in line.casefold() for line in errors):
        return "There was not enough memory: close other programs."
    if errors:
        return f"It said: {errors[-1]}"
    if code == _FAILED and said:
        return said[-1]
    if code is not None and code < 0:
        return "It was ended from outside, perhaps because memory ran out: close other programs."
    return "It was ended from outside, or the computer was switched off."


def _started(
    line: list[str],
    out: IO[bytes],
    err: IO[bytes],
    asked: IO[bytes] | None = None,
    *,
    detached: bool = False,
) -> subprocess.Popen[bytes]:
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW
        if detached:
            flags |= subprocess.CREATE_NEW_PROCESS_GROUP
    try:
        return subprocess.Popen(  # noqa: S603 - the project's own program
            line,
            cwd=_ROOT,
            stdin=subprocess.DEVNULL if asked is None else asked,
            stdout=out,
            stderr=err,
            env={**os.environ, "PYTHONIOENCODING": "utf-8:surrogateescape"},
            creationflags=flags,
            start_new_session=detached and sys.platform != "win32",
        )
    except OSError as error:
        raise TrainingCommandError(f"A process can't be started: {error.strerror}.") from error


def _ends_soon(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(timeout=_LOOK_S)
    except subprocess.TimeoutExpired:
        return False
    return True


class _Lines:
    """Reads the whole lines that a file has grown by."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._rest = b""

    def read(self) -> list[Event]:
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        return [event for line in lines if (event := event_of(line)) is not None]


def event_of(line: bytes) -> Event | None:
    """Returns the JSON object in a line; None where there is none, or only half of one."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None


def _tell(event: Event, progress: Progress) -> None:
    share = event.get("share")
    if share is None and event.get("total"):
        share = event.get("done", 0) / event["total"]
    if isinstance(share, int | float):
        progress(float(share), "")


def _why(code: int, path: Path) -> str:
    lines = path.read_bytes().decode("utf-8", "replace").strip().splitlines()
    if code < 0 or not lines:
        return "The process that worked on the library ended unexpectedly."
    return lines[-1]
