"""The pointer network: encoder, decoder and heads in one module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from model_core.edit.types import REASONS
from model_core.nn.attention import CELL
from model_core.nn.card import Card, StyleQuantity
from model_core.nn.config import PointerNetworkConfig
from model_core.nn.decoder import DecoderLayer, Walk
from model_core.nn.encoder import Encoded, LinearAttentionEncoder
from model_core.nn.heads import DeltaPredictionHead, LengthHead, StepLogits, StyledHead
from model_core.nn.history import HistoryState
from model_core.nn.jumps import Keys, pool_stretches
from model_core.nn.stems import StemEncoder
from model_core.nn.style import StylePosterior, StyleVAE
from model_core.nn.style_events import StyleEvents
from model_core.nn.taste import Clues, TasteLayer

if TYPE_CHECKING:
    from model_core.nn.generation import Generated


class FrameLogits(NamedTuple):
    """What is said of each raw frame.

    Attributes:
        coverage: Log-odds that the frame is played at least once, then at least twice given that it
            is played once, and so on; of shape `[B, T, max_visits]`.
        reason: Logits of why it goes, if it goes, of shape `[B, T, len(REASONS)]`.
    """

    coverage: Tensor
    reason: Tensor


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
        width, styles = config.d_model, config.style_dim
        self.encoder = LinearAttentionEncoder(config)
        self.stem_encoder = (
            StemEncoder(config.n_mels, width, config.n_stems) if config.use_stems else None
        )
        self.start_emb = nn.Parameter(torch.randn(width) * 0.02)
        self.end_emb = nn.Parameter(torch.randn(width) * 0.02)
        self.query_in = nn.Linear(2 * width, width)
        self.query_style = nn.Linear(styles, 2 * width)
        nn.init.zeros_(self.query_style.weight)
        nn.init.zeros_(self.query_style.bias)
        self.budget_in = nn.Linear(2, width, bias=False) if config.use_history else None
        if self.budget_in is not None:
            nn.init.zeros_(self.budget_in.weight)
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.n_decoder_layers))
        self.decoder_norm = nn.LayerNorm(width)
        self.head = DeltaPredictionHead(
            width, config.max_delta, config.key_dim, use_edit_ops=config.use_edit_ops
        )
        self.key_proj = nn.Linear(width, config.key_dim)
        self.stretch_proj = nn.Linear(width, config.key_dim)
        self.coverage_head = StyledHead(width, styles, config.max_visits)
        self.reason_head = StyledHead(width, styles, len(REASONS))
        self.length_head = LengthHead(width, styles, config.compression_ratio)
        self.style_in = nn.Linear(config.n_style_quantities, styles)
        self.unknown_style = nn.Parameter(torch.zeros(styles))
        self.vae = (
            StyleVAE(width, styles, config.n_style_quantities) if config.use_style_vae else None
        )
        self.taste = TasteLayer(config) if config.use_taste else None
        self.gradient_checkpointing = False

    def use_gradient_checkpointing(self, on: bool = True) -> None:
        """Recomputes layers in the backward pass, which trades time for memory."""
        self.gradient_checkpointing = on
        self.encoder.gradient_checkpointing = on

    def encode(
        self,
        raw_mel: Tensor,
        mask: Tensor | None = None,
        offset: Tensor | None = None,
        total: Tensor | None = None,
        stems: Mapping[str, Tensor] | None = None,
        stems_present: Tensor | None = None,
    ) -> Encoded:
        """Encodes spectrograms `[B, n_mels, T]`; see `LinearAttentionEncoder.forward`.

        Args:
            raw_mel: In [0, 1].
            mask: True for real frames, of shape `[B, T]`; default all.
            offset: First frame of each crop within its recording, `[B]`.
            total: Frames of each whole recording, `[B]`.
            stems: Spectrograms of separated stems by name, each of the shape of `raw_mel`.
            stems_present: See `StemEncoder.forward`.

        Raises:
            ValueError: Stems are given to a network that reads none.
        """
        if mask is None:
            mask = torch.ones(
                raw_mel.shape[0], raw_mel.shape[2], dtype=torch.bool, device=raw_mel.device
            )
        fused = None
        if stems:
            if self.stem_encoder is None:
                raise ValueError("This network reads no stems.")
            fused = self.stem_encoder(stems, stems_present)
        encoded: Encoded = self.encoder(raw_mel, mask, offset, total, fused)
        if self.taste is None:
            return encoded
        return encoded._replace(taste=self.taste.tracks(self.clues(raw_mel, encoded)))

    def clues(self, raw_mel: Tensor, encoded: Encoded) -> Clues:
        """Returns what a layer for taste goes by, which doesn't depend on the style asked for.

        Args:
            raw_mel: Spectrograms in [0, 1], of shape `[B, n_mels, T]`.
            encoded: What `encode` made of them.

        Raises:
            ValueError: The network has no such layer.
        """
        if self.taste is None:
            raise ValueError("This network has no layer for taste.")
        with torch.no_grad():
            mean = self.style_in.bias.expand(len(encoded.frame_emb), -1)
            frame = self.frame_logits(encoded, mean)
        return self.taste.clues(raw_mel, encoded.tokens, frame.coverage[..., 0], frame.reason)

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

    def read_style(self, encoded: Encoded, events: StyleEvents) -> StylePosterior:
        """Reads the styles of finished edits of the recordings, for a network with a `StyleVAE`.

        Raises:
            ValueError: The network has none.
        """
        if self.vae is None:
            raise ValueError("This network reads no styles.")
        with torch.no_grad():
            unknown = self.unknown_style.expand(len(encoded.frame_emb), -1)
            coverage = self.coverage_head(encoded.frame_emb, unknown)[..., 0].float().sigmoid()
        return self.vae.read(encoded.frame_emb, coverage, events)

    def frame_logits(self, encoded: Encoded, style: Tensor) -> FrameLogits:
        """Returns coverage and reasons of every frame for styles `[B, style_dim]`."""
        coverage: Tensor = self.coverage_head(encoded.frame_emb, style)
        reason: Tensor = self.reason_head(encoded.frame_emb, style)
        if self.taste is not None:
            coverage = self.taste.sparing(coverage, reason)
        return FrameLogits(coverage, reason)

    def length(self, encoded: Encoded, style: Tensor) -> Tensor:
        """Predicts log(S / T) of each edit, of shape `[B]`."""
        predicted: Tensor = self.length_head(encoded.global_tokens, encoded.global_mask, style)
        return predicted

    def keys(self, encoded: Encoded, lengths: Tensor | None = None) -> Keys:
        """Returns what landings are chosen by.

        Args:
            encoded: The recordings.
            lengths: Frames of each recording of a padded batch, `[B]`; default T.
        """
        stretches = pool_stretches(self.stretch_proj(encoded.frame_emb), lengths)
        keys = Keys(self.key_proj(encoded.frame_emb), stretches)
        return keys if self.taste is None else self.taste.landing(keys, encoded.taste)

    def steps(
        self,
        encoded: Encoded,
        style: Tensor,
        start: int = 0,
        stop: int | None = None,
        lengths: Tensor | None = None,
        walk: Walk | None = None,
        budget: Tensor | None = None,
    ) -> StepLogits:
        """Computes the logits of a step at every expected position e from `start` to `stop`.

        The previous pointer is e - 1; at e = 0 there is none. Without a walk older history is
        unknown, and all steps can be computed at once.

        Args:
            encoded: The recordings, one for each row.
            style: Of shape `[R, style_dim]`.
            start: First e.
            stop: One beyond the last e; default T + 1, because e = T is legal.
            lengths: Frames of each recording of a padded batch, `[R]`; default T.
            walk: Order of the steps.
            budget: log((edit frames to play) / (raw frames left)) at each step, of shape
                `[R, stop - start]`; NaN where it is unknown, default everywhere.

        Returns:
            Logits with leading shape `[R, stop - start]`.
        """
        return self.steps_from(encoded, style, start, stop, lengths, walk, budget)[0]

    def steps_from(
        self,
        encoded: Encoded,
        style: Tensor,
        start: int = 0,
        stop: int | None = None,
        lengths: Tensor | None = None,
        walk: Walk | None = None,
        budget: Tensor | None = None,
    ) -> tuple[StepLogits, tuple[HistoryState, ...]]:
        """Computes `steps`, and what each layer remembers after the last step of the walk."""
        n_frames = encoded.frame_emb.shape[1]
        stop = n_frames + 1 if stop is None else stop
        first_cell, ahead = divmod(start, CELL)
        x = self._queries(encoded, style, start, stop, lengths)
        if budget is not None and self.budget_in is not None:
            known = budget.isfinite()
            features = torch.stack((known.to(x.dtype), budget.nan_to_num(0.0).to(x.dtype)), dim=-1)
            x = x + self.budget_in(features)
        # Windows belong to cells: an expected position in the middle of one is padded in front.
        x = F.pad(x, (0, 0, ahead, 0))
        if walk is not None and ahead:
            walk = walk._replace(order=_shifted(walk.order, stop - start, ahead))
        states = []
        for index, layer in enumerate(self.decoder):
            before = walk.states[index] if walk is not None and walk.states else None
            if self.gradient_checkpointing and self.training:
                x, after = checkpoint(
                    layer, x, encoded, first_cell, walk, before, use_reentrant=False
                )
            else:
                x, after = layer(x, encoded, first_cell, walk, before)
            if after is not None:
                states.append(after)
        steps: StepLogits = self.head(self.decoder_norm(x[:, ahead:]))
        if self.taste is not None:
            rows = torch.arange(len(x), device=x.device)
            ends = torch.full_like(rows, n_frames) if lengths is None else lengths
            at = torch.arange(start, stop, device=x.device)
            steps = self.taste.leaving(
                steps, encoded.taste, self.head, rows[:, None], at[None], ends
            )
        return steps, tuple(states)

    def _queries(
        self, encoded: Encoded, style: Tensor, start: int, stop: int, lengths: Tensor | None
    ) -> Tensor:
        """Returns what is asked at each e, of shape `[R, stop - start, D]`."""
        rows, n_frames, width = encoded.frame_emb.shape
        ahead = F.pad(encoded.frame_emb[:, start : min(stop, n_frames)], (0, 0, 0, 1))
        ahead = ahead[:, : stop - start]
        at = torch.arange(start, stop, device=ahead.device)
        ends = torch.full((rows,), n_frames, device=ahead.device) if lengths is None else lengths
        is_end = at[None] >= ends[:, None]
        ahead = torch.where(is_end[..., None], self.end_emb.to(ahead.dtype), ahead)
        behind = encoded.frame_emb[:, max(0, start - 1) : stop - 1]
        if start == 0:
            first = self.start_emb.to(behind.dtype).expand(rows, 1, width)
            behind = torch.cat((first, behind), dim=1)
        x = self.query_in(torch.cat((ahead, behind), dim=-1))
        scale, shift = self.query_style(style)[:, None].chunk(2, dim=-1)
        asked: Tensor = x * (1 + scale) + shift
        return asked

    def generate(
        self,
        raw_mel: Tensor,
        target_length: int | None = None,
        temperature: float = 0.0,
        sample_style: bool = True,
        stop_threshold: float = 0.5,
        *,
        seed: int = 0,
        stepwise: bool = False,
    ) -> Generated:
        """Generates an edit of one recording; see `model_core.nn.generation.generate`."""
        from model_core.nn.generation import generate

        return generate(
            self,
            raw_mel,
            target_length,
            temperature,
            sample_style=sample_style,
            stop_threshold=stop_threshold,
            seed=seed,
            stepwise=stepwise,
        )


def _shifted(order: Tensor, columns: int, ahead: int) -> Tensor:
    """Moves places among rows of `columns` to where they are once each row is padded in front."""
    row = order.div(columns, rounding_mode="floor")
    return torch.where(order >= 0, order + (row + 1) * ahead, order)
