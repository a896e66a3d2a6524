"""Sounds and files for the tests of audio and export."""

from __future__ import annotations

import errno
import io
import os
import pathlib
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import soundfile as sf

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt


def tones(n_samples: int, sample_rate: int, channels: int = 1) -> npt.NDArray[np.float64]:
    """A chord that swells, of shape [n, C]; another one in every channel."""
    t = np.arange(n_samples) / sample_rate
    swell = 0.2 + 0.1 * np.sin(2 * np.pi * 1.5 * t)
    pitches_hz = 220 * 1.25 ** np.arange(channels)
    return swell[:, None] * np.sin(2 * np.pi * pitches_hz * t[:, None])


def noise(n_samples: int, channels: int = 1, seed: int = 0) -> npt.NDArray[np.float64]:
    """White noise of shape [n, C], 20 dB below full scale."""
    return 0.1 * np.random.default_rng(seed).standard_normal((n_samples, channels))


def integers(samples: npt.NDArray[np.float64], bits: int) -> npt.NDArray[Any]:
    """Samples as whole numbers of so many bits, left-justified in int16 or int32."""
    dtype = np.int16 if bits <= 16 else np.int32
    shift = 8 * np.dtype(dtype).itemsize - bits
    values = np.clip(np.round(samples * 2 ** (bits - 1)), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return values.astype(dtype) << shift


def write(path: Path, samples: npt.NDArray[Any], sample_rate: int, encoding: str) -> Path:
    """Writes a file in the format of its name."""
    sf.write(path, samples, sample_rate, subtype=encoding)
    return path


def encode_with_ffmpeg(
    path: Path,
    samples: npt.NDArray[Any],
    sample_rate: int,
    codec: str,
    sample_format: str,
    *,
    tracks: int = 1,
) -> Path:
    """Encodes samples of shape [n, C] with PyAV, in the container of the file's name."""
    layout = {1: "mono", 2: "stereo"}[samples.shape[1]]
    planar = sample_format.endswith("p")
    array = samples.T if planar else samples.reshape(1, -1)
    with av.open(str(path), "w") as container:
        streams = []
        for _ in range(tracks):
            stream = container.add_stream(codec, rate=sample_rate, layout=layout)
            stream.codec_context.format = sample_format
            streams.append(stream)
        for stream in streams:
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(array), format=sample_format, layout=layout
            )
            frame.sample_rate = sample_rate
            frame.pts = 0
            fifo = av.AudioFifo()
            fifo.write(frame)
            while part := fifo.read(stream.codec_context.frame_size or 1024, partial=True):
                container.mux(stream.encode(part))
            container.mux(stream.encode(None))
    return path


def film_without_sound(path: Path) -> Path:
    """A film of ten black pictures."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(10):
            picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def open_on_full_disk(room_bytes: int) -> Callable[..., Any]:
    """A stand-in for `Path.open` that lets each file grow to so many bytes and no more."""

    class FullDisk(io.FileIO):
        def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer
            if self.tell() + len(data) > room_bytes:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.name))
            return super().write(data)

    original = pathlib.Path.open

    def opened(path: Path, mode: str = "r", *args: Any, **options: Any) -> Any:  # noqa: ANN401
        if mode == "wb":
            return io.BufferedWriter(FullDisk(path, mode))
        return original(path, mode, *args, **options)

    return opened
