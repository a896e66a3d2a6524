"""What each step of an edit does: the labels of the edit-op head and of `_ops.npy` files."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from model_core.edit.pointers import STOP
from model_core.errors import EditError


class EditOp(IntEnum):
    """Operation of a step; the values are those of `_ops.npy` files."""

    COPY = 0
    LOOP_START = 1
    LOOP_END = 2
    SKIP = 3
    FADE_IN = 4
    FADE_OUT = 5
    STOP = 6


def pointers_to_ops(pointers: npt.NDArray[np.int64], n_frames: int) -> npt.NDArray[np.int8]:
    """Names the operation of every step.

    A step that lands ahead of its expected position is a SKIP. One that lands behind is a
    LOOP_START, and the step before it, from which the edit jumps back, a LOOP_END. The first step
    is a FADE_IN where the edit begins inside the recording, the last frame a FADE_OUT where it
    ends inside. Where several apply, the jump that lands on the step comes first, then the jump
    that leaves it, then the fades.

    Args:
        pointers: Raw frames of shape `[S]`; a final `STOP` is optional.
        n_frames: Frames of the recording.

    Returns:
        `EditOp` values of shape `[S]`.

    Raises:
        EditError: Something but a final `STOP` is no frame of the recording.
    """
    ops = np.full(len(pointers), EditOp.COPY, np.int8)
    stops = len(pointers) > 0 and int(pointers[-1]) == STOP
    frames = pointers[:-1] if stops else pointers
    if frames.size and (frames.min() < 0 or frames.max() >= n_frames):
        raise EditError("A pointer lies outside the recording.")
    if stops:
        ops[-1] = EditOp.STOP
    if not frames.size:
        return ops
    if frames[0] > 0:
        ops[0] = EditOp.FADE_IN
    if frames[-1] < n_frames - 1:
        ops[len(frames) - 1] = EditOp.FADE_OUT
    step = np.diff(frames)
    back = np.flatnonzero(step < 1)
    ops[back] = EditOp.LOOP_END
    ops[back + 1] = EditOp.LOOP_START
    ops[np.flatnonzero(step > 1) + 1] = EditOp.SKIP
    return ops
