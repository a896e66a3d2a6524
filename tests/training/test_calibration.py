from __future__ import annotations

import numpy as np
import pytest

from model_core.edit.types import REASONS, Reason
from model_core.nn.confidence import calibrated
from training.calibration import calibration_error, fit_confidence
from training.metrics import are_matched, sounding_before


def overconfident(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Evidence whose square is the probability of being right."""
    rng = np.random.default_rng(seed)
    evidence = rng.random(n)
    return evidence, rng.random(n) < evidence**2


def test_the_fitted_map_is_calibrated_on_other_joins() -> None:
    knots = fit_confidence(*overconfident(3000, 0))
    evidence, right = overconfident(3000, 1)
    assert calibration_error(evidence, right) > 0.12
    assert calibration_error(calibrated(evidence, knots), right) < 0.04


def test_the_map_rises_within_bounds() -> None:
    places, values = zip(*fit_confidence(*overconfident(500, 2)), strict=True)
    assert list(places) == sorted(set(places))
    assert list(values) == sorted(values)
    assert 0 <= min(values) <= max(values) <= 1


def test_few_joins_fit_nothing() -> None:
    assert fit_confidence(np.array([0.1, 0.9]), np.array([False, True])) == ()
    assert np.isnan(calibration_error(np.zeros(0), np.zeros(0, bool)))


def test_the_error_is_the_gap_between_confidence_and_truth() -> None:
    confidence = np.full(100, 0.8)
    right = np.arange(100) < 50
    assert calibration_error(confidence, right, bins=1) == pytest.approx(0.3)
    assert calibration_error(np.full(10, 1.0), np.ones(10, bool)) == 0


def test_any_place_in_a_pause_is_the_same_place() -> None:
    """Phrases at 10-50 and 100-150, a cough at 70-75 between them."""
    reason = np.full(160, REASONS.index(Reason.SILENCE), np.int8)
    reason[10:50] = reason[100:150] = -1
    reason[70:75] = REASONS.index(Reason.NOISE)
    sounding = sounding_before(np.array([[10, 50], [100, 150]]), reason)
    true = np.array([[55, 95]])
    for proposed, right in (([51, 99], True), ([68, 78], True), ([55, 112], False)):
        assert are_matched(sounding[true], sounding[np.array([proposed])]).tolist() == [right]
    assert sounding[-1] == 40 + 50 + 5
