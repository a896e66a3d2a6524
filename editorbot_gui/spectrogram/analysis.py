"""Spectra of a recording, in tiles of columns at a resolution; pure functions of samples.

A level's columns are twice as far apart as those of the level below. Where they are further apart
than a few windows, only a sample of the sound between them is read, so that a tile costs the same
whether it shows a second or an hour.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable

    from model_core.audio.source import AudioSource

TILE_COLUMNS = 256
ROWS = 192
"""Bands of a column, at equal steps of pitch."""
FLOOR_DB = -120.0
"""What 0 in a tile stands for; 255 is a sine at full scale."""
_WINDOW_S = 0.046
_LOWEST_HZ = 50.0
_CHUNK_COLUMNS = 32
_FINEST_OVERLAP = 16
_SPARSE_WINDOWS = 2
"""Columns further apart than this many windows are sampled instead of read from end to end."""

Floats: TypeAlias = npt.NDArray[np.float32]
Tile: TypeAlias = npt.NDArray[np.uint8]
"""Levels of shape `[ROWS, TILE_COLUMNS]`, lowest frequency first."""


@dataclass(frozen=True)
class Analysis:
    """How recordings of one sample rate are analysed.

    Attributes:
        sample_rate: Samples a second.
    """

    sample_rate: int

    @cached_property
    def window_samples(self) -> int:
        """Samples in a spectrum: the power of two that is nearest to 46 ms."""
        return max(64, 1 << round(math.log2(_WINDOW_S * self.sample_rate)))

    @property
    def lowest_hz(self) -> float:
        """The lower edge of the lowest row."""
        return min(_LOWEST_HZ, self.highest_hz / 8)

    @property
    def highest_hz(self) -> float:
        """The upper edge of the highest row: half the sample rate."""
        return self.sample_rate / 2

    def hop_samples(self, level: int) -> int:
        """Returns the distance of two columns of a level."""
        return self.window_samples // _FINEST_OVERLAP << level

    def tile_samples(self, level: int) -> int:
        """Returns how much of the recording a tile shows."""
        return TILE_COLUMNS * self.hop_samples(level)

    def level_for(self, samples_per_pixel: float) -> int:
        """Returns the level whose columns are about a pixel wide."""
        return max(0, round(math.log2(max(samples_per_pixel, 1e-9) / self.hop_samples(0))))

    @cached_property
    def _window(self) -> npt.NDArray[np.float32]:
        n = self.window_samples
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)
        window: Floats = (hann * (2 / hann.sum())).astype(np.float32)
        return window  # a sine at full scale has level 1

    @cached_property
    def _bands(self) -> npt.NDArray[np.float32]:
        """Weights of the bins in each row, of shape `[ROWS, bins]`; triangles in log frequency."""
        bin_hz = self.sample_rate / self.window_samples
        bins = np.arange(self.window_samples // 2 + 1) * bin_hz
        edges = np.geomspace(self.lowest_hz, self.highest_hz, ROWS + 1)
        centre = np.sqrt(edges[:-1] * edges[1:])[:, np.newaxis]
        # A band narrower than a bin lies between two bins and takes from both.
        reach = np.maximum(np.diff(edges)[:, np.newaxis], bin_hz)
        weights = np.maximum(0.0, 1.0 - np.abs(bins - centre) / reach)
        weights /= weights.sum(axis=1, keepdims=True)
        bands: Floats = weights.astype(np.float32)
        return bands

    def tile(self, source: AudioSource, level: int, index: int, go_on: Callable[[], bool]) -> Tile:
        """Computes a tile.

        Args:
            source: The recording.
            level: Resolution; each is half of the one before.
            index: Which tile of the level; it begins at sample `index * tile_samples(level)`.
            go_on: Asked now and then; where it says no, the rest stays silent.

        Raises:
            AudioReadError: If the recording can't be read any more.
        """
        hop = self.hop_samples(level)
        first = index * self.tile_samples(level)
        tile = np.zeros((ROWS, TILE_COLUMNS), np.uint8)
        shown = min(TILE_COLUMNS, -(-(source.n_samples - first) // hop))
        for begin in range(0, shown, _CHUNK_COLUMNS):
            if not go_on():
                break
            end = min(begin + _CHUNK_COLUMNS, shown)
            # In the middle of what its column shows.
            centres = first + np.arange(begin, end) * hop + hop // 2
            tile[:, begin:end] = self._columns(source, centres, hop)
        return tile

    def _columns(
        self, source: AudioSource, centres: npt.NDArray[np.int64], hop: int
    ) -> npt.NDArray[np.uint8]:
        n = self.window_samples
        starts = centres - n // 2
        if hop <= _SPARSE_WINDOWS * n:
            low = int(starts[0])
            samples = _read_padded(source, low, int(starts[-1]) + n)
            frames = np.lib.stride_tricks.sliding_window_view(samples, n)[starts - low]
        else:
            frames = np.stack([_read_padded(source, int(at), int(at) + n) for at in starts])
        spectra = np.abs(np.fft.rfft(frames * self._window, axis=1)).astype(np.float32)
        level_db = 10 * np.log10(self._bands @ np.square(spectra).T + 1e-20)
        scaled = 255 * (1 - level_db / FLOOR_DB)
        columns: Tile = np.clip(np.round(scaled), 0, 255).astype(np.uint8)
        return columns


def _read_padded(source: AudioSource, start: int, stop: int) -> npt.NDArray[np.float32]:
    """Reads mono samples, with silence before the start and after the end."""
    low, high = min(max(start, 0), source.n_samples), min(max(stop, 0), source.n_samples)
    if low == high:
        return np.zeros(stop - start, np.float32)
    samples = source.read_mono(low, high)
    return np.pad(samples, (low - start, stop - high))
