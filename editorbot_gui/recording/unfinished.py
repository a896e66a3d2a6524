"""Recordings whose program was ended in the middle: found again, put right, and opened on wish.

While a recording grows, a note in the person's data folder names its file. The note's lock tells
whether the program that records still lives.
"""

from __future__ import annotations

import contextlib
import json
import logging
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from PySide6.QtCore import QLockFile

from editorbot_gui.recording.growing_wave import repair
from editorbot_gui.settings import APP_NAME
from model_core.errors import AudioReadError, FileWriteError
from model_core.files import write_text_atomically

if TYPE_CHECKING:
    from model_core.progress import CancelToken, Progress

log = logging.getLogger(__name__)

_SUFFIX = ".recording"


def notes_folder() -> Path:
    """Returns where the notes lie."""
    return Path(platformdirs.user_data_dir(APP_NAME, appauthor=False)) / "recording"


class Unfinished:
    """The note of one recording, from its beginning to its end.

    A folder that can't be written costs only the finding: the file itself is whole.

    Args:
        recording: The file that grows.
    """

    def __init__(self, recording: Path) -> None:
        self._path = notes_folder() / f"{secrets.token_hex(8)}{_SUFFIX}"
        self._lock: QLockFile | None = None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(self._path)
            write_text_atomically(self._path, json.dumps({"recording": str(recording.absolute())}))
        except (OSError, FileWriteError) as error:
            log.warning("the recording can't be noted: %s", error)

    def done(self) -> None:
        """Removes the note: the recording is finished."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None


@dataclass(frozen=True, slots=True)
class BrokenOff:
    """A recording that was broken off, and has been put right.

    Attributes:
        path: The file.
        seconds: Its length.
    """

    path: Path
    seconds: float


def find_broken_off(
    _request: None, _cancel: CancelToken, _progress: Progress
) -> tuple[BrokenOff, ...]:
    """Puts right what programs that were ended have left, and forgets the notes; a job.

    Returns:
        The recordings, the oldest first. Those in which nothing was recorded are removed.
    """
    found = []
    for note in _notes():
        lock = _locked(note)
        if lock is None:
            continue
        try:
            recording = _noted(note)
            if recording is not None and recording.exists():
                seconds = repair(recording)
                if seconds > 0:
                    found.append(BrokenOff(recording, seconds))
                else:
                    recording.unlink()
            note.unlink(missing_ok=True)
        except AudioReadError as error:
            log.warning("a recording that was broken off is of no use: %s", error)
            with contextlib.suppress(OSError):
                note.unlink(missing_ok=True)
        except (FileWriteError, OSError) as error:  # perhaps the next time
            log.warning("a recording that was broken off can't be put right: %s", error)
        finally:
            lock.unlock()
    return tuple(found)


def _notes() -> list[Path]:
    try:
        notes = [(path.stat().st_mtime, path) for path in notes_folder().glob(f"*{_SUFFIX}")]
    except OSError:
        return []
    return [path for _, path in sorted(notes)]


def _noted(note: Path) -> Path | None:
    try:
        return Path(json.loads(note.read_text(encoding="utf-8"))["recording"])
    except (ValueError, TypeError, KeyError):
        return None


def _locked(note: Path) -> QLockFile | None:
    """Returns the lock of a note, locked, or None if the program that records still lives."""
    lock = QLockFile(f"{note}.lock")
    lock.setStaleLockTime(0)  # only the end of its process makes a lock stale, never its age
    return lock if lock.tryLock(0) else None
