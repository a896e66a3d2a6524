"""Stand-ins for recording tests: an input whose blocks are pushed by hand."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

from editorbot_gui.recording.backend import InputFormat, PushBlock
from model_core.errors import DeviceError


class ManualInput:
    """An input that delivers what the test says."""

    def __init__(self, input_format: InputFormat) -> None:
        self.format = input_format
        self.overflows = 0
        self.failing = ""
        self.closed = False
        self._push: PushBlock | None = None

    def start(self, push: PushBlock) -> None:
        self._push = push

    def push(self, block: npt.NDArray[np.float32]) -> None:
        assert self._push is not None
        assert not self.closed
        self._push(block)

    def failure(self) -> str:
        return self.failing

    def close(self) -> None:
        self.closed = True


class ManualInputs:
    """Opens manual inputs; can be told to refuse."""

    def __init__(self, sample_rate: int = 8000, channels: int = 2) -> None:
        self._sample_rate = sample_rate
        self._channels = channels
        self.asked: list[tuple[str | None, int]] = []
        self.refusal = ""
        self.gate = threading.Event()
        self.gate.set()
        self.streams: list[ManualInput] = []

    @property
    def stream(self) -> ManualInput:
        return self.streams[-1]

    def open(self, device: str | None, channels: int) -> ManualInput:
        assert threading.current_thread() is not threading.main_thread()
        assert self.gate.wait(20)
        self.asked.append((device, channels))
        if self.refusal:
            raise DeviceError(self.refusal)
        there = min(channels, self._channels)
        notice = "This input has only one channel." if there < channels else ""
        self.streams.append(ManualInput(InputFormat(self._sample_rate, there, "By hand", notice)))
        return self.stream


def noise(n_frames: int, channels: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """Returns noise as a device of 24 bits delivers it, `[n, C]`."""
    rng = np.random.default_rng(seed)
    pcm = rng.integers(-(2**23), 2**23, (n_frames, channels))
    return (pcm / 2**23).astype(np.float32)
