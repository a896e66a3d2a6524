"""Two takes side by side: their alignment plots, and what one keeps and the other doesn't."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.actions import tinted_icon
from editorbot_gui.dialogs.plain import without_icons
from editorbot_gui.plain_table import show_rows
from editorbot_gui.takes.differences import Difference, differences
from editorbot_gui.takes.figures import FiguresTable
from editorbot_gui.theme import GRID_PX, Theme, figures_font, text_font
from editorbot_gui.waveform.alignment_plot import AlignmentPlot
from editorbot_gui.waveform.timecode import format_length, format_time
from editorbot_gui.waveform.view_state import Axis, ViewState
from model_core.edit.timeline import Timeline

if TYPE_CHECKING:
    from editorbot_gui.session import Session
    from editorbot_gui.takes.differences import Differences
    from editorbot_gui.takes.take import Take
    from editorbot_gui.takes.takes import Takes

Hear: TypeAlias = Callable[[int, int], None]
"""Plays a take, given by its number, from a sample of the recording."""

_SHORTEST_S = 0.02
"""Joins of two takes seldom lie on the same sample; such slivers are only counted."""
_MOST_ROWS = 500
_CONTEXT_SHARE = 1.5
_LEAST_CONTEXT_S = 0.5
"""On either side of a difference that is shown."""
_LEAD_S = 1.0
_SIZE_PX = (960, 660)
_LETTERS = ("A", "B")


class Side(QWidget):
    """One of the two: which take, its plot, and a button that plays it.

    Args:
        letter: How this side is called in the table.
        parent: The owner.
    """

    def __init__(self, letter: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.state = ViewState(self)
        self.chooser = QComboBox()
        self.chooser.setAccessibleName(self.tr("Take {letter}").format(letter=letter))
        self.chooser.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.plot = AlignmentPlot(self.state)
        self.play = QPushButton(self.tr("Play {letter}").format(letter=letter))
        self.play.setAutoDefault(False)
        self.play.setToolTip(self.tr("Show this take and play it from the place that is marked."))
        self.name = QLabel(letter)
        self.name.setFont(text_font(bold=True))
        head = QHBoxLayout()
        head.setSpacing(GRID_PX)
        head.addWidget(self.name)
        head.addWidget(self.chooser, 1)
        head.addWidget(self.play)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID_PX)
        column.addLayout(head)
        column.addWidget(self.plot, 1)

    @property
    def number(self) -> int:
        """The number of the chosen take; 0 for none."""
        return int(self.chooser.currentData() or 0)


class CompareTakesDialog(QDialog):
    """Shows two takes; the window stays usable beside it.

    Args:
        takes: The takes of the document.
        session: The document.
        numbers: The two to begin with.
        hear: Plays a take.
        parent: The window.
    """

    def __init__(
        self,
        takes: Takes,
        session: Session,
        numbers: tuple[int, int],
        hear: Hear,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Compare two takes"))
        self._takes = takes
        self._session = session
        self._hear = hear
        self._edits: list[object] = [None, None]
        self._rows: list[Difference] = []
        self.sides = (Side(_LETTERS[0], self), Side(_LETTERS[1], self))
        self.figures = FiguresTable(_LETTERS)
        self.table = QTableWidget(0, 3)
        self._set_up_table()
        self.summary = QLabel()
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        self.summary.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        without_icons(buttons.buttons())
        both = QHBoxLayout()
        both.setSpacing(2 * GRID_PX)
        for side in self.sides:
            both.addWidget(side, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX)
        layout.addLayout(both, 3)
        layout.addWidget(self.figures)
        layout.addWidget(self.summary)
        layout.addWidget(self.table, 2)
        layout.addWidget(buttons)
        self.resize(*_SIZE_PX)
        for side, number in zip(self.sides, numbers, strict=True):
            self._fill(side, number)
            side.chooser.currentIndexChanged.connect(self._compare)
            side.play.clicked.connect(lambda _checked=False, side=side: self._play(side))
            side.plot.seek_requested.connect(lambda sample, side=side: self._mark(side, sample))
        self.table.itemSelectionChanged.connect(self._show_row)
        takes.changed.connect(self._refill)
        takes.take_changed.connect(self._refill)
        session.source_changed.connect(self.reject)
        Theme.current().theme_changed.connect(self._dress)
        if parent is not None:
            parent.installEventFilter(self)
        self._dress()
        self._compare()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Goes with the window when that is closed; when it is minimised, the system does both."""
        if event.type() is QEvent.Type.Hide and not event.spontaneous():
            self.reject()
        return super().eventFilter(watched, event)

    # What is compared -----------------------------------------------------------------------------

    def _fill(self, side: Side, number: int) -> None:
        """Lists the takes and chooses one."""
        with QSignalBlocker(side.chooser):
            side.chooser.clear()
            for take in self._takes.all:
                side.chooser.addItem(take.name, take.number)
            place = self._takes.place_of(number)
            side.chooser.setCurrentIndex(max(place, 0))

    def _refill(self, _place: int = -1) -> None:
        if not self._takes.all:
            self.reject()
            return
        for side in self.sides:
            self._fill(side, side.number)
        self._compare()

    def _compare(self) -> None:
        """Shows both takes and lists what differs, unless both are what they were."""
        source = self._session.source
        chosen = [self._takes.find(side.number) for side in self.sides]
        first, second = chosen
        if source is None or first is None or second is None:
            return
        edits = [first.edit_list, second.edit_list]
        if all(old is new for old, new in zip(self._edits, edits, strict=True)):
            return
        for place, (side, take) in enumerate(zip(self.sides, (first, second), strict=True)):
            if self._edits[place] is not take.edit_list:
                side.state.set_document(
                    source.n_samples, source.sample_rate, Timeline(take.edit_list)
                )
        self._edits = list(edits)
        self.figures.show_takes((first, second), source.n_samples, source.sample_rate)
        found = differences(first.edit_list, second.edit_list, source.n_samples)
        longer = found.not_shorter(_SHORTEST_S * source.sample_rate)
        self._rows = longer.rows(_MOST_ROWS)
        self._fill_table((first, second))
        self._sum_up(longer, len(found) - len(longer), same=first.edit_list == second.edit_list)

    def _sum_up(self, rows: Differences, n_slivers: int, *, same: bool) -> None:
        rate = self._session.source.sample_rate if self._session.source is not None else 1
        if same:
            self.summary.setText(self.tr("Both are the same edit."))
            return
        only = [rows.length(in_first=in_first) for in_first in (True, False)]
        words = self.tr("Only in A: {first} of the recording. Only in B: {second}.").format(
            first=format_length(only[0], rate), second=format_length(only[1], rate)
        )
        if len(rows) > len(self._rows):
            words += " " + self.tr("The first {count} of {all} differences are listed.").format(
                count=len(self._rows), all=len(rows)
            )
        if not rows:
            words = self.tr(
                "Both keep the same passages; they differ in where joins are, in what is repeated "
                "or in the order."
            )
        if n_slivers:
            words += " " + (
                self.tr("1 difference is shorter than 20 ms and isn't listed.")
                if n_slivers == 1
                else self.tr(
                    "%n differences are shorter than 20 ms and aren't listed.", "", n_slivers
                )
            )
        self.summary.setText(words)

    # The table ------------------------------------------------------------------------------------

    def _set_up_table(self) -> None:
        table = self.table
        table.setHorizontalHeaderLabels(
            [self.tr("Where in the recording"), self.tr("Length"), self.tr("Heard in")]
        )
        table.setAccessibleName(self.tr("What differs"))
        show_rows(table)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.verticalHeader().setDefaultSectionSize(3 * GRID_PX)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.resizeSection(0, 28 * GRID_PX)
        header.resizeSection(1, 12 * GRID_PX)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)

    def _fill_table(self, takes: tuple[Take, Take]) -> None:
        rate = self._session.source.sample_rate if self._session.source is not None else 1
        with QSignalBlocker(self.table):
            self.table.setRowCount(len(self._rows))
            for place, row in enumerate(self._rows):
                side = 0 if row.in_first else 1
                cells = (
                    f"{format_time(row.start, rate)} – {format_time(row.stop, rate)}",
                    format_length(row.stop - row.start, rate),
                    self.tr("only {letter}: {name}").format(
                        letter=_LETTERS[side], name=takes[side].name
                    ),
                )
                for column, words in enumerate(cells):
                    item = QTableWidgetItem(words)
                    if column < 2:
                        item.setFont(figures_font())
                    self.table.setItem(place, column, item)
            self.table.clearSelection()

    @property
    def row(self) -> Difference | None:
        """The chosen difference, or None."""
        rows = self.table.selectionModel().selectedRows()
        return self._rows[rows[0].row()] if rows else None

    def _show_row(self) -> None:
        """Brings the chosen difference into view on both sides."""
        row = self.row
        if row is None:
            return
        for side in self.sides:
            state = side.state
            state.set_playhead(Axis.RAW, row.start)
            state.select(Axis.RAW, row.start, row.stop)
            around = max(
                _CONTEXT_SHARE * (row.stop - row.start), _LEAST_CONTEXT_S * state.sample_rate
            )
            state.show_range(Axis.RAW, row.start - around, row.stop + around)

    # Playing --------------------------------------------------------------------------------------

    def _mark(self, side: Side, sample: int) -> None:
        """Marks the place of the recording that was clicked, on both sides."""
        raw = int(side.state.to_raw(sample))
        for each in self.sides:
            each.state.set_playhead(Axis.RAW, raw)

    def _play(self, side: Side) -> None:
        raw = side.state.playhead(Axis.RAW)
        row = self.row
        if row is not None and row.start == raw:
            raw = max(0, raw - round(_LEAD_S * side.state.sample_rate))
        self._hear(side.number, raw)

    def _dress(self) -> None:
        palette = Theme.current().palette
        self.summary.setStyleSheet(f"color: {palette.muted.name()}")
        for side in self.sides:
            side.play.setIcon(tinted_icon("mdi6.play", palette.text))
