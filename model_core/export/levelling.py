"""Bringing a sound to a loudness, with its true peaks held below a ceiling."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from model_core.errors import FileWriteError
from model_core.export.loudness import LoudnessMeter, Oversampler, PeakMeter
from model_core.progress import Progress, no_progress, part_of

if TYPE_CHECKING:
    from model_core.audio.source import Samples
    from model_core.export.loudness import Floats

Blocks: TypeAlias = Callable[[], Iterator["Samples"]]

_MOST_GAIN_DB: Final = 40.0
_WINDOW_S: Final = 0.02
_ROUNDS: Final = 5
_FLATTEST_SLOPE: Final = 0.2
_CLOSE_ENOUGH_LU: Final = 0.1
_MISSED_LU: Final = 0.5
_MARGIN_DB: Final = 0.1
"""Held back below the ceiling, for what the changing gain and the rounding add."""


@dataclass(frozen=True, slots=True)
class LoudnessTarget:
    """What a sound is brought to.

    Attributes:
        lufs: Integrated loudness, EBU R128, in LUFS.
        true_peak_db: The ceiling of true peaks, in dBTP.
    """

    lufs: float
    true_peak_db: float = -1.0

    def __post_init__(self) -> None:
        if not -70.0 < self.lufs < 0.0:
            raise FileWriteError(
                f"A loudness of {self.lufs:g} LUFS can't be reached.", "Choose -70 to 0 LUFS."
            )
        if not -20.0 <= self.true_peak_db <= 0.0:
            raise FileWriteError(
                f"True peaks can't be held at {self.true_peak_db:g} dBTP.", "Choose -20 to 0 dBTP."
            )


@dataclass(frozen=True, slots=True)
class Level:
    """How a sound is brought to a loudness.

    Attributes:
        gain_db: Gain of all of it.
        ceiling: Highest true peak, full scale at 1; None if no peak comes near it.
        notes: Sentences for the person.
    """

    gain_db: float
    ceiling: float | None
    notes: tuple[str, ...] = ()


def planned_level(
    blocks: Blocks,
    target: LoudnessTarget,
    sample_rate: int,
    channels: int,
    progress: Progress = no_progress,
) -> Level:
    """Measures a sound and returns what brings it to a loudness.

    Args:
        blocks: Gives its blocks of shape `[n, C]`, full scale at 1, from the start each time.
        target: The loudness.
        sample_rate: In Hz.
        channels: Number of channels.
        progress: Told the share that is done.
    """
    loudness = LoudnessMeter(sample_rate, channels)
    peaks = PeakMeter(sample_rate, channels)
    for block in blocks():
        loudness.add(block)
        peaks.add(block)
    progress(1 / (1 + _ROUNDS), "")
    measured, peak = loudness.integrated_lufs(), peaks.finish()
    if math.isinf(measured):
        return Level(0.0, None, ("It is as good as silent, so its loudness was left as it is.",))
    gain_db = target.lufs - measured
    notes = []
    if gain_db > _MOST_GAIN_DB:
        gain_db = _MOST_GAIN_DB
        notes.append(f"It is so quiet that it was raised by {_MOST_GAIN_DB:.0f} dB and no more.")
    ceiling = 10.0 ** ((target.true_peak_db - _MARGIN_DB) / 20.0)
    over_db = _decibels(peak / ceiling) + gain_db if peak else 0.0
    reached = measured + gain_db
    if over_db <= 0:
        return Level(gain_db, None, (_summary(measured, reached), *notes))
    aim, slope = reached, 1.0
    tried: list[tuple[float, float]] = []
    for number in range(1, 1 + _ROUNDS):
        reached = _loudness_of(
            levelled(blocks(), Level(gain_db, ceiling), sample_rate, channels),
            sample_rate,
            channels,
            part_of(progress, number / (1 + _ROUNDS), (number + 1) / (1 + _ROUNDS)),
        )
        if abs(aim - reached) < _CLOSE_ENOUGH_LU or number == _ROUNDS:
            break
        # The more is limited, the less a decibel of gain adds to the loudness.
        if tried and gain_db > tried[-1][0]:
            rise = (reached - tried[-1][1]) / (gain_db - tried[-1][0])
            slope = min(1.0, max(_FLATTEST_SLOPE, rise))
        tried.append((gain_db, reached))
        gain_db = min(gain_db + (aim - reached) / slope, _MOST_GAIN_DB)
    over_db = _decibels(peak / ceiling) + gain_db
    notes.append(
        f"Peaks were held below {target.true_peak_db:g} dBTP; the highest by {over_db:.1f} dB."
    )
    if abs(aim - reached) > _MISSED_LU:
        notes.append(f"More than {reached:.1f} LUFS can't be had with peaks that low.")
    progress(1.0, "")
    return Level(gain_db, ceiling, (_summary(measured, reached), *notes))


def levelled(
    blocks: Iterator[Samples], level: Level, sample_rate: int, channels: int
) -> Iterator[Samples]:
    """Yields a sound at another level, as float64 with full scale at 1.

    Where a peak would rise above the ceiling, the gain goes down over 20 ms before it and comes
    back over as much after it, the same for all channels.
    """
    gain = 10.0 ** (level.gain_db / 20.0)
    if level.ceiling is None:
        for block in blocks:
            yield block * gain
        return
    limiter = _Limiter(sample_rate, channels, level.ceiling)
    for block in blocks:
        yield limiter.take(block * gain)
    yield limiter.finish()


class _Limiter:
    """Holds true peaks below a ceiling; what goes in comes out a moment later."""

    def __init__(self, sample_rate: int, channels: int, ceiling: float) -> None:
        self._oversampler = Oversampler(sample_rate)
        self._half = max(1, round(_WINDOW_S / 2 * sample_rate))
        self._ceiling = ceiling
        # So far around a sample lies what has a say in its gain.
        self._context = 2 * self._half + self._oversampler.reach + 1
        self._held = np.zeros((self._context, channels))

    def take(self, samples: Floats) -> Floats:
        """Takes samples and returns those that are ready, of shape `[n, C]`."""
        self._held = np.concatenate((self._held, samples))
        n_ready = len(self._held) - 2 * self._context
        if n_ready <= 0:
            return self._held[:0]
        gains = self._gains(self._held)[self._context : self._context + n_ready]
        ready = self._held[self._context : self._context + n_ready] * gains[:, None]
        self._held = self._held[n_ready:]
        return ready

    def finish(self) -> Floats:
        """Returns what is still held."""
        return self.take(np.zeros((self._context, self._held.shape[1])))

    def _gains(self, samples: Floats) -> Floats:
        from scipy import ndimage

        peaks = self._oversampler.peaks(samples)
        # What lies between two samples depends on the gain of both.
        np.maximum(peaks[1:], peaks[:-1].copy(), out=peaks[1:])
        if peaks.max(initial=0.0) <= self._ceiling:
            return np.ones(len(samples))
        needed = np.minimum(1.0, self._ceiling / np.maximum(peaks, self._ceiling))
        width = 2 * self._half + 1
        lowest = ndimage.minimum_filter1d(needed, width, mode="nearest")
        smoothed: Floats = ndimage.uniform_filter1d(lowest, width, mode="nearest")
        return smoothed


def _loudness_of(
    blocks: Iterator[Samples], sample_rate: int, channels: int, progress: Progress
) -> float:
    meter = LoudnessMeter(sample_rate, channels)
    for block in blocks:
        meter.add(block)
    progress(1.0, "")
    return meter.integrated_lufs()


def _summary(before: float, after: float) -> str:
    return f"The loudness was brought from {before:.1f} to {after:.1f} LUFS."


def _decibels(factor: float) -> float:
    return 20.0 * math.log10(factor)
