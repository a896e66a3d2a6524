"""Runs another module of the project at low priority: what somebody works with comes first.

    python -m training.background training.library list --json

Where the window starts a command, it starts it through this one.
"""

from __future__ import annotations

import os
import runpy
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


def main() -> None:
    """Runs the module that the first argument names, with the rest of the arguments."""
    if len(sys.argv) < 2 or not sys.argv[1].startswith("training."):
        sys.exit("Name a module of the package training, such as training.library.")
    lower_priority()
    module = sys.argv.pop(1)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
