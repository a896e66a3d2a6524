"""Moving the joins of an edit from the network's frames to the best samples.

Where a jump's two sides resemble each other, its distance is corrected to the one that stays in
time, and both ends slide together to the place where the change is heard least. Elsewhere each
end moves by about a hop at most, to where the waveforms fit, or to a quiet spot.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from model_core.audio.matching import REACH_S, Listener, find_match
from model_core.audio.source import AudioSource
from model_core.edit.types import EditList, Segment
from model_core.errors import EditError
from model_core.progress import no_progress

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy.typing as npt

    from model_core.edit.types import Item
    from model_core.progress import CancelToken, Progress

_HOP_S = 256 / 22050
_SHORTEST_MATCHED_JUMP_S = 0.25
_PAST_LANDING_S = 0.06
_BEFORE_LANDING_S = 0.02
_FIT_WINDOW_S = 0.012
_LEAST_FIT = 0.25
_FADE_S = 0.008
_ZERO_CROSSING_S = 0.0005
_DISTANCE_COST = 0.05


@dataclass(slots=True)
class _Side:
    """A source as the refinement sees it."""

    source: AudioSource
    listener: Listener

    def mono(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Reads a range; beyond the recording there is silence."""
        low, high = max(0, start), min(self.source.n_samples, stop)
        if low >= high:
            return np.zeros(stop - start, np.float32)
        return np.pad(self.source.read_mono(low, high), (low - start, stop - high))


@dataclass(frozen=True, slots=True)
class _Bounds:
    """How far the ends of a join may move: both ends are within their limits, inclusive."""

    leaving: tuple[int, int]
    landing: tuple[int, int]

    def slides(self, leaving: int, landing: int, low: int, high: int) -> tuple[int, int]:
        """Clips the range by which both ends may slide together; it may come out empty."""
        low = max(low, self.leaving[0] - leaving, self.landing[0] - landing)
        high = min(high, self.leaving[1] - leaving, self.landing[1] - landing)
        return low, high


