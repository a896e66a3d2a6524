"""The arguments of writing sound, which rendering and exporting share. Imports nothing heavy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import argparse

    from model_core.export.pieces import SoundOptions

DEPTHS: Final = {
    "16": "PCM_16", "24": "PCM_24", "32": "PCM_32", "float": "FLOAT", "double": "DOUBLE",
}  # fmt: skip


def add_input_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the edit and where its recordings are."""
    parser.add_argument(
        "edit",
        type=Path,
        metavar="EDIT",
        help="a project (.editorbot), an edit list (.json), Audacity labels (.txt), .edl or .otio",
    )
    parser.add_argument(
        "--recording",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="the recording, where the edit doesn't say or it has moved; once for each",
    )
    parser.add_argument(
        "--labels", choices=("keep", "cut"), help="what Audacity labels mark, if they don't say"
    )
    parser.add_argument(
        "--frame-rate", metavar="RATE", help="frames a second of video formats, such as 25 or 29.97"
    )


def add_sound_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds how sound is written."""
    parser.add_argument("--rate", type=int, metavar="HZ", help="sample rate (default: kept)")
    parser.add_argument("--depth", choices=tuple(DEPTHS), help="bits a sample (default: kept)")
    parser.add_argument(
        "--loudness", type=float, metavar="LUFS", help="bring to a loudness, such as -16"
    )
    parser.add_argument(
        "--true-peak", type=float, default=-1.0, metavar="DBTP",
        help="ceiling of true peaks with --loudness (default -1)",
    )  # fmt: skip
    parser.add_argument("--no-dither", action="store_true", help="round without dither")
    parser.add_argument(
        "--no-tags", action="store_true", help="leave out title, cover and chapter marks"
    )


def sound_options(arguments: argparse.Namespace) -> SoundOptions:
    """Returns what the arguments ask for.

    Raises:
        FileWriteError: A loudness or a ceiling is out of range.
    """
    from model_core.export.levelling import LoudnessTarget
    from model_core.export.pieces import SoundOptions

    loudness = None
    if arguments.loudness is not None:
        loudness = LoudnessTarget(arguments.loudness, arguments.true_peak)
    return SoundOptions(
        subtype=DEPTHS[arguments.depth] if arguments.depth else None,
        sample_rate=arguments.rate,
        loudness=loudness,
        dither=not arguments.no_dither,
        keeps_tags=not arguments.no_tags,
    )
