"""Loudness and true peak as EBU R128 and ITU-R BS.1770-4 have them, block by block.

Only one number for each tenth of a second is kept, so the memory for an hour is next to nothing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from model_core.audio.loudness import k_weighting, lufs_of, power_of

if TYPE_CHECKING:
    from collections.abc import Sequence

SILENT_LUFS: Final = -math.inf

_STEPS_A_SECOND: Final = 10
_STEPS_A_BLOCK: Final = 4
_ABSOLUTE_GATE_LUFS: Final = -70.0
_RELATIVE_GATE_LU: Final = -10.0
_SURROUND_WEIGHT: Final = 1.41
_OVERSAMPLED_RATE_HZ: Final = 176_400
_PEAK_TAPS: Final = 24

Floats = npt.NDArray[np.float64]


class LoudnessMeter:
    """Measures the integrated loudness of a sound that comes in blocks.

    Args:
        sample_rate: In Hz.
        channels: Number of channels. Five and six are taken for those of a cinema.
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._filter = k_weighting(sample_rate)
        self._state = np.zeros((len(self._filter), 2, channels))
        self._step = max(1, round(sample_rate / _STEPS_A_SECOND))
        self._weights = _channel_weights(channels)
        self._rest = np.zeros((0, channels))
        self._powers: list[Floats] = []

    def add(self, samples: Floats) -> None:
        """Takes the next samples, of shape `[n, C]` with full scale at 1."""
        if not len(samples):
            return
        from scipy import signal

        weighted, self._state = signal.sosfilt(self._filter, samples, axis=0, zi=self._state)
        weighted = np.concatenate((self._rest, weighted))
        n_whole = len(weighted) // self._step
        whole = weighted[: n_whole * self._step].reshape(n_whole, self._step, samples.shape[1])
        self._powers.append(np.mean(whole**2, axis=1) @ self._weights)
        self._rest = weighted[n_whole * self._step :]

    def integrated_lufs(self) -> float:
        """Returns the loudness in LUFS, gated; `SILENT_LUFS` where there is nothing to hear."""
        steps = np.concatenate(self._powers) if self._powers else np.zeros(0)
        if len(steps) < _STEPS_A_BLOCK:  # too short for a block: all there is, then
            rest = self._rest
            total = steps.sum() * self._step + (rest**2).sum(axis=0) @ self._weights
            blocks = np.array([total / max(1, len(steps) * self._step + len(rest))])
        else:
            blocks = np.convolve(steps, np.full(_STEPS_A_BLOCK, 1 / _STEPS_A_BLOCK), "valid")
        blocks = blocks[blocks > power_of(_ABSOLUTE_GATE_LUFS)]
        if not len(blocks):
            return SILENT_LUFS
        gate = blocks.mean() * 10.0 ** (_RELATIVE_GATE_LU / 10.0)
        return lufs_of(float(blocks[blocks > gate].mean()))


class PeakMeter:
    """Measures the true peak of a sound that comes in blocks, between the samples too.

    Args:
        sample_rate: In Hz.
        channels: Number of channels.
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._oversampler = Oversampler(sample_rate)
        self._history = np.zeros((self._oversampler.reach * 2, channels))
        self.peak = 0.0

    def add(self, samples: Floats) -> None:
        """Takes the next samples, of shape `[n, C]` with full scale at 1."""
        context = np.concatenate((self._history, samples))
        # No point between the samples rises further above them than this.
        if np.abs(context).max(initial=0.0) * self._oversampler.most_gain > self.peak:
            reach = self._oversampler.reach
            peaks = self._oversampler.peaks(context)[reach : len(context) - reach]
            self.peak = max(self.peak, float(peaks.max(initial=0.0)))
        self._history = context[len(context) - 2 * self._oversampler.reach :]

    def finish(self) -> float:
        """Returns the true peak of all, full scale at 1."""
        self.add(np.zeros_like(self._history))
        return self.peak


class Oversampler:
    """Looks between the samples, four times as closely at usual rates.

    Args:
        sample_rate: In Hz.

    Attributes:
        reach: So many samples on either side have a say in what lies between two of them.
        most_gain: No point between samples is higher than the highest of them times this.
    """

    def __init__(self, sample_rate: int) -> None:
        self.factor = 1
        while self.factor * sample_rate < _OVERSAMPLED_RATE_HZ:
            self.factor *= 2
        self.reach = _PEAK_TAPS // 2 if self.factor > 1 else 0
        half = self.reach * self.factor
        taps = np.ones(1)
        if self.factor > 1:
            from scipy import signal

            taps = signal.firwin(2 * half + 1, 1 / self.factor, window=("kaiser", 5.0))
            taps = taps * self.factor
        self._taps = taps
        phases = [np.abs(taps[phase :: self.factor]).sum() for phase in range(self.factor)]
        self.most_gain = max(1.0, float(max(phases)))

    def peaks(self, samples: Floats) -> Floats:
        """Returns the highest level around each sample, up to the next one, over all channels.

        Args:
            samples: Of shape `[n, C]`; beyond both ends there is silence.

        Returns:
            An array of shape `[n]`.
        """
        highest: Floats = np.abs(samples).max(axis=1, initial=0.0)
        if self.factor == 1 or not len(samples):
            return highest
        from scipy import signal

        half = self.reach * self.factor
        for channel in samples.T:
            fine = np.abs(signal.upfirdn(self._taps, channel, up=self.factor))
            fine = fine[half : half + len(channel) * self.factor]
            fine = np.pad(fine, (0, len(channel) * self.factor - len(fine)))
            np.maximum(highest, fine.reshape(-1, self.factor).max(axis=1), out=highest)
        return highest


def _channel_weights(channels: int) -> Floats:
    layouts: dict[int, Sequence[float]] = {
        5: (1.0, 1.0, 1.0, _SURROUND_WEIGHT, _SURROUND_WEIGHT),
        6: (1.0, 1.0, 1.0, 0.0, _SURROUND_WEIGHT, _SURROUND_WEIGHT),
    }
    return np.array(layouts.get(channels, (1.0,) * channels))
