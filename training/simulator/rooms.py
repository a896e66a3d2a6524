"""Rooms: synthetic impulse responses, and voices away from the microphone."""

from __future__ import annotations

import numpy as np
from scipy import signal

from training.simulator.dsp import band, coloured_noise, gain, rms, shaped
from training.simulator.types import Mono, samples_of


def impulse_response(rng: np.random.Generator, rt60_s: float, direct_db: float) -> Mono:
    """Returns a room's response with the direct sound at sample 0.

    Args:
        rng: Draws the reflections.
        rt60_s: Time in which the reverberation falls by 60 dB.
        direct_db: Level of the direct sound over all that follows it.

    Returns:
        float32 of shape [about rt60_s * 22050].
    """
    n = max(samples_of(min(rt60_s, 1.2)), 64)
    times = np.arange(n, dtype=np.float32) / np.float32(n)
    decay = np.power(np.float32(10.0), -3 * times * np.float32(n / samples_of(rt60_s)))
    late = coloured_noise(rng, n, float(rng.uniform(0.0, 0.9))) * decay
    onset = samples_of(float(rng.uniform(0.003, 0.02)))
    late[: min(onset, n)] = 0.0
    early = np.zeros(n, dtype=np.float32)
    count = int(rng.integers(3, 12))
    places = rng.integers(samples_of(0.0015), min(n, samples_of(0.045)), count)
    early[places] = rng.choice([-1.0, 1.0], count) * rng.uniform(0.2, 1.0, count)
    early *= decay
    tail = late / np.float32(rms(late) + 1e-9) + early * np.float32(rng.uniform(0.5, 6.0))
    tail /= np.float32(np.sqrt(np.sum(np.square(tail))) + 1e-9)
    response = tail * gain(-direct_db)
    response[0] = 1.0
    return np.asarray(response, dtype=np.float32)


def in_room(samples: Mono, response: Mono) -> Mono:
    """Returns a sound in a room, as long as the sound itself."""
    wet = signal.oaconvolve(samples, response)[: samples.size]
    return np.asarray(wet, dtype=np.float32)


def random_room(rng: np.random.Generator) -> Mono:
    """Returns the response of a random room, from a booth to a bare hall."""
    rt60 = float(np.exp(rng.uniform(np.log(0.1), np.log(1.0))))
    # The longer the reverberation, the more of it: small rooms are usually close-miked.
    direct = float(rng.uniform(0.0, 14.0) - 5.0 * np.log2(rt60 / 0.3) * 0.5)
    return impulse_response(rng, rt60, max(direct, -3.0))


def off_microphone(rng: np.random.Generator, samples: Mono) -> Mono:
    """Returns a voice as it sounds from across the room, its reverberation's tail included."""
    rt60 = float(rng.uniform(0.2, 0.8))
    response = impulse_response(rng, rt60, float(rng.uniform(-8.0, 4.0)))
    tail = np.zeros(samples_of(rt60 * 0.6), dtype=np.float32)
    wet = in_room(np.concatenate([samples, tail]), response)
    low, high = float(rng.uniform(60, 300)), float(np.exp(rng.uniform(np.log(900), np.log(5000))))
    return shaped(wet, band(low, high, order=float(rng.uniform(1, 3))))
