"""Noises from around: doors, animals, telephones, traffic, water, and faults of the equipment."""

from __future__ import annotations

import numpy as np
from scipy import signal

from training.simulator.dsp import band, coloured_noise, faded, shaped
from training.simulator.sources import (
    decay,
    formants,
    hump,
    in_sequence,
    pulses,
    seconds_of,
    struck,
)
from training.simulator.types import SAMPLE_RATE, Mono, samples_of


def door(rng: np.random.Generator) -> Mono:
    """A door: the latch, the blow, and what rattles after it."""
    latch = struck(rng, rng.uniform(700, 4000, 3), 0.04) * np.float32(rng.uniform(0.1, 0.5))
    n = samples_of(float(rng.uniform(0.2, 0.7)))
    blow = coloured_noise(rng, n, 1.6) * decay(n, n / SAMPLE_RATE, 0.002)
    rattle = [
        struck(rng, rng.uniform(200, 2500, 3), 0.05) * np.float32(rng.uniform(0.05, 0.3))
        for _ in range(int(rng.integers(1, 4)))
    ]
    return in_sequence(rng, [latch, blow, *rattle], 0.03, 0.3)


def pen_click(rng: np.random.Generator) -> Mono:
    """A pen, a switch or a mouse: pairs of very short clicks."""
    modes = rng.uniform(1500, 7000, 3)
    parts = []
    for _ in range(int(rng.integers(1, 4))):
        pair = [struck(rng, modes * rng.uniform(0.9, 1.1), 0.012) for _ in range(2)]
        parts.append(in_sequence(rng, pair, 0.04, 0.18))
    return in_sequence(rng, parts, 0.2, 0.6)


