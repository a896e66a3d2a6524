"""Spoken recordings: sentences by one to three voices, and all that goes wrong between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model_core.edit.types import Reason
from training.corpus import Clip, Corpus
from training.simulator.dsp import Variation, faded, gain
from training.simulator.noises import random_noise
from training.simulator.phrases import SPEECH_LEVEL_DB, SpokenClip, room_tone, spoken
from training.simulator.rooms import off_microphone
from training.simulator.tape import Tape
from training.simulator.types import EditorStyle, Mono, SimulatorSettings, samples_of

_SEAM = 110  # 5 ms
_LONGEST_VOICE_S = 300.0


@dataclass(frozen=True, slots=True)
class Sentence:
    """A few phrases that are said, and said again, as one.

    Attributes:
        voice: Index of the speaker among the recording's wanted voices.
        samples: From the first phrase's start to the last one's stop, float32 of shape [n].
        phrases: Ranges within `samples`, int64 of shape [p, 2].
        dips: Weak places within `samples`, int64 of shape [d].
        pause_before: The clip's own pause before it; None where the sentence before it comes from
            elsewhere.
    """

    voice: int
    samples: Mono
    phrases: npt.NDArray[np.int64]
    dips: npt.NDArray[np.int64]
    pause_before: Mono | None

    def varied(self, variation: Variation) -> Sentence:
        """Returns the sentence said in another way; phrases move along."""
        samples = variation.apply(self.samples)
        scale = samples.size / self.samples.size
        return Sentence(
            self.voice,
            samples,
            np.round(self.phrases * scale).astype(np.int64),
            np.round(self.dips * scale).astype(np.int64),
            self.pause_before,
        )


def sentences_of(
    clip: SpokenClip, voice: int, rng: np.random.Generator, budget_samples: int
) -> list[Sentence]:
    """Divides a run of a clip's phrases into sentences of about 1.5 to 8 s.

    Args:
        clip: The clip.
        voice: Index of its speaker.
        rng: Draws where the run begins and how long the sentences are.
        budget_samples: About how much is wanted; a longer clip is entered anywhere.
    """
    phrases = clip.phrases
    if not len(phrases):
        return []
    spare = max(0, int(phrases[-1, 1] - phrases[0, 0]) - budget_samples)
    enter = phrases[0, 0] + int(rng.integers(0, spare + 1))
    index = max(0, int(np.searchsorted(phrases[:, 0], enter, side="right")) - 1)
    stop_at = int(phrases[index, 0]) + budget_samples
    result: list[Sentence] = []
    before: Mono | None = None
    while index < len(phrases) and (phrases[index, 0] < stop_at or not result):
        target = samples_of(float(rng.uniform(1.2, 6.0)))
        last = index
        while last + 1 < len(phrases):
            length = int(phrases[last, 1] - phrases[index, 0])
            rest = int(phrases[last + 1, 0] - phrases[last, 1])
            longer = int(phrases[last + 1, 1] - phrases[index, 0])
            if rest > samples_of(0.7) or length >= target or longer > samples_of(9.0):
                break
            last += 1
        start, stop = int(phrases[index, 0]), int(phrases[last, 1])
        dips = clip.dips[(clip.dips > start) & (clip.dips < stop)] - start
        inner = phrases[index : last + 1] - start
        result.append(Sentence(voice, clip.samples[start:stop], inner, dips, before))
        index = last + 1
        before = clip.samples[stop : phrases[index, 0]] if index < len(phrases) else None
    return result


def choose_voices(
    rng: np.random.Generator, corpus: Corpus, count: int
) -> tuple[list[str], list[str]]:
    """Returns wanted voices and some others; voices with more material come more often."""
    groups = corpus.groups("speech")
    names = list(groups)
    seconds = np.array([sum(clip.seconds for clip in groups[name]) for name in names])
    weights = np.minimum(seconds, _LONGEST_VOICE_S)
    drawn = rng.choice(
        len(names), size=min(len(names), count + 4), replace=False, p=weights / weights.sum()
    )
    # One person's sessions are one voice.
    people = {groups[names[int(i)]][0].person: names[int(i)] for i in reversed(drawn)}
    ordered = [name for i in drawn if (name := names[int(i)]) in people.values()]
    return ordered[:count], ordered[count:]


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
        self.mess = float(rng.uniform(0.4, 1.6))
        count = 1
        if rng.random() < settings.dialogues:
            count = 2 if rng.random() < 0.7 else 3
        self.voices, self.others = choose_voices(rng, corpus, count)
        self.native_rates: list[int] = []
        self.script, self.rooms = self._script()
        self.gated = bool(rng.random() < 0.05)

    # -- material -----------------------------------------------------------------------------

    def _spoken(self, clip: Clip) -> SpokenClip:
        self.native_rates.append(clip.native_rate_hz)
        return spoken(self.corpus, clip)

    def _script(self) -> tuple[list[Sentence], list[Mono]]:
        """Chooses what is said and records each voice's room."""
        wanted_s = float(np.exp(self.rng.uniform(np.log(10.0), np.log(60.0))))
        budget = samples_of(wanted_s / len(self.voices))
        turns: list[list[list[Sentence]]] = []
        rooms: list[Mono] = []
        for voice, name in enumerate(self.voices):
            clips = list(self.corpus.groups("speech")[name])
            order = [clips[int(i)] for i in self.rng.permutation(len(clips))]
            first = self._spoken(order[0])
            room = room_tone(self.rng, first, samples_of(9.0))
            rooms.append(room)
            said, runs = 0, []
            for clip in order:
                if said >= budget:
                    break
                run = sentences_of(self._spoken(clip), voice, self.rng, budget - said)
                said += sum(sentence.samples.size for sentence in run)
                if run:
                    runs.append(run)
            turns.append(runs)
        if len(turns) == 1:
            return [sentence for run in turns[0] for sentence in run], rooms
        return self._interleaved(turns), rooms

    def _interleaved(self, turns: list[list[list[Sentence]]]) -> list[Sentence]:
        """Makes a conversation: the voices take turns of one to four sentences."""
        queues = [[sentence for run in runs for sentence in run] for runs in turns]
        script: list[Sentence] = []
        speaker = 0
        while any(queues):
            if queues[speaker]:
                count = int(self.rng.integers(1, 5))
                script += queues[speaker][:count]
                del queues[speaker][:count]
            speaker = (speaker + 1) % len(queues)
        return script

    def room(self, n: int) -> Mono:
        """Returns `n` samples of what is heard when nobody speaks."""
        if self.gated:
            return np.zeros(n, dtype=np.float32)
        out = np.zeros(n, dtype=np.float32)
        for tone in self.rooms:
            out += self._stretch_of(tone, n)
        return out

    def _stretch_of(self, tone: Mono, n: int) -> Mono:
        start = int(self.rng.integers(tone.size))
        return np.tile(tone, (start + n) // tone.size + 1)[start : start + n]

    # -- laying down --------------------------------------------------------------------------

    def record(self) -> Tape:
        """Lays everything down and returns the tape."""
        self._beginning()
        for index, sentence in enumerate(self.script):
            if index:
                self._gap(sentence)
            self._sentence(sentence)
        self._end()
        return self.tape

    def _happens(self, chance: float) -> bool:
        return not self.clean and bool(self.rng.random() < min(0.9, chance * self.mess))

    def _quiet(self, n: int) -> None:
        if n > 0:
            self.tape.pause(self.room(n + 2 * _SEAM), _SEAM, _SEAM)

    def _quiet_s(self, low_s: float, high_s: float) -> None:
        """Lays down a pause whose length is drawn log-uniformly."""
        span = self.rng.uniform(np.log(low_s), np.log(high_s))
        self._quiet(samples_of(float(np.exp(span))))

    def _pause(self, natural: Mono | None, *, between_sentences: bool) -> None:
        """Lays down a pause that is wanted in some length: the clip's own, or a longer one."""
        if natural is None:
            n = samples_of(float(np.clip(self.rng.lognormal(np.log(0.5), 0.5), 0.15, 2.0)))
            natural = self.room(n)
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
        events = []
        if self._happens(self.settings.noises):
            events.append(self._noise)
        if self._happens(self.settings.other_voices):
            events.append(self._remark)
        if not events:
            self._pause(following.pause_before, between_sentences=True)
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
        bed = self.room(samples.size + 2 * _SEAM)
        bed[_SEAM : _SEAM + samples.size] += samples
        self.tape.unwanted(bed, reason, _SEAM, _SEAM)

    def _noise(self) -> None:
        sound = random_noise(self.rng, self.corpus)
        self._event(sound * gain(float(self.rng.uniform(-30, -2))), Reason.NOISE)

    def _other_speech(self, shortest_s: float, longest_s: float) -> Mono | None:
        """Returns some words by a voice that isn't wanted in this recording."""
        if not self.others:
            return None
        name = self.others[int(self.rng.integers(len(self.others)))]
        clips = self.corpus.groups("speech")[name]
        clip = self._spoken(clips[int(self.rng.integers(len(clips)))])
        return self._words(clip, shortest_s, longest_s)

    def _words(self, clip: SpokenClip, shortest_s: float, longest_s: float) -> Mono | None:
        if not len(clip.phrases):
            return None
        start, stop = clip.phrases[int(self.rng.integers(len(clip.phrases)))]
        places = np.concatenate([[start], clip.dips[(clip.dips > start) & (clip.dips < stop)]])
        first = int(places[int(self.rng.integers(places.size))])
        length = samples_of(float(np.exp(self.rng.uniform(np.log(shortest_s), np.log(longest_s)))))
        ends = np.concatenate([clip.dips, clip.phrases[:, 1]])
        ends = np.sort(ends[ends > first + samples_of(shortest_s * 0.7)])
        if not ends.size:
            return None
        last = int(ends[int(np.argmin(np.abs(ends - first - length)))])
        return faded(clip.samples[first : min(last, first + samples_of(8.0))], 60, 200)

    def _remark(self, *, near: bool = False) -> None:
        words = self._other_speech(0.4, 5.0)
        if words is None:
            return
        if near:
            words = words * gain(float(self.rng.uniform(-12, 0)))
        else:
            words = off_microphone(self.rng, words)
            level = np.sqrt(np.mean(np.square(words)) + 1e-12)
            wanted = gain(SPEECH_LEVEL_DB + float(self.rng.uniform(-25, -7)))
            words = words * np.float32(wanted / level)
        self._event(np.asarray(words, dtype=np.float32), Reason.OTHER_VOICE)

    def _counting(self) -> None:
        """Counting-in: short words at an even pace."""
        period = samples_of(float(self.rng.uniform(0.5, 1.1)))
        count = int(self.rng.integers(2, 6))
        out = np.zeros(period * count, dtype=np.float32)
        for index in range(count):
            word = self._other_speech(0.15, 0.4)
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
            if self.rng.random() < 0.5:
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

    def _failed_take(self, sentence: Sentence, start: int, stop: int) -> Mono:
        """Returns part of a sentence as it was said before the take that stays."""
        take = Variation.of_speech(self.rng).apply(sentence.samples[start:stop])
        return faded(take, 66 if start else 0, int(self.rng.integers(100, 900)))

    def _add_take(self, take: Mono, speaker: int, reason: Reason = Reason.RETAKE) -> None:
        self.tape.unwanted(take + self._others_room(take.size, speaker), reason)

    def _whole_take(self, sentence: Sentence) -> None:
        stop = sentence.samples.size
        if len(sentence.phrases) > 1 and self.rng.random() < 0.3:
            # The end was different, or left out.
            stop = int(sentence.phrases[int(self.rng.integers(1, len(sentence.phrases))) - 1, 1])
        self._add_take(self._failed_take(sentence, 0, stop), sentence.voice)
        if self.rng.random() < 0.15:
            self._other_ending(sentence)
        self._after_failure(0.3, 3.0)

    def _after_failure(self, low_s: float, high_s: float) -> None:
        """Lays down the pause before the next take, now and then with a sound or a word in it."""
        self._quiet_s(low_s, high_s)
        if self.rng.random() < 0.12 and self.settings.noises:
            self._noise()
            self._quiet_s(0.15, 1.5)
        elif self.rng.random() < 0.1:
            self._own_remark()
            self._quiet_s(0.2, 1.5)

    def _own_remark(self) -> None:
        """The speaker's own comment on the failed take."""
        voice = self.voices[0]
        clips = self.corpus.groups("speech")[voice]
        clip = self._spoken(clips[int(self.rng.integers(len(clips)))])
        words = self._words(clip, 0.25, 1.0)
        if words is not None:
            level = gain(float(self.rng.uniform(-12, 0)))
            varied = Variation.of_speech(self.rng).apply(words * level)
            self._event(varied, Reason.RETAKE)

    def _other_ending(self, sentence: Sentence) -> None:
        """Ends a failed take in other words of the same voice."""
        clips = self.corpus.groups("speech")[self.voices[sentence.voice]]
        words = self._words(self._spoken(clips[int(self.rng.integers(len(clips)))]), 0.2, 0.7)
        if words is not None:
            self._event(Variation.of_speech(self.rng).apply(words), Reason.RETAKE)

    def _false_start(self, failed: Sentence, sentence: Sentence) -> int:
        """Lays down a sentence up to where it breaks off.

        Returns:
            Where the take that stays goes on, in samples of `sentence`.
        """
        size = failed.samples.size
        shortest = samples_of(0.35)
        resume = 0
        if self.rng.random() < 0.35:
            resume = self._resuming_place(failed, size)
        longest = size - samples_of(0.15)
        span = float(np.exp(self.rng.uniform(np.log(0.4), np.log(6.0))))
        stop = min(resume + samples_of(span), longest)
        if self.rng.random() < 0.5:
            # At a small pause, a breath: where words end.
            ends = np.concatenate([failed.dips, failed.phrases[:, 1]])
            ends = ends[(ends > resume + shortest) & (ends < longest)]
            if ends.size:
                stop = int(ends[int(np.argmin(np.abs(ends - stop)))])
        if stop - resume < shortest:
            return 0
        # A phrase that has ended isn't broken off in the pause after it.
        within = (failed.phrases[:, 0] < stop) & (failed.phrases[:, 1] >= stop)
        if not within.any():
            stop = int(failed.phrases[failed.phrases[:, 1] <= stop, 1].max(initial=stop))
        return self._said_before(failed, sentence, resume, stop, immediate=0.25)

    def _resuming_place(self, sentence: Sentence, size: int) -> int:
        """Returns a place within a sentence from which it may be taken up again."""
        places = np.concatenate([sentence.phrases[1:, 0], sentence.dips])
        places = places[(places > samples_of(0.3)) & (places < size - samples_of(0.8))]
        return int(places[int(self.rng.integers(places.size))]) if places.size else 0

    def _said_before(
        self, failed: Sentence, sentence: Sentence, resume: int, stop: int, immediate: float
    ) -> int:
        """Lays down `failed` up to `resume` as wanted, then up to `stop` as unwanted."""
        scale = sentence.samples.size / failed.samples.size
        mapped = round(resume * scale)
        if resume:
            self._wanted(sentence, 0, mapped)
        self._add_take(self._failed_take(failed, resume, stop), failed.voice)
        if self.rng.random() < 0.12 and stop < failed.samples.size:
            self._other_ending(failed)
        if self.rng.random() < immediate:
            self._quiet_s(0.03, 0.2)
        else:
            self._after_failure(0.2, 3.0)
        return mapped

    def _stumble(self, failed: Sentence, sentence: Sentence) -> int:
        """Lays down a word or two that are said twice; returns where the sentence goes on."""
        places = np.sort(np.concatenate([failed.phrases[:, 0], failed.dips]))
        size = failed.samples.size
        starts = places[places < size - samples_of(0.6)]
        if not starts.size:
            return 0
        resume = int(starts[int(self.rng.integers(starts.size))])
        ends = np.sort(np.concatenate([failed.phrases[:, 1], failed.dips]))
        ends = ends[(ends > resume + samples_of(0.15)) & (ends < resume + samples_of(1.0))]
        if not ends.size:
            return 0
        stop = int(ends[int(self.rng.integers(ends.size))])
        scale = sentence.samples.size / failed.samples.size
        mapped = round(resume * scale)
        if resume:
            self._wanted(sentence, 0, mapped)
        self._add_take(self._failed_take(failed, resume, stop), failed.voice, Reason.REPEAT)
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
            self.tape.wanted(sentence.samples[low:high])
            previous = high
        if previous < stop:
            # It is taken up again after this pause.
            self.tape.pause(sentence.samples[previous:stop])
        n = self.tape.length - began
        if len(self.rooms) > 1 and not self.gated and n:
            self.tape.overlay(began, self._others_room(n, sentence.voice))
        if n and self.rng.random() < self.settings.noises_over_speech:
            sound = random_noise(self.rng, self.corpus)[: max(n, 1)]
            place = began + int(self.rng.integers(0, n - sound.size + 1))
            self.tape.overlay(place, sound * gain(float(self.rng.uniform(-34, -10))))

    def _others_room(self, n: int, speaker: int) -> Mono:
        """Returns the rooms of the voices that are silent while one speaks."""
        out = np.zeros(n, dtype=np.float32)
        if self.gated or len(self.rooms) < 2:
            return out
        for index, tone in enumerate(self.rooms):
            if index != speaker:
                out += self._stretch_of(tone, n)
        return out


def record_speech(
    rng: np.random.Generator, corpus: Corpus, editor: EditorStyle, settings: SimulatorSettings
) -> tuple[Tape, str, float]:
    """Lays down a spoken recording.

    Returns:
        The tape, the names of the wanted voices, and where the narrowest material's band ends.
    """
    session = SpeechSession(rng, corpus, editor, settings)
    tape = session.record()
    return tape, " + ".join(session.voices), min(session.native_rates) / 2


