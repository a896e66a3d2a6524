"""The rows of the edits list after an edit by hand: what was known of them before stays known."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING

from model_core.edit.coverage import change_rows
from model_core.edit.types import UNDONE, Change, ChangeKind, ChangeState, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_core.edit.types import EditList

_PLACE = attrgetter("start", "stop")

_SAME_SHARE = 0.5
"""A row that has so much in common with one before is still that one, moved a little."""


def rows_after(before: tuple[Change, ...], edit: EditList, n_samples: int) -> tuple[Change, ...]:
    """Returns what an edit does, with what was known of the rows before.

    A row that is as it was stays what it was. One that was moved or trimmed keeps its number and
    its reason, but now it is a person's, without confidence. What was rejected stays in the list.

    Args:
        before: The rows of the edit as it was.
        edit: The edit as it is.
        n_samples: Length of the recording in samples.
    """
    places = change_rows(edit, n_samples)
    head = _n_alike(before, places)
    if head == len(before) == len(places):
        return before
    # What comes before and after all that has changed is known at a glance.
    tail = _n_alike(before[head:][::-1], places[head:][::-1])
    last = len(before) - tail
    known = _rows_between(before[head:last], places[head : len(places) - tail], before)
    rows = (*before[:head], *known, *before[last:])
    return rows if _in_order(rows, head, tail) else tuple(sorted(rows, key=_PLACE))


def _n_alike(rows: Sequence[Change], places: Sequence[tuple[int, int, ChangeKind]]) -> int:
    """Returns how many rows there are at the beginning that an edit still makes."""
    count = 0
    for row, (start, stop, kind) in zip(rows, places, strict=False):
        alike = row.start == start and row.stop == stop and row.kind is kind
        if not alike or row.state in UNDONE:
            break
        count += 1
    return count


def _in_order(rows: tuple[Change, ...], head: int, tail: int) -> bool:
    """Whether rows are in the order of the recording, given that the head and the tail are."""
    around = rows[max(0, head - 1) : len(rows) - max(0, tail - 1)]
    return all(_PLACE(one) <= _PLACE(other) for one, other in pairwise(around))


def _rows_between(
    before: Sequence[Change],
    places: Sequence[tuple[int, int, ChangeKind]],
    everything: tuple[Change, ...],
) -> list[Change]:
    """Returns the rows of what an edit does, with what was known of rows before."""
    exact: dict[tuple[int, int, ChangeKind], list[Change]] = {}
    # Passes of one loop are rows that are alike; those that are there are known again first.
    for row in sorted(before, key=lambda row: row.state in UNDONE):
        exact.setdefault((row.start, row.stop, row.kind), []).append(row)
    next_id = max((row.id for row in everything), default=-1) + 1
    taken: set[int] = set()
    rows: list[Change] = []
    loose: list[tuple[int, int, ChangeKind]] = []
    for place in places:
        alike = exact.get(place)
        if alike:
            known = alike.pop(0)
            taken.add(known.id)
            done = known.state in UNDONE
            rows.append(replace(known, state=ChangeState.MANUAL) if done else known)
        else:
            loose.append(place)
    others = [row for row in before if row.id not in taken]
    for number, (start, stop, kind) in enumerate(loose, next_id):
        reason = Reason.REPEAT if kind is ChangeKind.LOOP else Reason.OTHER
        row = Change(number, kind, reason, 0, start, stop, state=ChangeState.MANUAL)
        nearest = _nearest(row, others)
        if nearest is not None and _shared(row, nearest) >= _SAME_SHARE:
            others.remove(nearest)
            row = replace(row, id=nearest.id, reason=nearest.reason)
        rows.append(row)
    rows += [row for row in others if row.state in UNDONE]
    rows.sort(key=_PLACE)
    return rows


def _nearest(row: Change, others: Sequence[Change]) -> Change | None:
    return max(others, key=lambda other: _shared(row, other), default=None)


def _shared(one: Change, other: Change) -> float:
    """Returns how much two rows have in common, 0 to 1."""
    if one.kind is not other.kind or one.source != other.source:
        return 0.0
    common = min(one.stop, other.stop) - max(one.start, other.start)
    longest = max(one.stop, other.stop) - min(one.start, other.start)
    return common / longest if longest else 1.0
