"""What pointer and keys do in every view along a time axis, however it is painted."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from editorbot_gui.keyboard import claims
from editorbot_gui.theme import GRID_PX
from editorbot_gui.waveform.view_state import Axis, Hover, Selection, ViewState

if TYPE_CHECKING:
    from PySide6.QtCore import SignalInstance
    from PySide6.QtWidgets import QWidget

    _Widget = QWidget
else:
    _Widget = object  # at run time the class that it is mixed into is the widget

GUTTER_PX = 7 * GRID_PX
"""Room for scales left of the time; the same in every view, so that times stand in line."""
ZOOM_A_NOTCH = 1.4
ZOOM_A_KEY = 2.0
_NOTCH = 120
_PAN_A_NOTCH = 0.08
_STEP_PX = 8
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


class TimeGestures(_Widget):
    """The gestures of a view whose width is the visible range of an axis; a part of the view.

    Ctrl+wheel zooms at the pointer; wheel, Shift+wheel and a drag with the middle button pan; a
    click selects and seeks; a drag selects, Esc gives the drag up; Shift and a click move an end of
    what is selected.

    The view calls `begin_gestures` when it is made.
    """

    state: ViewState
    axis: Axis
    seek_requested: SignalInstance

    def begin_gestures(self) -> None:
        """Takes the pointer and the keyboard."""
        self._press: QPoint | None = None
        self._selection_before: Selection | None = None
        self._selecting = False
        self._pan_from: tuple[float, float] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def forget_press(self) -> None:
        """Lets a press begin nothing, because somebody else took the drag."""
        self._press, self._selecting = None, False

    # What a view may do in its own way ------------------------------------------------------------

    def choose(self, sample: int) -> None:  # noqa: ARG002 - for the views that select
        """Selects what a click at a position means: nothing, or what lies there."""
        self.state.choose_edge(None)
        self.state.clear_selection()

    def describe_at(self, place: QPointF, sample: int) -> str:  # noqa: ARG002 - for those that do
        """Returns what is at a place, in words."""
        return ""

    def show_words(self, words: str, place: QPointF) -> None:
        """Shows words at the pointer; empty ones take them away."""
        raise NotImplementedError

    def show_focus(self, shown: bool) -> None:
        """Shows the focus to those who came by keyboard, or that it has left."""
        raise NotImplementedError

    def leave_key(self, event: QKeyEvent) -> None:
        """Gives on a key that means nothing here."""
        super().keyPressEvent(event)

    # Mapping --------------------------------------------------------------------------------------

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

    def _clamped_sample(self, x: float) -> int:
        length = self.state.length(self.axis)
        return min(max(math.floor(self.sample_at(x)), 0), max(0, length - 1))

    def _clicked_sample(self, x: float) -> int:
        """Returns the sample at a place; behind the end, the end."""
        sample, length = self.sample_at(x), self.state.length(self.axis)
        return length if sample >= length else self._clamped_sample(x)

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

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A second press is a press."""
        self.mousePressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Keeps Esc for a drag that is going on, before it stops work in the background."""
        return claims(event, self._ends_drag) or super().event(event)

    def _ends_drag(self, event: QKeyEvent) -> bool:
        return self._selecting and event.key() == Qt.Key.Key_Escape

    def leaveEvent(self, _event: QEvent) -> None:
        """Forgets the pointer."""
        self.show_words("", QPointF())
        if self.state.hover is not None and self.state.hover.axis is self.axis:
            self.state.set_hover(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Offers the gestures to the keyboard; anything else goes on to the window."""
        if event.modifiers() & ~(
            Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier
        ):
            self.leave_key(event)
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
                self.leave_key(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Shows the focus to those who came by keyboard."""
        self.show_focus(event.reason() in KEYBOARD_REASONS)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Shows that the focus has left."""
        self.show_focus(False)
        super().focusOutEvent(event)

    def _seek(self, sample: int) -> None:
        length = self.state.length(self.axis)
        if length:
            self.seek_requested.emit(min(max(sample, 0), length))

    def _follow_pointer(self, position: QPointF) -> None:
        sample = math.floor(self.sample_at(position.x()))
        inside = self.plot.contains(position.toPoint())
        if not inside or not 0 <= sample < self.state.length(self.axis):
            self.show_words("", position)
            self.state.set_hover(None)
            return
        words = "" if self._selecting else self.describe_at(position, sample)
        self.state.set_hover(Hover(self.axis, sample))
        self.show_words(words, position)
