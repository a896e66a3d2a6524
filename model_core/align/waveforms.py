"""Both recordings of a pair as waveforms on one grid: the samples of the raw recording."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from model_core.audio.source import AudioSource

Wave = npt.NDArray[np.float32]
"""Mono samples of shape `[n]`, full scale at 1."""

_FILTER_SAMPLES: Final = 256  # more than the resampler's filter reaches
_GRID_CANDIDATES: Final = 512


class Waveforms:
    """Reads a recording and its edit at the recording's rate, the edit at the recording's speed.

    Args:
        raw: The recording.
        edited: The edit.
        speed: How much faster than the recording the edit runs.

    Attributes:
        rate_hz: Samples a second of the grid.
        n_raw: Length of the recording in samples.
        n_edit: Length of the edit in samples of the grid.
        rounding: So many samples of the edit's end may be there by rounding only.
    """

    def __init__(self, raw: AudioSource, edited: AudioSource, speed: float = 1.0) -> None:
        self._raw = raw
        self._edited = edited
        self._out_rate_hz = raw.sample_rate * speed
        self._ratio = self._out_rate_hz / edited.sample_rate
        self.rate_hz = raw.sample_rate
        self.n_raw = raw.n_samples
        self.n_edit = max(1, round(edited.n_samples * self._ratio))
        self.rounding = 0 if self._ratio == 1.0 else math.ceil(self._ratio)

    def raw(self, start: int, stop: int) -> Wave:
        """Reads the recording; outside it there is silence."""
        return _padded(self._raw, start, stop)

    def edit(self, start: int, stop: int) -> Wave:
        """Reads the edit; outside it there is silence."""
        if self._ratio == 1.0:
            return _padded(self._edited, start, stop)
        import soxr

        reach = int(_FILTER_SAMPLES * max(1.0, 1.0 / self._ratio))
        # A sample of the edit that lies, as nearly as can be, on a sample of the grid.
        latest = int(start / self._ratio) - reach
        candidates = np.arange(latest - _GRID_CANDIDATES, latest + 1)
        places = candidates * self._ratio
        nearest = int(np.argmin(np.abs(places - np.round(places))))
        first = int(candidates[nearest])
        last = int(stop / self._ratio) + reach
        chunk = _padded(self._edited, first, last)
        resampled = soxr.resample(chunk, self._edited.sample_rate, self._out_rate_hz, "HQ")
        skipped = start - round(places[nearest])
        part: Wave = resampled[skipped : skipped + stop - start]
        return part

    def to_edit_file(self, position: int) -> int:
        """Returns the sample of the edit's own file at a sample of the grid."""
        return min(self._edited.n_samples, max(0, round(position / self._ratio)))


def _padded(source: AudioSource, start: int, stop: int) -> Wave:
    low, high = max(0, start), min(source.n_samples, stop)
    if low >= high:
        return np.zeros(stop - start, np.float32)
    samples = source.read_mono(low, high)
    if low == start and high == stop:
        return samples
    return np.pad(samples, (low - start, stop - high))
