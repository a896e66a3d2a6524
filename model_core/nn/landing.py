"""The content term: how well each frame's key answers a step's query."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

_BLOCK = 64
NOWHERE = -1e4
"""In place of minus infinity where a gradient is wanted."""


def near_scores(query: Tensor, keys: Tensor, max_delta: int, start: int = 0) -> Tensor:
    """Scores the frames within `max_delta` of consecutive expected positions.

    Equal to `near_scores_reference`, by products of blocks instead of one product a step.

    Args:
        query: Queries of e = start, start + 1, ..., of shape `[B, E, K]`.
        keys: Keys of all frames, of shape `[B, T, K]`.
        max_delta: Largest offset M.
        start: First expected position.

    Returns:
        `q[e] . k[e + o] / sqrt(K)` for o = -M ... M, of shape `[B, E, 2 * M + 1]`; -inf where
        e + o lies outside [0, T).
    """
    batch, n_queries, width = query.shape
    n_frames = keys.shape[1]
    pad = -n_queries % _BLOCK
    n_blocks = (n_queries + pad) // _BLOCK
    reach = _BLOCK + 2 * max_delta
    low = start - max_delta
    high = start + n_queries + pad + max_delta
    inside = keys[:, max(0, low) : max(0, min(n_frames, high))]
    inside = F.pad(inside, (0, 0, max(0, -low), high - max(0, low) - inside.shape[1]))
    windows = inside.unfold(1, reach, _BLOCK)  # [B, C, K, reach]
    blocks = F.pad(query, (0, 0, 0, pad)).view(batch, n_blocks, _BLOCK, width)
    scores = (blocks * (1 / math.sqrt(width))) @ windows.to(query.dtype)
    # Row i wants columns i ... i + 2 M: in a view whose rows are one longer they lie upright.
    each = _BLOCK * reach
    skewed = scores.as_strided(
        (batch, n_blocks, _BLOCK, 2 * max_delta + 1),
        (n_blocks * each, each, reach + 1, 1),
        scores.storage_offset(),
    )
    near = skewed.float().reshape(batch, n_queries + pad, -1)[:, :n_queries]
    if low >= 0 and start + n_queries + max_delta <= n_frames:
        return near
    at = torch.arange(start, start + n_queries, device=query.device)[:, None]
    landing = at + torch.arange(-max_delta, max_delta + 1, device=query.device)
    return near.masked_fill((landing < 0) | (landing >= n_frames), float("-inf"))


def near_scores_reference(query: Tensor, keys: Tensor, max_delta: int, start: int = 0) -> Tensor:
    """Computes `near_scores` one step and one offset at a time."""
    batch, n_queries, width = query.shape
    scores = query.new_full((batch, n_queries, 2 * max_delta + 1), float("-inf"))
    for i in range(n_queries):
        for o in range(-max_delta, max_delta + 1):
            landing = start + i + o
            if 0 <= landing < keys.shape[1]:
                product = (query[:, i] * keys[:, landing]).sum(dim=-1)
                scores[:, i, o + max_delta] = product / math.sqrt(width)
    return scores


def liked_around(frame_keys: Tensor, max_delta: int, n_steps: int, start: int = 0) -> Tensor:
    """Returns the landings' own log-odds around consecutive expected positions.

    Args:
        frame_keys: Of a network with taste: the last dimension is what is meant; `[R, T, K]`.
        max_delta: Largest offset M.
        n_steps: Expected positions E.
        start: The first of them.

    Returns:
        Of shape `[R, E, 2 * M + 1]`; 0 where there is no frame.
    """
    liked = frame_keys[..., -1].float()
    low, high = start - max_delta, start + n_steps + max_delta
    inside = liked[:, max(0, low) : max(0, min(liked.shape[1], high))]
    inside = F.pad(inside, (max(0, -low), high - max(0, low) - inside.shape[1]))
    return inside.unfold(1, 2 * max_delta + 1, 1)


def copying_as_liked(near: Tensor, taste: Tensor, liked: Tensor) -> Tensor:
    """Sets the odds of copying against all other near offsets as an editor's taste has them.

    The network's own log-odds are multiplied and shifted. That some landings are liked better says
    only where to go, not whether.

    Args:
        near: Scores of near offsets, with what is liked in them, of shape `[..., 2 * M + 1]`; -inf
            where there is no frame.
        taste: Of the steps, of shape `[..., 3]`; see `StepLogits`.
        liked: The landings' own log-odds, of the shape of `near`.

    Returns:
        Scores of the same shape.
    """
    copy = near.shape[-1] // 2
    leave, surely, where = taste.unbind(dim=-1)
    is_copy = torch.arange(near.shape[-1], device=near.device) == copy
    others = near.masked_fill(is_copy, NOWHERE).clamp(min=NOWHERE)
    # The network's own: without what is liked, and untempered.
    before = ((others - liked) / where[..., None]).logsumexp(dim=-1)
    own = (near[..., copy] - liked[..., copy]) / where - before
    copying = others.logsumexp(dim=-1) + surely * own - leave
    possible = (others.amax(dim=-1) > NOWHERE / 2) & near[..., copy].isfinite()
    copying = torch.where(possible, copying, near[..., copy])
    return torch.where(is_copy, copying[..., None], near)
