"""The losses. Sums over steps are divided by the number of events, not of frames.

Nearly every step copies, so a mean over frames would drown the few events that make an edit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional as F

from model_core.nn.decoder import Walk
from model_core.nn.encoder import Encoded
from model_core.nn.heads import StepLogits
from model_core.nn.jumps import Keys
from model_core.nn.likelihood import StepTerms, step_terms
from model_core.nn.network import PointerNetwork
from model_core.nn.style import kl_divergence
from model_core.nn.style_events import StyleEvents

Pooling: TypeAlias = Callable[[Tensor], Tensor]
"""The mean of a number over the processes of a run."""

_MOST_WEIGHT = 1e4
_FREE_NATS = 0.1
"""What each dimension of a style may hold uncharged."""


@dataclass(frozen=True, slots=True)
class LossWeights:
    """Weight of each loss; the edit-op head's is the network's `op_loss_weight`."""

    delta: float = 1.0
    jump: float = 0.5
    use_jump: float = 0.3
    stop: float = 0.5
    landing: float = 0.5
    kl: float = 0.01
    style: float = 0.1
    length: float = 0.1
    structure: float = 0.1
    coverage: float = 4.0
    reason: float = 0.5

    def __post_init__(self) -> None:
        for entry in fields(self):
            value = getattr(self, entry.name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"The weight {entry.name} is a number, not {value!r}.")
            if not 0 <= value <= _MOST_WEIGHT:
                raise ValueError(
                    f"The weight {entry.name} lies between 0 and {_MOST_WEIGHT:g}, not {value}."
                )


class Batch(NamedTuple):
    """Crops of recordings with their truth.

    Steps lie in R rows of T + 1 columns, one for each expected position e of a crop. A crop has one
    row, and another for each time that a place is played again.

    Attributes:
        mel: float32 of shape `[B, n_mels, T]`.
        mask: True for real frames, of shape `[B, T]`.
        offset: First frame of each crop within its recording, `[B]`.
        total: Frames of each whole recording, `[B]`.
        style: Standardised style quantities, `[B, n_style_quantities]`.
        style_known: `[B]`; False trains the network to do without.
        visits: How often the edit plays each frame, `[B, T]`.
        reason: Class of why a removed frame went, -1 elsewhere, `[B, T]`.
        log_ratio: log(S / T) of each whole edit, `[B]`.
        recording: Crop that each row belongs to, `[R]`.
        pointers: Next pointer at each e, `[R, T + 1]`, in frames of the whole recording; `PADDING`
            where there is no step, `STOP` at the end.
        ops: `EditOp` of each step, -1 where there is none, `[R, T + 1]`.
        budget: log((edit frames to play) / (raw frames left)), NaN where hidden, `[R, T + 1]`.
        order: Place of each step among the rows in edit order, `[B, S]`; -1 for padding.
        history_known: `[B]`; False trains the network to do without.
        stems: Spectrograms of stems by name, each of the shape of `mel`; None where there are none.
        events: What the edit does in each crop; None where no styles are read.
        stems_present: False where a crop lacks a stem that others have, `[B, n_stems]`.
        told_by: Crop of the same editor whose events tell the style, `[B]`; -1 where the measured
            quantities tell it.
    """

    mel: Tensor
    mask: Tensor
    offset: Tensor
    total: Tensor
    style: Tensor
    style_known: Tensor
    visits: Tensor
    reason: Tensor
    log_ratio: Tensor
    recording: Tensor
    pointers: Tensor
    ops: Tensor
    budget: Tensor
    order: Tensor
    history_known: Tensor
    stems: dict[str, Tensor] | None = None
    events: StyleEvents | None = None
    told_by: Tensor | None = None
    stems_present: Tensor | None = None


class Losses(NamedTuple):
    """Each loss unweighted, their weighted sum, and the likelihood they are made of."""

    total: Tensor
    parts: dict[str, Tensor]
    terms: StepTerms


def alone(value: Tensor) -> Tensor:
    """Is the mean over the processes of a run of one process."""
    return value


def compute_losses(
    model: PointerNetwork,
    batch: Batch,
    weights: LossWeights,
    label_smoothing: float,
    pooled: Pooling = alone,
) -> Losses:
    """Runs the network on a batch and compares.

    Args:
        model: The network.
        batch: Crops with truth.
        weights: Weight of each loss.
        label_smoothing: For the jump buckets and edit ops only: over the offset classes it would
            put a standing probability of leaving on every copied frame.
        pooled: Makes what sums are divided by the same in all processes, so that the mean of their
            losses is the loss of all crops together.

    Returns:
        The losses.
    """
    encoded = model.encode(
        batch.mel, batch.mask, batch.offset, batch.total, batch.stems, batch.stems_present
    )
    style, style_parts = _styles(model, encoded, batch, pooled)
    lengths = batch.mask.sum(dim=1)
    rows = batch.recording
    each = encoded if len(rows) == len(lengths) else Encoded(*(part[rows] for part in encoded))
    keys = model.keys(encoded, lengths)
    steps = model.steps(
        each,
        style[rows],
        lengths=lengths[rows],
        walk=Walk(batch.order, batch.history_known),
        budget=batch.budget,
    )
    terms = step_terms(
        model.head,
        steps,
        keys if each is encoded else Keys(*(part[rows] for part in keys)),
        batch.pointers,
        lengths[rows],
        batch.offset[rows],
        batch.total[rows],
        label_smoothing,
    )
    events = _count(terms.event, pooled)
    parts = _per_event(terms, events)
    if "kl" in style_parts:
        style_parts["kl"] = style_parts["kl"] / events
    parts |= style_parts
    parts["length"] = F.mse_loss(model.length(encoded, style), batch.log_ratio)
    parts |= _frame_losses(model, encoded, style, batch, pooled)
    named = {name: getattr(weights, name) for name in parts}
    if steps.op_logits.shape[-1]:
        parts["edit_op"] = _op_loss(steps, batch, label_smoothing, pooled)
        named["edit_op"] = model.config.op_loss_weight
    total = torch.stack([named[name] * part for name, part in parts.items()]).sum()
    return Losses(total, {name: part.detach() for name, part in parts.items()}, terms)


def _styles(
    model: PointerNetwork, encoded: Encoded, batch: Batch, pooled: Pooling
) -> tuple[Tensor, dict[str, Tensor]]:
    """Returns a style for each crop, and what reading styles costs.

    A crop's style is read from another crop of the same editor: it is the editor's then, and can't
    hold the answer. What it costs is the summed divergence from the prior, and the squared error
    with which the measured quantities are told from the style.
    """
    style = model.style(batch.style, batch.style_known)
    if model.vae is None or batch.events is None or batch.told_by is None:
        return style, {}
    posterior = model.read_style(encoded, batch.events)
    eventful = batch.events.mask.any(dim=1)
    read = model.vae.draw(posterior)
    teller = batch.told_by.clamp(min=0)
    is_read = batch.style_known & (batch.told_by >= 0) & eventful[teller]
    # What is told and what is read share the space: either way the quantities lie in it.
    told = model.vae.quantities(torch.cat((read, model.style(batch.style))))
    error = (told.float() - batch.style.repeat(2, 1)).square().mean(dim=1)
    weight = torch.cat((eventful, torch.ones_like(eventful))).float()
    costs = {
        "kl": (kl_divergence(posterior, _FREE_NATS) * eventful).sum(),
        "style": (error * weight).sum() / pooled(weight.sum()),
    }
    return torch.where(is_read[:, None], read[teller].to(style.dtype), style), costs


def likelihood_figures(terms: StepTerms) -> dict[str, Tensor]:
    """Returns the negative log-likelihood in nats, and how often near offsets are right.

    The likelihood is per step, and of events alone per event. A network that always copies has
    nearly all near offsets right, and none of those at events.
    """
    log_probability = terms.log_probability()
    steps, events = terms.valid.sum().clamp(min=1), terms.event.sum().clamp(min=1)
    near_events = terms.near & terms.event
    return {
        "nats_per_frame": -log_probability.sum() / steps,
        "nats_per_event": -log_probability[terms.event].sum() / events,
        "delta_accuracy": terms.near_right.sum() / terms.near.sum().clamp(min=1),
        "event_delta_accuracy": (terms.near_right & near_events).sum()
        / near_events.sum().clamp(min=1),
    }


def _count(chosen: Tensor, pooled: Pooling) -> Tensor:
    """Returns how many are True, at least one: what a sum over them is divided by."""
    return pooled(chosen.sum().float()).clamp(min=1)


def _per_event(terms: StepTerms, events: Tensor) -> dict[str, Tensor]:
    """Returns the negative sums of the terms, divided by the number of events."""
    names = ("stop", "use_jump", "delta", "jump", "landing")
    return {name: -getattr(terms, name).sum() / events for name in names}


def _op_loss(steps: StepLogits, batch: Batch, label_smoothing: float, pooled: Pooling) -> Tensor:
    """Cross-entropy of the edit ops, divided by the number of those that don't copy."""
    real = batch.ops >= 0
    summed = F.cross_entropy(
        steps.op_logits[real].float(),
        batch.ops[real],
        reduction="sum",
        label_smoothing=label_smoothing,
    )
    return summed / _count(batch.ops > 0, pooled)


