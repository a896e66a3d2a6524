"""Spoken recordings: sentences by one to three voices, and all that goes wrong between them."""

from __future__ import annotations

import numpy as np

from model_core.edit.types import Reason
from training.corpus import Clip, Corpus
from training.simulator.dsp import faded, gain, rms
from training.simulator.noises import random_noise
from training.simulator.phrases import SPEECH_LEVEL_DB, SpokenClip, room_tone, spoken
from training.simulator.rooms import off_microphone
from training.simulator.script import (
    Sentence,
    choose_voices,
    interleaved,
    sentences_of,
    words_of,
)
from training.simulator.tape import Tape
from training.simulator.types import EditorStyle, Mono, SimulatorSettings, samples_of
from training.simulator.variation import Variation

_SEAM = 110  # 5 ms


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


class Cast:
    """Who speaks in a recording, what they say, and the rooms they sit in.

    Args:
        rng: Draws everything.
        corpus: The material.
        count: How many voices are wanted.
    """

    def __init__(self, rng: np.random.Generator, corpus: Corpus, count: int) -> None:
        self.rng = rng
        self.corpus = corpus
        self.voices, self.others = choose_voices(rng, corpus, count)
        self.upper_hz = np.inf
        self.rooms: list[Mono] = []
        # Some rooms are closed by a noise gate when nobody speaks.
        self.gated = bool(rng.random() < 0.05)
        wanted_s = float(np.exp(rng.uniform(np.log(12.0), np.log(70.0))))
        budget = samples_of(wanted_s / len(self.voices))
        turns = [self._turns(index, name, budget) for index, name in enumerate(self.voices)]
        self.script = turns[0] if len(turns) == 1 else interleaved(rng, turns)

    def _turns(self, voice: int, name: str, budget: int) -> list[Sentence]:
        clips = self.corpus.groups("speech")[name]
        order = [clips[int(i)] for i in self.rng.permutation(len(clips))]
        self.rooms.append(room_tone(self.rng, self._spoken(order[0]), samples_of(9.0)))
        said: list[Sentence] = []
        left = budget
        for clip in order:
            if left <= 0:
                break
            run = sentences_of(self._spoken(clip), voice, self.rng, left)
            left -= sum(sentence.samples.size for sentence in run)
            said += run
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
        for index, tone in enumerate(self.rooms):
            if index != speaker:
                start = int(self.rng.integers(tone.size))
                out += np.tile(tone, (start + n) // tone.size + 1)[start : start + n]
        return out


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
        self.tape = Tape()
        self.clean = bool(rng.random() < settings.nothing_wrong)
        # Some people get one thing wrong in a minute, others three in a sentence.
        self.mess = float(np.exp(rng.uniform(np.log(0.25), np.log(1.6))))
        count = 1
        if rng.random() < settings.dialogues:
            count = 2 if rng.random() < 0.7 else 3
        self.cast = Cast(rng, corpus, count)

    def record(self) -> Tape:
        """Lays everything down and returns the tape."""
        self._beginning()
        script = self.cast.script
        for index, sentence in enumerate(script):
            if index:
                self._gap(sentence)
            if self._happens(self.settings.passages_again):
                self._passage(script[index : index + int(self.rng.integers(2, 5))])
            self._sentence(sentence)
        self._end()
        return self.tape

    def _happens(self, chance: float) -> bool:
        return not self.clean and bool(self.rng.random() < min(0.9, chance * self.mess))

    # -- pauses -------------------------------------------------------------------------------

    def _quiet(self, n: int) -> None:
        if n > 0:
            self.tape.pause(self.cast.room(n + 2 * _SEAM), _SEAM, _SEAM)

    def _quiet_s(self, low_s: float, high_s: float) -> None:
        """Lays down a pause whose length is drawn log-uniformly."""
        span = self.rng.uniform(np.log(low_s), np.log(high_s))
        self._quiet(samples_of(float(np.exp(span))))

    def _pause(self, natural: Mono | None, *, between_sentences: bool) -> None:
        """Lays down a pause that is wanted in some length: the clip's own, or a longer one."""
        if natural is None:
            n = samples_of(float(np.clip(self.rng.lognormal(np.log(0.5), 0.5), 0.15, 2.0)))
            natural = self.cast.room(n)
        n = natural.size
        if self.clean:
            longest = samples_of(self.editor.pause_s * self.editor.tolerance)
            if n > longest:
                n = int(longest * self.rng.uniform(0.5, 1.0))
        else:
            chance = self.settings.long_pauses * (1.0 if between_sentences else 0.35)
            if self._happens(chance):
                high = 10.0 if self.rng.random() < 0.15 else 4.0
                n = max(n, samples_of(float(np.exp(self.rng.uniform(np.log(0.4), np.log(high))))))
        self._natural_pause(natural, n)

    def _natural_pause(self, natural: Mono, n: int) -> None:
        """Lays down a pause of `n` samples that begins and ends as `natural` does."""
        if n == natural.size:
            self.tape.pause(natural)
            return
        half = min(natural.size, n) // 2
        seam = min(_SEAM, half)
        if n < natural.size:
            self.tape.pause(natural[: half + seam], 0, seam)
            self.tape.pause(natural[natural.size - (n - half) :])
            return
        self.tape.pause(natural[:half])
        self._quiet(n - 2 * half)
        self.tape.pause(natural[natural.size - half :])

    def _gap(self, following: Sentence) -> None:
        """Lays down what lies between two sentences."""
        natural = following.pause_before
        # In the middle of a flow of words hardly anything happens.
        flowing = 0.15 if natural is not None and natural.size < samples_of(0.05) else 1.0
        events = []
        if self._happens(self.settings.noises * flowing):
            events.append(self._noise)
        if self._happens(self.settings.other_voices * flowing):
            events.append(self._remark)
        if not events:
            self._pause(natural, between_sentences=flowing == 1.0)
            return
        if self.rng.random() < 0.2:
            events.append(self._noise if self.settings.noises else self._remark)
        self._quiet_s(0.12, 1.5)
        for event in events:
            event()
            self._quiet_s(0.1, 1.5)

    def _beginning(self) -> None:
        if self.clean:
            self._quiet(samples_of(self.editor.margin_s * float(self.rng.uniform(0.3, 1.25))))
            return
        if self.rng.random() < self.settings.dead_air:
            self._quiet_s(0.2, 6.0)
            if self._happens(self.settings.noises):
                self._noise()
                self._quiet_s(0.2, 3.0)
        if self.rng.random() < self.settings.slates:
            self._quiet_s(0.1, 1.0)
            if self.rng.random() < 0.5:
                self._counting()
            else:
                self._remark(near=bool(self.rng.random() < 0.5))
            self._quiet_s(0.3, 3.0)
        else:
            self._quiet_s(0.04, 0.5)

    def _end(self) -> None:
        if self.clean:
            self._quiet(samples_of(self.editor.margin_s * float(self.rng.uniform(0.3, 1.25))))
            return
        self._quiet_s(0.05, 0.6)
        if self.rng.random() < self.settings.dead_air:
            self._quiet_s(0.3, 8.0)
            for event, chance in (
                (self._remark, self.settings.other_voices),
                (self._noise, self.settings.noises),
            ):
                if self._happens(chance * 1.5):
                    event()
                    self._quiet_s(0.05, 2.0)

    # -- events -------------------------------------------------------------------------------

    def _event(self, samples: Mono, reason: Reason) -> None:
        """Lays down an unwanted sound over the room's tone."""
        bed = self.cast.room(samples.size + 2 * _SEAM)
        bed[_SEAM : _SEAM + samples.size] += samples
        self.tape.unwanted(bed, reason, _SEAM, _SEAM)

    def _noise(self) -> None:
        sound = random_noise(self.rng, self.corpus)
        self._event(sound * gain(float(self.rng.uniform(-40, -2))), Reason.NOISE)

    def _remark(self, *, near: bool = False) -> None:
        words = self.cast.foreign_words(0.4, 5.0)
        if words is None:
            return
        if near:
            words = words * gain(float(self.rng.uniform(-12, 0)))
        else:
            words = off_microphone(self.rng, words)
            level_db = SPEECH_LEVEL_DB + float(self.rng.uniform(-25, -7))
            words = words * np.float32(gain(level_db) / rms(words))
        self._event(np.asarray(words, dtype=np.float32), Reason.OTHER_VOICE)

    def _counting(self) -> None:
        """Counting-in: short words at an even pace."""
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
        self._event(out * gain(float(self.rng.uniform(-16, 0))), Reason.OTHER_VOICE)

    # -- sentences ----------------------------------------------------------------------------

    def _sentence(self, sentence: Sentence) -> None:
        """Lays down a sentence with what goes wrong in it."""
        settings = self.settings
        taken_again = self._happens(settings.whole_retakes)
        broken = self._happens(settings.false_starts)
        stumbles = self._happens(settings.repeated_words)
        failed = sentence
        if taken_again or broken or stumbles:
            # Either copy may be the processed one, so that traces of processing tell nothing.
            if self.rng.random() < 0.6:
                sentence = sentence.varied(Variation.of_speech(self.rng))
        elif self.rng.random() < settings.varied_takes:
            sentence = sentence.varied(Variation.of_speech(self.rng))
        if taken_again:
            for _ in range(int(self.rng.choice([1, 2, 3], p=[0.7, 0.2, 0.1]))):
                self._whole_take(failed)
        resume = 0
        if broken:
            resume = self._false_start(failed, sentence)
        elif stumbles:
            resume = self._stumble(failed, sentence)
        self._wanted(sentence, resume, sentence.samples.size)

    def _add_take(
        self, sentence: Sentence, start: int, stop: int, reason: Reason = Reason.RETAKE
    ) -> None:
        """Lays down part of a sentence as it was said before the take that stays."""
        take = sentence.samples[start:stop]
        if self.rng.random() < 0.85:
            take = Variation.of_speech(self.rng).apply(take)
        if self.rng.random() < 0.3:
            # The voice gives up before the mouth does.
            n = min(take.size, samples_of(float(self.rng.uniform(0.2, 0.9))))
            fall = np.linspace(0, float(self.rng.uniform(-14, -3)), n)
            take = take.copy()
            take[take.size - n :] *= (10 ** (fall / 20)).astype(np.float32)
        take = faded(take, 66 if start else 0, int(self.rng.integers(100, 900)))
        self.tape.unwanted(take + self.cast.room(take.size, sentence.voice), reason)

    def _whole_take(self, sentence: Sentence) -> None:
        stop = sentence.samples.size
        if len(sentence.phrases) > 1 and self.rng.random() < 0.3:
            # The end was different, or left out.
            stop = int(sentence.phrases[int(self.rng.integers(1, len(sentence.phrases))) - 1, 1])
        self._add_take(sentence, 0, stop)
        if self.rng.random() < 0.15:
            self._other_ending(sentence)
        self._after_failure(0.3, 3.0)

    def _passage(self, sentences: list[Sentence]) -> None:
        """Lays down several sentences, or the beginnings of them, that are all said again."""
        for index, sentence in enumerate(sentences):
            stop = sentence.samples.size
            last = index == len(sentences) - 1
            if last and self.rng.random() < 0.7:
                stop = int(stop * self.rng.uniform(0.25, 0.95))
            self._add_take(sentence, 0, max(stop, min(samples_of(0.4), sentence.samples.size)))
            if not last:
                self._quiet_s(0.15, 0.8)
        self._after_failure(0.4, 4.0)

    def _after_failure(self, low_s: float, high_s: float) -> None:
        """Lays down the pause before the next take, now and then with a sound or a word in it."""
        self._quiet_s(low_s, high_s)
        if self.rng.random() < 0.12 and self.settings.noises:
            self._noise()
            self._quiet_s(0.15, 1.5)
        elif self.rng.random() < 0.1:
            words = self.cast.words(self.cast.voices[0], 0.25, 1.0)
            if words is not None:
                # The speaker's own comment.
                level = gain(float(self.rng.uniform(-12, 0)))
                self._event(Variation.of_speech(self.rng).apply(words * level), Reason.RETAKE)
                self._quiet_s(0.2, 1.5)

    def _other_ending(self, sentence: Sentence) -> None:
        """Ends a failed take in other words of the same voice."""
        words = self.cast.words(self.cast.voices[sentence.voice], 0.2, 0.7)
        if words is not None:
            self._event(Variation.of_speech(self.rng).apply(words), Reason.RETAKE)

    def _false_start(self, failed: Sentence, sentence: Sentence) -> int:
        """Lays down a sentence up to where it breaks off, now and then several times.

        Returns:
            Where the take that stays goes on, in samples of `sentence`.
        """
        size = failed.samples.size
        resume = self._resuming_place(failed) if self.rng.random() < 0.35 else 0
        if resume + samples_of(0.6) > size:
            return 0
        if resume:
            self._wanted(sentence, 0, sentence.place_of(resume))
        for _ in range(int(self.rng.choice([1, 2, 3], p=[0.78, 0.17, 0.05]))):
            self._add_take(failed, resume, self._breaking_place(failed, resume))
            if self.rng.random() < 0.12:
                self._other_ending(failed)
            if self.rng.random() < 0.25:
                self._quiet_s(0.03, 0.2)
            else:
                self._after_failure(0.2, 3.0)
        return sentence.place_of(resume) if resume else 0

    def _breaking_place(self, sentence: Sentence, resume: int) -> int:
        """Returns where a sentence breaks off: where a word ends, or in the middle of one."""
        longest = sentence.samples.size - samples_of(0.15)
        shortest = resume + samples_of(0.35)
        span = float(np.exp(self.rng.uniform(np.log(0.4), np.log(6.0))))
        stop = int(np.clip(resume + samples_of(span), shortest, longest))
        if self.rng.random() < 0.5:
            ends = np.concatenate([sentence.dips, sentence.phrases[:, 1]])
            ends = ends[(ends > shortest) & (ends < longest)]
            if ends.size:
                stop = int(ends[int(np.argmin(np.abs(ends - stop)))])
        # What has ended isn't broken off in the pause after it.
        within = (sentence.phrases[:, 0] < stop) & (sentence.phrases[:, 1] >= stop)
        ended = sentence.phrases[sentence.phrases[:, 1] <= stop, 1]
        return stop if within.any() or not ended.size else max(int(ended.max()), resume + 1)

    def _resuming_place(self, sentence: Sentence) -> int:
        """Returns a place within a sentence from which it may be taken up again, or 0."""
        places = np.concatenate([sentence.phrases[1:, 0], sentence.dips])
        latest = sentence.samples.size - samples_of(0.8)
        places = places[(places > samples_of(0.3)) & (places < latest)]
        return int(places[int(self.rng.integers(places.size))]) if places.size else 0

    def _stumble(self, failed: Sentence, sentence: Sentence) -> int:
        """Lays down a word or two that are said twice; returns where the sentence goes on."""
        starts = np.sort(np.concatenate([failed.phrases[:, 0], failed.dips]))
        starts = starts[starts < failed.samples.size - samples_of(0.6)]
        if not starts.size:
            return 0
        resume = int(starts[int(self.rng.integers(starts.size))])
        ends = np.sort(np.concatenate([failed.phrases[:, 1], failed.dips]))
        ends = ends[(ends > resume + samples_of(0.15)) & (ends < resume + samples_of(1.0))]
        if not ends.size:
            return 0
        stop = int(ends[int(self.rng.integers(ends.size))])
        mapped = sentence.place_of(resume) if resume else 0
        if resume:
            self._wanted(sentence, 0, mapped)
        for _ in range(1 if self.rng.random() < 0.8 else 2):
            self._add_take(failed, resume, stop, Reason.REPEAT)
            self._quiet_s(0.03, 0.5)
        return mapped

    def _wanted(self, sentence: Sentence, start: int, stop: int) -> None:
        """Lays down the part of a sentence that stays: its phrases and the pauses between them."""
        began = self.tape.length
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
            self.tape.pause(sentence.samples[previous:stop])
        n = self.tape.length - began
        if n and len(self.cast.rooms) > 1:
            self.tape.overlay(began, self.cast.room(n, sentence.voice))
        if n and self.rng.random() < self.settings.noises_over_speech:
            sound = random_noise(self.rng, self.corpus)[:n]
            place = began + int(self.rng.integers(0, n - sound.size + 1))
            self.tape.overlay(place, sound * gain(float(self.rng.uniform(-34, -10))))

    def _words_with_hesitation(self, sentence: Sentence, low: int, high: int) -> None:
        """Lays down a phrase that stays, now and then with a pause between two words."""
        places = sentence.dips[
            (sentence.dips > low + samples_of(0.4)) & (sentence.dips < high - samples_of(0.4))
        ]
        if places.size and self._happens(self.settings.hesitations):
            place = int(places[int(self.rng.integers(places.size))])
            self.tape.wanted(sentence.samples[low:place])
            self._quiet_s(0.2, 2.0)
            low = place
        self.tape.wanted(sentence.samples[low:high])
