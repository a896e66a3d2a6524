"""The arguments of editing one recording, which two commands share.

Free of numpy and torch, so that help and completion answer at once.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from model_core.styles import BUNDLED

DESCRIPTION = (
    "Edit a recording as the network proposes. The recording itself is never changed, and outside "
    "the joins the edit holds its very samples."
)


def add_edit_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds them to a parser."""
    parser.add_argument(
        "inputs", type=Path, nargs="+", metavar="INPUT", help="the recording, or its microphones"
    )
    parser.add_argument(
        "--together",
        action="store_true",
        help="the inputs are synchronised microphones of one recording; all are cut alike",
    )
    parser.add_argument(
        "--line-up",
        action="store_true",
        help="with --together: find out by sound where each of them begins",
    )
    parser.add_argument(
        "--separately",
        action="store_true",
        help="with --together: write a file for each microphone, named after it, not their mix",
    )
    parser.add_argument("--output", type=Path, required=True, help="the edited sound file")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint other than the bundled one")
    parser.add_argument("--pointers", type=Path, help="also write the pointers, a .npy file")
    parser.add_argument("--edit-list", type=Path, help="also write the edit list, a JSON file")
    parser.add_argument("--alignment-plot", type=Path, help="also draw the alignment, a PNG file")
    parser.add_argument(
        "--temperature", type=float, default=0.0, help="0: the best edit; above 0: a random one"
    )
    parser.add_argument(
        "--sample-style", action="store_true", help="draw an editing style instead of the mean one"
    )
    styles = parser.add_mutually_exclusive_group()
    styles.add_argument(
        "--style",
        metavar="NAME|FILE",
        help=f"a style that was saved, or one of: {', '.join(BUNDLED)}",
    )
    styles.add_argument(
        "--style-from",
        type=Path,
        nargs=2,
        metavar=("RAW", "EDIT"),
        help="edit in the style in which RAW was made into EDIT",
    )
    parser.add_argument(
        "--axis",
        type=_axis,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="move the style along tightness, length or loops, in deviations among editors",
    )
    parser.add_argument("--save-style", type=Path, metavar="FILE", help="also save the style")
    parser.add_argument("--seed", type=_seed, default=0, help="of everything drawn at random")
    parser.add_argument("--target-length", type=float, metavar="SECONDS", help="wanted length")
    parser.add_argument(
        "--tightness", type=float, metavar="0..1", help="0: pauses stay long; 1: they get short"
    )
    parser.add_argument(
        "--stop-threshold",
        type=float,
        default=0.5,
        help="share of stopping from which the edit may end early (default 0.5)",
    )
    parser.add_argument(
        "--extend",
        type=float,
        default=1.0,
        metavar="FACTOR",
        help="let loops make music so many times as long, 1 (no loops) to 4",
    )
    parser.add_argument(
        "--stems",
        type=Path,
        metavar="FOLDER",
        help="separated stems, such as drums.wav, for a network that reads them",
    )
    parser.add_argument(
        "--rescore",
        action="store_true",
        help="compare the best few edits once more by their full likelihood; up to half an hour",
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    parser.add_argument("--quiet", action="store_true", help="no progress, no summary")


def _axis(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no NAME=VALUE with a number") from None


def _seed(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("a seed is 0 or above")
    return value
