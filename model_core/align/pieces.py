"""From courses, in cells, to pieces whose offset is known to the sample."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from model_core.align.descriptors import CELL_S
from model_core.align.offsets import CLEAR_PEAK, find_peak
from model_core.align.reading import likeness_along
from model_core.progress import no_progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from model_core.align.descriptors import Vectors
    from model_core.align.offsets import Peak
    from model_core.align.reading import Course
    from model_core.align.waveforms import Waveforms
    from model_core.progress import CancelToken, Progress

PROBE_S: Final = 0.75
"""Length of the stretches that are looked for."""

_SPACING_S: Final = 4.0
_SHORT_PROBE_S: Final = 0.2
_CLEAR_SHORT_PEAK: Final = 13.0  # a short stretch matches by chance more often
_REACH_S: Final = 0.07
_SAME_S: Final = 6e-5  # offsets of a processed edit that differ by less are one


@dataclass(frozen=True, slots=True)
class Probe:
    """A stretch of the edit that was looked for in the recording.

    Attributes:
        start: First sample on the grid.
        stop: Its end, exclusive.
        offset: Sample of the recording less sample of the edit, with fractions.
        clear: Whether it is the same sound beyond doubt.
        identical: Whether the samples are the same.
    """

    start: int
    stop: int
    offset: float
    clear: bool
    identical: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the edit that is heard in the recording without a jump.

    Attributes:
        start: First sample on the grid; roughly, until its joins are refined.
        stop: Its end, exclusive.
        offset: Sample of the recording less sample of the edit.
        alike: Mean likeness of its cells.
        heard: Whether its waveform was found.
        identical: Whether its samples are the recording's.
    """

    start: int
    stop: int
    offset: int
    alike: float
    heard: bool
    identical: bool

    @property
    def length(self) -> int:
        """Length in samples."""
        return self.stop - self.start


def probe_courses(
    courses: Sequence[Course],
    waveforms: Waveforms,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    *,
    probe_s: float = PROBE_S,
) -> list[list[Probe]]:
    """Looks for the waveform of each course in a few places; foreign ones get no probes."""
    probes: list[list[Probe]] = []
    for index, course in enumerate(courses):
        if cancel is not None:
            cancel.raise_if_cancelled()
        probes.append([] if course.is_foreign else list(_probes_of(course, waveforms, probe_s)))
        progress((index + 1) / len(courses), "Finding the exact places")
    return probes


def make_pieces(
    courses: Sequence[Course],
    probes: Sequence[Sequence[Probe]],
    vectors: tuple[Vectors, Vectors],
    waveforms: Waveforms,
    *,
    keep_unheard: bool,
) -> list[Piece]:
    """Makes pieces of courses, without what resembles the recording but is not of it.

    A course whose waveform isn't found is another sound, or a pause, which resembles any other
    pause; the seams find out whether its neighbours explain it.

    Args:
        courses: The reading, in cells.
        probes: For each course, from `probe_courses`.
        vectors: Those of recording and edit, for likeness.
        waveforms: The pair.
        keep_unheard: Whether courses whose waveform wasn't found stay, at a cell's exactness, for
            edits that were processed beyond recognition of the waveform.
    """
    pieces: list[Piece] = []
    for course, tried in zip(courses, probes, strict=True):
        if course.is_foreign:
            continue
        whole = Piece(
            start=_sample_of(course.start, waveforms),
            stop=min(waveforms.n_edit, _sample_of(course.stop, waveforms)),
            offset=round(course.offset_s * waveforms.rate_hz),
            alike=likeness_of(course, vectors),
            heard=False,
            identical=False,
        )
        if whole.stop <= whole.start:
            continue
        clear = [probe for probe in tried if probe.clear]
        if clear:
            pieces.extend(_by_offset(whole, clear, waveforms.rate_hz))
        elif keep_unheard:
            pieces.append(whole)
    return merged(pieces, waveforms.rate_hz)


def merged(pieces: Sequence[Piece], rate_hz: int) -> list[Piece]:
    """Returns pieces, those that touch and have one offset as one."""
    joined: list[Piece] = []
    for piece in pieces:
        before = joined[-1] if joined else None
        if before is not None and before.stop == piece.start and _same(before, piece, rate_hz):
            shares = (before.length, piece.length)
            joined[-1] = replace(
                before,
                stop=piece.stop,
                offset=before.offset if before.length >= piece.length else piece.offset,
                alike=float(np.average((before.alike, piece.alike), weights=shares)),
                identical=before.identical and piece.identical,
            )
        else:
            joined.append(piece)
    return joined


