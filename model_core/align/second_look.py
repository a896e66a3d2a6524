"""Looking again where an edit's waveform was not found on its course.

In a pause, or among takes that sound nearly alike, a course may go on past a join because a jump
wouldn't pay. There the neighbours' courses are tried, then the noise is looked for some seconds
around, then the edit is read again with jumps that cost little. What is found counts only if the
waveform agrees.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from model_core.align.descriptors import CELL_S, HALVES
from model_core.align.offsets import find_peak
from model_core.align.pieces import probe_courses
from model_core.align.reading import Course, read_beside
from model_core.align.viterbi import Costs
from model_core.progress import no_progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from model_core.align.descriptors import Vectors
    from model_core.align.pieces import Probe
    from model_core.align.types import AlignSettings
    from model_core.align.waveforms import Waveforms
    from model_core.progress import CancelToken

_CHEAPER: Final = 0.25
_SHORTEST_S: Final = 0.3
_REACH_S: Final = 300.0
_NOISE_REACH_S: Final = 8.0
_PART_S: Final = 1.0
_MOST: Final = 0.2  # of the edit; beyond, its waveform is simply another one
_MOSTLY: Final = 0.5
_BLOCK_CELLS: Final = 512
_MOST_OFFSETS: Final = 3  # small cuts within a course
_SAME: Final = 1e-4
_SAME_LEVEL: Final = 1e-6


def look_again(
    courses: Sequence[Course],
    probes: Sequence[Sequence[Probe]],
    vectors: tuple[Vectors, Vectors],
    waveforms: Waveforms,
    settings: AlignSettings,
    cancel: CancelToken | None = None,
) -> tuple[Course, ...]:
    """Returns the courses, with others where those were found by their waveform.

    Args:
        courses: The reading.
        probes: For each course, from `probe_courses`.
        vectors: Those of recording and edit.
        waveforms: The pair.
        settings: What the reading was made with.
        cancel: Looked at before each place.
    """
    clear = [probe for tried in probes for probe in tried if probe.clear]
    identical = sum(probe.identical for probe in clear) > _MOSTLY * len(clear)
    if identical:  # then what is only alike is a copy, or another take
        probes = [[replace(probe, clear=probe.identical) for probe in tried] for tried in probes]
    doubtful = [list(_doubtful(*pair, waveforms)) for pair in zip(courses, probes, strict=True)]
    total = sum(stop - start for places in doubtful for start, stop in places)
    if not total or total > _MOST * len(vectors[1]):
        return tuple(courses)
    better: list[Course] = []
    for index, (course, places) in enumerate(zip(courses, doubtful, strict=True)):
        rest = course
        neighbours = (*courses[max(0, index - 1) : index], *courses[index + 1 : index + 2])
        for start, stop in places:
            if cancel is not None:
                cancel.raise_if_cancelled()
            for attempt in _attempts(
                course, neighbours, start, stop, vectors, waveforms, settings, cancel
            ):
                found = [one for one in attempt if _is_found(one, waveforms, identical=identical)]
                for other in found:
                    before, rest = _around(rest, other)
                    better += [*before, other]
                if found:
                    break
        if rest.length > 0:
            better.append(rest)
    return tuple(better)


def _is_found(course: Course, waveforms: Waveforms, *, identical: bool) -> bool:
    (probes,) = probe_courses([course], waveforms)
    return any(probe.identical if identical else probe.clear for probe in probes)


def _doubtful(
    course: Course, probes: Sequence[Probe], waveforms: Waveforms
) -> Iterator[tuple[int, int]]:
    """Yields the stretches of a course, in cells, where the waveform is another, or may be."""
    if course.is_foreign or not probes:
        return
    alike = np.zeros(course.length, np.bool_)
    offsets = {round(probe.offset) for probe in probes}
    if all(probe.identical for probe in probes) and len(offsets) <= _MOST_OFFSETS:
        for offset in offsets:
            alike |= _identical_cells(course, offset, waveforms)
    else:
        for probe in probes:
            if probe.clear:
                first, last = (round(edge / _cell(waveforms)) for edge in (probe.start, probe.stop))
                alike[max(0, first - course.start) : max(0, last - course.start)] = True
        # What lies between two clear probes is not in doubt.
        if all(probe.clear for probe in probes):
            return
    edges = np.flatnonzero(np.diff(np.concatenate(([True], alike, [True])).astype(np.int8)))
    for start, stop in edges.reshape(-1, 2).tolist():
        unclear = any(
            not probe.clear
            and probe.stop > (course.start + start) * _cell(waveforms)
            and probe.start < (course.start + stop) * _cell(waveforms)
            for probe in probes
        )
        exact = all(probe.identical for probe in probes)
        if (stop - start) * CELL_S >= _SHORTEST_S and (unclear or exact):
            yield course.start + start, course.start + stop


def _cell(waveforms: Waveforms) -> float:
    """Returns the length of a cell in samples."""
    return CELL_S * waveforms.rate_hz


def _identical_cells(course: Course, offset: int, waveforms: Waveforms) -> npt.NDArray[np.bool_]:
    """Returns for each cell of a course whether its samples are the recording's."""
    alike = np.ones(course.length, np.bool_)
    for first in range(0, course.length, _BLOCK_CELLS):
        last = min(course.length, first + _BLOCK_CELLS)
        cells = np.arange(course.start + first, course.start + last + 1)
        edges = np.round((cells - 0.5) * _cell(waveforms)).astype(np.int64)
        start, stop = int(edges[0]), int(edges[-1])
        edit = waveforms.edit(start, stop)
        rest = np.abs(edit - waveforms.raw(start + offset, stop + offset))
        level = np.maximum.reduceat(np.abs(edit), edges[:-1] - start)
        differs = np.maximum.reduceat(rest, edges[:-1] - start)
        alike[first:last] = differs <= _SAME * level + _SAME_LEVEL
    return alike


