"""The files that could not be brought into the library, and why: a row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.plain_table import show_rows
from editorbot_gui.theme import GRID_PX, text_font

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILE, WHY = range(2)
_FILE_PX = 120
_HEIGHT_PX = 16 * GRID_PX


class LeftOutTable(QWidget):
    """Says of each file why it was left out; hidden while there is none.

    Args:
        parent: The owner.
    """

    dismissed = Signal()
    """The person has read it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = QLabel()
        self.title.setFont(text_font(bold=True))
        self.dismiss = QPushButton(self.tr("Clear the list"))
        self.dismiss.setAutoDefault(False)
        self.table = QTableWidget(0, 2)
        self.table.setHorizontalHeaderLabels([self.tr("File"), self.tr("Why it was left out")])
        self.table.setAccessibleName(self.tr("Files that were left out"))
        show_rows(self.table)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setFrameShape(QTableWidget.Shape.NoFrame)
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.resizeSection(FILE, _FILE_PX)
        header.setSectionResizeMode(WHY, QHeaderView.ResizeMode.Stretch)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.dismiss)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID_PX // 2)
        column.addLayout(head)
        column.addWidget(self.table)
        self.setMaximumHeight(_HEIGHT_PX)
        self.dismiss.clicked.connect(self.dismissed)
        self.show_files(())

    def show_files(self, files: Sequence[tuple[Path, str]]) -> None:
        """Shows which files were left out, and why, in sentences."""
        self.setVisible(bool(files))
        self.title.setText(
            self.tr("1 file was left out")
            if len(files) == 1
            else self.tr("%n files were left out", "", len(files))
        )
        self.table.setRowCount(len(files))
        for row, (path, why) in enumerate(files):
            name, words = QTableWidgetItem(path.name), QTableWidgetItem(why)
            name.setToolTip(str(path))
            for item in (name, words):
                item.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
            self.table.setItem(row, FILE, name)
            self.table.setItem(row, WHY, words)
