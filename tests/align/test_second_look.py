from __future__ import annotations

import numpy as np
import pytest

from model_core.align import AlignSettings
from model_core.align.descriptors import CELL_S, HALVES, edit_levels, raw_levels, vectors_of
from model_core.align.pieces import probe_courses
from model_core.align.reading import Course
from model_core.align.second_look import _by_noise, look_again
from model_core.align.waveforms import Waveforms
from tests.align.sounds import RATE, as_source, cut, rendered, voice


def course(start_s: float, stop_s: float, place_s: float) -> Course:
    start, stop = round(start_s / CELL_S), round(stop_s / CELL_S)
    return Course(start, stop, round(HALVES * (start + (place_s - start_s) / CELL_S)))


@pytest.fixture(scope="module")
def recording() -> np.ndarray:
    """Talk, a pause of 15 s, talk."""
    room = 3e-4 * np.random.default_rng(1).standard_normal(15 * RATE).astype(np.float32)
    return np.concatenate((voice(20, seed=30), room, voice(20, seed=31)))


def test_noise_is_found_though_it_sounds_alike_everywhere(recording: np.ndarray) -> None:
    raw = as_source(recording)
    waveforms = Waveforms(
        raw, as_source(rendered(raw, cut(((1, 11), (26, 29), (24, 26), (36, 50)))))
    )
    wrong = course(10, 15, 24)
    found = _by_noise(wrong, wrong.start, wrong.stop, waveforms)
    offsets = [one.offset_s for one in found]
    assert len(found) == 5
    for offset in offsets:
        assert min(abs(offset - 16), abs(offset - 11)) < CELL_S
    assert {round(offset) for offset in offsets} == {16, 11}


@pytest.mark.parametrize("join_s", [13.5, 18.5], ids=["too early", "too late"])
def test_a_pause_belongs_to_the_course_whose_noise_it_is(
    recording: np.ndarray, join_s: float
) -> None:
    raw = as_source(recording)
    edited = as_source(rendered(raw, cut(((5, 21), (33, 52)))))
    vectors, waveforms = vectors_of(raw_levels(raw), edit_levels(edited)), Waveforms(raw, edited)
    courses = (course(0, join_s, 5), course(join_s, 35, 17 + join_s))
    probes = probe_courses(courses, waveforms)
    better = look_again(courses, probes, vectors, waveforms, AlignSettings())
    assert (better[0].start, better[-1].stop) == (0, courses[-1].stop)
    for one in better:
        true_s = 5 if (one.start + one.stop) / 2 * CELL_S < 16 else 17
        assert one.offset_s == pytest.approx(true_s, abs=2 * CELL_S)
