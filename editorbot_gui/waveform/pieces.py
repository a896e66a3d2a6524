"""From columns of a view to stretches of the recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model_core.edit.timeline import GAP_SOURCE, Timeline

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pieces:
    """What columns show, cut where columns and items meet.

    Attributes:
        column: The column of each piece, not decreasing; of shape `[P]`, as all others.
        item: Index of the item in the edit list.
        start: First sample in the recording.
        stop: Its end, exclusive.
    """

    column: Positions
    item: Positions
    start: Positions
    stop: Positions


def column_grid(start: float, span: float, n_columns: int) -> npt.NDArray[np.float64]:
    """Returns where columns begin, and the end of the last, in samples; `[n_columns + 1]`."""
    grid: npt.NDArray[np.float64] = np.arange(n_columns + 1, dtype=np.float64)
    grid *= span / n_columns
    grid += start
    return grid


def column_edges(start: float, span: float, n_columns: int) -> Positions:
    """Returns `column_grid` in whole samples."""
    return np.floor(column_grid(start, span, n_columns)).astype(np.int64)


def pieces_of(timeline: Timeline, edges: Positions, source: int = 0) -> Pieces:
    """Cuts the columns of an edited view into pieces of the recording.

    However many items are in view, there are at most as many pieces as columns and items together.

    Args:
        timeline: The edit.
        edges: Where columns begin, from `column_edges`.
        source: Whose samples are wanted; pieces of other sources and of gaps are left out.
    """
    length = timeline.length
    low, high = max(int(edges[0]), 0), min(int(edges[-1]), length)
    if high <= low:
        nothing = np.zeros(0, np.int64)
        return Pieces(nothing, nothing, nothing, nothing)
    first, last = np.searchsorted(timeline.starts, (low, high))
    cuts = np.concatenate((np.clip(edges, low, high), timeline.starts[first:last]))
    cuts = np.unique(cuts)
    starts, stops = cuts[:-1], cuts[1:]
    item = np.searchsorted(timeline.starts, starts, side="right") - 1
    wanted = (timeline.sources[item] == source) & (timeline.sources[item] != GAP_SOURCE)
    item, starts, stops = item[wanted], starts[wanted], stops[wanted]
    shift = timeline.source_starts[item] - timeline.starts[item]
    column = np.searchsorted(edges, starts, side="right") - 1
    return Pieces(column, item, starts + shift, stops + shift)


def kept_share(kept: Positions, edges: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Returns how much of each column of the recording is kept, 0 to 1.

    Args:
        kept: Rows of `(start, stop)`, sorted and apart, of shape `[n, 2]`.
        edges: Where columns begin, from `column_grid`.
    """
    if not len(kept):
        return np.zeros(len(edges) - 1, np.float32)
    corners = kept.reshape(-1)
    heard = np.zeros(len(corners), np.int64)
    np.cumsum(kept[:, 1] - kept[:, 0], out=heard[1::2])
    heard[2::2] = heard[1:-1:2]
    total = np.interp(edges, corners, heard)
    return (np.diff(total) / np.diff(edges)).astype(np.float32)


def runs_of(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Returns where a mask is true, as `(start, stop)` of each run."""
    padded = np.concatenate(([False], mask, [False]))
    turns = np.flatnonzero(padded[1:] != padded[:-1])
    return list(zip(turns[::2].tolist(), turns[1::2].tolist(), strict=True))


def joined_spans(spans: npt.NDArray[np.floating], reach: float) -> list[tuple[float, float]]:
    """Returns spans in order, those that overlap or are at most `reach` apart as one.

    Args:
        spans: Rows of `(start, stop)`, in any order, of shape `[n, 2]`.
        reach: The widest space that is closed.
    """
    if not len(spans):
        return []
    ordered = spans[np.argsort(spans[:, 0])]
    reached = np.maximum.accumulate(ordered[:, 1])
    begins = np.flatnonzero(ordered[1:, 0] > reached[:-1] + reach) + 1
    starts = ordered[np.append(0, begins), 0]
    stops = reached[np.append(begins - 1, len(ordered) - 1)]
    return list(zip(starts.tolist(), stops.tolist(), strict=True))
