"""The file that a dialog is going to write: whether it can be meant, and whether it is replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QDialog, QMessageBox

from editorbot_gui.dialogs.plain import without_icons
from model_core.errors import FileWriteError
from model_core.files import refuse_overwriting_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from model_core.audio.source import AudioSource


def name_problem(text: str, path: Path) -> str:
    """Returns why a file can't be meant, or nothing.

    Args:
        text: What was typed.
        path: The file that it names.
    """
    if not text.strip() or path.name in ("", ".", ".."):
        return _tr("Give the file a name.")
    if not path.parent.is_dir():
        return _tr("The folder “{folder}” doesn't exist.").format(folder=path.parent)
    if path.is_dir():
        return _tr("“{path}” is a folder. Add a file name.").format(path=path)
    return ""


def overwriting_problem(paths: Iterable[Path], source: AudioSource) -> str:
    """Returns why files can't be written because one is of the recording's own, or nothing."""
    try:
        for path in paths:
            refuse_overwriting_source(path, source.paths)
    except FileWriteError as error:
        return str(error)
    return ""


def ask_to_replace(dialog: QDialog, there: Sequence[Path], replace: Callable[[], None]) -> None:
    """Asks whether files that are there already are replaced.

    Args:
        dialog: Whose files they are.
        there: The files, one at least.
        replace: Called if they are.
    """
    box = QMessageBox(dialog)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(dialog.windowTitle())
    box.setTextFormat(Qt.TextFormat.PlainText)
    if len(there) == 1:
        box.setText(_tr("“{name}” already exists. Replace it?").format(name=there[0].name))
        box.setInformativeText(_tr("What is in the file now will be lost."))
    else:
        words = _tr("“{name}” and others, {n} files in all, already exist. Replace them?")
        box.setText(words.format(name=there[0].name, n=len(there)))
        box.setInformativeText(_tr("What is in the files now will be lost."))
    button = box.addButton(_tr("Replace"), QMessageBox.ButtonRole.AcceptRole)
    keep = box.addButton(_tr("Choose another name"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keep)
    box.setEscapeButton(keep)
    button.clicked.connect(replace)
    without_icons(box.buttons())
    box.open()


def _tr(text: str) -> str:
    return QCoreApplication.translate("TargetFile", text)
