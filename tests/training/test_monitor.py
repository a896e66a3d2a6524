from __future__ import annotations

import math
from pathlib import Path

import pytest

from training.monitor import Curves, Watch

FINE = {"delta": 1.0, "stop": 0.5, "grad_norm": 3.0}


@pytest.mark.parametrize(
    ("means", "word"),
    [({"delta": math.nan}, "bfloat16"), ({"grad_norm": 240.0}, "norm 240"), ({}, "")],
)
def test_known_troubles_are_named_once(means: dict[str, float], word: str) -> None:
    watch = Watch(0.67)
    told = watch.training({**FINE, **means})
    assert len(told) == bool(word)
    assert all(word in sentence for sentence in told)
    assert watch.training({**FINE, **means}) == []
    assert watch.training(FINE) == []
    assert len(watch.training({**FINE, **means})) == bool(word)


def test_a_loss_that_does_not_fall_is_noticed() -> None:
    falling, stuck = Watch(0.67), Watch(0.67)
    for step in range(60):
        assert falling.training({**FINE, "delta": 2.0 - 0.02 * step}) == []
        told = stuck.training({**FINE, "delta": 2.0})
        assert bool(told) == (step == 49)


def test_a_network_that_always_copies_is_noticed() -> None:
    watch = Watch(0.67)
    assert watch.validation({"delta_accuracy": 0.995, "event_delta_accuracy": 0.3}) == []
    (told,) = watch.validation({"delta_accuracy": 0.995, "event_delta_accuracy": 0.0})
    assert "always copies" in told


def test_another_compression_ratio_is_noticed() -> None:
    watch = Watch(0.67)
    assert watch.validation({"compression_ratio": 0.6}) == []
    (told,) = watch.validation({"compression_ratio": 0.35})
    assert "0.35" in told
    assert "0.67" in told


def test_curves_have_the_names_of_the_specification(tmp_path: Path) -> None:
    event_accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator"
    )
    with Curves(tmp_path) as curves:
        curves.training(20, {"delta": 1.5, "use_jump": 0.3, "grad_norm": 2.0}, 1e-4)
        curves.validation(20, {"delta_accuracy": 0.93, "nats_per_event": 7.0})
    found = event_accumulator.EventAccumulator(str(tmp_path))
    found.Reload()
    assert set(found.Tags()["scalars"]) == {
        "train/delta_loss", "train/use_jump_loss", "train/learning_rate", "grad_norm",
        "val_delta_accuracy", "val_nats_per_event",
    }  # fmt: skip
    (scalar,) = found.Scalars("val_delta_accuracy")
    assert (scalar.step, scalar.value) == (20, pytest.approx(0.93))


def test_no_folder_means_no_curves(tmp_path: Path) -> None:
    with Curves(None) as curves:
        curves.training(1, FINE, 1e-4)
    assert list(tmp_path.iterdir()) == []
