from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from model_core.edit.coverage import changes_of, joins_of, removed_ranges
from model_core.edit.operations import repeat
from model_core.edit.review import change_at, made_again, remembered, taken_back
from model_core.edit.types import (
    Change,
    ChangeKind,
    ChangeState,
    EditList,
    FadeLaw,
    Gap,
    Join,
    Segment,
)
from model_core.errors import EditError
from tests.edit.strategies import SOURCE_LENGTHS, edit_lists, heard

CUT, LOOP, REORDER, GAP = ChangeKind.CUT, ChangeKind.LOOP, ChangeKind.REORDER, ChangeKind.GAP
N = 200


def rows(edit: EditList) -> tuple[Change, ...]:
    return changes_of(edit, N)


def the(edit: EditList, kind: ChangeKind, start: int) -> Change:
    return next(row for row in rows(edit) if row.kind is kind and row.start == start)


class TestTakingBack:
    def test_a_cut_leaves_one_whole_piece(self) -> None:
        edit = EditList.from_ranges([(0, 50), (80, 120), (150, N)])
        assert taken_back(edit, [the(edit, CUT, 50)]) == EditList.from_ranges([(0, 120), (150, N)])

    def test_cuts_at_both_ends(self) -> None:
        edit = EditList.from_ranges([(20, 50), (80, 150)])
        assert taken_back(edit, [the(edit, CUT, 0)]).items[0] == Segment(0, 0, 50)
        assert taken_back(edit, [the(edit, CUT, 150)]).items[-1] == Segment(0, 80, N)
        assert taken_back(edit, rows(edit)) == EditList.whole(N)

    def test_the_other_joins_stay_as_they_were(self) -> None:
        fade = Join(FadeLaw.EQUAL_POWER, 7)
        segments = tuple(Segment(0, a, b) for a, b in ((0, 50), (80, 120), (150, N)))
        edit = EditList(segments, (Join(), fade))
        assert taken_back(edit, [the(edit, CUT, 50)]).joins == (fade,)

    def test_a_cut_between_passages_that_changed_places(self) -> None:
        edit = EditList.from_ranges([(100, N), (0, 60)])
        assert set(range(N)) == {
            place[1] for place in heard(taken_back(edit, [the(edit, CUT, 60)])) if place
        }

    def test_a_cut_that_is_left_by_both_passes_of_a_loop(self) -> None:
        edit = EditList.from_ranges([(0, 100), (120, 150), (50, 100), (120, N)])
        restored = taken_back(edit, [the(edit, CUT, 100)])
        assert restored == EditList.from_ranges([(0, 150), (50, N)])

    def test_the_only_cut_of_an_empty_edit(self) -> None:
        assert taken_back(EditList(), rows(EditList())) == EditList.whole(N)

    def test_a_loop_and_a_move(self) -> None:
        loop = EditList.from_ranges([(0, 100), (50, N)])
        assert taken_back(loop, [the(loop, LOOP, 50)]) == EditList.whole(N)
        moved = EditList.from_ranges([(0, 50), (100, 150), (50, 100), (150, N)])
        assert taken_back(moved, [the(moved, REORDER, 50)]) == EditList.whole(N)

    @pytest.mark.parametrize(
        "items",
        [
            (Segment(0, 0, 50), Gap(30), Segment(0, 80, N)),
            (Segment(0, 0, 50), Gap(30), Gap(5), Segment(0, 50, N)),
            (Gap(30), Segment(0, 80, N)),
            (Segment(0, 0, 50), Gap(30)),
        ],
    )
    def test_a_gap_gives_back_what_it_stands_for(self, items: tuple[Segment | Gap, ...]) -> None:
        edit = EditList(items)
        (gap,) = rows(edit)
        assert gap.kind is GAP
        assert taken_back(edit, [gap]) == EditList.whole(N)

    def test_several_of_all_kinds_at_once(self) -> None:
        edit = EditList(
            (
                Segment(0, 10, 50), Segment(0, 60, 100), Segment(0, 80, 120), Gap(9),
                Segment(0, 130, 180),
            )
        )  # fmt: skip
        assert taken_back(edit, rows(edit)) == EditList.whole(N)

    def test_what_is_not_there_is_refused(self) -> None:
        loop = EditList.from_ranges([(0, 100), (50, N)])
        row = the(loop, LOOP, 50)
        with pytest.raises(EditError, match="gone already"):
            taken_back(EditList.whole(N), [row])

    @given(edit_lists(n_sources=1), st.data())
    def test_cuts_taken_back_are_heard_and_nothing_else_is_lost(
        self, edit: EditList, data: st.DataObject
    ) -> None:
        n_samples = SOURCE_LENGTHS[0]
        cuts = [row for row in changes_of(edit, n_samples) if row.kind is CUT]
        assume(cuts)
        chosen = data.draw(st.lists(st.sampled_from(cuts), min_size=1, unique=True))
        restored = taken_back(edit, chosen)
        before = {place[1] for place in heard(edit) if place}
        after = {place[1] for place in heard(restored) if place}
        wanted = {n for cut in chosen for n in range(cut.start, cut.stop)}
        assert after == before | wanted


