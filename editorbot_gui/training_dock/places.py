"""Where library, runs and models lie on this system. Without any widget."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from editorbot_gui.settings import APP_NAME
from model_core.errors import EditorBotError
from model_core.files import file_write_error, write_text_atomically

ROOT = Path(__file__).resolve().parents[2]
"""Where the package `training` is found."""
_STILL_ACTIVE = 259  # of Windows
_QUERY_LIMITED_INFORMATION = 0x1000


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of everything that has to do with training.

    Attributes:
        root: The folder that holds them.
    """

    root: Path

    @classmethod
    def usual(cls) -> Places:
        """Returns the person's own."""
        return cls(Path(platformdirs.user_data_dir(APP_NAME, appauthor=False)) / "training")

    @property
    def library(self) -> Path:
        """Folder of the personal library."""
        return self.root / "library"

    @property
    def models(self) -> Path:
        """Folder of the person's own models."""
        return self.root / "models"

    @property
    def runs(self) -> Path:
        """Folder of trainings, one folder each."""
        return self.root / "runs"

    @property
    def speed(self) -> Path:
        """File that says how fast training is here."""
        return self.root / "speed.json"

    @property
    def library_options(self) -> list[str]:
        """What the library's commands are given to find it."""
        return [
            "--data_dir", str(self.library / "training_data"),
            "--cache_dir", str(self.library / "cache"),
        ]  # fmt: skip


def made(folder: Path) -> Path:
    """Returns a folder, made if it wasn't there.

    Raises:
        FileWriteError: It can't be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise file_write_error(error, folder) from error
    return folder


def command(module: str, *arguments: str) -> list[str]:
    """Returns what starts a module of the package `training` at low priority."""
    return [sys.executable, "-m", "training.background", module, *arguments]


def process_lives(pid: int) -> bool:
    """Whether there is a process of this number; it may be another one after a while."""
    if pid <= 0:
        return False
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        kernel.OpenProcess.restype = ctypes.c_void_p
        handle = kernel.OpenProcess(_QUERY_LIMITED_INFORMATION, False, pid)
        if not handle:
            return False
        code = ctypes.c_ulong()
        kernel.GetExitCodeProcess(ctypes.c_void_p(handle), ctypes.byref(code))
        kernel.CloseHandle(ctypes.c_void_p(handle))
        return code.value == _STILL_ACTIVE
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast training is on this machine.

    Attributes:
        seconds_per_update: For one update.
        seconds_per_minute: To look at one minute of a held-out recording.
        from_run: Whether it is of the last training rather than of a short trial.
    """

    seconds_per_update: float
    seconds_per_minute: float
    from_run: bool

    def estimate(self, updates: int, held_minutes: float) -> float:
        """Returns how long a training takes, in seconds.

        Args:
            updates: How many it makes.
            held_minutes: Length of the held-out recordings.
        """
        return (
            _START_S
            + updates * self.seconds_per_update
            + (_LOOKS * held_minutes * self.seconds_per_minute)
        )


_START_S = 8.0
_LOOKS = 9


def read_speed(places: Places) -> Speed | None:
    """Returns what was measured; None where nothing was, or what is there is damaged."""
    try:
        values = json.loads(places.speed.read_text(encoding="utf-8"))
        speed = Speed(
            float(values["seconds_per_update"]),
            float(values["seconds_per_minute"]),
            bool(values["from_run"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return speed if speed.seconds_per_update > 0 and speed.seconds_per_minute >= 0 else None


def write_speed(places: Places, speed: Speed) -> None:
    """Remembers what was measured; where that can't be, it is measured again the next time."""
    values = {
        "seconds_per_update": speed.seconds_per_update,
        "seconds_per_minute": speed.seconds_per_minute,
        "from_run": speed.from_run,
    }
    try:
        write_text_atomically(made(places.root) / places.speed.name, json.dumps(values) + "\n")
    except EditorBotError:
        return
