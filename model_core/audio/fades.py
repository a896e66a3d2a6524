"""The weights of crossfades."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model_core.edit.types import FadeLaw

if TYPE_CHECKING:
    import numpy.typing as npt


def crossfade_weights(
    length: int, law: FadeLaw, correlation: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Returns the weights of what leaves and of what comes, over a crossfade.

    With `FadeLaw.AUTO` the power stays constant: f² + g² + 2·r·f·g = 1 for a correlation of r.
    Material that continues itself (r = 1) is then faded at constant gain, unrelated material
    (r = 0) at constant power.

    Args:
        length: Length of the crossfade in samples.
        law: How the sides are weighted.
        correlation: Normalised correlation of the two sides, which `FadeLaw.AUTO` follows; what
            is below 0 counts as 0.

    Returns:
        Two arrays of shape `[length]`.
    """
    place = (np.arange(length) + 0.5) / length
    if law is FadeLaw.EQUAL_GAIN:
        return 1.0 - place, place
    leaving, coming = np.cos(0.5 * np.pi * place), np.sin(0.5 * np.pi * place)
    if law is FadeLaw.EQUAL_POWER:
        return leaving, coming
    together = min(1.0, max(0.0, correlation))
    power = np.sqrt(1.0 + 2.0 * together * leaving * coming)
    return leaving / power, coming / power


def correlation(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    """Returns the normalised correlation of two arrays of the same shape; 0 if one is silent."""
    power = float(np.vdot(one, one)) * float(np.vdot(other, other))
    return float(np.vdot(one, other)) / power**0.5 if power > 0 else 0.0
