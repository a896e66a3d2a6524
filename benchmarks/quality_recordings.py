"""Which recordings the quality benchmark judges: how many of each kind, in which conditions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import quality_music, quality_speech
from benchmarks.quality_material import RATE_HZ, IntArray, Material
from benchmarks.quality_speech import Recording
from benchmarks.quality_tape import LONG_SILENCE_S, Kind, Mark, Style, Truth
from training.corpus import read_clip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MANY_PHRASES = 10
_KINDS = {
    "retake": Kind.RETAKE,
    "repeat": Kind.REPEATED_WORD,
    "noise": Kind.COUGH,
    "other voice": Kind.OFF_MIC,
}
"""What the description of a demo recording calls what is here called otherwise."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many recordings there are.

    Attributes:
        speech: Spoken ones; the first of them are given a second time, truly edited.
        music: Music; likewise.
        edited_again: How many of either are given truly edited.
        flawless_speech: Spoken ones with nothing wrong.
        flawless_music: Music with nothing wrong.
        extended: Pieces that are to become longer.
        takes: Real untrimmed takes, at most.
        tracks: Tracks to read, or None for all.
    """

    speech: int
    music: int
    edited_again: int
    flawless_speech: int
    flawless_music: int
    extended: int
    takes: int
    tracks: int | None = None


QUICK = Numbers(
    speech=12,
    music=6,
    edited_again=2,
    flawless_speech=2,
    flawless_music=1,
    extended=2,
    takes=4,
    tracks=6,
)
FULL = Numbers(
    speech=48,
    music=20,
    edited_again=6,
    flawless_speech=6,
    flawless_music=4,
    extended=4,
    takes=8,
)


def recordings(material: Material, numbers: Numbers, seed: int) -> Iterator[Recording]:
    """Yields all recordings that are made, one after another; the same for the same seed."""
    turns = _turns(material, seed)
    conditions = quality_speech.CONDITIONS
    for number in range(numbers.speech):
        voice = material.voices[turns[number % len(turns)]]
        # Each round of the conditions begins elsewhere, so that voices and conditions mix.
        condition = conditions[(number + 3 * (number // len(conditions))) % len(conditions)]
        raw = quality_speech.make_speech(seed, number, material, voice, condition)
        yield raw
        if number < numbers.edited_again:
            yield quality_speech.truly_edited(raw)
    for number in range(numbers.flawless_speech):
        voice = material.voices[turns[-1 - number % len(turns)]]
        condition = conditions[number % len(conditions)]
        yield quality_speech.make_flawless(seed, number, material, voice, condition)
    conditions = quality_music.CONDITIONS
    n_tracks = len(material.tracks)
    for number in range(numbers.music):
        condition = conditions[(number + number // n_tracks) % len(conditions)]
        raw = quality_music.make_music(seed, number, material, condition)
        yield raw
        if number < numbers.edited_again:
            yield quality_speech.truly_edited(raw)
    for number in range(numbers.flawless_music):
        condition = conditions[number % len(conditions)]
        yield quality_music.make_music(seed, number, material, condition, flawless=True)
    for number in range(numbers.extended):
        yield quality_music.make_extended(seed, number, material)


def trials(material: Material, seed: int) -> Iterator[Recording]:
    """Yields a few recordings to find the tightness slider's settings on; they aren't judged."""
    slips = ("long pause", "", "long pause", "dead air")
    turns = _turns(material, seed)
    for number in range(4):
        voice = material.voices[turns[number % len(turns)]]
        yield quality_speech.make_speech(seed + 1, number, material, voice, "clean", slips)


def demo_recordings(folder: Path) -> Iterator[Recording]:
    """Yields the bundled demo recordings, as far as their true edits are described."""
    for name in ("speech", "music"):
        about = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        samples = read_clip(folder / about["recording"])
        scale = RATE_HZ / about["sample_rate_hz"]

        def placed(ranges: list[list[int]], scale: float = scale) -> IntArray:
            return np.round(np.array(ranges, np.float64).reshape(-1, 2) * scale).astype(np.int64)

        unwanted = tuple(
            Mark(_KINDS[reason], round(start * scale), round(stop * scale))
            for start, stop, reason in about["removed"]
            if reason in _KINDS
        )
        wanted = placed(about["phrases"])
        silences = np.stack((wanted[:-1, 1], wanted[1:, 0]), axis=1)
        silent = [
            silence
            for silence in silences.tolist()
            if silence[1] - silence[0] > LONG_SILENCE_S * RATE_HZ
            and not any(silence[0] <= mark.start < silence[1] for mark in unwanted)
        ]
        truth = Truth(
            n_samples=samples.size,
            kept=np.minimum(placed(about["kept"]), samples.size),
            wanted=wanted,
            unwanted=unwanted,
            silences=np.array(silent, np.int64).reshape(-1, 2),
            style=Style(**about["style"]),
        )
        yield Recording(f"demo_{name}", name, name, "demo", "as bundled", samples, truth)


def _turns(material: Material, seed: int) -> list[int]:
    """Returns which voice speaks in which recording: each once, those who say much more often."""
    rng = np.random.default_rng([seed, 9])
    everyone = rng.permutation(len(material.voices)).tolist()
    many = [
        index for index, voice in enumerate(material.voices) if len(voice.phrases) >= _MANY_PHRASES
    ]
    turns: list[int] = []
    for place, index in enumerate(everyone):
        turns.append(index)
        if many:
            turns.append(many[place % len(many)])
    return turns
