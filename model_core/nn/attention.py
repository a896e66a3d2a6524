"""Attention in three reaches: the whole recording, some seconds around, and a decoder's window.

Shape letters: B batch, T raw frames, N encoder tokens, C cells, H heads, K width of a head,
D = H * K, G global tokens.
"""

from __future__ import annotations

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

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Mixes all tokens.

        Args:
            x: Tokens, of shape `[B, N, D]`.
            mask: True for real tokens, of shape `[B, N]`.

        Returns:
            Of shape `[B, N, D]`.
        """
        batch, length, width = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.n_heads, -1).unbind(2)
        # Sums over a whole recording need more than the eight bits of a bfloat16's mantissa.
        with torch.autocast(x.device.type, enabled=False):
            q = F.elu(q.float()) + 1
            k = (F.elu(k.float()) + 1) * mask[:, :, None, None]
            kv = torch.einsum("bnhk,bnhv->bhkv", k, v.float())
            k_sum = k.sum(dim=1)  # [B, H, K]
            mixed = torch.einsum("bnhk,bhkv->bnhv", q, kv)
            norm = torch.einsum("bnhk,bhk->bnh", q, k_sum)
            mixed = mixed / (norm[..., None] + 1e-6)
        out: Tensor = self.out(mixed.reshape(batch, length, width).to(x.dtype))
        return out


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


def _rotate(x: Tensor, positions: Tensor) -> Tensor:
    """Applies rotary positions to `[..., N, K]`, so that products depend on distances only.

    Source: Su et al., "RoFormer", 2021.
    """
    half = x.shape[-1] // 2
    frequencies = 10000.0 ** (-torch.arange(half, device=x.device, dtype=torch.float32) / half)
    angles = positions[:, None].float() * frequencies
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x[..., :half], x[..., half:]
    return torch.cat((first * cos - second * sin, first * sin + second * cos), dim=-1)


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

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Mixes tokens within reach.

        Args:
            x: Tokens, of shape `[B, N, D]`.
            mask: True for real tokens, of shape `[B, N]`.

        Returns:
            Of shape `[B, N, D]`.
        """
        batch, length, width = x.shape
        block = self.block
        pad = -length % block
        n_blocks = (length + pad) // block
        q, k, v = self.qkv(F.pad(x, (0, 0, 0, pad))).chunk(3, dim=-1)
        q = q.view(batch * n_blocks, block, self.n_heads, -1).transpose(1, 2)
        k, v = (self._with_neighbours(part, n_blocks) for part in (k, v))
        reach = F.pad(mask, (block, pad + block)).unfold(1, 3 * block, block)
        # A block of padding alone sees itself: a softmax over nothing would be NaN.
        reach = reach | ~reach.any(dim=-1, keepdim=True)
        bias = reach.reshape(batch * n_blocks, 1, 1, 3 * block)
        mixed = F.scaled_dot_product_attention(
            _rotate(q, torch.arange(block, 2 * block, device=x.device)),
            _rotate(k, torch.arange(3 * block, device=x.device)),
            v,
            attn_mask=bias,
            dropout_p=self.dropout if self.training else 0.0,
        )
        mixed = mixed.transpose(1, 2).reshape(batch, length + pad, width)
        out: Tensor = self.out(mixed[:, :length])
        return out

    def _with_neighbours(self, x: Tensor, n_blocks: int) -> Tensor:
        """Turns `[B, C * block, D]` into `[B * C, H, 3 * block, K]`."""
        batch, _, width = x.shape
        blocks = F.pad(x, (0, 0, self.block, self.block)).view(batch, -1, self.block, width)
        # Three shifted views side by side: cheaper to differentiate than `unfold`, and laid out
        # as the fused attention wants it.
        windows = torch.cat((blocks[:, :-2], blocks[:, 1:-1], blocks[:, 2:]), dim=2)
        return windows.view(
            batch * n_blocks, 3 * self.block, self.n_heads, width // self.n_heads
        ).transpose(1, 2)


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
        windows, seen = self._windows(tokens, mask, first_cell, cells)
        k, v = self.kv(windows).chunk(2, dim=-1)
        global_k, global_v = self.kv(global_tokens).chunk(2, dim=-1)
        k, v = (
            torch.cat((local, whole[:, None].expand(-1, cells, -1, -1)), dim=2)
            .reshape(batch * cells, -1, self.n_heads, width // self.n_heads)
            .transpose(1, 2)
            for local, whole in ((k, global_k), (v, global_v))
        )
        seen = torch.cat((seen, global_mask[:, None].expand(-1, cells, -1)), dim=2)
        mixed = F.scaled_dot_product_attention(
            q, k, v, attn_mask=seen.reshape(batch * cells, 1, 1, -1)
        )
        mixed = mixed.transpose(1, 2).reshape(batch, n_queries + pad, width)
        out: Tensor = self.out(mixed[:, :n_queries])
        return out

    def _windows(
        self, tokens: Tensor, mask: Tensor, first_cell: int, cells: int
    ) -> tuple[Tensor, Tensor]:
        """Returns the windows' tokens `[B, C, W, D]` and which of them are real `[B, C, W]`."""
        centre = (torch.arange(cells, device=tokens.device) + first_cell) * self.cell_tokens
        start = centre + self.cell_tokens // 2 - self.window_tokens // 2
        index = start[:, None] + torch.arange(self.window_tokens, device=tokens.device)
        inside = (index >= 0) & (index < tokens.shape[1])
        index = index.clamp(0, tokens.shape[1] - 1)
        return tokens[:, index], mask[:, index] & inside
