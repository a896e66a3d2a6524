"""The dialog that asks for a recording and its finished edit, to read the editor's style."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from editorbot_gui.dialogs.compare import FileField
from editorbot_gui.dialogs.plain import without_icons
from editorbot_gui.theme import GRID_PX, Theme

if TYPE_CHECKING:
    from pathlib import Path

_WIDTH_PX = 600


class PairDialog(QDialog):
    """Asks for a pair of files.

    Args:
        folder: Where looking for files begins.
        parent: The window.
    """

    chosen = Signal(object, object)
    """The `Path`s of a recording and its finished edit."""

    def __init__(self, folder: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Same style as a finished pair"))
        self.raw_field = FileField(
            self.tr("&Recording"), self.tr("Choose the recording"), folder, self
        )
        self.edited_field = FileField(
            self.tr("&Finished edit of it"), self.tr("Choose the finished edit"), folder, self
        )
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setMinimumHeight(5 * GRID_PX)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.read_button = self.buttons.addButton(
            self.tr("Read the style"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        self.read_button.setDefault(True)
        without_icons(self.buttons.buttons())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID_PX, 3 * GRID_PX, 3 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(2 * GRID_PX)
        layout.addWidget(self.raw_field)
        layout.addWidget(self.edited_field)
        layout.addWidget(self.message)
        layout.addWidget(self.buttons)
        self.setMinimumWidth(_WIDTH_PX)
        self.raw_field.more_dropped.connect(lambda files: self.edited_field.show_path(files[0]))
        self.edited_field.more_dropped.connect(lambda files: self.raw_field.show_path(files[0]))
        for field in (self.raw_field, self.edited_field):
            field.changed.connect(self._judge)
        self.buttons.accepted.connect(self._try_to_accept)
        self.buttons.rejected.connect(self.reject)
        self._judge()

    @property
    def _paths(self) -> tuple[Path | None, Path | None]:
        return self.raw_field.path, self.edited_field.path

    def _problem(self) -> str:
        """Returns why a style can't be read from these two, or nothing."""
        raw, edited = self._paths
        if raw is None or edited is None:
            return ""
        for path in (raw, edited):
            if not path.is_file():
                return self.tr("There is no file “{path}”.").format(path=path)
        if raw.samefile(edited):
            return self.tr("Both are the same file. Choose the edit that was made of it.")
        return ""

    def _judge(self) -> None:
        """Says what will happen, or why it can't."""
        palette = Theme.current().palette
        problem = self._problem()
        self.read_button.setEnabled(not problem and None not in self._paths)
        self.message.setStyleSheet(f"color: {(palette.text if problem else palette.muted).name()}")
        self.message.setText(
            problem
            or self.tr(
                "EditorBot finds out what was cut, repeated and moved, and how tightly. Then it "
                "edits the open recording in the same style. Neither file is changed."
            )
        )

    def _try_to_accept(self) -> None:
        raw, edited = self._paths
        if raw is not None and edited is not None and not self._problem():
            self.chosen.emit(raw, edited)
            self.accept()
