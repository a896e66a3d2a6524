"""The figures of a personal library as a picture."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from model_core.edit.edit_ops import EditOp
from model_core.files import atomic_path
from training.library.statistics import FRAMES_A_MINUTE, MAX_DELTA

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from training.library.statistics import LibraryFigures

_BAR, _LINE, _BACK = "#0072B2", "#D55E00", "#CC79A7"
_MOST_NAMED = 24
_FRAME_S = 60 / FRAMES_A_MINUTE
_LONGEST_NAME = 22
_OP_NAMES = {
    EditOp.COPY: "copy",
    EditOp.LOOP_START: "loop start",
    EditOp.LOOP_END: "loop end",
    EditOp.SKIP: "skip",
    EditOp.FADE_IN: "fade in",
    EditOp.FADE_OUT: "fade out",
    EditOp.STOP: "stop",
}


def save_picture(path: Path, figures: LibraryFigures) -> None:
    """Draws ratios, coverage, jumps, offsets and operations of a library.

    Args:
        path: The PNG file to write.
        figures: Of at least one pair.

    Raises:
        FileWriteError: The file can't be written.
    """
    figure = Figure(figsize=(15, 9), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, 3)
    _shares(axes[0, 0], figures)
    _ratios(axes[0, 1], figures)
    _joins(axes[0, 2], figures)
    _buckets(axes[1, 0], figures)
    _offsets(axes[1, 1], figures)
    _operations(axes[1, 2], figures)
    minutes = sum(pair.n_frames for pair in figures.pairs) / FRAMES_A_MINUTE
    plural = "" if len(figures.pairs) == 1 else "s"
    figure.suptitle(f"{len(figures.pairs)} pair{plural}, {minutes:.0f} minutes of recordings")
    with warnings.catch_warnings(), atomic_path(path) as temporary:
        # A letter without a shape in the font becomes a box.
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        figure.savefig(temporary, format="png", dpi=100)


def _by_pair(axes: Axes, figures: LibraryFigures, figure: str, top: float) -> None:
    """Draws a figure of each pair by name or, of many pairs, as a histogram."""
    pairs = sorted(figures.pairs, key=lambda pair: float(getattr(pair, figure)))
    values = [float(getattr(pair, figure)) for pair in pairs]
    if len(pairs) > _MOST_NAMED:
        axes.hist(values, np.linspace(0, top, 31).tolist(), color=_BAR)
        axes.set_ylabel("pairs")
    else:
        axes.barh(range(len(pairs)), values, color=_BAR)
        axes.set_yticks(range(len(pairs)), [_short(pair.name) for pair in pairs])
    axes.set_xlim(0, top)


def _shares(axes: Axes, figures: LibraryFigures) -> None:
    """How much of each recording is kept."""
    axes.set_title("Share of the recording kept")
    _by_pair(axes, figures, "coverage", 1.0)
    axes.xaxis.set_major_formatter(PercentFormatter(1))


def _ratios(axes: Axes, figures: LibraryFigures) -> None:
    """Length of edit over length of recording."""
    axes.set_title("Length of the edit over the recording's")
    ratios = np.array([pair.ratio for pair in figures.pairs])
    top = max(1.0, float(ratios.max()) * 1.05)
    axes.hist(ratios, np.linspace(0, top, 31).tolist(), color=_BAR)
    axes.axvline(figures.ratio, color=_LINE, label=f"all together: {figures.ratio:.2f}")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel("pairs")
    axes.legend()


def _joins(axes: Axes, figures: LibraryFigures) -> None:
    """How often each edit jumps."""
    axes.set_title("Joins a minute of the recording")
    most = max(pair.joins_a_minute for pair in figures.pairs)
    _by_pair(axes, figures, "joins_a_minute", max(1.0, most * 1.05))


def _buckets(axes: Axes, figures: LibraryFigures) -> None:
    """How far the jumps go."""
    axes.set_title("Jumps, in frames of 11.6 ms")
    buckets = figures.buckets()
    colours = [_BACK if name.startswith("back") else _BAR for name, _ in buckets]
    bars = axes.barh(range(len(buckets)), [count for _, count in buckets], color=colours)
    axes.bar_label(bars, [f"{count:,}" if count else "" for _, count in buckets], padding=3)
    axes.set_yticks(range(len(buckets)), [name for name, _ in buckets], fontsize=8)
    axes.set_xlim(0, max(1, *(count for _, count in buckets)) * 1.15)


def _offsets(axes: Axes, figures: LibraryFigures) -> None:
    """How far pointers lie from a straight line through the edit."""
    axes.set_title("Offset from t / ratio")
    axes.hist(figures.offsets() * _FRAME_S, 100, color=_BAR)
    within = figures.within_max_delta
    axes.axvspan(
        -MAX_DELTA * _FRAME_S,
        MAX_DELTA * _FRAME_S,
        color=_LINE,
        alpha=0.4,
        label=f"within {MAX_DELTA} frames: {within:.0%}",
    )
    axes.set_xlabel("seconds")
    axes.set_ylabel("steps")
    axes.yaxis.set_major_formatter(FuncFormatter(_thousands))
    axes.legend()


def _operations(axes: Axes, figures: LibraryFigures) -> None:
    """How often each operation occurs, on a logarithmic scale."""
    axes.set_title("Operations")
    counts = figures.ops
    names = list(_OP_NAMES.values())
    values = [counts[op.name] for op in _OP_NAMES]
    bars = axes.bar(names, [max(value, 0.5) for value in values], color=_BAR)
    axes.bar_label(bars, [f"{value:,}" for value in values], padding=2, fontsize=8)
    axes.set_yscale("log")
    axes.set_ylim(0.5, max(10, *values) * 4)
    axes.tick_params(axis="x", rotation=35)


def _short(name: str) -> str:
    """Returns a name as it fits beside an axis; a dollar sign would begin a formula."""
    printable = name.encode("utf-8", "replace").decode("utf-8")
    if len(printable) > _LONGEST_NAME:
        printable = f"{printable[: _LONGEST_NAME - 1]}…"
    return printable.replace("$", r"\$")


def _thousands(value: float, _position: int | None = None) -> str:
    return f"{value:,.0f}"
