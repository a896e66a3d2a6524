"""The list of markers, below the list of changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.plain_table import show_rows
from editorbot_gui.theme import GRID_PX, figures_font
from editorbot_gui.waveform.timecode import format_time

if TYPE_CHECKING:
    from model_core.edit.markers import Markers

_WHERE, _NAME = 0, 1
_WHERE_PX = 11 * GRID_PX
_ROW_PX = 3 * GRID_PX
_MOST_ROWS = 3
"""In a low window the list of changes needs its room."""


class MarkersPanel(QWidget):
    """Every marker as a row: where it is, and its name, which is changed in place.

    Args:
        parent: The owner.
    """

    chosen = Signal(int)
    """The person goes to the marker with this index."""
    renamed = Signal(int, str)
    """A name was typed; carries the index and the name."""
    menu_wanted = Signal(int, object)
    """The context menu of a marker is wanted; carries its index and the place on the screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = QTableWidget(0, 2)
        self.table.setAccessibleName(self.tr("Markers"))
        self.table.setHorizontalHeaderLabels([self.tr("Marker at"), self.tr("Name")])
        show_rows(self.table)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setFrameShape(QTableWidget.Shape.NoFrame)
        self.table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        header = self.table.horizontalHeader()
        header.resizeSection(_WHERE, _WHERE_PX)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.table)
        self.table.itemSelectionChanged.connect(self._tell_choice)
        self.table.itemChanged.connect(self._tell_name)
        self.table.customContextMenuRequested.connect(self._tell_menu)
        self.hide()

    def show_markers(self, markers: Markers, sample_rate: int, chosen: int | None) -> None:
        """Shows markers; without any the list isn't there.

        Args:
            markers: The rows.
            sample_rate: The recording's rate, for the times.
            chosen: Index of the one that is chosen, or None.
        """
        with QSignalBlocker(self.table):
            self.table.setRowCount(len(markers))
            for row, marker in enumerate(markers):
                self._put(row, _WHERE, format_time(marker.position, sample_rate))
                self._put(row, _NAME, marker.name)
            self.choose(chosen)
        rows = min(len(markers), _MOST_ROWS)
        height = self.table.horizontalHeader().sizeHint().height() + rows * _ROW_PX
        self.table.setFixedHeight(height + GRID_PX // 2)
        self.setVisible(bool(markers))

    def choose(self, index: int | None) -> None:
        """Marks a row as the chosen one, without a word."""
        with QSignalBlocker(self.table):
            if index is None:
                self.table.clearSelection()
            else:
                self.table.selectRow(index)

    def _put(self, row: int, column: int, words: str) -> None:
        item = self.table.item(row, column)
        if item is None:
            item = QTableWidgetItem()
            if column == _WHERE:
                item.setFont(figures_font())
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
            self.table.setItem(row, column, item)
        if item.text() != words:
            item.setText(words)

    def _tell_choice(self) -> None:
        rows = self.table.selectionModel().selectedRows()
        if rows:
            self.chosen.emit(rows[0].row())

    def _tell_name(self, item: QTableWidgetItem) -> None:
        if item.column() == _NAME:
            self.renamed.emit(item.row(), item.text())

    def _tell_menu(self, place: QPoint) -> None:
        item = self.table.itemAt(place)
        if item is not None:
            self.menu_wanted.emit(item.row(), self.table.viewport().mapToGlobal(place))
