from __future__ import annotations

import dataclasses
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from model_core.checkpoint import save_checkpoint
from model_core.infer import BUNDLED_CHECKPOINT
from model_core.nn.styling import asked_pause_s, choose_style, tightness_pause_s
from model_core.options import GenerateOptions
from tests.nn.small import a_network
from training import finetune
from training.config import TrainConfig
from training.dataset import STYLE_QUANTITIES, Cropping, Example
from training.finetune import (
    FineTuneError,
    FineTuner,
    FineTuneSettings,
    Outcome,
    as_learned,
    as_the_mean_editor,
    chosen_share,
    config_of,
    fine_tune,
    main,
    mixed,
    settle,
    split_of,
    taste_of,
)
from training.validation import nats_per_event


def an_example(seed: int, n_frames: int = 300) -> Example:
    """Loud frames stay and quiet ones go."""
    rng = np.random.default_rng(seed)
    mel = rng.integers(180, 255, (16, n_frames)).astype(np.uint8)
    cuts = np.sort(rng.choice(np.arange(10, n_frames - 10), 6, replace=False))
    reason = np.full(n_frames, -1, np.int8)
    runs, at = [], 0
    for start, stop in cuts.reshape(-1, 2).tolist():
        mel[:, start:stop] = rng.integers(0, 30, (16, stop - start))
        reason[start:stop] = 0
        runs.append((at, start))
        at = stop
    runs.append((at, n_frames))
    return Example(mel, np.array(runs, np.int64), reason, rng.normal(0, 1, 3).astype("f4"), 0)


def a_checkpoint(folder: Path) -> Path:
    path = folder / "start.safetensors"
    model = a_network(use_style_vae=True)
    save_checkpoint(path, model, model.card)
    return path


@pytest.mark.parametrize("n", [4, 5, 8])
def test_a_quarter_is_held_out(n: int) -> None:
    named = [(str(i), an_example(i)) for i in range(n)]
    split = split_of(named, np.random.default_rng(0))
    assert len(split.valid) == max(1, round(n / 4))
    assert len(split.train) + len(split.valid) == n
    seen = {id(example) for example in split.train}
    assert not any(id(example) in seen for example in split.valid)


def test_of_few_pairs_the_end_of_each_is_held_out() -> None:
    named = [(str(i), an_example(i)) for i in range(2)]
    split = split_of(named, np.random.default_rng(0))
    for (_, whole), head, tail in zip(named, split.train, split.valid, strict=True):
        np.testing.assert_array_equal(np.concatenate((head.mel, tail.mel), axis=1), whole.mel)
        played = [*head.runs.tolist(), *(tail.runs + head.n_frames).tolist()]
        frames = np.concatenate([np.arange(a, b) for a, b in played])
        expected = np.concatenate([np.arange(a, b) for a, b in whole.runs])
        np.testing.assert_array_equal(frames, expected)
        assert tail.n_frames == 75


def test_who_asks_for_nothing_gets_the_persons_style() -> None:
    example = an_example(0)
    style = as_the_mean_editor(example).style
    # How much is looped isn't a taste: it differs from piece to piece.
    assert style.tolist() == [0, 0, example.style[2]]


def test_crops_of_a_recording_are_all_told() -> None:
    model = a_network()
    examples = [an_example(0), an_example(1)]
    whole = nats_per_event(model, examples, Cropping(400))
    parts = nats_per_event(model, examples, Cropping(100))
    assert whole.shape == parts.shape == (2,)
    assert np.isfinite(whole).all()
    assert np.isfinite(parts).all()
    np.testing.assert_array_equal(nats_per_event(model, examples, Cropping(400)), whole)


def test_weights_are_pulled_back_to_where_they_began(tmp_path: Path) -> None:
    model = a_network(use_style_vae=True)
    config = TrainConfig(model=model.config, batch_size=2, use_amp=False)
    tuner = FineTuner(config, finetune.Examples([an_example(0)]), None, tmp_path)
    tuner.start_from(a_checkpoint(tmp_path))
    with torch.no_grad():
        for value in tuner.model.parameters():
            value.add_(1.0)
            value.grad = torch.zeros_like(value)
    tuner._regularise()
    for value in tuner.model.parameters():
        assert value.grad is not None
        torch.testing.assert_close(value.grad, torch.full_like(value, 1e-3), atol=1e-6, rtol=1e-3)


