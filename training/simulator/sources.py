"""What synthetic noises are made of: envelopes, rough voices, throats and blows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from training.simulator.dsp import ramp, shaped
from training.simulator.types import SAMPLE_RATE, Mono, samples_of


def seconds_of(n: int) -> npt.NDArray[np.float32]:
    """Returns the times of `n` samples."""
    return np.arange(n, dtype=np.float32) / np.float32(SAMPLE_RATE)


def decay(n: int, time_s: float, attack_s: float = 0.001) -> Mono:
    """Returns an envelope that rises in `attack_s` and falls by 60 dB in `time_s`."""
    envelope = np.exp(-6.9 * seconds_of(n) / np.float32(time_s)).astype(np.float32)
    attack = min(n, max(1, samples_of(attack_s)))
    envelope[:attack] *= ramp(attack)
    return np.asarray(envelope, dtype=np.float32)


def hump(n: int) -> Mono:
    """Returns half a sine wave."""
    return np.asarray(np.abs(np.sin(np.linspace(0, np.pi, n))), dtype=np.float32)


def in_sequence(rng: np.random.Generator, parts: list[Mono], low_s: float, high_s: float) -> Mono:
    """Places sounds one after the other, `low_s` to `high_s` from onset to onset."""
    places = [0]
    for _ in parts[1:]:
        places.append(places[-1] + samples_of(float(rng.uniform(low_s, high_s))))
    out = np.zeros(max(p + part.size for p, part in zip(places, parts, strict=True)), np.float32)
    for place, part in zip(places, parts, strict=True):
        out[place : place + part.size] += part
    return out


def pulses(rng: np.random.Generator, n: int, pitch_hz: float, rough: float) -> Mono:
    """Returns a rough voiced source: a pulse train whose period wanders."""
    drift = np.cumsum(rng.standard_normal(n // 220 + 2)) * rough * 0.1
    wander = np.interp(np.arange(n) / 220, np.arange(drift.size), drift)
    phase = np.cumsum(pitch_hz * np.exp(np.clip(wander, -0.4, 0.4)) / SAMPLE_RATE)
    saw = (phase % 1.0).astype(np.float32) - np.float32(0.5)
    return saw + np.float32(rough) * rng.standard_normal(n, dtype=np.float32)


def formants(rng: np.random.Generator, samples: Mono) -> Mono:
    """Colours a source by three or so broad resonances, as a throat does."""
    hz = np.linspace(0, SAMPLE_RATE / 2, 513)
    response = np.full(hz.size, 0.03)
    for low, high in ((300, 900), (900, 2000), (2000, 3500), (3500, 6500)):
        centre, width = rng.uniform(low, high), rng.uniform(100, 500)
        response += rng.uniform(0.2, 1.0) / (1 + ((hz - centre) / width) ** 2)
    return shaped(samples, response)


def struck(rng: np.random.Generator, modes: npt.NDArray[np.float64], ring_s: float) -> Mono:
    """Returns a blow on something that rings at the frequencies `modes`."""
    n = samples_of(ring_s * 1.3)
    time = seconds_of(n)
    out = rng.standard_normal(n, dtype=np.float32) * decay(n, 0.015) * np.float32(0.6)
    for hz in modes:
        tone = np.sin(2 * np.pi * np.float32(hz) * time + np.float32(rng.uniform(0, 6)))
        out += tone * decay(n, ring_s * float(rng.uniform(0.4, 1.1))) * np.float32(rng.random())
    return out * np.float32(rng.uniform(0.5, 1.0))
