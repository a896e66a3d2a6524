"""From counts to figures: shares with confidence intervals, and how honest confidences are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.calibration import calibration_error as expected_calibration_error

if TYPE_CHECKING:
    import numpy.typing as npt

    from benchmarks.quality_measures import Judged

_RESAMPLES = 2000
_BINS = 10


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value.

    Attributes:
        value: The value over all recordings.
        low: Lower end of the interval that holds 95 % of the values over resampled recordings.
        high: Its upper end.
        recordings: How many recordings it rests on.
    """

    value: float
    low: float
    high: float
    recordings: int


def share(judged: Sequence[Judged], measure: str) -> Figure | None:
    """Returns a measure over recordings: the parts' sum by the wholes'; None if none has it."""
    pairs = np.array([j.counts[measure] for j in judged if measure in j.counts], np.float64)
    pairs = pairs.reshape(-1, 2)
    pairs = pairs[pairs[:, 1] > 0]
    return _figure(pairs, lambda sums: sums[..., 0] / sums[..., 1]) if len(pairs) else None


def difference(before: Sequence[Judged], after: Sequence[Judged], measure: str) -> Figure | None:
    """Returns how much a measure rose over the same recordings, edited in two ways.

    Recordings are drawn in pairs, so what is hard for both ways doesn't widen the interval.

    Args:
        before: Recordings as one program edited them.
        after: The same in the same order, as another did.
        measure: The measure.

    Returns:
        The difference of shares; None if no recording has the measure.
    """
    pairs = np.array(
        [
            (*one.counts[measure], *other.counts[measure])
            for one, other in zip(before, after, strict=True)
            if measure in one.counts and measure in other.counts
        ],
        np.float64,
    ).reshape(-1, 4)
    pairs = pairs[(pairs[:, 1] > 0) & (pairs[:, 3] > 0)]
    if not len(pairs):
        return None
    return _figure(pairs, lambda sums: sums[..., 2] / sums[..., 3] - sums[..., 0] / sums[..., 1])


def _figure(
    counts: npt.NDArray[np.float64],
    of_sums: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]],
) -> Figure:
    """Returns what sums over recordings, the rows of `counts`, come to."""
    drawn = of_sums(counts[_draws(len(counts))].sum(axis=1))
    low, high = np.percentile(drawn, (2.5, 97.5))
    return Figure(float(of_sums(counts.sum(axis=0))), float(low), float(high), len(counts))


def calibration_error(joins: Sequence[tuple[float, bool]]) -> float:
    """Returns the expected calibration error over ten bins with equally many joins each."""
    pairs = np.array(joins, np.float64).reshape(-1, 2)
    return expected_calibration_error(pairs[:, 0], pairs[:, 1] > 0, _BINS)


def calibration(judged: Sequence[Judged], *, anywhere: bool) -> Figure | None:
    """Returns the calibration error of the joins' confidence over recordings.

    Args:
        judged: The recordings.
        anywhere: Whether a join may lie anywhere in the true one's pause.
    """
    groups = [_pairs(j, anywhere=anywhere) for j in judged if j.joins]
    if not groups:
        return None
    value = calibration_error([join for group in groups for join in group])
    values = [
        calibration_error([join for index in drawn for join in groups[index]])
        for drawn in _draws(len(groups), 200)
    ]
    low, high = np.percentile(values, (2.5, 97.5))
    return Figure(value, float(low), float(high), len(groups))


def reliability(judged: Sequence[Judged], *, anywhere: bool) -> list[tuple[float, float, int]]:
    """Returns for each of ten bins the mean confidence, the share of right joins, and the count."""
    joins = [join for j in judged for join in _pairs(j, anywhere=anywhere)]
    bins = _bins(joins) if joins else []
    return [(float(b[:, 0].mean()), float(b[:, 1].mean()), len(b)) for b in bins]


def _bins(joins: Sequence[tuple[float, bool]]) -> list[npt.NDArray[np.float64]]:
    """Returns joins in bins of equal size by confidence; equal ones stay in their order."""
    pairs = np.array(joins, np.float64)
    return np.array_split(pairs[np.argsort(pairs[:, 0], kind="stable")], min(_BINS, len(pairs)))


def _pairs(judged: Judged, *, anywhere: bool) -> list[tuple[float, bool]]:
    return [(sure, alike if anywhere else right) for sure, right, alike in judged.joins]


def _draws(n: int, resamples: int = _RESAMPLES) -> npt.NDArray[np.int64]:
    """Returns indices of recordings, drawn with replacement; the same at every call."""
    return np.random.default_rng(0).integers(n, size=(resamples, n))
