"""Where pauses begin and end, heard in the spectrogram alone.

The network's own embeddings say where a pause is to about a third of a second; an editor's habit is
a matter of hundredths. This small network is trained on simulated recordings, whose pauses are
known exactly, to find both ends under noise and reverberation.

Shape letters: B recordings, T frames, W width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn
from torch.nn import functional as F

from model_core.errors import CheckpointError
from model_core.files import write_bytes_atomically
from model_core.nn.device import in_pieces

if TYPE_CHECKING:
    from pathlib import Path

WIDTH = 64
_DILATIONS = (1, 2, 4, 8, 16, 32, 64)
_HALO = 1 + sum(_DILATIONS)
"""Frames on each side that say something of a frame: 1.5 s."""
_PIECE = 8192
_RARE, _EVER = -4.0, -1.0
"""Log-odds to begin training with: few frames are the first of a pause, a quarter lie in one."""


class Pauses(NamedTuple):
    """What is heard of pauses, each of shape `[B, T]`; log-odds or probabilities.

    Attributes:
        inside: That a frame lies in a pause.
        begins: That a pause begins with it.
        ends: That a pause ended before it: sound begins with it.
    """

    inside: Tensor
    begins: Tensor
    ends: Tensor


class _Block(nn.Module):
    """A residual layer over three frames, `dilation` apart."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.mix = nn.Linear(3 * width, width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Maps `[B, T, W]` to the same shape."""
        mixed: Tensor = x + self.out(F.gelu(self.mix(_beside(x, self.dilation))))
        return mixed


class PauseListener(nn.Module):
    """Hears pauses in spectrograms.

    Products of whole frames, rather than convolutions: on a processor they are several times faster
    in training.
    """

    def __init__(self, n_mels: int = 128, width: int = WIDTH) -> None:
        super().__init__()
        self.first = nn.Linear(3 * n_mels, width)
        self.blocks = nn.ModuleList(_Block(width, dilation) for dilation in _DILATIONS)
        self.last = nn.Linear(width, len(Pauses._fields))
        with torch.no_grad():
            self.last.bias.copy_(torch.tensor([_EVER, _RARE, _RARE]))

    def forward(self, mel: Tensor) -> Pauses:
        """Maps spectrograms in [0, 1] of shape `[B, n_mels, T]` to log-odds, float32."""
        n_frames = mel.shape[-1]

        def run(start: int, stop: int) -> Tensor:
            low, high = max(0, start - _HALO), min(n_frames, stop + _HALO)
            x = F.gelu(self.first(_beside(mel[..., low:high].transpose(1, 2), 1)))
            for block in self.blocks:
                x = block(x)
            logits: Tensor = self.last(x[:, start - low : x.shape[1] - (high - stop)])
            return logits.float()

        return Pauses(*in_pieces(run, n_frames, _PIECE, mel.device).unbind(dim=-1))


def _beside(x: Tensor, distance: int) -> Tensor:
    """Lays the frames so far before and behind beside each frame: `[B, T, W]` to `[B, T, 3 * W]`.

    Beyond the ends there is nothing.
    """
    padded = F.pad(x, (0, 0, distance, distance))
    n_frames = x.shape[1]
    return torch.cat((padded[:, :n_frames], x, padded[:, 2 * distance :]), dim=-1)


def load_listener(path: Path) -> PauseListener:
    """Reads a listener, in evaluation mode on the CPU.

    Raises:
        CheckpointError: The file is missing, damaged or foreign.
    """
    listener = PauseListener()
    try:
        listener.load_state_dict(load_file(path))
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"{path.name} does not hold what finds pauses.", "Install EditorBot again."
        ) from error
    return listener.eval()


def save_listener(path: Path, listener: PauseListener, words: dict[str, str]) -> None:
    """Writes a listener; an existing file is replaced only by a whole one.

    Args:
        path: Where to.
        listener: The listener.
        words: How it came about, for people.

    Raises:
        FileWriteError: The file can't be written.
    """
    tensors = {name: value.detach().contiguous() for name, value in listener.state_dict().items()}
    write_bytes_atomically(path, save(tensors, metadata=words))
