"""Hearing what is dragged over: the playhead in a ruler, or the edge of a segment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent

from editorbot_gui.waveform.view_state import Axis

if TYPE_CHECKING:
    from editorbot_gui.editing.edge_drag import EdgeDrag
    from editorbot_gui.transport import Transport
    from editorbot_gui.waveform.ruler import TimeRuler
    from editorbot_gui.waveform.view_state import ViewState

_REACH_PX = 6
_EVERY_MS = 50
_EDGE_LEAD_S = 0.08


class Scrubber(QObject):
    """Lets the playhead be dragged in the rulers, and plays what is dragged over.

    Args:
        rulers: In which the playhead can be taken hold of.
        view: What the views share.
        transport: Plays.
        edges: Drags the edges of segments.
        parent: The owner.

    Attributes:
        audible: Whether anything is heard; the playhead can be dragged in any case.
    """

    def __init__(
        self,
        rulers: tuple[TimeRuler, ...],
        view: ViewState,
        transport: Transport,
        edges: EdgeDrag,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._rulers = rulers
        self._view = view
        self._transport = transport
        self._edges = edges
        self._held: TimeRuler | None = None
        self._wanted: tuple[Axis, int] | None = None
        self._edge_dragged = False
        self.audible = True
        # A moment has to last before the next one replaces it.
        self._pace = QTimer(self)
        self._pace.setSingleShot(True)
        self._pace.setInterval(_EVERY_MS)
        self._pace.timeout.connect(self._play_wanted)
        for ruler in rulers:
            ruler.installEventFilter(self)
        view.timeline_changed.connect(self._follow_edge)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes the events of a drag of the playhead; all others go to the ruler."""
        ruler = next((each for each in self._rulers if each is watched), None)
        if ruler is not None and isinstance(event, QMouseEvent):
            return self._take_mouse(ruler, event)
        return super().eventFilter(watched, event)

    def _take_mouse(self, ruler: TimeRuler, event: QMouseEvent) -> bool:
        kind, place = event.type(), event.position()
        if self._held is not None:
            if kind is QEvent.Type.MouseMove:
                self._drag_to(place)
            elif (
                kind is QEvent.Type.MouseButtonRelease
                and event.button() is Qt.MouseButton.LeftButton
            ):
                self._held = None
                self._end()
            return True
        if kind is QEvent.Type.MouseMove and event.buttons() == Qt.MouseButton.NoButton:
            if self._is_at_playhead(ruler, place):
                ruler.setCursor(Qt.CursorShape.SizeHorCursor)
            else:
                ruler.unsetCursor()
        elif (
            kind is QEvent.Type.MouseButtonPress
            and event.button() is Qt.MouseButton.LeftButton
            and not event.modifiers()
            and self._is_at_playhead(ruler, place)
        ):
            self._held = ruler
            return True
        return False

    def _is_at_playhead(self, ruler: TimeRuler, place: QPointF) -> bool:
        if not self._view.length(ruler.axis) or not ruler.plot.contains(place.toPoint()):
            return False
        return abs(ruler.x_of(self._view.playhead(ruler.axis)) - place.x()) <= _REACH_PX

    def _drag_to(self, place: QPointF) -> None:
        ruler = self._held
        if ruler is None:
            return
        length = self._view.length(ruler.axis)
        sample = min(max(round(ruler.sample_at(place.x())), 0), length)
        if sample != self._view.playhead(ruler.axis):
            self._transport.seek(ruler.axis, sample)
            self._scrub(ruler.axis, sample)

    def _follow_edge(self) -> None:
        """Plays what an edge is dragged to: what would be heard last, or first."""
        edge = self._view.pointed_edge
        if not self._edges.dragging:
            if self._edge_dragged:
                self._edge_dragged = False
                self._end()
            return
        if edge is None or edge.item >= len(self._view.timeline.sources):
            return
        self._edge_dragged = True
        sample = edge.source_position(self._view.timeline)
        if edge.at_end:
            sample = max(0, sample - round(_EDGE_LEAD_S * self._view.sample_rate))
        self._scrub(Axis.RAW, sample)

    def _scrub(self, axis: Axis, sample: int) -> None:
        if not self.audible or self._transport.playing or (axis, sample) == self._wanted:
            return
        self._wanted = (axis, sample)
        if not self._pace.isActive():
            self._play_wanted()

    def _play_wanted(self) -> None:
        if self._wanted is not None:
            self._transport.scrub(*self._wanted)
            self._wanted = None
            self._pace.start()

    def _end(self) -> None:
        self._wanted = None
        self._pace.stop()
        self._transport.end_scrub()
