"""The edges of segments, which can be moved one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model_core.edit.timeline import GAP_SOURCE

if TYPE_CHECKING:
    from model_core.edit.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a segment starts or ends.

    Attributes:
        item: Index of the segment in the edit list.
        at_end: Whether it is the segment's end; otherwise its start.
    """

    item: int
    at_end: bool

    def position(self, timeline: Timeline) -> int:
        """Returns its edited position in samples."""
        return int(timeline.starts[self.item + self.at_end])

    def source_position(self, timeline: Timeline) -> int:
        """Returns its place in the recording, in samples."""
        places = timeline.source_stops if self.at_end else timeline.source_starts
        return int(places[self.item])

    @property
    def join(self) -> int:
        """The index of the join that it belongs to; -1, or the number of joins, at an outer end."""
        return self.item if self.at_end else self.item - 1

    def limits(self, timeline: Timeline, raw_length: int) -> tuple[int, int]:
        """Returns between which samples of the recording it can be moved, both inclusive.

        A segment keeps a sample, and what a cut leaves out can be taken back but not heard twice.

        Args:
            timeline: The edit.
            raw_length: Length of the recording in samples.
        """
        start, stop = int(timeline.source_starts[self.item]), int(timeline.source_stops[self.item])
        other = self.item + 1 if self.at_end else self.item - 1
        beside = 0 <= other < len(timeline.sources) and (
            timeline.sources[other] == timeline.sources[self.item]
        )
        if self.at_end:
            landing = int(timeline.source_starts[other]) if beside else -1
            return start + 1, landing if landing >= stop else raw_length
        leaving = int(timeline.source_stops[other]) if beside else raw_length + 1
        return (leaving if leaving <= start else 0), stop - 1


def edge_near(timeline: Timeline, sample: float, reach: float, room: float) -> Edge | None:
    """Returns the edge that is meant by a place on the edited timeline.

    Left of where two items meet it is the end of the one, right of it the start of the other.

    Args:
        timeline: The edit.
        sample: The place, on the edited timeline.
        reach: How far from it an edge may be, in samples.
        room: Edges whose neighbours are nearer than this aren't meant: there would be no room left
            to do anything else.
    """
    n_items = len(timeline.sources)
    if not n_items:
        return None
    after = int(np.searchsorted(timeline.starts, sample, side="right"))
    candidates = [index for index in (after - 1, after) if 0 <= index <= n_items]
    nearest = min(candidates, key=lambda index: abs(int(timeline.starts[index]) - sample))
    position = int(timeline.starts[nearest])
    if abs(position - sample) > reach:
        return None
    if any(
        abs(int(timeline.starts[index]) - position) < room
        for index in (nearest - 1, nearest + 1)
        if 0 <= index <= n_items
    ):
        return None
    at_end = sample < position
    if nearest in (0, n_items):
        at_end = nearest == n_items
    item = nearest - 1 if at_end else nearest
    return None if timeline.sources[item] == GAP_SOURCE else Edge(item, at_end)


def all_edges(timeline: Timeline) -> list[Edge]:
    """Returns every edge in the order in which they are heard."""
    segments = np.flatnonzero(timeline.sources != GAP_SOURCE).tolist()
    return [Edge(item, at_end) for item in segments for at_end in (False, True)]
