"""What every part of the program knows of a recording: samples by position, at its own rate.

Samples are kept in the type that the file holds them in, so that what is copied stays bit for bit
what it was; floats in [-1, 1] are made where something is computed or played.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

Samples: TypeAlias = npt.NDArray[Any]
"""Samples of shape `[n, C]` in one of the types of `SAMPLE_TYPES`."""

SAMPLE_TYPES = (np.dtype("int16"), np.dtype("int32"), np.dtype("float32"), np.dtype("float64"))
"""The types that samples are kept in. 24-bit samples are int32, shifted left by 8 bits."""

DEFAULT_BLOCK_SAMPLES = 1 << 16


def full_scale(dtype: np.dtype[Any]) -> float:
    """Returns the value of a sample of this type that stands for 1.0."""
    return float(2 ** (8 * dtype.itemsize - 1)) if dtype.kind == "i" else 1.0


def to_float(samples: Samples) -> npt.NDArray[np.float32]:
    """Returns samples of any kept type as float32, full scale at 1; the shape stays."""
    if samples.dtype.kind == "i":
        scaled = samples.astype(np.float32)
        scaled *= np.float32(1.0 / full_scale(samples.dtype))
        return scaled
    return np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float32, copy=False)


def widest(dtypes: Sequence[np.dtype[Any]]) -> np.dtype[Any]:
    """Returns the type that holds the samples of all."""
    if any(dtype.kind == "f" for dtype in dtypes) and any(dtype.kind == "i" for dtype in dtypes):
        wide = any(dtype.itemsize > 4 or dtype == np.int32 for dtype in dtypes)
        return np.dtype("float64" if wide else "float32")
    return max(dtypes, key=lambda dtype: dtype.itemsize)


def converted(samples: Samples, dtype: np.dtype[Any]) -> Samples:
    """Returns samples in a type that is at least as wide, losing nothing."""
    if samples.dtype == dtype:
        return samples
    if dtype.kind == "i":
        return samples.astype(dtype) << 8 * (dtype.itemsize - samples.dtype.itemsize)
    return samples.astype(dtype) / full_scale(samples.dtype)


def cut_short_note(n_samples: int, sample_rate: int) -> str:
    """Returns the sentence for a file of which only so many samples are there."""
    read_s = n_samples / sample_rate
    return f"The file is cut short; {read_s:.{1 if read_s >= 1 else 3}f} s could be read."


@dataclass(frozen=True, slots=True)
class Track:
    """A file of a recording that is made of several, such as one microphone of an interview.

    Attributes:
        name: How it is called.
        file: The file, at its own rate.
        first_channel: Which of the recording's channels is its first.
        channels: Number of channels.
        offset: Where in the recording the file begins, in samples of the recording.
        n_samples: Its length there.
    """

    name: str
    file: AudioSource
    first_channel: int
    channels: int
    offset: int
    n_samples: int

    @property
    def columns(self) -> slice:
        """Where its channels lie among the recording's."""
        return slice(self.first_channel, self.first_channel + self.channels)