class TestMakingAgain:
    @given(st.lists(st.integers(0, N), min_size=2, max_size=12, unique=True))
    def test_cuts_of_a_straight_edit_come_back_as_they_were(self, edges: list[int]) -> None:
        edges = sorted(edges)[: len(edges) // 2 * 2]
        edit = EditList.from_ranges(zip(edges[::2], edges[1::2], strict=True))
        again = made_again(EditList.whole(N), [row for row in rows(edit) if row.kind is CUT])
        assert removed_ranges(again, 0, N).tolist() == removed_ranges(edit, 0, N).tolist()

    def test_joins_that_have_nothing_to_do_with_it_stay(self) -> None:
        fade = Join(FadeLaw.EQUAL_POWER, 7)
        edit = EditList((Segment(0, 0, 100), Segment(0, 120, N)), (fade,))
        cuts = [Change(0, CUT, rows(edit)[0].reason, 0, 20, 30)]
        assert made_again(edit, cuts) == EditList(
            (Segment(0, 0, 20), Segment(0, 30, 100), Segment(0, 120, N)), (Join(), fade)
        )
        cuts = [Change(0, CUT, rows(edit)[0].reason, 0, 90, 100)]
        assert made_again(edit, cuts).joins == (Join(),)

    def test_a_loop(self) -> None:
        loop = repeat(EditList.whole(N), 50, 100, 2)
        row = the(loop, LOOP, 50)
        assert made_again(taken_back(loop, [row]), [row]).length == loop.length
        assert rows(made_again(EditList.whole(N), [row])) == rows(loop)

    @pytest.mark.parametrize(
        "edit",
        [
            EditList.from_ranges([(0, 50), (100, 150), (50, 100), (150, N)]),
            EditList.from_ranges([(0, 50), (90, 150), (50, 80), (160, N)]),
            EditList((Segment(0, 0, 50), Gap(30), Segment(0, 80, N))),
            EditList((Segment(0, 0, 50), Gap(35), Segment(0, 50, N))),
            EditList((Gap(30), Segment(0, 80, N))),
            EditList((Gap(30), Segment(0, 0, N))),
            EditList((Segment(0, 0, 50), Gap(30))),
            EditList((Segment(0, 0, 50), Gap(30), Segment(0, 80, 120), Segment(0, 150, N))),
        ],
    )
    def test_a_move_and_a_gap_come_back_as_they_were(self, edit: EditList) -> None:
        row = next(row for row in rows(edit) if row.kind in (REORDER, GAP))
        known = remembered(edit, row)
        assert made_again(taken_back(edit, [row]), [known]) == edit

    def test_a_move_comes_back_with_what_was_cut_in_it_since(self) -> None:
        moved = EditList.from_ranges([(0, 50), (100, 150), (50, 100), (150, N)])
        known = remembered(moved, the(moved, REORDER, 50))
        cut = EditList.from_ranges([(0, 60), (70, N)])
        assert heard(made_again(cut, [known])) == heard(
            EditList.from_ranges([(0, 50), (100, 150), (50, 60), (70, 100), (150, N)])
        )

    def test_what_an_older_version_rejected_is_refused_with_a_mend(self) -> None:
        moved = EditList.from_ranges([(0, 50), (100, 150), (50, 100), (150, N)])
        with pytest.raises(EditError, match="Undo its rejection"):
            made_again(EditList.whole(N), [the(moved, REORDER, 50)])
        gap = EditList((Segment(0, 0, 50), Gap(30), Segment(0, 80, N)))
        with pytest.raises(EditError, match="Undo its rejection"):
            made_again(EditList.whole(N), list(rows(gap)))

    def test_what_is_not_heard_any_more_is_refused(self) -> None:
        moved = EditList.from_ranges([(0, 50), (100, 150), (50, 100), (150, N)])
        known = remembered(moved, the(moved, REORDER, 50))
        with pytest.raises(EditError, match="moved isn't heard"):
            made_again(EditList.from_ranges([(0, 50), (100, N)]), [known])
        with pytest.raises(EditError, match="before the moved passage"):
            made_again(EditList.from_ranges([(0, 100), (150, N)]), [known])
        gap = EditList((Segment(0, 0, 50), Gap(30), Segment(0, 80, N)))
        (row,) = (remembered(gap, one) for one in rows(gap))
        with pytest.raises(EditError, match="beside isn't heard"):
            made_again(EditList.from_ranges([(120, N)]), [row])

    @given(edit_lists(n_sources=1))
    def test_what_was_taken_back_can_be_made_again(self, edit: EditList) -> None:
        for row in changes_of(edit, SOURCE_LENGTHS[0]):
            if row.kind is not GAP:
                continue
            known = remembered(edit, row)
            back = taken_back(edit, [row])
            again = made_again(back, [known])
            # Where a stretch is heard elsewhere too, the silence may come there.
            silent = [sum(item.length for item in one.items if isinstance(item, Gap))
                      for one in (edit, again)]  # fmt: skip
            assert silent[0] == silent[1]


def test_each_join_tells_its_change() -> None:
    edit = EditList(
        (
            Segment(0, 10, 50), Segment(0, 60, 100), Segment(0, 80, 120), Gap(9),
            Segment(0, 130, 180),
        )
    )  # fmt: skip
    found = [change_at(rows(edit), join) for join in joins_of(edit)]
    assert [row.kind if row else None for row in found] == [CUT, LOOP, GAP, GAP]
    assert found[2] == found[3]
    rejected = [Change(0, CUT, rows(edit)[0].reason, 0, 50, 60, state=ChangeState.REJECTED)]
    assert change_at(rejected, joins_of(edit)[0]) is None
    split = EditList.from_ranges([(0, 50), (50, N)])
    assert change_at((), joins_of(split)[0]) is None
