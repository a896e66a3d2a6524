"""Recordings with their edits at frame rate, and batches of crops of them."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from model_core.edit.edit_ops import pointers_to_ops
from model_core.edit.pointers import PADDING
from model_core.errors import AudioReadError
from model_core.nn.style_events import EventTable, events_of, stack_events
from model_core.nn.walks import steps_of
from training import shards
from training.augmentation import (
    Augmentation,
    augmented,
    kept_stems,
    shuffle_chunks,
    vary_channel,
)
from training.losses import Batch
from training.sampling import crop_start
from training.shards import read_shard

log = logging.getLogger("training")

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]

STYLE_QUANTITIES = ("pause_s", "margin_s", "extension")
STYLE_LOG_MEAN = (math.log(0.15 * 1.2) / 2, math.log(0.05 * 0.5) / 2, 0.167)
STYLE_LOG_STD = (math.log(1.2 / 0.15) / 12**0.5, math.log(0.5 / 0.05) / 12**0.5, 0.228)
"""Mean and deviation of the logarithms: the simulator draws the first two log-uniformly, and the
third too for the two editors in five who extend (1.15 to 2)."""


_BUDGET_JITTER = 0.1
_FEWEST_FRAMES = 86
"""1 s."""


def standardise_style(quantities_s: FloatArray) -> FloatArray:
    """Turns style quantities in seconds into numbers of mean 0 and deviation 1."""
    logs = np.log(np.maximum(quantities_s, 1e-3))
    scaled = (logs - np.array(STYLE_LOG_MEAN)) / np.array(STYLE_LOG_STD)
    standardised: FloatArray = scaled.astype(np.float32)
    return standardised


@dataclass(frozen=True, slots=True)
class Example:
    """One recording with its edit at frame rate.

    Attributes:
        mel: uint8 of shape `[n_mels, T]`, 255 for 1.
        runs: Frame ranges that the edit plays in turn, `[n, 2]`; they may repeat and go back.
        reason: int8 of shape `[T]`; class of why a frame went, -1 where it stays or nobody knows.
        style: Standardised quantities.
        kind: 0 speech, 1 music.
        name: What a person calls it.
        recording: What tells recordings apart: several edits of one recording share it. Empty
            where each is a recording of its own.
        stems: Spectrograms of separated stems by name, each like `mel`; empty where there are none.
        ops: `EditOp` of each step, int8 of shape `[S + 1]`; None to take those of the pointers.
    """

    mel: npt.NDArray[np.uint8]
    runs: IntArray
    reason: npt.NDArray[np.int8]
    style: npt.NDArray[np.float32]
    kind: int
    name: str = ""
    recording: str = ""
    stems: Mapping[str, npt.NDArray[np.uint8]] = field(default_factory=dict)
    ops: npt.NDArray[np.int8] | None = None

    @property
    def n_frames(self) -> int:
        """Frames of the recording."""
        return int(self.mel.shape[1])


def load_shard(path: Path, hop: int = 256) -> list[Example]:
    """Reads all recordings of a shard and brings their truth to frame rate."""
    return [
        replace(at_frame_rate(recording, hop), name=f"{path.stem}/{index}")
        for index, recording in enumerate(read_shard(path))
    ]


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


def why_unusable(example: Example) -> str:
    """Returns why nothing can be learned from a recording, as a sentence; empty if it can."""
    if example.n_frames < _FEWEST_FRAMES:
        return f"it is only {example.n_frames * 256 / 22050:.1f} seconds long."
    if not example.mel.any():
        return "the recording is silent from beginning to end."
    if not len(example.runs):
        return "nothing of the recording is heard in its edit."
    if not np.isfinite(example.style).all():
        return "its measured style isn't a number."
    return ""


class ShardPool:
    """All shards of a folder in memory; new ones are picked up as they appear.

    What can't be read or learned from is left out, with a warning.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._examples: dict[str, list[Example]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Loads shards that were not there before."""
        for path in sorted(self.folder.glob("*.npz")):
            if path.name not in self._examples:
                self._examples[path.name] = _usable_of(path)

    @property
    def examples(self) -> list[Example]:
        """Every recording, in the order of the shards' names."""
        return [example for name in sorted(self._examples) for example in self._examples[name]]

    @property
    def editors(self) -> list[list[Example]]:
        """The recordings of each editor: a shard is one editor's work."""
        return [self._examples[name] for name in sorted(self._examples)]


def _usable_of(shard: Path) -> list[Example]:
    try:
        examples = load_shard(shard)
    except AudioReadError as error:
        log.warning("left out: %s", error)
        return []
    usable = []
    for example in examples:
        if why := why_unusable(example):
            log.warning("left out: in %s, recording %s: %s", shard.name, example.name, why)
        else:
            usable.append(example)
    return usable


