"""The dialog that asks what a file of another program leaves open."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.dialogs.plain import without_icons
from editorbot_gui.theme import GRID_PX
from model_core.export.frame_rates import DEFAULT_FRAME_RATE, FRAME_RATES
from model_core.export.import_edit import LabelMeaning, Question


class QuestionDialog(QDialog):
    """Asks for what has to be known before an edit can be taken over.

    Args:
        question: What is unknown.
        name: The file's name.
        parent: The window.
    """

    answered = Signal(object, object)
    """Carries the `LabelMeaning` and the `FrameRate`, each None where it was not asked for."""

    def __init__(self, question: Question, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Import an edit"))
        self.meaning_field: QComboBox | None = None
        self.rate_field: QComboBox | None = None
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID_PX)
        form.setVerticalSpacing(GRID_PX + GRID_PX // 2)
        if question.meaning:
            field = self.meaning_field = QComboBox()
            field.addItem(self.tr("what is kept"), LabelMeaning.KEEP)
            field.addItem(self.tr("what is left out"), LabelMeaning.CUT)
            field.setAccessibleName(self.tr("What the labels mark"))
            form.addRow(self.tr("The labels &mark"), field)
        if question.frame_rate:
            field = self.rate_field = QComboBox()
            for rate in FRAME_RATES.values():
                field.addItem(self.tr("{rate} frames a second").format(rate=rate.name), rate)
            field.setCurrentIndex(list(FRAME_RATES.values()).index(DEFAULT_FRAME_RATE))
            field.setAccessibleName(self.tr("Frame rate"))
            form.addRow(self.tr("It counts at frame &rate"), field)
        words = QLabel(self.tr("“{name}” leaves open:").format(name=name))
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setWordWrap(True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.import_button = self.buttons.addButton(
            self.tr("Import"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        without_icons(self.buttons.buttons())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID_PX, 3 * GRID_PX, 3 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(2 * GRID_PX)
        layout.addWidget(words)
        layout.addLayout(form)
        layout.addWidget(self.buttons)
        self.setMinimumWidth(48 * GRID_PX)
        self.buttons.accepted.connect(self._answer)
        self.buttons.rejected.connect(self.reject)

    def _answer(self) -> None:
        # Qt keeps the value of the enumeration only.
        meaning = LabelMeaning(self.meaning_field.currentData()) if self.meaning_field else None
        rate = self.rate_field.currentData() if self.rate_field else None
        self.answered.emit(meaning, rate)
        self.accept()
