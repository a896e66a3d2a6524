"""Spoken recordings with known true edits: what one speaker says, and what goes wrong meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.quality_material import RATE_HZ, Material, Mono, Voice, dips, shaped_noise
from benchmarks.quality_sounds import (
    CHAINS,
    at_db,
    clap,
    coloured,
    cough,
    faded,
    knock,
    mouth_noise,
    off_microphone,
    other_take,
)
from benchmarks.quality_tape import NOISES, TOLERATED, Kind, Style, Tape, Truth, Twins

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_SPEECH_S = 40.0
_LONGEST_REMARK_S = 3.0
_ROOM_S = 20
RECORDED_NOISE = "recorded noise"
CONDITIONS = (*CHAINS, RECORDED_NOISE)
"""Names of the ways in which speech is recorded."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A raw recording and what is known about it.

    Attributes:
        name: Unique among the recordings.
        section: "speech", "music", "finished speech", "finished music" or "extended music".
        source: The voice or the track.
        kind: What kind of voice or music it is.
        condition: How it was recorded.
        samples: What is to be edited.
        truth: The true edit and more.
        target_s: For music to be extended: the length asked for.
        with_noises: Of speech with slips: the true edit of who keeps coughs, knocks and mouth
            noise.
    """

    name: str
    section: str
    source: str
    kind: str
    condition: str
    samples: Mono
    truth: Truth
    target_s: float | None = None
    with_noises: Truth | None = None


class Reader:
    """Lays down one recording of one voice.

    Args:
        rng: Draws everything.
        material: The other voices and the noises.
        voice: Who speaks.
    """

    def __init__(self, rng: np.random.Generator, material: Material, voice: Voice) -> None:
        self.rng = rng
        self.style = Style(
            float(np.round(rng.uniform(0.3, 0.9), 2)), float(np.round(rng.uniform(0.1, 0.4), 2))
        )
        self.tape = Tape(shaped_noise(rng, _ROOM_S * RATE_HZ, voice.tone))
        self.others = [v for v in material.voices if v.name != voice.name]
        # In half of the recordings what stays is processed as what goes is, so that traces of
        # processing tell nothing.
        alike = rng.random() < 0.5
        phrases = _choose(rng, voice.phrases)
        self.phrases = [other_take(rng, phrase, 0.5) if alike else phrase for phrase in phrases]
        self.next = 0
        self._slips: dict[str, Callable[[], None]] = {
            "long pause": lambda: self._silence(1.1, 3.5),
            "dead air": lambda: self._silence(4.0, 10.0),
            "broken off": lambda: self._broken_off(1),
            "broken off twice": lambda: self._broken_off(2),
            "said again": self._said_again,
            "passage again": self._passage_again,
            "taken up": self._taken_up,
            "repeated word": self._repeated_word,
            "cough": lambda: self._noise(Kind.COUGH, cough),
            "knock": lambda: self._noise(Kind.KNOCK, knock),
            "mouth": lambda: self._noise(Kind.MOUTH, mouth_noise),
            "off mic": self._off_mic,
        }

    def read(self, slips: Sequence[str]) -> None:
        """Lays down all phrases, with a slip of the deck before each in turn; "" is none."""
        self._begin()
        index = 0
        while self.next < len(self.phrases):
            slip = slips[index % len(slips)]
            index += 1
            if slip and not (slip == "passage again" and self.next + 1 >= len(self.phrases)):
                self._slips[slip]()
            else:
                self._say()
        self.tape.pause(float(self.rng.uniform(0.5, 6.0)))

    def read_without_slips(self) -> None:
        """Lays down all phrases as a finished edit has them."""
        self.tape.pause(self.style.margin_s)
        while self.next < len(self.phrases):
            self._say()
        self.tape.pause(self.style.margin_s)

    def _begin(self) -> None:
        self.tape.pause(float(self.rng.uniform(0.6, 4.0)))
        if self.rng.random() < 0.3:
            self.tape.lay(Kind.SLATE, coloured(self.rng, self._remark(), 3))
            if self.rng.random() < 0.5:
                self.tape.pause(float(self.rng.uniform(0.2, 0.6)))
                self.tape.lay(Kind.SLATE, clap(self.rng))
            self.tape.pause(float(self.rng.uniform(0.8, 2.0)))

    def _say(self, follows_s: float | None = None) -> None:
        phrase = self.phrases[self.next]
        self.tape.lay(Kind.WANTED, phrase, follows_s)
        self.next += 1
        if self.next < len(self.phrases):
            self._breathe()

    def _breathe(self) -> None:
        """Lays down a pause that an editor leaves alone."""
        self.tape.pause(float(self.rng.uniform(0.2, TOLERATED * self.style.pause_s - 0.02)))

    def _hesitate(self) -> None:
        self.tape.pause(float(self.rng.uniform(0.3, 1.6)))

    def _silence(self, least_s: float, most_s: float) -> None:
        self.tape.pause(float(self.rng.uniform(least_s, most_s)))
        self._say()

    def _broken_off(self, times: int) -> None:
        phrase = self.phrases[self.next]
        for _ in range(times):
            take = other_take(self.rng, phrase)
            stop = round(take.size * self.rng.uniform(0.2, 0.75))
            words = dips(take)
            if words.size and self.rng.random() < 0.5:
                stop = int(words[np.argmin(np.abs(words - stop))])
            stop = max(stop, min(take.size, RATE_HZ // 4))
            self.tape.lay(Kind.FALSE_START, faded(take[:stop], 0.001, 0.02))
            self._hesitate()
        self._say()

    def _said_again(self) -> None:
        phrase = self.phrases[self.next]
        take = other_take(self.rng, phrase)
        if self.rng.random() < 0.3:
            # It went wrong at its end: other words there.
            other = self.phrases[int(self.rng.integers(len(self.phrases)))]
            cut = round(0.65 * take.size)
            take = np.concatenate((faded(take[:cut]), faded(other[: other.size // 2])))
        self.tape.lay(Kind.RETAKE, take)
        self._hesitate()
        self._say()

    def _passage_again(self) -> None:
        n = min(int(self.rng.integers(2, 4)), len(self.phrases) - self.next)
        for phrase in self.phrases[self.next : self.next + n]:
            self.tape.lay(Kind.RETAKE, other_take(self.rng, phrase))
            self._breathe()
        self._hesitate()
        for _ in range(n):
            self._say()

    def _taken_up(self) -> None:
        """Breaks off inside a phrase and takes it up from a word or more earlier."""
        phrase = self.phrases[self.next]
        words = dips(phrase)
        later = words[words > 0.5 * phrase.size]
        earlier = words[words < 0.5 * phrase.size]
        if not later.size or not earlier.size:
            self._broken_off(1)
            return
        back, broke = int(self.rng.choice(earlier)), int(self.rng.choice(later))
        self.tape.lay(Kind.WANTED, phrase[:back])
        self.tape.lay_on(Kind.FALSE_START, faded(phrase[back:broke], 0.0, 0.02))
        self._hesitate()
        # Words spoken anew: the rest, as it is said the second time.
        self.tape.lay(Kind.WANTED, other_take(self.rng, phrase[back:], 0.6), 0.06)
        self._said()

    def _repeated_word(self) -> None:
        phrase = self.phrases[self.next]
        words = np.concatenate(([0], dips(phrase), [phrase.size]))
        lengths = np.diff(words)
        usable = np.flatnonzero((lengths > 0.15 * RATE_HZ) & (lengths < 0.8 * RATE_HZ))
        if not usable.size:
            self._broken_off(1)
            return
        index = int(self.rng.choice(usable))
        start, stop = int(words[index]), int(words[index + 1])
        first = other_take(self.rng, phrase[start:stop], 0.4)
        if start:
            self.tape.lay(Kind.WANTED, phrase[:start])
        mark = self.tape.lay(Kind.REPEATED_WORD, first)
        self.tape.pause(float(self.rng.uniform(0.03, 0.2)))
        second = self.tape.lay(Kind.WANTED, phrase[start:], 0.04 if start else None)
        if start:
            self.tape.twins.append(Twins(mark.start, mark.stop, second.start + stop - start))
        self._said()

    def _said(self) -> None:
        self.next += 1
        if self.next < len(self.phrases):
            self._breathe()

    def _noise(self, kind: Kind, make: Callable[[np.random.Generator], Mono]) -> None:
        self.tape.pause(float(self.rng.uniform(0.2, 0.9)))
        self.tape.lay(kind, make(self.rng))
        self.tape.pause(float(self.rng.uniform(0.4, 1.2)))
        self._say()

    def _off_mic(self) -> None:
        self.tape.pause(float(self.rng.uniform(0.3, 0.9)))
        self.tape.lay(Kind.OFF_MIC, off_microphone(self.rng, self._remark()))
        self.tape.pause(float(self.rng.uniform(0.4, 1.2)))
        self._say()

    def _remark(self) -> Mono:
        """Returns something short that somebody else says."""
        other = self.others[int(self.rng.integers(len(self.others)))]
        short = [p for p in other.phrases if p.size < _LONGEST_REMARK_S * RATE_HZ]
        phrases = short or [other.phrases[0][: RATE_HZ * 2]]
        return faded(phrases[int(self.rng.integers(len(phrases)))])


def make_speech(
    seed: int,
    number: int,
    material: Material,
    voice: Voice,
    condition: str,
    slips: Sequence[str] | None = None,
) -> Recording:
    """Makes one recording with what goes wrong in it.

    Args:
        seed: Of the whole benchmark.
        number: Of this recording.
        material: What it is made of.
        voice: Who speaks.
        condition: One of `CONDITIONS`.
        slips: What goes wrong, in turn; None draws it.
    """
    rng = np.random.default_rng([seed, number, 0])
    reader = Reader(rng, material, voice)
    reader.read(slips or _deck(rng))
    samples = recorded(rng, material, condition, reader.tape.samples())
    truth, with_noises = (
        reader.tape.truth(reader.style, staying=staying) for staying in (frozenset(), NOISES)
    )
    return Recording(
        f"speech_{number:03d}",
        "speech",
        voice.name,
        voice.kind,
        condition,
        samples,
        truth,
        with_noises=with_noises,
    )


def make_flawless(
    seed: int, number: int, material: Material, voice: Voice, condition: str
) -> Recording:
    """Makes one recording with nothing wrong in it; see `make_speech`."""
    rng = np.random.default_rng([seed, number, 1])
    reader = Reader(rng, material, voice)
    reader.read_without_slips()
    samples = recorded(rng, material, condition, reader.tape.samples())
    raw = Recording(
        f"flawless_speech_{number:03d}",
        "speech",
        voice.name,
        voice.kind,
        condition,
        samples,
        reader.tape.truth(reader.style),
    )
    return finished(raw, samples)


def finished(raw: Recording, samples: Mono) -> Recording:
    """Returns samples like those of a recording, of which nothing is to be cut."""
    whole = np.array([(0, samples.size)], np.int64)
    truth = Truth(samples.size, whole, whole)
    return replace(raw, section=f"finished {raw.section}", samples=samples, truth=truth)


def truly_edited(raw: Recording) -> Recording:
    """Returns the true edit of a recording as a recording of its own, to be edited again."""
    parts = [raw.samples[start:stop] for start, stop in raw.truth.kept.tolist()]
    return replace(finished(raw, np.concatenate(parts)), name=f"edited_{raw.name}")


def recorded(rng: np.random.Generator, material: Material, condition: str, samples: Mono) -> Mono:
    """Returns a tape as it arrives through one of the recording chains."""
    if condition == RECORDED_NOISE:
        noise = list(material.noises.values())[int(rng.integers(len(material.noises)))]
        start = int(rng.integers(noise.size))
        running = np.take(noise, np.arange(start, start + samples.size), mode="wrap")
        out = samples + at_db(running, rng.uniform(-52, -40))
    else:
        out = CHAINS[condition](rng, samples)
    peak = float(np.abs(out).max())
    return np.asarray(out * np.float32(min(1.0, 0.98 / max(peak, 1e-9))), np.float32)


def _choose(rng: np.random.Generator, phrases: tuple[Mono, ...]) -> list[Mono]:
    """Returns phrases that follow one another, up to the most that a recording holds."""
    start = int(rng.integers(max(1, len(phrases) - 8)))
    chosen: list[Mono] = []
    length_s = 0.0
    for phrase in phrases[start:]:
        length_s += phrase.size / RATE_HZ
        if chosen and length_s > _MOST_SPEECH_S:
            break
        chosen.append(phrase)
    return chosen


def _deck(rng: np.random.Generator) -> list[str]:
    """Returns slips in random order; retakes, the case people ask for most, come most often."""
    deck = ["", "long pause", "dead air", "broken off", "broken off", "broken off twice"]
    deck += ["said again", "said again", "passage again", "taken up", "repeated word"]
    deck += ["cough", "knock", "mouth", "off mic", "long pause"]
    return [deck[index] for index in rng.permutation(len(deck))]