def visits_of(runs: IntArray, n_frames: int) -> IntArray:
    """Returns how often each frame is played, of shape `[n_frames]`."""
    change = np.zeros(n_frames + 1, np.int64)
    np.add.at(change, runs[:, 0], 1)
    np.add.at(change, runs[:, 1], -1)
    return np.cumsum(change)[:-1]


@dataclass(frozen=True, slots=True)
class Cropping:
    """How crops are taken.

    Attributes:
        frames: Longest crop.
        event_share: Share of crops that are laid around an event, rare ones oftener.
        stems: Names of the stems that the network reads; empty for none.
        style_dropout: Share of crops whose style is hidden from the network.
        style_reading: Share of crops whose style is read from another recording of the editor.
        history_dropout: Share of crops whose history is hidden.
        budget_dropout: Share of crops in which it is hidden how much is left to play.
        augment: Whether to vary the spectrogram, and what is said to be left.
        augmentation: Stronger variation on top; None for none.
        max_visits: Steps beyond so many at one expected position are left out.
    """

    frames: int
    style_dropout: float = 0.0
    style_reading: float = 0.0
    history_dropout: float = 0.5
    budget_dropout: float = 0.5
    augment: bool = False
    augmentation: Augmentation | None = None
    max_visits: int = 3
    event_share: float = 0.0
    stems: tuple[str, ...] = ()


def make_batch(
    examples: Sequence[Example],
    rng: np.random.Generator | Sequence[np.random.Generator],
    cropping: Cropping,
    same_editor: IntArray | None = None,
    starts: Sequence[int] | None = None,
) -> Batch:
    """Cuts one crop from each recording and pads them to one length.

    Args:
        examples: The recordings.
        rng: Source of every choice, or one source for each recording.
        cropping: How crops are taken.
        same_editor: For each recording the index of another one by the same editor, whose edit can
            tell the style, `[B]`; None where no styles are read.
        starts: Where each crop begins; by default that is drawn.

    Returns:
        The batch, lengths rounded up to the longest crop.
    """
    # One generator a recording: what is done to it doesn't depend on the others of its batch.
    if isinstance(rng, np.random.Generator):
        rngs = [np.random.default_rng(seed) for seed in rng.integers(0, 2**63, len(examples))]
    else:
        rngs = list(rng)
    if (how := cropping.augmentation) is not None:
        examples = [
            shuffle_chunks(example, each, how.chunk_frames)
            if each.random() < how.chunk_shuffle
            else example
            for example, each in zip(examples, rngs, strict=True)
        ]
    n_mels = examples[0].mel.shape[0]
    longest = min(cropping.frames, max(example.n_frames for example in examples))
    size = len(examples)
    mel = np.zeros((size, n_mels, longest), np.float32)
    mask = np.zeros((size, longest), bool)
    visits = np.zeros((size, longest), np.int64)
    reason = np.full((size, longest), -1, np.int64)
    offsets = np.zeros(size, np.int64)
    stems: dict[str, FloatArray] = {}
    present = np.zeros((size, len(cropping.stems)), bool)
    rows: list[_Row] = []
    orders: list[IntArray] = []
    events: list[EventTable] = []
    for i, (example, each) in enumerate(zip(examples, rngs, strict=True)):
        if starts is None:
            start = crop_start(example, longest, cropping.event_share, each)
        else:
            start = starts[i]
        stop = min(example.n_frames, start + longest)
        n = stop - start
        crop = example.mel[:, start:stop].astype(np.float32) / np.float32(255)
        mel[i, :, :n] = _varied(crop, each, cropping)
        for name in _stems_of(example, each, cropping):
            if name not in stems:
                stems[name] = np.zeros_like(mel)
            scaled = example.stems[name][:, start:stop].astype(np.float32) / np.float32(255)
            stems[name][i, :, :n] = scaled
            present[i, cropping.stems.index(name)] = True
        mask[i, :n] = True
        reason[i, :n] = example.reason[start:stop]
        visits[i, :n] = visits_of(example.runs, example.n_frames)[start:stop]
        offsets[i] = start
        if same_editor is not None:
            events.append(events_of(crop, example.runs, start, example.n_frames))
        jitter = _budget_jitter(each, cropping)
        new, order = _rows_of_crop(example, i, start, stop, longest, jitter, cropping.max_visits)
        orders.append(np.where(order >= 0, order + len(rows) * (longest + 1), order))
        rows += new
    n_steps = max([1, *map(len, orders)])
    padded = [np.pad(order, (0, n_steps - len(order)), constant_values=-1) for order in orders]
    told_by = None
    if same_editor is not None:
        told_by = np.where(_chances(rngs) < cropping.style_reading, same_editor, -1)
    return Batch(
        mel=torch.from_numpy(mel),
        mask=torch.from_numpy(mask),
        offset=torch.from_numpy(offsets),
        total=torch.tensor([example.n_frames for example in examples]),
        style=torch.from_numpy(np.stack([example.style for example in examples])),
        style_known=torch.from_numpy(_chances(rngs) >= cropping.style_dropout),
        visits=torch.from_numpy(visits),
        reason=torch.from_numpy(reason),
        log_ratio=torch.tensor([_log_ratio(example) for example in examples]),
        recording=torch.tensor([row.recording for row in rows]),
        pointers=torch.from_numpy(np.stack([row.pointers for row in rows])),
        ops=torch.from_numpy(np.stack([row.ops for row in rows])),
        budget=torch.from_numpy(np.stack([row.budget for row in rows])),
        order=torch.from_numpy(np.stack(padded)),
        history_known=torch.from_numpy(_chances(rngs) >= cropping.history_dropout),
        events=stack_events(events) if events else None,
        told_by=None if told_by is None else torch.from_numpy(told_by),
        stems={name: torch.from_numpy(one) for name, one in stems.items()} or None,
        stems_present=torch.from_numpy(present) if stems else None,
    )


