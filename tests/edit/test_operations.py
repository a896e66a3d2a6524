from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from model_core.edit import operations as op
from model_core.edit.types import EditList, FadeLaw, Gap, Join, Segment
from model_core.errors import EditError
from tests.edit.strategies import (
    SOURCE_LENGTHS,
    edit_lists,
    heard,
    joins,
    loudness,
    segments,
)

A_JOIN = Join(FadeLaw.EQUAL_POWER, 7)
OTHER_JOIN = Join(FadeLaw.EQUAL_GAIN, 3)
EDIT = EditList(
    (Segment(0, 0, 10), Segment(0, 20, 30), Gap(5), Segment(0, 25, 40)),
    (A_JOIN, OTHER_JOIN, Join()),
)

edited_lists = edit_lists()


@st.composite
def edits_with_range(draw: st.DrawFn) -> tuple[EditList, int, int]:
    edit = draw(edit_lists())
    start, stop = sorted((draw(st.integers(0, edit.length)), draw(st.integers(0, edit.length))))
    return edit, start, stop


@st.composite
def edits_with_item(draw: st.DrawFn) -> tuple[EditList, int]:
    edit = draw(edit_lists(min_items=1))
    return edit, draw(st.integers(0, len(edit.items) - 1))


def neighbours(edit: EditList) -> list[tuple[object, object, Join]]:
    return [
        (left, right, join)
        for (left, right), join in zip(itertools.pairwise(edit.items), edit.joins, strict=True)
    ]


class TestNormalised:
    @given(edited_lists)
    def test_sounds_the_same_and_leaves_nothing_to_merge(self, edit: EditList) -> None:
        result = op.normalised(edit)
        assert heard(result) == heard(edit)
        assert loudness(result) == loudness(edit)
        assert op.normalised(result) == result
        for left, right in itertools.pairwise(result.items):
            assert not (isinstance(left, Gap) and isinstance(right, Gap))
            assert not (isinstance(right, Segment) and right.continues(left))

    def test_keeps_the_other_joins(self) -> None:
        edit = EditList(
            (Segment(0, 0, 5), Segment(0, 5, 10), Segment(0, 20, 30), Gap(2), Gap(3)),
            (A_JOIN, OTHER_JOIN, A_JOIN, OTHER_JOIN),
        )
        assert op.normalised(edit) == EditList(
            (Segment(0, 0, 10), Segment(0, 20, 30), Gap(5)), (OTHER_JOIN, A_JOIN)
        )

    def test_gains_stay_apart(self) -> None:
        edit = EditList((Segment(0, 0, 5), Segment(0, 5, 10, -1.0)))
        assert op.normalised(edit) == edit


class TestSplit:
    @given(edits_with_range())
    def test_sounds_the_same_and_has_a_boundary_there(
        self, drawn: tuple[EditList, int, int]
    ) -> None:
        edit, position, _ = drawn
        result = op.split(edit, position)
        assert heard(result) == heard(edit)
        assert position in itertools.accumulate((i.length for i in result.items), initial=0)
        assert len(result.items) - len(edit.items) in {0, 1}
        assert op.normalised(result).items == op.normalised(edit).items
        assert op.split(result, position) is result

    def test_keeps_joins_in_their_places(self) -> None:
        assert op.split(EDIT, 12) == EditList(
            (
                Segment(0, 0, 10),
                Segment(0, 20, 22),
                Segment(0, 22, 30),
                Gap(5),
                Segment(0, 25, 40),
            ),
            (A_JOIN, Join(), OTHER_JOIN, Join()),
        )

    @pytest.mark.parametrize("position", [-1, 41])
    def test_outside(self, position: int) -> None:
        with pytest.raises(EditError, match="outside"):
            op.split(EDIT, position)


