"""The booth that speech is recorded in: pauses, noises and other people's words on the tape."""

from __future__ import annotations

import numpy as np

from model_core.edit.types import Reason
from training.corpus import Corpus
from training.simulator.bodies import breath
from training.simulator.cast import Cast
from training.simulator.dsp import gain, rms
from training.simulator.noises import random_noise
from training.simulator.phrases import SPEECH_LEVEL_DB
from training.simulator.rooms import off_microphone
from training.simulator.tape import Tape
from training.simulator.types import Mono, Phenomenon, SimulatorSettings, samples_of
from training.simulator.variation import Variation

SEAM = 110  # 5 ms


class Booth:
    """Lays down what isn't the script: pauses and unwanted sounds.

    Args:
        rng: Draws everything.
        corpus: The material.
        settings: How often what happens.
        cast: Who is there.
    """

    def __init__(
        self, rng: np.random.Generator, corpus: Corpus, settings: SimulatorSettings, cast: Cast
    ) -> None:
        self.rng = rng
        self.corpus = corpus
        self.settings = settings
        self.cast = cast
        self.tape = Tape()
        self.clean = bool(rng.random() < settings.nothing_wrong)
        # Some people get one thing wrong in a minute, others three in a sentence.
        self.mess = float(np.exp(rng.uniform(np.log(0.25), np.log(1.6))))

    def happens(self, chance: float) -> bool:
        """Draws whether something goes wrong, which people differ in."""
        return not self.clean and bool(self.rng.random() < min(0.9, chance * self.mess))

    def between(self, low: float, high: float) -> float:
        """Draws a number log-uniformly."""
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high))))

    # -- pauses -------------------------------------------------------------------------------

    def quiet(self, n: int) -> None:
        """Lays down a pause of `n` samples."""
        if n > 0:
            self.tape.pause(self.cast.room(n + 2 * SEAM), SEAM, SEAM)

    def quiet_s(self, low_s: float, high_s: float) -> None:
        """Lays down a pause whose length is drawn log-uniformly."""
        self.quiet(samples_of(self.between(low_s, high_s)))

    def natural_pause(self, natural: Mono, n: int) -> None:
        """Lays down a pause of `n` samples that begins and ends as `natural` does."""
        if n == natural.size:
            self.tape.pause(natural)
            return
        half = min(natural.size, n) // 2
        seam = min(SEAM, half)
        if n < natural.size:
            self.tape.pause(natural[: half + seam], 0, seam)
            self.tape.pause(natural[natural.size - (n - half) :])
            return
        self.tape.pause(natural[:half])
        self.quiet(n - 2 * half)
        self.tape.pause(natural[natural.size - half :])

    # -- sounds -------------------------------------------------------------------------------

    def event(self, samples: Mono, reason: Reason, what: Phenomenon) -> None:
        """Lays down an unwanted sound over the room's tone."""
        bed = self.cast.room(samples.size + 2 * SEAM)
        bed[SEAM : SEAM + samples.size] += samples
        self.tape.unwanted(bed, reason, SEAM, SEAM, what)

    def noise(self) -> None:
        """Lays down a noise."""
        sound = random_noise(self.rng, self.corpus)
        level = gain(float(self.rng.uniform(-40, -2)))
        self.event(sound * level, Reason.NOISE, Phenomenon.NOISE)

    def lost_breath(self) -> None:
        """Lays down a breath that no words follow at once."""
        level = gain(float(self.rng.uniform(-42, -14)))
        sound = breath(self.rng)
        sound = sound * (level / np.float32(np.max(np.abs(sound)) + 1e-9))
        self.event(np.asarray(sound, dtype=np.float32), Reason.NOISE, Phenomenon.BREATH)

    def breath_before_words(self) -> None:
        """Lays down a breath right before words; it stays, as it belongs to them."""
        sound = breath(self.rng)[: samples_of(0.7)]
        level = gain(float(self.rng.uniform(-46, -22))) / np.float32(np.max(np.abs(sound)) + 1e-9)
        bed = self.cast.room(sound.size + samples_of(float(self.rng.uniform(0.02, 0.12))))
        bed[: sound.size] += sound * level
        self.tape.wanted(bed, phrase=False)

    def remark(self) -> None:
        """Lays down words of somebody off the microphone."""
        words = self.cast.foreign_words(0.4, 5.0)
        if words is None:
            return
        words = off_microphone(self.rng, words)
        level_db = SPEECH_LEVEL_DB + float(self.rng.uniform(-20, -5))
        words = words * np.float32(gain(level_db) / rms(words))
        self.event(words, Reason.OTHER_VOICE, Phenomenon.REMARK)

    def question(self) -> None:
        """Lays down a question by the interviewer."""
        words = self.cast.question()
        if words is not None:
            self.event(words, Reason.OTHER_VOICE, Phenomenon.QUESTION)

    def slate(self) -> None:
        """Lays down an announcement by another voice, near the microphone or not."""
        words = self.cast.foreign_words(0.4, 5.0)
        if words is None:
            return
        if self.rng.random() < 0.5:
            words = off_microphone(self.rng, words)
        words = np.asarray(words * gain(float(self.rng.uniform(-16, 0))), dtype=np.float32)
        self.event(words, Reason.OTHER_VOICE, Phenomenon.SLATE)

    def counting(self) -> None:
        """Lays down counting-in: short words at an even pace."""
        period = samples_of(float(self.rng.uniform(0.5, 1.1)))
        count = int(self.rng.integers(2, 6))
        out = np.zeros(period * count, dtype=np.float32)
        for index in range(count):
            word = self.cast.foreign_words(0.15, 0.4)
            if word is not None:
                part = out[index * period : index * period + min(word.size, period)]
                part += word[: part.size]
        if not np.any(out):
            return
        if self.rng.random() < 0.6:
            out = off_microphone(self.rng, out)
        level = gain(float(self.rng.uniform(-16, 0)))
        self.event(out * level, Reason.OTHER_VOICE, Phenomenon.COUNTING)

    def comment(self, voice: int) -> None:
        """Lays down the speaker's own comment on a take that failed."""
        words = self.cast.words(self.cast.voices[voice], 0.25, 1.5)
        if words is None:
            return
        level_db = SPEECH_LEVEL_DB + self.cast.levels_db[voice] + float(self.rng.uniform(-12, 2))
        words = words * np.float32(gain(level_db) / rms(words))
        words = Variation.of_speech(self.rng, self.settings.distances).apply(words)
        self.event(words, Reason.RETAKE, Phenomenon.COMMENT)
