from __future__ import annotations

import itertools

import numpy as np
import pytest

from model_core.align.viterbi import FOREIGN, Costs, Run, best_reading
from model_core.errors import CancelledError
from model_core.progress import CancelToken


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def random_vectors(n: int, seed: int, bands: int = 24) -> np.ndarray:
    return unit(np.random.default_rng(seed).standard_normal((n, bands)))


def score_of(path: list[int], likeness: np.ndarray, costs: Costs) -> float:
    """The score of one column (or FOREIGN) for each row, by the definition."""
    total = 0.0
    for row, column in enumerate(path):
        total += costs.foreign_score if column == FOREIGN else float(likeness[row, column])
        before = path[row - 1] if row else None
        if before is None:
            continue
        if (before == FOREIGN) != (column == FOREIGN):
            total -= costs.foreign
        elif column not in {FOREIGN, before + 1}:
            total -= costs.jump
    return total


def path_of(runs: tuple[Run, ...]) -> list[int]:
    return [
        FOREIGN if run.first == FOREIGN else run.first + step
        for run in runs
        for step in range(run.length)
    ]


@pytest.mark.parametrize("seed", range(12))
def test_no_other_reading_scores_higher(seed: int) -> None:
    rng = np.random.default_rng(seed)
    edited, raw = random_vectors(6, seed, 3), random_vectors(4, seed + 100, 3)
    costs = Costs(float(rng.uniform(0.1, 1)), float(rng.uniform(0.1, 1)), 0.4)
    likeness = edited @ raw.T
    found = path_of(best_reading(edited, raw, costs))
    best = max(
        score_of(list(path), likeness, costs)
        for path in itertools.product(range(FOREIGN, 4), repeat=6)
    )
    assert score_of(found, likeness, costs) == pytest.approx(best, abs=1e-5)


def test_cuts_repeats_and_swaps_are_read_with_no_jump_too_many() -> None:
    raw = random_vectors(3000, 1)
    truth = [(0, 400), (700, 900), (700, 900), (2000, 2300), (1200, 1500), (2990, 3000)]
    edited = np.concatenate([raw[start:stop] for start, stop in truth])
    runs = best_reading(edited, raw, Costs(4.0, 6.0, 0.5))
    assert [(run.first, run.first + run.length) for run in runs] == truth


def test_what_is_not_from_the_recording_is_marked() -> None:
    raw = random_vectors(2000, 2)
    edited = np.concatenate((random_vectors(90, 3), raw[300:700], random_vectors(120, 4)))
    runs = best_reading(edited, raw, Costs(4.0, 6.0, 0.5))
    assert runs == (Run(0, 90, FOREIGN), Run(90, 490, 300), Run(490, 610, FOREIGN))


def test_among_readings_that_sound_the_same_the_one_without_jumps_is_taken() -> None:
    bar = random_vectors(50, 5)
    raw = np.concatenate([bar] * 8)
    assert len(best_reading(raw[100:300], raw, Costs(4.0, 6.0, 0.5))) == 1


def test_a_barrier_is_never_heard() -> None:
    raw = random_vectors(100, 6)
    runs = best_reading(raw[20:80], raw, Costs(1.0, 2.0, -1.0), np.array([50]))
    assert 50 not in path_of(runs)


def test_one_cell_against_one_cell_and_very_different_lengths() -> None:
    one = random_vectors(1, 7)
    assert best_reading(one, one, Costs(4.0, 6.0, 0.5)) == (Run(0, 1, 0),)
    many = random_vectors(500, 8)
    assert best_reading(many[77:78], many, Costs(4.0, 6.0, 0.5)) == (Run(0, 1, 77),)


def test_scores_stay_exact_over_many_rows() -> None:
    raw = random_vectors(40_000, 9, 8)[:200]
    edited = np.concatenate([raw] * 100)
    runs = best_reading(edited, raw, Costs(4.0, 6.0, 0.5))
    assert [run.first for run in runs] == [0] * 100


def test_it_can_be_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    vectors = random_vectors(10, 10)
    with pytest.raises(CancelledError):
        best_reading(vectors, vectors, Costs(4.0, 6.0, 0.5), cancel=token)
