"""Where in the seconds around does the recording sound the same? The mark of a take made again.

Attention could learn to match a false start with its retake, but slowly: one token at a time looks
like many others. Here stretches are compared: similarities are averaged along diagonals, so that a
match is a sequence of sounds in the same order. Nothing of the comparison is learned, only what to
make of it.
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
_SHARPNESS = 40.0
_USUAL, _SPREAD = 0.6, 0.15
"""Of the best match of a token that is made again nowhere."""
_NOTHING = -4.0
"""Stands for a lag that leads out of the recording; cosines end at -1."""
_BANDS = 40
_CHANGE_TOKENS = 2
_CHANGE_WEIGHT = 0.7
_LAG_DIM = 8
_PIECE = 4096


class SelfSimilarity(nn.Module):
    """Tells each token how well, and how far ahead and behind, its surroundings come again."""

    def __init__(self, n_mels: int, d_model: int, stride: int, reach: int) -> None:
        super().__init__()
        self.stride = stride
        self.reach = reach
        centres = torch.linspace(0, n_mels - 1, _BANDS)
        distance = (torch.arange(n_mels)[:, None] - centres).abs()
        bands = (1 - distance * _BANDS / n_mels).clamp(min=0)
        # With fewer mel bands than marks a band may fall between two of them.
        bands = bands / bands.sum(dim=0, keepdim=True).clamp(min=1e-6)
        self.register_buffer("bands", bands, persistent=False)
        self.bands: Tensor
        self.lags = nn.Parameter(torch.randn(2, reach - _NEAREST + 1, _LAG_DIM) * 0.1)
        self.out = nn.Linear(len(_WIDTHS) * 2 * (1 + _LAG_DIM), d_model)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, mel: Tensor, mask: Tensor) -> Tensor:
        """Compares every token's surroundings with those within reach.

        Args:
            mel: Spectrogram of `stride` frames a token, of shape `[B, n_mels, N * stride]`.
            mask: True for real tokens, of shape `[B, N]`.

        Returns:
            What to add to the tokens, of shape `[B, N, D]`.
        """
        with torch.no_grad(), torch.autocast(mel.device.type, enabled=False):
            marks = self._marks(mel.float(), mask)
        halo = max(_WIDTHS) // 2
        n_tokens = mask.shape[1]
        pieces = []
        for start in range(0, n_tokens, _PIECE):
            stop = min(n_tokens, start + _PIECE)
            low, high = max(0, start - halo), min(n_tokens, stop + halo)
            features = self._features(marks, mask, low, high)
            pieces.append(self.out(features[:, start - low : stop - low]))
        return torch.cat(pieces, dim=1) if len(pieces) > 1 else pieces[0]

    def _marks(self, mel: Tensor, mask: Tensor) -> Tensor:
        """Returns unit vectors of the spectrum's shape and of its change, `[B, N, 2 * _BANDS]`.

        Mean and spread of each band over the recording are taken out: what it has in common
        throughout, such as its microphone, is no match.
        """
        batch, n_mels, _ = mel.shape
        tokens = mel.view(batch, n_mels, -1, self.stride).mean(dim=-1).transpose(1, 2)
        level = tokens @ self.bands
        weight = mask[..., None].float()
        count = weight.sum(dim=1, keepdim=True).clamp(min=1)
        level = (level - (level * weight).sum(dim=1, keepdim=True) / count) * weight
        spread = (level.square().sum(dim=1, keepdim=True) / count).sqrt()
        shape = level / (spread + 1e-3)
        shape = F.normalize(shape - shape.mean(dim=-1, keepdim=True), dim=-1)
        around = F.pad(level, (0, 0, _CHANGE_TOKENS, _CHANGE_TOKENS))
        change = around[:, 2 * _CHANGE_TOKENS :] - around[:, : -2 * _CHANGE_TOKENS]
        change = F.normalize(change, dim=-1) * _CHANGE_WEIGHT
        return F.normalize(torch.cat((shape, change), dim=-1), dim=-1) * weight

    def _features(self, marks: Tensor, mask: Tensor, low: int, high: int) -> Tensor:
        """Returns strength and lag of the best matches of tokens `low` to `high`."""
        with torch.autocast(marks.device.type, enabled=False):
            features = []
            for similarity in self._similarities(marks, mask, low, high):
                behind = similarity[..., : self.reach - _NEAREST + 1].flip(-1)
                ahead = similarity[..., self.reach + _NEAREST :]
                for direction, part in enumerate((behind, ahead)):
                    strength = part.amax(dim=-1, keepdim=True).clamp(min=-1.0)
                    where = (_SHARPNESS * part).softmax(dim=-1) @ self.lags[direction]
                    features += [(strength - _USUAL) / _SPREAD, where]
            return torch.cat(features, dim=-1)

    @torch.no_grad()
    def _similarities(self, marks: Tensor, mask: Tensor, low: int, high: int) -> list[Tensor]:
        """Returns for each width the mean cosine at each lag, of shape `[B, N, 2 * reach + 1]`."""
        cosines = near_scores(marks[:, low:high], marks, self.reach, low)
        cosines = cosines * marks.shape[-1] ** 0.5
        lag = torch.arange(-self.reach, self.reach + 1, device=marks.device)
        other = torch.arange(low, high, device=marks.device)[:, None] + lag
        outside = (other < 0) | (other >= mask.sum(dim=1)[:, None, None])
        cosines = cosines.masked_fill(outside, 0.0)
        real = mask[:, low:high, None].float()
        return [
            (_summed(cosines, width) / _summed(real, width).clamp(min=1.0)).masked_fill(
                outside, _NOTHING
            )
            for width in _WIDTHS
        ]


def _summed(x: Tensor, width: int) -> Tensor:
    """Sums `[B, N, L]` over `width` neighbours in N."""
    pooled = F.avg_pool2d(x[:, None], (width, 1), 1, (width // 2, 0), divisor_override=1)
    return pooled[:, 0]
