"""Measures on a finished edit what its author aims at.

One edit says only so much: what is measured is drawn towards the mean editor, the more the fewer
places there are to measure it at.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from model_core.audio.pauses import SilenceLeft, find_silences, silence_left
from model_core.edit.coverage import kept_ranges
from model_core.edit.types import EditList, Segment
from model_core.targets import OWN_MARGIN_S, OWN_PAUSE_S, Habits, Targets, for_pause

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from model_core.audio.source import AudioSource

IntArray = npt.NDArray[np.int64]

_NEAR_S = 0.1
_LEAST_PAUSE_S = 0.15
_PRIOR_PAUSES, _PRIOR_LIMITS, _PRIOR_MARGINS, _PRIOR_CHANGES = 0.5, 2.0, 1.0, 24.0
"""So many places count as much as the mean editor."""
_FEWEST_FOR_HABITS = 8
_SURER = 1.15
"""An edit that leaves all pauses alone, or none, tells only one side of the limit."""


def kept_length(edit_list: EditList, n_samples: int) -> int:
    """Returns how many samples of a recording an edit plays, each counted once."""
    ranges = kept_ranges(edit_list, 0, n_samples)
    return sum(int(stop) - int(start) for start, stop in ranges)


def measured_targets(
    edit_list: EditList, silences: IntArray, n_samples: int, sample_rate: int
) -> Targets:
    """Measures an edit, all but its length.

    Args:
        edit_list: The edit, of one recording.
        silences: Where the recording is silent, `[n, 2]`.
        n_samples: Length of the recording.
        sample_rate: In Hz.
    """
    segments = _segments_of(edit_list)
    if not segments:
        return Targets()
    near = round(_NEAR_S * sample_rate)
    cuts = _cuts_of(segments)
    backs = sum(b.start < a.stop for a, b in pairwise(segments))
    left = [
        behind - landing + leaving - before
        for leaving, landing in cuts
        for before, behind in [_pause_about(silences, leaving, landing, near)]
        if before is not None and behind is not None
    ]
    lengths_s = [max(_LEAST_PAUSE_S / 3, length / sample_rate) for length in left]
    targets = Targets()
    if lengths_s:
        logarithm = math.log(float(np.median(lengths_s)))
        pause_s = _drawn(logarithm, len(lengths_s), math.log(OWN_PAUSE_S), _PRIOR_PAUSES)
        targets = for_pause(targets, math.exp(pause_s))
    return Targets(
        pause_s=targets.pause_s,
        shortest_s=_limit_s(_pauses_treated(segments, silences, sample_rate), targets.shortest_s),
        margin_s=_margin_s(segments, silences, near, sample_rate),
        loops_per_minute=min(30.0, backs / (n_samples / sample_rate / 60)),
    )


def measured_habits(edits: Iterable[tuple[EditList, AudioSource]]) -> Habits | None:
    """Measures what one editor does to pauses, over all cuts of several edits.

    Medians over the cuts, so that a recording cut by somebody else changes little.

    Args:
        edits: Edits, each with its recording.

    Returns:
        The habits; None where fewer cuts lie in pauses than tell a habit from a whim.
    """
    left: list[SilenceLeft] = []
    shortened: list[float] = []
    alone: list[float] = []
    for edit_list, source in edits:
        left += silence_left(edit_list, source)
        treated = _pauses_treated(
            _segments_of(edit_list), find_silences(source).ranges, source.sample_rate
        )
        shortened += treated.shortened
        alone += treated.alone
    if len(left) < _FEWEST_FOR_HABITS:
        return None
    after_s, before_s = (max(0.0, float(value)) for value in np.median(left, axis=0))
    usual = for_pause(Targets(), after_s + before_s)
    pause_s = usual.pause_s or OWN_PAUSE_S
    limit_s = _limit_s(_Treated(shortened, alone), usual.shortest_s)
    shortest_s = max(pause_s, limit_s or pause_s)
    share = after_s / (after_s + before_s) if after_s + before_s > 0 else 0.5
    return Habits(round(pause_s, 3), round(shortest_s, 3), round(share, 3))


def _pause_about(
    silences: IntArray, leaving: int, landing: int, near: int
) -> tuple[int | None, int | None]:
    """Returns where the silence that is left began, and where the one landed in ends."""
    at, to = _silence_at(silences, leaving, near), _silence_at(silences, landing, near)
    before = None if at is None else min(leaving, int(silences[at, 0]))
    behind = None if to is None else max(landing, int(silences[to, 1]))
    return before, behind


def _silence_at(silences: IntArray, place: int, near: int) -> int | None:
    """Returns which silence a place lies in or beside."""
    about = np.flatnonzero((silences[:, 0] - near <= place) & (place <= silences[:, 1] + near))
    if not len(about):
        return None
    middles = silences[about].mean(axis=1)
    return int(about[np.argmin(np.abs(middles - place))])


class _Treated(NamedTuple):
    """Lengths of a recording's pauses, in seconds: of those an edit shortens, and of the others."""

    shortened: list[float]
    alone: list[float]


