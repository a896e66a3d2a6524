"""Noises that people make besides speech."""

from __future__ import annotations

import numpy as np

from training.simulator.dsp import band, faded, shaped
from training.simulator.sources import decay, formants, hump, in_sequence, pulses, seconds_of
from training.simulator.types import SAMPLE_RATE, Mono, samples_of


def cough(rng: np.random.Generator) -> Mono:
    """One to four coughs: a burst of breath, then a short rough voiced tail."""
    parts = []
    for _ in range(int(rng.integers(1, 5))):
        n = samples_of(float(rng.uniform(0.18, 0.45)))
        burst = rng.standard_normal(n, dtype=np.float32) * decay(n, float(rng.uniform(0.15, 0.4)))
        voiced = pulses(rng, n, float(rng.uniform(110, 320)), 0.4)
        swell = hump(n) ** 2
        voiced *= swell * np.float32(rng.uniform(0, 0.9))
        parts.append(formants(rng, burst + voiced))
    return in_sequence(rng, parts, 0.22, 0.6)


def throat_clearing(rng: np.random.Generator) -> Mono:
    """A rough, low, fluttering sound of the throat."""
    parts = []
    for _ in range(int(rng.integers(1, 4))):
        n = samples_of(float(rng.uniform(0.2, 0.7)))
        source = pulses(rng, n, float(rng.uniform(60, 180)), 0.6)
        flutter = 1 + np.float32(0.7) * np.sin(
            2 * np.pi * np.float32(rng.uniform(18, 45)) * seconds_of(n)
        )
        envelope = hump(n) ** np.float32(0.7)
        parts.append(formants(rng, source * flutter * envelope))
    return in_sequence(rng, parts, 0.25, 0.8)


def mouth_click(rng: np.random.Generator) -> Mono:
    """Smacks and clicks of lips and tongue."""
    parts = []
    for _ in range(int(rng.integers(1, 5))):
        n = samples_of(float(rng.uniform(0.006, 0.04)))
        burst = rng.standard_normal(n, dtype=np.float32) * decay(n, float(rng.uniform(0.004, 0.03)))
        low = float(rng.uniform(600, 2500))
        parts.append(shaped(burst, band(low, low * float(rng.uniform(1.5, 4)), order=2)))
    return in_sequence(rng, parts, 0.03, 0.25)


def breath(rng: np.random.Generator) -> Mono:
    """A loud breath, a sniff or a sigh."""
    n = samples_of(float(rng.uniform(0.2, 1.2)))
    peak = float(rng.uniform(0.2, 0.8))
    knots = np.array([0.0, 0.6, 1.0, 0.5, 0.0])
    places = np.array([0.0, peak / 2, peak, (1 + peak) / 2, 1.0])
    envelope = np.interp(np.linspace(0, 1, n), places, knots) ** rng.uniform(0.8, 2)
    noise = rng.standard_normal(n, dtype=np.float32) * envelope.astype(np.float32)
    sound = formants(rng, noise)
    return shaped(sound, band(float(rng.uniform(200, 1200)), float(rng.uniform(3000, 9000)), 1.5))


def sneeze(rng: np.random.Generator) -> Mono:
    """A sneeze: breath drawn in, then a burst with a voiced end."""
    n = samples_of(float(rng.uniform(0.3, 0.8)))
    drawn = formants(rng, rng.standard_normal(n, dtype=np.float32) * hump(n) ** 2)
    m = samples_of(float(rng.uniform(0.25, 0.6)))
    burst = rng.standard_normal(m, dtype=np.float32) * decay(m, m / SAMPLE_RATE, 0.008)
    voiced = pulses(rng, m, float(rng.uniform(140, 420)), 0.3) * decay(m, 0.3, 0.03)
    burst = formants(rng, burst + voiced * np.float32(rng.uniform(0, 1)))
    return np.concatenate([drawn * np.float32(rng.uniform(0.05, 0.3)), burst])


def laugh(rng: np.random.Generator) -> Mono:
    """Three to nine voiced puffs at an even pace, falling."""
    count = int(rng.integers(3, 10))
    pitch = float(rng.uniform(120, 380))
    parts = []
    for index in range(count):
        n = samples_of(float(rng.uniform(0.07, 0.16)))
        voice = pulses(rng, n, pitch * (1 - 0.03 * index), 0.15)
        puff = rng.standard_normal(n, dtype=np.float32) * np.float32(0.3)
        parts.append((voice + puff) * hump(n) * np.float32(1 - 0.07 * index))
    pace = float(rng.uniform(0.15, 0.26))
    return formants(rng, in_sequence(rng, parts, pace * 0.9, pace * 1.1))


def sniff(rng: np.random.Generator) -> Mono:
    """One to three short sniffs: bright noise that rises and stops."""
    parts = []
    for _ in range(int(rng.integers(1, 4))):
        n = samples_of(float(rng.uniform(0.1, 0.35)))
        rise = np.linspace(0, 1, n, dtype=np.float32) ** np.float32(rng.uniform(0.5, 2))
        parts.append(faded(rng.standard_normal(n, dtype=np.float32) * rise, 0, n // 8))
    sound = in_sequence(rng, parts, 0.35, 0.8)
    return shaped(sound, band(float(rng.uniform(600, 2500)), float(rng.uniform(4000, 10000)), 1.5))


def swallow(rng: np.random.Generator) -> Mono:
    """A gulp: a low glide between two soft clicks."""
    n = samples_of(float(rng.uniform(0.12, 0.35)))
    hz = np.linspace(rng.uniform(150, 350), rng.uniform(60, 140), n)
    glide = np.sin(2 * np.pi * np.cumsum(hz) / SAMPLE_RATE) * hump(n) ** 2
    out = np.asarray(glide * rng.uniform(0.2, 1), dtype=np.float32)
    for place in (0, n * 2 // 3):
        m = min(samples_of(0.015), n - place)
        out[place : place + m] += rng.standard_normal(m, dtype=np.float32) * decay(m, 0.012)
    return out


def hummed(rng: np.random.Generator) -> Mono:
    """Somebody hums a few notes, or groans."""
    parts = []
    pitch = float(rng.uniform(85, 300))
    for _ in range(int(rng.integers(1, 6))):
        n = samples_of(float(rng.uniform(0.2, 0.8)))
        step = 2 ** (float(rng.integers(-4, 6)) / 12)
        parts.append(faded(pulses(rng, n, pitch * step, 0.03), n // 6, n // 4))
    sound = in_sequence(rng, parts, 0.25, 0.8)
    return shaped(sound, band(60, float(rng.uniform(350, 1200)), 1.5))


BODIES = (cough, throat_clearing, mouth_click, breath, sneeze, laugh, sniff, swallow, hummed)
"""All of them."""
