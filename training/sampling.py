"""Which recordings and which of their crops training sees, so that rare events aren't too rare.

Loops, passages that are put elsewhere and failed takes are what an edit is judged by, so crops that
hold them are drawn oftener (`EVENT_WEIGHTS`); and since batches are padded to their longest crop,
crops of similar length come together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from model_core.edit.types import REASONS, Reason

if TYPE_CHECKING:
    from training.dataset import Example

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_SILENCE = REASONS.index(Reason.SILENCE)
_RETAKE = REASONS.index(Reason.RETAKE)
_AROUND_FRAMES = 172
"""2 s that stay in sight on either side of an event."""
_CHANCE_OF_AN_END = 0.15


class EventKind(IntEnum):
    """What a jump of an edit does."""

    SILENCE = 0
    SOUND = 1
    RETAKE = 2
    REORDER = 3
    LOOP = 4


EVENT_WEIGHTS = (1.0, 1.5, 2.0, 4.0, 4.0)
"""How much oftener than a cut through silence each `EventKind` is drawn.

A recording is drawn in proportion to the highest weight among its events, and of a recording an
event in proportion to its own.
"""


@dataclass(frozen=True, slots=True)
class Events:
    """The jumps of an edit.

    Attributes:
        leave: Frame that would have come next, of shape `[n]`.
        land: Frame that comes instead, `[n]`.
        kind: `EventKind` values, `[n]`.
    """

    leave: IntArray
    land: IntArray
    kind: IntArray

    @property
    def weights(self) -> FloatArray:
        """How often each is drawn, relative to the others; of shape `[n]`."""
        weights: FloatArray = np.array(EVENT_WEIGHTS)[self.kind]
        return weights


def events_of_edit(example: Example) -> Events:
    """Returns the jumps of an edit, and what each does.

    A jump back to what was heard already is a loop; one to what wasn't, or ahead over what is heard
    later, puts a passage elsewhere. A jump ahead over a failed take is a retake, one over
    something that is no silence a sound, and any other one silence. Where nobody said why frames
    went, as in a personal library, failed takes count as sounds.
    """
    runs = example.runs
    before = np.concatenate(([0], runs[:, 1]))[: len(runs)] if len(runs) else np.zeros(0, np.int64)
    land = runs[:, 0] if len(runs) else np.zeros(0, np.int64)
    chosen = np.flatnonzero(before != land)
    first_heard = _first_heard(runs, example.n_frames)
    kinds = []
    for place in chosen.tolist():
        low, high = int(before[place]), int(land[place])
        if high < low:
            heard = first_heard[high] < place
            kinds.append(EventKind.LOOP if heard else EventKind.REORDER)
            continue
        over = first_heard[low:high]
        skipped = example.reason[low:high]
        if ((over > place) & (over < len(runs))).mean() > 0.5:
            kinds.append(EventKind.REORDER)
        elif (skipped == _RETAKE).any():
            kinds.append(EventKind.RETAKE)
        elif (skipped != _SILENCE).any():
            kinds.append(EventKind.SOUND)
        else:
            kinds.append(EventKind.SILENCE)
    return Events(before[chosen], land[chosen], np.array(kinds, np.int64).reshape(-1))


def _first_heard(runs: IntArray, n_frames: int) -> IntArray:
    """Returns the run in which each frame is heard first, `len(runs)` where in none, `[T]`."""
    first = np.full(n_frames, len(runs), np.int64)
    for place in range(len(runs) - 1, -1, -1):
        first[runs[place, 0] : runs[place, 1]] = place
    return first


def recording_weight(example: Example) -> float:
    """Returns how much oftener a recording is drawn than one of cuts through silence alone."""
    return float(max(events_of_edit(example).weights, default=1.0))


def crop_start(example: Example, crop: int, event_share: float, rng: np.random.Generator) -> int:
    """Chooses where a crop begins.

    Of the crops, `event_share` hold an event that was drawn by its weight, with both its ends and
    2 s on either side, where so much fits; where it doesn't, they hold one of its ends. Three in
    ten of the others lie at an end of the recording, since beginnings and ends are rare.

    Args:
        example: The recording.
        crop: Frames of the crop.
        event_share: Share of crops that are laid around an event.
        rng: Source of the choice.
    """
    room = example.n_frames - crop
    if room <= 0:
        return 0
    if event_share > 0 and rng.random() < event_share:
        events = events_of_edit(example)
        if len(events.leave):
            weights = events.weights
            place = int(rng.choice(len(weights), p=weights / weights.sum()))
            return _around(int(events.leave[place]), int(events.land[place]), crop, room, rng)
    choice = rng.random()
    if choice < _CHANCE_OF_AN_END:
        return 0
    if choice < 2 * _CHANCE_OF_AN_END:
        return room
    return int(rng.integers(0, room + 1))


def _around(leave: int, land: int, crop: int, room: int, rng: np.random.Generator) -> int:
    low, high = min(leave, land), max(leave, land)
    margin = min(_AROUND_FRAMES, crop // 4)
    if high - low + 2 * margin > crop:
        # Both ends don't fit: more often the one that is left, as that is what has to be noticed.
        low = high = leave if rng.random() < 2 / 3 else land
    earliest, latest = high + margin - crop, low - margin
    return int(np.clip(rng.integers(earliest, max(earliest, latest) + 1), 0, room))


def in_buckets(
    lengths: Sequence[int] | IntArray, per_batch: int, rng: np.random.Generator
) -> list[IntArray]:
    """Divides crops into batches of similar lengths.

    Args:
        lengths: Frames of each crop, of shape `[n]`; `n` is a multiple of `per_batch`.
        per_batch: Crops in a batch.
        rng: Draws the order of the batches, so that short ones don't always come first.

    Returns:
        The crops of each batch.
    """
    order = np.argsort(np.asarray(lengths), kind="stable")
    batches = order.reshape(-1, per_batch)
    return [batches[place] for place in rng.permutation(len(batches))]


def padding_share(batches: Sequence[Sequence[int]]) -> float:
    """Returns which share of the frames of batches is padding.

    Args:
        batches: For each batch the frames of its crops.
    """
    padded = sum(len(lengths) * max(lengths) for lengths in batches)
    return 1 - sum(map(sum, batches)) / padded if padded else 0.0
