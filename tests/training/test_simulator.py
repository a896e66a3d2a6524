from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from model_core.edit.types import EditList, Reason
from training.corpus import Corpus
from training.simulator import (
    EditorStyle,
    Phenomenon,
    SimulatedRecording,
    SimulatorSettings,
    simulate_recording,
)
from training.simulator.channel import impair
from training.simulator.music import MusicSession, beats_of, record_music
from training.simulator.speech import record_speech
from training.simulator.tape import PieceKind, cut
from training.simulator.types import IMPAIRMENTS, Kind, Removal, samples_of

STYLE = EditorStyle(pause_s=0.4, margin_s=0.2)
EVERYTHING = SimulatorSettings()
CLEAN_CHANNEL = EVERYTHING.unimpaired()


def record(
    corpus: Corpus,
    seed: int,
    kind: Kind = "speech",
    settings: SimulatorSettings = EVERYTHING,
    style: EditorStyle = STYLE,
) -> SimulatedRecording:
    return simulate_recording(np.random.default_rng(seed), corpus, kind, style, settings)


def reasons(recording: SimulatedRecording) -> set[Reason]:
    return {removal.reason for removal in recording.removed}


@pytest.mark.parametrize("kind", ["speech", "music"])
def test_kept_and_removed_cover_a_recording_exactly(corpus: Corpus, kind: Kind) -> None:
    for seed in range(5):
        recording = record(corpus, seed, kind)
        ranges = [(int(a), int(b)) for a, b in recording.kept]
        ranges += [(removal.start, removal.stop) for removal in recording.removed]
        ranges.sort()
        edges = [0, *(edge for pair in ranges for edge in pair), recording.samples.size]
        assert edges[0::2] == edges[1::2]
        assert all(stop > start for start, stop in ranges)
        EditList.from_ranges(map(tuple, recording.kept.tolist())).check_within(
            [recording.samples.size]
        )


@pytest.mark.parametrize("kind", ["speech", "music"])
def test_recordings_are_sound_within_full_scale(corpus: Corpus, kind: Kind) -> None:
    for seed in range(4):
        recording = record(corpus, seed, kind)
        assert recording.samples.dtype == np.float32
        assert np.all(np.isfinite(recording.samples))
        assert np.max(np.abs(recording.samples)) <= 1.0
        assert recording.kept.dtype == recording.phrases.dtype == np.int64
        assert recording.name


@pytest.mark.parametrize("kind", ["speech", "music"])
def test_a_seed_gives_the_same_recording(corpus: Corpus, kind: Kind) -> None:
    one, two = record(corpus, 3, kind), record(corpus, 3, kind)
    np.testing.assert_array_equal(one.samples, two.samples)
    np.testing.assert_array_equal(one.kept, two.kept)
    assert one.removed == two.removed
    other = record(corpus, 4, kind)
    assert other.samples.size != one.samples.size


@pytest.mark.parametrize("kind", ["speech", "music"])
def test_what_is_kept_is_what_was_wanted_with_shortened_pauses(corpus: Corpus, kind: Kind) -> None:
    lay_down = record_speech if kind == "speech" else record_music
    for seed in range(4):
        rng = np.random.default_rng(seed)
        tape, _, _ = lay_down(rng, corpus, STYLE, CLEAN_CHANNEL)
        tape.overlays.clear()
        kept, _ = cut(tape, STYLE, rng, keep_pauses=kind == "speech")
        sound = tape.render()
        edited = np.concatenate([sound[a:b] for a, b in kept])
        # The wanted pieces stand in the edit in order and whole, but for their seams of 5 ms.
        seam = samples_of(0.005) + 1
        place = 0
        bounds = tape.bounds()
        before = np.concatenate([[0], np.cumsum(kept[:, 1] - kept[:, 0])])
        for piece, (start, stop) in zip(tape.pieces, bounds, strict=True):
            if piece.kind is not PieceKind.WANTED:
                continue
            index = int(np.searchsorted(kept[:, 0], start, side="right")) - 1
            assert kept[index, 0] <= start < stop <= kept[index, 1]
            at = int(before[index] + start - kept[index, 0])
            assert at >= place
            body = piece.samples[piece.lead : piece.lead + piece.length]
            np.testing.assert_array_equal(
                edited[at + seam : at + body.size - seam], body[seam : body.size - seam]
            )
            place = at + body.size


ALONE = [
    ("speech", {"long_pauses": 0.9}, Reason.SILENCE),
    ("speech", {"hesitations": 0.9}, Reason.SILENCE),
    ("speech", {"dead_air": 1.0}, Reason.SILENCE),
    ("speech", {"false_starts": 0.9}, Reason.RETAKE),
    ("speech", {"whole_retakes": 0.9}, Reason.RETAKE),
    ("speech", {"passages_again": 0.9}, Reason.RETAKE),
    ("speech", {"repeated_words": 0.9}, Reason.REPEAT),
    ("speech", {"noises": 0.9}, Reason.NOISE),
    ("speech", {"other_voices": 0.9}, Reason.OTHER_VOICE),
    ("speech", {"slates": 1.0}, Reason.OTHER_VOICE),
    ("music", {"dead_air": 1.0}, Reason.SILENCE),
    ("music", {"music_false_starts": 0.9}, Reason.RETAKE),
    ("music", {"wrong_bars": 0.9}, Reason.RETAKE),
    ("music", {"wrong_bars": 0.9, "played": 1.0}, Reason.RETAKE),
    ("music", {"repeats": 0.9}, Reason.REPEAT),
    ("music", {"between_takes": 0.9}, Reason.OTHER),
]


