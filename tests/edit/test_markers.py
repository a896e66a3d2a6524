from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_core.edit.markers import (
    Marker,
    heard_markers,
    marker_added,
    marker_at,
    marker_beside,
    marker_moved,
    marker_removed,
    marker_renamed,
    sorted_markers,
)
from model_core.edit.timeline import Timeline
from model_core.edit.types import EditList
from model_core.errors import EditError
from tests.edit.strategies import SOURCE_LENGTHS, edit_lists

THREE = (Marker(10, "a"), Marker(20, "b"), Marker(30, "c"))


def test_they_are_kept_in_the_order_of_the_recording() -> None:
    assert marker_added(THREE, Marker(15, "  new\n one ")) == (
        THREE[0], Marker(15, "new one"), *THREE[1:],
    )  # fmt: skip
    assert marker_moved(THREE, 0, 25) == (THREE[1], Marker(25, "a"), THREE[2])
    assert marker_moved(THREE, 0, 10) is THREE
    assert marker_renamed(THREE, 1, "x" * 500)[1] == Marker(20, "x" * 200)
    assert marker_removed(THREE, 1) == (THREE[0], THREE[2])
    assert sorted_markers((Marker(5, "late"), Marker(3), Marker(5, "last"))) == (
        Marker(3), Marker(5, "last"),
    )  # fmt: skip


def test_no_two_are_at_one_place() -> None:
    with pytest.raises(EditError, match="already"):
        marker_added(THREE, Marker(20))
    with pytest.raises(EditError, match="already"):
        marker_moved(THREE, 0, 30)
    with pytest.raises(EditError):
        Marker(-1)
    for change in (marker_removed, lambda markers, index: marker_moved(markers, index, 5)):
        with pytest.raises(EditError, match="any more"):
            change(THREE, 3)


def test_going_from_one_to_the_next() -> None:
    assert marker_beside(THREE, 10, later=True) == 1
    assert marker_beside(THREE, 10, later=False) is None
    assert marker_beside(THREE, 11, later=False) == 0
    assert marker_beside(THREE, 30, later=True) is None
    assert marker_beside((), 0, later=True) is None
    assert marker_at(THREE, 20) == 1
    assert marker_at(THREE, 21) is None


@given(
    edit_lists(),
    st.lists(st.integers(0, SOURCE_LENGTHS[0]), unique=True, max_size=6).map(sorted),
)
def test_each_is_heard_wherever_its_sample_is(edit: EditList, places: list[int]) -> None:
    timeline = Timeline(edit)
    markers = tuple(Marker(place) for place in places)
    positions, index = heard_markers(markers, timeline)
    expected = sorted(
        (position, number)
        for number, place in enumerate(places)
        for position in timeline.to_edited(0, place)
    )
    assert list(zip(positions.tolist(), index.tolist(), strict=True)) == expected
