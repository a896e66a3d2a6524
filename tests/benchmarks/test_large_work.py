from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import soundfile

from benchmarks.large_work import Spent, make_edit, make_recording
from model_core.edit.coverage import joins_of
from model_core.edit.types import ChangeKind

if TYPE_CHECKING:
    from pathlib import Path


def test_the_recording_is_as_long_as_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    n_samples = make_recording(path, 12.5)
    assert n_samples == 600_000
    info = soundfile.info(path)
    assert (info.frames, info.channels, info.samplerate) == (600_000, 2, 48_000)


@pytest.mark.parametrize("n_segments", [100, 3000])
def test_the_edit_has_cuts_and_loops_and_fits_the_recording(n_segments: int) -> None:
    n_samples = 48_000 * 600
    edit = make_edit(n_samples, n_segments)
    edit.check_within((n_samples,))
    kinds = [join.kind for join in joins_of(edit)]
    assert len(edit.items) == n_segments
    assert kinds.count(ChangeKind.LOOP) == n_segments // 50
    assert kinds.count(ChangeKind.CUT) == n_segments - 1 - n_segments // 50


def test_the_worst_event_is_named() -> None:
    spent = Spent()
    for own_ms, name in ((1.0, "a"), (9.0, "b"), (3.0, "c")):
        spent.add(own_ms, 2 * own_ms, name)
    assert spent.worst == "b"
    assert max(spent.passed) == 18.0
