from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from model_core.edit.coverage import JoinInfo, changes_of, joins_of, kept_ranges, removed_ranges
from model_core.edit.operations import delete_leaving_gap, normalised
from model_core.edit.types import (
    Change,
    ChangeKind,
    ChangeState,
    EditList,
    Gap,
    Reason,
    Segment,
)
from tests.edit.strategies import SOURCE_LENGTHS, edit_lists, heard

CUT, LOOP, REORDER, GAP = ChangeKind.CUT, ChangeKind.LOOP, ChangeKind.REORDER, ChangeKind.GAP


def kinds(*ranges: tuple[int, int]) -> list[ChangeKind | None]:
    return [join.kind for join in joins_of(EditList.from_ranges(ranges))]


def rows(edit: EditList, n_samples: int, source: int = 0) -> list[tuple[ChangeKind, int, int]]:
    return [(c.kind, c.start, c.stop) for c in changes_of(edit, n_samples, source=source)]


class TestRanges:
    @given(edit_lists(), st.integers(0, 1), st.integers(0, 130))
    def test_kept_and_removed_share_the_source_out(
        self, edit: EditList, source: int, n_samples: int
    ) -> None:
        kept = kept_ranges(edit, source, n_samples)
        removed = removed_ranges(edit, source, n_samples)
        samples = {place[1] for place in heard(edit) if place and place[0] == source}
        for ranges, expected in [
            (kept, samples & set(range(n_samples))),
            (removed, set(range(n_samples)) - samples),
        ]:
            assert ranges.dtype.kind == "i"
            assert ranges.shape == (len(ranges), 2)
            listed = [sample for start, stop in ranges.tolist() for sample in range(start, stop)]
            assert listed == sorted(expected)
            for before, after in itertools.pairwise(ranges.tolist()):
                assert before[1] < after[0]

    def test_nothing_and_everything(self) -> None:
        assert kept_ranges(EditList(), 0, 100).tolist() == []
        assert removed_ranges(EditList(), 0, 100).tolist() == [[0, 100]]
        assert removed_ranges(EditList(), 0, 0).tolist() == []
        assert kept_ranges(EditList.whole(100), 0, 100).tolist() == [[0, 100]]
        assert removed_ranges(EditList.whole(100), 0, 100).tolist() == []


class TestJoins:
    def test_kinds(self) -> None:
        assert kinds((0, 10), (10, 20)) == [None]
        assert kinds((0, 10), (15, 20)) == [CUT]
        assert kinds((0, 100), (50, 200)) == [LOOP]
        assert kinds((0, 100), (50, 60), (200, 300)) == [LOOP, CUT]
        assert kinds((0, 10), (20, 30), (10, 20), (30, 40)) == [REORDER, REORDER, REORDER]
        assert kinds((0, 10), (20, 30), (12, 20), (30, 40)) == [CUT, REORDER, REORDER]
        assert kinds((20, 30), (0, 10)) == [REORDER]

    def test_a_jump_back_to_something_new_that_plays_on_past_the_jump_is_a_loop(self) -> None:
        assert kinds((50, 100), (40, 500)) == [LOOP]
        assert kinds((50, 100), (40, 60), (60, 500)) == [LOOP, None]
        assert kinds((50, 100), (40, 60)) == [REORDER]

    def test_ends(self) -> None:
        edit = EditList((Segment(0, 0, 10), Segment(0, 15, 20), Segment(0, 5, 8), Segment(1, 3, 4)))
        assert joins_of(edit) == (
            JoinInfo(0, 10, CUT, leaving=10, landing=15, skipped=5),
            JoinInfo(1, 15, LOOP, leaving=20, landing=5, skipped=-15),
            JoinInfo(2, 18, REORDER, leaving=8, landing=3, skipped=0),
        )

    def test_gaps(self) -> None:
        edit = EditList((Gap(1), Segment(0, 5, 10), Gap(2), Gap(3), Segment(0, 20, 30), Gap(4)))
        assert joins_of(edit) == (
            JoinInfo(0, 1, GAP, leaving=5, landing=5, skipped=0),
            JoinInfo(1, 6, GAP, leaving=10, landing=20, skipped=10),
            JoinInfo(2, 8, GAP, leaving=10, landing=20, skipped=10),
            JoinInfo(3, 11, GAP, leaving=10, landing=20, skipped=10),
            JoinInfo(4, 21, GAP, leaving=30, landing=30, skipped=0),
        )
        assert [join.kind for join in joins_of(EditList((Gap(1), Gap(2))))] == [GAP]

    def test_a_change_of_gain_alone_is_no_change(self) -> None:
        edit = EditList((Segment(0, 0, 10), Segment(0, 10, 20, -3.0)))
        assert [join.kind for join in joins_of(edit)] == [None]

    def test_without_joins(self) -> None:
        assert joins_of(EditList()) == ()
        assert joins_of(EditList.whole(10)) == ()

    @given(edit_lists())
    def test_one_for_each_join_where_it_is_heard(self, edit: EditList) -> None:
        infos = joins_of(edit)
        ends = list(itertools.accumulate(item.length for item in edit.items))
        assert [info.position for info in infos] == ends[:-1]
        assert [info.index for info in infos] == list(range(len(edit.joins)))

    @given(edit_lists())
    def test_kinds_follow_from_what_is_heard(self, edit: EditList) -> None:
        samples = heard(edit)
        for info in joins_of(edit):
            before, after = samples[info.position - 1], samples[info.position]
            if before is None or after is None:
                assert info.kind is GAP
                continue
            assert (info.leaving, info.landing) == (before[1] + 1, after[1])
            if before[0] != after[0]:
                assert info.kind is REORDER
                continue
            assert info.skipped == info.landing - info.leaving
            passed_over = {(before[0], sample) for sample in range(info.leaving, info.landing)}
            if info.skipped >= 0:
                left_out = passed_over - set(samples)
                assert info.kind is (None if not passed_over else CUT if left_out else REORDER)
            elif after in samples[: info.position]:
                assert info.kind is LOOP
            else:
                assert info.kind in {LOOP, REORDER}


