"""What the simulator speaks: editors, settings and recordings with a known edit."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from model_core.edit.types import Reason

SAMPLE_RATE = 22050

# The share of editors who loop music to make it longer.
_EXTENDING_SHARE = 0.4

Kind: TypeAlias = Literal["speech", "music"]
Mono: TypeAlias = npt.NDArray[np.float32]


def samples_of(seconds: float) -> int:
    """Returns a duration in samples at the simulator's rate."""
    return round(seconds * SAMPLE_RATE)


class Phenomenon(StrEnum):
    """What was laid down that an editor takes out; finer than the reason."""

    PAUSE = "pause"
    FALSE_START = "false start"
    WHOLE_TAKE = "whole take"
    PASSAGE = "passage"
    OTHER_ENDING = "other ending"
    COMMENT = "comment"
    REPEATED_WORDS = "repeated words"
    NOISE = "noise"
    BREATH = "breath"
    REMARK = "remark"
    QUESTION = "question"
    SLATE = "slate"
    COUNTING = "counting"
    MUSIC_FALSE_START = "false start of music"
    WRONG_BARS = "wrong bars"
    REPEATED_BARS = "repeated bars"
    TALK = "talk"
    TUNING = "tuning"
    STICKS = "sticks"
    OTHER = "other"


PHENOMENA = tuple(Phenomenon)
"""The phenomena in the order in which files number them."""


@dataclass(frozen=True, slots=True)
class EditorStyle:
    """How one editor works; the same in every recording of that editor.

    Attributes:
        pause_s: The length that long pauses are brought to.
        margin_s: The silence that is left before the first and after the last sound.
        extension: The length of an edit of music over its length without loops; 1 for those who
            don't loop.
        after_share: The share of a kept pause that stays after the phrase, the rest staying before
            the next one.
        tolerance: Pauses up to this many times `pause_s` are left as they are.
        jitter_s: Spread of the places of the cuts within a pause.
    """

    pause_s: float
    margin_s: float
    extension: float = 1.0
    after_share: float = 0.6
    tolerance: float = 1.3
    jitter_s: float = 0.01

    @classmethod
    def draw(cls, rng: np.random.Generator) -> EditorStyle:
        """Returns a random editor.

        Pauses of 0.15-1.2 s and margins of 0.05-0.5 s, log-uniform; four in ten extend music, by a
        factor of 1.15-2, log-uniform.
        """
        pause_s, margin_s, extension = np.exp(
            rng.uniform(np.log([0.15, 0.05, 1.15]), np.log([1.2, 0.5, 2.0]))
        )
        extends = rng.random() < _EXTENDING_SHARE
        return cls(float(pause_s), float(margin_s), float(extension) if extends else 1.0)


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """How often each phenomenon is met. 0 switches it off.

    Attributes:
        nothing_wrong: Share of recordings that hold nothing to remove.
        gates: Share of spoken recordings that a gate silences where nobody speaks.
        voice_levels: Chance that a wanted voice is softer or louder than usual.
        long_pauses: Chance that a pause is long (0.3-10 s).
        false_starts: Chance that a sentence is broken off, one to four times, and taken up again.
        whole_retakes: Chance that a sentence is read whole, 1-4 times, before the take that stays.
        passages_again: Chance that, from a sentence on, 5-25 s are said and then said again.
        repeated_words: Chance that a word is said twice.
        trailing: Chance that the voice gives up before a failed take ends.
        distances: Chance that a take is spoken at another distance from the microphone.
        omissions: Chance that words are missing in a failed take.
        fillers: Chance of a drawn-out vowel in a failed take, and half that in a sentence that
            stays.
        other_endings: Chance that a failed take ends in other words.
        between_attempts: Chance that there is something besides a pause between two attempts:
            a noise or breath, a comment, somebody else's remark; what is switched off is left out.
        comments: Chance, besides, of the speaker's comment on an attempt.
        breaths: Chance of a breath right before a sentence, which stays.
        deliberate: Chance that a phrase is said twice on purpose, fluently; both stay.
        parallels: Chance that phrases in a row begin with the same words; they stay.
        hesitations: Chance that a phrase is held up by a pause between two of its words.
        noises: Chance of a noise in the gap between two sentences.
        other_voices: Chance of a remark by another voice, off the microphone, in such a gap.
        slates: Chance that a recording begins with an announcement or with counting.
        dead_air: Chance of dead air at the beginning, and again at the end.
        noises_over_speech: Chance, for a sentence, of a noise that overlaps it and stays.
        dialogues: Share of speech recordings with two or three wanted voices.
        interviews: Share of speech recordings with questions from off the microphone, which go.
        varied_takes: Chance that a sentence is varied though it isn't taken again, so that traces
            of processing tell nothing.
        played: Share of musical recordings that a synthetic player plays, every take anew.
        music_false_starts: Chance that a piece is begun, broken off and begun anew.
        wrong_bars: Chance, for every four bars, that bars go wrong and are taken again.
        repeats: Chance that a passage is played once too often.
        between_takes: Chance of talking, tuning or counting-in between two takes of music.
        loops: Chance that an editor who extends music does so in a recording.
        rooms: Chance that the whole recording was made in a reverberant room.
        microphones: Chance that the microphone colours the recording.
        noise_floors: Chance of a steady noise under the recording.
        babble: Chance of a crowd's murmur under the recording.
        hums: Chance of mains hum.
        drifts: Chance that the level drifts.
        compression: Chance that the level is evened out.
        saturation: Chance that the recording is overdriven.
        narrow_bands: Chance of a telephone's band or another narrow one.
        levels: Chance that the recording is much softer or louder.
        coarse_steps: Chance of coarse quantisation.
        codecs: Chance of a lossy codec on the way.
    """

    nothing_wrong: float = 0.15
    gates: float = 0.05
    voice_levels: float = 0.5
    long_pauses: float = 0.25
    false_starts: float = 0.25
    whole_retakes: float = 0.12
    passages_again: float = 0.06
    repeated_words: float = 0.08
    trailing: float = 0.35
    distances: float = 0.25
    omissions: float = 0.12
    fillers: float = 0.12
    other_endings: float = 0.12
    between_attempts: float = 0.35
    comments: float = 0.06
    breaths: float = 0.12
    deliberate: float = 0.06
    parallels: float = 0.04
    hesitations: float = 0.05
    noises: float = 0.2
    other_voices: float = 0.1
    slates: float = 0.15
    dead_air: float = 0.6
    noises_over_speech: float = 0.08
    dialogues: float = 0.3
    interviews: float = 0.12
    varied_takes: float = 0.4
    played: float = 0.35
    music_false_starts: float = 0.4
    wrong_bars: float = 0.25
    repeats: float = 0.12
    between_takes: float = 0.4
    loops: float = 1.0
    rooms: float = 0.5
    microphones: float = 0.75
    noise_floors: float = 0.9
    babble: float = 0.06
    hums: float = 0.2
    drifts: float = 0.3
    compression: float = 0.35
    saturation: float = 0.2
    narrow_bands: float = 0.3
    levels: float = 1.0
    coarse_steps: float = 0.15
    codecs: float = 0.06

    @classmethod
    def silent(cls, **chances: float) -> SimulatorSettings:
        """Returns settings with everything switched off but what is named."""
        return replace(cls(**{item.name: 0.0 for item in fields(cls)}), **chances)

    def unimpaired(self) -> SimulatorSettings:
        """Returns these settings with a perfect room, microphone and file."""
        return replace(self, **dict.fromkeys(IMPAIRMENTS, 0.0))


