"""The likelihood of edits: what training maximises and validation reports.

With e the expected position, s and u the probabilities of stopping and of a far jump, k the frames'
keys and q a step's query,

    P(stop)  = s
    P(e + o) = (1 - s) (1 - u) softmax over o of (delta_logits[o] + q . k[e + o] / sqrt(K))
    P(j)     = (1 - s) u softmax over buckets b of jump_logits[b] P(j | b)

where |o| <= max_delta, j is farther away, and what lies outside the recording is left out.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from model_core.nn.heads import DeltaPredictionHead, StepLogits
from model_core.nn.jumps import Keys, landing_log_probabilities
from model_core.nn.landing import copying_as_liked, liked_around, near_scores


class StepTerms(NamedTuple):
    """Log-probabilities of what happened at each step, 0 where a term has no say; `[R, E]` each.

    Attributes:
        stop: Of stopping, or of not stopping.
        use_jump: Of a far jump, or of none.
        delta: Of the near offset.
        jump: Of the bucket.
        landing: Of the frame within the bucket.
        event: True where the step does anything but copy the next frame.
        valid: True where there is a step.
        near: True where the step is a near offset within sight.
        near_right: True where, of all near offsets, that one is the likeliest.
    """

    stop: Tensor
    use_jump: Tensor
    delta: Tensor
    jump: Tensor
    landing: Tensor
    event: Tensor
    valid: Tensor
    near: Tensor
    near_right: Tensor

    def log_probability(self) -> Tensor:
        """Returns the log-probability of each step, of shape `[R, E]`."""
        return self.stop + self.use_jump + self.delta + self.jump + self.landing


def near_log_probabilities(
    head: DeltaPredictionHead, steps: StepLogits, frame_keys: Tensor, start: int
) -> Tensor:
    """Returns the log-softmax over near offsets within whole recordings.

    Args:
        head: The head.
        steps: Its logits at consecutive expected positions from `start` on.
        frame_keys: Of shape `[R, T, K]`.
        start: First expected position.

    Returns:
        Of shape `[R, E, 2 * max_delta + 1]`.
    """
    near = near_scores(steps.query, frame_keys, head.max_delta, start)
    near = steps.delta_logits.float() + near
    if steps.taste.shape[-1]:
        liked = liked_around(frame_keys, head.max_delta, near.shape[1], start)
        near = copying_as_liked(near, steps.taste, liked)
    return near.log_softmax(dim=-1)


def step_terms(
    head: DeltaPredictionHead,
    steps: StepLogits,
    keys: Keys,
    pointers: Tensor,
    lengths: Tensor,
    offset: Tensor | None = None,
    total: Tensor | None = None,
    label_smoothing: float = 0.0,
) -> StepTerms:
    """Returns the log-probabilities of given steps.

    Args:
        head: The head.
        steps: Its logits at e = 0 ... T, with leading shape `[R, T + 1]`.
        keys: Of the recordings, one for each row.
        pointers: Next pointer at each e, of shape `[R, T + 1]`, in frames of the whole recording;
            `PADDING` where there is no step, `STOP` at the end. Of one that lands outside a crop
            only the choice of the frame is left out.
        lengths: Frames of each recording or crop, of shape `[R]`.
        offset: First frame of each crop in its recording, `[R]`; default 0.
        total: Frames of each whole recording, `[R]`; default `lengths`.
        label_smoothing: For the buckets only: over the offsets it would put a standing probability
            of leaving on every copied frame.

    Returns:
        The terms, float32.
    """
    offset = torch.zeros_like(lengths) if offset is None else offset
    total = lengths if total is None else total
    column = torch.arange(pointers.shape[1], device=pointers.device)
    expected = column + offset[:, None]
    target = head.step_targets(expected, pointers)
    going = target.valid & ~target.stop
    landing = target.landing - offset[:, None]
    in_sight = going & (landing >= 0) & (landing < lengths[:, None])

    stop = -F.binary_cross_entropy_with_logits(
        steps.stop_logits.float(), target.stop.float(), reduction="none"
    )
    exists = head.buckets_exist(expected, total[:, None].expand_as(expected))
    use_jump = -F.binary_cross_entropy_with_logits(
        steps.use_jump_logits.float(), target.use_jump.float(), reduction="none"
    )
    use_jump = torch.where(going & exists.any(dim=-1), use_jump, 0.0)

    # Only where there is a near offset: elsewhere none may be legal, and gradients would be NaN.
    is_near = in_sight & ~target.use_jump
    near = near_scores(steps.query, keys.frames, head.max_delta)
    lands = column[:, None] + torch.arange(-head.max_delta, head.max_delta + 1, device=near.device)
    near = near.masked_fill(lands >= lengths[:, None, None], float("-inf"))
    scores = steps.delta_logits[is_near].float() + near[is_near]
    if steps.taste.shape[-1]:
        liked = liked_around(keys.frames, head.max_delta, near.shape[1])
        scores = copying_as_liked(scores, steps.taste[is_near], liked[is_near])
    chosen = scores.log_softmax(dim=-1)
    delta = chosen.gather(1, target.delta[is_near][:, None])[:, 0]
    right = chosen.argmax(dim=-1) == target.delta[is_near]

    far = (going & target.use_jump).nonzero(as_tuple=True)
    logits = steps.jump_logits[far].float().masked_fill(~exists[far], float("-inf"))
    jump = _smoothed(logits.log_softmax(dim=-1), target.bucket[far], label_smoothing)
    seen = (in_sight & target.use_jump).nonzero(as_tuple=True)
    landings = landing_log_probabilities(
        head, steps.query[seen], keys, seen[0], seen[1], landing[seen], lengths
    )
    nothing = torch.zeros_like(stop)
    return StepTerms(
        torch.where(target.valid, stop, 0.0),
        use_jump,
        nothing.index_put(is_near.nonzero(as_tuple=True), delta),
        nothing.index_put(far, jump),
        nothing.index_put(seen, landings),
        target.valid & (target.stop | (pointers != expected)),
        target.valid,
        is_near,
        torch.zeros_like(is_near).index_put(is_near.nonzero(as_tuple=True), right),
    )


def _smoothed(log_probabilities: Tensor, target: Tensor, smoothing: float) -> Tensor:
    """Returns the (label-smoothed) log-probability of each target, of shape `[J]`."""
    chosen = log_probabilities.gather(-1, target[:, None])[:, 0]
    if smoothing == 0:
        return chosen
    real = log_probabilities.isfinite()
    mean = log_probabilities.masked_fill(~real, 0.0).sum(dim=-1) / real.sum(dim=-1).clamp(min=1)
    return (1 - smoothing) * chosen + smoothing * mean
