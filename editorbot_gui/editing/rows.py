"""The rows of the edits list after an edit by hand: what was known of them before stays known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from model_core.edit.coverage import changes_of
from model_core.edit.types import UNDONE, ChangeState

if TYPE_CHECKING:
    from model_core.edit.types import Change, ChangeKind, EditList

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
    exact: dict[tuple[ChangeKind, int, int], list[Change]] = {}
    # Passes of one loop are rows that are alike; those that are there are known again first.
    for row in sorted(before, key=lambda row: row.state in UNDONE):
        exact.setdefault((row.kind, row.start, row.stop), []).append(row)
    next_id = max((row.id for row in before), default=-1) + 1
    fresh = changes_of(edit, n_samples, state=ChangeState.MANUAL, first_id=next_id)
    taken: set[int] = set()
    rows: list[Change] = []
    loose: list[Change] = []
    for row in fresh:
        alike = exact.get((row.kind, row.start, row.stop))
        if alike:
            known = alike.pop(0)
            taken.add(known.id)
            done = known.state in UNDONE
            rows.append(replace(known, state=ChangeState.MANUAL) if done else known)
        else:
            loose.append(row)
    others = [row for row in before if row.id not in taken]
    for row in loose:
        nearest = max(others, key=lambda other: _shared(row, other), default=None)
        if nearest is not None and _shared(row, nearest) >= _SAME_SHARE:
            others.remove(nearest)
            row = replace(row, id=nearest.id, reason=nearest.reason)
        rows.append(row)
    rows += [row for row in others if row.state in UNDONE]
    rows.sort(key=lambda row: (row.start, row.stop))
    return tuple(rows)


def _shared(one: Change, other: Change) -> float:
    """Returns how much two rows have in common, 0 to 1."""
    if one.kind is not other.kind or one.source != other.source:
        return 0.0
    common = min(one.stop, other.stop) - max(one.start, other.start)
    longest = max(one.stop, other.stop) - min(one.start, other.start)
    return common / longest if longest else 1.0
