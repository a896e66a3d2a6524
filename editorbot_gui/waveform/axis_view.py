"""What every view along a time axis has in common: mapping, gestures, cached drawing, overlay."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from editorbot_gui.theme import (
    GRID_PX,
    SMALL_TEXT_PX,
    Palette,
    Theme,
    faded,
    figures_font,
    mixed,
    text_font,
)
from editorbot_gui.waveform.gestures import TimeGestures
from editorbot_gui.waveform.pieces import joined_spans
from editorbot_gui.waveform.view_state import Axis, ViewState

HEADER_PX = 18
"""Over the sound: a view's name and the letters of joins."""
_STRIP_PX = 10
PILL_HEIGHT_PX = 22
_PILL_OFFSET_PX = 12


class AxisView(TimeGestures, QWidget):
    """A view whose width is the visible range of an axis.

    What changes seldom is drawn once into a pixmap of the screen's resolution (`_paint_layer`), in
    the view's turn; playhead, selection and hover are painted over it, strip by strip as they move.

    Args:
        state: What the views share.
        axis: The time across.
        parent: The owner.
    """

    seek_requested = Signal(object)
    """A position was clicked; carries the sample (an int) on the view's axis."""
    hover_described = Signal(str)
    """What is under the pointer, in words; empty when it has left."""

    def __init__(self, state: ViewState, axis: Axis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = state
        self.axis = axis
        self.theme = Theme.current()
        self._layer: QPixmap | None = None
        self._layer_before: QPixmap | None = None
        self._selection_spans: list[tuple[float, float]] | None = None
        self._painted_strips: tuple[QRect, ...] = ()
        self._pill = ""
        self._shows_focus = False
        self.begin_gestures()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        state.range_changed.connect(self.invalidate)
        state.timeline_changed.connect(self.invalidate)
        state.playhead_moved.connect(self._refresh_overlay)
        state.hover_changed.connect(self._refresh_overlay)
        state.selection_changed.connect(self._take_selection)
        self.theme.theme_changed.connect(self.invalidate)

    # Mapping --------------------------------------------------------------------------------------

    @property
    def palette_in_use(self) -> Palette:
        """The colours to paint with."""
        return self.theme.palette

    @property
    def n_columns(self) -> int:
        """Device pixels across the plot."""
        return max(1, round(self.plot.width() * self.devicePixelRatioF()))

    # Drawing --------------------------------------------------------------------------------------

    def _paint_sound(self, painter: QPainter, ratio: float) -> None:
        """Paints what is drawn pixel by pixel, below everything else, in device pixels.

        Args:
            painter: In device pixels.
            ratio: Device pixels in a logical one.
        """

    def _paint_layer(self, painter: QPainter) -> None:
        """Paints everything but playhead, selection and hover, in logical pixels."""
        raise NotImplementedError

    def describe(self, sample: int) -> str:  # noqa: ARG002 - what views that say nothing say
        """Returns what is at a position, in words, for the hover."""
        return ""

    def invalidate(self) -> None:
        """Has everything drawn anew; until its turn the view shows what it has shown before."""
        self._layer_before, self._layer = self._layer or self._layer_before, None
        self._selection_spans = None
        self.state.turns.ask(self)

    def refresh(self) -> None:
        """Has what lies over the layer painted anew; together with the layer if that waits."""
        if self._layer is not None:
            self.update()

    @property
    def background(self) -> QColor:
        """Behind everything that the view paints."""
        return self.palette_in_use.well

    def _take_selection(self) -> None:
        self._selection_spans = None
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """Catches up with what has changed while nobody saw it."""
        super().showEvent(event)
        if self._layer is None:
            self.state.turns.ask(self)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the layer as it was drawn last, and over it what moves."""
        if self._layer is not None and not self._fits(self._layer):
            self.invalidate()
        layer = self._layer or self._layer_before
        painter = QPainter(self)
        if layer is None or not self._fits(layer):
            painter.fillRect(event.rect(), self.background)
        if layer is None:
            return
        painter.drawPixmap(0, 0, layer)
        painter.setClipRect(event.rect())
        self._paint_overlay(painter)
        self._painted_strips = self._overlay_strips()
        if self._shows_focus:
            painter.setPen(QPen(faded(self.palette_in_use.muted, 0.7), 1))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def draw(self) -> None:
        """Draws the layer, unless it is up to date."""
        if self._layer is not None and self._fits(self._layer):
            return
        ratio = self.devicePixelRatioF()
        layer = QPixmap(self._layer_size)
        layer.fill(self.background)
        painter = QPainter(layer)
        self._paint_sound(painter, ratio)
        painter.end()
        layer.setDevicePixelRatio(ratio)
        painter = QPainter(layer)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_layer(painter)
        painter.end()
        self._layer, self._layer_before = layer, None

    @property
    def _layer_size(self) -> QSize:
        """In device pixels."""
        ratio = self.devicePixelRatioF()
        width, height = (math.ceil(side * ratio) for side in (self.width(), self.height()))
        return QSize(max(1, width), max(1, height))

    def _fits(self, layer: QPixmap) -> bool:
        """Whether a layer has the size and the resolution of the view."""
        same_ratio = layer.devicePixelRatio() == self.devicePixelRatioF()
        return same_ratio and layer.size() == self._layer_size

    def _snapped(self, x: float) -> float:
        """Returns a place moved to a whole device pixel, so that thin lines stay crisp."""
        ratio = self.devicePixelRatioF()
        return math.floor(x * ratio + 0.5) / ratio

    def _paint_overlay(self, painter: QPainter) -> None:
        plot, palette = self.plot, self.palette_in_use
        painter.save()
        painter.setClipRect(plot, Qt.ClipOperation.IntersectClip)
        wanted = painter.clipBoundingRect()
        for left, right in self._selected_spans():
            if right < wanted.left() - 1 or left > wanted.right() + 1:
                continue
            area = QRectF(left, plot.top(), max(right - left, 1.0), plot.height())
            painter.fillRect(area, palette.selection)
            painter.setPen(QPen(faded(palette.text, 0.45), 1))
            for edge in (self._snapped(left) + 0.5, self._snapped(right) - 0.5):
                painter.drawLine(QPointF(edge, plot.top()), QPointF(edge, plot.bottom() + 1))
        hover = self.state.hover_on(self.axis)
        if hover is not None and not self._selecting:
            x = self._snapped(self.x_of(hover)) + 0.5
            painter.setPen(QPen(faded(palette.muted, 0.7), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom() + 1))
        self._paint_playhead(painter)
        painter.restore()
        self._paint_pill(painter)

    def _paint_playhead(self, painter: QPainter) -> None:
        if self.state.length(self.axis) == 0:
            return
        colour = self.palette_in_use.text
        if self.state.heard is not self.axis:
            colour = faded(colour, 0.55)
        x = self._snapped(self.x_of(self.state.playhead(self.axis)))
        ratio = self.devicePixelRatioF()
        width = max(1, round(1.5 * ratio)) / ratio
        painter.fillRect(QRectF(x, self.plot.top(), width, self.plot.height()), colour)

    def _selected_spans(self) -> list[tuple[float, float]]:
        """Returns where this view shows what is selected, in logical pixels, joined where close."""
        if self._selection_spans is None:
            ranges = self.state.selected_ranges(self.axis)
            if not len(ranges):
                self._selection_spans = []
                return self._selection_spans
            x = self.plot.left() + (ranges - self._first_sample) / self.samples_per_pixel
            x = x[(x[:, 1] >= self.plot.left()) & (x[:, 0] <= self.plot.right())]
            x = np.clip(x, self.plot.left() - 2.0, self.plot.right() + 2.0)
            self._selection_spans = joined_spans(x, 1.0)
        return self._selection_spans

    def _refresh_overlay(self) -> None:
        """Repaints the strips where playhead and hover were and are."""
        if self._layer is None:
            return  # all of it will be
        for strip in (*self._painted_strips, *self._overlay_strips()):
            self.update(strip)

    def _overlay_strips(self) -> tuple[QRect, ...]:
        strips = []
        hover = self.state.hover_on(self.axis)
        for sample in (self.state.playhead(self.axis), hover):
            if sample is None:
                continue
            x = self.x_of(sample)
            if -_STRIP_PX < x < self.width() + _STRIP_PX:
                strips.append(QRect(int(x) - _STRIP_PX, 0, 2 * _STRIP_PX, self.height()))
        pill = self._pill_area()
        if not pill.isNull():
            # At a scale of 125 % its soft edge reaches beyond whole logical pixels.
            strips.append(pill.adjusted(-2, -2, 2, 2).toAlignedRect())
        return tuple(strips)

    # The words at the pointer ---------------------------------------------------------------------

    def _pill_area(self) -> QRectF:
        hover = self.state.hover
        if not self._pill or hover is None or hover.axis is not self.axis:
            return QRectF()
        width = QFontMetricsF(figures_font()).horizontalAdvance(self._pill) + 2 * GRID_PX
        x = self.x_of(hover.sample) + _PILL_OFFSET_PX
        if x + width > self.width() - GRID_PX / 2:
            x = max(float(GRID_PX / 2), x - width - 2 * _PILL_OFFSET_PX)
        return QRectF(x, self._pill_top(), width, PILL_HEIGHT_PX)

    def _pill_top(self) -> float:
        """Returns where the words at the pointer are, vertically."""
        return self.height() - PILL_HEIGHT_PX - GRID_PX / 2

    def _paint_pill(self, painter: QPainter) -> None:
        area = self._pill_area()
        if area.isNull():
            return
        palette = self.palette_in_use
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(mixed(palette.line, palette.text, 0.15), 1))
        painter.setBrush(palette.raised)
        painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(palette.text)
        painter.setFont(figures_font())
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self._pill)

    def _paint_empty(self, painter: QPainter, title: str, hint: str = "") -> None:
        """Says in the middle what to do where there is nothing to show."""
        palette = self.palette_in_use
        area = QRectF(self.rect()).adjusted(GRID_PX, 0, -GRID_PX, 0)
        if hint:
            area.translate(0, -GRID_PX * 1.25)
        painter.setFont(text_font())
        painter.setPen(palette.text if hint else palette.muted)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, title)
        if hint:
            painter.setFont(text_font(SMALL_TEXT_PX))
            painter.setPen(palette.muted)
            painter.drawText(area.translated(0, GRID_PX * 2.5), Qt.AlignmentFlag.AlignCenter, hint)

    def describe_at(self, place: QPointF, sample: int) -> str:  # noqa: ARG002 - all heights alike
        """Returns what is at a place, in words."""
        return self.describe(sample)

    def show_words(self, words: str, place: QPointF) -> None:  # noqa: ARG002 - they follow the hover
        """Shows words at the pointer; empty ones take them away."""
        self._set_pill(words)
        if words:
            self._refresh_overlay()

    def show_focus(self, shown: bool) -> None:
        """Draws a frame around the view, or none."""
        self._shows_focus = shown

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Forgets places in pixels; the layer is drawn anew if its size no longer fits."""
        self._selection_spans = None
        super().resizeEvent(event)

    def say(self, words: str) -> None:
        """Shows words at the pointer until it moves on."""
        self._set_pill(words)

    def _set_pill(self, words: str) -> None:
        if words != self._pill:
            self._pill = words
            self.hover_described.emit(words)
            self._refresh_overlay()
