"""What the network says of each raw frame and of each step.

A step is coded from the expected position e = previous pointer + 1: offset 0 copies the next
frame, a near offset is one of `2 * max_delta + 1` classes, a far one a bucket and a landing in it.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from model_core.edit.edit_ops import EditOp
from model_core.edit.pointers import STOP

_EDGES = (100, 200, 500, 1000, 2000, 5000, 10000)
_WIDEST_SINGLE_STAGE = 1000


class StepLogits(NamedTuple):
    """Logits of steps; the leading shape `[...]` is any.

    Attributes:
        delta_logits: Of shape `[..., 2 * max_delta + 1]`, content not yet added.
        jump_logits: Of shape `[..., n_jump_buckets]`.
        use_jump_logits: Of shape `[...]`.
        stop_logits: Of shape `[...]`.
        query: What landings are chosen by, of shape `[..., key_dim]`.
        op_logits: Of shape `[..., len(EditOp)]`; of no width without an edit-op head.
        taste: What an editor's taste does to the odds of copying, of shape `[..., 3]`: log-odds
            added to leaving, and the powers that the odds of leaving and of where to land are
            raised to; of no width without a `TasteLayer`.
    """

    delta_logits: Tensor
    jump_logits: Tensor
    use_jump_logits: Tensor
    stop_logits: Tensor
    query: Tensor
    op_logits: Tensor
    taste: Tensor


class StepTargets(NamedTuple):
    """Targets of steps, each of shape `[B, S]`.

    Attributes:
        expected: Expected position e.
        valid: True where there is something to predict.
        stop: True where the edit ends.
        use_jump: True where the offset is beyond `max_delta`.
        delta: Class of a near offset, in `[0, 2 * max_delta]`; meaningless elsewhere.
        bucket: Bucket of a far offset; meaningless elsewhere.
        landing: The pointer, where the step is no stop.
    """

    expected: Tensor
    valid: Tensor
    stop: Tensor
    use_jump: Tensor
    delta: Tensor
    bucket: Tensor
    landing: Tensor


class DeltaPredictionHead(nn.Module):
    """Offset, jump bucket, jump-or-offset and stop logits, and the query for landings."""

    def __init__(
        self, d_model: int, max_delta: int, key_dim: int, *, use_edit_ops: bool = False
    ) -> None:
        super().__init__()
        self.max_delta = max_delta
        self.n_delta_classes = 2 * max_delta + 1
        far = [edge for edge in _EDGES if edge > max_delta]
        self.register_buffer("bucket_edges", torch.tensor([max_delta, *far]), persistent=False)
        self.bucket_edges: Tensor
        self.n_jump_buckets = 2 * (1 + len(far))
        self.delta_proj = nn.Linear(d_model, self.n_delta_classes)
        self.jump_proj = nn.Linear(d_model, self.n_jump_buckets)
        self.use_jump_proj = nn.Linear(d_model, 1)
        self.stop_proj = nn.Linear(d_model, 1)
        self.query_proj = nn.Linear(d_model, key_dim)
        self.op_proj = nn.Linear(d_model, len(EditOp)) if use_edit_ops else None
        with torch.no_grad():
            # Nearly every step copies: beginning there spares the first thousand updates.
            self.delta_proj.bias[max_delta] = 10.0
            self.use_jump_proj.bias.fill_(-5.0)
            self.stop_proj.bias.fill_(-6.0)

    def forward(self, x: Tensor) -> StepLogits:
        """Maps decoder states `[..., D]` to logits."""
        return StepLogits(
            self.delta_proj(x),
            self.jump_proj(x),
            self.use_jump_proj(x).squeeze(-1),
            self.stop_proj(x).squeeze(-1),
            self.query_proj(x),
            x[..., :0] if self.op_proj is None else self.op_proj(x),
            x[..., :0],
        )

    def bucket_of(self, offset: Tensor) -> Tensor:
        """Returns the bucket of each far offset (a whole number of frames).

        Buckets are numbered as the offsets rise: the farthest back is 0. With the default
        `max_delta` the forward ones are (64, 100], (100, 200] ... (10000, inf).
        """
        rank = torch.bucketize(offset.abs().contiguous(), self.bucket_edges, right=False) - 1
        half = self.n_jump_buckets // 2
        return torch.where(offset > 0, half + rank, half - 1 - rank).clamp(
            0, self.n_jump_buckets - 1
        )

    def bucket_range(
        self, bucket: Tensor, expected: Tensor, n_frames: Tensor | int
    ) -> tuple[Tensor, Tensor]:
        """Returns the frames that buckets hold: low (inclusive) and high (exclusive).

        Args:
            bucket: Buckets, of any shape.
            expected: Expected positions e, of the same shape.
            n_frames: Frames T of the recording; what lies outside `[0, T)` is cut off.

        Returns:
            Both of the same shape; an empty bucket has `low >= high`.
        """
        forward = bucket >= self.n_jump_buckets // 2
        rank = self._rank(bucket)
        nearest = self.bucket_edges[rank]
        open_end = torch.full_like(self.bucket_edges[:1], 2**40)
        farthest = torch.cat((self.bucket_edges[1:], open_end))[rank]
        low = torch.where(forward, expected + nearest + 1, expected - farthest)
        high = torch.where(forward, expected + farthest + 1, expected - nearest)
        limit = torch.as_tensor(n_frames, device=low.device)
        return low.clamp(min=0), torch.minimum(high, limit)

    @property
    def narrow_reach(self) -> int:
        """The largest offset that isn't in a wide bucket."""
        edges = self.bucket_edges.tolist()
        reach = edges[0]
        for low, high in itertools.pairwise(edges):
            if high - low > _WIDEST_SINGLE_STAGE:
                break
            reach = high
        return int(reach)

    def bucket_offsets(self) -> list[tuple[int, int]]:
        """Returns the offsets of each bucket, low (inclusive) and high (exclusive)."""
        edges = [*self.bucket_edges.tolist(), 2**40]
        forward = [(low + 1, high + 1) for low, high in itertools.pairwise(edges)]
        return [(1 - high, 1 - low) for low, high in reversed(forward)] + forward

    def buckets_exist(self, expected: Tensor, n_frames: Tensor | int) -> Tensor:
        """Returns which buckets hold frames, of the shape of `expected` and `[n_jump_buckets]`."""
        buckets = torch.arange(self.n_jump_buckets, device=expected.device)
        limit = n_frames if isinstance(n_frames, int) else n_frames[..., None]
        low, high = self.bucket_range(
            buckets.expand(*expected.shape, -1), expected[..., None], limit
        )
        return low < high

    def is_wide(self, bucket: Tensor) -> Tensor:
        """Returns which buckets are so wide that landings in them are chosen in two stages."""
        edges = self.bucket_edges
        wide = torch.ones(len(edges), dtype=torch.bool, device=edges.device)
        wide[:-1] = edges[1:] - edges[:-1] > _WIDEST_SINGLE_STAGE
        return wide[self._rank(bucket)]

    def _rank(self, bucket: Tensor) -> Tensor:
        """Returns how far out each bucket is on its side, from 0 on."""
        half = self.n_jump_buckets // 2
        return torch.where(bucket >= half, bucket - half, half - 1 - bucket)

    def compute_targets(self, target_pointers: Tensor) -> StepTargets:
        """Turns pointers into step targets; expected positions come from the pointers.

        Args:
            target_pointers: int64 of shape `[B, S]`; raw frames, `STOP` and `PADDING`.

        Returns:
            The targets.
        """
        previous = torch.cat(
            (torch.full_like(target_pointers[:, :1], -1), target_pointers[:, :-1]), dim=1
        )
        expected = previous.clamp(min=-1) + 1
        return self.step_targets(expected, target_pointers)

    def step_targets(self, expected: Tensor, pointers: Tensor) -> StepTargets:
        """Codes `pointers` against known expected positions, both int64 of shape `[B, S]`."""
        stop = pointers == STOP
        valid = stop | (pointers >= 0)
        offset = torch.where(pointers >= 0, pointers - expected, 0)
        delta = offset.clamp(-self.max_delta, self.max_delta) + self.max_delta
        return StepTargets(
            expected,
            valid,
            stop,
            offset.abs() > self.max_delta,
            delta,
            self.bucket_of(offset),
            pointers.clamp(min=0),
        )


