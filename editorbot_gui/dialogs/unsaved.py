"""Asks what becomes of changes that are not saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from editorbot_gui.dialogs.plain import without_icons
from editorbot_gui.settings import APP_NAME
from editorbot_gui.texts import shortened

if TYPE_CHECKING:
    from collections.abc import Callable


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
    box = _question(
        parent,
        _tr("Save the changes to “{name}”?").format(name=shortened(name)),
        _tr("If you don't save them, they are lost. The recording itself is never changed."),
    )
    yes = box.addButton(_tr("Save"), QMessageBox.ButtonRole.AcceptRole)
    no = box.addButton(_tr("Don't save"), QMessageBox.ButtonRole.DestructiveRole)
    stay = box.addButton(_tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(yes)
    box.setEscapeButton(stay)
    yes.clicked.connect(save)
    no.clicked.connect(discard)
    return _shown(box)


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
    box = _question(
        parent,
        _tr("“{name}” was changed by another window or program.").format(name=shortened(name)),
        _tr("Saving now would replace what was saved there. Save under another name to keep both."),
    )
    other = box.addButton(_tr("Save as…"), QMessageBox.ButtonRole.AcceptRole)
    same = box.addButton(_tr("Replace"), QMessageBox.ButtonRole.DestructiveRole)
    stay = box.addButton(_tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(other)
    box.setEscapeButton(stay)
    other.clicked.connect(save_as)
    same.clicked.connect(replace)
    return _shown(box)


def _question(parent: QWidget, sentence: str, more: str) -> QMessageBox:
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(APP_NAME)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(sentence)
    box.setInformativeText(more)
    return box


def _shown(box: QMessageBox) -> QMessageBox:
    without_icons(box.buttons())
    box.open()
    return box


def _tr(text: str) -> str:
    return QCoreApplication.translate("Unsaved", text)
