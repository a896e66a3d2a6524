"""The real program, edited by a script until it is killed, or restoring what was left of it.

    python -m benchmarks.killed_program edit FILE [--save-every-ms N]
    python -m benchmarks.killed_program restore [FILE]

`edit` opens a recording or a project and changes its edit again and again; with `--save-every-ms`
it also saves the project. It prints a line of JSON for every change that was made and every project
that was saved. `restore` starts the program as a person would after a crash, with what is offered
taken, and prints what is open then. The network isn't loaded, as nothing here needs it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from editorbot_gui import app
from editorbot_gui.dialogs.recover import RecoverDialog
from editorbot_gui.main_window import MainWindow
from model_core.edit.project import SUFFIX
from model_core.edit.types import EditList, Segment

if TYPE_CHECKING:
    from collections.abc import Callable

EDIT_EVERY_MS = 20
N_PIECES = 600
"""Pieces of every edit, so that writing it takes a while."""

_TICK_MS = 10
_OFFER_PATIENCE_S = 20.0


def numbered_edit(number: int, n_samples: int) -> EditList:
    """Returns an edit that tells its own number by its gap before the last piece."""
    piece = n_samples // (N_PIECES + 1)
    pieces = [Segment(0, i * piece, i * piece + piece // 2) for i in range(N_PIECES)]
    return EditList((*pieces, Segment(0, n_samples - piece + number % piece, n_samples)))


def number_of(edit: EditList, n_samples: int) -> int:
    """Returns the number of an edit, or 0 for one that isn't numbered."""
    if len(edit.segments) != N_PIECES + 1:
        return 0
    return edit.segments[-1].start - (n_samples - n_samples // (N_PIECES + 1))


def _say(**facts: object) -> None:
    print(json.dumps({**facts, "at": time.monotonic()}), flush=True)


class Hand(QObject):
    """Edits and saves without end.

    Args:
        window: The program's window.
        save_every_ms: How long after a save the next one is asked for; None never saves.
    """

    def __init__(self, window: MainWindow, save_every_ms: int | None) -> None:
        super().__init__()
        self._window = window
        self._number = 0
        self._save_every_ms = save_every_ms
        self._project = Path()
        self._editing = QTimer(self)
        self._editing.setInterval(EDIT_EVERY_MS)
        self._editing.timeout.connect(self._edit)
        window.session.source_changed.connect(self._begin)
        window.projects.told.connect(self._tell_saved)
        window.projects.failed.connect(lambda error: _say(failed=str(error)))

    def _begin(self) -> None:
        session = self._window.session
        if session.source is None or session.path is None:
            return
        self._number = number_of(session.edit_list, session.source.n_samples)
        self._project = self._window.projects.path or session.path.with_suffix(SUFFIX)
        self._editing.start()
        if self._save_every_ms is not None:
            QTimer.singleShot(self._save_every_ms, self._save)

    def _edit(self) -> None:
        source = self._window.session.source
        if source is not None:
            self._number += 1
            edit = numbered_edit(self._number, source.n_samples)
            self._window.session.apply_edit(edit, "Edit", merge_key="hand")
            _say(edited=self._number)

    def _save(self) -> None:
        _say(saving=self._number)
        if self._window.projects.path is None:
            self._window.projects.save_to(self._project)
        else:
            self._window.projects.save()

    def _tell_saved(self, sentence: str) -> None:
        if sentence.startswith("Saved") and self._save_every_ms is not None:
            _say(saved=True)
            QTimer.singleShot(self._save_every_ms, self._save)


class Heir(QObject):
    """Takes what is offered after a crash, and tells what is open then.

    Args:
        window: The program's window.
        expects_open: Whether something is opened even if nothing is offered.
    """

    def __init__(self, window: MainWindow, *, expects_open: bool) -> None:
        super().__init__()
        self._window = window
        self._expects_open = expects_open
        self._offers = 0
        self._restored = False
        self._begun = time.monotonic()
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        window = self._window
        dialogs = [each for each in window.findChildren(RecoverDialog) if each.isVisible()]
        if dialogs and not self._restored:
            self._restored = True
            self._offers = dialogs[0].table.rowCount()
            dialogs[0].restore.click()
        idle = not window.runner.jobs and not window.opener.opening
        is_open = window.session.source is not None
        waiting = dialogs or not idle or ((self._restored or self._expects_open) and not is_open)
        if waiting and time.monotonic() < self._begun + _OFFER_PATIENCE_S:
            return
        self._timer.stop()
        source = window.session.source
        _say(
            offers=self._offers,
            number=number_of(window.session.edit_list, source.n_samples) if source else 0,
            project=str(window.projects.path or ""),
            modified=window.projects.modified,
            questions=[box.text() for box in window.findChildren(QMessageBox)],
        )
        window.projects.give_up()
        window.close()


def _run(arguments: list[str], watch: Callable[[MainWindow], QObject]) -> int:
    """Runs the program with a watcher in its event loop."""
    plain_exec = QApplication.exec
    watchers: list[QObject] = []

    def watched_exec() -> int:
        windows = QApplication.topLevelWidgets()
        window = next(each for each in windows if isinstance(each, MainWindow))
        watchers.append(watch(window))
        return plain_exec()

    QApplication.exec = staticmethod(watched_exec)  # type: ignore[method-assign]
    MainWindow.load_model = lambda self: None  # type: ignore[method-assign] # noqa: ARG005
    return app.main(arguments)


def main() -> int:
    """Runs the program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=("edit", "restore"))
    parser.add_argument("file", nargs="?", default="")
    parser.add_argument("--save-every-ms", type=int)
    options = parser.parse_args()
    arguments = [options.file] if options.file else []
    if options.task == "edit":
        return _run(arguments, lambda window: Hand(window, options.save_every_ms))
    return _run(arguments, lambda window: Heir(window, expects_open=bool(options.file)))


if __name__ == "__main__":
    sys.exit(main())
