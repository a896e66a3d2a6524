"""Finding out that an edit runs faster or slower than its recording.

Large changes are looked for by trying: a few excerpts of the edit are compared with the whole
recording at many speeds, as a tape that runs faster, which raises the pitch, and as a tempo change,
which doesn't. Small ones, down to clocks that differ by a few millionths, show in the
waveforms' offsets, which then drift.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from model_core.align.descriptors import CELL_S, HALVES, edit_levels, standardised
from model_core.audio.source import ArraySource, AudioSource
from model_core.progress import no_progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_core.align.descriptors import Vectors
    from model_core.align.pieces import Probe
    from model_core.align.reading import Course
    from model_core.audio.source import Samples
    from model_core.progress import CancelToken, Progress

_MOST: Final = 0.15
_STEP: Final = 0.01
_FINE_STEP: Final = 0.001
_FINE_STEPS: Final = 12
_AS_GOOD: Final = 0.005
_LEAST_CHANGE: Final = 0.002  # smaller ones show in the courses
_EXCERPTS: Final = 5
_EXCERPT_S: Final = 4.0
_LEAST_LIKENESS: Final = 0.6
_LEAST_GAIN: Final = 0.015
_LEAST_DRIFT: Final = 1.5e-6
_DRIFT_JITTER: Final = 4e-6
_STEADY_SHARE: Final = 0.6
_SMALL_STEP_S: Final = 0.04
_FEWEST_STEPS: Final = 3


@dataclass(frozen=True, slots=True)
class Speed:
    """How an edit runs.

    Attributes:
        factor: How much faster than the recording.
        keeps_pitch: Whether only the tempo was changed; the waveform is then another one.
    """

    factor: float = 1.0
    keeps_pitch: bool = False


class AtSpeed(AudioSource):
    """An edit as it sounds at the speed of its recording: the same samples, at another rate.

    Args:
        inner: The edit.
        factor: How much faster than the recording it runs.
    """

    def __init__(self, inner: AudioSource, factor: float) -> None:
        super().__init__()
        self._inner = inner
        for name in AudioSource.__annotations__:
            setattr(self, name, getattr(inner, name))
        self.sample_rate = round(inner.sample_rate / factor)

    def _read(self, start: int, stop: int) -> Samples:
        return self._inner.read(start, stop)

    def content_hash(self) -> str:
        """Returns the hash of the recording."""
        return self._inner.content_hash()


def drift_of(probes: Sequence[Sequence[Probe]]) -> float:
    """Returns by how many samples each sample waveforms drift apart; 0 if they don't steadily.

    Args:
        probes: For each course, those that were tried.
    """
    slopes = np.array(
        [
            (after.offset - before.offset) / (after.start - before.start)
            for tried in probes
            for before, after in pairwise([probe for probe in tried if probe.clear])
        ]
    )
    if slopes.size < 2:
        return 0.0
    usual = float(np.median(slopes))
    steady = np.abs(slopes - usual) < max(_DRIFT_JITTER, 0.3 * abs(usual))
    if abs(usual) < _LEAST_DRIFT or steady.mean() < _STEADY_SHARE:
        return 0.0
    return float(slopes[steady].mean())


def steps_of(courses: Sequence[Course]) -> float:
    """Returns the drift that makes courses break off and go on a little further, again and again.

    Where speeds differ by some thousandths, each course fits for a few seconds only.
    """
    steps = [
        (after.offset_s - before.offset_s, (before.length + after.length) / 2 * CELL_S)
        for before, after in pairwise(courses)
        if not before.is_foreign and not after.is_foreign
    ]
    small = [(step, apart) for step, apart in steps if abs(step) <= _SMALL_STEP_S]
    total_s = sum(step for step, _ in small)
    onwards = sum(step * total_s > 0 for step, _ in small)
    if onwards < _FEWEST_STEPS or onwards < _STEADY_SHARE * len(steps):
        return 0.0
    return total_s / sum(apart for _, apart in small)


def search_speed(
    raw_levels: Vectors,
    edited: AudioSource,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Speed | None:
    """Tries many speeds.

    Args:
        raw_levels: Mel spectrogram of the recording, for each half cell.
        edited: The edit.
        progress: Told the finished share.
        cancel: Looked at at every speed.

    Returns:
        The speed at which the edit fits best, to a thousandth; None if that is its own, or bad.
    """
    excerpts, length_s = _excerpts(edited)
    columns = np.ascontiguousarray(standardised(raw_levels).T)

    def fits(speed: Speed) -> list[float]:
        if cancel is not None:
            cancel.raise_if_cancelled()
        vectors = standardised(levels_at(excerpts, speed))
        cells = length_s * speed.factor / CELL_S
        return [
            _best_course(vectors[round(i * cells) + 2 : round((i + 1) * cells) - 2], columns)
            for i in range(_EXCERPTS)
        ]

    def fit(speed: Speed) -> float:
        return float(np.median(fits(speed)))

    factors = (1 + np.arange(-_MOST, _MOST + _STEP / 2, _STEP)).tolist()
    found: dict[Speed, float] = {}
    for index, factor in enumerate(factors):
        for speed in (Speed(factor), Speed(factor, keeps_pitch=True)):
            found[speed] = fit(speed)
        progress((index + 1) / len(factors), "Trying other speeds")
    best = max(found, key=found.__getitem__)
    # Whether another speed is right the waveform will tell; but not that of another tempo.
    if best.keeps_pitch and found[best] < fit(Speed()) + _LEAST_GAIN:
        best = max((speed for speed in found if not speed.keeps_pitch), key=found.__getitem__)
    if found[best] < _LEAST_LIKENESS:
        return None
    # The likeness hardly changes around the best speed: the middle of what is as good is nearer.
    near = best.factor + np.arange(-_FINE_STEPS, _FINE_STEPS + 1) * _FINE_STEP
    alike = np.array([np.mean(fits(Speed(one, best.keeps_pitch))) for one in near.tolist()])
    weights = np.maximum(0.0, alike - alike.max() + _AS_GOOD)
    factor = float(np.average(near, weights=weights))
    return Speed(factor, best.keeps_pitch) if abs(factor - 1) >= _LEAST_CHANGE else None


def levels_at(
    edited: AudioSource,
    speed: Speed,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Vectors:
    """Returns the mel spectrogram of an edit, for each cell of the recording's time."""
    if not speed.keeps_pitch:
        return edit_levels(AtSpeed(edited, speed.factor), progress, cancel)
    levels = edit_levels(edited, progress, cancel)
    n_cells = max(1, int((levels.shape[1] - 1) * speed.factor) + 1)
    places = np.minimum(np.arange(n_cells) / speed.factor, levels.shape[1] - 1)
    before = np.minimum(places.astype(np.int64), max(0, levels.shape[1] - 2))
    share = (places - before).astype(np.float32)
    after = np.minimum(before + 1, levels.shape[1] - 1)
    mixed: Vectors = levels[:, before] * (1 - share) + levels[:, after] * share
    return mixed


def _excerpts(edited: AudioSource) -> tuple[ArraySource, float]:
    """Returns excerpts of an edit in a row, and the length of each in seconds."""
    length = min(edited.n_samples // _EXCERPTS, round(_EXCERPT_S * edited.sample_rate))
    starts = np.linspace(0, edited.n_samples - length, _EXCERPTS).astype(np.int64).tolist()
    samples = np.concatenate([edited.read_mono(start, start + length) for start in starts])
    return ArraySource(samples, edited.sample_rate), length / edited.sample_rate


def _best_course(edited: Vectors, columns: npt.NDArray[np.float32]) -> float:
    """Returns the mean likeness along the best course without a jump."""
    n_places = columns.shape[1] - HALVES * (len(edited) - 1)
    if n_places < 1 or not len(edited):
        return 0.0
    likeness = edited @ columns
    total = np.zeros(n_places, np.float32)
    for row, alike in enumerate(likeness):
        total += alike[HALVES * row : HALVES * row + n_places]
    return float(total.max()) / len(edited)
