"""Landings of jumps: which frame within a bucket.

In narrow buckets a frame is chosen among all; in wide and open ones first a stretch of `STRETCH`
frames, then a frame in it, so that a jump costs little in recordings of hours. Either way the
probabilities of a bucket's frames sum to 1.

Shape letters: B recordings, J jumps, T frames, G stretches, K width of keys.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from model_core.nn.heads import DeltaPredictionHead, StepLogits
from model_core.nn.landing import copying_as_liked

STRETCH = 256
"""Frames that a stretch key stands for."""
_AT_ONCE = 128
_STRETCHES_OPENED = 3
_LEAST_MASS = 5e-3


class Keys(NamedTuple):
    """What landings are chosen by.

    Attributes:
        frames: Key of each frame, of shape `[B, T, K]`.
        stretches: Key of each stretch, of shape `[B, G, K]`.
    """

    frames: Tensor
    stretches: Tensor


def pool_stretches(x: Tensor, lengths: Tensor | None = None) -> Tensor:
    """Returns the mean over each `STRETCH` frames.

    Args:
        x: Of shape `[B, T, K]`.
        lengths: Frames of each recording, `[B]`, so that padding doesn't count; default T.

    Returns:
        Of shape `[B, G, K]`.
    """
    if lengths is not None:
        real = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
        x = x * real[..., None]
    pad = -x.shape[1] % STRETCH
    padded = F.pad(x, (0, 0, 0, pad))
    sums = padded.view(x.shape[0], -1, STRETCH, x.shape[2]).sum(dim=2)
    first = torch.arange(sums.shape[1], device=x.device) * STRETCH
    ends = torch.tensor([x.shape[1]], device=x.device) if lengths is None else lengths
    count = (ends[:, None] - first).clamp(1, STRETCH)
    means: Tensor = sums / count[..., None].to(sums.dtype)
    return means


def landing_log_probabilities(
    head: DeltaPredictionHead,
    query: Tensor,
    keys: Keys,
    recording: Tensor,
    expected: Tensor,
    landing: Tensor,
    n_frames: Tensor,
) -> Tensor:
    """Returns log P(landing | bucket of the landing) of given jumps.

    Args:
        head: The head whose buckets are meant.
        query: Queries, of shape `[J, K]`.
        keys: Keys of the recordings.
        recording: Which recording each jump is in, of shape `[J]`.
        expected: Expected positions, of shape `[J]`.
        landing: Where each jump lands, of shape `[J]`.
        n_frames: Frames of each recording, of shape `[B]`.

    Returns:
        float32 of shape `[J]`.
    """
    bucket = head.bucket_of(landing - expected)
    low, high = head.bucket_range(bucket, expected, n_frames[recording])
    wide = head.is_wide(bucket)
    result = query.new_zeros(len(query), dtype=torch.float32)
    for chosen, stages in ((~wide, _one_stage), (wide, _two_stages)):
        places = chosen.nonzero()[:, 0]
        for some in torch.split(places, _AT_ONCE) if len(places) else ():
            values = stages(
                query[some], keys, recording[some], low[some], high[some], landing[some]
            )
            result = result.index_put((some,), values)
    return result


def _one_stage(
    query: Tensor, keys: Keys, recording: Tensor, low: Tensor, high: Tensor, landing: Tensor
) -> Tensor:
    scores = _frame_scores(query, keys.frames, recording, low, high)
    return scores.log_softmax(dim=-1).gather(1, (landing - low)[:, None])[:, 0]


def _two_stages(
    query: Tensor, keys: Keys, recording: Tensor, low: Tensor, high: Tensor, landing: Tensor
) -> Tensor:
    first = torch.arange(keys.stretches.shape[1], device=query.device) * STRETCH
    scores = _stretch_scores(query, keys.stretches[recording], first, low[:, None], high[:, None])
    stretch = landing // STRETCH
    which = scores.log_softmax(dim=-1).gather(1, stretch[:, None])[:, 0]
    begin = torch.maximum(low, stretch * STRETCH)
    end = torch.minimum(high, (stretch + 1) * STRETCH)
    return which + _one_stage(query, keys, recording, begin, end, landing)


def _frame_scores(
    query: Tensor, frames: Tensor, recording: Tensor, low: Tensor, high: Tensor
) -> Tensor:
    """Scores the frames from `low` on, of shape `[J, widest]`; -inf from `high` on."""
    widest = int((high - low).max())
    at = low[:, None] + torch.arange(widest, device=query.device)
    there = frames[recording[:, None], at.clamp(max=frames.shape[1] - 1)]
    scores = _products(query, there)
    return scores.masked_fill(at >= high[:, None], float("-inf"))


def _products(query: Tensor, keys: Tensor) -> Tensor:
    """Returns `q . k / sqrt(K)` of queries `[J, K]` and keys `[J, N, K]` in float32, `[J, N]`."""
    with torch.autocast(query.device.type, enabled=False):
        products = torch.einsum("jk,jnk->jn", query.float(), keys.float())
    return products / math.sqrt(query.shape[-1])


def _stretch_scores(
    query: Tensor, stretches: Tensor, first: Tensor, low: Tensor, high: Tensor
) -> Tensor:
    """Scores stretches, each counting as much as it has frames in its bucket.

    Args:
        query: Of shape `[J, K]`.
        stretches: Their keys, of shape `[J, G, K]` or `[1, G, K]`.
        first: First frame of each stretch, of shape `[G]`.
        low: First frame of the bucket, of shape `[J, 1]`.
        high: Its end, exclusive, of shape `[J, 1]`.

    Returns:
        Of shape `[J, G]`; -inf outside the bucket.
    """
    size = torch.minimum(high, first + STRETCH) - torch.maximum(low, first)
    scores = _products(query, stretches.expand(len(query), -1, -1))
    scores = scores + size.clamp(min=1).float().log()
    return scores.masked_fill(size <= 0, float("-inf"))


class Masses(NamedTuple):
    """Where steps land, given that they neither copy nor stop.

    Attributes:
        near: Mass of offsets `-reach ... reach`, of shape `[J, 2 * reach + 1]`.
        far_jump: Which step each stretch farther away belongs to, of shape `[F]`.
        far_low: First frame of each, of shape `[F]`.
        far: Mass of the frames from there on, of shape `[F, STRETCH]`.
    """

    near: Tensor
    far_jump: Tensor
    far_low: Tensor
    far: Tensor


def landing_masses(head: DeltaPredictionHead, steps: StepLogits, keys: Keys, at: Tensor) -> Masses:
    """Returns where steps of one recording land, given that they neither copy nor stop.

    Of wide buckets only the likeliest stretches are opened, and only where the bucket is likely.

    Args:
        head: The head.
        steps: Its logits at the steps, with leading shape `[J]`.
        keys: Of the recording (B = 1).
        at: Expected positions, of shape `[J]`, rising.
    """
    reach = head.narrow_reach
    n_frames = keys.frames.shape[1]
    scores, inside = _scores_around(steps.query, keys.frames[0], at, reach)
    copy, m = reach, head.max_delta
    near = scores[:, reach - m : reach + m + 1] + steps.delta_logits.float()
    near = near.masked_fill(~inside[:, reach - m : reach + m + 1], float("-inf"))
    if steps.taste.shape[-1]:
        landings = (at[:, None] + torch.arange(-m, m + 1, device=at.device)).clamp(0, n_frames - 1)
        near = copying_as_liked(near, steps.taste, keys.frames[0, landings, -1].float())
    near = near.softmax(dim=-1).nan_to_num(0.0)
    exists = head.buckets_exist(at, n_frames)
    jump = steps.use_jump_logits.float().sigmoid() * exists.any(dim=-1)
    shares = steps.jump_logits.float().masked_fill(~exists, float("-inf"))
    shares = shares.softmax(dim=-1).nan_to_num(0.0) * jump[:, None]
    mass = torch.zeros_like(scores)
    mass[:, reach - m : reach + m + 1] = near * (1 - jump)[:, None]
    mass[:, copy] = 0.0
    left = (1 - jump) * (1 - near[:, m]) + jump
    scores = scores.masked_fill(~inside, float("-inf"))
    far: list[tuple[Tensor, Tensor, Tensor]] = []
    for bucket, (low, high) in enumerate(head.bucket_offsets()):
        if -reach <= low and high <= reach + 1:
            part = slice(low + reach, high + reach)
            share = scores[:, part].softmax(dim=-1).nan_to_num(0.0)
            mass[:, part] = share * shares[:, bucket : bucket + 1]
        else:
            far += _opened_stretches(head, steps.query, keys, at, bucket, shares[:, bucket] / left)
    if far:
        far_jump, far_low, far_mass = (torch.cat(parts) for parts in zip(*far, strict=True))
    else:
        far_jump = far_low = at.new_zeros(0)
        far_mass = mass.new_zeros(0, STRETCH)
    return Masses(mass / left.clamp(min=1e-9)[:, None], far_jump, far_low, far_mass)


def _scores_around(query: Tensor, frames: Tensor, at: Tensor, reach: int) -> tuple[Tensor, Tensor]:
    """Scores the frames within `reach` of each step.

    Returns:
        Scores and which frames exist, both of shape `[J, 2 * reach + 1]`.
    """
    n_frames = frames.shape[0]
    low, high = max(0, int(at[0]) - reach), min(n_frames, int(at[-1]) + reach + 1)
    products = (query.to(frames.dtype) @ frames[low:high].T).float() / math.sqrt(query.shape[-1])
    place = at[:, None] + torch.arange(-reach, reach + 1, device=at.device)
    inside = (place >= 0) & (place < n_frames)
    return products.gather(1, (place - low).clamp(0, high - low - 1)), inside


def _opened_stretches(
    head: DeltaPredictionHead,
    query: Tensor,
    keys: Keys,
    at: Tensor,
    bucket: int,
    share: Tensor,
) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Returns steps, first frames and masses of the likeliest stretches of a wide bucket."""
    chosen = (share > _LEAST_MASS).nonzero()[:, 0]
    opened = []
    for some in torch.split(chosen, _AT_ONCE) if len(chosen) else ():
        which = torch.full_like(some, bucket)
        low, high = head.bucket_range(which, at[some], keys.frames.shape[1])
        first = int(low.min()) // STRETCH
        last = -(-int(high.max()) // STRETCH)
        begins = torch.arange(first, last, device=at.device) * STRETCH
        scores = _stretch_scores(
            query[some], keys.stretches[:, first:last], begins, low[:, None], high[:, None]
        )
        mass, place = (scores.softmax(dim=-1) * share[some, None]).topk(
            min(_STRETCHES_OPENED, scores.shape[1]), dim=-1
        )
        row, column = (mass > _LEAST_MASS).nonzero(as_tuple=True)
        if not len(row):
            continue
        begin = torch.maximum(begins[place[row, column]], low[row])
        end = torch.minimum(begins[place[row, column]] + STRETCH, high[row])
        inner = _frame_scores(query[some[row]], keys.frames, torch.zeros_like(row), begin, end)
        inner = inner.softmax(dim=-1) * mass[row, column, None]
        opened.append((some[row], begin, F.pad(inner, (0, STRETCH - inner.shape[1]))))
    return opened
