"""Attention in three reaches: the whole recording, some seconds around, and a decoder's window.

Shape letters: B batch, T raw frames, N encoder tokens, C cells, H heads, K width of a head,
D = H * K, G global tokens.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CELL = 64
"""Frames whose queries share one window of `PositionAwareWindowedAttention`."""


class LinearAttention(nn.Module):
    """Attention of every token to all tokens in linear time, with the feature map ELU + 1.

    Source: Katharopoulos et al., "Transformers are RNNs", 2020.
    """

    def __init__(self, d_model: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.qkv = nn.Linear(d_model, 3 * d_model)
        self.out = nn.Linear(d_model, d_model)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Mixes all tokens.

        Args:
            x: Tokens, of shape `[B, N, D]`.
            mask: True for real tokens, of shape `[B, N]`; None if all are.

        Returns:
            Of shape `[B, N, D]`.
        """
        return self.mix(x, self.summary(x, mask))

    def summary(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Returns all that tokens tell others; that of a recording is the sum of its pieces'.

        Args:
            x: As in `forward`.
            mask: As in `forward`.

        Returns:
            Summed products of keys and values, and summed keys, of shape `[B, H, K, K + 1]`.
        """
        width = x.shape[-1]
        kv = F.linear(x, self.qkv.weight[width:], self.qkv.bias[width:])
        # Sums over a whole recording need more than the eight bits of a bfloat16's mantissa.
        with torch.autocast(x.device.type, enabled=False):
            k, v = self._by_head(kv.float(), 2)
            k = _positive(k)
            if mask is not None:
                k = k * mask[:, None, :, None]
            return torch.cat((k.mT @ v, k.sum(dim=2)[..., None]), dim=-1)

    def mix(self, x: Tensor, summary: Tensor) -> Tensor:
        """Returns what tokens `[B, N, D]` make of a recording's summary, of shape `[B, N, D]`."""
        width = x.shape[-1]
        queries = F.linear(x, self.qkv.weight[:width], self.qkv.bias[:width])
        with torch.autocast(x.device.type, enabled=False):
            (q,) = self._by_head(queries.float(), 1)
            answer = _positive(q) @ summary
            mixed = answer[..., :-1] / (answer[..., -1:] + 1e-6)
        out: Tensor = self.out(mixed.transpose(1, 2).flatten(2).to(x.dtype))
        return out

    def _by_head(self, x: Tensor, n_parts: int) -> tuple[Tensor, ...]:
        """Turns `[B, N, n_parts * D]` into so many of shape `[B, H, N, K]`."""
        parts = x.view(*x.shape[:2], n_parts, self.n_heads, -1)
        return parts.permute(2, 0, 3, 1, 4).unbind(0)


def _positive(x: Tensor) -> Tensor:
    """Returns ELU + 1, computed faster than it is defined."""
    return x.clamp(max=0).exp() + x.clamp(min=0)


def linear_attention_reference(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Computes what `LinearAttention` mixes for one head by the n x n matrix it avoids.

    Args:
        q: Queries, of shape `[N, K]`.
        k: Keys, of shape `[N, K]`.
        v: Values, of shape `[N, K]`.

    Returns:
        Of shape `[N, K]`.
    """
    weights = (F.elu(q) + 1) @ (F.elu(k) + 1).T
    return (weights / (weights.sum(dim=1, keepdim=True) + 1e-6)) @ v


@lru_cache(maxsize=16)
def _rotations(n: int, half: int) -> tuple[Tensor, Tensor]:
    """Returns cosines and sines of the rotary angles of places 0 ... n - 1, each `[n, half]`."""
    # What a cache keeps has to serve training too.
    with torch.inference_mode(mode=False):
        # In single precision the angles of far places would be off by more than the sines.
        frequencies = 10000.0 ** (-torch.arange(half, dtype=torch.float64) / half)
        angles = torch.arange(n, dtype=torch.float64)[:, None] * frequencies
        return angles.cos().float(), angles.sin().float()


def _rotate(x: Tensor) -> Tensor:
    """Applies rotary positions along N to `[B, N, ..., K]`: products depend on distances only.

    Source: Su et al., "RoFormer", 2021.
    """
    n, half = x.shape[1], x.shape[-1] // 2
    shape = (1, n, *(1,) * (x.dim() - 3), half)
    cos, sin = (part.to(x.device, x.dtype).view(shape) for part in _rotations(n, half))
    first, second = x[..., :half], x[..., half:]
    return torch.cat((first * cos - second * sin, first * sin + second * cos), dim=-1)


def _attend(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, dropout: float = 0.0
) -> Tensor:
    """Softmax attention of queries to keys, in the precision in which it is faster."""
    if torch.is_grad_enabled() and q.device.type == "cpu":
        # A processor's backward pass in bfloat16 takes three times that in single precision.
        with torch.autocast("cpu", enabled=False):
            q, k, v = q.float(), k.float(), v.float()
            return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=dropout)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=dropout)


class LocalAttention(nn.Module):
    """Softmax attention of each token to its own block and to the blocks at both sides.

    Linear attention can't match a false start with its retake seconds later; this can.
    """

    def __init__(self, d_model: int, n_heads: int, block: int, dropout: float) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.block = block
        self.dropout = dropout
        self.qkv = nn.Linear(d_model, 3 * d_model)
        self.out = nn.Linear(d_model, d_model)

    def forward(
        self, x: Tensor, mask: Tensor | None = None, beside: tuple[int, int] = (0, 0)
    ) -> Tensor:
        """Mixes tokens within reach.

        Args:
            x: Tokens, of shape `[B, N, D]`.
            mask: True for real tokens, of shape `[B, N]`; None if all are.
            beside: So many tokens at the beginning and at the end of `x` are only looked at: a
                block before and behind a piece of a recording, less only at the recording's end.

        Returns:
            Of shape `[B, N - sum(beside), D]`.
        """
        batch, length, width = x.shape
        block = self.block
        n_out = length - sum(beside)
        n_blocks = -(-n_out // block)
        before = block - beside[0]
        behind = (n_blocks + 2) * block - before - length
        if before or behind:
            x = F.pad(x, (0, 0, before, behind))
            mask = x.new_ones(1, length, dtype=torch.bool) if mask is None else mask
            mask = F.pad(mask, (before, behind))
        qkv = self.qkv(x).view(batch, -1, 3, self.n_heads, width // self.n_heads)
        q, k = _rotate(qkv[:, :, :2]).unbind(2)
        q = q[:, block:-block].reshape(batch * n_blocks, block, self.n_heads, -1)
        mixed = _attend(
            q.transpose(1, 2),
            self._with_neighbours(k, n_blocks),
            self._with_neighbours(qkv[:, :, 2], n_blocks),
            None if mask is None else self._reach(mask, batch),
            self.dropout if self.training else 0.0,
        )
        mixed = mixed.transpose(1, 2).reshape(batch, n_blocks * block, width)
        out: Tensor = self.out(mixed[:, :n_out])
        return out

    def _reach(self, mask: Tensor, batch: int) -> Tensor:
        """Returns which tokens around each block are real, of shape `[B * C, 1, 1, 3 * block]`."""
        reach = mask.unfold(1, 3 * self.block, self.block)
        # A block of padding alone sees itself: a softmax over nothing would be NaN.
        reach = reach | ~reach.any(dim=-1, keepdim=True)
        return reach.expand(batch, -1, -1).reshape(-1, 1, 1, 3 * self.block)

    def _with_neighbours(self, x: Tensor, n_blocks: int) -> Tensor:
        """Turns `[B, (C + 2) * block, H, K]` into `[B * C, H, 3 * block, K]`."""
        if torch.is_grad_enabled():
            # Three shifted views side by side: cheaper to differentiate than `unfold`.
            blocks = x.reshape(x.shape[0], n_blocks + 2, self.block, *x.shape[2:])
            windows = torch.cat((blocks[:, :-2], blocks[:, 1:-1], blocks[:, 2:]), dim=2)
            return windows.flatten(0, 1).transpose(1, 2)
        windows = x.unfold(1, 3 * self.block, self.block)  # [B, C, H, K, 3 * block]
        return windows.flatten(0, 1).mT


class PositionAwareWindowedAttention(nn.Module):
    """Cross-attention to a window around the expected position, and to the global tokens.

    The window is a function of the expected position e alone: `window` frames around the centre
    of the cell of `CELL` frames in which e lies. Keys are encoder tokens, `stride` frames apart.
    """

    def __init__(self, d_model: int, n_heads: int, window: int, stride: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.window_tokens = window // stride
        self.cell_tokens = CELL // stride
        self.q = nn.Linear(d_model, d_model)
        self.kv = nn.Linear(d_model, 2 * d_model)
        self.out = nn.Linear(d_model, d_model)

    def forward(
        self,
        queries: Tensor,
        tokens: Tensor,
        mask: Tensor,
        global_tokens: Tensor,
        global_mask: Tensor,
        first_cell: int = 0,
    ) -> Tensor:
        """Lets each expected position look around itself.

        Args:
            queries: One query for each e from `first_cell * CELL` on, `[B, E, D]`.
            tokens: Encoder tokens of the whole recording, of shape `[B, N, D]`.
            mask: True for real tokens, of shape `[B, N]`.
            global_tokens: Of shape `[B, G, D]`.
            global_mask: True for real global tokens, of shape `[B, G]`.
            first_cell: Cell of the first query, so that long recordings go in pieces.

        Returns:
            Of shape `[B, E, D]`.
        """
        batch, n_queries, width = queries.shape
        pad = -n_queries % CELL
        cells = (n_queries + pad) // CELL
        q = self.q(F.pad(queries, (0, 0, 0, pad)))
        q = q.view(batch * cells, CELL, self.n_heads, -1).transpose(1, 2)
        kv, seen = self._windows(tokens, mask, global_tokens, global_mask, first_cell, cells)
        k, v = (
            part.reshape(batch * cells, -1, self.n_heads, width // self.n_heads).transpose(1, 2)
            for part in kv.chunk(2, dim=-1)
        )
        # Inside a whole recording there is nothing to hide, and attention is faster without.
        is_open = not torch.is_grad_enabled() and bool(seen.all())
        mixed = _attend(q, k, v, None if is_open else seen.reshape(batch * cells, 1, 1, -1))
        mixed = mixed.transpose(1, 2).reshape(batch, n_queries + pad, width)
        out: Tensor = self.out(mixed[:, :n_queries])
        return out

    def _windows(
        self,
        tokens: Tensor,
        mask: Tensor,
        global_tokens: Tensor,
        global_mask: Tensor,
        first_cell: int,
        cells: int,
    ) -> tuple[Tensor, Tensor]:
        """Returns keys and values of all that each cell sees, and which of them are real.

        Args:
            tokens: As in `forward`.
            mask: As in `forward`.
            global_tokens: As in `forward`.
            global_mask: As in `forward`.
            first_cell: Cell of the first window.
            cells: Number of windows C.

        Returns:
            Of shape `[B, C, W + G, 2 * D]` and of shape `[B, C, W + G]`.
        """
        batch, each = tokens.shape[0], self.cell_tokens
        n_blocks = -(-self.window_tokens // each)
        low = first_cell * each + each // 2 - self.window_tokens // 2
        high = low + (cells + n_blocks - 1) * each
        first, last = (min(max(0, place), tokens.shape[1]) for place in (low, high))
        around = (first - low, high - last)

        def windows(local: Tensor, whole: Tensor) -> Tensor:
            blocks = local.view(batch, -1, each, *local.shape[2:])
            shifted = [blocks[:, i : i + cells] for i in range(n_blocks)]
            shifted[-1] = shifted[-1][:, :, : self.window_tokens - (n_blocks - 1) * each]
            shape = (batch, cells, *whole.shape[1:])
            return torch.cat((*shifted, whole[:, None].expand(shape)), dim=2)

        # Windows overlap: each token is projected once and copied to those that it lies in.
        kv = F.pad(self.kv(tokens[:, first:last]), (0, 0, *around))
        inside = F.pad(mask[:, first:last], around)
        return windows(kv, self.kv(global_tokens)), windows(inside, global_mask)
