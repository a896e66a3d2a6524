"""Turning the evidence for a join into the probability that it is right."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_FEWEST = 20
_MOST_KNOTS = 32


def fit_confidence(evidence: FloatArray, right: BoolArray) -> tuple[tuple[float, float], ...]:
    """Fits a rising map from evidence to probability by isotonic regression.

    Args:
        evidence: For each join, from 0 to 1, of shape `[J]`.
        right: Whether each is right, of shape `[J]`.

    Returns:
        Knots `(evidence, probability)`, strictly rising in the first; none if there are too few
        joins.
    """
    from sklearn.isotonic import IsotonicRegression

    if len(evidence) < _FEWEST:
        return ()
    # Groups of equal size first: single joins would make steps of 0 and 1 at both ends.
    order = np.argsort(evidence, kind="stable")
    groups = np.array_split(order, min(_MOST_KNOTS, len(order) // 10))
    places = np.array([evidence[group].mean() for group in groups])
    shares = np.array([(right[group].sum() + 0.5) / (len(group) + 1) for group in groups])
    rising = IsotonicRegression(y_min=0.0, y_max=1.0).fit_transform(
        places, shares, sample_weight=[len(group) for group in groups]
    )
    knots: list[tuple[float, float]] = []
    for place, value in zip(places.tolist(), rising.tolist(), strict=True):
        if not knots or place > knots[-1][0] + 1e-6:
            knots.append((round(place, 6), round(value, 4)))
    return tuple(knots)


def calibration_error(confidence: FloatArray, right: BoolArray, bins: int = 10) -> float:
    """Returns the expected calibration error: the mean gap between confidence and share of right.

    Bins hold equally many joins. Source: Naeini et al., "Obtaining well calibrated probabilities
    using Bayesian binning", 2015.

    Args:
        confidence: From 0 to 1, of shape `[J]`.
        right: Of shape `[J]`.
        bins: Number of bins.
    """
    if not len(confidence):
        return float("nan")
    order = np.argsort(confidence, kind="stable")
    gaps = [
        abs(confidence[part].mean() - right[part].mean()) * len(part)
        for part in np.array_split(order, bins)
        if len(part)
    ]
    return float(sum(gaps) / len(confidence))
