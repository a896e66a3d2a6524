"""The folder of a training: what is asked, what is wanted, what has happened. Without any widget.

The process that trains is described in `training/personal_run.py`; the files are all there is
between it and the window.
"""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from editorbot_gui.training_dock.places import Places, made, process_lives
from model_core.files import write_text_atomically

if TYPE_CHECKING:
    from pathlib import Path

REQUEST, CONTROL, STATUS, EVENTS, LOCK, LOG = (
    "request.json", "control.json", "status.json", "events.jsonl", "lock", "log.txt",
)  # fmt: skip
WORKING = frozenset({"starting", "reading", "running"})
"""States in which a process should be at work."""
_LONGEST_START_S = 120.0
_LONGEST_READ = 1 << 20
_LOG_TAIL_BYTES = 4000


@dataclass(frozen=True, slots=True)
class RunStatus:
    """Where a training stands.

    Attributes:
        state: "starting", "reading", "running", "paused", "done", "nothing" (learned), "failed".
        pid: The process.
        step: Updates made.
        updates: Updates to make.
        before: Nats per event of the held-out edits before training; None if not known yet.
        after: The same with the best state.
        model: The file that was written; empty if none was.
        sentence: What went wrong; empty if nothing did.
        mend: What to do about it.
        left_out: Pairs that fit the others too badly.
    """

    state: str = ""
    pid: int = 0
    step: int = 0
    updates: int = 0
    before: float | None = None
    after: float | None = None
    model: str = ""
    sentence: str = ""
    mend: str = ""
    left_out: tuple[str, ...] = ()

    @property
    def can_resume(self) -> bool:
        """Whether it can go on from where it stood."""
        return self.state in WORKING or self.state == "paused"


def new_run(places: Places, request: dict[str, Any]) -> Path:
    """Makes the folder of a training.

    Raises:
        FileWriteError: It can't be written.
    """
    name = time.strftime("%Y-%m-%d %H-%M-%S")
    folder, number = places.runs / name, 1
    while folder.exists():
        number += 1
        folder = places.runs / f"{name} {number}"
    made(folder)
    write_text_atomically(folder / REQUEST, json.dumps(request, indent=1) + "\n")
    return folder


def latest_run(places: Places) -> Path | None:
    """Returns the training that was begun last, or None."""
    try:
        folders = [path for path in places.runs.iterdir() if (path / REQUEST).is_file()]
    except OSError:
        return None
    return max(folders, key=lambda path: path.name, default=None)


def sweep(places: Places, keep: Path | None) -> None:
    """Removes the folders of earlier trainings that no process works on; models lie elsewhere."""
    try:
        folders = list(places.runs.iterdir())
    except OSError:
        return
    for folder in folders:
        if folder != keep and folder.is_dir() and not is_worked_on(folder):
            shutil.rmtree(folder, ignore_errors=True)


def want(folder: Path, word: str) -> None:
    """Tells the process what is wanted: "run", "pause" or "stop".

    Raises:
        FileWriteError: It can't be written.
    """
    write_text_atomically(folder / CONTROL, json.dumps({"want": word}) + "\n")


def set_state(folder: Path, state: str, pid: int = 0) -> None:
    """Writes where a training stands while no process does it.

    Raises:
        FileWriteError: It can't be written.
    """
    values = _read(folder / STATUS) | {"state": state, "pid": pid}
    write_text_atomically(folder / STATUS, json.dumps(values) + "\n")


def read_request(folder: Path) -> dict[str, Any]:
    """Returns what was asked for; empty where the file is damaged."""
    return _read(folder / REQUEST)


def read_status(folder: Path) -> RunStatus:
    """Returns where a training stands; a damaged file is as none."""
    values = _read(folder / STATUS)
    after = values.get("after", values.get("best"))
    left_out = values.get("left_out")
    return RunStatus(
        state=str(values.get("state", "")),
        pid=_whole(values.get("pid")),
        step=_whole(values.get("step")),
        updates=_whole(values.get("updates")),
        before=_number(values.get("before")),
        after=_number(after),
        model=str(values.get("model", "")),
        sentence=str(values.get("sentence", "")),
        mend=str(values.get("mend", "")),
        left_out=tuple(map(str, left_out)) if isinstance(left_out, list) else (),
    )


def read_seconds(folder: Path) -> float:
    """Returns how long a training has spent on updates, in seconds."""
    return _number(_read(folder / STATUS).get("seconds")) or 0.0


def is_worked_on(folder: Path) -> bool:
    """Whether a process works on a training: it holds the lock, or is just being started."""
    if not folder.is_dir():
        return False
    try:
        with FileLock(folder / LOCK, timeout=0):
            pass
    except Timeout:
        return True
    except OSError:
        return False
    status = read_status(folder)
    if status.state != "starting":
        return False
    try:
        age = time.time() - (folder / STATUS).stat().st_mtime
    except OSError:
        return False
    return age < _LONGEST_START_S and process_lives(status.pid)


def log_tail(folder: Path) -> str:
    """Returns the end of what the process has written, for the details of a crash."""
    try:
        data = (folder / LOG).read_bytes()
    except OSError:
        return ""
    return data[-_LOG_TAIL_BYTES:].decode("utf-8", "replace")


@dataclass(slots=True)
class EventTail:
    """Reads what has happened since the last time.

    Attributes:
        folder: The training.
    """

    folder: Path
    _at: int = 0
    _rest: bytes = field(default=b"")

    def read(self) -> list[dict[str, Any]]:
        """Returns the events that are new, oldest first; half a line waits for its end."""
        try:
            with (self.folder / EVENTS).open("rb") as file:
                file.seek(self._at)
                data = file.read(_LONGEST_READ)
        except OSError:
            return []
        self._at += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        events = []
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:  # the process was killed in the middle of it
                continue
            if isinstance(event, dict) and isinstance(event.get("event"), str):
                events.append(event)
        return events


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
    return float(value) if value == value and abs(value) != float("inf") else None
