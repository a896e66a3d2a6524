"""The views of one recording: overview, recording, edit and alignment plot."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSplitter, QVBoxLayout, QWidget

from editorbot_gui.panels.elided_label import ElidedLabel
from editorbot_gui.theme import GRID_PX, Theme, figures_font
from editorbot_gui.waveform.alignment_plot import AlignmentPlot
from editorbot_gui.waveform.overview import OverviewView
from editorbot_gui.waveform.ruler import TimeRuler
from editorbot_gui.waveform.view_state import Axis, ViewState
from editorbot_gui.waveform.waveform_view import WaveformView

if TYPE_CHECKING:
    from editorbot_gui.spectrogram.view import SpectrogramView
    from editorbot_gui.waveform.axis_view import AxisView
    from editorbot_gui.waveform.waveform_data import WaveformData
    from model_core.edit.mix import Mix

_SHARES = (300, 300, 380)
_SPECTROGRAM_SHARE = 0.22
_BELOW_RAW = 1


class FactsStrip(QWidget):
    """One line about the recording and, at its right end, about the edit."""

    def __init__(self) -> None:
        super().__init__()
        self.raw = ElidedLabel()
        self.edited = QLabel()
        self._marks = {Axis.RAW: QLabel("●"), Axis.EDITED: QLabel("●")}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GRID_PX, GRID_PX // 2, GRID_PX, GRID_PX // 2)
        layout.setSpacing(GRID_PX)
        for axis, facts in ((Axis.RAW, self.raw), (Axis.EDITED, self.edited)):
            facts.setFont(figures_font())
            layout.addWidget(self._marks[axis])
            layout.addWidget(facts)
            if axis is Axis.RAW:
                layout.addStretch()
        self.raw.setAccessibleName(self.tr("About the recording"))
        self.edited.setAccessibleName(self.tr("About the edit"))
        Theme.current().theme_changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        palette = Theme.current().palette
        for axis, colour in ((Axis.RAW, palette.raw), (Axis.EDITED, palette.edited)):
            self._marks[axis].setStyleSheet(f"color: {colour.name()}")


class EditorPage(QWidget):
    """All views, one above the other, with a common time.

    Args:
        state: What the views share.
        parent: The owner.
    """

    seek_requested = Signal(object, object)
    """A place was clicked; carries the `Axis` and the sample."""
    spectrogram_made = Signal(object)
    """The spectrogram is shown from now on; carries the view."""

    def __init__(self, state: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spectrogram: SpectrogramView | None = None
        self._state = state
        self._data: WaveformData | None = None
        self._mix: Mix = ()
        self.overview = OverviewView(state)
        self.raw_ruler = TimeRuler(state, Axis.RAW)
        self.raw = WaveformView(state, Axis.RAW)
        self.edited_ruler = TimeRuler(state, Axis.EDITED)
        self.edited = WaveformView(state, Axis.EDITED)
        self.plot = AlignmentPlot(state)
        self.facts = FactsStrip()
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(GRID_PX // 2)
        for widgets in (
            (self.raw_ruler, self.raw),
            (self.edited_ruler, self.edited),
            (self.plot,),
        ):
            self._splitter.addWidget(_stacked(widgets))
        self._splitter.setSizes(_SHARES)
        for index, share in enumerate(_SHARES):
            self._splitter.setStretchFactor(index, share)
        layout = self._column = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.facts)
        layout.addWidget(self.overview)
        layout.addWidget(self._splitter, 1)
        views: tuple[AxisView, ...] = (
            self.overview, self.raw_ruler, self.raw, self.edited_ruler, self.edited, self.plot,
        )  # fmt: skip
        for view in views:
            view.seek_requested.connect(partial(self.seek_requested.emit, view.axis))

    def put_below_facts(self, widget: QWidget) -> None:
        """Puts a strip between the line of facts and the overview."""
        self._column.insertWidget(1, widget)

    def show_mix(self, mix: Mix) -> None:
        """Shows which tracks of the recording are heard."""
        if self._data is not None:
            self._data.show_mix(mix)
        self._mix = mix

    def show_data(self, data: WaveformData | None) -> None:
        """Draws another recording."""
        self._data = data
        if data is not None:
            data.show_mix(self._mix)
        for view in (self.overview, self.raw, self.edited):
            view.set_data(data)
        if self.spectrogram is not None:
            self.spectrogram.set_data(data)

    def show_spectrogram(self, shown: bool) -> None:
        """Shows the spectrogram below the recording's waveform, or takes it away."""
        if shown is (self.spectrogram is not None):
            return
        if self.spectrogram is not None:
            self.spectrogram.set_data(None)
            self.spectrogram.setParent(None)
            self.spectrogram.deleteLater()
            self.spectrogram = None
            return
        # Its library takes as long to load as all the rest of the window.
        from editorbot_gui.spectrogram.view import SpectrogramView

        sizes = self._splitter.sizes()
        view = self.spectrogram = SpectrogramView(self._state)
        view.seek_requested.connect(partial(self.seek_requested.emit, view.axis))
        view.set_data(self._data)
        self._splitter.insertWidget(_BELOW_RAW, view)
        sizes.insert(_BELOW_RAW, round(_SPECTROGRAM_SHARE / (1 - _SPECTROGRAM_SHARE) * sum(sizes)))
        self._splitter.setSizes(sizes)
        self._splitter.setStretchFactor(_BELOW_RAW, _SHARES[0])
        self.setTabOrder(self.raw, view)
        self.spectrogram_made.emit(view)

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
