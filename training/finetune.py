"""Teaches a network the taste of one editor, from a personal library.

    python -m training.finetune --library FOLDER --out my-editor.safetensors [--minutes 15]

The network starts from the bundled one and is held near it, so that little is forgotten. A part of
the way from where it began to the state that does best on edits it wasn't shown is kept, a layer
for where exactly is cut is fitted on top (`training/taste.py`), and all that only if it is better
than before.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from model_core.checkpoint import load_checkpoint, save_checkpoint
from model_core.errors import CheckpointError, EditorBotError
from model_core.infer import BUNDLED_CHECKPOINT
from model_core.nn.card import Card, checkpoint_hash
from model_core.nn.config import PointerNetworkConfig
from model_core.nn.network import PointerNetwork
from model_core.targets import Habits
from training.belonging import foreign
from training.config import TrainConfig
from training.dataset import STYLE_QUANTITIES, Cropping, Example, ShardPool, part_of
from training.library import Library
from training.library.examples import standardised
from training.library.habits import habits_of
from training.library.style import measure_style, pooled
from training.losses import LossWeights
from training.pointer_dataset import LeftOut, read_library
from training.pointer_trainer import Trainer
from training.taste import can_taste, fit_taste, with_taste, without_taste
from training.validation import nats_per_event

log = logging.getLogger("training")

_HELD_OUT_SHARE = 0.25
_FEWEST_TO_HOLD_OUT = 4
_TAIL_SHARE = 0.25
_ANCHOR = 1e-3
_LEAST_GAIN = 0.01
_SHARES = (0.25, 0.5, 0.75, 1.0)
# With two pairs the best check had 10 % fewer nats than the mean on the held-out ends, and more on
# other recordings by that editor: smaller leads say nothing (docs/training.md).
_LEAD = 0.15
_REHEARSED_SHARE = 0.5
_CHECKS = 8
_EXTENSION = STYLE_QUANTITIES.index("extension")


class FineTuneError(EditorBotError):
    """A library that can't be learned from, or from which nothing was learned."""


@dataclass(frozen=True, slots=True)
class FineTuneSettings:
    """How a network is fitted to one editor.

    Attributes:
        minutes: How long to train, at most; what is looked at in between doesn't count.
        updates: How many updates to make, at most; None for as many as there is time for.
        learning_rate: The highest.
        batch_size: Crops an update.
        crop_s: Longest crop in seconds.
        seed: Of everything that is drawn.
    """

    minutes: float = 15.0
    updates: int | None = None
    learning_rate: float = 2e-4
    batch_size: int = 4
    crop_s: float = 40.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.minutes <= 60 * 24 * 30:
            raise ValueError(f"Training takes between 0 minutes and a month, not {self.minutes}.")
        if self.batch_size < 2 or self.batch_size % 2:
            raise ValueError(f"batch_size must be even, not {self.batch_size}.")
        if self.updates is not None and self.updates < 1:
            raise ValueError(f"There must be at least one update, not {self.updates}.")

    def share_done(self, step: int, seconds: float) -> float:
        """Returns how much of a run is over, 0 to 1, by updates or by time, whichever is more."""
        by_time = seconds / (60 * self.minutes)
        return min(1.0, max(by_time, step / self.updates if self.updates else 0.0))


