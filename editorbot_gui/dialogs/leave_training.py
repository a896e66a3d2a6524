"""Asks before the program is closed while it trains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from editorbot_gui.dialogs.question import Answer, ask

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QMessageBox, QWidget


def ask_about_training(
    parent: QWidget, leave: Callable[[], None], pause: Callable[[], None]
) -> QMessageBox:
    """Shows the question and returns at once.

    Args:
        parent: The window.
        leave: Called if the training is to go on without the window.
        pause: Called if it is to save what it has learned, and end.
    """
    return ask(
        parent,
        _tr("EditorBot is still training."),
        _tr(
            "It can go on without the window, or stop here with all that it has learned. Either "
            "way you find it again in the training dock."
        ),
        (
            Answer(_tr("Leave it running"), leave),
            Answer(_tr("Stop it, keep progress"), pause, loses=True),
        ),
        _tr("Cancel"),
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("LeaveTraining", text)
