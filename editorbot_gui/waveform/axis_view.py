"""What every view along a time axis has in common: mapping, gestures, cached drawing, overlay."""

from __future__ import annotations

import math
import sys

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

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
from editorbot_gui.waveform.pieces import joined_spans
from editorbot_gui.waveform.view_state import Axis, Hover, Selection, ViewState

GUTTER_PX = 7 * GRID_PX
"""Room for scales left of the time; the same in every view, so that times stand in line."""
HEADER_PX = 18
"""Over the sound: a view's name and the letters of joins."""
ZOOM_A_NOTCH = 1.4
ZOOM_A_KEY = 2.0
_NOTCH = 120
_PAN_A_NOTCH = 0.08
_STEP_PX = 8
_STRIP_PX = 10
PILL_HEIGHT_PX = 22
_PILL_OFFSET_PX = 12
KEYBOARD_REASONS = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


def wheel_over(
    state: ViewState, axis: Axis, event: QWheelEvent, anchor: float, width_px: int
) -> None:
    """Zooms with Ctrl, pans without, in any view.

    Args:
        state: What the views share.
        axis: The time across.
        event: The turn of the wheel; accepted.
        anchor: The sample under the pointer.
        width_px: Of the visible range.
    """
    angle, pixels = event.angleDelta(), event.pixelDelta()
    if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
        notches = (angle.y() or angle.x()) / _NOTCH
        state.zoom(axis, anchor, ZOOM_A_NOTCH**notches)
    else:
        # Elsewhere than on a Mac, drivers fill this in as they like.
        if sys.platform == "darwin" and not pixels.isNull():
            moved = pixels.x() if abs(pixels.x()) > abs(pixels.y()) else pixels.y()
        else:
            notches = max(angle.x(), angle.y(), key=abs) / _NOTCH
            moved = round(notches * _PAN_A_NOTCH * width_px)
        # Whole pixels: the columns of a waveform keep their samples and don't shimmer.
        state.pan(axis, -moved * state.span / width_px)
    event.accept()


