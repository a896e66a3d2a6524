from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.training.library_pairs import RANGES, aligned, write_pair
from training.library import Library
from training.library.habits import _edits_of, habits_of


def test_edits_come_with_their_recordings(tmp_path: Path) -> None:
    write_pair(tmp_path / "training_data", "talk")
    aligned(tmp_path)
    ((edit, rate),) = [
        (edit, source.sample_rate) for edit, source in _edits_of(Library(tmp_path).pairs())
    ]
    found = np.array([(part.start, part.stop) for part in edit.segments]) / rate
    np.testing.assert_allclose(found, RANGES, atol=0.03)


def test_a_recording_that_is_gone_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_pair(tmp_path / "training_data", "talk")
    aligned(tmp_path)
    pairs = Library(tmp_path).pairs()
    for path in (tmp_path / "training_data" / "input").iterdir():
        path.unlink()
    assert habits_of(pairs) is None
    assert "“talk” can't be measured" in caplog.text
