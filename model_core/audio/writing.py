"""Writing sound files so that no failure of the disk goes unseen.

libsndfile reports a full disk without saying so, or, while closing a file, not at all. It is
therefore given a file of ours to write to, which remembers what the operating system said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import soundfile as sf

from model_core.errors import FileWriteError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from model_core.audio.source import Samples


class SoundWriter:
    """A sound file that is written block by block; use it in a `with` statement.

    Args:
        path: The file, which is there already and is replaced: a temporary one.
        sample_rate: Samples a second.
        channels: Number of channels.
        container: libsndfile's name of the container, such as "WAV".
        encoding: libsndfile's name of the encoding, such as "PCM_24".
        compression: 0 (large and good) to 1 (small), or None for libsndfile's default.

    Raises:
        OSError: If the disk is full, or the file can't be written for another reason.
        FileWriteError: If libsndfile refuses these settings.
    """

    def __init__(
        self,
        path: Path,
        *,
        sample_rate: int,
        channels: int,
        container: str,
        encoding: str,
        compression: float | None = None,
    ) -> None:
        self._disk = _DiskFile(path)
        try:
            self._file = sf.SoundFile(
                self._disk,
                "w",
                samplerate=sample_rate,
                channels=channels,
                format=container,
                subtype=encoding,
                compression_level=compression,
            )
        except (sf.SoundFileError, ValueError, TypeError) as error:
            self._disk.close()
            self._disk.raise_error()
            raise FileWriteError(
                f"{container} files can't hold {channels} channels at {sample_rate} Hz "
                f"as {encoding}.",
                "Choose another format.",
            ) from error

    def write(self, samples: Samples) -> None:
        """Appends samples of shape `[n, C]`."""
        try:
            self._file.write(samples)
        except (sf.SoundFileError, AssertionError) as error:  # soundfile asserts what was written
            self._disk.raise_error()
            raise OSError(f"libsndfile: {error}") from error
        self._disk.raise_error()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._file.close()
        except sf.SoundFileError as closing:
            self._disk.close()
            self._disk.raise_error()
            raise OSError(f"libsndfile: {closing}") from closing
        self._disk.close()
        if error is None:
            self._disk.raise_error()


class _DiskFile:
    """The file under libsndfile, which can't pass on exceptions: they are kept for later."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._error: OSError | None = None

    def raise_error(self) -> None:
        """Raises the first error that was met, if any."""
        if self._error is not None:
            raise self._error

    def write(self, data: bytes) -> int:
        try:
            return self._file.write(data)
        except OSError as error:
            self._error = self._error or error
            return 0

    def seek(self, offset: int, whence: int) -> int:
        try:
            return self._file.seek(offset, whence)
        except OSError as error:  # seeking writes what is buffered
            self._error = self._error or error
            return self._file.raw.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, _count: int) -> bytes:
        return b""

    def close(self) -> None:
        try:
            self._file.close()
        except OSError as error:
            self._error = self._error or error
