"""Moving the joins of an edit from the network's frames to the best samples.

Where a jump's two sides resemble each other, its distance is corrected to the one that stays in
time, and both ends slide together to the place where the change is heard least. Elsewhere each
end moves by about a hop at most, to where the waveforms fit, or to a quiet spot.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from model_core.audio.listening import Listener
from model_core.audio.matching import REACH_S, find_match
from model_core.audio.source import AudioSource
from model_core.edit.types import EditList, Segment
from model_core.errors import EditError
from model_core.progress import no_progress

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

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

Range: TypeAlias = tuple[int, int]
"""The first and the last sample of a range, both inclusive."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Where the ends of a segment may be moved to.

    Attributes:
        start: Samples that its start may lie at.
        stop: Samples that its stop may lie at.
    """

    start: Range
    stop: Range

    @classmethod
    def nowhere(cls, segment: Segment) -> Allowed:
        """Returns what holds a segment in place: both ends stay where they are."""
        return cls((segment.start, segment.start), (segment.stop, segment.stop))


class _Jump(NamedTuple):
    """From where to where a join jumps: indices of sources, and samples."""

    left: int
    leaving: int
    right: int
    landing: int


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
        samples = self.source.read_mono(low, high)
        if (low, high) == (start, stop):
            return samples
        return np.pad(samples, (low - start, stop - high))


@dataclass(frozen=True, slots=True)
class _Bounds:
    """How far the ends of a join may move."""

    leaving: Range
    landing: Range

    def slides(self, leaving: int, landing: int, low: int, high: int) -> Range:
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
    allowed: Sequence[Allowed | None] | None = None,
) -> EditList:
    """Moves the joins of an edit to where they are heard least, and into time.

    Joins beside gaps and where the source goes on stay as they are. No segment loses or gains
    half of its length or more at an end, and a jump keeps its direction. Joins that leave and land
    at the same places, such as the passes of a loop, are moved alike.

    Args:
        edit_list: The edit.
        source: The recording, or the recordings that segments name by index.
        joins: Indices of the joins that may move; if left out, all, and the edit's two ends.
        progress: Told the finished share.
        cancel: Looked at at every join.
        allowed: For every item, where its ends may be moved to; None for no further limits. The
            ends have to lie within already.

    Returns:
        The same items with other starts and stops.

    Raises:
        EditError: If the edit reaches beyond its sources.
        AudioReadError: If a source can't be read.
        CancelledError: If `cancel` was set.
        ValueError: If `allowed` doesn't fit the edit.
    """
    sources = [source] if isinstance(source, AudioSource) else list(source)
    edit_list.check_within(each.n_samples for each in sources)
    if len({each.sample_rate for each in sources}) > 1:
        raise EditError("The recordings differ in sample rate.", "Convert them to the same rate.")
    limits = _limits(edit_list.items, sources, allowed)
    sides = [_Side(each, Listener(each)) for each in sources]
    starts = [item.start if isinstance(item, Segment) else 0 for item in edit_list.items]
    stops = [item.stop if isinstance(item, Segment) else 0 for item in edit_list.items]
    jumps = _jumps(edit_list.items, joins)
    report = progress or no_progress
    for done, (jump, indices) in enumerate(jumps.items(), 1):
        if cancel is not None:
            cancel.raise_if_cancelled()
        bounds = _Bounds(
            leaving=_common(limits[index].stop for index in indices),
            landing=_common(limits[index + 1].start for index in indices),
        )
        leaving, landing = _refined(jump, bounds, sides)
        for index in indices:
            stops[index], starts[index + 1] = leaving, landing
        report(done / len(jumps), "Placing the joins")
    if joins is None and edit_list.items:
        _refine_ends(edit_list.items, limits, sides, starts, stops)
    return EditList(
        tuple(
            replace(item, start=start, stop=stop) if isinstance(item, Segment) else item
            for item, start, stop in zip(edit_list.items, starts, stops, strict=True)
        ),
        edit_list.joins,
    )


def _jumps(items: Sequence[Item], joins: Collection[int] | None) -> dict[_Jump, list[int]]:
    """Returns the jumps to refine, each with the joins that jump so."""
    jumps: dict[_Jump, list[int]] = {}
    for index, (left, right) in enumerate(pairwise(items)):
        if (
            (joins is None or index in joins)
            and isinstance(left, Segment)
            and isinstance(right, Segment)
            and (left.source, left.stop) != (right.source, right.start)
        ):
            jump = _Jump(left.source, left.stop, right.source, right.start)
            jumps.setdefault(jump, []).append(index)
    return jumps


def _limits(
    items: Sequence[Item], sources: Sequence[AudioSource], allowed: Sequence[Allowed | None] | None
) -> list[Allowed]:
    """Returns where the ends of every item may go; what is returned for gaps means nothing."""
    if allowed is None:
        allowed = [None] * len(items)
    if len(allowed) != len(items):
        raise ValueError(f"{len(allowed)} limits were given for {len(items)} items")
    limits = []
    for item, asked in zip(items, allowed, strict=True):
        if not isinstance(item, Segment):
            limits.append(Allowed((0, 0), (0, 0)))
            continue
        # Wherever both ends go, something is left.
        reach = (item.length - 1) // 2
        n_samples = sources[item.source].n_samples
        start = (max(0, item.start - reach), item.start + reach)
        stop = (item.stop - reach, min(n_samples, item.stop + reach))
        if asked is not None:
            if not (_within(item.start, asked.start) and _within(item.stop, asked.stop)):
                raise ValueError(f"{item} lies outside of {asked}")
            start, stop = _common((start, asked.start)), _common((stop, asked.stop))
        limits.append(Allowed(start, stop))
    return limits


def _common(ranges: Iterable[Range]) -> Range:
    lows, highs = zip(*ranges, strict=True)
    return max(lows), min(highs)


def _within(position: int, allowed: Range) -> bool:
    return allowed[0] <= position <= allowed[1]


def _refined(jump: _Jump, bounds: _Bounds, sides: Sequence[_Side]) -> tuple[int, int]:
    """Returns where a join leaves and lands instead."""
    leaving, landing = jump.leaving, jump.landing
    if bounds.leaving == (leaving, leaving) and bounds.landing == (landing, landing):
        return leaving, landing
    one, other = sides[jump.left], sides[jump.right]
    rate = one.source.sample_rate
    # Never more than half of a jump, or it would be found to match where it doesn't jump at all.
    most = abs(landing - leaving) // 2 if jump.left == jump.right else one.source.n_samples
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


def _refine_ends(
    items: Sequence[Item],
    limits: Sequence[Allowed],
    sides: Sequence[_Side],
    starts: list[int],
    stops: list[int],
) -> None:
    """Moves the beginning and the end of an edit to quiet samples, where the source goes on."""
    first, last = items[0], items[-1]
    if isinstance(first, Segment) and first.start > 0:
        starts[0] = _quiet(sides[first.source], first.start, limits[0].start)
    if isinstance(last, Segment) and last.stop < sides[last.source].source.n_samples:
        stops[-1] = _quiet(sides[last.source], last.stop, limits[-1].stop)


def _quiet(side: _Side, position: int, allowed: Range) -> int:
    """Returns the sample near `position` that is closest to silence."""
    reach = round(_HOP_S * side.source.sample_rate / 2)
    start, last = _common((allowed, (position - reach, position + reach)))
    return start + int(np.argmin(np.abs(side.mono(start, last + 1))))
