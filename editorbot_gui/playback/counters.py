"""The numbers that the feeder and the sound device's callback share.

They lie in one array, so that a callback in machine code can work on them without the interpreter.
Each is written by one side alone.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


class Field(IntEnum):
    """Which number of the array is which; each has 64 bits."""

    RING = 0
    """Address of the ring's samples; 0 for none yet. By the feeder's side, once."""
    SIZE = 1
    """Frames that fit in the ring. By the feeder's side, once."""
    CHANNELS = 2
    """Samples in a frame. By the feeder's side, once."""
    WRITTEN = 3
    """Number of the frame that the feeder writes next. By the feeder."""
    TAKEN = 4
    """Number of the frame that the device takes next. By the callback."""
    FLOWING = 5
    """1 while more samples follow those that wait. By the feeder."""
    UNDERRUNS = 6
    """Blocks that had to be filled up with silence. By the callback."""
    BLOCKS = 7
    """Blocks pulled. By the callback."""
    LARGEST = 8
    """Frames in the longest of them. By the callback."""
    UNDERFLOWS = 9
    """How often the device was short of samples, as it tells itself. By the callback."""
    STAMP = 10
    """Even; odd while the three numbers that follow are being changed. By the callback."""
    STAMP_FRAME = 11
    """First frame of the newest block that held samples. By the callback."""
    STAMP_LENGTH = 12
    """Frames of that block. By the callback."""
    STAMP_TIME = 13
    """When its first frame is heard, as a float, in seconds on the device's clock."""
    LATENCY = 14
    """What the device holds, as a float, in seconds; for devices that don't tell when a block is
    heard. Once."""


def new_counters() -> npt.NDArray[np.int64]:
    """Returns an array for `Field`, all of it 0."""
    return np.zeros(len(Field), dtype=np.int64)
