"""The sound files that can be exported, and what each of them can hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from model_core.audio.source import AudioSource

RATES_HZ = (8_000, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000)
"""Rates that the dialog offers besides the recording's own."""


@dataclass(frozen=True, slots=True)
class Depth:
    """How samples are kept.

    Attributes:
        subtype: Name in soundfile.
        bits: Bits of one sample; 0 where the format compresses and doesn't say.
    """

    subtype: str
    bits: int


PCM_16, PCM_24, PCM_32 = Depth("PCM_16", 16), Depth("PCM_24", 24), Depth("PCM_32", 32)
FLOAT = Depth("FLOAT", 32)


@dataclass(frozen=True, slots=True)
class SoundFormat:
    """A kind of sound file.

    Attributes:
        name: Name in soundfile and for the person.
        suffix: Of its files, with the dot.
        depths: What it can keep samples as; empty where there is nothing to choose.
        max_rate_hz: The highest rate, or None.
        max_channels: The most channels, or None.
        bytes_per_sample: About how large a sample gets, where the depth doesn't say.
        ratio: About how much of the depth's size is left after packing.
    """

    name: str
    suffix: str
    depths: tuple[Depth, ...] = ()
    max_rate_hz: int | None = None
    max_channels: int | None = None
    bytes_per_sample: float = 0.0
    ratio: float = 1.0


FORMATS = (
    SoundFormat("WAV", ".wav", (PCM_16, PCM_24, PCM_32, FLOAT)),
    SoundFormat("FLAC", ".flac", (PCM_16, PCM_24), 655_350, 8, ratio=0.55),
    SoundFormat("OGG", ".ogg", (), 192_000, 255, bytes_per_sample=0.16),
    SoundFormat("MP3", ".mp3", (), 48_000, 2, bytes_per_sample=0.18),
)
"""In the order in which the dialog offers them."""


def format_named(name: str) -> SoundFormat:
    """Returns a format by its name, the first one if there is none of that name."""
    return next((fmt for fmt in FORMATS if fmt.name == name), FORMATS[0])


def format_of(path: Path) -> SoundFormat | None:
    """Returns the format that a file's name asks for, or None."""
    suffix = path.suffix.lower()
    return next((fmt for fmt in FORMATS if fmt.suffix == suffix), None)


def usual_format(source: AudioSource) -> SoundFormat:
    """Returns the format that fits a recording: its own kind where that can be written."""
    own = format_named(source.container)
    return own if own.name == source.container else FORMATS[0]


def kept_depth(fmt: SoundFormat, source: AudioSource) -> Depth | None:
    """Returns the depth that keeps a recording's samples best; None where there is no choice."""
    if not fmt.depths:
        return None
    if source.lossy:
        return FLOAT if FLOAT in fmt.depths and source.dtype.kind == "f" else fmt.depths[0]
    if source.dtype.kind == "f":
        return FLOAT if FLOAT in fmt.depths else fmt.depths[-1]
    enough = [depth for depth in fmt.depths if depth.bits >= source.bits and depth is not FLOAT]
    return enough[0] if enough else fmt.depths[-1]


def refusal(fmt: SoundFormat, channels: int) -> str:
    """Returns why a format can't hold a recording, or nothing."""
    if fmt.max_channels is not None and channels > fmt.max_channels:
        return QCoreApplication.translate(
            "ExportDialog", "{format} holds at most {most} channels; this recording has {channels}."
        ).format(format=fmt.name, most=fmt.max_channels, channels=channels)
    return ""


def size_bytes(
    fmt: SoundFormat, depth: Depth | None, seconds: float, rate_hz: int, channels: int
) -> float:
    """Returns about how large a file gets."""
    samples = seconds * rate_hz * channels
    return samples * (depth.bits / 8 * fmt.ratio if depth is not None else fmt.bytes_per_sample)
