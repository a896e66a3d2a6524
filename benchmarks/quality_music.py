"""Recorded music with known true edits: takes that fail, bars played again, and pieces to extend.

Every take knows which place of the piece it plays when, so whether a join is in time can be told
exactly, however well the beats were found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import soxr
from librosa.beat import beat_track
from librosa.effects import pitch_shift, time_stretch
from librosa.onset import onset_strength

from benchmarks.quality_material import RATE_HZ, IntArray, Material, Mono, shaped_noise
from benchmarks.quality_sounds import at_db, coloured, faded, tuning
from benchmarks.quality_speech import Recording, finished, recorded
from benchmarks.quality_tape import Kind, Played, Style, Tape, Truth, Twins

if TYPE_CHECKING:
    import numpy.typing as npt

CONDITIONS = ("clean", "noise floor", "MP3", "small room", "quiet", "Opus")
"""Names of the ways in which music is recorded."""
_BEATS_OF_A_BAR = 4
_STEADY_S = 0.025
"""Beats that lie on a straight line within this (mean deviation) are of one tempo."""
_HOP = 256
_MOST_ANALYSED_S = 90
_LEVEL_DB = -20.0
_ENDING_S = 1.2


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage of a track.

    Attributes:
        samples: The passage, from one bar's beginning to another's.
        bars: Where bars begin, the end included, in samples; bars are beats in fours, so they need
            not begin where the composer's do.
        beat_samples: Length of a beat where the tempo is steady; else 0.
    """

    samples: Mono
    bars: IntArray
    beat_samples: float


