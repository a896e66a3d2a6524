from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import qWarning
from PySide6.QtWidgets import QApplication

from editorbot_gui import app
from editorbot_gui.logs import ExceptionHooks, log_folder, start_logging
from editorbot_gui.version import editorbot_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "torch",
    "librosa",
    "matplotlib",
    "scipy.signal",
    "numba",
    "av",
    "sounddevice",
    "soundfile",
)

SHOW_WINDOW = """
import sys
from PySide6.QtWidgets import QApplication
import editorbot_gui.app
from editorbot_gui.main_window import MainWindow
from editorbot_gui.settings import Settings
from editorbot_gui.theme import Theme
app = QApplication([])
Theme.current().apply()
window = MainWindow(Settings())
window.show()
app.processEvents()
window.close()
print(*(name for name in sys.argv[1:] if name in sys.modules))
"""

OPEN_DEMO = """
import sys
from PySide6.QtCore import QTimer
from editorbot_gui import app
from editorbot_gui.main_window import MainWindow

def look(window):
    if window.session.source is None or window.runner.jobs:
        QTimer.singleShot(20, lambda: look(window))
        return
    print(window.session.path.name)
    window.close()

show = MainWindow.show
MainWindow.show = lambda window: (show(window), QTimer.singleShot(0, lambda: look(window)))
MainWindow.load_model = lambda window: None  # importing torch is tested elsewhere
sys.exit(app.main(["--demo", "music", "--theme", "dark"]))
"""


def run(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in environment}
    for name in [name for name, value in environment.items() if not value]:
        kept.pop(name, None)
        environment.pop(name)
    return subprocess.run(
        [sys.executable, *args],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=kept | environment,
        timeout=120,
    )


def test_the_window_is_up_without_the_heavy_libraries() -> None:
    done = run("-c", SHOW_WINDOW, *HEAVY, QT_QPA_PLATFORM="offscreen")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a display")
@pytest.mark.parametrize("display", ["", ":987"])
def test_a_missing_display_is_told_in_a_sentence(display: str) -> None:
    done = run("main.py", DISPLAY=display, WAYLAND_DISPLAY="", QT_QPA_PLATFORM="")
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert "EditorBot can't open a window" in done.stderr
    assert "python -m model_core.infer" in done.stderr


def test_version_and_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        app.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"EditorBot {editorbot_version()}\n"
    assert editorbot_version()
    with pytest.raises(SystemExit) as ended:
        app.main(["a.wav", "--demo"])
    assert ended.value.code == 2


def test_the_demo_is_opened_by_the_real_program(own_folders: Path) -> None:
    done = run("-c", OPEN_DEMO, QT_QPA_PLATFORM="offscreen")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["music.flac"]
    logs = list(own_folders.rglob("editorbot.log"))
    assert all("unhandled" not in log.read_text("utf-8") for log in logs)


@pytest.fixture
def hooks(qapp: QApplication) -> Iterator[ExceptionHooks]:
    before = sys.excepthook, threading.excepthook
    hooks = ExceptionHooks(qapp)
    hooks.install()
    yield hooks
    hooks.uninstall()
    sys.excepthook, threading.excepthook = before
    hooks.deleteLater()


def test_what_nobody_caught_arrives_in_the_gui_thread(
    hooks: ExceptionHooks, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise KeyError("in a thread")

    caught: list[tuple[BaseException, threading.Thread]] = []
    hooks.caught.connect(lambda error: caught.append((error, threading.current_thread())))
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(caught) == 1)
    try:
        raise ValueError("in the GUI")
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    assert [type(error) for error, _ in caught] == [KeyError, ValueError]
    assert all(where is threading.main_thread() for _, where in caught)
    qWarning("a word from Qt")
    assert "a word from Qt" in caplog.text
    assert "in a thread" in caplog.text


def test_the_log_is_written_to_the_persons_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faulthandler.enable", lambda _file: None)  # pytest has its own
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    crash_file = start_logging()
    try:
        logging.getLogger("editorbot_gui.test").warning("something happened")
        assert "something happened" in (log_folder() / "editorbot.log").read_text("utf-8")
        assert crash_file is not None
    finally:
        for handler in [handler for handler in root.handlers if handler not in handlers]:
            root.removeHandler(handler)
            handler.close()
        root.setLevel(level)
        if crash_file is not None:
            crash_file.close()


def test_a_log_that_cannot_be_written_costs_only_the_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocker = tmp_path / "file"
    blocker.touch()
    monkeypatch.setattr("editorbot_gui.logs.log_folder", lambda: blocker / "logs")
    assert start_logging() is None
