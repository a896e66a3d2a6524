"""Where things that can be computed again are kept between sessions, and for how long."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import platformdirs

CACHE_VARIABLE = "EDITORBOT_CACHE_DIR"
"""Environment variable that moves the cache elsewhere, such as to a larger disk."""


def cache_folder(kind: str) -> Path:
    """Returns the folder for one kind of cached files, made if it isn't there.

    Args:
        kind: The folder's name, such as "peaks".

    Raises:
        OSError: If the folder can't be made.
    """
    moved = os.environ.get(CACHE_VARIABLE)
    root = Path(moved) if moved else Path(platformdirs.user_cache_dir("EditorBot", False))
    folder = root / kind
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def mark_used(path: Path) -> None:
    """Makes a cached file the last to be removed."""
    with contextlib.suppress(OSError):
        path.touch()


def prune(folder: Path, limit_bytes: int) -> None:
    """Removes the files of a cache folder that weren't used for longest, down to a limit.

    Files that can't be removed, such as one that is open under Windows, stay.
    """
    entries = []
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            status = path.stat()
            entries.append((status.st_mtime_ns, status.st_size, path))
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if total <= limit_bytes:
            return
        with contextlib.suppress(OSError):
            path.unlink()
            total -= size
