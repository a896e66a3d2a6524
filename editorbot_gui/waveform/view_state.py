"""What all views share: the visible ranges, the playheads, the selection and the pointer's place.

There are two axes, the recording's and the edit's. Both always show the same number of samples, so
a second is as wide in every view, and they are linked at one point: where the pointer is while
zooming, the middle while panning. That point shows the same sound on both axes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from editorbot_gui.waveform.drawing_turns import DrawingTurns
from editorbot_gui.waveform.edges import Edge
from editorbot_gui.waveform.joins import Joins
from editorbot_gui.waveform.pieces import Positions
from model_core.edit.coverage import kept_ranges
from model_core.edit.markers import Markers, heard_markers
from model_core.edit.timeline import Timeline
from model_core.edit.types import EditList

MIN_SPAN_SAMPLES = 16
"""The closest zoom: single samples, far apart."""
_DEFAULT_RATE_HZ = 44_100
_PAGE_LEAD = 0.08
_SELECTION_MARGIN = 0.06


class Axis(StrEnum):
    """Which time is meant."""

    RAW = "raw"
    EDITED = "edited"

    @property
    def other(self) -> Axis:
        """The other one."""
        return Axis.EDITED if self is Axis.RAW else Axis.RAW


@dataclass(frozen=True, slots=True)
class Selection:
    """A range that the person has chosen.

    Attributes:
        axis: The time that the range is on.
        start: First sample, inclusive.
        stop: Last sample, exclusive.
    """

    axis: Axis
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Hover:
    """Where the pointer is.

    Attributes:
        axis: The time of the view under the pointer.
        sample: The position on it.
    """

    axis: Axis
    sample: int


@dataclass(frozen=True, slots=True)
class Drop:
    """Where segments that are being dragged would go.

    Attributes:
        position: The edited position that they would be put in at.
        start: First edited sample of what is dragged.
        stop: Its end, exclusive.
    """

    position: int
    start: int
    stop: int


class ViewState(QObject):
    """Visible ranges, playheads, selection and hover of one document.

    Ranges are kept as floats, so that slow zooms and pans don't stick; positions are whole samples.

    Attributes:
        turns: In which the views draw.

    Args:
        parent: The owner.
    """

    range_changed = Signal()
    """Both visible ranges may have moved."""
    playhead_moved = Signal()
    """One or both playheads have moved."""
    selection_changed = Signal()
    """Another range is selected, or none."""
    edge_changed = Signal()
    """Another edge is chosen or under the pointer, or none."""
    hover_changed = Signal()
    """The pointer is elsewhere, or has left the views."""
    markers_changed = Signal()
    """There are other markers, another one is chosen, or one is being dragged."""
    timeline_changed = Signal()
    """Another recording or another edit is shown."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.turns = DrawingTurns(self)
        self._timeline = Timeline(EditList())
        self._joins: Joins | None = None
        self._kept: Positions | None = None
        self._raw_length = 0
        self._sample_rate = _DEFAULT_RATE_HZ
        self._start = {Axis.RAW: 0.0, Axis.EDITED: 0.0}
        self._span = float(MIN_SPAN_SAMPLES)
        self._playhead = {Axis.RAW: 0, Axis.EDITED: 0}
        self._selection: Selection | None = None
        self._edge: Edge | None = None
        self._pointed_edge: Edge | None = None
        self._hover: Hover | None = None
        self._previewed: tuple[Timeline, float] | None = None
        self._heard = Axis.RAW
        self._drop: Drop | None = None
        self._markers: Markers = ()
        self._dragged_marker: tuple[int, int] | None = None
        self._chosen_marker: int | None = None

    # The document ---------------------------------------------------------------------------------

    @property
    def timeline(self) -> Timeline:
        """The edit that is shown."""
        return self._timeline

    @property
    def joins(self) -> Joins:
        """The joins of the edit; made once for all views."""
        if self._joins is None:
            self._joins = Joins.of(self._timeline.edit_list)
        return self._joins

    @property
    def kept(self) -> Positions:
        """What is heard of the recording, as rows of `(start, stop)`; made once for all views."""
        if self._kept is None:
            self._kept = kept_ranges(self._timeline.edit_list, 0, self._raw_length)
        return self._kept

    def _take_timeline(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._joins = self._kept = None
        self._hover = None

    @property
    def sample_rate(self) -> int:
        """Samples a second, on both axes."""
        return self._sample_rate

    def length(self, axis: Axis) -> int:
        """Returns the length of the recording or of the edit, in samples."""
        return self._raw_length if axis is Axis.RAW else self._timeline.length

    def set_document(self, raw_length: int, sample_rate: int, timeline: Timeline) -> None:
        """Shows another recording, all of it, with the playheads at its start.

        Args:
            raw_length: Its length in samples; 0 for none.
            sample_rate: Samples a second.
            timeline: The edit.
        """
        self._previewed = None
        self._raw_length = raw_length
        self._sample_rate = sample_rate
        self._take_timeline(timeline)
        self._playhead = {Axis.RAW: 0, Axis.EDITED: 0}
        self._selection = None
        self._forget_edges()
        self.timeline_changed.emit()
        self.selection_changed.emit()
        self.playhead_moved.emit()
        self.fit_all()

    def set_timeline(self, timeline: Timeline) -> None:
        """Shows another edit of the same recording.

        The recording's range stays where it is; if everything was in view, everything stays so.
        """
        self.end_preview()
        showed_all = self._span >= self.max_span
        self._forget_edges()
        self._take_timeline(timeline)
        if self._selection is not None and self._selection.axis is Axis.EDITED:
            self._selection = None
            self.selection_changed.emit()
        self.timeline_changed.emit()
        if showed_all:
            self.fit_all()
        else:
            self._place(Axis.RAW, self._start[Axis.RAW], self._span, 0.5)
        self.set_playhead(Axis.RAW, self._playhead[Axis.RAW])

    def preview(self, timeline: Timeline, shift: float) -> None:
        """Shows an edit in the making, as while an edge is dragged; `end_preview` takes it back.

        Args:
            timeline: The edit as it would be.
            shift: By how many samples the edit's visible range moves from where it was before the
                preview, so that what is dragged stays under the pointer. It may go beyond both
                ends.
        """
        if self._previewed is None:
            self._previewed = (self._timeline, self._start[Axis.EDITED])
        hover = self._hover
        self._take_timeline(timeline)
        self._hover = hover
        self._start[Axis.EDITED] = self._previewed[1] + shift
        self.timeline_changed.emit()
        self.range_changed.emit()

    def end_preview(self) -> None:
        """Shows the edit again that was shown before the preview."""
        if self._previewed is None:
            return
        timeline, self._start[Axis.EDITED] = self._previewed
        self._previewed = None
        self._take_timeline(timeline)
        self.timeline_changed.emit()
        self.range_changed.emit()

    # Mapping --------------------------------------------------------------------------------------

    def to_raw(self, edited: float) -> float:
        """Returns where the sample at a position of the edit comes from.

        In a gap it is the next sample that is heard; beyond both ends, the nearest.
        """
        position = math.floor(edited)
        place = self._timeline.nearest_source(position)
        if place is None:
            return 0.0
        return place[1] + (edited - position if 0 <= edited < self._timeline.length else 0.0)

    def to_edited(self, raw: float, near: float | None = None) -> float:
        """Returns where a sample of the recording is heard in the edit.

        Args:
            raw: The sample.
            near: Of several places where it is heard, the one nearest to this; None for the first.

        Returns:
            The position; where the next kept sample is heard if this one is cut.
        """
        sample = min(max(math.floor(raw), 0), max(0, self._raw_length - 1))
        places = self._timeline.to_edited(0, sample)
        if not places:
            return float(self._timeline.nearest_edited(0, sample))
        place = places[0] if near is None else min(places, key=lambda place: abs(place - near))
        return place + (raw - sample if 0 <= raw <= self._raw_length else 0.0)

    def mapped(self, axis: Axis, sample: float, near: float | None = None) -> float:
        """Returns the place on the other axis of a sample on `axis`."""
        return self.to_raw(sample) if axis is Axis.EDITED else self.to_edited(sample, near)

    # Visible ranges -------------------------------------------------------------------------------

    @property
    def span(self) -> float:
        """How many samples are visible, on either axis."""
        return self._span

    def start(self, axis: Axis) -> float:
        """Returns the first visible sample."""
        return self._start[axis]

    def visible(self, axis: Axis) -> tuple[float, float]:
        """Returns the visible range, in samples; it may reach beyond the end of a short axis."""
        return self._start[axis], self._start[axis] + self._span

    @property
    def max_span(self) -> float:
        """The widest zoom: the longer of recording and edit."""
        return float(max(self._raw_length, self._timeline.length, MIN_SPAN_SAMPLES))

    def zoom(self, axis: Axis, anchor: float, factor: float) -> None:
        """Zooms so that a sample stays where it is.

        Args:
            axis: The axis of the anchor.
            anchor: The sample that stays in its place.
            factor: Above 1 to see more detail, below 1 to see more.
        """
        span = self._limited(self._span / factor)
        share = (anchor - self._start[axis]) / self._span
        self._place(axis, anchor - share * span, span, min(max(share, 0.0), 1.0))

    def zoom_at_cursor(self, factor: float) -> None:
        """Zooms at the pointer, else at the playhead if it is in view, else at the middle."""
        if self._hover is not None:
            self.zoom(self._hover.axis, self._hover.sample, factor)
            return
        start, stop = self.visible(Axis.RAW)
        playhead = self._playhead[Axis.RAW]
        self.zoom(Axis.RAW, playhead if start <= playhead <= stop else (start + stop) / 2, factor)

    def pan(self, axis: Axis, samples: float) -> None:
        """Moves the visible range of an axis; the other one follows the sound in the middle."""
        self._place(axis, self._start[axis] + samples, self._span, 0.5)

    def fit_all(self) -> None:
        """Shows everything."""
        self._place(Axis.RAW, 0.0, self.max_span, 0.0)

    def show_range(self, axis: Axis, start: float, stop: float, margin: float = 0.0) -> None:
        """Shows a range, as wide as it goes.

        Args:
            axis: The axis of the range.
            start: First sample.
            stop: Last sample.
            margin: Share of the range that is left free on either side.
        """
        width = max(stop - start, 1.0)
        span = self._limited(width * (1 + 2 * margin))
        self._place(axis, (start + stop) / 2 - span / 2, span, 0.5)

    def fit_selection(self) -> None:
        """Shows the selection with a little around it; everything if there is none."""
        chosen = self._selection
        if chosen is None:
            self.fit_all()
        else:
            self.show_range(chosen.axis, chosen.start, chosen.stop, _SELECTION_MARGIN)

    def bring_into_view(self, axis: Axis, sample: int) -> None:
        """Turns the page if a sample isn't visible; used to follow what is played."""
        start, stop = self.visible(axis)
        if not start <= sample < stop:
            self._place(axis, sample - _PAGE_LEAD * self._span, self._span, _PAGE_LEAD)

    def _limited(self, span: float) -> float:
        return min(max(span, float(MIN_SPAN_SAMPLES)), self.max_span)

    def _clamped(self, axis: Axis, start: float, span: float) -> float:
        return min(max(start, 0.0), max(0.0, self.length(axis) - span))

    def _place(self, axis: Axis, start: float, span: float, link: float) -> None:
        """Sets the range of one axis and links the other at the share `link` of the width."""
        span = self._limited(span)
        before = (dict(self._start), self._span)
        near = self._start[axis.other] + link * self._span
        own = self._clamped(axis, start, span)
        linked = self.mapped(axis, own + link * span, near)
        self._span = span
        self._start[axis] = own
        self._start[axis.other] = self._clamped(axis.other, linked - link * span, span)
        if before != (self._start, self._span):
            self.range_changed.emit()

    # Playheads ------------------------------------------------------------------------------------

    def playhead(self, axis: Axis) -> int:
        """Returns a playhead's position in samples."""
        return self._playhead[axis]

    def set_playhead(self, axis: Axis, sample: int) -> None:
        """Moves both playheads to the same sound.

        Args:
            axis: The axis of the position; what is heard, while playing.
            sample: The position.
        """
        sample = min(max(int(sample), 0), self.length(axis))
        other = int(self.mapped(axis, sample, self._playhead[axis.other]))
        heads = {axis: sample, axis.other: min(max(other, 0), self.length(axis.other))}
        if heads != self._playhead:
            self._playhead = heads
            self.playhead_moved.emit()

    @property
    def heard(self) -> Axis:
        """What is played, or would be: the recording or the edit."""
        return self._heard

    def set_heard(self, axis: Axis | str) -> None:
        """Says which of the two is played; its playhead is the brighter one."""
        heard = Axis(axis)
        if heard is not self._heard:
            self._heard = heard
            self.playhead_moved.emit()

    # Selection and hover --------------------------------------------------------------------------

    @property
    def selection(self) -> Selection | None:
        """What is selected, or None."""
        return self._selection

    def select(self, axis: Axis, start: float, stop: float) -> None:
        """Selects a range, given in either direction; an empty one selects nothing."""
        low, high = sorted((round(start), round(stop)))
        low, high = max(low, 0), min(high, self.length(axis))
        self._set_selection(Selection(axis, low, high) if high > low else None)

    def select_stretch(self, axis: Axis, sample: int) -> None:
        """Selects what a place belongs to; nothing where that would be everything.

        On the edit's axis that is the segment or the gap; on the recording's, what lies between two
        places at which the edit starts or ends a segment.
        """
        timeline = self._timeline
        if axis is Axis.EDITED:
            borders = timeline.starts
        else:
            here = timeline.sources == 0
            ends = np.concatenate((timeline.source_starts[here], timeline.source_stops[here]))
            borders = np.unique(np.append(ends, (0, self._raw_length)))
        after = int(np.searchsorted(borders, sample, side="right"))
        if len(borders) <= 2 or not 0 < after < len(borders):
            self.clear_selection()
        else:
            self.select(axis, int(borders[after - 1]), int(borders[after]))

    def extend_selection(self, axis: Axis, sample: int) -> None:
        """Moves the nearer end of the selection to a place; without one, the playhead's."""
        chosen = self._selection
        if chosen is None or chosen.axis is not axis:
            self.select(axis, self._playhead[axis], sample)
        elif abs(sample - chosen.start) < abs(sample - chosen.stop):
            self.select(axis, sample, chosen.stop)
        else:
            self.select(axis, chosen.start, sample)

    def selected_ranges(self, axis: Axis) -> npt.NDArray[np.float64]:
        """Returns what is selected, on either axis.

        Args:
            axis: The axis of the result.

        Returns:
            Rows of `(start, stop)`; on the other axis than the selection's, one for each item that
            plays some of it.
        """
        chosen = self._selection
        if chosen is None:
            return np.zeros((0, 2))
        if chosen.axis is axis:
            return np.array([[chosen.start, chosen.stop]], np.float64)
        timeline = self._timeline
        shift = timeline.source_starts - timeline.starts[:-1]
        if chosen.axis is Axis.EDITED:
            first, last = timeline.starts[:-1], timeline.starts[1:]
        else:
            first, last, shift = timeline.source_starts, timeline.source_stops, -shift
        rows = np.stack((np.maximum(first, chosen.start), np.minimum(last, chosen.stop)), axis=1)
        inside = (timeline.sources == 0) & (rows[:, 0] < rows[:, 1])
        moved: npt.NDArray[np.int64] = rows[inside] + shift[inside, np.newaxis]
        return moved.astype(np.float64)

    def clear_selection(self) -> None:
        """Selects nothing."""
        self._set_selection(None)

    def restore_selection(self, selection: Selection | None) -> None:
        """Goes back to what was selected before a drag that was given up."""
        self._set_selection(selection)

    def _set_selection(self, selection: Selection | None) -> None:
        if selection is not None:
            self.choose_edge(None)
        if selection != self._selection:
            self._selection = selection
            self.selection_changed.emit()

    @property
    def edge(self) -> Edge | None:
        """The edge of a segment that is chosen, or None."""
        return self._edge

    def choose_edge(self, edge: Edge | None) -> None:
        """Chooses an edge, which takes the place of a selection."""
        if edge is not None:
            self._set_selection(None)
        if edge != self._edge:
            self._edge = edge
            self.edge_changed.emit()

    @property
    def pointed_edge(self) -> Edge | None:
        """The edge that the pointer could take hold of, or holds; or None."""
        return self._pointed_edge

    def point_at_edge(self, edge: Edge | None) -> None:
        """Tells the views which edge the pointer could take hold of."""
        if edge != self._pointed_edge:
            self._pointed_edge = edge
            self.edge_changed.emit()

    def _forget_edges(self) -> None:
        """Edges are counted by items, so another edit has others."""
        if self._edge is not None or self._pointed_edge is not None:
            self._edge = self._pointed_edge = None
            self.edge_changed.emit()

    @property
    def drop(self) -> Drop | None:
        """Where segments that are being dragged would go, or None."""
        return self._drop

    def show_drop(self, drop: Drop | None) -> None:
        """Shows where segments that are being dragged would go."""
        if drop != self._drop:
            self._drop = drop
            self.edge_changed.emit()

    # Markers --------------------------------------------------------------------------------------

    @property
    def markers(self) -> Markers:
        """The markers of the document, in order."""
        return self._markers

    def set_markers(self, markers: Markers) -> None:
        """Shows other markers."""
        self._markers, self._dragged_marker = markers, None
        if self._chosen_marker is not None and self._chosen_marker >= len(markers):
            self._chosen_marker = None
        self.markers_changed.emit()

    @property
    def chosen_marker(self) -> int | None:
        """The index of the marker that is chosen, or None."""
        return self._chosen_marker

    def choose_marker(self, index: int | None) -> None:
        """Chooses a marker."""
        if index != self._chosen_marker:
            self._chosen_marker = index
            self.markers_changed.emit()

    def drag_marker(self, index: int | None, position: int = 0) -> None:
        """Shows a marker at another sample while it is dragged; None shows all where they are."""
        dragged = None if index is None else (index, position)
        if dragged != self._dragged_marker:
            self._dragged_marker = dragged
            self.markers_changed.emit()

    def marker_places(self, axis: Axis) -> tuple[Positions, Positions]:
        """Returns where markers are on an axis, in order, and for each the index of its marker.

        On the edit's axis one that is left out isn't there, and one in a loop is there several
        times.
        """
        markers = self._markers
        if self._dragged_marker is not None:
            index, position = self._dragged_marker
            moved = replace(markers[index], position=position)
            markers = (*markers[:index], moved, *markers[index + 1 :])
        order = sorted(range(len(markers)), key=lambda index: markers[index].position)
        number = np.array(order, np.int64)
        if axis is Axis.RAW:
            return np.array([markers[index].position for index in order], np.int64), number
        places, which = heard_markers(tuple(markers[one] for one in order), self._timeline)
        return places, number[which]

    @property
    def hover(self) -> Hover | None:
        """Where the pointer is, or None outside the views."""
        return self._hover

    def set_hover(self, hover: Hover | None) -> None:
        """Tells all views where the pointer is."""
        if hover != self._hover:
            self._hover = hover
            self.hover_changed.emit()

    def hover_on(self, axis: Axis) -> int | None:
        """Returns the pointer's place on an axis, mapped if it is over the other one."""
        if self._hover is None or self.length(axis) == 0:
            return None
        if self._hover.axis is axis:
            return self._hover.sample
        near = self._start[axis] + self._span / 2
        return int(self.mapped(self._hover.axis, self._hover.sample, near))
