"""Loops: which bars an editor plays again to make a piece longer, and the edit that does so.

An editor who extends jumps back by whole bars where the music after the jump goes on as it would
have gone on without it. So the choice follows from the sound: of all stretches of 1, 2, 4 or 8
bars the one is looped whose seam fits best. Everything is compared on the clean source.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import signal

from training.simulator.types import SAMPLE_RATE, Mono, samples_of

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

BARS = (1, 2, 4, 8)
_MOST_PASSES = 3
_MOST_LOOPS = 3
_HOP = 512
_FRAME = 2048
_PER_BEAT = 6
# Beats before and after the two ends of a stretch that are compared; the music after them counts
# more than the music before them.
_AROUND = ((-2, 0.5), (-1, 0.75), (0, 1.0), (1, 1.0), (2, 0.75), (3, 0.5))
# What a doubling of the stretch is worth, in units of similarity: of equal seams, the longer
# stretch tires the listener less.
_LONGER_BONUS = 0.02
# What it costs to miss the wanted length by all of what is missing.
_MISS_COST = 0.3
_REFINE_S = 0.05
# Seams that resemble each other less than this keep the beat grid's distance.
_SURE_CORRELATION = 0.4


class Loop(NamedTuple):
    """A stretch that is played again.

    Attributes:
        start: First sample of the stretch.
        stop: The sample after its last one, from where the edit jumps back to `start`.
        passes: How often it is played besides the first time.
    """

    start: int
    stop: int
    passes: int


@dataclass(frozen=True, slots=True)
class Seam:
    """Two beats between which an editor may jump.

    Attributes:
        first: The beat that is jumped to.
        last: The beat that is jumped from.
        fit: Mean similarity of the music around them, in [0, 1].
    """

    first: int
    last: int
    fit: float


def choose_loops(
    track: Mono, beats: IntArray, beats_per_bar: int, extension: float
) -> tuple[Loop, ...]:
    """Chooses what to loop so that a piece comes near `extension` times its length.

    Args:
        track: The clean piece, float32 of shape [n].
        beats: Its beats in samples, increasing, int64 of shape [b].
        beats_per_bar: Beats that make a bar.
        extension: The wanted length over the length without loops.

    Returns:
        Loops in the order of the piece; they don't overlap. None where nothing is missing, or the
        piece is shorter than a few bars.
    """
    base = int(beats[-1] - beats[0])
    missing = (extension - 1.0) * base
    seams = find_seams(track, beats, beats_per_bar)
    chosen: list[Loop] = []
    while seams and len(chosen) < _MOST_LOOPS:
        best: tuple[float, Seam, int] | None = None
        for seam in seams:
            length = float(beats[seam.last] - beats[seam.first])
            bars = (seam.last - seam.first) / beats_per_bar
            for passes in range(1, _MOST_PASSES + 1):
                miss = abs(missing - passes * length)
                if miss >= abs(missing):
                    continue
                worth = seam.fit + _LONGER_BONUS * np.log2(bars) - _MISS_COST * miss / missing
                if best is None or worth > best[0]:
                    best = (float(worth), seam, passes)
        if best is None:
            break
        _, seam, passes = best
        start = int(beats[seam.first])
        stop = refined(track, start, int(beats[seam.last]))
        chosen.append(Loop(start, stop, passes))
        missing -= passes * (stop - start)
        if missing <= 0:
            break
        apart = beats_per_bar
        seams = [
            other
            for other in seams
            if other.last + apart <= seam.first or other.first >= seam.last + apart
        ]
    return tuple(sorted(chosen))


def find_seams(track: Mono, beats: IntArray, beats_per_bar: int) -> list[Seam]:
    """Returns the stretches of whole bars that could be looped, and how well their ends fit."""
    features = beat_features(track, beats)
    count = features.shape[0]
    if count < 3 * beats_per_bar:
        return []
    alike = features @ features.T
    phase = downbeat(features, beats_per_bar)
    seams: list[Seam] = []
    for bars in BARS:
        step = bars * beats_per_bar
        for first in range(phase, count - step - 1, beats_per_bar):
            fits, weights = 0.0, 0.0
            for offset, weight in _AROUND:
                one, two = first + offset, first + step + offset
                if one >= 0 and two < count:
                    fits += weight * float(alike[one, two])
                    weights += weight
            seams.append(Seam(first, first + step, fits / weights))
    return seams


def beat_features(track: Mono, beats: IntArray) -> FloatArray:
    """Describes each beat by its chroma and onsets, float64 of shape [beats - 1, f], norm 1."""
    hz, _, spectrum = signal.stft(
        track, SAMPLE_RATE, nperseg=_FRAME, noverlap=_FRAME - _HOP, padded=True
    )
    power = np.abs(spectrum)
    pitched = (hz > 60) & (hz < 4000)
    classes = np.round(12 * np.log2(hz[pitched] / 440.0)).astype(np.int64) % 12
    fold = np.zeros((12, int(pitched.sum())))
    fold[classes, np.arange(classes.size)] = 1.0
    chroma = _unit(np.sqrt(fold @ np.square(power[pitched])))
    edges = np.searchsorted(hz, [30, 200, 800, 3000, 10000])
    levels = np.log1p(1e3 * np.add.reduceat(power, edges[:-1], axis=0))
    onsets = np.maximum(np.diff(levels, axis=1, prepend=levels[:, :1]), 0.0)
    onsets /= np.percentile(onsets, 98) + 1e-9
    frames = np.concatenate([chroma, 0.6 * np.minimum(onsets, 1.5)])
    # Sums over parts of a beat, so that tempo doesn't matter.
    sums = np.concatenate([np.zeros((frames.shape[0], 1)), np.cumsum(frames, axis=1)], axis=1)
    parts = np.arange(_PER_BEAT * (beats.size - 1) + 1) / _PER_BEAT
    places = np.interp(parts, np.arange(beats.size), beats) / _HOP
    at = np.clip(np.round(places).astype(np.int64), 0, frames.shape[1])
    width = np.maximum(np.diff(at), 1)
    means = np.diff(sums[:, at], axis=1) / width
    count = beats.size - 1
    rows = means.reshape(frames.shape[0], count, _PER_BEAT).transpose(1, 0, 2).reshape(count, -1)
    return _unit(rows.T).T


def _unit(columns: FloatArray) -> FloatArray:
    """Scales columns to norm 1."""
    return np.asarray(columns / (np.linalg.norm(columns, axis=0, keepdims=True) + 1e-9))


def downbeat(features: FloatArray, beats_per_bar: int) -> int:
    """Returns the first beat of a bar: harmony changes most from one bar's end to the next bar."""
    change = 1.0 - np.sum(features[1:] * features[:-1], axis=1)
    means = [change[phase::beats_per_bar].mean() for phase in range(beats_per_bar)]
    return (int(np.argmax(means)) + 1) % beats_per_bar


