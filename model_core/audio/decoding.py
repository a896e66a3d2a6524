"""Decoding from beginning to end, for formats that can't be read exactly from anywhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile as sf

from model_core.audio.formats import describe
from model_core.audio.headers import is_cut_short, mp3_announces_its_length
from model_core.audio.source import DEFAULT_BLOCK_SAMPLES
from model_core.errors import AudioReadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from model_core.audio.source import Samples

_MAX_BAD_PACKETS = 1000
_GUESSED_LENGTH = frozenset({"aac", "ac3", "eac3", "dts", "loas"})  # bare streams, no header

_FFMPEG_SAMPLES: dict[str, tuple[str, int]] = {
    "u8": ("int16", 8),
    "s16": ("int16", 16),
    "s32": ("int32", 32),
    "flt": ("float32", 32),
    "dbl": ("float64", 64),
}


@dataclass(slots=True)
class Decoding:
    """A recording on its way from the decoder: what it is, and its blocks.

    Attributes:
        sample_rate: Samples a second.
        channels: Number of channels.
        dtype: The blocks' type.
        bits: Significant bits of a sample.
        container: The file's kind.
        encoding: How samples are coded.
        lossy: Whether the coding threw something away.
        blocks: Blocks of shape `[n, C]`, in order; to be used once.
        expected_samples: Length as the file announces it, or None where it doesn't or guesses.
        cut_short: Whether the file is known to end before its end.
        notes: Sentences for the person; complete when the blocks are through.
    """

    sample_rate: int
    channels: int
    dtype: np.dtype[Any]
    bits: int
    container: str
    encoding: str
    lossy: bool
    blocks: Iterator[Samples]
    expected_samples: int | None = None
    cut_short: bool = False
    notes: list[str] = field(default_factory=list)


def decode_with_libsndfile(path: Path, file: sf.SoundFile) -> Decoding:
    """Returns the decoding of a file that libsndfile has opened, and closes it at the end."""
    dtype, bits, lossy = describe(str(file.subtype))
    decoding = Decoding(
        sample_rate=int(file.samplerate),
        channels=int(file.channels),
        dtype=dtype,
        bits=bits,
        container=str(file.format),
        encoding=str(file.subtype),
        lossy=lossy,
        blocks=iter(()),
        expected_samples=int(file.frames),
        cut_short=is_cut_short(path),
    )

    def blocks() -> Iterator[Samples]:
        with file:
            while True:
                try:
                    block = file.read(DEFAULT_BLOCK_SAMPLES, dtype=dtype.name, always_2d=True)
                except sf.SoundFileError:
                    decoding.notes.append(
                        "The recording is damaged; it ends where it can't be read."
                    )
                    return
                if not len(block):
                    return
                yield block

    decoding.blocks = blocks()
    return decoding


def decode_with_ffmpeg(path: Path) -> Decoding:
    """Returns the decoding of a file's first sound track by FFmpeg.

    Raises:
        AudioReadError: If the file isn't one that FFmpeg knows, or holds no sound.
    """
    import av  # takes a moment to load, and most files don't need it

    try:
        # An absolute path can't be taken for an address or an option, and a playlist that
        # poses as a sound file can't fetch anything.
        container = av.open(str(path.absolute()), options={"protocol_whitelist": "file"})
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise _not_audio(path) from error
    try:
        return _FFmpegTrack(path, container).decoding()
    except BaseException:
        container.close()
        raise


class _FFmpegTrack:
    """The first sound track of a container, decoded packet by packet."""

    def __init__(self, path: Path, container: Any) -> None:  # noqa: ANN401 - av is untyped here
        self._path = path
        self._container = container
        self._stream = container.streams.best("audio")
        if self._stream is None:
            if container.streams.video and container.format.name != "image2":
                raise AudioReadError(
                    f"“{path}” holds pictures but no sound.", "Open a file with a sound track."
                )
            raise _not_audio(path)
        self._bad_packets = 0
        self._is_damaged_inside = False

    def decoding(self) -> Decoding:
        frames = self._frames()
        first = next(frames, None)
        if first is None:
            raise AudioReadError(
                f"No sound could be decoded from “{self._path}”: it is empty or damaged.",
                "Try to export it again from where it comes from.",
            )
        sample_format = first.format.name.removesuffix("p")
        if sample_format not in _FFMPEG_SAMPLES:
            raise _not_audio(self._path)
        dtype_name, bits = _FFMPEG_SAMPLES[sample_format]
        codec = self._stream.codec_context.codec
        lossy = bool(codec.lossy) and not codec.lossless
        decoding = Decoding(
            sample_rate=int(first.sample_rate),
            channels=int(first.layout.nb_channels),
            dtype=np.dtype(dtype_name),
            bits=16 if lossy else bits,
            container=self._container.format.name.split(",")[0].upper(),
            encoding=codec.canonical_name.upper(),
            lossy=lossy,
            blocks=iter(()),
            expected_samples=self._expected_samples(first.sample_rate),
        )
        if len(self._container.streams.audio) > 1:
            decoding.notes.append(
                f"The file holds {len(self._container.streams.audio)} sound tracks; "
                "the main one is used."
            )
        decoding.blocks = self._blocks(first, frames, decoding)
        return decoding

    def _frames(self) -> Iterator[Any]:
        import av

        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except (av.error.FFmpegError, OSError):
                self._bad_packets += 1
                return
            try:
                frames = packet.decode()
            except (av.error.FFmpegError, OSError):
                self._bad_packets += 1
                if self._bad_packets > _MAX_BAD_PACKETS:
                    return
                continue
            self._is_damaged_inside |= bool(frames and self._bad_packets)
            yield from frames

    def _blocks(
        self,
        first: Any,  # noqa: ANN401
        frames: Iterator[Any],
        decoding: Decoding,
    ) -> Iterator[Samples]:
        wanted = (first.format.name, first.layout.name, first.sample_rate)
        gathered = [_frame_samples(first)]
        n_gathered = len(gathered[0])
        with self._container:
            for frame in frames:
                same = (frame.format.name, frame.layout.name, frame.sample_rate) == wanted
                for part in [frame] if same else _converted(frame, *wanted):
                    gathered.append(_frame_samples(part))
                    n_gathered += len(gathered[-1])
                if n_gathered >= DEFAULT_BLOCK_SAMPLES:
                    yield np.concatenate(gathered)
                    gathered, n_gathered = [], 0
            if gathered:
                yield np.concatenate(gathered)
        if self._is_damaged_inside:
            decoding.notes.append("Parts of the recording are damaged and couldn't be read.")

    def _expected_samples(self, sample_rate: int) -> int | None:
        container = self._container.format.name
        if container in _GUESSED_LENGTH or (
            container == "mp3" and not mp3_announces_its_length(self._path)
        ):
            return None
        stream = self._stream
        if stream.duration is not None and stream.time_base is not None:
            return int(stream.duration * stream.time_base * sample_rate)
        if self._container.duration is not None:
            return int(self._container.duration * sample_rate // 1_000_000)
        return None


def _frame_samples(frame: Any) -> Samples:  # noqa: ANN401 - av is untyped here
    """Returns a frame's samples with the shape `[n, C]`, 8 bits widened to 16."""
    array = frame.to_ndarray()
    samples: Samples = (
        array.T if frame.format.is_planar else array.reshape(-1, frame.layout.nb_channels)
    )
    if samples.dtype == np.uint8:
        return (samples.astype(np.int16) - 128) << 8
    return samples


def _converted(frame: Any, form: str, layout: str, rate: int) -> list[Any]:  # noqa: ANN401
    """Returns a frame in the format of the first one, for the rare file that changes midway."""
    import av

    resampler = av.AudioResampler(format=form, layout=layout, rate=rate)
    return [*resampler.resample(frame), *resampler.resample(None)]


def _not_audio(path: Path) -> AudioReadError:
    return AudioReadError(
        f"“{path}” isn't a sound file that EditorBot can read, or it is badly damaged.",
        "Convert it to WAV, FLAC, MP3 or M4A and open that.",
    )
