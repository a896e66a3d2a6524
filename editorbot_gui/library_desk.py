"""Puts the document's recording and edit into the personal library, to be learned from later.

The library belongs to the package `training`, which works in a process of its own.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from editorbot_gui.action_spec import QT_TRANSLATE_NOOP, ActionSpec, Group
from editorbot_gui.jobs import Job, JobRunner, Lane
from editorbot_gui.training_dock.places import library_folder, library_options
from editorbot_gui.training_dock.process import Command, run_command
from model_core.errors import EditorBotError

if TYPE_CHECKING:
    from editorbot_gui.actions import ActionSet
    from editorbot_gui.session import Session
    from model_core.audio.source import AudioSource
    from model_core.edit.types import EditList
    from model_core.progress import CancelToken, Progress

LIBRARY_ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "add_to_library",
        Group.FILE,
        QT_TRANSLATE_NOOP("Actions", "Add this edit to my &library"),
        QT_TRANSLATE_NOOP(
            "Actions", "Keep recording and edit as a pair that the network can learn from."
        ),
        icon="mdi6.bookshelf",
    ),
)

_HASH_LETTERS: Final = 6


class LibraryFailureError(EditorBotError):
    """The pair couldn't be added; the library is as it was."""


@dataclass(frozen=True, slots=True)
class AddRequest:
    """What becomes a pair.

    Attributes:
        source: The recording.
        edit_list: The edit of it.
        library: Folder of the library.
        name: What the pair is called; empty for the recording's name and the head of its hash.
    """

    source: AudioSource
    edit_list: EditList
    library: Path
    name: str = ""


@dataclass(frozen=True, slots=True)
class Added:
    """A pair that is in the library now: its name, and the library's folder."""

    name: str
    library: Path


def add_pair(request: AddRequest, cancel: CancelToken, progress: Progress) -> Added:
    """Adds a pair to the library, in a process of its own; a job function.

    The same recording has one pair: a later edit of it takes the place of the earlier one.

    Raises:
        LibraryFailureError: The recording has no file.
        TrainingCommandError: It can't be added; the sentence says why.
        AudioReadError: The recording can't be read.
        CancelledError: The person has changed their mind.
    """
    from model_core.edit.serialise import SourceInfo, write_edit_list

    source = request.source
    if source.path is None:
        raise LibraryFailureError("The recording has no file.", "Save it first.")
    digest = source.content_hash()
    name = request.name or f"{source.path.stem}-{digest[:_HASH_LETTERS]}"
    with tempfile.TemporaryDirectory() as private:
        edits = Path(private) / "edits.json"
        about = SourceInfo(str(source.path), source.sample_rate, source.n_samples, digest)
        write_edit_list(edits, request.edit_list, [about])
        run_command(
            Command(
                "training.library",
                (
                    "take", "--replace", "--json", *library_options(request.library), "--",
                    name, str(source.path), str(edits),
                ),
            ),
            cancel,
            progress,
        )  # fmt: skip
    return Added(name, request.library)


class LibraryDesk(QObject):
    """Wires the command and its job.

    Args:
        session: The document.
        runner: Runs the job.
        commands: The window's actions.
        parent: The owner.
    """

    told = Signal(str)
    """A sentence for the status bar."""
    failed = Signal(object)
    """An exception ended the job; the library is as it was."""
    added = Signal()
    """There is another pair in the library, or another edit of one."""

    def __init__(
        self, session: Session, runner: JobRunner, commands: ActionSet, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._runner = runner
        self._commands = commands
        self._job: Job | None = None
        self._pair: tuple[Path | None, str] = (None, "")
        commands["add_to_library"].triggered.connect(self.add)
        session.document_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Allows the command where there is a pair to add."""
        self._commands.allow("add_to_library", self._reason())

    def name_pair(self, name: str) -> None:
        """Has edits of the open recording take the place of that of a pair, by its name."""
        self._pair = (self._session.path, name)

    def add(self) -> None:
        """Begins to add the document's recording and edit."""
        source = self._session.source
        if source is None or self._reason():
            return
        path, name = self._pair
        name = name if path == source.path else ""
        self._job = self._runner.start(
            Lane.IO,
            add_pair,
            AddRequest(source, self._session.edit_list, library_folder(), name),
            words=self.tr("Adding to your library…"),
            on_done=self._tell,
            on_failed=self._fail,
            on_cancelled=self._tell_cancelled,
        )
        self.refresh()

    def _reason(self) -> str:
        """Returns why nothing can be added now, or nothing."""
        source = self._session.source
        if source is None:
            return self.tr("Open a recording first.")
        if source.tracks:
            return self.tr("Several microphones can't be a pair of the library.")
        if not self._session.timeline.n_segments:
            return self.tr("Nothing is left in the edit.")
        if not self._session.is_edited:
            return self.tr("Nothing is changed yet.")
        return self.tr("It is being added.") if self._job is not None else ""

    def _tell(self, added: Added) -> None:
        self._end()
        self.added.emit()
        self.told.emit(
            self.tr("“{name}” is in your library now: {folder}").format(
                name=added.name, folder=added.library
            )
        )

    def _fail(self, error: Exception) -> None:
        self._end()
        self.failed.emit(error)

    def _tell_cancelled(self) -> None:
        self._end()
        self.told.emit(self.tr("Adding to the library was cancelled."))

    def _end(self) -> None:
        self._job = None
        self.refresh()
