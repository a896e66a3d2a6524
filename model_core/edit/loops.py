"""Loops of an edit as wholes: all passes of one keep the same start and the same end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from model_core.edit.parts import check_join
from model_core.edit.types import EditList, Segment
from model_core.errors import EditError

if TYPE_CHECKING:
    from model_core.edit.types import Item


@dataclass(frozen=True, slots=True)
class Loop:
    """A passage that an edit plays several times in a row.

    Attributes:
        joins: Indices of the joins at which it begins again.
        start: First sample of the passage, in its source.
        stop: Its end, exclusive.
        least_stop: The least end that every pass has room for, the start staying where it is.
        most_start: The greatest start that every pass has room for.
    """

    joins: tuple[int, ...]
    start: int
    stop: int
    least_stop: int
    most_start: int

    @property
    def length(self) -> int:
        """How long a pass is, in samples, less what is cut inside it."""
        return self.stop - self.start

    def slid(self, wanted: int, source_length: int) -> int:
        """Returns how far both ends can move together, as near to `wanted` samples as it goes."""
        low = max(-self.start, self.least_stop - self.stop)
        high = min(source_length - self.stop, self.most_start - self.start)
        return min(max(wanted, low), high) if low <= high else 0


def loop_at(edit: EditList, join: int) -> Loop | None:
    """Returns the loop that begins again at a join, or None if none does.

    Args:
        edit: The edit.
        join: Index of the join.
    """
    if not 0 <= join < len(edit.joins):
        return None
    left, right = edit.items[join], edit.items[join + 1]
    if not isinstance(left, Segment) or not isinstance(right, Segment):
        return None
    if left.source != right.source or right.start >= left.stop:
        return None
    start, stop = right.start, left.stop
    joins = [join]
    for step in (-1, 1):
        place = _next_pass(edit, join, step, left.source, start, stop)
        while place is not None:
            joins.append(place)
            place = _next_pass(edit, place, step, left.source, start, stop)
    joins.sort()
    chosen = set(joins)
    lefts = [edit.items[index] for index in joins if index - 1 not in chosen]
    rights = [edit.items[index + 1] for index in joins if index + 1 not in chosen]
    least = max((item.start + 1 for item in lefts if isinstance(item, Segment)), default=0)
    most = min((item.stop - 1 for item in rights if isinstance(item, Segment)), default=stop)
    return Loop(tuple(joins), start, stop, least, most)


def with_loop(edit: EditList, loop: Loop, start: int, stop: int, source_length: int) -> EditList:
    """Returns the edit with other ends of a loop, the same in every pass.

    Args:
        edit: The edit.
        loop: The loop, from `loop_at`.
        start: First sample of the passage.
        stop: Its end, exclusive.
        source_length: Length of the source.

    Raises:
        EditError: A pass would be empty, or reach beyond the source.
    """
    for join in loop.joins:
        check_join(edit, join)
    if not 0 <= start < stop <= source_length:
        raise EditError("A loop can't go there: nothing would be left of it.")
    items: list[Item] = list(edit.items)
    for index in sorted({*loop.joins, *(join + 1 for join in loop.joins)}):
        item = items[index]
        if not isinstance(item, Segment):
            raise EditError("A loop can't begin again at a gap.")
        # A pass of one segment begins and ends at joins of the loop.
        low = start if index - 1 in loop.joins else item.start
        high = stop if index in loop.joins else item.stop
        if low >= high:
            raise EditError("A loop can't go there: one of its passes has no room for it.")
        items[index] = replace(item, start=low, stop=high)
    return EditList(tuple(items), edit.joins)


def _next_pass(
    edit: EditList, join: int, step: int, source: int, start: int, stop: int
) -> int | None:
    """Returns the join at the other end of the pass before or after a join, or None."""
    index = join + 1 if step > 0 else join
    while 0 <= index < len(edit.items):
        item = edit.items[index]
        if not isinstance(item, Segment) or item.source != source:
            return None
        if not start <= item.start < item.stop <= stop:
            return None
        other = index + step
        if not 0 <= other < len(edit.items):
            return None
        left, right = (index, other) if step > 0 else (other, index)
        one, two = edit.items[left], edit.items[right]
        if not isinstance(one, Segment) or not isinstance(two, Segment):
            return None
        if one.stop == stop and two.start == start and one.source == two.source == source:
            return left
        index = other
    return None
