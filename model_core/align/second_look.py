"""Looking again where an edit's waveform was not found on its course.

In a pause, or among takes that sound nearly alike, a course may go on past a join because a jump
wouldn't pay. There the edit is read again with jumps that cost little, and what is found counts
only if the waveform agrees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model_core.align.descriptors import CELL_S, HALVES
from model_core.align.pieces import probe_courses
from model_core.align.reading import Course, read_beside
from model_core.align.viterbi import Costs
from model_core.progress import no_progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from model_core.align.descriptors import Vectors
    from model_core.align.pieces import Probe
    from model_core.align.types import AlignSettings
    from model_core.align.waveforms import Waveforms
    from model_core.progress import CancelToken

_CHEAPER: Final = 0.25
_SHORTEST_S: Final = 0.3
_REACH_S: Final = 300.0
_MOST: Final = 0.2  # of the edit; beyond, its waveform is simply another one
_MOSTLY: Final = 0.5


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
    doubtful = [list(_doubtful(*pair, waveforms)) for pair in zip(courses, probes, strict=True)]
    total = sum(stop - start for places in doubtful for start, stop in places)
    if not total or total > _MOST * len(vectors[1]):
        return tuple(courses)
    clear = [probe for tried in probes for probe in tried if probe.clear]
    identical = sum(probe.identical for probe in clear) > _MOSTLY * len(clear)
    better: list[Course] = []
    for course, places in zip(courses, doubtful, strict=True):
        rest = course
        for start, stop in places:
            found = _found(course, start, stop, vectors, waveforms, settings, cancel)
            for other, tried in found:
                if any(probe.identical if identical else probe.clear for probe in tried):
                    before, rest = _around(rest, other)
                    better += [*before, other]
        if rest.length > 0:
            better.append(rest)
    return tuple(better)


def _doubtful(
    course: Course, probes: Sequence[Probe], waveforms: Waveforms
) -> Iterator[tuple[int, int]]:
    """Yields the stretches of a course, in cells, between probes that are clear."""
    if course.is_foreign:
        return
    cell = CELL_S * waveforms.rate_hz
    start = course.start
    unclear = False
    for probe in probes:
        if not probe.clear:
            unclear = True
            continue
        stop = min(course.stop, round(probe.start / cell))
        if unclear and stop - start >= _SHORTEST_S / CELL_S:
            yield start, stop
        start, unclear = max(course.start, round(probe.stop / cell)), False
    if unclear and course.stop - start >= _SHORTEST_S / CELL_S:
        yield start, course.stop


def _found(
    course: Course,
    start: int,
    stop: int,
    vectors: tuple[Vectors, Vectors],
    waveforms: Waveforms,
    settings: AlignSettings,
    cancel: CancelToken | None,
) -> list[tuple[Course, list[Probe]]]:
    """Reads a stretch again; returns the courses that leave the one it is on, and their probes."""
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
    others = [one for one in others if abs(one.offset_s - course.offset_s) > 2 * CELL_S]
    return list(zip(others, probe_courses(others, waveforms), strict=True))


def _around(course: Course, other: Course) -> tuple[list[Course], Course]:
    """Takes a stretch out of a course: what comes before it, and the rest."""
    before = [Course(course.start, other.start, course.first)] if other.start > course.start else []
    skipped = other.stop - course.start
    return before, Course(other.stop, course.stop, course.first + HALVES * skipped)
