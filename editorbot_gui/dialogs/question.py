"""A question with a button for each answer, of which one leaves everything as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from editorbot_gui.dialogs.plain import without_icons
from editorbot_gui.settings import APP_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer by which something is done.

    Attributes:
        words: What the button says.
        do: Called if the person presses it.
        loses: Whether something goes by it.
    """

    words: str
    do: Callable[[], None]
    loses: bool = False


def ask(
    parent: QWidget,
    sentence: str,
    more: str,
    answers: Sequence[Answer],
    stay: str,
    *,
    stays_by_default: bool = False,
    warns: bool = False,
    title: str = APP_NAME,
) -> QMessageBox:
    """Shows a question and returns at once.

    Args:
        parent: The dialog belongs to it.
        sentence: What is asked.
        more: What would go, and what stays.
        answers: What can be done, one at least.
        stay: What the button says by which nothing is done; Esc means that, too.
        stays_by_default: Whether Enter means that as well, and not the first answer.
        warns: Whether it is shown as a warning.
        title: Of the dialog.
    """
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Warning if warns else QMessageBox.Icon.Question)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(sentence)
    box.setInformativeText(more)
    roles = QMessageBox.ButtonRole
    buttons = []
    for answer in answers:
        role = roles.DestructiveRole if answer.loses else roles.AcceptRole
        button = box.addButton(answer.words, role)
        button.clicked.connect(answer.do)
        buttons.append(button)
    cancel = box.addButton(stay, roles.RejectRole)
    box.setDefaultButton(cancel if stays_by_default else buttons[0])
    box.setEscapeButton(cancel)
    without_icons(box.buttons())
    box.open()
    return box