@pytest.mark.parametrize(("kind", "chances", "reason"), ALONE)
def test_each_phenomenon_can_be_had_alone(
    corpus: Corpus, kind: Kind, chances: dict[str, float], reason: Reason
) -> None:
    settings = SimulatorSettings.silent(**chances)
    found: set[Reason] = set()
    for seed in range(5):
        recording = record(corpus, seed, kind, settings)
        found |= reasons(recording)
    assert reason in found
    allowed = {reason, Reason.SILENCE}
    if "between_takes" in chances:
        allowed |= {Reason.OTHER_VOICE, Reason.NOISE}
    assert found <= allowed


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("music_false_starts", Phenomenon.MUSIC_FALSE_START),
        ("wrong_bars", Phenomenon.WRONG_BARS),
        ("repeats", Phenomenon.REPEATED_BARS),
        ("dead_air", Phenomenon.PAUSE),
    ],
)
def test_what_is_removed_from_music_is_named(corpus: Corpus, name: str, what: Phenomenon) -> None:
    settings = SimulatorSettings.silent(**{name: 0.9}, played=1.0)
    found = {removal.what for seed in range(6) for removal in named(corpus, seed, settings)}
    assert what in found
    assert found <= {what, Phenomenon.PAUSE}


def named(corpus: Corpus, seed: int, settings: SimulatorSettings) -> tuple[Removal, ...]:
    return record(corpus, seed, "music", settings).removed


def test_who_extends_leaves_what_is_played_once_more(corpus: Corpus) -> None:
    settings = SimulatorSettings.silent(repeats=0.9, loops=1.0, played=1.0)
    style = EditorStyle(0.4, 0.2, extension=1.5)
    for seed in range(4):
        recording = record(corpus, seed, "music", settings, style)
        assert Reason.REPEAT not in reasons(recording)


def test_a_passage_that_comes_again_anyway_is_not_played_once_too_often(corpus: Corpus) -> None:
    settings = SimulatorSettings.silent(repeats=0.9)
    session = MusicSession(np.random.default_rng(0), corpus, STYLE, settings)
    session.features = np.tile(np.eye(4), (10, 1))
    assert session._repeats_itself(8, 4)
    assert not session._repeats_itself(8, 3)
    session.features = np.eye(40)
    assert not session._repeats_itself(8, 4)


def test_noises_over_speech_change_nothing_in_the_edit(corpus: Corpus) -> None:
    settings = SimulatorSettings.silent(noises_over_speech=1.0)
    for seed in range(4):
        assert reasons(record(corpus, seed, settings=settings)) <= {Reason.SILENCE}


@pytest.mark.parametrize("kind", ["speech", "music"])
def test_recordings_with_nothing_wrong_are_left_alone(corpus: Corpus, kind: Kind) -> None:
    settings = replace(EVERYTHING, nothing_wrong=1.0)
    for seed in range(4):
        recording = record(corpus, seed, kind, settings)
        assert recording.removed == ()
        assert recording.kept.tolist() == [[0, recording.samples.size]]


def test_nothing_wrong_holds_for_the_share_that_is_asked_for(corpus: Corpus) -> None:
    settings = SimulatorSettings.silent(nothing_wrong=0.5, dead_air=1.0)
    whole = [record(corpus, seed, "music", settings).removed == () for seed in range(16)]
    assert 3 <= sum(whole) <= 13


@pytest.mark.parametrize("kind", ["speech", "music"])
def test_phrases_stay_whole_to_their_edges(corpus: Corpus, kind: Kind) -> None:
    for seed in range(4):
        recording = record(corpus, seed, kind)
        assert len(recording.phrases)
        for start, stop in recording.phrases:
            inside = (recording.kept[:, 0] <= start) & (stop <= recording.kept[:, 1])
            assert inside.any()


def test_an_editors_pauses_hold_over_recordings(corpus: Corpus) -> None:
    settings = SimulatorSettings.silent(long_pauses=0.9, dead_air=1.0)
    for pause_s in (0.25, 0.8):
        style = EditorStyle(pause_s=pause_s, margin_s=0.1)
        for seed in range(3):
            recording = record(corpus, seed, settings=settings, style=style)
            ends = {int(stop): None for _, stop in recording.phrases}
            for (_, stop), (start, _) in zip(recording.kept[:-1], recording.kept[1:], strict=True):
                phrase_end = max(end for end in ends if end <= stop)
                phrase_start = min(int(a) for a, _ in recording.phrases if a >= start)
                pause = (stop - phrase_end + phrase_start - start) / 22050
                assert pause == pytest.approx(pause_s, abs=0.061)
            margin = (recording.phrases[0, 0] - recording.kept[0, 0]) / 22050
            assert margin == pytest.approx(0.1, abs=0.031)


