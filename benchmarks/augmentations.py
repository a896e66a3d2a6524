"""Measures what an augmentation does to a short training: `python -m benchmarks.augmentations`.

Two runs from the same checkpoint, with the same seed and the same recordings, one with the
augmentation and one without; both are judged on recordings of other voices. The runs are short, so
this tells whether an augmentation harms early, not what it would be worth in the end.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from model_core.checkpoint import load_checkpoint
from model_core.infer import BUNDLED_CHECKPOINT
from training.augmentation import Augmentation
from training.config import TrainConfig
from training.dataset import Example, ShardPool, load_shard
from training.pointer_dataset import PointerDataset
from training.pointer_trainer import Trainer
from training.validation import nats_per_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_core.nn.network import PointerNetwork

_NAMES = ("noise", "masks", "gain", "channel_dropout", "chunk_shuffle")
_NEVER: dict[str, object] = dict.fromkeys(_NAMES, 0.0)


def trained(
    start: Path, pool: ShardPool, how: Augmentation, updates: int, learning_rate: float
) -> tuple[Trainer, float]:
    """Trains for some updates; returns the trainer and the core-minutes that they took."""
    began = time.process_time()
    config = TrainConfig(
        model=load_checkpoint(start).config,
        batch_size=4,
        gradient_accumulation_steps=1,
        steps=updates,
        learning_rate=learning_rate,
        warmup_steps=10,
        gradient_clip=1.0,
        use_gradient_checkpoint=False,
        kl_warmup_steps=0,
        ema_decay=0.97,
        augmentation_enabled=True,
        augmentation=how,
    )
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(config, pool, PointerDataset([]), Path(folder))
        trainer.start_from(start)
        for _ in range(updates):
            trainer.update()
    return trainer, (time.process_time() - began) / 60


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.augmentations", description=__doc__)
    parser.add_argument("--name", choices=_NAMES, default="chunk_shuffle")
    parser.add_argument("--chance", type=float, default=None, help="by default the specification's")
    parser.add_argument("--checkpoint", type=Path, default=BUNDLED_CHECKPOINT)
    parser.add_argument("--train", type=Path, required=True, help="shards to learn from")
    parser.add_argument("--valid", type=Path, required=True, help="shards of other voices")
    parser.add_argument("--shards", type=int, default=40, help="of --train, at most")
    parser.add_argument("--judged", type=int, default=6, help="shards of --valid, at most")
    parser.add_argument("--updates", type=int, default=60)
    parser.add_argument("--learning-rate", type=float, default=3e-4)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    torch.set_num_threads(1)
    editors = [load_shard(path) for path in sorted(options.train.glob("*.npz"))[: options.shards]]
    pool = PointerDataset(editors)
    judged = [
        example
        for path in sorted(options.valid.glob("*.npz"))[: options.judged]
        for example in load_shard(path)
    ]
    chance = getattr(Augmentation(), options.name) if options.chance is None else options.chance
    print(
        f"{options.updates} updates of 4 crops, {len(pool.examples)} recordings, judged on "
        f"{len(judged)}\n\n| {options.name} | core-minutes | nats per event, speech | music |\n"
        "|---|---|---|---|"
    )
    start = load_checkpoint(options.checkpoint)
    print(f"| before | | {_told(start, judged)} |", flush=True)
    for value in (0.0, chance):
        how = Augmentation.from_dict({**_NEVER, options.name: value})
        trainer, minutes = trained(
            options.checkpoint, pool, how, options.updates, options.learning_rate
        )
        print(f"| {value:g} | {minutes:.1f} | {_told(trainer.average, judged)} |", flush=True)
    return 0


def _told(model: PointerNetwork, judged: Sequence[Example]) -> str:
    cropping = TrainConfig(model=model.config).cropping(training=False)
    told = nats_per_event(model, judged, cropping)
    kinds = [
        [n for n, one in zip(told, judged, strict=True) if one.kind == kind] for kind in (0, 1)
    ]
    return " | ".join(f"{sum(each) / len(each):.3f}" if each else "-" for each in kinds)


if __name__ == "__main__":
    sys.exit(main())
