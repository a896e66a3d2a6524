"""Recordings with their edits from personal libraries and simulated shards, as one data set.

    dataset = PointerDataset.from_folders([Path("my/library"), Path("runs/sim/train")])
    for sample in dataset:
        print(sample["name"], len(sample["target_pointers"]) / sample["raw_mel"].shape[1])

A folder is a personal library if it holds `training_data`; otherwise its `.npz` files are shards.
What can't be used is left out, and `left_out` says why.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple, TypedDict

import numpy as np
import torch
from torch import Tensor

from model_core.edit.edit_ops import pointers_to_ops
from model_core.edit.pointers import STOP
from model_core.errors import EditorBotError
from training.config import TrainConfig
from training.dataset import Cropping, Example, ShardPool, part_of, why_unusable
from training.library import Library
from training.library.examples import example_of
from training.library.pairs import Pair, PairState
from training.sampling import crop_start

log = logging.getLogger("training")

_LIBRARY_MARK: Final = "training_data"


class _Sample(TypedDict):
    name: str
    raw_mel: Tensor
    target_pointers: Tensor
    ops: Tensor


class Sample(_Sample, total=False):
    """One recording, or a crop of it, with its edit.

    `raw_mel` is float32 `[n_mels, T]`, `target_pointers` int64 `[S]` without STOP, `ops` int8
    `[S + 1]`, and `stems`, where there are some, maps their names to spectrograms like `raw_mel`.
    """

    stems: dict[str, Tensor]


class LeftOut(NamedTuple):
    """What can't be learned from.

    Attributes:
        name: The pair or file.
        why: A sentence, with what to do about it where that is known.
    """

    name: str
    why: str


def read_library(
    library: Library, *, also_check: bool = False
) -> tuple[list[Example], list[LeftOut]]:
    """Reads the pairs of a library that can be learned from.

    One that is incomplete, unreadable, damaged, refused, silent or too short is left out.

    Args:
        library: The library.
        also_check: Whether pairs are in that a person should look at first.

    Returns:
        The examples, with stems and edit operations where the library has some, and what was left
        out. What a person has excluded, or should look at first, is in neither.

    Raises:
        LibraryError: There is no library, or its folders can't be read.
    """
    examples = []
    left_out = [
        LeftOut(pair.name, f"{pair.sentence} {pair.mend}".strip())
        for pair in library.pairs()
        if pair.state is not PairState.READY
    ]
    for pair in library.training_pairs(also_check=also_check):
        try:
            example = _with_extras(pair, example_of(pair))
        except EditorBotError as error:
            left_out.append(LeftOut(pair.name, str(error)))
            continue
        if why := why_unusable(example):
            left_out.append(LeftOut(pair.name, why[0].upper() + why[1:]))
        else:
            examples.append(example)
    for name, why in left_out:
        log.warning("left out: “%s”: %s", name, why)
    return examples, left_out


def _with_extras(pair: Pair, example: Example) -> Example:
    """Adds what tells the recording apart, and the stems and operations that there are."""
    known = pair.info.raw.content_hash if pair.info else ""
    example = replace(example, name=pair.name, recording=known or pair.name)
    try:
        stems = {
            name: np.round(mel * np.float32(255)).astype(np.uint8)
            for name, mel in pair.stems().items()
        }
        example = replace(example, stems=stems)
    except EditorBotError as error:
        log.warning("“%s” is learned without its stems: %s", pair.name, error)
    if pair.layout.ops(pair.name).exists():
        try:
            example = replace(example, ops=pair.ops())
        except EditorBotError as error:
            log.warning("“%s”: operations are those of its pointers: %s", pair.name, error)
    return example


def split_by_recording(
    examples: Sequence[Example], share: float, seed: int = 0
) -> tuple[list[Example], list[Example]]:
    """Divides examples into those to learn from and those that are only looked at.

    All edits and crops of one recording are on one side, and stay there when others are added: the
    side follows from a hash of the recording.

    Args:
        examples: The examples.
        share: Of the recordings that are only looked at; at least one is on either side where there
            are two.
        seed: For another division.
    """
    keys = [one.recording or one.name or str(place) for place, one in enumerate(examples)]
    different = sorted(set(keys), key=lambda key: _rank(key, seed))
    n_valid = round(share * len(different))
    if len(different) > 1 and share > 0:
        n_valid = min(max(1, n_valid), len(different) - 1)
    held = set(different[:n_valid])
    sides: tuple[list[Example], list[Example]] = ([], [])
    for key, example in zip(keys, examples, strict=True):
        sides[key in held].append(example)
    return sides


def _rank(key: str, seed: int) -> bytes:
    return hashlib.blake2b(f"{seed}/{key}".encode(), digest_size=8).digest()


class PointerDataset(ShardPool, torch.utils.data.Dataset[Sample]):
    """Recordings with their edits.

    Args:
        editors: The recordings of each editor.
        cropping: How crops are taken in training; the defaults of `TrainConfig` if left out.
        validation_mode: False: an item is a crop, laid around the edit's events as training lays
            it, and another one each time. True: an item is the whole recording, as inference
            sees it.
        seed: Of the crops.
    """

    def __init__(
        self,
        editors: Sequence[Sequence[Example]],
        cropping: Cropping | None = None,
        *,
        validation_mode: bool = False,
        seed: int = 0,
    ) -> None:
        self._editors = [list(works) for works in editors if works]
        self._all = [example for works in self._editors for example in works]
        self._cropping = cropping or TrainConfig().cropping(training=True)
        self._rng = np.random.default_rng(seed)
        self._shards: list[ShardPool] = []
        self.validation_mode = validation_mode
        self.left_out: list[LeftOut] = []

    @classmethod
    def from_folders(
        cls,
        folders: Sequence[Path],
        cropping: Cropping | None = None,
        *,
        validation_mode: bool = False,
        held_out: float = 0.0,
        seed: int = 0,
    ) -> PointerDataset:
        """Reads libraries and folders of shards.

        Args:
            folders: The folders.
            cropping: See `PointerDataset`.
            validation_mode: See `PointerDataset`; with `held_out`, also which side is wanted.
            held_out: Share of the recordings that are only looked at: the data set of
                `validation_mode` has these, the other one the others. 0 for all.
            seed: Of the crops.

        Raises:
            LibraryError: A library's folders can't be read.
            ValueError: Nothing is there that can be learned from.
        """
        pools, editors, left_out = [], [], []
        for folder in folders:
            if (folder / _LIBRARY_MARK).is_dir():
                examples, unusable = read_library(Library(folder))
                editors.append(examples)
                left_out += unusable
            else:
                pool = ShardPool(folder)
                if held_out:
                    editors += pool.editors
                else:
                    pools.append(pool)
        if held_out:
            every = [example for works in editors for example in works]
            side = split_by_recording(every, held_out)[validation_mode]
            chosen = {id(example) for example in side}
            editors = [[one for one in works if id(one) in chosen] for works in editors]
        made = cls(editors, cropping, validation_mode=validation_mode, seed=seed)
        made._shards = pools
        made.left_out = left_out
        if not made.examples:
            where = ", ".join(f"“{folder}”" for folder in folders)
            why = f" {left_out[0].name}: {left_out[0].why}" if left_out else ""
            raise ValueError(f"There are no recordings to train on in {where}.{why}")
        return made

    def refresh(self) -> None:
        """Loads shards that were not there before."""
        for pool in self._shards:
            pool.refresh()

    @property
    def examples(self) -> list[Example]:
        """Every recording."""
        return [*self._all, *(example for pool in self._shards for example in pool.examples)]

    @property
    def editors(self) -> list[list[Example]]:
        """The recordings of each editor."""
        return [*self._editors, *(works for pool in self._shards for works in pool.editors)]

    def __len__(self) -> int:
        """How many recordings there are."""
        return len(self.examples)

    def __getitem__(self, index: int) -> Sample:
        """Returns a recording or a crop of it; see `Sample`."""
        example = self.examples[index]
        if not self.validation_mode:
            crop = min(example.n_frames, self._cropping.frames)
            start = crop_start(example, crop, self._cropping.event_share, self._rng)
            if crop < example.n_frames:
                example = part_of(example, start, start + crop)
        return _sample_of(example)

    def __iter__(self) -> Iterator[Sample]:
        """Yields every recording once."""
        for index in range(len(self)):
            yield self[index]


def _sample_of(example: Example) -> Sample:
    frames = [np.arange(start, stop, dtype=np.int64) for start, stop in example.runs]
    pointers = np.concatenate([np.zeros(0, np.int64), *frames])
    ops = example.ops
    if ops is None:
        ops = pointers_to_ops(np.append(pointers, STOP), example.n_frames)
    sample = Sample(
        name=example.name,
        raw_mel=_scaled(example.mel),
        target_pointers=torch.from_numpy(pointers),
        ops=torch.from_numpy(ops.copy()),
    )
    if example.stems:
        sample["stems"] = {name: _scaled(stem) for name, stem in example.stems.items()}
    return sample


def _scaled(mel: np.typing.NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(mel.astype(np.float32) / np.float32(255))
