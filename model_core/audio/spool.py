"""Where decoded samples go: short recordings into memory, long ones into a file of the cache."""

from __future__ import annotations

import contextlib
import itertools
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile as sf

from model_core.audio.cache import CACHE_VARIABLE, cache_folder, mark_used, prune
from model_core.audio.direct import SoundFileSource, hash_file
from model_core.audio.source import ArraySource, AudioSource, cut_short_note
from model_core.audio.writing import SoundWriter
from model_core.errors import AudioReadError, FileWriteError
from model_core.files import atomic_path, file_write_error, write_text_atomically

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from model_core.audio.decoding import Decoding
    from model_core.audio.source import Samples
    from model_core.progress import CancelToken, Progress

MEMORY_LIMIT_BYTES = 64 << 20
"""Decoded recordings up to this size stay in memory: 3 minutes of stereo at 44.1 kHz."""

CACHE_LIMIT_BYTES = 8 << 30
"""Decoded recordings that weren't used for longest are removed beyond this size."""

_CARD_VERSION = 1
_CUT_SHORT_S = 0.1
_CUT_SHORT_SHARE = 0.005
_ENCODINGS = {"int16": "PCM_16", "int32": "PCM_32", "float32": "FLOAT", "float64": "DOUBLE"}


class DecodedSource(AudioSource):
    """A file that was decoded; its samples lie elsewhere.

    Args:
        path: The file that was decoded.
        samples: Where its samples lie.
        card: The attributes `bits`, `container`, `encoding`, `lossy` and `notes`.
        content_hash: The file's hash, where it is known already.
    """

    path: Path

    def __init__(
        self,
        path: Path,
        samples: AudioSource,
        card: dict[str, Any],
        content_hash: str | None = None,
    ) -> None:
        super().__init__(tuple(card["notes"]))
        self._samples = samples
        self._hash = content_hash
        self.path = path
        self.sample_rate = samples.sample_rate
        self.channels = samples.channels
        self.n_samples = samples.n_samples
        self.dtype = samples.dtype
        self.bits = card["bits"]
        self.container = card["container"]
        self.encoding = card["encoding"]
        self.lossy = card["lossy"]

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the person about what is unusual, as far as it was met by now."""
        return (*self._notes, *self._samples.notes)

    def _read(self, start: int, stop: int) -> Samples:
        return self._samples.read(start, stop)

    def content_hash(self) -> str:
        """Returns a hash of the original file's bytes, in hexadecimal; computed once."""
        if self._hash is None:
            self._hash = hash_file(self.path)
        return self._hash

    def close(self) -> None:
        """Lets go of the samples."""
        self._samples.close()


def spool(
    path: Path, decoding: Decoding, progress: Progress, cancel: CancelToken | None
) -> AudioSource:
    """Runs a decoding to its end and returns the recording.

    Args:
        path: The file that is decoded.
        decoding: Its decoding, not yet begun.
        progress: Told the decoded share.
        cancel: Looked at after every block.

    Raises:
        AudioReadError: If there isn't a single sample, or the cache can't be written.
        CancelledError: If `cancel` was set.
    """
    frame_bytes = decoding.dtype.itemsize * decoding.channels
    if (decoding.expected_samples or 0) * frame_bytes > MEMORY_LIMIT_BYTES:
        with contextlib.suppress(OSError):
            cached = _from_cache(path, hash_file(path))
            if cached is not None:
                return cached
    held: list[Samples] = []
    held_bytes = 0
    with contextlib.closing(_watched(decoding, progress, cancel)) as blocks:
        for block in blocks:
            held.append(block)
            held_bytes += block.nbytes
            if held_bytes > MEMORY_LIMIT_BYTES:
                return _spool_to_cache(path, decoding, held, blocks)
    if not held_bytes:
        raise AudioReadError(
            f"“{path}” holds no sound: it is empty, or cut off before the first sample.",
            "Export it again from where it comes from.",
        )
    samples = np.concatenate(held)
    card = _card(decoding, len(samples))
    return DecodedSource(path, ArraySource(samples, decoding.sample_rate), card)


