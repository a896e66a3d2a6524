"""What an editor does to pauses: measured on finished edits, met by a network fitted to them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from model_core.audio.source import ArraySource
from model_core.checkpoint import load_checkpoint, save_checkpoint
from model_core.edit.types import EditList
from model_core.engine import Engine
from model_core.infer import BUNDLED_CHECKPOINT
from model_core.measuring import measured_habits
from model_core.nn.card import Card
from model_core.options import GenerateOptions
from model_core.targets import NO_TARGETS, Habits, Targets

RATE = 22050
HABITS = Habits(0.6, 0.9, 0.7)


def a_talk(seed: int, n_sounds: int = 14) -> tuple[ArraySource, list[tuple[float, float]]]:
    """Returns sounds of about a second with pauses of 0.3 to 2.5 s, and where the sounds lie."""
    rng = np.random.default_rng(seed)
    at, sounds = 1.0, []
    for place in range(n_sounds):
        length = float(rng.uniform(0.8, 1.6))
        sounds.append((at, at + length))
        at += length + (0.4 if place % 3 == 0 else float(rng.uniform(1.2, 2.5)))
    samples = rng.normal(0, 1e-3, round((at + 1) * RATE))
    for start, stop in sounds:
        first, last = round(start * RATE), round(stop * RATE)
        samples[first:last] += rng.normal(0, 0.1, last - first)
    return ArraySource(samples.astype(np.float32)[:, None], RATE), sounds


def an_edit(
    source: ArraySource, sounds: list[tuple[float, float]], after_s: float, before_s: float
) -> EditList:
    """Cuts each pause longer than 0.8 s so that so much of it is left on either side."""
    ranges, begun = [], 0.0
    for (_, stop), (start, _) in pairwise(sounds):
        if start - stop > 0.8:
            ranges.append((begun, stop + after_s))
            begun = start - before_s
    ranges.append((begun, source.n_samples / RATE))
    return EditList.from_ranges((round(a * RATE), round(b * RATE)) for a, b in ranges)


def test_habits_are_measured_over_several_edits() -> None:
    talks = [a_talk(seed) for seed in range(3)]
    habits = measured_habits((an_edit(*talk, 0.45, 0.2), talk[0]) for talk in talks)
    assert habits is not None
    # Sounds are taken to reach 80 ms beyond their level on either side.
    assert habits.pause_s == pytest.approx(0.65 - 0.16, abs=0.03)
    assert habits.after_share == pytest.approx((0.45 - 0.08) / (0.65 - 0.16), abs=0.05)
    assert 0.4 < habits.shortest_s < 1.3


def test_one_edit_by_somebody_else_changes_little() -> None:
    talks = [a_talk(seed) for seed in range(5)]
    edits = [(an_edit(*talk, 0.45, 0.2), talk[0]) for talk in talks]
    own = measured_habits(edits)
    mixed = measured_habits([*edits[:4], (an_edit(*talks[4], 0.1, 0.6), talks[4][0])])
    assert own is not None
    assert mixed is not None
    assert mixed.pause_s == pytest.approx(own.pause_s, abs=0.03)
    assert mixed.after_share == pytest.approx(own.after_share, abs=0.05)


def test_few_cuts_are_no_habit() -> None:
    source, sounds = a_talk(0, 4)
    assert measured_habits([(an_edit(source, sounds, 0.4, 0.2), source)]) is None
    assert measured_habits([]) is None


@pytest.mark.parametrize("wrong", [{"pause_s": -1.0}, {"after_share": 1.1}, {"shortest_s": 99.0}])
def test_absurd_habits_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="goes from"):
        replace(HABITS, **wrong)


def test_a_card_keeps_habits() -> None:
    card = load_checkpoint(BUNDLED_CHECKPOINT).card
    assert card.habits is None
    assert Card.from_json(replace(card, habits=HABITS).to_json()).habits == HABITS
    assert Card.from_json(card.to_json()).habits is None


@pytest.fixture(scope="module")
def fitted_engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The bundled network with habits on its card."""
    model = load_checkpoint(BUNDLED_CHECKPOINT)
    path = Path(tmp_path_factory.mktemp("model")) / "mine.safetensors"
    save_checkpoint(path, model, replace(model.card, habits=HABITS))
    return Engine.load(path, "cpu")


def test_who_asks_for_nothing_gets_pauses_by_habit(fitted_engine: Engine) -> None:
    source, sounds = a_talk(7)
    encoding = fitted_engine.encode(source)
    encoding.kind = "speech"
    proposal = fitted_engine.propose(encoding, source)
    assert proposal.provenance.targets == HABITS.targets()
    after, before = [], []
    segments = proposal.edit_list.segments
    for left, right in pairwise(segments):
        ended = max((stop for _, stop in sounds if stop * RATE <= left.stop), default=0.0)
        began = min((start for start, _ in sounds if start * RATE >= right.start), default=0.0)
        after.append(left.stop / RATE - ended - 0.08)
        before.append(began - right.start / RATE - 0.08)
    assert len(after) >= 5
    assert np.median(after) == pytest.approx(0.42, abs=0.04)
    assert np.median(before) == pytest.approx(0.18, abs=0.04)


def test_what_is_asked_for_comes_before_habit(fitted_engine: Engine) -> None:
    source, _ = a_talk(7, 5)
    encoding = fitted_engine.encode(source)
    encoding.kind = "speech"
    asked = Targets(pause_s=0.2, shortest_s=0.4)
    for options, targets in (
        (GenerateOptions(targets=asked), asked),
        (GenerateOptions(style=(0.0,) * 16), NO_TARGETS),
    ):
        assert fitted_engine.propose(encoding, source, options).provenance.targets == targets
    tighter = fitted_engine.propose(encoding, source, GenerateOptions(tightness=1.0))
    assert (tighter.provenance.targets.pause_s or 1.0) < 0.3
    encoding.kind = "music"
    assert fitted_engine.propose(encoding, source).provenance.targets == NO_TARGETS
