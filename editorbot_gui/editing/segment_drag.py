"""Reordering segments by dragging them, by the strip over the waveform of the edit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication

from editorbot_gui.waveform.axis_view import HEADER_PX
from editorbot_gui.waveform.view_state import Drop

if TYPE_CHECKING:
    from collections.abc import Callable

    from editorbot_gui.editing.situation import Situation
    from editorbot_gui.waveform.waveform_view import WaveformView


@dataclass(slots=True)
class _Held:
    """Segments that are held: which, where the pointer was, and between which items they would go.

    `to` is None until they are dragged.
    """

    items: range
    x: float
    to: int | None = None


class SegmentDrag(QObject):
    """Lets segments be dragged to another place among the others; a line shows where they would go.

    What is selected goes together if it is whole segments; else the one under the pointer. The
    document changes once, at the end; Esc gives the drag up.

    Args:
        view: The waveform of the edit.
        situation: Returns the situation.
        parent: The owner.
    """

    dropped = Signal(object, int)
    """Segments were dropped; carries the range of items, and the item that they come before."""

    def __init__(
        self, view: WaveformView, situation: Callable[[], Situation], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._situation = situation
        self._held: _Held | None = None
        self._shows_hand = False
        view.installEventFilter(self)

    @property
    def dragging(self) -> bool:
        """Whether segments are held."""
        return self._held is not None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes the events of a drag; all others go to the view."""
        if isinstance(event, QMouseEvent):
            return self._take_mouse(event)
        if self._held is not None and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape and event.type() is QEvent.Type.KeyPress:
                self.give_up()
            event.accept()
            return True
        return super().eventFilter(watched, event)

    def _take_mouse(self, event: QMouseEvent) -> bool:
        kind, place = event.type(), event.position()
        if self._held is not None:
            if kind is QEvent.Type.MouseMove:
                self._drag_to(place)
            elif (
                kind is QEvent.Type.MouseButtonRelease
                and event.button() is Qt.MouseButton.LeftButton
            ):
                return self._let_go()
            return True
        items = self._items_at(place)
        if kind is QEvent.Type.MouseMove and event.buttons() == Qt.MouseButton.NoButton:
            self._show_hand(items is not None)
        elif (
            kind is QEvent.Type.MouseButtonPress
            and event.button() is Qt.MouseButton.LeftButton
            and not event.modifiers()
            and items is not None
        ):
            self._held = _Held(items, place.x())
            self._view.setFocus(Qt.FocusReason.MouseFocusReason)
        return False  # without a drag it is a click

    def _show_hand(self, shown: bool) -> None:
        if shown is not self._shows_hand:
            self._shows_hand = shown
            if shown:
                self._view.setCursor(Qt.CursorShape.OpenHandCursor)
            else:
                self._view.unsetCursor()

    def _items_at(self, place: QPointF) -> range | None:
        """Returns the items that a drag from a place would move; None where there are none."""
        view = self._view
        timeline = view.state.timeline
        if place.y() >= HEADER_PX or not view.plot.contains(place.toPoint()):
            return None
        sample = int(view.sample_at(place.x()))
        if not 0 <= sample < timeline.length or len(timeline.sources) < 2:
            return None
        item = timeline.item_at(sample)
        now = self._situation()
        chosen = now.items() if now.selection is not None else None
        if chosen is not None and item in chosen and len(chosen) < len(timeline.sources):
            return chosen
        return range(item, item + 1)

    def _drag_to(self, place: QPointF) -> None:
        held, view = self._held, self._view
        if held is None:
            return
        if held.to is None and abs(place.x() - held.x) < QApplication.startDragDistance():
            return
        view.forget_press()  # or the view would take the drag for a selection
        starts = view.state.timeline.starts
        held.to = int(np.argmin(np.abs(starts - view.sample_at(place.x()))))
        view.setCursor(Qt.CursorShape.ClosedHandCursor)
        low, high = int(starts[held.items.start]), int(starts[held.items.stop])
        view.state.show_drop(Drop(int(starts[held.to]), low, high))
        view.say(self._words(held))

    def _words(self, held: _Held) -> str:
        if held.items.start <= (held.to or 0) <= held.items.stop:
            return self.tr("stays where it is")
        number = (held.to or 0) + 1
        if number > len(self._view.state.timeline.sources):
            return self.tr("to the end")
        return self.tr("before segment {number}").format(number=number)

    def _let_go(self) -> bool:
        held, self._held = self._held, None
        if held is None or held.to is None:
            return False  # it was a click, which the view takes
        self._end()
        if not held.items.start <= held.to <= held.items.stop:
            self.dropped.emit(held.items, held.to)
        return True

    def give_up(self) -> None:
        """Leaves everything where it was before the drag."""
        if self._held is not None:
            self._held = None
            self._end()

    def _end(self) -> None:
        self._view.state.show_drop(None)
        self._view.say("")
        self._shows_hand = False
        self._view.unsetCursor()
