"""Spoken recordings: sentences by one to three voices, and all that goes wrong between them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from training.corpus import Corpus
from training.simulator.booth import Booth
from training.simulator.cast import Cast
from training.simulator.dsp import gain
from training.simulator.noises import random_noise
from training.simulator.retakes import Retakes
from training.simulator.script import Sentence
from training.simulator.tape import Tape
from training.simulator.types import EditorStyle, Mono, SimulatorSettings, samples_of
from training.simulator.wording import in_parallel, said_twice, with_filler


def record_speech(
    rng: np.random.Generator, corpus: Corpus, editor: EditorStyle, settings: SimulatorSettings
) -> tuple[Tape, str, float]:
    """Lays down a spoken recording.

    Returns:
        The tape, the names of the wanted voices, and where the narrowest material's band ends.
    """
    session = SpeechSession(rng, corpus, editor, settings)
    tape = session.record()
    return tape, " + ".join(session.cast.voices), session.cast.upper_hz


def record_talks(
    rng: np.random.Generator,
    corpus: Corpus,
    editor: EditorStyle,
    settings: SimulatorSettings,
    seconds: float,
) -> tuple[Tape, float]:
    """Lays down spoken recordings one after the other until the tape is so long.

    Returns:
        The tape, and where the narrowest material's band ends.
    """
    whole, ends = Tape(), float("inf")
    while not whole.length or whole.length < samples_of(seconds):
        tape, _, upper_hz = record_speech(rng, corpus, editor, settings)
        whole.extend(tape)
        ends = min(ends, upper_hz)
    return whole, ends


class SpeechSession:
    """Lays down one spoken recording.

    Args:
        rng: Draws everything.
        corpus: The material.
        editor: The editor; asked only in recordings with nothing wrong in them.
        settings: How often what happens.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        corpus: Corpus,
        editor: EditorStyle,
        settings: SimulatorSettings,
    ) -> None:
        self.rng = rng
        self.corpus = corpus
        self.editor = editor
        self.settings = settings
        self.cast = Cast(rng, corpus, settings)
        self.booth = Booth(rng, corpus, settings, self.cast)
        self.retakes = Retakes(self.booth)

    def record(self) -> Tape:
        """Lays everything down and returns the tape."""
        self._beginning()
        script = self.cast.script
        for index, sentence in enumerate(script):
            if index:
                self._gap(sentence)
            if self.booth.happens(self.settings.passages_again):
                self._passage(script[index:])
            self._sentence(sentence)
        self._end()
        return self.booth.tape

    # -- between sentences --------------------------------------------------------------------

    def _pause(self, natural: Mono | None, *, between_sentences: bool) -> None:
        """Lays down a pause that is wanted in some length: the clip's own, or a longer one."""
        if natural is None:
            n = samples_of(float(np.clip(self.rng.lognormal(np.log(0.5), 0.6), 0.1, 2.5)))
            natural = self.cast.room(n)
        n = natural.size
        if self.booth.clean:
            longest = samples_of(self.editor.pause_s * self.editor.tolerance)
            if n > longest:
                n = int(longest * self.rng.uniform(0.5, 1.0))
        else:
            chance = self.settings.long_pauses * (1.0 if between_sentences else 0.35)
            if self.booth.happens(chance):
                high = 10.0 if self.rng.random() < 0.25 else 4.0
                n = max(n, samples_of(self.booth.between(0.3, high)))
        self.booth.natural_pause(natural, n)

    def _gap(self, following: Sentence) -> None:
        """Lays down what lies between two sentences."""
        booth = self.booth
        natural = following.pause_before
        # In the middle of a flow of words hardly anything happens.
        flowing = 0.15 if natural is not None and natural.size < samples_of(0.05) else 1.0
        events: list[Callable[[], None]] = []
        if self.cast.interviewer and not booth.clean and self.rng.random() < 0.45 * flowing:
            events.append(booth.question)
        if booth.happens(self.settings.noises * flowing):
            events.append(booth.noise)
        if booth.happens(self.settings.other_voices * flowing):
            events.append(booth.remark)
        if not events:
            self._pause(natural, between_sentences=flowing == 1.0)
            return
        if self.rng.random() < 0.2:
            events.append(events[0])
        booth.quiet_s(0.1, 2.0)
        for event in events:
            event()
            booth.quiet_s(0.1, 2.0)

    def _margin(self) -> None:
        """Lays down an end of a recording that needs no cut."""
        self.booth.quiet(samples_of(self.editor.margin_s * float(self.rng.uniform(0.3, 1.25))))

    def _beginning(self) -> None:
        booth = self.booth
        if booth.clean:
            self._margin()
            return
        if self.rng.random() < self.settings.dead_air:
            booth.quiet_s(0.2, 6.0)
            if booth.happens(self.settings.noises):
                booth.noise()
                booth.quiet_s(0.2, 3.0)
        if self.rng.random() < self.settings.slates:
            booth.quiet_s(0.1, 1.0)
            if self.rng.random() < 0.5:
                booth.counting()
            else:
                booth.slate()
            booth.quiet_s(0.3, 3.0)
        else:
            booth.quiet_s(0.04, 0.5)

    def _end(self) -> None:
        booth = self.booth
        if booth.clean:
            self._margin()
            return
        booth.quiet_s(0.05, 0.6)
        if self.rng.random() < self.settings.dead_air:
            booth.quiet_s(0.3, 8.0)
            for event, chance in (
                (booth.remark, self.settings.other_voices),
                (booth.noise, self.settings.noises),
            ):
                if booth.happens(chance * 1.5):
                    event()
                    booth.quiet_s(0.05, 2.0)

    # -- sentences ----------------------------------------------------------------------------

    def _passage(self, script: list[Sentence]) -> None:
        """Lays down the sentences of the next 5 to 25 s, which are then said again."""
        wanted = samples_of(self.booth.between(5.0, 25.0))
        count = 1
        while count < len(script) and sum(s.samples.size for s in script[:count]) < wanted:
            count += 1
        self.retakes.passage(script[:count])

    def _sentence(self, sentence: Sentence) -> None:
        """Lays down a sentence with what goes wrong in it."""
        settings = self.settings
        sentence = self._as_meant(sentence)
        taken_again = self.booth.happens(settings.whole_retakes)
        broken = self.booth.happens(settings.false_starts)
        stumbles = self.booth.happens(settings.repeated_words)
        failed = sentence
        if taken_again or broken or stumbles:
            # Either copy may be the processed one, so that traces of processing tell nothing.
            if self.rng.random() < 0.6:
                sentence = sentence.varied(self.retakes.variation())
        elif self.rng.random() < settings.varied_takes:
            sentence = sentence.varied(self.retakes.variation())
        if taken_again:
            self.retakes.whole_takes(failed)
        resume = 0
        if broken:
            resume = self.retakes.false_start(failed, sentence, self._wanted)
        elif stumbles:
            resume = self.retakes.stumble(failed, sentence, self._wanted)
        if self.rng.random() < settings.breaths and not resume:
            self.booth.breath_before_words()
        self._wanted(sentence, resume, sentence.samples.size)

    def _as_meant(self, sentence: Sentence) -> Sentence:
        """Returns a sentence with what is repeated in it on purpose, or held up by a vowel."""
        settings = self.settings
        room = self.cast.tone(samples_of(0.3), sentence.voice)
        if self.rng.random() < settings.deliberate:
            sentence = said_twice(self.rng, sentence, room)
        if self.rng.random() < settings.parallels:
            sentence = in_parallel(self.rng, sentence)
        if self.rng.random() < settings.fillers / 2:
            sentence = with_filler(self.rng, sentence)
        return sentence

    def _wanted(self, sentence: Sentence, start: int, stop: int) -> None:
        """Lays down the part of a sentence that stays: its phrases and the pauses between them."""
        began = self.booth.tape.length
        previous = start
        for first, last in sentence.phrases:
            low, high = max(int(first), start), min(int(last), stop)
            if high <= low:
                continue
            if low > previous:
                self._pause(sentence.samples[previous:low], between_sentences=False)
            self._words_with_hesitation(sentence, low, high)
            previous = high
        if previous < stop:
            # It is taken up again after this pause.
            self.booth.tape.pause(sentence.samples[previous:stop])
        n = self.booth.tape.length - began
        if n and len(self.cast.rooms) > 1:
            self.booth.tape.overlay(began, self.cast.room(n, sentence.voice))
        if n and self.rng.random() < self.settings.noises_over_speech:
            sound = random_noise(self.rng, self.corpus)[:n]
            place = began + int(self.rng.integers(0, n - sound.size + 1))
            self.booth.tape.overlay(place, sound * gain(float(self.rng.uniform(-34, -10))))

    def _words_with_hesitation(self, sentence: Sentence, low: int, high: int) -> None:
        """Lays down a phrase that stays, now and then with a pause between two words."""
        places = sentence.dips[
            (sentence.dips > low + samples_of(0.4)) & (sentence.dips < high - samples_of(0.4))
        ]
        if places.size and self.booth.happens(self.settings.hesitations):
            place = int(places[int(self.rng.integers(places.size))])
            self.booth.tape.wanted(sentence.samples[low:place])
            self.booth.quiet_s(0.2, 2.0)
            low = place
        self.booth.tape.wanted(sentence.samples[low:high])
