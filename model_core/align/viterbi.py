"""The best reading of an edit: which cell of the recording is heard in each cell of the edit.

Staying on course, one cell of the recording for each cell of the edit, is free; a jump to any
other cell costs the same wherever it goes. So the best reading has the fewest jumps that explain
the sound, and loops, repeats and passages that changed places need no rule of their own. One more
state stands for sound that is not from the recording.

A jump always leaves the row's best cell, so the way back needs only, for each row, that cell and
the row in which the course through it began. That start travels with the score; memory grows with
the sum of the lengths and not with their product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from model_core.progress import no_progress

if TYPE_CHECKING:
    from model_core.align.descriptors import Vectors
    from model_core.progress import CancelToken, Progress

FOREIGN: Final = -1
"""The column of what is not from the recording."""

_BLOCK_ROWS: Final = 64  # rows of similarities that stay in the cache
_NEVER: Final = np.float32(-1e9)


@dataclass(frozen=True, slots=True)
class Run:
    """Cells `start` to `stop` of an edit that go on without a jump.

    Attributes:
        start: First cell of the edit.
        stop: Its end, exclusive.
        first: Cell of the recording that is heard at `start`, or `FOREIGN`.
    """

    start: int
    stop: int
    first: int

    @property
    def length(self) -> int:
        """Length in cells."""
        return self.stop - self.start

    @property
    def offset(self) -> int:
        """Cell of the recording less cell of the edit."""
        return self.first - self.start


@dataclass(frozen=True, slots=True)
class Costs:
    """What a reading pays; see `AlignSettings`."""

    jump: float
    foreign: float
    foreign_score: float


class _Rows:
    """For each row of the edit, what the way back needs."""

    def __init__(self, n_rows: int) -> None:
        self.best = np.zeros(n_rows, np.int32)
        self.best_since = np.zeros(n_rows, np.int32)
        self.foreign_since = np.zeros(n_rows, np.int32)
        self.entered_from_foreign = np.zeros(n_rows, np.bool_)


def best_reading(
    edited: Vectors,
    raw: Vectors,
    costs: Costs,
    barriers: npt.NDArray[np.int64] | None = None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[Run, ...]:
    """Finds the reading of the highest score: sum of likenesses less what its jumps cost.

    Args:
        edited: Vectors of the edit, `[n, bands]`, n > 0.
        raw: Vectors of the recording, `[m, bands]`, m > 0.
        costs: What jumps cost.
        barriers: Columns of `raw` that must not be heard, where parts of a recording meet.
        progress: Told the finished share.
        cancel: Looked at every few rows.

    Returns:
        Runs that cover the edit without holes.

    Raises:
        CancelledError: `cancel` was set.
    """
    n_rows, n_columns = len(edited), len(raw)
    rows = _Rows(n_rows)
    # By diagonals: staying on course keeps the place in the array, the window moves instead.
    scores = np.full(n_rows + n_columns, _NEVER)
    since = np.zeros(n_rows + n_columns, np.int32)
    likeness = np.empty((min(_BLOCK_ROWS, n_rows), n_columns), np.float32)
    replaced = np.empty(n_columns, np.bool_)
    columns = np.ascontiguousarray(raw.T)
    jump_cost = np.float32(costs.jump)
    foreign_cost = np.float32(costs.foreign)
    foreign = np.float32(0.0)  # its score before the first row, where every state may begin
    best = foreign_cost
    for first in range(0, n_rows, _BLOCK_ROWS):
        if cancel is not None:
            cancel.raise_if_cancelled()
        block = likeness[: min(_BLOCK_ROWS, n_rows - first)]
        np.dot(edited[first : first + _BLOCK_ROWS], columns, out=block)
        if barriers is not None:
            block[:, barriers] = _NEVER
        for row, alike in enumerate(block, first):
            window = slice(n_rows - 1 - row, n_rows - 1 - row + n_columns)
            score, began = scores[window], since[window]
            entry = max(best - jump_cost, foreign - foreign_cost) if row else np.float32(0.0)
            rows.entered_from_foreign[row] = foreign - foreign_cost > best - jump_cost
            went_foreign = row == 0 or best - foreign_cost > foreign
            rows.foreign_since[row] = row if went_foreign else rows.foreign_since[row - 1]
            foreign = np.float32(costs.foreign_score) + max(foreign, best - foreign_cost)
            np.less(score, entry, out=replaced)
            np.putmask(began, replaced, row)
            np.maximum(score, entry, out=score)
            score += alike
            place = int(score.argmax())
            best = score[place]
            rows.best[row], rows.best_since[row] = place, began[place]
        # Scores stay near 0, where float32 is exact enough for any length.
        scores -= best
        foreign -= best
        best = np.float32(0.0)
        progress(min(1.0, (first + _BLOCK_ROWS) / n_rows), "Comparing the recordings")
    return _way_back(rows, ends_foreign=bool(foreign > best))


def _way_back(rows: _Rows, *, ends_foreign: bool) -> tuple[Run, ...]:
    runs: list[Run] = []
    stop = len(rows.best)
    in_foreign = ends_foreign
    while stop > 0:
        last = stop - 1
        if in_foreign:
            start = int(rows.foreign_since[last])
            runs.append(Run(start, stop, FOREIGN))
            in_foreign = False  # it was entered from the row's best cell
        else:
            start = int(rows.best_since[last])
            runs.append(Run(start, stop, int(rows.best[last]) - (last - start)))
            in_foreign = bool(rows.entered_from_foreign[start])
        stop = start
    return tuple(reversed(runs))
