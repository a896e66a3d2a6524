"""Maps torch's large libraries into the process while the window goes on painting.

Importing an extension module holds the interpreter's lock, and mapping torch's libraries takes long
enough for a person to see the window stand still. A plain call of the system's loader holds no
lock; the import afterwards finds the libraries there.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from pathlib import Path

_LIBRARIES = ("libtorch_cpu", "libtorch_python")


def preload_torch() -> None:
    """Maps the libraries, where the system has a loader to be called so.

    What fails here fails again, and is told, when torch is imported.
    """
    endings = {"linux": "so", "darwin": "dylib"}
    spec = importlib.util.find_spec("torch")
    if sys.platform not in endings or spec is None or not spec.submodule_search_locations:
        return
    folder = Path(spec.submodule_search_locations[0]) / "lib"
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.argtypes, dlopen.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    for name in _LIBRARIES:
        dlopen(os.fsencode(folder / f"{name}.{endings[sys.platform]}"), os.RTLD_NOW)
