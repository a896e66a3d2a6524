from __future__ import annotations

import numpy as np
import pytest

from model_core.nn.card import DecodingSettings
from model_core.nn.evidence import BackwardJumps, Evidence
from model_core.nn.lattice import Scores, best_edit
from model_core.nn.search import (
    best_runs,
    for_length,
    make_scores,
    run_length,
    runs_to_pointers,
)


def evidence_with_pauses(n: int = 6000, pause: int = 200, every: int = 600) -> Evidence:
    """Passages apart by pauses of about 2 s which an editor would nearly take out."""
    rng = np.random.default_rng(3)
    coverage = np.full((n, 2), 4.0, np.float32)
    coverage[:, 1] = -6.0
    end = np.full(n + 1, 1e-5, np.float32)
    landing = np.full(n, 1e-5, np.float32)
    for start in range(every, n - pause, every):
        coverage[start : start + pause, 0] = -1.0 - rng.random()
        end[start] = 0.6
        landing[start + pause - 4 : start + pause + 5] = 0.5
    stop = np.full(n + 1, 1e-6, np.float32)
    return Evidence(coverage, np.zeros(n, np.int8), end, stop, landing, BackwardJumps.none())


def with_loop(evidence: Evidence, leave: int, land: int, log_odds: float = 3.0) -> Evidence:
    """Adds a place to jump back from, and says that what lies between is wanted twice."""
    coverage = evidence.coverage.copy()
    coverage[land:leave, 1] = log_odds
    end = evidence.end.copy()
    end[leave] = 0.5
    jumps = BackwardJumps(
        np.array([leave], np.int64), np.array([land], np.int64), np.array([0.8], np.float32)
    )
    return Evidence(coverage, evidence.reason, end, evidence.stop, evidence.landing, jumps)


def test_pauses_are_cut_where_the_evidence_says() -> None:
    runs = best_runs(make_scores(evidence_with_pauses(), DecodingSettings()))
    assert runs[0].tolist()[0] == 0
    inner = runs[:-1, 1]
    assert len(inner) == 9
    assert all(abs(stop - 600 * (i + 1)) <= 4 for i, stop in enumerate(inner.tolist()))


def test_what_is_wanted_twice_is_looped() -> None:
    evidence = with_loop(evidence_with_pauses(), 1150, 900)
    runs = best_runs(make_scores(evidence, DecodingSettings()))
    assert 900 in runs[:, 0]
    plain = best_runs(make_scores(evidence, DecodingSettings(back_cost=1e6)))
    assert (np.diff(plain.ravel()) > 0).all()
    assert run_length(runs) - run_length(plain) == 250


def lengths(scores: Scores, target: int) -> int:
    found = for_length(lambda bias: [best_edit(scores.biased(bias)).runs], target)
    return sum(map(run_length, found))


@pytest.mark.parametrize("share", [0.75, 0.85, 0.95])
def test_a_target_length_is_met_as_nearly_as_passages_allow(share: float) -> None:
    scores = make_scores(evidence_with_pauses(), DecodingSettings())
    assert abs(lengths(scores, round(share * 6000)) - share * 6000) <= 0.03 * 6000


def test_a_target_beyond_the_recording_is_met_by_loops() -> None:
    evidence = with_loop(evidence_with_pauses(), 1150, 900, log_odds=-2.0)
    scores = make_scores(evidence, DecodingSettings())
    assert lengths(scores, 6250) == 6250
    assert lengths(scores, 9000) == 6250  # there is nothing else to loop


def test_equal_seeds_draw_equal_edits_and_others_differ() -> None:
    def drawn(seed: int) -> list[list[int]]:
        rng = np.random.default_rng(seed)
        scores = make_scores(evidence_with_pauses(), DecodingSettings(), temperature=1.5, rng=rng)
        return [list(run) for run in best_runs(scores).tolist()]

    assert drawn(1) == drawn(1)
    assert len({str(drawn(seed)) for seed in range(6)}) > 1


def test_a_temperature_needs_a_source_of_chance() -> None:
    with pytest.raises(ValueError, match="random generator"):
        make_scores(evidence_with_pauses(), DecodingSettings(), temperature=1.0)


def test_the_stop_threshold_decides_whether_an_edit_may_end_early() -> None:
    n = 400
    coverage = np.full((n, 1), 3.0, np.float32)
    coverage[300:] = -0.01
    end = np.full(n + 1, 1e-5, np.float32)
    end[300] = 0.5
    stop = np.full(n + 1, 1e-6, np.float32)
    stop[300] = 0.1
    landing = np.full(n, 1e-5, np.float32)
    evidence = Evidence(coverage, np.zeros(n, np.int8), end, stop, landing, BackwardJumps.none())
    bold = best_runs(make_scores(evidence, DecodingSettings(), stop_threshold=0.1))
    shy = best_runs(make_scores(evidence, DecodingSettings(), stop_threshold=0.99))
    assert abs(int(bold[-1, 1]) - 300) <= 4
    assert int(shy[-1, 1]) == n


def test_pointers_list_the_frames_in_order() -> None:
    runs = np.array([[2, 5], [3, 4]], np.int64)
    assert runs_to_pointers(runs).tolist() == [2, 3, 4, 3]
    assert len(runs_to_pointers(runs[:0])) == 0
