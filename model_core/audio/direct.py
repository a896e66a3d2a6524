"""Files that are read where they lie."""

from __future__ import annotations

import hashlib
import os
import threading
from typing import TYPE_CHECKING

import soundfile as sf

from model_core.audio.formats import describe
from model_core.audio.source import AudioSource
from model_core.errors import AudioReadError
from model_core.progress import no_progress

if TYPE_CHECKING:
    from pathlib import Path

    from model_core.audio.source import Samples
    from model_core.progress import CancelToken, Progress

_HASH_BLOCK_BYTES = 1 << 20


def hash_file(
    path: Path, progress: Progress = no_progress, cancel: CancelToken | None = None
) -> str:
    """Returns a hash of a file's bytes, in hexadecimal.

    Args:
        path: The file.
        progress: Told the share that is read.
        cancel: Looked at after every block.

    Raises:
        AudioReadError: If the file can't be read.
        CancelledError: If `cancel` was set.
    """
    digest = hashlib.blake2b(digest_size=20)
    try:
        with path.open("rb") as file:
            n_bytes = max(1, os.fstat(file.fileno()).st_size)
            while block := file.read(_HASH_BLOCK_BYTES):
                digest.update(block)
                progress(min(1.0, file.tell() / n_bytes), "")
                if cancel is not None:
                    cancel.raise_if_cancelled()
    except OSError as error:
        raise file_error(path, error) from error
    return digest.hexdigest()


def file_error(path: Path, error: OSError) -> AudioReadError:
    """Returns what the operating system said about reading `path`, in words for the person."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return AudioReadError(f"“{path}” doesn't exist.", "Check the name and the folder.")
    if isinstance(error, PermissionError):
        return AudioReadError(
            f"“{path}” can't be read: permission was denied.",
            "Check the file's permissions, or copy it to a folder of your own.",
        )
    return AudioReadError(
        f"“{path}” can't be read: {error.strerror or error}.",
        "Check the disk, or copy the file to another one.",
    )


class SoundFileSource(AudioSource):
    """A file in which libsndfile reaches every sample exactly, from any thread.

    Args:
        path: The file.
        file: The file, opened; the source closes it.
        notes: Sentences for the person.
    """

    path: Path

    def __init__(self, path: Path, file: sf.SoundFile, notes: tuple[str, ...] = ()) -> None:
        super().__init__(notes)
        self._file = file
        self._lock = threading.Lock()
        self._position = -1
        self._has_failed = False
        self._is_closed = False
        self._hash: str | None = None
        self.path = path
        self.sample_rate = int(file.samplerate)
        self.channels = int(file.channels)
        self.n_samples = int(file.frames)
        self.container = str(file.format)
        self.encoding = str(file.subtype)
        self.dtype, self.bits, self.lossy = describe(self.encoding)

    def _read(self, start: int, stop: int) -> Samples:
        with self._lock:
            try:
                if self._has_failed:
                    self._reopen()
                if self._position != start:
                    self._position = -1
                    self._file.seek(start)
                samples: Samples = self._file.read(
                    stop - start, dtype=self.dtype.name, always_2d=True
                )
            except (sf.SoundFileError, OSError) as error:
                self._has_failed = True
                raise self._damaged_at(start) from error
            self._position = start + len(samples)
        if len(samples) != stop - start:
            raise self._damaged_at(start + len(samples))
        return samples

    def _reopen(self) -> None:
        """Opens the file anew: libFLAC reads nothing more once it met damage."""
        if not self._is_closed:
            self._file.close()
            self._file = sf.SoundFile(self.path)
            self._position = -1
            self._has_failed = False

    def _damaged_at(self, sample: int) -> AudioReadError:
        return AudioReadError(
            f"“{self.path}” can't be read at {sample / self.sample_rate:.1f} s: it is damaged "
            "there, or was changed, moved or closed.",
            "Open it again; if that doesn't help, repair or convert it.",
        )

    def content_hash(self) -> str:
        """Returns a hash of the file's bytes, in hexadecimal; computed once."""
        if self._hash is None:
            self._hash = hash_file(self.path)
        return self._hash

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._is_closed = True
            self._file.close()
