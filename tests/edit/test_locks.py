from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_core.edit.locks import Locks, Range, span
from model_core.errors import EditError

ranges = st.tuples(st.integers(-2, 40), st.integers(-2, 40))


def test_nothing_locked_is_false() -> None:
    assert not Locks()
    assert Locks(keep=((0, 1),))
    assert Locks(drop=((0, 1),))
    assert Locks(passages=(((0, 1),),))


@pytest.mark.parametrize("wrong", [(5, 5), (6, 5), (-1, 5)])
def test_a_range_begins_before_it_ends(wrong: Range) -> None:
    for locks in ({"keep": (wrong,)}, {"drop": (wrong,)}, {"passages": ((wrong,),)}):
        with pytest.raises(EditError, match="begin before it ends"):
            Locks(**locks)


def test_a_passage_holds_something() -> None:
    with pytest.raises(EditError, match="at least one range"):
        Locks(passages=((),))


@pytest.mark.parametrize("other", [(0, 11), (19, 30), (12, 15), (0, 40)])
def test_samples_are_locked_in_one_way_only(other: Range) -> None:
    with pytest.raises(EditError, match="kept and to be left out") as caught:
        Locks(keep=((10, 20),), drop=(other,))
    assert caught.value.mend
    with pytest.raises(EditError, match="kept and to be left out"):
        Locks(keep=((10, 20),), passages=((other,),))


def test_a_passage_stands_for_all_between_its_ends() -> None:
    parts = ((40, 50), (5, 9), (42, 60))
    assert span(parts) == (5, 60)
    with pytest.raises(EditError, match="kept and to be left out"):
        Locks(keep=((20, 30),), passages=(parts,))
    with pytest.raises(EditError, match="passages overlap"):
        Locks(passages=(parts, ((10, 12),)))


def test_what_only_touches_does_not_overlap() -> None:
    Locks(keep=((10, 20),), drop=((0, 10), (20, 30)), passages=(((40, 50),), ((30, 40),)))
    Locks(keep=((10, 20), (15, 25)), drop=((30, 40), (35, 45)))  # the same said twice


def test_locks_end_with_the_recording() -> None:
    for locks in (
        Locks(keep=((0, 9),)),
        Locks(drop=((3, 9),)),
        Locks(passages=(((0, 9), (1, 2)),)),
    ):
        locks.check_within(9)
        with pytest.raises(EditError, match="beyond the recording"):
            locks.check_within(8)


@given(st.lists(ranges, max_size=2), st.lists(ranges, max_size=2), st.lists(ranges, max_size=2))
def test_locks_that_are_accepted_do_not_contradict_each_other(
    keep: list[Range], drop: list[Range], passages: list[Range]
) -> None:
    everything = [*keep, *drop, *passages]
    kept, dropped = ({x for r in part for x in range(*r)} for part in (keep, drop))
    arranged = [set(range(*r)) for r in passages]
    legal = (
        all(0 <= start < stop for start, stop in everything)
        and not kept & (dropped | set().union(*arranged))
        and sum(map(len, arranged)) == len(set().union(*arranged))
    )
    try:
        Locks(tuple(keep), tuple(drop), tuple((part,) for part in passages))
    except EditError:
        assert not legal
    else:
        assert legal
