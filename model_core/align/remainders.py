"""What a piece leaves unexplained of an edit, sample by sample.

Of a piece it is known what the edit would be if it went on: the recording at the piece's offset,
through a short filter that stands for gain, equaliser and fractions of a sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from model_core.align.pieces import Piece
    from model_core.align.waveforms import Wave, Waveforms

Exact = npt.NDArray[np.float64]
"""One value for each sample."""

LOCAL_GAIN_S: Final = 0.012
"""Length over which a compressor's or gate's gain counts as one."""

_FIT_S: Final = 0.5
_FIT_WITHIN_S: Final = 3.0
_FIT_MARGIN_S: Final = 0.15
_TAPS: Final = 16  # on each side
_EMPHASIS: Final = 0.95


def emphasised(wave: Wave) -> Exact:
    """Returns one sample less; without low tones, which a short filter can't follow."""
    exact = wave.astype(np.float64)
    return exact[1:] - _EMPHASIS * exact[:-1]


def difference_of(piece: Piece, waveforms: Waveforms, edit: Wave, low: int) -> Exact:
    """Returns the power of edit less recording, sample by sample from `low` on."""
    raw = waveforms.raw(low + piece.offset, low + piece.offset + edit.size - 1)
    difference: Exact = np.square(edit[1:].astype(np.float64) - raw)
    return difference


@dataclass(frozen=True, slots=True)
class Remainder:
    """What a piece explains of the edit, sample by sample.

    Attributes:
        expected: What the edit would be, by one filter for the whole stretch; emphasised.
        unexplained: Power that remains with the best gain around each sample on top, as
            compressors, gates and noise reduction turn the gain up and down.
    """

    expected: Exact
    unexplained: Exact

    @classmethod
    def of(
        cls, piece: Piece, waveforms: Waveforms, edit: Wave, low: int, *, at_start: bool
    ) -> Remainder:
        """Computes what remains of the edit, given from `low - 1` on.

        Args:
            piece: The piece; what lies beyond its ends is extrapolated.
            waveforms: The pair.
            edit: The edit.
            low: First sample.
            at_start: Whether the filter is fitted near the piece's start, else near its end.
        """
        first, last = low - 1 + piece.offset, low - 1 + edit.size + piece.offset
        taps = _fitted(piece, waveforms, at_start=at_start)
        raw = emphasised(waveforms.raw(first - _TAPS, last + _TAPS))
        expected = np.convolve(raw, taps, mode="valid")
        heard = emphasised(edit)
        blur = round(LOCAL_GAIN_S / 2 * waveforms.rate_hz)
        alike = np.maximum(0.0, _summed(heard * expected, blur))
        explained = np.square(alike) / (_summed(np.square(expected), blur) + 1e-20)
        power = _summed(np.square(heard), blur)
        rest = np.maximum(0.0, power - explained) / (2 * blur + 1)
        return cls(expected, rest)


def _summed(values: Exact, reach: int) -> Exact:
    """Returns sums over `reach` neighbours on each side."""
    total = np.cumsum(np.pad(values, (reach + 1, reach)), dtype=np.float64)
    sums = total[2 * reach + 1 :] - total[: -2 * reach - 1]
    np.maximum(sums, 0.0, out=sums)
    return sums


def _fitted(piece: Piece, waveforms: Waveforms, *, at_start: bool) -> Exact:
    """Returns the filter, `[2 · _TAPS + 1]`, that turns the recording into the edit best."""
    start, stop = _place_to_fit(piece, waveforms, at_start=at_start)
    edit = emphasised(waveforms.edit(start - 1, stop))
    raw = emphasised(waveforms.raw(start - 1 + piece.offset - _TAPS, stop + piece.offset + _TAPS))
    shifted = np.lib.stride_tricks.sliding_window_view(raw, edit.size)[::-1]
    products = shifted @ shifted.T
    products[np.diag_indices_from(products)] *= 1 + 1e-6
    products[np.diag_indices_from(products)] += 1e-12
    return np.linalg.solve(products, shifted @ edit).astype(np.float64, copy=False)


def _place_to_fit(piece: Piece, waveforms: Waveforms, *, at_start: bool) -> tuple[int, int]:
    """Returns the loudest half second of the piece near an end, but not right at it."""
    rate_hz = waveforms.rate_hz
    margin = min(round(_FIT_MARGIN_S * rate_hz), piece.length // 5)
    low, high = piece.start + margin, piece.stop - margin
    within = round(_FIT_WITHIN_S * rate_hz)
    low, high = (low, min(high, low + within)) if at_start else (max(low, high - within), high)
    length = min(round(_FIT_S * rate_hz), high - low)
    if length < 4 * _TAPS:
        return piece.start, max(piece.stop, piece.start + 4 * _TAPS)
    power = np.square(waveforms.edit(low, high), dtype=np.float64)
    energy = np.concatenate(([0.0], np.cumsum(power)))
    place = low + int(np.argmax(energy[length:] - energy[: energy.size - length]))
    return place, place + length
