"""Arrays in files that may be cut short, damaged or from anywhere: read in full or refused.

numpy's own readers trust what a header says; a damaged one then raises errors of many kinds or
asks for more memory than there is. Here type, shape and length are compared with the file first,
and a zip archive's check sums are looked at for every byte.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt

from model_core.files import atomic_path, why_unreadable, write_bytes_atomically
from training.library.errors import LibraryError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FloatArray = npt.NDArray[np.float32]

AGAIN = "Run “python -m training.precache_samples” again; it makes what is missing."

# What the zip module and numpy raise for damaged files, besides ValueError and OSError.
_DAMAGE = (ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


def write_npz(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Writes arrays as an `.npz` file without compression, which saves little here.

    Raises:
        FileWriteError: It can't be written.
    """
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def write_npy(path: Path, array: npt.NDArray[Any]) -> None:
    """Writes an array as an `.npy` file.

    Raises:
        FileWriteError: It can't be written.
    """
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    write_bytes_atomically(path, buffer.getvalue())


def read_npy(path: Path, dtype: type[np.generic]) -> npt.NDArray[Any]:
    """Reads one row of numbers from an `.npy` file.

    Raises:
        LibraryError: It is missing, damaged or holds something else.
    """
    try:
        with path.open("rb") as file:
            data = file.read()
        return _to_array(data, dtype, 1)
    except OSError as error:
        raise _unreadable(path, why_unreadable(error)) from error
    except _DAMAGE as error:
        raise _damaged(path, error) from error


def read_mels(path: Path, names: tuple[str, ...]) -> dict[str, FloatArray]:
    """Reads mel spectrograms from an `.npz` file.

    Args:
        path: The file.
        names: Of the arrays to read; those that aren't in the file are left out.

    Returns:
        Arrays of shape `[n_mels, T]`, finite and within [0, 1], by name; read-only.

    Raises:
        LibraryError: The file is missing, damaged, or holds none of them or something else.
    """
    mels = {}
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            held = set(archive.namelist())
            for name in names:
                if f"{name}.npy" in held:
                    mels[name] = _to_array(archive.read(f"{name}.npy"), np.float32, 2)
    except OSError as error:
        raise _unreadable(path, why_unreadable(error)) from error
    except _DAMAGE as error:
        raise _damaged(path, error) from error
    if not mels:
        raise _damaged(path, ValueError(f"there is no “{names[0]}” in it"))
    for name, mel in mels.items():
        # NaN fails both comparisons.
        if mel.size and not (float(mel.min()) >= 0 and float(mel.max()) <= 1):
            raise _damaged(path, ValueError(f"“{name}” has values that aren't within 0 and 1"))
    return mels


def _to_array(data: bytes, dtype: type[np.generic], dimensions: int) -> npt.NDArray[Any]:
    """Returns the array in the bytes of an `.npy` file, or raises `ValueError`."""
    stream = cast("BinaryIO", io.BytesIO(data))
    major, _ = np.lib.format.read_magic(stream)
    if major == 1:
        shape, is_fortran, found = np.lib.format.read_array_header_1_0(stream)
    else:
        shape, is_fortran, found = np.lib.format.read_array_header_2_0(stream)
    if found != np.dtype(dtype) or len(shape) != dimensions:
        raise ValueError(f"it holds {found} of shape {shape}")
    offset = stream.tell()
    if len(data) - offset != int(np.prod(shape, dtype=object)) * found.itemsize:
        raise ValueError("it is cut short, or longer than it says")
    array = np.frombuffer(data, found, offset=offset)
    return array.reshape(shape, order="F" if is_fortran else "C")


def _unreadable(path: Path, why: str) -> LibraryError:
    return LibraryError(f"“{path}” can't be read: {why}.", AGAIN)


def _damaged(path: Path, error: Exception) -> LibraryError:
    # Errors of the zip module quote whole names and end in dots; a short form is enough.
    why = " ".join(str(error).split())[:120].rstrip(".") or type(error).__name__
    return LibraryError(f"“{path}” is damaged: {why}.", AGAIN)
