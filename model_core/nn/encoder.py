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
from model_core.nn.device import for_pieces, in_pieces, rows_at_once
from model_core.nn.similarity import SelfSimilarity

_FARTHEST_FRAMES = 4096
"""Distances to a recording's ends are told up to here (48 s), so that long recordings look like
those of training."""

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
        taste: What a `TasteLayer` says of each frame, of shape `[B, T, TRACKS]`; of no width for a
            network without one.
    """

    frame_emb: Tensor
    tokens: Tensor
    token_mask: Tensor
    global_tokens: Tensor
    global_mask: Tensor
    taste: Tensor


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

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Maps tokens to tokens.

        Args:
            x: Of shape `[B, N, D]`.
            mask: True for real tokens, of shape `[B, N]`; None if all are.

        Returns:
            Of shape `[B, N, D]`.
        """
        n_tokens, piece = x.shape[1], rows_at_once(x.device)

        def told(start: int, stop: int) -> Tensor:
            part = self.around_wide.before(x[:, start:stop])
            return self.wide.summary(part, None if mask is None else mask[:, start:stop])

        summaries = for_pieces(told, n_tokens, piece, x.device)
        summary = torch.stack(summaries).sum(dim=0) if len(summaries) > 1 else summaries[0]

        def wide(start: int, stop: int) -> Tensor:
            part = x[:, start:stop]
            return self.around_wide.after(
                part, self.wide.mix(self.around_wide.before(part), summary)
            )

        after_wide = in_pieces(wide, n_tokens, piece, x.device)

        def near(start: int, stop: int) -> Tensor:
            before, after = min(start, self.near.block), min(n_tokens - stop, self.near.block)
            reach = slice(start - before, stop + after)
            mixed = self.near(
                self.around_near.before(after_wide[:, reach]),
                None if mask is None else mask[:, reach],
                (before, after),
            )
            return self.around_near.after(after_wide[:, start:stop], mixed)

        blocks = max(1, piece // self.near.block) * self.near.block
        after_near = in_pieces(near, n_tokens, blocks, x.device)

        def last(start: int, stop: int) -> Tensor:
            halo = self.conv.kernel_size[0] // 2
            low, high = max(0, start - halo), min(n_tokens, stop + halo)
            part = after_near[:, start:stop]
            inner = self.around_conv.before(after_near[:, low:high])
            if mask is not None:
                inner = inner * mask[:, low:high, None]
            inner = _convolve(self.conv, inner)[:, start - low : stop - low]
            part = self.around_conv.after(part, self.mix(F.gelu(inner)))
            return self.around_last.after(part, self.feed_forward(self.around_last.before(part)))

        return in_pieces(last, n_tokens, piece, x.device, after_wide)


def _convolve(layer: nn.Conv1d, x: Tensor) -> Tensor:
    """Runs a convolution along the tokens of `[B, N, C]`, without turning them around."""
    weight = layer.weight[:, :, None].contiguous(memory_format=torch.channels_last)
    padding = (0, layer.kernel_size[0] // 2)
    images = x[:, None].permute(0, 3, 1, 2)  # [B, C, 1, N], channels last
    out = F.conv2d(images, weight, layer.bias, padding=padding, groups=layer.groups)
    return out.permute(0, 2, 3, 1)[:, 0]


def _position_table() -> Tensor:
    """Returns sinusoids of the logs of distances 0 ... `_FARTHEST_FRAMES`, of shape `[., 32]`."""
    logs = torch.arange(_FARTHEST_FRAMES + 1).float().log1p() / math.log1p(_FARTHEST_FRAMES)
    octaves = 2.0 ** torch.arange(16).float().mul(0.5)
    angles = logs[:, None] * octaves * (math.pi / 2)
    return torch.cat((angles.sin(), angles.cos()), dim=-1)


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
        self.register_buffer("position_table", _position_table(), persistent=False)
        self.position_table: Tensor
        self.similarity = SelfSimilarity(config.n_mels, width, stride, config.match_reach)
        self.match = nn.Linear(width, width)
        nn.init.zeros_(self.match.weight)
        nn.init.zeros_(self.match.bias)
        self.blocks = nn.ModuleList(EncoderBlock(config) for _ in range(config.n_encoder_layers))
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, stride * width)
        self.pool = nn.Linear(width, 1)

    def forward(
        self,
        mel: Tensor,
        mask: Tensor,
        offset: Tensor | None = None,
        total: Tensor | None = None,
        stems: Tensor | None = None,
    ) -> Encoded:
        """Encodes recordings or crops of them.

        Args:
            mel: Spectrogram in [0, 1], of shape `[B, n_mels, T]`.
            mask: True for real frames, of shape `[B, T]`.
            offset: First frame of each crop within its recording, `[B]`; default 0.
            total: Frames of each whole recording, `[B]`; default those of `mask`.
            stems: What `StemEncoder` says of each frame, of shape `[B, T, D]`.

        Returns:
            The embeddings.
        """
        batch, _, n_frames = mel.shape
        stride = self.config.encoder_stride
        is_full = bool(mask.all())
        if not is_full:
            # A token may hold real frames and padding: padding is silence, whatever it was.
            mel = mel * mask[:, None]
        stem = self._stem(mel, mask, is_full=is_full)  # [B, T, D]
        if stems is not None:
            stem = stem + stems.to(stem.dtype)
        if not is_full:
            stem = stem * mask[..., None]
        pad = -n_frames % stride
        token_mask = F.pad(mask, (0, pad)).view(batch, -1, stride).any(dim=-1)
        offset = mask.new_zeros(batch, dtype=torch.long) if offset is None else offset
        total = mask.sum(dim=1) if total is None else total
        similar = self.similarity(mel, token_mask)
        n_tokens, piece = token_mask.shape[1], rows_at_once(mel.device)

        def tokens_in(start: int, stop: int) -> Tensor:
            frames = stem[:, start * stride : stop * stride]
            frames = F.pad(frames, (0, 0, 0, (stop - start) * stride - frames.shape[1]))
            x: Tensor = self.down(frames.reshape(batch, -1, stride * self.config.d_model))
            x = x + similar[:, start:stop].to(x.dtype)
            places: Tensor = self.positions(self._position_features(start, stop, offset, total))
            return x + places

        x = in_pieces(tokens_in, n_tokens, piece, mel.device)
        # Whole recordings, unlike batches, have no padding that would have to be told apart.
        seen = None if is_full else token_mask
        for block in self.blocks:
            if self.gradient_checkpointing and self.training:
                x = checkpoint(block, x, seen, use_reentrant=False)
            else:
                x = block(x, seen)

        def tokens_out(start: int, stop: int) -> Tensor:
            # The blocks may use the matches; past them they reach the heads undiluted.
            matches = self.match(similar[:, start:stop].to(x.dtype))
            out: Tensor = self.norm(x[:, start:stop]) + matches
            return out

        tokens = in_pieces(tokens_out, n_tokens, piece, mel.device, x)

        def frames_out(start: int, stop: int) -> Tensor:
            low, high = start // stride, -(-stop // stride)
            frames: Tensor = self.up(tokens[:, low:high]).view(batch, -1, self.config.d_model)
            return frames[:, start - low * stride : stop - low * stride] + stem[:, start:stop]

        frame_emb = in_pieces(frames_out, n_frames, piece * stride, mel.device, stem)
        return Encoded(
            frame_emb,
            tokens,
            token_mask,
            *self._global_tokens(tokens, token_mask),
            taste=frame_emb[..., :0],
        )

    def _stem(self, mel: Tensor, mask: Tensor, *, is_full: bool) -> Tensor:
        """Runs the two convolutions, long recordings in pieces that overlap by a halo."""
        n_frames = mel.shape[-1]

        def run(start: int, stop: int) -> Tensor:
            low, high = max(0, start - _STEM_HALO), min(n_frames, stop + _STEM_HALO)
            x = mel[..., low:high].transpose(1, 2).contiguous() - 0.5
            if is_full:
                x = F.gelu(_convolve(self.stem_in, x))
                x = x + _convolve(self.stem_out, x)
            else:
                inside = mask[:, low:high, None]
                x = F.gelu(_convolve(self.stem_in, x * inside)) * inside
                x = (x + _convolve(self.stem_out, x)) * inside
            normed: Tensor = self.stem_norm(x[:, start - low : stop - low])
            return normed

        return in_pieces(run, n_frames, 2 * rows_at_once(mel.device), mel.device)

    def _position_features(self, start: int, stop: int, offset: Tensor, total: Tensor) -> Tensor:
        """Returns sinusoids of the log distances to start and end, of shape `[B, N, 64]`."""
        frame = torch.arange(start, stop, device=offset.device) * self.config.encoder_stride
        place = offset[:, None] + frame
        distances = torch.stack((place, total[:, None] - 1 - place), dim=-1)
        return self.position_table[distances.clamp(0, _FARTHEST_FRAMES)].flatten(2)

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