class AudioSource(ABC):
    """A recording whose samples can be read from anywhere, in any order, from any thread.

    Attributes:
        path: The file, or None for samples in memory.
        sample_rate: Samples a second.
        channels: Number of channels.
        n_samples: Length in samples (of one channel).
        dtype: The type that `read` returns.
        bits: Significant bits of a sample as stored: 8, 16, 24, 32 or 64. Lossy codings have none;
            16 is what they are worth.
        container: The file's kind, such as "WAV"; "memory" for samples in memory.
        encoding: How samples are coded in it, such as "PCM_24" or "MPEG_LAYER_III".
        lossy: Whether the coding threw something away.
    """

    path: Path | None
    sample_rate: int
    channels: int
    n_samples: int
    dtype: np.dtype[Any]
    bits: int
    container: str
    encoding: str
    lossy: bool

    def __init__(self, notes: tuple[str, ...] = ()) -> None:
        self._notes = notes

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the person about what is unusual, as far as it was met by now."""
        return self._notes

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.sample_rate

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that it is read from; none for samples in memory."""
        return () if self.path is None else (self.path,)

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The files of a recording that is made of several; none for any other."""
        return ()

    @property
    def heard(self) -> AudioSource:
        """What is listened to where joins are chosen and loudness is measured: all tracks mixed.

        For a recording that is one file it is the recording itself.
        """
        return self

    @abstractmethod
    def _read(self, start: int, stop: int) -> Samples:
        """Reads a range that is known to be valid and not empty."""

    @abstractmethod
    def content_hash(self) -> str:
        """Returns a hash of the content, in hexadecimal, for caches and relinking."""

    def close(self) -> None:  # noqa: B027 - samples in memory have nothing to close
        """Lets go of the file. Reading afterwards is an error."""

    def read(self, start: int, stop: int) -> Samples:
        """Reads samples as they are kept.

        Samples that are no finite numbers are returned as 0 and noted in `notes`.

        Args:
            start: First sample, inclusive.
            stop: Last sample, exclusive.

        Returns:
            An array of shape `[stop - start, C]` in `dtype`.

        Raises:
            ValueError: If the range isn't within the recording.
            AudioReadError: If the file can't be read any more.
        """
        if not 0 <= start <= stop <= self.n_samples:
            raise ValueError(f"{start}-{stop} isn't within the {self.n_samples} samples")
        if start == stop:
            return np.zeros((0, self.channels), self.dtype)
        samples = self._read(start, stop)
        if self.dtype.kind == "f" and not np.isfinite(samples).all():
            self._note("Some samples of the recording aren't numbers; they are taken as silence.")
            samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        return samples

    def read_float(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Reads float32 samples of shape `[stop - start, C]`, full scale at 1."""
        return to_float(self.read(start, stop))

    def read_mono(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Reads the mean of the channels as float32 of shape `[stop - start]`."""
        samples = self.read(start, stop)
        if self.channels == 1:
            return to_float(samples[:, 0])
        # Column by column is several times faster than a mean over the short axis.
        mono = samples[:, 0].astype(np.float32)
        for channel in range(1, self.channels):
            mono += samples[:, channel]
        mono *= np.float32(1.0 / (full_scale(self.dtype) * self.channels))
        return mono

    def blocks(self, block_samples: int = DEFAULT_BLOCK_SAMPLES) -> Iterator[Samples]:
        """Yields the whole recording in order, in blocks of at most `block_samples`."""
        for start in range(0, self.n_samples, block_samples):
            yield self.read(start, min(start + block_samples, self.n_samples))

    def _note(self, sentence: str) -> None:
        if sentence not in self._notes:
            self._notes = (*self._notes, sentence)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class ArraySource(AudioSource):
    """A recording that is an array in memory.

    Args:
        samples: Of shape `[n]` or `[n, C]`; int16, int32, float32 or float64. It isn't copied and
            must not be changed afterwards.
        sample_rate: Samples a second.
        bits: Significant bits, where they aren't all of the type's (24 in an int32).
    """

    def __init__(self, samples: Samples, sample_rate: int, bits: int | None = None) -> None:
        super().__init__()
        if samples.dtype not in SAMPLE_TYPES:
            raise ValueError(f"samples of type {samples.dtype} aren't supported")
        if samples.ndim not in (1, 2) or (samples.ndim == 2 and samples.shape[1] == 0):
            raise ValueError(f"samples must have the shape [n] or [n, C], not {samples.shape}")
        self._samples = samples[:, np.newaxis] if samples.ndim == 1 else samples
        self.path = None
        self.sample_rate = sample_rate
        self.n_samples, self.channels = self._samples.shape
        self.dtype = samples.dtype
        self.bits = 8 * samples.dtype.itemsize if bits is None else bits
        self.container = "memory"
        self.encoding = f"PCM_{self.bits}" if samples.dtype.kind == "i" else "FLOAT"
        self.lossy = False

    def _read(self, start: int, stop: int) -> Samples:
        return self._samples[start:stop].copy()

    def content_hash(self) -> str:
        """Returns a hash of samples, their type and the rate, in hexadecimal."""
        header = f"{self.sample_rate} {self.channels} {self.dtype.str} ".encode()
        digest = hashlib.blake2b(header, digest_size=20)
        digest.update(np.ascontiguousarray(self._samples).data)
        return digest.hexdigest()
