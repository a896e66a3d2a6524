from __future__ import annotations

import numpy as np
import pytest

from model_core.edit.types import Reason
from training.simulator.tape import Tape, cut
from training.simulator.types import SAMPLE_RATE, EditorStyle, Removal, samples_of

STYLE = EditorStyle(pause_s=0.5, margin_s=0.2, jitter_s=0.0)


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(samples_of(seconds)).astype(np.float32)


def edit(
    tape: Tape, style: EditorStyle = STYLE, *, keep_pauses: bool = True
) -> tuple[np.ndarray, tuple[Removal, ...]]:
    return cut(tape, style, np.random.default_rng(0), keep_pauses=keep_pauses)


def seconds(ranges: np.ndarray) -> list[list[float]]:
    return [[round(float(x) / SAMPLE_RATE, 3) for x in pair] for pair in ranges]


def test_a_long_pause_is_brought_to_the_editors_length() -> None:
    tape = Tape()
    tape.wanted(noise(1.0))
    tape.pause(noise(2.0))
    tape.wanted(noise(1.0))
    kept, removed = edit(tape)
    assert seconds(kept) == [[0.0, 1.3], [2.8, 4.0]]
    assert [r.reason for r in removed] == [Reason.SILENCE]


def test_a_pause_within_tolerance_stays() -> None:
    tape = Tape()
    tape.wanted(noise(1.0))
    tape.pause(noise(0.64))
    tape.wanted(noise(1.0))
    kept, removed = edit(tape)
    assert seconds(kept) == [[0.0, 2.64]]
    assert removed == ()


def test_what_is_unwanted_goes_with_the_pauses_around_it() -> None:
    tape = Tape()
    tape.wanted(noise(1.0))
    tape.pause(noise(0.8))
    tape.unwanted(noise(0.5), Reason.NOISE)
    tape.pause(noise(0.9))
    tape.wanted(noise(1.0))
    kept, removed = edit(tape)
    assert seconds(kept) == [[0.0, 1.3], [3.0, 4.2]]
    assert [r.reason for r in removed] == [Reason.SILENCE, Reason.NOISE, Reason.SILENCE]
    assert removed[1].start == samples_of(1.8)
    assert removed[1].stop == samples_of(2.3)


def test_a_side_without_enough_pause_is_helped_by_the_other() -> None:
    tape = Tape()
    tape.wanted(noise(1.0))
    tape.pause(noise(0.1))
    tape.unwanted(noise(0.5), Reason.RETAKE)
    tape.pause(noise(0.9))
    tape.wanted(noise(1.0))
    kept, _ = edit(tape)
    assert seconds(kept) == [[0.0, 1.1], [2.1, 3.5]]


def test_words_taken_up_in_the_middle_of_a_flow_follow_closely() -> None:
    tape = Tape()
    tape.wanted(noise(1.0))
    tape.unwanted(noise(0.5), Reason.RETAKE)
    tape.pause(noise(0.9))
    tape.wanted(noise(1.0))
    kept, _ = edit(tape)
    assert seconds(kept) == [[0.0, 1.0], [2.35, 3.4]]


def test_margins_are_left_at_both_ends() -> None:
    tape = Tape()
    tape.pause(noise(2.0))
    tape.wanted(noise(1.0))
    tape.pause(noise(0.1))
    tape.unwanted(noise(0.4), Reason.OTHER_VOICE)
    tape.pause(noise(3.0))
    kept, removed = edit(tape)
    assert seconds(kept) == [[1.8, 3.1]]
    assert [r.reason for r in removed] == [Reason.SILENCE, Reason.OTHER_VOICE, Reason.SILENCE]


def test_short_ends_stay_as_they_are() -> None:
    tape = Tape()
    tape.pause(noise(0.2))
    tape.wanted(noise(1.0))
    tape.pause(noise(0.25))
    kept, _ = edit(tape)
    assert seconds(kept) == [[0.0, 1.45]]


def test_takes_of_music_are_joined_without_a_pause() -> None:
    tape = Tape()
    tape.wanted(noise(1.0))
    tape.unwanted(noise(0.5), Reason.RETAKE)
    tape.pause(noise(1.0))
    tape.wanted(noise(1.0))
    kept, _ = edit(tape, keep_pauses=False)
    assert seconds(kept) == [[0.0, 1.0], [2.5, 3.5]]


def test_nothing_wanted_keeps_nothing() -> None:
    tape = Tape()
    tape.pause(noise(1.0))
    tape.unwanted(noise(1.0), Reason.NOISE)
    kept, removed = edit(tape)
    assert kept.shape == (0, 2)
    assert [(r.start, r.stop) for r in removed] == [(0, 22050), (22050, 44100)]


@pytest.mark.parametrize("seed", range(5))
def test_jitter_stays_within_thirty_milliseconds(seed: int) -> None:
    tape = Tape()
    tape.wanted(noise(1.0))
    tape.pause(noise(2.0))
    tape.wanted(noise(1.0))
    style = EditorStyle(pause_s=0.5, margin_s=0.2)
    kept, _ = cut(tape, style, np.random.default_rng(seed), keep_pauses=True)
    places = np.array(seconds(kept)).reshape(-1)[1:3]
    assert np.all(np.abs(places - [1.3, 2.8]) <= 0.0301)


def test_pieces_are_rendered_where_they_were_laid_down() -> None:
    tape = Tape()
    first, second = noise(1.0, 1), noise(1.0, 2)
    tape.wanted(first)
    seam = samples_of(0.01)
    tape.pause(noise(1.0, 3)[: samples_of(0.5) + 2 * seam], seam, seam)
    tape.wanted(second)
    out = tape.render()
    assert out.size == tape.length == 2 * first.size + samples_of(0.5)
    np.testing.assert_array_equal(out[: first.size - seam], first[:-seam])
    np.testing.assert_array_equal(out[out.size - second.size + seam :], second[seam:])
    # Equal power at the seams: unrelated sounds keep their level there.
    around = out[first.size - seam : first.size]
    assert 0.7 < float(np.std(around)) < 1.3


def test_pieces_without_overlap_meet_without_a_change() -> None:
    whole = noise(1.0)
    tape = Tape()
    tape.wanted(whole[:8000])
    tape.pause(whole[8000:9000])
    tape.wanted(whole[9000:])
    np.testing.assert_array_equal(tape.render(), whole)


def test_overlays_are_mixed_in_and_clipped_to_the_tape() -> None:
    tape = Tape()
    tape.wanted(np.zeros(100, np.float32))
    tape.overlay(90, np.ones(20, np.float32))
    tape.overlay(-5, np.ones(10, np.float32))
    expected = np.zeros(100)
    expected[:5] = expected[90:] = 1
    np.testing.assert_array_equal(tape.render(), expected)


def test_a_tape_of_another_rate_is_cut_in_its_own_samples() -> None:
    tape = Tape(rate_hz=1000)
    tape.wanted(np.ones(1000, np.float32))
    tape.pause(np.zeros(2000, np.float32))
    tape.wanted(np.ones(1000, np.float32))
    kept, _ = edit(tape)
    assert kept.tolist() == [[0, 1300], [2800, 4000]]
