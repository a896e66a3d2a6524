from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_core.edit.pointers import PADDING, STOP
from model_core.nn.walks import budget_of, steps_of

N_FRAMES = 25
runs_strategy = st.lists(
    st.tuples(st.integers(0, N_FRAMES - 1), st.integers(1, 9)).map(
        lambda run: (run[0], min(N_FRAMES, run[0] + run[1]))
    ),
    max_size=6,
).map(lambda runs: np.array(runs, np.int64).reshape(-1, 2))


def test_a_loop_expects_the_same_places_again() -> None:
    steps = steps_of(np.array([[1, 4], [2, 4], [2, 5]]))
    assert steps.pointer.tolist() == [1, 2, 3, 2, 3, 2, 3, 4, STOP]
    assert steps.expected.tolist() == [0, 2, 3, 4, 3, 4, 3, 4, 5]
    assert steps.visit.tolist() == [0, 0, 0, 0, 1, 1, 2, 2, 0]


def test_an_edit_of_nothing_stops_at_once() -> None:
    steps = steps_of(np.zeros((0, 2), np.int64))
    assert (steps.pointer.tolist(), steps.expected.tolist()) == ([STOP], [0])
    rows, order = steps.in_rows(3)
    assert rows.tolist() == [[STOP, PADDING, PADDING, PADDING]]
    assert order.tolist() == [0]


def test_passages_that_change_places_need_no_second_row() -> None:
    rows, _ = steps_of(np.array([[0, 3], [5, 9], [3, 5]])).in_rows(9)
    assert len(rows) == 1
    assert rows[0].tolist() == [0, 1, 2, 5, 4, STOP, 6, 7, 8, 3]


@given(runs_strategy)
def test_rows_walked_in_order_play_the_edit(runs: np.ndarray) -> None:
    steps = steps_of(runs)
    played = [frame for start, stop in runs.tolist() for frame in range(start, stop)]
    assert steps.pointer.tolist() == [*played, STOP]
    rows, order = steps.in_rows(N_FRAMES)
    assert rows.shape[1] == N_FRAMES + 1
    assert len(set(order.tolist())) == len(order)
    assert rows.reshape(-1)[order].tolist() == [*played, STOP]
    assert (rows != PADDING).sum() == len(order)
    # A column's rows are filled from the first on.
    assert (np.diff((rows != PADDING).astype(int), axis=0) <= 0).all()
    e = 0
    for pointer, expected in zip(steps.pointer, steps.expected, strict=True):
        assert expected == e
        e = int(pointer) + 1


@given(runs_strategy)
def test_visits_count_how_often_a_place_was_expected(runs: np.ndarray) -> None:
    steps = steps_of(runs)
    before: dict[int, int] = {}
    for expected, visit in zip(steps.expected.tolist(), steps.visit.tolist(), strict=True):
        assert visit == before.get(expected, 0)
        before[expected] = visit + 1


def test_the_budget_is_what_is_left_to_play_over_what_is_left() -> None:
    budget = steps_of(np.array([[0, 4], [8, 10]])).budget(12)
    # Seven steps are left at first, the one that stops among them.
    expected = [7 / 12, 6 / 11, 5 / 10, 4 / 9, 3 / 8, 2 / 3, 1 / 2]
    np.testing.assert_allclose(budget, np.log(expected), rtol=1e-6)
    assert budget.dtype == np.float32


@pytest.mark.parametrize(
    ("to_play", "left", "expected"),
    [(5, 5, 0.0), (0, 10, -math.log(10)), (-7, 10, -math.log(10)), (3, 0, math.log(3)),
     (10_000, 1, 3.0), (1, 10_000, -3.0)],
)  # fmt: skip
def test_budgets_are_bounded(to_play: int, left: int, expected: float) -> None:
    assert budget_of(np.array([to_play]), np.array([left]))[0] == pytest.approx(expected)
