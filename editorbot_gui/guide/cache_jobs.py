"""Looking after the cache, away from the GUI thread."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from model_core.audio.cache import CACHE_VARIABLE, cache_root, cache_size, clear_cache
from model_core.errors import FileWriteError
from model_core.files import file_write_error

if TYPE_CHECKING:
    from model_core.audio.source import AudioSource
    from model_core.progress import CancelToken, Progress


@dataclass(frozen=True, slots=True)
class ClearRequest:
    """What is to be cleared.

    Attributes:
        root: Where the cache is.
        in_use: The open recording, whose files stay, or None.
    """

    root: Path
    in_use: AudioSource | None


def measure(root: Path, _cancel: CancelToken, _progress: Progress) -> int:
    """Returns the size of the cache in bytes; a job function."""
    return cache_size(root)


def clear(request: ClearRequest, _cancel: CancelToken, _progress: Progress) -> int:
    """Clears the cache and returns how many bytes that freed; a job function."""
    source = request.in_use
    return clear_cache(request.root, () if source is None else (source.content_hash(),))


def try_folder(folder: Path, _cancel: CancelToken, _progress: Progress) -> Path:
    """Returns a folder in which files can be written; a job function.

    Raises:
        FileWriteError: None can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        told = file_write_error(error, folder)
        raise FileWriteError(told.sentence, "Choose another folder for the cache.") from error


def move_cache(folder: str) -> None:
    """Has everything be cached in another folder from now on; empty for the usual one.

    A folder that is named by the environment counts for more; see `named_from_outside`.
    """
    if named_from_outside():
        return
    if folder:
        os.environ[CACHE_VARIABLE] = _own.value = folder
    else:
        os.environ.pop(CACHE_VARIABLE, None)
        _own.value = ""


def named_from_outside() -> bool:
    """Whether the environment says where the cache is, rather than the preferences."""
    named = os.environ.get(CACHE_VARIABLE, "")
    return bool(named) and named != _own.value


def folder_now() -> Path:
    """Returns where the cache is."""
    return cache_root()


@dataclass(slots=True)
class _Own:
    """The folder that was set here, as the environment is one for the process."""

    value: str = ""


_own = _Own()
