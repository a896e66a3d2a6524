from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_core.nn.lattice import Scores, best_edit
from model_core.nn.viterbi import sweep, sweep_reference, trace_back

Runs = list[tuple[int, int]]


def random_scores(n: int, jumps: list[tuple[int, int]], seed: int, visits: int = 2) -> Scores:
    rng = np.random.default_rng(seed)
    jumps = sorted(jumps)
    return Scores(
        rng.normal(0, 3, (n, visits)),
        rng.normal(-2, 2, n + 1),
        rng.normal(-1, 2, n),
        rng.normal(-2, 2, n + 1),
        np.array([leave for leave, _ in jumps], np.int64),
        np.array([land for _, land in jumps], np.int64),
        rng.normal(0, 3, len(jumps)),
    )


def score_of(runs: Runs, scores: Scores) -> float:
    """Scores one edit by its definition; -inf for what isn't allowed."""
    total = float(scores.leave[0] + scores.land[runs[0][0]]) if runs[0][0] > 0 else 0.0
    visits = np.zeros(scores.n_frames, int)
    for index, (start, stop) in enumerate(runs):
        for frame in range(start, stop):
            if visits[frame] >= scores.gain.shape[1]:
                return -np.inf
            total += float(scores.gain[frame, visits[frame]])
            visits[frame] += 1
        if index + 1 == len(runs):
            continue
        landing = runs[index + 1][0]
        if landing > stop:
            total += float(scores.leave[stop] + scores.land[landing])
        else:
            ways = (scores.back_leave == stop) & (scores.back_land == landing)
            if not ways.any():
                return -np.inf
            total += float(scores.back[ways].max())
    last = runs[-1][1]
    return total + (float(scores.finish[last]) if last < scores.n_frames else 0.0)


def all_edits(n: int, jumps: list[tuple[int, int]]) -> list[Runs]:
    """Lists every edit that takes each jump back at most once."""
    found: list[Runs] = []

    def play(runs: Runs, start: int, at: int, left: tuple[tuple[int, int], ...]) -> None:
        if at > start:
            found.append([*runs, (start, at)])
            for jump in left:
                if jump[0] == at:
                    rest = tuple(other for other in left if other != jump)
                    play([*runs, (start, at)], jump[1], jump[1] + 1, rest)
        if at > start or at == 0:
            so_far = [*runs, (start, at)] if at > start else runs
            for landing in range(at + 1, n):
                play(so_far, landing, landing + 1, left)
        if at < n:
            play(runs, start, at + 1, left)

    play([], 0, 0, tuple(jumps))
    return found


def check_against_all(scores: Scores, jumps: list[tuple[int, int]]) -> None:
    found = best_edit(scores)
    runs = [(start, stop) for start, stop in found.runs.tolist()]
    best = max(score_of(edit, scores) for edit in all_edits(scores.n_frames, jumps))
    assert found.score == pytest.approx(best, abs=1e-6)
    assert score_of(runs, scores) == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("n", range(1, 9))
@pytest.mark.parametrize("seed", range(6))
def test_forward_edits_are_as_good_as_the_best_of_all(n: int, seed: int) -> None:
    check_against_all(random_scores(n, [], seed), [])


@pytest.mark.parametrize("seed", range(60))
def test_an_edit_with_a_jump_back_is_as_good_as_the_best_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 7))
    land = int(rng.integers(0, n))
    jumps = [(int(rng.integers(land + 1, n + 1)), land)]
    check_against_all(random_scores(n, jumps, seed), jumps)


@pytest.mark.parametrize("seed", range(25))
def test_two_stretches_apart_are_both_searched(seed: int) -> None:
    jumps = [(2, 0), (6, 3)]
    check_against_all(random_scores(6, jumps, seed), jumps)


def looped(visits: int, wanted: int) -> Scores:
    """Frames 200 to 299 are worth playing `wanted` times; everything else once."""
    n = 500
    gain = np.full((n, visits), -4.0)
    gain[:, 0] = 4.0
    gain[200:300, :wanted] = 4.0
    nothing = np.full(n + 1, -20.0)
    return Scores(
        gain, nothing, nothing[:-1], nothing, np.array([300]), np.array([200]), np.array([-5.0])
    )


