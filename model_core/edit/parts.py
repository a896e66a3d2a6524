"""What the operations are made of: splitting, arranging and checking items of an edit list."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from model_core.edit.timeline import timeline_of
from model_core.edit.types import EditList, Gap, Item, Join, Segment
from model_core.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Sequence


def merged(left: Item, right: Item) -> Item | None:
    """Returns one item for two, or None if they can't be one."""
    if isinstance(left, Gap) and isinstance(right, Gap):
        return Gap(left.length + right.length)
    if isinstance(left, Segment) and isinstance(right, Segment) and right.continues(left):
        return replace(left, stop=right.stop)
    return None


def merged_at(edit: EditList, join: int) -> EditList:
    """Returns the edit with the two items at a join merged, if they continue each other."""
    whole = merged(edit.items[join], edit.items[join + 1])
    if whole is None:
        return edit
    items = (*edit.items[:join], whole, *edit.items[join + 2 :])
    return EditList(items, (*edit.joins[:join], *edit.joins[join + 1 :]))


def arranged(edit: EditList, order: Sequence[int]) -> EditList:
    """Returns the items in another order, with joins kept between those that stay neighbours."""
    joins = tuple(
        edit.joins[left] if right == left + 1 else Join() for left, right in pairwise(order)
    )
    return EditList(tuple(edit.items[index] for index in order), joins)


def moved(edit: EditList, moving: range, to_index: int) -> EditList:
    """Returns the edit with some neighbouring items moved so that they start at `to_index`."""
    others = [index for index in range(len(edit.items)) if index not in moving]
    return arranged(edit, (*others[:to_index], *moving, *others[to_index:]))


def split_at(edit: EditList, position: int) -> tuple[EditList, int]:
    """Returns the edit with an item boundary at `position`, and the index of the item after it."""
    timeline = timeline_of(edit)
    if not 0 <= position <= timeline.length:
        raise EditError(f"Sample {position} lies outside the edit.")
    after = int(np.searchsorted(timeline.starts, position))
    if timeline.starts[after] == position:
        return edit, after
    return _split_item(edit, after - 1, position - int(timeline.starts[after - 1])), after


def split_around(edit: EditList, start: int, stop: int) -> tuple[EditList, int, int]:
    """Returns the edit split at both ends of a range, and the indices of the items inside it.

    Returns:
        `(edit, first, last)`: items `first` to `last`, exclusive, are the range.
    """
    check_range(edit, start, stop)
    starts = timeline_of(edit).starts
    parts, last = split_at(edit, stop)
    if start == stop:
        return parts, last, last
    first = int(np.searchsorted(starts, start))
    if starts[first] == start:
        return parts, first, last
    # Up to `stop` the items are where they were, so their index still holds.
    parts = _split_item(parts, first - 1, start - int(starts[first - 1]))
    return parts, first, last + 1


def _split_item(edit: EditList, index: int, offset: int) -> EditList:
    """Returns the edit with an item split `offset` samples after its start."""
    item = edit.items[index]
    halves: tuple[Item, Item]
    if isinstance(item, Segment):
        middle = item.start + offset
        halves = (replace(item, stop=middle), replace(item, start=middle))
    else:
        halves = (Gap(offset), Gap(item.length - offset))
    items = (*edit.items[:index], *halves, *edit.items[index + 1 :])
    return EditList(items, (*edit.joins[:index], Join(), *edit.joins[index:]))


def with_item(edit: EditList, index: int, item: Item) -> EditList:
    """Returns the edit with one item replaced."""
    return EditList((*edit.items[:index], item, *edit.items[index + 1 :]), edit.joins)


def segment_at(edit: EditList, index: int) -> Segment:
    """Returns the segment at an index, or raises `EditError` if there is none."""
    check_item(edit, index)
    item = edit.items[index]
    if not isinstance(item, Segment):
        raise EditError("That is a gap, which plays nothing of a recording.")
    return item


def segments_at_join(edit: EditList, index: int) -> tuple[Segment, Segment]:
    """Returns the segments at a join, or raises `EditError` if there are none."""
    check_join(edit, index)
    return segment_at(edit, index), segment_at(edit, index + 1)


def check_item(edit: EditList, index: int) -> None:
    """Raises `EditError` if there is no such item."""
    if not 0 <= index < len(edit.items):
        raise EditError(f"The edit has no item {index}; it has {len(edit.items)}.")


def check_join(edit: EditList, index: int) -> None:
    """Raises `EditError` if there is no such join."""
    if not 0 <= index < len(edit.joins):
        raise EditError(f"The edit has no join {index}; it has {len(edit.joins)}.")


def check_range(edit: EditList, start: int, stop: int) -> None:
    """Raises `EditError` if a range is reversed or lies outside the edit."""
    if not 0 <= start <= stop <= timeline_of(edit).length:
        raise EditError(f"Samples {start} to {stop} are no range of the edit.")