def _watched(
    decoding: Decoding, progress: Progress, cancel: CancelToken | None
) -> Generator[Samples, None, None]:
    """Passes the blocks on, and finds out whether 32-bit samples are really 24-bit ones."""
    done = 0
    used_bits = 0
    for block in decoding.blocks:
        if cancel is not None:
            cancel.raise_if_cancelled()
        yield block
        done += len(block)
        if block.dtype == np.int32:
            used_bits |= int(np.bitwise_or.reduce(block, axis=None))
        if decoding.expected_samples:
            progress(min(1.0, done / decoding.expected_samples), "Decoding the recording")
    if decoding.dtype == np.int32 and not used_bits & 0xFF:
        decoding.bits = min(decoding.bits, 24)


def _card(decoding: Decoding, n_samples: int) -> dict[str, Any]:
    """Returns what is known of a recording that is decoded to its end."""
    notes = list(decoding.notes)
    expected = decoding.expected_samples or 0
    tolerated = max(_CUT_SHORT_S * decoding.sample_rate, _CUT_SHORT_SHARE * expected)
    if decoding.cut_short or expected - n_samples > tolerated:
        notes.append(cut_short_note(n_samples, decoding.sample_rate))
    return {
        "version": _CARD_VERSION,
        "n_samples": n_samples,
        "sample_rate": decoding.sample_rate,
        "channels": decoding.channels,
        "bits": decoding.bits,
        "container": decoding.container,
        "encoding": decoding.encoding,
        "lossy": decoding.lossy,
        "notes": notes,
    }


def _spool_to_cache(
    path: Path, decoding: Decoding, held: list[Samples], rest: Generator[Samples, None, None]
) -> AudioSource:
    """Writes the blocks that are held and the rest to the cache."""
    try:
        content_hash = hash_file(path)
        audio = _cached_audio(content_hash)
        n_samples = 0
        with (
            atomic_path(audio) as temporary,
            SoundWriter(
                temporary,
                sample_rate=decoding.sample_rate,
                channels=decoding.channels,
                container="W64",
                encoding=_ENCODINGS[decoding.dtype.name],
            ) as writer,
        ):
            for block in itertools.chain(held, rest):
                writer.write(block)
                n_samples += len(block)
        card = json.dumps(_card(decoding, n_samples))
        write_text_atomically(audio.with_suffix(".json"), card)
        source = _from_cache(path, content_hash)
    except FileWriteError as error:
        raise _no_room(path, error) from error
    except OSError as error:
        raise _no_room(path, file_write_error(error, "the cache")) from error
    if source is None:
        raise _no_room(path, FileWriteError("What was written there can't be read."))
    prune(audio.parent, CACHE_LIMIT_BYTES)
    return source


def _cached_audio(content_hash: str) -> Path:
    return cache_folder("decoded") / f"{content_hash}.w64"


def _from_cache(path: Path, content_hash: str) -> AudioSource | None:
    """Returns the decoded recording if the cache holds all of it."""
    audio = _cached_audio(content_hash)
    try:
        card = json.loads(audio.with_suffix(".json").read_text("utf-8"))
        samples = SoundFileSource(audio, sf.SoundFile(audio))
    except (OSError, ValueError, sf.SoundFileError):
        return None
    try:
        found = (samples.n_samples, samples.sample_rate, samples.channels)
        announced = (card["n_samples"], card["sample_rate"], card["channels"])
        if card["version"] == _CARD_VERSION and found == announced:
            mark_used(audio)
            return DecodedSource(path, samples, card, content_hash)
    except (KeyError, TypeError):
        pass
    samples.close()
    return None


def _no_room(path: Path, error: FileWriteError) -> AudioReadError:
    return AudioReadError(
        f"“{path}” has to be decoded to a temporary file first. {error.sentence}",
        f"Free some space, or name another folder in the variable {CACHE_VARIABLE}.",
    )
