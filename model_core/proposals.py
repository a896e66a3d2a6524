"""Says of each change in a proposed edit why it was made and how sure the network is."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from model_core.edit.coverage import changes_of
from model_core.edit.pointers import frame_at
from model_core.edit.types import REASONS, Change, EditList, Reason
from model_core.nn.evidence import Evidence

_SILENCE = REASONS.index(Reason.SILENCE)
_LEAST_SHARE = 0.2
"""Share of a stretch from which what is not silence names the reason: a false start is cut together
with the pauses around it, and is the reason for the cut all the same."""


def describe_changes(
    edit: EditList, evidence: Evidence, hop: Fraction, n_samples: int
) -> tuple[Change, ...]:
    """Returns the rows of the edits list for an edit that the network proposed.

    The reason is the one that most of the removed frames give, silence counting least. The
    confidence is the mean probability that they go; it is not calibrated.

    Args:
        edit: The edit.
        evidence: What it was decided on.
        hop: Samples per frame.
        n_samples: Length of the recording.

    Returns:
        The changes in the order of the recording.
    """
    goes = 1 / (1 + np.exp(evidence.coverage[:, 0].astype(np.float64)))
    n_frames = len(goes)
    described = []
    for change in changes_of(edit, n_samples):
        first = min(int(frame_at(change.start, hop)), n_frames - 1)
        last = min(max(first + 1, int(frame_at(change.stop, hop))), n_frames)
        sure = float(goes[first:last].mean())
        described.append(
            replace(change, reason=_reason(evidence.reason[first:last]), confidence=sure)
        )
    return tuple(described)


def _reason(classes: npt.NDArray[np.int8]) -> Reason:
    """Returns the reason that the frames of a removed stretch give together."""
    counts = np.bincount(classes, minlength=len(REASONS))
    counts[_SILENCE] = 0
    if counts.max() < _LEAST_SHARE * len(classes):
        return Reason.SILENCE
    return REASONS[int(counts.argmax())]
