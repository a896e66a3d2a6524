"""The front end: from a recording to the mel spectrogram that the network sees.

One implementation serves training and use. It equals librosa's
(`power_to_db(melspectrogram(...), ref=np.max, top_db=80)`, scaled to [0, 1]) within 1e-4, needs no
more memory than its result and a few blocks, and is several times faster.
"""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import soxr

from model_core.progress import no_progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from model_core.audio.source import AudioSource
    from model_core.progress import CancelToken, Progress

_BATCH_FRAMES = 128  # spectra of so many frames stay in the processor's second cache
_BLOCK_S = 4.0  # progress and cancellation answer after so many seconds of audio
_MIN_POWER = 1e-10  # librosa's `amin`; what never exceeds it is silence
_MAX_THREADS = 4  # more would wait for the one that reads and resamples
_MAX_SAMPLE = 1e6  # float files may hold anything; the power spectrum must stay finite


@dataclass(frozen=True, slots=True)
class MelSettings:
    """What a mel spectrogram is computed with.

    Attributes:
        sample_rate: The recording is resampled to this many samples a second.
        n_fft: Length of the window and its Fourier transform, in samples; even.
        hop_length: Samples from frame to frame.
        n_mels: Number of mel bands (Slaney's scale and areas), from 0 Hz to half the rate.
        top_db: Decibels below the loudest place of the recording that become 0.
    """

    sample_rate: int = 22050
    n_fft: int = 2048
    hop_length: int = 256
    n_mels: int = 128
    top_db: float = 80.0

    def __post_init__(self) -> None:
        if min(self.sample_rate, self.n_fft, self.hop_length, self.n_mels, self.top_db) <= 0:
            raise ValueError(f"all mel settings must be positive: {self}")
        if self.n_fft % 2 or self.hop_length > self.n_fft:
            raise ValueError(f"n_fft must be even and at least the hop: {self}")

    def resampled_length(self, n_samples: int, sample_rate: int) -> int:
        """Returns how many samples a recording has at the rate of these settings."""
        return -(-n_samples * self.sample_rate // sample_rate)

    def frame_count(self, n_samples: int, sample_rate: int | None = None) -> int:
        """Returns the number of frames of a recording.

        Frames are centred on multiples of the hop, so a recording of a whole number of hops has a
        last frame whose centre lies just beyond its end.

        Args:
            n_samples: Length of the recording in samples.
            sample_rate: Its rate; the settings' own if left out.
        """
        length = self.resampled_length(n_samples, sample_rate or self.sample_rate)
        return 1 + length // self.hop_length


DEFAULT_SETTINGS = MelSettings()


def mel_spectrogram(
    source: AudioSource,
    settings: MelSettings = DEFAULT_SETTINGS,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> npt.NDArray[np.float32]:
    """Computes the mel spectrogram of a recording, block by block.

    Args:
        source: The recording, at any rate and with any number of channels (their mean is taken).
        settings: What to compute it with.
        progress: Told the finished share.
        cancel: Looked at after every few seconds of audio.

    Returns:
        An array of shape `[n_mels, T]` with values in [0, 1]: 1 at the loudest place of the
        recording, 0 at `top_db` below it or less. A silent recording is all 0.

    Raises:
        CancelledError: If `cancel` was set.
        AudioReadError: If the recording can't be read.
    """
    n_samples = settings.resampled_length(source.n_samples, source.sample_rate)
    blocks = _resampled(_mono_blocks(source, progress or no_progress, cancel), source, settings)
    return _mel_of_blocks(blocks, n_samples, settings)


def mel_from_array(
    mono: npt.ArrayLike, settings: MelSettings = DEFAULT_SETTINGS
) -> npt.NDArray[np.float32]:
    """Computes the mel spectrogram of mono samples that already have the settings' rate.

    Args:
        mono: Samples of shape `[n]`, full scale at 1.
        settings: What to compute it with.

    Returns:
        As `mel_spectrogram` does.
    """
    samples = np.asarray(mono, dtype=np.float32)
    if samples.ndim != 1:
        raise ValueError(f"mono samples must have the shape [n], not {samples.shape}")
    block_samples = int(_BLOCK_S * settings.sample_rate)
    blocks = (samples[i : i + block_samples] for i in range(0, samples.size, block_samples))
    return _mel_of_blocks(blocks, samples.size, settings)


@lru_cache(maxsize=4)
def mel_filterbank(settings: MelSettings = DEFAULT_SETTINGS) -> npt.NDArray[np.float32]:
    """Returns Slaney's triangular filters, each of unit area, of shape `[n_mels, n_fft // 2 + 1]`.

    The array is shared and read-only.
    """
    bins_hz = np.fft.rfftfreq(settings.n_fft, 1.0 / settings.sample_rate)
    highest = _hz_to_mel(settings.sample_rate / 2)
    edges_hz = _mel_to_hz(np.linspace(0.0, highest, settings.n_mels + 2))
    widths_hz = np.diff(edges_hz)
    ramps = edges_hz[:, np.newaxis] - bins_hz
    rising = -ramps[:-2] / widths_hz[:-1, np.newaxis]
    falling = ramps[2:] / widths_hz[1:, np.newaxis]
    areas = 2.0 / (edges_hz[2:] - edges_hz[:-2])
    filters = np.maximum(0.0, np.minimum(rising, falling)) * areas[:, np.newaxis]
    bank: npt.NDArray[np.float32] = filters.astype(np.float32)
    bank.flags.writeable = False
    return bank


# Slaney's mel scale: linear up to 1 kHz, then 27 steps to each factor of 6.4.
_HZ_A_MEL = 200.0 / 3
_LOG_FROM_HZ = 1000.0
_LOG_FROM_MEL = _LOG_FROM_HZ / _HZ_A_MEL
_LOG_STEP = np.log(6.4) / 27


def _hz_to_mel(frequency_hz: float) -> float:
    if frequency_hz < _LOG_FROM_HZ:
        return frequency_hz / _HZ_A_MEL
    return float(_LOG_FROM_MEL + np.log(frequency_hz / _LOG_FROM_HZ) / _LOG_STEP)


def _mel_to_hz(mels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    logarithmic = _LOG_FROM_HZ * np.exp(_LOG_STEP * (mels - _LOG_FROM_MEL))
    return np.where(mels < _LOG_FROM_MEL, _HZ_A_MEL * mels, logarithmic)


@lru_cache(maxsize=4)
def _filter_groups(
    settings: MelSettings,
) -> tuple[tuple[slice, slice, npt.NDArray[np.float32]], ...]:
    """Splits the filterbank, which is nearly all zeros, into products of few bins each."""
    bank = mel_filterbank(settings)
    groups = []
    rows_each = max(1, settings.n_mels // 16)
    for first in range(0, settings.n_mels, rows_each):
        rows = slice(first, min(first + rows_each, settings.n_mels))
        used = np.flatnonzero(bank[rows].any(axis=0))
        low, high = (int(used[0]), int(used[-1]) + 1) if used.size else (0, 1)
        groups.append((rows, slice(low, high), np.ascontiguousarray(bank[rows, low:high])))
    return tuple(groups)


def _mono_blocks(
    source: AudioSource, progress: Progress, cancel: CancelToken | None
) -> Iterator[npt.NDArray[np.float32]]:
    block_samples = max(1, int(_BLOCK_S * source.sample_rate))
    for start in range(0, source.n_samples, block_samples):
        if cancel is not None:
            cancel.raise_if_cancelled()
        stop = min(start + block_samples, source.n_samples)
        yield source.read_mono(start, stop)
        progress(stop / source.n_samples, "Analysing the recording")


def _resampled(
    blocks: Iterator[npt.NDArray[np.float32]], source: AudioSource, settings: MelSettings
) -> Iterator[npt.NDArray[np.float32]]:
    if source.sample_rate == settings.sample_rate:
        yield from blocks
        return
    stream = soxr.ResampleStream(source.sample_rate, settings.sample_rate, 1, quality="HQ")
    for block in blocks:
        yield stream.resample_chunk(_limited(block))
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


def _limited(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Returns samples without NaN, infinities and absurd values."""
    if not samples.size or -_MAX_SAMPLE <= samples.min() <= samples.max() <= _MAX_SAMPLE:
        return samples
    finite = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    return np.clip(finite, -_MAX_SAMPLE, _MAX_SAMPLE)


def _mel_of_blocks(
    blocks: Iterable[npt.NDArray[np.float32]], n_samples: int, settings: MelSettings
) -> npt.NDArray[np.float32]:
    """Computes the spectrogram of blocks that together hold `n_samples`, more or less.

    A resampler may deliver a sample more or less than the length that is asked for; like librosa,
    what is too much is dropped and what is missing is silence.
    """
    n_frames = settings.frame_count(n_samples)
    levels = np.empty((settings.n_mels, n_frames), np.float32)
    n_threads = min(_MAX_THREADS, os.cpu_count() or 1)
    if n_samples <= _BLOCK_S * settings.sample_rate or n_threads == 1:
        for samples, done, stop in _pieces(blocks, n_samples, settings):
            _write_levels(samples, levels[:, done:stop], settings)
        _normalise(levels, _loudest(levels), settings.top_db)
        return levels
    # All the work below is done by libraries that let other threads run meanwhile.
    with ThreadPoolExecutor(n_threads, "spectrogram") as pool:
        running: deque[Future[None]] = deque()
        for samples, done, stop in _pieces(blocks, n_samples, settings):
            running.append(pool.submit(_write_levels, samples, levels[:, done:stop], settings))
            if len(running) > 2 * n_threads:
                running.popleft().result()
        for future in running:
            future.result()
        bands = np.array_split(levels, 4 * n_threads)
        loudest = max(pool.map(_loudest, bands))
        for _ in pool.map(lambda band: _normalise(band, loudest, settings.top_db), bands):
            pass
    return levels


def _pieces(
    blocks: Iterable[npt.NDArray[np.float32]], n_samples: int, settings: MelSettings
) -> Iterator[tuple[npt.NDArray[np.float32], int, int]]:
    """Yields samples, and the first frame and one beyond the last that lie in them."""
    half = settings.n_fft // 2
    done = 0
    left = n_samples
    pending = np.zeros(half, np.float32)
    for block in blocks:
        block = _limited(block[:left])
        left -= block.size
        pending = np.concatenate((pending, block))
        ready = (pending.size - settings.n_fft) // settings.hop_length + 1
        if ready > 0:
            yield pending, done, done + ready
            done += ready
            pending = pending[ready * settings.hop_length :]
    pending = np.concatenate((pending, np.zeros(left + half, np.float32)))
    yield pending, done, settings.frame_count(n_samples)


def _write_levels(
    samples: npt.NDArray[np.float32], levels: npt.NDArray[np.float32], settings: MelSettings
) -> None:
    """Fills `levels` of shape `[n_mels, frames]` with frames from `samples`.

    A level is the power in units of `top_db`, so that what is to become 0 lies 1 below the loudest.
    """
    import scipy.fft  # pocketfft in float32; imported here to keep start-up fast

    n_frames = levels.shape[1]
    if not n_frames:
        return
    window = _window(settings.n_fft)
    frames = np.lib.stride_tricks.sliding_window_view(samples, settings.n_fft)
    frames = frames[:: settings.hop_length]
    for start in range(0, n_frames, _BATCH_FRAMES):
        stop = min(start + _BATCH_FRAMES, n_frames)
        spectrum = scipy.fft.rfft(frames[start:stop] * window, axis=1)
        power = spectrum.real**2
        power += spectrum.imag**2
        batch = np.empty((settings.n_mels, stop - start), np.float32)
        for rows, bins, filters in _filter_groups(settings):
            np.matmul(filters, power[:, bins].T, out=batch[rows])
        np.maximum(batch, np.float32(_MIN_POWER), out=batch)
        np.log(batch, out=batch)  # several times faster than log10
        np.multiply(batch, _units(settings.top_db), out=levels[:, start:stop])


def _units(top_db: float) -> np.float32:
    """Returns what turns a natural logarithm of power into units of `top_db`."""
    return np.float32(10.0 / (np.log(10.0) * top_db))


@lru_cache(maxsize=4)
def _window(length: int) -> npt.NDArray[np.float32]:
    """Returns the periodic Hann window of even length."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(np.float32)


def _loudest(levels: npt.NDArray[np.float32]) -> np.float32:
    return np.float32(levels.max(initial=-np.inf))


def _normalise(levels: npt.NDArray[np.float32], loudest: np.float32, top_db: float) -> None:
    """Scales levels to [0, 1] in place: 1 for the loudest, 0 for all of a silent recording."""
    if loudest <= np.log(np.float32(_MIN_POWER)) * _units(top_db):
        levels.fill(0.0)
        return
    for band in levels:  # one fits into a cache, all of them don't
        band -= loudest
        band += np.float32(1.0)
        np.clip(band, 0.0, 1.0, out=band)