def _frame_losses(
    model: PointerNetwork, encoded: Encoded, style: Tensor, batch: Batch, pooled: Pooling
) -> dict[str, Tensor]:
    """Returns coverage, reason and structure losses."""
    frame = model.frame_logits(encoded, style)
    logits = frame.coverage.float()
    coverage = logits.new_zeros(())
    frames = _count(batch.mask, pooled)
    for visit in range(logits.shape[-1]):
        # That a frame is played again is asked only where it is played so often at all.
        asked = batch.mask & (batch.visits >= visit)
        target = (batch.visits[asked] > visit).float()
        summed = F.binary_cross_entropy_with_logits(
            logits[..., visit][asked], target, reduction="sum"
        )
        coverage = coverage + summed / frames
    removed = batch.reason >= 0
    reason = F.cross_entropy(frame.reason.float()[removed], batch.reason[removed], reduction="sum")
    return {
        "coverage": coverage,
        "reason": reason / _count(removed, pooled),
        "structure": _structure_loss(
            logits[..., 0].sigmoid(), batch, model.config.global_token_stride
        )
        / frames,
    }


def _structure_loss(coverage: Tensor, batch: Batch, stride: int) -> Tensor:
    """Squared error of the mean coverage of each stretch of `stride` frames, summed over frames."""
    pad = -coverage.shape[1] % stride
    mask = F.pad(batch.mask.float(), (0, pad)).view(coverage.shape[0], -1, stride)
    kept = (batch.visits > 0).float()
    error = F.pad((coverage - kept) * batch.mask, (0, pad)).view_as(mask).sum(dim=2)
    size = mask.sum(dim=2)
    return ((error / size.clamp(min=1)).square() * size).sum()
