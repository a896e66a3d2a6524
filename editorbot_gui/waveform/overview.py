"""The whole recording at a glance, with the visible part in a frame that can be dragged."""

from __future__ import annotations

import math
from enum import Enum

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPen, QWheelEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from editorbot_gui.theme import GRID_PX, TINY_TEXT_PX, faded, figures_font
from editorbot_gui.waveform.axis_view import AxisView
from editorbot_gui.waveform.gestures import GUTTER_PX, ZOOM_A_NOTCH
from editorbot_gui.waveform.lanes import paint_hatch, paint_lane, raw_columns, table_for
from editorbot_gui.waveform.pieces import column_grid, kept_share
from editorbot_gui.waveform.raster import N_LEVELS, Columns
from editorbot_gui.waveform.timecode import format_length, format_time
from editorbot_gui.waveform.view_state import Axis, ViewState
from editorbot_gui.waveform.waveform_data import WaveformData

OVERVIEW_HEIGHT_PX = 7 * GRID_PX
_GRIP_PX = 5
_MIN_FRAME_PX = 6
_MIN_GRIPPED_PX = 24
_NOTCH = 120


class _Drag(Enum):
    """What of the frame is held."""

    NONE = 0
    FRAME = 1
    LEFT = 2
    RIGHT = 3


