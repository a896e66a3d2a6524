"""Hands the document's edit over to other programs and takes edits over, in the background.

What writes and reads their formats is loaded when somebody asks for it: the window is up sooner.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog

from editorbot_gui.jobs import Job, JobRunner, Lane
from editorbot_gui.texts import shortened
from model_core.edit.coverage import changes_of

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMainWindow

    from editorbot_gui.actions import ActionSet
    from editorbot_gui.handing_over.dialog import HandOverChoice
    from editorbot_gui.panels.notice_bar import NoticeBar
    from editorbot_gui.session import Session
    from editorbot_gui.settings import Settings
    from model_core.audio.source import AudioSource
    from model_core.edit.mix import Mix
    from model_core.edit.types import Change, EditList
    from model_core.export.frame_rates import FrameRate
    from model_core.export.import_edit import ImportedEdit, LabelMeaning, Question
    from model_core.export.timelines import HandedOver
    from model_core.progress import CancelToken, Progress


@dataclass(frozen=True, slots=True)
class HandOverRequest:
    """What is handed over: the recording, its edit with the reasons for it, how, and the mix."""

    source: AudioSource
    edit_list: EditList
    changes: tuple[Change, ...]
    choice: HandOverChoice
    mix: Mix = ()


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What is taken over, and what the person said of it."""

    source: AudioSource
    path: Path
    meaning: LabelMeaning | None = None
    frame_rate: FrameRate | None = None
    is_answered: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """An edit that was taken over, with the rows of its edits list."""

    request: ImportRequest
    found: ImportedEdit
    changes: tuple[Change, ...]


def hand_over(request: HandOverRequest, cancel: CancelToken, progress: Progress) -> HandedOver:
    """Writes a timeline; a job function.

    Raises:
        EditorBotError: It can't be written.
        CancelledError: The person has changed their mind; nothing half-written is left.
    """
    from model_core.export.handing_over import TimelineOptions, hand_over_edit

    choice = request.choice
    return hand_over_edit(
        (request.source,),
        request.edit_list,
        choice.path,
        TimelineOptions(choice.format, choice.frame_rate, choice.keeps_chapters, request.mix),
        changes=request.changes,
        progress=progress,
        cancel=cancel,
    )


def take_over(
    request: ImportRequest, cancel: CancelToken, _progress: Progress
) -> Imported | Question:
    """Reads an edit of another program, or says what has to be asked first; a job function.

    Raises:
        EditError: It can't be read, or is not of the recording.
    """
    from model_core.export.import_edit import import_edit, question_about

    if not request.is_answered:
        question = question_about(request.path)
        if question:
            return question
    found = import_edit(request.path, request.source, request.meaning, request.frame_rate)
    cancel.raise_if_cancelled()
    changes = tuple(changes_of(found.edit, request.source.n_samples))
    return Imported(request, found, changes)


