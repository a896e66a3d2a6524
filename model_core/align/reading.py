"""Reading an edit as courses through its recording, for pairs of any length.

An edit is looked at cell by cell, its recording at twice as many places, so that no course is off
by more than a quarter of a cell: among bars that sound nearly the same even that would count.
Pairs of hours are first read coarsely; then each stretch of the edit is read again beside those
parts of the recording that came out.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from model_core.align.descriptors import CELL_S, HALVES, pooled
from model_core.align.viterbi import FOREIGN, Costs, best_reading
from model_core.progress import no_progress, part_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from model_core.align.descriptors import Vectors
    from model_core.align.types import AlignSettings
    from model_core.progress import CancelToken, Progress

_COARSE: Final = 4  # cells in a coarse cell of 93 ms
_STRETCH_S: Final = 180.0
_MARGIN_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Course:
    """Cells `start` to `stop` of an edit that go on without a jump.

    Attributes:
        start: First cell of the edit.
        stop: Its end, exclusive.
        first: Half cell of the recording that is heard at `start`, or `FOREIGN`.
    """

    start: int
    stop: int
    first: int

    @property
    def length(self) -> int:
        """Length in cells."""
        return self.stop - self.start

    @property
    def is_foreign(self) -> bool:
        """Whether it is not from the recording."""
        return self.first == FOREIGN

    @property
    def offset_s(self) -> float:
        """Place in the recording less place in the edit, in seconds."""
        return (self.first / HALVES - self.start) * CELL_S


def read_edit(
    raw: Vectors,
    edited: Vectors,
    settings: AlignSettings,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[Course, ...]:
    """Finds the courses of an edit through its recording.

    Args:
        raw: Vectors of the recording, for each half cell.
        edited: Vectors of the edit, for each cell.
        settings: Costs, and from which length on to look coarsely first.
        progress: Told the finished share.
        cancel: Looked at several times a second.

    Returns:
        Courses that cover the edit without holes.
    """
    costs = Costs(settings.jump_cost, settings.foreign_cost, settings.foreign_score)
    whole = ((0, len(raw)),)
    shorter_s = min(len(raw) / HALVES, len(edited)) * CELL_S
    if shorter_s <= 60 * settings.exact_minutes:
        return read_beside(edited, raw, whole, costs, progress, cancel)
    # A jump must pay in as many seconds as between cells, or nearly: means are surer.
    cheaper = Costs(2 * costs.jump / _COARSE, 2 * costs.foreign / _COARSE, costs.foreign_score)
    coarse_raw = pooled(raw, HALVES * _COARSE // 2)
    coarse = read_beside(
        pooled(edited, _COARSE),
        # Overlapping means, so that again there are two for each cell of the edit.
        _unit_mean(coarse_raw),
        ((0, len(coarse_raw) - 1),),
        cheaper,
        part_of(progress, 0.0, 0.7),
        cancel,
    )
    courses: list[Course] = []
    stretches = _stretches(coarse, len(edited))
    for index, (start, stop) in enumerate(stretches):
        ranges = _ranges_beside(coarse, start, stop, len(raw))
        if ranges:
            found = read_beside(edited[start:stop], raw, ranges, costs, no_progress, cancel)
            courses += [Course(one.start + start, one.stop + start, one.first) for one in found]
        else:
            courses.append(Course(start, stop, FOREIGN))
        progress(0.7 + 0.3 * (index + 1) / len(stretches), "Comparing the recordings")
    return tuple(courses)


def likeness_along(
    start: int, stop: int, first: int, raw: Vectors, edited: Vectors
) -> npt.NDArray[np.float32]:
    """Returns the likeness of each cell of the edit along a course; 0 beyond the recording."""
    places = first + HALVES * np.arange(stop - start)
    inside = (places >= 0) & (places < len(raw))
    alike = np.zeros(stop - start, np.float32)
    alike[inside] = np.einsum("ij,ij->i", edited[start:stop][inside], raw[places[inside]])
    return alike


def read_beside(
    edited: Vectors,
    raw: Vectors,
    ranges: Sequence[tuple[int, int]],
    costs: Costs,
    progress: Progress,
    cancel: CancelToken | None,
) -> tuple[Course, ...]:
    """Reads an edit, cell by cell, beside ranges of half cells of a recording.

    Args:
        edited: Vectors of the edit or a part of it.
        raw: Vectors of the whole recording.
        ranges: What of it may be heard, not overlapping.
        costs: What jumps cost.
        progress: Told the finished share.
        cancel: Looked at several times a second.
    """
    barrier = np.zeros((1, raw.shape[1]), np.float32)
    parts: list[Vectors] = []
    columns: list[int] = []  # where each part begins
    places: list[int] = []  # the half cell that it begins with
    width = 0
    for half in range(HALVES):
        for low, high in ranges:
            part = raw[low + half : high : HALVES]
            columns.append(width)
            places.append(low + half)
            parts += [part, barrier]
            width += len(part) + 1
    barriers = np.array([*columns[1:], width], np.int64) - 1
    runs = best_reading(edited, np.concatenate(parts), costs, barriers, progress, cancel)
    courses = []
    for run in runs:
        first = run.first
        if first != FOREIGN:
            part_index = int(np.searchsorted(columns, first, side="right")) - 1
            first = places[part_index] + HALVES * (first - columns[part_index])
        courses.append(Course(run.start, run.stop, first))
    return tuple(courses)


def _unit_mean(vectors: Vectors) -> Vectors:
    """Returns unit means of neighbours: one fewer than there were."""
    mean = vectors[1:] + vectors[:-1]
    mean /= np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-6)
    return mean


def _stretches(coarse: Sequence[Course], n_cells: int) -> list[tuple[int, int]]:
    """Splits an edit into stretches that end in the middle of courses."""
    longest = round(_STRETCH_S / CELL_S)
    edges = [0]
    for course in coarse:
        start, stop = course.start * _COARSE, course.stop * _COARSE
        while stop - edges[-1] > longest:
            edges.append(max((start + stop) // 2, edges[-1] + longest))
            if edges[-1] >= stop:
                edges[-1] = (start + stop) // 2
                break
    edges = [edge for edge in edges if edge < n_cells]
    return list(pairwise([*edges, n_cells]))


def _ranges_beside(
    coarse: Sequence[Course], start: int, stop: int, n_halves: int
) -> list[tuple[int, int]]:
    """Returns the parts of the recording that courses within a stretch go through."""
    margin = round(_MARGIN_S / CELL_S)
    ranges: list[tuple[int, int]] = []
    for course in coarse:
        first, last = max(start, course.start * _COARSE), min(stop, course.stop * _COARSE)
        if course.is_foreign or last <= first:
            continue
        offset = course.first * _COARSE // HALVES - course.start * _COARSE
        low = HALVES * max(0, first + offset - margin)
        high = min(n_halves, HALVES * (last + offset + margin))
        if high - low >= HALVES:
            ranges.append((low, high))
    ranges.sort()
    merged: list[tuple[int, int]] = []
    for low, high in ranges:
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged
