"""What a command acts on: the document, what is selected, and where the playhead is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from editorbot_gui.waveform.view_state import Axis, Selection
from model_core.edit.timeline import GAP_SOURCE

if TYPE_CHECKING:
    from editorbot_gui.waveform.edges import Edge
    from model_core.edit.timeline import Timeline
    from model_core.edit.types import EditList

_NEAR_S = 1.0
"""A join this close to the playhead is meant where no other one is."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that a command looks at.

    Attributes:
        timeline: The edit.
        raw_length: Length of the recording in samples; 0 without one.
        sample_rate: Samples a second.
        selection: What is selected, or None.
        edge: The edge of a segment that is chosen, or None.
        playhead: Its place on the edited timeline, in samples.
        raw_playhead: Its place in the recording.
        heard: What is listened to.
        clip: What was cut or copied, or None.
    """

    timeline: Timeline
    raw_length: int
    sample_rate: int
    selection: Selection | None = None
    edge: Edge | None = None
    playhead: int = 0
    raw_playhead: int = 0
    heard: Axis = Axis.RAW
    clip: EditList | None = None

    @property
    def edit(self) -> EditList:
        """The edit list."""
        return self.timeline.edit_list

    def ranges(self) -> list[tuple[int, int]]:
        """Returns where what is selected is heard, on the edited timeline, in order.

        For a selection on the recording that is once for each time that some of it is heard;
        stretches that are heard one after the other are one.
        """
        chosen = self.selection
        if chosen is None:
            return []
        if chosen.axis is Axis.EDITED:
            return [(chosen.start, chosen.stop)]
        timeline = self.timeline
        low = np.maximum(timeline.source_starts, chosen.start)
        high = np.minimum(timeline.source_stops, chosen.stop)
        inside = (timeline.sources == 0) & (low < high)
        shift = (timeline.starts[:-1] - timeline.source_starts)[inside]
        starts, stops = low[inside] + shift, high[inside] + shift
        if not len(starts):
            return []
        begins = np.concatenate(([True], starts[1:] != stops[:-1]))
        ends = np.concatenate((begins[1:], [True]))
        return list(zip(starts[begins].tolist(), stops[ends].tolist(), strict=True))

    def one_range(self) -> tuple[int, int] | None:
        """Returns the one passage of the edit that is meant, or None.

        That is the selection if it is heard in one go; without a selection, the segment that the
        playhead is in.
        """
        if self.selection is None:
            item = self.item_at_playhead()
            return None if item is None else self.bounds(item, item + 1)
        ranges = self.ranges()
        return ranges[0] if len(ranges) == 1 else None

    def items(self) -> range | None:
        """Returns the whole items that are meant, or None if the selection cuts through one."""
        meant = self.one_range()
        if meant is None:
            return None
        first, last = np.searchsorted(self.timeline.starts, meant).tolist()
        return range(first, last) if meant == self.bounds(first, last) else None

    def bounds(self, first: int, last: int) -> tuple[int, int]:
        """Returns where items `first` to `last`, exclusive, are on the edited timeline."""
        return int(self.timeline.starts[first]), int(self.timeline.starts[last])

    def item_at_playhead(self) -> int | None:
        """Returns the item that the playhead is in, or None at the end."""
        if 0 <= self.playhead < self.timeline.length:
            return self.timeline.item_at(self.playhead)
        return None

    def joins(self) -> list[int]:
        """Returns the joins that are meant, in order.

        That is the one of the chosen edge, else those inside the selection, else the one that is
        nearest to the playhead, if it is near.
        """
        n_joins = len(self.edit.joins)
        if self.edge is not None:
            return [self.edge.join] if 0 <= self.edge.join < n_joins else []
        positions = self.timeline.starts[1:-1]
        inside: list[int] = []
        for start, stop in self.ranges():
            first = int(np.searchsorted(positions, start, side="right"))
            last = int(np.searchsorted(positions, stop, side="left"))
            inside += range(first, last)
        if inside or not n_joins:
            return inside
        nearest = int(np.argmin(np.abs(positions - self.playhead)))
        near = abs(int(positions[nearest]) - self.playhead) <= _NEAR_S * self.sample_rate
        return [nearest] if near else []

    def left_out(self) -> bool:
        """Returns whether some of what is selected on the recording isn't heard."""
        chosen = self.selection
        if chosen is None or chosen.axis is not Axis.RAW:
            return False
        timeline = self.timeline
        low = np.maximum(timeline.source_starts, chosen.start)
        high = np.minimum(timeline.source_stops, chosen.stop)
        inside = (timeline.sources == 0) & (low < high)
        order = np.argsort(low[inside], kind="stable")
        reached = chosen.start
        for start, stop in zip(
            low[inside][order].tolist(), high[inside][order].tolist(), strict=True
        ):
            if start > reached:
                return True
            reached = max(reached, stop)
        return reached < chosen.stop

    def is_silent(self, start: int, stop: int) -> bool:
        """Returns whether there are only gaps in a range of the edit."""
        shown = self.timeline.visible(start, stop)
        return bool(np.all(self.timeline.sources[shown.start : shown.stop] == GAP_SOURCE))
