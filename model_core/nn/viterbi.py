"""The best way forward through a recording: an exact Viterbi search over *played* and *skipped*.

Before frame t a path has either just played frame t - 1 (value p) or is skipping (value s), and

    p' = max(p, s + land[t]) + gain[t]        s' = max(s, p + leave[t])

A path begins as if it had just played what comes before the first frame. It ends after the last
frame, or before frame t at the price of `finish[t]`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_PLAIN = 256
"""Fewer frames than this are searched one by one."""


@dataclass(frozen=True, slots=True)
class Forward:
    """Values of the best paths before each frame.

    Attributes:
        played: Of having played the frame before, of shape `[T + 1]`.
        skipped: Of having skipped it, of shape `[T + 1]`.
    """

    played: FloatArray
    skipped: FloatArray


def sweep(
    gain: FloatArray, leave: FloatArray, land: FloatArray, played: float, skipped: float
) -> Forward:
    """Computes the values before each of T frames and after the last one.

    Equal to `sweep_reference`: all blocks of about sqrt(T) frames are searched at once from either
    state, then linked.

    Args:
        gain: Of playing each frame, of shape `[T]`.
        leave: Of beginning to skip before each frame, of shape `[T]`.
        land: Of playing each frame after skipping, of shape `[T]`.
        played: Value of having played what comes before.
        skipped: Value of having skipped it.
    """
    n = len(gain)
    if n < _PLAIN:
        return sweep_reference(gain, leave, land, played, skipped)
    length = math.isqrt(n)
    blocks = -(-n // length)
    pad = blocks * length - n
    # [length, blocks]: one row is the same place in every block. Padding is never read.
    gains, leaves, lands = (
        np.pad(part, (0, pad)).reshape(blocks, length).T for part in (gain, leave, land)
    )
    nothing = np.full((2, blocks), -np.inf)
    p, s = nothing.copy(), nothing.copy()
    p[0] = s[1] = 0.0
    all_p = np.empty((length + 1, 2, blocks))
    all_s = np.empty_like(all_p)
    all_p[0], all_s[0] = p, s
    for t in range(length):
        landed = s + lands[t]
        s = np.maximum(s, p + leaves[t])
        p = np.maximum(p, landed) + gains[t]
        all_p[t + 1], all_s[t + 1] = p, s
    enter_p, enter_s = np.empty(blocks), np.empty(blocks)
    last_p, last_s = all_p[length].T.tolist(), all_s[length].T.tolist()
    for block in range(blocks):
        enter_p[block], enter_s[block] = played, skipped
        (pp, sp), (ps, ss) = last_p[block], last_s[block]
        played, skipped = max(played + pp, skipped + sp), max(played + ps, skipped + ss)

    def whole(values: FloatArray) -> FloatArray:
        from_p, from_s = enter_p + values[:, 0], enter_s + values[:, 1]
        best = np.maximum(from_p, from_s)  # [length + 1, blocks]
        flat = np.append(best[:-1].T.ravel(), best[-1, -1])
        return flat if pad == 0 else flat[: n + 1]

    return Forward(whole(all_p), whole(all_s))


def sweep_reference(
    gain: FloatArray, leave: FloatArray, land: FloatArray, played: float, skipped: float
) -> Forward:
    """Computes `sweep` by its definition."""
    all_played, all_skipped = [played], [skipped]
    for g, out, back in zip(gain.tolist(), leave.tolist(), land.tolist(), strict=True):
        played, skipped = max(played, skipped + back) + g, max(skipped, played + out)
        all_played.append(played)
        all_skipped.append(skipped)
    return Forward(np.array(all_played), np.array(all_skipped))


def best_end(forward: Forward, finish: FloatArray, *, may_be_empty: bool) -> tuple[int, float]:
    """Returns the frame before which the best path ends, and its value.

    Args:
        forward: From `sweep`.
        finish: Of ending before each frame, of shape `[T + 1]`; the last one is not charged.
        may_be_empty: Whether a path may play nothing at all.
    """
    values = forward.played + finish
    values[-1] = forward.played[-1]
    if not may_be_empty and len(values) > 1:
        values[0] = -np.inf
    end = int(values.argmax())
    return end, float(values[end])


def trace_back(
    forward: Forward, leave: FloatArray, land: FloatArray, end: int, *, skipping: bool
) -> tuple[list[tuple[int, int]], bool]:
    """Follows the best path back to the first frame.

    Args:
        forward: From `sweep`.
        leave: As given to `sweep`.
        land: As given to `sweep`.
        end: The path is followed back from before this frame.
        skipping: Whether it skips the frame before that.

    Returns:
        The runs of frames that it plays, in order, and whether it skips what comes before the first
        frame.
    """
    entered = (forward.skipped[:-1] + land > forward.played[:-1]).tobytes()
    left = (forward.played[:-1] + leave > forward.skipped[:-1]).tobytes()
    runs: list[tuple[int, int]] = []
    at = end
    while at > 0:
        changed = (left if skipping else entered).rfind(1, 0, at)
        if not skipping:
            runs.append((max(changed, 0), at))
        if changed < 0:
            break
        at, skipping = changed, not skipping
    return runs[::-1], skipping
