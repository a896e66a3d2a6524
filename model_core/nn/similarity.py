"""Where in the seconds around does the recording sound the same? The mark of a take made again.

Attention can learn to match a false start with its retake, but slowly: one token at a time looks
like many others. Here stretches are compared: similarities are averaged along diagonals, so that a
match is a sequence of sounds in the same order.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model_core.nn.landing import near_scores

_WIDTHS = (7, 23)
"""Tokens that a match is averaged over: 0.3 and 1.1 s."""
_NEAREST = 8
"""Tokens (0.4 s) within which everything resembles itself."""
_SHARPNESS = 12.0
_NOTHING = -4.0
"""Stands for a lag that leads out of the recording; cosines end at -1."""
_LAG_DIM = 8
_PIECE = 4096


class SelfSimilarity(nn.Module):
    """Adds to each token how well, and how far ahead and behind, its surroundings come again."""

    def __init__(self, d_model: int, match_dim: int, reach: int) -> None:
        super().__init__()
        self.reach = reach
        self.norm = nn.LayerNorm(d_model)
        self.proj = nn.Linear(d_model, match_dim)
        self.lags = nn.Parameter(torch.randn(2, reach - _NEAREST + 1, _LAG_DIM) * 0.1)
        self.out = nn.Linear(len(_WIDTHS) * 2 * (1 + _LAG_DIM), d_model)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Compares every token's surroundings with those within reach.

        Args:
            x: Tokens, of shape `[B, N, D]`.
            mask: True for real tokens, of shape `[B, N]`.

        Returns:
            What to add to the tokens, of shape `[B, N, D]`.
        """
        with torch.autocast(x.device.type, enabled=False):
            marks = self.proj(self.norm(x.float()))
            weight = mask[..., None].float()
            # What a recording has in common throughout, such as its microphone, is no match.
            mean = (marks * weight).sum(dim=1, keepdim=True) / weight.sum(dim=1, keepdim=True)
            marks = F.normalize(marks - mean, dim=-1) * weight
        halo = max(_WIDTHS) // 2
        n_tokens = x.shape[1]
        pieces = []
        for start in range(0, n_tokens, _PIECE):
            stop = min(n_tokens, start + _PIECE)
            low, high = max(0, start - halo), min(n_tokens, stop + halo)
            features = self._features(marks, mask, low, high)
            pieces.append(self.out(features[:, start - low : stop - low]))
        found: Tensor = torch.cat(pieces, dim=1) if len(pieces) > 1 else pieces[0]
        return found.to(x.dtype)

    def _features(self, marks: Tensor, mask: Tensor, low: int, high: int) -> Tensor:
        """Returns strength and lag of the best matches of tokens `low` to `high`."""
        with torch.autocast(marks.device.type, enabled=False):
            cosines = near_scores(marks[:, low:high], marks, self.reach, low)
            cosines = cosines * marks.shape[-1] ** 0.5
            lag = torch.arange(-self.reach, self.reach + 1, device=marks.device)
            other = torch.arange(low, high, device=marks.device)[:, None] + lag
            lengths = mask.sum(dim=1)
            outside = (other < 0) | (other >= lengths[:, None, None])  # [B, N, lags]
            cosines = cosines.masked_fill(outside, 0.0)
            real = mask[:, low:high, None].float()
            features = []
            for width in _WIDTHS:
                smooth = _summed(cosines, width) / _summed(real, width).clamp(min=1.0)
                smooth = smooth.masked_fill(outside, _NOTHING)
                behind = smooth[..., : self.reach - _NEAREST + 1].flip(-1)
                ahead = smooth[..., self.reach + _NEAREST :]
                for direction, part in enumerate((behind, ahead)):
                    sharp = _SHARPNESS * part
                    strength = sharp.logsumexp(dim=-1, keepdim=True) / _SHARPNESS
                    where = sharp.softmax(dim=-1) @ self.lags[direction]
                    features += [strength.clamp(min=-1.0), where]
            return torch.cat(features, dim=-1)


def _summed(x: Tensor, width: int) -> Tensor:
    """Sums `[B, N, L]` over `width` neighbours in N."""
    pooled = F.avg_pool2d(x[:, None], (width, 1), 1, (width // 2, 0), divisor_override=1)
    return pooled[:, 0]
