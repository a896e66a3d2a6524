"""What recording asks of a sound input, so that tests and other libraries can stand in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

PushBlock: TypeAlias = Callable[[npt.NDArray[np.float32]], None]
"""Takes a block `[n, channels]` that has come in; it must be copied before this returns."""


@dataclass(frozen=True, slots=True)
class InputFormat:
    """What an input delivers.

    Attributes:
        sample_rate: The device's own, in hertz.
        channels: 1 or 2.
        device_name: For people.
        notice: A sentence if it isn't what was asked for; else empty.
    """

    sample_rate: int
    channels: int
    device_name: str
    notice: str = ""


class InputStream(Protocol):
    """An input that is open."""

    @property
    def format(self) -> InputFormat:
        """What it delivers."""

    @property
    def overflows(self) -> int:
        """How often samples were lost because nobody took them in time, as far as it tells."""

    def start(self, push: PushBlock) -> None:
        """Begins to hand out blocks, on a thread of the device's.

        Raises:
            DeviceError: The device can't be started; it is closed then.
        """

    def failure(self) -> str:
        """Returns a sentence when the device has gone away; else empty."""

    def close(self) -> None:
        """Stops at once and frees the device. When it returns nothing is handed out any more."""


class InputBackend(Protocol):
    """Opens sound inputs."""

    def open(self, device: str | None, channels: int) -> InputStream:
        """Opens an input at its own rate.

        Args:
            device: Its name; None for the system's default one.
            channels: 1 or 2; where it has fewer, it delivers those.

        Raises:
            DeviceError: There is no input, or it can't be opened.
        """
