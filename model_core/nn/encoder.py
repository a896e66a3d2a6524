"""The encoder: a spectrogram in, an embedding for each raw frame out."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from model_core.nn.attention import LinearAttention, LocalAttention
from model_core.nn.config import PointerNetworkConfig
from model_core.nn.similarity import SelfSimilarity

_FARTHEST_FRAMES = 4096
"""Distances to a recording's ends are told up to here (48 s), so that long recordings look like
those of training."""

_STEM_PIECE = 16384
_STEM_HALO = 8
"""Frames that a piece of the stem sees beyond itself: its two convolutions reach four."""


class Encoded(NamedTuple):
    """What the encoder knows of a recording.

    Attributes:
        frame_emb: Of shape `[B, T, D]`.
        tokens: Encoder tokens, `encoder_stride` frames apart, of shape `[B, N, D]`.
        token_mask: True for real tokens, of shape `[B, N]`.
        global_tokens: Of shape `[B, G, D]`.
        global_mask: True for global tokens that sum up something real, of shape `[B, G]`.
    """

    frame_emb: Tensor
    tokens: Tensor
    token_mask: Tensor
    global_tokens: Tensor
    global_mask: Tensor


class Sublayer(nn.Module):
    """Normalisation, dropout and residual path around a layer."""

    def __init__(self, d_model: int, dropout: float, *, pre_norm: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(d_model)
        self.dropout = nn.Dropout(dropout)
        self.pre_norm = pre_norm

    def before(self, x: Tensor) -> Tensor:
        """Returns what the layer is given."""
        normed: Tensor = self.norm(x) if self.pre_norm else x
        return normed

    def after(self, x: Tensor, change: Tensor) -> Tensor:
        """Returns `x` with the layer's output added."""
        x = x + self.dropout(change)
        normed: Tensor = x if self.pre_norm else self.norm(x)
        return normed


def feed_forward(d_model: int, inner: int, dropout: float) -> nn.Sequential:
    """Returns a position-wise network of two layers."""
    return nn.Sequential(
        nn.Linear(d_model, inner), nn.GELU(), nn.Dropout(dropout), nn.Linear(inner, d_model)
    )


