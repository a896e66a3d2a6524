"""From what a person thinks of the changes of an edit to what a new proposal has to respect."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from model_core.edit.coverage import changes_of, joins_of, kept_ranges
from model_core.edit.locks import Locks, Range, span, united
from model_core.edit.operations import insert, slice_range
from model_core.edit.review import change_at, gap_of
from model_core.edit.timeline import Timeline
from model_core.edit.types import (
    DONE,
    UNDONE,
    Change,
    ChangeKind,
    EditList,
    Gap,
    Proposal,
    Segment,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Passage: TypeAlias = tuple[Range, ...]

_JUMPS = (ChangeKind.LOOP, ChangeKind.REORDER)
_HOLD_S = 0.1
"""So much beside a cut that was decided is held, so that the cut neither grows nor moves."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What is decided of an edit.

    Attributes:
        locks: What a new proposal has to respect.
        gaps: Silences to be put in again afterwards: the stretch that each stands for, and its
            length, in samples.
        rows: The changes that were decided, to be known again.
    """

    locks: Locks
    gaps: tuple[tuple[int, int, int], ...]
    rows: tuple[Change, ...]

    def __bool__(self) -> bool:
        return bool(self.rows)


def decisions(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Returns the changes that a person has decided about, either way."""
    return tuple(change for change in changes if change.state in DONE | UNDONE)


def decided(edit: EditList, changes: Sequence[Change], n_samples: int, sample_rate: int) -> Decided:
    """Returns what is decided of an edit of one recording.

    - A cut that was accepted, locked or made by hand stays, to the sample.
    - A loop or a move stays as the passage that it is, with what is cut in it.
    - A gap stays as long as it is.
    - What was rejected stays as recorded, as far as the edit plays it.

    Args:
        edit: The edit.
        changes: Its rows.
        n_samples: Length of the recording.
        sample_rate: Of the recording, in Hz.
    """
    rows = decisions(changes)
    done = [row for row in rows if row.state in DONE]
    passages = _passages(edit, [row for row in done if row.kind in _JUMPS])
    spans = [span(passage) for passage in passages]
    drop = united(
        (row.start, row.stop) for row in done if row.kind not in _JUMPS and row.stop > row.start
    )
    drop = _minus(drop, spans)
    kept = [(int(start), int(stop)) for start, stop in kept_ranges(edit, 0, n_samples)]
    gaps = _gaps(edit, [row for row in done if row.kind is ChangeKind.GAP])
    hold = max(1, round(_HOLD_S * sample_rate))
    keep = [*_held(drop, kept, hold)]
    keep += [
        (max(0, start - hold), min(n_samples, start + hold))
        for start, stop, _ in gaps
        if start == stop
    ]
    keep += [(row.start, row.stop) for row in rows if row.state in UNDONE]
    keep = _minus(_common(united(keep), kept), united([*drop, *spans]))
    return Decided(Locks(tuple(keep), tuple(drop), tuple(passages)), gaps, rows)


def with_decisions(proposal: Proposal, before: Decided, n_samples: int) -> Proposal:
    """Returns a proposal that was made under locks, with its rows known again.

    Gaps that are to stay are put in again; rows that were decided keep their state, and what was
    rejected stays in the list.

    Args:
        proposal: The proposal.
        before: What it had to respect.
        n_samples: Length of the recording.
    """
    edit, fresh = proposal.edit_list, proposal.changes
    if before.gaps:
        edit = with_gaps(edit, before.gaps)
        known = {(row.start, row.stop): row for row in fresh}
        fresh = tuple(
            replace(row, reason=known[place].reason, confidence=known[place].confidence)
            if (place := (row.start, row.stop)) in known
            else row
            for row in changes_of(edit, n_samples)
        )
    states = {
        (row.kind, row.start, row.stop): row.state for row in before.rows if row.state in DONE
    }
    rows = [
        replace(row, state=states.get((row.kind, row.start, row.stop), row.state)) for row in fresh
    ]
    next_id = max((row.id for row in rows), default=-1) + 1
    undone = [row for row in before.rows if row.state in UNDONE]
    rows += [replace(row, id=number) for number, row in enumerate(undone, next_id)]
    rows.sort(key=lambda row: (row.start, row.stop))
    return replace(proposal, edit_list=edit, changes=tuple(rows))


def with_gaps(edit: EditList, gaps: Iterable[tuple[int, int, int]]) -> EditList:
    """Returns an edit with silences in it, where it skips exactly what they stand for.

    Args:
        edit: The edit.
        gaps: The stretch of the recording that each stands for, and its length.
    """
    for start, stop, length in gaps:
        timeline = Timeline(edit)
        for position in _places(timeline, start, stop):
            edit = insert(edit, position, (Gap(length),))
            break
    return edit