def _attempts(
    course: Course,
    neighbours: Sequence[Course],
    start: int,
    stop: int,
    vectors: tuple[Vectors, Vectors],
    waveforms: Waveforms,
    settings: AlignSettings,
    cancel: CancelToken | None,
) -> Iterator[list[Course]]:
    """Yields courses that may be heard in a stretch instead, the likeliest first."""
    for other in neighbours:
        first = other.first + HALVES * (start - other.start)
        if not other.is_foreign and first >= 0:
            yield [
                Course(low, high, first + HALVES * (low - start))
                for low, high in _parts(start, stop)
            ]
    yield _by_noise(course, start, stop, waveforms)
    yield _read_again(course, start, stop, vectors, settings, cancel)


def _parts(start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Yields parts of a stretch, for the join may lie within it."""
    n_parts = max(1, round((stop - start) * CELL_S / _PART_S))
    yield from pairwise(np.linspace(start, stop, n_parts + 1).round().astype(int).tolist())


def _by_noise(course: Course, start: int, stop: int, waveforms: Waveforms) -> list[Course]:
    """Looks for the waveform of a stretch some seconds around; noise sounds alike everywhere."""
    cell = _cell(waveforms)
    reach = round(_NOISE_REACH_S * waveforms.rate_hz)
    found: list[Course] = []
    for low, high in _parts(start, stop):
        first, last = round((low + 0.5) * cell), round((high - 0.5) * cell)
        near = round(course.offset_s * waveforms.rate_hz)
        sought = waveforms.raw(first + near - reach, last + near + reach)
        peak = find_peak(waveforms.edit(first, last), sought)
        place = course.first + HALVES * (low - course.start) + round(HALVES * peak.lag / cell)
        if peak.is_clear and place >= 0:
            found.append(Course(low, high, place))
    return found


def _read_again(
    course: Course,
    start: int,
    stop: int,
    vectors: tuple[Vectors, Vectors],
    settings: AlignSettings,
    cancel: CancelToken | None,
) -> list[Course]:
    """Reads a stretch again; returns the courses that leave the one it is on."""
    raw, edited = vectors
    costs = Costs(
        _CHEAPER * settings.jump_cost,
        _CHEAPER * settings.foreign_cost,
        settings.foreign_score,
    )
    here = course.first + HALVES * (start - course.start)
    reach = HALVES * round(_REACH_S / CELL_S)
    low, high = max(0, here - reach), min(len(raw), here + reach)
    if high - low < HALVES:
        return []
    found = read_beside(edited[start:stop], raw, ((low, high),), costs, no_progress, cancel)
    others = [
        Course(one.start + start, one.stop + start, one.first)
        for one in found
        if not one.is_foreign and one.length * CELL_S >= _SHORTEST_S
    ]
    return [one for one in others if abs(one.offset_s - course.offset_s) > 2 * CELL_S]


def _around(course: Course, other: Course) -> tuple[list[Course], Course]:
    """Takes a stretch out of a course: what comes before it, and the rest."""
    before = [Course(course.start, other.start, course.first)] if other.start > course.start else []
    skipped = other.stop - course.start
    return before, Course(other.stop, course.stop, course.first + HALVES * skipped)
