"""Shards: files that hold one editor's simulated recordings, ready to train on.

A shard is an `.npz` without pickled objects. For each recording `i` of `count`:

- `mel_i` uint8 [128, T]: the mel spectrogram in [0, 1], times 255;
- `kept_i` int64 [n, 2] and `removed_i` int64 [m, 2]: sample ranges at 22,050 Hz;
- `reason_i` int8 [m]: index into `REASONS`; `what_i` int8 [m]: index into `PHENOMENA`;
- `phrases_i` int64 [p, 2]: what is wanted, for judging whether its edges are kept;
- `kind_i` int8: 0 speech, 1 music; `n_samples_i` int64.

`style` float32 [3] is the editor: `pause_s`, `margin_s`, and `extension`, the length of an edit of
music over its length without loops (1 for those who don't loop). In music that is extended, ranges
of `kept_i` begin before the one ahead of them ended; `removed_i` is what is heard nowhere.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model_core.audio.features import mel_from_array
from model_core.edit.types import REASONS
from model_core.errors import AudioReadError
from model_core.files import atomic_path
from training.simulator.types import PHENOMENA, Kind, SimulatedRecording

KINDS: tuple[Kind, ...] = ("speech", "music")
STYLE_SIZE = 3


@dataclass(frozen=True, slots=True)
class Example:
    """One recording of a shard.

    Attributes:
        mel: uint8 of shape [128, T].
        kept: int64 of shape [n, 2], in samples, in playing order.
        removed: int64 of shape [m, 2], in samples.
        reasons: int8 of shape [m], indices into `REASONS`.
        phenomena: int8 of shape [m], indices into `PHENOMENA`: what was removed, finer than why.
        phrases: int64 of shape [p, 2], in samples.
        style: float32 of shape [3]: `pause_s`, `margin_s`, `extension`.
        kind: Speech or music.
        n_samples: The recording's length.
    """

    mel: npt.NDArray[np.uint8]
    kept: npt.NDArray[np.int64]
    removed: npt.NDArray[np.int64]
    reasons: npt.NDArray[np.int8]
    phenomena: npt.NDArray[np.int8]
    phrases: npt.NDArray[np.int64]
    style: npt.NDArray[np.float32]
    kind: Kind
    n_samples: int


def example_of(recording: SimulatedRecording) -> Example:
    """Returns what a network needs of a recording."""
    mel = mel_from_array(recording.samples)
    style = recording.style
    removed = np.array([(r.start, r.stop) for r in recording.removed], dtype=np.int64)
    return Example(
        mel=np.round(mel * 255).astype(np.uint8),
        kept=recording.kept,
        removed=removed.reshape(-1, 2),
        reasons=np.array([REASONS.index(r.reason) for r in recording.removed], dtype=np.int8),
        phenomena=np.array([PHENOMENA.index(r.what) for r in recording.removed], dtype=np.int8),
        phrases=recording.phrases,
        style=np.array([style.pause_s, style.margin_s, style.extension], dtype=np.float32),
        kind=recording.kind,
        n_samples=recording.samples.size,
    )


def write_shard(path: Path, examples: Sequence[Example]) -> None:
    """Writes one editor's recordings.

    Raises:
        FileWriteError: The folder is missing, read-only or full.
    """
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "count": np.array(len(examples), dtype=np.int64),
        "style": examples[0].style,
    }
    for index, example in enumerate(examples):
        arrays[f"mel_{index}"] = example.mel
        arrays[f"kept_{index}"] = example.kept
        arrays[f"removed_{index}"] = example.removed
        arrays[f"reason_{index}"] = example.reasons
        arrays[f"what_{index}"] = example.phenomena
        arrays[f"phrases_{index}"] = example.phrases
        arrays[f"kind_{index}"] = np.array(KINDS.index(example.kind), dtype=np.int8)
        arrays[f"n_samples_{index}"] = np.array(example.n_samples, dtype=np.int64)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def read_shard(path: Path) -> list[Example]:
    """Reads a shard.

    Raises:
        AudioReadError: The file is missing, damaged or no shard.
    """
    try:
        # Opened here, as numpy leaves a damaged file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            if data["style"].shape != (STYLE_SIZE,):
                raise ValueError("it describes editors in another way")
            return [
                Example(
                    mel=data[f"mel_{index}"],
                    kept=data[f"kept_{index}"],
                    removed=data[f"removed_{index}"],
                    reasons=data[f"reason_{index}"],
                    phenomena=data[f"what_{index}"],
                    phrases=data[f"phrases_{index}"],
                    style=data["style"],
                    kind=KINDS[int(data[f"kind_{index}"])],
                    n_samples=int(data[f"n_samples_{index}"]),
                )
                for index in range(int(data["count"]))
            ]
    except (OSError, KeyError, ValueError, IndexError, zipfile.BadZipFile) as error:
        raise AudioReadError(
            f"The training shard {path} can't be read ({error}).",
            "Remove it and run the simulator again.",
        ) from error