@dataclass(frozen=True, slots=True)
class Split:
    """What is learned from and what only looked at.

    Attributes:
        train: Examples to learn from.
        valid: Examples that are only looked at.
        held: Names of the pairs that these are of, or are the last quarters of.
    """

    train: list[Example]
    valid: list[Example]
    held: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it.

    Attributes:
        before: Nats per event of the editor's held-out edits with the network as it was.
        after: The same with the weights that are kept.
        updates: Updates until then.
        left_out: Pairs that fit the others so badly that they weren't learned from.
        share: How much of the way from where training began to its best state the weights that are
            kept have gone, 0 to 1.
        taste: Whether a layer for where exactly the editor cuts was fitted besides.
    """

    before: float
    after: float
    updates: int
    left_out: tuple[str, ...]
    share: float = 1.0
    taste: bool = False

    @property
    def is_better(self) -> bool:
        """Whether the edits are told better than before by more than chance would."""
        return self.after < _least(self.before)

    @property
    def words(self) -> str:
        """What came of it, in a sentence."""
        return (
            f"{self.before:.2f} nats per event before, {self.after:.2f} after {self.updates} "
            f"updates, on edits that were held out, with {100 * self.share:.0f} % of what they "
            "changed in the weights"
            + (", and with the places of cuts learned besides." if self.taste else ".")
        )


def _least(before: float) -> float:
    return before * (1 - _LEAST_GAIN)


@dataclass(slots=True)
class Standing:
    """Where a run stands, besides the trainer's own state; both together are enough to go on.

    Attributes:
        left_out: Pairs that fit the others so badly that they aren't learned from.
        before: Nats per event of the held-out edits with the network as it was.
        best: The lowest since.
        best_state: The weights that reached it; None for those of the start.
        best_step: After so many updates.
        seconds: Spent on updates.
        checks: How often the held-out edits were looked at.
    """

    left_out: tuple[str, ...]
    before: float
    best: float
    best_state: dict[str, torch.Tensor] | None = None
    best_step: int = 0
    seconds: float = 0.0
    checks: int = 0


class Follower:
    """Follows a run: it is told what happens, and may end it. This one lets it go its way."""

    def resumed(self) -> Standing | None:
        """Returns where an earlier run stood, to go on from there; None to begin."""
        return None

    def begun(self, tuner: FineTuner, split: Split, standing: Standing) -> None:
        """Is called before the first update; may bring the trainer to where it stood."""

    def updated(self, tuner: FineTuner, standing: Standing, means: dict[str, float]) -> bool:
        """Is called after each update with its losses; returns whether to go on."""
        if tuner.step % 10 == 0:
            log.info(
                "step %d after %.0f s: grad_norm %.2f",
                tuner.step,
                standing.seconds,
                means["grad_norm"],
            )
        return True

    def checked(self, tuner: FineTuner, standing: Standing, held: float, split: Split) -> None:
        """Is called with the nats per event of the held-out edits, after each look at them."""


def as_the_mean_editor(example: Example) -> Example:
    """Says that the editor of an example is the mean one, but for how much is looped.

    A network that is asked for nothing edits as the mean editor does: that is whose place the
    person takes. Tightness then moves from their own taste.
    """
    style = np.zeros_like(example.style)
    style[_EXTENSION] = example.style[_EXTENSION]
    return replace(example, style=style)


def taste_of(examples: Sequence[Example]) -> npt.NDArray[np.float32]:
    """Returns how an editor's pauses and margins differ from the mean editor's.

    Returns:
        Standardised, one number for each of `STYLE_QUANTITIES`; 0 for what is looped, which differs
        from recording to recording.
    """
    taste = standardised(pooled([measure_style(one.mel, one.runs) for one in examples]))
    taste[_EXTENSION] = 0.0
    return taste


@torch.no_grad()
def settle(model: PointerNetwork, taste: npt.NDArray[np.float32]) -> None:
    """Makes an editor's taste what the network edits in when it is asked for nothing.

    What the network does in any style stays as it was; the mean that styles are told from moves.

    Args:
        model: The network, whose card is changed along.
        taste: What `taste_of` returned.
    """
    moved = torch.from_numpy(taste).to(model.style_in.bias)
    model.style_in.bias.add_(model.style_in.weight @ moved)
    if model.vae is not None:
        model.vae.quantities_out.bias.sub_(moved)
    quantities = tuple(
        replace(one, log_mean=one.log_mean + one.log_std * float(by))
        for one, by in zip(model.card.style_quantities, taste, strict=True)
    )
    model.card = replace(model.card, style_quantities=quantities)


def split_of(named: Sequence[tuple[str, Example]], rng: np.random.Generator) -> Split:
    """Holds out a quarter of the recordings; of few recordings the last quarter of each.

    Several edits of one recording stay on one side.
    """
    examples = [example for _, example in named]
    keys = [one.recording or str(place) for place, one in enumerate(examples)]
    different = list(dict.fromkeys(keys))
    if len(different) >= _FEWEST_TO_HOLD_OUT:
        order = rng.permutation(len(different))
        n_valid = max(1, round(_HELD_OUT_SHARE * len(different)))
        out = {different[i] for i in order[:n_valid]}
        sides: tuple[list[Example], list[Example]] = ([], [])
        for key, example in zip(keys, examples, strict=True):
            sides[key in out].append(example)
        held = [name for key, (name, _) in zip(keys, named, strict=True) if key in out]
        return Split(*sides, tuple(held))
    heads, tails = [], []
    for example in examples:
        place = round((1 - _TAIL_SHARE) * example.n_frames)
        heads.append(part_of(example, 0, place))
        tails.append(part_of(example, place, example.n_frames))
    return Split(heads, tails, tuple(name for name, _ in named))


def mixed(
    start: Mapping[str, torch.Tensor], learned: Mapping[str, torch.Tensor], share: float
) -> dict[str, torch.Tensor]:
    """Returns the weights that lie so far on the way from some to others.

    Args:
        start: Weights, share 0.
        learned: Weights of the same shapes, share 1.
        share: 0 to 1.
    """
    return {
        name: torch.lerp(value, learned[name].to(value), share)
        if value.is_floating_point()
        else learned[name]
        for name, value in start.items()
    }


def chosen_share(told: Mapping[float, float], before: float) -> float:
    """Returns how much of what was learned is kept: the least, unless another leads by far.

    The held-out edits chose the best check, so they flatter it, and they don't tell what was
    forgotten: that is less the smaller the share (Wortsman et al., "Robust fine-tuning of zero-shot
    models", 2022). No share is so small that a gain becomes none.

    Args:
        told: Nats per event of the held-out edits, by share.
        before: The same with the network as it was.
    """
    best = min(told.values())
    limit = best * (1 + _LEAD)
    if best < _least(before):
        return min(share for share, nats in told.items() if nats < min(limit, _least(before)))
    return min(share for share, nats in told.items() if nats <= limit)


class Examples(ShardPool):
    """Examples in memory, all by one editor."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self._made = list(examples)

    def refresh(self) -> None:
        """Nothing is added while a library is learned."""

    @property
    def examples(self) -> list[Example]:
        """The examples."""
        return self._made

    @property
    def editors(self) -> list[list[Example]]:
        """One editor."""
        return [self._made]


class _Told(Examples):
    """Recordings by other editors, whose styles are told from another mean."""

    def __init__(self, pool: ShardPool, taste: npt.NDArray[np.float32]) -> None:
        self._works = [
            [replace(example, style=example.style - taste) for example in works]
            for works in pool.editors
        ]
        super().__init__([example for works in self._works for example in works])

    @property
    def editors(self) -> list[list[Example]]:
        """The recordings of each editor."""
        return self._works


class FineTuner(Trainer):
    """A trainer that mixes rehearsed recordings in and holds the weights near where they began."""

    def __init__(
        self, config: TrainConfig, train: ShardPool, rehearsed: ShardPool | None, out: Path
    ) -> None:
        super().__init__(config, train, Examples([]), out)
        self._rehearsed = rehearsed
        self._anchor: list[torch.Tensor] = []

    def start_from(self, checkpoint: Path) -> None:
        """Begins with the weights of a checkpoint and remembers them."""
        super().start_from(checkpoint)
        self._anchor = [value.detach().clone() for value in self.model.parameters()]

    def settle(self, taste: npt.NDArray[np.float32]) -> None:
        """Begins with an editor's taste as the mean one; see `settle`."""
        for model in (self.model, self.average):
            settle(model, taste)
        self._anchor = [value.detach().clone() for value in self.model.parameters()]
        if self._rehearsed is not None:
            self._rehearsed = _Told(self._rehearsed, taste)

    def _drawn(self, rng: np.random.Generator, size: int) -> list[Example]:
        if self._rehearsed is None or not self._rehearsed.examples:
            return super()._drawn(rng, size)
        # Pairs by one editor stay pairs.
        n_rehearsed = 2 * max(1, round(_REHEARSED_SHARE * size / 2))
        own = super()._drawn(rng, size - n_rehearsed)
        return own + self._drawn_from(self._rehearsed, rng, n_rehearsed)

    def _regularise(self) -> None:
        """Pulls the weights back to where they began (Li et al., "L2-SP", 2018)."""
        for value, start in zip(self.model.parameters(), self._anchor, strict=True):
            if value.grad is not None:
                value.grad.add_(value.detach() - start, alpha=_ANCHOR)


def config_of(settings: FineTuneSettings, model: PointerNetworkConfig) -> TrainConfig:
    """Returns the trainer's configuration for a network of that shape."""
    return TrainConfig(
        model=model,
        batch_size=settings.batch_size,
        gradient_accumulation_steps=1,
        steps=1_000_000,
        learning_rate=settings.learning_rate,
        warmup_steps=20,
        scheduler_type="warmup_constant",
        gradient_clip=1.0,
        use_gradient_checkpoint=False,
        crop_s=settings.crop_s,
        style_dropout=0.1,
        kl_warmup_steps=0,
        ema_decay=0.98,
        # Of each batch a part is rehearsed: there is nothing to sort.
        bucket_updates=1,
        event_share=0.0,
        # Each is what the likelihood is made of, and that is what is judged.
        loss_weights=LossWeights(jump=1.0, use_jump=1.0, stop=1.0, landing=1.0),
        seed=settings.seed,
    )


def fine_tune(
    named: Sequence[tuple[str, Example]],
    start: Path,
    folder: Path,
    settings: FineTuneSettings,
    rehearsed: ShardPool | None = None,
    follower: Follower | None = None,
) -> tuple[PointerNetwork, Outcome]:
    """Fits a network to the edits of one editor.

    Args:
        named: The pairs, by name.
        start: Checkpoint to begin with.
        folder: For files on the way.
        settings: How to train.
        rehearsed: Simulated recordings that are mixed in, so that nothing is forgotten.
        follower: Is told what happens, and may end the run.

    Returns:
        The mean of the best state and of where training began, as `chosen_share` weighs them, or
        the start where nothing got better, with a layer for taste where that helps; and what came
        of it.

    Raises:
        FineTuneError: There are fewer than two pairs.
    """
    if len(named) < 2:
        raise FineTuneError(
            f"{len(named)} pair(s) are too few to learn from.",
            "Add a recording and its finished edit; two pairs are the least.",
        )
    began_with = load_checkpoint(start)
    model = without_taste(began_with)
    config = config_of(settings, model.config)
    cropping = config.cropping(training=False)
    named = [(name, as_the_mean_editor(example)) for name, example in named]
    follower = follower or Follower()
    standing = follower.resumed()
    fresh = standing is None
    if standing is None:
        strange = foreign(began_with, [one for _, one in named], cropping)
        left_out = tuple(name for (name, _), odd in zip(named, strange, strict=True) if odd)
        standing = Standing(left_out, math.inf, math.inf)
    kept = [pair for pair in named if pair[0] not in standing.left_out]
    split = split_of(kept, np.random.default_rng(settings.seed))
    tuner = FineTuner(config, Examples(split.train), rehearsed, folder)
    tuner.start_from(start)
    held = float(nats_per_event(model, split.valid, cropping).mean())
    if fresh:
        standing.before = float(nats_per_event(began_with, split.valid, cropping).mean())
        standing.best = held
    # A style is told only if that helps: it was measured at few cuts.
    taste = taste_of(split.train)
    settle(model, taste)
    settled = float(nats_per_event(model, split.valid, cropping).mean())
    log.info("told the measured style: %.3f instead of %.3f nats per event", settled, held)
    if settled < held:
        tuner.settle(taste)
        standing.best = min(standing.best, settled)
    else:
        settle(model, -taste)
    log.info("before: %.3f nats per event on edits held out", standing.before)
    follower.begun(tuner, split, standing)
    _learn(tuner, split, cropping, settings, standing, follower)
    share, after = 0.0, standing.best
    if standing.best_state is not None:
        began = {name: value.clone() for name, value in model.state_dict().items()}
        told = {1.0: standing.best}
        for share in _SHARES:
            if share not in told:
                model.load_state_dict(mixed(began, standing.best_state, share))
                told[share] = float(nats_per_event(model, split.valid, cropping).mean())
            log.info("%.0f %% of what was learned: %.3f nats per event", 100 * share, told[share])
        share = chosen_share(told, standing.before)
        after = told[share]
        model.load_state_dict(mixed(began, standing.best_state, share))
    outcome = Outcome(standing.before, after, standing.best_step, standing.left_out, share)
    if not can_taste(model.config):
        return model, outcome
    tasting = with_taste(model)
    fit_taste(tasting, split.train, cropping)
    tasted = float(nats_per_event(tasting, split.valid, cropping).mean())
    log.info("with the places of cuts learned: %.3f nats per event", tasted)
    if tasted >= after:
        return model, outcome
    return tasting, replace(outcome, after=tasted, taste=True)


def _learn(
    tuner: FineTuner,
    split: Split,
    cropping: Cropping,
    settings: FineTuneSettings,
    standing: Standing,
    follower: Follower,
) -> None:
    """Makes updates until updates or time are over, with a look at the held-out edits in between.

    Looks are spread evenly, so that a slow computer looks as often as a fast one.
    """

    def look() -> None:
        # A run that was ended early, or that is short, has fewer looks.
        done = settings.share_done(tuner.step, standing.seconds)
        standing.checks = max(standing.checks + 1, math.floor(done * _CHECKS))
        after = float(nats_per_event(tuner.average, split.valid, cropping).mean())
        log.info("after %d updates: %.3f nats per event on edits held out", tuner.step, after)
        if after < standing.best:
            standing.best, standing.best_step = after, tuner.step
            standing.best_state = {k: v.clone() for k, v in tuner.average.state_dict().items()}
        follower.checked(tuner, standing, after, split)

    while standing.checks < _CHECKS:
        began = time.monotonic()
        means = tuner.update()
        standing.seconds += time.monotonic() - began
        done = settings.share_done(tuner.step, standing.seconds)
        is_due = done >= (standing.checks + 1) / _CHECKS
        if is_due:
            look()
        # Asked last: a run that goes on later then does so after the look that was due.
        if not follower.updated(tuner, standing, means):
            if not is_due:
                look()
            return


def as_learned(
    model: PointerNetwork,
    outcome: Outcome,
    pairs: Sequence[str],
    start: Path,
    habits: Habits | None = None,
) -> Card:
    """Returns the card of a network that was fitted to an editor, with what came of it.

    Args:
        model: With the weights that are kept.
        outcome: What came of it.
        pairs: Names of the pairs that it was given.
        start: The checkpoint that it began with.
        habits: What the editor does to pauses, where that is known.
    """
    return replace(
        model.card,
        habits=habits or model.card.habits,
        provenance={
            **model.card.provenance,
            "fine_tuned": {
                "date": datetime.now(UTC).date().isoformat(),
                "from": checkpoint_hash(start),
                "pairs": [name for name in pairs if name not in outcome.left_out],
                "nats_per_event_before": round(outcome.before, 4),
                "nats_per_event_after": round(outcome.after, 4),
                "updates": outcome.updates,
                "share": outcome.share,
                "taste": outcome.taste,
            },
        },
    )


def named_examples(
    library: Library, *, also_check: bool = False
) -> tuple[list[tuple[str, Example]], list[LeftOut]]:
    """Reads what `fine_tune` learns from; see `read_library`.

    Raises:
        LibraryError: There is no library, or its folders can't be read.
        FineTuneError: Pairs can't be used, and fewer than two are left.
    """
    examples, unusable = read_library(library, also_check=also_check)
    if len(examples) < 2 and unusable:
        some = " ".join(f"“{name}”: {why}" for name, why in unusable[:3])
        raise FineTuneError(
            f"Of {len(examples) + len(unusable)} pair(s) only {len(examples)} can be learned from; "
            f"two are the least. {some}"
        )
    return [(example.name, example) for example in examples], unusable


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command.

    Returns:
        0 if a better network was written, 1 for anything wrong, 3 if nothing got better.
    """
    args = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    try:
        settings = FineTuneSettings(minutes=args.minutes, seed=args.seed)
        if args.threads:
            torch.set_num_threads(args.threads)
        if args.out.resolve() == Path(BUNDLED_CHECKPOINT).resolve():
            raise CheckpointError(
                "The bundled network is never overwritten.", "Choose another name for yours."
            )
        library = Library(args.library, cache=args.cache)
        named, unusable = named_examples(library, also_check=args.also_check)
        start = args.init_from or BUNDLED_CHECKPOINT
        rehearsed = ShardPool(args.rehearse) if args.rehearse else None
        args.out.parent.mkdir(parents=True, exist_ok=True)
        model, outcome = fine_tune(named, start, args.out.parent, settings, rehearsed)
        words = outcome.words
        if outcome.left_out:
            words += f" Left out, as they don't fit the others: {', '.join(outcome.left_out)}."
        if unusable:
            words += f" Can't be used: {', '.join(name for name, _ in unusable)}."
        if not outcome.is_better:
            sys.stderr.write(f"Nothing was learned that helps: {words} No network was written.\n")
            return 3
        learned = [name for name, _ in named if name not in outcome.left_out]
        habits = habits_of(library.chosen(learned))
        card = as_learned(model, outcome, [name for name, _ in named], start, habits)
        save_checkpoint(args.out, model, card)
    except (EditorBotError, ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stderr.write(f"{words}\nWritten: {args.out}\n")
    if args.json:
        gain = 1 - outcome.after / max(outcome.before, math.ulp(1.0))
        told = {"model": str(args.out), "gain": round(gain, 4), "share": outcome.share}
        sys.stdout.write(json.dumps(told) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.finetune", description="Teach a network how you edit."
    )
    parser.add_argument("--library", type=Path, required=True, help="folder of your pairs")
    parser.add_argument("--cache", type=Path, help="where what was made of them lies")
    parser.add_argument("--out", type=Path, required=True, help="the network to write")
    parser.add_argument("--init-from", type=Path, help="begin with another than the bundled one")
    parser.add_argument("--rehearse", type=Path, help="simulated recordings to mix in")
    parser.add_argument("--minutes", type=float, default=15.0, help="how long to train at most")
    parser.add_argument("--also-check", action="store_true", help="pairs too that want a look")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--json", action="store_true", help="print what came of it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
