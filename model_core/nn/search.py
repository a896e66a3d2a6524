"""The best edit: a joint search over the whole recording instead of a decision at a time.

One wrong long jump costs more than ten missed cuts, and only a global view sees it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model_core.nn.card import DecodingSettings
from model_core.nn.evidence import Evidence

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]

_SMOOTH = 4
_FLOOR = 1e-4
_NOISE_KNOT = 32
"""Frames between the knots of the noise that varies coverage when an edit is sampled."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of the search, in nats.

    Attributes:
        keep: Gain of playing each frame; leaving it out gains the opposite, of shape `[T]`.
        leave: Score of leaving at e, to land later, of shape `[T + 1]`.
        land: Score of landing on each frame, of shape `[T]`.
        finish: Score of ending the edit at e, of shape `[T + 1]`.
    """

    keep: FloatArray
    leave: FloatArray
    land: FloatArray
    finish: FloatArray


def make_scores(
    evidence: Evidence,
    settings: DecodingSettings,
    *,
    stop_threshold: float = 0.5,
    temperature: float = 0.0,
    rng: np.random.Generator | None = None,
) -> Scores:
    """Turns evidence into the scores of a search.

    Args:
        evidence: What the network says.
        settings: Weights, cost and bias.
        stop_threshold: Ending the edit is penalised where the share of stopping among the ways
            to leave is smaller.
        temperature: Above 0, events and coverage are perturbed at random: Gumbel noise on
            events, so that paths are drawn rather than the best one taken.
        rng: Source of the noise; needed for a temperature above 0.

    Returns:
        The scores.
    """
    end = _box_sum(evidence.end)
    stop_share = _box_sum(evidence.stop) / np.maximum(end, 1e-9)
    weight = np.float32(settings.event_weight)
    log_end = np.log(np.clip(end, _FLOOR, 1))
    log_land = np.log(np.clip(evidence.landing, _FLOOR, 1))
    keep = evidence.coverage[:, 0] + np.float32(settings.keep_bias)
    if temperature > 0:
        if rng is None:
            raise ValueError("A temperature above 0 needs a random generator.")
        log_end = log_end + temperature * _centred_gumbel(len(log_end), rng)
        log_land = log_land + temperature * _centred_gumbel(len(log_land), rng)
        keep = keep + temperature * _slow_noise(len(keep), rng)
    belief = np.log(np.clip(stop_share / stop_threshold, _FLOOR, 1))
    cost = np.float32(settings.event_cost)
    return Scores(
        keep.astype(np.float32),
        (weight * log_end - cost).astype(np.float32),
        (weight * log_land).astype(np.float32),
        (weight * (log_end + belief) - cost).astype(np.float32),
    )


def best_runs(scores: Scores, keep_bias: float = 0.0) -> IntArray:
    """Finds the edit of highest score among those that only ever jump forward.

    An exact Viterbi over three states a frame: played, skipped on the way to a landing, and
    skipped because the edit is over. Linear in T.

    Args:
        scores: The scores.
        keep_bias: Added to every frame's gain, to lengthen or shorten the edit.

    Returns:
        Frame ranges that are played in turn, of shape `[n, 2]`; never empty when T > 0.
    """
    n_frames = len(scores.keep)
    if n_frames == 0:
        return np.zeros((0, 2), np.int64)
    # Scores relative to skipping everything: playing a frame gains 2 * keep, skipping nothing.
    gains = (2.0 * (scores.keep.astype(np.float64) + keep_bias)).tolist()
    leave, land = scores.leave.tolist(), scores.land.tolist()
    minus_infinity = float("-inf")
    played, skipped = minus_infinity, minus_infinity
    entered = bytearray(n_frames)  # 1: the run of played frames begins here by a landing
    left = bytearray(n_frames)  # 1: the run of skipped frames begins here
    final = np.empty(n_frames, np.float64)
    for t in range(n_frames):
        gain = gains[t]
        if t == 0:
            new_played, new_skipped = gain, leave[0]
            left[0] = 1
        else:
            landing = skipped + land[t]
            if landing > played:
                new_played = landing + gain
                entered[t] = 1
            else:
                new_played = played + gain
            leaving = played + leave[t]
            if leaving > skipped:
                new_skipped = leaving
                left[t] = 1
            else:
                new_skipped = skipped
        played, skipped = new_played, new_skipped
        final[t] = played
    # final[t] is the best path that plays t; ending after it costs `finish[t + 1]`, except that
    # playing the last frame ends the edit by itself.
    final[:-1] += scores.finish[1:-1]
    return _trace_back(int(final.argmax()), entered, left)


def _trace_back(last: int, entered: bytearray, left: bytearray) -> IntArray:
    """Follows the best path from its last played frame to the start."""
    runs: list[tuple[int, int]] = []
    stop = last + 1
    while True:
        start = entered.rfind(1, 0, stop)
        if start <= 0:
            runs.append((0, stop))
            break
        runs.append((start, stop))
        stop = left.rfind(1, 0, start)  # frames from here to `start` are skipped
        if stop == 0:
            break
    return np.array(runs[::-1], np.int64)


def runs_for_length(scores: Scores, target_frames: int, tolerance: float = 0.01) -> IntArray:
    """Finds the best edit of a wanted length by a bias on every frame, found by bisection.

    The edit nearest to the target is returned; lengths jump where whole passages come or go, so
    not every length can be met.
    """
    low, high = -40.0, 40.0
    nearest = best_runs(scores)
    for _ in range(24):
        length = run_length(nearest)
        if abs(length - target_frames) <= tolerance * target_frames:
            return nearest
        bias = (low + high) / 2
        runs = best_runs(scores, bias)
        if abs(run_length(runs) - target_frames) < abs(length - target_frames):
            nearest = runs
        if run_length(runs) < target_frames:
            low = bias
        else:
            high = bias
    return nearest


def run_length(runs: IntArray) -> int:
    """Returns the frames that an edit plays."""
    return int((runs[:, 1] - runs[:, 0]).sum())


def runs_to_pointers(runs: IntArray) -> IntArray:
    """Lists the frames that an edit plays, in order."""
    if len(runs) == 0:
        return np.zeros(0, np.int64)
    return np.concatenate([np.arange(start, stop, dtype=np.int64) for start, stop in runs])


def _box_sum(values: FloatArray) -> FloatArray:
    """Sums each value with its neighbours within `_SMOOTH`."""
    total = np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))
    index = np.arange(len(values))
    low = np.maximum(index - _SMOOTH, 0)
    high = np.minimum(index + _SMOOTH + 1, len(values))
    summed: FloatArray = (total[high] - total[low]).astype(np.float32)
    return summed


def _centred_gumbel(size: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    return rng.gumbel(-np.euler_gamma, 1.0, size)


def _slow_noise(size: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Returns normal noise that changes over a third of a second."""
    knots = rng.normal(0, 1, size // _NOISE_KNOT + 2)
    return np.interp(np.arange(size) / _NOISE_KNOT, np.arange(len(knots)), knots)
