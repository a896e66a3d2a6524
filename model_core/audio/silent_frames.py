"""Counting silent frames."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def silence_until(silent: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Returns for each frame how many silent ones in a row end with it, of shape `[T]`.

    Args:
        silent: Whether each frame is silent, of shape `[T]`.
    """
    places = np.arange(1, len(silent) + 1)
    last_loud = np.maximum.accumulate(np.where(silent, 0, places))
    return places - last_loud
