"""An edit as clips on a track: how other programs lay it out, with crossfades that overlap."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from model_core.edit.types import EditList, FadeLaw, Gap, Item, Join, Segment

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_FADE_S: Final = 0.008
"""The crossfade of joins that don't name a length, as the renderer has it."""


@dataclass(frozen=True, slots=True)
class Edge:
    """How a clip begins or ends. All lengths are in samples.

    Attributes:
        beyond: So much the clip reaches beyond its cut, for a crossfade.
        fade: Length of the fade.
        crosses: Whether the fade is half of a crossfade; else it comes from or goes to silence.
        law: The fade's law.
    """

    beyond: int = 0
    fade: int = 0
    crosses: bool = False
    law: FadeLaw = FadeLaw.AUTO


@dataclass(frozen=True, slots=True)
class Clip:
    """A segment on a track.

    Attributes:
        segment: The stretch between the cuts.
        at: Where that stretch begins on the edited timeline, in samples.
        head: How the clip begins.
        tail: How it ends.
    """

    segment: Segment
    at: int
    head: Edge = Edge()
    tail: Edge = Edge()

    @property
    def start(self) -> int:
        """First sample of the source that is laid on the track."""
        return self.segment.start - self.head.beyond

    @property
    def stop(self) -> int:
        """Its end, exclusive."""
        return self.segment.stop + self.tail.beyond

    @property
    def track_start(self) -> int:
        """Where the clip begins on the track, overlap included, in samples."""
        return self.at - self.head.beyond

    @property
    def length(self) -> int:
        """Length on the track, overlaps included, in samples."""
        return self.stop - self.start


def clips_of(edit: EditList, source_lengths: Sequence[int], sample_rate: int) -> tuple[Clip, ...]:
    """Returns the segments of an edit as clips, gaps being the room between them.

    Crossfades lie where the renderer has them: centred on the cut, over material beyond it, at most
    over half of the shorter neighbour. Where there is no such material, or silence follows, the
    sound is faded out and in.

    Args:
        edit: The edit.
        source_lengths: Lengths of its sources in samples.
        sample_rate: In Hz.
    """
    default = round(DEFAULT_FADE_S * sample_rate)
    heads, tails = [Edge()], []
    for left, right, join in zip(edit.items, edit.items[1:], edit.joins, strict=False):
        tail, head = _edges(left, right, join, source_lengths, default)
        tails.append(tail)
        heads.append(head)
    tails.append(Edge())
    clips = []
    at = 0
    for index, item in enumerate(edit.items):
        if isinstance(item, Segment):
            clips.append(Clip(item, at, heads[index], tails[index]))
        at += item.length
    return tuple(clips)


def clip_in_file(clip: Clip, offset: int, n_samples: int) -> Clip | None:
    """Returns a clip of a recording as a clip of one of its files.

    Where the file has no sound the clip ends; there is no fade there then.

    Args:
        clip: The clip, in samples of the recording.
        offset: Where in the recording the file begins.
        n_samples: Its length.

    Returns:
        The clip, its segment counted from the start of the file; None where the file has none of
        it.
    """
    start, stop = clip.start - offset, clip.stop - offset
    first, last = max(0, start), min(stop, n_samples)
    if first >= last:
        return None
    segment = clip.segment
    at, low, high = clip.at, segment.start - offset, segment.stop - offset
    head, tail = clip.head, clip.tail
    if first > start:
        head, at, low = Edge(), clip.track_start + first - start, first
    if last < stop:
        tail, high = Edge(), last
    if low >= high:  # it has some milliseconds of a crossfade, and nothing else
        return None
    return Clip(replace(segment, start=low, stop=high), at, head, tail)


def _edges(
    left: Item, right: Item, join: Join, source_lengths: Sequence[int], default: int
) -> tuple[Edge, Edge]:
    """Returns how the item before a join ends and how the one after it begins."""
    length = default if join.length is None else join.length
    before = min(length // 2, left.length // 2)
    after = min(length - length // 2, right.length // 2)
    if isinstance(left, Segment) and isinstance(right, Segment):
        if right.continues(left):
            return Edge(), Edge()
        lead = min(before, right.start)
        follow = min(after, source_lengths[left.source] - left.stop)
        if lead + follow:
            both = lead + follow
            return Edge(follow, both, True, join.law), Edge(lead, both, True, join.law)
    return (
        Edge() if isinstance(left, Gap) else Edge(0, before, False, join.law),
        Edge() if isinstance(right, Gap) else Edge(0, after, False, join.law),
    )
