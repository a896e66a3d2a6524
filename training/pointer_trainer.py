"""Trains the pointer network: a plain loop that can be stopped anywhere.

python -m training.pointer_trainer --config training/configs/bundled.json --resume

On several processors, GPUs or machines: `accelerate launch -m training.pointer_trainer ...`.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from torch import Tensor, nn

from model_core.checkpoint import load_checkpoint, save_checkpoint
from model_core.errors import EditorBotError, FileWriteError
from model_core.files import write_bytes_atomically
from model_core.infer import BUNDLED_CHECKPOINT
from model_core.nn.card import Card, StyleQuantity
from model_core.nn.device import choose_device, choose_precision
from model_core.nn.network import PointerNetwork
from training.config import TrainConfig
from training.dataset import (
    STYLE_LOG_MEAN,
    STYLE_LOG_STD,
    STYLE_QUANTITIES,
    Example,
    ShardPool,
    make_batch,
)
from training.losses import Batch, Losses, LossWeights, compute_losses, likelihood_figures
from training.monitor import Curves, Watch
from training.pointer_dataset import PointerDataset
from training.sampling import in_buckets, recording_weight
from training.validation import whole_batches

log = logging.getLogger("training")

_MOST_VALIDATION_BATCHES = 12
_REPORT_EVERY = 20


class _Objective(nn.Module):
    """The network with its losses in one call, as running in several processes asks for.

    Args:
        model: The network.
        label_smoothing: See `compute_losses`.
        accelerator: Knows the other processes.
    """

    def __init__(
        self, model: PointerNetwork, label_smoothing: float, accelerator: Accelerator
    ) -> None:
        super().__init__()
        self.model = model
        self._smoothing = label_smoothing
        self._accelerator = accelerator

    def forward(self, batch: Batch, weights: LossWeights) -> Losses:
        """Returns the losses of a part of a batch, scaled so that their mean is the batch's."""
        return compute_losses(self.model, batch, weights, self._smoothing, self._pooled)

    def _pooled(self, value: Tensor) -> Tensor:
        pooled: Tensor = self._accelerator.reduce(value.detach(), "mean")
        return pooled


