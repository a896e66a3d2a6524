"""Where things that can be computed again are kept between sessions, and for how long."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

CACHE_VARIABLE = "EDITORBOT_CACHE_DIR"
"""Environment variable that moves the cache elsewhere, such as to a larger disk."""


KINDS = ("beats", "decoded", "peaks")
"""Folders of files that can be computed again from recordings."""


def cache_root() -> Path:
    """Returns where the folders of the cache lie; it need not be there yet."""
    moved = os.environ.get(CACHE_VARIABLE)
    return Path(moved) if moved else Path(platformdirs.user_cache_dir("EditorBot", False))


def cache_folder(kind: str) -> Path:
    """Returns the folder for one kind of cached files, made if it isn't there.

    Args:
        kind: The folder's name, such as "peaks".

    Raises:
        OSError: If the folder can't be made.
    """
    folder = cache_root() / kind
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def cache_size(root: Path) -> int:
    """Returns how many bytes the cached files under a folder take."""
    return sum(size for _, size in _cached_files(root))


def clear_cache(root: Path, spared: Collection[str] = ()) -> int:
    """Removes cached files; those that are open under Windows stay.

    Args:
        root: Where the folders of the cache lie.
        spared: Content hashes of recordings whose files stay, because they are in use.

    Returns:
        How many bytes were freed.
    """
    freed = 0
    for path, size in _cached_files(root):
        if not any(path.name.startswith(each) for each in spared):
            with contextlib.suppress(OSError):
                path.unlink()
                freed += size
    return freed


def _cached_files(root: Path) -> Iterator[tuple[Path, int]]:
    for kind in KINDS:
        with contextlib.suppress(OSError):
            for path in sorted((root / kind).iterdir()):
                with contextlib.suppress(OSError):
                    if path.is_file() and not path.is_symlink():
                        yield path, path.stat().st_size


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
