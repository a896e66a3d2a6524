"""Puts EditorBot into the menu of a desktop of Linux, and its projects under its name.

A wheel that is installed system-wide brings these files along; from a virtual environment or from
a folder no desktop finds them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from model_core.errors import EditorBotError
from model_core.files import file_write_error, write_bytes_atomically, write_text_atomically
from resources import resource_path

_PLACES = {
    "applications/editorbot.desktop": ("desktop", "editorbot.desktop"),
    "mime/packages/editorbot-mime.xml": ("desktop", "editorbot-mime.xml"),
    "icons/hicolor/scalable/apps/editorbot.svg": ("icons", "editorbot.svg"),
}
_REFRESH = (("update-desktop-database", "applications"), ("update-mime-database", "mime"))


def data_home() -> Path:
    """Returns where a desktop looks for what belongs to this person."""
    named = os.environ.get("XDG_DATA_HOME", "")
    return Path(named) if Path(named).is_absolute() else Path.home() / ".local" / "share"


def program_path() -> Path:
    """Returns the file that starts EditorBot.

    Raises:
        EditorBotError: It was started in another way, from its source tree for example.
    """
    if getattr(sys, "frozen", False):
        return Path(sys.executable)
    beside = Path(sys.executable).with_name("editorbot")
    found = str(beside) if beside.is_file() else shutil.which("editorbot")
    if found is None:
        raise EditorBotError(
            "There is no program “editorbot” that a menu could start.", "Install it with pip."
        )
    return Path(found)


def install(folder: Path, program: Path) -> list[Path]:
    """Writes entry, file type and icon, and has the desktop look at them.

    Args:
        folder: As `data_home`.
        program: What the entry starts.

    Returns:
        The files.

    Raises:
        FileWriteError: One of them can't be written.
    """
    written = []
    for place, resource in _PLACES.items():
        target = folder / place
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise file_write_error(error, target.parent) from error
        data = resource_path(*resource).read_bytes()
        if target.suffix == ".desktop":
            text = data.decode().replace("\nTryExec=editorbot", f"\nTryExec={program}")
            text = text.replace("\nExec=editorbot", f"\nExec={_quoted(program)}")
            write_text_atomically(target, text)
        else:
            write_bytes_atomically(target, data)
        written.append(target)
    _refresh(folder)
    return written


def remove(folder: Path) -> list[Path]:
    """Removes what `install` wrote; returns the files that were there.

    Raises:
        FileWriteError: One of them can't be removed.
    """
    gone = []
    for place in _PLACES:
        target = folder / place
        try:
            target.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise file_write_error(error, target) from error
        gone.append(target)
    _refresh(folder)
    return gone


def _quoted(program: Path) -> str:
    """Returns a path as the line Exec of an entry takes it."""
    text = str(program)
    for letter in ("\\", '"', "`", "$"):
        text = text.replace(letter, f"\\{letter}")
    # Backslashes count twice: in the value of a key, and in its quotes. % is the letter of fields.
    text = text.replace("\\", "\\\\").replace("%", "%%")
    return f'"{text}"'


def _refresh(folder: Path) -> None:
    """Tells the desktop at once; without these programs it notices by and by."""
    for command, place in _REFRESH:
        program = shutil.which(command)
        if program is not None and (folder / place).is_dir():
            subprocess.run(  # noqa: S603 - a program of the system
                [program, str(folder / place)], check=False, capture_output=True
            )
