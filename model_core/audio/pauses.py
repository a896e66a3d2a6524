"""Pauses at the joins of an edit: words whole, and what is left of a pause as long as is asked.

The network decides which pauses are cut; its frames are too coarse, and its hazard too flat within
a pause, to say to 50 ms how much of one stays. Where the level tells sound from silence that is
measured here instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from model_core.audio.joins import Allowed
from model_core.audio.listening import Listener
from model_core.edit.types import EditList, Item, Segment

if TYPE_CHECKING:
    from model_core.audio.source import AudioSource
    from model_core.progress import CancelToken

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.int64]

_FRAME_S = 0.01
_CONTEXT_S = 4.0
_WORD_REACH_S = 0.3
_ONSET_REACH_S = 0.05
"""A cut that lies in a sound is meant to lie in the silence next to it: the word that is kept
comes back as far as the first, what is cut is let go as far as the second."""
_HANG_S = 0.08
"""Words begin and end softer than where their level rises and falls."""
_LEAST_SIDE_S = 0.05
_LEAST_RANGE_DB = 15.0
_LEAST_RISE_DB = 6.0
_RISE_SHARE = 0.25
_SURE_RANGE_DB = 18.0
_SURE_SHARE = 0.2
_SHORTEST_SOUND_S = 0.05
_SHORTEST_SILENCE_S = 0.12
_FEWEST = 3


class Fitted(NamedTuple):
    """An edit whose pauses were fitted.

    Attributes:
        edit_list: The edit.
        placed: Indices of the joins that were placed within a pause.
    """

    edit_list: EditList
    placed: frozenset[int]


class SilenceLeft(NamedTuple):
    """The silence that an edit leaves at a join, in seconds: behind a sound and before the next."""

    after_s: float
    before_s: float


class _Pause(NamedTuple):
    """The silence around a join, in samples of the recording.

    Attributes:
        ended: Where the last sound before the join ends.
        before: How far silence goes on from there in the recording.
        behind: From where on there is silence before the next sound.
        began: Where the first sound behind the join begins.
    """

    ended: int
    before: int
    behind: int
    began: int


@dataclass(frozen=True, slots=True)
class _Place:
    """Sound and silence around a place, frame by frame from `first` on, in samples."""

    sound: BoolArray
    first: int
    hop: int

    def frame(self, sample: int) -> int:
        return min(max(0, (sample - self.first) // self.hop), len(self.sound) - 1)

    def sample(self, frame: int) -> int:
        return self.first + frame * self.hop


def fit_pauses(
    edit_list: EditList,
    source: AudioSource,
    pause_s: float | None = None,
    allowed: Sequence[Allowed | None] | None = None,
    cancel: CancelToken | None = None,
    after_share: float = 0.5,
) -> Fitted:
    """Moves joins that lie in or near a pause so that words are whole and pauses are alike.

    Only joins with silence on both sides, or within a fraction of a second of it, are moved, and
    never into other sound.

    Args:
        edit_list: The edit.
        source: The recording.
        pause_s: Silence that is to be left at a join, in seconds; None for what the edit itself
            leaves most often.
        allowed: For every item, where its ends may be moved to; None for no limits.
        cancel: Looked at at every join.
        after_share: Share of what stays of a pause that lies behind the last sound, as far as there
            is so much silence; what one side lacks the other gives.

    Returns:
        The same items with other starts and stops.
    """
    items = list(edit_list.items)
    pauses = _pauses_of(edit_list, source, cancel)
    placed: set[int] = set()
    wanted = _wanted(items, pauses, source.sample_rate, pause_s)
    for index, pause in pauses.items():
        left, right = items[index], items[index + 1]
        if not isinstance(left, Segment) or not isinstance(right, Segment):
            continue
        least = round(_LEAST_SIDE_S * source.sample_rate)
        stop, start = _ends(pause, left.stop, right.start, _sides(wanted, after_share), least)
        limits = allowed or [None] * len(items)
        stop, start = _held(stop, limits[index], "stop"), _held(start, limits[index + 1], "start")
        # A segment never vanishes, and a jump keeps its direction.
        if left.start < stop and start < right.stop and (start > stop) == (right.start > left.stop):
            items[index], items[index + 1] = replace(left, stop=stop), replace(right, start=start)
            placed.add(index)
    return Fitted(EditList(tuple(items), edit_list.joins), frozenset(placed))


def silence_left(
    edit_list: EditList, source: AudioSource, cancel: CancelToken | None = None
) -> list[SilenceLeft]:
    """Measures the silence that an edit leaves at those of its joins that lie in pauses.

    Args:
        edit_list: The edit.
        source: The recording.
        cancel: Looked at at every join.
    """
    rate = source.sample_rate
    found = _pauses_of(edit_list, source, cancel)
    items = edit_list.items
    return [
        SilenceLeft((left.stop - pause.ended) / rate, (pause.began - right.start) / rate)
        for index, pause in found.items()
        if isinstance(left := items[index], Segment)
        and isinstance(right := items[index + 1], Segment)
    ]


def _pauses_of(
    edit_list: EditList, source: AudioSource, cancel: CancelToken | None
) -> dict[int, _Pause]:
    """Finds the silence about each join that lies in or near some, by the join's index."""
    listener = Listener(source)
    pauses: dict[int, _Pause] = {}
    for index, (left, right) in enumerate(pairwise(edit_list.items)):
        if cancel is not None:
            cancel.raise_if_cancelled()
        if isinstance(left, Segment) and isinstance(right, Segment) and left.stop != right.start:
            pause = _pause_at(listener, source, left.stop, right.start)
            if pause is not None:
                pauses[index] = pause
    return pauses


