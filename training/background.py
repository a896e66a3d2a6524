"""Runs another module of the project at low priority: what somebody works with comes first.

    python -m training.background training.library list --json

Where the window starts a command, it starts it through this one.
"""

from __future__ import annotations

import runpy
import sys

from model_core.priority import lower_priority


def main() -> None:
    """Runs the module that the first argument names, with the rest of the arguments."""
    if len(sys.argv) < 2 or not sys.argv[1].startswith("training."):
        sys.exit("Name a module of the package training, such as training.library.")
    lower_priority()
    module = sys.argv.pop(1)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
