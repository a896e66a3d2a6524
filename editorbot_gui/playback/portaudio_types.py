"""The part of the library sounddevice that is used here; it ships no type information."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypedDict

import numpy as np
import numpy.typing as npt


class DeviceInfo(TypedDict):
    """What PortAudio knows of a device."""

    name: str
    index: int
    max_output_channels: int
    max_input_channels: int
    default_samplerate: float
    default_low_output_latency: float
    default_low_input_latency: float


class Times(Protocol):
    """Times on the stream's clock, in seconds; 0 where a driver doesn't tell."""

    @property
    def outputBufferDacTime(self) -> float:  # noqa: N802 - the library's name
        """When the first frame of the block is heard."""


class Status(Protocol):
    """What went wrong since the last block."""

    @property
    def output_underflow(self) -> bool:
        """Whether the device was short of samples."""

    @property
    def input_overflow(self) -> bool:
        """Whether samples that came in were lost."""


Callback = Callable[[npt.NDArray[np.float32], int, Times, Status], None]


class Asked(TypedDict):
    """What is asked of an output."""

    device: int
    samplerate: float
    channels: int
    dtype: str
    latency: float
    blocksize: int
    dither_off: bool
    finished_callback: Callable[[], None]


class Stream(Protocol):
    """A stream, out or in."""

    @property
    def time(self) -> float:
        """The stream's clock, in seconds."""

    @property
    def latency(self) -> float:
        """What the device holds, in seconds."""

    def start(self) -> None:
        """Begins to call back."""

    def abort(self) -> None:
        """Stops without playing what the device holds."""

    def close(self) -> None:
        """Frees the device."""


class InterfaceInfo(TypedDict):
    """What PortAudio knows of one of the system's sound interfaces."""

    name: str
    devices: list[int]
    default_output_device: int
    default_input_device: int


class DeviceLister(Protocol):
    """What is asked of the module to list devices."""

    def query_hostapis(self) -> tuple[InterfaceInfo, ...]:
        """Returns the system's sound interfaces, the usual one first."""

    def query_devices(self, device: int) -> DeviceInfo:
        """Returns one device."""


class ForeignInterface(Protocol):
    """What the module reaches PortAudio with."""

    def cast(self, kind: str, value: int) -> object:
        """Returns a number as a pointer."""


class Library(Protocol):
    """The module."""

    @property
    def PortAudioError(self) -> type[Exception]:  # noqa: N802 - the library's name
        """Raised by all that goes wrong."""

    def query_devices(self, device: int | str | None, kind: str) -> DeviceInfo:
        """Returns one device; None asks for the default one of its kind."""

    def OutputStream(  # noqa: N802 - the library's name
        self,
        *,
        device: int,
        samplerate: float,
        channels: int,
        dtype: str,
        latency: float,
        blocksize: int,
        dither_off: bool,
        callback: Callback,
        finished_callback: Callable[[], None],
    ) -> Stream:
        """Opens a device."""

    def _StreamBase(  # noqa: N802 - the library's name
        self,
        *,
        kind: str,
        device: int,
        samplerate: float,
        channels: int,
        dtype: str,
        latency: float,
        blocksize: int,
        dither_off: bool,
        callback: int,
        userdata: object,
        finished_callback: Callable[[], None],
    ) -> Stream:
        """Opens a device with a callback that is no function of Python's but at an address."""

    @property
    def _ffi(self) -> ForeignInterface: ...

    def InputStream(  # noqa: N802 - the library's name
        self,
        *,
        device: int,
        samplerate: float,
        channels: int,
        dtype: str,
        latency: float,
        dither_off: bool,
        callback: Callback,
        finished_callback: Callable[[], None],
    ) -> Stream:
        """Opens a device for recording."""

    def _terminate(self) -> None: ...

    def _initialize(self) -> None: ...
