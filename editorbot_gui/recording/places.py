"""Where recordings go, and what they are called."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QStandardPaths

SUFFIX = ".wav"
FOLDER_NAME = "Recordings"


def recordings_folder() -> Path:
    """Returns the folder for recordings: in the person's music, or at home where there is none."""
    music = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MusicLocation)
    return (Path(music) if music else Path.home()) / FOLDER_NAME


def new_name(folder: Path, now: datetime) -> Path:
    """Returns a file that isn't there yet, named after a time; sorted by name, they are by time.

    Args:
        folder: Where it is to be.
        now: The time, local.
    """
    # Without colons, which Windows has other uses for.
    stem = f"Recording {now:%Y-%m-%d %H.%M.%S}"
    path = folder / f"{stem}{SUFFIX}"
    number = 2
    while path.exists():
        path = folder / f"{stem} ({number}){SUFFIX}"
        number += 1
    return path
