"""What is said in a spoken recording: voices, their clips, and sentences cut from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from training.corpus import Corpus
from training.simulator.dsp import faded
from training.simulator.phrases import SpokenClip
from training.simulator.types import Mono, samples_of
from training.simulator.variation import Variation, unmoved

_LONGEST_VOICE_S = 120.0
_LONGEST_PHRASE_S = 7.0
_SHORTEST_VOICE_S = 6.0


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
        moved: Where the places of the clip's own reading have come to lie in this one.
    """

    voice: int
    samples: Mono
    phrases: npt.NDArray[np.int64]
    dips: npt.NDArray[np.int64]
    pause_before: Mono | None
    moved: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.int64]] = unmoved

    def place_of(self, original: int) -> int:
        """Returns where a sample of the sentence as it was before variation has come to lie."""
        return int(self.moved(np.array([original]))[0])

    def louder(self, factor: np.float32) -> Sentence:
        """Returns the sentence and the pause before it with their samples times `factor`."""
        before = None if self.pause_before is None else self.pause_before * factor
        return replace(self, samples=self.samples * factor, pause_before=before)

    def varied(self, variation: Variation) -> Sentence:
        """Returns the sentence said in another way; phrases move along."""
        samples, moved = variation.apply_and_map(self.samples)
        return replace(
            self,
            samples=samples,
            phrases=moved(self.phrases),
            dips=moved(self.dips),
            moved=moved,
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
    phrases = _divided(clip, rng)
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


def _divided(clip: SpokenClip, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Returns the clip's phrases, those without a pause for long divided at weak places."""
    result: list[tuple[int, int]] = []
    for start, stop in clip.phrases:
        begin = int(start)
        while stop - begin > samples_of(_LONGEST_PHRASE_S):
            wanted = begin + samples_of(float(rng.uniform(2.0, 6.0)))
            near = clip.dips[(clip.dips > begin) & (clip.dips < stop - samples_of(0.5))]
            if not near.size:
                break
            end = int(near[int(np.argmin(np.abs(near - wanted)))])
            if end - begin < samples_of(0.8):
                break
            result.append((begin, end))
            begin = end
        result.append((begin, int(stop)))
    return np.array(result, dtype=np.int64).reshape(-1, 2)


def choose_voices(
    rng: np.random.Generator, corpus: Corpus, count: int
) -> tuple[list[str], list[str]]:
    """Returns wanted voices and some others; voices with more material come more often."""
    groups = corpus.groups("speech")
    names = list(groups)
    seconds = np.array([sum(clip.seconds for clip in groups[name]) for name in names])
    weights = np.minimum(seconds, _LONGEST_VOICE_S)
    if np.count_nonzero(seconds >= _SHORTEST_VOICE_S) >= count + 4:
        weights = np.where(seconds >= _SHORTEST_VOICE_S, weights, 0.0)
    drawn = rng.choice(
        len(names), size=min(len(names), count + 4), replace=False, p=weights / weights.sum()
    )
    # One person's sessions are one voice.
    people = {groups[names[int(i)]][0].person: names[int(i)] for i in reversed(drawn)}
    ordered = [name for i in drawn if (name := names[int(i)]) in people.values()]
    return ordered[:count], ordered[count:]


def interleaved(rng: np.random.Generator, turns: list[list[Sentence]]) -> list[Sentence]:
    """Makes a conversation: the voices take turns of one to four sentences."""
    queues = [list(sentences) for sentences in turns]
    script: list[Sentence] = []
    speaker = 0
    while any(queues):
        count = int(rng.integers(1, 5))
        script += queues[speaker][:count]
        del queues[speaker][:count]
        speaker = (speaker + 1) % len(queues)
    return script


def words_of(
    rng: np.random.Generator, clip: SpokenClip, shortest_s: float, longest_s: float
) -> Mono | None:
    """Returns some words from anywhere in a clip; None if there is nothing of that length."""
    if not len(clip.phrases):
        return None
    start, stop = clip.phrases[int(rng.integers(len(clip.phrases)))]
    places = np.concatenate([[start], clip.dips[(clip.dips > start) & (clip.dips < stop)]])
    first = int(places[int(rng.integers(places.size))])
    length = samples_of(float(np.exp(rng.uniform(np.log(shortest_s), np.log(longest_s)))))
    ends = np.concatenate([clip.dips, clip.phrases[:, 1]])
    ends = np.sort(ends[ends > first + samples_of(shortest_s * 0.7)])
    if not ends.size:
        return None
    last = int(ends[int(np.argmin(np.abs(ends - first - length)))])
    return faded(clip.samples[first : min(last, first + samples_of(8.0))], 60, 200)
