"""The ruler over a waveform."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from editorbot_gui.theme import GRID_PX, TINY_TEXT_PX, figures_font
from editorbot_gui.waveform.axis_view import AxisView
from editorbot_gui.waveform.timecode import format_time, ticks_for
from editorbot_gui.waveform.view_state import Axis, ViewState

RULER_HEIGHT_PX = 3 * GRID_PX
LABEL_PX = 11 * GRID_PX
"""The least distance of two labels."""
_LONG_TICK_PX = 7
_SHORT_TICK_PX = 4
_HEAD_PX = 5
_MAX_TICKS = 4000


@dataclass(frozen=True, slots=True)
class Tick:
    """One mark of a scale.

    Attributes:
        sample: Where it is.
        label: What is written at it; empty for a small one.
    """

    sample: float
    label: str


def ticks_between(
    start: float, stop: float, samples_per_pixel: float, sample_rate: int, label_px: float
) -> Iterator[Tick]:
    """Yields the marks of a visible range.

    Args:
        start: First visible sample.
        stop: Last visible sample.
        samples_per_pixel: The zoom.
        sample_rate: Samples a second.
        label_px: The least distance of two labels, in pixels.
    """
    scale = ticks_for(samples_per_pixel, sample_rate, label_px)
    small = scale.step / scale.divisions
    first = max(0, math.floor(start / float(small)))
    last = min(math.ceil(stop / float(small)), first + _MAX_TICKS)
    for index in range(first, last + 1):
        whole, rest = divmod(index, scale.divisions)
        yield Tick(float(index * small), "" if rest else scale.label(whole, sample_rate))


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
        painter.setFont(figures_font(TINY_TEXT_PX))
        in_samples = ticks_for(self.samples_per_pixel, self.state.sample_rate, LABEL_PX).in_samples
        unit = self.tr("samples") if in_samples and self.state.length(self.axis) else ""
        painter.setPen(palette.muted)
        painter.drawText(
            QRectF(0, 0, plot.left() - GRID_PX / 2, plot.height()),
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
            unit,
        )
        bottom = plot.bottom() + 1
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        painter.setPen(QPen(palette.line, 1))
        painter.drawLine(QPointF(0, bottom - 0.5), QPointF(self.width(), bottom - 0.5))
        if self.state.length(self.axis) == 0:
            return
        painter.setClipRect(plot)
        tick_pen, text_pen = QPen(palette.muted, 1), QPen(palette.muted)
        start, stop = self.state.visible(self.axis)
        # A label that begins left of the view may still reach into it.
        start -= LABEL_PX * self.samples_per_pixel
        for tick in ticks_between(
            start, stop, self.samples_per_pixel, self.state.sample_rate, LABEL_PX
        ):
            x = self._snapped(self.x_of(tick.sample)) + 0.5
            painter.setPen(tick_pen)
            height = _LONG_TICK_PX if tick.label else _SHORT_TICK_PX
            painter.drawLine(QPointF(x, bottom - height), QPointF(x, bottom - 1))
            if tick.label:
                painter.setPen(text_pen)
                area = QRectF(x + GRID_PX / 2, 0, LABEL_PX, plot.height() - GRID_PX / 2)
                painter.drawText(
                    area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, tick.label
                )

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
