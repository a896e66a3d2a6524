from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from model_core.targets import (
    AXES,
    LENGTH,
    LOOPS,
    OWN_PAUSE_S,
    TIGHTNESS,
    Targets,
    draw_targets,
    for_pause,
    moved,
)

STEPS = np.linspace(-3, 3, 13).tolist()


def test_targets_are_the_same_after_json() -> None:
    targets = Targets(0.4, 0.8, 0.2, -0.5, 3.0)
    assert Targets.from_dict(targets.to_dict()) == targets
    assert Targets.from_dict({}) == Targets()
    assert targets
    assert not Targets()


@pytest.mark.parametrize(
    "wrong",
    [{"pause_s": -0.1}, {"length": 1.5}, {"loops_per_minute": math.nan}, {"warmth": 1.0}],
)
def test_what_cant_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Targets.from_dict(wrong)


def test_each_axis_moves_its_quantity_alone_and_never_back() -> None:
    start = replace(for_pause(Targets(), 0.4), length=0.0, loops_per_minute=9.0)
    named = {TIGHTNESS: "pause_s", LENGTH: "length", LOOPS: "loops_per_minute"}
    for axis, name in named.items():
        places = [moved(start, {axis: step}) for step in STEPS]
        values = np.array([getattr(place, name) for place in places])
        steps = np.diff(values) * (-1 if axis == TIGHTNESS else 1)
        assert (steps > 0).all()
        moving = {name, "shortest_s"} if axis == TIGHTNESS else {name}
        for place in places:
            for other in {
                "pause_s",
                "shortest_s",
                "margin_s",
                "length",
                "loops_per_minute",
            } - moving:
                assert getattr(place, other) == getattr(start, other)


def test_no_movement_asks_for_nothing() -> None:
    assert moved(Targets(), dict.fromkeys(AXES, 0.0)) == Targets()
    assert moved(Targets(), {"warmth": 2.0}) == Targets()


def test_tightness_starts_at_the_mean_editor() -> None:
    assert moved(Targets(), {TIGHTNESS: 1e-9}).pause_s == pytest.approx(OWN_PAUSE_S)


def test_axes_end_where_quantities_do() -> None:
    assert moved(Targets(), {LENGTH: 4.0}).length == 1.0
    assert moved(Targets(), {LOOPS: -2.0}).loops_per_minute == 0.0


def test_equal_seeds_draw_equal_targets_and_others_other_ones() -> None:
    drawn = [draw_targets(np.random.default_rng(seed)) for seed in (1, 1, 2, 3)]
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) == 3
    many = [draw_targets(np.random.default_rng(seed)) for seed in range(200)]
    assert 0.3 < np.std(np.log([one.pause_s or 0 for one in many])) < 0.7
    assert min(one.length or 0 for one in many) > -0.1  # nobody's wishes are cut by a draw


def test_tightness_is_counted_from_the_pause_of_ones_own_network() -> None:
    for own_s in (0.2, OWN_PAUSE_S, 0.9):
        tighter = moved(Targets(), {TIGHTNESS: 1.0}, own_s)
        assert tighter.pause_s == pytest.approx(own_s * math.exp(-0.6))
    told = moved(for_pause(Targets(), 0.5), {TIGHTNESS: 1.0}, 0.2)
    assert told.pause_s == pytest.approx(0.5 * math.exp(-0.6)), "a style's own pause comes first"
