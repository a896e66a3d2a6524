"""Makes the pictures of the real window that the documentation shows: `make screenshots`.

Opens the bundled demo, lets the bundled network edit it, and grabs the window in both themes.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QDialog

from editorbot_gui.fonts import choose_font
from editorbot_gui.main_window import DEMOS, MainWindow
from editorbot_gui.settings import Settings
from editorbot_gui.theme import Theme

if TYPE_CHECKING:
    from collections.abc import Callable

_ROOT = Path(__file__).resolve().parents[1]
_SIZE = QSize(1440, 900)
_PATIENCE_S = 120.0
_SETTLING_S = 0.5
_DOCK_SIZE = QSize(560, 640)
_SHOWN_UPDATES = 40
_DIALOGS = ("export", "hand_over", "batch")


def _wait_until(condition: Callable[[], bool]) -> None:
    """Lets the program run until something is so.

    Raises:
        TimeoutError: If it takes too long.
    """
    give_up_at = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > give_up_at:
            raise TimeoutError("the window didn't get ready")
        QApplication.processEvents()
        time.sleep(0.01)


def _settle() -> None:
    until = time.monotonic() + _SETTLING_S
    _wait_until(lambda: time.monotonic() > until)


def _make_pictures(window: MainWindow, demo: str, folder: Path) -> None:
    window.resize(_SIZE)
    window.show()
    window.open_demo(demo)
    _wait_until(lambda: window.session.source is not None and not window.runner.jobs)
    window.generate()
    _wait_until(lambda: window.session.is_edited and not window.runner.jobs)
    window.edits_list.table.selectRow(len(window.session.changes) // 2)
    window.view.fit_all()
    for scheme in ("dark", "light"):
        Theme.current().set_scheme(scheme)
        # Docks share their heights anew a few turns of the event loop later.
        _settle()
        path = folder / f"window_{scheme}.png"
        window.grab().save(str(path))
        print(path)
    _make_dialog_pictures(window, folder)


def _make_dialog_pictures(window: MainWindow, folder: Path) -> None:
    """Pictures of the dialogs that the guide explains, in the light theme."""
    for name in _DIALOGS:
        window.commands[name].trigger()
        _settle()
        dialog = QApplication.activeModalWidget() or QApplication.activeWindow()
        if not isinstance(dialog, QDialog):
            raise TypeError(f"“{name}” opens no dialog")
        path = folder / f"{name}.png"
        dialog.grab().save(str(path))
        print(path)
        dialog.reject()
        _settle()


def _make_training_pictures(window: MainWindow, folder: Path) -> None:
    """Pictures of the training dock, with a library of the demos and a short training."""
    session, desk = window.session, window.training
    for demo in DEMOS:
        window.projects.give_up()
        window.open_demo(demo)
        _wait_until(partial(_is_open, window, DEMOS[demo]))
        window.generate()
        _wait_until(lambda: session.is_edited and not window.runner.jobs)
        window.commands["add_to_library"].trigger()
        _wait_until(lambda: not window.runner.jobs)
    desk.show()
    _wait_until(lambda: len(desk.pages.pairs.rows) == len(DEMOS) and not window.runner.jobs)
    desk.dock.setFloating(True)
    desk.dock.resize(_DOCK_SIZE)
    desk.pages.library.choose(desk.pages.pairs.rows[-1].name)
    _settle()
    _grab_dock(window, folder / "training_library.png")
    desk.show_train()
    _wait_until(lambda: desk.runs.speed is not None)
    desk.pages.train.presets["quick"].setChecked(True)
    desk.pages.train.begin()
    _wait_until(lambda: desk.runs.status.step >= _SHOWN_UPDATES)
    _grab_dock(window, folder / "training_train.png")
    desk.runs.pause()
    _wait_until(lambda: not desk.runs.running)


def _is_open(window: MainWindow, name: str) -> bool:
    path = window.session.path
    return path is not None and path.name == name and not window.runner.jobs


def _grab_dock(window: MainWindow, path: Path) -> None:
    window.training.dock.grab().save(str(path))
    print(path)


def main() -> None:
    """Makes the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", choices=("speech", "music"), default="speech")
    parser.add_argument("--folder", type=Path, default=_ROOT / "docs" / "images")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    application = QApplication([])
    choose_font(application)
    Theme.current().apply()
    with tempfile.TemporaryDirectory() as private:
        # A person's own library and models are left alone.
        os.environ["XDG_DATA_HOME"] = private
        window = MainWindow(Settings(Path(private) / "settings.ini"))
        _make_pictures(window, arguments.demo, arguments.folder)
        if sys.platform.startswith("linux"):
            _make_training_pictures(window, arguments.folder)
        window.projects.give_up()
        window.close()
    application.quit()


if __name__ == "__main__":
    main()
