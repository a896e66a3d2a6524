"""Asks before something goes that can't be brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from editorbot_gui.dialogs.plain import without_icons
from editorbot_gui.settings import APP_NAME

if TYPE_CHECKING:
    from collections.abc import Callable


def ask_to_confirm(
    parent: QWidget, question: str, more: str, yes: str, no: str, do: Callable[[], None]
) -> QMessageBox:
    """Shows a question and returns at once.

    Args:
        parent: The dialog belongs to it.
        question: What is asked.
        more: What would go, and what stays.
        yes: What the button says that does it.
        no: What the button says that doesn't.
        do: Called if the person wants it.
    """
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(APP_NAME)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(question)
    box.setInformativeText(more)
    accept = box.addButton(yes, QMessageBox.ButtonRole.DestructiveRole)
    stay = box.addButton(no, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(stay)
    box.setEscapeButton(stay)
    accept.clicked.connect(do)
    without_icons(box.buttons())
    box.open()
    return box
