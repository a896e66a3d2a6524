from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from model_core.checkpoint import load_checkpoint
from model_core.errors import FileWriteError
from model_core.nn.config import PointerNetworkConfig
from model_core.nn.network import PointerNetwork
from training import pointer_trainer
from training.config import TrainConfig
from training.dataset import Example, ShardPool
from training.losses import Batch, Losses, LossWeights, Pooling, compute_losses
from training.monitor import Curves
from training.pointer_trainer import Trainer

CONFIG: dict[str, Any] = {
    "model": {
        "n_mels": 8, "d_model": 16, "n_heads": 2, "n_encoder_layers": 1, "n_decoder_layers": 1,
        "dim_feedforward": 16, "key_dim": 8, "max_delta": 8, "local_block": 16,
        "attn_window_size": 64, "dropout": 0.1,
    },
    "batch_size": 2, "gradient_accumulation_steps": 2, "steps": 6, "warmup_steps": 2,
    "validate_every": 3, "save_every_s": 1e9, "crop_s": 2.0, "use_amp": False,
}  # fmt: skip


class MemoryPool(ShardPool):
    """Examples that need no files."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        runs = np.array([[5, 90], [120, 200]], np.int64)
        reason = np.full(230, -1, np.int8)
        reason[90:120] = 0
        self._made = [
            Example(
                rng.integers(0, 255, (8, 230)).astype(np.uint8),
                runs,
                reason,
                np.zeros(3, np.float32),
                0,
            )
            for _ in range(5)
        ]

    def refresh(self) -> None:
        """Nothing new ever appears."""

    @property
    def examples(self) -> list[Example]:
        return self._made

    @property
    def editors(self) -> list[list[Example]]:
        return [self._made[:3], self._made[3:4], []]


@pytest.fixture
def config(tmp_path: Path) -> TrainConfig:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(CONFIG), encoding="utf-8")
    return TrainConfig.from_json(path)


def trainer(config: TrainConfig, out: Path) -> Trainer:
    return Trainer(config, MemoryPool(), MemoryPool(), out)


def test_a_run_leaves_a_checkpoint_that_loads(config: TrainConfig, tmp_path: Path) -> None:
    trainer(config, tmp_path).run()
    model = load_checkpoint(tmp_path / "best.safetensors")
    assert model.card.provenance["steps"] in (3, 6)
    names = [quantity.name for quantity in model.card.style_quantities]
    assert names == ["pause_s", "margin_s", "extension"]
    assert "nats_per_event" in model.card.provenance["validation_losses"]


def test_a_latent_space_of_styles_is_trained(config: TrainConfig, tmp_path: Path) -> None:
    model = dataclasses.replace(config.model, use_style_vae=True)
    run = trainer(dataclasses.replace(config, model=model), tmp_path)
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    run.run()
    for name, value in run.model.state_dict().items():
        if name.startswith("vae."):
            assert not torch.equal(value, before[name]), name


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(
    config: TrainConfig, tmp_path: Path
) -> None:
    whole = trainer(config, tmp_path / "whole")
    (tmp_path / "whole").mkdir()
    whole.run()
    first = trainer(config, tmp_path)
    for _ in range(4):
        first._update()
        first.step += 1
    first.save()
    second = trainer(config, tmp_path)
    second.resume(tmp_path / "latest.pt")
    assert second.step == 4
    second.run()
    for name, value in whole.model.state_dict().items():
        torch.testing.assert_close(second.model.state_dict()[name], value, atol=0, rtol=0)


def test_an_unknown_entry_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"learning_rat": 1}', encoding="utf-8")
    with pytest.raises(ValueError, match="learning_rat"):
        TrainConfig.from_json(path)


def test_the_learning_rate_warms_up_and_falls(config: TrainConfig) -> None:
    rates = [config.learning_rate_at(step, 6) for step in range(7)]
    assert rates[0] < rates[1] == max(rates) == config.learning_rate
    assert rates[2:] == sorted(rates[2:], reverse=True)
    assert rates[-1] == pytest.approx(0.02 * config.learning_rate)
    constant = dataclasses.replace(config, scheduler_type="warmup_constant")
    assert [constant.learning_rate_at(step, 6) for step in (0, 1, 6)] == [2.5e-4, 5e-4, 5e-4]


def test_an_unknown_schedule_is_refused() -> None:
    with pytest.raises(ValueError, match="warmup_cosine"):
        TrainConfig(scheduler_type="staircase")


def test_epochs_are_passes_over_the_recordings() -> None:
    config = TrainConfig(batch_size=4, gradient_accumulation_steps=2, epochs=10)
    assert config.updates(80) == 100
    assert config.updates(81) == 110
    assert config.updates(1) == 10
    assert dataclasses.replace(config, steps=7).updates(80) == 7


def test_validation_hides_what_a_search_does_not_know_and_varies_nothing() -> None:
    config = TrainConfig()
    training, validation = config.cropping(training=True), config.cropping(training=False)
    assert training.frames == round(40 * 22050 / 256)
    assert (training.style_dropout, training.history_dropout) == (0.15, 0.5)
    assert (training.budget_dropout, training.augment) == (0.5, True)
    # Recordings of up to ten minutes at once.
    assert validation.frames == round(600 * 22050 / 256)
    assert (training.event_share, validation.event_share) == (0.3, 0.0)
    assert (validation.style_dropout, validation.history_dropout) == (0.0, 0.0)
    assert (validation.budget_dropout, validation.augment) == (1.0, False)
    assert training.max_visits == validation.max_visits == config.model.max_visits


def test_a_run_may_start_from_the_weights_of_a_checkpoint(
    config: TrainConfig, tmp_path: Path
) -> None:
    trainer(config, tmp_path).run()
    wider = dataclasses.replace(
        config, seed=9, model=PointerNetworkConfig(**{**CONFIG["model"], "max_delta": 16})
    )
    fresh, started = trainer(wider, tmp_path), trainer(wider, tmp_path)
    started.start_from(tmp_path / "best.safetensors")
    saved = load_checkpoint(tmp_path / "best.safetensors").state_dict()
    taken = 0
    for name, value in started.model.state_dict().items():
        # What has another shape stays as it was.
        fits = saved[name].shape == value.shape
        origin = saved if fits else fresh.model.state_dict()
        torch.testing.assert_close(value, origin[name], atol=0, rtol=0)
        torch.testing.assert_close(started.average.state_dict()[name], value, atol=0, rtol=0)
        taken += fits
    assert 0 < taken < len(saved)
    assert started.step == 0


def test_the_defaults_are_those_of_the_specification() -> None:
    config = TrainConfig()
    assert (config.batch_size, config.gradient_accumulation_steps) == (16, 2)
    assert (config.learning_rate, config.weight_decay, config.warmup_steps) == (5e-4, 0.01, 500)
    assert (config.gradient_clip, config.label_smoothing) == (0.5, 0.1)
    assert config.use_amp
    assert config.use_bfloat16
    assert config.use_gradient_checkpoint
    assert (config.epochs, config.scheduler_type) == (500, "warmup_cosine")
    assert config.steps is None
    weights = config.loss_weights
    assert (weights.delta, weights.jump, weights.use_jump, weights.stop) == (1.0, 0.5, 0.3, 0.5)
    assert weights.structure == 0.1


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('{"batch_size": 0}', "batch_size"), ('{"learning_rate": "fast"}', "learning_rate"),
        ('{"batch_size": 2.5}', "whole"), ('{"crop_s": 1e9}', "crop_s"), ("[]", "JSON object"),
        ("{", "readable"), ('{"model": {"d_model": -1}}', "d_model"),
        ('{"augmentation": {"noise": 7}}', "probability"), ('{"loss_weights": {"x": 1}}', "x"),
        ('{"model": {"use_style_vae": true}, "batch_size": 3}', "even"),
        ('{"steps": 0}', "steps"), ('{"steps": "all"}', "steps"), ('{"use_amp": "no"}', "true or"),
        ('{"learning_rate": NaN}', "learning_rate"), ('{"event_share": 1.5}', "event_share"),
        ('{"loss_weights": {"stop": -1}}', "weight stop"), ('{"model": 3}', "model must be"),
        ('{"loss_weights": {"jump": "high"}}', "weight jump"), ('{"bucket_updates": 0}', "bucket"),
        ('{"augmentation": {"n_time_masks": 1.5}}', "n_time_masks"), ('{"epochs": true}', "epochs"),
        ('{"augmentation": {"gain_scale": 2}}', "sensible"), ('{"scheduler_type": 3}', "one of"),
    ],
)  # fmt: skip
def test_absurd_configurations_are_refused(text: str, word: str, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=word):
        TrainConfig.from_json(path)


def test_the_shipped_configurations_are_read() -> None:
    folder = Path(pointer_trainer.__file__).parent / "configs"
    full = TrainConfig.from_json(folder / "full.json")
    assert full.augmentation_enabled
    assert full.model.use_stems
    TrainConfig.from_json(folder / "bundled.json")


def test_a_batch_too_large_for_the_memory_is_halved(
    config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    compute = compute_losses

    def with_little_memory(
        model: PointerNetwork, batch: Batch, weights: LossWeights, smoothing: float, pooled: Pooling
    ) -> Losses:
        size = len(batch.mel)
        if size > 1:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 1 byte")
        sizes.append(size)
        return compute(model, batch, weights, smoothing, pooled)

    monkeypatch.setattr(pointer_trainer, "compute_losses", with_little_memory)
    run = trainer(config, tmp_path)
    run._update()
    assert sizes == [1, 1, 1, 1]

    def without_memory(*_arguments: object) -> Losses:
        raise RuntimeError("can't allocate memory")

    monkeypatch.setattr(pointer_trainer, "compute_losses", without_memory)
    with pytest.raises(RuntimeError, match="allocate"):
        run._update()


def test_a_run_without_gains_ends_early(config: TrainConfig, tmp_path: Path) -> None:
    still = dataclasses.replace(
        config, learning_rate=0.0, steps=60, validate_every=2, early_stopping_patience=3,
        weight_decay=0.0,
    )  # fmt: skip
    run = trainer(still, tmp_path)
    run.run()
    assert run.step == 8


def test_a_damaged_state_is_told(config: TrainConfig, tmp_path: Path) -> None:
    run = trainer(config, tmp_path)
    run.save()
    whole = (tmp_path / "latest.pt").read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], b"not a state"):
        (tmp_path / "latest.pt").write_bytes(damaged)
        with pytest.raises(ValueError, match="can't be resumed"):
            run.resume(tmp_path / "latest.pt")


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(CONFIG), encoding="utf-8")
    folders = ["--train", str(tmp_path), "--valid", str(tmp_path), "--out", str(tmp_path / "out")]
    assert pointer_trainer.main(["--config", str(path), *folders]) == 1
    assert "no recordings to train on" in capsys.readouterr().err
    assert pointer_trainer.main(["--config", str(tmp_path / "none.json"), *folders]) == 1
    assert "no readable configuration" in capsys.readouterr().err


def test_what_can_not_be_saved_costs_no_training(
    config: TrainConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full(*_arguments: object) -> None:
        raise FileWriteError("The disk is full.", "Make room.")

    run = trainer(dataclasses.replace(config, save_every_s=0.0), tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(pointer_trainer, "write_bytes_atomically", full)
        patched.setattr(pointer_trainer, "save_checkpoint", full)
        with pytest.raises(FileWriteError, match="disk is full"):
            run.run()  # only the last one counts
    assert run.step == 6
    assert "not saved at step 1: The disk is full." in caplog.text
    assert "best network isn't saved" in caplog.text
    assert run.best == math.inf
    run.save()
    assert (tmp_path / "latest.pt").exists()


def test_curves_that_can_not_be_written_cost_no_training(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("tensorboard")
    with Curves(tmp_path) as curves:

        class Full:
            def add_scalar(self, *_arguments: object) -> None:
                raise OSError("No space left on device")

        curves._writer = Full()  # type: ignore[assignment]
        curves.training(1, {"delta": 1.0}, 1e-4)
        curves.training(2, {"delta": 1.0}, 1e-4)
    assert caplog.text.count("training goes on") == 1


def test_a_gradient_that_is_no_number_is_skipped(
    config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trainer(config, tmp_path)
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    regularise = run._regularise

    def spoilt() -> None:
        regularise()
        if run.step == 0:
            for value in run.model.parameters():
                if value.grad is not None:
                    value.grad.fill_(math.nan)

    monkeypatch.setattr(run, "_regularise", spoilt)
    assert math.isnan(run.update()["grad_norm"])
    for name, value in run.model.state_dict().items():
        torch.testing.assert_close(value, before[name], atol=0, rtol=0)
    assert math.isfinite(run.update()["grad_norm"])
    assert all(bool(value.isfinite().all()) for value in run.model.parameters())


def test_batches_of_a_run_hold_recordings_of_similar_lengths(
    config: TrainConfig, tmp_path: Path
) -> None:
    mixed = dataclasses.replace(config, bucket_updates=8, event_share=0.0)
    run = trainer(mixed, tmp_path)
    pool = MemoryPool()
    pool._made = [
        dataclasses.replace(one, mel=one.mel[:, :n], reason=one.reason[:n], runs=one.runs[:1])
        for one in pool.examples
        for n in range(100, 172, 8)
    ]
    run.train_pool = pool
    spreads = []
    for step in range(16):
        run.step = step
        lengths = [one.n_frames for one in run._chosen()]
        assert len(lengths) == 4
        spreads.append(max(lengths) - min(lengths))
    assert np.mean(spreads) < 20
    # The place in the data is the step: it is found again from any other one.
    expected = [one.n_frames for one in run._chosen()]
    for step in (3, 15):
        run.step = step
        again = [one.n_frames for one in run._chosen()]
    assert again == expected


def test_recordings_with_rare_events_are_drawn_oftener(config: TrainConfig, tmp_path: Path) -> None:
    run = trainer(config, tmp_path)
    pool = MemoryPool()
    looping = dataclasses.replace(pool.examples[0], runs=np.array([[5, 90], [40, 200]], np.int64))
    pool._made[0] = looping
    drawn = run._drawn_from(pool, np.random.default_rng(0), 2000)
    # One of weight 4 among four of weight 1.5: sounds are cut from them.
    assert np.mean([one is looping for one in drawn]) == pytest.approx(0.4, abs=0.05)
    even = trainer(dataclasses.replace(config, event_share=0.0), tmp_path)
    drawn = even._drawn_from(pool, np.random.default_rng(0), 2000)
    assert np.mean([one is looping for one in drawn]) == pytest.approx(0.2, abs=0.05)
