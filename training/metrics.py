"""How good an edit is, against the true one: what was wanted stays, what was to go is gone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from model_core.edit.types import REASONS, Reason

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_NEAR_FRAMES = 9
"""A join is right if both its ends lie within so many frames (0.1 s) of the true ones."""


@dataclass(slots=True)
class Tally:
    """Sums over recordings, in frames and joins.

    Attributes:
        wanted: Frames of phrases that the true edit keeps, and of those, frames kept.
        edges: The same of the first and last 0.1 s of each phrase.
        gone: For each reason, frames that were to go, and of those, frames gone.
        joins: True joins, proposed joins, and matches among them.
        pauses: The same, where all of a pause counts as one place.
        loops: The same of the jumps back.
        clean: Frames of recordings with nothing to remove, and of those, frames cut.
    """

    wanted: IntArray = field(default_factory=lambda: np.zeros(2, np.int64))
    edges: IntArray = field(default_factory=lambda: np.zeros(2, np.int64))
    gone: IntArray = field(default_factory=lambda: np.zeros((len(REASONS), 2), np.int64))
    joins: IntArray = field(default_factory=lambda: np.zeros(3, np.int64))
    pauses: IntArray = field(default_factory=lambda: np.zeros(3, np.int64))
    loops: IntArray = field(default_factory=lambda: np.zeros(3, np.int64))
    clean: IntArray = field(default_factory=lambda: np.zeros(2, np.int64))

    def add(
        self,
        proposed: IntArray,
        true: IntArray,
        n_frames: int,
        phrases: IntArray,
        reason: npt.NDArray[np.int8],
    ) -> None:
        """Adds one recording.

        Args:
            proposed: Frame ranges that the proposed edit plays, `[n, 2]`.
            true: The same of the true edit.
            n_frames: Length of the recording.
            phrases: What is wanted, `[p, 2]`, in frames.
            reason: Index into `REASONS` of why a frame goes, -1 where it stays, `[n_frames]`.
        """
        kept, truth = covered(proposed, n_frames), covered(true, n_frames)
        wanted = covered(phrases, n_frames) & truth
        self.wanted += (wanted.sum(), (wanted & kept).sum())
        edges = [
            part
            for start, stop in phrases.tolist()
            for part in ((start, start + _NEAR_FRAMES), (stop - _NEAR_FRAMES, stop))
        ]
        edge = covered(np.array(edges, np.int64).reshape(-1, 2).clip(0), n_frames) & wanted
        self.edges += (edge.sum(), (edge & kept).sum())
        for index in range(len(REASONS)):
            unwanted = (reason == index) & ~truth
            self.gone[index] += (unwanted.sum(), (unwanted & ~kept).sum())
        true_joins, proposed_joins = joins(true), joins(proposed)
        self.joins += _counts(true_joins, proposed_joins)
        sounding = sounding_before(phrases, reason)
        self.pauses += _counts(sounding[true_joins], sounding[proposed_joins])
        self.loops += _counts(_backward(true_joins), _backward(proposed_joins))
        if truth.all():
            self.clean += (n_frames, (~kept).sum())

    def figures(self) -> dict[str, float]:
        """Returns shares from 0 to 1; what did not occur is left out."""
        figures = {"wanted kept": _share(self.wanted), "edges kept": _share(self.edges)}
        for reason, pair in zip(REASONS, self.gone, strict=True):
            figures[f"{reason.value} gone"] = _share(pair)
        for name, counts in (
            ("joins F1", self.joins),
            ("pauses F1", self.pauses),
            ("loops F1", self.loops),
        ):
            true, proposed, matched = counts.tolist()
            figures[name] = 2 * matched / (true + proposed) if true + proposed else np.nan
        figures["clean cut"] = _share(self.clean)
        return {name: value for name, value in figures.items() if not np.isnan(value)}

    def quality(self) -> float:
        """Wanted kept x edges kept x mean of what was to go and is gone."""
        seen = self.gone[self.gone[:, 0] > 0]
        gone = (seen[:, 1] / seen[:, 0]).mean() if len(seen) else 1.0
        return float(_share(self.wanted) * _share(self.edges) * gone)


def covered(ranges: IntArray, n_frames: int) -> BoolArray:
    """Returns which of `n_frames` frames the ranges cover."""
    mask = np.zeros(n_frames, bool)
    for start, stop in ranges.tolist():
        mask[start:stop] = True
    return mask


def joins(runs: IntArray) -> IntArray:
    """Returns the joins of an edit as rows of the frames left and landed on, `[n - 1, 2]`."""
    return np.stack((runs[:-1, 1], runs[1:, 0]), axis=1)


def sounding_before(phrases: IntArray, reason: npt.NDArray[np.int8]) -> IntArray:
    """Returns how many frames before each place sound: are wanted, or go for more than silence.

    Two places between which nothing sounds are one place in it: where in a pause an edit is cut is
    a habit, not a mistake.

    Args:
        phrases: What is wanted, `[p, 2]`, in frames.
        reason: Index into `REASONS` of why a frame goes, -1 where it stays, `[T]`.

    Returns:
        Of shape `[T + 1]`.
    """
    sounds = covered(phrases, len(reason)) | (reason > REASONS.index(Reason.SILENCE))
    return np.concatenate(([0], np.cumsum(sounds, dtype=np.int64)))


def are_matched(true: IntArray, proposed: IntArray) -> BoolArray:
    """Returns which proposed joins have both ends near those of a true one, each used once.

    Args:
        true: Frames left and landed on, of shape `[n, 2]`.
        proposed: The same of the proposed joins, of shape `[m, 2]`.

    Returns:
        Of shape `[m]`.
    """
    free = np.ones(len(proposed), bool)
    for join in true:
        near = np.flatnonzero(free & (np.abs(proposed - join) <= _NEAR_FRAMES).all(axis=1))
        free[near[:1]] = False
    return ~free


def _counts(true: IntArray, proposed: IntArray) -> tuple[int, int, int]:
    """Returns the numbers of true joins, proposed joins and matches."""
    return len(true), len(proposed), int(are_matched(true, proposed).sum())


def _backward(pairs: IntArray) -> IntArray:
    return pairs[pairs[:, 1] < pairs[:, 0]]


def table(rows: dict[str, Tally]) -> str:
    """Returns a text table with a line per tally."""
    names = list(dict.fromkeys(name for tally in rows.values() for name in tally.figures()))
    lines = [" " * 12 + "  ".join(f"{name:>13}" for name in [*names, "quality"])]
    for label, tally in rows.items():
        figures = {**tally.figures(), "quality": tally.quality()}
        cells = (f"{figures[n]:13.3f}" if n in figures else " " * 13 for n in [*names, "quality"])
        lines.append(f"{label:<12}" + "  ".join(cells))
    return "\n".join(lines)


def _share(pair: Iterable[int]) -> float:
    whole, part = pair
    return part / whole if whole else np.nan
