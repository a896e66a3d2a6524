"""The lowest and highest samples of many stretches at once, from summaries or samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from editorbot_gui.waveform.pieces import Positions
from editorbot_gui.waveform.raster import Columns
from editorbot_gui.waveform.sample_blocks import BLOCK_SAMPLES, MAX_BLOCKS_A_VIEW, SampleBlocks
from model_core.audio.peaks import FINEST_BUCKET_SAMPLES, LEVEL_FACTOR
from model_core.audio.source import full_scale

Floats = npt.NDArray[np.float32]
_LEAST_BUCKETS = 2


@dataclass(frozen=True, slots=True)
class Extremes:
    """What is known of stretches, full scale at 1; `[C, P]` each, `known` of shape `[P]`.

    Attributes:
        low: The lowest sample.
        high: The highest sample.
        body_low: Mean of the lowest samples of the stretch's parts.
        body_high: Mean of the highest ones.
        known: Whether the stretch was read by now.
    """

    low: Floats
    high: Floats
    body_low: Floats
    body_high: Floats
    known: npt.NDArray[np.bool_]

    def scaled(self, gains: Floats) -> Extremes:
        """Returns them with a gain for each stretch, of shape `[P]`."""
        return Extremes(
            self.low * gains,
            self.high * gains,
            self.body_low * gains,
            self.body_high * gains,
            self.known,
        )

    def as_columns(self, column: Positions, n_columns: int) -> list[Columns]:
        """Returns for each channel what `n_columns` columns show.

        Args:
            column: The column of each stretch, not decreasing, of shape `[P]`.
            n_columns: How many columns there are; those without a known stretch stay empty.
        """
        known = np.flatnonzero(self.known)
        here, first = np.unique(column[known], return_index=True)
        shown = np.zeros(n_columns, np.bool_)
        shown[here] = True
        pieces_a_column = np.diff(np.append(first, len(known))).astype(np.float32)
        lanes = []
        for channel in range(len(self.low)):
            lane = [np.zeros(n_columns, np.float32) for _ in range(4)]
            if len(known):
                lane[0][here] = np.minimum.reduceat(self.low[channel, known], first)
                lane[1][here] = np.maximum.reduceat(self.high[channel, known], first)
                for target, body in ((lane[2], self.body_low), (lane[3], self.body_high)):
                    target[here] = np.add.reduceat(body[channel, known], first) / pieces_a_column
            lanes.append(Columns(lane[0], lane[1], lane[2], lane[3], shown))
        return lanes


def from_summaries(
    levels: Sequence[npt.NDArray[Any]], starts: Positions, stops: Positions
) -> tuple[Floats, Floats, Floats, Floats]:
    """Returns low, high, body low and body high of stretches, from a peak pyramid.

    Each stretch is read at the level where it has about two to eight buckets, so that the time
    taken depends on the number of stretches alone.

    Args:
        levels: The pyramid's levels, of shape `[C, n_buckets, 2]` each.
        starts: First samples, of shape `[P]`.
        stops: Ends, exclusive.
    """
    n_channels, n_pieces = len(levels[0]), len(starts)
    results = tuple(np.zeros((n_channels, n_pieces), np.float32) for _ in range(4))
    sizes = FINEST_BUCKET_SAMPLES * LEVEL_FACTOR ** np.arange(len(levels), dtype=np.int64)
    level_of = np.searchsorted(sizes[1:] * _LEAST_BUCKETS, stops - starts, side="right")
    for level in np.unique(level_of).tolist():
        chosen = np.flatnonzero(level_of == level)
        size, peaks = sizes[level], levels[level]
        first = np.minimum(starts[chosen] // size, peaks.shape[1] - 1)
        last = np.clip(-(-stops[chosen] // size) - 1, first, peaks.shape[1] - 1)
        for channel in range(n_channels):
            gathered = _gathered(peaks[channel, :, 0], peaks[channel, :, 1], first, last)
            for result, values in zip(results, gathered, strict=True):
                result[channel, chosen] = values
    if levels[0].dtype.kind == "i":
        for result in results:
            result *= np.float32(1 / full_scale(levels[0].dtype))
    return results[0], results[1], results[2], results[3]


def _gathered(
    lows: npt.NDArray[Any], highs: npt.NDArray[Any], first: Positions, last: Positions
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], Floats, Floats]:
    """Returns extremes and means of a few neighbouring buckets for many stretches."""
    low, high = lows[first], highs[first]
    sum_low, sum_high = low.astype(np.float32), high.astype(np.float32)
    count = (last - first + 1).astype(np.float32)
    for step in range(1, int(np.max(last - first, initial=0)) + 1):
        bucket = np.minimum(first + step, last)
        inside = first + step <= last
        next_low, next_high = lows[bucket], highs[bucket]
        low, high = np.minimum(low, next_low), np.maximum(high, next_high)
        sum_low += next_low * inside
        sum_high += next_high * inside
    return low, high, sum_low / count, sum_high / count


def from_samples(blocks: SampleBlocks, starts: Positions, stops: Positions) -> Extremes | None:
    """Returns the extremes of short stretches from the samples themselves.

    Args:
        blocks: The samples.
        starts: First samples, of shape `[P]`.
        stops: Ends, exclusive; at most 256 samples later. The sample that follows is counted in,
            so that neighbouring columns touch.

    Returns:
        The extremes, or None where not a single block is there yet, or too many would be needed.
    """
    index = starts // BLOCK_SAMPLES
    needed = np.unique(index).tolist()
    if len(needed) > MAX_BLOCKS_A_VIEW:
        return None
    for beside in (needed[0] - 1, needed[-1] + 1) if needed else ():
        blocks.prefetch(beside)
    results: list[tuple[npt.NDArray[np.bool_], Floats, Floats]] = []
    for number in needed:
        block = blocks.block(number)
        if block is None:
            continue
        chosen = index == number
        offset = number * BLOCK_SAMPLES
        bounds = np.stack((starts[chosen] - offset, stops[chosen] - offset + 1), axis=1).reshape(-1)
        bounds = np.minimum(bounds, block.shape[1] - 1)
        block = block[:, : int(bounds.max()) + 1]
        low = np.minimum.reduceat(block, bounds, axis=1)[:, ::2]
        high = np.maximum.reduceat(block, bounds, axis=1)[:, ::2]
        results.append((chosen, low, high))
    if not results:
        return None
    n_channels = len(results[0][1])
    lows = np.zeros((n_channels, len(starts)), np.float32)
    highs = np.zeros((n_channels, len(starts)), np.float32)
    known = np.zeros(len(starts), np.bool_)
    for chosen, low, high in results:
        lows[:, chosen], highs[:, chosen], known[chosen] = low, high, True
    return Extremes(lows, highs, lows, highs, known)
