from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from model_core.edit.types import Reason
from training.corpus import Corpus
from training.simulator import EditorStyle, Phenomenon, SimulatorSettings
from training.simulator.booth import Booth
from training.simulator.cast import Cast
from training.simulator.dsp import rms
from training.simulator.noises import KINDS
from training.simulator.retakes import Retakes
from training.simulator.script import Sentence
from training.simulator.speech import SpeechSession
from training.simulator.tape import Piece, PieceKind, Tape, cut
from training.simulator.types import samples_of
from training.simulator.variation import Variation

STYLE = EditorStyle(pause_s=0.4, margin_s=0.2)


def session(corpus: Corpus, seed: int, **chances: float) -> SpeechSession:
    rng = np.random.default_rng(seed)
    return SpeechSession(rng, corpus, STYLE, SimulatorSettings.silent(**chances))


def tapes(corpus: Corpus, count: int = 5, **chances: float) -> list[Tape]:
    return [session(corpus, seed, **chances).record() for seed in range(count)]


def events(made: list[Tape]) -> list[Phenomenon]:
    return [
        piece.what for tape in made for piece in tape.pieces if piece.kind is PieceKind.UNWANTED
    ]


ATTEMPTS = {"false_starts": 0.9, "whole_retakes": 0.9}


@pytest.mark.parametrize(
    ("chances", "found"),
    [
        ({"false_starts": 0.9}, Phenomenon.FALSE_START),
        ({"whole_retakes": 0.9}, Phenomenon.WHOLE_TAKE),
        ({"passages_again": 0.9}, Phenomenon.PASSAGE),
        ({"repeated_words": 0.9}, Phenomenon.REPEATED_WORDS),
        ({"noises": 0.9}, Phenomenon.NOISE),
        ({"other_voices": 0.9}, Phenomenon.REMARK),
        ({"interviews": 1.0}, Phenomenon.QUESTION),
        ({"slates": 1.0}, Phenomenon.SLATE),
        ({"slates": 1.0}, Phenomenon.COUNTING),
        ({**ATTEMPTS, "comments": 1.0}, Phenomenon.COMMENT),
        ({**ATTEMPTS, "other_endings": 1.0}, Phenomenon.OTHER_ENDING),
        ({**ATTEMPTS, "between_attempts": 1.0, "noises": 1e-9}, Phenomenon.BREATH),
        ({**ATTEMPTS, "between_attempts": 1.0, "noises": 1e-9}, Phenomenon.NOISE),
        ({**ATTEMPTS, "between_attempts": 1.0, "other_voices": 1e-9}, Phenomenon.REMARK),
    ],
)
def test_each_event_has_its_switch(
    corpus: Corpus, chances: dict[str, float], found: Phenomenon
) -> None:
    assert found in events(tapes(corpus, 5, **chances))
    rest = {Phenomenon.FALSE_START, Phenomenon.WHOLE_TAKE} if "false_starts" in chances else set()
    others = {Phenomenon.SLATE, Phenomenon.COUNTING, Phenomenon.BREATH, Phenomenon.NOISE}
    assert set(events(tapes(corpus, 5, **chances))) <= rest | others | {found}


def test_nothing_happens_where_everything_is_off(corpus: Corpus) -> None:
    for tape in tapes(corpus):
        assert events([tape]) == []
        assert all(piece.phrase for piece in tape.pieces)
        assert not tape.overlays


QUIET_CHANGES = ["trailing", "distances", "omissions", "fillers"]


@pytest.mark.parametrize("name", QUIET_CHANGES)
def test_each_change_of_a_take_has_its_switch(corpus: Corpus, name: str) -> None:
    (plain,) = tapes(corpus, 1, whole_retakes=0.9)
    made = session(corpus, 0, whole_retakes=0.9, **{name: 1.0}).record()
    assert set(events([made])) == {Phenomenon.WHOLE_TAKE}
    assert made.length != plain.length or not np.array_equal(made.render(), plain.render())


