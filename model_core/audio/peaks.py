"""The peak pyramid: what a view draws of a recording, however far it is zoomed out.

Minima and maxima of every 256 samples, then of every four of those, and so on. The pyramid
belongs to a source, never to an edit, so that an edit recomputes nothing. It is filled in blocks,
so that a view can draw what has arrived, and kept in a cache.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from model_core.audio.cache import cache_folder, mark_used, prune
from model_core.audio.source import to_float
from model_core.errors import AudioReadError, FileWriteError
from model_core.files import atomic_path
from model_core.progress import no_progress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from model_core.audio.source import AudioSource, Samples
    from model_core.progress import CancelToken, Progress

FINEST_BUCKET_SAMPLES = 256
LEVEL_FACTOR = 4
N_LEVELS = 6
CACHE_LIMIT_BYTES = 1 << 30

_BLOCK_SAMPLES = FINEST_BUCKET_SAMPLES * LEVEL_FACTOR ** (N_LEVELS - 1)
_BUCKETS_PER_PIXEL = 4
_CACHE_VERSION = 1
_LEVEL_NAMES = tuple(f"level{index}" for index in range(N_LEVELS))
_WORTH_HASHING_SHARE = 0.9


class PeakPyramid:
    """Minima and maxima of a recording's channels at several resolutions.

    Args:
        source: The recording; read where a view is zoomed in below the finest level.
        levels: Finest first, arrays of shape `[C, n_buckets, 2]` (minimum, maximum) of int16 or
            float32. Left out, they are made, empty, for a `PeakBuilder` to fill.

    Attributes:
        source: As given.
        n_ready: So many samples from the beginning are in the pyramid.
    """

    def __init__(
        self, source: AudioSource, levels: tuple[npt.NDArray[Any], ...] | None = None
    ) -> None:
        self.source = source
        if levels is None:
            shapes = _level_shapes(source)
            self.levels = tuple(np.zeros(shape, _kept_type(source)) for shape in shapes)
            self.n_ready = 0
        else:
            self.levels = levels
            self.n_ready = source.n_samples

    @property
    def is_complete(self) -> bool:
        """Whether the whole recording is in it."""
        return self.n_ready >= self.source.n_samples

    def range(
        self, start: int, stop: int, n_pixels: int, channel: int
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Returns what to draw of a range of the recording: a vertical line in every pixel.

        Below the finest level the samples themselves are looked at, and the result is exact.
        Above it, a pixel also covers the rest of the buckets at its edges. Where the pyramid isn't
        filled yet it is 0. With fewer samples than pixels, neighbouring pixels share a sample.

        Args:
            start: First sample, inclusive.
            stop: Last sample, exclusive.
            n_pixels: Number of pixels across.
            channel: Which channel.

        Returns:
            Minima and maxima, each of shape `[n_pixels]`, full scale at 1.

        Raises:
            ValueError: If the range is empty or isn't within the recording.
            AudioReadError: If the recording can't be read.
        """
        if not 0 <= start < stop <= self.source.n_samples or n_pixels < 1:
            raise ValueError(f"{start}-{stop} in {n_pixels} pixels isn't a range to draw")
        edges = start + np.arange(n_pixels + 1) * (stop - start) // n_pixels
        lows, highs = edges[:-1], np.maximum(edges[1:], edges[:-1] + 1)
        samples_per_pixel = (stop - start) / n_pixels
        if samples_per_pixel < FINEST_BUCKET_SAMPLES:
            samples = self.source.read(start, stop)[:, channel]
            minima, maxima = _extremes(samples, samples, lows - start, highs - start)
        else:
            bucket, level = self._level_for(samples_per_pixel)
            first, last = start // bucket, -(-stop // bucket)
            peaks = level[channel, first:last]
            lows, highs = lows // bucket - first, -(-highs // bucket) - first
            minima, maxima = _extremes(peaks[:, 0], peaks[:, 1], lows, highs)
        return to_float(minima), to_float(maxima)

    def _level_for(self, samples_per_pixel: float) -> tuple[int, npt.NDArray[Any]]:
        """Returns the coarsest level with several buckets in a pixel, or the finest."""
        bucket = FINEST_BUCKET_SAMPLES
        index = 0
        while (
            index + 1 < len(self.levels)
            and bucket * LEVEL_FACTOR * _BUCKETS_PER_PIXEL <= samples_per_pixel
        ):
            bucket *= LEVEL_FACTOR
            index += 1
        return bucket, self.levels[index]


