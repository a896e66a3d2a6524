"""Command that says what is in a personal library, and what may go wrong in training on it.

    python -m training.library_report [sample ...] [--json] [--picture library.png]

Every file is read to the end, so what is damaged is found too.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model_core.edit.edit_ops import EditOp
from model_core.files import check_writable
from training.library.command import DONE, INCOMPLETE, clock, library_of, parser, run, table
from training.library.jsonfile import to_text
from training.library.statistics import FRAMES_A_MINUTE, MAX_DELTA, LibraryFigures, figures_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHARES = (1, 25, 50, 75, 99)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    made = parser("library_report", "Say what is in a personal library.")
    made.add_argument("--json", action="store_true", help="as JSON")
    made.add_argument("--picture", type=Path, metavar="FILE", help="also draw it, a PNG file")
    return run(_report, made.parse_args(arguments))


def _report(options: argparse.Namespace) -> int:
    pairs = library_of(options).chosen(options.samples)
    if options.picture:
        check_writable(options.picture)
    figures = figures_of(pairs)
    if options.json:
        sys.stdout.write(to_text(figures.as_values(), indent=2) + "\n")
    else:
        sys.stdout.write(as_text(figures))
    if options.picture and figures.pairs:
        from training.library.picture import save_picture

        save_picture(options.picture, figures)
    return INCOMPLETE if figures.unusable else DONE


def as_text(figures: LibraryFigures) -> str:
    """Returns the report for people."""
    parts = [_pairs(figures)] if figures.pairs else []
    if figures.pairs:
        parts += [_together(figures), _jumps(figures), _operations(figures)]
    for title, lines in (
        ("Can't be used", [f"{name}: {why}" for name, why in figures.unusable]),
        ("To be looked at", figures.outliers),
        ("Hints", figures.hints),
    ):
        if lines:
            parts.append("\n".join([title, *(f"  {line}" for line in lines)]))
    return "\n\n".join(parts) + "\n"


def _pairs(figures: LibraryFigures) -> str:
    header = (
        "sample",
        "frames",
        "length",
        "ratio",
        "kept",
        "found",
        "joins",
        "a minute",
        "verdict",
    )
    rows = [
        (
            pair.name,
            f"{pair.n_frames:,}",
            clock(pair.n_frames / FRAMES_A_MINUTE * 60),
            f"{pair.ratio:.3f}",
            f"{pair.coverage:.0%}",
            f"{pair.matched:.0%}",
            str(len(pair.jumps)),
            f"{pair.joins_a_minute:.1f}",
            pair.verdict.value,
        )
        for pair in figures.pairs
    ]
    return table(header, rows, range(1, 8))


def _together(figures: LibraryFigures) -> str:
    ratios = [pair.ratio for pair in figures.pairs]
    low, high = np.percentile(figures.offsets(), (1, 99)) * 60 / FRAMES_A_MINUTE
    over_pairs = f"{np.mean(ratios):.3f} ± {np.std(ratios):.3f} over pairs"
    within = f"{figures.within_max_delta:.0%} within {MAX_DELTA} frames"
    spread = f"{min(ratios):.3f} to {max(ratios):.3f}"
    lines = (
        f"compression_ratio: {figures.ratio:.3f} over all, {over_pairs}, {spread}",
        f"Steps that play the next frame: {figures.sequential:.2%}",
        f"Offset from t / ratio: {within}; 98 % between {low:+.1f} and {high:+.1f} s",
    )
    return "\n".join(lines)


def _jumps(figures: LibraryFigures) -> str:
    jumps = figures.jumps
    if not jumps.size:
        return "No edit jumps."
    ahead, back = (np.abs(jumps[jumps > 0]), np.abs(jumps[jumps < 0]))
    lines = []
    for name, part in (("ahead", ahead), ("back", back)):
        if part.size:
            seconds = np.percentile(part, _SHARES) * 60 / FRAMES_A_MINUTE
            told = ", ".join(f"{s} % {x:.2f}" for s, x in zip(_SHARES, seconds, strict=True))
            lines.append(f"{part.size:,} jumps {name}; seconds: {told}")
    rows = [(name, f"{count:,}") for name, count in figures.buckets() if count]
    return "\n".join([*lines, "", table(("jump, in frames", "number"), rows, (1,))])


def _operations(figures: LibraryFigures) -> str:
    counts = figures.ops
    total = max(1, sum(counts.values()))
    rows = [
        (
            op.name.lower().replace("_", " "),
            f"{counts[op.name]:,}",
            f"{counts[op.name] / total:.3%}",
        )
        for op in EditOp
    ]
    return table(("operation", "steps", "share"), rows, (1, 2))


if __name__ == "__main__":
    sys.exit(main())
