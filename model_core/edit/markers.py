"""Named places of a recording: chapters, questions, things to come back to."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from model_core.edit.timeline import Timeline
from model_core.errors import EditError

if TYPE_CHECKING:
    import numpy.typing as npt

LONGEST_NAME = 200
"""Characters of a marker's name; what is longer is cut off."""


@dataclass(frozen=True, slots=True, order=True)
class Marker:
    """A named place of a recording. It belongs to the sound, so that no edit moves it off it.

    Attributes:
        position: Sample of the recording; its length is the place after its end.
        name: How the person calls it; may be empty.
    """

    position: int
    name: str = ""

    def __post_init__(self) -> None:
        if self.position < 0:
            raise EditError(f"A marker can't be at sample {self.position}.")


Markers: TypeAlias = tuple[Marker, ...]
"""Markers in the order of the recording, no two at one place."""


def sorted_markers(markers: Markers) -> Markers:
    """Returns markers in their order; of several at one place, the last that was given stays."""
    by_place = {marker.position: marker for marker in markers}
    return tuple(sorted(by_place.values()))


def marker_at(markers: Markers, position: int) -> int | None:
    """Returns the index of the marker at a place, or None."""
    index = bisect_left(markers, position, key=lambda marker: marker.position)
    here = index < len(markers) and markers[index].position == position
    return index if here else None


def marker_added(markers: Markers, marker: Marker) -> Markers:
    """Returns markers with another one.

    Raises:
        EditError: There is a marker at its place already.
    """
    if marker_at(markers, marker.position) is not None:
        raise EditError("There is a marker at this place already.", "Rename it, or move it.")
    return sorted_markers((*markers, replace(marker, name=tidy_name(marker.name))))


def marker_moved(markers: Markers, index: int, position: int) -> Markers:
    """Returns markers with one of them at another place.

    Raises:
        EditError: There is no such marker, or another one is at that place.
    """
    marker = _marker(markers, index)
    if marker.position == position:
        return markers
    return marker_added(marker_removed(markers, index), replace(marker, position=position))


def marker_renamed(markers: Markers, index: int, name: str) -> Markers:
    """Returns markers with one of them called otherwise.

    Raises:
        EditError: There is no such marker.
    """
    marker = replace(_marker(markers, index), name=tidy_name(name))
    return (*markers[:index], marker, *markers[index + 1 :])


def marker_removed(markers: Markers, index: int) -> Markers:
    """Returns markers without one of them.

    Raises:
        EditError: There is no such marker.
    """
    _marker(markers, index)
    return (*markers[:index], *markers[index + 1 :])


def marker_beside(markers: Markers, position: int, *, later: bool) -> int | None:
    """Returns the index of the first marker after a place, or of the last before it; or None."""
    if later:
        index = bisect_right(markers, position, key=lambda marker: marker.position)
        return index if index < len(markers) else None
    index = bisect_left(markers, position, key=lambda marker: marker.position) - 1
    return index if index >= 0 else None


def heard_markers(
    markers: Markers, timeline: Timeline, source: int = 0
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Returns where markers are heard in an edit, as often as they are.

    Args:
        markers: Those of the recording.
        timeline: The edit.
        source: Index of the recording among the edit's sources.

    Returns:
        Edited positions in order, and for each the index of its marker; int64, of shape `[n]`.
    """
    places = np.array([marker.position for marker in markers], np.int64)
    here = np.flatnonzero(timeline.sources == source)
    first = np.searchsorted(places, timeline.source_starts[here])
    last = np.searchsorted(places, timeline.source_stops[here])
    counts = last - first
    item = np.repeat(here, counts)
    # Within each item the indices count on from its first one.
    index = np.repeat(first - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
    positions = timeline.starts[:-1][item] + places[index] - timeline.source_starts[item]
    return positions, index


def tidy_name(name: str) -> str:
    """Returns a name in one line, not longer than names may be."""
    return " ".join(name.split())[:LONGEST_NAME].rstrip()


def _marker(markers: Markers, index: int) -> Marker:
    if not 0 <= index < len(markers):
        raise EditError("This marker isn't there any more.")
    return markers[index]
