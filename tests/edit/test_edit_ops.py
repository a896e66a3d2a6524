from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_core.edit.edit_ops import EditOp, pointers_to_ops
from model_core.edit.pointers import PADDING, STOP
from model_core.errors import EditError

COPY, START, END, SKIP, IN, OUT, OVER = EditOp


def ops_of(*pointers: int, n_frames: int = 10) -> list[int]:
    ops = pointers_to_ops(np.array(pointers, np.int64), n_frames)
    assert ops.dtype == np.int8
    return [int(op) for op in ops]


def test_the_values_are_those_of_the_files() -> None:
    assert [(op.name, op.value) for op in EditOp] == [
        ("COPY", 0), ("LOOP_START", 1), ("LOOP_END", 2), ("SKIP", 3),
        ("FADE_IN", 4), ("FADE_OUT", 5), ("STOP", 6),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pointers", "expected"),
    [
        ((), []),
        ((STOP,), [OVER]),
        ((*range(10), STOP), [*[COPY] * 10, OVER]),
        ((0, 1, 2, 6, 7, 8, 9), [COPY, COPY, COPY, SKIP, COPY, COPY, COPY]),
        ((3, 4, 5, 6, 7, 8, 9), [IN, *[COPY] * 6]),
        ((0, 1, 2, 3, STOP), [COPY, COPY, COPY, OUT, OVER]),
        # Two passes through frames 2 to 4.
        ((0, 1, 2, 3, 4, 2, 3, 4, 5, STOP), [COPY] * 4 + [END, START, COPY, COPY, OUT, OVER]),
        ((4, 4, 5), [END, START, OUT]),  # the same frame again is a jump back, too
        ((5,), [OUT]),
        ((0,), [OUT]),
        ((9,), [IN]),
        # Where several apply, landing comes before leaving, and both before fades.
        ((5, 3, 1), [END, START, START]),
        ((5, 9, 2), [IN, SKIP, START]),
        ((0, 7), [COPY, SKIP]),
        ((0, 7, 8), [COPY, SKIP, OUT]),
    ],
)
def test_steps_are_named_by_what_they_do(pointers: tuple[int, ...], expected: list[int]) -> None:
    assert ops_of(*pointers) == expected


@pytest.mark.parametrize("pointers", [(0, 10), (-3, 0), (0, PADDING, 1), (STOP, 0), (0, STOP, 1)])
def test_what_is_no_frame_is_refused(pointers: tuple[int, ...]) -> None:
    with pytest.raises(EditError, match="outside the recording"):
        ops_of(*pointers)


def by_definition(frames: list[int], n_frames: int) -> list[EditOp]:
    """One step after the other, the strongest reason first."""
    ops = []
    for t, frame in enumerate(frames):
        landed = frame - frames[t - 1] if t else 1
        leaves = frames[t + 1] - frame if t + 1 < len(frames) else 1
        if landed != 1:
            ops.append(EditOp.SKIP if landed > 1 else EditOp.LOOP_START)
        elif leaves < 1:
            ops.append(EditOp.LOOP_END)
        elif t + 1 == len(frames) and frame < n_frames - 1:
            ops.append(EditOp.FADE_OUT)
        elif t == 0 and frame > 0:
            ops.append(EditOp.FADE_IN)
        else:
            ops.append(EditOp.COPY)
    return ops


runs_of_frames = st.lists(
    st.tuples(st.integers(0, 29), st.integers(1, 8)).map(lambda r: range(r[0], min(30, sum(r)))),
    max_size=6,
)


@given(runs_of_frames, st.booleans())
def test_every_step_is_named_by_the_definition(runs: list[range], stops: bool) -> None:
    frames = [frame for run in runs for frame in run]
    pointers = np.array([*frames, *([STOP] if stops else [])], np.int64)
    expected = by_definition(frames, 30) + ([EditOp.STOP] if stops else [])
    assert pointers_to_ops(pointers, 30).tolist() == expected


@given(runs_of_frames.filter(bool))
def test_as_many_jumps_are_named_as_there_are(runs: list[range]) -> None:
    frames: npt.NDArray[np.int64] = np.array([f for run in runs for f in run], np.int64)
    ops = pointers_to_ops(frames, 30)
    step = np.diff(frames)
    assert (ops == EditOp.LOOP_START).sum() == (step < 1).sum()
    assert (ops == EditOp.SKIP).sum() == (step > 1).sum()
    assert (ops[1:-1] == EditOp.COPY).sum() <= (step == 1).sum()
    assert (ops == EditOp.FADE_IN).sum() <= 1
    assert (ops == EditOp.FADE_OUT).sum() <= 1
