"""Pointers <-> edit list: the one place where the network's frames meet the source's samples.

A pointer is the index of a frame of the recording; a sequence of pointers says which frame is
heard at each step of the edit. At a source's own rate a frame is `256 * rate / 22050` samples long,
a fraction: frame i is `[round(i * hop), round((i + 1) * hop))`. Rounding the hop itself would drift
by seconds within hours.
"""

from __future__ import annotations

import io
import os
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final, overload

import numpy as np
import numpy.typing as npt

from model_core.edit.types import EditList, Segment
from model_core.errors import EditError
from model_core.files import AnyPath, why_unreadable, write_bytes_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

STOP: Final = -2
"""Ends a sequence of pointers in a file and in training targets."""
PADDING: Final = -1
"""Fills a batch's shorter sequences; it stands for no frame."""

MODEL_RATE_HZ: Final = 22050
MODEL_HOP_SAMPLES: Final = 256

_NPY_MAGIC = b"\x93NUMPY"
_LONGEST_NPY_HEADER = 10_000


def hop_samples(sample_rate: int) -> Fraction:
    """Returns the exact length of a frame in samples at `sample_rate` Hz.

    Raises:
        EditError: The rate is so low (under 87 Hz) that a frame would hold no whole sample.
    """
    hop = Fraction(MODEL_HOP_SAMPLES * sample_rate, MODEL_RATE_HZ)
    _check_hop(hop)
    return hop


@overload
def frame_start(index: int, hop: Fraction) -> int: ...
@overload
def frame_start(index: npt.NDArray[np.int64], hop: Fraction) -> npt.NDArray[np.int64]: ...
def frame_start(index: int | npt.NDArray[np.int64], hop: Fraction) -> int | npt.NDArray[np.int64]:
    """Returns the first sample of a frame: `index * hop`, rounded half up in integers."""
    return (2 * hop.numerator * index + hop.denominator) // (2 * hop.denominator)


@overload
def frame_at(sample: int, hop: Fraction) -> int: ...
@overload
def frame_at(sample: npt.NDArray[np.int64], hop: Fraction) -> npt.NDArray[np.int64]: ...
def frame_at(sample: int | npt.NDArray[np.int64], hop: Fraction) -> int | npt.NDArray[np.int64]:
    """Returns the frame that a sample lies in."""
    # The largest i with frame_start(i) <= sample, that is i < (2 * sample + 1) / (2 * hop).
    return -(-(2 * sample + 1) * hop.denominator // (2 * hop.numerator)) - 1


def frame_count(n_samples: int, hop: Fraction) -> int:
    """Returns how many frames hold at least one of `n_samples` samples; the last may be short."""
    return frame_at(n_samples - 1, hop) + 1 if n_samples > 0 else 0


@dataclass(frozen=True, slots=True, eq=False)
class PointerSequence:
    """Which frame of the recording is heard at each step of an edit, without STOP.

    Attributes:
        hop: Length of a frame in samples at the recording's own rate, at least 1.
        indices: Frame indices of shape `[S]`, 0 or above, read-only.
    """

    hop: Fraction
    indices: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        _check_hop(self.hop)
        indices = _as_indices(self.indices)
        if indices.size and indices.min() < 0:
            raise EditError(f"A pointer is a frame from 0 on, not {indices.min()}.")
        indices.setflags(write=False)
        object.__setattr__(self, "indices", indices)

    def __len__(self) -> int:
        return len(self.indices)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PointerSequence):
            return NotImplemented
        return self.hop == other.hop and np.array_equal(self.indices, other.indices)

    def __hash__(self) -> int:
        return hash((self.hop, self.indices.tobytes()))


