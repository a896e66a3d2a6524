"""What the export dialog offers for each kind of sound file, and how large a file gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from model_core.export.formats import EXPORT_FORMATS, ExportFormat

if TYPE_CHECKING:
    from pathlib import Path

    from model_core.audio.source import AudioSource

FORMATS = tuple(EXPORT_FORMATS.values())
"""In the order in which the dialog offers them."""
RATES_HZ = (
    192_000, 176_400, 96_000, 88_200, 48_000, 44_100, 32_000, 22_050, 16_000, 8_000,
)  # fmt: skip
"""Rates that the dialog offers besides the recording's own."""

_BITS = {"PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "FLOAT": 32, "DOUBLE": 64}
"""The depths that are offered. Eight bits are kept where a recording has them, not offered."""
_EIGHT_BITS = 8
_PACKED_SHARE = {"FLAC": 0.55}
_BYTES_A_SAMPLE = {"OGG": 0.18, "OPUS": 0.17, "MP3": 0.25}


def format_named(name: str) -> ExportFormat:
    """Returns a format by its name, the first one if there is none of that name."""
    return EXPORT_FORMATS.get(name, FORMATS[0])


def format_of(path: Path) -> ExportFormat | None:
    """Returns the format that a file's name asks for, or None."""
    suffix = path.suffix.lower()
    return next((kind for kind in FORMATS if suffix in kind.suffixes), None)


def usual_format(source: AudioSource) -> ExportFormat:
    """Returns the format that fits a recording: its own kind where that can be written."""
    return format_named(source.container)


def depths_of(kind: ExportFormat, kept: str) -> tuple[str, ...]:
    """Returns the encodings that are offered: first the one that keeps the recording's depth."""
    if kind.is_lossy:
        return ()
    return (kept, *(each for each in kind.encodings if each in _BITS and each != kept))


def rates_of(kind: ExportFormat, own_rate: int) -> tuple[int, ...]:
    """Returns the rates that are offered: first the recording's own, or the one nearest to it."""
    first = own_rate if kind.holds_rate(own_rate) else kind.nearest_rate(own_rate)
    return (first, *(rate for rate in RATES_HZ if kind.holds_rate(rate) and rate != first))


def bits_of(encoding: str) -> int:
    """Returns the bits of a sample."""
    return _BITS.get(encoding, _EIGHT_BITS)


def is_own_depth(encoding: str, source: AudioSource) -> bool:
    """Whether an encoding keeps samples just as a recording does."""
    same_kind = (encoding in ("FLOAT", "DOUBLE")) == (source.dtype.kind == "f")
    return same_kind and bits_of(encoding) == source.bits and not source.lossy


def depth_label(encoding: str) -> str:
    """Returns an encoding as a person calls it."""
    if encoding in ("FLOAT", "DOUBLE"):
        return _tr("{bits}-bit float").format(bits=bits_of(encoding))
    return _tr("{bits}-bit").format(bits=bits_of(encoding))


def format_label(kind: ExportFormat) -> str:
    """Returns a format with what it is good for."""
    words = {
        "WAV": _tr("every sample as it is, large"),
        "FLAC": _tr("every sample as it is, half the size"),
        "OGG": _tr("small"),
        "OPUS": _tr("smallest, best for speech"),
        "W64": _tr("every sample as it is, for hours"),
        "MP3": _tr("small, plays everywhere"),
    }
    return f"{kind.name} – {words[kind.name]}" if kind.name in words else kind.name


def loudness_choices() -> tuple[tuple[float | None, str], ...]:
    """Returns the loudnesses that are offered, in LUFS, with what they are for."""
    return (
        (None, _tr("as it is")),
        (-16.0, _tr("-16 LUFS, podcasts")),
        (-19.0, _tr("-19 LUFS, podcasts in mono")),
        (-14.0, _tr("-14 LUFS, music on the net")),
        (-23.0, _tr("-23 LUFS, broadcast (EBU R128)")),
    )


def refusal(kind: ExportFormat, channels: int) -> str:
    """Returns why a format can't hold a recording, or nothing."""
    if channels <= kind.max_channels:
        return ""
    return _tr("{format} holds at most {most} channels; this recording has {channels}.").format(
        format=kind.name, most=kind.max_channels, channels=channels
    )


def size_bytes(kind: ExportFormat, encoding: str | None, n_values: float) -> float:
    """Returns about how large a file gets.

    Args:
        kind: Its format.
        encoding: How samples are kept; None where the format decides.
        n_values: Samples of all channels.
    """
    if encoding is None:
        return n_values * _BYTES_A_SAMPLE.get(kind.name, 1.0)
    return n_values * bits_of(encoding) / 8 * _PACKED_SHARE.get(kind.name, 1.0)


def _tr(text: str) -> str:
    return QCoreApplication.translate("ExportDialog", text)
