"""The views of one recording: overview, recording, edit and alignment plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSplitter, QVBoxLayout, QWidget

from editorbot_gui.theme import GRID_PX, Theme, text_font
from editorbot_gui.waveform.alignment_plot import AlignmentPlot
from editorbot_gui.waveform.overview import OverviewView
from editorbot_gui.waveform.ruler import TimeRuler
from editorbot_gui.waveform.view_state import Axis, ViewState
from editorbot_gui.waveform.waveform_view import WaveformView

if TYPE_CHECKING:
    from PySide6.QtGui import QColor

    from editorbot_gui.waveform.waveform_data import WaveformData

_OVERVIEW_PX = 7 * GRID_PX
_SHARES = (300, 300, 380)


class Heading(QWidget):
    """The line above a view: what it shows, and facts about it.

    Args:
        title: What the view shows.
        axis: Whose colour marks it; None for no mark.
    """

    def __init__(self, title: str, axis: Axis | None) -> None:
        super().__init__()
        self._axis = axis
        self._mark = QLabel("●")
        self._mark.setVisible(axis is not None)
        self._title = QLabel(title)
        self._title.setFont(text_font(12, bold=True))
        self.facts = QLabel()
        self.facts.setTextFormat(Qt.TextFormat.PlainText)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GRID_PX, GRID_PX // 2, GRID_PX, GRID_PX // 2)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._mark)
        layout.addWidget(self._title)
        layout.addWidget(self.facts, 1)
        Theme.current().theme_changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        palette = Theme.current().palette
        colour: QColor = palette.edited if self._axis is Axis.EDITED else palette.raw
        self._mark.setStyleSheet(f"color: {colour.name()}")
        self.facts.setStyleSheet(f"color: {palette.muted.name()}")


class EditorPage(QWidget):
    """All views, one above the other, with a common time.

    Args:
        state: What the views share.
        parent: The owner.
    """

    seek_requested = Signal(object, object)
    """A place was clicked; carries the `Axis` and the sample."""

    def __init__(self, state: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.overview = OverviewView(state)
        self.overview.setFixedHeight(_OVERVIEW_PX)
        self.raw_ruler = TimeRuler(state, Axis.RAW)
        self.raw = WaveformView(state, Axis.RAW)
        self.edited_ruler = TimeRuler(state, Axis.EDITED)
        self.edited = WaveformView(state, Axis.EDITED)
        self.plot = AlignmentPlot(state)
        self.raw_heading = Heading(self.tr("Recording"), Axis.RAW)
        self.edited_heading = Heading(self.tr("Edit"), Axis.EDITED)
        self.plot_heading = Heading(self.tr("Alignment"), None)
        self.plot_heading.facts.setText(
            self.tr("edit across, recording up – diagonals are copies, steps are cuts")
        )
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(GRID_PX // 2)
        for widgets in (
            (self.raw_heading, self.raw_ruler, self.raw),
            (self.edited_heading, self.edited_ruler, self.edited),
            (self.plot_heading, self.plot),
        ):
            self._splitter.addWidget(_stacked(widgets))
        self._splitter.setSizes(_SHARES)
        for index, share in enumerate(_SHARES):
            self._splitter.setStretchFactor(index, share)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.overview)
        layout.addWidget(self._splitter, 1)
        for view in (self.overview, self.raw_ruler, self.raw):
            view.seek_requested.connect(lambda sample: self.seek_requested.emit(Axis.RAW, sample))
        for view in (self.edited_ruler, self.edited, self.plot):
            view.seek_requested.connect(
                lambda sample: self.seek_requested.emit(Axis.EDITED, sample)
            )

    def show_data(self, data: WaveformData | None) -> None:
        """Draws another recording."""
        for view in (self.overview, self.raw, self.edited):
            view.set_data(data)

    @property
    def splitter_state(self) -> QByteArray:
        """How the views share the height."""
        return self._splitter.saveState()

    def restore_splitter(self, state: QByteArray) -> None:
        """Shares the height as it was; nothing happens for an empty state."""
        if not state.isEmpty():
            self._splitter.restoreState(state)


def _stacked(widgets: tuple[QWidget, ...]) -> QWidget:
    pane = QWidget()
    column = QVBoxLayout(pane)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for widget in widgets:
        column.addWidget(widget, 1 if widget is widgets[-1] else 0)
    return pane
