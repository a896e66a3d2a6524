"""The sound device, through PortAudio."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from editorbot_gui.playback.backend import PullBlock, StreamFormat
from editorbot_gui.playback.counters import Field, new_counters
from editorbot_gui.playback.device_stream import DeviceStream
from editorbot_gui.playback.native_callback import NativeCallback, native_callback
from editorbot_gui.playback.portaudio import (
    WORKS_WITHOUT,
    library_lock,
    load_library,
    look_again,
    open_streams,
)
from model_core.errors import DeviceError

if TYPE_CHECKING:
    from editorbot_gui.playback import portaudio_types as pa

# What the device may hold, and what it takes at once: A/B waits for both, and the ring's 3 ms.
_DEVICE_LATENCY_S = 0.020
_BLOCK_S = 0.003


def block_frames(sample_rate: int) -> int:
    """Returns how many frames a device is to take at once; 0 leaves that to the system.

    With ALSA, which PulseAudio and PipeWire stand behind, small blocks let A/B be heard sooner
    while the device holds as much as before. They are powers of two, as hardware's are. With other
    systems' drivers that is untried.

    Args:
        sample_rate: In hertz.
    """
    if sys.platform != "linux":
        return 0
    return 1 << max(5, int(_BLOCK_S * sample_rate).bit_length() - 1)


class SoundDeviceBackend:
    """Plays on the system's default output, or on the one that is named.

    PortAudio is loaded when a stream is opened for the first time.

    Args:
        device: Name of an output as PortAudio lists it; None for the default one.
        native: Whether its callback is machine code where that can be had; else blocks are pulled.

    Attributes:
        device: As given; it is opened the next time.
    """

    def __init__(self, device: str | None = None, *, native: bool = True) -> None:
        self.device = device
        self._native = native

    def prepare(self) -> None:
        """Loads what opening needs, so that it is quick; see `AudioBackend.prepare`."""
        # What is missing is told when it is needed.
        with contextlib.suppress(DeviceError), library_lock:
            load_library()
            if self._native:
                native_callback()

    def open(self, sample_rate: int) -> SoundDeviceStream:
        """Opens the device; see `AudioBackend.open`."""
        device = self.device
        with library_lock:
            library = load_library()
            if open_streams.needs_look(device):
                look_again(library)
            try:
                return self._open_named(library, device, sample_rate)
            except DeviceError as error:
                try:
                    if not look_again(library):
                        raise
                    return self._open_named(library, device, sample_rate)
                except DeviceError:
                    if device is None:
                        raise
                    with contextlib.suppress(DeviceError):
                        return self._open_named(library, None, sample_rate, error.sentence)
                    raise

    def forget_devices(self) -> None:
        """Has the list of devices made anew before one is opened the next time."""
        open_streams.stale = True

    def _open_named(
        self, library: pa.Library, device: str | None, sample_rate: int, reason: str = ""
    ) -> SoundDeviceStream:
        """Opens a device at the rate that is asked for, or at its own.

        Args:
            library: The module sounddevice.
            device: Its name; None for the default one.
            sample_rate: In hertz.
            reason: Why it isn't the device that was asked for, as a sentence; empty if it is.

        Raises:
            DeviceError: It isn't there, or can't be opened.
        """
        info = self._find_device(library, device)
        notice = f"{reason} You hear this through “{info['name']}”." if reason else ""
        return self._open_at_some_rate(library, info, sample_rate, notice)

    def _find_device(self, library: pa.Library, device: str | None) -> pa.DeviceInfo:
        try:
            return library.query_devices(device, kind="output")
        except (library.PortAudioError, ValueError) as error:
            if device is None:
                raise DeviceError(
                    "No sound device was found.",
                    f"Connect one and play again. {WORKS_WITHOUT}",
                ) from error
            raise DeviceError(
                f"The sound device “{device}” was not found.",
                "Connect it, or choose another.",
            ) from error

    def _open_at_some_rate(
        self, library: pa.Library, info: pa.DeviceInfo, sample_rate: int, notice: str
    ) -> SoundDeviceStream:
        # Two at most: a system's mixer offers dozens of channels and drops those that no
        # loudspeaker is there for, so that some of a recording would silently not be heard.
        device_channels = max(1, min(2, info["max_output_channels"]))
        device_rate = int(info["default_samplerate"])
        latency_s = max(_DEVICE_LATENCY_S, info["default_low_output_latency"])
        reason = ""
        native = native_callback() if self._native else None
        for rate in dict.fromkeys((sample_rate, device_rate)):
            stream_format = StreamFormat(rate, device_channels, info["name"], notice)
            try:
                return SoundDeviceStream(library, info["index"], stream_format, latency_s, native)
            except library.PortAudioError as error:
                reason = str(error.args[0])
        raise DeviceError(
            f"The sound device “{info['name']}” can't be opened ({reason}).",
            f"Close programs that hold it, or choose another. {WORKS_WITHOUT}",
        )


class SoundDeviceStream(DeviceStream):
    """An open output of PortAudio's.

    Args:
        library: The module sounddevice.
        device: Number of the output.
        stream_format: What to ask of it.
        latency_s: What the device may hold, in seconds.
        native: The callback in machine code, or None to pull blocks.
    """

    def __init__(
        self,
        library: pa.Library,
        device: int,
        stream_format: StreamFormat,
        latency_s: float,
        native: NativeCallback | None = None,
    ) -> None:
        super().__init__(library, f"The sound device “{stream_format.device_name}”")
        self._format = stream_format
        self._pull: PullBlock | None = None
        self._underflows = 0
        self._counters = new_counters() if native is not None else None
        asked: pa.Asked = {
            "device": device,
            "samplerate": stream_format.sample_rate,
            "channels": stream_format.channels,
            "dtype": "float32",
            "latency": latency_s,
            "blocksize": block_frames(stream_format.sample_rate),
            # What is heard is what is exported: nothing is added on the way.
            "dither_off": True,
            "finished_callback": self._note_end,
        }
        if native is None or self._counters is None:
            self._take(library.OutputStream(**asked, callback=self._callback))
        else:
            self._counters[Field.CHANNELS] = stream_format.channels
            stream = library._StreamBase(
                kind="output",
                **asked,
                callback=native.address,
                userdata=library._ffi.cast("void*", self._counters.ctypes.data),
            )
            self._counters.view(np.float64)[Field.LATENCY] = stream.latency
            self._take(stream)

    @property
    def format(self) -> StreamFormat:
        """What the device plays."""
        return self._format

    @property
    def counters(self) -> npt.NDArray[np.int64] | None:
        """What its callback in machine code works on; see `AudioStream.counters`."""
        return self._counters

    @property
    def underflows(self) -> int:
        """How often the device was short of samples."""
        if self._counters is not None:
            return int(self._counters[Field.UNDERFLOWS])
        return self._underflows

    def start(self, pull: PullBlock) -> None:
        """Begins to pull blocks; see `AudioStream.start`."""
        self._pull = pull
        self._start("Play again, or choose another device.")

    def now_s(self) -> float:
        """Returns the time on PortAudio's clock for this stream; 0 when it has none (any more)."""
        try:
            return self._stream.time
        except self._library.PortAudioError:
            return 0.0

    def _callback(
        self, out: npt.NDArray[np.float32], _frames: int, times: pa.Times, status: pa.Status
    ) -> None:
        if status.output_underflow:
            self._underflows += 1
        # Some drivers don't say when a block is heard.
        heard_at_s = times.outputBufferDacTime or self.now_s() + self._stream.latency
        if self._pull is not None:
            self._pull(out, heard_at_s)