def _places(timeline: Timeline, start: int, stop: int) -> list[int]:
    """Returns the edited positions at which an edit goes from one sample on to another."""
    if start == 0 and timeline.sources.size and int(timeline.source_starts[0]) == stop:
        return [0]
    before = [place + 1 for place in timeline.to_edited(0, start - 1)] if start else []
    after = set(timeline.to_edited(0, stop)) | {timeline.length}
    return [place for place in before if place in after]


def _passages(edit: EditList, rows: Sequence[Change]) -> list[Passage]:
    """Returns the arrangements around jumps back, in the order in which they are heard."""
    if not rows:
        return []
    timeline = Timeline(edit)
    stretches = []
    for join in joins_of(edit):
        row = change_at(rows, join) if join.kind in _JUMPS else None
        if row is not None:
            stop = max(row.stop, join.leaving)
            stretches.append(_heard_around(timeline, join.index, row.start, stop))
    while True:
        stretches = united(stretches)
        passages = [_ranges(slice_range(edit, *stretch)) for stretch in stretches]
        clash = _clash(passages)
        if clash is None:
            return passages
        # Two that stand for the same samples are one, with all that is heard between them.
        one, other = clash
        stretches.append((stretches[one][0], stretches[other][1]))


def _heard_around(timeline: Timeline, join: int, low: int, high: int) -> Range:
    """Returns the edited range around a join in which samples `low` to `high` are played."""
    items = timeline.edit_list.items
    first = join
    start = int(timeline.starts[join + 1])
    while first >= 0:
        item = items[first]
        if not isinstance(item, Segment) or not low < item.stop <= high:
            break
        start = int(timeline.starts[first]) + max(0, low - item.start)
        if item.start <= low:
            break
        first -= 1
    last = join + 1
    stop = int(timeline.starts[join + 1])
    while last < len(items):
        item = items[last]
        if not isinstance(item, Segment) or not low <= item.start < high:
            break
        stop = int(timeline.starts[last]) + min(item.stop, high) - item.start
        following = items[last + 1] if last + 1 < len(items) else None
        if item.stop >= high or not isinstance(following, Segment) or following.start < item.stop:
            break
        last += 1
    return start, stop


def _ranges(edit: EditList) -> Passage:
    ranges: list[Range] = []
    for segment in edit.segments:
        if ranges and ranges[-1][1] == segment.start:
            ranges[-1] = (ranges[-1][0], segment.stop)
        else:
            ranges.append((segment.start, segment.stop))
    return tuple(ranges)


def _clash(passages: Sequence[Passage]) -> tuple[int, int] | None:
    """Returns the first two passages, in heard order, that stand for the same samples."""
    spans = [span(passage) for passage in passages]
    for index, one in enumerate(spans):
        for number, other in enumerate(spans[index + 1 :], index + 1):
            if one[0] < other[1] and other[0] < one[1]:
                return index, number
    return None


def _gaps(edit: EditList, rows: Iterable[Change]) -> tuple[tuple[int, int, int], ...]:
    """Returns the silences of rows, with their lengths."""
    found = ((row, gap_of(edit, row)) for row in rows)
    return tuple(
        (row.start, row.stop, sum(edit.items[index].length for index in gaps))
        for row, gaps in found
        if gaps is not None
    )


def _held(drop: Sequence[Range], kept: Sequence[Range], hold: int) -> Iterable[Range]:
    """Returns what is heard right before and right after each dropped range."""
    starts = [start for start, _ in kept]
    stops = [stop for _, stop in kept]
    for start, stop in drop:
        left = bisect_left(stops, start)
        if left < len(kept) and stops[left] == start:
            yield max(start - hold, starts[left]), start
        right = bisect_left(starts, stop)
        if right < len(kept) and starts[right] == stop:
            yield stop, min(stop + hold, stops[right])


def _minus(ranges: Sequence[Range], taken: Sequence[Range]) -> list[Range]:
    """Returns what is left of sorted ranges without other ones."""
    union = united(taken)
    stops = [stop for _, stop in union]
    left: list[Range] = []
    for start, stop in ranges:
        low = start
        for other in union[bisect_right(stops, start) :]:
            if other[0] >= stop:
                break
            if other[0] > low:
                left.append((low, other[0]))
            low = max(low, other[1])
        if low < stop:
            left.append((low, stop))
    return left


def _common(ranges: Sequence[Range], others: Sequence[Range]) -> list[Range]:
    """Returns what sorted ranges have in common with sorted others."""
    stops = [stop for _, stop in others]
    return [
        (max(start, low), min(stop, high))
        for start, stop in ranges
        for low, high in _meeting(others, stops, start, stop)
    ]


def _meeting(
    others: Sequence[Range], stops: Sequence[int], start: int, stop: int
) -> Iterable[Range]:
    for low, high in others[bisect_right(stops, start) :]:
        if low >= stop:
            return
        yield low, high
