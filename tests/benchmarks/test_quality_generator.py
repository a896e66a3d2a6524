from __future__ import annotations

import numpy as np
import pytest

from benchmarks import quality_music, quality_speech
from benchmarks.quality_material import RATE_HZ, IntArray, Material, Mono, speech_ranges
from benchmarks.quality_measures import Edit, judge
from benchmarks.quality_sounds import (
    cough,
    in_room,
    knock,
    mouth_noise,
    other_take,
    room_response,
    through_codec,
)
from benchmarks.quality_tape import NOISES, Kind, Style, Tape

SEAM = 200
STYLE = Style(pause_s=0.5, margin_s=0.2)


def noise(seconds: float, seed: int = 0) -> Mono:
    rng = np.random.default_rng(seed)
    return (0.1 * rng.standard_normal(round(seconds * RATE_HZ))).astype(np.float32)


def quiet_tape() -> Tape:
    return Tape(np.full(RATE_HZ, 1e-4, np.float32))


def seconds(ranges: IntArray) -> list[list[float]]:
    return np.round(ranges / RATE_HZ, 3).tolist()


def test_a_long_pause_is_cut_in_its_middle_and_a_short_one_stays() -> None:
    tape = quiet_tape()
    tape.pause(1.0)
    for pause_s in (0.4, 2.0, 1.0):
        tape.lay(Kind.WANTED, noise(1.0))
        tape.pause(pause_s)
    truth = tape.truth(STYLE)
    assert seconds(truth.kept) == [[0.8, 3.65], [5.15, 6.6]]
    assert seconds(truth.silences) == [[3.4, 5.4]]


def test_what_is_unwanted_goes_with_the_pauses_around_it() -> None:
    tape = quiet_tape()
    tape.lay(Kind.WANTED, noise(1.0))
    tape.pause(0.1)
    tape.lay(Kind.COUGH, noise(0.5))
    tape.pause(1.0)
    tape.lay(Kind.WANTED, noise(1.0))
    truth = tape.truth(STYLE)
    # Only 0.1 s are free before the cough, so 0.4 s stay after it.
    assert seconds(truth.kept) == [[0.0, 1.1], [2.2, 3.6]]
    assert len(truth.silences) == 0
    assert [mark.kind for mark in truth.unwanted] == [Kind.COUGH]
    # Who keeps it shortens only what is long.
    truth = tape.truth(STYLE, staying=NOISES)
    assert seconds(truth.kept) == [[0.0, 1.85], [2.35, 3.6]]
    assert truth.unwanted == ()


def test_what_is_wanted_lies_on_the_tape_to_the_sample() -> None:
    tape = quiet_tape()
    sound = noise(1.0)
    tape.pause(0.5)
    mark = tape.lay(Kind.WANTED, sound)
    tape.lay_on(Kind.FALSE_START, noise(0.5, 1))
    laid = tape.samples()[mark.start : mark.stop]
    np.testing.assert_array_equal(laid[SEAM:-SEAM], sound[SEAM:-SEAM])


def test_the_true_edit_of_a_spoken_recording_is_what_was_to_be_said(material: Material) -> None:
    for number in range(6):
        voice = material.voices[number % 3]
        reader = quality_speech.Reader(np.random.default_rng(number), material, voice)
        reader.phrases = list(voice.phrases)
        reader.read(["broken off", "long pause", "said again", "cough", "off mic"])
        samples, truth = reader.tape.samples(), reader.tape.truth(reader.style)
        said = np.concatenate([samples[a:b] for a, b in truth.kept.tolist()])
        at = 0
        for phrase in voice.phrases:
            inner = phrase[SEAM:-SEAM]
            views = np.lib.stride_tricks.sliding_window_view(said[at:], 64)
            starts = np.flatnonzero((views == inner[:64]).all(axis=1))
            assert starts.size
            at += int(starts[0])
            np.testing.assert_array_equal(said[at : at + inner.size], inner)
            at += inner.size


@pytest.mark.parametrize("condition", ["clean", "large room", "MP3", "recorded noise"])
def test_spoken_recordings_are_the_same_each_time(material: Material, condition: str) -> None:
    first, second = (
        quality_speech.make_speech(5, 3, material, material.voices[0], condition) for _ in range(2)
    )
    np.testing.assert_array_equal(first.samples, second.samples)
    np.testing.assert_array_equal(first.truth.kept, second.truth.kept)
    assert first.samples.size == first.truth.n_samples
    assert np.abs(first.samples).max() <= 1


def test_the_true_edit_is_perfect_by_every_measure(material: Material) -> None:
    made = [
        quality_speech.make_speech(1, number, material, material.voices[number % 3], "clean")
        for number in range(4)
    ]
    made += [quality_music.make_music(1, number, material, "clean") for number in range(3)]
    for recording in made:
        counts = judge(recording, Edit(recording.truth.kept)).counts
        assert len(counts) > 5
        assert {name: part / whole for name, (part, whole) in counts.items() if whole} == {
            name: 1.0 for name, (_, whole) in counts.items() if whole
        }


