"""The rows of the edits list after an edit by hand: what was known of them before stays known."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING

from model_core.edit.coverage import change_rows
from model_core.edit.types import UNDONE, Change, ChangeKind, ChangeState, Reason

if TYPE_CHECKING:
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
    exact: dict[tuple[int, int, ChangeKind], list[Change]] = {}
    # Passes of one loop are rows that are alike; those that are there are known again first.
    undone = [row for row in before if row.state in UNDONE]
    there = [row for row in before if row.state not in UNDONE] if undone else before
    for row in (*there, *undone):
        exact.setdefault((row.start, row.stop, row.kind), []).append(row)
    next_id = max((row.id for row in before), default=-1) + 1
    taken: set[int] = set()
    rows: list[Change] = []
    loose: list[tuple[int, int, ChangeKind]] = []
    for place in change_rows(edit, n_samples):
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
        nearest = max(others, key=lambda other, row=row: _shared(row, other), default=None)
        if nearest is not None and _shared(row, nearest) >= _SAME_SHARE:
            others.remove(nearest)
            row = replace(row, id=nearest.id, reason=nearest.reason)
        rows.append(row)
    rows += [row for row in others if row.state in UNDONE]
    if loose or undone:
        rows.sort(key=_PLACE)
    return tuple(rows)


def _shared(one: Change, other: Change) -> float:
    """Returns how much two rows have in common, 0 to 1."""
    if one.kind is not other.kind or one.source != other.source:
        return 0.0
    common = min(one.stop, other.stop) - max(one.start, other.start)
    longest = max(one.stop, other.stop) - min(one.start, other.start)
    return common / longest if longest else 1.0