def test_beats_are_found_and_remembered_on_disk(corpus: Corpus, tmp_path: Path) -> None:
    track = corpus.samples(corpus.groups("music")["slow"][0])[: samples_of(15)]
    made = Corpus.from_arrays({}, {"even": track})
    made.cache_folder = tmp_path / "beats"
    (clip,) = made.groups("music")["even"]
    beats = beats_of(made, clip)
    assert np.median(np.diff(beats)) == pytest.approx(samples_of(60 / 96), rel=0.03)
    (kept,) = (tmp_path / "beats").iterdir()
    again = Corpus.from_arrays({}, {"even": track})
    again.cache_folder = tmp_path / "beats"
    np.testing.assert_array_equal(beats_of(again, clip), beats)
    kept.write_text("[1, 2", encoding="utf-8")
    damaged = Corpus.from_arrays({}, {"even": track})
    damaged.cache_folder = tmp_path / "beats"
    np.testing.assert_array_equal(beats_of(damaged, clip), beats)


def test_joins_of_music_meet_at_the_same_place_of_the_track(corpus: Corpus) -> None:
    settings = SimulatorSettings.silent(wrong_bars=0.9)
    matches = []
    for seed in range(6):
        recording = record(corpus, seed, "music", settings)
        spots = [
            (int(stop), int(start))
            for (_, stop), (start, _) in zip(recording.kept[:-1], recording.kept[1:], strict=True)
        ]
        for leaving, landing in spots:
            # What would have gone on is another take of what is landed on: their beats agree.
            n = samples_of(0.05)
            if recording.samples.size < max(leaving, landing) + n:
                continue
            one = recording.samples[leaving : leaving + n]
            two = recording.samples[landing : landing + n]
            level = np.sqrt(np.dot(one, one) * np.dot(two, two) + 1e-12)
            matches.append(float(np.dot(one, two) / level))
    # Some takes go wrong from their first note on.
    assert len(matches) >= 5
    assert np.median(matches) > 0.8


def test_the_channel_leaves_everything_in_its_place(corpus: Corpus) -> None:
    quiet = SimulatorSettings.silent(long_pauses=0.5)
    usual = SimulatorSettings()
    loud = replace(quiet, **{name: getattr(usual, name) for name in IMPAIRMENTS})
    loud = replace(loud, codecs=1.0)
    for seed in range(3):
        clean = record(corpus, seed, settings=quiet)
        raw = record(corpus, seed, settings=loud)
        np.testing.assert_array_equal(clean.kept, raw.kept)
        assert raw.samples.size == clean.samples.size
        one, two = envelope(clean.samples), envelope(raw.samples)
        lags = range(-20, 21)
        scores = [np.corrcoef(one[40:-40], np.roll(two, -lag)[40:-40])[0, 1] for lag in lags]
        assert abs(lags[int(np.argmax(scores))]) <= 4  # 20 ms


@pytest.mark.parametrize("impairment", IMPAIRMENTS)
def test_each_impairment_can_be_had_alone(corpus: Corpus, impairment: str) -> None:
    settings = SimulatorSettings.silent()
    for seed in range(2):
        clean = record(corpus, seed, settings=settings)
        raw = record(corpus, seed, settings=replace(settings, **{impairment: 1.0}))
        np.testing.assert_array_equal(clean.kept, raw.kept)
        assert clean.samples.size == raw.samples.size
        level = np.dot(raw.samples, clean.samples) / np.dot(clean.samples, clean.samples)
        difference = raw.samples - level * clean.samples
        # Another level alone is no difference.
        if impairment == "levels":
            assert abs(20 * np.log10(level)) > 0.1
        else:
            assert np.max(np.abs(difference)) > 1e-4


def test_a_perfect_channel_changes_nothing(corpus: Corpus) -> None:
    assert set(IMPAIRMENTS) <= {item.name for item in fields(SimulatorSettings)}
    samples = record(corpus, 0).samples
    settings = SimulatorSettings().unimpaired()
    out = impair(np.random.default_rng(0), samples, corpus, settings, np.inf)
    np.testing.assert_array_equal(out, samples)


def envelope(samples: np.ndarray) -> np.ndarray:
    step = 110
    count = samples.size // step
    power = np.square(samples[: count * step]).reshape(count, step).mean(axis=1)
    return np.asarray(np.log10(power + 1e-7))


@pytest.mark.corpus
def test_real_material_gives_recordings_of_sensible_length(audio_folder: Path) -> None:
    corpus = Corpus.from_folder(audio_folder, "valid")
    for seed in range(2):
        recording = record(corpus, seed)
        seconds = recording.samples.size / 22050
        assert 4 < seconds < 240
        kept = int(np.sum(recording.kept[:, 1] - recording.kept[:, 0]))
        assert 0.2 < kept / recording.samples.size <= 1