class TestRanges:
    @given(edits_with_range())
    def test_slice(self, drawn: tuple[EditList, int, int]) -> None:
        edit, start, stop = drawn
        result = op.slice_range(edit, start, stop)
        assert heard(result) == heard(edit)[start:stop]
        assert loudness(result) == loudness(edit)[start:stop]

    @given(edits_with_range())
    def test_ripple_delete(self, drawn: tuple[EditList, int, int]) -> None:
        edit, start, stop = drawn
        result = op.ripple_delete(edit, start, stop)
        assert heard(result) == heard(edit)[:start] + heard(edit)[stop:]
        assert result.length == edit.length - (stop - start)

    @given(edits_with_range())
    def test_delete_leaving_gap(self, drawn: tuple[EditList, int, int]) -> None:
        edit, start, stop = drawn
        result = op.delete_leaving_gap(edit, start, stop)
        assert heard(result) == heard(edit)[:start] + [None] * (stop - start) + heard(edit)[stop:]
        assert result.length == edit.length

    @given(edits_with_range(), edit_lists())
    def test_replace(self, drawn: tuple[EditList, int, int], new: EditList) -> None:
        edit, start, stop = drawn
        result = op.replace_range(edit, start, stop, new)
        assert heard(result) == heard(edit)[:start] + heard(new) + heard(edit)[stop:]
        assert heard(op.replace_range(edit, start, stop, new.items)) == heard(result)

    @given(edits_with_range(), edit_lists())
    def test_insert_and_delete_again(self, drawn: tuple[EditList, int, int], new: EditList) -> None:
        edit, position, _ = drawn
        result = op.insert(edit, position, new)
        assert heard(result) == heard(edit)[:position] + heard(new) + heard(edit)[position:]
        assert op.slice_range(result, position, position + new.length) == new
        assert heard(op.ripple_delete(result, position, position + new.length)) == heard(edit)

    @given(edits_with_range(), st.integers(1, 4))
    def test_repeat(self, drawn: tuple[EditList, int, int], times: int) -> None:
        edit, start, stop = drawn
        if start == stop:
            with pytest.raises(EditError, match="nothing to repeat"):
                op.repeat(edit, start, stop, times)
            return
        result = op.repeat(edit, start, stop, times)
        before, again, after = heard(edit)[:start], heard(edit)[start:stop], heard(edit)[stop:]
        assert heard(result) == before + again * times + after

    @given(edits_with_range(), st.integers(-20, 20))
    def test_gain(self, drawn: tuple[EditList, int, int], gain_db: int) -> None:
        edit, start, stop = drawn
        result = op.add_gain(edit, start, stop, gain_db)
        assert heard(result) == heard(edit)
        for at, (sample, before, after) in enumerate(
            zip(heard(edit), loudness(edit), loudness(result), strict=True)
        ):
            inside = start <= at < stop and sample is not None
            assert after == (before + gain_db if inside else before)

    def test_a_gain_out_of_reach(self) -> None:
        with pytest.raises(EditError, match="out of reach"):
            op.add_gain(EDIT, 0, 10, 121.0)

    @given(edits_with_range())
    def test_joins_stay_with_their_neighbours(self, drawn: tuple[EditList, int, int]) -> None:
        edit, start, stop = drawn
        assume(start < stop)
        parts = op.split(op.split(edit, start), stop)
        known = [*neighbours(parts)]
        for result in (
            op.ripple_delete(edit, start, stop),
            op.delete_leaving_gap(edit, start, stop),
            op.slice_range(edit, start, stop),
        ):
            strangers = [pair for pair in neighbours(result) if pair not in known]
            assert len(strangers) <= 2
            assert all(join == Join() for _, _, join in strangers)

    def test_repeat_keeps_the_joins_around_and_inside(self) -> None:
        assert op.repeat(EDIT, 0, 20, 2) == EditList(
            (*EDIT.items[:2], *EDIT.items), (A_JOIN, Join(), A_JOIN, OTHER_JOIN, Join())
        )
        assert op.repeat(EDIT, 0, 20, 1) is EDIT

    def test_repeat_so_often(self) -> None:
        with pytest.raises(EditError, match="0 times"):
            op.repeat(EDIT, 0, 10, 0)

    def test_what_is_empty_changes_nothing(self) -> None:
        assert op.ripple_delete(EDIT, 7, 7) is EDIT
        assert op.delete_leaving_gap(EDIT, 7, 7) is EDIT
        assert op.insert(EDIT, 7, ()) is EDIT
        assert op.slice_range(EDIT, 7, 7) == EditList()

    def test_deleting_all_and_editing_nothing(self) -> None:
        assert op.ripple_delete(EDIT, 0, EDIT.length) == EditList()
        assert op.delete_leaving_gap(EDIT, 0, EDIT.length) == EditList((Gap(EDIT.length),))
        assert op.insert(EditList(), 0, EDIT) == EDIT
        assert op.split(EditList(), 0) == EditList()
        assert op.normalised(EditList()) == EditList()

    @pytest.mark.parametrize(("start", "stop"), [(-1, 3), (3, 41), (5, 4), (41, 41)])
    @pytest.mark.parametrize(
        "operation",
        [
            op.slice_range,
            op.ripple_delete,
            op.delete_leaving_gap,
            lambda edit, start, stop: op.replace_range(edit, start, stop, ()),
            lambda edit, start, stop: op.replace_range(edit, start, stop, [Gap(1)]),
            lambda edit, start, stop: op.repeat(edit, start, stop, 2),
        ],
    )
    def test_no_range_of_the_edit(
        self, operation: Callable[[EditList, int, int], EditList], start: int, stop: int
    ) -> None:
        with pytest.raises(EditError):
            operation(EDIT, start, stop)


