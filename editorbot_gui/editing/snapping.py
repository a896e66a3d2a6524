"""Where a dragged edge is drawn to: the border of a silence, else a zero crossing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from editorbot_gui.waveform.waveform_data import WaveformData

_BIN_S = 0.005
_QUIET_DB = -40.0
"""Below the loudest within sight of the edge by so much, it counts as silence."""
_FLOOR = 1e-4
_SIGHT_S = 1.0
_CROSSING_S = 0.004
_DECIBELS_A_DECADE = 20


def snapped(data: WaveformData, sample: int, reach: float) -> int:
    """Returns where an edge near a sample of the recording belongs.

    Only what is in memory already is looked at: nothing here waits for a file.

    Args:
        data: The recording.
        sample: Where the edge would be, a sample of the recording.
        reach: How far it may be moved, in samples.
    """
    sample = border_of_silence(data, sample, reach)
    half = round(min(max(reach, 1.0), _CROSSING_S * data.sample_rate))
    start, stop = max(0, sample - half), min(sample + half, data.n_samples)
    samples = data.samples(start, stop)
    if samples is None or samples.shape[1] < 2:
        return sample
    return start + zero_crossing(samples.mean(axis=0), sample - start)


def border_of_silence(data: WaveformData, sample: int, reach: float) -> int:
    """Returns the nearest place within reach where silence begins or ends; else the sample."""
    width = max(1, round(_BIN_S * data.sample_rate))
    n_bins = round(max(reach, _SIGHT_S * data.sample_rate) / width)
    starts = width * (sample // width + np.arange(-n_bins, n_bins + 1, dtype=np.int64))
    starts = starts[(starts >= 0) & (starts + width <= data.n_samples)]
    if not len(starts):
        return sample
    found = data.extremes(starts, starts + width)
    level = np.maximum(found.high, -found.low).max(axis=0)
    loudest = float(level.max(initial=0.0))
    quiet = level < max(_FLOOR, loudest * 10 ** (_QUIET_DB / _DECIBELS_A_DECADE))
    borders = starts[1:][quiet[1:] != quiet[:-1]]
    borders = borders[np.abs(borders - sample) <= reach]
    return int(borders[np.argmin(np.abs(borders - sample))]) if len(borders) else sample


def zero_crossing(samples: npt.NDArray[np.floating], near: int) -> int:
    """Returns the place nearest to `near` after which the sign is another one; else `near`.

    Args:
        samples: Of shape `[n]`.
        near: An index of them.
    """
    crossings = np.flatnonzero(np.signbit(samples[1:]) != np.signbit(samples[:-1])) + 1
    return int(crossings[np.argmin(np.abs(crossings - near))]) if len(crossings) else near
