from __future__ import annotations

import numpy as np
import pytest

from benchmarks.quality_material import RATE_HZ, Material, Mono, Voice, voice_of


def spoken(rng: np.random.Generator, pitch_hz: float, n_words: int) -> Mono:
    """Words of a quarter of a second with short dips between them, silence at both ends."""
    time_s = np.arange(RATE_HZ // 4) / RATE_HZ
    words = [np.zeros(RATE_HZ // 2)]
    for _ in range(n_words):
        tone = np.sin(2 * np.pi * pitch_hz * rng.uniform(0.9, 1.1) * time_s)
        tone += 0.5 * np.sin(2 * np.pi * 5 * pitch_hz * time_s)
        words += [0.2 * tone * np.hanning(time_s.size), np.zeros(RATE_HZ // 50)]
    sound = np.concatenate([*words, np.zeros(RATE_HZ // 2)])
    return (sound + 1e-4 * rng.standard_normal(sound.size)).astype(np.float32)


def track(rng: np.random.Generator) -> Mono:
    """Forty seconds of a tune at 120 beats a minute with a drum on each beat."""
    beat = RATE_HZ // 2
    time_s = np.arange(beat) / RATE_HZ
    beats = []
    for _ in range(80):
        tone = np.sin(2 * np.pi * rng.choice((220, 330, 440, 550)) * time_s) * np.exp(-4 * time_s)
        drum = rng.standard_normal(beat) * np.exp(-80 * time_s)
        beats.append(0.2 * tone + 0.2 * drum)
    return np.concatenate(beats).astype(np.float32)


def make_voice(seed: int) -> Voice:
    rng = np.random.default_rng(seed)
    clips = [spoken(rng, 120 + 40 * seed, n_words) for n_words in (5, 7, 9, 6)]
    return voice_of(f"voice {seed}", "synthetic", clips)


@pytest.fixture(scope="session")
def material() -> Material:
    rng = np.random.default_rng(7)
    return Material(
        voices=tuple(make_voice(seed) for seed in range(3)),
        tracks={"tune": track(rng)},
        noises={"hiss": rng.standard_normal(RATE_HZ).astype(np.float32)},
        takes={},
    )
