"""Measures how soon the window is there, and how soon a long recording shows its waveform.

Each figure is the median of several fresh processes after one that isn't counted (a warm start).
Settings and caches are new and empty each time, so peaks are really read, and the network is loaded
in the background as always.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.recordings import ROOT, make_recording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TICK_MS = 5
_GIVE_UP_MS = 120_000
_PRIVATE_FOLDERS = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")
_WORDS = {
    "window_s": "process start to painted window",
    "waveform_s": "opening a 60-minute WAV to its first painted waveform",
    "all_peaks_s": "opening it to its whole waveform",
    "longest_stall_s": "longest time without a turn of the event loop meanwhile",
}


def _watch(recording: Path | None, asked: float) -> dict[str, float]:
    """Runs the program in this process, notes when things are painted, and ends it.

    Args:
        recording: Opened once the window is painted.
        asked: `time.monotonic()` of when this process was asked for.

    Returns:
        Seconds by the names of `_WORDS`; only the window's without a recording.
    """
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QApplication

    from editorbot_gui import app
    from editorbot_gui.main_window import MainWindow

    found: dict[str, float] = {}

    class Watcher(QObject):
        """Sees every event of the program."""

        def __init__(self, window: MainWindow) -> None:
            super().__init__()
            self._window = window
            self._has_peaks = False
            self._opened_at = self._last_tick = 0.0
            self._ticker = QTimer(self)
            self._ticker.setInterval(_TICK_MS)
            self._ticker.timeout.connect(self._tick)
            window.opener.peaks_arrived.connect(self._take_peaks)
            QTimer.singleShot(_GIVE_UP_MS, window.close)

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            """Lets every event pass; what is painted is there once its round of events is over."""
            if event.type() == QEvent.Type.Paint:
                if watched is self._window and "window_s" not in found:
                    found["window_s"] = 0.0
                    QTimer.singleShot(0, self._note_window)
                elif (
                    watched is self._window.page.raw
                    and self._has_peaks
                    and "waveform_s" not in found
                ):
                    found["waveform_s"] = 0.0
                    QTimer.singleShot(0, self._note_waveform)
            return False

        def _note_window(self) -> None:
            found["window_s"] = time.monotonic() - asked
            if recording is None:
                self._window.close()
                return
            self._opened_at = self._last_tick = time.monotonic()
            self._ticker.start()
            self._window.open_path(recording)

        def _note_waveform(self) -> None:
            found["waveform_s"] = time.monotonic() - self._opened_at

        def _take_peaks(self, _start: int, stop: int) -> None:
            self._has_peaks = True
            source = self._window.session.source
            if source is not None and stop >= source.n_samples and "all_peaks_s" not in found:
                found["all_peaks_s"] = time.monotonic() - self._opened_at
                QTimer.singleShot(0, self._window.close)

        def _tick(self) -> None:
            now = time.monotonic()
            stall_s = now - self._last_tick
            found["longest_stall_s"] = max(found.get("longest_stall_s", 0.0), stall_s)
            self._last_tick = now

    plain_exec = QApplication.exec

    def watched_exec() -> int:
        windows = QApplication.topLevelWidgets()
        watcher = Watcher(next(each for each in windows if isinstance(each, MainWindow)))
        application = QApplication.instance()
        assert application is not None  # noqa: S101 - the program has just made it
        application.installEventFilter(watcher)
        return plain_exec()

    QApplication.exec = staticmethod(watched_exec)  # type: ignore[method-assign]
    app.main([])
    return found


def _run_once(variables: Mapping[str, str], recording: Path | None) -> dict[str, float]:
    """Runs one fresh process with settings and caches of its own."""
    command = [sys.executable, "-m", "benchmarks.startup"]
    if recording is not None:
        command += ["--open", str(recording)]
    with tempfile.TemporaryDirectory() as folder:
        private = dict.fromkeys(_PRIVATE_FOLDERS, folder)
        done = subprocess.run(
            [*command, "--asked", repr(time.monotonic())],
            env={**os.environ, **private, **variables},
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measure(variables: Mapping[str, str], recording: Path, runs: int) -> dict[str, float]:
    """Returns the medians."""
    _run_once(variables, None)
    found = [_run_once(variables, None) for _ in range(runs)]
    found += [_run_once(variables, recording) for _ in range(runs)]
    return {
        name: statistics.median(each[name] for each in found if name in each) for name in _WORDS
    }


@contextmanager
def _virtual_display() -> Iterator[str]:
    """Runs an X server without a screen and yields its name."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1920x1080x24"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        try:
            with os.fdopen(reading) as numbers:
                yield f":{numbers.readline().strip()}"
        finally:
            server.terminate()


def main() -> None:
    """Measures on every kind of display that can be had, and prints a table for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="processes for each figure")
    parser.add_argument("--minutes", type=float, default=60.0, help="length of the recording")
    parser.add_argument("--asked", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--open", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.asked is not None:
        print(json.dumps(_watch(arguments.open, arguments.asked)))
        return
    recording = make_recording(arguments.minutes)
    print(f"\n| median of {arguments.runs} warm starts | display | seconds |\n|---|---|---|")

    def report(display: str, variables: Mapping[str, str]) -> None:
        for key, seconds in _measure(variables, recording, arguments.runs).items():
            print(f"| {_WORDS[key]} | {display} | {seconds:.2f} |", flush=True)

    report("offscreen", {"QT_QPA_PLATFORM": "offscreen"})
    if sys.platform in {"win32", "darwin"}:
        report("this one", {})
    elif shutil.which("Xvfb"):
        with _virtual_display() as name:
            report("Xvfb", {"DISPLAY": name, "QT_QPA_PLATFORM": "xcb"})


if __name__ == "__main__":
    main()
