"""The best edit: a joint search over the whole recording instead of a decision at a time.

One wrong long jump costs more than ten missed cuts, and only a global view sees it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from model_core.nn.card import DecodingSettings
from model_core.nn.evidence import SMOOTH_FRAMES, Evidence
from model_core.nn.lattice import Scores, best_edit

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_FLOOR = 1e-4
_NOISE_KNOT = 32
"""Frames between the knots of the noise that varies coverage when an edit is sampled."""
_TRIES = 16
_MOST_BIAS = 100.0
"""Nats a frame: more outweighs whatever the network may say, and gains nothing."""
_LENGTH_TOLERANCE = 0.005


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
        settings: Weights, costs and bias.
        stop_threshold: Ending the edit is penalised where the share of stopping among the ways
            to leave is smaller.
        temperature: Above 0, events and coverage are perturbed at random: Gumbel noise on
            events, so that paths are drawn rather than the best one taken.
        rng: Source of the noise; needed for a temperature above 0.

    Returns:
        The scores.
    """
    end = box_sum(evidence.end)
    stop_share = box_sum(evidence.stop) / np.maximum(end, 1e-9)
    log_end = np.log(np.clip(end, _FLOOR, 1))
    log_land = np.log(np.clip(evidence.landing, _FLOOR, 1)).astype(np.float64)
    log_back = np.log(np.clip(evidence.backward.mass, _FLOOR, 1)).astype(np.float64)
    keep = evidence.coverage.astype(np.float64)
    keep[:, 0] += settings.keep_bias
    # Of frames that aren't played once nothing was learned about playing them twice.
    keep = np.minimum.accumulate(keep, axis=1)
    if temperature > 0:
        if rng is None:
            raise ValueError("A temperature above 0 needs a random generator.")
        log_end = log_end + temperature * _centred_gumbel(len(log_end), rng)
        log_land = log_land + temperature * _centred_gumbel(len(log_land), rng)
        log_back = log_back + temperature * _centred_gumbel(len(log_back), rng)
        keep = keep + temperature * _slow_noise(len(keep), rng)[:, None]
    belief = np.log(np.clip(stop_share / stop_threshold, _FLOOR, 1))
    weight = settings.event_weight
    leave = weight * log_end - settings.event_cost
    back = leave[evidence.backward.leave] + weight * log_back - settings.back_cost
    return Scores(
        2.0 * keep,
        leave,
        weight * log_land,
        weight * (log_end + belief) - settings.event_cost,
        evidence.backward.leave,
        evidence.backward.land,
        back,
    )


def best_runs(scores: Scores) -> IntArray:
    """Returns the frame ranges that the best edit plays in turn, of shape `[n, 2]`."""
    return best_edit(scores).runs


def for_length(find: Callable[[float], list[IntArray]], target_frames: int) -> list[IntArray]:
    """Finds the edit nearest to a wanted length by a bias on every frame.

    Lengths jump where whole passages come or go, so not every length can be met.

    Args:
        find: Returns the best runs of each part of the edit when every frame is worth so much more.
        target_frames: Wanted length of all parts together.

    Returns:
        The runs of the nearest edit that was found.
    """
    runs = nearest = find(0.0)
    bias, step = 0.0, 1.0
    short: float | None = None
    long: float | None = None
    for _ in range(_TRIES):
        missing = target_frames - sum(map(run_length, runs))
        if abs(missing) < abs(target_frames - sum(map(run_length, nearest))):
            nearest = runs
        if abs(missing) <= _LENGTH_TOLERANCE * target_frames:
            break
        if missing > 0:
            short = bias
        else:
            long = bias
        # Doubling steps until the target lies between two tries, then halving the distance.
        if short is not None and long is not None:
            bias = (short + long) / 2
        else:
            if abs(bias) >= _MOST_BIAS:
                break
            bias = min(max(bias + (step if missing > 0 else -step), -_MOST_BIAS), _MOST_BIAS)
            step *= 2
        runs = find(bias)
    return nearest


def run_length(runs: IntArray) -> int:
    """Returns the frames that an edit plays."""
    return int((runs[:, 1] - runs[:, 0]).sum())


def runs_to_pointers(runs: IntArray) -> IntArray:
    """Lists the frames that an edit plays, in order."""
    if len(runs) == 0:
        return np.zeros(0, np.int64)
    return np.concatenate([np.arange(start, stop, dtype=np.int64) for start, stop in runs])


def box_sum(values: npt.NDArray[np.floating]) -> FloatArray:
    """Sums each value with its neighbours within `SMOOTH_FRAMES`."""
    total = np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))
    index = np.arange(len(values))
    low = np.maximum(index - SMOOTH_FRAMES, 0)
    high = np.minimum(index + SMOOTH_FRAMES + 1, len(values))
    summed: FloatArray = total[high] - total[low]
    return summed


def _centred_gumbel(size: int, rng: np.random.Generator) -> FloatArray:
    return rng.gumbel(-np.euler_gamma, 1.0, size)


def _slow_noise(size: int, rng: np.random.Generator) -> FloatArray:
    """Returns normal noise that changes over a third of a second."""
    knots = rng.normal(0, 1, size // _NOISE_KNOT + 2)
    return np.interp(np.arange(size) / _NOISE_KNOT, np.arange(len(knots)), knots)
