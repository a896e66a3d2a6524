"""A sound file that is whole at every moment while it grows.

The header is written with the first sample and put right every time it is settled, so a program
that is killed leaves a file that any other opens; what was written after the last settling is
found by `repair`. Beyond 4 GiB the file becomes an RF64, for which the header has kept room
(EBU Tech 3306).
"""

from __future__ import annotations

import contextlib
import os
import struct
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from model_core.errors import AudioReadError
from model_core.files import file_write_error, why_unreadable

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE_BYTES = 3
"""Samples are kept with 24 bits, which is all that sound devices have."""

_HEADER_BYTES = 80
_DS64_BYTES = 28
_RIFF_LIMIT = 0xFFFF_FFFF
_HIGHEST_RATE = 2**20
_FULL_SCALE = 2**23


class GrowingWave:
    """Writes a recording, block by block.

    Args:
        path: The file; it must not be there yet.
        sample_rate: In hertz.
        channels: 1 or 2.

    Attributes:
        path: As given.
        n_frames: How many frames are written.

    Raises:
        FileWriteError: It can't be written there.
    """

    def __init__(self, path: Path, sample_rate: int, channels: int) -> None:
        self.path = path
        self.n_frames = 0
        self._sample_rate = sample_rate
        self._channels = channels
        try:
            # Without a buffer: what is written survives the program's sudden end.
            self._file = path.open("xb", buffering=0)
        except OSError as error:
            raise file_write_error(error, path) from error
        try:
            self._write(_header(sample_rate, channels, 0))
        except OSError as error:
            self._file.close()
            with contextlib.suppress(OSError):
                path.unlink()
            raise file_write_error(error, path) from error

    def append(self, samples: npt.NDArray[np.float32]) -> None:
        """Writes frames `[n, C]`, full scale at 1.

        Raises:
            FileWriteError: The disk is full or has gone away. What was written so far is kept,
                whole frames of it.
        """
        try:
            self._write(encoded(samples))
        except OSError as error:
            self._keep_whole_frames()
            raise file_write_error(error, self.path) from error
        self.n_frames += len(samples)

    def settle(self) -> None:
        """Has the file say how long it is, and has the system bring it to the disk.

        Raises:
            FileWriteError: The disk has gone away.
        """
        try:
            self._put_header()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise file_write_error(error, self.path) from error

    def close(self) -> None:
        """Settles and closes; also after a failure.

        Raises:
            FileWriteError: The disk has gone away.
        """
        try:
            with contextlib.suppress(OSError):  # a full disk; readers do without it
                self._write(b"\0" * (self.n_frames * self._channels * SAMPLE_BYTES % 2))
            self.settle()
        finally:
            self._file.close()

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]

    def _put_header(self) -> None:
        place = self._file.tell()
        self._file.seek(0)
        try:
            self._write(_header(self._sample_rate, self._channels, self.n_frames))
        finally:
            self._file.seek(place)

    def _keep_whole_frames(self) -> None:
        # The header has room in the file already, so this needs none on the disk.
        with contextlib.suppress(OSError):
            frame_bytes = self._channels * SAMPLE_BYTES
            self.n_frames = (self._file.tell() - _HEADER_BYTES) // frame_bytes
            end = _HEADER_BYTES + self.n_frames * frame_bytes
            self._file.truncate(end)
            self._file.seek(end)
            self._put_header()


def encoded(samples: npt.NDArray[np.float32]) -> bytes:
    """Returns samples `[n, C]` as little-endian integers of 24 bits; beyond full scale clips."""
    scaled = np.rint(samples * np.float32(_FULL_SCALE))
    pcm = np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype("<i4")
    packed: bytes = pcm.view(np.uint8).reshape(-1, 4)[:, :SAMPLE_BYTES].tobytes()
    return packed


def repair(path: Path) -> float:
    """Has a recording that was broken off say how long it is.

    Nothing but what `GrowingWave` has written is touched.

    Returns:
        Its length in seconds.

    Raises:
        AudioReadError: It can't be read, or was not written by `GrowingWave`.
        FileWriteError: It can't be put right.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER_BYTES)
    except OSError as error:
        sentence = f"“{path}” can't be opened: {why_unreadable(error)}."
        raise AudioReadError(sentence) from error
    channels, sample_rate = struct.unpack_from("<HI", head, 58) if len(head) > 63 else (0, 0)
    if not _is_ours(head, sample_rate, channels):
        raise AudioReadError(f"“{path}” is not a recording that was broken off.")
    frame_bytes = channels * SAMPLE_BYTES
    try:
        with path.open("rb+", buffering=0) as file:
            n_frames = (path.stat().st_size - _HEADER_BYTES) // frame_bytes
            file.truncate(_HEADER_BYTES + n_frames * frame_bytes)
            header = _header(sample_rate, channels, n_frames)
            if header != head:
                file.write(header)
            os.fsync(file.fileno())
    except OSError as error:
        raise file_write_error(error, path) from error
    return float(n_frames / sample_rate)


def _is_ours(head: bytes, sample_rate: int, channels: int) -> bool:
    """Whether a file begins as those of `GrowingWave` do, whatever their length."""
    if len(head) < _HEADER_BYTES or channels not in (1, 2) or not 0 < sample_rate < _HIGHEST_RATE:
        return False
    expected = _header(sample_rate, channels, 0)
    if head[:4] not in (b"RIFF", b"RF64") or head[12:16] not in (b"JUNK", b"ds64"):
        return False
    # Between the two: lengths, which differ.
    same = ((8, 12), (16, 20), (48, 76))
    return all(head[start:stop] == expected[start:stop] for start, stop in same)


def _header(sample_rate: int, channels: int, n_frames: int) -> bytes:
    """Returns the header of a file with so many frames, always of the same length."""
    frame_bytes = channels * SAMPLE_BYTES
    data_bytes = n_frames * frame_bytes
    riff_bytes = _HEADER_BYTES - 8 + data_bytes + data_bytes % 2
    if riff_bytes <= _RIFF_LIMIT:
        start = struct.pack("<4sI4s", b"RIFF", riff_bytes, b"WAVE")
        room = struct.pack("<4sI28x", b"JUNK", _DS64_BYTES)
    else:
        start = struct.pack("<4sI4s", b"RF64", 0xFFFF_FFFF, b"WAVE")
        sizes = (riff_bytes, data_bytes, n_frames)
        room = struct.pack("<4sIQQQI", b"ds64", _DS64_BYTES, *sizes, 0)
        data_bytes = 0xFFFF_FFFF
    form = struct.pack(
        "<4sIHHIIHH",
        b"fmt ",
        16,
        1,  # integers
        channels,
        sample_rate,
        sample_rate * frame_bytes,
        frame_bytes,
        8 * SAMPLE_BYTES,
    )
    return start + room + form + struct.pack("<4sI", b"data", data_bytes)