@pytest.mark.parametrize("name", ["deliberate", "parallels", "breaths", "fillers", "voice_levels"])
def test_what_is_meant_stays(corpus: Corpus, name: str) -> None:
    changed = 0
    for seed in range(4):
        plain = session(corpus, seed).record()
        made = session(corpus, seed, **{name: 1.0}).record()
        assert events([made]) == []
        kept, removed = cut(made, STYLE, np.random.default_rng(0), keep_pauses=True)
        assert {removal.reason for removal in removed} <= {Reason.SILENCE}
        changed += made.length != plain.length or not np.array_equal(made.render(), plain.render())
        for piece, (start, stop) in zip(made.pieces, made.bounds(), strict=True):
            if piece.kind is PieceKind.WANTED:
                assert any(a <= start and stop <= b for a, b in kept)
    assert changed >= 3


def test_breaths_are_kept_with_their_words_but_are_no_phrases(corpus: Corpus) -> None:
    made = session(corpus, 1, breaths=1.0).record()
    breaths = [p for p in made.pieces if p.kind is PieceKind.WANTED and not p.phrase]
    assert breaths
    follows = [two for one, two in pairwise(made.pieces) if not one.phrase]
    assert all(piece.kind is PieceKind.WANTED and piece.phrase for piece in follows)
    phrases = made.phrases()
    for piece, (start, stop) in zip(made.pieces, made.bounds(), strict=True):
        if not piece.phrase:
            assert not np.any((phrases[:, 0] < stop) & (phrases[:, 1] > start))


def test_gates_silence_the_room(corpus: Corpus) -> None:
    closed = Cast(np.random.default_rng(0), corpus, SimulatorSettings.silent(gates=1.0))
    opened = Cast(np.random.default_rng(0), corpus, SimulatorSettings.silent())
    assert not np.any(closed.room(1000))
    assert np.any(opened.room(1000))


def test_an_interviewer_is_softer_and_always_in_the_same_place(corpus: Corpus) -> None:
    settings = SimulatorSettings.silent(interviews=1.0)
    for seed in range(4):
        cast = Cast(np.random.default_rng(seed), corpus, settings)
        assert cast.interviewer
        asked = [cast.question() for _ in range(6)]
        levels = [20 * np.log10(rms(words)) for words in asked if words is not None]
        assert max(levels) - min(levels) < 4.1
        speech_db = 20 * np.log10(rms(np.concatenate([s.samples for s in cast.script])))
        assert max(levels) < speech_db


def test_second_speakers_on_the_microphone_stay(corpus: Corpus) -> None:
    made = session(corpus, 2, dialogues=1.0)
    assert len(made.cast.voices) >= 2
    tape = made.record()
    assert events([tape]) == []
    voices = {sentence.voice for sentence in made.cast.script}
    assert len(voices) >= 2


# -- attempts -------------------------------------------------------------------------------------


def retakes(corpus: Corpus, seed: int, **chances: float) -> Retakes:
    rng = np.random.default_rng(seed)
    settings = SimulatorSettings.silent(**chances)
    return Retakes(Booth(rng, corpus, settings, Cast(rng, corpus, settings)))


def a_sentence() -> Sentence:
    """Three phrases of 2 s with pauses of 0.3 s, a dip every 0.4 s."""
    n = samples_of(6.6)
    starts = [samples_of(s) for s in (0.0, 2.3, 4.6)]
    phrases = np.array([[s, s + samples_of(2.0)] for s in starts], dtype=np.int64)
    dips = np.array(
        [s + samples_of(d) for s in starts for d in (0.4, 0.8, 1.2, 1.6)], dtype=np.int64
    )
    samples = np.random.default_rng(0).standard_normal(n).astype(np.float32) * np.float32(0.1)
    return Sentence(0, samples, phrases, dips, None)