class HandOverDesk(QObject):
    """Wires the two commands, their dialogs and their jobs.

    Args:
        window: The window, which owns the dialogs.
        session: The document.
        runner: Runs the jobs.
        settings: Remembers the format.
        commands: The window's actions.
        notice: Tells what a format couldn't keep.
    """

    told = Signal(str)
    """A sentence for the status bar."""
    failed = Signal(object)
    """An exception ended a job; nothing was written or changed."""

    def __init__(
        self,
        window: QMainWindow,
        session: Session,
        runner: JobRunner,
        settings: Settings,
        commands: ActionSet,
        notice: NoticeBar,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._runner = runner
        self._settings = settings
        self._commands = commands
        self._notice = notice
        self._job: Job | None = None
        self._importing: ImportRequest | None = None
        commands["hand_over"].triggered.connect(self.ask)
        commands["import_edit"].triggered.connect(self.ask_for_import)
        session.document_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Allows what can be done now."""
        no_recording = (
            "" if self._session.source is not None else self.tr("Open a recording first.")
        )
        busy = self.tr("One is being written or read.") if self._job is not None else ""
        is_empty = not no_recording and not self._session.timeline.n_segments
        empty = self.tr("Nothing is left in the edit.") if is_empty else ""
        self._commands.allow("hand_over", no_recording or empty or busy)
        self._commands.allow("import_edit", no_recording or busy)

    # Handing over ---------------------------------------------------------------------------------

    def ask(self) -> None:
        """Shows the dialog that asks how the edit is handed over."""
        from editorbot_gui.handing_over.dialog import HandOverDialog

        source = self._session.source
        if source is None:
            return
        dialog = HandOverDialog(source, self._settings.timeline_format, self._window)
        dialog.chosen.connect(self.start)
        self._session.source_changed.connect(dialog.reject)
        dialog.open()

    def start(self, choice: HandOverChoice) -> None:
        """Begins to write; nothing happens while another job of this desk is running."""
        source = self._session.source
        if source is None or self._job is not None:
            return
        self._settings.timeline_format = choice.format
        session = self._session
        request = HandOverRequest(
            source, session.edit_list, tuple(session.changes), choice, session.mix
        )
        self._begin(
            self._runner.start(
                Lane.EXPORT,
                hand_over,
                request,
                words=self.tr("Handing over {name}…").format(name=choice.path.name),
                on_done=self._tell_written,
                on_failed=self._fail,
                on_cancelled=self._tell_cancelled,
            )
        )

    def _tell_written(self, written: HandedOver) -> None:
        self._end()
        self.told.emit(self.tr("Handed over to {path}.").format(path=written.path))
        if written.notes:
            self._notice.tell(" ".join(written.notes))

    # Taking over ----------------------------------------------------------------------------------

    def ask_for_import(self) -> None:
        """Shows the dialog that asks for the file of another program."""
        from model_core.export.import_edit import IMPORT_SUFFIXES

        source = self._session.source
        if source is None:
            return
        folder = str(source.path.parent) if source.path is not None else ""
        dialog = QFileDialog(self._window, self.tr("Import an edit of this recording"), folder)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        patterns = " ".join(f"*{suffix}" for suffix in IMPORT_SUFFIXES)
        dialog.setNameFilter(
            self.tr("Edits of other programs ({patterns})").format(patterns=patterns)
        )
        dialog.fileSelected.connect(lambda name: self.take_over(Path(name)))
        dialog.open()

    def take_over(self, path: Path) -> None:
        """Begins to take an edit of the open recording over."""
        if self._session.source is not None:
            self._read(ImportRequest(self._session.source, path))

    def _read(self, request: ImportRequest) -> None:
        if self._job is not None or request.source is not self._session.source:
            return
        self._importing = request
        self._begin(
            self._runner.start(
                Lane.IO,
                take_over,
                request,
                words=self.tr("Reading {name}…").format(name=request.path.name),
                on_done=self._take,
                on_failed=self._fail,
                on_cancelled=self._tell_cancelled,
                base_revision=self._session.revision,
            )
        )

    def _take(self, found: Imported | Question) -> None:
        job, request = self._job, self._importing
        self._end()
        if request is None or request.source is not self._session.source:
            return
        if not isinstance(found, Imported):
            self._ask_question(found, request)
        elif job is not None and job.base_revision != self._session.revision:
            self._notice.tell(
                self.tr("“{name}” is read, but the document has changed meanwhile.").format(
                    name=shortened(request.path.name)
                ),
                self.tr("Use it nevertheless"),
                lambda: self._apply(found),
            )
        else:
            self._apply(found)

    def _ask_question(self, question: Question, request: ImportRequest) -> None:
        from editorbot_gui.handing_over.question_dialog import QuestionDialog

        dialog = QuestionDialog(question, request.path.name, self._window)
        dialog.answered.connect(
            lambda meaning, rate: self._read(
                replace(request, meaning=meaning, frame_rate=rate, is_answered=True)
            )
        )
        dialog.open()

    def _apply(self, imported: Imported) -> None:
        if imported.request.source is not self._session.source:
            return
        words = self.tr("Import {name}").format(name=shortened(imported.request.path.name))
        self._session.apply_edit(
            imported.found.edit, words, changes=imported.changes, take=self._session.new_take()
        )
        self.told.emit(
            self.tr("Imported {name}.").format(name=shortened(imported.request.path.name))
        )
        if imported.found.notes:
            self._notice.tell(" ".join(imported.found.notes))

    # Both -----------------------------------------------------------------------------------------

    def _begin(self, job: Job) -> None:
        self._job = job
        self.refresh()

    def _end(self) -> None:
        self._job = None
        self.refresh()

    def _fail(self, error: Exception) -> None:
        self._end()
        self.failed.emit(error)

    def _tell_cancelled(self) -> None:
        self._end()
        self.told.emit(self.tr("It was cancelled; nothing has changed."))
