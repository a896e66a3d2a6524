from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from editorbot_gui.waveform.view_state import MIN_SPAN_SAMPLES, Axis, Hover, ViewState
from model_core.edit.timeline import Timeline
from model_core.edit.types import EditList, Gap, Segment

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

RATE = 1000
LENGTH = 100_000
CUTS = EditList.from_ranges([(5_000, 30_000), (40_000, 70_000), (72_000, 95_000)])
LOOP = EditList.from_ranges([(0, 50_000), (30_000, 50_000), (30_000, 100_000)])


def state_of(edit: EditList = CUTS, length: int = LENGTH) -> ViewState:
    state = ViewState()
    state.set_document(length, RATE, Timeline(edit))
    return state


def test_a_new_document_is_shown_from_end_to_end() -> None:
    state = state_of()
    assert state.visible(Axis.RAW) == (0, LENGTH)
    assert state.visible(Axis.EDITED) == (0, LENGTH)
    assert state.playhead(Axis.RAW) == state.playhead(Axis.EDITED) == 0


def test_an_edit_that_is_longer_than_its_recording_fits_too() -> None:
    state = state_of(LOOP)
    assert state.span == LOOP.length
    assert state.start(Axis.RAW) == 0


def test_both_axes_have_the_same_scale_and_share_the_sound_under_the_pointer() -> None:
    state = state_of()
    state.zoom(Axis.RAW, 45_000, 10)
    raw, edited = state.visible(Axis.RAW), state.visible(Axis.EDITED)
    assert raw[1] - raw[0] == pytest.approx(edited[1] - edited[0])
    share = (45_000 - raw[0]) / state.span
    assert state.to_raw(edited[0] + share * state.span) == pytest.approx(45_000)


@given(
    anchor=st.floats(0, CUTS.length - 1),
    factors=st.lists(st.floats(0.3, 4), min_size=1, max_size=8),
    axis=st.sampled_from(Axis),
)
def test_zooming_keeps_the_sample_under_the_pointer(
    anchor: float, factors: list[float], axis: Axis
) -> None:
    state = state_of()
    state.show_range(axis, anchor - 3000, anchor + 3000)
    for factor in factors:
        share = (anchor - state.start(axis)) / state.span
        state.zoom(axis, anchor, factor)
        start, stop = state.visible(axis)
        at_an_end = start == 0 or stop >= state.length(axis)
        if not at_an_end:
            assert (anchor - start) / state.span == pytest.approx(share, abs=1e-6)
        assert start <= anchor <= stop


@given(
    moves=st.lists(
        st.tuples(st.sampled_from(Axis), st.floats(-2e5, 2e5), st.floats(0.01, 100)), max_size=12
    )
)
def test_ranges_stay_within_what_there_is(moves: list[tuple[Axis, float, float]]) -> None:
    state = state_of(LOOP)
    for axis, samples, factor in moves:
        state.zoom(axis, abs(samples), factor)
        state.pan(axis, samples)
        assert MIN_SPAN_SAMPLES <= state.span <= state.max_span
        for each in Axis:
            start, stop = state.visible(each)
            assert start >= 0
            assert stop <= max(state.length(each), state.span) + 1e-6


def test_zoom_ends_at_single_samples_and_at_everything() -> None:
    state = state_of()
    state.zoom(Axis.RAW, 50_000, 1e9)
    assert state.span == MIN_SPAN_SAMPLES
    state.zoom(Axis.RAW, 50_000, 1e-9)
    assert state.visible(Axis.RAW) == (0, LENGTH)


def test_panning_goes_on_smoothly_across_a_cut() -> None:
    state = state_of()
    state.show_range(Axis.EDITED, 10_000, 14_000)
    starts = []
    for _ in range(300):
        state.pan(Axis.EDITED, 100)
        starts.append(state.start(Axis.RAW))
    steps = np.diff(starts)
    assert np.count_nonzero(np.abs(steps - 100) > 1) == 1  # the jump of the cut, and no other
    assert steps.max() == pytest.approx(10_100)


def test_panning_the_recording_stays_in_the_same_pass_of_a_loop() -> None:
    state = state_of(LOOP)
    state.show_range(Axis.EDITED, 60_000, 62_000)  # the second pass
    before = state.start(Axis.EDITED)
    state.pan(Axis.RAW, 500)
    assert state.start(Axis.EDITED) - before == pytest.approx(500)


def test_zoom_at_the_cursor_falls_back_to_the_playhead_and_the_middle() -> None:
    state = state_of()
    state.set_hover(Hover(Axis.EDITED, 20_000))
    state.zoom_at_cursor(4)
    start, stop = state.visible(Axis.EDITED)
    assert (20_000 - start) / (stop - start) == pytest.approx(0.2)
    state.set_hover(None)
    state.fit_all()
    state.set_playhead(Axis.RAW, 25_000)
    state.zoom_at_cursor(4)
    assert (25_000 - state.start(Axis.RAW)) / state.span == pytest.approx(0.25)
    state.show_range(Axis.RAW, 60_000, 62_000)
    state.zoom_at_cursor(2)
    assert sum(state.visible(Axis.RAW)) / 2 == pytest.approx(61_000)


