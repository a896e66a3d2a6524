"""How well a network tells edits that it wasn't shown: of whole recordings, as it will be used.

What is computed at once is bounded, so recordings of hours are told in parts of ten minutes, each
of which knows where it lies in the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch

from model_core.nn.network import PointerNetwork
from training.config import TrainConfig
from training.dataset import Cropping, Example, make_batch
from training.losses import Batch, compute_losses


def whole_batches(
    examples: Sequence[Example], cropping: Cropping, most_examples: int | None = None
) -> Iterator[Batch]:
    """Yields batches of whole recordings, those of similar lengths together.

    No batch holds more than `cropping.frames` frames with its padding: short recordings share
    one, and longer ones than that come in parts.

    Args:
        examples: The recordings.
        cropping: `frames` bounds the memory; nothing is varied.
        most_examples: Most crops in a batch; None for no other bound.
    """
    cropping = replace(cropping, augment=False, augmentation=None)
    parts = [(e, start) for e in examples for start in _starts(e.n_frames, cropping.frames)]
    parts.sort(key=lambda part: min(part[0].n_frames - part[1], cropping.frames))
    batch: list[tuple[Example, int]] = []
    for part in parts:
        # Rising lengths: the newest one is the longest.
        longest = min(part[0].n_frames, cropping.frames)
        full = most_examples is not None and len(batch) >= most_examples
        if batch and (full or (len(batch) + 1) * longest > cropping.frames):
            yield _batch_of(batch, cropping)
            batch = []
        batch.append(part)
    if batch:
        yield _batch_of(batch, cropping)


def _starts(n_frames: int, most: int) -> list[int]:
    # A step is asked where the frame before it is in sight: parts share one frame.
    return [0] if n_frames <= most else list(range(0, n_frames - 1, most - 1))


def _batch_of(parts: Sequence[tuple[Example, int]], cropping: Cropping) -> Batch:
    examples = [example for example, _ in parts]
    starts = [start for _, start in parts]
    return make_batch(examples, np.random.default_rng(0), cropping, starts=starts)


@torch.no_grad()
def nats_per_event(
    model: PointerNetwork, examples: Sequence[Example], cropping: Cropping
) -> npt.NDArray[np.float64]:
    """Returns how well a network tells the edit of each example, of shape `[n]`; less is better.

    Args:
        model: The network.
        examples: Recordings with their edits.
        cropping: How much is told at once, and what is hidden.
    """
    model.eval()
    told = []
    for example in examples:
        nats = events = 0.0
        for batch in whole_batches([example], cropping, most_examples=1):
            terms = compute_losses(model, batch, TrainConfig().loss_weights, 0.0).terms
            nats -= float(terms.log_probability().sum())
            events += float(terms.event.sum())
        told.append(nats / max(1.0, events))
    return np.array(told)
