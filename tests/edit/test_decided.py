from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_core.edit.coverage import changes_of
from model_core.edit.decided import Decided, decided, decisions, with_decisions, with_gaps
from model_core.edit.locks import span
from model_core.edit.operations import repeat
from model_core.edit.types import (
    Change,
    ChangeKind,
    ChangeState,
    EditList,
    Gap,
    Proposal,
    Reason,
    Segment,
)
from tests.edit.strategies import SOURCE_LENGTHS, edit_lists

CUT, LOOP, REORDER, GAP = ChangeKind.CUT, ChangeKind.LOOP, ChangeKind.REORDER, ChangeKind.GAP
N, RATE = 2000, 1000
HOLD = 100
"""A tenth of a second."""


def rows(edit: EditList, **states: ChangeState) -> tuple[Change, ...]:
    """Returns an edit's rows, with states by "kind_start"."""
    return tuple(
        replace(row, state=states.get(f"{row.kind.value}_{row.start}", row.state))
        for row in changes_of(edit, N)
    )


def of(edit: EditList, **states: ChangeState) -> Decided:
    return decided(edit, rows(edit, **states), N, RATE)


CUTS = EditList.from_ranges([(0, 500), (600, 1000), (1200, N)])


def test_nothing_is_decided_of_what_was_only_proposed() -> None:
    assert not of(CUTS)
    assert not of(CUTS).locks


@pytest.mark.parametrize("state", [ChangeState.ACCEPTED, ChangeState.LOCKED, ChangeState.MANUAL])
def test_a_cut_is_dropped_and_held_on_both_sides(state: ChangeState) -> None:
    found = of(CUTS, cut_500=state)
    assert found.locks.drop == ((500, 600),)
    assert found.locks.keep == ((500 - HOLD, 500), (600, 600 + HOLD))
    assert [row.start for row in found.rows] == [500]


def test_cuts_close_to_each_other_and_to_the_ends() -> None:
    edit = EditList.from_ranges([(30, 500), (600, 650), (700, N)])
    found = of(edit, cut_0=ChangeState.ACCEPTED, cut_500=ChangeState.LOCKED,
               cut_650=ChangeState.ACCEPTED)  # fmt: skip
    assert found.locks.drop == ((0, 30), (500, 600), (650, 700))
    assert found.locks.keep == ((30, 130), (400, 500), (600, 650), (700, 800))


@pytest.mark.parametrize("state", [ChangeState.REJECTED, ChangeState.KEPT])
def test_what_was_rejected_stays_as_far_as_it_is_heard(state: ChangeState) -> None:
    rejected = Change(9, CUT, Reason.SILENCE, 0, 550, 700, 0.9, state)
    found = decided(CUTS, (*rows(CUTS, cut_500=ChangeState.LOCKED), rejected), N, RATE)
    assert found.locks.keep == ((400, 500), (600, 700))


def test_a_loop_is_a_passage() -> None:
    edit = repeat(EditList.whole(N), 500, 800, 3)
    found = of(edit, loop_500=ChangeState.LOCKED)
    assert found.locks.passages == (((500, 800), (500, 800), (500, 800)),)
    assert found.locks.keep == found.locks.drop == ()


def test_a_loop_with_a_cut_in_it_keeps_the_cut() -> None:
    edit = repeat(EditList.from_ranges([(0, 600), (650, N)]), 500, 750, 2)
    found = of(edit, loop_500=ChangeState.LOCKED, cut_600=ChangeState.ACCEPTED)
    assert found.locks.passages == (((500, 600), (650, 800), (500, 600), (650, 800)),)
    assert found.locks.drop == ()


def test_a_move_is_a_passage_of_both_that_changed_places() -> None:
    edit = EditList.from_ranges([(0, 500), (800, 1000), (500, 800), (1000, N)])
    found = of(edit, reorder_500=ChangeState.ACCEPTED)
    assert found.locks.passages == (((800, 1000), (500, 800)),)


def test_gaps_are_put_in_again() -> None:
    edit = EditList((Gap(40), Segment(0, 100, 500), Gap(70), Segment(0, 600, N)))
    found = of(edit, gap_0=ChangeState.LOCKED, gap_500=ChangeState.ACCEPTED)
    assert found.locks.drop == ((0, 100), (500, 600))
    assert found.gaps == ((0, 100, 40), (500, 600, 70))
    proposed = EditList.from_ranges([(100, 500), (600, 900), (950, N)])
    assert with_gaps(proposed, found.gaps).items == (
        Gap(40), Segment(0, 100, 500), Gap(70), Segment(0, 600, 900), Segment(0, 950, N),
    )  # fmt: skip


def test_an_inserted_gap_and_one_at_the_end() -> None:
    edit = EditList((Segment(0, 0, 500), Gap(70), Segment(0, 500, 1500), Gap(5)))
    found = of(edit, gap_500=ChangeState.LOCKED, gap_1500=ChangeState.LOCKED)
    assert found.gaps == ((500, 500, 70), (1500, N, 5))
    assert found.locks.keep == ((400, 600), (1400, 1500))
    assert with_gaps(EditList.from_ranges([(0, 1500)]), found.gaps).items == edit.items


def test_a_proposal_knows_again_what_was_decided() -> None:
    rejected = Change(7, CUT, Reason.NOISE, 0, 1500, 1600, 0.8, ChangeState.REJECTED)
    before = decided(CUTS, (*rows(CUTS, cut_500=ChangeState.LOCKED), rejected), N, RATE)
    edit = EditList.from_ranges([(0, 500), (600, 1300), (1350, N)])
    fresh = tuple(replace(row, confidence=0.5) for row in rows(edit))
    made = with_decisions(Proposal(edit, (), fresh), before, N)
    assert made.edit_list == edit
    assert [(row.start, row.state, row.confidence) for row in made.changes] == [
        (500, ChangeState.LOCKED, 0.5),
        (1300, ChangeState.PROPOSED, 0.5),
        (1500, ChangeState.REJECTED, 0.8),
    ]
    assert len({row.id for row in made.changes}) == 3


def test_a_gap_that_was_put_in_again_is_a_row() -> None:
    edit = EditList((Segment(0, 0, 500), Gap(70), Segment(0, 600, N)))
    before = of(edit, gap_500=ChangeState.LOCKED)
    proposed = EditList.from_ranges([(0, 500), (600, N)])
    fresh = tuple(replace(row, confidence=0.5) for row in rows(proposed))
    made = with_decisions(Proposal(proposed, (), fresh), before, N)
    assert made.edit_list == edit
    assert [(row.kind, row.state, row.confidence) for row in made.changes] == [
        (GAP, ChangeState.LOCKED, 0.5)
    ]


@given(edit_lists(n_sources=1), st.data())
def test_whatever_was_decided_the_locks_agree_with_each_other(
    edit: EditList, data: st.DataObject
) -> None:
    n_samples = SOURCE_LENGTHS[0]
    states = st.sampled_from(tuple(ChangeState))
    changes = tuple(replace(row, state=data.draw(states)) for row in changes_of(edit, n_samples))
    found = decided(edit, changes, n_samples, 50)  # raises if they contradict each other
    found.locks.check_within(n_samples)
    assert decisions(changes) == found.rows
    for start, stop in found.locks.drop:
        for passage in found.locks.passages:
            assert stop <= span(passage)[0] or span(passage)[1] <= start
