"""The changes of the document as a table that is sorted and filtered.

Both are done here and not by a proxy, which would ask back for every comparison: thousands of rows
have to be sorted within a frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from editorbot_gui import texts
from editorbot_gui.panels.edits.badges import kind_badge, state_icon
from editorbot_gui.theme import Theme, figures_font
from editorbot_gui.waveform.timecode import format_length, format_time
from model_core.edit.types import UNDONE, Change, ChangeKind, ChangeState

if TYPE_CHECKING:
    from PySide6.QtGui import QColor, QFont

AnyIndex = QModelIndex | QPersistentModelIndex

LOW_CONFIDENCE = 0.4
"""Changes below it are marked as worth a listen."""
STATE, KIND, WHERE, LENGTH, REASON, CONFIDENCE = range(6)
_FIGURES = (WHERE, LENGTH, CONFIDENCE)
_MOST_ROWS = 64
"""Of more rows that are others, all are announced as others."""
_STRIDE = 128
_MOST_CELLS = 4096
"""So many answers are remembered; a few screens of rows."""
_NEVER_GIVEN = (int(Qt.ItemDataRole.BackgroundRole), int(Qt.ItemDataRole.CheckStateRole))
"""What a view asks of every cell it paints, and no cell has."""
_REVIEW_ORDER = (
    ChangeState.PROPOSED,
    ChangeState.MANUAL,
    ChangeState.ACCEPTED,
    ChangeState.LOCKED,
    ChangeState.REJECTED,
    ChangeState.KEPT,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows are shown.

    Attributes:
        kind: Of this kind only, or None for all.
        states: In one of these states only, or empty for all.
        below: With a confidence below this only, 0 to 1, or None for all. What has no confidence
            is left out then.
    """

    kind: ChangeKind | None = None
    states: frozenset[ChangeState] = frozenset()
    below: float | None = None

    def includes(self, change: Change) -> bool:
        """Whether a row is shown."""
        if self.kind is not None and change.kind is not self.kind:
            return False
        if self.states and change.state not in self.states:
            return False
        return self.below is None or (
            change.confidence is not None and change.confidence < self.below
        )


