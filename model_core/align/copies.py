"""Choosing among copies: where a recording holds the same sound more than once.

Clips that were put in twice, jingles and programmed music come again with nothing but faint noise
between the copies. A course that went far away is compared with the places near its neighbours: if
the sound is there as well, that is where the edit has it from, unless the samples say otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from model_core.align.descriptors import CELL_S, HALVES
from model_core.align.pieces import likeness_of, probe_courses
from model_core.align.reading import Course

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_core.align.descriptors import Vectors
    from model_core.align.pieces import Probe
    from model_core.align.waveforms import Waveforms
    from model_core.progress import CancelToken

_FAR_S: Final = 300.0
_MOST_CELLS: Final = 256  # of a course that are compared
_AS_MUCH_ALIKE: Final = 0.02


def prefer_near(
    courses: Sequence[Course],
    probes: Sequence[Sequence[Probe]],
    vectors: tuple[Vectors, Vectors],
    waveforms: Waveforms,
    cancel: CancelToken | None = None,
) -> tuple[Course, ...]:
    """Returns the courses, those that went far away moved to copies near their neighbours.

    Args:
        courses: The reading.
        probes: For each course, from `probe_courses`.
        vectors: Those of recording and edit.
        waveforms: The pair.
        cancel: Looked at before each course.
    """
    chosen = list(courses)
    for index, tried in enumerate(probes):
        if cancel is not None:
            cancel.raise_if_cancelled()
        course = chosen[index]
        if course.is_foreign or all(probe.identical for probe in tried):
            continue
        for place in _near(index, chosen):
            other = _copy_near(course, place, vectors)
            if other is not None and _is_as_good(tried, other, waveforms):
                chosen[index] = other
                break
    return tuple(chosen)


def _near(index: int, courses: Sequence[Course]) -> list[int]:
    """Returns where, in half cells, a course would be if it went on from its neighbours.

    That is only if it is far from each of them.
    """
    course = courses[index]
    known = [
        other.first + HALVES * (course.start - other.start)
        for other in (*courses[max(0, index - 1) : index], *courses[index + 1 : index + 2])
        if not other.is_foreign
    ]
    far = HALVES * _FAR_S / CELL_S
    return known if all(abs(place - course.first) > far for place in known) else []


def _copy_near(course: Course, place: int, vectors: tuple[Vectors, Vectors]) -> Course | None:
    """Returns the course within `_FAR_S` of a place that sounds as much alike, if there is one."""
    raw, edited = vectors
    reach = HALVES * round(_FAR_S / CELL_S)
    # The middle of the course, so that neither a join that lies a little off nor length matters.
    n_cells = min(course.length, _MOST_CELLS)
    start = course.start + (course.length - n_cells) // 2
    shift = HALVES * (start - course.start)
    low = max(0, place - reach)
    high = min(len(raw) - HALVES * course.length, place + reach)
    if low >= high:
        return None
    part = raw[low + shift : high + shift + HALVES * (n_cells - 1)]
    likeness = edited[start : start + n_cells] @ part.T
    total = np.zeros(part.shape[0] - HALVES * (n_cells - 1), np.float32)
    for row, alike in enumerate(likeness):
        total += alike[HALVES * row : HALVES * row + total.size]
    best = Course(course.start, course.stop, low + int(np.argmax(total)))
    if likeness_of(best, vectors) < likeness_of(course, vectors) - _AS_MUCH_ALIKE:
        return None
    return best


def _is_as_good(tried: Sequence[Probe], other: Course, waveforms: Waveforms) -> bool:
    found = probe_courses([other], waveforms)[0]
    return sum(probe.clear for probe in found) >= max(1, sum(probe.clear for probe in tried))
