"""Small changes of the words: drawn-out vowels, words left out, phrases repeated on purpose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.simulator.dsp import faded, gain, rms
from training.simulator.phrases import frame_levels_db
from training.simulator.script import Sentence
from training.simulator.types import Mono, samples_of
from training.simulator.variation import Variation, stretched

_SPLICE = 110  # 5 ms
_VOWEL_S = 0.09
# The longest room between what is said twice on purpose. Phrases have soft edges of 0.16 s
# together, so 0.3 s of quiet at most; who fails takes longer to begin anew.
_LONGEST_REST_S = 0.14


def part_of(sentence: Sentence, start: int, stop: int) -> Sentence:
    """Returns the part of a sentence from `start` to `stop`."""
    phrases = np.clip(sentence.phrases, start, stop) - start
    dips = sentence.dips[(sentence.dips > start) & (sentence.dips < stop)] - start
    return replace(
        sentence,
        samples=sentence.samples[start:stop],
        phrases=phrases[phrases[:, 1] > phrases[:, 0]],
        dips=dips,
    )


def inserted(sentence: Sentence, place: int, samples: Mono) -> Sentence:
    """Returns a sentence with `samples` put in at `place`, as part of the phrase around it."""
    n = samples.size

    starts, stops = sentence.phrases[:, 0], sentence.phrases[:, 1]
    # The phrase that ends here, or else the one that begins here, takes in what is put in.
    ends_here = stops == place
    later = starts >= place if ends_here.any() else starts > place
    dips = sentence.dips[sentence.dips != place]
    return replace(
        sentence,
        samples=np.concatenate(
            [sentence.samples[:place], samples, sentence.samples[place:]]
        ).astype(np.float32),
        phrases=np.stack([starts + n * later, stops + n * (ends_here | (stops > place))], axis=1),
        dips=dips + n * (dips > place),
    )


def drawn_out_vowel(rng: np.random.Generator, samples: Mono) -> Mono | None:
    """Returns an "uh" in the voice that is heard in `samples`: its loudest vowel drawn out.

    Returns:
        0.15-0.6 s, float32 of shape [n]; None where nothing is loud for long enough.
    """
    levels = frame_levels_db(samples)
    n = samples_of(_VOWEL_S)
    if samples.size < 3 * n:
        return None
    means = np.convolve(levels, np.ones(9) / 9, mode="valid")
    if not means.size:
        return None
    # One of the louder places, where a vowel is.
    loud = np.flatnonzero(means >= np.percentile(means, 92))
    start = min(int(rng.choice(loud)) * 220, samples.size - n)
    vowel = samples[start : start + n]
    seconds = float(np.exp(rng.uniform(np.log(0.15), np.log(0.6))))
    parts, _ = stretched(np.tile(vowel, 2), 2 * _VOWEL_S / seconds, 512)
    level = gain(float(rng.uniform(-12, -2))) * rms(vowel) / rms(parts)
    return faded(parts * np.float32(level), samples_of(0.03), samples_of(0.06))


def with_filler(rng: np.random.Generator, sentence: Sentence) -> Sentence:
    """Returns a sentence with an "uh" between two of its words, or as it is."""
    places = sentence.dips
    if not places.size:
        return sentence
    sound = drawn_out_vowel(rng, sentence.samples)
    if sound is None:
        return sentence
    place = int(places[int(rng.integers(places.size))])
    return inserted(sentence, place, sound)


def without_words(rng: np.random.Generator, sentence: Sentence) -> Sentence:
    """Returns a sentence in which a word or two are missing, or as it is."""
    dips = sentence.dips
    if dips.size < 2:
        return sentence
    first = int(rng.integers(dips.size - 1))
    start = int(dips[first])
    near = dips[(dips > start + samples_of(0.1)) & (dips < start + samples_of(0.9))]
    if not near.size:
        return sentence
    stop = int(near[int(rng.integers(near.size))])
    n = stop - start
    before = sentence.samples[:start].copy()
    after = sentence.samples[stop:].copy()
    seam = min(_SPLICE, before.size, after.size)
    before[before.size - seam :] *= np.linspace(1, 0, seam, dtype=np.float32)
    after[:seam] *= np.linspace(0, 1, seam, dtype=np.float32)
    places = np.where(sentence.phrases >= stop, sentence.phrases - n, sentence.phrases)
    places = np.where((sentence.phrases > start) & (sentence.phrases < stop), start, places)
    kept = dips[(dips <= start) | (dips >= stop)]
    return replace(
        sentence,
        samples=np.concatenate([before, after]),
        phrases=places[places[:, 1] > places[:, 0]],
        dips=np.unique(np.where(kept >= stop, kept - n, kept)),
    )


def said_twice(rng: np.random.Generator, sentence: Sentence, room: Mono) -> Sentence:
    """Returns a sentence one of whose phrases is said twice on purpose, fluently.

    Args:
        rng: Draws which one, and how the two differ.
        sentence: The sentence; only phrases of 0.4 to 3 s qualify.
        room: The speaker's room, at least 0.3 s of it.
    """
    lengths = sentence.phrases[:, 1] - sentence.phrases[:, 0]
    fit = np.flatnonzero((lengths > samples_of(0.4)) & (lengths < samples_of(3.0)))
    if not fit.size:
        return sentence
    start, stop = sentence.phrases[int(rng.choice(fit))]
    again = _fluently(rng, sentence.samples[start:stop], room)
    return inserted(sentence, int(stop), again)


def in_parallel(rng: np.random.Generator, sentence: Sentence) -> Sentence:
    """Returns a sentence of phrases that begin with the same words, as a list does.

    The first phrase's opening is spoken before one or two of those that follow it.

    Args:
        rng: Draws the opening and the phrases.
        sentence: The sentence; of two phrases at least, or it comes back as it is.
    """
    first = sentence.phrases[0]
    ends = sentence.dips[
        (sentence.dips > first[0] + samples_of(0.25)) & (sentence.dips < first[0] + samples_of(1.2))
    ]
    ends = ends[ends < first[1]]
    if len(sentence.phrases) < 2 or not ends.size:
        return sentence
    opening = sentence.samples[first[0] : int(rng.choice(ends))]
    count = 1 if len(sentence.phrases) == 2 or rng.random() < 0.5 else 2
    for index in range(count, 0, -1):
        place = int(sentence.phrases[index, 0])
        sentence = inserted(sentence, place, _fluently(rng, opening, opening[:0]))
    return sentence


def _fluently(rng: np.random.Generator, words: Mono, room: Mono) -> Mono:
    """Returns words said again, a little differently, after a short rest."""
    n = min(room.size, samples_of(float(rng.uniform(0.0, _LONGEST_REST_S))))
    again = faded(Variation.of_speech(rng).apply(words), _SPLICE, _SPLICE)
    return np.concatenate([room[:n], again])
