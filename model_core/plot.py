"""The alignment plot as a picture: edited time across, raw time up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from model_core.audio.source import AudioSource
from model_core.edit.coverage import joins_of, removed_ranges
from model_core.edit.timeline import Timeline
from model_core.edit.types import ChangeKind, EditList
from model_core.files import atomic_path

_COPY, _REMOVED = "#009E73", "#98A1AF"
_KINDS = {
    ChangeKind.CUT: ("cut", "#E69F00", "--"),
    ChangeKind.LOOP: ("loop", "#CC79A7", "-."),
    ChangeKind.REORDER: ("reorder", "#0072B2", ":"),
}
_ENVELOPE_POINTS = 1200
_ENVELOPE_READ = 2048


def save_alignment_plot(path: Path, edit: EditList, source: AudioSource, title: str = "") -> None:
    """Draws which part of a recording is heard when; copies are diagonals, cuts steps up.

    Args:
        path: The PNG file to write.
        edit: The edit of one source.
        source: The recording; a sketch of its loudness is drawn beside the raw axis.
        title: Above the plot.

    Raises:
        FileWriteError: The file can't be written.
    """
    rate = source.sample_rate
    figure = Figure(figsize=(10, 7), layout="constrained")
    FigureCanvasAgg(figure)
    sketch, axes = figure.subplots(1, 2, sharey=True, width_ratios=(1, 8))
    timeline = Timeline(edit)
    for index, item in enumerate(edit.items):
        begin = int(timeline.starts[index])
        if item in edit.segments:
            axes.plot(
                (begin / rate, (begin + item.length) / rate),
                (item.start / rate, item.stop / rate),
                color=_COPY,
                linewidth=2,
                label="copied" if index == 0 else None,
            )
    named = set()
    for join in joins_of(edit):
        if join.kind in _KINDS:
            name, colour, dashes = _KINDS[join.kind]
            axes.plot(
                (join.position / rate,) * 2,
                (join.leaving / rate, join.landing / rate),
                dashes,
                color=colour,
                linewidth=1.5,
                label=None if name in named else name,
            )
            named.add(name)
    for start, stop in removed_ranges(edit, 0, source.n_samples).tolist():
        for part in (axes, sketch):
            part.axhspan(start / rate, stop / rate, color=_REMOVED, alpha=0.25, linewidth=0)
    times, level = _loudness(source)
    sketch.fill_betweenx(times, -level, level, color="#56B4E9", linewidth=0)
    sketch.set_xticks([])
    sketch.set_ylabel("recording")
    axes.set_xlabel("edit")
    axes.xaxis.set_major_formatter(FuncFormatter(_clock))
    sketch.yaxis.set_major_formatter(FuncFormatter(_clock))
    sketch.set_ylim(0, source.n_samples / rate)
    axes.set_xlim(0, max(edit.length, 1) / rate)
    axes.legend(loc="lower right")
    axes.set_title(title)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)


def _clock(seconds: float, _position: int | None = None) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}:{rest:04.1f}"


def _loudness(source: AudioSource) -> tuple[np.ndarray, np.ndarray]:
    """Returns times and peak levels at `_ENVELOPE_POINTS` places, reading only a little of each."""
    places = np.linspace(0, source.n_samples, _ENVELOPE_POINTS, endpoint=False).astype(np.int64)
    step = max(1, source.n_samples // _ENVELOPE_POINTS)
    levels = [
        np.abs(
            source.read_mono(place, min(source.n_samples, place + min(step, _ENVELOPE_READ)))
        ).max(initial=0.0)
        for place in places.tolist()
    ]
    level = np.array(levels)
    return places / source.sample_rate, level / max(level.max(), 1e-9)
