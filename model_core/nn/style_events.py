"""What an editor did at each join of a finished edit, as a `StyleVAE` reads it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from model_core.audio.silent_frames import silence_until

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

N_MEASURED = 4
"""Of an event: log of the frames copied before it, signed log of the jump, log of the silent frames
left around it, and how loud the skipped (or repeated) frames are beside the rest."""
_SILENT_SHARE = 0.25
"""A frame is silent whose level lies in so much of the range between quiet and loud."""


@dataclass(frozen=True, slots=True)
class EventTable:
    """The events of one edit, or of the part of it that lies in a crop.

    Attributes:
        measured: Of shape `[E, N_MEASURED]`.
        leaving: Last frame played before each event, counted from the crop's first, `[E]`.
        landing: First frame played after it, `[E]`.
        skipped: Start and stop of the frames between both, `[E, 2]`.
    """

    measured: FloatArray
    leaving: IntArray
    landing: IntArray
    skipped: IntArray

    def __len__(self) -> int:
        return len(self.leaving)


class StyleEvents(NamedTuple):
    """The events of several edits, padded.

    Attributes:
        measured: Of shape `[B, E, N_MEASURED]`.
        leaving: Of shape `[B, E]`.
        landing: Of shape `[B, E]`.
        skipped: Of shape `[B, E, 2]`.
        mask: True for real events, of shape `[B, E]`.
    """

    measured: Tensor
    leaving: Tensor
    landing: Tensor
    skipped: Tensor
    mask: Tensor


def events_of(
    mel: FloatArray, runs: IntArray, first: int = 0, total: int | None = None
) -> EventTable:
    """Measures what an edit does at each of its joins, and at its beginning and end.

    Args:
        mel: Spectrogram of the recording, or of a crop of it, in [0, 1], of shape `[n_mels, T]`.
        runs: Frame ranges that the edit plays in turn, in frames of the recording, `[n, 2]`.
        first: First frame of the crop within its recording.
        total: Frames of the recording; default T.

    Returns:
        The events both ends of which lie in the crop.
    """
    n_frames = mel.shape[1]
    total = n_frames if total is None else total
    level = mel.mean(axis=0, dtype=np.float32)
    quiet, loud = np.percentile(level, (5, 95))
    silent = level < quiet + _SILENT_SHARE * (loud - quiet)
    silence_before, silence_after = silence_until(silent), silence_until(silent[::-1])[::-1]
    sums = np.concatenate(([0.0], np.cumsum(level, dtype=np.float64)))
    usual = float(level.mean())

    if not len(runs):
        return _table([], [], [], [])
    stops = np.concatenate(([0], runs[:, 1]))
    starts = np.concatenate((runs[:, 0], [total]))
    lengths = np.concatenate(([0], runs[:, 1] - runs[:, 0], [0]))
    measured, leaving, landing, skipped = [], [], [], []
    for k, (stop, start) in enumerate(zip(stops - first, starts - first, strict=True)):
        if stop == start:
            continue
        low, high = sorted((int(stop), int(start)))
        if low < 0 or high > n_frames:
            continue
        left = 0
        if k > 0 and stop > 0:
            left += min(int(silence_before[stop - 1]), int(lengths[k]))
        if k < len(runs) and start < n_frames:
            left += min(int(silence_after[start]), int(lengths[k + 1]))
        jump = int(start - stop)
        loudness = float(sums[high] - sums[low]) / (high - low) - usual
        measured.append(
            (
                math.log1p(lengths[k]) / 4,
                math.copysign(math.log1p(abs(jump)), jump) / 4,
                math.log1p(left) / 2,
                4 * loudness,
            )
        )
        leaving.append(min(max(0, int(stop) - 1), n_frames - 1))
        landing.append(min(int(start), n_frames - 1))
        skipped.append((low, high))
    return _table(measured, leaving, landing, skipped)


def stack_events(tables: Sequence[EventTable]) -> StyleEvents:
    """Pads the events of several edits to one length, at least one."""
    most = max([1, *map(len, tables)])
    padded = [_padded(table, most) for table in tables]
    mask = np.array([np.arange(most) < len(table) for table in tables])
    return StyleEvents(
        torch.from_numpy(np.stack([table.measured for table in padded])),
        torch.from_numpy(np.stack([table.leaving for table in padded])),
        torch.from_numpy(np.stack([table.landing for table in padded])),
        torch.from_numpy(np.stack([table.skipped for table in padded])),
        torch.from_numpy(mask),
    )


def _padded(table: EventTable, length: int) -> EventTable:
    more = length - len(table)
    return EventTable(
        np.pad(table.measured, ((0, more), (0, 0))),
        np.pad(table.leaving, (0, more)),
        np.pad(table.landing, (0, more)),
        np.pad(table.skipped, ((0, more), (0, 0))),
    )


def _table(
    measured: Sequence[tuple[float, ...]],
    leaving: Sequence[int],
    landing: Sequence[int],
    skipped: Sequence[tuple[int, int]],
) -> EventTable:
    return EventTable(
        np.array(measured, np.float32).reshape(-1, N_MEASURED),
        np.array(leaving, np.int64),
        np.array(landing, np.int64),
        np.array(skipped, np.int64).reshape(-1, 2),
    )