class PeakBuilder:
    """Fills a pyramid block by block; what is filled can be drawn meanwhile, by any thread.

    Args:
        source: The recording.

    Attributes:
        pyramid: The pyramid.
    """

    def __init__(self, source: AudioSource) -> None:
        self.pyramid = PeakPyramid(source)
        self._source = source

    def step(self) -> tuple[int, int] | None:
        """Fills the next block.

        Returns:
            The range of samples that was filled, or None if the pyramid is complete.

        Raises:
            AudioReadError: If the recording can't be read.
        """
        start = self.pyramid.n_ready
        stop = min(start + _BLOCK_SAMPLES, self._source.n_samples)
        if start >= stop:
            return None
        finest = _peaks_of(self._source.read(start, stop), self.pyramid.levels[0].dtype)
        bucket = FINEST_BUCKET_SAMPLES
        for level in self.pyramid.levels:
            first = start // bucket
            level[:, first : first + finest.shape[1]] = finest
            finest = _coarser(finest)
            bucket *= LEVEL_FACTOR
        self.pyramid.n_ready = stop
        return start, stop

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Yields the filled ranges until the pyramid is complete."""
        while (filled := self.step()) is not None:
            yield filled


def build_peaks(
    source: AudioSource, progress: Progress | None = None, cancel: CancelToken | None = None
) -> PeakPyramid:
    """Returns a recording's pyramid, from the cache or, if need be, built and put there.

    Raises:
        AudioReadError: If the recording can't be read.
        CancelledError: If `cancel` was set.
    """
    cached = load_peaks(source)
    if cached is not None:
        return cached
    report = progress or no_progress
    builder = PeakBuilder(source)
    for _, stop in builder:
        report(stop / source.n_samples, "Drawing the waveform")
        if cancel is not None:
            cancel.raise_if_cancelled()
    save_peaks(builder.pyramid)
    return builder.pyramid


def load_peaks(source: AudioSource) -> PeakPyramid | None:
    """Returns a recording's pyramid if the cache holds it, whole and of this version.

    Uncompressed files aren't cached: to hash one takes longer than to build its pyramid.
    """
    if not _is_cached(source):
        return None
    try:
        path = _cache_file(source)
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            if int(stored["version"]) != _CACHE_VERSION:
                return None
            levels = tuple(stored[name] for name in _LEVEL_NAMES)
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile, AudioReadError):
        return None
    if tuple(level.shape for level in levels) != _level_shapes(source):
        return None
    if any(level.dtype != _kept_type(source) for level in levels):
        return None
    mark_used(path)
    return PeakPyramid(source, levels)


def save_peaks(pyramid: PeakPyramid) -> None:
    """Puts a complete pyramid into the cache; a cache that can't be written is done without."""
    if not pyramid.is_complete:
        raise ValueError("a pyramid that isn't complete can't be kept")
    if not _is_cached(pyramid.source):
        return
    with contextlib.suppress(OSError, FileWriteError, AudioReadError):
        path = _cache_file(pyramid.source)
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            contents: dict[str, Any] = dict(zip(_LEVEL_NAMES, pyramid.levels, strict=True))
            np.savez(file, version=np.int64(_CACHE_VERSION), **contents)
        prune(path.parent, CACHE_LIMIT_BYTES)


def _cache_file(source: AudioSource) -> Path:
    return cache_folder("peaks") / f"{source.content_hash()}.npz"


def _is_cached(source: AudioSource) -> bool:
    if not source.paths:
        return False
    try:
        file_bytes = sum(path.stat().st_size for path in source.paths)
    except OSError:
        return False
    sample_bytes = source.n_samples * source.channels * source.bits // 8
    return file_bytes < _WORTH_HASHING_SHARE * sample_bytes


def _kept_type(source: AudioSource) -> np.dtype[Any]:
    return np.dtype("int16" if source.dtype == np.int16 else "float32")


def _level_shapes(source: AudioSource) -> tuple[tuple[int, int, int], ...]:
    buckets = [FINEST_BUCKET_SAMPLES * LEVEL_FACTOR**index for index in range(N_LEVELS)]
    return tuple((source.channels, -(-source.n_samples // bucket), 2) for bucket in buckets)


def _peaks_of(samples: Samples, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Returns the finest level of a block `[n, C]`, of shape `[C, n_buckets, 2]`."""
    n_samples, channels = samples.shape
    n_buckets = -(-n_samples // FINEST_BUCKET_SAMPLES)
    missing = n_buckets * FINEST_BUCKET_SAMPLES - n_samples
    peaks = np.empty((channels, n_buckets, 2), dtype)
    for channel in range(channels):
        # A channel that is contiguous is reduced several times faster.
        column = np.pad(samples[:, channel], (0, missing), mode="edge")
        buckets = column.reshape(n_buckets, FINEST_BUCKET_SAMPLES)
        for index, extreme in enumerate((buckets.min(axis=1), buckets.max(axis=1))):
            peaks[channel, :, index] = extreme if dtype == np.int16 else to_float(extreme)
    return peaks


def _coarser(peaks: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Returns the next level of `[C, n, 2]`; the last bucket may stand for fewer."""
    channels, n_buckets, _ = peaks.shape
    missing = -n_buckets % LEVEL_FACTOR
    padded = np.pad(peaks, ((0, 0), (0, missing), (0, 0)), mode="edge")
    grouped = padded.reshape(channels, -1, LEVEL_FACTOR, 2)
    return np.stack((grouped[..., 0].min(axis=2), grouped[..., 1].max(axis=2)), axis=2)


def _extremes(
    minima: npt.NDArray[Any],
    maxima: npt.NDArray[Any],
    lows: npt.NDArray[np.int64],
    highs: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Returns the extremes of the ranges `[lows, highs)`, none of which is empty."""
    # reduceat takes the range from each index to the next, and wants every index to exist.
    ranges = np.stack((lows, highs), axis=1).ravel()
    lowest = np.minimum.reduceat(np.append(minima, minima[-1:]), ranges)[::2]
    highest = np.maximum.reduceat(np.append(maxima, maxima[-1:]), ranges)[::2]
    return lowest, highest
