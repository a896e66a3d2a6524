"""Trains the pointer network on simulated recordings: a plain loop that can be stopped anywhere.

python -m training.pointer_trainer --config training/configs/bundled.json --resume
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import sys
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field, fields, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch

from model_core.checkpoint import load_checkpoint, save_checkpoint
from model_core.files import write_bytes_atomically
from model_core.nn.card import Card, StyleQuantity
from model_core.nn.config import PointerNetworkConfig
from model_core.nn.device import choose_precision
from model_core.nn.network import PointerNetwork
from training.dataset import (
    STYLE_LOG_MEAN,
    STYLE_LOG_STD,
    STYLE_QUANTITIES,
    Cropping,
    ShardPool,
    make_batch,
)
from training.losses import Batch, LossWeights, compute_losses, likelihood_figures

log = logging.getLogger("training")

_SCHEDULERS = ("warmup_cosine", "warmup_constant")
_VALIDATION_CROP_S = 40.0
_MOST_VALIDATION_BATCHES = 12


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """How the network is trained.

    Attributes:
        model: Shape of the network.
        loss_weights: Weight of each loss.
        batch_size: Crops a step.
        gradient_accumulation_steps: Steps whose gradients are added up before an update.
        epochs: Passes over the recordings.
        steps: Updates in all; takes the place of `epochs` where given.
        learning_rate: Highest learning rate.
        weight_decay: AdamW's decay.
        warmup_steps: Updates until the highest rate is reached.
        scheduler_type: `warmup_cosine`: it then falls as a cosine; `warmup_constant`: it stays.
        gradient_clip: Largest norm of the gradient.
        use_amp: Whether to compute in mixed precision.
        use_bfloat16: Whether mixed precision is bfloat16 rather than float16.
        use_gradient_checkpoint: Whether to trade time for memory.
        label_smoothing: For the jump buckets and the edit ops.
        crop_s: Longest crop in seconds.
        style_dropout: Share of crops whose style is hidden.
        style_reading: Share of crops whose style is read from another recording of the editor, for
            a network with a `StyleVAE`.
        kl_warmup_steps: Updates until the divergence of styles from the prior counts in full.
        history_dropout: Share of crops whose history is hidden.
        budget_dropout: Share of crops in which it is hidden how much is left to play.
        ema_decay: Decay of the running mean of the weights, which is what is shipped.
        validate_every: Updates between validations.
        save_every_s: Seconds between resumable checkpoints.
        seed: Of initialisation and data order.
    """

    model: PointerNetworkConfig = field(default_factory=PointerNetworkConfig)
    loss_weights: LossWeights = field(default_factory=LossWeights)
    batch_size: int = 16
    gradient_accumulation_steps: int = 2
    epochs: int = 500
    steps: int | None = None
    learning_rate: float = 5e-4
    weight_decay: float = 0.01
    warmup_steps: int = 500
    scheduler_type: str = "warmup_cosine"
    gradient_clip: float = 0.5
    use_amp: bool = True
    use_bfloat16: bool = True
    use_gradient_checkpoint: bool = True
    label_smoothing: float = 0.1
    crop_s: float = 40.0
    style_dropout: float = 0.15
    style_reading: float = 0.6
    kl_warmup_steps: int = 500
    history_dropout: float = 0.5
    budget_dropout: float = 0.5
    ema_decay: float = 0.999
    validate_every: int = 200
    save_every_s: float = 120.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.scheduler_type not in _SCHEDULERS:
            raise ValueError(f"scheduler_type is one of {', '.join(_SCHEDULERS)}.")
        if self.model.use_style_vae and self.batch_size % 2:
            raise ValueError("To read styles, batch_size must be even: crops come in pairs.")

    @classmethod
    def from_json(cls, path: Path) -> TrainConfig:
        """Reads a configuration file.

        Raises:
            ValueError: An entry is unknown or has no sensible value.
        """
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        unknown = set(values) - {entry.name for entry in fields(cls)}
        if unknown:
            raise ValueError(f"Unknown entries in {path}: {', '.join(sorted(unknown))}.")
        model = PointerNetworkConfig.from_dict(values.pop("model", {}))
        weights = LossWeights(**values.pop("loss_weights", {}))
        return cls(model=model, loss_weights=weights, **values)

    def updates(self, n_recordings: int) -> int:
        """Returns how many updates a run over so many recordings makes."""
        if self.steps is not None:
            return self.steps
        per_update = self.batch_size * self.gradient_accumulation_steps
        return self.epochs * max(1, math.ceil(n_recordings / per_update))

    def learning_rate_at(self, step: int, updates: int) -> float:
        """Returns the learning rate of update `step` of `updates`: a warm-up, then the schedule."""
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        if self.scheduler_type == "warmup_constant":
            return self.learning_rate
        done = (step - self.warmup_steps) / max(1, updates - self.warmup_steps)
        return self.learning_rate * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))

    def cropping(self, *, training: bool) -> Cropping:
        """Returns how crops are taken: with everything known and nothing varied in validation."""
        seconds = self.crop_s if training else _VALIDATION_CROP_S
        frames = round(seconds * self.model.sample_rate / self.model.hop_length)
        return Cropping(
            frames,
            style_dropout=self.style_dropout if training else 0.0,
            style_reading=self.style_reading if training else 0.0,
            history_dropout=self.history_dropout if training else 0.0,
            budget_dropout=self.budget_dropout if training else 1.0,
            augment=training,
            max_visits=self.model.max_visits,
        )


class Trainer:
    """Model, optimiser, running mean and random state of one run."""

    def __init__(self, config: TrainConfig, train: ShardPool, valid: ShardPool, out: Path) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        self.train_pool = train
        self.valid_pool = valid
        self.out = out
        self.model = PointerNetwork(config.model)
        self.model.use_gradient_checkpointing(config.use_gradient_checkpoint)
        self.average = PointerNetwork(config.model).eval()
        self.average.load_state_dict(self.model.state_dict())
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(),
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
            betas=(0.9, 0.98),
        )
        self.rng = np.random.default_rng(config.seed)
        # Processors without instructions for bfloat16 are thirty times slower with it.
        self.mixed = config.use_amp and choose_precision("cpu") is torch.bfloat16
        log.info("computing in %s precision", "mixed" if self.mixed else "single")
        self.updates = config.updates(len(train.examples))
        self.step = 0
        self.seconds = 0.0
        self.best = math.inf

    def run(self) -> None:
        """Trains to the last step, validating and saving on the way."""
        started = time.monotonic()
        saved = started
        before = self.seconds
        sums: dict[str, float] = defaultdict(float)
        while self.step < self.updates:
            for name, value in self._update().items():
                sums[name] += value
            self.step += 1
            self.seconds = before + time.monotonic() - started
            if self.step % 20 == 0:
                self._report({name: value / 20 for name, value in sums.items()})
                sums.clear()
            if self.step % self.config.validate_every == 0 or self.step == self.updates:
                self._validate()
            if time.monotonic() - saved > self.config.save_every_s:
                self.save()
                saved = time.monotonic()
        self.save()

    def _update(self) -> dict[str, float]:
        """Makes one update and returns the mean losses and the gradient's norm."""
        config = self.config
        if self.step % 50 == 0:
            self.train_pool.refresh()
        warm = min(1.0, self.step / max(1, config.kl_warmup_steps))
        weights = replace(config.loss_weights, kl=config.loss_weights.kl * warm)
        for group in self.optimizer.param_groups:
            group["lr"] = config.learning_rate_at(self.step, self.updates)
        self.model.train()
        self.optimizer.zero_grad(set_to_none=True)
        totals: dict[str, float] = defaultdict(float)
        for _ in range(config.gradient_accumulation_steps):
            batch = self._batch()
            with self._autocast():
                losses = compute_losses(self.model, batch, weights, config.label_smoothing)
            loss = losses.total / config.gradient_accumulation_steps
            loss.backward()  # type: ignore[no-untyped-call] # torch leaves it untyped
            for name, part in losses.parts.items():
                totals[name] += float(part) / config.gradient_accumulation_steps
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), config.gradient_clip)
        if not torch.isfinite(norm):
            log.warning("step %d: the gradient is not finite; the update is skipped", self.step)
            return dict(totals)
        self.optimizer.step()
        decay = min(config.ema_decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, value in zip(self.average.parameters(), self.model.parameters(), strict=True):
                mean.lerp_(value, 1 - decay)
        return {**totals, "grad_norm": float(norm)}

    def _batch(self) -> Batch:
        """Draws crops: of any recordings, or of two by each editor where styles are read."""
        size, cropping = self.config.batch_size, self.config.cropping(training=True)
        if not self.config.model.use_style_vae:
            examples = self.train_pool.examples
            chosen = [examples[i] for i in self.rng.integers(0, len(examples), size)]
            return make_batch(chosen, self.rng, cropping)
        editors = [works for works in self.train_pool.editors if works]
        chosen = []
        for i in self.rng.integers(0, len(editors), size // 2):
            works = editors[i]
            pair = self.rng.choice(len(works), 2, replace=len(works) < 2)
            chosen += [works[k] for k in pair]
        return make_batch(chosen, self.rng, cropping, np.arange(len(chosen)) ^ 1)

    def _autocast(self) -> torch.autocast:
        dtype = torch.bfloat16 if self.config.use_bfloat16 else torch.float16
        return torch.autocast("cpu", dtype=dtype, enabled=self.mixed)

    def _report(self, means: dict[str, float]) -> None:
        parts = " ".join(f"{name} {value:.3f}" for name, value in means.items())
        speed = self.seconds / max(1, self.step)
        log.info("step %d (%.2f s each): %s", self.step, speed, parts)

    @torch.no_grad()
    def _validate(self) -> None:
        """Computes the losses of the averaged weights on fixed crops; keeps the best."""
        rng = np.random.default_rng(1)
        self.valid_pool.refresh()
        examples = self.valid_pool.examples
        if not examples:
            return
        sums: dict[str, float] = defaultdict(float)
        size = self.config.batch_size
        n_batches = max(1, min(_MOST_VALIDATION_BATCHES, len(examples) // size))
        for i in range(n_batches):
            chosen = examples[i * size : (i + 1) * size]
            batch = make_batch(chosen, rng, self.config.cropping(training=False))
            with self._autocast():
                losses = compute_losses(self.average, batch, self.config.loss_weights, 0.0)
            sums["total"] += float(losses.total) / n_batches
            for name, part in (losses.parts | likelihood_figures(losses.terms)).items():
                sums[name] += float(part) / n_batches
        log.info(
            "validation at step %d: %s",
            self.step,
            " ".join(f"{name} {value:.3f}" for name, value in sums.items()),
        )
        if sums["total"] < self.best:
            self.best = sums["total"]
            save_checkpoint(self.out / "best.safetensors", self.average, self._card(dict(sums)))

    def _card(self, validation: dict[str, float]) -> Card:
        return Card(
            self.config.model,
            tuple(
                StyleQuantity(name, mean, std)
                for name, mean, std in zip(
                    STYLE_QUANTITIES, STYLE_LOG_MEAN, STYLE_LOG_STD, strict=True
                )
            ),
            provenance={
                "steps": self.step,
                "training_hours": round(self.seconds / 3600, 2),
                "simulated_recordings": len(self.train_pool.examples),
                "validation_losses": {k: round(v, 4) for k, v in validation.items()},
            },
        )

    def save(self) -> None:
        """Writes everything that a resumed run needs."""
        state = {
            "config": json.dumps(asdict(self.config)),
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "rng": json.dumps(self.rng.bit_generator.state),
            "torch_rng": torch.get_rng_state(),
            "step": self.step,
            "seconds": self.seconds,
            "best": self.best,
        }
        buffer = BytesIO()
        torch.save(state, buffer)
        write_bytes_atomically(self.out / "latest.pt", buffer.getvalue())
        log.info("saved at step %d", self.step)

    def start_from(self, checkpoint: Path) -> None:
        """Begins with the weights of a checkpoint, as far as they are of the same shape."""
        weights = load_checkpoint(checkpoint).state_dict()
        own = self.model.state_dict()
        fitting = {k: v for k, v in weights.items() if k in own and own[k].shape == v.shape}
        self.model.load_state_dict(own | fitting)
        self.average.load_state_dict(self.model.state_dict())
        log.info("took %d of %d weights from %s", len(fitting), len(own), checkpoint)

    def resume(self, path: Path) -> None:
        """Continues from what `save` wrote."""
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.rng.bit_generator.state = json.loads(state["rng"])
        torch.set_rng_state(state["torch_rng"])
        self.step, self.seconds, self.best = state["step"], state["seconds"], state["best"]
        log.info("resumed at step %d", self.step)


def main(argv: list[str] | None = None) -> int:
    """Runs the trainer; returns the exit status."""
    parser = argparse.ArgumentParser(description="Train the pointer network.")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--train", type=Path, default=Path("runs/sim/train"))
    parser.add_argument("--valid", type=Path, default=Path("runs/sim/valid"))
    parser.add_argument("--out", type=Path, default=Path("runs/pointer"))
    parser.add_argument("--resume", action="store_true", help="continue from OUT/latest.pt")
    parser.add_argument("--init-from", type=Path, help="begin with the weights of a checkpoint")
    parser.add_argument("--threads", type=int, default=None)
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    if args.threads:
        torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    config = TrainConfig.from_json(args.config)
    trainer = Trainer(config, ShardPool(args.train), ShardPool(args.valid), args.out)
    if args.resume and (args.out / "latest.pt").exists():
        trainer.resume(args.out / "latest.pt")
    elif args.init_from:
        trainer.start_from(args.init_from)
    trainer.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
