from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from training.corpus import Corpus
from training.shards import example_of
from training.simulator import (
    EditorStyle,
    SimulatedRecording,
    SimulatorSettings,
    simulate_recording,
)
from training.simulator.loops import Loop, choose_loops, find_seams, looped, refined
from training.simulator.music import MusicSession
from training.simulator.tape import cut
from training.simulator.types import SAMPLE_RATE, samples_of


def looping_editor(extension: float) -> EditorStyle:
    return EditorStyle(pause_s=0.4, margin_s=0.2, extension=extension)


def record(
    corpus: Corpus, seed: int, extension: float, settings: SimulatorSettings
) -> SimulatedRecording:
    rng = np.random.default_rng(seed)
    return simulate_recording(rng, corpus, "music", looping_editor(extension), settings)


def song(bars: str, bar_s: float = 1.6) -> tuple[np.ndarray, np.ndarray]:
    """Returns a piece whose bars sound alike where their letters do, and its beats."""
    pieces = []
    for letter in bars:
        rng = np.random.default_rng(ord(letter))
        time = np.arange(samples_of(bar_s)) / SAMPLE_RATE
        chord = sum(np.sin(2 * np.pi * hz * time) for hz in rng.uniform(150, 900, 4))
        steps = np.repeat(rng.uniform(0.2, 1, 16), samples_of(bar_s) // 16 + 1)[: time.size]
        pieces.append(0.1 * chord * steps)
    beats = np.arange(4 * len(bars) + 1) * samples_of(bar_s) // 4
    return np.concatenate(pieces).astype(np.float32), beats.astype(np.int64)


def test_an_edit_is_looped_in_playing_order() -> None:
    kept = np.array([[10, 100], [150, 300]])
    assert looped(kept, ()).tolist() == kept.tolist()
    once = looped(kept, (Loop(20, 60, 1),))
    assert once.tolist() == [[10, 60], [20, 100], [150, 300]]
    # Over a cut, which every pass makes.
    across = looped(kept, (Loop(80, 200, 2),))
    assert across.tolist() == [
        [10, 100],
        [150, 200],
        [80, 100],
        [150, 200],
        [80, 100],
        [150, 300],
    ]
    # From and to the very edges of a cut.
    edges = looped(kept, (Loop(150, 300, 1),))
    assert edges.tolist() == [[10, 100], [150, 300], [150, 300]]
    left = looped(kept, (Loop(10, 100, 1), Loop(150, 160, 1)))
    assert left.tolist() == [[10, 100], [10, 100], [150, 160], [150, 300]]


def test_the_best_seam_is_found() -> None:
    track, beats = song("abcdefgcdefhij")
    seams = find_seams(track, beats, 4)
    best = max(seams, key=lambda seam: seam.fit)
    # c, d, e and f come back after five bars, no unit; whole bars that do come back win.
    assert best.fit < 0.9
    track, beats = song("abcdefcdefghij")
    best = max(find_seams(track, beats, 4), key=lambda seam: seam.fit)
    assert best.fit > 0.95
    assert best.last - best.first == 16
    assert 8 <= best.first <= 20
    (loop,) = choose_loops(track, beats, 4, 1.0 + 4 / 14)
    assert loop.passes == 1
    assert loop.stop - loop.start == pytest.approx(4 * samples_of(1.6), abs=8)


@pytest.mark.parametrize("extension", [1.15, 1.4, 2.0])
def test_loops_come_near_the_wanted_length(extension: float) -> None:
    track, beats = song("ababacacababadadabab")
    loops = choose_loops(track, beats, 4, extension)
    more = sum(loop.passes * (loop.stop - loop.start) for loop in loops)
    assert 1 + more / track.size == pytest.approx(extension, abs=0.08)
    assert all(1 <= loop.passes <= 3 for loop in loops)
    for one, two in pairwise(loops):
        assert two.start >= one.stop + samples_of(1.5)
    assert choose_loops(track, beats, 4, 1.0) == ()


def test_a_short_piece_is_not_looped() -> None:
    track, beats = song("ab")
    assert choose_loops(track, beats, 4, 2.0) == ()


def test_the_end_of_a_loop_is_placed_to_the_sample() -> None:
    piece = np.random.default_rng(0).standard_normal(samples_of(1.0)).astype(np.float32)
    track = np.concatenate([piece, piece, piece])
    assert refined(track, 50, 22050 + 50 + 400) == 22050 + 50
    noise = np.random.default_rng(1).standard_normal(track.size).astype(np.float32)
    assert refined(noise, 50, 22050 + 450) == 22050 + 450
    # Too near an end to be compared.
    assert refined(track, 50, track.size - 10) == track.size - 10


@pytest.mark.parametrize("played", [0.0, 1.0])
def test_an_extended_edit_plays_the_clean_piece_with_its_loops(
    corpus: Corpus, played: float
) -> None:
    settings = SimulatorSettings.silent(loops=1.0, played=played, wrong_bars=0.9, dead_air=1.0)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        editor = looping_editor(1.6)
        session = MusicSession(rng, corpus, editor, settings)
        tape = session.record()
        plain, _ = cut(tape, editor, rng, keep_pauses=False)
        kept = looped(plain, tape.loops)
        assert tape.loops
        sound = tape.render()
        edited = np.concatenate([sound[a:b] for a, b in kept])
        loops = choose_loops(session.track, session.places, session.beats_per_bar, 1.6)
        # The clean piece, looped by hand.
        first, last = int(session.places[0]), int(session.places[-1])
        pieces, here = [], first
        for start, stop, passes in loops:
            pieces += [session.track[here:stop]]
            pieces += [session.track[start:stop]] * (passes - 1)
            here = start
        pieces.append(session.track[here:last])
        expected = np.concatenate(pieces)
        at = first_phrase(tape.phrases()) - int(plain[0, 0])
        heard = edited[at : at + expected.size]
        # Equal but for the crossfades at the takes' edges, which fall on beats.
        same = np.abs(heard - expected) < 1e-6
        assert same.mean() > 0.98
        # Every jump back is by a loop.
        jumps = [
            (int(stop), int(start)) for (_, stop), (start, _) in pairwise(kept) if start < stop
        ]
        assert jumps == [(loop.stop, loop.start) for loop in tape.loops for _ in range(loop.passes)]


def first_phrase(phrases: np.ndarray) -> int:
    return int(phrases[0, 0])


def test_who_does_not_extend_never_jumps_back(corpus: Corpus) -> None:
    for seed in range(4):
        kept = record(corpus, seed, 1.0, SimulatorSettings()).kept
        assert np.all(kept[1:, 0] > kept[:-1, 1])


def test_loops_can_be_switched_off(corpus: Corpus) -> None:
    settings = SimulatorSettings.silent(wrong_bars=0.5)
    for seed in range(3):
        kept = record(corpus, seed, 2.0, settings).kept
        assert np.all(kept[1:, 0] > kept[:-1, 1])
    settings = SimulatorSettings.silent(wrong_bars=0.5, loops=1.0)
    assert any(
        np.any(np.diff(record(corpus, seed, 2.0, settings).kept[:, 0]) < 0) for seed in range(3)
    )


def test_speech_is_never_looped(corpus: Corpus) -> None:
    rng = np.random.default_rng(1)
    editor = looping_editor(2.0)
    recording = simulate_recording(rng, corpus, "speech", editor, SimulatorSettings())
    assert np.all(recording.kept[1:, 0] > recording.kept[:-1, 1])


def test_what_is_removed_is_heard_nowhere_in_an_extended_edit(corpus: Corpus) -> None:
    recording = record(corpus, 5, 2.0, SimulatorSettings())
    heard = np.zeros(recording.samples.size, dtype=bool)
    for start, stop in recording.kept:
        heard[start:stop] = True
    for removal in recording.removed:
        assert not heard[removal.start : removal.stop].any()
        heard[removal.start : removal.stop] = True
    assert heard.all()
    assert example_of(recording).style.tolist() == pytest.approx([0.4, 0.2, 2.0])


def test_six_editors_in_ten_do_not_extend() -> None:
    editors = [EditorStyle.draw(np.random.default_rng(seed)) for seed in range(300)]
    extensions = np.array([editor.extension for editor in editors])
    assert 0.5 < np.mean(extensions == 1.0) < 0.7
    longer = extensions[extensions > 1]
    assert 1.15 <= longer.min() < 1.2
    assert 1.9 < longer.max() <= 2.0
