"""The joins of an edit as arrays, so that thousands of them are looked up at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from editorbot_gui.waveform.pieces import Positions
from model_core.edit.coverage import JOIN_KINDS, JoinArrays, JoinInfo, join_arrays
from model_core.edit.types import ChangeKind, EditList

KINDS: tuple[ChangeKind | None, ...] = (
    None,
    ChangeKind.GAP,
    ChangeKind.CUT,
    ChangeKind.REORDER,
    ChangeKind.LOOP,
)
"""The kinds of joins. What is rarer comes last, and so on top where many share a pixel."""


_NUMBER_OF = np.array([KINDS.index(kind) for kind in JOIN_KINDS], np.int64)


class _Infos(Sequence[JoinInfo]):
    """What happens at each join, made as it is asked for."""

    def __init__(self, joins: JoinArrays) -> None:
        self._joins = joins

    def __len__(self) -> int:
        return len(self._joins)

    @overload
    def __getitem__(self, index: int) -> JoinInfo: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[JoinInfo]: ...

    def __getitem__(self, index: int | slice) -> JoinInfo | Sequence[JoinInfo]:
        places = range(len(self))[index]
        if isinstance(places, range):
            return [self._joins.info(place) for place in places]
        return self._joins.info(places)


@dataclass(frozen=True, slots=True)
class Joins:
    """The joins of an edit.

    Attributes:
        infos: What happens at each, in edited order; made as they are asked for.
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
    def of(cls, edit: EditList) -> Joins:
        """Returns the joins of an edit."""
        joins = join_arrays(edit)
        kinds = _NUMBER_OF[joins.codes]
        return cls(_Infos(joins), joins.positions, joins.leaving, joins.landing, kinds)

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
