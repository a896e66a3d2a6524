"""The commands as functions: what they make, and what they say where they can't."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from editorbot_gui.actions import ACTIONS
from editorbot_gui.editing import commands as do
from editorbot_gui.editing.rows import rows_after
from editorbot_gui.editing.situation import Situation
from editorbot_gui.waveform.edges import Edge, all_edges, edge_near
from editorbot_gui.waveform.view_state import Axis, Selection
from model_core.edit.coverage import changes_of
from model_core.edit.timeline import Timeline
from model_core.edit.types import (
    ChangeKind,
    ChangeState,
    EditList,
    FadeLaw,
    Gap,
    Join,
    Reason,
    Segment,
)
from model_core.errors import EditError

RATE = 1000
LENGTH = 10_000
WHOLE = EditList.whole(LENGTH)
CUT = EditList.from_ranges([(0, 3000), (5000, 10_000)])
THREE = EditList.from_ranges([(0, 3000), (5000, 7000), (8000, 10_000)])
A_JOIN = Join(FadeLaw.EQUAL_POWER, 7)


def situation(
    edit: EditList = WHOLE,
    selected: tuple[int, int] | None = None,
    axis: Axis = Axis.EDITED,
    *,
    playhead: int = 0,
    edge: Edge | None = None,
    clip: EditList | None = None,
) -> Situation:
    selection = None if selected is None else Selection(axis, *selected)
    return Situation(Timeline(edit), LENGTH, RATE, selection, edge, playhead, 0, Axis.EDITED, clip)


def on_raw(edit: EditList, start: int, stop: int) -> Situation:
    return situation(edit, (start, stop), Axis.RAW)


def test_every_action_of_editing_is_in_the_table() -> None:
    names = {spec.name for spec in ACTIONS}
    assert set(do.NAMES) <= names
    assert set(do.PLAIN) <= set(do.NAMES)
    assert set(do.refusals(situation())) == set(do.NAMES)


def test_nothing_can_be_done_without_a_recording() -> None:
    now = Situation(Timeline(EditList()), 0, RATE)
    assert set(do.refusals(now).values()) == {"Open a recording first."}


# Selections on either axis ------------------------------------------------------------------------


def test_a_selection_of_the_recording_is_found_wherever_it_is_heard() -> None:
    edit = EditList.from_ranges([(0, 3000), (2000, 4000), (4000, 5000)])
    assert on_raw(edit, 2500, 4500).ranges() == [(2500, 3000), (3500, 5500)]
    assert on_raw(edit, 6000, 7000).ranges() == []
    assert on_raw(edit, 6000, 7000).one_range() is None


@pytest.mark.parametrize(
    ("stretch", "missing"),
    [((0, 3000), False), ((2000, 3500), True), ((3000, 5000), True), ((6000, 9000), False)],
)
def test_what_is_left_out_of_a_selection_is_known(stretch: tuple[int, int], missing: bool) -> None:
    assert on_raw(CUT, *stretch).left_out() is missing
    assert not situation(CUT, stretch).left_out()


def test_stretches_that_overlap_leave_nothing_out() -> None:
    edit = EditList.from_ranges([(0, 3000), (1000, 2000), (3000, 10_000)])
    assert not on_raw(edit, 0, 10_000).left_out()


# The commands -------------------------------------------------------------------------------------


def test_split_at_the_playhead_selects_what_follows() -> None:
    outcome = do.split(situation(CUT, (0, 3000), playhead=1000))
    assert outcome.edit == EditList.from_ranges([(0, 1000), (1000, 3000), (5000, 10_000)])
    assert outcome.select == Selection(Axis.EDITED, 1000, 3000)
    assert do.split(situation(playhead=400)).edit.items[1] == Segment(0, 400, LENGTH)


def test_split_at_both_ends_of_a_selection() -> None:
    outcome = do.split(situation(CUT, (1000, 4000)))
    assert outcome.edit == EditList.from_ranges(
        [(0, 1000), (1000, 3000), (5000, 6000), (6000, 10_000)]
    )
    assert outcome.select == Selection(Axis.EDITED, 1000, 4000)
    raw = do.split(on_raw(CUT, 1000, 6000))
    assert raw.edit == outcome.edit


def test_split_on_an_edge_says_why_not() -> None:
    for playhead in (0, 3000, 8000):
        with pytest.raises(EditError, match="inside a segment"):
            do.split(situation(CUT, playhead=playhead))


def test_delete_on_either_axis() -> None:
    assert do.delete(situation(WHOLE, (3000, 5000))).edit == CUT
    assert do.delete(on_raw(WHOLE, 3000, 5000)).edit == CUT
    assert do.delete(situation(CUT, (1000, 4000))).playhead == 1000
    with pytest.raises(EditError, match="Select something"):
        do.delete(situation(WHOLE))
    with pytest.raises(EditError, match="is heard in the edit"):
        do.delete(on_raw(CUT, 3500, 4500))


def test_delete_leaving_a_gap() -> None:
    outcome = do.delete_leaving_gap(situation(WHOLE, (3000, 5000)))
    assert outcome.edit.items == (Segment(0, 0, 3000), Gap(2000), Segment(0, 5000, LENGTH))
    again = situation(outcome.edit, (3000, 5000))
    with pytest.raises(EditError, match="silent already"):
        do.delete_leaving_gap(again)
    loop = EditList.from_ranges([(0, 3000), (0, 3000)])
    assert do.delete_leaving_gap(on_raw(loop, 1000, 2000)).edit.items == (
        Segment(0, 0, 1000), Gap(1000), Segment(0, 2000, 3000),
        Segment(0, 0, 1000), Gap(1000), Segment(0, 2000, 3000),
    )  # fmt: skip


def test_copy_and_paste() -> None:
    clip = do.copied(situation(CUT, (2000, 4000)))
    assert clip == EditList.from_ranges([(2000, 3000), (5000, 6000)])
    assert do.copied(on_raw(CUT, 3500, 4500)) == EditList.from_ranges([(3500, 4500)])
    outcome = do.paste(situation(CUT, playhead=1000, clip=clip))
    assert outcome.edit == EditList.from_ranges(
        [(0, 1000), (2000, 3000), (5000, 6000), (1000, 3000), (5000, 10_000)]
    )
    assert outcome.select == Selection(Axis.EDITED, 1000, 3000)
    assert outcome.playhead == 3000
    with pytest.raises(EditError, match="Nothing was"):
        do.paste(situation(CUT))


def test_keep_again() -> None:
    assert do.keep_again(on_raw(CUT, 2000, 6000)).edit == WHOLE
    part = do.keep_again(on_raw(CUT, 3500, 4000)).edit
    assert part == EditList.from_ranges([(0, 3000), (3500, 4000), (5000, 10_000)])
    with pytest.raises(EditError, match="leaves out"):
        do.keep_again(on_raw(CUT, 0, 2000))


def test_duplicate_and_repeat() -> None:
    outcome = do.duplicate(situation(CUT, playhead=3500))
    assert outcome.edit == EditList.from_ranges([(0, 3000), (5000, 10_000), (5000, 10_000)])
    assert outcome.select == Selection(Axis.EDITED, 8000, 13_000)
    looped = do.repeat(situation(WHOLE, (1000, 2000)), 3)
    assert looped.edit == EditList.from_ranges([(0, 1000), *[(1000, 2000)] * 3, (2000, 10_000)])
    assert looped.words == "Repeat ×3"
    assert looped.select == Selection(Axis.EDITED, 1000, 4000)
    assert do.length_after_repeat(situation(WHOLE, (1000, 2000)), 3) == "12.0 s"
    loop = EditList.from_ranges([(0, 3000), (4000, 5000), (0, 3000)])
    with pytest.raises(EditError, match="several pieces"):
        do.duplicate(on_raw(loop, 1000, 2000))


def test_join_back_at_edge_selection_or_playhead() -> None:
    assert do.join_back(situation(THREE, edge=Edge(0, at_end=True))).edit == EditList.from_ranges(
        [(0, 7000), (8000, 10_000)]
    )
    assert do.join_back(situation(THREE, edge=Edge(2, at_end=False))).edit == EditList.from_ranges(
        [(0, 3000), (5000, 10_000)]
    )
    assert do.join_back(situation(THREE, (1000, 6000))).edit == WHOLE
    assert do.join_back(situation(THREE, playhead=3500)).edit.length == 9000
    with pytest.raises(EditError, match="near a join"):
        do.join_back(situation(CUT, playhead=6000))


def test_moving_whole_segments() -> None:
    outcome = do.move(situation(THREE, (3000, 5000), playhead=3500), later=True)
    assert outcome.edit == EditList.from_ranges([(0, 3000), (8000, 10_000), (5000, 7000)])
    assert outcome.select == Selection(Axis.EDITED, 5000, 7000)
    assert outcome.playhead == 5500
    both = do.move(situation(THREE, (3000, 7000)), later=False)
    assert both.edit == EditList.from_ranges([(5000, 7000), (8000, 10_000), (0, 3000)])
    with pytest.raises(EditError, match="comes first"):
        do.move(situation(THREE, (0, 3000)), later=False)
    with pytest.raises(EditError, match="comes last"):
        do.move(situation(THREE, playhead=6000), later=True)
    with pytest.raises(EditError, match="whole segments"):
        do.move(situation(THREE, (1000, 3000)), later=True)


@pytest.mark.parametrize(("at_end", "by"), [(True, 1), (True, -10), (False, 10), (False, -1)])
def test_nudging_moves_one_edge_through_the_recording(at_end: bool, by: int) -> None:
    edge = Edge(0, at_end=True) if at_end else Edge(1, at_end=False)
    outcome = do.nudge(situation(CUT, edge=edge), by / 1000)
    first, second = CUT.segments
    if at_end:
        first = replace(first, stop=first.stop + by)
    else:
        second = replace(second, start=second.start + by)
    assert outcome.edit.items == (first, second)
    assert outcome.edge == edge
    assert outcome.merge_key


def test_an_edge_goes_as_far_as_the_recording_and_a_cut_go() -> None:
    now = situation(CUT)
    assert Edge(0, at_end=True).limits(now.timeline, LENGTH) == (1, 5000)
    assert Edge(1, at_end=False).limits(now.timeline, LENGTH) == (3000, 9999)
    assert Edge(1, at_end=True).limits(now.timeline, LENGTH) == (5001, LENGTH)
    assert do.drag(now, Edge(0, at_end=True), 9000).edit.items[0] == Segment(0, 0, 5000)
    loop = Timeline(EditList.from_ranges([(0, 5000), (3000, 8000)]))
    assert Edge(0, at_end=True).limits(loop, LENGTH) == (1, LENGTH)
    assert Edge(1, at_end=False).limits(loop, LENGTH) == (0, 7999)
    gap = Timeline(EditList((Segment(0, 0, 3000), Gap(10), Segment(0, 5000, 6000))))
    assert Edge(0, at_end=True).limits(gap, LENGTH) == (1, LENGTH)


def test_gain() -> None:
    outcome = do.change_gain(situation(CUT, playhead=100), -3.0)
    assert outcome.edit.items == (Segment(0, 0, 3000, -3.0), CUT.items[1])
    part = do.change_gain(situation(CUT, (1000, 2000)), 2.0)
    assert [item.gain_db for item in part.edit.segments] == [0.0, 2.0, 0.0, 0.0]
    with pytest.raises(EditError, match="out of reach"):
        do.change_gain(situation(CUT, (1000, 2000)), 200.0)


def test_crossfades_of_one_join_or_of_all() -> None:
    law, length = A_JOIN.law, A_JOIN.length
    one = do.set_crossfade(situation(THREE, playhead=2900), law, length, everywhere=False)
    assert one.edit.joins == (A_JOIN, Join())
    every = do.set_crossfade(situation(THREE), law, length, everywhere=True)
    assert every.edit.joins == (A_JOIN, A_JOIN)
    with pytest.raises(EditError, match="near a join"):
        do.set_crossfade(situation(THREE), law, length, everywhere=False)


# Edges --------------------------------------------------------------------------------------------


def test_edges_one_after_the_other() -> None:
    edges = all_edges(Timeline(EditList((*CUT.items, Gap(10)))))
    assert edges == [Edge(0, False), Edge(0, True), Edge(1, False), Edge(1, True)]
    assert do.edge_beside(situation(CUT, playhead=100), later=True) == Edge(0, at_end=True)
    assert do.edge_beside(situation(CUT, playhead=100), later=False) == Edge(0, at_end=False)
    for before, after in itertools.pairwise(edges):
        assert do.edge_beside(situation(CUT, edge=before), later=True) == after
        assert do.edge_beside(situation(CUT, edge=after), later=False) == before
    assert do.edge_beside(situation(CUT, edge=edges[-1]), later=True) is None


def test_which_edge_a_place_means() -> None:
    timeline = Timeline(CUT)
    assert edge_near(timeline, 2990, 20, 100) == Edge(0, at_end=True)
    assert edge_near(timeline, 3000, 20, 100) == Edge(1, at_end=False)
    assert edge_near(timeline, 3015, 20, 100) == Edge(1, at_end=False)
    assert edge_near(timeline, 3030, 20, 100) is None
    assert edge_near(timeline, 5, 20, 100) == Edge(0, at_end=False)
    assert edge_near(timeline, 8010, 20, 100) == Edge(1, at_end=True)
    assert edge_near(timeline, 2990, 20, 4000) is None
    assert edge_near(Timeline(EditList()), 0, 20, 0) is None
    gap = Timeline(EditList((Segment(0, 0, 3000), Gap(500), Segment(0, 5000, 6000))))
    assert edge_near(gap, 3005, 20, 100) is None
    assert edge_near(gap, 3495, 20, 100) is None


# The rows of the edits list -----------------------------------------------------------------------


def test_rows_that_nobody_touched_stay_as_they_were() -> None:
    known = tuple(
        replace(row, reason=Reason.SILENCE, confidence=0.7) for row in changes_of(THREE, LENGTH)
    )
    edit = do.nudge(situation(THREE, edge=Edge(0, at_end=True)), -0.01).edit
    first, second = rows_after(known, edit, LENGTH)
    assert second == known[1]
    assert (first.id, first.reason) == (known[0].id, Reason.SILENCE)
    assert (first.start, first.confidence, first.state) == (2990, None, ChangeState.MANUAL)


def test_new_rows_are_a_persons_and_have_numbers_of_their_own() -> None:
    known = changes_of(CUT, LENGTH)
    rows = rows_after(known, do.delete(situation(CUT, (4000, 4500))).edit, LENGTH)
    assert rows[0] == known[0]
    assert rows[1].state is ChangeState.MANUAL
    assert rows[1].id not in {row.id for row in known}
    assert rows_after(known, WHOLE, LENGTH) == ()


def test_what_was_rejected_stays_in_the_list() -> None:
    rejected = replace(changes_of(CUT, LENGTH)[0], state=ChangeState.REJECTED)
    edit = do.delete(situation(WHOLE, (8000, 9000))).edit
    rows = rows_after((rejected,), edit, LENGTH)
    assert [row.kind for row in rows] == [ChangeKind.CUT, ChangeKind.CUT]
    assert rows[0] == rejected
    again = rows_after((rejected,), CUT, LENGTH)
    assert [row.state for row in again] == [ChangeState.MANUAL]
