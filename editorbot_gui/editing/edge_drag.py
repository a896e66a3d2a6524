"""Dragging the edges of segments in the waveform of the edit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication

from editorbot_gui.editing.commands import Outcome, drag, is_loop, slide_loop, stretch_loop
from editorbot_gui.waveform.timecode import format_length, format_time
from editorbot_gui.waveform.view_state import Axis, Hover
from model_core.edit.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from editorbot_gui.editing.situation import Situation
    from editorbot_gui.editing.snaps import Snaps
    from editorbot_gui.waveform.edges import Edge
    from editorbot_gui.waveform.waveform_view import WaveformView

_SNAP_PX = 8


@dataclass(slots=True)
class _Held:
    """An edge that is held.

    Attributes:
        edge: The edge.
        now: The situation in which it was taken hold of.
        x: Where the pointer was then.
        place: Where the edge would be, in the recording; None until it is dragged.
        outcome: What would come of it.
    """

    edge: Edge
    now: Situation
    x: float
    place: int | None = None
    outcome: Outcome | None = None


class EdgeDrag(QObject):
    """Shows which edge can be held, and lets it be dragged; what follows it moves along.

    While it is dragged the views show what the edit would be; the document changes once, at the
    end. Edges are drawn to good places, but not with Alt; Esc gives the drag up. A double click
    puts an edge back to where it was proposed.

    Of a loop both ends move together, in all its passes, so that it stays in time; with Shift the
    one end alone, by whole beats where those are known.

    Args:
        view: The waveform of the edit.
        situation: Returns the situation.
        snaps: Draws places to good ones.
        parent: The owner.
    """

    dragged = Signal(object)
    """An edge was dragged; carries the `Outcome`."""
    reset_wanted = Signal(object)
    """An `Edge` was double-clicked."""

    def __init__(
        self,
        view: WaveformView,
        situation: Callable[[], Situation],
        snaps: Snaps,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._situation = situation
        self._snaps = snaps
        self._held: _Held | None = None
        view.installEventFilter(self)

    @property
    def dragging(self) -> bool:
        """Whether an edge is held."""
        return self._held is not None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes the events of a drag; all others go to the view."""
        if isinstance(event, QMouseEvent):
            return self._take_mouse(event)
        if self._held is not None and isinstance(event, QKeyEvent):
            return self._take_key(event)
        if event.type() is QEvent.Type.Leave and self._held is None:
            self._point_at(None)
        return super().eventFilter(watched, event)

    def _take_mouse(self, event: QMouseEvent) -> bool:
        kind = event.type()
        if self._held is not None:
            if kind is QEvent.Type.MouseMove:
                modifiers = event.modifiers()
                self._drag_to(
                    event.position(),
                    free=bool(modifiers & Qt.KeyboardModifier.AltModifier),
                    alone=bool(modifiers & Qt.KeyboardModifier.ShiftModifier),
                )
            elif (
                kind is QEvent.Type.MouseButtonRelease
                and event.button() is Qt.MouseButton.LeftButton
            ):
                self._let_go()
            return True
        if kind is QEvent.Type.MouseMove and event.buttons() == Qt.MouseButton.NoButton:
            self._point_at(self._view.edge_at(event.position()))
        elif (
            kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)
            and event.button() is Qt.MouseButton.LeftButton
        ):
            edge = self._view.edge_at(event.position())
            if edge is not None:
                if kind is QEvent.Type.MouseButtonDblClick:
                    self.reset_wanted.emit(edge)
                else:
                    self._take_hold(edge, event.position())
                return True
            self._point_at(None)
        return False

    def _take_key(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape:
            event.accept()
            if event.type() is QEvent.Type.KeyPress:
                self.give_up()
        # Any other command would change what the drag began with.
        elif event.type() is QEvent.Type.ShortcutOverride:
            event.accept()
        return True

    def _point_at(self, edge: Edge | None) -> None:
        if edge == self._view.state.pointed_edge:
            return
        self._view.state.point_at_edge(edge)
        if edge is None:
            self._view.unsetCursor()
        else:
            self._view.setCursor(Qt.CursorShape.SizeHorCursor)

    def _take_hold(self, edge: Edge, place: QPointF) -> None:
        view, now = self._view, self._situation()
        view.setFocus(Qt.FocusReason.MouseFocusReason)
        self._held = _Held(edge, now, place.x())
        self._point_at(edge)
        view.state.choose_edge(edge)
        self._snaps.prepare(edge.source_position(now.timeline))

    def _drag_to(self, place: QPointF, *, free: bool, alone: bool) -> None:
        held, view = self._held, self._view
        if held is None:
            return
        if held.place is None and abs(place.x() - held.x) < QApplication.startDragDistance():
            return
        per_pixel = view.samples_per_pixel
        moved = (place.x() - held.x) * per_pixel
        before = held.edge.source_position(held.now.timeline)
        low, high = held.edge.limits(held.now.timeline, held.now.raw_length)
        loops = is_loop(held.now, held.edge)
        if loops:
            low, high = 0, held.now.raw_length
        wanted = min(max(before + round(moved), low), high)
        if not free and low < wanted < high:
            wanted = self._snaps.snap(wanted, _SNAP_PX * per_pixel)
        held.outcome = self._outcome(held, min(max(wanted, low), high), alone=alone, free=free)
        timeline = Timeline(held.outcome.edit)
        held.place = held.edge.source_position(timeline)
        # What is before the edge moves where what comes after it has to stay: the edge is always
        # under the pointer.
        came = held.edge.position(timeline) - held.edge.position(held.now.timeline)
        view.state.preview(timeline, came - (held.place - before))
        self._describe(held, before, both=loops and not alone)

    def _outcome(self, held: _Held, wanted: int, *, alone: bool, free: bool) -> Outcome:
        """Returns what comes of it if the edge is at a sample of the recording."""
        now, edge = held.now, held.edge
        if not is_loop(now, edge):
            return drag(now, edge, wanted)
        if alone:
            edit = stretch_loop(now, edge, wanted, () if free else self._snaps.beats())
            return Outcome(edit, self.tr("Drag an end of a loop"), edge=edge)
        edit = slide_loop(now, edge, wanted - edge.source_position(now.timeline))
        return Outcome(edit, self.tr("Slide a loop"), edge=edge)

    def _describe(self, held: _Held, before: int, *, both: bool = False) -> None:
        view = self._view
        if held.place is None:
            return
        rate = held.now.sample_rate
        moved = held.place - before
        words = self.tr("end at {place}  ·  {moved}") if held.edge.at_end else self.tr(
            "start at {place}  ·  {moved}"
        )  # fmt: skip
        if both:
            words = self.tr("loop to {place}  ·  both ends {moved}")
        sign = "+" if moved > 0 else "−" if moved < 0 else ""
        # The last sample of the segment, or its first: what is hovered is the segment.
        position = held.edge.position(view.state.timeline) - held.edge.at_end
        view.state.set_hover(Hover(Axis.EDITED, position))
        view.say(
            words.format(
                place=format_time(held.place, rate), moved=sign + format_length(abs(moved), rate)
            )
        )

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is None or held.outcome is None:
            return
        start = self._view.state.start(Axis.EDITED)
        span = self._view.state.span
        self._view.state.end_preview()
        self.dragged.emit(held.outcome)
        if self._view.state.span == span:  # or everything was in view, and is again
            self._view.state.show_range(Axis.EDITED, start, start + span)
        self._view.say("")

    def give_up(self) -> None:
        """Leaves everything as it was before the drag."""
        if self._held is not None:
            self._held = None
            self._view.state.end_preview()
            self._view.say("")
            self._point_at(None)
