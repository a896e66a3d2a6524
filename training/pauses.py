"""Trains what finds the ends of pauses, on spoken recordings made for it.

python -m training.pauses --audio FOLDER --out resources/model/pauses.safetensors
"""

from __future__ import annotations

import argparse
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

from model_core.audio.cache import cache_folder
from model_core.audio.features import mel_from_array
from model_core.edit.pointers import MODEL_HOP_SAMPLES
from model_core.errors import EditorBotError
from model_core.nn.pauses import PauseListener, save_listener
from training.corpus import Corpus, Split, default_folder
from training.simulator import EditorStyle, SimulatorSettings
from training.simulator.channel import impair
from training.simulator.speech import record_speech
from training.simulator.tape import PieceKind
from training.simulator.types import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

log = logging.getLogger("training")

_CROP, _BATCH = 1200, 12
_LEARNING_RATE = 3e-3
_ENDS_WEIGHT = 0.15
_LOG_EVERY = 50


class Heard(NamedTuple):
    """A recording and its pauses.

    Attributes:
        mel: uint8 of shape `[128, T]`, 255 for 1.
        pause: Whether each frame lies in a pause, of shape `[T]`.
    """

    mel: npt.NDArray[np.uint8]
    pause: npt.NDArray[np.bool_]


def record(rng: np.random.Generator, corpus: Corpus, settings: SimulatorSettings) -> Heard:
    """Simulates one spoken recording; what is quiet between its pieces is known from its tape."""
    tape, _, upper_hz = record_speech(rng, corpus, EditorStyle.draw(rng), settings)
    inside = np.zeros(tape.length, np.float32)
    for piece, (start, stop) in zip(tape.pieces, tape.bounds().tolist(), strict=True):
        inside[start:stop] = piece.kind is PieceKind.PAUSE
    samples = impair(rng, tape.render(), corpus, settings, upper_hz)
    n_frames = -(-samples.size // MODEL_HOP_SAMPLES)
    padded = np.pad(inside, (0, n_frames * MODEL_HOP_SAMPLES - inside.size), mode="edge")
    share = padded.reshape(n_frames, MODEL_HOP_SAMPLES).mean(axis=1)
    mel = np.round(mel_from_array(samples)[:, :n_frames] * 255).astype(np.uint8)
    return Heard(mel, share >= 0.5)


def targets_of(pause: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """Returns what `PauseListener` is to say, in the order of `Pauses`, of shape `[3, T]`.

    The ends of a recording are no ends of a pause.
    """
    change = np.diff(pause.astype(np.int8), prepend=pause[:1])
    return np.stack((pause, change == 1, change == -1)).astype(np.float32)


def loss_of(listener: PauseListener, mel: Tensor, target: Tensor) -> Tensor:
    """Returns the loss of crops: of being in a pause by frames, of both ends by their number.

    Args:
        listener: The network.
        mel: Of shape `[B, 128, T]`.
        target: Of shape `[B, 3, T]`.
    """
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=mel.device.type == "cpu"):
        told = torch.stack(listener(mel), dim=1)
    wrong = F.binary_cross_entropy_with_logits(told.float(), target, reduction="none")
    n_ends = target[:, 1:].sum().clamp(min=1) / 2
    return wrong[:, 0].mean() + _ENDS_WEIGHT * wrong[:, 1:].sum() / n_ends


def train(recordings: Sequence[Heard], updates: int, seed: int = 0) -> PauseListener:
    """Trains a listener.

    Args:
        recordings: Each of at least a crop's length; shorter ones are left out.
        updates: How many.
        seed: Of the first weights and of the crops.

    Raises:
        ValueError: No recording is long enough.
    """
    longer = [one for one in recordings if len(one.pause) > _CROP]
    if not longer:
        raise ValueError(f"No recording has more than {_CROP} frames.")
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    listener = PauseListener()
    optimiser = torch.optim.AdamW(listener.parameters(), _LEARNING_RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, _LEARNING_RATE, updates, pct_start=0.1
    )
    shares = np.array([len(one.pause) for one in longer], np.float64)
    targets = [targets_of(one.pause) for one in longer]
    total = 0.0
    for update in range(1, updates + 1):
        drawn = rng.choice(len(longer), _BATCH, p=shares / shares.sum())
        starts = [int(rng.integers(0, len(longer[i].pause) - _CROP)) for i in drawn]
        crops = [slice(start, start + _CROP) for start in starts]
        mel = np.stack([longer[i].mel[:, crop] for i, crop in zip(drawn, crops, strict=True)])
        target = np.stack([targets[i][:, crop] for i, crop in zip(drawn, crops, strict=True)])
        loss = loss_of(
            listener, torch.from_numpy(mel.astype(np.float32) / 255), torch.from_numpy(target)
        )
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(listener.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        total += float(loss.detach())
        if update % _LOG_EVERY == 0:
            log.info("update %d: loss %.3f", update, total / _LOG_EVERY)
            total = 0.0
    return listener.eval()


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m training.pauses", description="Train what finds the ends of pauses."
    )
    parser.add_argument("--audio", type=Path, default=default_folder(), help="the audio folder")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")
    parser.add_argument("--hours", type=float, default=27.0, help="how much to simulate")
    parser.add_argument("--updates", type=int, default=2500)
    parser.add_argument("--split", choices=("train", "valid", "test"), default="train")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    if options.audio is None:
        parser.error("name the audio folder with --audio or EDITORBOT_AUDIO")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    try:
        split = cast("Split", options.split)
        corpus = Corpus.from_folder(options.audio, split, cache_folder=cache_folder("beats"))
        recordings: list[Heard] = []
        frames = 0
        while frames < options.hours * 3600 * SAMPLE_RATE / MODEL_HOP_SAMPLES:
            rng = np.random.default_rng([options.seed, len(recordings)])
            recordings.append(record(rng, corpus, SimulatorSettings()))
            frames += len(recordings[-1].pause)
        log.info("%d recordings are simulated", len(recordings))
        listener = train(recordings, options.updates, options.seed)
        words = {
            "trained": datetime.now(UTC).date().isoformat(),
            "updates": str(options.updates),
            "simulated_hours": f"{options.hours:g}",
            "training_audio": "the recordings that the bundled network learned from",
            "licence": "MIT",
        }
        save_listener(options.out, listener, words)
    except (EditorBotError, ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