def test_a_library_is_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A fixed number of updates in place of a time.
    monkeypatch.setattr(time, "monotonic", iter(range(10**6)).__next__)
    named = [(str(i), an_example(i)) for i in range(5)]
    settings = FineTuneSettings(minutes=0.7, learning_rate=3e-3, batch_size=2, crop_s=4.0)
    model, outcome = fine_tune(named, a_checkpoint(tmp_path), tmp_path, settings)
    assert outcome.is_better
    assert outcome.after < outcome.before
    assert outcome.updates > 0
    assert outcome.share in (0.25, 0.5, 0.75, 1.0)
    facts = as_learned(model, outcome, ["a"], a_checkpoint(tmp_path)).provenance["fine_tuned"]
    assert facts["share"] == outcome.share
    # What is told of it is told of the weights that are returned.
    held = split_of(
        [(name, as_the_mean_editor(one)) for name, one in named], np.random.default_rng(0)
    ).valid
    cropping = config_of(settings, model.config).cropping(training=False)
    assert nats_per_event(model, held, cropping).mean() == pytest.approx(outcome.after, rel=1e-5)
    judged = [as_the_mean_editor(an_example(9))]
    start = a_network(use_style_vae=True)
    cropping = Cropping(400)
    assert nats_per_event(model, judged, cropping) < nats_per_event(start, judged, cropping)


@pytest.mark.parametrize(
    ("told", "share"),
    [
        ({0.5: 9.45, 0.75: 9.33, 1.0: 9.27}, 0.5),  # eight pairs, measured
        ({0.5: 9.0, 0.75: 9.1, 1.0: 9.2}, 0.5),
        ({0.5: 8.0, 0.75: 6.8, 1.0: 6.0}, 0.75),
        ({0.5: 8.0, 0.75: 7.5, 1.0: 6.0}, 1.0),
        ({0.5: 9.95, 0.75: 9.85, 1.0: 9.8}, 0.75),  # with half of it there'd be no gain
        ({0.5: 9.98, 0.75: 9.97, 1.0: 9.96}, 0.5),  # there is none
    ],
)
def test_the_mean_with_the_start_is_kept_unless_more_is_far_better(
    told: dict[float, float], share: float
) -> None:
    assert chosen_share(told, 10.0) == share


def test_weights_between_two_networks() -> None:
    one, other = ({"a": torch.full((2,), x), "n": torch.tensor(3)} for x in (1.0, 3.0))
    between = mixed(one, other, 0.25)
    assert between["a"].tolist() == [1.5, 1.5]
    assert between["n"] == 3
    assert one["a"].tolist() == [1.0, 1.0]


def test_pauses_are_measured_only_where_that_is_asked() -> None:
    model = a_network(use_style_vae=True)
    named = tuple(
        dataclasses.replace(quantity, name=name)
        for quantity, name in zip(model.card.style_quantities, STYLE_QUANTITIES, strict=True)
    )
    model.card = dataclasses.replace(model.card, style_quantities=named)
    taste = np.array([0.7, -0.4, 0.0], np.float32)
    before = tightness_pause_s(model.card, 0.5)
    own = model.style(torch.from_numpy(taste)[None])
    settle(model, taste)
    assert before is not None
    pause_s = before * math.exp(0.7 * named[0].log_std)
    assert tightness_pause_s(model.card, 0.5) == pytest.approx(pause_s)
    # Without a wish the network edits in that style, and no pause is cut to a length.
    unasked = GenerateOptions()
    style = choose_style(model, unasked)
    torch.testing.assert_close(style, own)
    assert asked_pause_s(model, unasked, style) is None
    middle = GenerateOptions(tightness=0.5)
    assert asked_pause_s(model, middle, choose_style(model, middle)) == pytest.approx(pause_s)


