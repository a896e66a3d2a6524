from __future__ import annotations

import numpy as np
import pytest

from model_core.audio.silent_frames import silence_until


@pytest.mark.parametrize(
    ("silent", "lengths"),
    [("", []), ("..", [1, 2]), ("xx", [0, 0]), (".xx...x.", [1, 0, 0, 1, 2, 3, 0, 1])],
)
def test_silent_frames_in_a_row_are_counted(silent: str, lengths: list[int]) -> None:
    assert silence_until(np.array([letter == "." for letter in silent], bool)).tolist() == lengths