def pointers_to_edit_list(pointers: PointerSequence, n_samples: int, source: int = 0) -> EditList:
    """Returns the edit that plays the pointers' frames in turn.

    Runs of successive frames become one segment each. A last frame that the recording ends in
    gives the samples that there are.

    Args:
        pointers: The frames to play.
        n_samples: Length of the recording in samples.
        source: Index of the recording among the document's sources.

    Raises:
        EditError: A pointer lies beyond the recording.
    """
    indices = pointers.indices
    if not indices.size:
        return EditList()
    count = frame_count(n_samples, pointers.hop)
    if indices.max() >= count:
        raise EditError(
            f"A pointer ({indices.max()}) lies beyond the recording, which has {count} frames.",
            "Check that the pointers were made for this recording.",
        )
    runs = pointer_runs(indices)
    starts = frame_start(runs[:, 0], pointers.hop)
    stops = np.minimum(frame_start(runs[:, 1], pointers.hop), n_samples)
    return EditList.from_ranges(zip(starts.tolist(), stops.tolist(), strict=True), source)


def pointer_runs(indices: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Returns the ranges of frames that pointers play in turn.

    Args:
        indices: Frame indices of shape `[S]`.

    Returns:
        Rows of `(start, stop)`, of shape `[n, 2]`.
    """
    if not indices.size:
        return np.empty((0, 2), np.int64)
    breaks = np.flatnonzero(np.diff(indices) != 1) + 1
    firsts = indices[np.concatenate(([0], breaks))]
    lasts = indices[np.concatenate((breaks, [indices.size])) - 1]
    return np.stack((firsts, lasts + 1), axis=1)


def edit_list_to_pointers(
    edit: EditList, hop: Fraction, n_samples: int, source: int = 0
) -> PointerSequence:
    """Returns the pointers that come nearest to an edit.

    Each end of a segment moves to a frame's edge less than a hop away: the nearest one, unless
    rounding has so far made the edit longer or shorter by a hop, which the other edge then makes
    good. So a cut stays less than a hop from its place in the recording, and the edit as a whole
    does not drift. Segments shorter than a hop become one frame or none. Gains, gaps and joins
    have no pointers and are left out.

    Args:
        edit: The edit, all of it from `source`.
        hop: Length of a frame in samples, from `hop_samples`.
        n_samples: Length of the recording in samples.
        source: Index of the recording among the document's sources.

    Raises:
        EditError: The edit uses another source or reaches beyond the recording.
    """
    _check_hop(hop)
    frames: list[npt.NDArray[np.int64]] = []
    drift = 0
    for start, stop in _runs(edit.segments, source):
        if stop > n_samples:
            raise EditError(
                f"The edit reaches beyond its recording (sample {stop} of {n_samples}).",
                "Check that it was made for this recording.",
            )
        first, last, drift = _nearest_frames(start, stop, hop, n_samples, drift)
        frames.append(np.arange(first, last, dtype=np.int64))
    return PointerSequence(hop, np.concatenate(frames) if frames else np.empty(0, np.int64))


def write_pointers(path: AnyPath, indices: npt.ArrayLike) -> None:
    """Writes pointers as a `.npy` file of int64, with a final STOP.

    Args:
        path: The file to write.
        indices: Frame indices of shape `[S]`, without STOP.

    Raises:
        EditError: The indices are no row of whole numbers from 0 on.
        FileWriteError: The file can't be written.
    """
    frames = _as_indices(indices)
    if frames.size and frames.min() < 0:
        raise EditError(f"A pointer is a frame from 0 on, not {frames.min()}.")
    # Not straight to the file: numpy then hides why a write fails.
    buffer = io.BytesIO()
    np.save(buffer, np.append(frames, np.int64(STOP)), allow_pickle=False)
    write_bytes_atomically(path, buffer.getvalue())


def read_pointers(path: AnyPath) -> npt.NDArray[np.int64]:
    """Reads pointers from a `.npy` file, which may come from anywhere.

    STOP and padding at the end are optional, and left out of what is returned.

    Returns:
        Frame indices of shape `[S]`.

    Raises:
        EditError: The file is missing, or is no row of pointers.
    """
    try:
        with Path(path).open("rb") as file:
            values = _read_npy(file)
    except OSError as error:
        raise EditError(f"“{path}” can't be read: {why_unreadable(error)}.") from error
    except ValueError as error:
        raise EditError(f"“{path}” holds no pointers: {error}.") from error
    ends = np.flatnonzero(values < 0)
    frames = values[: ends[0]] if ends.size else values
    tail = values[len(frames) :]
    if tail.size and (tail[0] not in {STOP, PADDING} or np.any(tail[1:] != PADDING)):
        raise EditError(
            f"“{path}” holds no pointers: after the frames only a final {STOP} may come."
        )
    return frames


def _runs(segments: Iterable[Segment], source: int) -> Iterator[tuple[int, int]]:
    """Yields the stretches of the source that are heard without a jump, whatever their gains."""
    run: tuple[int, int] | None = None
    for segment in segments:
        if segment.source != source:
            raise EditError("Pointers can describe an edit of one recording only.")
        if run and run[1] == segment.start:
            run = (run[0], segment.stop)
            continue
        if run:
            yield run
        run = (segment.start, segment.stop)
    if run:
        yield run


def _nearest_frames(
    start: int, stop: int, hop: Fraction, n_samples: int, drift: int
) -> tuple[int, int, int]:
    """Returns first frame, last frame (exclusive) and the drift in samples after a stretch."""
    fewest = 0 if stop - start < hop else 1
    ways = [
        (first, last, first_edge - start, last_edge - stop)
        for first, first_edge in _edges_around(start, hop, n_samples)
        for last, last_edge in _edges_around(stop, hop, n_samples)
        if last - first >= fewest
    ]

    def cost(way: tuple[int, int, int, int]) -> tuple[bool, int, int]:
        later = abs(drift + way[3] - way[2])
        return later >= hop, way[2] ** 2 + way[3] ** 2, later

    first, last, start_moved, stop_moved = min(ways, key=cost)
    return first, last, drift + stop_moved - start_moved


def _edges_around(sample: int, hop: Fraction, n_samples: int) -> list[tuple[int, int]]:
    """Returns the frame edges, as `(index, sample)`, on both sides of a sample, or the one on it.

    The recording's end is the edge after its last frame.
    """
    if sample == n_samples:
        return [(frame_count(n_samples, hop), n_samples)]
    index = frame_at(sample, hop)
    below = frame_start(index, hop)
    if below == sample:
        return [(index, sample)]
    return [(index, below), (index + 1, min(frame_start(index + 1, hop), n_samples))]


def _check_hop(hop: Fraction) -> None:
    if hop < 1:
        raise EditError("The sample rate is too low for the network's frames (under 87 Hz).")


def _as_indices(values: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Returns a copy as one row of int64, or raises if the values are anything else."""
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise EditError(
            f"Pointers are one row of whole numbers, not {array.dtype} of shape {array.shape}."
        )
    if array.size and int(array.max()) > np.iinfo(np.int64).max:
        raise EditError(f"A pointer is too large: {array.max()}.")
    return array.astype(np.int64)


def _read_npy(file: BinaryIO) -> npt.NDArray[np.int64]:
    """Reads a row of whole numbers; raises `ValueError` with half a sentence for anything else.

    numpy's own reader evaluates the header and trusts its length; a forged one then raises
    errors of many kinds, or asks for more memory than there is.
    """
    if file.read(len(_NPY_MAGIC)) != _NPY_MAGIC:
        raise ValueError("it is not a .npy file")
    major = file.read(2)[:1]
    header_length = int.from_bytes(file.read(2 if major == b"\x01" else 4), "little")
    if header_length > _LONGEST_NPY_HEADER:
        raise ValueError("its header is damaged")
    header = file.read(header_length).decode("latin-1")
    descr = re.search(r"""['"]descr['"]\s*:\s*['"]([<>|=]?[iu][1248])['"]""", header)
    shape = re.search(r"""['"]shape['"]\s*:\s*\(\s*(\d{1,18})\s*,\s*\)""", header)
    if descr is None or shape is None:
        raise ValueError("it is not one row of whole numbers")
    dtype = np.dtype(descr[1])
    rest = os.fstat(file.fileno()).st_size - file.tell()
    if rest != int(shape[1]) * dtype.itemsize:
        raise ValueError("it is cut short, or longer than it says")
    return _as_indices(np.frombuffer(file.read(), dtype))
