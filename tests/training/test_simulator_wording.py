from __future__ import annotations

import numpy as np
import pytest

from training.corpus import Corpus
from training.simulator.dsp import rms
from training.simulator.phrases import analyse
from training.simulator.script import Sentence, sentences_of
from training.simulator.types import Mono, samples_of
from training.simulator.wording import (
    drawn_out_vowel,
    in_parallel,
    inserted,
    part_of,
    said_twice,
    with_filler,
    without_words,
)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def a_sentence() -> Sentence:
    """Two phrases of 1 s with a pause of 0.5 s; every sample is its own place."""
    samples = np.arange(samples_of(2.5), dtype=np.float32)
    phrases = np.array([[0, 22050], [33075, 55125]], dtype=np.int64)
    dips = np.array([5000, 9000, 15000, 40000, 45000], dtype=np.int64)
    return Sentence(0, samples, phrases, dips, None)


def real_sentences(corpus: Corpus) -> list[Sentence]:
    result = []
    for clips in corpus.groups("speech").values():
        clip = analyse(corpus.samples(clips[0]))
        result += sentences_of(clip, 0, rng(), clip.samples.size)
    return result


def assert_whole(sentence: Sentence) -> None:
    flat = sentence.phrases.reshape(-1)
    assert np.all(np.diff(flat) >= 0)
    assert np.all(sentence.phrases[:, 1] > sentence.phrases[:, 0])
    assert flat[0] >= 0
    assert flat[-1] <= sentence.samples.size
    assert np.all((sentence.dips >= 0) & (sentence.dips < sentence.samples.size))
    assert np.all(np.diff(sentence.dips) > 0)
    assert sentence.samples.dtype == np.float32


def test_a_part_of_a_sentence_keeps_its_phrases_and_dips() -> None:
    part = part_of(a_sentence(), 7000, 42000)
    np.testing.assert_array_equal(part.samples, np.arange(7000, 42000))
    assert part.phrases.tolist() == [[0, 15050], [26075, 35000]]
    assert part.dips.tolist() == [2000, 8000, 33000]
    assert part_of(a_sentence(), 25000, 30000).phrases.shape == (0, 2)


@pytest.mark.parametrize(
    ("place", "phrases"),
    [
        (9000, [[0, 22150], [33175, 55225]]),
        (22050, [[0, 22150], [33175, 55225]]),
        (33075, [[0, 22050], [33075, 55225]]),
        (27000, [[0, 22050], [33175, 55225]]),
    ],
)
def test_what_is_put_in_belongs_to_the_phrase_that_it_touches(
    place: int, phrases: list[list[int]]
) -> None:
    new: Mono = np.full(100, -1, dtype=np.float32)
    sentence = inserted(a_sentence(), place, new)
    assert sentence.phrases.tolist() == phrases
    np.testing.assert_array_equal(sentence.samples[place : place + 100], new)
    before = a_sentence().samples
    np.testing.assert_array_equal(
        np.delete(sentence.samples, np.arange(place, place + 100)), before
    )
    later = [d for d in a_sentence().dips.tolist() if d > place]
    assert [d - 100 for d in sentence.dips.tolist() if d > place] == later
    assert_whole(sentence)


def test_between_phrases_that_touch_the_first_one_takes_it_in() -> None:
    phrases = np.array([[0, 22050], [22050, 55125]], dtype=np.int64)
    touching = Sentence(0, a_sentence().samples, phrases, a_sentence().dips, None)
    sentence = inserted(touching, 22050, np.zeros(100, np.float32))
    assert sentence.phrases.tolist() == [[0, 22150], [22150, 55225]]


def test_words_that_are_left_out_are_missing() -> None:
    for seed in range(10):
        before = a_sentence()
        after = without_words(rng(seed), before)
        n = before.samples.size - after.samples.size
        assert n == 0 or samples_of(0.1) < n < samples_of(0.9)
        assert_whole(after)
        # What is left are the sentence's own samples, but for the seam.
        inside = np.isin(after.samples, before.samples)
        assert np.count_nonzero(~inside) <= 220
    assert any(without_words(rng(seed), a_sentence()).samples.size < 55125 for seed in range(10))


def test_a_drawn_out_vowel_is_a_sound_of_the_voice(corpus: Corpus) -> None:
    for seed, sentence in enumerate(real_sentences(corpus)[:8]):
        sound = drawn_out_vowel(rng(seed), sentence.samples)
        if sound is None:
            continue
        assert 0.1 < sound.size / 22050 < 0.8
        assert 0.02 * rms(sentence.samples) < rms(sound) < 3 * rms(sentence.samples)
    assert drawn_out_vowel(rng(), np.ones(1000, np.float32)) is None


@pytest.mark.parametrize("change", [with_filler, without_words, in_parallel])
def test_changes_leave_sentences_whole(corpus: Corpus, change: object) -> None:
    assert callable(change)
    changed = 0
    for seed, sentence in enumerate(real_sentences(corpus)):
        after = change(rng(seed), sentence)
        assert_whole(after)
        changed += after.samples.size != sentence.samples.size
    assert changed >= 3


def test_a_phrase_said_twice_on_purpose_has_no_long_rest(corpus: Corpus) -> None:
    room = 1e-4 * rng(1).standard_normal(samples_of(0.3)).astype(np.float32)
    changed = 0
    for seed, sentence in enumerate(real_sentences(corpus)):
        after = said_twice(rng(seed), sentence, room)
        assert_whole(after)
        assert len(after.phrases) == len(sentence.phrases)
        if after.samples.size == sentence.samples.size:
            continue
        changed += 1
        grown = np.diff(after.phrases)[:, 0] - np.diff(sentence.phrases)[:, 0]
        (index,) = np.flatnonzero(grown)
        start, stop = sentence.phrases[index]
        # As long as the phrase, give or take the pace, and a short rest.
        assert 0.75 * (stop - start) < grown[index] < 1.4 * (stop - start) + samples_of(0.15)
        np.testing.assert_array_equal(after.samples[start:stop], sentence.samples[start:stop])
    assert changed >= 5
