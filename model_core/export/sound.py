"""Exporting an edit as a sound file: rendered in blocks, written whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soxr

from model_core.audio.source import DEFAULT_BLOCK_SAMPLES, full_scale
from model_core.audio.writing import SoundWriter
from model_core.errors import FileWriteError
from model_core.export.encoding import (
    Encoder,
    default_encoding,
    encoding_bits,
    is_integer,
)
from model_core.export.formats import check_format, export_format
from model_core.export.levelling import levelled, planned_level
from model_core.export.tags import write_tags
from model_core.files import atomic_path, refuse_overwriting_source
from model_core.progress import no_progress, part_of

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from model_core.audio.mixdown import Rendered
    from model_core.audio.source import Samples
    from model_core.export.formats import ExportFormat
    from model_core.export.levelling import Level, LoudnessTarget
    from model_core.export.tags import Tags
    from model_core.progress import CancelToken, Progress

LARGEST_WAV_BYTES = 2**32 - 2**16
"""A WAV file counts its bytes with 32 bits; what is longer is written as RF64."""

_MEASURING_SHARE = 0.6
"""So much of an export to a loudness goes into measuring."""


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
    renderer: Rendered,
    path: str | os.PathLike[str],
    fmt: str | None = None,
    subtype: str | None = None,
    sample_rate: int | None = None,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
    *,
    within: tuple[int, int] | None = None,
    loudness: LoudnessTarget | None = None,
    dither: bool = True,
    tags: Tags | None = None,
) -> ExportedSound:
    """Writes an edit to a sound file. What was there before stays until all is written.

    Rate, channels and depth are kept if nothing else is asked for. An edit of a lossy recording
    becomes 16 bits deep in formats that have a depth. Memory doesn't grow with the length.

    Args:
        renderer: The edit.
        path: The file. It must not be one of the edit's recordings.
        fmt: "WAV", "W64", "FLAC", "OGG", "OPUS" or "MP3"; left out, the file's ending tells.
        subtype: libsndfile's name of an encoding that the format can hold, such as "PCM_24".
        sample_rate: Samples a second, if others than the recording's.
        progress: Told the written share.
        cancel: Looked at after every block.
        within: The part of the edited timeline to write, in samples; left out, all of it.
        loudness: What the loudness is brought to; left out, it stays as it is.
        dither: Whether to dither where depth is lost.
        tags: What the file tells about itself.

    Raises:
        FileWriteError: If the file can't be written or can't hold the edit, for any reason.
        AudioReadError: If a recording can't be read.
        CancelledError: If `cancel` was set; nothing is left behind.
    """
    path = Path(path)
    kind = export_format(path, fmt)
    encoding = (subtype or default_encoding(renderer, kind)).upper()
    rate = renderer.sample_rate if sample_rate is None else sample_rate
    if kind.converts and not kind.holds_rate(rate):
        rate = kind.nearest_rate(rate)
    check_format(kind, encoding, rate, renderer.channels)
    start, stop = within or (0, renderer.length)
    if start >= stop:
        raise FileWriteError("The edit is empty: there is nothing to export.", "Keep some of it.")
    refuse_overwriting_source(path, [file for each in renderer.sources for file in each.paths])
    container = _container(kind, encoding, rate, renderer, stop - start)
    report = progress or no_progress
    stretch = _Stretch(renderer, start, stop, rate, cancel)
    level: Level | None = None
    if loudness is not None:
        level = planned_level(
            lambda: stretch.blocks(computed=True),
            loudness,
            rate,
            renderer.channels,
            stretch.told(part_of(report, 0.0, _MEASURING_SHARE), "Measuring the loudness"),
        )
        report = part_of(report, _MEASURING_SHARE, 1.0)
    blocks = stretch.blocks(stretch.told(report, "Exporting"), computed=level is not None)
    if level is not None:
        blocks = levelled(blocks, level, rate, renderer.channels)
    is_computed = level is not None or stretch.resamples or renderer.dtype.kind == "f"
    encoder = Encoder(encoding, None if is_computed else renderer.bits, dither=dither)
    n_samples = 0
    notes: list[str] = []
    with atomic_path(path) as temporary:
        with SoundWriter(
            temporary,
            sample_rate=rate,
            channels=renderer.channels,
            container=container,
            encoding=encoding,
            compression=kind.compression,
        ) as writer:
            for block in blocks:
                writer.write(encoder.encode(block))
                n_samples += len(block)
        if tags is not None:
            notes += write_tags(temporary, tags, container, n_samples / rate)
    return ExportedSound(
        path=path,
        container=container,
        encoding=encoding,
        sample_rate=rate,
        channels=renderer.channels,
        n_samples=n_samples,
        notes=(
            *_rate_notes(kind, rate, sample_rate or renderer.sample_rate),
            *(level.notes if level is not None else ()),
            *_depth_notes(renderer, encoding, dithers=encoder.dithers),
            *notes,
        ),
    )


def _container(
    kind: ExportFormat, encoding: str, rate: int, renderer: Rendered, length: int
) -> str:
    if kind.name != "WAV":
        return kind.container or kind.name
    seconds = length / renderer.sample_rate
    size_bytes = seconds * rate * renderer.channels * encoding_bits(encoding) / 8
    return "RF64" if size_bytes > LARGEST_WAV_BYTES else "WAV"


class _Stretch:
    """A part of an edit, at a rate, which can be gone through several times."""

    def __init__(
        self, renderer: Rendered, start: int, stop: int, rate: int, cancel: CancelToken | None
    ) -> None:
        self._renderer = renderer
        self._start, self._stop = start, stop
        self._rate = rate
        self._cancel = cancel
        self.resamples = rate != renderer.sample_rate

    def told(self, progress: Progress, phrase: str) -> Progress:
        """Returns a progress that is always told the same phrase."""
        return lambda share, _phrase: progress(share, phrase)

    def blocks(
        self, progress: Progress = no_progress, *, computed: bool = False
    ) -> Iterator[Samples]:
        """Yields the stretch in blocks.

        Args:
            progress: Told the share that was yielded.
            computed: Whether floats with full scale at 1 are wanted, instead of the kept type.
        """
        resampler = None
        if self.resamples:
            resampler = soxr.ResampleStream(
                self._renderer.sample_rate,
                self._rate,
                self._renderer.channels,
                dtype="float64",
                quality="VHQ",
            )
        for low in range(self._start, self._stop, DEFAULT_BLOCK_SAMPLES):
            high = min(low + DEFAULT_BLOCK_SAMPLES, self._stop)
            if self._cancel is not None:
                self._cancel.raise_if_cancelled()
            block = self._renderer.read(low, high)
            if computed or resampler is not None:
                block = block.astype(np.float64) / full_scale(block.dtype)
            if resampler is not None:
                block = resampler.resample_chunk(block, last=high == self._stop)
            yield block
            progress((high - self._start) / (self._stop - self._start), "")


def _rate_notes(kind: ExportFormat, rate: int, wanted: int) -> tuple[str, ...]:
    if rate == wanted:
        return ()
    return (f"{kind.name} can't hold {wanted} Hz; the sound was converted to {rate} Hz.",)


def _depth_notes(renderer: Rendered, encoding: str, *, dithers: bool) -> tuple[str, ...]:
    bits = encoding_bits(encoding)
    if not is_integer(encoding) or all(source.lossy for source in renderer.sources):
        return ()
    how = ", with dither" if dithers else ""
    if any(source.dtype.kind == "f" for source in renderer.sources):
        return (f"The recording's floating-point samples were rounded to {bits} bits{how}.",)
    if renderer.bits > bits:
        return (f"The recording's {renderer.bits} bits were rounded to {bits}{how}.",)
    return ()