class OverviewView(AxisView):
    """The whole recording in one lane, what is left out shaded.

    Dragging the frame pans, dragging its edges zooms, a click beside it seeks there and brings it
    into view.

    Args:
        state: What the views share.
        parent: The owner.
    """

    def __init__(self, state: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(state, Axis.RAW, parent)
        self._data: WaveformData | None = None
        self._drag = _Drag.NONE
        self._grab = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Overview of the recording"))
        self.setAccessibleDescription(
            self.tr("Drag the frame to move the visible part, its edges to zoom.")
        )
        # The frame moves over what is painted; only the recording or the edit change that.
        state.range_changed.disconnect(self.invalidate)
        state.range_changed.connect(self.refresh)

    def sizeHint(self) -> QSize:
        """A strip."""
        return QSize(640, OVERVIEW_HEIGHT_PX)

    def minimumSizeHint(self) -> QSize:
        """As high as it always is."""
        return QSize(8 * GRID_PX, OVERVIEW_HEIGHT_PX)

    def set_data(self, data: WaveformData | None) -> None:
        """Shows a recording, or nothing."""
        if self._data is not None:
            self._data.improved.disconnect(self._take_improvement)
        self._data = data
        if data is not None:
            data.improved.connect(self._take_improvement)
        self.invalidate()

    # Mapping: the whole recording, whatever is visible elsewhere --------------------------------

    @property
    def samples_per_pixel(self) -> float:
        """The zoom, which is always that of the whole recording."""
        return max(1, self.state.length(Axis.RAW)) / max(1, self.width() - GUTTER_PX)

    @property
    def _first_sample(self) -> float:
        return 0.0

    @property
    def frame(self) -> QRectF:
        """The frame around what is visible, in logical pixels; wide enough to be held."""
        start, stop = self.state.visible(Axis.RAW)
        left = self.x_of(start)
        right = self.x_of(min(stop, self.state.length(Axis.RAW)))
        if right - left < _MIN_FRAME_PX:
            middle = (left + right) / 2
            left, right = middle - _MIN_FRAME_PX / 2, middle + _MIN_FRAME_PX / 2
        return QRectF(left, 0, right - left, self.height())

    # Painting -------------------------------------------------------------------------------------

    def describe(self, sample: int) -> str:
        """Returns the time."""
        return format_time(sample, self.state.sample_rate, 1)

    def _take_improvement(self, _start: int, _stop: int) -> None:
        self.invalidate()

    def _paint_sound(self, painter: QPainter, ratio: float) -> None:
        data = self._data
        if data is None or data.n_samples == 0:
            return
        palette = self.palette_in_use
        left, height = round(self.plot.left() * ratio), math.ceil(self.height() * ratio)
        margin = round(GRID_PX / 2 * ratio)
        area = QRect(left, margin, self.n_columns, max(1, height - 2 * margin))
        grid = column_grid(0.0, float(data.n_samples), self.n_columns)
        share = kept_share(self.state.kept, grid)
        paint_hatch(painter, area, share < 0.5, 0.0, ratio, palette)
        levels = np.round(share * (N_LEVELS - 1)).astype(np.uint8)
        channels = raw_columns(data, np.floor(grid).astype(np.int64))
        loudest = Columns(
            np.min([channel.low for channel in channels], axis=0),
            np.max([channel.high for channel in channels], axis=0),
            np.min([channel.body_low for channel in channels], axis=0),
            np.max([channel.body_high for channel in channels], axis=0),
            channels[0].shown,
        )
        table = table_for(palette.raw, palette)
        paint_lane(painter, area, loudest, levels, data.level_scale, table)

    def _paint_layer(self, painter: QPainter) -> None:
        palette = self.palette_in_use
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        painter.fillRect(QRectF(0, 0, self.plot.left(), self.height()), palette.panel)
        if self._data is None:
            return
        painter.setPen(palette.muted)
        painter.setFont(figures_font(TINY_TEXT_PX))
        painter.drawText(
            QRectF(0, 0, self.plot.left() - GRID_PX / 2, self.height()),
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
            format_length(self._data.n_samples, self._data.sample_rate),
        )

    def _paint_overlay(self, painter: QPainter) -> None:
        if self._data is not None and self.state.span < self.state.max_span:
            self._paint_frame(painter)
        super()._paint_overlay(painter)

    def _paint_frame(self, painter: QPainter) -> None:
        palette, frame, plot = self.palette_in_use, self.frame, QRectF(self.plot)
        painter.save()
        painter.setClipRect(plot, Qt.ClipOperation.IntersectClip)
        shade = faded(palette.window, 0.62)
        painter.fillRect(QRectF(plot.left(), 0, frame.left() - plot.left(), self.height()), shade)
        painter.fillRect(
            QRectF(frame.right(), 0, plot.right() - frame.right() + 1, self.height()), shade
        )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(palette.muted, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        left, right = self._snapped(frame.left()) + 0.5, self._snapped(frame.right()) - 0.5
        painter.drawRoundedRect(QRectF(left, 0.5, right - left, self.height() - 1), 3, 3)
        for x in (left, right) if frame.width() >= _MIN_GRIPPED_PX else ():
            painter.setPen(QPen(palette.text, 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            middle = self.height() / 2
            painter.drawLine(QPointF(x, middle - GRID_PX / 2), QPointF(x, middle + GRID_PX / 2))
        painter.restore()

    # Gestures -------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Takes hold of the frame or its edges, or goes somewhere else."""
        if event.button() is not Qt.MouseButton.LeftButton or self.state.length(Axis.RAW) == 0:
            event.ignore()
            return
        x = event.position().x()
        self._drag = self._under(x)
        if self._drag is _Drag.NONE and self.plot.contains(event.position().toPoint()):
            sample = self._clamped_sample(x)
            span = self.state.span
            self.state.pan(Axis.RAW, sample - span / 2 - self.state.start(Axis.RAW))
            self._drag = _Drag.FRAME
        self._grab = self.sample_at(x) - self.state.start(Axis.RAW)
        self._press = event.position().toPoint()
        self._show_cursor(x)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drags what is held."""
        x = event.position().x()
        sample = self.sample_at(x)
        start, stop = self.state.visible(Axis.RAW)
        if self._drag is _Drag.FRAME:
            self.state.pan(Axis.RAW, sample - self._grab - start)
        elif self._drag is _Drag.LEFT:
            self.state.show_range(Axis.RAW, min(sample, stop - 1), stop)
        elif self._drag is _Drag.RIGHT:
            self.state.show_range(Axis.RAW, start, max(sample, start + 1))
        self._show_cursor(x)
        self._follow_pointer(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Lets go; a press that did not move is a click."""
        press, self._press = self._press, None
        if press is not None and self._drag is _Drag.FRAME:
            moved = (event.position().toPoint() - press).manhattanLength()
            if moved < QApplication.startDragDistance():
                self.seek_requested.emit(self._clamped_sample(event.position().x()))
        self._drag = _Drag.NONE
        self._show_cursor(event.position().x())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms with Ctrl around the middle of the frame, pans by a part of it without."""
        notches = (event.angleDelta().y() or event.angleDelta().x()) / _NOTCH
        start, stop = self.state.visible(Axis.RAW)
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.state.zoom(Axis.RAW, (start + stop) / 2, ZOOM_A_NOTCH**notches)
        else:
            self.state.pan(Axis.RAW, -notches * self.state.span / GRID_PX)
        event.accept()

    def _under(self, x: float) -> _Drag:
        frame = self.frame
        if self.state.span >= self.state.max_span:
            return _Drag.NONE
        if abs(x - frame.left()) <= _GRIP_PX and x < frame.center().x():
            return _Drag.LEFT
        if abs(x - frame.right()) <= _GRIP_PX and x > frame.center().x():
            return _Drag.RIGHT
        return _Drag.FRAME if frame.left() <= x <= frame.right() else _Drag.NONE

    def _show_cursor(self, x: float) -> None:
        held = self._drag if self._drag is not _Drag.NONE else self._under(x)
        if held in (_Drag.LEFT, _Drag.RIGHT):
            self.setCursor(Qt.CursorShape.SizeHorCursor)
        elif held is _Drag.FRAME:
            closed = self._drag is _Drag.FRAME
            self.setCursor(
                Qt.CursorShape.ClosedHandCursor if closed else Qt.CursorShape.OpenHandCursor
            )
        else:
            self.unsetCursor()
