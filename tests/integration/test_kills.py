"""The real program, killed in mid-edit and mid-save: nothing is lost, nothing is damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.kills import KINDS, OLDEST_S, KilledPrograms

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("kind", [KINDS[0], KINDS[3]])
def test_a_killed_program_loses_nothing_and_damages_nothing(tmp_path: Path, kind: str) -> None:
    """`benchmarks/kills.py` does the same a hundred times, in more ways."""
    outcome = KilledPrograms(tmp_path, seed=1, longest_s=1.2, minutes=5).run(kind)
    assert outcome.edits > 0
    assert outcome.faults == []
    assert outcome.damaged == ""
    assert outcome.lost_s <= OLDEST_S