def heard_share(courses: Sequence[Course], probes: Sequence[Sequence[Probe]]) -> float:
    """Returns the share of the edit that lies in courses whose waveform was found."""
    total = sum(course.length for course in courses)
    heard = sum(
        course.length
        for course, tried in zip(courses, probes, strict=True)
        if any(probe.clear for probe in tried)
    )
    return heard / total


def likeness_of(course: Course, vectors: tuple[Vectors, Vectors]) -> float:
    """Returns the mean likeness of a course's cells."""
    return float(likeness_along(course.start, course.stop, course.first, *vectors).mean())


def _sample_of(cell: int, waveforms: Waveforms) -> int:
    """Returns where a cell begins; it is centred on a multiple of its length."""
    return max(0, round((cell - 0.5) * CELL_S * waveforms.rate_hz))


def _probes_of(course: Course, waveforms: Waveforms, probe_s: float) -> Iterator[Probe]:
    rate_hz = waveforms.rate_hz
    start, stop = _sample_of(course.start, waveforms), _sample_of(course.stop, waveforms)
    stop = min(stop, waveforms.n_edit)
    expected = course.offset_s * rate_hz
    preferred: float | None = None
    n_stretches = max(1, round((stop - start) / (_SPACING_S * rate_hz)))
    edges = np.linspace(start, stop, n_stretches + 1).round().astype(np.int64).tolist()
    for low, high in pairwise(edges):
        if high - low < 2:
            continue
        place, length = _loudest(waveforms, low, high, probe_s)
        wave = waveforms.edit(place, place + length)
        reach = round(_REACH_S * rate_hz)
        near = round(expected) + place
        sought = waveforms.raw(near - reach, near + length + reach)
        lag = None if preferred is None else round(preferred - round(expected))
        peak = find_peak(wave, sought, lag)
        clear = _is_clear(peak, length / rate_hz)
        offset = round(expected) + peak.lag
        if clear:
            preferred = offset
        yield Probe(place, place + length, offset, clear, peak.identical)


def _is_clear(peak: Peak, length_s: float) -> bool:
    least = CLEAR_PEAK if length_s > _SHORT_PROBE_S else _CLEAR_SHORT_PEAK
    return peak.identical or peak.strength >= least


def _loudest(waveforms: Waveforms, low: int, high: int, probe_s: float) -> tuple[int, int]:
    """Returns start and length of the loudest stretch, away from the ends where there is room."""
    length = min(round(probe_s * waveforms.rate_hz), max(1, (high - low) * 4 // 5))
    margin = (high - low - length) // 8
    low, high = low + margin, high - margin
    wave = waveforms.edit(low, high)
    energy = np.concatenate(([0.0], np.cumsum(np.square(wave, dtype=np.float64))))
    sums = energy[length:] - energy[: energy.size - length]
    return low + int(np.argmax(sums)), length


def _by_offset(whole: Piece, probes: Sequence[Probe], rate_hz: int) -> Iterator[Piece]:
    """Splits a course where its probes' offsets change: small jumps are no courses."""
    start = whole.start
    group = [probes[0]]
    for probe in probes[1:]:
        exact = probe.identical and group[-1].identical
        if abs(probe.offset - group[-1].offset) > (0.5 if exact else _SAME_S * rate_hz + 0.5):
            stop = (group[-1].stop + probe.start) // 2
            stop = max(start + 1, min(stop, whole.stop - 1))
            yield _piece(whole, start, stop, group)
            start, group = stop, []
        group.append(probe)
    yield _piece(whole, start, whole.stop, group)


def _piece(whole: Piece, start: int, stop: int, probes: Sequence[Probe]) -> Piece:
    return replace(
        whole,
        start=start,
        stop=stop,
        offset=round(float(np.median([probe.offset for probe in probes]))),
        heard=True,
        identical=all(probe.identical for probe in probes),
    )


def _same(one: Piece, other: Piece, rate_hz: int) -> bool:
    tolerance = 0 if one.identical and other.identical else round(_SAME_S * rate_hz)
    return one.heard and other.heard and abs(one.offset - other.offset) <= tolerance
