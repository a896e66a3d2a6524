"""Hearing what is recorded while it is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from editorbot_gui.playback.ring import SampleRing
from model_core.errors import DeviceError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from editorbot_gui.playback.backend import AudioBackend
    from editorbot_gui.recording.backend import InputFormat

_WAITING_S = 0.03
_ROOM_S = 0.5


class HearingAlong:
    """Plays what comes in, with as little delay as the devices allow.

    The two devices' clocks differ a little: where too much waits, some of it is left out, and where
    nothing waits there is a moment of silence. What is recorded has neither.

    Args:
        backend: Opens the output.
        input_format: What comes in.

    Raises:
        DeviceError: There is no output, or none that plays the input's rate.
    """

    def __init__(self, backend: AudioBackend, input_format: InputFormat) -> None:
        rate = input_format.sample_rate
        self._stream = backend.open(rate)
        out = self._stream.format
        if out.sample_rate != rate:
            self._stream.close()
            raise DeviceError(
                f"The output “{out.device_name}” does not play the input's {rate / 1000:g} kHz, "
                "so you can't hear what is recorded.",
                "Choose another output, or listen after recording.",
            )
        self._ring = SampleRing(int(_ROOM_S * rate), out.channels)
        self._most_frames = int(_WAITING_S * rate)
        self._stream.start(self._pull)

    def push(self, block: npt.NDArray[np.float32]) -> None:
        """Takes a block `[n, C]` that has come in, on the input's thread."""
        if self._ring.room_frames < len(block):
            return
        if block.shape[1] == self._ring.channels or block.shape[1] == 1:
            # One channel is heard on both sides: numpy spreads it.
            self._ring.append(block)
        else:
            self._ring.append(block.mean(axis=1, keepdims=True))

    def close(self) -> None:
        """Frees the output."""
        self._stream.close()

    def _pull(self, out: npt.NDArray[np.float32], _heard_at_s: float) -> None:
        too_many = self._ring.waiting_frames - len(out) - self._most_frames
        if too_many > self._most_frames:
            self._ring.taken += too_many
        self._ring.take_into(out)
