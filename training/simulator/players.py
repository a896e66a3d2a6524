"""Synthetic musicians: pieces that can be played again, so that a retake is a new performance.

Recorded tracks can only be copied and varied. A piece made here is played anew for every take,
with other timing, other dynamics and, where it is to go wrong, other notes, as people do who record
themselves alone with an instrument.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.simulator.dsp import faded, shaped
from training.simulator.types import SAMPLE_RATE, Mono, samples_of

_MAJOR = (0, 2, 4, 5, 7, 9, 11)
_MINOR = (0, 2, 3, 5, 7, 8, 10)
_PROGRESSIONS = (
    (0, 4, 5, 3),
    (0, 5, 3, 4),
    (0, 3, 4, 4),
    (5, 3, 0, 4),
    (0, 3, 0, 4),
    (1, 4, 0, 0),
    (0, 6, 5, 4),
    (0, 2, 3, 4),
)
_RING_S = 2.5
_LEAD_S = 0.06


@dataclass(frozen=True, slots=True)
class Note:
    """One note of a piece.

    Attributes:
        beat: When it begins.
        beats: How long it is held.
        pitch: MIDI note number; drums are below 0.
        strength: 0 to 1.
    """

    beat: float
    beats: float
    pitch: int
    strength: float


@dataclass(frozen=True, slots=True)
class Piece:
    """What is played.

    Attributes:
        notes: In the order of their beats.
        beats: Its length.
        beat_s: Length of a beat.
        beats_per_bar: Beats in a bar.
        scale: The pitches of its key, for notes that go wrong.
    """

    notes: tuple[Note, ...]
    beats: int
    beat_s: float
    beats_per_bar: int
    scale: tuple[int, ...]


def compose(rng: np.random.Generator, seconds: float) -> Piece:
    """Returns a piece of about that length: four-bar phrases over a simple progression."""
    beat_s = float(60 / rng.uniform(66, 150))
    per_bar = 3 if rng.random() < 0.15 else 4
    bars = max(4, round(seconds / beat_s / per_bar))
    mode = _MAJOR if rng.random() < 0.6 else _MINOR
    root = int(rng.integers(45, 57))
    scale = tuple(root + 12 * octave + step for octave in range(-1, 4) for step in mode)
    sections = [_PROGRESSIONS[int(rng.integers(len(_PROGRESSIONS)))] for _ in range(2)]
    figures = [_figure(rng, per_bar) for _ in range(2)]
    melodies = [_melody(rng, per_bar) for _ in range(3)]
    bass, tune, drums = rng.random() < 0.6, rng.random() < 0.7, rng.random() < 0.25
    notes: list[Note] = []
    for bar in range(bars):
        section = (bar // 4) % 4 == 2
        degree = sections[int(section)][bar % 4]
        start = float(bar * per_bar)
        for offset, length, step, strength in figures[int(section)]:
            pitch = scale[7 + degree + step]
            notes.append(Note(start + offset, length, pitch, strength))
        if bass:
            notes.append(Note(start, per_bar * 0.9, scale[degree] + 0, 0.8))
        if tune:
            # Bars of the tune come back, others don't.
            line = melodies[(bar % 4 == 3) + (bar // 8) % 2]
            if rng.random() < 0.3:
                line = _melody(rng, per_bar)
            for offset, length, step, strength in line:
                notes.append(Note(start + offset, length, scale[14 + degree + step], strength))
        if drums:
            notes += _drums(start, per_bar)
    ordered = tuple(sorted(notes, key=lambda n: n.beat))
    return Piece(ordered, bars * per_bar, beat_s, per_bar, scale)


_Figure = list[tuple[float, float, int, float]]


def _figure(rng: np.random.Generator, per_bar: int) -> _Figure:
    """Returns a bar's accompaniment: strummed, broken or held chords."""
    way = rng.random()
    if way < 0.35:
        chord = [0, 2, 4, 7][: int(rng.integers(3, 5))]
        strokes = [float(b) for b in range(per_bar)]
        strokes += [b + 0.5 for b in range(per_bar) if rng.random() < 0.4]
        return [
            (at + 0.02 * index, 0.9, step, 0.55 if at % 2 else 0.7)
            for at in strokes
            for index, step in enumerate(chord)
        ]
    if way < 0.75:
        pattern = [int(step) for step in rng.choice([0, 2, 4, 7, 9], 2 * per_bar)]
        return [(i / 2, 1.2, step, 0.6) for i, step in enumerate(pattern)]
    return [(0.0, per_bar * 0.95, step, 0.6) for step in (0, 2, 4)]


def _melody(rng: np.random.Generator, per_bar: int) -> _Figure:
    """Returns a bar of a tune that moves by small steps."""
    line: _Figure = []
    at, step = 0.0, int(rng.integers(0, 5))
    while at < per_bar:
        length = float(rng.choice([0.5, 0.5, 1.0, 1.0, 2.0]))
        if rng.random() < 0.88:
            line.append((at, min(length, per_bar - at), step, float(rng.uniform(0.6, 1.0))))
        step = int(np.clip(step + rng.integers(-2, 3), -2, 8))
        at += length
    return line


def _drums(start: float, per_bar: int) -> list[Note]:
    beats = [Note(start + b, 0.2, -1 if b % 2 == 0 else -2, 0.9) for b in range(per_bar)]
    return beats + [Note(start + b / 2, 0.1, -3, 0.4) for b in range(2 * per_bar)]


