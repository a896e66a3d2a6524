from __future__ import annotations

import numpy as np
import pytest

from model_core.edit.types import REASONS, Reason
from training.dataset import Example, visits_of
from training.sampling import (
    EVENT_WEIGHTS,
    EventKind,
    crop_start,
    events_of_edit,
    in_buckets,
    padding_share,
    recording_weight,
)

SILENCE, RETAKE, NOISE = (
    REASONS.index(reason) for reason in (Reason.SILENCE, Reason.RETAKE, Reason.NOISE)
)


def an_example(runs: list[list[int]], why: int = SILENCE, n_frames: int = 4000) -> Example:
    played = np.array(runs, np.int64).reshape(-1, 2)
    reason = np.where(visits_of(played, n_frames) > 0, -1, why).astype(np.int8)
    return Example(np.ones((2, n_frames), np.uint8), played, reason, np.zeros(3, np.float32), 0)


@pytest.mark.parametrize(
    ("runs", "why", "kinds"),
    [
        ([[0, 900], [1000, 4000]], SILENCE, [EventKind.SILENCE]),
        ([[0, 900], [1000, 4000]], RETAKE, [EventKind.RETAKE]),
        ([[0, 900], [1000, 4000]], NOISE, [EventKind.SOUND]),
        ([[0, 900], [1000, 4000]], -1, [EventKind.SOUND]),
        ([[0, 2000], [1200, 4000]], SILENCE, [EventKind.LOOP]),
        ([[0, 900], [900, 4000]], SILENCE, []),
        # The passage from 2000 on is heard first, the one that was skipped after it.
        (
            [[0, 1000], [2000, 3000], [1000, 2000], [3000, 4000]],
            SILENCE,
            [EventKind.REORDER, EventKind.REORDER, EventKind.SOUND],
        ),
        ([], SILENCE, []),
    ],
)
def test_jumps_are_told_apart(runs: list[list[int]], why: int, kinds: list[EventKind]) -> None:
    events = events_of_edit(an_example(runs, why))
    assert events.kind.tolist() == kinds
    assert events.weights.tolist() == [EVENT_WEIGHTS[kind] for kind in kinds]


def test_the_beginning_of_an_edit_may_be_a_cut() -> None:
    events = events_of_edit(an_example([[300, 4000]]))
    assert (events.leave.tolist(), events.land.tolist()) == ([0], [300])


def test_recordings_with_rare_events_weigh_more() -> None:
    cuts = an_example([[0, 900], [1000, 4000]])
    loops = an_example([[0, 900], [1000, 2000], [1500, 4000]])
    nothing = an_example([[0, 4000]])
    weights = [recording_weight(example) for example in (nothing, cuts, loops)]
    assert weights == [1.0, 1.0, EVENT_WEIGHTS[EventKind.LOOP]]


def test_crops_around_events_hold_both_ends_and_rare_ones_come_oftener() -> None:
    example = an_example([[0, 1000], [1100, 3000], [2800, 4000]])
    rng = np.random.default_rng(0)
    counts = {EventKind.SILENCE: 0, EventKind.LOOP: 0}
    for _ in range(600):
        start = crop_start(example, 800, 1.0, rng)
        assert 0 <= start <= 3200
        if start < 1000 - 150 and start + 800 > 1100 + 150:
            counts[EventKind.SILENCE] += 1
        else:
            assert start < 2800 - 150
            assert start + 800 > 3000 + 150
            counts[EventKind.LOOP] += 1
    assert counts[EventKind.LOOP] / 600 == pytest.approx(0.8, abs=0.06)


def test_of_an_event_too_long_for_a_crop_one_end_is_in_sight() -> None:
    example = an_example([[0, 1000], [3500, 4000]])
    ends = []
    for seed in range(200):
        start = crop_start(example, 600, 1.0, np.random.default_rng(seed))
        leaving, landing = (start <= place <= start + 600 for place in (1000, 3500))
        assert leaving != landing
        ends.append(leaving)
    assert np.mean(ends) == pytest.approx(2 / 3, abs=0.1)


def test_crops_of_nothing_special_lie_anywhere_and_oftener_at_the_ends() -> None:
    example = an_example([[0, 4000]])
    rng = np.random.default_rng(0)
    starts = [crop_start(example, 500, 0.5, rng) for _ in range(2000)]
    assert np.mean(np.array(starts) == 0) == pytest.approx(0.15, abs=0.03)
    assert np.mean(np.array(starts) == 3500) == pytest.approx(0.15, abs=0.03)
    assert len(set(starts)) > 800
    assert crop_start(example, 5000, 1.0, rng) == 0


def test_crops_of_similar_lengths_share_a_batch() -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(300, 3446, 128)
    batches = in_buckets(lengths, 8, rng)
    assert sorted(np.concatenate(batches).tolist()) == list(range(128))
    bucketed = padding_share([lengths[batch].tolist() for batch in batches])
    drawn = padding_share(lengths.reshape(-1, 8).tolist())
    assert bucketed < 0.1 < 0.25 < drawn
    # Short batches don't always come first.
    firsts = {
        int(lengths[in_buckets(lengths, 8, np.random.default_rng(seed))[0]].max() // 500)
        for seed in range(20)
    }
    assert len(firsts) > 3


def test_padding_of_nothing_is_nothing() -> None:
    assert padding_share([]) == 0
    assert padding_share([[5, 5], [3]]) == 0
    assert padding_share([[10, 5]]) == pytest.approx(0.25)
