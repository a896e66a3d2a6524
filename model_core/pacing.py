"""Pauses and margins of an edit as a style wants them, from where the recording is silent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from model_core.nn.locked import Stretch

if TYPE_CHECKING:
    from model_core.audio.pauses import Silences
    from model_core.edit.locks import Locks

IntArray = npt.NDArray[np.int64]
Free = Callable[[int, int], bool]
"""Whether a range of samples may be taken out, or put back."""

_LEAST_CUT_S = 0.08
_NEAR_S = 0.3
_EDGE_S = 0.1


def with_pauses(
    stretches: Sequence[Stretch],
    silences: Silences,
    pause_s: float,
    shortest_s: float,
    sample_rate: int,
    free: Free,
    after_share: float = 0.5,
) -> list[Stretch]:
    """Shortens pauses that are longer than a style leaves them, and puts back those that are not.

    Args:
        stretches: What is played, in order.
        silences: Where the recording is silent; what isn't sure is not cut.
        pause_s: What is left of a pause.
        shortest_s: Pauses up to this long stay.
        sample_rate: In Hz.
        free: What may be taken out and put back.
        after_share: Share of what is left that lies behind the last sound.
    """
    left, shortest = round(pause_s * sample_rate), round(shortest_s * sample_rate)
    least = round(_LEAST_CUT_S * sample_rate)
    after = int(left * after_share)
    lengths = silences.ranges[:, 1] - silences.ranges[:, 0]
    long = silences.ranges[silences.sure & (lengths > max(shortest, left + least))]
    paced: list[Stretch] = []
    for stretch in _without_short_cuts(stretches, silences.ranges, shortest, sample_rate, free):
        start = stretch.start
        inside = long[(long[:, 0] > stretch.start) & (long[:, 1] < stretch.stop)]
        for low, high in [] if stretch.locked else inside.tolist():
            leaving, landing = low + after, high - (left - after)
            if free(low, high):
                paced.append(replace(stretch, start=start, stop=leaving))
                start = landing
        paced.append(replace(stretch, start=start))
    return paced


def _without_short_cuts(
    stretches: Sequence[Stretch], silences: IntArray, shortest: int, rate: int, free: Free
) -> list[Stretch]:
    """Puts back what was cut of pauses that a style leaves as they are."""
    near = round(_EDGE_S * rate)
    merged = list(stretches[:1])
    for left, right in pairwise(stretches):
        fits = (silences[:, 0] - near <= left.stop) & (right.start <= silences[:, 1] + near)
        lengths = (silences[:, 1] - silences[:, 0])[fits]
        whole = left.stop < right.start and not left.locked and not right.locked
        if whole and len(lengths) and lengths.max() <= shortest and free(left.stop, right.start):
            merged[-1] = replace(merged[-1], stop=right.stop)
        else:
            merged.append(right)
    return merged


def with_margins(
    stretches: Sequence[Stretch],
    silences: IntArray,
    margin_s: float,
    sample_rate: int,
    n_samples: int,
    free: Free,
) -> list[Stretch]:
    """Begins an edit so long before its first sound, and ends it so long behind its last one.

    Only silence is taken out or put back. Args as for `with_pauses`; `n_samples` is the length of
    the recording.
    """
    paced = list(stretches)
    if not paced:
        return paced
    margin, near = round(margin_s * sample_rate), round(_NEAR_S * sample_rate)
    first, last = paced[0], paced[-1]
    before = silences[(silences[:, 0] <= first.start) & (first.start < silences[:, 1] + near)]
    if len(before) and not first.locked:
        low, high = before[-1].tolist()
        start = max(low, high - margin)
        if start < first.stop and free(min(start, first.start), max(start, first.start)):
            paced[0] = first = replace(first, start=start)
            last = paced[-1]
    behind = silences[(silences[:, 0] < last.stop + near) & (last.stop <= silences[:, 1])]
    if len(behind) and not last.locked:
        low, high = behind[0].tolist()
        stop = min(n_samples, high, low + margin)
        if last.start < stop and free(min(stop, last.stop), max(stop, last.stop)):
            paced[-1] = replace(last, stop=stop)
    return paced


def free_of(locks: Locks) -> Free:
    """Returns what may be taken out and put back without touching what is locked."""
    fixed = [*locks.keep, *locks.taken]

    def free(start: int, stop: int) -> bool:
        return not any(low < stop and start < high for low, high in fixed)

    return free
