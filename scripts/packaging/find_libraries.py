"""Runs before the packaged program: libraries that came with it are found before the system's."""

from __future__ import annotations

import ctypes.util
import sys
from pathlib import Path

_find = ctypes.util.find_library


def find_library(name: str) -> str | None:
    """Returns the file of a library, as `ctypes.util.find_library` does."""
    folder = Path(getattr(sys, "_MEIPASS", ""))
    found = sorted(folder.glob(f"lib{name}.so*"))
    return str(found[0]) if found else _find(name)


if sys.platform.startswith("linux"):
    ctypes.util.find_library = find_library