class AxisView(QWidget):
    """A view whose width is the visible range of an axis.

    What changes seldom is drawn once into a pixmap of the screen's resolution (`_paint_layer`);
    playhead, selection and hover are painted over it, strip by strip as they move.

    Gestures: Ctrl+wheel zooms at the pointer; wheel, Shift+wheel and a drag with the middle button
    pan; a click seeks; a drag selects, Esc gives the drag up; Shift and a click move an end of
    what is selected.

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
        self._selection_spans: list[tuple[float, float]] | None = None
        self._press: QPoint | None = None
        self._selection_before: Selection | None = None
        self._selecting = False
        self._pan_from: tuple[float, float] | None = None
        self._painted_strips: tuple[QRect, ...] = ()
        self._pill = ""
        self._shows_focus = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
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
    def plot(self) -> QRect:
        """The area of the time axis, without the scale beside it, in logical pixels."""
        return QRect(GUTTER_PX, 0, max(1, self.width() - GUTTER_PX), self.height())

    @property
    def samples_per_pixel(self) -> float:
        """The zoom, a logical pixel."""
        return self.state.span / max(1, self.width() - GUTTER_PX)

    @property
    def _first_sample(self) -> float:
        """The sample at the left edge of the plot."""
        return self.state.start(self.axis)

    def sample_at(self, x: float) -> float:
        """Returns the position at a horizontal place of the widget, in samples."""
        return self._first_sample + (x - GUTTER_PX) * self.samples_per_pixel

    def x_of(self, sample: float) -> float:
        """Returns the horizontal place of a position."""
        return GUTTER_PX + (sample - self._first_sample) / self.samples_per_pixel

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
        """Drops what was painted."""
        self._layer = None
        self._selection_spans = None
        self.update()

    @property
    def background(self) -> QColor:
        """Behind everything that the view paints."""
        return self.palette_in_use.well

    def _take_selection(self) -> None:
        self._selection_spans = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the cached layer, and over it what moves."""
        layer = self._current_layer()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, layer)
        painter.setClipRect(event.rect())
        self._paint_overlay(painter)
        self._painted_strips = self._overlay_strips()
        if self._shows_focus:
            painter.setPen(QPen(faded(self.palette_in_use.muted, 0.7), 1))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _current_layer(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        size = QSize(
            max(1, math.ceil(self.width() * ratio)), max(1, math.ceil(self.height() * ratio))
        )
        layer = self._layer
        if layer is None or layer.size() != size or layer.devicePixelRatio() != ratio:
            layer = QPixmap(size)
            layer.fill(self.background)
            painter = QPainter(layer)
            self._paint_sound(painter, ratio)
            painter.end()
            layer.setDevicePixelRatio(ratio)
            painter = QPainter(layer)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_layer(painter)
            painter.end()
            self._layer = layer
        return layer

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

    # Gestures -------------------------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms with Ctrl, pans without."""
        anchor = self.sample_at(max(event.position().x(), self.plot.left()))
        wheel_over(self.state, self.axis, event, anchor, self.plot.width())
        self._follow_pointer(event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begins a click, a selection or a pan."""
        if event.button() is Qt.MouseButton.MiddleButton:
            self._pan_from = (event.position().x(), self.state.start(self.axis))
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif event.button() is Qt.MouseButton.LeftButton and self.state.length(self.axis):
            self._press = event.position().toPoint()
            self._selection_before = self.state.selection
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pans, selects or describes."""
        if self._pan_from is not None:
            start_x, start = self._pan_from
            wanted = start - (event.position().x() - start_x) * self.samples_per_pixel
            self.state.pan(self.axis, wanted - self.state.start(self.axis))
        if self._press is not None:
            moved = event.position().toPoint() - self._press
            if moved.manhattanLength() >= QApplication.startDragDistance():
                self._selecting = True
            if self._selecting:
                self.state.select(
                    self.axis, self.sample_at(self._press.x()), self.sample_at(event.position().x())
                )
        self._follow_pointer(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Ends the gesture; a press that did not move is a click."""
        if event.button() is Qt.MouseButton.MiddleButton and self._pan_from is not None:
            self._pan_from = None
            self.unsetCursor()
        elif event.button() is Qt.MouseButton.LeftButton and self._press is not None:
            clicked = not self._selecting
            self._press, self._selecting = None, False
            if clicked and self.plot.contains(event.position().toPoint()):
                sample = self._clicked_sample(event.position().x())
                if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                    self.state.extend_selection(self.axis, sample)
                else:
                    self.choose(sample)
                    self.seek_requested.emit(sample)
            self.update()

    def choose(self, sample: int) -> None:  # noqa: ARG002 - for the views that select
        """Selects what a click at a position means: nothing, or what lies there."""
        self.state.choose_edge(None)
        self.state.clear_selection()

    def event(self, event: QEvent) -> bool:
        """Keeps Esc for a drag that is going on, before it stops work in the background."""
        if (
            self._selecting
            and event.type() is QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()
            return True
        return super().event(event)

    def leaveEvent(self, _event: QEvent) -> None:
        """Forgets the pointer."""
        self._set_pill("")
        if self.state.hover is not None and self.state.hover.axis is self.axis:
            self.state.set_hover(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Offers the gestures to the keyboard; anything else goes on to the window."""
        if event.modifiers() & ~(
            Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier
        ):
            super().keyPressEvent(event)
            return
        step = round(_STEP_PX * self.samples_per_pixel) or 1
        playhead = self.state.playhead(self.axis)
        match event.key():
            case Qt.Key.Key_Plus:
                self.state.zoom_at_cursor(ZOOM_A_KEY)
            case Qt.Key.Key_Minus:
                self.state.zoom_at_cursor(1 / ZOOM_A_KEY)
            case Qt.Key.Key_Left:
                self._seek(playhead - step)
            case Qt.Key.Key_Right:
                self._seek(playhead + step)
            case Qt.Key.Key_Home:
                self._seek(0)
            case Qt.Key.Key_End:
                self._seek(self.state.length(self.axis))
            case Qt.Key.Key_Escape if self._selecting:
                self._press, self._selecting = None, False
                self.state.restore_selection(self._selection_before)
            case Qt.Key.Key_Escape if self.state.selection is not None:
                self.state.clear_selection()
            case _:
                super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Shows the focus to those who came by keyboard."""
        self._shows_focus = event.reason() in KEYBOARD_REASONS
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Shows that the focus has left."""
        self._shows_focus = False
        super().focusOutEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Forgets places in pixels; the layer is drawn anew if its size no longer fits."""
        self._selection_spans = None
        super().resizeEvent(event)

    def _seek(self, sample: int) -> None:
        sample = min(max(sample, 0), self.state.length(self.axis))
        if self.state.length(self.axis):
            self.seek_requested.emit(sample)

    def _clamped_sample(self, x: float) -> int:
        length = self.state.length(self.axis)
        return min(max(math.floor(self.sample_at(x)), 0), max(0, length - 1))

    def _clicked_sample(self, x: float) -> int:
        """Returns the sample at a place; behind the end, the end."""
        sample, length = self.sample_at(x), self.state.length(self.axis)
        return length if sample >= length else self._clamped_sample(x)

    def _follow_pointer(self, position: QPointF) -> None:
        sample = math.floor(self.sample_at(position.x()))
        inside = self.plot.contains(position.toPoint())
        if not inside or not 0 <= sample < self.state.length(self.axis):
            self._set_pill("")
            self.state.set_hover(None)
            return
        self._set_pill("" if self._selecting else self.describe(sample))
        self.state.set_hover(Hover(self.axis, sample))
        self._refresh_overlay()

    def say(self, words: str) -> None:
        """Shows words at the pointer until it moves on."""
        self._set_pill(words)

    def _set_pill(self, words: str) -> None:
        if words != self._pill:
            self._pill = words
            self.hover_described.emit(words)
            self._refresh_overlay()
