"""Measuring an editor's style from a pair: how long pauses stay, how wide margins, how much looped.

A cut through a pause leaves silence on both its sides; together they are the pause that the editor
wanted there. The median over all such cuts tells the pause, the silence before the first and after
the last sound tells the margin, and what is played more often than once tells the extension.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from model_core.audio.silent_frames import silence_until
from model_core.edit.pointers import MODEL_HOP_SAMPLES, MODEL_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Sequence

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]

FRAME_S: Final = MODEL_HOP_SAMPLES / MODEL_RATE_HZ

# A frame is silent whose level lies in the lowest part of the range between quiet and loud.
_SILENT_SHARE = 0.2
_QUIET_AND_LOUD = (5, 95)
# A sound still fades when its level falls into that range; so many frames of it are no pause.
_DECAY_FRAMES = 4
# Shorter sounds are clicks and mouth noise within a pause.
_SHORTEST_SOUND_S = 0.04
# The dip between two syllables is no pause.
_SHORTEST_PAUSE_S = 0.08


@dataclass(frozen=True, slots=True)
class Style:
    """What an editor does, as far as one pair or several tell it.

    Attributes:
        pause_s: Length that long pauses are brought to, in seconds; None if no pause was cut.
        margin_s: Silence left before the first and after the last sound; None if none was cut.
        extension: Length of the edit over its length without what is heard again.
        n_pauses: Cuts that the pause was measured at.
        n_margins: Ends that the margin was measured at.
    """

    pause_s: float | None
    margin_s: float | None
    extension: float
    n_pauses: int = 0
    n_margins: int = 0


def measure_style(mel: npt.NDArray[np.generic], runs: IntArray) -> Style:
    """Measures the style of one edit.

    Args:
        mel: Spectrogram of the recording, of shape `[n_mels, T]`, in any unit that grows with dB.
        runs: Frame ranges that the edit plays in turn, `[n, 2]`.
    """
    silent = silent_frames(mel)
    before, after = silence_until(silent), silence_until(silent[::-1])[::-1]
    pauses = _pauses_left(runs, silent, before, after)
    margins = _margins_left(runs, silent, before, after)
    played = int((runs[:, 1] - runs[:, 0]).sum()) if len(runs) else 0
    heard = int(_covered(runs, len(silent)).sum())
    return Style(
        pause_s=float(np.median(pauses)) * FRAME_S if pauses else None,
        margin_s=float(np.mean(margins)) * FRAME_S if margins else None,
        extension=played / heard if heard else 1.0,
        n_pauses=len(pauses),
        n_margins=len(margins),
    )


def pooled(styles: Sequence[Style]) -> Style:
    """Returns the style of an editor from several pairs, each counting by its cuts."""

    def mean(values: list[float], weights: list[int]) -> float | None:
        if not values:
            return None
        # Lengths of time spread evenly on a logarithmic scale, not on a linear one.
        logs = np.log(np.maximum(values, FRAME_S / 2))
        return float(np.exp(np.average(logs, weights=weights)))

    paused = [style for style in styles if style.pause_s is not None]
    ended = [style for style in styles if style.margin_s is not None]
    looped = [style.extension for style in styles if style.extension > 1]
    return Style(
        pause_s=mean([s.pause_s or 0.0 for s in paused], [s.n_pauses for s in paused]),
        margin_s=mean([s.margin_s or 0.0 for s in ended], [s.n_margins for s in ended]),
        extension=float(np.median(looped)) if looped else 1.0,
        n_pauses=sum(style.n_pauses for style in styles),
        n_margins=sum(style.n_margins for style in styles),
    )


def silent_frames(mel: npt.NDArray[np.generic]) -> BoolArray:
    """Returns which frames of a recording are silent, of shape `[T]`, by its own quiet and loud."""
    level = mel.mean(axis=0, dtype=np.float32)
    if not level.size:
        return np.zeros(0, np.bool_)
    quiet, loud = np.percentile(level, _QUIET_AND_LOUD)
    silent: BoolArray = level < quiet + _SILENT_SHARE * (loud - quiet)
    shortest_sound = round(_SHORTEST_SOUND_S / FRAME_S)
    for start, stop in _stretches(~silent):
        if stop - start < shortest_sound and start > 0 and stop < len(silent):
            silent[start:stop] = True
    shortest_pause = round(_SHORTEST_PAUSE_S / FRAME_S)
    for start, stop in _stretches(silent):
        if stop - start < shortest_pause and start > 0 and stop < len(silent):
            silent[start:stop] = False
    return silent


def _pauses_left(runs: IntArray, silent: BoolArray, before: IntArray, after: IntArray) -> list[int]:
    """Returns the frames of silence left at each cut through a pause."""
    left = []
    for one, other in itertools.pairwise(runs):
        if other[0] <= one[1]:
            continue  # a jump back is no cut
        # The pause went on beyond one of the two ends, or it wasn't shortened here.
        if not (silent[one[1]] or silent[other[0] - 1]):
            continue
        length = min(before[one[1] - 1], one[1] - one[0]) + min(
            after[other[0]], other[1] - other[0]
        )
        if length > 0:
            left.append(max(1, int(length) - 2 * _DECAY_FRAMES))
    return left


def _margins_left(
    runs: IntArray, silent: BoolArray, before: IntArray, after: IntArray
) -> list[int]:
    """Returns the frames of silence left at the beginning and the end, where some was cut."""
    left = []
    if len(runs):
        start, stop = int(runs[0, 0]), int(runs[-1, 1])
        if start > 0 and after[start] > 0:
            left.append(max(1, int(min(after[start], runs[0, 1] - start)) - _DECAY_FRAMES))
        if stop < len(silent) and before[stop - 1] > 0:
            left.append(max(1, int(min(before[stop - 1], stop - runs[-1, 0])) - _DECAY_FRAMES))
    return left


def _covered(runs: IntArray, n_frames: int) -> BoolArray:
    change = np.zeros(n_frames + 1, np.int64)
    np.add.at(change, runs[:, 0], 1)
    np.add.at(change, runs[:, 1], -1)
    return np.cumsum(change)[:-1] > 0


def _stretches(chosen: BoolArray) -> IntArray:
    """Returns the ranges of frames that are chosen, `[n, 2]`."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], chosen, [False])).astype(np.int8)))
    return edges.reshape(-1, 2)