class TestItems:
    @given(edits_with_item(), st.data())
    def test_moving_and_moving_back(self, drawn: tuple[EditList, int], data: st.DataObject) -> None:
        edit, index = drawn
        to_index = data.draw(st.integers(0, len(edit.items) - 1))
        result = op.move_item(edit, index, to_index)
        others = [item for number, item in enumerate(edit.items) if number != index]
        assert result.items[to_index] == edit.items[index]
        assert [*result.items[:to_index], *result.items[to_index + 1 :]] == others
        assert op.move_item(result, to_index, index).items == edit.items
        assert result.length == edit.length

    def test_moving_keeps_the_joins_of_those_that_stay_neighbours(self) -> None:
        assert op.move_item(EDIT, 3, 0) == EditList(
            (EDIT.items[3], *EDIT.items[:3]), (Join(), A_JOIN, OTHER_JOIN)
        )
        assert op.move_item(EDIT, 1, 1) == EDIT

    @given(edits_with_item(), st.data())
    def test_moving_several(self, drawn: tuple[EditList, int], data: st.DataObject) -> None:
        edit, first = drawn
        last = data.draw(st.integers(first + 1, len(edit.items)))
        to_index = data.draw(st.integers(0, len(edit.items) - (last - first)))
        result = op.move_items(edit, first, last, to_index)
        assert result.items[to_index : to_index + last - first] == edit.items[first:last]
        others = [*edit.items[:first], *edit.items[last:]]
        assert [*result.items[:to_index], *result.items[to_index + last - first :]] == others
        back = op.move_items(result, to_index, to_index + last - first, first)
        assert back.items == edit.items

    @pytest.mark.parametrize("places", [(1, 1, 0), (2, 5, 0), (1, 3, 3), (4, 5, 0), (0, 1, -1)])
    def test_moving_several_where_there_is_nothing(self, places: tuple[int, int, int]) -> None:
        with pytest.raises(EditError):
            op.move_items(EDIT, *places)

    @given(edits_with_item(), st.integers(-10, 130), st.booleans())
    def test_trimming(self, drawn: tuple[EditList, int], new_position: int, at_start: bool) -> None:
        edit, index = drawn
        item = edit.items[index]
        trim = op.trim_start if at_start else op.trim_end
        length = SOURCE_LENGTHS[item.source] if isinstance(item, Segment) else 100
        start, stop = (
            (new_position, getattr(item, "stop", 0))
            if at_start
            else (getattr(item, "start", 0), new_position)
        )
        if isinstance(item, Gap) or not 0 <= start < stop <= length:
            with pytest.raises(EditError):
                trim(edit, index, new_position, length)
            return
        result = trim(edit, index, new_position, length)
        assert result.items[index] == Segment(item.source, start, stop, item.gain_db)
        assert result.length == edit.length - item.length + (stop - start)
        assert result.joins == edit.joins

    @given(edits_with_item(), st.integers(-200, 200))
    def test_nudges_go_as_far_as_they_can(self, drawn: tuple[EditList, int], delta: int) -> None:
        edit, index = drawn
        item = edit.items[index]
        if isinstance(item, Gap):
            return
        length = SOURCE_LENGTHS[item.source]
        for nudge, low, high in [
            (op.nudge_start, -item.start, item.length - 1),
            (op.nudge_end, 1 - item.length, length - item.stop),
            (op.slip, -item.start, length - item.stop),
        ]:
            result = nudge(edit, index, delta, length)
            result.check_within(SOURCE_LENGTHS)
            moved = result.items[index]
            assert isinstance(moved, Segment)
            by = min(max(delta, low), high)
            starts_move, stops_move = nudge != op.nudge_end, nudge != op.nudge_start
            assert moved.start - item.start == (by if starts_move else 0)
            assert moved.stop - item.stop == (by if stops_move else 0)

    @given(segments(), segments(), joins, st.integers(-200, 200))
    def test_nudging_a_join_keeps_what_it_skips(
        self, left: Segment, right: Segment, join: Join, delta: int
    ) -> None:
        edit = EditList((left, right), (join,))
        result = op.nudge_join(edit, 0, delta, SOURCE_LENGTHS[left.source])
        result.check_within(SOURCE_LENGTHS)
        first, second = result.segments
        assert result.length == edit.length
        assert result.joins == (join,)
        by = first.stop - left.stop
        assert second.start - right.start == by
        assert first.start == left.start
        assert second.stop == right.stop
        further = by + (1 if delta > by else -1)
        reachable = (
            left.start < left.stop + further <= SOURCE_LENGTHS[left.source]
            and 0 <= right.start + further < right.stop
        )
        assert by == delta or not reachable

    def test_gain_and_join(self) -> None:
        assert op.set_gain(EDIT, 1, -6.0).items[1] == Segment(0, 20, 30, -6.0)
        assert op.set_join(EDIT, 2, A_JOIN).joins == (A_JOIN, OTHER_JOIN, A_JOIN)

    @pytest.mark.parametrize(
        "operation",
        [
            lambda: op.move_item(EDIT, 4, 0),
            lambda: op.move_item(EDIT, 0, -1),
            lambda: op.trim_start(EDIT, 2, 0, 100),
            lambda: op.trim_end(EDIT, 9, 0, 100),
            lambda: op.nudge_start(EDIT, 2, 1, 100),
            lambda: op.nudge_end(EDIT, -1, 1, 100),
            lambda: op.nudge_join(EDIT, 1, 1, 100),
            lambda: op.nudge_join(EDIT, 3, 1, 100),
            lambda: op.slip(EDIT, 2, 1, 100),
            lambda: op.set_gain(EDIT, 2, 0.0),
            lambda: op.set_gain(EDIT, 0, float("nan")),
            lambda: op.set_join(EDIT, 3, A_JOIN),
            lambda: op.set_join(EDIT, -1, A_JOIN),
        ],
    )
    def test_what_is_not_there(self, operation: Callable[[], EditList]) -> None:
        with pytest.raises(EditError):
            operation()


