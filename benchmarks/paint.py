"""Measures a frame of all views together while panning and zooming: `make bench`.

A frame is one step of the gesture until every view has drawn in its turn and is painted, offscreen.
Peaks and samples are synthetic, so nothing waits for a file. Wall-clock time counts what else the
machine does; the time of the painting thread alone stands beside it.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model_core.audio.peaks import FINEST_BUCKET_SAMPLES, LEVEL_FACTOR, N_LEVELS, PeakPyramid
from model_core.audio.source import AudioSource, Samples
from model_core.edit.timeline import Timeline
from model_core.edit.types import EditList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from editorbot_gui.panels.editor_page import EditorPage
    from editorbot_gui.waveform.view_state import ViewState

MINUTES = (1.0, 60.0, 180.0)
N_SEGMENTS = 3000
SIZE_PX = (1920, 1000)
_SAMPLE_RATE = 48_000
_CHANNELS = 2
_FRAMES = 120
_SETTLE_S = 0.3
_PAN_PX = 8
_CLOSE_S = 10.0
_LOOP_EVERY = 10


class _Noise(AudioSource):
    """Noise of any length that takes no memory.

    Args:
        n_samples: Length of the recording.
    """

    def __init__(self, n_samples: int) -> None:
        super().__init__()
        self.path, self.container, self.encoding, self.lossy = None, "memory", "PCM_16", False
        self.sample_rate, self.channels, self.n_samples = _SAMPLE_RATE, _CHANNELS, n_samples
        self.dtype, self.bits = np.dtype("int16"), 16
        random = np.random.default_rng(0)
        self._period = random.normal(0, 4000, (1 << 18, _CHANNELS)).astype(np.int16)

    def _read(self, start: int, stop: int) -> Samples:
        return self._period.take(np.arange(start, stop), axis=0, mode="wrap")

    def content_hash(self) -> str:
        """Returns a name; nothing is cached."""
        return f"noise-{self.n_samples}"


def _peaks(source: AudioSource) -> PeakPyramid:
    """Returns a full pyramid of loud and quiet passages without reading the source."""
    n_buckets = -(-source.n_samples // FINEST_BUCKET_SAMPLES)
    random = np.random.default_rng(1)
    envelope = np.abs(np.sin(np.arange(n_buckets) / 97)) * 14_000
    highs = envelope * random.uniform(0.3, 1, (_CHANNELS, n_buckets))
    levels = [np.stack((-highs, highs), axis=2).astype(np.int16)]
    for _ in range(N_LEVELS - 1):
        finer = levels[-1]
        padded = np.pad(finer, ((0, 0), (0, -finer.shape[1] % LEVEL_FACTOR), (0, 0)), mode="edge")
        groups = padded.reshape(_CHANNELS, -1, LEVEL_FACTOR, 2)
        levels.append(np.stack((groups[..., 0].min(axis=2), groups[..., 1].max(axis=2)), axis=2))
    return PeakPyramid(source, tuple(levels))


def _edit(n_samples: int) -> EditList:
    """Returns an edit of `N_SEGMENTS` segments: cuts, and now and then a loop."""
    step = n_samples / N_SEGMENTS
    ranges = []
    for index in range(N_SEGMENTS):
        back = step if index % _LOOP_EVERY == _LOOP_EVERY - 1 else 0.0
        start = index * step - back
        ranges.append((int(start), int(start + 0.7 * step)))
    return EditList.from_ranges(ranges)


@dataclass(frozen=True)
class Frames:
    """What the frames of a gesture took.

    Attributes:
        minutes: Length of the recording.
        gesture: What was done.
        wall_ms: Milliseconds of each frame.
        cpu_ms: Milliseconds of the painting thread in each frame.
    """

    minutes: float
    gesture: str
    wall_ms: tuple[float, ...]
    cpu_ms: tuple[float, ...]

    @property
    def row(self) -> str:
        """One line of a table: median and 95th percentile."""
        figures = [
            f"{value:.1f}"
            for times in (self.wall_ms, self.cpu_ms)
            for value in (statistics.median(times), float(np.percentile(times, 95)))
        ]
        return f"| {self.minutes:g} | {self.gesture} | {' | '.join(figures)} |"


def _timed(
    steps: Iterator[Callable[[], None]], paint: Callable[[], None]
) -> tuple[list[float], ...]:
    wall_ms, cpu_ms = [], []
    for step in steps:
        wall, cpu = time.perf_counter(), time.thread_time()
        step()
        paint()
        wall_ms.append((time.perf_counter() - wall) * 1000)
        cpu_ms.append((time.thread_time() - cpu) * 1000)
    return wall_ms, cpu_ms


def _pans(state: ViewState, page: EditorPage) -> Iterator[Callable[[], None]]:
    from editorbot_gui.waveform.view_state import Axis

    for frame in range(_FRAMES):
        direction = 1 if frame < _FRAMES / 2 else -1
        samples = direction * _PAN_PX * page.raw.samples_per_pixel
        yield lambda samples=samples: state.pan(Axis.RAW, samples)  # type: ignore[misc]


def _zooms(state: ViewState) -> Iterator[Callable[[], None]]:
    from editorbot_gui.waveform.view_state import MIN_SPAN_SAMPLES, Axis

    anchor = state.length(Axis.RAW) * 0.4
    factor = (state.max_span / MIN_SPAN_SAMPLES) ** (2 / _FRAMES)
    for frame in range(_FRAMES):
        step = factor if frame < _FRAMES / 2 else 1 / factor
        yield lambda step=step: state.zoom(Axis.RAW, anchor, step)  # type: ignore[misc]


def measure_paint(minutes: float) -> list[Frames]:
    """Measures frames of a recording with `N_SEGMENTS` segments.

    Args:
        minutes: Length of the recording.
    """
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication

    from editorbot_gui.panels.editor_page import EditorPage
    from editorbot_gui.theme import Theme
    from editorbot_gui.waveform.view_state import Axis, ViewState
    from editorbot_gui.waveform.waveform_data import WaveformData

    app = QApplication.instance() or QApplication([])
    Theme.current().apply()
    source = _Noise(round(minutes * 60 * _SAMPLE_RATE))
    state = ViewState()
    page = EditorPage(state)
    page.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    page.resize(*SIZE_PX)
    data = WaveformData(source, _peaks(source))
    state.set_document(source.n_samples, source.sample_rate, Timeline(_edit(source.n_samples)))
    page.show_data(data)
    page.show()

    def settle() -> None:
        until = time.monotonic() + _SETTLE_S
        while time.monotonic() < until:
            app.processEvents()

    def paint() -> None:
        app.processEvents()
        while state.turns.due:
            app.processEvents()
        app.processEvents()

    results = []
    middle = source.n_samples / 2
    for gesture, span in (
        ("pan over a third", source.n_samples / 3),
        ("pan over 10 s", min(_CLOSE_S * _SAMPLE_RATE, source.n_samples / 4)),
        ("pan over 1000 samples", 1000.0),
    ):
        state.show_range(Axis.RAW, middle - span / 2, middle + span / 2)
        settle()
        wall_ms, cpu_ms = _timed(_pans(state, page), paint)
        results.append(Frames(minutes, gesture, tuple(wall_ms), tuple(cpu_ms)))
    state.fit_all()
    settle()
    wall_ms, cpu_ms = _timed(_zooms(state), paint)
    results.append(Frames(minutes, "zoom from all to samples", tuple(wall_ms), tuple(cpu_ms)))
    data.close()
    page.close()
    page.deleteLater()
    return results


def report(minutes: Sequence[float] = MINUTES) -> None:
    """Measures and prints a table."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"\nA frame of all views, {SIZE_PX[0]} pixels wide, {N_SEGMENTS} segments{load}\n")
    print("| minutes | gesture | ms | 95 % | thread ms | 95 % |\n|---|---|---|---|---|---|")
    for length in minutes:
        for frames in measure_paint(length):
            print(frames.row, flush=True)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, nargs="+", default=list(MINUTES))
    minutes = parser.parse_args().minutes
    if not all(math.isfinite(length) and length > 0 for length in minutes):
        parser.error("lengths must be above 0")
    report(minutes)


if __name__ == "__main__":
    main()