@pytest.mark.parametrize("visits", [2, 3, 4])
def test_a_loop_goes_round_as_often_as_it_is_worth(visits: int) -> None:
    for wanted in range(1, visits + 1):
        runs = best_edit(looped(visits, wanted)).runs.tolist()
        middle = [[200, 300]] * (wanted - 2)
        expected = [[0, 300], *middle, [200, 500]] if wanted > 1 else [[0, 500]]
        assert runs == expected


def test_passages_that_change_places_are_found() -> None:
    n = 400
    gain = np.full((n, 2), -4.0)
    gain[:, 0] = 4.0
    leave, land = np.full(n + 1, -40.0), np.full(n, -40.0)
    leave[100] = leave[200] = -1.0  # over to the later passage, then over it
    land[200] = land[300] = -1.0
    finish = np.full(n + 1, -2000.0)
    # In order everything is played for nothing; a reorder has to be worth its jumps.
    in_order = Scores(gain, leave, land, finish, np.array([300]), np.array([100]), np.array([-1.0]))
    assert best_edit(in_order).runs.tolist() == [[0, 400]]
    cheap = Scores(gain, leave, land, finish, np.array([300]), np.array([100]), np.array([30.0]))
    found = best_edit(cheap).runs.tolist()
    assert found == [[0, 100], [200, 300], [100, 200], [300, 400]]


def test_an_empty_recording_and_an_empty_edit() -> None:
    assert len(best_edit(random_scores(0, [], 0)).runs) == 0
    bad = random_scores(5, [], 0).biased(-100.0)
    assert len(best_edit(bad).runs) == 1
    assert len(best_edit(bad, may_be_empty=True).runs) == 0


@given(st.integers(1, 400), st.integers(0, 1000), st.data())
def test_runs_are_never_empty_and_stay_within_the_recording(
    n: int, seed: int, data: st.DataObject
) -> None:
    rng = np.random.default_rng(seed)
    jumps = []
    for _ in range(data.draw(st.integers(0, 6))):
        land = int(rng.integers(0, n))
        jumps.append((int(rng.integers(land + 1, n + 1)), land))
    scores = random_scores(n, jumps, seed, visits=3)
    runs = best_edit(scores).runs
    assert (runs[:, 0] < runs[:, 1]).all()
    assert runs.min() >= 0
    assert runs.max() <= n
    backward = runs[1:, 0] < runs[:-1, 1]
    left, landed = runs[:-1, 1][backward].tolist(), runs[1:, 0][backward].tolist()
    assert set(zip(left, landed, strict=True)) <= set(jumps)


@pytest.mark.parametrize("n", [0, 1, 255, 256, 257, 1000, 1024, 5003])
def test_blocks_of_the_sweep_equal_one_frame_after_the_other(n: int) -> None:
    rng = np.random.default_rng(n)
    parts = rng.normal(0, 2, n), rng.normal(-3, 2, n), rng.normal(-1, 2, n)
    fast = sweep(*parts, 0.5, -1.0)
    slow = sweep_reference(*parts, 0.5, -1.0)
    np.testing.assert_allclose(fast.played, slow.played, atol=1e-9)
    np.testing.assert_allclose(fast.skipped, slow.skipped, atol=1e-9)


def test_the_way_back_is_worth_what_the_sweep_says() -> None:
    rng = np.random.default_rng(1)
    n = 3000
    gain, leave, land = rng.normal(0, 2, n), rng.normal(-3, 2, n), rng.normal(-1, 2, n)
    forward = sweep(gain, leave, land, 0.0, -np.inf)
    runs, skipping = trace_back(forward, leave, land, n, skipping=False)
    assert not skipping
    value = sum(float(gain[start:stop].sum()) for start, stop in runs)
    value += float(leave[0] + land[runs[0][0]]) if runs[0][0] else 0.0
    value += sum(float(leave[a[1]] + land[b[0]]) for a, b in itertools.pairwise(runs))
    assert value == pytest.approx(float(forward.played[-1]), abs=1e-6)
