from __future__ import annotations

from model_core.edit.new_fades import with_new_fades
from model_core.edit.operations import delete_leaving_gap, ripple_delete, split
from model_core.edit.types import EditList, FadeLaw, Join, Segment

WHOLE = EditList.whole(10_000)


def test_only_new_joins_get_the_length() -> None:
    before = ripple_delete(WHOLE, 1000, 2000)
    after = ripple_delete(before, 5000, 6000)
    faded = with_new_fades(before, after, 441)
    assert [join.length for join in faded.joins] == [None, 441]
    assert faded.items == after.items
    generated = with_new_fades(EditList(), after, 441)
    assert [join.length for join in generated.joins] == [441, 441]


def test_lengths_that_were_named_laws_and_butt_joins_stay() -> None:
    items = (Segment(0, 0, 1000), Segment(0, 2000, 3000), Segment(0, 4000, 5000))
    edit = EditList(items, (Join(FadeLaw.EQUAL_GAIN), Join(FadeLaw.AUTO, 0)))
    faded = with_new_fades(EditList(), edit, 100)
    assert faded.joins == (Join(FadeLaw.EQUAL_GAIN, 100), Join(FadeLaw.AUTO, 0))


def test_splits_and_gaps_are_left_alone() -> None:
    for edit in (split(WHOLE, 5000), delete_leaving_gap(WHOLE, 1000, 2000), WHOLE, EditList()):
        assert with_new_fades(EditList(), edit, 100) is edit