class Trainer:
    """Model, optimiser, running mean and place in the data of one run.

    Args:
        config: How to train.
        train: The recordings.
        valid: Recordings that are only looked at.
        out: Folder of the checkpoints.
        accelerator: Device, precision and other processes; default this process and the fastest
            device.
        logs: Folder for TensorBoard; None writes no curves.
    """

    def __init__(
        self,
        config: TrainConfig,
        train: ShardPool,
        valid: ShardPool,
        out: Path,
        accelerator: Accelerator | None = None,
        logs: Path | None = None,
    ) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        self.train_pool = train
        self.valid_pool = valid
        self.out = out
        self.accelerator = accelerator or make_accelerator(config)
        # Processors without instructions for bfloat16 are thirty times slower with it.
        where = self.accelerator.device.type
        self.mixed = config.use_amp and choose_precision(where) is torch.bfloat16
        log.info(
            "computing in %s precision on %s, in %d process(es)",
            "mixed" if self.mixed else "single",
            where,
            self.accelerator.num_processes,
        )
        self.model = PointerNetwork(config.model)
        self.model.use_gradient_checkpointing(config.use_gradient_checkpoint)
        self.average = PointerNetwork(config.model).eval().to(self.accelerator.device)
        self.average.load_state_dict(self.model.state_dict())
        optimizer = torch.optim.AdamW(
            self.model.parameters(),
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
            betas=(0.9, 0.98),
        )
        objective = _Objective(self.model, config.label_smoothing, self.accelerator)
        self._objective, self.optimizer = self.accelerator.prepare(objective, optimizer)
        self._logs = logs if self.accelerator.is_main_process else None
        self._watch = Watch(config.model.compression_ratio)
        self._micro_batches = config.gradient_accumulation_steps
        self.updates = config.updates(len(train.examples))
        self.step = 0
        self.seconds = 0.0
        self.best = math.inf
        self.without_gain = 0
        self._sums: dict[str, float] = defaultdict(float)
        self._weights: dict[int, tuple[Example, float]] = {}
        self._drawn_ahead: tuple[int, list[list[Example]]] = (-1, [])

    def run(self) -> None:
        """Trains to the last step, validating and saving on the way."""
        started = time.monotonic()
        saved = started
        before = self.seconds
        with Curves(self._logs, self.step) as curves:
            while self.step < self.updates:
                for name, value in self.update().items():
                    self._sums[name] += value / _REPORT_EVERY
                self.seconds = before + time.monotonic() - started
                if self.step % _REPORT_EVERY == 0:
                    self._report(self._sums, curves)
                    self._sums.clear()
                if self.step % self.config.validate_every == 0 or self.step == self.updates:
                    self._validate(curves)
                    if 0 < self.config.early_stopping_patience <= self.without_gain:
                        log.info("no gain in %d validations: stopping", self.without_gain)
                        break
                if time.monotonic() - saved > self.config.save_every_s:
                    self._save_or_warn()
                    saved = time.monotonic()
        self.save()

    def _save_or_warn(self) -> None:
        """Saves; where that can't be, the run goes on and what was saved last stays."""
        try:
            self.save()
        except FileWriteError as error:
            log.warning("not saved at step %d: %s Training goes on.", self.step, error)

    def _update(self) -> dict[str, float]:
        """Makes one update and returns the mean losses and the gradient's norm.

        Where the memory is too small for a batch, it is halved from now on, in twice as many parts.
        """
        while True:
            try:
                return self._tried_update()
            except RuntimeError as error:
                if not _is_out_of_memory(error) or not self._halve():
                    raise
                log.warning(
                    "out of memory: batches come in %d parts from now on", self._micro_batches
                )

    def _halve(self) -> bool:
        """Splits batches in twice as many parts; False if they can't be split any more."""
        config = self.config
        size = config.batch_size * config.gradient_accumulation_steps // (2 * self._micro_batches)
        least = 2 if config.model.use_style_vae else 1
        if size < least * self.accelerator.num_processes:
            return False
        self._micro_batches *= 2
        self.optimizer.zero_grad(set_to_none=True)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        return True

    def _tried_update(self) -> dict[str, float]:
        config = self.config
        warm = min(1.0, self.step / max(1, config.kl_warmup_steps))
        weights = replace(config.loss_weights, kl=config.loss_weights.kl * warm)
        for group in self.optimizer.param_groups:
            group["lr"] = config.learning_rate_at(self.step, self.updates)
        self.model.train()
        self.optimizer.zero_grad(set_to_none=True)
        totals: dict[str, float] = defaultdict(float)
        for batch in self._batches():
            with self._autocast():
                losses = self._objective(batch, weights)
            self.accelerator.backward(losses.total / self._micro_batches)
            for name, part in losses.parts.items():
                mean = self.accelerator.reduce(part, "mean")
                totals[name] += float(mean) / self._micro_batches
        self._regularise()
        norm = self.accelerator.clip_grad_norm_(self.model.parameters(), config.gradient_clip)
        if norm is None or not math.isfinite(float(norm)):
            log.warning("step %d: the gradient is not finite; the update is skipped", self.step)
            return {**totals, "grad_norm": math.nan}
        self.optimizer.step()
        decay = min(config.ema_decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, value in zip(self.average.parameters(), self.model.parameters(), strict=True):
                mean.lerp_(value, 1 - decay)
        return {**totals, "grad_norm": float(norm)}

    def _autocast(self) -> AbstractContextManager[object]:
        if self.accelerator.mixed_precision == "fp16":
            scaled: AbstractContextManager[object] = self.accelerator.autocast()
            return scaled
        return torch.autocast(
            self.accelerator.device.type, dtype=torch.bfloat16, enabled=self.mixed
        )

    def _regularise(self) -> None:
        """Changes the gradients before they are clipped; here not at all."""

    def update(self) -> dict[str, float]:
        """Makes one update and counts it; returns the mean losses and the gradient's norm."""
        means = self._update()
        self.step += 1
        return means

    def _batches(self) -> list[Batch]:
        """Draws the crops of an update, and makes batches of those that are this process's.

        What is drawn is a function of the seed and the step alone: that is all of the place in the
        data which a resumed run needs, and processes agree without telling each other.
        """
        config = self.config
        chosen = self._chosen()
        rng = np.random.default_rng([config.seed, self.step])
        rngs = [np.random.default_rng(seed) for seed in rng.integers(0, 2**63, len(chosen))]
        # Two crops by one editor stay together.
        together = 2 if config.model.use_style_vae else 1
        units = np.arange(len(chosen)).reshape(-1, together)
        processes, place = self.accelerator.num_processes, self.accelerator.process_index
        batches = []
        for part in np.array_split(units, self._micro_batches):
            mine = np.array_split(part, processes)[place].reshape(-1)
            batch = make_batch(
                [chosen[i] for i in mine],
                [rngs[i] for i in mine],
                config.cropping(training=True),
                np.arange(len(mine)) ^ 1 if together > 1 else None,
            )
            batches.append(self._here(batch))
        return batches

    def _chosen(self) -> list[Example]:
        """Returns the recordings of this update, those of a batch of similar lengths."""
        config = self.config
        block, place = divmod(self.step, config.bucket_updates)
        if self._drawn_ahead[0] != block:
            self.train_pool.refresh()
            rng = np.random.default_rng([config.seed, 1, block])
            together = 2 if config.model.use_style_vae else 1
            size = config.batch_size * config.gradient_accumulation_steps
            drawn = self._drawn(rng, size * config.bucket_updates)
            units = [drawn[at : at + together] for at in range(0, len(drawn), together)]
            longest = config.cropping(training=True).frames
            lengths = [min(longest, max(one.n_frames for one in unit)) for unit in units]
            groups = in_buckets(lengths, size // together, rng)
            updates = [[one for at in group for one in units[at]] for group in groups]
            self._drawn_ahead = (block, updates)
        return self._drawn_ahead[1][place]

    def _drawn(self, rng: np.random.Generator, size: int) -> list[Example]:
        """Draws the recordings of some updates."""
        return self._drawn_from(self.train_pool, rng, size)

    def _drawn_from(self, pool: ShardPool, rng: np.random.Generator, size: int) -> list[Example]:
        """Draws recordings by their weights: any, or two by each editor where styles are read."""
        if not self.config.model.use_style_vae:
            examples = pool.examples
            chances = self._chances(examples)
            return [examples[i] for i in rng.choice(len(examples), size, p=chances)]
        editors = [works for works in pool.editors if works]
        means = np.array([np.mean(self._weights_of(works)) for works in editors])
        chosen = []
        for i in rng.choice(len(editors), size // 2, p=means / means.sum()):
            works = editors[i]
            pair = rng.choice(len(works), 2, replace=len(works) < 2, p=self._chances(works))
            chosen += [works[k] for k in pair]
        return chosen

    def _weights_of(self, examples: Sequence[Example]) -> list[float]:
        """Returns how often each recording is drawn, relative to the others."""
        if not self.config.event_share:
            return [1.0] * len(examples)
        for example in examples:
            if id(example) not in self._weights:
                # Kept with the recording, as only then its id stays its own.
                self._weights[id(example)] = (example, recording_weight(example))
        return [self._weights[id(example)][1] for example in examples]

    def _chances(self, examples: Sequence[Example]) -> npt.NDArray[np.float64]:
        weights = np.array(self._weights_of(examples))
        chances: npt.NDArray[np.float64] = weights / weights.sum()
        return chances

    def _here(self, batch: Batch) -> Batch:
        """Moves a batch to the device."""
        device = self.accelerator.device
        moved: dict[str, Any] = {}
        for name, value in batch._asdict().items():
            if isinstance(value, Tensor):
                moved[name] = value.to(device)
            elif name == "events" and value is not None:
                moved[name] = type(value)(*(part.to(device) for part in value))
            elif name == "stems" and value is not None:
                moved[name] = {stem: mel.to(device) for stem, mel in value.items()}
            else:
                moved[name] = value
        return Batch(**moved)

    def _report(self, means: dict[str, float], curves: Curves) -> None:
        parts = " ".join(f"{name} {value:.3f}" for name, value in means.items())
        speed = self.seconds / max(1, self.step)
        log.info("step %d (%.2f s each): %s", self.step, speed, parts)
        rate = self.config.learning_rate_at(self.step, self.updates)
        curves.training(self.step, means, rate)
        self._watch.training(means)

    @torch.no_grad()
    def _validate(self, curves: Curves) -> None:
        """Computes the losses of the averaged weights on whole recordings; keeps the best."""
        self.valid_pool.refresh()
        examples = self.valid_pool.examples[: _MOST_VALIDATION_BATCHES * self.config.batch_size]
        if not examples:
            return
        sums: dict[str, float] = defaultdict(float)
        events = 0.0
        cropping = self.config.cropping(training=False)
        for batch in whole_batches(examples, cropping, self.config.batch_size):
            here = self._here(batch)
            with self._autocast():
                losses = compute_losses(self.average, here, self.config.loss_weights, 0.0)
            figures = {"total": losses.total, **losses.parts, **likelihood_figures(losses.terms)}
            figures["compression_ratio"] = batch.log_ratio.exp().mean()
            n_events = max(1.0, float(losses.terms.event.sum()))
            events += n_events
            for name, part in figures.items():
                sums[name] += float(part) * n_events
        sums = defaultdict(float, {name: value / events for name, value in sums.items()})
        log.info(
            "validation at step %d: %s",
            self.step,
            " ".join(f"{name} {value:.3f}" for name, value in sums.items()),
        )
        curves.validation(self.step, sums)
        self._watch.validation(sums)
        self.without_gain += 1
        if sums["total"] < self.best:
            self.without_gain = 0
            if self.accelerator.is_main_process:
                card = self._card(dict(sums))
                try:
                    save_checkpoint(self.out / "best.safetensors", self.average, card)
                except FileWriteError as error:
                    log.warning("the best network isn't saved: %s Training goes on.", error)
                    return
            self.best = sums["total"]

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
        if not self.accelerator.is_main_process:
            return
        state = {
            "config": json.dumps(asdict(self.config)),
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "torch_rng": torch.get_rng_state(),
            "step": self.step,
            "seconds": self.seconds,
            "best": self.best,
            "without_gain": self.without_gain,
            "micro_batches": self._micro_batches,
            "sums": dict(self._sums),
            "watch": self._watch.state(),
        }
        if torch.cuda.is_available():
            state["cuda_rng"] = torch.cuda.get_rng_state_all()
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
        """Continues from what `save` wrote.

        Raises:
            ValueError: The file is damaged, or of a run of another shape.
        """
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            self.model.load_state_dict(state["model"])
            self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            torch.set_rng_state(state["torch_rng"])
            self.step, self.seconds, self.best = state["step"], state["seconds"], state["best"]
            self.without_gain = state["without_gain"]
            self._micro_batches = state["micro_batches"]
            self._sums = defaultdict(float, state.get("sums", {}))
            self._watch.restore(state.get("watch", {}))
            if torch.cuda.is_available() and "cuda_rng" in state:
                torch.cuda.set_rng_state_all(state["cuda_rng"])
        except Exception as error:
            # Damage shows in many ways; none of them may look like a defect of the program.
            raise ValueError(
                f"{path} can't be resumed from ({error}). Start anew in another folder, or from "
                "the weights of its best.safetensors with --init-from."
            ) from error
        log.info("resumed at step %d", self.step)


def make_accelerator(config: TrainConfig) -> Accelerator:
    """Returns the device and the processes that there are.

    bfloat16 needs no scaling of gradients, so the trainer casts by itself (`Trainer._autocast`); in
    one process runs of either precision can follow each other then.
    """
    device = choose_device("auto").type
    scaled = config.use_amp and not config.use_bfloat16 and device == "cuda"
    return Accelerator(
        mixed_precision="fp16" if scaled else "no",
        cpu=device == "cpu",
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
    )


def _is_out_of_memory(error: RuntimeError) -> bool:
    # The processor's allocator raises a plain RuntimeError.
    return isinstance(error, torch.OutOfMemoryError) or "allocate memory" in str(error)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the trainer; returns the exit status."""
    args = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    if args.threads:
        torch.set_num_threads(args.threads)
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        config = TrainConfig.from_json(args.config)
        train, valid = _data(args, config)
        trainer = Trainer(config, train, valid, args.out, logs=args.logs)
        latest = args.out / "latest.pt" if args.resume is True else args.resume
        if latest and (latest.exists() or args.resume is not True):
            trainer.resume(latest)
        elif args.init_from:
            bundled = str(args.init_from) == "bundled"
            trainer.start_from(BUNDLED_CHECKPOINT if bundled else args.init_from)
        trainer.run()
    except (EditorBotError, ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; the run goes on with --resume.\n")
        return 130
    return 0


def _data(args: argparse.Namespace, config: TrainConfig) -> tuple[ShardPool, ShardPool]:
    """Reads the recordings to learn from, and those that are only looked at.

    Raises:
        ValueError: There are none to learn from.
        LibraryError: A library can't be read.
    """
    cropping = config.cropping(training=True)
    if args.hold_out:
        learned, looked_at = (
            PointerDataset.from_folders(
                args.train, cropping, validation_mode=whole, held_out=args.hold_out
            )
            for whole in (False, True)
        )
        return learned, looked_at
    train = PointerDataset.from_folders(args.train, cropping)
    try:
        valid: ShardPool = PointerDataset.from_folders(args.valid, cropping, validation_mode=True)
    except ValueError:
        log.warning("nothing to look at in %s: no best network is kept", args.valid[0])
        valid = PointerDataset([], cropping, validation_mode=True)
    return train, valid


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"a share from 0 to below 1, not {text}")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.pointer_trainer", description="Train the pointer network."
    )
    parser.add_argument("--config", type=Path, required=True)
    folders = "folders of shards, or personal libraries"
    parser.add_argument(
        "--train", type=Path, nargs="+", default=[Path("runs/sim/train")], help=folders
    )
    parser.add_argument(
        "--valid", type=Path, nargs="+", default=[Path("runs/sim/valid")], help=folders
    )
    parser.add_argument(
        "--hold-out",
        type=_share,
        default=0.0,
        metavar="SHARE",
        help="only look at this share of the recordings of --train, in place of --valid",
    )
    parser.add_argument("--out", type=Path, default=Path("runs/pointer"))
    parser.add_argument(
        "--resume",
        type=Path,
        nargs="?",
        const=True,
        metavar="CHECKPOINT",
        help="continue from a checkpoint of a run; from OUT/latest.pt, if it is there, without one",
    )
    parser.add_argument(
        "--init-from", type=Path, metavar="CHECKPOINT", help="begin with its weights, or: bundled"
    )
    parser.add_argument("--logs", type=Path, help="write curves for TensorBoard into this folder")
    parser.add_argument("--threads", type=int, default=None)
    return parser


if __name__ == "__main__":
    sys.exit(main())
