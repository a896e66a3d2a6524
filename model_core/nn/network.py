"""The pointer network: encoder, decoder and heads in one module."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model_core.edit.types import REASONS
from model_core.nn.attention import CELL, PositionAwareWindowedAttention
from model_core.nn.card import Card, StyleQuantity
from model_core.nn.config import PointerNetworkConfig
from model_core.nn.encoder import Encoded, LinearAttentionEncoder, Sublayer, feed_forward
from model_core.nn.heads import DeltaPredictionHead, StepLogits, StyledHead


class FrameLogits(NamedTuple):
    """What is said of each raw frame.

    Attributes:
        coverage: Log-odds that the frame appears in the edit, of shape `[B, T]`.
        reason: Logits of why it goes, if it goes, of shape `[B, T, len(REASONS)]`.
    """

    coverage: Tensor
    reason: Tensor


class DecoderLayer(nn.Module):
    """Windowed cross-attention and feed-forward."""

    def __init__(self, config: PointerNetworkConfig) -> None:
        super().__init__()
        self.cross = PositionAwareWindowedAttention(
            config.d_model, config.n_heads, config.attn_window_size, config.encoder_stride
        )
        self.feed_forward = feed_forward(config.d_model, config.dim_feedforward, config.dropout)
        self.around_cross, self.around_last = (
            Sublayer(config.d_model, config.dropout, pre_norm=config.use_pre_norm) for _ in range(2)
        )

    def forward(self, x: Tensor, encoded: Encoded, first_cell: int) -> Tensor:
        """Maps states of consecutive expected positions, `[B, E, D]`, to the same shape."""
        seen = self.cross(
            self.around_cross.before(x),
            encoded.tokens,
            encoded.token_mask,
            encoded.global_tokens,
            encoded.global_mask,
            first_cell,
        )
        x = self.around_cross.after(x, seen)
        return self.around_last.after(x, self.feed_forward(self.around_last.before(x)))


class PointerNetwork(nn.Module):
    """Reads a spectrogram and says which frames an editor would play, and where it would jump.

    Args:
        config: Shape of the network; the defaults if left out.
        card: What the checkpoint said of the weights; a blank one for fresh weights.
    """

    def __init__(
        self, config: PointerNetworkConfig | None = None, card: Card | None = None
    ) -> None:
        super().__init__()
        self.config = config = config or PointerNetworkConfig()
        self.card = card or Card(
            config, (StyleQuantity("unnamed", 0.0, 1.0),) * config.n_style_quantities
        )
        width = config.d_model
        self.encoder = LinearAttentionEncoder(config)
        self.start_emb = nn.Parameter(torch.randn(width) * 0.02)
        self.end_emb = nn.Parameter(torch.randn(width) * 0.02)
        self.query_in = nn.Linear(2 * width, width)
        self.query_style = nn.Linear(config.style_dim, 2 * width)
        nn.init.zeros_(self.query_style.weight)
        nn.init.zeros_(self.query_style.bias)
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.n_decoder_layers))
        self.decoder_norm = nn.LayerNorm(width)
        self.head = DeltaPredictionHead(width, config.max_delta, config.key_dim)
        self.key_proj = nn.Linear(width, config.key_dim)
        self.coverage_head = StyledHead(width, config.style_dim, 1)
        self.reason_head = StyledHead(width, config.style_dim, len(REASONS))
        self.style_in = nn.Linear(config.n_style_quantities, config.style_dim)
        self.unknown_style = nn.Parameter(torch.zeros(config.style_dim))

    def encode(
        self,
        raw_mel: Tensor,
        mask: Tensor | None = None,
        offset: Tensor | None = None,
        total: Tensor | None = None,
    ) -> Encoded:
        """Encodes spectrograms `[B, n_mels, T]`; see `LinearAttentionEncoder.forward`."""
        if mask is None:
            mask = torch.ones(
                raw_mel.shape[0], raw_mel.shape[2], dtype=torch.bool, device=raw_mel.device
            )
        encoded: Encoded = self.encoder(raw_mel, mask, offset, total)
        return encoded

    def style(self, quantities: Tensor, known: Tensor | None = None) -> Tensor:
        """Turns standardised style quantities `[B, n_style_quantities]` into z `[B, style_dim]`.

        Args:
            quantities: Mean 0 and deviation 1 over the editors of training.
            known: False where the style is not known, of shape `[B]`; default all True.
        """
        z: Tensor = self.style_in(quantities)
        if known is not None:
            z = torch.where(known[:, None], z, self.unknown_style.to(z.dtype))
        return z

    def frame_logits(self, encoded: Encoded, style: Tensor) -> FrameLogits:
        """Returns coverage and reasons of every frame for styles `[B, style_dim]`."""
        return FrameLogits(
            self.coverage_head(encoded.frame_emb, style).squeeze(-1),
            self.reason_head(encoded.frame_emb, style),
        )

    def keys(self, encoded: Encoded) -> Tensor:
        """Returns the landing keys of every frame, of shape `[B, T, key_dim]`."""
        keys: Tensor = self.key_proj(encoded.frame_emb)
        return keys

    def steps(
        self,
        encoded: Encoded,
        style: Tensor,
        start: int = 0,
        stop: int | None = None,
        lengths: Tensor | None = None,
    ) -> StepLogits:
        """Computes the logits of a step at every expected position e from `start` to `stop`.

        The previous pointer is e - 1 (at e = 0 there is none) and older history is unknown, so
        that all steps can be computed at once.

        Args:
            encoded: The recordings.
            style: Of shape `[B, style_dim]`.
            start: First e, a multiple of `CELL`.
            stop: One beyond the last e; default T + 1, because e = T is legal.
            lengths: Frames of each recording of a padded batch, `[B]`; default T.

        Returns:
            Logits with leading shape `[B, stop - start]`.
        """
        if start % CELL:
            raise ValueError(f"Steps start at a multiple of {CELL}, not {start}.")
        batch, n_frames, width = encoded.frame_emb.shape
        stop = n_frames + 1 if stop is None else stop
        ahead = F.pad(encoded.frame_emb[:, start : min(stop, n_frames)], (0, 0, 0, 1))
        ahead = ahead[:, : stop - start]
        at = torch.arange(start, stop, device=ahead.device)
        ends = torch.full((batch,), n_frames, device=ahead.device) if lengths is None else lengths
        is_end = at[None] >= ends[:, None]
        ahead = torch.where(is_end[..., None], self.end_emb.to(ahead.dtype), ahead)
        behind = encoded.frame_emb[:, max(0, start - 1) : stop - 1]
        if start == 0:
            first = self.start_emb.to(behind.dtype).expand(batch, 1, width)
            behind = torch.cat((first, behind), dim=1)
        x = self.query_in(torch.cat((ahead, behind), dim=-1))
        scale, shift = self.query_style(style)[:, None].chunk(2, dim=-1)
        x = x * (1 + scale) + shift
        for layer in self.decoder:
            x = layer(x, encoded, start // CELL)
        logits: StepLogits = self.head(self.decoder_norm(x))
        return logits
