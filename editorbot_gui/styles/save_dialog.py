"""The dialog that asks what a style is to be called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from editorbot_gui.dialogs.plain import without_icons
from editorbot_gui.theme import GRID_PX, Theme

if TYPE_CHECKING:
    from editorbot_gui.styles.shelf import StyleShelf

_WIDTH_PX = 380
_MOST_LETTERS = 80


class SaveStyleDialog(QDialog):
    """Asks for a name; says so where it would replace a style.

    Args:
        shelf: The styles that there are.
        suggested: The name to begin with.
        parent: The window.
    """

    named = Signal(str)
    """The name was given."""

    def __init__(self, shelf: StyleShelf, suggested: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Save the style"))
        self._shelf = shelf
        label = QLabel(self.tr("&Name of the style"))
        self.name_field = QLineEdit(suggested)
        self.name_field.setMaxLength(_MOST_LETTERS)
        self.name_field.selectAll()
        label.setBuddy(self.name_field)
        self.message = QLabel()
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setWordWrap(True)
        self.message.setStyleSheet(f"color: {Theme.current().palette.muted.name()}")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.save_button = buttons.addButton(
            self.tr("Save"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        self.save_button.setDefault(True)
        without_icons(buttons.buttons())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID_PX, 3 * GRID_PX, 3 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX)
        layout.addWidget(label)
        layout.addWidget(self.name_field)
        layout.addWidget(self.message)
        layout.addSpacing(GRID_PX)
        layout.addWidget(buttons)
        self.setMinimumWidth(_WIDTH_PX)
        self.name_field.textChanged.connect(self._judge)
        buttons.accepted.connect(self._accept_name)
        buttons.rejected.connect(self.reject)
        self._judge()

    @property
    def name(self) -> str:
        """What was written, without needless spaces."""
        return " ".join(self.name_field.text().split())

    def _judge(self) -> None:
        replaces = self._shelf.is_saved(self.name)
        self.save_button.setEnabled(bool(self.name))
        self.save_button.setText(self.tr("Replace") if replaces else self.tr("Save"))
        self.message.setText(
            self.tr("There is a style of this name; it will be replaced.")
            if replaces
            else self.tr("It can be used with this model, in any recording.")
        )

    def _accept_name(self) -> None:
        if self.name:
            self.named.emit(self.name)
            self.accept()