def test_every_slip_can_be_made(material: Material) -> None:
    kinds: set[Kind] = set()
    decks = (
        ("cough", "knock", "mouth", "off mic"),
        ("said again", "passage again", "broken off twice"),
        ("taken up", "repeated word", "dead air", "broken off"),
    )
    for number, deck in enumerate(decks * 2):
        voice = material.voices[number % 2]
        truth = quality_speech.make_speech(2, number, material, voice, "clean", deck).truth
        kinds |= {mark.kind for mark in truth.unwanted}
    for number in range(4):
        truth = quality_music.make_music(2, number, material, "clean").truth
        kinds |= {mark.kind for mark in truth.unwanted}
    assert kinds == set(Kind) - {Kind.WANTED, Kind.PAUSE}


def test_joins_of_the_true_edit_go_on_in_the_piece(material: Material) -> None:
    recording = quality_music.make_music(3, 0, material, "clean")
    truth = recording.truth
    for (_, leaving), (landing, _) in zip(truth.kept[:-1], truth.kept[1:], strict=True):
        before, after = quality_music.piece_places(truth, [leaving, landing])
        assert before == pytest.approx(after, abs=1)
    assert truth.beat_samples == pytest.approx(RATE_HZ / 2, rel=0.002)


def test_a_place_between_takes_is_no_place_of_the_piece(material: Material) -> None:
    truth = quality_music.make_music(3, 0, material, "clean").truth
    assert np.isnan(quality_music.piece_places(truth, [0])).all()


def test_nothing_is_to_be_cut_from_a_finished_recording(material: Material) -> None:
    raw = quality_speech.make_speech(1, 0, material, material.voices[0], "clean")
    edited = quality_speech.truly_edited(raw)
    lengths = raw.truth.kept[:, 1] - raw.truth.kept[:, 0]
    assert edited.samples.size == lengths.sum()
    assert edited.section == "finished speech"
    assert edited.truth.kept.tolist() == [[0, edited.samples.size]]


def test_speech_is_found_where_it_is() -> None:
    rng = np.random.default_rng(0)
    sound = 1e-3 * rng.standard_normal(4 * RATE_HZ)
    time_s = np.arange(RATE_HZ) / RATE_HZ
    sound[RATE_HZ : 2 * RATE_HZ] += 0.2 * np.sin(2 * np.pi * 300 * time_s)
    sound[3 * RATE_HZ : 3 * RATE_HZ + 300] += 0.3  # a click is no word
    found = speech_ranges(sound.astype(np.float32))
    assert found.shape == (1, 2)
    assert found[0] / RATE_HZ == pytest.approx([0.96, 2.09], abs=0.03)


def test_another_take_is_alike_but_not_the_same(material: Material) -> None:
    phrase = material.voices[0].phrases[1]
    take = other_take(np.random.default_rng(1), phrase)
    assert take.size != phrase.size
    assert take.size == pytest.approx(phrase.size, rel=0.3)


@pytest.mark.parametrize("make", [cough, knock, mouth_noise])
def test_noises_are_short_and_heard(make: object) -> None:
    assert callable(make)
    for seed in range(5):
        sound = make(np.random.default_rng(seed))
        assert 0.03 < sound.size / RATE_HZ < 2
        assert 0.005 < np.abs(sound).max() <= 0.98


def test_a_room_moves_nothing_and_falls_by_60_db_in_its_time() -> None:
    response = room_response(np.random.default_rng(0), 0.5)
    assert response[0] == pytest.approx(1.0)
    assert np.abs(response[1:]).max() < 1
    energy = np.cumsum(np.square(response[::-1], dtype=np.float64))[::-1]
    decay_db = 10 * np.log10(energy / energy[0])
    late = np.flatnonzero((decay_db < decay_db[1200]) & (decay_db > decay_db[1200] - 20))
    slope = np.polyfit(late / RATE_HZ, decay_db[late], 1)[0]
    assert -60 / slope == pytest.approx(0.5, rel=0.25)
    pulse = np.zeros(RATE_HZ, np.float32)
    pulse[100] = 1
    assert int(np.abs(in_room(pulse, response)).argmax()) == 100


@pytest.mark.parametrize("kind", ["MP3", "OPUS"])
def test_codecs_move_nothing(kind: str) -> None:
    rng = np.random.default_rng(0)
    clicks = np.zeros(2 * RATE_HZ, np.float32)
    places = np.arange(4000, clicks.size, 9000)
    for place in places:
        clicks[place : place + 200] = 0.5 * rng.standard_normal(200) * np.hanning(200)
    decoded = through_codec(clicks, kind, 0.5)
    assert decoded.size == clicks.size
    lags = range(-60, 61)
    fit = [float(np.dot(np.roll(decoded, -lag), clicks)) for lag in lags]
    assert abs(lags[int(np.argmax(fit))]) <= 2
