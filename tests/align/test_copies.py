from __future__ import annotations

import numpy as np
import pytest

from model_core.align import copies
from model_core.align.copies import prefer_near
from model_core.align.descriptors import CELL_S, HALVES, edit_levels, raw_levels, vectors_of
from model_core.align.pieces import probe_courses
from model_core.align.reading import Course
from model_core.align.waveforms import Waveforms
from tests.align.sounds import RATE, as_source, voice


def course(start_s: float, stop_s: float, place_s: float) -> Course:
    start, stop = round(start_s / CELL_S), round(stop_s / CELL_S)
    return Course(start, stop, round(HALVES * (start + (place_s - start_s) / CELL_S)))


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """A jingle of 8 s at 20 s and at 108 s, in noise that differs."""
    monkeypatch.setattr(copies, "_FAR_S", 30.0)
    jingle, rest = voice(8, seed=20), voice(100, seed=21)
    samples = np.concatenate((rest[: 20 * RATE], jingle, rest[20 * RATE :], jingle))
    noise = np.random.default_rng(0).standard_normal(samples.size)
    return samples + 1e-3 * noise.astype(np.float32)


def chosen(recording: np.ndarray, used: slice, found: Course, gain: float = 1.0) -> Course:
    """What becomes of the second course; the edit is 10 s, what is `used`, and 10 s."""
    raw = as_source(recording)
    parts = (slice(10 * RATE, 20 * RATE), used, slice(28 * RATE, 38 * RATE))
    edited = as_source(gain * np.concatenate([recording[part] for part in parts]))
    vectors = vectors_of(raw_levels(raw), edit_levels(edited))
    waveforms = Waveforms(raw, edited)
    courses = (course(0, 10, 10), found, course(18, 28, 28))
    probes = probe_courses(courses, waveforms)
    result = prefer_near(courses, probes, vectors, waveforms)
    assert result[::2] == courses[::2]
    return result[1]


def test_a_copy_near_the_neighbours_is_preferred(recording: np.ndarray) -> None:
    near = slice(20 * RATE, 28 * RATE)
    moved = chosen(recording, near, course(10, 18, 108))
    assert moved.offset_s == pytest.approx(10, abs=CELL_S)


def test_unless_the_samples_say_otherwise(recording: np.ndarray) -> None:
    far = slice(108 * RATE, 116 * RATE)
    found = course(10, 18, 108)
    assert chosen(recording, far, found) == found


def test_and_unless_something_else_is_heard_there(recording: np.ndarray) -> None:
    other = slice(80 * RATE, 88 * RATE)
    found = course(10, 18, 80)
    assert chosen(recording, other, found, gain=0.7) == found
