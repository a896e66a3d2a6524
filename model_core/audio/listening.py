"""What the search for matches hears of a recording: at a low rate, block by block."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from model_core.audio.source import full_scale

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from model_core.audio.source import AudioSource

_LOW_RATE_HZ = 11025
_HOP_S = 0.008
_BLOCK_SAMPLES = 1 << 14
_BLOCK_FRAMES = 256
_CACHED_BLOCKS = 96

_ONSET_WINDOW = 256
_ONSET_EDGES = (1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 22, 29, 38, 50, 66, 88, _ONSET_WINDOW // 2 + 1)
_RISE_FRAMES = 2
_ONSET_LOUDNESS = 1e4

_PITCH_WINDOW = 512
_PITCH_HOPS = 2
_PITCH_LOUDNESS = 30.0
_LOWEST_PITCH_HZ, _HIGHEST_PITCH_HZ = 150.0, 2500.0


class Listener:
    """Hears a recording and remembers the last few blocks of what it heard.

    Attributes:
        rate_hz: Rate of `waveform`.
        frame_rate_hz: Rate of `onsets` and `pitches`; frame i is about sample i·hop of `waveform`.

    Args:
        source: The recording.
    """

    def __init__(self, source: AudioSource) -> None:
        self._source = source = source.heard
        self._factor = max(1, round(source.sample_rate / _LOW_RATE_HZ))
        self.rate_hz = source.sample_rate / self._factor
        self._hop = max(1, round(_HOP_S * self.rate_hz))
        self.frame_rate_hz = self.rate_hz / self._hop
        n_inputs = self._factor * source.channels
        self._mean = np.full(n_inputs, 1 / (n_inputs * full_scale(source.dtype)), np.float32)
        self._onset_window, self._onset_bands = _window(_ONSET_WINDOW), _onset_bands()
        self._pitch_window = _window(_PITCH_WINDOW)
        self._pitch_classes = _pitch_classes(self.rate_hz / 2)
        self._waveform_block = lru_cache(_CACHED_BLOCKS)(self._read_block)
        self._onset_block = lru_cache(_CACHED_BLOCKS)(self._find_onsets)
        self._pitch_block = lru_cache(_CACHED_BLOCKS)(self._find_pitches)

    def waveform(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Returns samples at the low rate; beyond the recording there is silence."""
        return _from_blocks(self._waveform_block, _BLOCK_SAMPLES, start, stop)

    def onsets(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Returns frames of shape `[stop - start, bands]` that rise where something begins."""
        return _from_blocks(self._onset_block, _BLOCK_FRAMES, start, stop)

    def pitches(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Returns frames of shape `[stop - start, 12]`: strengths of pitch classes, mean 0."""
        return _from_blocks(self._pitch_block, _BLOCK_FRAMES, start, stop)

    def _read_block(self, index: int) -> npt.NDArray[np.float32]:
        first = index * _BLOCK_SAMPLES * self._factor
        last = first + _BLOCK_SAMPLES * self._factor
        start, stop = max(first, 0), min(last, self._source.n_samples)
        if start >= stop:
            return np.zeros(_BLOCK_SAMPLES, np.float32)
        samples = self._source.read(start, stop)
        if stop - start < last - first:
            samples = np.pad(samples, ((start - first, last - stop), (0, 0)))
        # A plain mean aliases a little, but on both sides of a comparison alike. As a matrix
        # product it is three times as fast as channel by channel.
        inputs = samples.reshape(_BLOCK_SAMPLES, -1).astype(np.float32)
        return np.asarray(inputs @ self._mean)

    def _find_onsets(self, index: int) -> npt.NDArray[np.float32]:
        first = index * _BLOCK_FRAMES - _RISE_FRAMES
        n_frames = _BLOCK_FRAMES + _RISE_FRAMES
        start = first * self._hop - _ONSET_WINDOW // 2
        samples = self.waveform(start, start + (n_frames - 1) * self._hop + _ONSET_WINDOW)
        power = _spectra(samples, self._onset_window, self._hop) @ self._onset_bands
        power *= np.float32(_ONSET_LOUDNESS)
        levels = np.log1p(power, out=power)
        rises = levels[_RISE_FRAMES:] - levels[:-_RISE_FRAMES]
        return np.asarray(np.maximum(rises, np.float32(0.0), out=rises))

    def _find_pitches(self, index: int) -> npt.NDArray[np.float32]:
        # Every second frame, and the mean of two neighbours between them: pitches change slowly.
        n_frames = _BLOCK_FRAMES // _PITCH_HOPS + 1
        hop = self._hop * _PITCH_HOPS // 2
        start = index * _BLOCK_FRAMES * self._hop - _PITCH_WINDOW
        samples = self.waveform(start, start + 2 * ((n_frames - 1) * hop + _PITCH_WINDOW))
        halved = np.float32(0.5) * (samples[::2] + samples[1::2])
        power = _spectra(halved, self._pitch_window, hop) @ self._pitch_classes
        strengths = np.log1p(np.float32(_PITCH_LOUDNESS) * np.sqrt(np.maximum(power, 0.0)))
        strengths -= strengths.mean(axis=1, keepdims=True)
        frames = np.empty((_BLOCK_FRAMES, strengths.shape[1]), np.float32)
        frames[::2] = strengths[:-1]
        frames[1::2] = np.float32(0.5) * (strengths[:-1] + strengths[1:])
        return frames


def _window(length: int) -> npt.NDArray[np.float32]:
    return np.hanning(length).astype(np.float32)


def _spectra(
    samples: npt.NDArray[np.float32], window: npt.NDArray[np.float32], hop: int
) -> npt.NDArray[np.float32]:
    """Returns squared parts, real and imaginary in turn, `[frames, 2·bins]`."""
    import scipy.fft

    frames = np.lib.stride_tricks.sliding_window_view(samples, window.size)[::hop]
    parts: npt.NDArray[np.float32] = scipy.fft.rfft(frames * window, axis=1).view(np.float32)
    parts *= parts
    return parts


def _onset_bands() -> npt.NDArray[np.float32]:
    """Returns weights `[2·bins, bands]` that give the mean power of bands."""
    weights = np.zeros((_ONSET_WINDOW // 2 + 1, len(_ONSET_EDGES) - 1), np.float32)
    for band, (low, high) in enumerate(pairwise(_ONSET_EDGES)):
        weights[low:high, band] = 1 / (high - low)
    return weights.repeat(2, axis=0)


def _pitch_classes(rate_hz: float) -> npt.NDArray[np.float32]:
    """Returns weights `[2·bins, 12]` that give the power of pitch classes."""
    hz = np.arange(_PITCH_WINDOW // 2 + 1) * rate_hz / _PITCH_WINDOW
    used = np.flatnonzero((hz > _LOWEST_PITCH_HZ) & (hz < _HIGHEST_PITCH_HZ))
    semitones = 12 * np.log2(hz[used] / 440.0)
    below = np.floor(semitones).astype(int)
    weights = np.zeros((hz.size, 12), np.float32)
    weights[used, below % 12] = 1 - (semitones - below)
    weights[used, (below + 1) % 12] = semitones - below
    return weights.repeat(2, axis=0)


def _from_blocks(
    block_of: Callable[[int], npt.NDArray[np.float32]], block_length: int, start: int, stop: int
) -> npt.NDArray[np.float32]:
    first, last = start // block_length, (stop - 1) // block_length
    if first == last:
        return block_of(first)[start - first * block_length : stop - first * block_length]
    joined = np.concatenate([block_of(index) for index in range(first, last + 1)])
    return joined[start - first * block_length : stop - first * block_length]
