"""Markers in the rulers: what they look like, and the gestures on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication

from editorbot_gui.waveform.view_state import Axis

if TYPE_CHECKING:
    from collections.abc import Callable

    from editorbot_gui.waveform.ruler import TimeRuler


@dataclass(slots=True)
class _Held:
    """A marker that is held: its index, where the pointer took hold of it, and where it would be.

    `place` is None until it is dragged.
    """

    ruler: TimeRuler
    index: int
    x: float
    from_place: int
    place: int | None = None


class MarkerFlags(QObject):
    """Lets markers be chosen, dragged, named and deleted in the rulers.

    While one is dragged the rulers show where it would be; the document changes once, at the end.
    Esc gives the drag up.

    Args:
        rulers: Where markers are shown.
        snap: Returns the good place near to a sample of the recording, within a reach in samples.
        parent: The owner.
    """

    chosen = Signal(int)
    """The marker with this index was clicked."""
    moved = Signal(int, int)
    """A marker was dragged; carries its index and the sample of the recording."""
    rename_wanted = Signal(int)
    """A marker was double-clicked."""
    menu_wanted = Signal(int, object)
    """The context menu of a marker is wanted; carries its index and the place on the screen."""

    def __init__(
        self,
        rulers: tuple[TimeRuler, ...],
        snap: Callable[[int, float], int],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._rulers = rulers
        self._snap = snap
        self._held: _Held | None = None
        for ruler in rulers:
            ruler.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes the events on markers; all others go to the ruler."""
        ruler = next((each for each in self._rulers if each is watched), None)
        if ruler is None:
            return super().eventFilter(watched, event)
        if isinstance(event, QMouseEvent):
            return self._take_mouse(ruler, event)
        if isinstance(event, QContextMenuEvent):
            index = ruler.marker_at(QPointF(event.pos()))
            if index is not None:
                self.chosen.emit(index)
                self.menu_wanted.emit(index, event.globalPos())
            return index is not None
        if self._held is not None and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                event.accept()
                if event.type() is QEvent.Type.KeyPress:
                    self.give_up()
            return True
        return super().eventFilter(watched, event)

    def _take_mouse(self, ruler: TimeRuler, event: QMouseEvent) -> bool:
        kind, place = event.type(), event.position()
        if self._held is not None:
            if kind is QEvent.Type.MouseMove:
                self._drag_to(event)
            elif (
                kind is QEvent.Type.MouseButtonRelease
                and event.button() is Qt.MouseButton.LeftButton
            ):
                self._let_go()
            return True
        index = ruler.marker_at(place)
        if kind is QEvent.Type.MouseMove and event.buttons() == Qt.MouseButton.NoButton:
            if index is None:
                return False
            ruler.setCursor(Qt.CursorShape.PointingHandCursor)
            return True
        if index is None or event.button() is not Qt.MouseButton.LeftButton:
            return False
        if kind is QEvent.Type.MouseButtonPress:
            ruler.setFocus(Qt.FocusReason.MouseFocusReason)
            at = ruler.state.markers[index].position
            self._held = _Held(ruler, index, place.x(), at)
            return True
        if kind is QEvent.Type.MouseButtonDblClick:
            self.rename_wanted.emit(index)
            return True
        return False

    def _drag_to(self, event: QMouseEvent) -> None:
        held = self._held
        if held is None:
            return
        x = event.position().x()
        if held.place is None and abs(x - held.x) < QApplication.startDragDistance():
            return
        ruler, state = held.ruler, held.ruler.state
        if ruler.axis is Axis.RAW:
            wanted = held.from_place + round((x - held.x) * ruler.samples_per_pixel)
        else:  # over a cut it jumps to the other side, as its sound does
            wanted = round(state.to_raw(ruler.sample_at(x)))
        wanted = min(max(wanted, 0), state.length(Axis.RAW))
        if not event.modifiers() & Qt.KeyboardModifier.AltModifier:
            wanted = self._snap(wanted, _REACH_PX * ruler.samples_per_pixel)
        held.place = wanted
        state.drag_marker(held.index, held.place)

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is None:
            return
        held.ruler.state.drag_marker(None)
        if held.place is None:
            self.chosen.emit(held.index)
        else:
            self.moved.emit(held.index, held.place)

    def give_up(self) -> None:
        """Leaves the marker where it was before the drag."""
        held, self._held = self._held, None
        if held is not None:
            held.ruler.state.drag_marker(None)


_REACH_PX = 8.0


@dataclass(frozen=True, slots=True)
class Flag:
    """A marker in a ruler.

    Attributes:
        index: Of the marker.
        x: Where it is, in logical pixels.
        area: What can be clicked.
        words: Its name, as far as there is room.
    """

    index: int
    x: float
    area: QRectF
    words: str
