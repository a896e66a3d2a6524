"""A picture of the window as soon as nothing is worked on any more; then the program ends."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from pathlib import Path

    from editorbot_gui.main_window import MainWindow

_LOOK_MS = 50
_QUIET_LOOKS = 4
"""So many looks in a row must find nothing at work: one job often starts the next."""


def take_picture(window: MainWindow, path: Path) -> None:
    """Waits until the window is idle, writes its picture and closes it.

    The program's exit code is 1 if the picture can't be written.
    """
    quiet = [0]
    timer = QTimer(window)
    timer.setInterval(_LOOK_MS)

    def look() -> None:
        quiet[0] = 0 if window.runner.jobs else quiet[0] + 1
        if quiet[0] < _QUIET_LOOKS:
            return
        timer.stop()
        written = window.grab().save(str(path))
        if not written:
            sys.stderr.write(f"The picture can't be written to “{path}”.\n")
        window.projects.give_up()
        window.close()
        QApplication.exit(0 if written else 1)

    timer.timeout.connect(look)
    timer.start()
