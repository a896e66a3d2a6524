"""The joins of an edit as arrays, so that thousands of them are looked up at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from editorbot_gui.waveform.pieces import Positions
from model_core.edit.coverage import JoinInfo
from model_core.edit.types import ChangeKind

KINDS: tuple[ChangeKind | None, ...] = (
    None,
    ChangeKind.GAP,
    ChangeKind.CUT,
    ChangeKind.REORDER,
    ChangeKind.LOOP,
)
"""The kinds of joins. What is rarer comes last, and so on top where many share a pixel."""


@dataclass(frozen=True, slots=True)
class Joins:
    """The joins of an edit.

    Attributes:
        infos: What happens at each, in edited order.
        positions: Their edited positions, of shape `[J]`.
        leaving: The sample that would have been heard next, of shape `[J]`.
        landing: The sample that is heard next, of shape `[J]`.
        kinds: Index into `KINDS`, of shape `[J]`.
    """

    infos: Sequence[JoinInfo]
    positions: Positions
    leaving: Positions
    landing: Positions
    kinds: Positions

    @classmethod
    def of(cls, infos: Sequence[JoinInfo]) -> Joins:
        """Returns joins that are given in edited order."""
        return cls(
            infos,
            np.array([join.position for join in infos], np.int64),
            np.array([join.leaving for join in infos], np.int64),
            np.array([join.landing for join in infos], np.int64),
            np.array([KINDS.index(join.kind) for join in infos], np.int64),
        )

    def count(self, kind: ChangeKind) -> int:
        """Returns how many joins are of a kind."""
        return int(np.count_nonzero(self.kinds == KINDS.index(kind)))

    def visible(self, start: float, stop: float) -> slice:
        """Returns which joins are between two edited positions."""
        first, last = np.searchsorted(self.positions, (start, stop), side="left")
        return slice(int(first), int(last))

    def near(self, sample: float, reach: float) -> JoinInfo | None:
        """Returns the join nearest to an edited position, if it is within `reach` samples."""
        if not len(self.positions):
            return None
        after = int(np.searchsorted(self.positions, sample))
        candidates = [index for index in (after - 1, after) if 0 <= index < len(self.positions)]
        best = min(candidates, key=lambda index: abs(int(self.positions[index]) - sample))
        return self.infos[best] if abs(int(self.positions[best]) - sample) <= reach else None
