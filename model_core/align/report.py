"""Judging an alignment: how well the pair fits, and whether it belongs together at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from model_core.align.types import AlignmentReport, Verdict
from model_core.edit.coverage import joins_of, kept_ranges
from model_core.errors import AlignmentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_core.align.pieces import Piece
    from model_core.align.types import AlignSettings
    from model_core.align.waveforms import Waveforms
    from model_core.edit.types import EditList

_GOOD_MATCHED: Final = 0.9
_GOOD_CONFIDENCE: Final = 0.6
_GOOD_HEARD: Final = 0.8
_SPEED_TOLERANCE: Final = 1e-5


def checked_report(
    pieces: Sequence[Piece],
    edit_list: EditList,
    waveforms: Waveforms,
    settings: AlignSettings,
    speed: float,
) -> AlignmentReport:
    """Returns the report of a pair.

    Raises:
        AlignmentError: Too little of the edit was found in the recording.
    """
    lengths = np.array([piece.length for piece in pieces], np.float64)
    total = float(lengths.sum())
    matched = min(1.0, total / waveforms.n_edit)
    if matched < settings.least_matched:
        raise AlignmentError(
            f"Only {matched:.0%} of the finished edit was found in the recording.",
            "Check that the two belong together.",
        )
    alike = float(np.dot(lengths, [piece.alike for piece in pieces])) / total
    heard = float(lengths[[piece.heard for piece in pieces]].sum()) / total
    identical = float(lengths[[piece.identical for piece in pieces]].sum()) / total
    confidence = heard * min(1.0, max(0.0, alike))
    kept = kept_ranges(edit_list, 0, waveforms.n_raw)
    remarks = _remarks(matched, heard, confidence, speed)
    return AlignmentReport(
        coverage=float((kept[:, 1] - kept[:, 0]).sum()) / waveforms.n_raw,
        matched=matched,
        joins=sum(join.kind is not None for join in joins_of(edit_list)),
        length_ratio=waveforms.n_edit / speed / waveforms.n_raw,
        confidence=confidence,
        speed=speed,
        identical=identical,
        verdict=Verdict.CHECK if remarks else Verdict.GOOD,
        remarks=remarks,
    )


def foreign_ranges(
    pieces: Sequence[Piece], waveforms: Waveforms
) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    """Returns what no piece covers: on the grid, and in samples of the edit's own file."""
    edges = [0, *(edge for piece in pieces for edge in (piece.start, piece.stop)), waveforms.n_edit]
    on_grid = tuple(
        (start, stop)
        for start, stop in zip(edges[::2], edges[1::2], strict=True)
        if stop - start > waveforms.rounding
    )
    in_file = tuple(
        (waveforms.to_edit_file(start), waveforms.to_edit_file(stop)) for start, stop in on_grid
    )
    return on_grid, in_file


def _remarks(matched: float, heard: float, confidence: float, speed: float) -> tuple[str, ...]:
    remarks = []
    if matched < _GOOD_MATCHED:
        remarks.append(f"{1 - matched:.0%} of the edit is not from this recording.")
    if heard < _GOOD_HEARD:
        remarks.append(
            f"Of {1 - heard:.0%} of the edit only the sound, not the waveform, was found again; "
            "joins there are known to a few hundredths of a second."
        )
    elif confidence < _GOOD_CONFIDENCE:
        remarks.append("The edit sounds very different from the recording.")
    if abs(speed - 1) > _SPEED_TOLERANCE:
        remarks.append(f"The edit runs {speed:.5f} times as fast as the recording.")
    return tuple(remarks)
