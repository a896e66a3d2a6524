"""Crossfades of a wanted length for the joins that an edit has newly got."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from model_core.edit.types import EditList, Item, Join, Segment

_Place = tuple[int, int, int, int]


def with_new_fades(before: EditList, after: EditList, length: int) -> EditList:
    """Returns an edit in which new joins have crossfades of a length.

    Args:
        before: The edit as it was; what it joins already keeps its crossfade.
        after: The edit as it is to be.
        length: In samples. It is given to joins that name none, where one stretch of a source
            meets another; the renderer shortens it where a stretch is too short for it.
    """
    known = {_place(pair) for pair in pairwise(before.items)}
    joins = tuple(
        replace(join, length=length) if _is_new(join, place, known) else join
        for join, place in zip(after.joins, map(_place, pairwise(after.items)), strict=True)
    )
    return after if joins == after.joins else EditList(after.items, joins)


def _place(pair: tuple[Item, Item]) -> _Place | None:
    """Returns which sample of which source is followed by which; None beside a gap."""
    left, right = pair
    if isinstance(left, Segment) and isinstance(right, Segment):
        return left.source, left.stop, right.source, right.start
    return None


def _is_new(join: Join, place: _Place | None, known: set[_Place | None]) -> bool:
    if join.length is not None or place is None or place in known:
        return False
    return place[:2] != place[2:]  # where the source goes on nothing is faded
