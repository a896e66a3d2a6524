"""Where an editor would leave a recording and where one would land in it, to the frame.

The network's own embeddings say where a pause is to about a third of a second; an editor's habit is
a matter of hundredths. This small network reads the spectrogram together with the network's tokens
and what it says of each frame. It was trained on the edits of many simulated editors, each with a
habit that it was told, so that what it hears in a recording can be moved to the habit of anybody.

Shape letters: B recordings, T frames, W width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn
from torch.nn import functional as F

from model_core.edit.types import REASONS
from model_core.errors import CheckpointError
from model_core.files import write_bytes_atomically
from model_core.nn.device import in_pieces

if TYPE_CHECKING:
    from pathlib import Path

WIDTH = 96
_DILATIONS = (1, 2, 4, 8, 16, 32, 64, 128)
_HALO = 1 + sum(_DILATIONS)
"""Frames on each side that say something of a frame: 3 s."""
_PIECE = 8192
_DROPPED = 0.15
"""Share of what each block computes that is hidden throughout a piece in training, in which
there are few voices."""
TRACKS = 4
"""What is told of each frame: log-odds added to leaving before it for somewhere near and for
somewhere far, and to landing on it; and how often, in logarithms, who skips onward lands on it
rather than skipping it too."""
NEAR, FAR, LAND, ARRIVE = range(TRACKS)
_PAUSES = 3
_FEATURES = 2 + len(REASONS)
USUAL_HABIT_S = (0.42, 0.55)
"""Of the mean editor of training; what differs from them is told in logarithms."""
_COVERAGE_SCALE, _COVERAGE_REACH = 6.0, 2.0
_RARE, _EVER = -4.0, -1.0
"""Log-odds to begin training with: few frames are the first of a pause, a quarter lie in one."""


class Heard(NamedTuple):
    """What is heard in recordings, float32 of shape `[B, T, 3]` and `[B, T, TRACKS]` twice.

    Attributes:
        pauses: Log-odds that a frame lies in a pause, that one begins with it, and that one ended
            before it. Training asks for them; nothing else does.
        habitual: What is told of `TRACKS` if leaving came the habit's time behind this frame, and
            landing that time ahead of it.
        fixed: The same for this very frame, whatever the habit.
    """

    pauses: Tensor
    habitual: Tensor
    fixed: Tensor


class _Block(nn.Module):
    """A residual layer over three frames, `dilation` apart."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.norm = nn.LayerNorm(width)
        self.mix = nn.Linear(3 * width, width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Maps `[B, T, W]` to the same shape."""
        mixed = F.gelu(self.mix(_beside(self.norm(x), self.dilation)))
        if self.training:
            mixed = mixed * F.dropout(torch.ones_like(mixed[:, :1]), _DROPPED)
        told: Tensor = x + self.out(mixed)
        return told


class CutListener(nn.Module):
    """Hears where editors would cut.

    Products of whole frames, rather than convolutions: on a processor they are several times faster
    in training.

    Args:
        n_mels: Mel bands.
        d_model: Width of the network's tokens.
        stride: Frames that they are apart.

    Attributes:
        shapes: How far a leaving (row 0) and a landing (row 1) lie from where the habit has them:
            logarithms of the deviation of most and of the reach of others, in frames, and log-odds
            of being one of those.
        trust: Logarithms of the powers that the network's own odds of leaving, and of where to
            land, are raised to by an editor nobody knows.
        elsewhere: Log-odds that are added to each of `TRACKS` everywhere.
        pooled: How much arrivals in a far bucket say of whether it is taken.
    """

    def __init__(self, n_mels: int = 128, d_model: int = 128, stride: int = 4) -> None:
        super().__init__()
        width = WIDTH
        self.stride = stride
        self.first = nn.Linear(3 * n_mels, width)
        self.told = nn.Linear(_FEATURES, width)
        self.habit = nn.Linear(2, width)
        self.context = nn.Linear(d_model, width, bias=False)
        self.blocks = nn.ModuleList(_Block(width, dilation) for dilation in _DILATIONS)
        self.norm = nn.LayerNorm(width)
        self.last = nn.Linear(width, _PAUSES + 2 * TRACKS)
        self.shapes = nn.Parameter(torch.tensor([[-0.5, 1.6, -1.5], [-0.5, 1.6, -1.5]]))
        self.trust = nn.Parameter(torch.zeros(2))
        self.elsewhere = nn.Parameter(torch.zeros(TRACKS))
        self.pooled = nn.Parameter(torch.tensor(1.0))
        with torch.no_grad():
            self.last.weight.mul_(0.1)
            self.last.bias.fill_(_EVER)
            self.last.bias[1:_PAUSES] = _RARE

    def forward(
        self, mel: Tensor, tokens: Tensor, coverage: Tensor, reason: Tensor, habit: Tensor
    ) -> Heard:
        """Listens to recordings.

        Args:
            mel: Spectrograms in [0, 1], of shape `[B, n_mels, T]`.
            tokens: The encoder's, `stride` frames apart, of shape `[B, N, D]`.
            coverage: Log-odds that each frame is played, of shape `[B, T]`.
            reason: Logits of why it goes, if it goes, of shape `[B, T, len(REASONS)]`.
            habit: What is left of a pause, and up to which length pauses stay, in seconds, of
                shape `[2]`.

        Returns:
            What is heard.
        """
        usual = habit.new_tensor(USUAL_HABIT_S)
        own = self.habit((habit / usual).log())
        n_frames = mel.shape[-1]

        def run(start: int, stop: int) -> Tensor:
            low, high = max(0, start - _HALO), min(n_frames, stop + _HALO)
            told = _features(coverage[:, low:high], reason[:, low:high])
            x = self.first(_beside(mel[..., low:high].transpose(1, 2), 1))
            first = low // self.stride
            context = self.context(tokens[:, first : -(-high // self.stride)].float())
            context = context.repeat_interleave(self.stride, dim=1)
            context = context[:, low - first * self.stride :][:, : high - low]
            x = F.gelu(x + self.told(told) + own + context)
            for block in self.blocks:
                x = block(x)
            logits: Tensor = self.last(self.norm(x[:, start - low : x.shape[1] - (high - stop)]))
            return logits.float()

        heard = in_pieces(run, n_frames, _PIECE, mel.device)
        tracks = heard[..., _PAUSES:]
        return Heard(heard[..., :_PAUSES], tracks[..., :TRACKS], tracks[..., TRACKS:])


def _features(coverage: Tensor, reason: Tensor) -> Tensor:
    """Returns what the network says of frames, as it is read, of shape `[B, T, _FEATURES]`."""
    coverage = coverage.float()
    scaled = (coverage / _COVERAGE_SCALE).clamp(-_COVERAGE_REACH, _COVERAGE_REACH)
    plain = torch.stack((scaled, coverage.sigmoid()), dim=-1)
    return torch.cat((plain, reason.float().softmax(dim=-1)), dim=-1)


def _beside(x: Tensor, distance: int) -> Tensor:
    """Lays the frames so far before and behind beside each frame: `[B, T, W]` to `[B, T, 3 * W]`.

    Beyond the ends there is nothing.
    """
    padded = F.pad(x, (0, 0, distance, distance))
    n_frames = x.shape[1]
    return torch.cat((padded[:, :n_frames], x, padded[:, 2 * distance :]), dim=-1)


def load_listener(path: Path) -> CutListener:
    """Reads a listener, in evaluation mode on the CPU.

    Raises:
        CheckpointError: The file is missing, damaged or foreign.
    """
    listener = CutListener()
    try:
        listener.load_state_dict(load_file(path))
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"{path.name} does not hold what hears where to cut.", "Install EditorBot again."
        ) from error
    return listener.eval()


def save_listener(path: Path, listener: CutListener, words: dict[str, str]) -> None:
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
