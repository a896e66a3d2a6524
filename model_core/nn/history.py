"""What a decoder remembers of the steps it has made, in a state of constant size.

Shape letters: B batch, S steps, H heads, K width of a head, D = H * K.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_CHUNK = 64
_SHORTEST, _LONGEST = 64.0, 4096.0
"""Steps after which the first and the last head have forgotten to 1/e: 0.7 s and 48 s."""
_LEAST_SUM = 1e-6


class HistoryState(NamedTuple):
    """What is remembered, in float32.

    Attributes:
        kv: Decayed sum of the outer products of keys and values, of shape `[B, H, K, K]`.
        k: Decayed sum of keys, of shape `[B, H, K]`.
    """

    kv: Tensor
    k: Tensor


class CausalLinearAttention(nn.Module):
    """Linear attention to earlier steps and the step itself, with a decay for each head.

    Sources: Katharopoulos et al., "Transformers are RNNs", 2020; the decay and the chunked form
    are those of Sun et al., "Retentive Network", 2023.
    """

    def __init__(self, d_model: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.qkv = nn.Linear(d_model, 3 * d_model)
        self.out = nn.Linear(d_model, d_model)
        # Begins without a say, so that a history can be added to a network that has none.
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        span = torch.linspace(0, 1, n_heads) if n_heads > 1 else torch.ones(1)
        steps = _SHORTEST * (_LONGEST / _SHORTEST) ** span
        self.register_buffer("log_decay", -1.0 / steps, persistent=False)
        self.log_decay: Tensor

    def initial_state(self, batch: int) -> HistoryState:
        """Returns the state of one who remembers nothing."""
        size = self.qkv.in_features // self.n_heads
        zeros = self.log_decay.new_zeros(batch, self.n_heads, size, size)
        return HistoryState(zeros, zeros[..., 0])

    def forward(
        self, x: Tensor, mask: Tensor | None = None, state: HistoryState | None = None
    ) -> tuple[Tensor, HistoryState]:
        """Attends over steps, chunk by chunk.

        Args:
            x: Steps, of shape `[B, S, D]`.
            mask: False for steps that nobody is to remember, of shape `[B, S]`.
            state: What is remembered of the steps before; default nothing.

        Returns:
            Of shape `[B, S, D]`, and the state after the last step.
        """
        batch, length, width = x.shape
        state = state or self.initial_state(batch)
        q, k, v = self._projected(x, mask)
        outputs = []
        # Split, not sliced: the gradient of a split is one concatenation.
        for chunk in zip(*(torch.split(part, _CHUNK, dim=1) for part in (q, k, v)), strict=True):
            mixed, state = self._chunk(chunk[0], chunk[1], chunk[2], state)
            outputs.append(mixed)
        out: Tensor = self.out(torch.cat(outputs, dim=1).reshape(batch, length, width).to(x.dtype))
        return out, state

    def _projected(self, x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Returns queries, keys and values, each float32 of shape `[B, S, H, K]`."""
        batch, length, _ = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.n_heads, -1).float().unbind(2)
        k = F.elu(k) + 1
        return F.elu(q) + 1, k if mask is None else k * mask[..., None, None], v

    def _chunk(
        self, q: Tensor, k: Tensor, v: Tensor, state: HistoryState
    ) -> tuple[Tensor, HistoryState]:
        """Attends within one chunk and to the state; returns `[B, C, H, K]` and the next state."""
        # Sums over thousands of steps need more than the eight bits of a bfloat16's mantissa.
        with torch.autocast(q.device.type, enabled=False):
            length = q.shape[1]
            at = torch.arange(length, device=q.device, dtype=torch.float32)
            ago = at[:, None] - at
            decay = self.log_decay[:, None, None] * ago
            decay = decay.masked_fill(ago < 0, float("-inf")).exp()  # [H, C, C]
            weights = torch.einsum("bihk,bjhk->bhij", q, k) * decay
            since = (self.log_decay * (at[:, None] + 1)).exp()  # [C, H]
            until = (self.log_decay * (length - 1 - at[:, None])).exp()
            mixed = torch.einsum("bhij,bjhv->bihv", weights, v)
            mixed = mixed + torch.einsum("bihk,bhkv,ih->bihv", q, state.kv, since)
            norm = weights.sum(dim=-1).transpose(1, 2)
            norm = norm + torch.einsum("bihk,bhk,ih->bih", q, state.k, since)
            whole = since[-1][:, None]  # decay over the chunk, [H, 1]
            kept = k * until[..., None]
            kv = state.kv * whole[..., None] + torch.einsum("bjhk,bjhv->bhkv", kept, v)
            k_sum = state.k * whole + kept.sum(dim=1)
            return mixed / (norm[..., None] + _LEAST_SUM), HistoryState(kv, k_sum)


def causal_linear_attention_reference(
    q: Tensor, k: Tensor, v: Tensor, log_decay: Tensor, state: HistoryState
) -> tuple[Tensor, HistoryState]:
    """Computes what `CausalLinearAttention` mixes, one step after the other.

    Args:
        q: Queries after the feature map, of shape `[B, S, H, K]`.
        k: Keys after the feature map, of shape `[B, S, H, K]`.
        v: Values, of shape `[B, S, H, K]`.
        log_decay: Of each head, of shape `[H]`.
        state: What is remembered of the steps before.

    Returns:
        Of shape `[B, S, H, K]`, and the state after the last step.
    """
    decay = log_decay.exp()
    kv, k_sum = state
    outputs = []
    for t in range(q.shape[1]):
        kv = kv * decay[:, None, None] + k[:, t, :, :, None] * v[:, t, :, None, :]
        k_sum = k_sum * decay[:, None] + k[:, t]
        mixed = (q[:, t, :, None, :] @ kv)[:, :, 0]
        norm = (q[:, t] * k_sum).sum(dim=-1, keepdim=True)
        outputs.append(mixed / (norm + _LEAST_SUM))
    return torch.stack(outputs, dim=1), HistoryState(kv, k_sum)
