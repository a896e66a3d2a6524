"""Separated stems as a further view of a recording."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from model_core.nn.config import STEMS


class StemEncoder(nn.Module):
    """Projects the spectrogram of each stem and fuses them into one embedding a frame.

    A stem that isn't there is replaced by a learned embedding, so that any of them may be missing.
    """

    def __init__(self, n_mels: int, d_model: int, n_stems: int = len(STEMS)) -> None:
        super().__init__()
        self.names = STEMS[:n_stems]
        self.stem_projs = nn.ModuleDict({name: nn.Linear(n_mels, d_model) for name in self.names})
        self.absent = nn.Parameter(torch.zeros(n_stems, d_model))
        self.fusion = nn.Linear(d_model * n_stems, d_model)
        # Begins without a say, so that stems can be added to a network that knows none.
        nn.init.zeros_(self.fusion.weight)
        nn.init.zeros_(self.fusion.bias)

    def forward(self, stems: Mapping[str, Tensor], present: Tensor | None = None) -> Tensor:
        """Fuses stems.

        Args:
            stems: Spectrograms in [0, 1] by name, each of shape `[B, n_mels, T]`; at least one.
            present: False where a stem is to be ignored, of shape `[B, n_stems]`; default True for
                every stem that is given.

        Returns:
            Of shape `[B, T, D]`.

        Raises:
            ValueError: No stem is given, or one of another name.
        """
        unknown = set(stems) - set(self.names)
        if unknown or not stems:
            raise ValueError(f"Stems are {', '.join(self.names)}, not {', '.join(unknown) or '-'}.")
        batch, _, n_frames = next(iter(stems.values())).shape
        projected = []
        for index, name in enumerate(self.names):
            nothing = self.absent[index].expand(batch, n_frames, -1)
            if name in stems:
                one = self.stem_projs[name](stems[name].transpose(1, 2))
                if present is not None:
                    one = torch.where(present[:, index, None, None], one, nothing.to(one.dtype))
            else:
                one = nothing
            projected.append(one)
        fused: Tensor = self.fusion(torch.cat(projected, dim=-1))
        return fused