class ChangesModel(QAbstractTableModel):
    """The changes of the document as a table.

    Args:
        parent: The owner.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: tuple[Change, ...] = ()
        self._shown: list[Change] = []
        self._places: dict[int, int] = {}
        self._sample_rate = 1
        self._wanted = Wanted()
        self._roomy = True
        self._column = WHERE
        self._order = Qt.SortOrder.AscendingOrder
        self._figures: QFont | None = None
        # A view asks seven times for each cell, whenever it paints.
        self._cells: dict[tuple[int, int, int], Any] = {}
        Theme.current().theme_changed.connect(self._cells.clear)

    def show_changes(self, changes: tuple[Change, ...], sample_rate: int) -> None:
        """Replaces all rows."""
        self._all, self._sample_rate = changes, sample_rate
        self._figures = figures_font()
        self._arrange()

    def shows(self, changes: tuple[Change, ...], sample_rate: int) -> bool:
        """Whether these are the rows already."""
        return bool(changes) and changes is self._all and sample_rate == self._sample_rate

    def want(self, wanted: Wanted) -> None:
        """Shows other rows."""
        self._wanted = wanted
        self._arrange()

    def show_words(self, roomy: bool) -> None:
        """Shows states in words besides their signs, or without."""
        if roomy is not self._roomy:
            self._roomy = roomy
            self._cells.clear()
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, STATE, STATE)

    @property
    def all(self) -> tuple[Change, ...]:
        """All changes, shown or not, in the order of the recording."""
        return self._all

    @property
    def n_all(self) -> int:
        """How many changes there are, shown or not."""
        return len(self._all)

    @property
    def shown(self) -> tuple[Change, ...]:
        """The changes that are shown, from top to bottom."""
        return tuple(self._shown)

    def change_at(self, row: int) -> Change:
        """Returns the change of a row."""
        return self._shown[row]

    def row_of(self, change_id: int) -> int | None:
        """Returns the row of a change, or None if it isn't shown."""
        return self._places.get(change_id)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sorts by what a column means; rows that are equal in it keep the recording's order."""
        self._column, self._order = column, order
        self.layoutAboutToBeChanged.emit()
        before, self._shown = self._shown, self._arranged()
        self._cells.clear()
        self._places = {change.id: row for row, change in enumerate(self._shown)}
        for index in self.persistentIndexList():
            row = self._places[before[index.row()].id]
            self.changePersistentIndex(index, self.index(row, index.column()))
        self.layoutChanged.emit()

    def _arrange(self) -> None:
        """Shows what is wanted in its order; where little is another, only that is announced."""
        before, after = self._shown, self._arranged()
        head = _n_same(before, after)
        left = min(len(before), len(after)) - head
        tail = _n_same(before[len(before) - left :][::-1], after[len(after) - left :][::-1])
        n_before, n_after = len(before) - head - tail, len(after) - head - tail
        if max(n_before, n_after) > _MOST_ROWS:
            self.beginResetModel()
            self._take(after)
            self.endResetModel()
            return
        n_both = min(n_before, n_after)
        if n_after > n_both:
            self.beginInsertRows(QModelIndex(), head + n_both, head + n_after - 1)
            self._take(after)
            self.endInsertRows()
        elif n_before > n_both:
            self.beginRemoveRows(QModelIndex(), head + n_both, head + n_before - 1)
            self._take(after)
            self.endRemoveRows()
        else:
            self._take(after)
        if n_both:
            self.dataChanged.emit(self.index(head, 0), self.index(head + n_both - 1, CONFIDENCE))

    def _take(self, shown: list[Change]) -> None:
        self._shown = shown
        self._cells.clear()
        self._places = {change.id: row for row, change in enumerate(shown)}

    def _arranged(self) -> list[Change]:
        ascending = self._order is Qt.SortOrder.AscendingOrder
        if self._wanted == Wanted() and self._column == WHERE and ascending:
            return list(self._all)  # they are in the order of the recording
        shown = [change for change in self._all if self._wanted.includes(change)]
        shown.sort(key=attrgetter("start", "stop"))
        shown.sort(key=self._sort_key, reverse=not ascending)
        return shown

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's own
        """Returns how many rows are shown."""
        return 0 if parent.isValid() else len(self._shown)

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
                STATE: self.tr("State") if self._roomy else "",
                KIND: self.tr("Kind"),
                WHERE: self.tr("Where"),
                LENGTH: self.tr("Length"),
                REASON: self.tr("Reason"),
                CONFIDENCE: self.tr("Sure"),
            }[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return {
                STATE: self.tr("What you have decided about the change"),
                CONFIDENCE: self.tr("How sure the network is of the change"),
            }.get(section)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Returns what a cell shows."""
        if role in _NEVER_GIVEN:
            return None
        cell = (index.row(), index.column(), role)
        if cell not in self._cells:
            if len(self._cells) >= _MOST_CELLS:
                self._cells.clear()
            self._cells[cell] = self._made(self._shown[cell[0]], cell[1], role)
        return self._cells[cell]

    def _made(self, change: Change, column: int, role: int) -> Any:  # noqa: ANN401
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(change, column)
        if role == Qt.ItemDataRole.UserRole:
            return change
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.DecorationRole:
            if column == KIND:
                return kind_badge(change.kind)
            return state_icon(change.state) if column == STATE else None
        if role == Qt.ItemDataRole.FontRole and column in _FIGURES:
            return self._figures
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._ink(change, column)
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return self.describe(change)
        return None

    def describe(self, change: Change) -> str:
        """Returns a change in one sentence."""
        sentence = self.tr("{kind} ({reason}), {start} to {stop} of the recording: {state}").format(
            kind=texts.kind_text(change.kind),
            reason=texts.reason_text(change.reason).lower(),
            start=format_time(change.start, self._sample_rate),
            stop=format_time(change.stop, self._sample_rate),
            state=texts.state_sentence(change.state),
        )
        if is_doubtful(change):
            sentence += self.tr("; the network is not sure: worth a listen")
        return sentence

    def _text(self, change: Change, column: int) -> str:
        if column == STATE:
            return texts.state_text(change.state) if self._roomy else ""
        if column == KIND:
            return texts.kind_text(change.kind)
        if column == REASON:
            return texts.reason_text(change.reason)
        if column == WHERE:
            return format_time(change.start, self._sample_rate)
        if column == LENGTH:
            return format_length(change.stop - change.start, self._sample_rate)
        return confidence_text(change)

    def _sort_key(self, change: Change) -> str | int | float:
        if self._column == STATE:
            return _REVIEW_ORDER.index(change.state)
        if self._column == WHERE:
            return change.start
        if self._column == LENGTH:
            return change.stop - change.start
        if self._column == CONFIDENCE:
            return -1.0 if change.confidence is None else change.confidence
        return self._text(change, self._column)

    def _ink(self, change: Change, column: int) -> QColor | None:
        palette = Theme.current().palette
        return palette.muted if column == REASON or change.state in UNDONE else None


def _n_same(one: list[Change], other: list[Change]) -> int:
    """Returns how many rows two lists begin with alike."""
    count = min(len(one), len(other))
    low = 0
    while low < count and one[low : low + _STRIDE] == other[low : low + _STRIDE]:
        low += _STRIDE
    while low < count and one[low] == other[low]:
        low += 1
    return min(low, count)


def is_doubtful(change: Change) -> bool:
    """Whether the network was not sure of a change that waits for a decision."""
    return (
        change.state is ChangeState.PROPOSED
        and change.confidence is not None
        and change.confidence < LOW_CONFIDENCE
    )


def confidence_text(change: Change) -> str:
    """Returns how sure the network is, as "64%", or a dash where that isn't known."""
    return "–" if change.confidence is None else f"{change.confidence:.0%}"


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _FIGURES else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
