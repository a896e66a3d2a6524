"""The table of the library's pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from editorbot_gui.theme import GRID_PX, Theme, figures_font
from editorbot_gui.training_dock.pair_row import REFUSED

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

    from editorbot_gui.training_dock.pair_row import PairRow

NAME, VERDICT, LENGTH, KEPT, RAW, EDIT = range(6)
_WIDTHS_PX = {NAME: 120, VERDICT: 132, LENGTH: 64, KEPT: 52, RAW: 160, EDIT: 160}
_FIGURES = frozenset({LENGTH, KEPT})

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
        return 0 if parent.isValid() else len(_WIDTHS_PX)

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
                self.tr("Recording"),
                self.tr("Finished edit"),
            )[section]
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
            path = {RAW: row.raw, EDIT: row.edit}.get(column)
            return str(path) if path is not None else row.explanation
        if role == Qt.ItemDataRole.FontRole and column in _FIGURES:
            return figures_font()
        if role == Qt.ItemDataRole.TextAlignmentRole and column in _FIGURES:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole:
            palette = Theme.current().palette
            if column == VERDICT and (row.state == REFUSED or (not row.is_ready and row.sentence)):
                return palette.text if row.needs_aligning else palette.problem
            if not row.trains:
                return palette.muted
        return None

    @staticmethod
    def _text(row: PairRow, column: int) -> str:
        if column == LENGTH:
            return minutes_text(row.raw_s)
        if column == KEPT:
            return "" if row.coverage is None else f"{row.coverage:.0%}"
        return {
            NAME: row.name,
            VERDICT: row.verdict_text,
            RAW: row.raw.name if row.raw is not None else "",
            EDIT: row.edit.name if row.edit is not None else "",
        }[column]


class PairsTable(QTableView):
    """Shows the pairs; one can be chosen.

    Args:
        model: The pairs.
        parent: The owner.
    """

    def __init__(self, model: PairsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setAccessibleName(self.tr("Pairs of your library"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(3 * GRID_PX + 4)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, width in _WIDTHS_PX.items():
            header.resizeSection(column, width)
        header.setStretchLastSection(True)


def minutes_text(seconds: float | None) -> str:
    """Returns a length as "4:05" or "1:02:03"; empty for none."""
    if seconds is None:
        return ""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
