"""Measures hours of work in the real window: `python -m benchmarks.large_work`.

A recording of three hours and an edit of 3,000 segments are made in a temporary folder and opened
as a project. Then a script scrolls, zooms, edits, reviews and undoes while a detector in the event
loop times every event. What the GUI thread spends on an event itself stands beside the time that
passes, as the latter counts what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from model_core.edit.coverage import changes_of
from model_core.edit.project import Project, ProjectSource, write_project
from model_core.edit.types import ChangeState, EditList

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtWidgets import QWidget

    from editorbot_gui.main_window import MainWindow

FRAME_MS = 16.0
MEMORY_MB = 800.0
_RATE = 48_000
_CHANNELS = 2
_SIZE_PX = (1600, 900)
_BLOCK_S = 10
_PATIENCE_S = 180.0
_KEPT_SHARE = 0.75
_LOOP_EVERY = 50


@dataclass
class Spent:
    """What the events of one step took, in milliseconds: of the thread itself, and in all."""

    own: list[float] = field(default_factory=list)
    passed: list[float] = field(default_factory=list)
    worst: str = ""

    def add(self, own_ms: float, passed_ms: float, what: str) -> None:
        """Notes an event."""
        if own_ms > max(self.own, default=0.0):
            self.worst = what
        self.own.append(own_ms)
        self.passed.append(passed_ms)


class WatchedApplication(QApplication):
    """Times every event that isn't handled within another one."""

    def __init__(self, arguments: list[str]) -> None:
        super().__init__(arguments)
        self._depth = 0
        self.spent = Spent()

    def notify(self, receiver: QObject, event: QEvent) -> bool:
        """Delivers an event and notes how long that took."""
        if self._depth:
            return super().notify(receiver, event)
        self._depth += 1
        own, passed = time.thread_time_ns(), time.perf_counter_ns()
        try:
            return super().notify(receiver, event)
        finally:
            self._depth -= 1
            own, passed = time.thread_time_ns() - own, time.perf_counter_ns() - passed
            if passed > 500_000:
                what = f"{type(receiver).__name__} {event.type().name}"
                self.spent.add(own / 1e6, passed / 1e6, what)


