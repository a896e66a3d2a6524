from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_core.nn.card import DecodingSettings
from model_core.nn.evidence import Evidence
from model_core.nn.search import (
    Scores,
    best_runs,
    make_scores,
    run_length,
    runs_for_length,
    runs_to_pointers,
)


def score_of(played: tuple[bool, ...], scores: Scores) -> float:
    """Scores one choice of frames by its definition."""
    n = len(played)
    total = 0.0
    for t in range(n):
        total += 2 * float(scores.keep[t]) if played[t] else 0.0
        before = played[t - 1] if t else True
        if before and not played[t]:
            ends = not any(played[t:])
            total += float(scores.finish[t] if ends else scores.leave[t])
        if not before and played[t]:
            total += float(scores.land[t])
    return total


def random_scores(n: int, seed: int) -> Scores:
    rng = np.random.default_rng(seed)
    return Scores(
        rng.normal(0, 2, n).astype(np.float32),
        rng.normal(-3, 2, n + 1).astype(np.float32),
        rng.normal(-1, 2, n).astype(np.float32),
        rng.normal(-3, 2, n + 1).astype(np.float32),
    )


@pytest.mark.parametrize("n", range(1, 11))
@pytest.mark.parametrize("seed", range(8))
def test_the_search_finds_what_brute_force_finds(n: int, seed: int) -> None:
    scores = random_scores(n, seed)
    choices = [c for c in itertools.product((False, True), repeat=n) if any(c)]
    best = max(score_of(choice, scores) for choice in choices)
    pointers = set(runs_to_pointers(best_runs(scores)).tolist())
    found = tuple(t in pointers for t in range(n))
    assert score_of(found, scores) == pytest.approx(best, abs=1e-4)


@given(st.integers(1, 300), st.integers(0, 1000))
def test_runs_are_ordered_disjoint_and_within_the_recording(n: int, seed: int) -> None:
    runs = best_runs(random_scores(n, seed))
    assert len(runs) > 0
    flat = runs.ravel()
    assert flat[0] >= 0
    assert flat[-1] <= n
    assert (np.diff(flat)[::2] > 0).all()
    assert (np.diff(flat)[1::2] > 0).all()


def test_an_empty_recording_has_no_runs() -> None:
    empty = np.zeros(0, np.float32)
    runs = best_runs(Scores(empty, np.zeros(1, np.float32), empty, np.zeros(1, np.float32)))
    assert len(runs) == 0
    assert len(runs_to_pointers(runs)) == 0


def evidence_with_pauses(n: int = 6000, pause: int = 200, every: int = 600) -> Evidence:
    """Passages apart by pauses of about 2 s which an editor would nearly take out."""
    rng = np.random.default_rng(3)
    coverage = np.full(n, 4.0, np.float32)
    end = np.full(n + 1, 1e-5, np.float32)
    landing = np.full(n, 1e-5, np.float32)
    for start in range(every, n - pause, every):
        coverage[start : start + pause] = -1.0 - rng.random()
        end[start] = 0.6
        landing[start + pause - 4 : start + pause + 5] = 0.5
    return Evidence(coverage, np.zeros(n, np.int8), end, np.full(n + 1, 1e-6, np.float32), landing)


def test_pauses_are_cut_where_the_evidence_says() -> None:
    runs = best_runs(make_scores(evidence_with_pauses(), DecodingSettings()))
    assert runs[0].tolist()[0] == 0
    inner = runs[:-1, 1]
    assert len(inner) == 9
    assert all(abs(stop - 600 * (i + 1)) <= 4 for i, stop in enumerate(inner.tolist()))


@pytest.mark.parametrize("share", [0.75, 0.85, 0.95])
def test_a_target_length_is_met_as_nearly_as_passages_allow(share: float) -> None:
    evidence = evidence_with_pauses()
    scores = make_scores(evidence, DecodingSettings())
    target = round(share * len(evidence.coverage))
    assert abs(run_length(runs_for_length(scores, target)) - target) <= 0.03 * 6000


def test_equal_seeds_draw_equal_edits_and_others_differ() -> None:
    def drawn(seed: int) -> list[list[int]]:
        rng = np.random.default_rng(seed)
        scores = make_scores(evidence_with_pauses(), DecodingSettings(), temperature=1.5, rng=rng)
        return [list(run) for run in best_runs(scores).tolist()]

    assert drawn(1) == drawn(1)
    assert len({str(drawn(seed)) for seed in range(6)}) > 1


def test_the_stop_threshold_decides_whether_an_edit_may_end_early() -> None:
    n = 400
    coverage = np.full(n, 3.0, np.float32)
    coverage[300:] = -0.01
    end = np.full(n + 1, 1e-5, np.float32)
    end[300] = 0.5
    stop = np.full(n + 1, 1e-6, np.float32)
    stop[300] = 0.1
    evidence = Evidence(coverage, np.zeros(n, np.int8), end, stop, np.full(n, 1e-5, np.float32))
    bold = best_runs(make_scores(evidence, DecodingSettings(), stop_threshold=0.1))
    shy = best_runs(make_scores(evidence, DecodingSettings(), stop_threshold=0.99))
    assert abs(int(bold[-1, 1]) - 300) <= 4
    assert int(shy[-1, 1]) == n