def test_one_pair_is_too_few(tmp_path: Path) -> None:
    with pytest.raises(FineTuneError, match="too few"):
        fine_tune([("a", an_example(0))], tmp_path, tmp_path, FineTuneSettings())


def test_a_gain_by_chance_is_no_gain() -> None:
    assert not Outcome(8.0, 7.95, 10, ()).is_better
    assert Outcome(8.0, 7.0, 10, ()).is_better


@pytest.mark.parametrize("changes", [{"minutes": 0}, {"batch_size": 3}, {"minutes": 1e9}])
def test_absurd_settings_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"minutes|batch_size"):
        dataclasses.replace(FineTuneSettings(), **changes)


def test_the_bundled_network_is_never_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = BUNDLED_CHECKPOINT.read_bytes()
    assert main(["--library", str(tmp_path), "--out", str(BUNDLED_CHECKPOINT)]) == 1
    assert "never overwritten" in capsys.readouterr().err
    assert BUNDLED_CHECKPOINT.read_bytes() == before


def test_a_folder_without_a_library_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--library", str(tmp_path / "none"), "--out", str(tmp_path / "m")]) == 1
    assert len(capsys.readouterr().err) > 20


def test_settling_makes_a_taste_the_mean_and_changes_nothing_else() -> None:
    model, before = (a_network(use_style_vae=True) for _ in range(2))
    taste = np.array([0.7, -0.4, 0.0], np.float32)
    settle(model, taste)
    wanted = torch.tensor([[0.2, 1.0, -0.7]])
    torch.testing.assert_close(model.style(wanted), before.style(wanted + torch.from_numpy(taste)))
    z = torch.randn(1, model.config.style_dim)
    assert model.vae is not None
    assert before.vae is not None
    told = before.vae.quantities(z) - torch.from_numpy(taste)
    torch.testing.assert_close(model.vae.quantities(z), told)
    # The same pause in seconds is told as before.
    for one, other in zip(model.card.style_quantities, before.card.style_quantities, strict=True):
        assert one.name == other.name
    moved = [q.log_mean for q in model.card.style_quantities]
    expected = [
        q.log_mean + q.log_std * t
        for q, t in zip(before.card.style_quantities, taste.tolist(), strict=True)
    ]
    assert moved == pytest.approx(expected)
    settle(model, -taste)
    torch.testing.assert_close(model.style(wanted), before.style(wanted))


def test_a_taste_is_measured_at_the_pairs() -> None:
    taste = taste_of([an_example(seed, 3000) for seed in range(3)])
    assert taste.shape == (3,)
    assert taste[2] == 0
    assert np.isfinite(taste).all()


def test_two_edits_of_a_recording_are_held_out_together() -> None:
    named = [
        (str(i), dataclasses.replace(an_example(i), recording=f"take {i // 2}")) for i in range(12)
    ]
    for seed in range(6):
        split = split_of(named, np.random.default_rng(seed))
        sides = [{one.recording for one in side} for side in (split.train, split.valid)]
        assert not sides[0] & sides[1]
        assert len(split.held) == len(split.valid) == 4


def test_rehearsed_recordings_keep_their_own_style(tmp_path: Path) -> None:
    model = a_network(use_style_vae=True)
    config = TrainConfig(model=model.config, batch_size=4, use_amp=False)
    others = finetune.Examples([an_example(seed) for seed in range(1, 5)])
    tuner = FineTuner(config, finetune.Examples([an_example(0)]), others, tmp_path)
    tuner.start_from(a_checkpoint(tmp_path))
    before = [tuner.model.style(torch.from_numpy(one.style)[None]) for one in others.examples]
    tuner.settle(np.array([1.0, -1.0, 0.0], np.float32))
    drawn = tuner._drawn(np.random.default_rng(0), 8)
    assert len(drawn) == 8
    rehearsed = tuner._rehearsed
    assert rehearsed is not None
    for one, expected in zip(rehearsed.examples, before, strict=True):
        torch.testing.assert_close(tuner.model.style(torch.from_numpy(one.style)[None]), expected)
