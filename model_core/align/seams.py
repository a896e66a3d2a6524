"""Where exactly one piece of an edit ends and the next begins.

What a piece leaves unexplained of the edit is small inside the piece and large beyond. The seam is
where the sum of what remains on both sides is least: for an unprocessed edit the exact sample, in a
crossfade its middle.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from model_core.align.crossfades import LONGEST_S, find_crossfade, shapes_of
from model_core.align.remainders import LOCAL_GAIN_S, Remainder, difference_of, emphasised
from model_core.progress import no_progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_core.align.crossfades import Crossfade
    from model_core.align.pieces import Piece
    from model_core.align.remainders import Exact
    from model_core.align.waveforms import Wave, Waveforms
    from model_core.progress import CancelToken, Progress

_SEARCH_S: Final = 1.5
_SMALL_JUMP_S: Final = 0.07
_SMALL_JUMP_SEARCH_S: Final = 5.0  # the search by cells doesn't see it; it is between two probes
_LONGEST_HOLE_S: Final = 6.0  # beyond, its two ends are looked for one by one
_SHORTEST_FOREIGN_S: Final = 0.1
_FOREIGN_COST: Final = 0.5
_FOREIGN_GAIN: Final = 0.15
_EXACT: Final = 1e-6  # power left unexplained where samples are the same
_EXACT_AROUND_S: Final = 0.06
_WELL_EXPLAINED: Final = 0.5
_GAIN_ROUNDS: Final = 2
_GAIN_PRIOR: Final = 1e-3
_MOST_TURNED: Final = 3.0
_NOISE_FRAME_S: Final = 0.05
_LOUDER_THAN_NOISE: Final = 4.0


def refine_seams(
    pieces: Sequence[Piece],
    waveforms: Waveforms,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> list[Piece]:
    """Moves the ends of pieces to their exact places.

    Holes between pieces that turn out to be explained by their neighbours are closed; the others
    are not from the recording.

    Returns:
        The pieces in order, not overlapping, each within edit and recording, none empty.
    """
    placed = list(pieces)
    if not placed:
        return placed
    shortest = round(_SHORTEST_FOREIGN_S * waveforms.rate_hz)
    placed[0] = _begun(placed[0], waveforms, shortest)
    for index in range(len(placed) - 1):
        if cancel is not None:
            cancel.raise_if_cancelled()
        left, right = placed[index], placed[index + 1]
        leave, land = _seam(left, right, waveforms, shortest)
        placed[index] = replace(left, stop=leave)
        placed[index + 1] = replace(right, start=land)
        progress((index + 1) / len(placed), "Placing the joins")
    placed[-1] = _ended(placed[-1], waveforms, shortest)
    progress(1.0, "Placing the joins")
    inside = (_clipped(piece, waveforms) for piece in placed)
    return [piece for piece in inside if piece.stop > piece.start]


def _clipped(piece: Piece, waveforms: Waveforms) -> Piece:
    start = max(piece.start, 0, -piece.offset)
    stop = min(piece.stop, waveforms.n_edit, waveforms.n_raw - piece.offset)
    return replace(piece, start=start, stop=stop)


def _seam(left: Piece, right: Piece, waveforms: Waveforms, shortest: int) -> tuple[int, int]:
    """Returns where the left piece ends and where the right one begins."""
    hole = right.start - left.stop
    if not (left.heard and right.heard):
        return left.stop, right.start if hole >= shortest else left.stop
    if hole > _LONGEST_HOLE_S * waveforms.rate_hz:
        leave = _end_beside_foreign(left, waveforms, left.stop + hole // 2)
        return leave, _start_beside_foreign(right, waveforms, right.start - hole // 2)
    is_small = hole == 0 and abs(right.offset - left.offset) <= _SMALL_JUMP_S * waveforms.rate_hz
    search = round((_SMALL_JUMP_SEARCH_S if is_small else _SEARCH_S) * waveforms.rate_hz)
    low = max(left.start + 1, left.stop - search)
    high = min(right.stop - 1, right.start + search)
    if low >= high:
        return left.stop, left.stop
    edit = waveforms.edit(low - 1, high)
    if left.identical and right.identical:
        heard: Exact = np.square(edit[1:], dtype=np.float64)
        rest_left = difference_of(left, waveforms, edit, low)
        rest_right = difference_of(right, waveforms, edit, low)
        places = _places(rest_left, rest_right, heard, shortest if hole > 0 else None)
        around = round(_EXACT_AROUND_S * waveforms.rate_hz)
        unexplained = rest_left[max(0, places.leave - around) : places.leave].sum()
        unexplained += rest_right[places.land : places.land + around].sum()
        if unexplained <= _EXACT * heard.mean():
            return low + places.leave, low + places.land
    near = Remainder.of(left, waveforms, edit, low, at_start=False)
    far = Remainder.of(right, waveforms, edit, low, at_start=True)
    heard = np.square(emphasised(edit))
    places = _places(near.unexplained, far.unexplained, heard, shortest if hole > 0 else None)
    leave, land = places.leave, places.land
    if land > leave and _is_loud(heard, leave, land, waveforms.rate_hz):
        return low + leave, low + land
    seam = _sharpened(places.seam, near, far, emphasised(edit), waveforms.rate_hz)
    return low + seam, low + seam


def _sharpened(seam: int, near: Remainder, far: Remainder, heard: Exact, rate_hz: int) -> int:
    """Returns the seam without the blur that the local gain brings about."""
    half = round(LONGEST_S / 2 * rate_hz) + 1
    first, last = max(0, seam - 3 * half), min(heard.size, seam + 3 * half)
    low, high = max(first + half, seam - half), min(last - half, seam + half)
    if low > high:
        return seam
    part = slice(first, last)
    before = slice(max(0, seam - 3 * half), seam - half)
    after = slice(seam + half, seam + 3 * half)
    gains = (
        _gain(heard[before], near.expected[before]),
        _gain(heard[after], far.expected[after]),
    )
    for _ in range(_GAIN_ROUNDS):
        left, right = near.expected[part] * gains[0], far.expected[part] * gains[1]
        fade = find_crossfade(heard[part], left, right, low - first, high - first, rate_hz)
        around = slice(max(0, fade.centre - 3 * half // 2), fade.centre + 3 * half // 2)
        turned = _gains_around(fade, heard[part], left, right, around)
        gains = (gains[0] * turned[0], gains[1] * turned[1])
    centre = first + fade.centre
    credible = round(LOCAL_GAIN_S * rate_hz) + fade.length // 2
    if fade.unexplained < _WELL_EXPLAINED and abs(centre - seam) <= credible:
        return centre
    return seam


def _gains_around(
    fade: Crossfade, heard: Exact, left: Exact, right: Exact, around: slice
) -> tuple[float, float]:
    """Returns the gains of both sides right at a crossfade, where a compressor turns them."""
    fade_out, fade_in = shapes_of(fade, heard.size)
    sides = np.stack((left * fade_out, right * fade_in))[:, around]
    products = sides @ sides.T
    # Near what they are further away, where one side is too short or too faint to tell.
    prior = _GAIN_PRIOR * np.diag(products) + 1e-12
    gains = np.linalg.solve(products + np.diag(prior), sides @ heard[around] + prior)
    gain_left, gain_right = np.clip(gains, 1 / _MOST_TURNED, _MOST_TURNED).tolist()
    return gain_left, gain_right


def _gain(heard: Exact, expected: Exact) -> float:
    return float(max(0.0, np.dot(heard, expected)) / (np.dot(expected, expected) + 1e-20))


@dataclass(frozen=True, slots=True)
class _Places:
    """Where, in a stretch of the edit, one piece is left and the next is entered.

    Attributes:
        leave: End of the left piece.
        land: Start of the right piece; later than `leave` where foreign sound lies between.
        seam: The best place if nothing lay between.
    """

    leave: int
    land: int
    seam: int


def _places(left: Exact, right: Exact, heard: Exact, shortest: int | None) -> _Places:
    """Finds the places of least unexplained power.

    Args:
        left: What the left piece doesn't explain, sample by sample.
        right: The same of the right piece.
        heard: Power of the edit.
        shortest: The shortest stretch that may be foreign; None if there can't be any.
    """
    change = np.concatenate(([0.0], np.cumsum(left - right)))
    seam = _middle_of_least(change)
    if shortest is None:
        return _Places(seam, seam, seam)
    foreign = _FOREIGN_COST * heard
    before = np.concatenate(([0.0], np.cumsum(left - foreign)))
    after = np.concatenate(([0.0], np.cumsum(foreign - right)))
    least = np.minimum.accumulate(before)
    land = int(np.argmin(least + after))
    leave = int(np.argmin(before[: land + 1]))
    gain = before[seam] + after[seam] - before[leave] - after[land]
    if land - leave >= shortest and gain > _FOREIGN_GAIN * foreign[leave:land].sum():
        return _Places(leave, land, seam)
    return _Places(seam, seam, seam)


def _is_loud(heard: Exact, start: int, stop: int, rate_hz: int) -> bool:
    """Whether what seems foreign is more than the noise of the edit's own pauses."""
    frame = round(_NOISE_FRAME_S * rate_hz)
    frames = heard[: heard.size // frame * frame].reshape(-1, frame)
    if not frames.size:
        return True
    noise = float(np.quantile(frames.mean(axis=1), 0.1))
    return float(heard[start:stop].mean()) > _LOUDER_THAN_NOISE * noise


def _begun(piece: Piece, waveforms: Waveforms, shortest: int) -> Piece:
    start = piece.start
    if piece.heard and start > 0:
        start = _start_beside_foreign(piece, waveforms, 0)
        if not piece.identical and _is_pause(waveforms, 0, start, piece.stop):
            start = 0
    return replace(piece, start=0 if start < shortest else start)


def _ended(piece: Piece, waveforms: Waveforms, shortest: int) -> Piece:
    end = waveforms.n_edit
    stop = piece.stop
    if piece.heard and stop < end:
        stop = _end_beside_foreign(piece, waveforms, end)
        if not piece.identical and _is_pause(waveforms, stop, end, piece.start):
            stop = end
    return replace(piece, stop=end if end - stop < shortest else stop)


def _is_pause(waveforms: Waveforms, start: int, stop: int, beyond: int) -> bool:
    """Whether an end of the edit is but the noise of a pause of the piece beside it."""
    most = round(_LONGEST_HOLE_S * waveforms.rate_hz)
    if not 0 < stop - start <= most:
        return False
    low, high = max(min(start, beyond), start - most), min(max(stop, beyond), stop + most)
    heard = np.square(emphasised(waveforms.edit(low - 1, high)))
    return not _is_loud(heard, start - low, stop - low, waveforms.rate_hz)


def _end_beside_foreign(piece: Piece, waveforms: Waveforms, limit: int) -> int:
    search = round(_SEARCH_S * waveforms.rate_hz)
    low, high = max(piece.start + 1, piece.stop - search), min(limit, piece.stop + search)
    if low >= high:
        return piece.stop
    edit = waveforms.edit(low - 1, high)
    rest, heard = _beside(piece, waveforms, edit, low, at_start=False)
    foreign = _FOREIGN_COST * heard
    return low + int(np.argmin(np.concatenate(([0.0], np.cumsum(rest - foreign)))))


def _start_beside_foreign(piece: Piece, waveforms: Waveforms, limit: int) -> int:
    search = round(_SEARCH_S * waveforms.rate_hz)
    low, high = max(limit, piece.start - search), min(piece.stop - 1, piece.start + search)
    if low >= high:
        return piece.start
    edit = waveforms.edit(low - 1, high)
    rest, heard = _beside(piece, waveforms, edit, low, at_start=True)
    foreign = _FOREIGN_COST * heard
    cost = np.concatenate(([0.0], np.cumsum(foreign - rest)))
    return low + int(cost.size - 1 - np.argmin(cost[::-1]))


def _middle_of_least(cost: Exact) -> int:
    """Returns the middle of the first stretch of least cost: there all places sound the same."""
    first = int(np.argmin(cost))
    others = np.flatnonzero(cost[first:] != cost[first])
    length = int(others[0]) if others.size else cost.size - first
    return first + (length - 1) // 2


def _beside(
    piece: Piece, waveforms: Waveforms, edit: Wave, low: int, *, at_start: bool
) -> tuple[Exact, Exact]:
    """Returns the power that a piece leaves unexplained, and the power of the edit."""
    if piece.identical:
        return difference_of(piece, waveforms, edit, low), np.square(edit[1:], dtype=np.float64)
    remainder = Remainder.of(piece, waveforms, edit, low, at_start=at_start)
    return remainder.unexplained, np.square(emphasised(edit))
