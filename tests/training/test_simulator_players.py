from __future__ import annotations

import numpy as np
import pytest

from training.simulator.dsp import rms
from training.simulator.players import Player, compose
from training.simulator.types import SAMPLE_RATE, samples_of


@pytest.mark.parametrize("seed", range(6))
def test_pieces_have_the_length_that_is_asked_for(seed: int) -> None:
    piece = compose(np.random.default_rng(seed), 20.0)
    assert piece.beats * piece.beat_s == pytest.approx(20.0, rel=0.25)
    beats = [note.beat for note in piece.notes]
    assert beats == sorted(beats)
    assert 0 <= beats[0] < beats[-1] < piece.beats
    assert len(piece.notes) > piece.beats / 4


@pytest.mark.parametrize("seed", range(4))
def test_a_performance_tells_where_its_beats_lie(seed: int) -> None:
    rng = np.random.default_rng(seed)
    piece = compose(rng, 12.0)
    player = Player(rng, piece)
    sound, beats = player.play(0, piece.beats)
    assert np.all(np.isfinite(sound))
    assert beats.size == piece.beats + 1
    steps = np.diff(beats) / SAMPLE_RATE
    assert np.all(np.abs(steps / piece.beat_s - 1) < 0.15)
    # Nothing is heard before the first beat but what comes a little early.
    assert rms(sound[: max(1, int(beats[0]) - samples_of(0.06))]) < 0.05


def test_no_two_performances_are_the_same() -> None:
    rng = np.random.default_rng(1)
    player = Player(rng, compose(rng, 12.0))
    one, _ = player.play(0, 8)
    two, _ = player.play(0, 8)
    size = min(one.size, two.size)
    assert np.max(np.abs(one[:size] - two[:size])) > 0.01


def test_playing_stops_where_it_is_to_stop() -> None:
    rng = np.random.default_rng(2)
    piece = compose(rng, 20.0)
    player = Player(rng, piece)
    sound, beats = player.play(4, 6.5)
    assert beats.size == 3
    end = int(beats[0]) + samples_of(2.5 * piece.beat_s * 1.2 + 2.5)
    assert not np.any(sound[end:])


def test_wrong_notes_change_what_is_heard() -> None:
    rng = np.random.default_rng(3)
    piece = compose(rng, 12.0)
    player = Player(rng, piece)
    player.timing_s = player.wander = 0.0
    right, wrong = (_pitches(player, chance) for chance in (0.0, 0.9))
    assert np.mean(np.abs(right - wrong)) > 0.2 * np.mean(right)


def _pitches(player: Player, chance: float) -> np.ndarray:
    sound, _ = player.play(0, 8, chance)
    spectrum = np.abs(np.fft.rfft(sound[: samples_of(3.0)]))
    return np.log1p(spectrum[:4000])
