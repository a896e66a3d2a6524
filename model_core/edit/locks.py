"""What a person has decided already, which a generated edit has to respect to the sample."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_core.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Iterable

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Locks:
    """Stretches of one recording, in samples, that are no longer up for decision.

    Attributes:
        keep: Ranges that are heard whole and unbroken.
        drop: Ranges that are not heard.
        passages: Arrangements made by hand: each is a row of ranges that are heard in that order,
            and stands for all of the recording between its first and its last sample. Passages
            come in the order in which they are heard.
    """

    keep: tuple[Range, ...] = ()
    drop: tuple[Range, ...] = ()
    passages: tuple[tuple[Range, ...], ...] = ()

    def __post_init__(self) -> None:
        ranges = [*self.keep, *self.drop, *(part for passage in self.passages for part in passage)]
        for start, stop in ranges:
            if not 0 <= start < stop:
                raise EditError(
                    f"A locked range has to begin before it ends, unlike {start}-{stop}."
                )
        if not all(self.passages):
            raise EditError("A locked passage holds at least one range.")
        taken = united(self.taken)
        stops = [stop for _, stop in taken]
        for kept in self.keep:
            next_taken = bisect_right(stops, kept[0])
            if next_taken < len(taken) and _overlap(kept, taken[next_taken]):
                raise EditError(
                    "The same samples are locked to be kept and to be left out or rearranged.",
                    "Unlock one of the two.",
                )
        spans = sorted(span(passage) for passage in self.passages)
        for one, other in itertools.pairwise(spans):
            if _overlap(one, other):
                raise EditError("Two locked passages overlap.", "Unlock one of the two.")

    @property
    def taken(self) -> tuple[Range, ...]:
        """What is decided against being heard, but for where a passage plays it."""
        return (*self.drop, *(span(passage) for passage in self.passages))

    def __bool__(self) -> bool:
        return bool(self.keep or self.drop or self.passages)

    def check_within(self, n_samples: int) -> None:
        """Refuses locks beyond the end of a recording of `n_samples`.

        Raises:
            EditError: A range ends behind it.
        """
        if any(stop > n_samples for _, stop in (*self.keep, *self.taken)):
            raise EditError("A locked range reaches beyond the recording.", "Unlock it.")


def span(passage: tuple[Range, ...]) -> Range:
    """Returns the stretch of the recording that a passage stands for."""
    return min(start for start, _ in passage), max(stop for _, stop in passage)


def united(ranges: Iterable[Range]) -> list[Range]:
    """Returns the union of ranges: sorted, neither overlapping nor touching."""
    union: list[Range] = []
    for start, stop in sorted(ranges):
        if union and start <= union[-1][1]:
            union[-1] = (union[-1][0], max(union[-1][1], stop))
        else:
            union.append((start, stop))
    return union


def _overlap(one: Range, other: Range) -> bool:
    return one[0] < other[1] and other[0] < one[1]
