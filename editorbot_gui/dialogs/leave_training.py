"""Asks before the program is closed while it trains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from editorbot_gui.dialogs.plain import without_icons
from editorbot_gui.settings import APP_NAME

if TYPE_CHECKING:
    from collections.abc import Callable


def ask_about_training(
    parent: QWidget, leave: Callable[[], None], pause: Callable[[], None]
) -> QMessageBox:
    """Shows the question and returns at once.

    Args:
        parent: The window.
        leave: Called if the training is to go on without the window.
        pause: Called if it is to save what it has learned, and end.
    """
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(APP_NAME)
    box.setText(_tr("EditorBot is still training."))
    box.setInformativeText(
        _tr(
            "It can go on without the window, or stop here with all that it has learned. Either "
            "way you find it again in the training dock."
        )
    )
    go_on = box.addButton(_tr("Leave it running"), QMessageBox.ButtonRole.AcceptRole)
    stop = box.addButton(_tr("Stop it, keep progress"), QMessageBox.ButtonRole.DestructiveRole)
    stay = box.addButton(_tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(go_on)
    box.setEscapeButton(stay)
    go_on.clicked.connect(leave)
    stop.clicked.connect(pause)
    without_icons(box.buttons())
    box.open()
    return box


def _tr(text: str) -> str:
    return QCoreApplication.translate("LeaveTraining", text)
