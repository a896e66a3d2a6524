"""Every GUI test has its own settings and caches, and must leave nothing running behind."""

from __future__ import annotations

import gc
import os
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shiboken6
import soundfile
from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from editorbot_gui.main_window import MainWindow
    from tests.gui.fakes import FakeEngine
    from tests.gui.playback_fakes import ManualBackend

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

_FOLDERS = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, caches and logs of this test alone, on every system."""
    home = tmp_path_factory.mktemp("home")
    for name in _FOLDERS:
        monkeypatch.setenv(name, str(home / name.lower()))
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(home))
    return home


class TimerWatch:
    """Finds timers that go on after a test. Looking takes a while, so it looks once a test."""

    def __init__(self) -> None:
        self._known: set[int] = set()

    def new_ones(self) -> list[str]:
        if QApplication.instance() is None:
            return []
        active = {
            id(timer): timer
            for timer in gc.get_objects()
            # Not isinstance, which asks objects of other libraries for their class.
            if issubclass(type(timer), QTimer) and shiboken6.isValid(timer) and timer.isActive()
        }
        new = [repr(timer) for number, timer in active.items() if number not in self._known]
        self._known = set(active)
        return new


_timers = TimerWatch()


def _visible_windows() -> list[QWidget]:
    if QApplication.instance() is None:
        return []
    return [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]


@pytest.fixture(autouse=True)
def nothing_left_over() -> Iterator[None]:
    """Fails a test after which threads, timers or windows go on."""
    threads_before = set(threading.enumerate())
    yield
    if QApplication.instance() is not None:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    # In Windows the thread that opens sound devices stays.
    kept = {"sound-devices"} if sys.platform == "win32" else set()
    new = [thread for thread in threading.enumerate() if thread not in threads_before]
    threads = [thread.name for thread in new if thread.name not in kept]
    assert not threads, f"threads left over: {threads}"
    assert not (timers := _timers.new_ones()), f"timers left over: {timers}"
    assert not _visible_windows(), f"windows left over: {_visible_windows()}"


@dataclass
class Rig:
    """A window with a network and a sound device that do as the test says.

    Attributes:
        window: The window, shown.
        engine: The network.
        backend: The sound device.
    """

    window: MainWindow
    engine: FakeEngine
    backend: ManualBackend

    def open(self, qtbot: QtBot, path: Path) -> None:
        self.window.projects.give_up()
        with qtbot.waitSignal(self.window.session.source_changed):
            self.window.open_path(path)
        window = self.window
        qtbot.waitUntil(lambda: window.pages.currentIndex() == 1)
        qtbot.waitUntil(lambda: window.edits_list.model.all == window.session.changes)
        qtbot.waitUntil(lambda: not self.window.runner.jobs)

    def generate(self, qtbot: QtBot) -> None:
        with qtbot.waitSignal(self.window.generation.applied):
            self.window.commands["generate"].trigger()

    @property
    def dialog(self) -> QMessageBox:
        """The message that is shown last."""
        return self.window.findChildren(QMessageBox)[-1]


@pytest.fixture
def rig(qtbot: QtBot, own_folders: Path) -> Iterator[Rig]:
    from editorbot_gui.generation import EngineLoader
    from editorbot_gui.main_window import MainWindow
    from editorbot_gui.playback.player import Player
    from editorbot_gui.settings import Settings
    from tests.gui.fakes import FakeEngine
    from tests.gui.playback_fakes import ManualBackend

    engine, backend = FakeEngine(), ManualBackend()
    window = MainWindow(
        Settings(own_folders / "settings.ini"),
        EngineLoader(lambda: engine),
        Player(backend=backend, threaded=False),
    )
    qtbot.addWidget(window)
    window.resize(1200, 700)
    window.show()
    yield Rig(window, engine, backend)
    engine.gate.set()
    for box in window.findChildren(QMessageBox):
        box.close()
    window.give_up_export = True
    window.projects.give_up()
    window.close()


@pytest.fixture
def no_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither sound devices nor graphics cards are looked for, which takes a while."""
    from editorbot_gui import computing
    from editorbot_gui.guide import preferring

    monkeypatch.setattr(preferring, "list_outputs", lambda *_: ())
    monkeypatch.setattr(preferring, "list_inputs", lambda *_: ())
    monkeypatch.setattr(computing, "find_devices", lambda *_: ())


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    """Three bursts of a tone with silence between them: 3 s, 16 kHz, stereo, 16 bits."""
    rate = 16_000
    seconds = np.arange(3 * rate) / rate
    loud = (seconds % 1.0) > 0.5
    tone = np.sin(2 * np.pi * 220 * seconds) * loud * 0.5
    samples = np.stack((tone, tone / 2), axis=1)
    path = tmp_path / "a talk – ü.wav"
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path
