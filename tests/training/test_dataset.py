from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from model_core.edit.edit_ops import EditOp, pointers_to_ops
from model_core.edit.pointers import PADDING, STOP
from model_core.nn.walks import steps_of
from training.dataset import (
    Cropping,
    Example,
    make_batch,
    samples_to_frames,
    standardise_style,
    visits_of,
)
from training.losses import Batch

EDITS = {
    "cuts": [[10, 60], [75, 200], [300, 480]],
    "a loop": [[0, 200], [120, 200], [120, 260], [300, 500]],
    "a reorder": [[200, 350], [20, 180], [400, 490]],
}
KNOWN = {"history_dropout": 0.0, "budget_dropout": 0.0}


def an_example(edit: str = "cuts", n_frames: int = 500) -> Example:
    runs = np.array(EDITS[edit], np.int64).clip(0, n_frames)
    mel = np.broadcast_to(np.arange(n_frames) % 251, (4, n_frames)).astype(np.uint8)
    reason = np.where(visits_of(runs, n_frames) > 0, -1, 1).astype(np.int8)
    return Example(mel, runs, reason, np.array([0.5, -1.0, 2.0], np.float32), 0)


def cropped(example: Example, seed: int, frames: int = 150, **changes: float) -> Batch:
    cropping = Cropping(frames, **{**KNOWN, **changes})  # type: ignore[arg-type]
    return make_batch([example], np.random.default_rng(seed), cropping)


def walked(batch: Batch) -> list[tuple[int, int, int, float]]:
    """Returns e, pointer, op and budget of the steps in their order, e in the whole recording."""
    size = batch.pointers.shape[1]
    order = [place for place in batch.order[0].tolist() if place >= 0]
    flat = [part.flatten().tolist() for part in (batch.pointers, batch.ops, batch.budget)]
    start = int(batch.offset[0])
    return [(start + place % size, *(part[place] for part in flat)) for place in order]


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("seed", range(12))
def test_crops_carry_their_truth_with_them(edit: str, seed: int) -> None:
    example = an_example(edit)
    batch = cropped(example, seed)
    start = int(batch.offset[0])
    stop = start + 150
    assert int(batch.total[0]) == 500
    np.testing.assert_allclose(
        batch.mel[0, 0].numpy() * 255, np.arange(start, stop) % 251, atol=1e-3
    )
    np.testing.assert_array_equal(batch.visits[0], visits_of(example.runs, 500)[start:stop])
    np.testing.assert_array_equal(batch.reason[0], example.reason[start:stop])
    played = sum(b - a for a, b in EDITS[edit])
    assert float(batch.log_ratio[0]) == pytest.approx(math.log(played / 500))
    assert batch.style[0].tolist() == [0.5, -1.0, 2.0]
    # The steps whose last frame is in sight, in the order of the edit.
    pointers = [f for a, b in EDITS[edit] for f in range(a, b)] + [STOP]
    ops = pointers_to_ops(np.array(pointers), 500)
    expected = []
    for index, (e, pointer, op) in enumerate(
        zip([0, *(p + 1 for p in pointers[:-1])], pointers, ops.tolist(), strict=True)
    ):
        before_is_in_sight = start < e <= stop if start else e <= stop
        beyond = e == stop and stop < 500
        if before_is_in_sight and not beyond:
            budget = math.log((len(pointers) - index) / max(1, 500 - e))
            expected.append((e, pointer, op, float(np.clip(budget, -3, 3))))
    found = walked(batch)
    assert [step[:3] for step in found] == [step[:3] for step in expected]
    np.testing.assert_allclose([s[3] for s in found], [s[3] for s in expected], atol=1e-5)
    # Elsewhere nothing is asked.
    assert int((batch.pointers != PADDING).sum()) == len(found)
    assert int((batch.ops >= 0).sum()) == len(found)
    assert int(batch.budget.isfinite().sum()) == len(found)


def test_a_loop_takes_a_row_for_each_pass() -> None:
    batch = cropped(an_example("a loop"), 0, frames=500)
    assert batch.pointers.shape == (3, 501)
    assert batch.recording.tolist() == [0, 0, 0]
    assert batch.pointers[:, 200].tolist() == [120, 120, 200]
    assert batch.ops[:, 199].tolist() == [EditOp.LOOP_END, EditOp.LOOP_END, EditOp.COPY]


def test_passes_beyond_the_most_visits_are_left_out() -> None:
    cropping = Cropping(500, max_visits=2, history_dropout=0.0, budget_dropout=0.0)
    batch = make_batch([an_example("a loop")], np.random.default_rng(0), cropping)
    assert len(batch.pointers) == 2
    steps = steps_of(np.array(EDITS["a loop"]))
    assert int((batch.pointers != PADDING).sum()) == int((steps.visit < 2).sum())


