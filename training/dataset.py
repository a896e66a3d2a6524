"""Crops of simulated recordings, read from shards that `training.simulate` writes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from model_core.edit.pointers import PADDING, STOP
from training import shards
from training.losses import Batch
from training.shards import read_shard

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]

STYLE_QUANTITIES = ("pause_s", "margin_s")
STYLE_LOG_MEAN = (math.log(0.15 * 1.2) / 2, math.log(0.05 * 0.5) / 2)
STYLE_LOG_STD = (math.log(1.2 / 0.15) / 12**0.5, math.log(0.5 / 0.05) / 12**0.5)
"""Mean and deviation of the logarithms: the simulator draws both log-uniformly."""


def standardise_style(quantities_s: FloatArray) -> FloatArray:
    """Turns style quantities in seconds into numbers of mean 0 and deviation 1."""
    logs = np.log(np.maximum(quantities_s, 1e-3))
    scaled = (logs - np.array(STYLE_LOG_MEAN)) / np.array(STYLE_LOG_STD)
    standardised: FloatArray = scaled.astype(np.float32)
    return standardised


@dataclass(frozen=True, slots=True)
class Example:
    """One simulated recording at frame rate.

    Attributes:
        mel: uint8 of shape `[n_mels, T]`, 255 for 1.
        runs: Frame ranges that the edit plays in turn, `[n, 2]`.
        reason: int8 of shape `[T]`; class of why a frame went, -1 where it stays.
        style: Standardised quantities.
        kind: 0 speech, 1 music.
    """

    mel: npt.NDArray[np.uint8]
    runs: IntArray
    reason: npt.NDArray[np.int8]
    style: npt.NDArray[np.float32]
    kind: int

    @property
    def n_frames(self) -> int:
        """Frames of the recording."""
        return int(self.mel.shape[1])


def load_shard(path: Path, hop: int = 256) -> list[Example]:
    """Reads all recordings of a shard and brings their truth to frame rate."""
    return [at_frame_rate(recording, hop) for recording in read_shard(path)]


def at_frame_rate(recording: shards.Example, hop: int = 256) -> Example:
    """Brings the truth of a recording from samples to frames of `hop` samples."""
    # librosa's count of frames includes an empty one when the samples end on a frame.
    n_frames = -(-recording.n_samples // hop)
    runs = samples_to_frames(recording.kept, hop).clip(0, n_frames)
    runs = runs[runs[:, 1] > runs[:, 0]]
    reason = np.full(n_frames, -1, np.int8)
    removed = samples_to_frames(recording.removed, hop)
    for (start, stop), why in zip(removed, recording.reasons, strict=True):
        reason[start:stop] = why
    for start, stop in runs:
        reason[start:stop] = -1
    style = standardise_style(recording.style)
    kind = shards.KINDS.index(recording.kind)
    return Example(recording.mel[:, :n_frames], runs, reason, style, kind)


def samples_to_frames(ranges: IntArray, hop: int) -> IntArray:
    """Rounds sample positions to frame boundaries, half up."""
    return (2 * ranges.reshape(-1, 2) + hop) // (2 * hop)


class ShardPool:
    """All shards of a folder in memory; new ones are picked up as they appear."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._examples: dict[str, list[Example]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Loads shards that were not there before."""
        for path in sorted(self.folder.glob("*.npz")):
            if path.name not in self._examples:
                self._examples[path.name] = load_shard(path)

    @property
    def examples(self) -> list[Example]:
        """Every recording, in the order of the shards' names."""
        return [example for name in sorted(self._examples) for example in self._examples[name]]


def next_pointers(runs: IntArray, n_frames: int) -> IntArray:
    """Returns the next pointer at each expected position e = 0 ... T of a whole recording.

    `PADDING` stands where e is never expected, `STOP` where the edit ends.
    """
    pointers = np.full(n_frames + 1, PADDING, np.int64)
    if len(runs) == 0:
        pointers[0] = STOP
        return pointers
    for start, stop in runs:
        pointers[start + 1 : stop] = np.arange(start + 1, stop)
    pointers[runs[:-1, 1]] = runs[1:, 0]
    pointers[runs[-1, 1]] = STOP
    pointers[0] = runs[0, 0]
    return pointers