def _wanted(
    items: Sequence[Item], pauses: dict[int, _Pause], rate: int, pause_s: float | None
) -> int | None:
    """Returns the samples of silence to leave, or None to leave every pause as it is."""
    if pause_s is not None:
        return round(pause_s * rate)
    left = []
    for index, pause in pauses.items():
        before, behind = items[index], items[index + 1]
        if isinstance(before, Segment) and isinstance(behind, Segment):
            left.append(max(0, before.stop - pause.ended) + max(0, pause.began - behind.start))
    return round(float(np.median(left))) if len(left) >= _FEWEST else None


def _sides(wanted: int | None, after_share: float) -> tuple[int, int] | None:
    """Divides what is left of a pause between its two sides."""
    if wanted is None:
        return None
    after = int(wanted * after_share)
    return after, int(wanted * (1 - after_share))


def _ends(
    pause: _Pause, leaving: int, landing: int, wanted: tuple[int, int] | None, least: int
) -> tuple[int, int]:
    """Returns where to leave and where to land.

    Args:
        pause: The silence there is.
        leaving: Where the edit leaves so far.
        landing: Where it lands so far.
        wanted: Silence to leave behind a sound and before the next one; None to leave it as it is.
        least: Silence on each side, at least.
    """
    most_before, most_behind = pause.before - pause.ended, pause.began - pause.behind
    if wanted is None:
        before = max(least, leaving - pause.ended)
        behind = max(least, pause.began - landing)
    else:
        before, behind = (max(least, side) for side in wanted)
        # What one side lacks the other gives, if it can.
        before += max(0, behind - most_behind)
        behind += max(0, wanted[0] - most_before)
    return pause.ended + min(before, most_before), pause.began - min(behind, most_behind)


def _held(position: int, allowed: Allowed | None, end: str) -> int:
    if allowed is None:
        return position
    low, high = allowed.start if end == "start" else allowed.stop
    return min(max(position, low), high)


def _pause_at(listener: Listener, source: AudioSource, leaving: int, landing: int) -> _Pause | None:
    """Finds the silence that a join lies in or near, on both sides."""
    places = _heard(listener, source, (leaving, landing))
    if places is None:
        return None
    one, other = places
    at = _nearest_silence(one.sound, one.frame(leaving), 1)
    to = _nearest_silence(other.sound, other.frame(landing), -1)
    if at is None or to is None:
        return None
    ended, before = _pause_around(one.sound, at)
    behind, began = _pause_around(other.sound, to)
    n_samples = source.n_samples
    return _Pause(
        max(0, one.sample(ended)),
        min(n_samples, one.sample(before)),
        max(0, other.sample(behind)),
        min(n_samples, other.sample(began)),
    )


class Silences(NamedTuple):
    """Pauses of a recording, the soft ends of words left out.

    Attributes:
        ranges: Of samples, in order, `[n, 2]`.
        sure: Whether there is nothing soft in them either that may be wanted, `[n]`.
    """

    ranges: IntArray
    sure: BoolArray


