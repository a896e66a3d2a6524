"""Librosa's compiled functions, made by one process at a time."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Final

import platformdirs
from filelock import FileLock

_MODULES: Final = ("librosa.beat", "librosa.effects", "librosa.onset", "librosa.sequence")


@cache
def import_librosa() -> None:
    """Imports the parts of librosa that Numba compiles, while other processes wait.

    Numba compiles them where they are imported first and keeps the outcome on disk. Where several
    processes do so at once, their files are mixed, and each later process that reads them crashes
    (https://github.com/numba/numba/issues/10128). Whoever works in several processes calls this in
    each of them before it needs librosa.
    """
    folder = platformdirs.user_cache_path("EditorBot", appauthor=False, ensure_exists=True)
    with FileLock(folder / "librosa.lock"):
        for module in _MODULES:
            importlib.import_module(module)
