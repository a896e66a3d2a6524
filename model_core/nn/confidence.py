"""How sure a join is: what speaks for leaving there, times what speaks for landing there.

See docs/adr/0015-confidence.md for what it is the probability of.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from model_core.nn.evidence import SMOOTH_FRAMES, Evidence

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_WINDOW = 60
"""Frames (0.7 s) around a place within which an edit may leave as well: where exactly a pause is
left is arbitrary, so the probability of leaving spreads."""
_LANDING_REACH = 30
"""Frames around a landing that count as it: refinement moves joins by so much."""


def join_evidence(evidence: Evidence, leaving: IntArray, landing: IntArray) -> FloatArray:
    """Returns what speaks for joins, from 0 to 1: probability of leaving times that of landing.

    Args:
        evidence: What the network says.
        leaving: Expected position e of each join, of shape `[J]`; 0 where the edit begins.
        landing: Frame that is played next, of shape `[J]`; T where the edit ends.
    """
    n_frames = len(evidence.landing)
    survival = np.concatenate(
        ([0.0], np.cumsum(np.log1p(-evidence.end.astype(np.float64).clip(0, 1 - 1e-9))))
    )
    half = _WINDOW // 2
    low = np.clip(leaving - half, 0, n_frames)
    high = np.clip(leaving + half, 1, n_frames + 1)
    leave = -np.expm1(survival[high] - survival[low])
    land = _most_near(evidence.landing, np.minimum(landing, n_frames - 1))
    backward = evidence.backward
    for index in np.flatnonzero(landing < leaving).tolist():
        near = (np.abs(backward.leave - leaving[index]) <= half) & (
            np.abs(backward.land - landing[index]) <= _LANDING_REACH
        )
        land[index] = backward.mass[near].max(initial=0.0)
    ends = landing >= n_frames
    if ends.any():
        stop = evidence.stop.astype(np.float64)
        share = _most_near(stop / np.maximum(evidence.end, 1e-6), leaving.clip(0, n_frames))
        land = np.where(ends, share, land)
    sure: FloatArray = np.clip(leave * land, 0.0, 1.0)
    return sure


def calibrated(evidence: FloatArray, knots: Sequence[tuple[float, float]]) -> FloatArray:
    """Maps the evidence for joins to the probability that they are right.

    Args:
        evidence: From `join_evidence`, of shape `[J]`.
        knots: Of the fitted rising map; without any the evidence itself is returned.
    """
    if not knots:
        return evidence
    places, values = zip(*knots, strict=True)
    probabilities: FloatArray = np.interp(evidence, places, values)
    return probabilities


def _most_near(values: npt.NDArray[np.floating], places: IntArray) -> FloatArray:
    """Returns the largest value within `_LANDING_REACH` of each place."""
    reach = _LANDING_REACH + SMOOTH_FRAMES
    at = places[:, None] + np.arange(-reach, reach + 1)
    near = values[at.clip(0, len(values) - 1)]
    largest: FloatArray = near.max(axis=1, initial=0.0).astype(np.float64)
    return largest
