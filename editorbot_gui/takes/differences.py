"""What one take keeps of the recording and another doesn't."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model_core.edit.coverage import kept_ranges

if TYPE_CHECKING:
    import numpy.typing as npt

    from model_core.edit.types import EditList


@dataclass(frozen=True, slots=True)
class Difference:
    """A stretch of the recording that is heard in one of two edits only.

    Attributes:
        start: First sample.
        stop: Its end, exclusive.
        in_first: Whether the first of the two is the one that keeps it.
    """

    start: int
    stop: int
    in_first: bool


def differences(first: EditList, second: EditList, n_samples: int) -> list[Difference]:
    """Returns the stretches of a recording that one of two edits keeps and the other doesn't.

    Args:
        first: One edit.
        second: The other.
        n_samples: Length of the recording.
    """
    kept = [kept_ranges(edit, 0, n_samples).reshape(-1) for edit in (first, second)]
    corners = np.unique(np.concatenate(kept))
    if len(corners) < 2:
        return []
    starts = corners[:-1]
    in_first, in_second = (_is_kept(edges, starts) for edges in kept)
    differ = np.flatnonzero(in_first != in_second)
    found: list[Difference] = []
    for index in differ.tolist():
        start, stop = int(corners[index]), int(corners[index + 1])
        last = found[-1] if found else None
        if last is not None and last.stop == start and last.in_first == bool(in_first[index]):
            found[-1] = Difference(last.start, stop, last.in_first)
        else:
            found.append(Difference(start, stop, bool(in_first[index])))
    return found


def _is_kept(edges: npt.NDArray[np.int64], samples: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether samples lie within ranges that are given as `start, stop, start, stop, ...`."""
    inside: npt.NDArray[np.bool_] = np.searchsorted(edges, samples, side="right") % 2 == 1
    return inside
