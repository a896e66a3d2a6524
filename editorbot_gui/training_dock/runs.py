"""The folder of a training: what is asked, what is wanted, what has happened. Without any widget.

The process that trains is described in `training/personal_run.py`; the files are all there is
between it and the window, so that either may end and come back.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from editorbot_gui.training_dock.process import Command, Event, event_of, start_detached
from editorbot_gui.training_dock.speed import Speed, read_speed, write_speed
from model_core.files import file_write_error, write_text_atomically

if TYPE_CHECKING:
    from model_core.progress import CancelToken, Progress

REQUEST, CONTROL, STATUS, EVENTS, LOCK, LOG = (
    "request.json", "control.json", "status.json", "events.jsonl", "lock", "log.txt",
)  # fmt: skip

RUN: Final = "run"
PAUSE: Final = "pause"
STOP: Final = "stop"
"""What a process can be told."""

WORKING: Final = frozenset({"starting", "reading", "running"})
"""States in which a process should be at work."""
PAUSED: Final = "paused"
FAILED: Final = "failed"
DONE: Final = "done"
NOTHING: Final = "nothing"
GIVEN_UP: Final = "given up"
_OVER: Final = frozenset({DONE, NOTHING, GIVEN_UP})
BUSY: Final = 2
"""Exit status of a process that found another one at work."""

_LOG_TAIL_BYTES = 8000
_FEWEST_UPDATES = 10


@dataclass(frozen=True, slots=True)
class RunStatus:
    """Where a training stands.

    Attributes:
        state: One of the states above; empty where there is no training.
        step: Updates made.
        updates: Updates to make.
        seconds: Spent on updates.
        before: Nats per event of the held-out edits before training; None if not known yet.
        after: The same with the best state, or in the end with what is kept.
        model: The file that was written; empty if none was.
        sentence: What went wrong; empty if nothing did.
        mend: What to do about it.
        left_out: Pairs that fit the others too badly to be learned from.
    """

    state: str = ""
    step: int = 0
    updates: int = 0
    seconds: float = 0.0
    before: float | None = None
    after: float | None = None
    model: str = ""
    sentence: str = ""
    mend: str = ""
    left_out: tuple[str, ...] = ()

    @property
    def can_resume(self) -> bool:
        """Whether it can go on from where it stood, if no process works on it."""
        return self.state in WORKING or self.state in {PAUSED, FAILED}


@dataclass(frozen=True, slots=True)
class Found:
    """What was found when the window looked for trainings.

    Attributes:
        folder: Of the training that counts, or None: the one that is worked on, or the last one.
        request: What it was asked for.
        status: Where it stands.
        is_alive: Whether a process works on it.
        speed: How fast training is here; None where that isn't known.
    """

    folder: Path | None
    request: dict[str, Any]
    status: RunStatus
    is_alive: bool
    speed: Speed | None


@dataclass(frozen=True, slots=True)
class FindRequest:
    """Where to look: the folder of trainings, and the file of what was measured."""

    runs: Path
    speed: Path


def find_run(request: FindRequest, _cancel: CancelToken, _progress: Progress) -> Found:
    """Finds the training that counts, also one that an earlier window began; a job function."""
    speed = read_speed(request.speed)
    folders = _folders(request.runs)
    alive = next((folder for folder in reversed(folders) if is_worked_on(folder)), None)
    paused = next((f for f in reversed(folders) if read_status(f).can_resume), None)
    folder = alive or paused or (folders[-1] if folders else None)
    if folder is None:
        return Found(None, {}, RunStatus(), is_alive=False, speed=speed)
    status = read_status(folder)
    if status.state == GIVEN_UP:
        return Found(None, {}, RunStatus(), is_alive=False, speed=speed)
    return Found(folder, _read(folder / REQUEST), status, alive is not None, speed)


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """A training that is to be begun, or gone on with.

    Attributes:
        runs: The folder of trainings.
        request: What to learn, as `training/personal_run.py` reads it; empty to go on.
        folder: The training to go on with; None to begin one.
        want: What the process is told: `RUN`, or `STOP` to finish with what was reached.
    """

    runs: Path
    request: dict[str, Any]
    folder: Path | None = None
    want: str = RUN


@dataclass(frozen=True, slots=True)
class Launched:
    """A training that goes on.

    Attributes:
        folder: Its folder.
        request: What was asked for.
        process: What works on it; None if another window had begun it already.
    """

    folder: Path
    request: dict[str, Any]
    process: subprocess.Popen[bytes] | None


def launch(request: LaunchRequest, _cancel: CancelToken, _progress: Progress) -> Launched:
    """Starts the process of a training, unless one is at work already; a job function.

    Raises:
        FileWriteError: The folder can't be written.
        TrainingCommandError: The process can't be started.
    """
    for other in _folders(request.runs):
        if is_worked_on(other):
            return Launched(other, _read(other / REQUEST), None)
    folder = request.folder
    if folder is None:
        sweep(request.runs)
        folder = _new_folder(request.runs)
        write_text_atomically(folder / REQUEST, json.dumps(request.request, indent=1) + "\n")
    want(folder, request.want)
    status = _read(folder / STATUS) | {"state": "starting", "sentence": "", "mend": ""}
    write_text_atomically(folder / STATUS, json.dumps(status) + "\n")
    process = start_detached(Command("training.personal_run", (str(folder),)), folder / LOG)
    return Launched(folder, _read(folder / REQUEST), process)


@dataclass(frozen=True, slots=True)
class LookRequest:
    """Which training to look at.

    Attributes:
        folder: Its folder.
        offset: Bytes of its events that were read before.
        process: What works on it; None if another window has begun it.
        is_followed: Whether it was at work the last time.
        speed: The file of what was measured.
    """

    folder: Path
    offset: int
    process: subprocess.Popen[bytes] | None
    is_followed: bool
    speed: Path


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen.

    Attributes:
        status: Where it stands.
        events: What has happened since the last time, oldest first.
        offset: Bytes of the events that are read now.
        is_alive: Whether a process works on it.
        code: Exit status of the process; None while it works, and where it isn't this window's.
        said: The last lines of its log, once it has ended.
        speed: What was measured, if it has ended and was long enough; else None.
    """

    status: RunStatus
    events: tuple[Event, ...]
    offset: int
    is_alive: bool
    code: int | None = None
    said: tuple[str, ...] = ()
    speed: Speed | None = None


