from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from model_core.edit.types import EditList, Gap, Join, Segment
from model_core.errors import EditError


@pytest.mark.parametrize(
    "make",
    [
        lambda: Segment(-1, 0, 1),
        lambda: Segment(0, -1, 1),
        lambda: Segment(0, 5, 5),
        lambda: Segment(0, 5, 4),
        lambda: Segment(0, 0, 1, float("nan")),
        lambda: Segment(0, 0, 1, float("inf")),
        lambda: Segment(0, 0, 1, -200),
        lambda: Gap(0),
        lambda: Gap(-1),
        lambda: Join(length=-1),
        lambda: EditList((Gap(1),), (Join(),)),
        lambda: EditList((Gap(1), Gap(2), Gap(3)), (Join(),)),
    ],
)
def test_what_is_no_edit_cannot_be_made(make: Callable[[], object]) -> None:
    with pytest.raises(EditError):
        make()


def test_joins_left_out_are_default_ones() -> None:
    assert EditList((Gap(1), Gap(2), Gap(3))).joins == (Join(), Join())
    assert EditList().joins == ()


def test_lengths() -> None:
    edit = EditList((Segment(0, 10, 15), Gap(7), Segment(1, 0, 3)))
    assert edit.length == 15
    assert edit.segments == (Segment(0, 10, 15), Segment(1, 0, 3))
    assert EditList().length == 0


def test_whole_and_ranges() -> None:
    assert EditList.whole(5).items == (Segment(0, 0, 5),)
    assert EditList.whole(0).items == ()
    assert EditList.from_ranges([(0, 2), (4, 5)], source=1).items == (
        Segment(1, 0, 2),
        Segment(1, 4, 5),
    )


def test_a_segment_goes_on_only_in_its_source_at_its_gain() -> None:
    segment = Segment(0, 10, 20)
    assert segment.continues(Segment(0, 0, 10))
    assert not segment.continues(Segment(0, 0, 9))
    assert not segment.continues(Segment(1, 0, 10))
    assert not segment.continues(Segment(0, 0, 10, -1.0))
    assert not segment.continues(Gap(10))


def test_check_within() -> None:
    edit = EditList((Segment(0, 0, 10), Gap(100), Segment(1, 0, 20)))
    edit.check_within([10, 20])
    for lengths in ([9, 20], [10, 19], [10], []):
        with pytest.raises(EditError, match="beyond its recording"):
            edit.check_within(lengths)


def test_edit_lists_cannot_be_changed() -> None:
    edit = EditList.whole(5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        edit.items = ()  # type: ignore[misc]
    assert hash(edit) == hash(EditList.whole(5))