class Bench:
    """Drives the window, step by step.

    Args:
        app: Times events.
        window: The window.
    """

    def __init__(self, app: WatchedApplication, window: MainWindow) -> None:
        self.app = app
        self.window = window
        self.steps: dict[str, Spent] = {}

    def wait(self, until: Callable[[], bool]) -> None:
        """Lets the event loop go round until something is so."""
        end = time.monotonic() + _PATIENCE_S
        while not until():
            if time.monotonic() > end:
                raise SystemExit("Nothing came of it within three minutes.")
            self.app.processEvents()
            time.sleep(0.002)

    def settle(self, seconds: float = 0.15) -> None:
        """Lets everything that a step has begun come to its end."""
        end = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > end)

    def step(self, name: str, *does: Callable[[], object]) -> None:
        """Does something, each part as an event of its own, and notes what it took.

        Args:
            name: What it is.
            does: Its parts.
        """
        self.app.spent = Spent()
        for do in does:
            _Call(do).post(self.app)
            self.app.processEvents()
            self.settle(0.02)
        self.settle()
        known = self.steps.setdefault(name, Spent())
        for own, passed in zip(self.app.spent.own, self.app.spent.passed, strict=True):
            known.add(own, passed, self.app.spent.worst)

    def run(self) -> None:
        """Goes through the script."""
        window, view = self.window, self.window.view
        page, commands = window.page, window.commands
        from editorbot_gui.waveform.view_state import Axis

        def do(name: str) -> Callable[[], object]:
            return commands[name].trigger

        edited = page.edited
        middle = edited.width() / 2
        self.step("zoom in and out", *[_wheel(edited, middle, 120, ctrl=True)] * 24,
                  *[_wheel(edited, middle, -120, ctrl=True)] * 24)  # fmt: skip
        view.show_range(Axis.EDITED, 10_000_000, 10_000_000 + 60 * _RATE)
        self.step("scroll", *[_wheel(edited, middle, -120, ctrl=False)] * 30)
        self.step("scroll everything", view.fit_all)
        places = [round(share * view.length(Axis.EDITED)) for share in np.linspace(0.05, 0.95, 8)]
        for place in places:
            self.step("seek", partial(window.transport.seek, Axis.EDITED, place))
            self.step("split", do("split"))
            self.step("select and delete",
                      partial(view.select, Axis.EDITED, place, place + 20_000),
                      do("delete"))  # fmt: skip
            self.step("choose an edge and nudge", do("next_edge"), do("nudge_on"))
            self.step("duplicate", do("duplicate"))
            self.step("move", partial(view.select_stretch, Axis.EDITED, place),
                      do("move_later"))  # fmt: skip
            self.step("louder", do("louder"))
            self.step("add a marker", do("add_marker"))
            self.step("undo", *[do("undo")] * 4)
            self.step("redo", *[do("redo")] * 4)
        rows = window.edits_list
        for share in (0.01, 0.2, 0.5, 0.8):
            change = rows.model.change_at(round(share * rows.model.rowCount()))
            self.step("choose a change", partial(rows.choose, change))
            self.step("accept", do("accept_change"))
            self.step("reject", do("reject_change"))
            self.step("lock", do("lock_change"))
        self.step("next to review", *[do("next_unreviewed")] * 4)
        for column in (3, 5, 2):
            order = Qt.SortOrder.DescendingOrder if column != 2 else Qt.SortOrder.AscendingOrder
            self.step("sort", partial(rows.table.sortByColumn, column, order))
        self.step("filter", lambda: rows.filters.kind.setCurrentIndex(1),
                  lambda: rows.filters.kind.setCurrentIndex(0))  # fmt: skip
        self._drag_an_edge()
        self.step("undo", *[do("undo")] * 20)
        self.step("redo", *[do("redo")] * 20)

    def _drag_an_edge(self) -> None:
        from editorbot_gui.waveform.edges import Edge
        from editorbot_gui.waveform.view_state import Axis

        window, edited = self.window, self.window.page.edited
        edge = Edge(len(window.session.edit_list.items) // 2, at_end=True)
        place = edge.position(window.session.timeline)
        window.view.show_range(Axis.EDITED, place - 20 * _RATE, place + 20 * _RATE)
        x = edited.x_of(place) - 2
        self.step(
            "drag an edge",
            _mouse(edited, QEvent.Type.MouseButtonPress, x),
            *[_mouse(edited, QEvent.Type.MouseMove, x - 4 * n) for n in range(1, 16)],
            _mouse(edited, QEvent.Type.MouseButtonRelease, x - 60),
        )


class _Call(QObject):
    """Does something as an event of its own."""

    def __init__(self, does: Callable[[], object]) -> None:
        super().__init__()
        self._does = does

    def post(self, app: QApplication) -> None:
        """Has it done when the event loop comes round."""
        app.postEvent(self, QEvent(QEvent.Type.User))
        app.sendPostedEvents(self, QEvent.Type.User.value)

    def event(self, event: QEvent) -> bool:
        """Does it."""
        if event.type() is QEvent.Type.User:
            self._does()
            return True
        return super().event(event)


def _wheel(view: QWidget, x: float, angle: int, *, ctrl: bool) -> Callable[[], object]:
    def turn() -> None:
        place = QPointF(x, view.height() / 2)
        modifiers = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
        event = QWheelEvent(
            place, view.mapToGlobal(place), QPoint(), QPoint(0, angle),
            Qt.MouseButton.NoButton, modifiers, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(view, event)

    return turn


def _mouse(view: QWidget, kind: QEvent.Type, x: float) -> Callable[[], object]:
    def move() -> None:
        place = QPointF(x, view.height() / 2)
        none, left = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
        event = QMouseEvent(
            kind, place, view.mapToGlobal(place),
            none if kind is QEvent.Type.MouseMove else left,
            none if kind is QEvent.Type.MouseButtonRelease else left,
            Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QApplication.sendEvent(view, event)

    return move


def make_recording(path: Path, seconds: float) -> int:
    """Writes noise with pauses to a sound file; returns its length in samples."""
    import soundfile

    random = np.random.default_rng(0)
    block = random.normal(0, 3000, (_BLOCK_S * _RATE, _CHANNELS))
    block *= (np.sin(np.arange(len(block)) / 9000) > -0.3)[:, np.newaxis]
    samples = block.astype(np.int16)
    n_samples = round(seconds * _RATE)
    with soundfile.SoundFile(path, "w", _RATE, _CHANNELS, "PCM_16", format="WAV") as file:
        for start in range(0, n_samples, len(samples)):
            file.write(samples[: n_samples - start])
    return n_samples


def make_edit(n_samples: int, n_segments: int) -> EditList:
    """Returns an edit that cuts between its segments, with a loop now and then."""
    step = n_samples // n_segments
    kept = round(_KEPT_SHARE * step)
    ranges = []
    for number in range(n_segments):
        start = number * step
        if number % _LOOP_EVERY == _LOOP_EVERY - 1:
            start -= step // 2
        ranges.append((start, start + kept))
    return EditList.from_ranges(ranges)


def report(bench: Bench, memory_mb: float, load: float) -> dict[str, Any]:
    """Returns the figures, as JSON has them."""
    return {
        "steps": {
            name: {
                "events": len(spent.own),
                "worst_own_ms": round(max(spent.own, default=0.0), 1),
                "worst_passed_ms": round(max(spent.passed, default=0.0), 1),
                "over_16_ms": sum(each > FRAME_MS for each in spent.own),
                "what": spent.worst,
            }
            for name, spent in bench.steps.items()
        },
        "peak_memory_mb": round(memory_mb),
        "load_average": round(load, 1),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures; returns 1 if a frame or the memory is over its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=3.0)
    parser.add_argument("--segments", type=int, default=3000)
    parser.add_argument("--size", type=int, nargs=2, default=_SIZE_PX, help="of the window")
    parser.add_argument("--json", type=Path, default=None)
    parser.add_argument("--profile", default="", help="a step to profile with cProfile")
    options = parser.parse_args(arguments)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for variable in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
            os.environ[variable] = str(folder / variable)
        figures = _measured(folder, options)
    text = json.dumps(figures, indent=2)
    if options.json is not None:
        options.json.write_text(text, encoding="utf-8")
    sys.stdout.write(text + "\n")
    slow = any(step["over_16_ms"] for step in figures["steps"].values())
    return int(slow or figures["peak_memory_mb"] > MEMORY_MB)


def _measured(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    from editorbot_gui.garbage import FullCollections
    from editorbot_gui.main_window import MainWindow
    from editorbot_gui.settings import Settings
    from editorbot_gui.theme import Theme

    recording, project = folder / "long.wav", folder / "long.editorbot"
    n_samples = make_recording(recording, options.hours * 3600)
    edit = make_edit(n_samples, options.segments)
    changes = changes_of(edit, n_samples, state=ChangeState.PROPOSED)
    source = ProjectSource(str(recording), _RATE, n_samples)
    write_project(project, Project((source,), edit, None, changes))
    app = WatchedApplication([])
    Theme.current().apply()
    window = MainWindow(Settings(folder / "settings.ini"))
    collections = FullCollections(window.doings, window)
    collections.start()
    window.resize(*options.size)
    window.show()
    bench = Bench(app, window)
    bench.settle(1.0)
    app.spent = Spent()
    window.open_path(project)
    bench.wait(lambda: window.session.source is not None)
    bench.settle(1.0)
    bench.steps["open"] = app.spent
    app.spent = Spent()
    bench.wait(lambda: not window.runner.jobs)
    bench.steps["while peaks are read"] = app.spent
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if options.profile:
        _profile(bench, options.profile)
    bench.run()
    memory = psutil.Process().memory_info()
    peak = getattr(memory, "peak_wset", 0) / 1e6 or _peak_mb()
    figures = report(bench, peak, load)
    collections.stop()
    window.projects.give_up()
    window.close()
    app.processEvents()
    return figures


def _profile(bench: Bench, wanted: str) -> None:
    """Has the steps of one name profiled."""
    import cProfile
    import pstats

    plain, profile = bench.step, cProfile.Profile()

    def step(name: str, *does: Callable[[], object]) -> None:
        if name == wanted:
            profile.enable()
        plain(name, *does)
        profile.disable()

    bench.step = step  # type: ignore[method-assign]
    bench.run()
    pstats.Stats(profile, stream=sys.stderr).sort_stats("cumulative").print_stats(60)


def _peak_mb() -> float:
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


if __name__ == "__main__":
    raise SystemExit(main())
