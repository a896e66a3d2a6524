from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from training.corpus import Corpus
from training.simulator.types import SAMPLE_RATE, Mono, samples_of

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small networks gain nothing by threads, which on a busy machine wait for one another.

    Sums are the same only where they are added in the same order, too.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def a_voice(seed: int, phrases_s: list[float], pauses_s: list[float]) -> Mono:
    """Returns an utterance: harmonic syllables in phrases, over a faint hiss."""
    rng = np.random.default_rng(seed)
    pieces = [np.zeros(samples_of(0.3), np.float32)]
    pitch = rng.uniform(90, 240)
    for length, pause in zip(phrases_s, pauses_s, strict=True):
        n = samples_of(length)
        time = np.arange(n) / SAMPLE_RATE
        glide = pitch * (1 + 0.08 * np.sin(2 * np.pi * rng.uniform(0.3, 1) * time))
        phase = 2 * np.pi * np.cumsum(glide) / SAMPLE_RATE
        tone = sum(np.sin(k * phase) * rng.uniform(0.2, 1) / k for k in range(1, 12))
        syllables = np.abs(np.sin(np.pi * time / length * np.ceil(length * 4))) ** 0.5
        pieces += [(0.1 * tone * syllables).astype(np.float32), np.zeros(samples_of(pause))]
    samples = np.concatenate(pieces)
    hiss = 3e-4 * rng.standard_normal(samples.size)
    return (samples + hiss).astype(np.float32)


def a_track(seed: int, seconds: float, bpm: float) -> Mono:
    """Returns a click on every beat over a changing chord."""
    rng = np.random.default_rng(seed)
    n = samples_of(seconds)
    time = np.arange(n) / SAMPLE_RATE
    out = np.zeros(n)
    for hz in rng.uniform(110, 660, 4):
        out += 0.05 * np.sin(2 * np.pi * hz * time) * (1 + np.sin(2 * np.pi * time / 7))
    period = samples_of(60 / bpm)
    click = np.exp(-np.arange(2000) / 300) * rng.standard_normal(2000) * 0.4
    for start in range(0, n - 2000, period):
        out[start : start + 2000] += click
    return out.astype(np.float32)


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """A corpus that needs no files: seven voices, two tracks, one noise."""
    rng = np.random.default_rng(0)
    speech = {}
    for voice in range(7):
        speech[f"voice {voice}"] = [
            a_voice(
                10 * voice + take,
                [float(x) for x in rng.uniform(0.7, 2.6, 5)],
                [float(x) for x in rng.uniform(0.25, 0.8, 5)],
            )
            for take in range(2)
        ]
    music = {"slow": a_track(1, 45, 96), "fast": a_track(2, 40, 132)}
    made = Corpus.from_arrays(speech, music, {"wind": a_voice(99, [2.0], [0.1])})
    for name, bpm in (("slow", 96), ("fast", 132)):
        (track,) = made.groups("music")[name]
        beats = np.arange(0, music[name].size, samples_of(60 / bpm), dtype=np.int64)
        # Known, so that only one test has to wait for the beat tracker.
        made.derived(track, "beats", lambda _, known=beats: known)
    return made


@pytest.fixture(scope="session")
def audio_folder() -> Path:
    """The audio folder beside the project, or the one that the environment names."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "audio"
    folder = Path(os.environ.get("EDITORBOT_AUDIO", beside))
    if not (folder / "MANIFEST.csv").exists():
        pytest.skip("the audio folder isn't there")
    return folder
