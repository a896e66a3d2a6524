"""Which device, which precision and how much at once to compute with."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TypeVar

import torch
from torch import Tensor

from model_core.errors import DeviceError

Result = TypeVar("Result")

DEVICES = ("auto", "cpu", "cuda", "mps")

_CACHED_ROWS = 1024
"""Rows of some hundred numbers that a processor keeps in its second cache from one operation to
the next. Whole recordings would go through main memory at every operation, and each of their
intermediate results would be fresh pages from the operating system."""
_MANY_ROWS = 1 << 16
"""At once elsewhere: a GPU wants few large operations, and a crop for training goes as a whole."""


def choose_device(name: str = "auto") -> torch.device:
    """Returns the device of that name; `auto` takes a GPU if there is one.

    Raises:
        DeviceError: The device is not there.
    """
    cuda = torch.cuda.is_available()
    mps = torch.backends.mps.is_available()
    if name == "auto":
        name = "cuda" if cuda else "mps" if mps else "cpu"
    if name not in DEVICES:
        raise DeviceError(f"There is no device called “{name}”.", f"Choose {', '.join(DEVICES)}.")
    if (name == "cuda" and not cuda) or (name == "mps" and not mps):
        raise DeviceError(
            f"This computer offers no “{name}” device.", "Choose “auto” or “cpu” instead."
        )
    return torch.device(name)


def usable_devices() -> tuple[tuple[str, str], ...]:
    """Returns what there is to compute with: the names that are asked for, and words for people."""
    found = [("cpu", f"processor, {torch.get_num_threads()} threads")]
    if torch.cuda.is_available():
        found.append(("cuda", torch.cuda.get_device_name()))
    if torch.backends.mps.is_available():
        found.append(("mps", "Apple graphics"))
    return tuple(found)


@cache
def choose_precision(kind: str) -> torch.dtype:
    """Returns the faster of bfloat16 and float32 on a device of that kind, by a short trial.

    bfloat16 is several times faster on processors with instructions for it and slower on others.
    """
    if kind == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    if kind != "cpu":
        return torch.float32
    taken = {dtype: _seconds_for_product(dtype) for dtype in (torch.float32, torch.bfloat16)}
    return min(taken, key=lambda dtype: taken[dtype])


def in_faster_precision() -> torch.autocast:
    """Returns a context in which the processor computes in the precision that it is faster in."""
    half = choose_precision("cpu") is torch.bfloat16
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=half)


def _seconds_for_product(dtype: torch.dtype) -> float:
    a = torch.ones(1024, 512, dtype=dtype)
    b = torch.ones(512, 512, dtype=dtype)
    fastest = float("inf")
    for _ in range(4):
        start = time.perf_counter()
        torch.mm(a, b)
        fastest = min(fastest, time.perf_counter() - start)
    return fastest


def rows_at_once(device: torch.device) -> int:
    """Returns how many tokens, or places alike, to take through several operations together."""
    return _CACHED_ROWS if _is_cached(device) else _MANY_ROWS


def _is_cached(device: torch.device) -> bool:
    return device.type == "cpu" and not torch.is_grad_enabled()


def in_pieces(
    run: Callable[[int, int], Tensor],
    n_rows: int,
    piece: int,
    device: torch.device,
    into: Tensor | None = None,
) -> Tensor:
    """Computes a long result piece by piece; on a processor each core takes one at a time.

    Args:
        run: Returns rows `start` to `stop` of the result, of shape `[B, stop - start, ...]`; it
            must not depend on how the rows are split.
        n_rows: Rows of the whole.
        piece: Rows of a piece.
        device: Where it is computed.
        into: Memory for the result that `run` doesn't read, or at most at the very rows it
            returns; used where no gradient is wanted and if it fits.

    Returns:
        The whole, of shape `[B, n_rows, ...]`.
    """
    if n_rows <= piece:
        return run(0, n_rows)
    if torch.is_grad_enabled():
        return torch.cat(for_pieces(run, n_rows, piece, device), dim=1)
    whole = [] if into is None else [into]
    allocating = threading.Lock()

    def write(start: int, stop: int) -> None:
        rows = run(start, stop)
        shape = (rows.shape[0], n_rows, *rows.shape[2:])
        with allocating:
            if not whole or whole[0].shape != shape or whole[0].dtype != rows.dtype:
                whole[:] = [rows.new_empty(shape)]
        whole[0][:, start:stop] = rows

    for_pieces(write, n_rows, piece, device)
    return whole[0]


def for_pieces(
    run: Callable[[int, int], Result], n_rows: int, piece: int, device: torch.device
) -> list[Result]:
    """Returns what `run` returns for each piece, in order; see `in_pieces`."""
    bounds = [(start, min(n_rows, start + piece)) for start in range(0, n_rows, piece)]
    if len(bounds) == 1 or not _is_cached(device) or _is_worker.get():
        return [run(*each) for each in bounds]
    with _operations_on_one_thread() as n_threads:
        if n_threads == 1:
            return [run(*each) for each in bounds]
        inference, autocast = torch.is_inference_mode_enabled(), torch.is_autocast_enabled("cpu")
        dtype = torch.get_autocast_dtype("cpu")

        def work(each: tuple[int, int]) -> Result:
            # What computing is done with belongs to a thread.
            with (
                torch.inference_mode(inference),
                torch.set_grad_enabled(mode=False),
                torch.autocast("cpu", dtype=dtype, enabled=autocast),
            ):
                return run(*each)

        return list(_workers(n_threads).map(work, bounds))


_is_worker: ContextVar[bool] = ContextVar("is_worker", default=False)
_switching = threading.Lock()
_users = 0
_threads = 1


@contextmanager
def _operations_on_one_thread() -> Iterator[int]:
    """Keeps operations from splitting among threads; yields how many they would have had.

    An operation on a piece is too short for that: the threads would wait for one another
    thousands of times, and each time for long where other programs want the processor too.
    """
    global _users, _threads  # noqa: PLW0603 - torch's setting is one of the process
    with _switching:
        if _users == 0:
            _threads = torch.get_num_threads()
        _users += 1
        torch.set_num_threads(1)
    try:
        yield _threads
    finally:
        with _switching:
            _users -= 1
            torch.set_num_threads(_threads)


@cache
def _workers(n_threads: int) -> ThreadPoolExecutor:
    """Returns threads that sleep until there is a piece to compute."""
    return ThreadPoolExecutor(n_threads, "pieces", initializer=_is_worker.set, initargs=(True,))