def test_sentences_break_off_anywhere(corpus: Corpus) -> None:
    sentence = a_sentence()
    made = retakes(corpus, 0)
    breaks = [made.breaking_place(sentence, 0) for _ in range(300)]
    stops = np.array([b.stop for b in breaks]) / 22050
    assert stops.min() < 0.4
    assert stops.max() > 6.0
    assert np.all(stops <= 6.6)
    at_words = [b for b in breaks if b.stop in sentence.dips]
    complete = [b for b in breaks if b.complete]
    assert 0.1 < len(at_words) / 300 < 0.7
    assert 0.02 < len(complete) / 300 < 0.4
    assert all(b.stop in sentence.phrases[:, 1] for b in complete)
    for found in breaks:
        inside = (sentence.phrases[:, 0] < found.stop) & (sentence.phrases[:, 1] >= found.stop)
        assert inside.any()


def test_sentences_are_taken_up_from_the_start_a_phrase_or_a_few_words_back(
    corpus: Corpus,
) -> None:
    sentence = a_sentence()
    made = retakes(corpus, 0)
    stop = samples_of(5.5)
    places = [made.resuming_place(sentence, stop) for _ in range(300)]
    assert 0.4 < places.count(0) / 300 < 0.7
    assert 0.1 < places.count(int(sentence.phrases[2, 0])) / 300 < 0.5
    words = {p for p in places if p in sentence.dips}
    assert len(words) >= 3
    assert all(stop - samples_of(3.0) < p < stop - samples_of(0.25) for p in words)


def test_who_completes_a_phrase_rests_before_saying_it_again(corpus: Corpus) -> None:
    rests = []
    for seed in range(30):
        made = retakes(corpus, seed)
        made.whole_takes(a_sentence())
        lengths = [p.length for p in made.booth.tape.pieces if p.kind is PieceKind.PAUSE]
        rests += [n / 22050 for n in lengths]
    assert min(rests) >= 0.4 - 1e-3
    assert max(rests) > 3.0


def test_attempts_are_up_to_four(corpus: Corpus) -> None:
    counts = set()
    for seed in range(60):
        made = retakes(corpus, seed)
        made.false_start(a_sentence(), a_sentence(), lambda *_: None)
        pieces: list[Piece] = made.booth.tape.pieces
        counts.add(sum(p.kind is PieceKind.UNWANTED for p in pieces))
    assert counts == {1, 2, 3, 4}


def test_a_trailing_voice_falls(corpus: Corpus) -> None:
    take = np.ones(samples_of(3.0), np.float32)
    out = retakes(corpus, 1)._trailing(take)
    assert out[0] == 1
    assert out[-1] < 0.75
    assert np.all(np.diff(out) <= 0)


def test_passages_are_long(corpus: Corpus) -> None:
    made = tapes(corpus, 6, passages_again=0.9)
    spans = []
    for tape in made:
        run = 0
        for piece in tape.pieces:
            if piece.kind is PieceKind.WANTED:
                spans.append(run / 22050)
                run = 0
            elif piece.what is Phenomenon.PASSAGE:
                run += piece.length
    assert max(spans) > 8


def test_takes_at_another_distance_ring_and_keep_their_place() -> None:
    click = np.zeros(samples_of(1.0), np.float32)
    click[8000] = 1.0
    out = Variation(rt60_s=0.4, direct_db=3.0, bumps_db=3.0).apply(click)
    assert out.size == click.size
    assert abs(int(np.argmax(np.abs(out))) - 8000) <= 1
    assert rms(out[8300:12000]) > 1e-4
    draws = [Variation.of_speech(np.random.default_rng(s), 0.5) for s in range(200)]
    assert 0.35 < np.mean([v.rt60_s > 0 for v in draws]) < 0.65
    paces = np.array([v.speed * v.tempo for v in draws])
    assert paces.min() < 0.88
    assert paces.max() > 1.14
    assert paces.min() >= 0.79
    assert paces.max() <= 1.26


def test_there_are_many_kinds_of_noises() -> None:
    assert len(KINDS) >= 30
