"""Starts EditorBot; everything it does lives in `editorbot_gui`."""

from __future__ import annotations

import sys

from editorbot_gui.command import main

if __name__ == "__main__":
    sys.exit(main())
