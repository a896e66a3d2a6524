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

from model_core.nn.device import in_pieces, rows_at_once

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
_BLOCK = 64
_HALO = max(_WIDTHS) // 2


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
        self.register_buffer("averages", _averages(), persistent=False)
        self.averages: Tensor
        self.lags = nn.Parameter(torch.randn(2, reach - _NEAREST + 1, _LAG_DIM) * 0.1)
        self.out = nn.Linear(len(_WIDTHS) * 2 * (1 + _LAG_DIM), d_model)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, mel: Tensor, mask: Tensor) -> Tensor:
        """Compares every token's surroundings with those within reach.

        Args:
            mel: Spectrogram of `stride` frames a token, of shape `[B, n_mels, T]`; frames that are
                missing in the last token are silent.
            mask: True for real tokens, of shape `[B, N]` with N = ceil(T / stride).

        Returns:
            What to add to the tokens, of shape `[B, N, D]`.
        """
        each = [self._of_one(one.float(), real) for one, real in zip(mel, mask, strict=True)]
        return torch.cat(each) if len(each) > 1 else each[0]

    def _of_one(self, mel: Tensor, real: Tensor) -> Tensor:
        """Does `forward` for one recording: `[n_mels, T]` and `[N]` give `[1, N, D]`."""
        marks = self._marks(mel, real)
        # In training the answer isn't waited for: the device may be a busy one.
        has_padding = torch.is_grad_enabled() or not bool(real.all())

        def run(start: int, stop: int) -> Tensor:
            out: Tensor = self.out(self._features(marks, real, start, stop, has_padding))
            return out[None]

        return in_pieces(run, len(real), min(4096, rows_at_once(mel.device)), mel.device)

    @torch.no_grad()
    def _marks(self, mel: Tensor, real: Tensor) -> Tensor:
        """Returns unit vectors of the spectrum's shape and of its change, `[N, 2 * _BANDS]`.

        Mean and spread of each band over the recording are taken out: what it has in common
        throughout, such as its microphone, is no match.
        """
        with torch.autocast(mel.device.type, enabled=False):
            n_tokens, weight = len(real), real[:, None].float()
            piece = rows_at_once(mel.device)

            def levels(start: int, stop: int) -> Tensor:
                return self._levels(mel, start, stop)[None]

            level = in_pieces(levels, n_tokens, piece, mel.device)[0]
            count = weight.sum().clamp(min=1)
            level -= (level * weight).sum(dim=0) / count
            level *= weight
            spread = (level.square().sum(dim=0) / count).sqrt() + 1e-3

            def run(start: int, stop: int) -> Tensor:
                shape = level[start:stop] / spread
                shape = F.normalize(shape - shape.mean(dim=-1, keepdim=True), dim=-1)
                low, high = start - _CHANGE_TOKENS, stop + _CHANGE_TOKENS
                around = F.pad(
                    level[max(0, low) : high], (0, 0, max(0, -low), max(0, high - n_tokens))
                )
                change = around[2 * _CHANGE_TOKENS :] - around[: -2 * _CHANGE_TOKENS]
                change = F.normalize(change, dim=-1) * _CHANGE_WEIGHT
                marks = F.normalize(torch.cat((shape, change), dim=-1), dim=-1)
                return (marks * weight[start:stop])[None]

            return in_pieces(run, n_tokens, piece, mel.device)[0]

    def _levels(self, mel: Tensor, start: int, stop: int) -> Tensor:
        """Returns the mean level of each band in tokens `start` to `stop`, `[N, _BANDS]`."""
        frames = mel[:, start * self.stride : stop * self.stride]
        frames = F.pad(frames, (0, (stop - start) * self.stride - frames.shape[1]))
        # A product is several times faster than a mean over a short axis.
        mean = frames.reshape(-1, self.stride) @ frames.new_full((self.stride,), 1 / self.stride)
        return mean.view(mel.shape[0], -1).T @ self.bands

    def _features(
        self, marks: Tensor, real: Tensor, start: int, stop: int, has_padding: bool = True
    ) -> Tensor:
        """Returns strength and lag of the best matches of tokens `start` to `stop`, `[n, 36]`."""
        with torch.autocast(marks.device.type, enabled=False):
            similarity = self._similarities(marks, real, start, stop, has_padding)
            n_lags = self.reach - _NEAREST + 1
            parts = similarity[..., :n_lags], similarity[..., -n_lags:]
            features = []
            for direction, part in enumerate(parts):
                best = part.amax(dim=-1, keepdim=True)
                strength = (best / _SHARPNESS).clamp(min=-1.0)
                weights = (part - best).exp_()
                lags = self.lags[direction].float()
                lags = lags.flip(0) if direction == 0 else lags
                # The softmax's denominator comes out of the same product.
                table = torch.cat((lags, torch.ones_like(lags)), dim=1)
                where = weights @ table
                where = where[..., :_LAG_DIM] / where[..., _LAG_DIM:]
                features += [(strength - _USUAL) / _SPREAD, where]
            found = torch.cat(features, dim=-1)  # [C, widths, _BLOCK, 18]
            return found.transpose(1, 2).flatten(0, 1).flatten(1)[: stop - start]

    @torch.no_grad()
    def _similarities(
        self, marks: Tensor, real: Tensor, start: int, stop: int, has_padding: bool
    ) -> Tensor:
        """Returns `_SHARPNESS` times the mean cosine at each lag.

        Blocks of tokens are compared with all in their reach, by one product each. Row i of such a
        product has lag 0 at column i + reach, so in a view whose rows begin one element farther
        each time a lag is a column, and the mean along a diagonal is one down a column: another
        product, with a matrix of ones in a band.

        Args:
            marks: Of the recording, `[N, 2 * _BANDS]`.
            real: True for real tokens, `[N]`.
            start: First token.
            stop: One beyond the last.
            has_padding: Whether some tokens may not be real.

        Returns:
            Of shape `[C, len(_WIDTHS), _BLOCK, 2 * reach + 1]`, where C blocks cover the tokens.
        """
        n_blocks = -(-(stop - start) // _BLOCK)
        stop = start + n_blocks * _BLOCK
        rows, n_lags = _BLOCK + 2 * _HALO, 2 * self.reach + 1
        columns = rows + 2 * self.reach
        around = _padded(marks, start - _HALO - self.reach, stop + _HALO + self.reach)
        windows = around.unfold(0, columns, _BLOCK)  # [C, 2 * _BANDS, columns]
        own = windows[..., self.reach : self.reach + rows]
        cosines = own.mT @ windows
        skewed = cosines.as_strided(
            (n_blocks, rows, n_lags), (rows * columns, columns + 1, 1), cosines.storage_offset()
        )
        near = _padded(real[:, None].float(), start - _HALO, stop + _HALO)[:, 0]
        counts = near.unfold(0, rows, _BLOCK) @ self.averages.T  # [C, widths * _BLOCK]
        band = self.averages * (_SHARPNESS / counts.clamp(min=1.0))[..., None]
        similarity = (band @ skewed).view(n_blocks, len(_WIDTHS), _BLOCK, n_lags)
        if has_padding or start < self.reach or stop + self.reach > len(real):
            lag = torch.arange(-self.reach, self.reach + 1, device=marks.device)
            other = torch.arange(start, stop, device=marks.device)[:, None] + lag
            outside = (other < 0) | (other >= real.sum())
            outside = outside.view(n_blocks, 1, _BLOCK, n_lags)
            similarity.masked_fill_(outside, _NOTHING * _SHARPNESS)
        return similarity


def _averages() -> Tensor:
    """Returns which rows of a block with its halo count for each of its tokens.

    Returns:
        Ones and zeros of shape `[len(_WIDTHS) * _BLOCK, _BLOCK + 2 * _HALO]`.
    """
    token = torch.arange(_BLOCK)[:, None] + _HALO
    distance = (torch.arange(_BLOCK + 2 * _HALO) - token).abs()
    return torch.cat([(distance <= width // 2).float() for width in _WIDTHS])


def _padded(x: Tensor, start: int, stop: int) -> Tensor:
    """Returns rows `start` to `stop` of `[N, K]`, zeros where there are none."""
    inside = x[max(0, start) : max(0, stop)]
    before = max(0, -start)
    return F.pad(inside, (0, 0, before, stop - start - before - len(inside)))
