"""What a speaker says before the take that stays: false starts, whole takes, stumbles, passages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model_core.edit.types import Reason
from training.simulator.booth import Booth
from training.simulator.dsp import faded, gain
from training.simulator.script import Sentence
from training.simulator.types import Mono, Phenomenon, samples_of
from training.simulator.variation import Variation
from training.simulator.wording import part_of, with_filler, without_words

_ATTEMPTS = (1, 2, 3, 4)
_ATTEMPT_CHANCES = (0.66, 0.2, 0.09, 0.05)
# Who breaks off in the middle of a word may begin anew at once; after a phrase that is complete a
# short rest would mean that it is said again on purpose.
_AT_ONCE_S = 0.15
_AFTER_A_PHRASE_S = 0.4
_LONGEST_REST_S = 8.0


@dataclass(frozen=True, slots=True)
class Break:
    """Where an attempt breaks off.

    Attributes:
        stop: In samples of the sentence.
        complete: Whether a phrase has come to its end there.
    """

    stop: int
    complete: bool


class Retakes:
    """Lays down the attempts that fail.

    Args:
        booth: Where they are recorded.
    """

    def __init__(self, booth: Booth) -> None:
        self.booth = booth
        self.rng = booth.rng
        self.settings = booth.settings

    def variation(self) -> Variation:
        """Returns how one take differs from another."""
        return Variation.of_speech(self.rng, self.settings.distances)

    # -- one attempt --------------------------------------------------------------------------

    def attempt(
        self, sentence: Sentence, start: int, stop: int, reason: Reason, what: Phenomenon
    ) -> None:
        """Lays down part of a sentence as it was said before the take that stays."""
        said = part_of(sentence, start, stop)
        if self.rng.random() < self.settings.omissions:
            said = without_words(self.rng, said)
        if self.rng.random() < self.settings.fillers:
            said = with_filler(self.rng, said)
        take = said.samples
        if self.rng.random() < 0.85:
            take = self.variation().apply(take)
        fade = int(self.rng.integers(40, 900))
        if self.rng.random() < self.settings.trailing:
            take, fade = self._trailing(take), samples_of(float(self.rng.uniform(0.02, 0.12)))
        take = faded(take, 66 if start else 0, fade)
        self._lay(take, sentence.voice, reason, what)

    def _lay(self, take: Mono, voice: int, reason: Reason, what: Phenomenon) -> None:
        bed = self.booth.cast.room(take.size, voice)
        self.booth.tape.unwanted(take + bed, reason, what=what)

    def _trailing(self, take: Mono) -> Mono:
        """Lets the voice give up before the mouth does."""
        n = min(take.size, samples_of(self.booth.between(0.12, 1.2)))
        fall_db = np.linspace(0, float(self.rng.uniform(-24, -3)), n)
        out = take.copy()
        out[take.size - n :] *= (10 ** (fall_db / 20)).astype(np.float32)
        return out

    def _other_ending(self, sentence: Sentence) -> None:
        """Ends a failed take in other words of the same voice."""
        words = self.booth.cast.words(self.booth.cast.voices[sentence.voice], 0.2, 0.9)
        if words is not None:
            words = words * gain(self.booth.cast.levels_db[sentence.voice])
            take = self.variation().apply(words)
            self._lay(take, sentence.voice, Reason.RETAKE, Phenomenon.OTHER_ENDING)

    def _attempts(self) -> int:
        return int(self.rng.choice(_ATTEMPTS, p=_ATTEMPT_CHANCES))

    # -- between two attempts -----------------------------------------------------------------

    def _rest(self, shortest_s: float, voice: int) -> None:
        """Lays down what lies between a failed attempt and the next one."""
        booth = self.booth
        longest_s = _LONGEST_REST_S if self.rng.random() < 0.3 else 2.5
        booth.quiet_s(shortest_s, longest_s)
        if self.rng.random() < self.settings.comments:
            booth.comment(voice)
            booth.quiet_s(0.15, 2.0)
        if self.rng.random() >= self.settings.between_attempts:
            return
        events: list[Callable[[], None]] = []
        if self.settings.noises > 0:
            events += [booth.noise, booth.noise, booth.lost_breath]
        if self.settings.comments > 0:
            events += [lambda: booth.comment(voice)]
        if self.settings.other_voices > 0:
            events += [booth.remark]
        for _ in range(1 if self.rng.random() < 0.75 else 2):
            if events:
                events[int(self.rng.integers(len(events)))]()
                booth.quiet_s(0.12, 2.0)

    # -- kinds of retakes ---------------------------------------------------------------------

    def whole_takes(self, sentence: Sentence) -> None:
        """Lays down a sentence, whole or nearly so, one to four times."""
        for _ in range(self._attempts()):
            stop = sentence.samples.size
            if len(sentence.phrases) > 1 and self.rng.random() < 0.3:
                # The end was different, or left out.
                last = int(self.rng.integers(1, len(sentence.phrases)))
                stop = int(sentence.phrases[last - 1, 1])
            self.attempt(sentence, 0, stop, Reason.RETAKE, Phenomenon.WHOLE_TAKE)
            if self.rng.random() < self.settings.other_endings:
                self._other_ending(sentence)
            self._rest(_AFTER_A_PHRASE_S, sentence.voice)

    def passage(self, sentences: list[Sentence]) -> None:
        """Lays down several sentences that are all said again; the last one may break off."""
        for index, sentence in enumerate(sentences):
            stop = sentence.samples.size
            last = index == len(sentences) - 1
            if last and self.rng.random() < 0.7:
                stop = self.breaking_place(sentence, 0).stop
            self.attempt(sentence, 0, stop, Reason.RETAKE, Phenomenon.PASSAGE)
            if not last:
                self.booth.quiet_s(0.12, 1.0)
        self._rest(_AFTER_A_PHRASE_S, sentences[-1].voice)

    def false_start(
        self, failed: Sentence, sentence: Sentence, wanted: Callable[[Sentence, int, int], None]
    ) -> int:
        """Lays down a sentence up to where it breaks off, one to four times.

        Args:
            failed: The sentence as it was read.
            sentence: The take that stays.
            wanted: Lays down a part of the take that stays.

        Returns:
            Where the take that stays goes on, in samples of `sentence`.
        """
        found = self.breaking_place(failed, 0)
        resume = self.resuming_place(failed, found.stop)
        if resume:
            wanted(sentence, 0, sentence.place_of(resume))
        for index in range(self._attempts()):
            if index:
                found = self.breaking_place(failed, resume)
            self.attempt(failed, resume, found.stop, Reason.RETAKE, Phenomenon.FALSE_START)
            complete = found.complete
            if self.rng.random() < self.settings.other_endings:
                self._other_ending(failed)
                complete = True
            self._rest(_AFTER_A_PHRASE_S if complete else _AT_ONCE_S, failed.voice)
        return sentence.place_of(resume) if resume else 0

    def breaking_place(self, sentence: Sentence, resume: int) -> Break:
        """Returns where a sentence breaks off: where a word ends, or in the middle of one."""
        longest = sentence.samples.size - samples_of(0.1)
        shortest = resume + samples_of(0.22)
        span = self.booth.between(0.25, 9.0)
        stop = max(min(resume + samples_of(span), longest), min(shortest, longest))
        if self.rng.random() < 0.45:
            ends = np.concatenate([sentence.dips, sentence.phrases[:, 1]])
            ends = ends[(ends > shortest) & (ends < longest)]
            if ends.size:
                stop = int(ends[int(np.argmin(np.abs(ends - stop)))])
        # What has ended isn't broken off in the pause after it.
        within = (sentence.phrases[:, 0] < stop) & (sentence.phrases[:, 1] > stop)
        ended = sentence.phrases[sentence.phrases[:, 1] <= stop, 1]
        if within.any() or not ended.size or int(ended.max()) <= resume:
            return Break(stop, complete=False)
        return Break(int(ended.max()), complete=True)

    def resuming_place(self, sentence: Sentence, stop: int) -> int:
        """Returns where a sentence that broke off at `stop` is taken up again.

        At its beginning, at the last phrase's, or a few words before it broke off.
        """
        way = self.rng.random()
        if way < 0.5:
            return 0
        if way < 0.72:
            places = sentence.phrases[1:, 0]
            near = places[places < stop - samples_of(0.25)][-1:]
        else:
            places = np.sort(np.concatenate([sentence.phrases[1:, 0], sentence.dips]))
            near = places[(places < stop - samples_of(0.25)) & (places > stop - samples_of(3.0))]
        near = near[near > samples_of(0.3)]
        return int(near[int(self.rng.integers(near.size))]) if near.size else 0

    def stumble(
        self, failed: Sentence, sentence: Sentence, wanted: Callable[[Sentence, int, int], None]
    ) -> int:
        """Lays down a word or two that are said twice; returns where the sentence goes on."""
        starts = np.sort(np.concatenate([failed.phrases[:, 0], failed.dips]))
        starts = starts[starts < failed.samples.size - samples_of(0.6)]
        if not starts.size:
            return 0
        resume = int(starts[int(self.rng.integers(starts.size))])
        # Within a phrase: a whole one that is said twice is meant.
        ends = failed.dips
        ends = ends[(ends > resume + samples_of(0.15)) & (ends < resume + samples_of(1.0))]
        if not ends.size:
            return 0
        stop = int(ends[int(self.rng.integers(ends.size))])
        mapped = sentence.place_of(resume) if resume else 0
        if resume:
            wanted(sentence, 0, mapped)
        for _ in range(1 if self.rng.random() < 0.8 else 2):
            self.attempt(failed, resume, stop, Reason.REPEAT, Phenomenon.REPEATED_WORDS)
            self.booth.quiet_s(0.03, 0.5)
        return mapped