IMPAIRMENTS = (
    "rooms",
    "microphones",
    "noise_floors",
    "babble",
    "hums",
    "drifts",
    "compression",
    "saturation",
    "narrow_bands",
    "levels",
    "coarse_steps",
    "codecs",
)
"""The settings that change a whole recording, none of which moves a sample."""


class Removal(NamedTuple):
    """A stretch of a recording that the edit leaves out, in samples, why, and what it is."""

    start: int
    stop: int
    reason: Reason
    what: Phenomenon = Phenomenon.OTHER


@dataclass(frozen=True, slots=True)
class SimulatedRecording:
    """A raw recording with its true edit.

    Attributes:
        samples: The recording, mono, 22,050 Hz, float32 of shape [n].
        kept: The edit: sample ranges in the order in which they are heard, int64 of shape [k, 2].
            Increasing and disjoint but for loops: there a range begins before the one ahead of it
            ended, and what lies between is heard again.
        removed: What is heard nowhere; together with `kept` it covers the recording.
        phrases: The wanted phrases (speech) or passages (music), int64 of shape [p, 2]. A phrase
            never reaches out of `kept`.
        style: The editor.
        kind: Speech or music.
        name: The voices or the track.
    """

    samples: Mono
    kept: npt.NDArray[np.int64]
    removed: tuple[Removal, ...]
    phrases: npt.NDArray[np.int64]
    style: EditorStyle
    kind: Kind
    name: str = field(default="")
