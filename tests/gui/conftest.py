"""Every GUI test has its own settings and caches, and must leave nothing running behind."""

from __future__ import annotations

import gc
import os
import threading
from typing import TYPE_CHECKING

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtWidgets import QApplication, QWidget

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
            if isinstance(timer, QTimer) and shiboken6.isValid(timer) and timer.isActive()
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
    threads = [thread.name for thread in threading.enumerate() if thread not in threads_before]
    assert not threads, f"threads left over: {threads}"
    assert not (timers := _timers.new_ones()), f"timers left over: {timers}"
    assert not _visible_windows(), f"windows left over: {_visible_windows()}"
