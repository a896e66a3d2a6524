"""Says of each change in a proposed edit why it was made and how sure the network is."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from model_core.edit.coverage import changes_of
from model_core.edit.pointers import frame_at
from model_core.edit.types import Change, EditList
from model_core.nn.evidence import Evidence
from model_core.nn.network import REASONS

_EDGE_FRAMES = 17
"""Frames at both sides of a cut that should stay, for it to be a sure one (0.2 s)."""


def describe_changes(
    edit: EditList, evidence: Evidence, hop: Fraction, n_samples: int
) -> tuple[Change, ...]:
    """Returns the rows of the edits list for an edit that the network proposed.

    The reason is the one that most of the removed frames give. The confidence is the mean
    probability that they go, times the mean probability that the frames beside them stay; it is
    not calibrated.

    Args:
        edit: The edit.
        evidence: What it was decided on.
        hop: Samples per frame.
        n_samples: Length of the recording.

    Returns:
        The changes in the order of the recording.
    """
    stays = 1 / (1 + np.exp(-evidence.coverage.astype(np.float64)))
    n_frames = len(stays)
    described = []
    for change in changes_of(edit, n_samples):
        first = min(int(frame_at(change.start, hop)), n_frames - 1)
        last = min(max(first + 1, int(frame_at(change.stop, hop))), n_frames)
        counts = np.bincount(evidence.reason[first:last], minlength=len(REASONS))
        beside = np.concatenate(
            (stays[max(0, first - _EDGE_FRAMES) : first], stays[last : last + _EDGE_FRAMES])
        )
        sure = (1 - stays[first:last]).mean() * (beside.mean() if beside.size else 1.0)
        described.append(
            replace(change, reason=REASONS[int(counts.argmax())], confidence=float(sure))
        )
    return tuple(described)
