"""Recordings and edits for the tests of the aligner, made without any file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import signal

from model_core.audio.render import Renderer
from model_core.audio.source import ArraySource
from model_core.edit.types import EditList, FadeLaw, Gap, Join, Segment

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

RATE = 22050


def voice(seconds: float, seed: int, rate: int = RATE) -> npt.NDArray[np.float32]:
    """Something like talk: syllables of changing colour, words, pauses, a little noise."""
    rng = np.random.default_rng(seed)
    pieces = []
    done = 0
    while done < seconds * rate:
        n = int(rate * rng.uniform(0.06, 0.25))
        pulses = np.zeros(n)
        pulses[:: int(rate / rng.uniform(90, 220))] = 1.0
        excitation = pulses + rng.uniform(0.01, 0.2) * rng.standard_normal(n)
        for formant_hz in rng.uniform((300, 900, 2200), (900, 2200, 3800)):
            radius = 0.97
            angle = 2 * np.pi * formant_hz / rate
            excitation = signal.lfilter(
                [1.0], [1.0, -2 * radius * np.cos(angle), radius**2], excitation
            )
        said = excitation / np.abs(excitation).max() * rng.uniform(0.1, 0.5) * np.hanning(n) ** 0.5
        pause = np.zeros(int(rate * rng.choice([0, 0, 0, 0.08, 0.4])))
        pieces += [said, pause]
        done += n + pause.size
    samples = np.concatenate(pieces)[: int(seconds * rate)]
    return (samples + 1e-3 * rng.standard_normal(samples.size)).astype(np.float32)


def music(bars: int, seed: int, rate: int = RATE) -> npt.NDArray[np.float32]:
    """A bar of notes and beats again and again, each time with another voice over it."""
    rng = np.random.default_rng(seed)
    n_note = int(rate * 0.2)
    bar = np.concatenate(
        [
            np.exp(-np.arange(n_note) / n_note * 4)
            * np.sin(2 * np.pi * rng.choice([220, 277, 330, 440]) * np.arange(n_note) / rate)
            + np.exp(-np.arange(n_note) / 300) * rng.standard_normal(n_note) * 0.5
            for _ in range(8)
        ]
    )
    track = np.tile(bar, bars) * 0.3
    return (track + 0.15 * voice(track.size / rate + 1, seed)[: track.size]).astype(np.float32)


def as_source(samples: npt.NDArray[Any], rate: int = RATE) -> ArraySource:
    """Samples in memory, floats as 16 bits."""
    if samples.dtype.kind == "f":
        samples = np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)
    return ArraySource(samples, rate)


def cut(seconds: Sequence[tuple[float, float]], rate: int = RATE, fade_s: float = 0.0) -> EditList:
    """The edit that plays ranges given in seconds in turn."""
    segments = tuple(Segment(0, round(a * rate) + 7, round(b * rate) + 13) for a, b in seconds)
    fade = Join(FadeLaw.EQUAL_POWER, round(fade_s * rate))
    return EditList(segments, (fade,) * (len(segments) - 1))


def rendered(raw: ArraySource, edit: EditList) -> npt.NDArray[Any]:
    """The samples of an edit, `[n, C]`."""
    renderer = Renderer([raw], edit)
    return renderer.read(0, renderer.length)


def places(edit: EditList) -> npt.NDArray[np.int64]:
    """The recording's sample at each sample of the edit; -1 in gaps."""
    parts = [
        np.full(item.length, -1) if isinstance(item, Gap) else np.arange(item.start, item.stop)
        for item in edit.items
    ]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def share_within(found: EditList, true: EditList, samples: float) -> float:
    """Share of the true edit whose place in the recording was found this exactly."""
    one, other = places(found), places(true)
    n = min(one.size, other.size)
    return float((np.abs(one[:n] - other[:n]) <= samples).sum() / other.size)