@dataclass(frozen=True, slots=True)
class _Row:
    """Steps of one crop, at most one for each expected position e = 0 ... T of the crop."""

    recording: int
    pointers: IntArray
    ops: IntArray
    budget: FloatArray


def _rows_of_crop(
    example: Example,
    recording: int,
    start: int,
    stop: int,
    longest: int,
    jitter: float,
    max_visits: int,
) -> tuple[list[_Row], IntArray]:
    """Lays the steps of an edit that fall into a crop out in rows, and tells their order.

    A step falls into the crop if the frame played before it does. Where the crop ends inside its
    recording, what is expected beyond it isn't asked.
    """
    steps = steps_of(example.runs)
    first = start + 1 if start > 0 else 0
    last = stop if stop == example.n_frames else stop - 1
    inside = (steps.expected >= first) & (steps.expected <= last) & (steps.visit < max_visits)
    chosen = np.flatnonzero(inside)
    visit = steps.visit[chosen]
    column = steps.expected[chosen] - start
    ops = pointers_to_ops(steps.pointer, example.n_frames) if example.ops is None else example.ops
    budget = steps.budget(example.n_frames) + jitter
    n_rows = int(visit.max()) + 1 if len(visit) else 1
    shape = (n_rows, longest + 1)
    pointers = np.full(shape, PADDING, np.int64)
    op_rows = np.full(shape, -1, np.int64)
    budgets = np.full(shape, np.nan, np.float32)
    pointers[visit, column] = steps.pointer[chosen]
    op_rows[visit, column] = ops[chosen]
    budgets[visit, column] = budget[chosen]
    rows = [_Row(recording, *parts) for parts in zip(pointers, op_rows, budgets, strict=True)]
    return rows, visit * (longest + 1) + column


def _stems_of(example: Example, rng: np.random.Generator, cropping: Cropping) -> list[str]:
    """Returns the stems that a crop shows."""
    names = [name for name in cropping.stems if name in example.stems]
    if names and cropping.augmentation is not None:
        return kept_stems(names, rng, cropping.augmentation)
    return names


def part_of(example: Example, start: int, stop: int) -> Example:
    """Returns a part of a recording as a recording of its own; the edit plays it in order.

    Args:
        example: The recording.
        start: First frame.
        stop: Frame after the last.
    """
    runs = example.runs.clip(start, stop) - start
    return replace(
        example,
        mel=example.mel[:, start:stop],
        runs=runs[runs[:, 1] > runs[:, 0]],
        reason=example.reason[start:stop],
        stems={name: stem[:, start:stop] for name, stem in example.stems.items()},
        ops=None,
    )


def _budget_jitter(rng: np.random.Generator, cropping: Cropping) -> float:
    """Returns by how much to misstate what is left; NaN to hide it, or its truth would leak."""
    if rng.random() < cropping.budget_dropout:
        return math.nan
    return float(rng.normal(0, _BUDGET_JITTER)) if cropping.augment else 0.0


def _log_ratio(example: Example) -> float:
    """Returns log(S / T), the length of the edit over that of its recording."""
    played = int((example.runs[:, 1] - example.runs[:, 0]).sum())
    return math.log(max(1, played) / example.n_frames)


def _chances(rngs: Sequence[np.random.Generator]) -> npt.NDArray[np.float64]:
    """Returns a number in [0, 1) from each generator."""
    return np.array([each.random() for each in rngs])


def _varied(crop: FloatArray, rng: np.random.Generator, cropping: Cropping) -> FloatArray:
    if not cropping.augment:
        return crop
    varied = vary_channel(crop, rng)
    how = cropping.augmentation
    return varied if how is None else augmented(varied, rng, how)
