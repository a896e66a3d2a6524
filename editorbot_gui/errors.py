"""The one place that turns an error into words on the screen."""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QObject, Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from editorbot_gui.dialogs.plain import without_icons
from editorbot_gui.logs import open_log_folder
from editorbot_gui.settings import APP_NAME
from model_core.errors import EditorBotError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ErrorText:
    """What a person is told.

    Attributes:
        sentence: What happened.
        mend: What can be done about it; may be empty.
        details: The traceback of a defect; empty for an expected failure.
    """

    sentence: str
    mend: str
    details: str = ""


def describe(error: BaseException) -> ErrorText:
    """Returns an error in words: its own if it is an expected one."""
    if isinstance(error, EditorBotError):
        return ErrorText(error.sentence, error.mend)
    if isinstance(error, MemoryError):
        return ErrorText(
            _tr("There is not enough memory for this."),
            _tr("Close other programs, or open a shorter recording."),
        )
    details = "".join(traceback.format_exception(error))
    return ErrorText(
        _tr("EditorBot met an unexpected problem; your recording is untouched."),
        _tr("You can go on. If it happens again, please report it with the details."),
        details,
    )


def show_error(parent: QWidget | None, error: BaseException) -> QMessageBox:
    """Shows an error in a dialog and returns at once.

    Args:
        parent: The window that the dialog belongs to.
        error: What happened. Anything but an `EditorBotError` is shown as a defect, with details.

    Returns:
        The dialog, which deletes itself when it is closed.
    """
    text = describe(error)
    if text.details:
        log.error("%s", text.details)
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Critical if text.details else QMessageBox.Icon.Warning)
    box.setWindowTitle(APP_NAME)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(text.sentence)
    box.setInformativeText(text.mend)
    box.setStandardButtons(QMessageBox.StandardButton.Ok)
    box.setEscapeButton(QMessageBox.StandardButton.Ok)
    if text.details:
        box.setDetailedText(text.details)
        folder = box.addButton(_tr("Open log folder"), QMessageBox.ButtonRole.HelpRole)
        folder.clicked.connect(open_log_folder)
    without_icons(box.buttons())
    box.open()
    return box


class DefectReporter(QObject):
    """Shows defects, one dialog at a time: a fault in a timer must not bury the screen.

    Args:
        window: The window that the dialogs belong to.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._shown: QMessageBox | None = None

    def report(self, error: BaseException) -> None:
        """Shows a defect unless another one is still shown; both are in the log."""
        if self._shown is None:
            self._shown = show_error(self._window, error)
            self._shown.finished.connect(self._forget)

    def _forget(self) -> None:
        self._shown = None


def _tr(text: str) -> str:
    return QCoreApplication.translate("Errors", text)