class TestChanges:
    def test_cuts_and_the_ends(self) -> None:
        edit = EditList.from_ranges([(10, 20), (30, 40), (40, 50)])
        assert changes_of(edit, 60, state=ChangeState.MANUAL, first_id=7) == (
            Change(7, CUT, Reason.OTHER, 0, 0, 10, None, ChangeState.MANUAL),
            Change(8, CUT, Reason.OTHER, 0, 20, 30, None, ChangeState.MANUAL),
            Change(9, CUT, Reason.OTHER, 0, 50, 60, None, ChangeState.MANUAL),
        )

    def test_loops_and_passages_that_moved(self) -> None:
        loop = changes_of(EditList.from_ranges([(0, 100), (50, 200)]), 200)
        assert loop == (Change(0, LOOP, Reason.REPEAT, 0, 50, 100),)
        moved = EditList.from_ranges([(0, 10), (20, 30), (10, 15), (15, 20), (30, 40)])
        assert rows(moved, 40) == [(REORDER, 10, 20)]

    def test_gaps(self) -> None:
        for start, stop in [(30, 60), (0, 60), (30, 100)]:
            edit = delete_leaving_gap(EditList.whole(100), start, stop)
            assert rows(edit, 100) == [(GAP, start, stop)]
        assert rows(EditList((Segment(0, 0, 50), Gap(9), Segment(0, 50, 100))), 100) == [
            (GAP, 50, 50)
        ]
        assert rows(EditList((Gap(1), Segment(0, 5, 10), Gap(1), Gap(1))), 10) == [
            (GAP, 0, 5),
            (GAP, 10, 10),
        ]

    def test_a_loop_over_a_gap(self) -> None:
        edit = EditList((Segment(0, 0, 100), Gap(5), Segment(0, 50, 200)))
        assert rows(edit, 200) == [(LOOP, 50, 100), (GAP, 100, 100)]

    def test_each_source_has_its_own(self) -> None:
        edit = EditList((Segment(0, 0, 10), Gap(2), Segment(1, 5, 10), Gap(3), Segment(0, 20, 30)))
        assert rows(edit, 30) == [(GAP, 10, 10), (CUT, 10, 20)]
        assert rows(edit, 10, source=1) == [(CUT, 0, 5), (GAP, 10, 10)]

    def test_nothing_changed_or_nothing_left(self) -> None:
        assert changes_of(EditList.whole(100), 100) == ()
        assert rows(EditList(), 100) == [(CUT, 0, 100)]
        assert changes_of(EditList(), 0) == ()
        assert changes_of(EditList((Gap(5),)), 0) == ()

    @given(edit_lists(), st.integers(0, 1))
    def test_in_order_and_every_loss_is_a_row(self, edit: EditList, source: int) -> None:
        n_samples = SOURCE_LENGTHS[source]
        changes = changes_of(edit, n_samples, source=source, first_id=3)
        assert [change.id for change in changes] == list(range(3, 3 + len(changes)))
        starts = [(change.start, change.stop) for change in changes]
        assert starts == sorted(starts)
        listed = {
            sample
            for change in changes
            if change.kind in {CUT, GAP}
            for sample in range(change.start, change.stop)
        }
        for start, stop in removed_ranges(edit, source, n_samples).tolist():
            assert listed >= set(range(start, stop))

    @given(edit_lists(n_sources=1))
    def test_splits_are_no_changes(self, edit: EditList) -> None:
        n_samples = SOURCE_LENGTHS[0]
        assert changes_of(edit, n_samples) == changes_of(normalised(edit), n_samples)
