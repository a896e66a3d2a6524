"""Asks what becomes of changes that are not saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from editorbot_gui.dialogs.question import Answer, ask
from editorbot_gui.texts import shortened

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QMessageBox, QWidget


def ask_to_save(
    parent: QWidget, name: str, save: Callable[[], None], discard: Callable[[], None]
) -> QMessageBox:
    """Shows the question before unsaved changes go, and returns at once.

    Args:
        parent: The window.
        name: What the person knows the work as.
        save: Called if the changes are to be saved first.
        discard: Called if they may be lost.
    """
    return ask(
        parent,
        _tr("Save the changes to “{name}”?").format(name=shortened(name)),
        _tr("If you don't save them, they are lost. The recording itself is never changed."),
        (Answer(_tr("Save"), save), Answer(_tr("Don't save"), discard, loses=True)),
        _tr("Cancel"),
    )


def ask_to_replace(
    parent: QWidget, name: str, replace: Callable[[], None], save_as: Callable[[], None]
) -> QMessageBox:
    """Shows the question before a project that somebody else has changed is replaced.

    Args:
        parent: The window.
        name: The project's name.
        replace: Called if what the other has saved may be lost.
        save_as: Called to save under another name.
    """
    return ask(
        parent,
        _tr("“{name}” was changed by another window or program.").format(name=shortened(name)),
        _tr("Saving now would replace what was saved there. Save under another name to keep both."),
        (Answer(_tr("Save as…"), save_as), Answer(_tr("Replace"), replace, loses=True)),
        _tr("Cancel"),
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("Unsaved", text)
