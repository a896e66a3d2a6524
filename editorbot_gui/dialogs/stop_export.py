"""Asks before the program is closed in the middle of an export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from editorbot_gui.dialogs.plain import without_icons
from editorbot_gui.settings import APP_NAME

if TYPE_CHECKING:
    from collections.abc import Callable


def ask_to_stop_export(parent: QWidget, stop: Callable[[], None]) -> None:
    """Shows the question and returns at once.

    Args:
        parent: The window.
        stop: Called if the person would rather quit than wait.
    """
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(APP_NAME)
    box.setText(_tr("An export is still running."))
    box.setInformativeText(_tr("If you quit now, no file is written."))
    quit_now = box.addButton(_tr("Stop it and quit"), QMessageBox.ButtonRole.DestructiveRole)
    wait = box.addButton(_tr("Go on"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(wait)
    box.setEscapeButton(wait)
    quit_now.clicked.connect(stop)
    without_icons(box.buttons())
    box.open()


def _tr(text: str) -> str:
    return QCoreApplication.translate("StopExport", text)
