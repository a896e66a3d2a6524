"""Sounds that musicians make between two takes."""

from __future__ import annotations

import numpy as np

from training.simulator.dsp import faded
from training.simulator.types import SAMPLE_RATE, Mono, samples_of


def tuning(rng: np.random.Generator) -> Mono:
    """Returns plucked strings that are being tuned: single notes, some gliding."""
    notes = np.array([82.4, 110.0, 146.8, 196.0, 246.9, 329.6, 440.0]) * float(
        rng.uniform(0.97, 1.03)
    )
    count = int(rng.integers(2, 9))
    spacing = samples_of(float(rng.uniform(0.3, 0.9)))
    out = np.zeros(spacing * count + samples_of(1.5), dtype=np.float32)
    for index in range(count):
        n = samples_of(float(rng.uniform(0.5, 1.5)))
        hz = float(rng.choice(notes))
        glide = np.linspace(float(rng.uniform(-0.04, 0.04)), 0.0, n)
        phase = 2 * np.pi * np.cumsum(hz * (1 + glide)) / SAMPLE_RATE
        fall = np.exp(-np.arange(n) / (SAMPLE_RATE * float(rng.uniform(0.15, 0.6))))
        tone = np.zeros(n)
        for number in range(1, 7):
            tone += np.sin(number * phase) / number**1.3 * fall ** (0.6 + 0.3 * number)
        start = index * spacing
        out[start : start + n] += faded(tone.astype(np.float32), 60, 200)
    return out


def sticks(rng: np.random.Generator, period: int) -> Mono:
    """Returns three to eight strokes of the sticks, `period` samples apart."""
    count = int(rng.choice([3, 4, 4, 4, 8]))
    out = np.zeros(period * count, dtype=np.float32)
    n = min(samples_of(0.05), period)
    hz = float(rng.uniform(700, 2500))
    times = np.arange(n) / SAMPLE_RATE
    stroke = np.sin(2 * np.pi * hz * times) + 0.5 * rng.standard_normal(n)
    stroke *= np.exp(-times * float(rng.uniform(60, 250)))
    for index in range(count):
        level = float(rng.uniform(0.7, 1.0))
        out[index * period : index * period + n] += (stroke * level).astype(np.float32)
    return out
