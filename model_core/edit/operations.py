"""Edits of an edit list: pure functions, each returning a new list.

Positions are samples on the edited timeline, counted before the operation. Splits survive; only
`normalised` and `join_back` merge. Where two items become neighbours that were not, their join is a
default one; all other joins stay as they were. What can't be done raises `EditError`; the nudges
are gestures and go as far as they can instead.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from model_core.edit.coverage import joins_of, removed_ranges
from model_core.edit.parts import (
    arranged,
    check_item,
    check_join,
    check_range,
    merged,
    merged_at,
    moved,
    segment_at,
    segments_at_join,
    split_around,
    split_at,
    with_item,
)
from model_core.edit.types import ChangeKind, EditList, Gap, Item, Join, Segment
from model_core.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Iterable


def normalised(edit: EditList) -> EditList:
    """Returns the edit with neighbours merged that continue each other, and gaps beside gaps."""
    items: list[Item] = []
    joins: list[Join] = []
    for index, item in enumerate(edit.items):
        whole = merged(items[-1], item) if items else None
        if whole is not None:
            items[-1] = whole
            continue
        if items:
            joins.append(edit.joins[index - 1])
        items.append(item)
    return EditList(tuple(items), tuple(joins))


def split(edit: EditList, position: int) -> EditList:
    """Returns the edit with the item at `position` split there; it sounds as before.

    A position between two items, or at either end, changes nothing.

    Raises:
        EditError: The position lies outside the edit.
    """
    return split_at(edit, position)[0]


def slice_range(edit: EditList, start: int, stop: int) -> EditList:
    """Returns what is heard in an edited range, with the joins inside it.

    Raises:
        EditError: The range is reversed or lies outside the edit.
    """
    parts, first, last = split_around(edit, start, stop)
    return arranged(parts, range(first, last))


def insert(edit: EditList, position: int, items: EditList | Iterable[Item]) -> EditList:
    """Returns the edit with items put in at `position`; what comes after moves back.

    Args:
        edit: The edit.
        position: Where the first of them starts.
        items: Items, or an edit list, whose inner joins are kept.

    Raises:
        EditError: The position lies outside the edit.
    """
    return replace_range(edit, position, position, items)


def replace_range(
    edit: EditList, start: int, stop: int, items: EditList | Iterable[Item]
) -> EditList:
    """Returns the edit with an edited range taken out and items put in its place.

    Raises:
        EditError: The range is reversed or lies outside the edit.
    """
    new = items if isinstance(items, EditList) else EditList(tuple(items))
    if not new.items:
        return ripple_delete(edit, start, stop)
    parts, first, last = split_around(edit, start, stop)
    head = arranged(parts, range(first))
    tail = arranged(parts, range(last, len(parts.items)))
    items, joins = head.items, head.joins
    for part in (new, tail):
        seam = (Join(),) if items and part.items else ()
        items, joins = (*items, *part.items), (*joins, *seam, *part.joins)
    return EditList(items, joins)


def ripple_delete(edit: EditList, start: int, stop: int) -> EditList:
    """Returns the edit without an edited range; what comes after moves forward.

    Raises:
        EditError: The range is reversed or lies outside the edit.
    """
    check_range(edit, start, stop)
    if start == stop:
        return edit
    parts, first, last = split_around(edit, start, stop)
    return arranged(parts, (*range(first), *range(last, len(parts.items))))


def delete_leaving_gap(edit: EditList, start: int, stop: int) -> EditList:
    """Returns the edit with silence in place of an edited range; everything else stays in place.

    Raises:
        EditError: The range is reversed or lies outside the edit.
    """
    check_range(edit, start, stop)
    return replace_range(edit, start, stop, (Gap(stop - start),)) if stop > start else edit


def repeat(edit: EditList, start: int, stop: int, times: int) -> EditList:
    """Returns the edit in which an edited range is heard `times` times in all.

    Raises:
        EditError: The range is empty, reversed or outside the edit, or `times` is below 1.
    """
    if times < 1:
        raise EditError(f"A passage can't be heard {times} times.", "Repeat it once or more.")
    if start == stop:
        raise EditError("There is nothing to repeat.", "Select a passage first.")
    parts, first, last = split_around(edit, start, stop)
    order = (*range(first), *(*range(first, last),) * times, *range(last, len(parts.items)))
    return edit if times == 1 else arranged(parts, order)


def move_item(edit: EditList, index: int, to_index: int) -> EditList:
    """Returns the edit with an item moved so that it becomes item `to_index`.

    Raises:
        EditError: There is no such item or place.
    """
    check_item(edit, index)
    check_item(edit, to_index)
    return moved(edit, range(index, index + 1), to_index)


def move_items(edit: EditList, first: int, last: int, to_index: int) -> EditList:
    """Returns the edit with items `first` to `last`, exclusive, moved so that they start there.

    Args:
        edit: The edit.
        first: Index of the first item that is moved.
        last: Index after the last one.
        to_index: Index that the first of them has afterwards.

    Raises:
        EditError: There are no such items, or there is no such place.
    """
    check_item(edit, first)
    if not first < last <= len(edit.items) or not 0 <= to_index <= len(edit.items) - (last - first):
        raise EditError(f"Items {first} to {last} can't be moved to place {to_index}.")
    return edit if first == to_index else moved(edit, range(first, last), to_index)


def trim_start(
    edit: EditList, index: int, new_source_position: int, source_length: int
) -> EditList:
    """Returns the edit with a segment starting elsewhere in its source; what follows moves.

    Raises:
        EditError: There is no such segment, it would be empty, or the place is outside the source.
    """
    segment = segment_at(edit, index)
    _check_trim(new_source_position, segment.stop, source_length)
    return with_item(edit, index, replace(segment, start=new_source_position))


def trim_end(edit: EditList, index: int, new_source_position: int, source_length: int) -> EditList:
    """Returns the edit with a segment ending elsewhere in its source; what follows moves.

    Raises:
        EditError: There is no such segment, it would be empty, or the place is outside the source.
    """
    segment = segment_at(edit, index)
    _check_trim(segment.start, new_source_position, source_length)
    return with_item(edit, index, replace(segment, stop=new_source_position))


def nudge_start(edit: EditList, index: int, delta: int, source_length: int) -> EditList:
    """Returns the edit with a segment's start moved by `delta` samples, as far as that goes.

    Raises:
        EditError: There is no such segment.
    """
    segment = segment_at(edit, index)
    wanted = min(max(segment.start + delta, 0), segment.stop - 1)
    return trim_start(edit, index, wanted, source_length)


def nudge_end(edit: EditList, index: int, delta: int, source_length: int) -> EditList:
    """Returns the edit with a segment's end moved by `delta` samples, as far as that goes.

    Raises:
        EditError: There is no such segment.
    """
    segment = segment_at(edit, index)
    wanted = max(segment.stop + delta, segment.start + 1)
    return trim_end(edit, index, min(wanted, source_length), source_length)


def nudge_join(edit: EditList, index: int, delta: int, source_length: int) -> EditList:
    """Returns the edit with both ends of a join slid by `delta` samples, as far as that goes.

    The left segment gets longer by what the right one loses, so what the join skips and the length
    of the edit stay as they were.

    Args:
        edit: The edit.
        index: Index of the join.
        delta: How far to slide, below 0 for earlier.
        source_length: Length of the left segment's source.

    Raises:
        EditError: There is no join between two segments there.
    """
    left, right = segments_at_join(edit, index)
    # Each segment keeps a sample; the left one's source has an end, the right one's a beginning.
    delta = max(delta, 1 - left.length, -right.start)
    delta = min(delta, source_length - left.stop, right.length - 1)
    edit = with_item(edit, index, replace(left, stop=left.stop + delta))
    return with_item(edit, index + 1, replace(right, start=right.start + delta))


def slip(edit: EditList, index: int, delta: int, source_length: int) -> EditList:
    """Returns the edit with other material under a segment: both its ends move by `delta` samples.

    It goes as far as the source does; the segment keeps its length and its place in the edit.

    Raises:
        EditError: There is no such segment.
    """
    segment = segment_at(edit, index)
    delta = max(min(delta, source_length - segment.stop), -segment.start)
    slipped = replace(segment, start=segment.start + delta, stop=segment.stop + delta)
    return with_item(edit, index, slipped)


def set_gain(edit: EditList, index: int, gain_db: float) -> EditList:
    """Returns the edit with another gain for a segment.

    Raises:
        EditError: There is no such segment, or the gain is none that can be heard.
    """
    return with_item(edit, index, replace(segment_at(edit, index), gain_db=gain_db))


def add_gain(edit: EditList, start: int, stop: int, gain_db: float) -> EditList:
    """Returns the edit with an edited range made louder, or softer where `gain_db` is below 0.

    Segments are split at its ends; gaps stay silent.

    Raises:
        EditError: The range is reversed or lies outside the edit, or a gain would get out of reach.
    """
    check_range(edit, start, stop)
    if start == stop or not gain_db:
        return edit
    parts, first, last = split_around(edit, start, stop)
    items = [
        replace(item, gain_db=item.gain_db + gain_db)
        if first <= index < last and isinstance(item, Segment)
        else item
        for index, item in enumerate(parts.items)
    ]
    return EditList(tuple(items), parts.joins)


def set_join(edit: EditList, index: int, join: Join) -> EditList:
    """Returns the edit with another join after item `index`.

    Raises:
        EditError: There is no such join.
    """
    check_join(edit, index)
    return EditList(edit.items, (*edit.joins[:index], join, *edit.joins[index + 1 :]))


def remove_source_range(edit: EditList, source: int, start: int, stop: int) -> EditList:
    """Returns the edit without a stretch of a source, wherever it is heard; the rest moves forward.

    Args:
        edit: The edit.
        source: Index of the source.
        start: First sample of the stretch, in the source.
        stop: Its end, exclusive.

    Raises:
        EditError: The stretch is reversed.
    """
    _check_stretch(start, stop)
    items: list[Item] = []
    joins: list[Join] = []
    end_of = -1  # the item whose own end is the end of the last of `items`
    for index, item in enumerate(edit.items):
        for part in _outside(item, source, start, stop):
            starts, ends = _shared_ends(part, item)
            if items:
                stays = starts and end_of == index - 1
                joins.append(edit.joins[index - 1] if stays else Join())
            items.append(part)
            end_of = index if ends else -1
    return EditList(tuple(items), tuple(joins))


def restore_source_range(edit: EditList, source: int, start: int, stop: int) -> EditList:
    """Returns the edit with everything heard again that it leaves out of a stretch of a source.

    What was left out at a cut is put back there; a silence that stands exactly for it is replaced.
    Otherwise each part comes after the passage that precedes it in the source.

    Args:
        edit: The edit.
        source: Index of the source.
        start: First sample of the stretch, in the source.
        stop: Its end, exclusive.

    Raises:
        EditError: The stretch is reversed.
    """
    _check_stretch(start, stop)
    edit = _cuts_undone(edit, source, set(_left_out(edit, source, start, stop)))
    for low, high in _left_out(edit, source, start, stop):
        edit = _restored(edit, Segment(source, low, high))
    return edit


def join_back(edit: EditList, index: int) -> EditList:
    """Returns the edit without what happens at a join, so that the recording goes on there.

    - A cut is undone: what it left out is heard again.
    - A loop is undone: what is landed on now starts where the jump back left, or is left out if it
      ends before.
    - A passage that is heard too late goes back to its place among those before it. Where one is
      heard too early, nothing was left out: undo it at the later passage.
    - A gap is closed, and what it stands for is heard again.
    - A split is merged.

    Raises:
        EditError: There is no such join, or there is nothing to restore at it.
    """
    check_join(edit, index)
    info = joins_of(edit)[index]
    if info.kind is ChangeKind.GAP:
        return _gap_closed(edit, index)
    left, right = edit.items[index], edit.items[index + 1]
    if isinstance(left, Segment) and isinstance(right, Segment) and left.source == right.source:
        if info.kind is None and left.gain_db == right.gain_db:
            return merged_at(edit, index)
        if info.kind is ChangeKind.CUT:
            return merged_at(with_item(edit, index, replace(left, stop=right.start)), index)
        if info.kind is ChangeKind.LOOP:
            return _loop_removed(edit, index)
        if info.skipped < 0:
            return _put_back_in_order(edit, index)
    raise EditError(
        "At this join nothing of the recording was left out or repeated.",
        "Move one of the two passages instead.",
    )


def _check_stretch(start: int, stop: int) -> None:
    """Raises `EditError` if samples are no stretch of a source."""
    if not 0 <= start <= stop:
        raise EditError(f"Samples {start} to {stop} are no stretch of a recording.")


def _outside(item: Item, source: int, start: int, stop: int) -> tuple[Item, ...]:
    """Returns what is left of an item without a stretch of a source."""
    if not isinstance(item, Segment) or item.source != source:
        return (item,)
    if stop <= item.start or start >= item.stop or start == stop:
        return (item,)
    parts = []
    if item.start < start:
        parts.append(replace(item, stop=start))
    if stop < item.stop:
        parts.append(replace(item, start=stop))
    return tuple(parts)


def _shared_ends(part: Item, whole: Item) -> tuple[bool, bool]:
    """Returns whether a part of an item starts, and whether it ends, where the whole does."""
    if isinstance(part, Segment) and isinstance(whole, Segment):
        return part.start == whole.start, part.stop == whole.stop
    return True, True


def _left_out(edit: EditList, source: int, start: int, stop: int) -> list[tuple[int, int]]:
    """Returns what is heard nowhere of a stretch of a source."""
    # Up to a stretch's end, what is removed doesn't depend on what follows.
    return [
        (max(low, start), high)
        for low, high in removed_ranges(edit, source, stop).tolist()
        if high > start
    ]


def _cuts_undone(edit: EditList, source: int, stretches: set[tuple[int, int]]) -> EditList:
    """Returns the edit without those cuts that leave out just one of some stretches."""
    items: list[Item] = list(edit.items[:1])
    joins: list[Join] = []
    for join, item in zip(edit.joins, edit.items[1:], strict=True):
        left = items[-1]
        if (
            isinstance(left, Segment)
            and isinstance(item, Segment)
            and left.source == item.source == source
            and (left.stop, item.start) in stretches
        ):
            items[-1] = replace(left, stop=item.start)
            whole = merged(items[-1], item)
            if whole is not None:
                items[-1] = whole
                continue
        joins.append(join)
        items.append(item)
    return EditList(tuple(items), tuple(joins))


def _restored(edit: EditList, missing: Segment) -> EditList:
    """Puts a stretch that is heard nowhere back to where it belongs."""
    before = after = None
    for index, item in enumerate(edit.items):
        if not isinstance(item, Segment) or item.source != missing.source:
            continue
        if item.stop <= missing.start and (before is None or item.stop > before[0]):
            before = (item.stop, index)
        if item.start >= missing.stop and (after is None or item.start < after[0]):
            after = (item.start, index)
    if before is None:
        place = after[1] if after is not None else len(edit.items)
    else:
        place = before[1] + 1
        if _stands_for(edit, place, missing):
            return join_back(edit, place - 1)
        missing = replace(missing, gain_db=segment_at(edit, before[1]).gain_db)
    at = sum(item.length for item in edit.items[:place])
    result = insert(edit, at, (missing,))
    for seam in (place, place - 1):
        if 0 <= seam < len(result.joins):
            result = merged_at(result, seam)
    return result


def _stands_for(edit: EditList, index: int, missing: Segment) -> bool:
    """Whether at an index there is silence in place of just this stretch."""
    last = index
    while last < len(edit.items) and isinstance(edit.items[last], Gap):
        last += 1
    if last == index or last == len(edit.items):
        return False
    left, right = segment_at(edit, index - 1), segment_at(edit, last)
    return (
        sum(item.length for item in edit.items[index:last]) == missing.length
        and (left.source, left.stop) == (missing.source, missing.start)
        and (right.source, right.start) == (missing.source, missing.stop)
    )


def _check_trim(start: int, stop: int, source_length: int) -> None:
    """Raises `EditError` if a segment can't be trimmed to a stretch."""
    if start < 0 or stop > source_length:
        raise EditError(f"Samples {start} to {stop} reach beyond the recording.")
    if start >= stop:
        raise EditError("A segment can't be trimmed to nothing.", "Delete it instead.")