class TestSourceRanges:
    @given(edit_lists(), st.integers(0, 1), st.integers(0, 120), st.integers(0, 120))
    def test_removing(self, edit: EditList, source: int, one: int, other: int) -> None:
        start, stop = sorted((one, other))
        result = op.remove_source_range(edit, source, start, stop)
        kept = [
            sample
            for sample in heard(edit)
            if sample is None or sample[0] != source or not start <= sample[1] < stop
        ]
        assert heard(result) == kept

    @given(edit_lists(), st.integers(0, 1), st.integers(0, 120), st.integers(0, 120))
    def test_restoring(self, edit: EditList, source: int, one: int, other: int) -> None:
        length = SOURCE_LENGTHS[source]
        start, stop = sorted((min(one, length), min(other, length)))
        result = op.restore_source_range(edit, source, start, stop)
        result.check_within(SOURCE_LENGTHS)
        before, after = heard(edit), heard(result)
        missing = [(source, at) for at in range(start, stop) if (source, at) not in set(before)]
        added = [sample for sample in after if sample in set(missing)]
        assert sorted(sample for sample in added if sample is not None) == missing
        rest = [sample for sample in after if sample not in set(missing)]
        assert [s for s in rest if s is not None] == [s for s in before if s is not None]
        assert op.restore_source_range(result, source, start, stop) == result

    @given(st.data())
    def test_what_was_cut_out_comes_back(self, data: st.DataObject) -> None:
        edit = EditList.whole(100)
        for _ in range(3):
            start, stop = sorted(data.draw(st.lists(st.integers(0, 100), min_size=2, max_size=2)))
            edit = op.remove_source_range(edit, 0, start, stop)
        assert op.restore_source_range(edit, 0, 0, 100) == EditList.whole(100)

    def test_removing_keeps_the_joins_between_what_stays(self) -> None:
        assert op.remove_source_range(EDIT, 0, 26, 28) == EditList(
            (
                Segment(0, 0, 10),
                Segment(0, 20, 26),
                Segment(0, 28, 30),
                Gap(5),
                Segment(0, 25, 26),
                Segment(0, 28, 40),
            ),
            (A_JOIN, Join(), OTHER_JOIN, Join(), Join()),
        )
        assert op.remove_source_range(EDIT, 0, 5, 25) == EditList(
            (Segment(0, 0, 5), Segment(0, 25, 30), *EDIT.items[2:]), (Join(), OTHER_JOIN, Join())
        )
        assert op.remove_source_range(EDIT, 0, 20, 25).joins[0] == Join()
        assert op.remove_source_range(EDIT, 0, 10, 20) == EDIT

    def test_thousands_of_cuts_are_undone_at_once(self) -> None:
        edit = EditList.from_ranges([(at, at + 5) for at in range(0, 30_000, 10)])
        restored = op.restore_source_range(edit, 0, 0, 29_995)
        assert restored == EditList.whole(29_995)

    def test_what_left_a_gap_comes_back_in_its_place(self) -> None:
        edit = op.delete_leaving_gap(EditList.whole(100), 30, 60)
        assert op.restore_source_range(edit, 0, 30, 60) == EditList.whole(100)
        part = op.restore_source_range(edit, 0, 30, 40)
        assert part.items == (Segment(0, 0, 40), Gap(30), Segment(0, 60, 100))

    def test_the_middle_of_a_cut_becomes_a_segment_of_its_own(self) -> None:
        edit = EditList.from_ranges([(0, 10), (50, 60)])
        result = op.restore_source_range(edit, 0, 20, 30)
        assert result == EditList.from_ranges([(0, 10), (20, 30), (50, 60)])

    def test_a_restored_stretch_has_the_gain_of_what_it_goes_on_from(self) -> None:
        edit = EditList((Segment(0, 0, 10, -3.0), Segment(0, 20, 30)))
        result = op.restore_source_range(edit, 0, 10, 20)
        assert result.items == (Segment(0, 0, 20, -3.0), Segment(0, 20, 30))

    @pytest.mark.parametrize("operation", [op.remove_source_range, op.restore_source_range])
    def test_no_stretch(self, operation: Callable[[EditList, int, int, int], EditList]) -> None:
        for start, stop in ((-1, 3), (5, 4)):
            with pytest.raises(EditError):
                operation(EDIT, 0, start, stop)


