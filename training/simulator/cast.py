"""Who speaks in a recording, what they say, and the rooms they sit in."""

from __future__ import annotations

import numpy as np

from training.corpus import Clip, Corpus
from training.simulator.dsp import gain, rms
from training.simulator.phrases import SPEECH_LEVEL_DB, SpokenClip, room_tone, spoken
from training.simulator.rooms import off_microphone
from training.simulator.script import (
    Sentence,
    choose_voices,
    interleaved,
    sentences_of,
    words_of,
)
from training.simulator.types import Mono, SimulatorSettings, samples_of


class Cast:
    """Who speaks in a recording, what they say, and the rooms they sit in.

    Args:
        rng: Draws everything.
        corpus: The material.
        settings: How often what happens.
    """

    def __init__(
        self, rng: np.random.Generator, corpus: Corpus, settings: SimulatorSettings
    ) -> None:
        self.rng = rng
        self.corpus = corpus
        count = 1
        if rng.random() < settings.dialogues:
            count = 2 if rng.random() < 0.7 else 3
        self.voices, self.others = choose_voices(rng, corpus, count)
        # Somebody who asks from across the room; what is asked is not wanted.
        self.interviewer = bool(self.others) and bool(rng.random() < settings.interviews)
        self._question_seed = int(rng.integers(2**31))
        self._question_db = SPEECH_LEVEL_DB + float(rng.uniform(-20, -8))
        self.upper_hz = np.inf
        self.rooms: list[Mono] = []
        self.gated = bool(rng.random() < settings.gates)
        self.levels_db = [
            float(rng.uniform(-6, 3)) if rng.random() < settings.voice_levels else 0.0
            for _ in self.voices
        ]
        wanted_s = float(np.exp(rng.uniform(np.log(12.0), np.log(70.0))))
        budget = samples_of(wanted_s / len(self.voices))
        turns = [self._turns(index, name, budget) for index, name in enumerate(self.voices)]
        self.script = turns[0] if len(turns) == 1 else interleaved(rng, turns)

    def _turns(self, voice: int, name: str, budget: int) -> list[Sentence]:
        clips = self.corpus.groups("speech")[name]
        order = [clips[int(i)] for i in self.rng.permutation(len(clips))]
        level = gain(self.levels_db[voice])
        tone = room_tone(self.rng, self._spoken(order[0]), samples_of(9.0))
        self.rooms.append(np.asarray(tone * level, dtype=np.float32))
        said: list[Sentence] = []
        left = budget
        for clip in order:
            if left <= 0:
                break
            run = sentences_of(self._spoken(clip), voice, self.rng, left)
            left -= sum(sentence.samples.size for sentence in run)
            said += [sentence.louder(level) for sentence in run]
        return said

    def _spoken(self, clip: Clip) -> SpokenClip:
        self.upper_hz = min(self.upper_hz, clip.native_rate_hz / 2)
        return spoken(self.corpus, clip)

    def words(self, name: str, shortest_s: float, longest_s: float) -> Mono | None:
        """Returns some words of a voice."""
        clips = self.corpus.groups("speech")[name]
        clip = self._spoken(clips[int(self.rng.integers(len(clips)))])
        return words_of(self.rng, clip, shortest_s, longest_s)

    def foreign_words(self, shortest_s: float, longest_s: float) -> Mono | None:
        """Returns some words of a voice that isn't wanted in this recording."""
        if not self.others:
            return None
        name = self.others[int(self.rng.integers(len(self.others)))]
        return self.words(name, shortest_s, longest_s)

    def room(self, n: int, speaker: int | None = None) -> Mono:
        """Returns `n` samples of what is heard besides `speaker`, or when nobody speaks."""
        out = np.zeros(n, dtype=np.float32)
        if self.gated:
            return out
        for index in range(len(self.rooms)):
            if index != speaker:
                out += self.tone(n, index)
        return out

    def tone(self, n: int, voice: int) -> Mono:
        """Returns `n` samples of one speaker's own room."""
        tone = self.rooms[voice]
        start = int(self.rng.integers(tone.size))
        return np.tile(tone, (start + n) // tone.size + 1)[start : start + n]

    def question(self) -> Mono | None:
        """Returns a question by the interviewer, as it reaches the microphone."""
        words = self.words(self.others[0], 0.5, 6.0)
        if words is None:
            return None
        # The same seed is the same place in the same room.
        words = off_microphone(np.random.default_rng(self._question_seed), words)
        level_db = self._question_db + float(self.rng.uniform(-2, 2))
        return np.asarray(words * np.float32(gain(level_db) / rms(words)), dtype=np.float32)
