from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_core.edit.coverage import joins_of
from model_core.edit.loops import loop_at, with_loop
from model_core.edit.operations import repeat
from model_core.edit.types import ChangeKind, EditList, Gap, Segment
from model_core.errors import EditError
from tests.edit.strategies import SOURCE_LENGTHS, edit_lists

N = 200
THRICE = EditList.from_ranges([(0, 100), (60, 100), (60, 100), (60, N)])


def test_all_passes_are_one_loop_from_any_of_its_joins() -> None:
    for join in range(3):
        loop = loop_at(THRICE, join)
        assert loop is not None
        assert loop.joins == (0, 1, 2)
        assert (loop.start, loop.stop, loop.length) == (60, 100, 40)


def test_both_ends_move_together_and_the_length_stays() -> None:
    loop = loop_at(THRICE, 1)
    assert loop is not None
    moved = with_loop(THRICE, loop, 65, 105, N)
    assert moved == EditList.from_ranges([(0, 105), (65, 105), (65, 105), (65, N)])
    assert moved.length == THRICE.length
    assert loop.slid(1000, N) == 100
    assert loop.slid(-1000, N) == -60
    assert loop.slid(7, N) == 7


def test_one_end_moves_in_every_pass() -> None:
    loop = loop_at(THRICE, 0)
    assert loop is not None
    longer = with_loop(THRICE, loop, 60, 110, N)
    assert longer == EditList.from_ranges([(0, 110), (60, 110), (60, 110), (60, N)])


def test_passes_with_a_cut_in_them_are_known_too() -> None:
    body = EditList.from_ranges([(0, 70), (80, N)])
    looped = repeat(body, 50, 90, 3)
    joins = [join.index for join in joins_of(looped) if join.kind is ChangeKind.LOOP]
    assert len(joins) == 2
    for join in joins:
        loop = loop_at(looped, join)
        assert loop is not None
        assert loop.joins == tuple(joins)
    loop = loop_at(looped, joins[0])
    assert loop is not None
    moved = with_loop(looped, loop, 52, 102, N)
    assert [item for item in moved.items if isinstance(item, Segment) and item.start == 52]
    assert moved.length == looped.length
    # The pass has to keep a sample before the cut, and one after it.
    assert loop.slid(-1000, N) == 81 - 100
    assert loop.slid(1000, N) == 69 - 50


def test_what_is_no_loop_is_none() -> None:
    assert loop_at(EditList.from_ranges([(0, 50), (80, N)]), 0) is None
    assert loop_at(EditList((Segment(0, 0, 50), Gap(3), Segment(0, 20, N))), 0) is None
    assert loop_at(EditList.whole(N), 0) is None
    assert loop_at(THRICE, -1) is None
    assert loop_at(EditList((Segment(0, 0, 50), Segment(1, 20, 30))), 0) is None


def test_what_has_no_room_is_refused() -> None:
    loop = loop_at(THRICE, 0)
    assert loop is not None
    for start, stop in ((60, 60), (-1, 100), (60, N + 1), (100, 90)):
        with pytest.raises(EditError, match="can't go there"):
            with_loop(THRICE, loop, start, stop, N)
    inner = repeat(EditList.from_ranges([(0, 70), (80, N)]), 50, 90, 2)
    join = next(join.index for join in joins_of(inner) if join.kind is ChangeKind.LOOP)
    loop = loop_at(inner, join)
    assert loop is not None
    with pytest.raises(EditError, match="no room"):
        with_loop(inner, loop, 75, 100, N)


@given(edit_lists(n_sources=1), st.integers(-60, 60))
def test_a_slid_loop_keeps_the_length_of_the_edit(edit: EditList, wanted: int) -> None:
    n_samples = SOURCE_LENGTHS[0]
    for join in range(len(edit.joins)):
        loop = loop_at(edit, join)
        if loop is None:
            continue
        moved = loop.slid(wanted, n_samples)
        after = with_loop(edit, loop, loop.start + moved, loop.stop + moved, n_samples)
        assert after.length == edit.length
        assert abs(moved) <= abs(wanted)