def test_stopping_is_only_asked_where_the_end_is_in_sight() -> None:
    asked = {True: 0, False: 0}
    for edit, last in (("cuts", 480), ("a loop", 500), ("a reorder", 490)):
        for seed in range(40):
            batch = cropped(an_example(edit), seed)
            start = int(batch.offset[0])
            stops = int((batch.pointers == STOP).sum())
            # The frame before e = last has been heard, and e itself isn't beyond the crop.
            inside = start < last <= start + 150 - (start + 150 < 500)
            assert stops == int(inside)
            asked[inside] += 1
    assert min(asked.values()) > 5


def test_orders_of_several_crops_lead_to_their_own_rows() -> None:
    examples = [an_example(edit) for edit in EDITS]
    batch = make_batch(examples, np.random.default_rng(1), Cropping(500, **KNOWN))
    assert batch.recording.tolist() == [0, 1, 1, 1, 2]
    flat = batch.pointers.flatten()
    for index, example in enumerate(examples):
        order = batch.order[index]
        real = order[order >= 0]
        assert (batch.recording[real // 501] == index).all()
        assert flat[real].tolist() == steps_of(example.runs).pointer.tolist()
        assert (order[len(real) :] == -1).all()


def test_an_edit_of_nothing_stops_at_once() -> None:
    example = an_example()
    nothing = Example(example.mel, np.zeros((0, 2), np.int64), example.reason, example.style, 0)
    batch = cropped(nothing, 0, frames=500)
    assert walked(batch) == [(0, STOP, EditOp.STOP, -3.0)]
    later = next(b for s in range(9) if int((b := cropped(nothing, s)).offset[0]) > 0)
    assert walked(later) == []


def test_what_is_hidden_is_hidden_as_often_as_asked() -> None:
    example = an_example("a loop", 500)
    cropping = Cropping(60, style_dropout=0.2, history_dropout=0.6, budget_dropout=0.4)
    batch = make_batch([example] * 600, np.random.default_rng(0), cropping)
    assert (~batch.style_known).float().mean().item() == pytest.approx(0.2, abs=0.07)
    assert (~batch.history_known).float().mean().item() == pytest.approx(0.6, abs=0.07)
    there = batch.pointers != PADDING
    hidden = []
    for index in range(600):
        mine = batch.recording == index
        told = batch.budget[mine][there[mine]].isfinite()
        if len(told):
            assert bool(told.all()) or not bool(told.any())
            hidden.append(not bool(told.any()))
    assert np.mean(hidden) == pytest.approx(0.4, abs=0.07)
    assert Cropping(60) == Cropping(60, 0.0, 0.0, 0.5, 0.5)


def test_budgets_are_misstated_when_crops_are_varied() -> None:
    plain = cropped(an_example(), 0, frames=500).budget
    off = []
    for seed in range(40):
        varied = cropped(an_example(), seed, frames=500, augment=True).budget
        there = plain.isfinite()
        apart = (varied - plain)[there & (plain.abs() < 2)]
        assert (apart - apart[0]).abs().max() < 1e-4  # by the same for all steps of a crop
        off.append(float(apart[0]))
    assert np.std(off) == pytest.approx(0.1, abs=0.04)


def test_crops_of_unequal_lengths_are_padded_and_masked() -> None:
    short = an_example(n_frames=490)
    batch = make_batch(
        [short, an_example()], np.random.default_rng(0), Cropping(1000, augment=True)
    )
    assert batch.mask.sum(dim=1).tolist() == [490, 500]
    assert (batch.pointers[0, 491:] == PADDING).all()
    assert (batch.reason[0, 490:] == -1).all()
    assert (batch.visits[0, 490:] == 0).all()
    assert (batch.mel >= 0).all()
    assert (batch.mel <= 1).all()


def test_visits_count_every_pass() -> None:
    runs: npt.NDArray[np.int64] = np.array([[0, 3], [1, 3], [4, 5]])
    assert visits_of(runs, 6).tolist() == [1, 2, 2, 0, 1, 0]
    assert visits_of(runs[:0], 3).tolist() == [0, 0, 0]


def test_samples_are_rounded_to_frames_half_up() -> None:
    ranges = np.array([[0, 127], [128, 383], [384, 640]], np.int64)
    assert samples_to_frames(ranges, 256).tolist() == [[0, 0], [1, 1], [2, 3]]


def test_styles_of_simulated_editors_have_mean_zero_and_deviation_one() -> None:
    rng = np.random.default_rng(0)
    n = 20_000
    extends = rng.random(n) < 0.4
    drawn = np.stack(
        (
            np.exp(rng.uniform(math.log(0.15), math.log(1.2), n)),
            np.exp(rng.uniform(math.log(0.05), math.log(0.5), n)),
            np.where(extends, np.exp(rng.uniform(math.log(1.15), math.log(2.0), n)), 1.0),
        ),
        axis=1,
    ).astype(np.float32)
    styles = np.stack([standardise_style(one) for one in drawn])
    np.testing.assert_allclose(styles.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose(styles.std(axis=0), 1, atol=0.05)
