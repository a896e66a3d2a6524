from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from model_core import PointerNetwork
from model_core.audio.features import mel_from_array
from model_core.checkpoint import load_checkpoint, save_checkpoint
from model_core.edit.types import REASONS, Reason
from model_core.nn.config import PointerNetworkConfig
from model_core.nn.network import FrameLogits
from tests.nn.small import SMALL, eager
from training import belonging, taste
from training.belonging import foreign
from training.dataset import Cropping, Example, visits_of
from training.finetune import FineTuneSettings, as_learned, fine_tune
from training.taste import (
    can_taste,
    fit_taste,
    log_likelihood_of,
    told_by,
    with_taste,
    without_taste,
)
from training.validation import nats_per_event

RATE, HOP = 22050, 256
AFTER, BEFORE = 30, 18
"""Frames of a pause that the editor leaves on either side."""
CROPPING = Cropping(60_000)


def an_example(seed: int) -> Example:
    """Noise with pauses of 0.9 to 2 s, each cut so that the same is left on either side of it."""
    rng = np.random.default_rng(seed)
    at, sounds = 0.5, []
    for _ in range(9):
        length = float(rng.uniform(0.6, 1.2))
        sounds.append((at, at + length))
        at += length + float(rng.uniform(0.9, 2.0))
    samples = rng.normal(0, 1e-3, round((at + 0.5) * RATE))
    runs, begun = [], 0
    for start, stop in sounds:
        first, last = round(start * RATE), round(stop * RATE)
        samples[first:last] += rng.normal(0, 0.1, last - first)
    for (_, stop), (start, _) in pairwise(sounds):
        runs.append((begun, round(stop * RATE / HOP) + AFTER + int(rng.integers(-1, 2))))
        begun = round(start * RATE / HOP) - BEFORE + int(rng.integers(-1, 2))
    mel = np.round(mel_from_array(samples.astype(np.float32)) * 255).astype(np.uint8)
    runs.append((begun, mel.shape[1]))
    reason = np.full(mel.shape[1], -1, np.int8)
    return Example(mel, np.array(runs, np.int64), reason, np.zeros(3, np.float32), 0)


@pytest.fixture(scope="module")
def plain() -> PointerNetwork:
    """A network that knows nothing of pauses."""
    torch.manual_seed(0)
    config = PointerNetworkConfig(**{**SMALL, "n_mels": 128, "d_model": 128, "max_delta": 64})
    return eager(PointerNetwork(config).eval(), -4.0, 6.0)


def test_habits_are_found_and_hold_for_other_recordings(plain: PointerNetwork) -> None:
    model = with_taste(plain)
    learned, other = [an_example(seed) for seed in range(3)], [an_example(7)]
    before = nats_per_event(plain, other, CROPPING).mean()
    fit_taste(model, learned, CROPPING)
    assert nats_per_event(model, other, CROPPING).mean() < before - 2
    assert model.taste is not None
    after, before_s = model.taste.lags.tolist()
    # Pauses are heard to begin a tenth of a second behind the level, and to end before it.
    assert AFTER - 16 <= after <= AFTER + 3
    assert BEFORE - 13 <= before_s <= BEFORE + 3
    assert 0.3 < float(model.taste.habit[0]) < 0.8


