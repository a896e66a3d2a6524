"""Pairs that are somebody else's work; `test_taste.py` finds one by its habits."""

from __future__ import annotations

import numpy as np

from training.belonging import outliers, strangers


def test_a_pair_that_does_not_fit_is_found() -> None:
    told = np.array([7.0, 7.4, 6.8, 7.1, 7.3, 12.0, 6.9, 7.2])
    assert outliers(told).tolist() == [False] * 5 + [True] + [False] * 2
    assert not outliers(told[:3]).any()
    assert not outliers(np.full(8, 7.0)).any()


def test_a_pair_that_what_was_learned_makes_less_likely_is_a_stranger() -> None:
    gains = np.array([2.5, 2.0, -1.8, 3.1, 2.3, 0.8, 2.7, 1.9])
    assert strangers(gains).tolist() == [False] * 2 + [True] + [False] * 5
    # Whoever gains something belongs, however little; and of three nobody can say.
    assert not strangers(np.abs(gains)).any()
    assert not strangers(gains[:3]).any()
    assert not strangers(np.array([0.1, -0.1, 0.2, -0.2, 0.1])).any()
