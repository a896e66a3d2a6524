"""Where the chapters of a recording lie in an edit of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from model_core.edit.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_core.edit.markers import Marker
    from model_core.edit.types import EditList


@dataclass(frozen=True, slots=True)
class Chapter:
    """The start of a chapter, in seconds, and its title."""

    start_s: float
    title: str


def with_markers(
    chapters: Sequence[Chapter], markers: Sequence[Marker], sample_rate: int
) -> tuple[Chapter, ...]:
    """Returns the chapters of a recording with those that its markers begin, in order.

    Args:
        chapters: Those that the recording has of its own; at the place of a marker, it counts.
        markers: Named places; one without a name is called by its number.
        sample_rate: Of the recording, in Hz.
    """
    begun = {round(chapter.start_s * sample_rate): chapter for chapter in chapters}
    for number, marker in enumerate(markers, 1):
        title = marker.name or f"Chapter {number}"
        begun[marker.position] = Chapter(marker.position / sample_rate, title)
    return tuple(begun[position] for position in sorted(begun))


def chapters_later(chapters: Sequence[Chapter], seconds: float) -> tuple[Chapter, ...]:
    """Returns the chapters of a file that begins so many seconds after its recording."""
    return tuple(Chapter(chapter.start_s + seconds, chapter.title) for chapter in chapters)


def edited_chapters(
    chapters: Sequence[Chapter],
    edit: EditList,
    sample_rate: int,
    within: tuple[int, int] | None = None,
    source: int = 0,
) -> tuple[Chapter, ...]:
    """Returns the chapters of a recording as they lie in an edit, in the order of the edit.

    A chapter begins where any of it is first heard; one of which nothing is left is left out.

    Args:
        chapters: Those of the recording.
        edit: The edit.
        sample_rate: In Hz.
        within: The part of the edited timeline that counts, in samples; its start becomes 0.
        source: Index of the recording among the edit's sources.
    """
    if not chapters:
        return ()
    timeline = Timeline(edit)
    first, last = within or (0, timeline.length)
    ordered = sorted(chapters, key=lambda chapter: chapter.start_s)
    edges = [round(chapter.start_s * sample_rate) for chapter in ordered]
    edges.append(np.iinfo(np.int64).max)
    places = []
    for chapter, (start, stop) in zip(ordered, pairwise(edges), strict=True):
        here = np.flatnonzero(
            (timeline.sources == source)
            & (timeline.source_starts < stop)
            & (timeline.source_stops > start)
        )
        if here.size:
            item = here[0]
            inside = max(0, start - int(timeline.source_starts[item]))
            places.append((int(timeline.starts[item]) + inside, chapter.title))
    places.sort()
    begun = [place for place in places if place[0] <= first][-1:]
    later = [place for place in places if first < place[0] < last]
    return tuple(
        Chapter((max(first, position) - first) / sample_rate, title)
        for position, title in (*begun, *later)
    )