def zipper(rng: np.random.Generator) -> Mono:
    """A zip or a ratchet: teeth that follow faster and faster, or slower."""
    seconds = float(rng.uniform(0.2, 0.9))
    n = samples_of(seconds)
    rate = np.linspace(rng.uniform(40, 200), rng.uniform(40, 250), n)
    teeth = np.diff(np.floor(np.cumsum(rate) / SAMPLE_RATE), prepend=0).astype(np.float32)
    tooth = rng.standard_normal(90).astype(np.float32) * decay(90, 0.004)
    sound = signal.oaconvolve(teeth, tooth)[:n].astype(np.float32)
    return faded(shaped(sound, band(float(rng.uniform(500, 2500)), 9000, 1.0)), n // 8, n // 8)


def ring(rng: np.random.Generator) -> Mono:
    """A telephone or an alarm: two tones that alternate, in bursts."""
    low = float(rng.uniform(350, 1500))
    high = low * float(rng.uniform(1.1, 1.5))
    n = samples_of(float(rng.uniform(0.3, 1.0)))
    switch = signal.square(2 * np.pi * float(rng.uniform(8, 28)) * seconds_of(n)) > 0
    hz = np.where(switch, low, high)
    phase = 2 * np.pi * np.cumsum(hz) / SAMPLE_RATE
    tone = np.tanh(float(rng.uniform(0.5, 5)) * np.sin(phase)).astype(np.float32)
    bursts = [faded(tone, 200, 400) for _ in range(int(rng.integers(1, 4)))]
    return in_sequence(rng, bursts, n / SAMPLE_RATE * 1.2, n / SAMPLE_RATE * 2)


def horn(rng: np.random.Generator) -> Mono:
    """A car's horn or a siren somewhere: a chord of rough tones, steady or gliding."""
    n = samples_of(float(rng.uniform(0.25, 2.0)))
    base = float(rng.uniform(280, 520))
    glide = 1 + float(rng.uniform(0, 0.5)) * np.sin(
        2 * np.pi * float(rng.uniform(0.2, 1.5)) * seconds_of(n)
    ) * (rng.random() < 0.4)
    out = np.zeros(n)
    for ratio in (1.0, float(rng.choice([1.2, 1.26, 1.5]))):
        phase = 2 * np.pi * np.cumsum(base * ratio * glide) / SAMPLE_RATE
        out += np.tanh(3 * np.sin(phase))
    sound = faded(out.astype(np.float32), n // 12, n // 6)
    return shaped(sound, band(150, float(rng.uniform(900, 3500)), 1.5))


def bark(rng: np.random.Generator) -> Mono:
    """A dog: one to four short rough voiced bursts."""
    pitch = float(rng.uniform(150, 600))
    parts = []
    for _ in range(int(rng.integers(1, 5))):
        n = samples_of(float(rng.uniform(0.1, 0.28)))
        voice = pulses(rng, n, pitch * float(rng.uniform(0.9, 1.1)), 0.35)
        parts.append(voice * decay(n, n / SAMPLE_RATE * 1.3, 0.02))
    return formants(rng, in_sequence(rng, parts, 0.22, 0.7))


def bird(rng: np.random.Generator) -> Mono:
    """A bird: a few high whistles that glide and trill."""
    parts = []
    centre = float(rng.uniform(2000, 6000))
    for _ in range(int(rng.integers(2, 9))):
        n = samples_of(float(rng.uniform(0.04, 0.25)))
        sweep = np.linspace(rng.uniform(0.8, 1.2), rng.uniform(0.8, 1.2), n)
        trill = 1 + 0.08 * np.sin(2 * np.pi * float(rng.uniform(15, 60)) * seconds_of(n))
        phase = 2 * np.pi * np.cumsum(centre * sweep * trill) / SAMPLE_RATE
        parts.append(np.sin(phase).astype(np.float32) * hump(n))
    return in_sequence(rng, parts, 0.06, 0.35)


def water(rng: np.random.Generator) -> Mono:
    """Water is poured: many little gliding bubbles over a hiss."""
    n = samples_of(float(rng.uniform(0.5, 2.5)))
    out = coloured_noise(rng, n, 0.8) * np.float32(0.06)
    for _ in range(int(n / SAMPLE_RATE * rng.uniform(15, 60))):
        m = samples_of(float(rng.uniform(0.01, 0.06)))
        hz = np.linspace(1.0, rng.uniform(1.1, 1.6), m) * rng.uniform(300, 2500)
        bubble = np.sin(2 * np.pi * np.cumsum(hz) / SAMPLE_RATE) * rng.uniform(0.05, 0.5)
        place = int(rng.integers(0, n))
        part = out[place : place + m]
        part += (bubble.astype(np.float32) * decay(m, m / SAMPLE_RATE, 0.002))[: part.size]
    return faded(out, n // 6, n // 5)


def crackle(rng: np.random.Generator) -> Mono:
    """A bad plug or a scratched record: clicks of all sizes at random times."""
    n = samples_of(float(rng.uniform(0.1, 1.5)))
    out = np.zeros(n, dtype=np.float32)
    count = max(2, int(n / SAMPLE_RATE * rng.uniform(8, 120)))
    out[rng.integers(0, n, count)] = rng.choice([-1, 1], count) * rng.exponential(1.0, count)
    return shaped(out, band(float(rng.uniform(50, 900)), float(rng.uniform(4000, 10500)), 1.0))


def pop(rng: np.random.Generator) -> Mono:
    """A breath or a hand hits the microphone: one to three low pops."""
    parts = []
    for _ in range(int(rng.integers(1, 4))):
        n = samples_of(float(rng.uniform(0.04, 0.16)))
        body = coloured_noise(rng, n, 2.0) * decay(n, n / SAMPLE_RATE, 0.004)
        parts.append(shaped(body, band(0, float(rng.uniform(120, 500)), 2.0)))
    return in_sequence(rng, parts, 0.1, 0.5)


def glitch(rng: np.random.Generator) -> Mono:
    """A digital fault: a short buffer that is repeated, or a beep."""
    period = samples_of(float(rng.uniform(0.003, 0.04)))
    buffer = coloured_noise(rng, period, float(rng.uniform(0, 2)))
    times = int(rng.integers(3, 30))
    return faded(np.tile(buffer, times)[: samples_of(0.8)], 4, 4)


def feedback(rng: np.random.Generator) -> Mono:
    """A loudspeaker howls: a tone that swells, with a waver."""
    n = samples_of(float(rng.uniform(0.3, 1.8)))
    hz = float(rng.uniform(400, 4000))
    waver = 1 + 0.004 * np.sin(2 * np.pi * float(rng.uniform(2, 8)) * seconds_of(n))
    tone = np.sin(2 * np.pi * np.cumsum(hz * waver) / SAMPLE_RATE).astype(np.float32)
    swell = np.linspace(0, 1, n, dtype=np.float32) ** np.float32(rng.uniform(1, 4))
    return faded(np.tanh(2 * tone) * swell, 50, n // 10)


SURROUNDINGS = (
    door,
    pen_click,
    zipper,
    ring,
    horn,
    bark,
    bird,
    water,
    crackle,
    pop,
    glitch,
    feedback,
)
"""All of them."""
