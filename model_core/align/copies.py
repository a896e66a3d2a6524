"""Choosing among copies: where a recording holds the same sound more than once.

Bars of programmed music, jingles, and clips that were put in twice come again, with nothing or but
faint noise between the copies, and the reading by cells takes any of them. Among the places that
leave as little of the edit unexplained as the best, the one is taken that needs no jump; then one
near the neighbours. Faint noise tells copies apart as long as the edit's processing spares it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from model_core.align.descriptors import CELL_S, HALVES, pooled
from model_core.align.pieces import merged, probe_courses
from model_core.align.reading import Course, likeness_along
from model_core.align.remainders import Exact, Remainder, difference_of, emphasised

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from model_core.align.descriptors import Vectors
    from model_core.align.pieces import Piece
    from model_core.align.waveforms import Waveforms
    from model_core.progress import CancelToken

_FAR_S: Final = 300.0
_SHORTEST_S: Final = 0.3
_MARGIN_S: Final = 0.1  # at the ends, which aren't exact yet
_BLOCK_S: Final = 4.0
_WINDOW_S: Final = 0.25
_GLANCE_S: Final = 1.0
_COARSE: Final = 4  # cells that are compared as one when copies are looked for
_MOST_COARSE: Final = 64
_MOST_PLACES: Final = 6
_APART_S: Final = 0.3
_AS_MUCH_ALIKE: Final = 0.05
_AS_WELL: Final = 1.3
_EXACT: Final = 1e-6  # share of the power, up to which samples are the same
_INAUDIBLE: Final = 1e-7
_DOUBTFUL: Final = 4.0  # times what is usually left unexplained


def settle_copies(
    pieces: Sequence[Piece],
    vectors: tuple[Vectors, Vectors],
    waveforms: Waveforms,
    cancel: CancelToken | None = None,
) -> list[Piece]:
    """Returns the pieces, those moved to copies that explain the edit better or with fewer jumps.

    Args:
        pieces: The reading, from `make_pieces`.
        vectors: Those of recording and edit.
        waveforms: The pair.
        cancel: Looked at before each piece.

    Raises:
        CancelledError: `cancel` was set.
    """
    chosen = list(pieces)
    left = [_at_a_glance(piece, waveforms) if piece.heard else 0.0 for piece in chosen]
    usual = float(np.median(left)) if left else 0.0
    places = _Places(vectors, waveforms.rate_hz)
    for index, unexplained in enumerate(left):
        if cancel is not None:
            cancel.raise_if_cancelled()
        piece = chosen[index]
        if not piece.heard or piece.length < _SHORTEST_S * waveforms.rate_hz:
            continue
        neighbours = [*chosen[max(0, index - 1) : index], *chosen[index + 1 : index + 2]]
        neighbours = [other for other in neighbours if other.heard]
        going_on = [
            replace(piece, offset=other.offset)
            for other in neighbours
            if other.offset != piece.offset and places.alike(piece, other.offset)
        ]
        elsewhere: list[Piece] = []
        if unexplained > _DOUBTFUL * usual + _EXACT or any(
            _is_far(piece, other, waveforms) for other in neighbours
        ):
            elsewhere = list(places.copies_of(piece, waveforms))
        near = [
            other
            for other in elsewhere
            if any(not _is_far(other, neighbour, waveforms) for neighbour in neighbours)
        ]
        far = [other for other in elsewhere if other not in near]
        chosen[index] = _simplest((*going_on, *near, piece, *far), waveforms)
    return merged(chosen, waveforms.rate_hz)


def _is_far(one: Piece, other: Piece, waveforms: Waveforms) -> bool:
    """Whether a jump between two pieces is so long that one near by is likelier."""
    return abs(one.offset - other.offset) > _FAR_S * waveforms.rate_hz


class _Places:
    """Looks for places of the recording that sound like a piece.

    Args:
        vectors: Those of recording and edit.
        rate_hz: Samples a second.
    """

    def __init__(self, vectors: tuple[Vectors, Vectors], rate_hz: int) -> None:
        self._vectors = vectors
        self._cell = CELL_S * rate_hz
        self._coarse: npt.NDArray[np.float32] | None = None

    def alike(self, piece: Piece, offset: int) -> bool:
        """Whether a piece sounds as much like the recording at another offset."""
        course = self._course(piece, offset)
        likeness = likeness_along(course.start, course.stop, course.first, *self._vectors)
        return float(likeness.mean()) >= piece.alike - _AS_MUCH_ALIKE

    def copies_of(self, piece: Piece, waveforms: Waveforms) -> Iterator[Piece]:
        """Yields the piece at the other places where its waveform is found."""
        for first in self._found(self._course(piece, piece.offset)):
            course = self._course(piece, piece.offset)
            course = self._aligned(replace(course, first=first))
            probes = [probe for probe in probe_courses([course], waveforms)[0] if probe.clear]
            if not probes:
                continue
            offset = round(float(np.median([probe.offset for probe in probes])))
            if abs(offset - piece.offset) > self._cell and self.alike(piece, offset):
                yield replace(piece, offset=offset)

    def _course(self, piece: Piece, offset: int) -> Course:
        start = round(piece.start / self._cell + 0.5)
        stop = min(len(self._vectors[1]), max(start + 1, round(piece.stop / self._cell)))
        start = min(start, stop - 1)
        return Course(start, stop, round(HALVES * (start + offset / self._cell)))

    def _found(self, course: Course) -> list[int]:
        """Returns half cells at which a course may begin: where means over 93 ms are most alike."""
        raw, edited = self._vectors
        if self._coarse is None:
            # Twice as many as of the edit, so that none is off by more than 23 ms.
            halves = pooled(raw, HALVES * _COARSE // 2)
            mean = halves[1:] + halves[:-1]
            mean /= np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-6)
            self._coarse = np.ascontiguousarray(mean.T)
        n_coarse = min(course.length // _COARSE, _MOST_COARSE)
        if n_coarse < 2:
            return []
        begin = (course.length - n_coarse * _COARSE) // 2
        sought = edited[course.start + begin :][: n_coarse * _COARSE]
        total = np.zeros(self._coarse.shape[1] - 2 * (n_coarse - 1), np.float32)
        for row, alike in enumerate(pooled(sought, _COARSE) @ self._coarse):
            total += alike[2 * row : 2 * row + total.size]
        total /= n_coarse
        least = float(total.max()) - 2 * _AS_MUCH_ALIKE
        step = HALVES * _COARSE // 2
        apart = round(_APART_S / CELL_S * HALVES / step)
        firsts: list[int] = []
        while len(firsts) < _MOST_PLACES:
            best = int(np.argmax(total))
            if total[best] < least:
                break
            firsts.append(best * step - HALVES * begin)
            total[max(0, best - apart) : best + apart + 1] = -1
        return firsts

    def _aligned(self, course: Course) -> Course:
        """Returns the course moved by a few half cells to where it is most alike."""
        near = [replace(course, first=course.first + step) for step in range(-HALVES, HALVES + 1)]
        return max(
            near,
            key=lambda one: float(
                likeness_along(one.start, one.stop, one.first, *self._vectors).mean()
            ),
        )


@dataclass(frozen=True, slots=True)
class _Rest:
    """What a place leaves unexplained of a piece, in windows.

    Attributes:
        windows: Power of each window, `[n]`; 0 where the samples are the same.
        floor: Power in a window that doesn't count.
    """

    windows: Exact
    floor: float

    def as_good_as(self, best: _Rest) -> bool:
        """Whether nowhere more is left than at the best place, or hardly more."""
        return bool(np.all(self.windows <= _AS_WELL * best.windows + best.floor))


def _simplest(candidates: Sequence[Piece], waveforms: Waveforms) -> Piece:
    """Returns the first of those candidates that explain the edit as well as the best does."""
    latest = waveforms.n_raw - candidates[0].length
    inside = [one for one in candidates if 0 <= one.start + one.offset <= latest]
    if len(inside) < 2:
        return inside[0] if inside else candidates[0]
    glances = [_at_a_glance(one, waveforms) for one in inside]
    least = _AS_WELL * min(glances) + _INAUDIBLE
    # Where the samples are the same in the middle, they are so but for ends that aren't exact yet.
    alike = [
        replace(one, identical=left == 0.0)
        for one, left in zip(inside, glances, strict=True)
        if left <= least
    ]
    if len(alike) == 1:
        return alike[0]
    rests = [_rest_of(one, waveforms) for one in alike]
    best = min(rests, key=lambda rest: float(rest.windows.sum()))
    good = (one for one, rest in zip(alike, rests, strict=True) if rest.as_good_as(best))
    return next(good)


def _at_a_glance(piece: Piece, waveforms: Waveforms) -> float:
    """Returns the share of the power in the middle of a piece that it leaves unexplained."""
    half = min(piece.length, round(_GLANCE_S * waveforms.rate_hz)) // 2
    middle = (piece.start + piece.stop) // 2
    rest, power = _left(replace(piece, start=middle - half, stop=middle + half), waveforms)
    return float(rest.sum() / (power.sum() + 1e-20))


def _rest_of(piece: Piece, waveforms: Waveforms) -> _Rest:
    margin = min(round(_MARGIN_S * waveforms.rate_hz), piece.length // 5)
    start, stop = piece.start + margin, piece.stop - margin
    window = round(_WINDOW_S * waveforms.rate_hz)
    n_blocks = max(1, round((stop - start) / (_BLOCK_S * waveforms.rate_hz)))
    edges = np.linspace(start, stop, n_blocks + 1).round().astype(np.int64).tolist()
    windows, total = [], 0.0
    for low, high in pairwise(edges):
        rest, power = _left(replace(piece, start=low, stop=high), waveforms)
        total += float(power.sum())
        windows.append(np.add.reduceat(rest, np.arange(0, rest.size, window)))
    return _Rest(np.concatenate(windows), _INAUDIBLE * total / max(1, stop - start) * window)


def _left(piece: Piece, waveforms: Waveforms) -> tuple[Exact, Exact]:
    """Returns what a piece leaves unexplained, 0 where the samples are the same, and the power."""
    edit = waveforms.edit(piece.start - 1, piece.stop)
    power = np.square(emphasised(edit))
    difference = difference_of(piece, waveforms, edit, piece.start)
    if difference.sum() <= _EXACT * np.square(edit[1:], dtype=np.float64).sum():
        return np.zeros_like(power), power
    return Remainder.of(piece, waveforms, edit, piece.start, at_start=True).unexplained, power
