"""Configuration of a training run, validated when it is made."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from model_core.errors import CheckpointError
from model_core.nn.config import STEMS, PointerNetworkConfig
from training.augmentation import Augmentation
from training.dataset import Cropping
from training.losses import LossWeights

_SCHEDULERS = ("warmup_cosine", "warmup_constant")
_VALIDATION_S = 600.0
"""Recordings are judged whole; longer ones in parts of this length, so that memory is bounded."""
_RANGES = {
    "batch_size": (1, 4096),
    "gradient_accumulation_steps": (1, 4096),
    "epochs": (1, 1e6),
    "learning_rate": (0, 1),
    "weight_decay": (0, 1),
    "warmup_steps": (0, 1e7),
    "gradient_clip": (1e-6, 1e6),
    "label_smoothing": (0, 0.9),
    "crop_s": (1, 3600),
    "style_dropout": (0, 1),
    "style_reading": (0, 1),
    "kl_warmup_steps": (0, 1e7),
    "history_dropout": (0, 1),
    "budget_dropout": (0, 1),
    "event_share": (0, 1),
    "bucket_updates": (1, 4096),
    "early_stopping_patience": (0, 1e6),
    "ema_decay": (0, 1),
    "validate_every": (1, 1e7),
    "save_every_s": (0, 1e9),
    "seed": (0, 2**63),
}
_WHOLE = (
    "batch_size", "gradient_accumulation_steps", "epochs", "warmup_steps", "kl_warmup_steps",
    "early_stopping_patience", "validate_every", "seed",
    "bucket_updates",
)  # fmt: skip


_SWITCHES = ("use_amp", "use_bfloat16", "use_gradient_checkpoint", "augmentation_enabled")
_MOST_STEPS = 1_000_000_000


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
        event_share: Share of crops that are laid around an event, rare ones oftener; recordings
            with rare events are then drawn oftener too (`training.sampling`). 0 for neither.
        bucket_updates: Updates whose crops are drawn together, so that crops of similar length come
            into a batch.
        augmentation_enabled: Whether `augmentation` is applied; a little variation of the channel
            always is.
        augmentation: How often and how strongly.
        early_stopping_patience: Validations without a gain after which the run ends; 0 for never.
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
    event_share: float = 0.3
    bucket_updates: int = 16
    augmentation_enabled: bool = False
    augmentation: Augmentation = field(default_factory=Augmentation)
    early_stopping_patience: int = 0
    ema_decay: float = 0.999
    validate_every: int = 200
    save_every_s: float = 120.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"{name} must be a number, not {value!r}.")
            if not low <= value <= high:
                raise ValueError(f"{name} lies between {low:g} and {high:g}, not {value!r}.")
        for name in _WHOLE:
            if not isinstance(getattr(self, name), int):
                raise ValueError(f"{name} must be a whole number, not {getattr(self, name)!r}.")
        for name in _SWITCHES:
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} is true or false, not {getattr(self, name)!r}.")
        steps = self.steps
        if steps is not None and (
            isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= _MOST_STEPS
        ):
            raise ValueError(f"steps lies between 1 and {_MOST_STEPS}, not {steps!r}.")
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
        try:
            values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise ValueError(f"{path} is no readable configuration: {error}.") from error
        if not isinstance(values, dict):
            raise ValueError(f"{path} is no configuration: it must be a JSON object.")
        unknown = set(values) - {entry.name for entry in fields(cls)}
        if unknown:
            raise ValueError(f"Unknown entries in {path}: {', '.join(sorted(unknown))}.")
        for name in ("model", "augmentation", "loss_weights"):
            if not isinstance(values.get(name, {}), dict):
                raise ValueError(f"{path}: {name} must be a JSON object.")
        try:
            model = PointerNetworkConfig.from_dict(values.pop("model", {}))
        except CheckpointError as error:
            raise ValueError(f"{path}: {error}") from error
        augmentation = Augmentation.from_dict(values.pop("augmentation", {}))
        try:
            weights = LossWeights(**values.pop("loss_weights", {}))
            return cls(model=model, loss_weights=weights, augmentation=augmentation, **values)
        except TypeError as error:
            raise ValueError(f"{path} has an entry of the wrong kind: {error}.") from error

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
        """Returns how crops are taken.

        In validation recordings are whole, everything is known and nothing varied.
        """
        seconds = self.crop_s if training else _VALIDATION_S
        frames = round(seconds * self.model.sample_rate / self.model.hop_length)
        return Cropping(
            frames,
            style_dropout=self.style_dropout if training else 0.0,
            style_reading=self.style_reading if training else 0.0,
            history_dropout=self.history_dropout if training else 0.0,
            budget_dropout=self.budget_dropout if training else 1.0,
            augment=training,
            augmentation=self.augmentation if training and self.augmentation_enabled else None,
            max_visits=self.model.max_visits,
            event_share=self.event_share if training else 0.0,
            stems=STEMS[: self.model.n_stems] if self.model.use_stems else (),
        )
