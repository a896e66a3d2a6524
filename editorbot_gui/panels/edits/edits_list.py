"""The edits list: every change of the edit as a row, with what can be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QSignalBlocker,
    Qt,
    Signal,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from editorbot_gui.panels.edits.changes_model import CONFIDENCE, ChangesModel, is_doubtful
from editorbot_gui.panels.edits.changes_table import ChangesTable
from editorbot_gui.panels.edits.filter_bar import FilterBar
from editorbot_gui.theme import GRID_PX, Theme
from model_core.edit.types import Change, ChangeState

if TYPE_CHECKING:
    from collections.abc import Callable

    from editorbot_gui.actions import ActionSet
    from editorbot_gui.panels.edits.changes_model import Wanted

_BUTTONS = ("accept_change", "reject_change", "lock_change", "next_unreviewed", "play_chosen")
_WITHOUT_WORDS = ("play_chosen",)


class EditsList(QWidget):
    """The table of changes, what is shown of them, and buttons to decide about them.

    Args:
        actions: The window's actions.
        parent: The owner.
    """

    change_chosen = Signal(object)
    """A single `Change` was chosen by the person."""
    play_requested = Signal(object)
    """The person wants to hear a `Change`."""
    choice_changed = Signal()
    """Other rows are chosen, or none."""

    def __init__(self, actions: ActionSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = ChangesModel(self)
        self.table = ChangesTable(self.model, actions)
        self.filters = FilterBar()
        self._button_row = QWidget()
        row = QHBoxLayout(self._button_row)
        row.setContentsMargins(GRID_PX // 2, 0, GRID_PX // 2, 0)
        row.setSpacing(0)
        self.buttons: dict[str, QToolButton] = {}
        for name in _BUTTONS:
            button = self.buttons[name] = QToolButton()
            button.setDefaultAction(actions[name])
            button.setAutoRaise(True)
            button.setAccessibleName(actions[name].iconText())
            if name not in _WITHOUT_WORDS:
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            if name == _BUTTONS[-1]:
                row.addStretch()
            row.addWidget(button)
        self._empty = QLabel(self.tr("Every change of the edit will be a row here."))
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setMargin(2 * GRID_PX)
        self.summary = QLabel()
        self.summary.setContentsMargins(GRID_PX, 0, GRID_PX, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GRID_PX // 2, 0, GRID_PX)
        layout.setSpacing(GRID_PX // 2)
        layout.addWidget(self._button_row)
        layout.addWidget(self.filters)
        layout.addWidget(self._empty, 1)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.summary)
        self._layout = layout
        self.filters.changed.connect(self._filter)
        self.table.selectionModel().selectionChanged.connect(self._tell_choice)
        self.table.doubleClicked.connect(self._tell_wish)
        Theme.current().theme_changed.connect(self._dress)
        self._dress()
        self.show_changes((), 1)

    @property
    def chosen(self) -> tuple[Change, ...]:
        """The changes whose rows are chosen, from top to bottom."""
        # By ranges: asking for single rows costs a call back for every cell.
        selection = self.table.selectionModel().selection()
        ranges = [selection.at(place) for place in range(selection.count())]
        rows = sorted({row for one in ranges for row in range(one.top(), one.bottom() + 1)})
        return tuple(self.model.change_at(row) for row in rows)

    def show_changes(self, changes: tuple[Change, ...], sample_rate: int) -> None:
        """Shows the changes of the document; those that were chosen stay so.

        Args:
            changes: The rows.
            sample_rate: The recording's rate, for the times.
        """
        if self.model.shows(changes, sample_rate):
            return
        self._keeping_choice(lambda: self.model.show_changes(changes, sample_rate))

    def put_below(self, widget: QWidget) -> None:
        """Has another list below this one."""
        self._layout.addWidget(widget)

    def choose(self, change: Change) -> None:
        """Chooses a change, as the person would; one that isn't shown is shown by it."""
        row = self.model.row_of(change.id)
        if row is None:
            self.filters.show_all()
            row = self.model.row_of(change.id)
        if row is not None:
            self.table.selectRow(row)
            self.table.scrollTo(self.model.index(row, 0))

    def clear_choice(self) -> None:
        """Chooses nothing."""
        self.table.clearSelection()

    @property
    def next_unreviewed(self) -> Change | None:
        """The next row below the current one that nothing was decided about; then from the top."""
        shown = self.model.shown
        current = self.table.currentIndex().row()
        order = (*shown[current + 1 :], *shown[: current + 1])
        return next((one for one in order if one.state is ChangeState.PROPOSED), None)

    def _filter(self, wanted: Wanted) -> None:
        self._keeping_choice(lambda: self.model.want(wanted))

    def _keeping_choice(self, arrange: Callable[[], None]) -> None:
        """Arranges the rows anew without a word of choosing, unless another choice comes of it."""
        before = [change.id for change in self.chosen]
        place = self.table.currentIndex()
        current = self.model.change_at(place.row()).id if place.isValid() else None
        selection = self.table.selectionModel()
        with QSignalBlocker(selection):
            arrange()
            selection.select(
                self._rows_of(before), QItemSelectionModel.SelectionFlag.ClearAndSelect
            )
            row = self.model.row_of(current) if current is not None else None
            if row is None:  # the row has gone; the arrow keys go on from where it was
                row = min(place.row(), self.model.rowCount() - 1)
            index = self.model.index(row, 0) if row >= 0 else QModelIndex()
            selection.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.table.viewport().update()
        self._refresh()
        self.choice_changed.emit()

    def _rows_of(self, numbers: list[int]) -> QItemSelection:
        """Returns the rows of changes that are shown, neighbours as one range."""
        model, chosen = self.model, QItemSelection()
        rows = sorted(row for row in map(model.row_of, numbers) if row is not None)
        starts = [row for place, row in enumerate(rows) if not place or rows[place - 1] < row - 1]
        stops = [row for place, row in enumerate(rows) if rows[place + 1 : place + 2] != [row + 1]]
        for start, stop in zip(starts, stops, strict=True):
            chosen.select(model.index(start, 0), model.index(stop, CONFIDENCE))
        return chosen

    def _refresh(self) -> None:
        n_all, n_shown = self.model.n_all, self.model.rowCount()
        for part in (self._button_row, self.filters, self.table, self.summary):
            part.setVisible(n_all > 0)
        self._empty.setVisible(n_all == 0)
        changes = self.model.all
        n_new = [change.state for change in changes].count(ChangeState.PROPOSED)
        n_doubtful = sum(map(is_doubtful, changes))
        parts = [
            self.tr("{shown} of {all} shown").format(shown=n_shown, all=n_all)
            if n_shown < n_all
            else "",
            self.tr("%n to review", "", n_new) if n_new else self.tr("all reviewed"),
            self.tr("1 is worth a listen")
            if n_doubtful == 1
            else self.tr("%n are worth a listen", "", n_doubtful),
        ]
        self.summary.setText(" · ".join(part for part in parts[: 3 if n_doubtful else 2] if part))

    def _dress(self) -> None:
        palette = Theme.current().palette
        self._empty.setStyleSheet(f"color: {palette.muted.name()}")
        self.summary.setStyleSheet(f"color: {palette.muted.name()}")

    def _tell_choice(self) -> None:
        chosen = self.chosen
        self.choice_changed.emit()
        if len(chosen) == 1:
            self.change_chosen.emit(chosen[0])

    def _tell_wish(self, index: QModelIndex) -> None:
        self.play_requested.emit(self.model.change_at(index.row()))
