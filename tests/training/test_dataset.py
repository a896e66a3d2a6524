from __future__ import annotations

import numpy as np
import pytest

from model_core.edit.pointers import PADDING, STOP
from training.dataset import Example, make_batch, next_pointers, samples_to_frames


def an_example(n_frames: int = 500) -> Example:
    runs = np.array([[10, 60], [75, 200], [300, 480]], np.int64)
    mel = np.broadcast_to(np.arange(n_frames) % 251, (4, n_frames)).astype(np.uint8)
    reason = np.full(n_frames, 1, np.int8)
    for start, stop in runs:
        reason[start:stop] = -1
    return Example(mel, runs, reason, np.zeros(2, np.float32), 0)


def test_next_pointers_walk_through_the_edit() -> None:
    example = an_example()
    pointers = next_pointers(example.runs, example.n_frames)
    played = []
    e = 0
    while pointers[e] != STOP:
        played.append(int(pointers[e]))
        e = played[-1] + 1
    expected = [frame for start, stop in example.runs.tolist() for frame in range(start, stop)]
    assert played == expected
    # Every other place is never expected, and must not be trained on.
    reached = {0, *(frame + 1 for frame in expected)}
    assert all((pointers[e] == PADDING) == (e not in reached) for e in range(501))


def test_an_edit_of_nothing_stops_at_once() -> None:
    pointers = next_pointers(np.zeros((0, 2), np.int64), 5)
    assert pointers.tolist() == [STOP, *[PADDING] * 5]


@pytest.mark.parametrize("seed", range(20))
def test_crops_carry_their_truth_with_them(seed: int) -> None:
    example = an_example()
    batch = make_batch([example], np.random.default_rng(seed), 150, 0.0, augment=False)
    start = int(batch.offset[0])
    whole = next_pointers(example.runs, 500)
    crop = batch.pointers[0].numpy()
    assert int(batch.total[0]) == 500
    np.testing.assert_allclose(
        batch.mel[0, 0].numpy() * 255, np.arange(start, start + 150) % 251, atol=1e-3
    )
    np.testing.assert_array_equal(
        batch.kept[0].numpy() == 1, example.reason[start : start + 150] == -1
    )
    for e in range(1, 150):
        target = whole[start + e]
        assert crop[e] == (target - start if target >= 0 else target)
    # At the edges the history or the future is out of sight.
    assert crop[0] == (whole[0] if start == 0 else PADDING)
    assert crop[150] == (whole[500] if start == 350 else PADDING)


def test_crops_of_unequal_lengths_are_padded_and_masked() -> None:
    short = an_example(490)
    batch = make_batch([short, an_example()], np.random.default_rng(0), 1000, 0.0, augment=True)
    assert batch.mask.sum(dim=1).tolist() == [490, 500]
    assert (batch.pointers[0, 491:] == PADDING).all()
    assert (batch.mel >= 0).all()
    assert (batch.mel <= 1).all()


def test_samples_are_rounded_to_frames_half_up() -> None:
    ranges = np.array([[0, 127], [128, 383], [384, 640]], np.int64)
    assert samples_to_frames(ranges, 256).tolist() == [[0, 0], [1, 1], [2, 3]]