def test_the_selection_can_be_fitted() -> None:
    state = state_of()
    state.select(Axis.RAW, 52_000, 50_000)
    state.fit_selection()
    start, stop = state.visible(Axis.RAW)
    assert start < 50_000 < 52_000 < stop
    assert state.span < 3_000
    state.clear_selection()
    state.fit_selection()
    assert state.span == LENGTH


def test_a_page_is_turned_when_the_playhead_leaves_it() -> None:
    state = state_of()
    state.show_range(Axis.RAW, 10_000, 12_000)
    state.bring_into_view(Axis.RAW, 11_999)
    assert state.start(Axis.RAW) == 10_000
    state.bring_into_view(Axis.RAW, 12_001)
    assert 11_000 < state.start(Axis.RAW) < 12_001


def test_playheads_move_together() -> None:
    state = state_of()
    state.set_playhead(Axis.EDITED, 25_000)  # the first sample after the cut
    assert state.playhead(Axis.RAW) == 40_000
    state.set_playhead(Axis.RAW, 35_000)  # left out: what comes next
    assert state.playhead(Axis.EDITED) == 25_000
    state.set_playhead(Axis.RAW, LENGTH)
    assert state.playhead(Axis.EDITED) == CUTS.length
    state.set_playhead(Axis.EDITED, 10**9)
    assert state.playhead(Axis.RAW) == 95_000


def test_of_several_passes_the_playhead_takes_the_one_that_it_is_in() -> None:
    state = state_of(LOOP)
    state.set_playhead(Axis.EDITED, 65_000)
    state.set_playhead(Axis.RAW, 46_000)
    assert state.playhead(Axis.EDITED) == 66_000


def test_a_gap_maps_to_what_comes_after_it() -> None:
    edit = EditList((Segment(0, 0, 1000), Gap(500), Segment(0, 3000, 4000), Gap(100)))
    state = state_of(edit)
    assert state.to_raw(1200) == 3000
    assert state.to_raw(2550) == 4000


def test_no_document_and_nothing_kept_are_no_special_cases() -> None:
    for state in (ViewState(), state_of(EditList())):
        state.zoom(Axis.RAW, 10, 3)
        state.pan(Axis.EDITED, 50)
        state.set_playhead(Axis.EDITED, 10)
        state.select(Axis.EDITED, 0, 10)
        state.set_hover(Hover(Axis.RAW, 0))
        assert state.selection is None
        assert state.playhead(Axis.EDITED) == 0
        assert state.hover_on(Axis.EDITED) is None


def test_a_selection_shows_on_the_other_axis_where_it_is_heard() -> None:
    state = state_of(LOOP)
    state.select(Axis.RAW, 40_000, 60_000)
    assert state.selected_ranges(Axis.RAW).tolist() == [[40_000, 60_000]]
    assert state.selected_ranges(Axis.EDITED).tolist() == [
        [40_000, 50_000], [60_000, 70_000], [80_000, 100_000],
    ]  # fmt: skip
    state.select(Axis.EDITED, 49_000, 51_000)
    assert state.selected_ranges(Axis.RAW).tolist() == [[49_000, 50_000], [30_000, 31_000]]


def test_another_edit_keeps_the_recordings_range_and_drops_what_no_longer_holds() -> None:
    state = state_of()
    state.show_range(Axis.RAW, 41_000, 43_000)
    state.set_playhead(Axis.RAW, 42_000)
    state.select(Axis.EDITED, 100, 200)
    state.set_timeline(Timeline(EditList.whole(LENGTH)))
    assert state.visible(Axis.RAW) == (41_000, 43_000)
    assert state.visible(Axis.EDITED) == (41_000, 43_000)
    assert state.playhead(Axis.EDITED) == 42_000
    assert state.selection is None


def test_what_showed_everything_still_does_after_an_edit() -> None:
    state = state_of(EditList.whole(LENGTH))
    state.set_timeline(Timeline(LOOP))
    assert state.visible(Axis.EDITED) == (0, LOOP.length)


def test_signals_tell_changes_only(qtbot: QtBot) -> None:
    state = state_of()
    with qtbot.waitSignal(state.range_changed):
        state.zoom(Axis.RAW, 0, 2)
    with qtbot.assertNotEmitted(state.range_changed):
        state.pan(Axis.RAW, 0)
    with qtbot.waitSignal(state.playhead_moved):
        state.set_playhead(Axis.RAW, 50_000)
    with qtbot.assertNotEmitted(state.playhead_moved):
        state.set_playhead(Axis.RAW, 50_000)
    with qtbot.waitSignal(state.playhead_moved):
        state.set_heard("edited")
    with qtbot.waitSignal(state.selection_changed):
        state.select(Axis.RAW, 1, 5)
    with qtbot.assertNotEmitted(state.selection_changed):
        state.select(Axis.RAW, 5, 1)
    with qtbot.waitSignal(state.timeline_changed):
        state.set_timeline(Timeline(LOOP))


def test_positions_beyond_32_bits_are_kept(qtbot: QtBot) -> None:
    length = 5 * 10**9
    state = state_of(EditList.whole(length), length)
    with qtbot.waitSignal(state.playhead_moved):
        state.set_playhead(Axis.RAW, length - 1)
    assert state.playhead(Axis.EDITED) == length - 1
