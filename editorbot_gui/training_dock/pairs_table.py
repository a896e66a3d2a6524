"""The table of the library's pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from editorbot_gui.keyboard import claims, without_control
from editorbot_gui.plain_table import show_rows
from editorbot_gui.theme import Theme, figures_font, mixed
from editorbot_gui.waveform.timecode import format_time

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

    from editorbot_gui.training_dock.pair_row import PairRow

NAME, VERDICT, LENGTH, KEPT = range(4)
_NAME_PX = 88
_WIDTHS_PX = {VERDICT: 136, LENGTH: 58, KEPT: 50}
_FIGURES = frozenset({LENGTH, KEPT})
_ROW_PX = 28
_OPENS = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})
_REMOVES = frozenset({Qt.Key.Key_Delete, Qt.Key.Key_Backspace})
_is_own = without_control(_OPENS | _REMOVES)
_PROBLEM_INK = 0.25
"""How far the colour of problems goes towards the text's, so that it can be read."""

Index = QModelIndex | QPersistentModelIndex


class PairsModel(QAbstractTableModel):
    """The pairs as rows, by name.

    Args:
        parent: The owner.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[PairRow, ...] = ()

    @property
    def rows(self) -> tuple[PairRow, ...]:
        """All pairs."""
        return self._rows

    def show_rows(self, rows: tuple[PairRow, ...]) -> None:
        """Shows other pairs."""
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's own
        """Number of pairs."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's own
        """Number of columns."""
        return 0 if parent.isValid() else 1 + len(_WIDTHS_PX)

    def headerData(  # noqa: N802 - Qt's own
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:  # noqa: ANN401 - Qt's own
        """What the columns are."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (
                self.tr("Name"),
                self.tr("Verdict"),
                self.tr("Length"),
                self.tr("Kept"),
            )[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section in _FIGURES:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole and orientation is Qt.Orientation.Horizontal:
            return {
                LENGTH: self.tr("Length of the recording"),
                KEPT: self.tr("How much of the recording is heard in the edit"),
            }.get(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own
        """What a cell says."""
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.explanation
        if role == Qt.ItemDataRole.FontRole and column in _FIGURES:
            return figures_font()
        if role == Qt.ItemDataRole.TextAlignmentRole and column in _FIGURES:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole:
            palette = Theme.current().palette
            if column == VERDICT and row.is_problem:
                return mixed(palette.problem, palette.text, _PROBLEM_INK)
            if not row.trains:
                return palette.muted
        return None

    @staticmethod
    def _text(row: PairRow, column: int) -> str:
        if column == LENGTH:
            return "" if row.raw_s is None else format_time(round(row.raw_s * 1000), 1000, 0)
        if column == KEPT:
            return "" if row.coverage is None else f"{row.coverage:.0%}"
        return row.name if column == NAME else row.verdict_text


class PairsTable(QTableView):
    """Shows the pairs; one can be chosen. Enter or a double click opens it, Del removes it.

    Args:
        model: The pairs.
        parent: The owner.
    """

    remove_wanted = Signal()
    """The chosen pair is to be taken out."""

    def __init__(self, model: PairsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setAccessibleName(self.tr("Pairs of your library"))
        show_rows(self)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setWordWrap(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, width in _WIDTHS_PX.items():
            header.resizeSection(column, width)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        bar = self.verticalScrollBar().sizeHint().width()
        self.setMinimumWidth(_NAME_PX + sum(_WIDTHS_PX.values()) + bar)

    def event(self, event: QEvent) -> bool:
        """Claims the keys that mean rows here before the window's shortcuts."""
        return claims(event, _is_own) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Opens and removes with the keyboard."""
        if event.key() in _REMOVES:
            self.remove_wanted.emit()
        elif event.key() in _OPENS:
            self.activated.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)
