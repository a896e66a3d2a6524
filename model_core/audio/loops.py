"""Passages of music that can be heard once more without leaving time.

Where what follows one beat sounds like what follows an earlier one, playing up to the later and
going on from the earlier keeps the music going. Beats are compared by the onsets and pitches around
them; only pairs that the search for matches confirms are loops.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from model_core.audio.beats import find_beats
from model_core.audio.listening import Listener
from model_core.audio.matching import find_match
from model_core.edit.types import EditList, Segment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from model_core.audio.joins import Allowed
    from model_core.audio.source import AudioSource
    from model_core.edit.types import Item
    from model_core.progress import CancelToken

    FloatArray = npt.NDArray[np.floating]

_STEPS = 4
"""Parts of a beat in which sounds are compared."""
_FEWEST_BEATS, _MOST_BEATS = 4, 32
_BEFORE, _BEHIND = 2, 6
"""Beats about the two ends that have to be alike."""
_LEAST_ALIKE = 0.5
_APART_BEATS = 2
_MOST_TRIED = 48
_REACH_S = 0.12
_IN_TIME_S = 0.03
"""A confirmed jump deviates by no more from a whole number of beats."""
_STEADY_SHARE = 0.12
"""Where beats are unsteadier than this share of one, they are none."""
_MOST_PASSES = 4


@dataclass(frozen=True, slots=True)
class Loop:
    """A passage that can be played again.

    Attributes:
        start: Where it begins, in samples.
        stop: From where the music may go back to `start`.
        alike: How alike what follows both is, up to 1.
    """

    start: int
    stop: int
    alike: float

    @property
    def length(self) -> int:
        """Samples that playing it again adds."""
        return self.stop - self.start


def find_loops(source: AudioSource, cancel: CancelToken | None = None) -> tuple[Loop, ...]:
    """Finds the passages that can be looped in time, the surest first.

    Args:
        source: The recording.
        cancel: Looked at between stages.

    Raises:
        AudioReadError: If the recording can't be read any more.
        CancelledError: If `cancel` was set.
    """
    beats = find_beats(source, cancel)
    if len(beats) < _FEWEST_BEATS + _BEHIND:
        return ()
    listener = Listener(source)
    described = _described(listener, beats, source.sample_rate)
    loops: list[Loop] = []
    for first, last, alike in _alike(described)[:_MOST_TRIED]:
        if cancel is not None:
            cancel.raise_if_cancelled()
        loop = _confirmed(listener, source.sample_rate, beats, first, last, alike)
        if loop is not None:
            loops.append(loop)
    return tuple(loops)


def _described(
    listener: Listener, beats: npt.NDArray[np.int64], sample_rate: int
) -> npt.NDArray[np.float32]:
    """Describes from each beat to the next what begins and which notes there are, `[2, n, m]`.

    The vectors of either have length 1; those of the notes are padded with zeros.
    """
    frames = beats / sample_rate * listener.frame_rate_hz
    parts = frames[:-1, None] + np.diff(frames)[:, None] * np.arange(_STEPS) / _STEPS
    edges = np.append(np.round(parts).astype(np.int64).ravel(), round(float(frames[-1])))
    first = int(edges[0])
    described = []
    for hear in (listener.onsets, listener.pitches):
        heard = hear(first, int(edges[-1]) + 1)
        sums = np.concatenate((np.zeros((1, heard.shape[1])), np.cumsum(heard, axis=0)))
        low, high = edges[:-1] - first, np.maximum(edges[1:], edges[:-1] + 1) - first
        means = (sums[high] - sums[low]) / (high - low)[:, None]
        means -= means.mean(axis=0)
        # Loud passages and quiet ones count alike.
        vectors = means.reshape(len(beats) - 1, -1)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        described.append(vectors / np.maximum(norms, 1e-3 * norms.max() + 1e-9))
    width = max(each.shape[1] for each in described)
    padded = [np.pad(each, ((0, 0), (0, width - each.shape[1]))) for each in described]
    return np.asarray(padded, np.float32)


def _alike(described: npt.NDArray[np.float32]) -> list[tuple[int, int, float]]:
    """Returns pairs of beats about which sounds are alike, the most alike first."""
    n_beats = described.shape[1]
    found: list[tuple[float, int, int]] = []
    for lag in range(_FEWEST_BEATS, min(_MOST_BEATS, n_beats - _BEHIND) + 1):
        products = np.einsum("kbn,kbn->kb", described[:, :-lag], described[:, lag:])
        sums = np.pad(np.cumsum(products, axis=1), ((0, 0), (1, 0)))
        first = np.arange(_BEFORE, products.shape[1] - _BEHIND + 1)
        each = (sums[:, first + _BEHIND] - sums[:, first - _BEFORE]) / (_BEFORE + _BEHIND)
        # The same beat under another tune is no repeat, nor is a tune that comes back out of step.
        means = each.min(axis=0)
        likely = np.flatnonzero(means > _LEAST_ALIKE)
        found += [(float(means[i]), int(first[i]), int(first[i]) + lag) for i in likely]
    chosen: list[tuple[int, int, float]] = []
    for alike, start, stop in sorted(found, reverse=True):
        near = any(
            abs(start - low) < _APART_BEATS and abs(stop - high) < _APART_BEATS
            for low, high, _ in chosen
        )
        if not near:
            chosen.append((start, stop, alike))
        if len(chosen) >= _MOST_TRIED:
            break
    return chosen


def _confirmed(
    listener: Listener,
    rate: int,
    beats: npt.NDArray[np.int64],
    first: int,
    last: int,
    alike: float,
) -> Loop | None:
    """Returns the loop between two beats if the sounds about them match, in time."""
    around = beats[max(0, first - _BEFORE) : last + _BEHIND]
    lengths = np.diff(around)
    beat = float(np.median(lengths))
    if float(np.median(np.abs(lengths - beat))) > _STEADY_SHARE * beat:
        return None
    leaving_s, landing_s = float(beats[last]) / rate, float(beats[first]) / rate
    match = find_match(listener, leaving_s, listener, landing_s, _REACH_S)
    if match is None:
        return None
    start, stop = round((landing_s + match.shift_s) * rate), int(beats[last])
    if start < 0 or not _in_time(stop - start, around, rate):
        return None
    return Loop(start, stop, alike)


def _in_time(length: int, beats: npt.NDArray[np.int64], rate: int) -> bool:
    """Whether a jump goes over a whole number of the beats about it."""
    beat = float(beats[-1] - beats[0]) / (len(beats) - 1)
    number = round(length / beat)
    return number > 0 and abs(length - number * beat) <= max(_IN_TIME_S * rate, 0.02 * length)


def with_loops(
    edit_list: EditList,
    allowed: Sequence[Allowed | None],
    loops: Sequence[Loop],
    missing: Callable[[int, int, int], bool],
    may_jump: Callable[[int], bool] = lambda _sample: True,
) -> tuple[EditList, list[Allowed | None], int]:
    """Plays passages again until no more is asked for.

    Each passage is taken once before one is taken again, and none overlaps another.

    Args:
        edit_list: The edit.
        allowed: For every item, where its ends may be moved to.
        loops: What can be played again, the surest first.
        missing: Whether one more is wanted, given how many there are, the samples that they add
            together with the next one, and those of the next one.
        may_jump: Whether a place of the recording may be left or landed on.

    Returns:
        The edit, its limits, and the number of jumps back that were put in.
    """
    places = [
        (item.start, item.stop) if isinstance(item, Segment) else (0, 0) for item in edit_list.items
    ]
    fits: list[tuple[int, Loop]] = []
    for loop in loops:
        place = next(
            (n for n, (low, high) in enumerate(places) if low < loop.start and loop.stop < high),
            None,
        )
        free = all(loop.stop <= other.start or other.stop <= loop.start for _, other in fits)
        if place is not None and free and may_jump(loop.start) and may_jump(loop.stop):
            fits.append((place, loop))
    taken: dict[Loop, int] = {}
    number = added = 0
    for _ in range(_MOST_PASSES):
        for _, loop in fits:
            if missing(number, added + loop.length, loop.length):
                taken[loop] = taken.get(loop, 0) + 1
                number, added = number + 1, added + loop.length
    items: list[Item] = []
    limits: list[Allowed | None] = []
    for place, (item, limit) in enumerate(zip(edit_list.items, allowed, strict=True)):
        here = sorted(
            (loop for at, loop in fits if at == place and loop in taken),
            key=lambda loop: loop.start,
        )
        parts = _looped(item, [(loop, taken[loop]) for loop in here])
        items += parts
        limits += _limits(limit, parts)
    return EditList(tuple(items)), limits, number


def _looped(item: Item, loops: Sequence[tuple[Loop, int]]) -> list[Item]:
    """Returns an item with passages of it played again."""
    if not isinstance(item, Segment) or not loops:
        return [item]
    parts: list[Item] = []
    start = item.start
    for loop, times in loops:
        for _ in range(times):
            parts.append(_part(item, start, loop.stop))
            start = loop.start
    parts.append(_part(item, start, item.stop))
    return parts


def _part(item: Segment, start: int, stop: int) -> Segment:
    return replace(item, start=start, stop=stop)


def _limits(limit: Allowed | None, parts: Sequence[Item]) -> list[Allowed | None]:
    """Returns the limits of the parts of an item: what jumps back is in its place already."""
    if limit is None or len(parts) == 1:
        return [limit] * len(parts)
    limits: list[Allowed | None] = []
    for index, part in enumerate(parts):
        if not isinstance(part, Segment):
            limits.append(limit)
            continue
        own = limit
        if index > 0:
            own = replace(own, start=(part.start, part.start))
        if index < len(parts) - 1:
            own = replace(own, stop=(part.stop, part.stop))
        limits.append(own)
    return limits
