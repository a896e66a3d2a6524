"""The sound files that timelines point at: the recordings, or decoded copies of lossy ones.

The same MP3 or AAC file begins up to 45 ms earlier or later in another program, depending on what
its decoder does with the encoder's delay. Timelines that point at a WAV file don't depend on it.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final

import numpy as np

from model_core.audio.reading import open_audio
from model_core.audio.render import Renderer
from model_core.edit.types import EditList
from model_core.errors import AudioReadError
from model_core.export.encoding import default_encoding, encoded, encoding_bits
from model_core.export.formats import EXPORT_FORMATS
from model_core.export.hand_over import Media
from model_core.export.sound import export_sound
from model_core.progress import no_progress

if TYPE_CHECKING:
    from pathlib import Path

    from model_core.audio.source import AudioSource
    from model_core.progress import CancelToken, Progress

READ_EVERYWHERE: Final = frozenset({"WAV", "WAVEX", "RF64", "W64", "AIFF", "FLAC"})
"""Kinds of files that other programs read just as we do."""


def media_of(
    source: AudioSource,
    folder: Path,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    copy_name: str | None = None,
) -> tuple[Media, bool]:
    """Returns the file that timelines of a recording point at.

    That is the recording itself, or a decoded copy in `folder` if it is lossy, of a rare kind, or
    only in memory. A copy that is there already is used again if it holds the same samples;
    anything else of its name stays as it is, and the copy gets another name.

    Args:
        source: The recording.
        folder: Where the timeline will lie.
        progress: Told the written share.
        cancel: Looked at after every block.
        copy_name: What a copy is called, without ending; left out, after the recording.

    Returns:
        The file, and whether a copy of it was written.

    Raises:
        FileWriteError: The copy can't be written.
        AudioReadError: The recording can't be read.
        CancelledError: `cancel` was set; nothing is left behind.
    """
    if source.path is not None and not source.lossy and source.container in READ_EVERYWHERE:
        return _described(source, source.path, source.container, source.bits), False
    stem = copy_name
    if stem is None:
        stem = f"{source.path.stem if source.path is not None else 'recording'}_decoded"
    renderer = Renderer([source], EditList.whole(source.n_samples))
    encoding = copy_encoding(renderer)
    for number in count(1):
        path = folder / f"{stem}{'' if number == 1 else f'-{number}'}.wav"
        if not path.exists():
            break
        if _is_copy(path, source, encoding, cancel):
            return _described(source, path, "WAV", encoding_bits(encoding)), False
    export_sound(renderer, path, "WAV", encoding, dither=False, progress=progress, cancel=cancel)
    return _described(source, path, "WAV", encoding_bits(encoding)), True


def copy_encoding(renderer: Renderer) -> str:
    """Returns the encoding of a decoded copy: deep enough that nothing of it is lost."""
    if all(source.lossy for source in renderer.sources) and renderer.dtype.kind == "f":
        return "PCM_24"
    return default_encoding(renderer, EXPORT_FORMATS["WAV"])


def _described(source: AudioSource, path: Path, container: str, bits: int) -> Media:
    return Media(
        path.absolute(),
        source.sample_rate,
        source.channels,
        source.n_samples,
        container,
        bits,
        source.content_hash() if path == source.path else "",
    )


def _is_copy(path: Path, source: AudioSource, encoding: str, cancel: CancelToken | None) -> bool:
    """Whether a file holds just the samples that a decoded copy of a recording would hold."""
    try:
        with open_audio(path, cancel=cancel) as copy:
            if (copy.n_samples, copy.sample_rate, copy.channels, copy.encoding) != (
                source.n_samples,
                source.sample_rate,
                source.channels,
                encoding,
            ):
                return False
            for expected, found in zip(source.blocks(), copy.blocks(), strict=True):
                if cancel is not None:
                    cancel.raise_if_cancelled()
                if not np.array_equal(encoded(expected, encoding), found):
                    return False
            return True
    except AudioReadError:
        return False
