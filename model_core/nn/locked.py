"""The search around what a person has locked.

Keep and drop are scores that nothing outweighs. A passage arranged by hand splits the recording:
what lies before, between and after passages is searched by itself, and the passages are put in
between, to the sample.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from model_core.edit.locks import Locks, Range, span
from model_core.edit.pointers import frame_at, frame_count, frame_start
from model_core.nn.lattice import Scores, best_edit
from model_core.nn.search import for_length

IntArray = npt.NDArray[np.int64]

_ALWAYS = 1e6


@dataclass(frozen=True, slots=True)
class Stretch:
    """A range of samples that the edit plays.

    Attributes:
        start: First sample.
        stop: Its end, exclusive.
        locked: Whether it was arranged by hand.
    """

    start: int
    stop: int
    locked: bool


@dataclass(frozen=True, slots=True)
class _Gap:
    """What is searched between two passages, or beside them.

    Attributes:
        samples: Its range of samples.
        frames: Its range of frames.
        scores: Of these frames.
    """

    samples: Range
    frames: Range
    scores: Scores


def search_around(
    scores: Scores, locks: Locks, hop: Fraction, n_samples: int, target_frames: int | None = None
) -> list[Stretch]:
    """Finds the best edit that respects the locks.

    Args:
        scores: Of the whole recording.
        locks: What is decided already.
        hop: Samples per frame.
        n_samples: Length of the recording.
        target_frames: Wanted length of the edit.

    Returns:
        What is played, in order.

    Raises:
        EditError: A lock reaches beyond the recording.
    """
    locks.check_within(n_samples)
    gaps = _gaps(_with_locks(scores, locks, hop, n_samples), locks, hop, n_samples)
    may_be_empty = bool(locks.passages)

    def found(bias: float) -> list[IntArray]:
        return [best_edit(gap.scores.biased(bias), may_be_empty=may_be_empty).runs for gap in gaps]

    if target_frames is None:
        return _assembled(gaps, found(0.0), locks, hop)
    by_hand = sum(stop - start for passage in locks.passages for start, stop in passage)
    wanted = max(1, target_frames - round(by_hand / hop))
    return _assembled(gaps, for_length(found, wanted), locks, hop)


def _with_locks(scores: Scores, locks: Locks, hop: Fraction, n_samples: int) -> Scores:
    """Returns scores in which what is locked outweighs everything."""
    gain, leave = scores.gain.copy(), scores.leave.copy()
    land, finish = scores.land.copy(), scores.finish.copy()
    open_jump = np.ones(len(scores.back), bool)
    for kept in locks.keep:
        first, last = frame_at(kept[0], hop), frame_at(kept[1] - 1, hop) + 1
        gain[first:last, 0] += _ALWAYS
        leave[first + 1 : last] -= _ALWAYS
        land[first + 1 : last] -= _ALWAYS
        finish[first + 1 : last] -= _ALWAYS
        open_jump &= (scores.back_leave <= first) | (scores.back_leave >= last)
        open_jump &= (scores.back_land <= first) | (scores.back_land >= last)
    for start, stop in locks.taken:
        # Frames that lie in it as a whole; of one at its edge only some samples go.
        first = frame_at(start - 1, hop) + 1 if start else 0
        last = frame_count(n_samples, hop) if stop == n_samples else frame_at(stop, hop)
        gain[first:last] -= _ALWAYS
    return Scores(
        gain,
        leave,
        land,
        finish,
        scores.back_leave[open_jump],
        scores.back_land[open_jump],
        scores.back[open_jump],
    )


def _gaps(scores: Scores, locks: Locks, hop: Fraction, n_samples: int) -> list[_Gap]:
    """Returns what is to be searched: before each passage, and after the last one."""
    gaps = []
    low = 0
    for index in range(len(locks.passages) + 1):
        is_last = index == len(locks.passages)
        start, stop = (n_samples, n_samples) if is_last else span(locks.passages[index])
        high = max(low, start)
        first = frame_at(low, hop) if low < high else 0
        last = frame_at(high - 1, hop) + 1 if low < high else 0
        part = scores.part(first, last)
        # Before a passage an edit doesn't end but goes on there, which asks for no evidence.
        gaps.append(
            _Gap((low, high), (first, last), part if is_last else replace(part, finish=part.leave))
        )
        low = max(low, stop)
    return gaps


def _assembled(
    gaps: list[_Gap], found: list[IntArray], locks: Locks, hop: Fraction
) -> list[Stretch]:
    """Puts what was found and the passages together, in samples."""
    stretches: list[Stretch] = []
    for index, (gap, runs) in enumerate(zip(gaps, found, strict=True)):
        for start, stop in (runs + gap.frames[0]).tolist():
            low = max(frame_start(start, hop), gap.samples[0])
            high = min(frame_start(stop, hop), gap.samples[1])
            # A frame at the edge of a gap may reach into a passage that is heard elsewhere.
            parts = _without((low, high), locks.taken)
            stretches += [Stretch(*part, locked=False) for part in parts]
        if index < len(locks.passages):
            stretches += [Stretch(*part, locked=True) for part in locks.passages[index]]
    return stretches


def _without(whole: Range, dropped: tuple[Range, ...]) -> list[Range]:
    """Returns what is left of a range."""
    left = [whole] if whole[0] < whole[1] else []
    for start, stop in dropped:
        left = [
            part
            for low, high in left
            for part in ((low, min(high, start)), (max(low, stop), high))
            if part[0] < part[1]
        ]
    return left
