"""Starts the program: arguments, log, theme, window; then the model and the first recording."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from editorbot_gui.settings import APP_NAME, THEME_CHOICES
from editorbot_gui.version import editorbot_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtCore import QMessageLogContext, QtMsgType

_USE_COMMAND_LINE = "The command line works without one: python -m model_core.infer --help"
_NO_DISPLAY = "EditorBot can't open a window: there is no display."
_DISPLAY_FAILS = (
    "EditorBot can't open a window: the display “{display}” can't be reached, or a library that "
    "Qt needs is missing (often libxcb-cursor0)."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs EditorBot until its window is closed.

    Args:
        argv: Arguments without the program's name; left out, those of the process.

    Returns:
        The exit code: 0, or 1 if there is no display. Wrong arguments end the process with 2.
    """
    options = _parse(argv)
    if not has_display():
        sys.stderr.write(f"{_NO_DISPLAY} {_USE_COMMAND_LINE}\n")
        return 1
    return _run(options)


def has_display() -> bool:
    """Whether a window can be opened. Asked before Qt, which would end the process."""
    if sys.platform in ("win32", "darwin"):
        return True
    if os.environ.get("QT_QPA_PLATFORM", "").startswith(("offscreen", "minimal", "vnc")):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="editorbot", description="A desktop audio editor that learns how you edit."
    )
    parser.add_argument(
        "file", metavar="FILE", nargs="?", type=Path, help="a recording or a project to open"
    )
    parser.add_argument(
        "--demo",
        nargs="?",
        const="speech",
        choices=("speech", "music"),
        help="open the bundled demo recording instead",
    )
    parser.add_argument(
        "--theme", choices=THEME_CHOICES, help="light or dark, for this time; default: as chosen"
    )
    parser.add_argument(
        "--picture",
        metavar="FILE",
        type=Path,
        help="write a picture of the window when all is there, and end",
    )
    parser.add_argument("--version", action="version", version=f"{APP_NAME} {editorbot_version()}")
    options = parser.parse_args(argv)
    if options.file is not None and options.demo is not None:
        parser.error("give either a FILE or --demo, not both")
    return options


def _end_without_window(kind: QtMsgType, _context: QMessageLogContext, _message: str) -> None:
    """Says in words what Qt would say in riddles before it aborts the process."""
    from PySide6.QtCore import QtMsgType

    if kind is QtMsgType.QtFatalMsg:
        display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or ""
        sys.stderr.write(f"{_DISPLAY_FAILS.format(display=display)} {_USE_COMMAND_LINE}\n")
        sys.stderr.flush()
        os._exit(1)


def _run(options: argparse.Namespace) -> int:
    from PySide6.QtCore import QTimer, qInstallMessageHandler
    from PySide6.QtWidgets import QApplication

    from editorbot_gui import computing
    from editorbot_gui.errors import DefectReporter
    from editorbot_gui.fonts import choose_font
    from editorbot_gui.garbage import FullCollections
    from editorbot_gui.guide.cache_jobs import move_cache
    from editorbot_gui.icon import app_icon
    from editorbot_gui.logs import ExceptionHooks, start_logging
    from editorbot_gui.main_window import MainWindow
    from editorbot_gui.picture import take_picture
    from editorbot_gui.settings import Settings
    from editorbot_gui.theme import Theme
    from editorbot_gui.translation import install_translations

    qInstallMessageHandler(_end_without_window)
    app = QApplication([sys.argv[0]])
    hooks = ExceptionHooks(app)
    hooks.install()
    app.setApplicationName(APP_NAME)
    app.setApplicationDisplayName(APP_NAME)
    app.setDesktopFileName("editorbot")
    app.setWindowIcon(app_icon())
    crash_file = start_logging()
    settings = Settings()
    computing.choose(settings.compute_device)
    move_cache(settings.cache_folder)
    choose_font(app)
    install_translations(app)
    theme = Theme.current()
    theme.set_scheme(options.theme or settings.theme)
    theme.apply()
    window = MainWindow(settings)
    reporter = DefectReporter(window)
    hooks.caught.connect(reporter.report)
    collections = FullCollections(window.doings, window)
    collections.start()
    window.show()

    def begin() -> None:
        """Runs when the window has been painted."""
        if options.file is not None:
            window.open_path(options.file.absolute())
        elif options.demo is not None:
            window.open_demo(options.demo)
        window.projects.look_for_kept_work()
        window.recording.look_for_broken_off()
        window.load_model()
        if options.picture is not None:
            take_picture(window, options.picture)

    # Python would hear of Ctrl+C only when Qt next calls it; nothing is written in place.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    QTimer.singleShot(0, begin)
    try:
        return app.exec()
    finally:
        collections.stop()
        hooks.uninstall()
        if crash_file is not None:
            crash_file.close()


if __name__ == "__main__":
    sys.exit(main())
