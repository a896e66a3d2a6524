"""Signal processing that several parts of the simulator share."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import fft

from training.simulator.types import SAMPLE_RATE, Mono


def gain(db: float) -> np.float32:
    """Returns the factor of a gain in decibels."""
    return np.float32(10 ** (db / 20))


def rms(samples: Mono) -> float:
    """Returns the root mean square, never quite zero."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)) + 1e-12))


def faded(samples: Mono, fade_in: int, fade_out: int) -> Mono:
    """Returns a copy with raised-cosine fades of the given lengths in samples."""
    out = samples.copy()
    fade_in, fade_out = min(fade_in, out.size), min(fade_out, out.size)
    if fade_in:
        out[:fade_in] *= ramp(fade_in)
    if fade_out:
        out[-fade_out:] *= ramp(fade_out)[::-1]
    return out


def ramp(n: int) -> Mono:
    """Returns a rising raised cosine of `n` samples."""
    phase = (np.arange(n, dtype=np.float32) + np.float32(0.5)) / np.float32(n)
    return np.asarray(0.5 - 0.5 * np.cos(phase * np.float32(np.pi)), dtype=np.float32)


def shaped(samples: Mono, response: npt.NDArray[np.floating]) -> Mono:
    """Filters without delay by a magnitude response.

    Args:
        samples: float32 of shape [n].
        response: Gains at evenly spaced frequencies from 0 to 11,025 Hz; interpolated.
    """
    size = fft.next_fast_len(samples.size + 2048, real=True)
    spectrum = fft.rfft(samples, size)
    places = np.linspace(0, response.size - 1, spectrum.size, dtype=np.float32)
    curve = np.interp(places, np.arange(response.size), response).astype(np.float32)
    return np.asarray(fft.irfft(spectrum * curve, size)[: samples.size], dtype=np.float32)


def frequencies(n: int = 513) -> npt.NDArray[np.float64]:
    """Returns `n` evenly spaced frequencies from 0 to 11,025 Hz."""
    return np.linspace(0, SAMPLE_RATE / 2, n)


def tilt(db_per_octave: float, n: int = 513) -> npt.NDArray[np.float64]:
    """Returns the response of a tilt around 1 kHz, levelled off below 60 Hz."""
    octaves = np.log2(np.maximum(frequencies(n), 60.0) / 1000.0)
    return np.asarray(10 ** (db_per_octave * octaves / 20))


def band(
    low_hz: float, high_hz: float, order: float = 4.0, n: int = 513
) -> npt.NDArray[np.float64]:
    """Returns the response of a band-pass with Butterworth slopes; 0 Hz leaves the low end open."""
    hz = frequencies(n)
    response = 1 / np.sqrt(1 + (hz / high_hz) ** (2 * order))
    if low_hz > 0:
        response = response / np.sqrt(1 + (low_hz / np.maximum(hz, 1e-3)) ** (2 * order))
    return np.asarray(response)


def coloured_noise(rng: np.random.Generator, n: int, exponent: float) -> Mono:
    """Returns noise whose power falls as 1/f**exponent (0 white, 1 pink, 2 brown), RMS 1."""
    size = fft.next_fast_len(n, real=True)
    white = rng.standard_normal(size, dtype=np.float32)
    if exponent == 0:
        return white[:n]
    spectrum = fft.rfft(white)
    hz = np.arange(spectrum.size, dtype=np.float32) * np.float32(SAMPLE_RATE / size)
    spectrum *= np.maximum(hz, 20.0) ** np.float32(-exponent / 2)
    noise = np.asarray(fft.irfft(spectrum, size)[:n], dtype=np.float32)
    return noise / np.float32(rms(noise))
