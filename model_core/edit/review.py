"""Taking single changes of an edit back, and making them again: what reviewing does."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from model_core.edit.coverage import joins_of
from model_core.edit.operations import (
    insert,
    join_back,
    replace_range,
    ripple_delete,
    slice_range,
)
from model_core.edit.parts import merged
from model_core.edit.timeline import Timeline, timeline_of
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


def remembered(edit: EditList, change: Change) -> Change:
    """Returns a change with what it takes to make it again once it was taken back.

    Of a move that is the place that the passage was moved to, of a gap its length; a cut and a loop
    are told by their stretch.

    Args:
        edit: The edit, which makes the change.
        change: The change.
    """
    if change.kind is ChangeKind.GAP:
        gaps = gap_of(edit, change)
        if gaps is not None:
            return replace(change, silence=sum(edit.items[index].length for index in gaps))
    elif change.kind is ChangeKind.REORDER:
        for join in joins_of(edit):
            if join.skipped < 0 and change_at((change,), join) is not None:
                return replace(change, after=join.leaving)
    return change


def made_again(edit: EditList, changes: Iterable[Change]) -> EditList:
    """Returns the edit with changes that were taken back.

    Raises:
        EditError: What one of them is about isn't heard any more; or it is a move or a gap that was
            taken back without being `remembered`.
    """
    changes = tuple(changes)
    for change in changes:
        if change.kind is ChangeKind.LOOP:
            edit = _loop_made_again(edit, change)
        elif change.kind is ChangeKind.REORDER:
            edit = _move_made_again(edit, change)
        elif change.kind is ChangeKind.GAP:
            edit = _gap_made_again(edit, change)
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
    timeline = timeline_of(edit)
    # Of thousands of items only those beside the cuts are looked at.
    ends = np.isin(timeline.source_stops, [cut.start for cut in cuts])
    begins = np.isin(timeline.source_starts, [cut.stop for cut in cuts])
    # Where the cut is a single join, as it nearly always is.
    for index in np.flatnonzero(ends[:-1]).tolist():
        left, right = items[index], items[index + 1]
        if not isinstance(left, Segment) or not isinstance(right, Segment):
            continue
        key = (left.source, left.stop)
        if left.source == right.source and by_start.get(key) == right.start:
            items[index] = replace(left, stop=right.start)
            seams.add(index)
            found.add(key)
    # At the ends of the edit, and where passages have changed places.
    for index in np.flatnonzero(ends | begins).tolist():
        item = items[index]
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


def _move_made_again(edit: EditList, change: Change) -> EditList:
    """Takes a passage from its place in the recording to the place that it was moved to."""
    if change.after is None:
        raise _unknown()
    passage = _heard_passage(edit, change)
    if passage is None:
        raise EditError("What was to be moved isn't heard any more.", "Restore it first.")
    rest = ripple_delete(edit, *passage)
    places = Timeline(rest).to_edited(change.source, change.after - 1)
    if not places:
        raise EditError(
            "What was heard before the moved passage isn't heard any more.", "Restore it first."
        )
    return insert(rest, places[0] + 1, slice_range(edit, *passage))


def _gap_made_again(edit: EditList, change: Change) -> EditList:
    """Puts a silence in place of what it stood for."""
    if not change.silence:
        raise _unknown()
    gap = (Gap(change.silence),)
    passage = _heard_passage(edit, change)
    if passage is not None:
        return replace_range(edit, *passage, gap)
    timeline = Timeline(edit)
    before = timeline.to_edited(change.source, change.start - 1) if change.start else ()
    after = timeline.to_edited(change.source, change.stop)
    if before:
        return insert(edit, before[0] + 1, gap)
    if after:
        return insert(edit, after[0], gap)
    raise EditError("What the gap was beside isn't heard any more.", "Restore it first.")


def _heard_passage(edit: EditList, change: Change) -> tuple[int, int] | None:
    """Returns where in the edit the stretch of a change is heard first, in one go; or None."""
    timeline = Timeline(edit)
    low = np.maximum(timeline.source_starts, change.start)
    high = np.minimum(timeline.source_stops, change.stop)
    here = np.flatnonzero((timeline.sources == change.source) & (low < high))
    if not here.size:
        return None
    first = last = int(here[0])
    for index in here[1:].tolist():
        if index != last + 1 or low[index] < high[last]:
            break
        last = index
    shift = timeline.starts[:-1] - timeline.source_starts
    return int(low[first] + shift[first]), int(high[last] + shift[last])


def _unknown() -> EditError:
    return EditError(
        "A move or a gap that an older version has rejected can't be made again from the list.",
        "Undo its rejection, or make it by hand.",
    )


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
