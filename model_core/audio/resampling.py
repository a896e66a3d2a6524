"""A recording at another rate, readable from anywhere: resampled once, from beginning to end."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import soundfile as sf
import soxr

from model_core.audio.cache import CACHE_VARIABLE, cache_folder, mark_used, prune
from model_core.audio.direct import SoundFileSource
from model_core.audio.source import DEFAULT_BLOCK_SAMPLES, ArraySource, full_scale
from model_core.audio.spool import CACHE_LIMIT_BYTES, MEMORY_LIMIT_BYTES
from model_core.audio.writing import SoundWriter
from model_core.errors import AudioReadError, FileWriteError
from model_core.files import atomic_path, file_write_error
from model_core.progress import no_progress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from model_core.audio.source import AudioSource, Samples
    from model_core.progress import CancelToken, Progress

_BITS = 24
"""What is computed is rounded to so many: 144 dB below full scale, finer than any converter."""


def at_rate(
    source: AudioSource,
    sample_rate: int,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> AudioSource:
    """Returns a recording at a rate: itself if it has that rate already.

    Short ones are held in memory, long ones in a file of the cache. Samples are 24 bits deep, or
    float32 where the recording has floats.

    Args:
        source: The recording; it stays open.
        sample_rate: Samples a second.
        progress: Told the share that is done.
        cancel: Looked at after every block.

    Raises:
        AudioReadError: The recording can't be read, or the cache can't be written.
        CancelledError: `cancel` was set.
    """
    if source.sample_rate == sample_rate:
        return source
    n_samples = -(-source.n_samples * sample_rate // source.sample_rate)
    blocks = _resampled(source, sample_rate, n_samples, progress, cancel)
    if 4 * n_samples * source.channels <= MEMORY_LIMIT_BYTES:
        samples = np.concatenate(list(blocks))
        return ArraySource(samples, sample_rate, None if samples.dtype.kind == "f" else _BITS)
    return _in_cache(source, sample_rate, n_samples, blocks)


def _resampled(
    source: AudioSource,
    sample_rate: int,
    n_samples: int,
    progress: Progress,
    cancel: CancelToken | None,
) -> Iterator[Samples]:
    """Yields just as many samples as there should be, in the type that is kept."""
    stream = soxr.ResampleStream(
        source.sample_rate, sample_rate, source.channels, dtype="float64", quality="VHQ"
    )
    whole, left = source.n_samples, n_samples
    is_float = source.dtype.kind == "f"
    for start in range(0, whole, DEFAULT_BLOCK_SAMPLES):
        if cancel is not None:
            cancel.raise_if_cancelled()
        stop = min(start + DEFAULT_BLOCK_SAMPLES, whole)
        block = source.read(start, stop).astype(np.float64) / full_scale(source.dtype)
        block = stream.resample_chunk(block, last=stop == whole)[:left]
        left -= len(block)
        yield _kept(block, is_float=is_float)
        progress(stop / whole, "Converting the sample rate")
    if left:
        yield _kept(np.zeros((left, source.channels)), is_float=is_float)


def _kept(block: Samples, *, is_float: bool) -> Samples:
    if is_float:
        return block.astype(np.float32)
    full = 2.0 ** (_BITS - 1)
    whole = np.clip(np.round(block * full), -full, full - 1).astype(np.int32)
    return whole << (32 - _BITS)


def _in_cache(
    source: AudioSource, sample_rate: int, n_samples: int, blocks: Iterator[Samples]
) -> AudioSource:
    is_float = source.dtype.kind == "f"
    try:
        path = cache_folder("decoded") / f"{source.content_hash()}-{sample_rate}.w64"
        found = _opened(path, sample_rate, source.channels, n_samples)
        if found is None:
            with (
                atomic_path(path) as temporary,
                SoundWriter(
                    temporary,
                    sample_rate=sample_rate,
                    channels=source.channels,
                    container="W64",
                    encoding="FLOAT" if is_float else f"PCM_{_BITS}",
                ) as writer,
            ):
                for block in blocks:
                    writer.write(block)
            prune(path.parent, CACHE_LIMIT_BYTES)
            found = _opened(path, sample_rate, source.channels, n_samples)
        else:
            mark_used(path)
        if found is None:
            raise FileWriteError("What was written there can't be read.")
    except FileWriteError as error:
        raise _no_room(source, error) from error
    except OSError as error:
        raise _no_room(source, file_write_error(error, "the cache")) from error
    return found


def _opened(path: Path, sample_rate: int, channels: int, n_samples: int) -> AudioSource | None:
    """Returns what the cache holds, if it is whole."""
    with suppress(OSError, sf.SoundFileError):
        found = SoundFileSource(path, sf.SoundFile(path))
        shape = (found.sample_rate, found.channels, found.n_samples)
        if shape == (sample_rate, channels, n_samples):
            return found
        found.close()
    return None


def _no_room(source: AudioSource, error: FileWriteError) -> AudioReadError:
    return AudioReadError(
        f"“{source.path}” has to be converted to another sample rate in a temporary file first. "
        f"{error.sentence}",
        f"Free some space, or name another folder in the variable {CACHE_VARIABLE}.",
    )
