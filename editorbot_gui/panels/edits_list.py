"""The edits list: every change of the edit as a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSignalBlocker,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui import texts
from editorbot_gui.theme import GRID_PX, LETTERS, Theme, figures_font, ink_on, text_font
from editorbot_gui.waveform.timecode import format_length, format_time

if TYPE_CHECKING:
    from model_core.edit.types import Change, ChangeKind

AnyIndex = QModelIndex | QPersistentModelIndex

LOW_CONFIDENCE = 0.4
"""Changes below it are marked as worth a listen."""
SORT_ROLE = Qt.ItemDataRole.UserRole
KIND, WHERE, LENGTH, REASON, CONFIDENCE = range(5)

_WIDTHS_PX = {KIND: 72, WHERE: 84, LENGTH: 64, CONFIDENCE: 52}
_REASON_PX = 64
_ROW_PX = 28
_BADGE_PX = 18


class ChangesModel(QAbstractTableModel):
    """The changes of the document as a table.

    Args:
        parent: The owner.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._changes: tuple[Change, ...] = ()
        self._sample_rate = 1
        self._figures: QFont | None = None

    def show_changes(self, changes: tuple[Change, ...], sample_rate: int) -> None:
        """Replaces all rows."""
        self.beginResetModel()
        self._changes = changes
        self._sample_rate = sample_rate
        self._figures = figures_font()
        self.endResetModel()

    def change_at(self, row: int) -> Change:
        """Returns the change of a row."""
        return self._changes[row]

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's own
        """Returns how many changes there are."""
        return 0 if parent.isValid() else len(self._changes)

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's own
        """Returns how many columns there are."""
        return 0 if parent.isValid() else CONFIDENCE + 1

    def headerData(  # noqa: N802 - Qt's own
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:  # noqa: ANN401 - Qt's own
        """Returns a column's heading."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return {
                KIND: self.tr("Kind"),
                REASON: self.tr("Reason"),
                WHERE: self.tr("Where"),
                LENGTH: self.tr("Length"),
                CONFIDENCE: self.tr("Sure"),
            }[section]
        if role == Qt.ItemDataRole.ToolTipRole and section == CONFIDENCE:
            return self.tr("How sure the network is of this change")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Returns what a cell shows."""
        change, column = self._changes[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(change, column)
        if role == SORT_ROLE:
            return self._sort_key(change, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.DecorationRole and column == KIND:
            return kind_badge(change.kind)
        if role == Qt.ItemDataRole.FontRole and column in (WHERE, LENGTH, CONFIDENCE):
            return self._figures
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._ink(change, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.describe(change)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.describe(change)
        return None

    def describe(self, change: Change) -> str:
        """Returns a change in one sentence."""
        start = format_time(change.start, self._sample_rate)
        stop = format_time(change.stop, self._sample_rate)
        sentence = self.tr("{kind} ({reason}), {start} to {stop} of the recording").format(
            kind=texts.kind_text(change.kind),
            reason=texts.reason_text(change.reason).lower(),
            start=start,
            stop=stop,
        )
        if is_doubtful(change):
            sentence += self.tr("; the network is not sure: worth a listen")
        return sentence

    def _text(self, change: Change, column: int) -> str:
        if column == KIND:
            return texts.kind_text(change.kind)
        if column == REASON:
            return texts.reason_text(change.reason)
        if column == WHERE:
            return format_time(change.start, self._sample_rate)
        if column == LENGTH:
            return format_length(change.stop - change.start, self._sample_rate)
        if change.confidence is None:
            return "–"
        return f"{change.confidence:.0%}"

    def _sort_key(self, change: Change, column: int) -> str | int | float:
        if column == WHERE:
            return float(change.start)
        if column == LENGTH:
            return float(change.stop - change.start)
        if column == CONFIDENCE:
            return -1.0 if change.confidence is None else change.confidence
        return self._text(change, column)

    def _ink(self, change: Change, column: int) -> QColor | None:
        palette = Theme.current().palette
        if column == CONFIDENCE and is_doubtful(change):
            return palette.problem
        return palette.muted if column == REASON else None


def is_doubtful(change: Change) -> bool:
    """Whether the network was not sure of a change."""
    return change.confidence is not None and change.confidence < LOW_CONFIDENCE


def kind_badge(kind: ChangeKind) -> QIcon:
    """Returns the kind's letter on its colour, as everywhere in the window."""
    palette = Theme.current().palette
    scale = 2  # crisp on a screen with 200 %
    pixmap = QPixmap(_BADGE_PX * scale, _BADGE_PX * scale)
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(palette.of_kind(kind))
    box = QRect(1, 1, _BADGE_PX - 2, _BADGE_PX - 2)
    painter.drawRoundedRect(box, 3, 3)
    painter.setPen(ink_on(palette.of_kind(kind)))
    painter.setFont(text_font(11, bold=True))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, LETTERS[kind])
    painter.end()
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # or a chosen row would pale it
    return icon


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = (
        Qt.AlignmentFlag.AlignRight
        if column in (WHERE, LENGTH, CONFIDENCE)
        else Qt.AlignmentFlag.AlignLeft
    )
    return side | Qt.AlignmentFlag.AlignVCenter


class EditsList(QWidget):
    """The table of changes with a line that sums it up.

    Args:
        parent: The owner.
    """

    change_chosen = Signal(object)
    """A `Change` was selected by the person."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = ChangesModel(self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self.model)
        self._sorted.setSortRole(SORT_ROLE)
        self.table = QTableView()
        self.table.setModel(self._sorted)
        self.table.setAccessibleName(self.tr("Edits"))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.setFrameShape(QTableView.Shape.NoFrame)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(WHERE, Qt.SortOrder.AscendingOrder)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(_BADGE_PX)
        for column, width in _WIDTHS_PX.items():
            header.resizeSection(column, width)
        header.setSectionResizeMode(REASON, QHeaderView.ResizeMode.Stretch)
        # A window that was small for a while would leave the last columns out of sight.
        bar = self.table.verticalScrollBar().sizeHint().width()
        self.setMinimumWidth(sum(_WIDTHS_PX.values()) + _REASON_PX + bar)
        self.table.selectionModel().selectionChanged.connect(self._tell_choice)

        self._empty = QLabel(self.tr("Every change of the edit will be a row here."))
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setMargin(2 * GRID_PX)
        self.summary = QLabel()
        self.summary.setContentsMargins(GRID_PX, 0, GRID_PX, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, GRID_PX)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._empty, 1)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.summary)
        Theme.current().theme_changed.connect(self._dress)
        self._dress()
        self.show_changes((), 1)

    def show_changes(self, changes: tuple[Change, ...], sample_rate: int) -> None:
        """Shows the changes of the document.

        Args:
            changes: The rows.
            sample_rate: The recording's rate, for the times.
        """
        with QSignalBlocker(self.table.selectionModel()):
            self.model.show_changes(changes, sample_rate)
        self._empty.setVisible(not changes)
        self.table.setVisible(bool(changes))
        n_doubtful = sum(map(is_doubtful, changes))
        one, many = self.tr("1 is worth a listen"), self.tr("%n are worth a listen", "", n_doubtful)
        self.summary.setText(one if n_doubtful == 1 else many)
        self.summary.setVisible(n_doubtful > 0)

    def _dress(self) -> None:
        palette = Theme.current().palette
        self._empty.setStyleSheet(f"color: {palette.muted.name()}")
        self.summary.setStyleSheet(f"color: {palette.muted.name()}")

    def _tell_choice(self) -> None:
        rows = self.table.selectionModel().selectedRows()
        if rows:
            self.change_chosen.emit(self.model.change_at(self._sorted.mapToSource(rows[0]).row()))
