"""The decoder's layers: what was played, what lies around the expected position, feed-forward.

Shape letters: B recordings, R rows, E expected positions, S steps in edit order, D width. A row
holds one step for each expected position; only a recording that plays a place again needs more.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from model_core.nn.attention import PositionAwareWindowedAttention
from model_core.nn.config import PointerNetworkConfig
from model_core.nn.encoder import Encoded, Sublayer, feed_forward
from model_core.nn.history import CausalLinearAttention, HistoryState


class Walk(NamedTuple):
    """The order in which steps are made.

    Attributes:
        order: Place of each step among the rows, `row * E + column`, of shape `[B, S]`; -1 for
            padding at the end.
        known: False where the network has to do without its history, of shape `[B]`.
        states: What each layer remembers of the steps before; None for nothing.
    """

    order: Tensor
    known: Tensor
    states: tuple[HistoryState, ...] | None = None


class DecoderLayer(nn.Module):
    """Attention to the history (if there is one), windowed cross-attention and feed-forward."""

    def __init__(self, config: PointerNetworkConfig) -> None:
        super().__init__()
        width = config.d_model
        self.cross = PositionAwareWindowedAttention(
            width, config.n_heads, config.attn_window_size, config.encoder_stride
        )
        self.feed_forward = feed_forward(width, config.dim_feedforward, config.dropout)
        self.around_cross, self.around_last = (
            Sublayer(width, config.dropout, pre_norm=config.use_pre_norm) for _ in range(2)
        )
        self.history = CausalLinearAttention(width, config.n_heads) if config.use_history else None
        if config.use_history:
            self.around_history = Sublayer(width, config.dropout, pre_norm=config.use_pre_norm)

    def forward(
        self,
        x: Tensor,
        encoded: Encoded,
        first_cell: int,
        walk: Walk | None = None,
        state: HistoryState | None = None,
    ) -> tuple[Tensor, HistoryState | None]:
        """Maps the states of rows of consecutive expected positions.

        Args:
            x: Of shape `[R, E, D]`.
            encoded: The recordings, one for each row.
            first_cell: Cell of the first expected position.
            walk: Order of the steps; None if the history is unknown.
            state: What is remembered of the steps before.

        Returns:
            Of shape `[R, E, D]`, and what is remembered after the last step.
        """
        if self.history is not None:
            change, state = self._remembered(self.history, x, walk, state)
            x = self.around_history.after(x, change)
        seen = self.cross(
            self.around_cross.before(x),
            encoded.tokens,
            encoded.token_mask,
            encoded.global_tokens,
            encoded.global_mask,
            first_cell,
        )
        x = self.around_cross.after(x, seen)
        return self.around_last.after(x, self.feed_forward(self.around_last.before(x))), state

    def _remembered(
        self,
        history: CausalLinearAttention,
        x: Tensor,
        walk: Walk | None,
        state: HistoryState | None,
    ) -> tuple[Tensor, HistoryState | None]:
        """Returns what the history adds to each step, and the state after the last one."""
        if walk is None:
            return torch.zeros_like(x), None
        real = walk.order >= 0
        steps = x.reshape(-1, x.shape[-1])[walk.order.clamp(min=0)]  # [B, S, D]
        mixed, state = history(self.around_history.before(steps), real, state)
        mixed = mixed * walk.known[:, None, None]
        change = torch.zeros_like(x).reshape(-1, x.shape[-1])
        change = change.index_put((walk.order[real],), mixed[real].to(change.dtype))
        return change.view_as(x), state