class TestJoinBack:
    def test_a_cut(self) -> None:
        edit = EditList.from_ranges([(0, 10), (20, 30), (50, 60)])
        assert op.join_back(edit, 0) == EditList.from_ranges([(0, 30), (50, 60)])
        assert op.join_back(edit, 1) == EditList.from_ranges([(0, 10), (20, 60)])

    def test_a_cut_between_two_gains(self) -> None:
        edit = EditList((Segment(0, 0, 10), Segment(0, 20, 30, -3.0)))
        assert op.join_back(edit, 0).items == (Segment(0, 0, 20), Segment(0, 20, 30, -3.0))

    def test_a_split(self) -> None:
        assert op.join_back(EditList.from_ranges([(0, 10), (10, 30)]), 0) == EditList.whole(30)

    @given(st.integers(2, 5))
    def test_loops_one_by_one(self, times: int) -> None:
        edit = op.repeat(EditList.whole(100), 40, 60, times)
        for _ in range(times - 1):
            longer = edit
            edit = op.join_back(edit, 1 if len(edit.items) > 2 else 0)
            assert edit.length == longer.length - 20
        assert op.normalised(edit) == EditList.whole(100)

    def test_a_loop_that_plays_on(self) -> None:
        edit = EditList((Segment(0, 0, 100), Segment(0, 50, 200), Gap(3)), (A_JOIN, OTHER_JOIN))
        assert op.join_back(edit, 0) == EditList((Segment(0, 0, 200), Gap(3)), (OTHER_JOIN,))

    def test_a_loop_that_is_split_up(self) -> None:
        edit = EditList.from_ranges([(0, 100), (50, 70), (70, 120), (120, 150), (170, 200)])
        assert op.join_back(edit, 0) == EditList.from_ranges([(0, 120), (120, 150), (170, 200)])

    def test_a_loop_that_ends_before_it_left(self) -> None:
        edit = EditList.from_ranges([(0, 100), (50, 70), (70, 80), (150, 200)])
        assert op.join_back(edit, 0) == EditList.from_ranges([(0, 100), (150, 200)])
        assert op.join_back(EditList.from_ranges([(0, 100), (50, 70)]), 0) == EditList.whole(100)

    def test_a_passage_heard_too_late(self) -> None:
        edit = EditList.from_ranges([(0, 10), (20, 25), (26, 30), (10, 15), (15, 20), (30, 40)])
        result = op.join_back(edit, 2)
        assert result == EditList.from_ranges([(0, 15), (15, 25), (26, 40)])

    def test_a_passage_that_began_as_the_first(self) -> None:
        edit = EditList.from_ranges([(20, 30), (0, 10)])
        assert op.join_back(edit, 0) == EditList.from_ranges([(0, 10), (20, 30)])

    def test_a_passage_stays_behind_a_gap(self) -> None:
        edit = EditList((Segment(0, 50, 60), Gap(1), Segment(0, 20, 30), Segment(0, 0, 10)))
        result = op.join_back(edit, 2)
        assert result.items == (Segment(0, 50, 60), Gap(1), Segment(0, 0, 10), Segment(0, 20, 30))

    @pytest.mark.parametrize("join", [0, 1, 2])
    def test_gaps(self, join: int) -> None:
        edit = EditList((Segment(0, 0, 10), Gap(7), Gap(2), Segment(0, 20, 30)))
        assert op.join_back(edit, join) == EditList.whole(30)

    def test_undoes_a_delete_that_left_a_gap(self) -> None:
        edit = op.delete_leaving_gap(EditList.whole(100), 30, 60)
        assert op.join_back(edit, 0) == EditList.whole(100)
        assert op.join_back(edit, 1) == EditList.whole(100)

    def test_a_gap_at_the_ends_or_before_a_jump_back(self) -> None:
        edit = EditList((Gap(3), Segment(0, 20, 30), Gap(3), Segment(0, 0, 10), Gap(3)))
        assert op.join_back(edit, 0).items == edit.items[1:]
        assert op.join_back(edit, 1).items == (*edit.items[:2], *edit.items[3:])
        assert op.join_back(edit, 3).items == edit.items[:4]
        assert op.join_back(EditList((Gap(1), Gap(2))), 0) == EditList()

    @pytest.mark.parametrize(
        "edit",
        [
            EditList((Segment(0, 0, 10), Segment(1, 10, 20))),
            EditList((Segment(0, 0, 10), Segment(0, 10, 20, -3.0))),
        ],
    )
    def test_nothing_to_restore(self, edit: EditList) -> None:
        with pytest.raises(EditError, match="nothing"):
            op.join_back(edit, 0)

    def test_a_passage_heard_too_early_is_put_right_at_the_later_one(self) -> None:
        edit = EditList.from_ranges([(0, 10), (20, 30), (10, 20), (30, 40)])
        for join in (0, 2):
            with pytest.raises(EditError, match="nothing"):
                op.join_back(edit, join)
        assert op.join_back(edit, 1) == EditList.whole(40)

    def test_no_such_join(self) -> None:
        with pytest.raises(EditError, match="no join"):
            op.join_back(EDIT, 3)

    @given(edit_lists(min_items=2), st.data())
    def test_gives_an_edit_of_the_same_sources_or_says_why_not(
        self, edit: EditList, data: st.DataObject
    ) -> None:
        if not edit.joins:
            return
        index = data.draw(st.integers(0, len(edit.joins) - 1))
        try:
            result = op.join_back(edit, index)
        except EditError:
            return
        result.check_within(SOURCE_LENGTHS)
        assert result != edit
