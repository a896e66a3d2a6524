"""The sound files that can be written, and what each can hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from model_core.errors import FileWriteError

OPUS_RATES_HZ = (8000, 12000, 16000, 24000, 48000)
MP3_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A kind of sound file.

    Attributes:
        name: Its name for people.
        suffixes: Endings of its files' names; the first is the usual one.
        encodings: libsndfile's names of the encodings it can hold; the first is for 16 bits.
        max_channels: Most channels that it holds.
        max_rate_hz: Highest sample rate that it holds.
        rates_hz: The only sample rates that it holds; empty if all up to the highest.
        compression: libsndfile's compression level, 0 to 1, or None where there is none.
        converts: Whether it takes sound of other rates, too, converted to the nearest one.
        container: libsndfile's name, where it is another one.
    """

    name: str
    suffixes: tuple[str, ...]
    encodings: tuple[str, ...]
    max_channels: int
    max_rate_hz: int
    rates_hz: tuple[int, ...] = ()
    compression: float | None = None
    converts: bool = False
    container: str = ""

    @property
    def is_lossy(self) -> bool:
        """Whether it throws something away."""
        return self.compression is not None

    def holds_rate(self, sample_rate: int) -> bool:
        """Whether it can be written at a rate."""
        return sample_rate in self.rates_hz if self.rates_hz else sample_rate <= self.max_rate_hz

    def nearest_rate(self, sample_rate: int) -> int:
        """Returns the rate to use where `sample_rate` can't be: the next higher, or the highest."""
        higher = (rate for rate in self.rates_hz if rate >= sample_rate)
        return min(higher, default=self.max_rate_hz)


EXPORT_FORMATS: dict[str, ExportFormat] = {
    each.name: each
    for each in (
        ExportFormat(
            "WAV",
            (".wav", ".wave"),
            ("PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "PCM_U8"),
            max_channels=1024,
            max_rate_hz=2**31 - 1,
        ),
        ExportFormat(
            "FLAC", (".flac",), ("PCM_16", "PCM_24", "PCM_S8"), max_channels=8, max_rate_hz=655_350
        ),
        # Variable bit rate of about 130 kbit/s for stereo. libvorbis crashes above 200 kHz.
        ExportFormat(
            "OGG",
            (".ogg", ".oga"),
            ("VORBIS",),
            max_channels=8,
            max_rate_hz=192_000,
            compression=0.3,
        ),
        # About 64 kbit/s a channel. With more than two, libopus takes them for those of a cinema,
        # and drops most of the fourth.
        ExportFormat(
            "OPUS",
            (".opus",),
            ("OPUS",),
            max_channels=2,
            max_rate_hz=48_000,
            rates_hz=OPUS_RATES_HZ,
            compression=0.75,
            converts=True,
            container="OGG",
        ),
        # Variable bit rate, LAME's V2: about 190 kbit/s for stereo.
        ExportFormat(
            "MP3",
            (".mp3",),
            ("MPEG_LAYER_III",),
            max_channels=2,
            max_rate_hz=48_000,
            rates_hz=MP3_RATES_HZ,
            compression=0.2,
        ),
        ExportFormat(
            "W64",
            (".w64",),
            ("PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "PCM_U8"),
            max_channels=1024,
            max_rate_hz=2**31 - 1,
        ),
    )
}
"""By name, in the order in which they are offered."""


def export_format(path: Path, name: str | None = None) -> ExportFormat:
    """Returns the format to write a file in: the one that is named, or that of its ending.

    Raises:
        FileWriteError: If there is no such format.
    """
    if name is not None:
        if name.upper() in EXPORT_FORMATS:
            return EXPORT_FORMATS[name.upper()]
        raise FileWriteError(f"EditorBot can't write {name} files.", _OFFER)
    suffix = path.suffix.lower()
    for each in EXPORT_FORMATS.values():
        if suffix in each.suffixes:
            return each
    if not suffix:
        raise FileWriteError(
            f"“{path}” has no ending that says which kind of file to write.",
            "Add .wav, .flac, .ogg, .opus or .mp3.",
        )
    raise FileWriteError(f"EditorBot can't write “{suffix}” files.", _OFFER)


_OFFER = "Choose WAV, W64, FLAC, OGG, Opus or MP3."


def check_format(kind: ExportFormat, encoding: str, sample_rate: int, channels: int) -> None:
    """Raises `FileWriteError` if a format can't hold such samples."""
    if encoding not in kind.encodings:
        raise FileWriteError(
            f"{kind.name} files can't hold {encoding}.",
            f"Choose one of {', '.join(kind.encodings)}.",
        )
    if channels > kind.max_channels:
        raise FileWriteError(
            f"{kind.name} files hold at most {kind.max_channels} channels, "
            f"and this recording has {channels}.",
            "Choose WAV.",
        )
    if not kind.holds_rate(sample_rate):
        limit = ", ".join(map(str, kind.rates_hz)) or f"up to {kind.max_rate_hz}"
        raise FileWriteError(
            f"{kind.name} files can't hold a sample rate of {sample_rate} Hz, only {limit} Hz.",
            f"Export at {kind.nearest_rate(sample_rate)} Hz, or choose WAV or FLAC.",
        )
