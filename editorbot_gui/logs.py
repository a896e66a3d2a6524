"""The log file, and the last resort for everything that nobody caught.

Unhandled exceptions of the GUI thread, of other threads and Qt's own messages end in a rotating
log; crashes of native code leave their stacks beside it.
"""

from __future__ import annotations

import faulthandler
import logging
import logging.handlers
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import platformdirs
from PySide6.QtCore import (
    QMessageLogContext,
    QObject,
    QtMsgType,
    QUrl,
    Signal,
    qInstallMessageHandler,
)
from PySide6.QtGui import QDesktopServices

from editorbot_gui.settings import APP_NAME

if TYPE_CHECKING:
    from types import TracebackType

log = logging.getLogger(__name__)

_LOG_BYTES = 1_000_000
_LOGS_KEPT = 3
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def log_folder() -> Path:
    """Returns where the log lies on this system."""
    return Path(platformdirs.user_log_dir(APP_NAME, appauthor=False))


def open_log_folder() -> None:
    """Shows the folder of the log in the system's file manager."""
    log_folder().mkdir(parents=True, exist_ok=True)
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_folder())))


def start_logging() -> TextIO | None:
    """Sends the program's log to a rotating file and native crashes to a second one.

    A folder that can't be written costs only the log.

    Returns:
        The crash file, to be kept open as long as the program runs; None if there is none.
    """
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    try:
        log_folder().mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            log_folder() / "editorbot.log",
            maxBytes=_LOG_BYTES,
            backupCount=_LOGS_KEPT,
            encoding="utf-8",
            delay=True,
        )
        crash_file = (log_folder() / "crash.log").open("a", encoding="utf-8")
    except OSError as error:
        log.warning("no log can be kept: %s", error)
        return None
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)s %(name)s [%(threadName)s] %(message)s")
    )
    root.addHandler(handler)
    faulthandler.enable(crash_file)
    return crash_file


class ExceptionHooks(QObject):
    """Catches what nobody caught, in any thread, logs it and hands it to the GUI thread.

    Args:
        parent: The owner.
    """

    caught = Signal(object)
    """An exception that nobody handled; always emitted into the thread of this object."""

    def install(self) -> None:
        """Takes over the hooks of Python, of its threads and of Qt's messages."""
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception
        qInstallMessageHandler(_on_qt_message)

    def uninstall(self) -> None:
        """Gives the hooks back."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__
        qInstallMessageHandler(None)

    def _on_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        log.critical("unhandled exception", exc_info=(kind, error, trace))
        self.caught.emit(error)

    def _on_thread_exception(self, args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread is not None else "a thread"
        log.critical("unhandled exception in %s", name, exc_info=args.exc_value)
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            self.caught.emit(args.exc_value)


def _on_qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    category = getattr(context, "category", None) or "default"
    logging.getLogger(f"qt.{category}").log(_LEVELS.get(kind, logging.WARNING), "%s", message)