def _gap_closed(edit: EditList, join: int) -> EditList:
    """Takes out the gaps around a join and restores what was left out between their neighbours."""
    first = join if isinstance(edit.items[join], Gap) else join + 1
    last = first + 1
    while first > 0 and isinstance(edit.items[first - 1], Gap):
        first -= 1
    while last < len(edit.items) and isinstance(edit.items[last], Gap):
        last += 1
    closed = arranged(edit, (*range(first), *range(last, len(edit.items))))
    if not 0 < first < len(closed.items):
        return closed
    left, right = segments_at_join(closed, first - 1)
    if left.source != right.source or right.start < left.stop:
        return closed
    return merged_at(with_item(closed, first - 1, replace(left, stop=right.start)), first - 1)


def _loop_removed(edit: EditList, join: int) -> EditList:
    """Takes what was heard before a jump back from the run that the jump lands on."""
    left, _ = segments_at_join(edit, join)
    first = join + 1
    last = _run_end(edit, first)
    while first < last and segment_at(edit, first).stop <= left.stop:
        first += 1
    result = arranged(edit, (*range(join + 1), *range(first, len(edit.items))))
    if first == last:
        return result
    resumed = replace(segment_at(edit, first), start=left.stop)
    return merged_at(with_item(result, join + 1, resumed), join)


def _put_back_in_order(edit: EditList, join: int) -> EditList:
    """Moves the run after a join in front of the segments just before it that start later."""
    first = join + 1
    last = _run_end(edit, first)
    run = segment_at(edit, first)
    place = first
    while place > 0:
        item = edit.items[place - 1]
        if not isinstance(item, Segment) or item.source != run.source or item.start < run.start:
            break
        place -= 1
    result = moved(edit, range(first, last), place)
    for seam in (last - 1, place + last - first - 1, place - 1):
        if 0 <= seam < len(result.joins):
            result = merged_at(result, seam)
    return result


def _run_end(edit: EditList, first: int) -> int:
    """Returns the index after the last item that goes on from item `first` without a jump."""
    last = first + 1
    while last < len(edit.items):
        before, item = edit.items[last - 1], edit.items[last]
        if not isinstance(before, Segment) or not isinstance(item, Segment):
            break
        if item.source != before.source or item.start != before.stop:
            break
        last += 1
    return last
