"""What playback asks of a sound device, so that tests and other libraries can stand in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

PullBlock: TypeAlias = Callable[[npt.NDArray[np.float32], float], None]
"""Fills a block `[n, channels]` whose first frame is heard at a time on the stream's clock."""


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """What a device agreed to play.

    Attributes:
        sample_rate: In hertz; not always the one asked for.
        channels: 1 or 2.
        device_name: For people.
        notice: A sentence if it isn't the device that was asked for; else empty.
    """

    sample_rate: int
    channels: int
    device_name: str
    notice: str = ""


class AudioStream(Protocol):
    """A device that is open for playing."""

    @property
    def format(self) -> StreamFormat:
        """What it plays."""

    @property
    def counters(self) -> npt.NDArray[np.int64] | None:
        """What a callback in machine code works on, an array for `Field`.

        A ring that is made with it is emptied by the device itself, and nothing is pulled. None
        where the device pulls.
        """

    @property
    def underflows(self) -> int:
        """How often the device was short of samples, as far as it tells."""

    def start(self, pull: PullBlock) -> None:
        """Begins to pull blocks, on a thread of the device's.

        Raises:
            DeviceError: The device can't be started; it is closed then.
        """

    def now_s(self) -> float:
        """Returns the time on the stream's clock, in seconds."""

    def failure(self) -> str:
        """Returns a sentence when the device has gone away; else empty."""

    def close(self) -> None:
        """Stops at once and frees the device. When it returns nothing is pulled any more."""


class AudioBackend(Protocol):
    """Opens sound devices.

    Attributes:
        device: Name of the output to use; None for the system's default one.
    """

    device: str | None

    def prepare(self) -> None:
        """Loads what opening needs, so that it is quick; what fails fails again when opening."""

    def open(self, sample_rate: int) -> AudioStream:
        """Opens the device for playing.

        Args:
            sample_rate: What the material has. Where the device refuses it, its own is used.

        Returns:
            The device; the default one, with a notice, where the one that is asked for can't be
            opened.

        Raises:
            DeviceError: There is no device, or it can't be opened.
        """

    def forget_devices(self) -> None:
        """Has the list of devices made anew before one is opened the next time."""
