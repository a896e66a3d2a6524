"""What one take keeps of the recording and another doesn't."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from model_core.edit.coverage import kept_ranges

if TYPE_CHECKING:
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


@dataclass(frozen=True, slots=True)
class Differences:
    """All stretches in which two edits differ, in the order of the recording; of shape `[n]`.

    Attributes:
        starts: First samples.
        stops: Their ends, exclusive.
        in_first: Whether the first of the two edits is the one that keeps it.
    """

    starts: npt.NDArray[np.int64]
    stops: npt.NDArray[np.int64]
    in_first: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.starts)

    def not_shorter(self, length: float) -> Differences:
        """Returns those that have at least a length in samples."""
        chosen = self.stops - self.starts >= length
        return Differences(self.starts[chosen], self.stops[chosen], self.in_first[chosen])

    def length(self, *, in_first: bool) -> int:
        """Returns how many samples of the recording only one of the two keeps."""
        chosen = self.in_first == in_first
        return int((self.stops[chosen] - self.starts[chosen]).sum())

    def rows(self, most: int | None = None) -> list[Difference]:
        """Returns them one by one, `most` of them at most."""
        columns = (values[:most].tolist() for values in (self.starts, self.stops, self.in_first))
        return [Difference(*row) for row in zip(*columns, strict=True)]


def differences(first: EditList, second: EditList, n_samples: int) -> Differences:
    """Returns the stretches of a recording that one of two edits keeps and the other doesn't.

    Args:
        first: One edit.
        second: The other.
        n_samples: Length of the recording.
    """
    kept = [kept_ranges(edit, 0, n_samples).reshape(-1) for edit in (first, second)]
    corners = np.unique(np.concatenate(kept))
    in_first, in_second = (_is_kept(edges, corners[:-1]).astype(np.int8) for edges in kept)
    only = in_first - in_second
    begins = np.flatnonzero(np.diff(only, prepend=np.int8(2)))
    ends = np.append(begins[1:], len(only))[: len(begins)]
    starts, stops, sides = corners[begins], corners[ends], only[begins]
    differ = sides != 0
    return Differences(starts[differ], stops[differ], sides[differ] > 0)


def _is_kept(edges: npt.NDArray[np.int64], samples: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether samples lie within ranges that are given as `start, stop, start, stop, ...`."""
    inside: npt.NDArray[np.bool_] = np.searchsorted(edges, samples, side="right") % 2 == 1
    return inside
