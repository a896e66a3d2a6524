"""Asks before the program is closed in the middle of an export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from editorbot_gui.dialogs.question import Answer, ask

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget


def ask_to_stop_export(parent: QWidget, stop: Callable[[], None]) -> None:
    """Shows the question and returns at once.

    Args:
        parent: The window.
        stop: Called if the person would rather quit than wait.
    """
    ask(
        parent,
        _tr("An export is still running."),
        _tr("If you quit now, no file is written."),
        (Answer(_tr("Stop it and quit"), stop, loses=True),),
        _tr("Go on"),
        stays_by_default=True,
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("StopExport", text)
