"""Stand-ins for playback tests: material that knows its samples, a device pulled by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from editorbot_gui.playback.backend import PullBlock, StreamFormat
from model_core.errors import DeviceError

STEP = 2.0**-23
"""What a sample of `CountingMaterial` differs from the one before it."""


class CountingMaterial:
    """Every sample's value tells its position (plus an offset), exactly."""

    def __init__(
        self, length: int, sample_rate: int = 8000, channels: int = 2, offset: int = 1
    ) -> None:
        self.length = length
        self.sample_rate = sample_rate
        self.channels = channels
        self.offset = offset
        self.while_reading: Callable[[], None] = lambda: None

    def read_float(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        assert 0 <= start <= stop <= self.length
        self.while_reading()
        values = (np.arange(start, stop) + self.offset) * STEP
        return np.repeat(values.astype(np.float32)[:, None], self.channels, axis=1)


class NoiseMaterial:
    """Noise of 16 bits, as a renderer gives it."""

    def __init__(self, length: int, sample_rate: int, channels: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.pcm = rng.integers(-20000, 20000, (length, channels), dtype=np.int16)
        self.length = length
        self.sample_rate = sample_rate
        self.channels = channels

    def read_float(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        assert 0 <= start <= stop <= self.length
        return (self.pcm[start:stop] / 32768.0).astype(np.float32)


class ManualStream:
    """A device whose blocks are pulled by hand; its clock goes on with them."""

    def __init__(self, stream_format: StreamFormat, latency_s: float) -> None:
        self.format = stream_format
        self.counters: npt.NDArray[np.int64] | None = None
        self.latency_s = latency_s
        self.underflows = 0
        self.time_s = 100.0
        self.failing = ""
        self.closed = False
        self._pull: PullBlock | None = None

    def start(self, pull: PullBlock) -> None:
        self._pull = pull

    def pull(self, n_frames: int) -> npt.NDArray[np.float32]:
        assert self._pull is not None
        assert not self.closed
        out = np.full((n_frames, self.format.channels), np.nan, dtype=np.float32)
        self._pull(out, self.time_s + self.latency_s)
        self.time_s += n_frames / self.format.sample_rate
        return out

    def now_s(self) -> float:
        return self.time_s

    def failure(self) -> str:
        return self.failing

    def close(self) -> None:
        self.closed = True


class ManualBackend:
    """Opens manual streams; can be told to refuse."""

    def __init__(
        self, sample_rate: int | None = None, channels: int = 2, latency_s: float = 0.0
    ) -> None:
        self._sample_rate = sample_rate
        self._channels = channels
        self._latency_s = latency_s
        self.device: str | None = None
        self.forgotten = 0
        self.prepared = 0
        self.refusal = ""
        self.streams: list[ManualStream] = []

    @property
    def stream(self) -> ManualStream:
        return self.streams[-1]

    def prepare(self) -> None:
        self.prepared += 1

    def open(self, sample_rate: int) -> ManualStream:
        if self.refusal:
            raise DeviceError(self.refusal)
        stream_format = StreamFormat(self._sample_rate or sample_rate, self._channels, "By hand")
        self.streams.append(ManualStream(stream_format, self._latency_s))
        return self.stream

    def forget_devices(self) -> None:
        self.forgotten += 1


def positions(block: npt.NDArray[np.float32]) -> list[int]:
    """Returns what the samples of counting material count; 0 for silence."""
    assert (block == block[:, :1]).all()
    values = block[:, 0] / STEP
    assert (values == np.round(values)).all()
    return [int(value) for value in values]
