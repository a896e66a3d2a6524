from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_core.edit.timeline import GAP_SOURCE, Timeline
from model_core.edit.types import EditList, Gap, Segment
from model_core.errors import EditError
from tests.edit.strategies import SOURCE_LENGTHS, edit_lists, heard

EDIT = EditList((Gap(5), Segment(0, 50, 60), Segment(0, 20, 30), Gap(5), Segment(0, 50, 55)))


@given(edit_lists())
def test_to_source_says_what_is_heard(edit: EditList) -> None:
    timeline = Timeline(edit)
    assert [timeline.to_source(position) for position in range(edit.length)] == heard(edit)
    assert timeline.length == edit.length


@given(edit_lists())
def test_to_edited_is_the_inverse(edit: EditList) -> None:
    timeline = Timeline(edit)
    samples = heard(edit)
    for source, n_samples in enumerate(SOURCE_LENGTHS):
        for sample in range(-1, n_samples + 1):
            expected = tuple(
                at for at, heard_here in enumerate(samples) if heard_here == (source, sample)
            )
            assert timeline.to_edited(source, sample) == expected
            assert all(timeline.to_source(position) == (source, sample) for position in expected)


@given(edit_lists(), st.integers(0, 1), st.integers(-5, 130))
def test_nearest_edited(edit: EditList, source: int, sample: int) -> None:
    timeline = Timeline(edit)
    samples = heard(edit)
    later = [place for place in samples if place and place[0] == source and place[1] >= sample]
    expected = samples.index(min(later)) if later else edit.length
    assert timeline.nearest_edited(source, sample) == expected


@given(edit_lists(), st.integers(-20, 400))
def test_nearest_source(edit: EditList, position: int) -> None:
    samples = heard(edit)
    later = [place for place in samples[max(0, position) :] if place]
    before = [place for place in samples if place]
    after_all = (before[-1][0], before[-1][1] + 1) if before else None
    expected = later[0] if later else after_all
    assert Timeline(edit).nearest_source(position) == expected


@given(edit_lists(), st.integers(-20, 400), st.integers(-20, 400))
def test_visible(edit: EditList, start: int, stop: int) -> None:
    timeline = Timeline(edit)
    shown = {timeline.item_at(p) for p in range(max(0, start), min(stop, edit.length))}
    assert set(timeline.visible(start, stop)) == shown


def test_an_example() -> None:
    timeline = Timeline(EDIT)
    assert timeline.starts.tolist() == [0, 5, 15, 25, 30, 35]
    assert timeline.sources.tolist() == [GAP_SOURCE, 0, 0, GAP_SOURCE, 0]
    assert timeline.to_source(4) is None
    assert timeline.to_source(5) == (0, 50)
    assert timeline.to_edited(0, 52) == (7, 32)
    assert timeline.to_edited(0, 40) == ()
    assert timeline.to_edited(GAP_SOURCE, 0) == ()
    assert timeline.nearest_edited(0, 52) == 7
    assert timeline.nearest_edited(0, 40) == 5
    assert timeline.nearest_edited(0, 0) == 15
    assert timeline.nearest_edited(0, 99) == 35
    assert timeline.nearest_edited(GAP_SOURCE, -3) == 35
    assert timeline.nearest_source(26) == (0, 50)
    assert timeline.nearest_source(99) == (0, 55)


def test_nothing_is_heard_in_an_empty_edit() -> None:
    timeline = Timeline(EditList())
    assert timeline.length == 0
    assert timeline.visible(0, 10) == range(0)
    assert timeline.to_edited(0, 0) == ()
    assert timeline.nearest_edited(0, 0) == 0
    assert timeline.nearest_source(0) is None
    assert Timeline(EditList((Gap(3),))).nearest_source(1) is None


@pytest.mark.parametrize("position", [-1, 35])
def test_outside(position: int) -> None:
    for look_up in (Timeline(EDIT).item_at, Timeline(EDIT).to_source):
        with pytest.raises(EditError, match="no sample"):
            look_up(position)


def test_arrays_are_read_only() -> None:
    timeline = Timeline(EDIT)
    for array in (timeline.starts, timeline.sources, timeline.source_starts, timeline.source_stops):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
        assert array.dtype == np.int64


def test_positions_beyond_32_bits() -> None:
    far = 3 * 3600 * 192_000 * 40
    timeline = Timeline(EditList((Segment(0, far, 2 * far), Segment(0, 0, far))))
    assert timeline.to_source(far) == (0, 0)
    assert timeline.to_edited(0, far - 1) == (2 * far - 1,)
