"""Bringing a file into a library: as a copy, or as a small text file that says where it lies."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from model_core.audio.direct import file_error
from model_core.files import atomic_path, file_write_error, refuse_overwriting_source
from training.library.errors import LibraryError
from training.library.jsonfile import read_object, write_object

REFERENCE_SUFFIX: Final = ".reference"
"""Suffix of a text file that stands for a sound file elsewhere."""

_FORMAT = "editorbot-reference"
_NO_SUFFIX = ".sound"  # what is in a file is told from its content
_BLOCK_BYTES = 1 << 20


def resolve(path: Path) -> Path:
    """Returns the sound file behind a file of the library, itself or the one it refers to.

    Raises:
        LibraryError: It is a reference that is damaged, or whose file has gone away.
    """
    if path.suffix.lower() != REFERENCE_SUFFIX:
        return path
    values = read_object(path)
    places = [values.get("relative"), values.get("path")]
    if values.get("format") != _FORMAT or not isinstance(places[1], str) or not places[1]:
        raise LibraryError(f"“{path}” refers to no file.", "Add the pair again.")
    # The library and what it refers to may have moved together, or only the library has.
    for place in places:
        if isinstance(place, str) and place and "\0" not in place:
            target = Path(os.path.normpath(path.absolute().parent / place))
            if target.is_file() and target.suffix.lower() != REFERENCE_SUFFIX:
                return target
    raise LibraryError(
        f"“{places[1]}”, which the library refers to, has gone away.",
        "Put it back, or add the pair again.",
    )


def bring(source: Path, folder: Path, stem: str, *, by_reference: bool) -> Path:
    """Brings a file into a library.

    Args:
        source: The file; it is only read.
        folder: Where it goes.
        stem: Its name there, without suffix.
        by_reference: Whether to write down where it lies instead of copying it.

    Returns:
        The file that was written.

    Raises:
        AudioReadError: The source can't be opened.
        FileWriteError: It can't be written.
    """
    if by_reference:
        written = folder / f"{stem}{REFERENCE_SUFFIX}"
        absolute = source.absolute()
        try:
            relative = Path(os.path.relpath(absolute, folder.absolute())).as_posix()
        except ValueError:  # on another drive of Windows
            relative = ""
        values = {"format": _FORMAT, "version": 1, "path": str(absolute), "relative": relative}
        write_object(written, values)
        return written
    target = folder / f"{stem}{source.suffix or _NO_SUFFIX}"
    refuse_overwriting_source(target, [source])
    try:
        file = source.open("rb")
    except OSError as error:
        raise file_error(source, error) from error
    # Not shutil.copyfile: its errors blame the source for a full disk.
    with file, atomic_path(target) as temporary, temporary.open("wb") as copy:
        shutil.copyfileobj(file, copy, _BLOCK_BYTES)
    return target


def put_away(path: Path, folder: Path, *, delete: bool) -> None:
    """Takes a file out of a library, without deleting what may be a person's only copy.

    Args:
        path: The file: a reference, a link, or sound.
        folder: Where sound is moved to.
        delete: Whether it was made for the library alone and can go.

    Raises:
        FileWriteError: It can't be moved or removed.
    """
    try:
        if delete or path.is_symlink() or path.suffix.lower() == REFERENCE_SUFFIX:
            path.unlink(missing_ok=True)
            return
        folder.mkdir(parents=True, exist_ok=True)
        target, number = folder / path.name, 1
        while target.exists():
            number += 1
            target = folder / f"{path.stem} {number}{path.suffix}"
        path.rename(target)
    except OSError as error:
        raise file_write_error(error, path) from error