class EncoderBlock(nn.Module):
    """Global linear attention, local attention, depthwise convolution, feed-forward."""

    def __init__(self, config: PointerNetworkConfig) -> None:
        super().__init__()
        width = config.d_model
        self.wide = LinearAttention(width, config.n_heads)
        self.near = LocalAttention(width, config.n_heads, config.local_block, config.dropout)
        self.conv = nn.Conv1d(
            width, width, config.conv_kernel, padding=config.conv_kernel // 2, groups=width
        )
        self.mix = nn.Linear(width, width)
        self.feed_forward = feed_forward(width, config.dim_feedforward, config.dropout)
        self.around_wide, self.around_near, self.around_conv, self.around_last = (
            Sublayer(width, config.dropout, pre_norm=config.use_pre_norm) for _ in range(4)
        )

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Maps tokens `[B, N, D]` with mask `[B, N]` to tokens `[B, N, D]`."""
        x = self.around_wide.after(x, self.wide(self.around_wide.before(x), mask))
        x = self.around_near.after(x, self.near(self.around_near.before(x), mask))
        inner = self.around_conv.before(x) * mask[..., None]
        inner = self.conv(inner.transpose(1, 2)).transpose(1, 2)
        x = self.around_conv.after(x, self.mix(F.gelu(inner)))
        return self.around_last.after(x, self.feed_forward(self.around_last.before(x)))


class LinearAttentionEncoder(nn.Module):
    """Convolutional stem at frame rate, blocks at a coarser stride, and back to frame rate."""

    def __init__(self, config: PointerNetworkConfig) -> None:
        super().__init__()
        width, stride = config.d_model, config.encoder_stride
        self.config = config
        self.gradient_checkpointing = False
        self.stem_in = nn.Conv1d(config.n_mels, width, 5, padding=2)
        self.stem_out = nn.Conv1d(width, width, 5, padding=2)
        self.stem_norm = nn.LayerNorm(width)
        self.down = nn.Linear(stride * width, width)
        self.positions = nn.Linear(4 * 16, width)
        self.similarity = SelfSimilarity(config.n_mels, width, stride, config.match_reach)
        self.match = nn.Linear(width, width)
        nn.init.zeros_(self.match.weight)
        nn.init.zeros_(self.match.bias)
        self.blocks = nn.ModuleList(EncoderBlock(config) for _ in range(config.n_encoder_layers))
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, stride * width)
        self.pool = nn.Linear(width, 1)

    def forward(
        self, mel: Tensor, mask: Tensor, offset: Tensor | None = None, total: Tensor | None = None
    ) -> Encoded:
        """Encodes recordings or crops of them.

        Args:
            mel: Spectrogram in [0, 1], of shape `[B, n_mels, T]`.
            mask: True for real frames, of shape `[B, T]`.
            offset: First frame of each crop within its recording, `[B]`; default 0.
            total: Frames of each whole recording, `[B]`; default those of `mask`.

        Returns:
            The embeddings.
        """
        batch, _, n_frames = mel.shape
        stride = self.config.encoder_stride
        stem = self._stem(mel, mask)  # [B, T, D]
        pad = -n_frames % stride
        padded = F.pad(stem, (0, 0, 0, pad))
        token_mask = F.pad(mask, (0, pad)).view(batch, -1, stride).any(dim=-1)
        x = self.down(padded.reshape(batch, -1, stride * self.config.d_model))
        offset = mask.new_zeros(batch, dtype=torch.long) if offset is None else offset
        total = mask.sum(dim=1) if total is None else total
        similar = self.similarity(F.pad(mel, (0, pad)), token_mask).to(x.dtype)
        x = x + similar
        x = x + self.positions(self._position_features(x.shape[1], offset, total))
        for block in self.blocks:
            if self.gradient_checkpointing and self.training:
                x = checkpoint(block, x, token_mask, use_reentrant=False)
            else:
                x = block(x, token_mask)
        # The blocks may use the matches; past them they reach the heads undiluted.
        tokens = self.norm(x) + self.match(similar)
        frame_emb = self.up(tokens).view(batch, -1, self.config.d_model)[:, :n_frames]
        return Encoded(
            frame_emb + stem, tokens, token_mask, *self._global_tokens(tokens, token_mask)
        )

    def _stem(self, mel: Tensor, mask: Tensor) -> Tensor:
        """Runs the two convolutions, long recordings in pieces that overlap by a halo."""
        n_frames = mel.shape[-1]
        pieces = []
        for start in range(0, n_frames, _STEM_PIECE):
            stop = min(n_frames, start + _STEM_PIECE)
            low, high = max(0, start - _STEM_HALO), min(n_frames, stop + _STEM_HALO)
            inside = mask[:, None, low:high]
            x = F.gelu(self.stem_in((mel[..., low:high] - 0.5) * inside)) * inside
            x = (x + self.stem_out(x)) * inside
            piece = x[..., start - low : stop - low].transpose(1, 2)
            pieces.append(self.stem_norm(piece))
        return torch.cat(pieces, dim=1) if len(pieces) > 1 else pieces[0]

    def _position_features(self, n_tokens: int, offset: Tensor, total: Tensor) -> Tensor:
        """Returns sinusoids of the log distances to start and end, of shape `[B, N, 64]`."""
        frame = torch.arange(n_tokens, device=offset.device) * self.config.encoder_stride
        start = offset[:, None] + frame
        distances = torch.stack((start, total[:, None] - 1 - start), dim=-1)
        logs = distances.clamp(0, _FARTHEST_FRAMES).float().log1p()
        logs = logs / math.log1p(_FARTHEST_FRAMES)
        octaves = 2.0 ** torch.arange(16, device=offset.device).float().mul(0.5)
        angles = logs[..., None] * octaves * (math.pi / 2)  # [B, N, 2, 16]
        return torch.cat((angles.sin(), angles.cos()), dim=-1).flatten(2)

    def _global_tokens(self, tokens: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Pools tokens by attention into at most `n_global_tokens`: `[B, G, D]` and a mask."""
        n_tokens = tokens.shape[1]
        config = self.config
        least = math.ceil(n_tokens / config.n_global_tokens)
        stride = max(config.global_token_stride // config.encoder_stride, least)
        pad = -n_tokens % stride
        weights = self.pool(tokens).float().masked_fill(~mask[..., None], -1e4)
        weights = F.pad(weights, (0, 0, 0, pad), value=-1e9).view(tokens.shape[0], -1, stride, 1)
        grouped = F.pad(tokens, (0, 0, 0, pad)).view(tokens.shape[0], -1, stride, tokens.shape[-1])
        real = F.pad(mask, (0, pad)).view(tokens.shape[0], -1, stride).any(dim=2)
        return (weights.softmax(dim=2).to(tokens.dtype) * grouped).sum(dim=2), real