def make_batch(
    examples: list[Example],
    rng: np.random.Generator,
    crop_frames: int,
    style_dropout: float,
    *,
    augment: bool,
) -> Batch:
    """Cuts one crop from each recording and pads them to one length.

    Args:
        examples: The recordings.
        rng: Source of every choice.
        crop_frames: Longest crop.
        style_dropout: Share of crops whose style is hidden from the network.
        augment: Whether to vary the spectrogram.

    Returns:
        The batch, lengths rounded up to the longest crop.
    """
    n_mels = examples[0].mel.shape[0]
    longest = min(crop_frames, max(example.n_frames for example in examples))
    size = len(examples)
    mel = np.zeros((size, n_mels, longest), np.float32)
    mask = np.zeros((size, longest), bool)
    kept = np.zeros((size, longest), np.float32)
    reason = np.full((size, longest), -1, np.int64)
    pointers = np.full((size, longest + 1), PADDING, np.int64)
    offsets = np.zeros(size, np.int64)
    for i, example in enumerate(examples):
        start = _crop_start(example.n_frames, longest, rng)
        stop = min(example.n_frames, start + longest)
        n = stop - start
        crop = example.mel[:, start:stop].astype(np.float32) / np.float32(255)
        mel[i, :, :n] = _augmented(crop, rng) if augment else crop
        mask[i, :n] = True
        reason[i, :n] = example.reason[start:stop]
        for first, last in example.runs:
            kept[i, max(0, first - start) : max(0, min(n, last - start))] = 1
        whole = next_pointers(example.runs, example.n_frames)[start : stop + 1].copy()
        whole[whole >= 0] -= start
        if start > 0:
            whole[0] = PADDING  # what was played before the crop is not in sight
        if stop < example.n_frames:
            whole[n] = PADDING
        pointers[i, : n + 1] = whole
        offsets[i] = start
    return Batch(
        torch.from_numpy(mel),
        torch.from_numpy(mask),
        torch.from_numpy(offsets),
        torch.tensor([example.n_frames for example in examples]),
        torch.from_numpy(np.stack([example.style for example in examples])),
        torch.from_numpy(rng.random(size) >= style_dropout),
        torch.from_numpy(kept),
        torch.from_numpy(reason),
        torch.from_numpy(pointers),
    )


def _crop_start(n_frames: int, crop: int, rng: np.random.Generator) -> int:
    """Chooses where a crop starts: often at an end, since beginnings and ends are rare."""
    room = n_frames - crop
    if room <= 0:
        return 0
    choice = rng.random()
    if choice < 0.15:
        return 0
    if choice < 0.3:
        return room
    return int(rng.integers(0, room + 1))


def _augmented(mel: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Tilts the spectrum, lifts the floor and adds a little noise, within the units of [0, 1].

    The recording's maximum is the top of the scale, so one loud knock shifts all the rest: a
    random shift (up to 12 dB of the 80) teaches not to rely on absolute values.
    """
    n_mels = mel.shape[0]
    bands = np.linspace(-1, 1, n_mels, dtype=np.float32)[:, None]
    tilt = rng.normal(0, 0.03) * bands + rng.normal(0, 0.02) * np.cos(
        np.pi * bands * rng.uniform(0.5, 2) + rng.uniform(0, 6.28)
    )
    varied = mel + tilt - rng.choice([0.0, rng.uniform(0, 0.15)])
    if rng.random() < 0.5:
        varied = varied + rng.normal(0, rng.uniform(0, 0.03), mel.shape)
    if rng.random() < 0.3:
        width = int(rng.integers(1, max(2, n_mels // 6)))
        low = int(rng.integers(0, n_mels - width))
        varied[low : low + width] = 0
    clipped: FloatArray = varied.clip(0, 1).astype(np.float32)
    return clipped
