"""Says of each change in a proposed edit why it was made and how sure the network is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from model_core.edit.coverage import changes_of
from model_core.edit.pointers import frame_at
from model_core.edit.types import REASONS, Change, ChangeKind, EditList, Reason
from model_core.nn.confidence import calibrated, join_evidence
from model_core.nn.evidence import Evidence

_SILENCE = REASONS.index(Reason.SILENCE)
_LEAST_SHARE = 0.2
"""Share of a stretch from which what is not silence names the reason: a false start is cut together
with the pauses around it, and is the reason for the cut all the same."""


def describe_changes(
    edit: EditList,
    evidence: Evidence,
    hop: Fraction,
    n_samples: int,
    confidence_knots: Sequence[tuple[float, float]] = (),
) -> tuple[Change, ...]:
    """Returns the rows of the edits list for an edit that the network proposed.

    The reason of a cut is the one that most of the removed frames give, silence counting least. The
    confidence is that of its join: the probability that it takes out what an editor would have,
    give or take 0.1 s of sound.

    Args:
        edit: The edit.
        evidence: What it was decided on.
        hop: Samples per frame.
        n_samples: Length of the recording.
        confidence_knots: Of the checkpoint's calibration; see `calibrated`.

    Returns:
        The changes in the order of the recording.
    """
    n_frames = len(evidence.landing)
    changes = changes_of(edit, n_samples)
    if not changes:
        return ()
    starts = np.array([change.start for change in changes], np.int64)
    stops = np.array([change.stop for change in changes], np.int64)
    first = np.minimum(frame_at(starts, hop), n_frames - 1)
    last = np.minimum(np.maximum(frame_at(stops, hop), first + 1), n_frames)
    back = np.array([change.kind in {ChangeKind.LOOP, ChangeKind.REORDER} for change in changes])
    leaving, landing = np.where(back, last, first), np.where(back, first, last)
    landing = np.where(~back & (stops >= n_samples), n_frames, landing)
    sure = calibrated(join_evidence(evidence, leaving, landing), confidence_knots)
    return tuple(
        replace(
            change,
            reason=change.reason if jumps else _reason(evidence.reason[low:high]),
            confidence=float(confidence),
        )
        for change, jumps, low, high, confidence in zip(
            changes, back.tolist(), first.tolist(), last.tolist(), sure.tolist(), strict=True
        )
    )


def _reason(classes: npt.NDArray[np.int8]) -> Reason:
    """Returns the reason that the frames of a removed stretch give together."""
    counts = np.bincount(classes, minlength=len(REASONS))
    counts[_SILENCE] = 0
    if counts.max() < _LEAST_SHARE * len(classes):
        return Reason.SILENCE
    return REASONS[int(counts.argmax())]