def refined(track: Mono, start: int, stop: int) -> int:
    """Moves the end of a stretch to where its sound fits its beginning's best, within 50 ms."""
    reach, length = samples_of(_REFINE_S), samples_of(0.7)
    template = track[start : start + length].astype(np.float64)
    low = stop - reach
    around = track[max(low, 0) : stop + reach + length].astype(np.float64)
    if low < 0 or template.size < length or around.size < length + 2 * reach:
        return stop
    products = signal.correlate(around, template, mode="valid")
    squares = np.concatenate([[0.0], np.cumsum(np.square(around))])
    energy = squares[length:] - squares[:-length]
    match = products / np.sqrt(energy * np.sum(np.square(template)) + 1e-9)
    place = int(np.argmax(match))
    return low + place if match[place] >= _SURE_CORRELATION else stop


def looped(kept: IntArray, loops: tuple[Loop, ...]) -> IntArray:
    """Plays loops within an edit.

    Args:
        kept: The edit without loops: increasing, disjoint sample ranges, int64 of shape [k, 2].
        loops: In the same samples, increasing and disjoint, with both ends in what is kept.

    Returns:
        The ranges in playing order, int64 of shape [m, 2]: each pass begins right where the one
        before it ended.
    """
    played: list[tuple[int, int]] = []
    before = np.concatenate([[0], np.cumsum(kept[:, 1] - kept[:, 0])])

    def heard(place: int, *, leaving: bool) -> int:
        """Returns how much of the edit is played before a place of the recording."""
        side = kept[:, 0] if leaving else kept[:, 1]
        index = int(np.searchsorted(side, place, side="left" if leaving else "right"))
        index = index - 1 if leaving else index
        index = min(max(index, 0), len(kept) - 1)
        within = min(max(place, int(kept[index, 0])), int(kept[index, 1])) - int(kept[index, 0])
        return int(before[index]) + within

    here = 0
    for loop in loops:
        first, last = heard(loop.start, leaving=False), heard(loop.stop, leaving=True)
        if last <= first or first < here:
            continue
        for _ in range(loop.passes):
            played += _slices(kept, before, here, last)
            here = first
    played += _slices(kept, before, here, int(before[-1]))
    return np.array(played, dtype=np.int64).reshape(-1, 2)


def _slices(
    kept: IntArray, before: npt.NDArray[np.integer], first: int, last: int
) -> list[tuple[int, int]]:
    """Returns the ranges of the recording that make up a stretch of the edit."""
    result = []
    for index, (start, stop) in enumerate(kept):
        low = max(first - int(before[index]), 0)
        high = min(last - int(before[index]), int(stop - start))
        if high > low:
            result.append((int(start) + low, int(start) + high))
    return result
