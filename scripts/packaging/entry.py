"""What the packaged program starts with.

The program starts parts of itself as processes with `python -m MODULE`. Packaged there is no
`python`, so the program itself understands `-m MODULE`.
"""

from __future__ import annotations

import multiprocessing
import runpy
import sys

_OWN = ("model_core.", "editorbot_gui.", "training.")


def main() -> int:
    """Runs a module of the program, or the program; returns the exit code."""
    multiprocessing.freeze_support()
    if len(sys.argv) > 2 and sys.argv[1] == "-m" and sys.argv[2].startswith(_OWN):
        module = sys.argv[2]
        del sys.argv[1:3]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return 0
    from editorbot_gui.command import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
