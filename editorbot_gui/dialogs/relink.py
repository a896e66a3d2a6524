"""Asks where the recording of a project is, or whether another one may stand in for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFileDialog

from editorbot_gui.dialogs.question import Answer, ask
from editorbot_gui.opening import name_filters
from editorbot_gui.projects.locating import Fault
from editorbot_gui.texts import rate_text, shortened
from editorbot_gui.waveform.timecode import format_length

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QMessageBox, QWidget

    from editorbot_gui.projects.loading import LostRecording


def ask_for_recording(
    parent: QWidget,
    lost: LostRecording,
    choose: Callable[[Path], None],
    accept: Callable[[], None],
) -> QMessageBox:
    """Shows the question and returns at once.

    Args:
        parent: The window.
        lost: Which recording isn't there, or isn't what it was.
        choose: Called with the file that the person chooses.
        accept: Called if the person takes the file although its content is another.
    """
    answers = [Answer(_tr("Choose the recording…"), lambda: _choose(parent, lost, choose))]
    if lost.fault is Fault.CHANGED:
        answers.append(Answer(_tr("Use this file"), accept, loses=True))
    return ask(parent, _sentence(lost), _more(lost), answers, _tr("Cancel"))


def _choose(parent: QWidget, lost: LostRecording, choose: Callable[[Path], None]) -> None:
    near = (lost.path.parent, lost.request.path.parent)
    folder = next((folder for folder in near if folder.is_dir()), Path.home())
    name = Path(lost.wanted.path).name
    title = _tr("Where is “{name}”?").format(name=shortened(name))
    dialog = QFileDialog(parent, title, str(folder))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters(name_filters())
    dialog.fileSelected.connect(lambda chosen: choose(Path(chosen)))
    dialog.open()


def _sentence(lost: LostRecording) -> str:
    name = shortened(lost.path.name)
    if lost.fault is Fault.MISSING:
        return _tr("The recording “{name}” isn't where it was.").format(name=name)
    if not lost.was_chosen:
        return _tr("The recording “{name}” has changed since the project was saved.").format(
            name=name
        )
    return _tr("“{name}” isn't the recording that the project was made with.").format(name=name)


def _more(lost: LostRecording) -> str:
    wanted = lost.wanted
    length = format_length(wanted.n_samples, wanted.sample_rate)
    if lost.fault is Fault.MISSING:
        return _tr(
            "It was “{path}” ({length}, {rate}), and it isn't beside the project either. Choose "
            "where it is now; it is known by its content, whatever its name."
        ).format(path=wanted.path, length=length, rate=rate_text(wanted.sample_rate))
    if lost.fault is Fault.OTHER_RATE:
        return _tr("It can't stand in: it has {rate}, and the project needs {wanted}.").format(
            rate=rate_text(lost.sample_rate), wanted=rate_text(wanted.sample_rate)
        )
    if lost.fault is Fault.TOO_SHORT:
        return _tr(
            "It can't stand in: it ends before the edit does. The recording was {length} long."
        ).format(length=length)
    return _tr(
        "Its content is another, but the edit fits. Cuts may fall in other places of what is said "
        "or played."
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("Relink", text)
