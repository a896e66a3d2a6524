"""Sound inputs, through PortAudio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from editorbot_gui.playback.device_stream import DeviceStream
from editorbot_gui.playback.portaudio import (
    WORKS_WITHOUT,
    library_lock,
    load_library,
    look_again,
    open_streams,
)
from editorbot_gui.recording.backend import InputFormat, PushBlock
from model_core.errors import DeviceError

if TYPE_CHECKING:
    from editorbot_gui.playback import portaudio_types as pa

# What the device may hold when nobody takes it. It hands samples out far sooner than that.
_DEVICE_LATENCY_S = 0.1


class SoundInputBackend:
    """Records from the system's default input, or from the one that is named."""

    def open(self, device: str | None, channels: int) -> SoundInputStream:
        """Opens an input; see `InputBackend.open`."""
        with library_lock:
            library = load_library()
            if open_streams.needs_look(device):
                look_again(library)
            try:
                return self._opened(library, device, channels)
            except DeviceError:
                # It may have been plugged in since PortAudio has looked.
                if not look_again(library):
                    raise
                return self._opened(library, device, channels)

    def _opened(self, library: pa.Library, device: str | None, channels: int) -> SoundInputStream:
        try:
            info = library.query_devices(device, kind="input")
        except (library.PortAudioError, ValueError) as error:
            if device is None:
                raise DeviceError(
                    "No sound input was found.",
                    f"Connect a microphone or an interface and try again. {WORKS_WITHOUT}",
                ) from error
            raise DeviceError(
                f"The sound input “{device.rsplit(', ', 1)[0]}” was not found.",
                "Connect it, or choose another.",
            ) from error
        there = max(1, info["max_input_channels"])
        notice = "This input has only one channel, so it records mono." if there < channels else ""
        input_format = InputFormat(
            int(info["default_samplerate"]), min(channels, there), info["name"], notice
        )
        try:
            return SoundInputStream(library, info["index"], input_format, _DEVICE_LATENCY_S)
        except library.PortAudioError as error:
            raise DeviceError(
                f"The sound input “{info['name']}” can't be opened ({error.args[0]}).",
                "Close programs that hold it, allow recording in the system's privacy settings, "
                "or choose another.",
            ) from error


class SoundInputStream(DeviceStream):
    """An open input of PortAudio's.

    Args:
        library: The module sounddevice.
        device: Number of the input.
        input_format: What to ask of it.
        latency_s: What the device may hold, in seconds.
    """

    def __init__(
        self, library: pa.Library, device: int, input_format: InputFormat, latency_s: float
    ) -> None:
        super().__init__(library, f"The sound input “{input_format.device_name}”")
        self._format = input_format
        self._push: PushBlock | None = None
        self._overflows = 0
        stream = library.InputStream(
            device=device,
            samplerate=input_format.sample_rate,
            channels=input_format.channels,
            dtype="float32",
            latency=latency_s,
            # What is recorded is what the device delivers: nothing is added on the way.
            dither_off=True,
            callback=self._callback,
            finished_callback=self._note_end,
        )
        self._take(stream)

    @property
    def format(self) -> InputFormat:
        """What the device delivers."""
        return self._format

    @property
    def overflows(self) -> int:
        """How often samples were lost because nobody took them in time."""
        return self._overflows

    def start(self, push: PushBlock) -> None:
        """Begins to hand out blocks; see `InputStream.start`."""
        self._push = push
        self._start("Try again, or choose another input.")

    def _callback(
        self, block: npt.NDArray[np.float32], _frames: int, _times: pa.Times, status: pa.Status
    ) -> None:
        if status.input_overflow:
            self._overflows += 1
        if self._push is not None:
            self._push(block)
