"""The steps of an edit, and how they lie in rows of expected positions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model_core.edit.pointers import PADDING, STOP

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]

_MOST_BUDGET = 3.0


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of an edit, the last of which stops.

    Attributes:
        expected: Expected position e of each step, of shape `[S + 1]`.
        pointer: What is played next, `STOP` at the end, of shape `[S + 1]`.
        visit: How often e was expected before, of shape `[S + 1]`.
    """

    expected: IntArray
    pointer: IntArray
    visit: IntArray

    def budget(self, n_frames: int) -> FloatArray:
        """Returns log((edit frames to play) / (raw frames left)) at each step, `[S + 1]`.

        Args:
            n_frames: Frames of the recording.
        """
        to_play = np.arange(len(self.pointer), 0, -1)
        return budget_of(to_play, n_frames - self.expected)

    def in_rows(self, n_frames: int) -> tuple[IntArray, IntArray]:
        """Lays the steps out so that each row has at most one for each expected position.

        Args:
            n_frames: Frames T of the recording.

        Returns:
            The next pointers in rows `[R, T + 1]`, `PADDING` where there is no step, and the place
            of each step among them, `row * (T + 1) + e`, of shape `[S + 1]`.
        """
        rows = np.full((int(self.visit.max()) + 1, n_frames + 1), PADDING, np.int64)
        rows[self.visit, self.expected] = self.pointer
        return rows, self.visit * (n_frames + 1) + self.expected


def budget_of(to_play: IntArray, raw_left: IntArray) -> FloatArray:
    """Returns log(to_play / raw_left), bounded; neither counts for less than one frame."""
    ratio = np.log(np.maximum(to_play, 1) / np.maximum(raw_left, 1))
    bounded: FloatArray = ratio.clip(-_MOST_BUDGET, _MOST_BUDGET).astype(np.float32)
    return bounded


def steps_of(runs: IntArray) -> Steps:
    """Returns the steps of an edit that plays the frame ranges `[n, 2]` in turn."""
    frames = [np.arange(start, stop, dtype=np.int64) for start, stop in runs]
    played = np.concatenate([*frames, np.array([STOP], np.int64)])
    expected = np.concatenate(([0], played[:-1] + 1))
    order = np.argsort(expected, kind="stable")
    ranked = expected[order]
    begins = np.concatenate(([True], ranked[1:] != ranked[:-1]))
    first = np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0))
    visit = np.empty(len(order), np.int64)
    visit[order] = np.arange(len(order)) - first
    return Steps(expected, played, visit)