class StyledHead(nn.Module):
    """A small network over frame embeddings that a style turns up and down."""

    def __init__(self, d_model: int, style_dim: int, n_out: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(d_model)
        self.style = nn.Linear(style_dim, 4 * d_model)
        self.inner = nn.Linear(d_model, 2 * d_model)
        self.out = nn.Linear(2 * d_model, n_out)
        nn.init.zeros_(self.style.weight)
        nn.init.zeros_(self.style.bias)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Maps `[B, T, D]` and styles `[B, style_dim]` to `[B, T, n_out]`."""
        scale, shift = self.style(style)[:, None].chunk(2, dim=-1)
        inner = self.inner(self.norm(x))
        out: Tensor = self.out(nn.functional.gelu(inner * (1 + scale) + shift))
        return out


class LengthHead(nn.Module):
    """Predicts log(S / T), the length of the edit over that of its recording."""

    def __init__(self, d_model: int, style_dim: int, compression_ratio: float) -> None:
        super().__init__()
        self.prior = math.log(compression_ratio)
        self.inner = nn.Linear(d_model + style_dim, d_model)
        self.out = nn.Linear(d_model, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, global_tokens: Tensor, global_mask: Tensor, style: Tensor) -> Tensor:
        """Maps global tokens `[B, G, D]`, their mask `[B, G]` and styles to `[B]`."""
        weight = global_mask[..., None].to(global_tokens.dtype)
        pooled = (global_tokens * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1)
        inner = nn.functional.gelu(self.inner(torch.cat((pooled, style.to(pooled.dtype)), dim=-1)))
        change: Tensor = self.out(inner)[:, 0]
        return self.prior + change.float()
