"""Exporting an edit as a sound file: rendered in blocks, written whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soxr

from model_core.audio.source import DEFAULT_BLOCK_SAMPLES, full_scale, to_float
from model_core.audio.writing import SoundWriter
from model_core.errors import FileWriteError
from model_core.export.formats import check_format, export_format
from model_core.files import atomic_path, refuse_overwriting_source
from model_core.progress import no_progress

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from model_core.audio.render import Renderer
    from model_core.audio.source import Samples
    from model_core.export.formats import ExportFormat
    from model_core.progress import CancelToken, Progress

LARGEST_WAV_BYTES = 2**32 - 2**16
"""A WAV file counts its bytes with 32 bits; what is longer is written as RF64."""

_INTEGER_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
_BYTES = {"PCM_S8": 1, "PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}


@dataclass(frozen=True, slots=True)
class ExportedSound:
    """What was written.

    Attributes:
        path: The file.
        container: libsndfile's name of the container, such as "WAV" or "RF64".
        encoding: libsndfile's name of the encoding, such as "PCM_24".
        sample_rate: Samples a second.
        channels: Number of channels.
        n_samples: Length in samples.
        notes: Sentences for the person about what couldn't be kept.
    """

    path: Path
    container: str
    encoding: str
    sample_rate: int
    channels: int
    n_samples: int
    notes: tuple[str, ...] = ()


def export_sound(
    renderer: Renderer,
    path: str | os.PathLike[str],
    fmt: str | None = None,
    subtype: str | None = None,
    sample_rate: int | None = None,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> ExportedSound:
    """Writes an edit to a sound file. What was there before stays until all is written.

    Rate, channels and depth are kept if nothing else is asked for. An edit of a lossy recording
    becomes 16 bits deep in formats that have a depth.

    Args:
        renderer: The edit.
        path: The file. It must not be one of the edit's recordings.
        fmt: "WAV", "FLAC", "OGG" or "MP3"; left out, the file's ending tells.
        subtype: libsndfile's name of an encoding that the format can hold, such as "PCM_24".
        sample_rate: Samples a second, if others than the recording's.
        progress: Told the written share.
        cancel: Looked at after every block.

    Raises:
        FileWriteError: If the file can't be written or can't hold the edit, for any reason.
        AudioReadError: If a recording can't be read.
        CancelledError: If `cancel` was set; nothing is left behind.
    """
    path = Path(path)
    kind = export_format(path, fmt)
    encoding = (subtype or default_encoding(renderer, kind)).upper()
    rate = renderer.sample_rate if sample_rate is None else sample_rate
    check_format(kind, encoding, rate, renderer.channels)
    if not renderer.length:
        raise FileWriteError("The edit is empty: there is nothing to export.", "Keep some of it.")
    refuse_overwriting_source(path, [each.path for each in renderer.sources if each.path])
    container = _container(kind, encoding, renderer, rate)
    report = progress or no_progress
    n_samples = 0
    with (
        atomic_path(path) as temporary,
        SoundWriter(
            temporary,
            sample_rate=rate,
            channels=renderer.channels,
            container=container,
            encoding=encoding,
            compression=kind.compression,
        ) as writer,
    ):
        for block in _blocks(renderer, rate, report, cancel):
            writer.write(encoded(block, encoding))
            n_samples += len(block)
    return ExportedSound(
        path=path,
        container=container,
        encoding=encoding,
        sample_rate=rate,
        channels=renderer.channels,
        n_samples=n_samples,
        notes=_notes(renderer, encoding),
    )


def default_encoding(renderer: Renderer, kind: ExportFormat) -> str:
    """Returns the encoding of a format that keeps the depth of an edit, as far as it can."""
    if kind.is_lossy:
        return kind.encodings[0]
    is_float = renderer.dtype.kind == "f"
    if all(source.lossy for source in renderer.sources):
        return "PCM_16"
    if is_float:
        wanted = "DOUBLE" if renderer.dtype.itemsize > 4 else "FLOAT"
        return wanted if wanted in kind.encodings else "PCM_24"
    for encoding, bits in _INTEGER_BITS.items():
        if bits >= renderer.bits and encoding in kind.encodings:
            return encoding
    return "PCM_24"


def encoded(samples: Samples, encoding: str) -> Samples:
    """Returns samples as libsndfile has to be given them to store them exactly.

    Integers of another depth are shifted or rounded, floats are rounded, and what is beyond full
    scale saturates.

    Args:
        samples: Of shape `[n, C]`, in one of the kept types.
        encoding: libsndfile's name of the encoding.
    """
    if encoding == "DOUBLE":
        return samples.astype(np.float64) / full_scale(samples.dtype)
    if encoding not in _INTEGER_BITS:
        return to_float(samples)
    bits = _INTEGER_BITS[encoding]
    dtype = np.dtype(np.int16 if bits <= 16 else np.int32)
    if samples.dtype == dtype and bits == 8 * dtype.itemsize:
        return samples
    full = 2.0 ** (bits - 1)
    levels = np.round(samples.astype(np.float64) * (full / full_scale(samples.dtype)))
    whole = np.clip(levels, -full, full - 1).astype(dtype)
    return whole << (8 * dtype.itemsize - bits)


def _container(kind: ExportFormat, encoding: str, renderer: Renderer, rate: int) -> str:
    if kind.name != "WAV":
        return kind.name
    seconds = renderer.length / renderer.sample_rate
    size_bytes = seconds * rate * renderer.channels * _BYTES[encoding]
    return "RF64" if size_bytes > LARGEST_WAV_BYTES else "WAV"


def _blocks(
    renderer: Renderer, rate: int, report: Progress, cancel: CancelToken | None
) -> Iterator[Samples]:
    """Yields the edit at a rate, in blocks."""
    resampler = None
    if rate != renderer.sample_rate:
        resampler = soxr.ResampleStream(
            renderer.sample_rate, rate, renderer.channels, dtype="float64", quality="VHQ"
        )
    done = 0
    for block in renderer.blocks(DEFAULT_BLOCK_SAMPLES):
        if cancel is not None:
            cancel.raise_if_cancelled()
        done += len(block)
        if resampler is None:
            yield block
        else:
            scaled = block.astype(np.float64) / full_scale(block.dtype)
            yield resampler.resample_chunk(scaled, last=done == renderer.length)
        report(done / renderer.length, "Exporting")


def _notes(renderer: Renderer, encoding: str) -> tuple[str, ...]:
    bits = _INTEGER_BITS.get(encoding)
    if bits is None or all(source.lossy for source in renderer.sources):
        return ()
    if renderer.dtype.kind == "f":
        return (f"The recording's floating-point samples were rounded to {bits} bits.",)
    if renderer.bits > bits:
        return (f"The recording's {renderer.bits} bits were rounded to {bits}.",)
    return ()
