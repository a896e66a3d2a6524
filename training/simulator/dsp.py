"""Signal processing that several parts of the simulator share."""

from __future__ import annotations

from dataclasses import dataclass

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
    return (np.float32(0.5) - np.float32(0.5) * np.cos(phase * np.float32(np.pi))).astype(
        np.float32
    )


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


def band(low_hz: float, high_hz: float, order: float = 4.0, n: int = 513) -> npt.NDArray[np.float64]:
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


def resampled(samples: Mono, speed: float) -> Mono:
    """Plays a sound faster (`speed` above 1) or slower, its pitch moving along."""
    import soxr

    out = soxr.resample(samples, SAMPLE_RATE * speed, SAMPLE_RATE, quality="MQ")
    return np.asarray(out, dtype=np.float32)


def stretched(samples: Mono, tempo: float, frame: int = 1024, reach: int = 256) -> Mono:
    """Changes the tempo and not the pitch, by overlapping frames that fit (WSOLA).

    Args:
        samples: float32 of shape [n].
        tempo: 1.1 makes it a tenth faster.
        frame: Frame length in samples; the longer, the better for music.
        reach: How far around its nominal place a fitting frame is looked for, in samples.
    """
    hop = frame // 2
    count = int((samples.size - frame - reach) / (hop * tempo))
    if count < 3:
        return samples.copy()
    window = np.hanning(frame + 1)[:frame].astype(np.float32)
    padded = np.concatenate([np.zeros(reach, np.float32), samples, np.zeros(frame * 2, np.float32)])
    out = np.zeros(count * hop + frame, dtype=np.float32)
    # The first frame's rising half stays whole, so that the beginning isn't faded in.
    out[:hop] = padded[reach : reach + hop] * window[hop:]
    out[:frame] += padded[reach : reach + frame] * window
    place = reach
    for index in range(1, count):
        nominal = reach + round(index * hop * tempo)
        # Every other sample is enough to find the place to a pitch period's fraction.
        template = padded[place + hop : place + hop + frame : 2]
        around = padded[nominal - reach : nominal + reach + frame : 2]
        match = np.correlate(around, template, mode="valid")
        place = nominal - reach + 2 * int(np.argmax(match))
        out[index * hop : index * hop + frame] += padded[place : place + frame] * window
    # Likewise the end is not faded out.
    end = (count - 1) * hop + hop
    out[end : end + hop] += padded[place + hop : place + frame] * window[:hop]
    rest = padded[place + frame : reach + samples.size]
    return np.concatenate([out[: end + hop], rest]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Variation:
    """How a take differs from another take of the same words or notes.

    Attributes:
        speed: Factor of speed and pitch together.
        tempo: Factor of speed alone.
        semitones: Pitch alone.
        level_db: Level.
        tilt_db: Tilt of the spectrum in dB per octave.
    """

    speed: float = 1.0
    tempo: float = 1.0
    semitones: float = 0.0
    level_db: float = 0.0
    tilt_db: float = 0.0

    @classmethod
    def of_speech(cls, rng: np.random.Generator) -> Variation:
        """Returns how a speaker varies a sentence from one take to the next."""
        way = rng.random()
        return cls(
            speed=float(rng.uniform(0.94, 1.06)) if way < 0.55 else 1.0,
            tempo=float(rng.uniform(0.9, 1.1)) if way > 0.4 else 1.0,
            semitones=float(rng.uniform(-1, 1)) if way > 0.7 else 0.0,
            level_db=float(rng.uniform(-4, 4)),
            tilt_db=float(rng.uniform(-1.2, 1.2)),
        )

    @classmethod
    def of_music(cls, rng: np.random.Generator) -> Variation:
        """Returns how a player varies a passage; it stays nearly in tune and in time."""
        way = rng.random()
        return cls(
            speed=float(rng.uniform(0.995, 1.005)) if way < 0.5 else 1.0,
            tempo=float(rng.uniform(0.98, 1.02)) if way > 0.5 else 1.0,
            level_db=float(rng.uniform(-3, 3)),
            tilt_db=float(rng.uniform(-1, 1)),
        )

    def apply(self, samples: Mono, frame: int = 1024) -> Mono:
        """Returns the varied take; its length changes with speed and tempo."""
        shift = 2 ** (self.semitones / 12)
        tempo = self.tempo / shift
        out = samples
        if abs(tempo - 1) > 1e-3:
            out = stretched(out, tempo, frame)
        if abs(self.speed * shift - 1) > 1e-4:
            out = resampled(out, self.speed * shift)
        if self.tilt_db:
            out = shaped(out, tilt(self.tilt_db))
        return np.asarray(out * gain(self.level_db), dtype=np.float32)
