"""Noises of things: blows, friction, machines, and what a microphone does when touched."""

from __future__ import annotations

import numpy as np
from scipy import signal

from training.simulator.dsp import band, coloured_noise, faded, shaped, tilt
from training.simulator.sources import decay, hump, in_sequence, pulses, seconds_of, struck
from training.simulator.types import SAMPLE_RATE, Mono, samples_of


def knock(rng: np.random.Generator) -> Mono:
    """One to five knocks on something that rings a little."""
    modes = rng.uniform(90, 1600, int(rng.integers(2, 6)))
    ring_s = float(rng.uniform(0.04, 0.3))
    return in_sequence(
        rng,
        [struck(rng, modes, ring_s) for _ in range(int(rng.integers(1, 6)))],
        0.1,
        float(rng.uniform(0.15, 0.7)),
    )


def thump(rng: np.random.Generator) -> Mono:
    """Something heavy, or the microphone's stand, is touched: a low blow with a rumble."""
    n = samples_of(float(rng.uniform(0.12, 0.6)))
    hz = np.float32(rng.uniform(35, 140))
    sweep = hz * (1 + np.float32(0.8) * np.exp(-seconds_of(n) * 40))
    body = np.sin(2 * np.pi * np.cumsum(sweep) / SAMPLE_RATE) * decay(n, n / SAMPLE_RATE, 0.004)
    rumble = coloured_noise(rng, n, 2.0) * decay(n, n / SAMPLE_RATE) * np.float32(0.4)
    click = rng.standard_normal(n, dtype=np.float32) * decay(n, 0.02) * np.float32(rng.random())
    return np.asarray(body + rumble + click * 0.4, dtype=np.float32)


def squeak(rng: np.random.Generator) -> Mono:
    """A chair, a door or a floor: a gliding tone with overtones, stuttering."""
    n = samples_of(float(rng.uniform(0.12, 1.0)))
    knots = rng.uniform(250, 2600) * np.exp(np.cumsum(rng.normal(0, 0.18, 6)))
    pitch = np.interp(np.linspace(0, 5, n), np.arange(6), knots)
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    out = np.zeros(n, dtype=np.float32)
    for number in range(1, int(rng.integers(2, 6))):
        out += np.sin(number * phase + rng.uniform(0, 6)).astype(np.float32) / np.float32(number)
    stutter = np.clip(1 + 1.5 * np.sin(2 * np.pi * rng.uniform(8, 60) * seconds_of(n)), 0.1, None)
    breath = rng.standard_normal(n, dtype=np.float32) * np.float32(0.15)
    envelope = hump(n) ** np.float32(0.6)
    return np.asarray((out + breath) * stutter * envelope, dtype=np.float32)


