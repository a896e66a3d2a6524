from __future__ import annotations

import numpy as np
import pytest

from model_core.audio.pauses import Silences
from model_core.edit.locks import Locks
from model_core.edit.types import EditList
from model_core.measuring import measured_length, measured_targets
from model_core.nn.locked import Stretch
from model_core.pacing import free_of, with_margins, with_pauses

RATE = 1000
WHOLE = 20 * RATE
PAUSES = np.array([(0, 1000), (3000, 3300), (6000, 8000), (11_000, 11_600), (18_000, 20_000)])
SILENCES = Silences(PAUSES, np.ones(len(PAUSES), bool))
NOTHING = free_of(Locks())


def stretches(*ranges: tuple[int, int]) -> list[Stretch]:
    return [Stretch(start, stop, locked=False) for start, stop in ranges]


def ranges(found: list[Stretch]) -> list[tuple[int, int]]:
    return [(stretch.start, stretch.stop) for stretch in found]


def test_long_pauses_are_shortened_on_both_sides_and_short_ones_stay() -> None:
    found = with_pauses(stretches((500, 19_000)), SILENCES, 0.4, 1.0, RATE, NOTHING)
    assert ranges(found) == [(500, 6200), (7800, 19_000)]


def test_what_is_not_surely_silent_is_not_cut() -> None:
    soft = Silences(PAUSES, np.array([True, True, False, True, True]))
    assert ranges(with_pauses(stretches((500, 19_000)), soft, 0.4, 1.0, RATE, NOTHING)) == [
        (500, 19_000)
    ]


def test_short_pauses_that_were_cut_come_back_and_passages_do_not() -> None:
    cut = stretches((500, 3100), (3250, 9000), (10_000, 17_000))
    found = with_pauses(cut, SILENCES, 0.4, 5.0, RATE, NOTHING)
    assert ranges(found) == [(500, 9000), (10_000, 17_000)]


def test_nothing_that_is_locked_is_touched() -> None:
    locks = Locks(keep=((6500, 7000),), drop=((3120, 3140),))
    cut = [*stretches((500, 3100), (3250, 12_000)), Stretch(12_000, 19_000, locked=True)]
    found = with_pauses(cut, SILENCES, 0.1, 0.5, RATE, free_of(locks))
    assert ranges(found) == [(500, 3100), (3250, 11_050), (11_550, 12_000), (12_000, 19_000)]


@pytest.mark.parametrize("begun", [(0, 20_000), (700, 18_500), (1200, 18_000)])
def test_margins_are_what_is_asked_for(begun: tuple[int, int]) -> None:
    found = with_margins(stretches(begun), PAUSES, 0.25, RATE, WHOLE, NOTHING)
    assert ranges(found) == [(750, 18_250)]


def test_margins_end_where_silence_does_and_leave_an_edit_that_begins_in_sound() -> None:
    assert ranges(with_margins(stretches((900, 18_100)), PAUSES, 9.0, RATE, WHOLE, NOTHING)) == [
        (0, 20_000)
    ]
    inside = with_margins(stretches((2000, 5000)), PAUSES, 0.25, RATE, WHOLE, NOTHING)
    assert ranges(inside) == [(2000, 5000)]
    assert with_margins([], PAUSES, 0.25, RATE, WHOLE, NOTHING) == []


def test_an_edit_measures_what_it_was_made_for() -> None:
    rng = np.random.default_rng(0)
    starts = np.cumsum(rng.uniform(2.5, 5.0, 60) * RATE).astype(int)
    lengths = (rng.uniform(0.2, 2.0, 60) * RATE).astype(int)
    pauses = np.stack((starts, starts + lengths), axis=1)
    n_samples = int(pauses[-1, 1])
    silences = Silences(pauses, np.ones(60, bool))
    made = with_pauses(stretches((0, n_samples)), silences, 0.3, 0.8, RATE, NOTHING)
    made = with_margins(made, pauses, 0.2, RATE, n_samples, NOTHING)
    edit = EditList.from_ranges(ranges(made))
    targets = measured_targets(edit, pauses, n_samples, RATE)
    assert targets.pause_s == pytest.approx(0.3, abs=0.02)
    assert targets.shortest_s == pytest.approx(0.8, rel=0.1)
    assert targets.loops_per_minute == 0.0


def test_a_short_edit_says_little() -> None:
    edit = EditList.from_ranges([(500, 6950), (7050, 19_000)])
    targets = measured_targets(edit, PAUSES, WHOLE, RATE)
    assert targets.pause_s is not None
    assert 0.42 < targets.pause_s < 1.9  # one pause of 1.9 s, drawn towards the mean editor's
    assert measured_targets(EditList(), PAUSES, WHOLE, RATE).pause_s is None


def test_loops_are_counted_and_length_is_told_beside_the_networks() -> None:
    looped = EditList.from_ranges([(0, 9000), (5000, 9000), (5000, 20_000)])
    assert measured_targets(looped, PAUSES, WHOLE, RATE).loops_per_minute == pytest.approx(6.0)
    own = EditList.from_ranges([(0, 10_000)])
    more = EditList.from_ranges([(i * 1000, i * 1000 + 750) for i in range(20)])
    less = EditList.from_ranges([(i * 1000, i * 1000 + 250) for i in range(20)])
    assert 0 < measured_length(more, own, WHOLE) < 0.5
    assert -0.5 < measured_length(less, own, WHOLE) < 0
    assert measured_length(own, own, WHOLE) == 0.0
