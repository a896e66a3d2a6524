"""Which pairs of a library seem to be somebody else's work."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from training.taste import can_taste, fit_taste, with_taste
from training.validation import nats_per_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_core.nn.network import PointerNetwork
    from training.dataset import Cropping, Example

log = logging.getLogger("training")

_FEWEST = 4
"""Of fewer pairs nobody can say which one is odd."""
_OUTLIER = 3.0
"""Deviations from the median."""


def outliers(told: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Returns which pairs are told so much worse than the others that they don't belong to them.

    Args:
        told: Nats per event of each pair.
    """
    if len(told) < _FEWEST:
        return np.zeros(len(told), bool)
    middle, spread = _middle_and_spread(told)
    return np.asarray(told > middle + _OUTLIER * max(spread, 0.1 * middle))


def _middle_and_spread(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Returns the median and a deviation that a few odd values don't change."""
    middle = float(np.median(values))
    return middle, float(np.median(np.abs(values - middle))) * 1.4826


def strangers(gains: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Returns which pairs are told worse by what all of them together have taught.

    Args:
        gains: By how many nats per event each pair is told better.
    """
    if len(gains) < _FEWEST:
        return np.zeros(len(gains), bool)
    middle, spread = _middle_and_spread(gains)
    return np.asarray((gains < middle - _OUTLIER * spread) & (gains < 0))


def foreign(
    model: PointerNetwork, examples: Sequence[Example], cropping: Cropping
) -> npt.NDArray[np.bool_]:
    """Returns which pairs seem to be somebody else's work.

    They are told far worse than the others, or worse once the habits of most are known.
    """
    told = nats_per_event(model, examples, cropping)
    odd = outliers(told)
    if len(examples) < _FEWEST or not can_taste(model.config):
        return odd
    tasting = with_taste(model)
    fit_taste(tasting, examples, cropping)
    gains = told - nats_per_event(tasting, examples, cropping)
    log.info("by their habits the pairs gain %s nats per event", np.round(gains, 2).tolist())
    return odd | strangers(gains)