def test_pairs_that_the_habits_of_most_make_unlikelier_are_left_out(
    plain: PointerNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples = [an_example(seed) for seed in range(5)]
    fitted: list[int] = []
    after = np.array([7.5, 8.0, 7.8, 11.5, 8.2])

    def told(model: PointerNetwork, *_: object) -> np.ndarray:
        return np.full(5, 10.0) if model.taste is None else after

    monkeypatch.setattr(belonging, "nats_per_event", told)
    monkeypatch.setattr(belonging, "fit_taste", lambda _, some, __: fitted.append(len(some)))
    assert foreign(plain, examples, CROPPING).tolist() == [0, 0, 0, 1, 0]
    assert fitted == [5]


def test_what_is_fitted_is_the_likelihood(plain: PointerNetwork) -> None:
    model = with_taste(plain)
    example = an_example(1)
    fit_taste(model, [example], CROPPING)
    (told,) = told_by(model, [example], CROPPING)
    layer = model.taste
    assert layer is not None
    with torch.no_grad():
        tracks = layer.tracks(
            layer.clues(told.mel.float() / 255, told.tokens, told.coverage, told.reason)
        )
        nats = -float(log_likelihood_of(layer, told, tracks, model.head))
    # The edit begins with the recording: its events are the cuts and the end.
    whole = float(nats_per_event(model, [example], CROPPING)[0]) * len(example.runs)
    assert nats == pytest.approx(whole, rel=1e-3)


def test_the_network_itself_stays_as_it_is(plain: PointerNetwork) -> None:
    model = with_taste(plain)
    fit_taste(model, [an_example(2)], CROPPING)
    assert model.card.config == model.config == replace(plain.config, use_taste=True)
    assert without_taste(plain) is plain
    back = without_taste(model)
    assert back.config == plain.config
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(back.state_dict()[name], value, rtol=0, atol=0)
    anew = with_taste(model)
    assert anew.taste is not None
    assert not anew.taste.trust.any()


def test_much_material_is_not_all_taken(
    plain: PointerNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples = [an_example(seed) for seed in range(3)]
    monkeypatch.setattr(taste, "_MOST_FRAMES", sum(one.n_frames for one in examples) - 1)
    assert len(told_by(with_taste(plain), examples, CROPPING)) == 2


def test_kept_noises_are_spared(plain: PointerNetwork) -> None:
    noise, retake = (REASONS.index(each) for each in (Reason.NOISE, Reason.RETAKE))
    example = an_example(3)
    kept = visits_of(example.runs, example.n_frames) > 0
    # A network that takes all that the editor keeps for noise, and wants none of it.
    model = with_taste(plain)
    frames = FrameLogits(
        torch.full((1, example.n_frames, 3), -2.0), torch.full((1, example.n_frames, 6), -9.0)
    )
    frames.reason[0, kept, noise] = frames.reason[0, ~kept, retake] = 9.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PointerNetwork, "frame_logits", lambda *_: frames)
        taste._fit_spared(model, [example], CROPPING)
    assert model.taste is not None
    assert model.taste.spared[noise] > 3
    # That it is a little less sure than the editor of what goes is no taste.
    assert model.taste.spared[retake] == 0


def test_another_front_end_has_no_taste(plain: PointerNetwork) -> None:
    assert can_taste(plain.config)
    assert not can_taste(PointerNetworkConfig(**SMALL))
    with pytest.raises(ValueError, match="no layer for taste"):
        fit_taste(plain, [an_example(0)], CROPPING)


def test_fine_tuning_keeps_a_taste_that_helps_and_begins_anew_without_it(
    plain: PointerNetwork, tmp_path: Path
) -> None:
    start, mine = tmp_path / "start.safetensors", tmp_path / "mine.safetensors"
    save_checkpoint(start, plain, plain.card)
    named = [(str(seed), an_example(seed)) for seed in range(2)]
    settings = FineTuneSettings(updates=1, batch_size=2, crop_s=4.0)
    model, outcome = fine_tune(named, start, tmp_path, settings)
    assert outcome.taste
    assert outcome.after < outcome.before - 1
    card = as_learned(model, outcome, ["0", "1"], start)
    assert card.provenance["fine_tuned"]["taste"] is True
    save_checkpoint(mine, model, card)
    back = load_checkpoint(mine)
    assert back.taste is not None
    # Learned from again: what it was is judged with its taste, and another is fitted.
    again, second = fine_tune(named, mine, tmp_path, settings)
    assert second.before == pytest.approx(outcome.after, rel=1e-3)
    assert second.after == pytest.approx(second.before, rel=0.05)
    assert again.config.use_taste == second.taste