def _segments_of(edit_list: EditList) -> list[Segment]:
    return [item for item in edit_list.items if isinstance(item, Segment) and item.length]


def _cuts_of(segments: Sequence[Segment]) -> list[tuple[int, int]]:
    """Returns where an edit leaves and lands ahead of there."""
    return [(a.stop, b.start) for a, b in pairwise(segments) if a.stop < b.start]


def _pauses_treated(segments: Sequence[Segment], silences: IntArray, rate: int) -> _Treated:
    """Returns which pauses an edit shortens and which it leaves alone."""
    near, cuts = round(_NEAR_S * rate), _cuts_of(segments)
    treated = _Treated([], [])
    for low, high in silences.tolist():
        length_s = (high - low) / rate
        if length_s < _LEAST_PAUSE_S:
            continue
        if any(part.start < low and high < part.stop for part in segments):
            treated.alone.append(length_s)
        elif any(low - near <= leaving and landing <= high + near for leaving, landing in cuts):
            treated.shortened.append(length_s)
    return treated


def _limit_s(treated: _Treated, usual_s: float | None) -> float | None:
    """Returns the length that best parts shortened pauses from those left alone."""
    shortened, alone = treated
    if not shortened:
        return max([*alone, usual_s or 0.0]) * _SURER if alone else usual_s
    if not alone:
        return min(shortened) / _SURER if usual_s is None else float(min(usual_s, *shortened))
    both = sorted({*shortened, *alone})
    limits = [both[0] / _SURER, *((a + b) / 2 for a, b in pairwise(both)), both[-1] * _SURER]
    wrong = [
        sum(length <= limit for length in shortened) + sum(length > limit for length in alone)
        for limit in limits
    ]
    best = [limit for limit, count in zip(limits, wrong, strict=True) if count == min(wrong)]
    logarithm = float(np.mean(np.log(best)))
    if usual_s is None:
        return math.exp(logarithm)
    prior = math.log(usual_s)
    return math.exp(_drawn(logarithm, min(len(shortened), len(alone)), prior, _PRIOR_LIMITS))


def _margin_s(
    segments: Sequence[Segment], silences: IntArray, near: int, rate: int
) -> float | None:
    """Returns how much silence an edit leaves at its ends."""
    margins = []
    at = _silence_at(silences, segments[0].start, near)
    if at is not None:
        margins.append(max(0, int(silences[at, 1]) - segments[0].start) / rate)
    to = _silence_at(silences, segments[-1].stop, near)
    if to is not None:
        margins.append(max(0, segments[-1].stop - int(silences[to, 0])) / rate)
    if not margins:
        return None
    logarithm = float(np.mean(np.log(np.maximum(margins, 0.02))))
    return math.exp(_drawn(logarithm, len(margins), math.log(OWN_MARGIN_S), _PRIOR_MARGINS))


def measured_length(edit_list: EditList, own_edit: EditList, n_samples: int) -> float:
    """Returns how much an edit keeps beside what the network keeps with the same pauses.

    Args:
        edit_list: The edit.
        own_edit: The network's.
        n_samples: Length of the recording.
    """
    kept, own = kept_length(edit_list, n_samples), kept_length(own_edit, n_samples)
    changes = max(0, len(edit_list.items) - 1)
    if kept >= own:
        share = (kept - own) / (n_samples - own) if own < n_samples else 0.0
    else:
        share = (kept - own) / max(1, own)
    return min(max(_drawn(share, changes, 0.0, _PRIOR_CHANGES), -1.0), 1.0)


def _drawn(measured: float, places: int, usual: float, prior: float) -> float:
    """Draws what was measured at so many places towards what is usual."""
    return (places * measured + prior * usual) / (places + prior)
