"""Which device and which precision to compute on."""

from __future__ import annotations

import time
from functools import cache

import torch

from model_core.errors import DeviceError

DEVICES = ("auto", "cpu", "cuda", "mps")


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


def _seconds_for_product(dtype: torch.dtype) -> float:
    a = torch.ones(1024, 512, dtype=dtype)
    b = torch.ones(512, 512, dtype=dtype)
    fastest = float("inf")
    for _ in range(4):
        start = time.perf_counter()
        torch.mm(a, b)
        fastest = min(fastest, time.perf_counter() - start)
    return fastest