def find_silences(source: AudioSource, cancel: CancelToken | None = None) -> Silences:
    """Finds the pauses of a recording; none where the level doesn't tell sound from silence.

    Args:
        source: The recording.
        cancel: Looked at every few seconds of it.
    """
    listener = Listener(source)
    hop = max(1, round(_FRAME_S * listener.rate_hz))
    factor = source.sample_rate / listener.rate_hz
    n_frames = math.ceil(source.n_samples / factor / hop)
    block = round(_CONTEXT_S * listener.rate_hz / hop)
    levels = np.empty(n_frames)
    for first in range(0, n_frames, block):
        if cancel is not None:
            cancel.raise_if_cancelled()
        last = min(first + block, n_frames)
        levels[first:last] = _levels(listener, first * hop, last * hop, hop)
    limits = [
        _limit(levels[max(0, first - block) : first + 2 * block])
        for first in range(0, n_frames, block)
    ]
    known = [index for index, limit in enumerate(limits) if limit is not None]
    if not known:
        return Silences(np.zeros((0, 2), np.int64), np.zeros(0, np.bool_))
    # Where nothing is heard for long the nearest limit tells.
    told = np.interp(np.arange(len(limits)), known, [limits[index] or 0.0 for index in known])
    sound = _cleaned(levels > np.repeat(told, block)[:n_frames])
    edges = np.flatnonzero(np.diff((~sound).astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    runs = [_pause_around(sound, start) for start in edges[:, 0].tolist()]
    runs = [(start, stop) for start, stop in runs if start < stop]
    sure = [_is_sure(levels, start, stop, 2 * block) for start, stop in runs]
    samples = np.round(np.array(runs, np.float64).reshape(-1, 2) * hop * factor).astype(np.int64)
    return Silences(np.minimum(samples, source.n_samples), np.array(sure, np.bool_))


def _is_sure(levels: FloatArray, start: int, stop: int, context: int) -> bool:
    """Whether a pause is as quiet as the quietest about it, and speech far louder."""
    quiet, loud = np.percentile(levels[max(0, start - context) : stop + context], (10, 95))
    rise = float(np.percentile(levels[start:stop], 90)) - quiet
    return bool(loud - quiet >= _SURE_RANGE_DB and rise <= _SURE_SHARE * (loud - quiet))


def _levels(listener: Listener, start: int, stop: int, hop: int) -> FloatArray:
    """Returns the level of each frame in decibels; rumble and mains hum are no words."""
    waveform = listener.waveform(start, stop).reshape(-1, hop)
    edges = np.diff(waveform, axis=1, prepend=waveform[:, :1])
    levels: FloatArray = 10 * np.log10(np.mean(edges**2, axis=1) + 1e-12)
    return levels


def _limit(levels: FloatArray) -> float | None:
    """Returns the level above which there is sound; None where levels don't tell."""
    quiet, loud = np.percentile(levels, (10, 95))
    if loud - quiet < _LEAST_RANGE_DB:
        return None
    return float(quiet + max(_LEAST_RISE_DB, _RISE_SHARE * (loud - quiet)))


def _heard(
    listener: Listener, source: AudioSource, samples: tuple[int, int]
) -> tuple[_Place, _Place] | None:
    """Tells sound from silence around two places; None where the level doesn't tell."""
    hop = max(1, round(_FRAME_S * listener.rate_hz))
    context = round(_CONTEXT_S * listener.rate_hz / hop)
    factor = source.sample_rate / listener.rate_hz
    levels, firsts = [], []
    for sample in samples:
        middle = round(sample / factor / hop)
        first = max(0, middle - context)
        last = min(math.ceil(source.n_samples / factor / hop), middle + context)
        if last - first < 2:
            return None
        levels.append(_levels(listener, first * hop, last * hop, hop))
        firsts.append(first)
    limit = _limit(np.concatenate(levels))
    if limit is None:
        return None
    one, other = (
        _Place(_cleaned(level > limit), round(first * hop * factor), round(hop * factor))
        for level, first in zip(levels, firsts, strict=True)
    )
    return one, other


def _cleaned(sound: BoolArray) -> BoolArray:
    """Leaves out clicks, and silences as short as those within words."""
    without_clicks = _without_short(sound, round(_SHORTEST_SOUND_S / _FRAME_S))
    return ~_without_short(~without_clicks, round(_SHORTEST_SILENCE_S / _FRAME_S))


def _without_short(mask: BoolArray, least: int) -> BoolArray:
    """Clears runs of True shorter than `least`, except at the ends, where they may go on."""
    change = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))
    cleared = mask.copy()
    for start, stop in change.reshape(-1, 2).tolist():
        if stop - start < least and start > 0 and stop < len(mask):
            cleared[start:stop] = False
    return cleared


def _nearest_silence(sound: BoolArray, frame: int, kept: int) -> int | None:
    """Returns the silent frame nearest to `frame`, farther in the direction of what is kept."""
    for distance in range(round(_WORD_REACH_S / _FRAME_S)):
        onward, back = frame + kept * distance, frame - kept * distance
        if 0 <= onward < len(sound) and not sound[onward]:
            return onward
        if distance <= _ONSET_REACH_S / _FRAME_S and 0 <= back < len(sound) and not sound[back]:
            return back
    return None


def _pause_around(sound: BoolArray, frame: int) -> tuple[int, int]:
    """Returns the run of silent frames that holds `frame`, without the soft ends of words."""
    loud = np.flatnonzero(sound)
    place = int(np.searchsorted(loud, frame))
    start = int(loud[place - 1]) + 1 if place > 0 else 0
    stop = int(loud[place]) if place < len(loud) else len(sound)
    hang = min(round(_HANG_S / _FRAME_S), (stop - start) // 2)
    return start + hang * (place > 0), stop - hang * (place < len(loud))
