"""Taking single changes of an edit back, and making them again: what reviewing does."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from model_core.edit.coverage import joins_of
from model_core.edit.operations import insert, join_back, slice_range
from model_core.edit.parts import merged
from model_core.edit.timeline import Timeline
from model_core.edit.types import UNDONE, ChangeKind, EditList, Gap, Join, Segment
from model_core.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from model_core.edit.coverage import JoinInfo
    from model_core.edit.types import Change, Item


def taken_back(edit: EditList, changes: Iterable[Change]) -> EditList:
    """Returns the edit without some of its changes: the recording is heard there as it is.

    Cuts are taken back together, so that thousands cost no more than one pass.

    Raises:
        EditError: The edit does not make one of them, or it can't be taken back by itself.
    """
    changes = tuple(changes)
    cuts = [change for change in changes if change.kind is ChangeKind.CUT]
    others = [change for change in changes if change.kind is not ChangeKind.CUT]
    for change in reversed(others):
        if change.kind is ChangeKind.GAP:
            edit = _gap_taken_back(edit, change)
        else:
            edit = join_back(edit, _jump_of(edit, change).index)
    return _cuts_taken_back(edit, cuts) if cuts else edit


def made_again(edit: EditList, changes: Iterable[Change]) -> EditList:
    """Returns the edit with changes that were taken back.

    Raises:
        EditError: It is a move or a gap: the list does not know where to or how long.
    """
    changes = tuple(changes)
    for change in changes:
        if change.kind in (ChangeKind.REORDER, ChangeKind.GAP):
            raise EditError(
                "A move or a gap that was rejected can't be made again from the list.",
                "Undo its rejection, or make it by hand.",
            )
        if change.kind is ChangeKind.LOOP:
            edit = _loop_made_again(edit, change)
    cuts = [change for change in changes if change.kind is ChangeKind.CUT]
    return _cuts_made_again(edit, cuts) if cuts else edit


def change_at(changes: Sequence[Change], join: JoinInfo) -> Change | None:
    """Returns the change that an edit makes at a join, or None if it is none of `changes`."""
    if join.kind is None or (join.kind is ChangeKind.REORDER and join.skipped >= 0):
        return None
    for change in changes:
        if change.kind is not join.kind or change.state in UNDONE:
            continue
        if change.kind is ChangeKind.LOOP:
            here = (change.start, change.stop) == (join.landing, join.leaving)
        elif change.kind is ChangeKind.REORDER:
            here = change.start == join.landing
        elif change.kind is ChangeKind.CUT:
            here = change.start == join.leaving
        else:
            here = change.start == join.leaving or change.stop == join.landing
        if here:
            return change
    return None


def _jump_of(edit: EditList, change: Change) -> JoinInfo:
    for join in joins_of(edit):
        if join.skipped < 0 and change_at((change,), join) is not None:
            return join
    raise EditError(
        "This can't be taken back by itself: there is silence in between, or it is gone already.",
        "Close the gap first, or use undo.",
    )


def _cuts_taken_back(edit: EditList, cuts: Sequence[Change]) -> EditList:
    """Extends segments over what was cut beside them, and merges those that meet by it."""
    by_start = {(cut.source, cut.start): cut.stop for cut in cuts}
    by_stop = {(cut.source, cut.stop): cut.start for cut in cuts}
    items = list(edit.items)
    seams: set[int] = set()
    found: set[tuple[int, int]] = set()
    # Where the cut is a single join, as it nearly always is.
    for index in range(len(items) - 1):
        left, right = items[index], items[index + 1]
        if not isinstance(left, Segment) or not isinstance(right, Segment):
            continue
        key = (left.source, left.stop)
        if left.source == right.source and by_start.get(key) == right.start:
            items[index] = replace(left, stop=right.start)
            seams.add(index)
            found.add(key)
    # At the ends of the edit, and where passages have changed places.
    for index, item in enumerate(items):
        if not isinstance(item, Segment):
            continue
        key = (item.source, item.stop)
        if key in by_start and key not in found:
            items[index] = item = replace(item, stop=by_start[key])
            found.add(key)
        start = by_stop.get((item.source, item.start))
        if start is not None and (item.source, start) not in found:
            items[index] = replace(item, start=start)
            found.add((item.source, start))
    edit = _merged_at(items, edit.joins, seams)
    for cut in cuts:
        if (cut.source, cut.start) not in found:
            edit = _put_in_order(edit, Segment(cut.source, cut.start, cut.stop))
    return edit


def _merged_at(items: Sequence[Item], old_joins: Sequence[Join], seams: set[int]) -> EditList:
    """Returns the edit of some items, merged after those whose index is in `seams`."""
    whole: list[Item] = []
    joins: list[Join] = []
    for index, item in enumerate(items):
        one = merged(whole[-1], item) if index - 1 in seams else None
        if one is not None:
            whole[-1] = one
            continue
        if index:
            joins.append(old_joins[index - 1])
        whole.append(item)
    return EditList(tuple(whole), tuple(joins))


def _put_in_order(edit: EditList, segment: Segment) -> EditList:
    """Puts a segment that nothing is beside before the first one that is later."""
    timeline = Timeline(edit)
    later = np.flatnonzero(
        (timeline.sources == segment.source) & (timeline.source_starts >= segment.stop)
    )
    position = int(timeline.starts[later[0]]) if later.size else timeline.length
    return insert(edit, position, (segment,))


def gap_of(edit: EditList, change: Change) -> range | None:
    """Returns the indices of the gaps that stand for a change of kind GAP, or None."""
    items, n_items = edit.items, len(edit.items)
    first = 0
    while first < n_items:
        last = first
        while last < n_items and isinstance(items[last], Gap):
            last += 1
        if last > first and _stands_for(items, first, last, change):
            return range(first, last)
        first = max(last, first + 1)
    return None


def _stands_for(items: Sequence[Item], first: int, last: int, change: Change) -> bool:
    left = items[first - 1] if first else None
    right = items[last] if last < len(items) else None
    if isinstance(left, Segment):
        return left.source == change.source and left.stop == change.start
    return isinstance(right, Segment) and (right.source, right.start) == (
        change.source,
        change.stop,
    )


def _gap_taken_back(edit: EditList, change: Change) -> EditList:
    """Closes the gap that stands for a stretch, and has the stretch heard again."""
    gaps = gap_of(edit, change)
    if gaps is None:
        raise EditError("This gap is not in the edit any more.")
    return _closed(edit, gaps.start, gaps.stop, change)


def _closed(edit: EditList, first: int, last: int, change: Change) -> EditList:
    items = [*edit.items[:first], *edit.items[last:]]
    inner = (Join(),) if first > 0 and last < len(edit.items) else ()
    joins = (*edit.joins[: max(0, first - 1)], *inner, *edit.joins[last:])
    left = items[first - 1] if first else None
    right = items[first] if first < len(items) else None
    if isinstance(left, Segment):
        items[first - 1] = replace(left, stop=max(left.stop, change.stop))
    elif isinstance(right, Segment):
        items[first] = replace(right, start=min(right.start, change.start))
    return _merged_at(items, joins, {first - 1} if first else set())


def _loop_made_again(edit: EditList, change: Change) -> EditList:
    timeline = Timeline(edit)
    ends = timeline.to_edited(change.source, change.stop - 1)
    begins = timeline.to_edited(change.source, change.start)
    for end in ends:
        before = [begin for begin in begins if begin <= end]
        if before:
            return insert(edit, end + 1, slice_range(edit, before[-1], end + 1))
    raise EditError("What was to be repeated isn't heard any more.", "Restore it first.")


def _cuts_made_again(edit: EditList, cuts: Sequence[Change]) -> EditList:
    """Takes the stretches out wherever they are heard."""
    ranges: dict[int, list[tuple[int, int]]] = {}
    for cut in sorted(cuts, key=lambda cut: cut.start):
        ranges.setdefault(cut.source, []).append((cut.start, cut.stop))
    items: list[Item] = []
    joins: list[Join] = []
    end_is_old = False
    for index, item in enumerate(edit.items):
        parts = _without(item, ranges)
        for number, part in enumerate(parts):
            start_is_old = number == 0 and _begins_alike(part, item)
            if items:
                joins.append(edit.joins[index - 1] if start_is_old and end_is_old else Join())
            items.append(part)
        end_is_old = bool(parts) and _ends_alike(parts[-1], item)
    return EditList(tuple(items), tuple(joins))


def _begins_alike(part: Item, item: Item) -> bool:
    return isinstance(part, Gap) or (isinstance(item, Segment) and part.start == item.start)


def _ends_alike(part: Item, item: Item) -> bool:
    return isinstance(part, Gap) or (isinstance(item, Segment) and part.stop == item.stop)


def _without(item: Item, ranges: dict[int, list[tuple[int, int]]]) -> list[Item]:
    """Returns what is left of an item without ranges that are sorted and don't overlap."""
    if isinstance(item, Gap):
        return [item]
    left: list[Item] = []
    start = item.start
    here = ranges.get(item.source, [])
    for low, high in here[bisect_right(here, item.start, key=lambda one: one[1]) :]:
        if low >= item.stop:
            break
        if low > start:
            left.append(replace(item, start=start, stop=low))
        start = min(high, item.stop)
    if start < item.stop:
        left.append(replace(item, start=start))
    return left
