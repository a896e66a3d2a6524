"""The ruler over a waveform."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from editorbot_gui.markers.flags import Flag
from editorbot_gui.theme import GRID_PX, TINY_TEXT_PX, figures_font, text_font
from editorbot_gui.waveform.axis_view import AxisView
from editorbot_gui.waveform.timecode import format_time, ticks_for
from editorbot_gui.waveform.view_state import Axis, ViewState

RULER_HEIGHT_PX = 3 * GRID_PX
LABEL_PX = 11 * GRID_PX
"""The least distance of two labels."""
_LONG_TICK_PX = 7
_SHORT_TICK_PX = 4
_HEAD_PX = 5
_FLAG_PX = 15 * GRID_PX
"""The widest flag of a marker."""
_BARE_FLAG_PX = 6
_FLAG_HEIGHT_PX = 14


@dataclass(frozen=True, slots=True)
class Scale:
    """The marks of a visible range; positions in samples.

    Attributes:
        small: Where the small ticks are.
        labelled: Where the labelled ticks are, with their labels.
        in_samples: Whether labels count samples instead of time.
    """

    small: list[float]
    labelled: list[tuple[float, str]]
    in_samples: bool


def scale_between(
    start: float, stop: float, samples_per_pixel: float, sample_rate: int, label_px: float
) -> Scale:
    """Returns the marks of a visible range.

    Args:
        start: First visible sample.
        stop: Last visible sample.
        samples_per_pixel: The zoom.
        sample_rate: Samples a second.
        label_px: The least distance of two labels, in pixels; marks begin that much before `start`,
            as their labels may reach into view.
    """
    ticks = ticks_for(samples_per_pixel, sample_rate, label_px)
    step = ticks.small_step_samples
    first = max(0, math.floor((start - label_px * samples_per_pixel) / step))
    last = math.ceil(stop / step)
    divisions = ticks.divisions
    small = [index * step for index in range(first, last + 1) if index % divisions]
    labelled = [
        (index * divisions * step, ticks.label(index))
        for index in range(-(-first // divisions), last // divisions + 1)
    ]
    return Scale(small, labelled, ticks.in_samples)


class TimeRuler(AxisView):
    """Times along an axis, with the playhead's grip. A click seeks, a drag selects.

    Args:
        state: What the views share.
        axis: Which time.
        parent: The owner.
    """

    def __init__(self, state: ViewState, axis: Axis, parent: QWidget | None = None) -> None:
        super().__init__(state, axis, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._flags: list[Flag] | None = None
        state.markers_changed.connect(self.invalidate)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAccessibleName(
            self.tr("Time of the recording") if axis is Axis.RAW else self.tr("Time of the edit")
        )

    def sizeHint(self) -> QSize:
        """One line high."""
        return QSize(640, RULER_HEIGHT_PX)

    def minimumSizeHint(self) -> QSize:
        """As high as it always is."""
        return QSize(2 * GRID_PX, RULER_HEIGHT_PX)

    @property
    def background(self) -> QColor:
        """A ruler is chrome."""
        return self.palette_in_use.panel

    def describe(self, sample: int) -> str:
        """Returns the time."""
        return format_time(sample, self.state.sample_rate)

    def _paint_layer(self, painter: QPainter) -> None:
        palette, plot = self.palette_in_use, self.plot
        bottom = plot.bottom() + 1
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        painter.setPen(QPen(palette.line, 1))
        painter.drawLine(QPointF(0, bottom - 0.5), QPointF(self.width(), bottom - 0.5))
        if self.state.length(self.axis) == 0:
            return
        start, stop = self.state.visible(self.axis)
        per_pixel = self.samples_per_pixel
        scale = scale_between(start, stop, per_pixel, self.state.sample_rate, LABEL_PX)
        painter.setFont(figures_font(TINY_TEXT_PX))
        painter.setPen(palette.muted)
        if scale.in_samples:
            painter.drawText(
                QRectF(0, 0, plot.left() - GRID_PX / 2, plot.height()),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                self.tr("samples"),
            )
        painter.setClipRect(plot)

        ratio = self.devicePixelRatioF()

        def places_of(samples: list[float]) -> list[float]:
            x = plot.left() + (np.array(samples) - start) / per_pixel
            snapped: list[float] = (np.floor(x * ratio + 0.5) / ratio + 0.5).tolist()
            return snapped

        low = bottom - 1
        lines = [QLineF(x, low - _SHORT_TICK_PX, x, low) for x in places_of(scale.small)]
        labelled = places_of([sample for sample, _ in scale.labelled])
        lines += [QLineF(x, low - _LONG_TICK_PX, x, low) for x in labelled]
        painter.drawLines(lines)
        centred = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        metrics = painter.fontMetrics()
        for x, (_, label) in zip(labelled, scale.labelled, strict=True):
            left, width = x + GRID_PX / 2, metrics.horizontalAdvance(label)
            if left + width > self.width() or self._is_covered(left, left + width):
                continue
            area = QRectF(left, 0, LABEL_PX, plot.height() - GRID_PX / 2)
            painter.drawText(area, centred, label)

        self._paint_flags(painter)

    # Markers --------------------------------------------------------------------------------------

    def invalidate(self) -> None:
        """Drops what was painted."""
        self._flags = None
        super().invalidate()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Puts markers elsewhere."""
        self._flags = None
        super().resizeEvent(event)

    @property
    def flags(self) -> list[Flag]:
        """The markers in view, from left to right."""
        if self._flags is None:
            self._flags = list(self._made_flags())
        return self._flags

    def marker_at(self, place: QPointF) -> int | None:
        """Returns the index of the marker whose flag is at a place, or None."""
        if not self.plot.contains(place.toPoint()):
            return None
        # Where flags overlap, the one further right lies on top.
        return next((flag.index for flag in self.flags[::-1] if flag.area.contains(place)), None)

    def _made_flags(self) -> Iterator[Flag]:
        places, numbers = self.state.marker_places(self.axis)
        low, high = self.state.visible(self.axis)
        shown = (places >= low - _FLAG_PX * self.samples_per_pixel) & (places <= high)
        metrics = QFontMetricsF(text_font(TINY_TEXT_PX))
        x = [self._snapped(self.x_of(place)) for place in places[shown].tolist()]
        ends = [*x, float(self.width())][1:]
        for left, right, index in zip(x, ends, numbers[shown].tolist(), strict=True):
            name = self.state.markers[index].name
            room = min(right - left - 2, _FLAG_PX) - GRID_PX
            words = metrics.elidedText(name, Qt.TextElideMode.ElideRight, max(room, 0.0))
            if metrics.horizontalAdvance(words) > room:
                words = ""
            width = metrics.horizontalAdvance(words) + GRID_PX if words else _BARE_FLAG_PX
            yield Flag(index, left, QRectF(left, 0, width, _FLAG_HEIGHT_PX), words)

    def _is_covered(self, left: float, right: float) -> bool:
        """Whether the flag of a marker lies over a part of a label."""
        return any(flag.x < right and left < flag.area.right() for flag in self.flags)

    def _paint_flags(self, painter: QPainter) -> None:
        palette = self.palette_in_use
        painter.setFont(text_font(TINY_TEXT_PX))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        for flag in self.flags:
            chosen = flag.index == self.state.chosen_marker
            fill = palette.text if chosen else palette.selected
            line = palette.text if chosen else palette.muted
            painter.fillRect(QRectF(flag.x, 0, 1, self.height()), line)
            painter.fillRect(flag.area, fill)
            painter.setPen(palette.panel if chosen else palette.text)
            painter.drawText(flag.area, Qt.AlignmentFlag.AlignCenter, flag.words)

    def _paint_playhead(self, painter: QPainter) -> None:
        super()._paint_playhead(painter)
        if self.state.length(self.axis) == 0:
            return
        x = self._snapped(self.x_of(self.state.playhead(self.axis))) + 0.75
        top = self.plot.bottom() - 2 * _HEAD_PX
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette_in_use.text)
        painter.drawPolygon(
            QPolygonF(
                [
                    QPointF(x - _HEAD_PX, top),
                    QPointF(x + _HEAD_PX, top),
                    QPointF(x + _HEAD_PX, top + _HEAD_PX),
                    QPointF(x, top + 2 * _HEAD_PX),
                    QPointF(x - _HEAD_PX, top + _HEAD_PX),
                ]
            )
        )

    def _paint_pill(self, painter: QPainter) -> None:
        """Says nothing itself: the labels are there already."""
