from __future__ import annotations

import numpy as np
import pytest

from model_core.edit.types import REASONS
from training.metrics import Tally, are_matched, joins, table


def ranges(*pairs: tuple[int, int]) -> np.ndarray:
    return np.array(pairs, np.int64).reshape(-1, 2)


def test_figures_count_what_they_say() -> None:
    reason = np.full(300, -1, np.int8)
    reason[100:150] = 0
    reason[200:220] = 1
    truth = ranges((0, 100), (150, 200), (220, 300))
    proposed = ranges((0, 95), (140, 200), (220, 300))
    tally = Tally()
    tally.add(proposed, truth, 300, ranges((10, 100), (150, 200), (220, 290)), reason)
    figures = tally.figures()
    assert figures["wanted kept"] == pytest.approx(205 / 210)
    assert figures["edges kept"] == pytest.approx((54 - 5) / 54)
    assert figures[f"{REASONS[0].value} gone"] == pytest.approx(0.8)
    assert figures[f"{REASONS[1].value} gone"] == 1.0
    assert figures["joins F1"] == pytest.approx(0.5)
    assert "clean cut" not in figures
    expected = figures["wanted kept"] * figures["edges kept"] * 0.9
    assert tally.quality() == pytest.approx(expected)


def test_a_recording_with_nothing_wrong_must_be_left_alone() -> None:
    tally = Tally()
    clean = np.full(100, -1, np.int8)
    tally.add(ranges((0, 90)), ranges((0, 100)), 100, ranges((0, 100)), clean)
    assert tally.figures()["clean cut"] == pytest.approx(0.1)


def test_each_true_join_is_matched_once_and_only_when_both_ends_are_near() -> None:
    true = joins(ranges((0, 100), (200, 300), (305, 400)))
    assert are_matched(true, joins(ranges((0, 104), (195, 400)))).tolist() == [True]
    assert are_matched(true, joins(ranges((0, 104), (150, 400)))).tolist() == [False]
    assert are_matched(np.concatenate((true, true)), true).tolist() == [True, True]
    assert are_matched(true, np.concatenate((true, true))).tolist() == [True, True, False, False]
    assert are_matched(true[:0], true).tolist() == [False, False]
    assert are_matched(true, true[:0]).tolist() == []


def test_what_is_played_twice_is_kept_once_and_its_jump_is_a_join() -> None:
    looped = ranges((0, 100), (40, 200))
    tally = Tally()
    reason = np.full(200, -1, np.int8)
    tally.add(ranges((0, 104), (44, 200)), looped, 200, ranges((0, 200)), reason)
    figures = tally.figures()
    assert figures["wanted kept"] == 1
    assert figures["joins F1"] == figures["loops F1"] == 1
    assert joins(looped).tolist() == [[100, 40]]


def test_the_table_has_a_line_for_each_tally() -> None:
    tally = Tally()
    tally.add(ranges((0, 9)), ranges((0, 9)), 9, ranges((0, 9)), np.full(9, -1, np.int8))
    lines = table({"speech": tally, "music": tally}).splitlines()
    assert len(lines) == 3
    assert lines[0].split()[-1] == "quality"
