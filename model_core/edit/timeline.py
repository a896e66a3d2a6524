"""Where a place on the edited timeline lies in the source, and the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from model_core.edit.types import EditList, Segment
from model_core.errors import EditError

if TYPE_CHECKING:
    import numpy.typing as npt

GAP_SOURCE: Final = -1
"""Stands in `Timeline.sources` where an item is a gap."""


class Timeline:
    """An index of an edit list: lookups that stay fast with thousands of segments.

    Built once for each edit list, then shared by views, playback and rendering. All arrays are
    read-only; n is the number of items.

    Attributes:
        edit_list: What is indexed.
        length: Length of the edited timeline in samples.
        starts: Edited position of each item's first sample and, last, of the end; int64, `[n + 1]`.
        sources: Each item's source, or `GAP_SOURCE`; int64, `[n]`.
        source_starts: Each item's first sample in its source, 0 for gaps; int64, `[n]`.
        source_stops: Each item's end in its source, exclusive, 0 for gaps; int64, `[n]`.
    """

    __slots__ = (
        "_gains_db", "edit_list", "length", "source_starts", "source_stops", "sources", "starts",
    )  # fmt: skip

    def __init__(self, edit_list: EditList) -> None:
        # Number by number: an array of tuples takes three times as long.
        numbers = [
            number
            for item in edit_list.items
            for number in (
                (item.source, item.start, item.stop)
                if type(item) is Segment
                else (GAP_SOURCE, 0, item.length)
            )
        ]
        rows = np.array(numbers, np.int64).reshape(-1, 3)
        lengths = rows[:, 2] - rows[:, 1]
        self.edit_list = edit_list
        self.sources: npt.NDArray[np.int64] = rows[:, 0].copy()
        self.source_starts: npt.NDArray[np.int64] = rows[:, 1].copy()
        self.source_stops: npt.NDArray[np.int64] = np.where(
            self.sources == GAP_SOURCE, 0, rows[:, 2]
        )
        self.starts: npt.NDArray[np.int64] = np.concatenate(
            (np.zeros(1, np.int64), np.cumsum(lengths))
        )
        self.length = int(self.starts[-1])
        self._gains_db: npt.NDArray[np.float64] | None = None
        for array in (self.sources, self.source_starts, self.source_stops, self.starts):
            array.setflags(write=False)

    @property
    def gains_db(self) -> npt.NDArray[np.float64]:
        """Each item's gain in decibels, 0 for gaps; float64, `[n]`."""
        if self._gains_db is None:
            items = self.edit_list.items
            gains = [item.gain_db if type(item) is Segment else 0.0 for item in items]
            self._gains_db = np.array(gains, np.float64)
            self._gains_db.setflags(write=False)
        return self._gains_db

    @property
    def n_segments(self) -> int:
        """How many of the items are segments."""
        return int(np.count_nonzero(self.sources != GAP_SOURCE))

    def item_at(self, position: int) -> int:
        """Returns the index of the item that is heard at an edited position.

        Raises:
            EditError: The position is before the start, or at or after the end.
        """
        if not 0 <= position < self.length:
            raise EditError(f"The edit has no sample {position}; it has {self.length}.")
        return int(np.searchsorted(self.starts, position, side="right")) - 1

    def visible(self, start: int, stop: int) -> range:
        """Returns the indices of the items that are heard anywhere in an edited range."""
        start, stop = max(0, start), min(stop, self.length)
        if stop <= start:
            return range(0)
        first = int(np.searchsorted(self.starts, start, side="right")) - 1
        return range(first, int(np.searchsorted(self.starts, stop, side="left")))

    def to_source(self, position: int) -> tuple[int, int] | None:
        """Returns the source and the sample that are heard at an edited position.

        Returns:
            `(source, sample)`, or None in a gap.

        Raises:
            EditError: The position is before the start, or at or after the end.
        """
        index = self.item_at(position)
        if self.sources[index] == GAP_SOURCE:
            return None
        sample = position - self.starts[index] + self.source_starts[index]
        return int(self.sources[index]), int(sample)

    def to_edited(self, source: int, sample: int) -> tuple[int, ...]:
        """Returns every edited position at which a sample of a source is heard, in order."""
        if source < 0:
            return ()
        heard = np.flatnonzero(
            (self.sources == source) & (self.source_starts <= sample) & (sample < self.source_stops)
        )
        return tuple((self.starts[heard] + (sample - self.source_starts[heard])).tolist())

    def nearest_edited(self, source: int, sample: int) -> int:
        """Returns the edited position to go to from a place in a source, as A/B does.

        That is where the sample is first heard; if it was left out, where the next kept sample
        after it is heard; if there is none, the end.
        """
        heard = self.to_edited(source, sample)
        if heard:
            return heard[0]
        later = np.flatnonzero((self.sources == source) & (self.source_starts > sample))
        if source < 0 or not later.size:
            return self.length
        return int(self.starts[later[np.argmin(self.source_starts[later])]])

    def nearest_source(self, position: int) -> tuple[int, int] | None:
        """Returns the place in a source to go to from an edited position, as A/B does.

        That is what is heard there; in a gap, the start of the next segment; after the last
        segment, its end. Positions outside the edit are moved to its ends.

        Returns:
            `(source, sample)`, or None if the edit has no segment.
        """
        if 0 <= position < self.length:
            here = self.to_source(position)
            if here is not None:
                return here
        segments = np.flatnonzero(self.sources != GAP_SOURCE)
        if not segments.size:
            return None
        later = int(np.searchsorted(self.starts[segments], position, side="left"))
        if later < segments.size:
            index = segments[later]
            return int(self.sources[index]), int(self.source_starts[index])
        return int(self.sources[segments[-1]]), int(self.source_stops[segments[-1]])


_KEPT: list[Timeline] = []
_MOST_KEPT = 6


def timeline_of(edit_list: EditList) -> Timeline:
    """Returns the index of an edit list; those that were asked for last are made only once.

    An edit is looked up by views, player and lists at the same time, and several times by each.
    """
    for timeline in tuple(_KEPT):
        if timeline.edit_list is edit_list:
            return timeline
    timeline = Timeline(edit_list)
    _KEPT.insert(0, timeline)
    del _KEPT[_MOST_KEPT:]
    return timeline