def look(request: LookRequest, _cancel: CancelToken, _progress: Progress) -> Looked:
    """Reads what a training has written since the last time; a job function."""
    folder, process = request.folder, request.process
    code = process.poll() if process is not None else None
    is_alive = code is None if process is not None else is_worked_on(folder)
    # Read after it was found to have ended, so that its last words are among them.
    events, offset = _new_events(folder, request.offset)
    status = read_status(folder)
    if is_alive:
        return Looked(status, events, offset, is_alive=True)
    speed = None
    if request.is_followed and status.step >= _FEWEST_UPDATES and status.seconds > 0:
        speed = Speed.of_run(status.seconds / status.step, read_speed(request.speed))
        write_speed(request.speed, speed)
    return Looked(status, events, offset, False, code, _last_lines(folder), speed)


def tell(request: tuple[Path, str], _cancel: CancelToken, _progress: Progress) -> None:
    """Tells the process of a training what is wanted; a job function.

    Raises:
        FileWriteError: It can't be written.
    """
    want(*request)


def give_up(folder: Path, _cancel: CancelToken, _progress: Progress) -> None:
    """Notes that a training is not gone on with; a job function.

    Raises:
        FileWriteError: It can't be written.
    """
    values = _read(folder / STATUS) | {"state": GIVEN_UP}
    write_text_atomically(folder / STATUS, json.dumps(values) + "\n")


def want(folder: Path, word: str) -> None:
    """Tells the process what is wanted: `RUN`, `PAUSE` or `STOP`.

    Raises:
        FileWriteError: It can't be written.
    """
    write_text_atomically(folder / CONTROL, json.dumps({"want": word}) + "\n")


def sweep(runs: Path) -> None:
    """Removes trainings that are over; models lie elsewhere, and what can go on stays."""
    for folder in _folders(runs):
        if read_status(folder).state in _OVER and not is_worked_on(folder):
            shutil.rmtree(folder, ignore_errors=True)


def is_worked_on(folder: Path) -> bool:
    """Whether a process works on a training: it holds the lock."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(folder / LOCK, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False


def read_status(folder: Path) -> RunStatus:
    """Returns where a training stands; a damaged file is as none."""
    values = _read(folder / STATUS)
    left_out = values.get("left_out")
    return RunStatus(
        state=str(values.get("state", "")),
        step=_whole(values.get("step")),
        updates=_whole(values.get("updates")),
        seconds=_number(values.get("seconds")) or 0.0,
        before=_number(values.get("before")),
        after=_number(values.get("after", values.get("best"))),
        model=str(values.get("model", "")),
        sentence=str(values.get("sentence", "")),
        mend=str(values.get("mend", "")),
        left_out=tuple(map(str, left_out)) if isinstance(left_out, list) else (),
    )


def _folders(runs: Path) -> list[Path]:
    """Returns the folders of trainings, oldest first: their names are dates."""
    try:
        return sorted(path for path in runs.iterdir() if (path / REQUEST).is_file())
    except OSError:
        return []


def _new_folder(runs: Path) -> Path:
    name = time.strftime("%Y-%m-%d %H-%M-%S")
    folder, number = runs / name, 1
    try:
        runs.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                folder.mkdir()
            except FileExistsError:
                number += 1
                folder = runs / f"{name} {number}"
            else:
                return folder
    except OSError as error:
        raise file_write_error(error, folder) from error


def _new_events(folder: Path, offset: int) -> tuple[tuple[Event, ...], int]:
    """Returns the events from a place on, and where the next ones begin."""
    try:
        with (folder / EVENTS).open("rb") as file:
            file.seek(offset)
            data = file.read()
    except OSError:
        return (), offset
    whole = data.rfind(b"\n") + 1
    events = [event_of(line) for line in data[:whole].splitlines()]
    return tuple(event for event in events if event is not None), offset + whole


def _last_lines(folder: Path) -> tuple[str, ...]:
    try:
        data = (folder / LOG).read_bytes()
    except OSError:
        return ()
    return tuple(data[-_LOG_TAIL_BYTES:].decode("utf-8", "replace").strip().splitlines())


def _read(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None
