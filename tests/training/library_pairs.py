"""Libraries for tests: recordings and edits of them as files, without anything from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soundfile

from tests.align.sounds import RATE, as_source, cut, rendered, voice
from training.library import Library
from training.library.making import Outcome, make_pair

if TYPE_CHECKING:
    from pathlib import Path

RANGES = ((0.5, 5.0), (6.2, 10.0), (8.0, 10.0), (11.0, 15.5))
"""What the edit plays, in seconds: cuts, and a passage heard twice."""


def write_pair(data: Path, name: str, seed: int = 1, seconds: float = 16.0) -> None:
    """Writes a recording and its edit where a library expects them."""
    raw = as_source(voice(seconds, seed))
    edited = rendered(raw, cut(RANGES))
    for folder, mark, samples in (
        ("input", "raw", raw.read(0, raw.n_samples)),
        ("desired_output", "edit", edited),
    ):
        (data / folder).mkdir(parents=True, exist_ok=True)
        soundfile.write(data / folder / f"{name}_{mark}.wav", samples, RATE, "PCM_16")


def write_stranger(data: Path, name: str) -> None:
    """Writes a pair that doesn't belong together."""
    write_pair(data, name, seed=8)
    samples = np.round(np.clip(voice(9, seed=9), -1, 1) * 32767).astype(np.int16)
    soundfile.write(data / "desired_output" / f"{name}_edit.wav", samples, RATE, "PCM_16")


def aligned(root: Path, name: str = "talk") -> Outcome:
    """Makes the files of one pair of a library."""
    library = Library(root)
    library.create()
    return make_pair(library.pair(name).task())
