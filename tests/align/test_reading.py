from __future__ import annotations

import numpy as np
import pytest

from model_core.align import AlignSettings, align
from model_core.align.reading import Course, read_edit
from tests.align.sounds import RATE, as_source, cut, rendered, voice

COARSE = AlignSettings(exact_minutes=0.1)


def vectors(n: int, seed: int) -> np.ndarray:
    """Unit vectors that change slowly, as those of sound do."""
    rows = np.random.default_rng(seed).standard_normal((n // 8 + 3, 32))
    smooth = np.stack([np.interp(np.arange(n) / 8, np.arange(len(rows)), row) for row in rows.T], 1)
    return (smooth / np.linalg.norm(smooth, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("settings", [AlignSettings(), COARSE], ids=["exact", "coarse first"])
def test_courses_that_begin_between_two_cells(settings: AlignSettings) -> None:
    raw = vectors(4000, 1)  # half cells
    edited = np.concatenate((raw[101:2101:2], raw[2500:3300:2], raw[401:1001:2]))
    assert read_edit(raw, edited, settings) == (
        Course(0, 1000, 101),
        Course(1000, 1400, 2500),
        Course(1400, 1700, 401),
    )


def test_a_course_never_goes_on_from_the_end_at_the_beginning() -> None:
    raw = vectors(1001, 2)
    edited = np.concatenate((raw[600::2], raw[1:400:2]))
    assert [course.first for course in read_edit(raw, edited, AlignSettings())] == [600, 1]


def test_looking_coarsely_first_finds_the_same_edit() -> None:
    ranges = [(0.5, 30), (31, 60), (40, 50), (90, 140), (65, 80), (150, 200), (201, 239)]
    raw = as_source(voice(240, seed=3))
    edit = cut(ranges)
    body = rendered(raw, edit)
    jingle = as_source(voice(20, seed=4)).read(0, 20 * RATE)
    edited = as_source(np.concatenate((jingle, body)))
    found = align(raw, edited, COARSE)
    assert found.edit_list.items[1:] == edit.items
    assert found.foreign == ((0, jingle.shape[0]),)
