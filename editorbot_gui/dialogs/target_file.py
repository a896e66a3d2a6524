"""The file that a dialog is going to write: whether it can be meant, and whether it is replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from editorbot_gui.dialogs.question import Answer, ask
from model_core.errors import FileWriteError
from model_core.files import refuse_overwriting_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from PySide6.QtWidgets import QDialog

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
    if len(there) == 1:
        sentence = _tr("“{name}” already exists. Replace it?").format(name=there[0].name)
        more = _tr("What is in the file now will be lost.")
    else:
        words = _tr("“{name}” and others, {n} files in all, already exist. Replace them?")
        sentence = words.format(name=there[0].name, n=len(there))
        more = _tr("What is in the files now will be lost.")
    ask(
        dialog,
        sentence,
        more,
        (Answer(_tr("Replace"), replace),),
        _tr("Choose another name"),
        stays_by_default=True,
        warns=True,
        title=dialog.windowTitle(),
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("TargetFile", text)
