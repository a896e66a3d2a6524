"""Lets a process give way to what somebody works with."""

from __future__ import annotations

import os
import sys

_NICENESS = 10
_BELOW_NORMAL_PRIORITY_CLASS = 0x4000  # of Windows


def lower_priority() -> None:
    """Lets everything else on this machine go first; without any right to, nothing changes."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        # The handle has the size of a pointer, which ctypes has to be told.
        kernel.GetCurrentProcess.restype = ctypes.c_void_p
        kernel.SetPriorityClass.argtypes = (ctypes.c_void_p, ctypes.c_ulong)
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), _BELOW_NORMAL_PRIORITY_CLASS)
        return
    try:
        os.nice(_NICENESS)
    except OSError:
        return
