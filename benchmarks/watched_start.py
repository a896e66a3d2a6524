"""Runs the program, notes when things are painted, and ends it; `benchmarks.startup` starts it.

    python -m benchmarks.watched_start ASKED [RECORDING]

ASKED is `time.monotonic()` of when this process was asked for. Prints seconds as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

from editorbot_gui import app
from editorbot_gui.generation import EngineState
from editorbot_gui.main_window import MainWindow

_TICK_MS = 5
_GIVE_UP_MS = 120_000


class Watcher(QObject):
    """Sees every event of the program.

    Args:
        window: The program's window.
        recording: Opened once the window is painted; None ends the program then.
        asked: When the process was asked for.

    Attributes:
        found: Seconds, by the names that `benchmarks.startup` explains.
    """

    def __init__(self, window: MainWindow, recording: Path | None, asked: float) -> None:
        super().__init__()
        self.found: dict[str, float] = {}
        self._window = window
        self._recording = recording
        self._asked = asked
        self._has_peaks = False
        self._awaited: set[str] = {"window_s", "waveform_s"}
        self._opened_at = self._last_tick = 0.0
        self._ticker = QTimer(self)
        self._ticker.setInterval(_TICK_MS)
        self._ticker.timeout.connect(self._tick)
        window.opener.peaks_arrived.connect(self._take_peaks)
        window.generation.engine_changed.connect(self._finish)
        QTimer.singleShot(_GIVE_UP_MS, window.close)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Lets every event pass; what is painted is there once its round of events is over."""
        if event.type() == QEvent.Type.Paint:
            if watched is self._window:
                self._note_soon("window_s")
            elif watched is self._window.page.raw and self._shows_peaks:
                self._note_soon("waveform_s")
        return False

    @property
    def _shows_peaks(self) -> bool:
        """Whether there are peaks, and no view has still to draw them."""
        return self._has_peaks and not self._window.view.turns.due

    def _note_soon(self, name: str) -> None:
        if name in self._awaited:
            self._awaited.discard(name)
            note = self._note_window if name == "window_s" else self._note_waveform
            QTimer.singleShot(0, note)

    def _note_window(self) -> None:
        self.found["window_s"] = time.monotonic() - self._asked
        if self._recording is None:
            self._window.close()
            return
        self._opened_at = self._last_tick = time.monotonic()
        self._ticker.start()
        self._window.open_path(self._recording)

    def _note_waveform(self) -> None:
        self.found["waveform_s"] = time.monotonic() - self._opened_at

    def _take_peaks(self, _start: int, stop: int) -> None:
        self._has_peaks = True
        source = self._window.session.source
        if source is not None and stop >= source.n_samples and "all_peaks_s" not in self.found:
            self.found["all_peaks_s"] = time.monotonic() - self._opened_at
            self._finish()

    def _finish(self) -> None:
        """Closes the window once the waveform and the network are there."""
        loading = self._window.generation.engine_state is EngineState.LOADING
        if "all_peaks_s" in self.found and not loading:
            self._ticker.stop()
            QTimer.singleShot(0, self._window.close)

    def _tick(self) -> None:
        now = time.monotonic()
        stall_s = now - self._last_tick
        self.found["longest_stall_s"] = max(self.found.get("longest_stall_s", 0.0), stall_s)
        self._last_tick = now


def main() -> None:
    """Runs the program with a watcher in its event loop."""
    asked = float(sys.argv[1])
    recording = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    plain_exec = QApplication.exec
    watchers: list[Watcher] = []

    def watched_exec() -> int:
        windows = QApplication.topLevelWidgets()
        window = next(each for each in windows if isinstance(each, MainWindow))
        watchers.append(Watcher(window, recording, asked))
        application = QApplication.instance()
        assert application is not None  # noqa: S101 - the program has just made it
        application.installEventFilter(watchers[0])
        return plain_exec()

    QApplication.exec = staticmethod(watched_exec)  # type: ignore[method-assign]
    app.main([])
    print(json.dumps(watchers[0].found))


if __name__ == "__main__":
    main()
