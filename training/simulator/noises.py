"""Noises that happen while recording, all of them synthetic, and pieces of recorded noise.

No recordings of coughs, knocks and the like could be had under a free licence, so they are made of
filtered noise, resonances and pulses, with their parameters drawn widely. They are meant to be
recognised as "a short sound that is not speech", not to pass for real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from training.corpus import Corpus
from training.simulator.bodies import BODIES
from training.simulator.dsp import faded, shaped, tilt
from training.simulator.objects import OBJECTS
from training.simulator.rooms import impulse_response, in_room
from training.simulator.surroundings import SURROUNDINGS
from training.simulator.types import Mono, samples_of

_TWO_AT_ONCE = 0.15

KINDS: Mapping[str, Callable[[np.random.Generator], Mono]] = {
    make.__name__: make for make in (*BODIES, *OBJECTS, *SURROUNDINGS)
}


def recorded(rng: np.random.Generator, corpus: Corpus) -> Mono | None:
    """Returns a piece of a recorded noise, 0.3-2.5 s, faded; None if the corpus has none."""
    groups = corpus.groups("noise")
    if not groups:
        return None
    clips = groups[list(groups)[int(rng.integers(len(groups)))]]
    samples = corpus.samples(clips[int(rng.integers(len(clips)))])
    size = min(samples.size, samples_of(float(rng.uniform(0.3, 2.5))))
    start = int(rng.integers(0, samples.size - size + 1))
    piece = samples[start : start + size]
    return faded(piece, samples_of(float(rng.uniform(0.003, 0.15))), samples_of(0.1))


def random_noise(rng: np.random.Generator, corpus: Corpus) -> Mono:
    """Returns a random noise, or two at once, with a peak of 1, float32 of shape [n]."""
    sound = _one(rng, corpus)
    if rng.random() < _TWO_AT_ONCE:
        other = _one(rng, corpus) * np.float32(rng.uniform(0.1, 1.0))
        start = int(rng.integers(0, sound.size))
        both = np.zeros(max(sound.size, start + other.size), dtype=np.float32)
        both[: sound.size] += sound
        both[start : start + other.size] += other
        sound = both
    if rng.random() < 0.6:
        sound = shaped(sound, tilt(float(rng.uniform(-3, 3))))
    if rng.random() < 0.4:
        response = impulse_response(rng, float(rng.uniform(0.1, 0.5)), float(rng.uniform(-3, 9)))
        sound = in_room(np.concatenate([sound, np.zeros(response.size // 2, np.float32)]), response)
    sound = faded(sound, 22, min(sound.size // 10, 400))
    return sound / np.float32(np.max(np.abs(sound)) + 1e-9)


def _one(rng: np.random.Generator, corpus: Corpus) -> Mono:
    """Returns one noise with a peak of 1."""
    sound = recorded(rng, corpus) if rng.random() < 0.2 else None
    if sound is None:
        sound = KINDS[list(KINDS)[int(rng.integers(len(KINDS)))]](rng)
    return np.asarray(sound / np.float32(np.max(np.abs(sound)) + 1e-9), dtype=np.float32)