def rustle(rng: np.random.Generator) -> Mono:
    """Paper or clothes: bright noise in many small bursts."""
    n = samples_of(float(rng.uniform(0.25, 2.0)))
    grains = np.zeros(n, dtype=np.float32)
    count = int(n / SAMPLE_RATE * rng.uniform(15, 90)) + 2
    grains[rng.integers(0, n, count)] = rng.exponential(1.0, count)
    width = samples_of(float(rng.uniform(0.01, 0.06)))
    envelope = signal.oaconvolve(grains, np.exp(-np.arange(width * 3) / width))[:n]
    noise = rng.standard_normal(n, dtype=np.float32) * (envelope + 0.05)
    low = float(rng.uniform(300, 2500))
    sound = shaped(noise.astype(np.float32), band(low, float(rng.uniform(4000, 10000)), order=1.5))
    return faded(sound, n // 6, n // 4)


def phone_buzz(rng: np.random.Generator) -> Mono:
    """A telephone that vibrates on a table."""
    hz = float(rng.uniform(110, 230))
    parts = []
    n = samples_of(float(rng.uniform(0.2, 0.9)))
    for _ in range(int(rng.integers(1, 4))):
        phase = 2 * np.pi * np.float32(hz) * seconds_of(n)
        buzz = np.tanh(np.float32(rng.uniform(1, 8)) * np.sin(phase))
        rattle = rng.standard_normal(n, dtype=np.float32) * np.float32(0.2) * (np.sin(phase) > 0.5)
        parts.append(faded((buzz + rattle).astype(np.float32), 300, 600))
    gap_s = n / SAMPLE_RATE
    sound = in_sequence(rng, parts, gap_s * 1.3, gap_s * 2.2)
    return shaped(sound, tilt(float(rng.uniform(-3, 2))))


def typing(rng: np.random.Generator) -> Mono:
    """Keys or a mouse: a train of small clicks."""
    modes = rng.uniform(800, 5000, int(rng.integers(2, 5)))
    parts = [struck(rng, modes, 0.03) for _ in range(int(rng.integers(2, 14)))]
    return in_sequence(rng, parts, 0.05, float(rng.uniform(0.1, 0.35)))


def clink(rng: np.random.Generator) -> Mono:
    """Glass, metal or china: inharmonic partials that ring."""
    modes = rng.uniform(900, 8000, int(rng.integers(3, 8)))
    ring_s = float(rng.uniform(0.1, 1.2))
    parts = [struck(rng, modes, ring_s) for _ in range(int(rng.integers(1, 4)))]
    return in_sequence(rng, parts, 0.05, 0.5)


def chime(rng: np.random.Generator) -> Mono:
    """A notification: one to four tones."""
    parts = []
    base = float(rng.uniform(300, 1600))
    for _ in range(int(rng.integers(1, 5))):
        n = samples_of(float(rng.uniform(0.06, 0.5)))
        hz = base * 2 ** (float(rng.integers(-5, 13)) / 12)
        time = seconds_of(n)
        tone = sum(
            (np.sin(2 * np.pi * hz * k * time) * rng.random() / k for k in (1, 2, 3)),
            start=np.zeros(n),
        )
        parts.append(np.asarray(tone * decay(n, n / SAMPLE_RATE * 1.2, 0.005), dtype=np.float32))
    return in_sequence(rng, parts, 0.07, 0.4)


def scrape(rng: np.random.Generator) -> Mono:
    """Something is dragged or the microphone handled: rough, low to middling noise."""
    n = samples_of(float(rng.uniform(0.15, 1.5)))
    speed = np.interp(np.linspace(0, 7, n), np.arange(8), rng.uniform(0.05, 1.0, 8))
    noise = coloured_noise(rng, n, float(rng.uniform(0.3, 2.0))) * speed.astype(np.float32)
    low = float(rng.uniform(40, 600))
    sound = shaped(noise, band(low, low * float(rng.uniform(3, 20)), order=1.5))
    return faded(sound, n // 8, n // 6)


def engine(rng: np.random.Generator) -> Mono:
    """Something passes by outside, or a machine runs for a moment."""
    n = samples_of(float(rng.uniform(0.6, 3.0)))
    hum = pulses(rng, n, float(rng.uniform(40, 140)), 0.3)
    noise = coloured_noise(rng, n, 1.0) * np.float32(rng.uniform(0.1, 1.0))
    sound = shaped(hum + noise, band(0, float(rng.uniform(300, 2500)), order=1.0))
    return faded(sound, n // 3, n // 3)


def footsteps(rng: np.random.Generator) -> Mono:
    """A few steps, growing or fading."""
    modes = rng.uniform(60, 500, 3)
    count = int(rng.integers(2, 7))
    levels = np.linspace(rng.uniform(0.3, 1), rng.uniform(0.3, 1), count).astype(np.float32)
    parts = [struck(rng, modes, 0.09) * level for level in levels]
    return in_sequence(rng, parts, 0.35, 0.75)


OBJECTS = (
    knock,
    thump,
    squeak,
    rustle,
    phone_buzz,
    typing,
    clink,
    chime,
    scrape,
    engine,
    footsteps,
)
"""All of them."""