def passage(rng: np.random.Generator, track: Mono, least_bars: int, most_bars: int) -> Piece:
    """Takes a passage from a random place of a track."""
    longest = _MOST_ANALYSED_S * RATE_HZ
    begin = int(rng.integers(max(1, track.size - longest)))
    part = track[begin : begin + longest]
    heard = np.flatnonzero(np.abs(part) > 0.01)
    part = part[heard[0] : heard[-1]]
    beats, beat_samples = beats_of(part)
    n_bars = min(int(rng.integers(least_bars, most_bars + 1)), len(beats) // _BEATS_OF_A_BAR - 1)
    first = int(rng.integers(len(beats) - n_bars * _BEATS_OF_A_BAR))
    bars = beats[first::_BEATS_OF_A_BAR][: n_bars + 1]
    samples = at_db(part[bars[0] : bars[-1]], _LEVEL_DB)
    return Piece(samples, bars - bars[0], beat_samples)


def beats_of(samples: Mono) -> tuple[IntArray, float]:
    """Finds the beats of music.

    Returns:
        Their places in samples, and the length of a beat where they lie on a straight line, else 0.
    """
    onsets = onset_strength(y=samples, sr=RATE_HZ, hop_length=_HOP)
    _, frames = beat_track(onset_envelope=onsets, sr=RATE_HZ, hop_length=_HOP, trim=False)
    beats = np.asarray(frames, np.float64) * _HOP
    if len(beats) < 8:
        beats = np.arange(0.0, samples.size, RATE_HZ / 2)
        return beats.astype(np.int64), 0.0
    numbers = np.arange(len(beats))
    slope, start = np.polyfit(numbers, beats, 1)
    line = start + slope * numbers
    if np.mean(np.abs(beats - line)) < _STEADY_S * RATE_HZ:
        line = line[(line >= 0) & (line < samples.size)]
        return np.round(line).astype(np.int64), float(slope)
    return beats.astype(np.int64), 0.0


class Band:
    """Lays down one recording of one piece.

    Args:
        rng: Draws everything.
        material: Other tracks' and speakers' sound.
        piece: What is played.
    """

    def __init__(self, rng: np.random.Generator, material: Material, piece: Piece) -> None:
        self.rng = rng
        self.material = material
        self.piece = piece
        self.style = Style(0.6, float(np.round(rng.uniform(0.1, 0.4), 2)))
        colour = 10 ** (np.interp(np.arange(513), (0, 100, 512), (0, -12, -24)) / 20)
        room = shaped_noise(rng, 20 * RATE_HZ, colour)
        self.tape = Tape(at_db(room, rng.uniform(-75, -58)))

    def play(self) -> None:
        """Plays the piece with what goes wrong."""
        rng, bars = self.rng, self.piece.bars
        n_bars = len(bars) - 1
        self.tape.pause(float(rng.uniform(0.8, 4.0)))
        if rng.random() < 0.6:
            self._false_start()
        slips = sorted(
            rng.choice(np.arange(2, n_bars - 2), size=min(2, n_bars - 4), replace=False).tolist()
        )
        at = 0
        for number, bar in enumerate(slips):
            self._take(at, bar, anew=number > 0)
            at = bar
            if number == 0:
                self._wrong_bars(bar)
            else:
                n = int(rng.integers(1, 3))
                self._passage_again(bar, min(n, n_bars - bar))
        self._take(at, n_bars, anew=False)
        self.tape.pause(float(rng.uniform(3.0, 12.0)))

    def play_without_slips(self) -> None:
        """Plays the piece from beginning to end, as a finished recording has it."""
        self.tape.pause(self.style.margin_s)
        self._take(0, len(self.piece.bars) - 1, anew=True)
        self.tape.pause(self.style.margin_s)

    def _take(self, first: int, last: int, *, anew: bool) -> None:
        """Plays wanted bars. `anew`: what was laid down before is not of the same take."""
        start, stop = int(self.piece.bars[first]), int(self.piece.bars[last])
        sound = self.piece.samples[start:stop]
        if last == len(self.piece.bars) - 1:
            sound = faded(sound, 0.0, _ENDING_S)
        lay = self.tape.lay if anew or first == 0 else self.tape.lay_on
        mark = lay(Kind.WANTED, sound, 0.0)
        self.tape.played.append(Played(mark.start, mark.stop, start))

    def _false_start(self) -> None:
        length = round(min(self.rng.uniform(1.5, 7.0) * RATE_HZ, 0.5 * self.piece.samples.size))
        self._failed_take(Kind.FALSE_START, 0, length)
        self._between_takes()

    def _wrong_bars(self, bar: int) -> None:
        """Plays on from a bar, goes wrong, stops; what is wanted goes on from that bar."""
        start = int(self.piece.bars[bar])
        beats = self.piece.bars[min(bar + 2, len(self.piece.bars) - 1)] - start
        length = min(round(beats * self.rng.uniform(0.4, 1.0)), self.piece.samples.size - start)
        self._failed_take(Kind.WRONG_BARS, start, length, wrong=True)
        self._between_takes()

    def _failed_take(self, kind: Kind, start: int, length: int, *, wrong: bool = False) -> None:
        rng = self.rng
        sound, pace = another_playing(rng, self.piece.samples[start : start + length])
        if wrong:
            sound = _gone_wrong(rng, sound)
        lay = self.tape.lay if kind is Kind.FALSE_START else self.tape.lay_on
        mark = lay(kind, faded(sound, 0.0, float(rng.uniform(0.02, 0.25))))
        self.tape.played.append(Played(mark.start, mark.stop, start, pace))

    def _passage_again(self, bar: int, n_bars: int) -> None:
        """Plays some bars that are then played again, in time: once too often."""
        start, stop = int(self.piece.bars[bar]), int(self.piece.bars[bar + n_bars])
        sound = coloured(self.rng, self.piece.samples[start:stop], 1.5)
        mark = self.tape.lay_on(Kind.EXTRA_PASSAGE, sound)
        self.tape.played.append(Played(mark.start, mark.stop, start))
        self.tape.twins.append(Twins(mark.start, mark.stop, mark.stop + stop - start))

    def _between_takes(self) -> None:
        rng = self.rng
        self.tape.pause(float(rng.uniform(0.4, 2.0)))
        if rng.random() < 0.5:
            voices = self.material.voices
            voice = voices[int(rng.integers(len(voices)))]
            phrase = voice.phrases[int(rng.integers(len(voice.phrases)))][: 4 * RATE_HZ]
            self.tape.lay(Kind.TALK, faded(at_db(coloured(rng, phrase, 4), rng.uniform(-36, -26))))
            self.tape.pause(float(rng.uniform(0.4, 1.5)))
        if rng.random() < 0.4:
            self.tape.lay(Kind.TUNING, tuning(rng, float(rng.uniform(1.5, 4.0))))
            self.tape.pause(float(rng.uniform(0.4, 1.5)))


def another_playing(rng: np.random.Generator, sound: Mono) -> tuple[Mono, float]:
    """Returns a passage as it is played another time, and its pace against the first time."""
    kind = rng.random()
    pace = 1.0
    if kind < 0.3:  # a little faster or slower and sharper or flatter
        pace = float(np.exp(rng.normal(0, 0.004)))
        sound = np.asarray(soxr.resample(sound, RATE_HZ * pace, RATE_HZ), np.float32)
    elif kind < 0.6:
        pace = float(np.exp(rng.normal(0, 0.015)))
        stretched = time_stretch(sound, rate=pace, n_fft=2048, hop_length=512)
        sound = np.asarray(stretched, np.float32)
    louder = np.float32(10 ** (rng.normal(0, 1.5) / 20))
    return np.asarray(coloured(rng, sound, 2) * louder, np.float32), pace


def _gone_wrong(rng: np.random.Generator, sound: Mono) -> Mono:
    """Returns a passage that goes wrong after its first third: wrong notes, holes, stumbling."""
    at = round(sound.size * rng.uniform(0.3, 0.7))
    end = sound[at:]
    kind = rng.integers(3)
    if kind == 0 and end.size > 4096:
        steps = float(rng.choice((-2.0, -1.0, 1.0, 2.0)))
        end = pitch_shift(end, sr=RATE_HZ, n_steps=steps)
    elif kind == 1:
        holes = rng.random(end.size // 2000 + 1) < 0.4
        gate = np.repeat(np.where(holes, 0.1, 1.0), 2000)[: end.size]
        smooth = np.convolve(np.pad(gate, 50, mode="edge"), np.ones(101) / 101, "valid")
        end = end * smooth.astype(np.float32)
    else:
        late = round(rng.uniform(0.04, 0.15) * RATE_HZ)
        end = np.concatenate((np.zeros(late, np.float32), end))[: end.size]
    return np.concatenate((sound[:at], np.asarray(end, np.float32)))


def make_music(
    seed: int, number: int, material: Material, condition: str, *, flawless: bool = False
) -> Recording:
    """Makes one recording.

    Args:
        seed: Of the whole benchmark.
        number: Of this recording; it also chooses the track.
        material: What it is made of.
        condition: One of `CONDITIONS`.
        flawless: Whether there is nothing wrong with it.
    """
    rng = np.random.default_rng([seed, number, 3 if flawless else 2])
    name, piece = _piece(rng, number, material, 10, 18)
    band = Band(rng, material, piece)
    if flawless:
        band.play_without_slips()
    else:
        band.play()
    samples = recorded(rng, material, condition, band.tape.samples())
    truth = band.tape.truth(band.style, piece.beat_samples)
    label = f"{'flawless_' if flawless else ''}music_{number:03d}"
    raw = Recording(label, "music", name, _tempo(piece), condition, samples, truth)
    return finished(raw, samples) if flawless else raw


def make_extended(seed: int, number: int, material: Material) -> Recording:
    """Makes a piece of music that is to become half as long again."""
    rng = np.random.default_rng([seed, number, 4])
    name, piece = _piece(rng, number, material, 8, 14)
    band = Band(rng, material, piece)
    band.play_without_slips()
    truth = band.tape.truth(band.style, piece.beat_samples)
    samples = band.tape.samples()
    target_s = 1.5 * samples.size / RATE_HZ
    label = f"extended_music_{number:03d}"
    return Recording(
        label, "extended music", name, _tempo(piece), "clean", samples, truth, target_s
    )


def piece_places(truth: Truth, places: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Returns which place of the piece is played at places of the tape; NaN where none is.

    A place up to 50 ms after the end of a stretch still counts to it, as takes end with a decay,
    and so does one up to 250 ms before its beginning: a join there waits for the first note.

    Args:
        truth: With its `played`.
        places: Samples of the tape, any shape.

    Returns:
        Samples of the piece, of the same shape.
    """
    asked = np.asarray(places, np.float64)
    out = np.full(asked.shape, np.nan)
    early, late = 0.25 * RATE_HZ, 0.05 * RATE_HZ

    def fill(before: float, after: float, *, over: bool) -> None:
        for played in truth.played:  # later stretches win where one ends and the next begins
            inside = (asked >= played.start - before) & (asked <= played.stop + after)
            inside &= over | np.isnan(out)
            out[inside] = played.piece_start + (asked[inside] - played.start) * played.pace

    fill(0, 0, over=True)
    fill(early, late, over=False)
    return out


def _tempo(piece: Piece) -> str:
    return "steady beat" if piece.beat_samples else "beat not steady, or not found"


def _piece(
    rng: np.random.Generator, number: int, material: Material, least_bars: int, most_bars: int
) -> tuple[str, Piece]:
    names = sorted(material.tracks)
    name = names[number % len(names)]
    return name, passage(rng, material.tracks[name], least_bars, most_bars)