class Player:
    """Someone with an instrument.

    Args:
        rng: Draws the instrument and how evenly it is played.
        piece: What they play.
    """

    def __init__(self, rng: np.random.Generator, piece: Piece) -> None:
        self.rng = rng
        self.piece = piece
        self.partials = int(rng.integers(3, 14))
        self.slope = float(rng.uniform(0.7, 2.2))
        self.inharmonic = float(rng.choice([0.0, 1e-4, 4e-4]))
        # Plucked and struck strings die away; wind, bowed strings and organs are held.
        self.held = bool(rng.random() < 0.3)
        self.decay_s = float(np.exp(rng.uniform(np.log(0.25), np.log(1.6))))
        self.attack_s = float(rng.uniform(0.03, 0.09) if self.held else rng.uniform(0.001, 0.008))
        self.noise = float(rng.uniform(0.0, 0.12))
        self.vibrato = float(rng.uniform(0.0, 0.006)) if self.held else 0.0
        self.timing_s = float(rng.uniform(0.003, 0.022))
        self.wander = float(rng.uniform(0.0, 0.02))
        self._sounds: dict[tuple[int, int], Mono] = {}

    def play(
        self, first: float, last: float, wrong: float = 0.0
    ) -> tuple[Mono, npt.NDArray[np.int64]]:
        """Plays from beat `first` until beat `last`, and lets it ring.

        Args:
            first: First beat.
            last: Where playing stops.
            wrong: Chance that a note goes wrong.

        Returns:
            The sound, which begins a moment before beat `first`, and where the whole beats from
            `first` up to `last` lie in it, int64.
        """
        count = int(np.ceil(last - first)) + 1
        drift = np.clip(np.cumsum(self.rng.normal(0, self.wander / 3, count)), -0.04, 0.04)
        lengths = self.piece.beat_s * (1 + self.wander * self.rng.normal() + drift)
        times = _LEAD_S + np.concatenate([[0.0], np.cumsum(lengths)])
        out = np.zeros(samples_of(float(times[-1]) + _RING_S), dtype=np.float32)
        beats = np.arange(times.size) + first
        for note in self.piece.notes:
            if not first <= note.beat < last or (wrong and self.rng.random() < wrong * 0.15):
                continue
            at = float(np.interp(note.beat, beats, times))
            at = max(0.0, at + float(self.rng.normal(0, self.timing_s)))
            pitch = note.pitch
            if wrong and pitch > 0 and self.rng.random() < wrong:
                pitch += int(self.rng.choice([-2, -1, 1, 2, 3]))
                at += float(self.rng.uniform(0, 0.12))
            sound = self._sound(pitch, note.beats * self.piece.beat_s)
            start = samples_of(at)
            part = out[start : start + sound.size]
            strength = note.strength * float(np.exp(self.rng.normal(0, 0.18)))
            part += sound[: part.size] * np.float32(strength)
        places = np.round(times[: int(last - first) + 1] * SAMPLE_RATE).astype(np.int64)
        return out, places

    def _sound(self, pitch: int, seconds: float) -> Mono:
        """Returns a note's sound; the same note always sounds alike."""
        key = (pitch, round(seconds * 20))
        if key not in self._sounds:
            self._sounds[key] = self._drum(pitch) if pitch < 0 else self._tone(pitch, seconds)
        return self._sounds[key]

    def _tone(self, pitch: int, seconds: float) -> Mono:
        hz = 440 * 2 ** ((pitch - 69) / 12)
        held_s = seconds if self.held else min(_RING_S, max(seconds, self.decay_s * 1.5))
        n = samples_of(held_s + 0.12)
        time = np.arange(n) / SAMPLE_RATE
        phase = 2 * np.pi * hz * time
        if self.vibrato:
            phase = phase + self.vibrato * hz / 5.5 * np.sin(2 * np.pi * 5.5 * time)
        tone = np.zeros(n)
        for number in range(1, self.partials + 1):
            partial_hz = number * hz * np.sqrt(1 + self.inharmonic * number**2)
            if partial_hz > 10000:
                break
            fall = 1.0 if self.held else np.exp(-time / self.decay_s * (0.7 + 0.3 * number))
            tone += np.sin(phase * partial_hz / hz + number) / number**self.slope * fall
        strike = self.rng.standard_normal(n) * np.exp(-time * 90) * self.noise * 4
        breath = self.rng.standard_normal(n) * self.noise * 0.08 if self.held else 0.0
        sound = np.asarray(tone + strike + breath, dtype=np.float32) * np.float32(0.12)
        return faded(sound, samples_of(self.attack_s), samples_of(0.08))

    def _drum(self, pitch: int) -> Mono:
        n = samples_of(0.3)
        time = np.arange(n) / SAMPLE_RATE
        if pitch == -1:
            sweep = 2 * np.pi * np.cumsum(50 + 90 * np.exp(-time * 40)) / SAMPLE_RATE
            return np.asarray(0.5 * np.sin(sweep) * np.exp(-time * 14), dtype=np.float32)
        noise = self.rng.standard_normal(n).astype(np.float32)
        noise *= np.exp(-time * (18 if pitch == -2 else 70)).astype(np.float32)
        high = np.linspace(0.0, 1.0, 64) ** (1.0 if pitch == -2 else 3.0)
        return shaped(noise, high) * np.float32(0.25 if pitch == -2 else 0.15)
