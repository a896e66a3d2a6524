"""Where a dragged edge is drawn to: a silence's border, an onset, a beat; then a zero crossing."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy.typing as npt

    from editorbot_gui.waveform.waveform_data import WaveformData

    Places = npt.NDArray[np.int64]

_BIN_S = 0.005
_QUIET_DB = -40.0
"""Below the loudest within sight of the edge by so much, it counts as silence."""
_FLOOR = 1e-4
_SIGHT_S = 1.0
_CROSSING_S = 0.004
_DECIBELS_A_DECADE = 20


class SnapTo(StrEnum):
    """What edges can be drawn to; the names of the actions that switch it."""

    ZERO = "snap_zero"
    SILENCE = "snap_silence"
    ONSET = "snap_onset"
    BEAT = "snap_beat"


EVERYTHING = frozenset(SnapTo)


def snapped(
    data: WaveformData,
    sample: int,
    reach: float,
    to: Collection[SnapTo] = frozenset({SnapTo.ZERO, SnapTo.SILENCE}),
    places: Places | None = None,
) -> int:
    """Returns where an edge near a sample of the recording belongs.

    That is the nearest of what it can be drawn to within reach, and from there the nearest zero
    crossing. Only what is in memory already is looked at: nothing here waits for a file.

    Args:
        data: The recording.
        sample: Where the edge would be, a sample of the recording.
        reach: How far it may be moved, in samples.
        to: What it is drawn to.
        places: Beats and onsets near there, as far as they are known, in order.
    """
    found = []
    if SnapTo.SILENCE in to:
        border = border_of_silence(data, sample, reach)
        found += [border] if border != sample else []
    if places is not None and len(places):
        nearest = int(places[np.argmin(np.abs(places - sample))])
        found += [nearest] if abs(nearest - sample) <= reach else []
    if found:
        sample = min(found, key=lambda place: abs(place - sample))
    if SnapTo.ZERO not in to:
        return sample
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
