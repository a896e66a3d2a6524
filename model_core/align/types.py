"""What the aligner is asked, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model_core.edit.pointers import PointerSequence
    from model_core.edit.types import EditList


@dataclass(frozen=True, slots=True)
class AlignSettings:
    """How a pair is aligned. Costs are in units of one cell (23 ms) of perfect likeness.

    Attributes:
        jump_cost: What a jump within the recording costs.
        foreign_cost: What going to or coming back from material that isn't of the recording costs.
        foreign_score: Likeness below which material counts as not of the recording.
        least_matched: A pair of which less than this share of the edit is found is refused.
        exact_minutes: Pairs of which both sides are longer are searched coarsely first.
        find_speed: Whether to look for a change of speed where the pair doesn't fit as it is.
    """

    jump_cost: float = 4.0
    foreign_cost: float = 6.0
    foreign_score: float = 0.5
    least_matched: float = 0.5
    exact_minutes: float = 30.0
    find_speed: bool = True


class Verdict(StrEnum):
    """Whether a pair may be learnt from as it is."""

    GOOD = "good"
    CHECK = "check"
    """It belongs together, but a person should look at it: `AlignmentReport.remarks` says why."""


@dataclass(frozen=True, slots=True)
class AlignmentReport:
    """What is known about how well a pair fits.

    Attributes:
        coverage: Share of the recording that is heard in the edit.
        matched: Share of the edit that comes from the recording.
        joins: Number of places where the edit jumps, also to or from foreign material.
        length_ratio: Length of the edit by length of the recording, in seconds.
        confidence: 0 to 1: share of the matched edit whose waveform was found again, times how
            much alike the two sound.
        speed: As in `Alignment`.
        identical: Share of the matched edit in pieces that, where they were probed, equal the
            recording sample for sample; 1 for an unprocessed edit.
        verdict: Whether the pair may be learnt from.
        remarks: Sentences for the person; empty for a good pair.
    """

    coverage: float
    matched: float
    joins: int
    length_ratio: float
    confidence: float
    speed: float
    identical: float
    verdict: Verdict
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alignment:
    """How a finished edit is made of its recording.

    Attributes:
        edit_list: The edit in samples of the recording (source 0), with gaps in place of what is
            not from it. Where neither the rate nor the speed differs it is as long as the edit.
        pointers: The same as the network's frames; gaps have none.
        foreign: Ranges `(start, stop)` of the finished edit, in its own samples, that are not from
            the recording; where the gaps are.
        speed: How much faster than the recording the edit runs; 1 where it doesn't.
        report: How well the pair fits.
    """

    edit_list: EditList
    pointers: PointerSequence
    foreign: tuple[tuple[int, int], ...]
    speed: float
    report: AlignmentReport
