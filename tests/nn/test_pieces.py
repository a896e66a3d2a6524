from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch

from model_core.nn.device import for_pieces, in_pieces, rows_at_once

CPU = torch.device("cpu")


@pytest.fixture(params=[1, 2])
def n_threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_pieces_make_the_whole(n_threads: int) -> None:
    rows = torch.rand(2, 103, 5)
    with torch.inference_mode():
        whole = in_pieces(lambda start, stop: rows[:, start:stop] * 2, 103, 10, CPU)
    torch.testing.assert_close(whole, rows * 2, atol=0, rtol=0)
    assert torch.get_num_threads() == n_threads


def test_the_result_may_take_the_place_of_what_it_came_from(n_threads: int) -> None:
    del n_threads
    rows = torch.rand(1, 50, 3)
    expected = rows + 1
    with torch.no_grad():
        whole = in_pieces(lambda start, stop: rows[:, start:stop] + 1, 50, 7, CPU, into=rows)
        assert whole is rows
        other = in_pieces(lambda start, stop: rows[:, start:stop].double(), 50, 7, CPU, into=rows)
    torch.testing.assert_close(whole, expected, atol=0, rtol=0)
    assert other.dtype is torch.float64


def test_gradients_come_through_pieces() -> None:
    rows = torch.rand(1, 20, 3, requires_grad=True)
    in_pieces(lambda start, stop: rows[:, start:stop] ** 2, 20, 6, CPU).sum().backward()
    torch.testing.assert_close(rows.grad, 2 * rows.detach())


def test_threads_compute_as_the_one_that_asked(n_threads: int) -> None:
    layer = torch.nn.Linear(4, 4)

    def run(start: int, _stop: int) -> tuple[int, str, bool, torch.dtype]:
        out = layer(torch.ones(1, 4))
        return start, threading.current_thread().name, torch.is_inference_mode_enabled(), out.dtype

    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        results = for_pieces(run, 30, 10, CPU)
    assert [start for start, *_ in results] == [0, 10, 20]
    assert all(name.startswith("pieces") == (n_threads > 1) for _, name, *_ in results)
    assert all(inference for _, _, inference, _ in results)
    assert {dtype for *_, dtype in results} == {torch.bfloat16}


def test_pieces_within_pieces_do_not_wait_for_one_another(n_threads: int) -> None:
    del n_threads

    def run(start: int, _stop: int) -> list[int]:
        return for_pieces(lambda low, _high: start + low, 4, 1, CPU)

    with torch.no_grad():
        assert for_pieces(run, 8, 1, CPU) == [[i, i + 1, i + 2, i + 3] for i in range(8)]


def test_what_fails_is_raised_and_the_setting_restored(n_threads: int) -> None:
    def run(start: int, _stop: int) -> int:
        if start:
            raise MemoryError
        return start

    with torch.no_grad(), pytest.raises(MemoryError):
        for_pieces(run, 30, 10, CPU)
    assert torch.get_num_threads() == n_threads


def test_training_takes_crops_whole() -> None:
    assert rows_at_once(CPU) > 50_000
    with torch.no_grad():
        assert rows_at_once(CPU) < 5_000
