"""The spectrogram, drawn with pyqtgraph; imported when it is first shown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QGraphicsRectItem, QSizePolicy

from editorbot_gui.spectrogram.analysis import FLOOR_DB
from editorbot_gui.spectrogram.colours import colour_table
from editorbot_gui.spectrogram.frequency_axis import FrequencyAxis, format_frequency
from editorbot_gui.spectrogram.tiles import SpectrogramTiles
from editorbot_gui.theme import GRID_PX, TINY_TEXT_PX, Theme, faded, figures_font, mixed
from editorbot_gui.waveform.gestures import GUTTER_PX, TimeGestures
from editorbot_gui.waveform.timecode import format_time
from editorbot_gui.waveform.view_state import MIN_SPAN_SAMPLES, Axis, ViewState

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from editorbot_gui.waveform.sample_blocks import Runner
    from editorbot_gui.waveform.waveform_data import WaveformData

_QUIETEST_DB, _LOUDEST_DB = -94.0, -14.0
_STEP_PX = 8
_PILL_OFFSET_PX = 12
_MAX_SPANS = 64
"""More stretches of a selection than this look like one."""

# The window puts its own things away; pyqtgraph would go through all objects at the end.
pyqtgraph.setConfigOption("exitCleanup", False)


def _pen(colour: QColor, width_px: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    pen = QPen(colour, width_px, style)
    pen.setCosmetic(True)  # its width is in pixels, whatever the scale of the view
    return pen


class SpectrogramView(TimeGestures, pyqtgraph.GraphicsLayoutWidget):  # type: ignore[misc]  # is untyped
    """Which frequencies the recording has, over its time; gestures are those of the other views.

    Args:
        state: What the views share.
        parent: The owner.
        run: Runs the computing; left out, a thread.
    """

    seek_requested = Signal(object)
    """A position was clicked; carries the sample of the recording."""

    axis = Axis.RAW

    def __init__(
        self, state: ViewState, parent: QWidget | None = None, run: Runner | None = None
    ) -> None:
        super().__init__(parent)
        self.state = state
        self._run = run
        self._theme = Theme.current()
        self._tiles: SpectrogramTiles | None = None
        self._data: WaveformData | None = None
        self._drawn: tuple[int, int, int] | None = None
        self.hover_words = ""
        self.frequencies = FrequencyAxis("left")
        self.frequencies.setWidth(GUTTER_PX)
        self.view_box = pyqtgraph.ViewBox(enableMouse=False, enableMenu=False, defaultPadding=0)
        self.image = pyqtgraph.ImageItem(axisOrder="row-major")
        self._beyond = QGraphicsRectItem()
        self._focus_frame = QGraphicsRectItem()
        self._playhead = pyqtgraph.InfiniteLine(angle=90)
        self._pointer = pyqtgraph.InfiniteLine(angle=90)
        self._pill = pyqtgraph.TextItem()
        self._spans: list[pyqtgraph.LinearRegionItem] = []
        self._build()
        state.range_changed.connect(self._follow_range)
        state.timeline_changed.connect(self._follow_selection)
        state.playhead_moved.connect(self._follow_playhead)
        state.selection_changed.connect(self._follow_selection)
        state.hover_changed.connect(self._follow_hover)
        self._theme.theme_changed.connect(self._dress)
        self._dress()
        self._follow_range()
        self._follow_selection()

    def _build(self) -> None:
        self.ci.setContentsMargins(0, 0, 0, 0)
        self.ci.setSpacing(0)
        self.addItem(self.frequencies, 0, 0)
        self.addItem(self.view_box, 0, 1)
        self.frequencies.linkToView(self.view_box)
        for item in (self.image, self._beyond, self._pointer, self._playhead, self._pill):
            self.view_box.addItem(item, ignoreBounds=True)
        self.scene().addItem(self._focus_frame)
        self._focus_frame.hide()
        self.begin_gestures()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFrameShape(self.Shape.NoFrame)
        self.setAccessibleName(self.tr("Spectrogram of the recording"))
        self.setAccessibleDescription(
            self.tr("Which frequencies are how loud, over the recording's time.")
        )

    def sizeHint(self) -> QSize:
        """As a waveform."""
        return QSize(640, 17 * GRID_PX)

    def minimumSizeHint(self) -> QSize:
        """High enough for its scale."""
        return QSize(10 * GRID_PX, 5 * GRID_PX)

    # What is drawn --------------------------------------------------------------------------------

    def set_data(self, data: WaveformData | None) -> None:
        """Draws another recording, or none; waits until nothing reads the one before."""
        self.close_tiles()
        self._data = data
        if data is None:
            return
        self._tiles = SpectrogramTiles(data.source, self, self._run)
        self._tiles.tile_arrived.connect(self._draw_anew)
        data.improved.connect(self._set_levels)
        analysis = self._tiles.analysis
        low, high = math.log10(analysis.lowest_hz), math.log10(analysis.highest_hz)
        self.view_box.setYRange(low, high, padding=0)
        # The last column reaches beyond the recording's end.
        n_samples = data.n_samples
        self._beyond.setRect(QRectF(n_samples, low - 1, 4 * n_samples + MIN_SPAN_SAMPLES, high + 1))
        self._set_levels()
        self._follow_range()

    def close_tiles(self) -> None:
        """Stops computing and lets go of the recording."""
        tiles, self._tiles = self._tiles, None
        data, self._data = self._data, None
        if tiles is not None:
            tiles.close()
            tiles.deleteLater()
        if data is not None:
            data.improved.disconnect(self._set_levels)
        self._drawn = None
        self.image.clear()

    def _set_levels(self) -> None:
        """Shows the recording as loud as its waveform is drawn."""
        if self._data is None:
            return
        louder_db = 20 * math.log10(self._data.level_scale)
        levels = tuple(
            255 * (1 - (level - louder_db) / FLOOR_DB) for level in (_QUIETEST_DB, _LOUDEST_DB)
        )
        self.image.setLevels(levels)

    def _dress(self) -> None:
        palette = self._theme.palette
        self.setBackground(palette.panel)
        self.view_box.setBackgroundColor(palette.well)
        self._focus_frame.setPen(QPen(faded(palette.muted, 0.7), 1))
        self._beyond.setBrush(palette.well)
        self._beyond.setPen(QPen(Qt.PenStyle.NoPen))
        self.image.setLookupTable(colour_table(palette))
        self.frequencies.dress(palette)
        self._playhead.setPen(_pen(palette.text, 1.5))
        self._pointer.setPen(_pen(faded(palette.muted, 0.7), 1, Qt.PenStyle.DotLine))
        self._pill.setFont(figures_font(TINY_TEXT_PX))
        self._pill.setColor(palette.text)
        self._pill.fill.setColor(palette.raised)
        self._pill.fill.setStyle(Qt.BrushStyle.SolidPattern)
        self._pill.border = _pen(mixed(palette.line, palette.text, 0.15), 1)
        for span in self._spans:
            self._dress_span(span)
        self._follow_playhead()
        self.viewport().update()

    def _dress_span(self, span: pyqtgraph.LinearRegionItem) -> None:
        palette = self._theme.palette
        span.setBrush(palette.selection)
        for line in span.lines:
            line.setPen(_pen(faded(palette.text, 0.45), 1))

    def _draw_anew(self) -> None:
        self._drawn = None
        self._draw()

    def _draw(self) -> None:
        tiles = self._tiles
        if tiles is None or not self.state.length(self.axis):
            return
        analysis = tiles.analysis
        level = analysis.level_for(self.samples_per_pixel / self.devicePixelRatioF())
        width = analysis.tile_samples(level)
        start, stop = self.state.visible(self.axis)
        last = tiles.n_tiles(level) - 1
        first = min(max(0, math.floor(start / width)), last)
        last = min(max(first, math.ceil(stop / width) - 1), last)
        if self._drawn == (level, first, last):
            return
        self._drawn = (level, first, last)
        image = tiles.image(level, first, last)
        self.image.setImage(image, autoLevels=False)
        low, high = math.log10(analysis.lowest_hz), math.log10(analysis.highest_hz)
        self.image.setRect(QRectF(first * width, low, (last - first + 1) * width, high - low))
        tiles.want(level, first, last)

    def _follow_range(self) -> None:
        start, stop = self.state.visible(self.axis)
        self.view_box.setXRange(start, stop, padding=0)
        self._draw()
        self._follow_hover()

    def _follow_playhead(self) -> None:
        heard = self.state.heard is self.axis
        self._playhead.setOpacity(1.0 if heard else 0.55)
        self._playhead.setVisible(self.state.length(self.axis) > 0)
        self._playhead.setPos(self.state.playhead(self.axis))

    def _follow_selection(self) -> None:
        ranges = self.state.selected_ranges(self.axis)
        if len(ranges) > _MAX_SPANS:
            ranges = np.array([[ranges[:, 0].min(), ranges[:, 1].max()]])
        while len(self._spans) < len(ranges):
            span = pyqtgraph.LinearRegionItem(movable=False)
            span.setAcceptHoverEvents(False)
            self._dress_span(span)
            self._spans.append(span)
            self.view_box.addItem(span, ignoreBounds=True)
        for number, span in enumerate(self._spans):
            span.setVisible(number < len(ranges))
            if number < len(ranges):
                span.setRegion(tuple(ranges[number]))

    def _follow_hover(self) -> None:
        sample = self.state.hover_on(self.axis)
        self._pointer.setVisible(sample is not None and not self._selecting)
        if sample is not None:
            self._pointer.setPos(sample)
        if self.state.hover is None or self.state.hover.axis is not self.axis:
            self._set_words("")

    # Mapping --------------------------------------------------------------------------------------

    def frequency_at(self, y: float) -> float:
        """Returns the frequency at a vertical place of the widget, in Hz."""
        low, high = map(float, self.view_box.viewRange()[1])
        share = 1 - y / max(1, self.height())
        return math.pow(10.0, low + min(max(share, 0.0), 1.0) * (high - low))

    # Gestures -------------------------------------------------------------------------------------

    def choose(self, sample: int) -> None:
        """Selects what lies between two edges in the recording."""
        self.state.choose_edge(None)
        self.state.select_stretch(self.axis, sample)

    def describe_at(self, place: QPointF, sample: int) -> str:
        """Returns time and frequency."""
        time = format_time(sample, self.state.sample_rate)
        return f"{time}   {format_frequency(self.frequency_at(place.y()))}"

    def show_words(self, words: str, place: QPointF) -> None:
        """Shows words at the pointer; empty ones take them away."""
        self._set_words(words)
        if not words:
            return
        right = place.x() > self.width() * 0.7
        self._pill.setAnchor((1 if right else 0, 1 if place.y() > self.height() / 2 else 0))
        offset = -_PILL_OFFSET_PX if right else _PILL_OFFSET_PX
        self._pill.setPos(
            self.sample_at(place.x() + offset), math.log10(self.frequency_at(place.y()))
        )

    def show_focus(self, shown: bool) -> None:
        """Draws a frame around the view, or none."""
        self._focus_frame.setVisible(shown)

    def leave_key(self, event: QKeyEvent) -> None:
        """Gives on a key that means nothing here; the base class would scroll."""
        event.ignore()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draws at the new resolution."""
        super().resizeEvent(event)
        if hasattr(self, "view_box"):  # the base class resizes itself while it is made
            self._focus_frame.setRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
            self._draw()

    def _set_words(self, words: str) -> None:
        self._pill.setVisible(bool(words))
        if words != self.hover_words:
            self.hover_words = words
            self._pill.setText(words)
