"""Maps large libraries into the process while the window goes on painting.

Importing an extension module holds the interpreter's lock, and mapping torch's libraries, or the
one that makes machine code, takes long enough for a person to see the window stand still. A plain
call of the system's loader holds no lock; the import afterwards finds the libraries there.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from pathlib import Path

_ENDINGS = {"linux": "so", "darwin": "dylib"}
_TORCH = ("lib/libtorch_cpu", "lib/libtorch_python")
_LLVMLITE = ("binding/libllvmlite",)


def preload_torch() -> None:
    """Maps torch's libraries, where the system has a loader to be called so.

    What fails here fails again, and is told, when torch is imported.
    """
    _map_libraries("torch", _TORCH)


def preload_llvmlite() -> None:
    """Maps the library of llvmlite in the same way."""
    _map_libraries("llvmlite", _LLVMLITE)


def _map_libraries(package: str, names: tuple[str, ...]) -> None:
    spec = importlib.util.find_spec(package)
    if sys.platform not in _ENDINGS or spec is None or not spec.submodule_search_locations:
        return
    folder = Path(spec.submodule_search_locations[0])
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.argtypes, dlopen.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    for name in names:
        dlopen(os.fsencode(folder / f"{name}.{_ENDINGS[sys.platform]}"), os.RTLD_NOW)
