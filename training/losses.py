"""The losses. Sums over steps are divided by the number of events, not of frames.

Nearly every step copies, so a mean over frames would drown the few events that make an edit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from model_core.nn.heads import StepLogits
from model_core.nn.landing import near_scores
from model_core.nn.network import PointerNetwork


@dataclass(frozen=True, slots=True)
class LossWeights:
    """Weight of each loss."""

    delta: float = 1.0
    jump: float = 0.5
    use_jump: float = 0.3
    stop: float = 0.5
    landing: float = 0.5
    coverage: float = 4.0
    reason: float = 0.5
    structure: float = 0.1


class Batch(NamedTuple):
    """Crops of recordings with their truth.

    Attributes:
        mel: float32 of shape `[B, n_mels, T]`.
        mask: True for real frames, of shape `[B, T]`.
        offset: First frame of each crop within its recording, `[B]`.
        total: Frames of each whole recording, `[B]`.
        style: Standardised style quantities, `[B, n_style_quantities]`.
        style_known: `[B]`; False trains the network to do without.
        kept: Share of each frame that the edit keeps, 0 or 1, `[B, T]`.
        reason: Class of why a removed frame went, -1 elsewhere, `[B, T]`.
        pointers: Next pointer at each expected position e = 0 ... T, `[B, T + 1]`, in frames of
            the crop; `PADDING` where e is never expected, `STOP` at the end. A landing beyond
            the crop is T or more.
    """

    mel: Tensor
    mask: Tensor
    offset: Tensor
    total: Tensor
    style: Tensor
    style_known: Tensor
    kept: Tensor
    reason: Tensor
    pointers: Tensor


class Losses(NamedTuple):
    """Each loss unweighted, and their weighted sum."""

    total: Tensor
    parts: dict[str, Tensor]


def compute_losses(
    model: PointerNetwork, batch: Batch, weights: LossWeights, label_smoothing: float
) -> Losses:
    """Runs the network on a batch and compares.

    Args:
        model: The network.
        batch: Crops with truth.
        weights: Weight of each loss.
        label_smoothing: For the jump buckets only: over the offset classes it would put a
            standing probability of leaving on every copied frame.

    Returns:
        The losses.
    """
    encoded = model.encode(batch.mel, batch.mask, batch.offset, batch.total)
    style = model.style(batch.style, batch.style_known)
    frame = model.frame_logits(encoded, style)
    steps = model.steps(encoded, style, lengths=batch.mask.sum(dim=1))
    parts = _step_losses(model, steps, model.keys(encoded), batch, label_smoothing)
    coverage = frame.coverage.float()
    parts["coverage"] = F.binary_cross_entropy_with_logits(
        coverage[batch.mask], batch.kept[batch.mask]
    )
    removed = batch.reason >= 0
    reason = F.cross_entropy(frame.reason.float()[removed], batch.reason[removed], reduction="sum")
    parts["reason"] = reason / removed.sum().clamp(min=1)
    parts["structure"] = _structure_loss(
        coverage.sigmoid(), batch, model.config.global_token_stride
    )
    named = {name: getattr(weights, name) for name in parts}
    total = torch.stack([named[name] * part for name, part in parts.items()]).sum()
    return Losses(total, {name: part.detach() for name, part in parts.items()})


def _step_losses(
    model: PointerNetwork, steps: StepLogits, keys: Tensor, batch: Batch, label_smoothing: float
) -> dict[str, Tensor]:
    """Returns stop, use-jump, delta, jump and landing losses per event."""
    head = model.head
    n_frames = batch.mel.shape[-1]
    lengths = batch.mask.sum(dim=1)
    expected = torch.arange(n_frames + 1, device=keys.device).expand_as(batch.pointers)
    target = head.step_targets(expected, batch.pointers)
    going = target.valid & ~target.stop
    offset = target.landing - expected
    events = (target.stop & target.valid).sum() + (going & (offset != 0)).sum()
    per_event = 1.0 / events.clamp(min=1)
    inside = going & (target.landing < lengths[:, None])

    stop = F.binary_cross_entropy_with_logits(
        steps.stop_logits.float()[target.valid], target.stop[target.valid].float(), reduction="sum"
    )
    use_jump = F.binary_cross_entropy_with_logits(
        steps.use_jump_logits.float()[going], target.use_jump[going].float(), reduction="sum"
    )
    # Keys of padding are never a landing, as frames beyond the recording are none.
    near = near_scores(steps.query, keys, head.max_delta)
    landing_at = expected[..., None] + torch.arange(
        -head.max_delta, head.max_delta + 1, device=keys.device
    )
    near = near.masked_fill(landing_at >= lengths[:, None, None], float("-inf"))
    is_near = inside & ~target.use_jump
    logits = steps.delta_logits.float() + near
    delta = F.cross_entropy(logits[is_near], target.delta[is_near], reduction="sum")

    far = going & target.use_jump
    jump = F.cross_entropy(
        steps.jump_logits.float()[far],
        target.bucket[far],
        reduction="sum",
        label_smoothing=label_smoothing,
    )
    landing = _landing_loss(model, steps, keys, lengths, expected, target.landing, inside & far)
    parts = {"stop": stop, "use_jump": use_jump, "delta": delta, "jump": jump, "landing": landing}
    return {name: part * per_event for name, part in parts.items()}


def _landing_loss(
    model: PointerNetwork,
    steps: StepLogits,
    keys: Tensor,
    lengths: Tensor,
    expected: Tensor,
    landing: Tensor,
    chosen: Tensor,
) -> Tensor:
    """Cross-entropy of far landings within their buckets, summed over the chosen steps."""
    recording, place = chosen.nonzero(as_tuple=True)
    if recording.numel() == 0:
        return keys.new_zeros(())
    query = steps.query[recording, place].float()
    scores = torch.einsum("ek,etk->et", query, keys.float()[recording]) / query.shape[-1] ** 0.5
    frames = torch.arange(keys.shape[1], device=keys.device)
    offset = frames - expected[recording, place][:, None]
    target = landing[recording, place]
    bucket = model.head.bucket_of(target - expected[recording, place])
    allowed = (
        (model.head.bucket_of(offset) == bucket[:, None])
        & (offset.abs() > model.head.max_delta)
        & (frames < lengths[recording][:, None])
    )
    return F.cross_entropy(scores.masked_fill(~allowed, float("-inf")), target, reduction="sum")


def _structure_loss(coverage: Tensor, batch: Batch, stride: int) -> Tensor:
    """Squared error of the mean coverage of each stretch of `stride` frames."""
    pad = -coverage.shape[1] % stride
    mask = F.pad(batch.mask.float(), (0, pad)).view(coverage.shape[0], -1, stride)
    error = F.pad((coverage - batch.kept) * batch.mask, (0, pad)).view_as(mask).sum(dim=2)
    size = mask.sum(dim=2)
    return ((error / size.clamp(min=1)).square() * size).sum() / size.sum().clamp(min=1)