def refine_joins(
    edit_list: EditList,
    source: AudioSource | Sequence[AudioSource],
    joins: Collection[int] | None = None,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> EditList:
    """Moves the joins of an edit to where they are heard least, and into time.

    Joins beside gaps and where the source goes on stay as they are. No segment loses or gains
    more than half of its length at an end, and a jump keeps its direction.

    Args:
        edit_list: The edit.
        source: The recording, or the recordings that segments name by index.
        joins: Indices of the joins that may move; all if left out.
        progress: Told the finished share.
        cancel: Looked at at every join.

    Returns:
        The same items with other starts and stops.

    Raises:
        EditError: If the edit reaches beyond its sources.
        AudioReadError: If a source can't be read.
        CancelledError: If `cancel` was set.
    """
    sources = [source] if isinstance(source, AudioSource) else list(source)
    edit_list.check_within(each.n_samples for each in sources)
    if len({each.sample_rate for each in sources}) > 1:
        raise EditError("The recordings differ in sample rate.", "Convert them to the same rate.")
    sides = [_Side(each, Listener(each)) for each in sources]
    items: list[Item] = list(edit_list.items)
    report = progress or no_progress
    n_joins = len(edit_list.joins)
    for index in range(n_joins):
        if cancel is not None:
            cancel.raise_if_cancelled()
        left, right = items[index], items[index + 1]
        if (
            (joins is None or index in joins)
            and isinstance(left, Segment)
            and isinstance(right, Segment)
            and not _goes_on(left, right)
        ):
            bounds = _bounds(left, right, edit_list.items[index].length, sides)
            leaving, landing = _refined(left, right, bounds, sides)
            items[index] = replace(left, stop=leaving)
            items[index + 1] = replace(right, start=landing)
        report((index + 1) / n_joins, "Placing the joins")
    if joins is None and items:
        _refine_ends(items, sides)
    return EditList(tuple(items), edit_list.joins)


def _goes_on(left: Segment, right: Segment) -> bool:
    return left.source == right.source and left.stop == right.start


def _bounds(left: Segment, right: Segment, left_length: int, sides: Sequence[_Side]) -> _Bounds:
    """Leaves at least half of each segment, and never reaches beyond the recordings."""
    return _Bounds(
        leaving=(
            max(left.start + 1, left.stop - left_length // 2),
            min(sides[left.source].source.n_samples, left.stop + left_length // 2),
        ),
        landing=(max(0, right.start - right.length // 2), right.start + right.length // 2),
    )


def _refined(
    left: Segment, right: Segment, bounds: _Bounds, sides: Sequence[_Side]
) -> tuple[int, int]:
    """Returns where a join leaves and lands instead."""
    leaving, landing = left.stop, right.start
    one, other = sides[left.source], sides[right.source]
    rate = one.source.sample_rate
    # Never more than half of a jump, or it would be found to match where it doesn't jump at all.
    most = abs(landing - leaving) // 2 if left.source == right.source else one.source.n_samples
    if most >= _SHORTEST_MATCHED_JUMP_S * rate / 2:
        reach_s = min(REACH_S, most / rate)
        match = find_match(one.listener, leaving / rate, other.listener, landing / rate, reach_s)
        if match is not None:
            near, tolerance = round(match.shift_s * rate), round(match.tolerance_s * rate) + 1
            shift = near + _fit(one, leaving, other, landing + near, tolerance)
            shift = max(-most, min(most, shift))
            low, high = bounds.slides(
                leaving,
                landing + shift,
                min(0, -shift) - round(_BEFORE_LANDING_S * rate),
                max(0, -shift) + round(_PAST_LANDING_S * rate),
            )
            if low <= high:
                slide = _best_slide(one, leaving, other, landing, shift, low, high)
                return leaving + slide, landing + shift + slide
    reach = round(_HOP_S * rate / 2)
    shift = _fit(one, leaving, other, landing, min(reach, most))
    low, high = bounds.slides(leaving, landing + shift, -reach, reach)
    if low > high:
        return leaving, landing
    slide = _best_slide(one, leaving, other, landing, shift, low, high)
    return leaving + slide, landing + shift + slide


def _fit(one: _Side, leaving: int, other: _Side, landing: int, reach: int) -> int:
    """Returns the shift of the landing, up to `reach`, at which the waveforms fit; 0 if none."""
    half = max(16, round(_FIT_WINDOW_S * one.source.sample_rate))
    reference = one.mono(leaving - half, leaving + half).astype(np.float64)
    searched = other.mono(landing - half - reach, landing + half + reach).astype(np.float64)
    products = np.correlate(searched, reference, mode="valid")
    energy = np.concatenate(([0.0], np.cumsum(searched**2)))
    power = (energy[2 * half :] - energy[: -2 * half]) * np.sum(reference**2)
    fit = products / np.sqrt(np.maximum(power, 1e-9 * power.max() + 1e-30))
    best = int(np.argmax(fit))
    return best - reach if fit[best] > _LEAST_FIT else 0


def _best_slide(
    one: _Side, leaving: int, other: _Side, landing: int, shift: int, low: int, high: int
) -> int:
    """Returns by how much both ends slide together so that the change is heard least.

    What is heard is the difference of the two sides over the crossfade: small where they are
    alike, and small where it is quiet. Between places that are as good, the ends stay where the
    network put them.
    """
    rate = one.source.sample_rate
    half = max(1, round(_FADE_S * rate / 2))
    left = one.mono(leaving + low - half, leaving + high + half).astype(np.float64)
    landed = landing + shift
    right = other.mono(landed + low - half, landed + high + half).astype(np.float64)
    difference = np.concatenate(([0.0], np.cumsum((left - right) ** 2)))
    heard = difference[2 * half :] - difference[: -2 * half]
    usual = 2 * half * np.mean(left**2 + right**2) + 1e-12
    slides = np.arange(low, high + 1)
    moved_s = (np.abs(slides) + np.abs(shift + slides)) / rate
    cost = heard / usual + _DISTANCE_COST * moved_s / 0.1
    best = int(np.argmin(cost))
    near = round(_ZERO_CROSSING_S * rate)
    first, last = max(0, best - near), min(slides.size, best + near + 1)
    level = np.abs(left[half + first : half + last]) + np.abs(right[half + first : half + last])
    return int(slides[first + int(np.argmin(level))])


def _refine_ends(items: list[Item], sides: Sequence[_Side]) -> None:
    """Moves the beginning and the end of an edit to quiet samples, where the source goes on."""
    first = items[0]
    if isinstance(first, Segment) and first.start > 0:
        items[0] = replace(first, start=_quiet(sides[first.source], first.start, first.length))
    last = items[-1]
    if isinstance(last, Segment):
        side = sides[last.source]
        if last.stop < side.source.n_samples:
            items[-1] = replace(last, stop=_quiet(side, last.stop, last.length))


def _quiet(side: _Side, position: int, length: int) -> int:
    """Returns the sample near `position` that is closest to silence."""
    reach = min(round(_HOP_S * side.source.sample_rate / 2), (length - 1) // 2)
    start = max(0, position - reach)
    level = np.abs(side.mono(start, min(position + reach, side.source.n_samples) + 1))
    return start + int(np.argmin(level))
