"""Saved styles: one file each, in the person's data folder. Without any widget."""

from __future__ import annotations

import logging
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from editorbot_gui.settings import APP_NAME
from model_core.errors import StyleError
from model_core.files import file_write_error
from model_core.styles import Style, read_style, write_style

if TYPE_CHECKING:
    from model_core.progress import CancelToken, Progress

log = logging.getLogger(__name__)

SUFFIX = ".json"
_MOST_LETTERS = 48
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)


def styles_folder() -> Path:
    """Returns where saved styles lie on this system."""
    return Path(platformdirs.user_data_dir(APP_NAME, appauthor=False)) / "styles"


@dataclass(frozen=True, slots=True)
class Preset:
    """A file of a saved style.

    Attributes:
        path: The file.
        name: What the person calls it; the file's name where it can't be read.
        style: The style, or None if it can't be used.
        reason: Why it can't be used, as a sentence; else empty.
    """

    path: Path
    name: str
    style: Style | None
    reason: str = ""


def list_presets(folder: Path, checkpoint_hash: str) -> tuple[Preset, ...]:
    """Returns the saved styles by name, those too that can't be used with a network.

    Args:
        folder: Where they lie; it may be absent.
        checkpoint_hash: Of the network.
    """
    try:
        paths = sorted(folder.glob(f"*{SUFFIX}"))
    except OSError as error:
        log.warning("the saved styles can't be listed: %s", error)
        return ()
    presets = [_preset(path, checkpoint_hash) for path in paths]
    return tuple(sorted(presets, key=lambda preset: preset.name.casefold()))


def _preset(path: Path, checkpoint_hash: str) -> Preset:
    try:
        style = read_style(path)
    except StyleError as error:
        return Preset(path, path.stem, None, error.sentence)
    try:
        read_style(path, checkpoint_hash)
    except StyleError as error:
        return Preset(path, style.name, None, str(error))
    return Preset(path, style.name, style)


@dataclass(frozen=True, slots=True)
class SaveRequest:
    """What to save where.

    Attributes:
        folder: Where saved styles lie; made if it is absent.
        style: The style. One of the same name and network is replaced.
    """

    folder: Path
    style: Style


def save_preset(request: SaveRequest, _cancel: CancelToken, _progress: Progress) -> Path:
    """Writes a style into the folder and returns its file; a job function.

    Raises:
        FileWriteError: It can't be written.
    """
    folder, style = request.folder, request.style
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise file_write_error(error, folder) from error
    path = _path_for(folder, style)
    write_style(path, style)
    return path


def _path_for(folder: Path, style: Style) -> Path:
    """Returns the file of the style of that name and network, or one that is free."""
    stem = file_stem(style.name)
    number = 1
    while True:
        path = folder / f"{stem}{'' if number == 1 else f' {number}'}{SUFFIX}"
        if not path.exists():
            return path
        try:
            other = read_style(path)
        except StyleError:
            other = None
        if other is not None and (other.name, other.checkpoint_hash) == (
            style.name,
            style.checkpoint_hash,
        ):
            return path
        number += 1


def file_stem(name: str) -> str:
    """Returns a name that every system takes for a file, as close to what was written as can be."""
    plain = unicodedata.normalize("NFC", name)
    kept = "".join(letter if letter.isalnum() or letter in " -_" else "-" for letter in plain)
    stem = kept.strip(" -")[:_MOST_LETTERS].strip(" -") or "style"
    return f"{stem}-style" if _RESERVED.fullmatch(stem) else stem
