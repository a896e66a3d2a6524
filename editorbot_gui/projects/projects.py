"""The document as a project: saved, opened, kept safe, and never left without asking."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from PySide6.QtCore import QObject, QStandardPaths, Qt, Signal, SignalInstance
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from editorbot_gui.dialogs.recover import RecoverDialog
from editorbot_gui.dialogs.relink import ask_for_recording
from editorbot_gui.dialogs.unsaved import ask_to_replace, ask_to_save
from editorbot_gui.jobs import Job, JobRunner, Lane
from editorbot_gui.microphones.opening import OpenTogetherRequest, open_together, project_source
from editorbot_gui.projects.copies import (
    KeptWork,
    UnsavedCopy,
    data_folder,
    kept_work,
    remove_leftovers,
    same_work,
)
from editorbot_gui.projects.keeper import Keeper
from editorbot_gui.projects.loading import (
    LeftWork,
    LostRecording,
    OpenProjectRequest,
    open_project,
)
from editorbot_gui.projects.saving import (
    KeepRequest,
    ProjectChangedError,
    Saved,
    SaveRequest,
    hash_recording,
    keep_work,
    save_project,
)
from editorbot_gui.session import Snapshot
from editorbot_gui.settings import APP_NAME
from model_core.edit.mix import is_plain
from model_core.edit.project import SUFFIX, Project, ProjectSource, Take
from model_core.edit.types import EditList
from model_core.errors import EditorBotError, FileWriteError
from resources import resource_path

if TYPE_CHECKING:
    from editorbot_gui.opening import Opened, Opener
    from editorbot_gui.session import Session
    from editorbot_gui.settings import Settings
    from model_core.options import GenerateOptions
    from model_core.progress import CancelToken, Progress

log = logging.getLogger(__name__)

Then: TypeAlias = Callable[[], object]
"""What is done once the changes are safe."""


class TakeStore(Protocol):
    """What a project needs of the takes of the document."""

    @property
    def changed(self) -> SignalInstance:
        """Emitted when there are other takes."""

    @property
    def take_changed(self) -> SignalInstance:
        """Emitted when one of them is another."""

    def saved(self) -> tuple[Take, ...]:
        """Returns the takes as a project file keeps them."""

    def restore(self, saved: tuple[Take, ...]) -> None:
        """Takes over what a project file has kept."""


def is_project(path: Path) -> bool:
    """Whether a file's name says that it is a project."""
    return path.suffix.lower() == SUFFIX


def _known_hashes(source: ProjectSource) -> str:
    """Returns the hashes of a recording's files in one text; empty if one isn't known."""
    hashes = [track.content_hash for track in source.tracks] or [source.content_hash]
    return " ".join(hashes) if all(hashes) else ""


def _find_kept_work(
    projects: tuple[Path, ...], _cancel: CancelToken, _progress: Progress
) -> tuple[KeptWork, ...]:
    """Looks for work that was left; a job function."""
    remove_leftovers(data_folder())
    return kept_work(projects)


class Projects(QObject):
    """Ties the document to its project file.

    Args:
        session: The document.
        runner: Runs the jobs.
        opener: Opens files.
        settings: Remembers recent files.
        options: Returns what is asked for of the next proposal.
        window: Shows the document; dialogs belong to it, and its title names the project.
    """

    told = Signal(str)
    """Something happened; carries a sentence."""
    noticed = Signal(str, str, object)
    """Something to know: a sentence, what a button says (may be empty), and what it does."""
    failed = Signal(object)
    """An exception kept the project from being saved; nothing was written."""

    def __init__(
        self,
        session: Session,
        runner: JobRunner,
        opener: Opener,
        settings: Settings,
        options: Callable[[], GenerateOptions],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._session = session
        self._runner = runner
        self._opener = opener
        self._settings = settings
        self._options = options
        self._window = window
        self._path: Path | None = None
        self._saved: Project | None = None
        self._digest = ""
        self._takes: tuple[Take, ...] = ()
        self._take_store: TakeStore | None = None
        self._copy = UnsavedCopy(None)
        self._hash = ""  # of each of its files, if it has several
        self._hashing: Job | None = None
        self._saving = False
        self._after_saving: list[Then] = []
        self._given_up: int | None = None
        self._question: QMessageBox | None = None
        self._asked_about: set[Path] = set()
        self._keeper = Keeper(runner, self._unsaved, self)
        self._keeper.failed.connect(self._tell_unkept)
        session.document_changed.connect(self._note_change)
        opener.asked.connect(self._ask)

    # What is open ---------------------------------------------------------------------------------

    @property
    def path(self) -> Path | None:
        """The project file, or None as long as the work was never saved."""
        return self._path

    @property
    def name(self) -> str:
        """What the person knows the document as: the project, or else the recording."""
        if self._path is not None:
            return self._path.stem
        recording = self._session.path
        return recording.name if recording is not None else ""

    @property
    def opened_text(self) -> str:
        """What is said once something is open."""
        name = self._path.name if self._path is not None else self.name
        if self._copy.path is not None:
            return self.tr("Restored the unsaved changes to {name}.").format(name=name)
        return self.tr("Opened {name}.").format(name=name)

    @property
    def modified(self) -> bool:
        """Whether there are changes that aren't saved."""
        current = self._current()
        if current is None:
            return False
        if self._saved is not None:
            return not same_work(current, self._saved)
        untouched = EditList.whole(current.sources[0].n_samples)
        return (
            current.edit_list != untouched
            or bool(current.proposal or current.changes or current.takes or current.markers)
            or not is_plain(self._session.mix)
        )

    def keep_every(self, seconds: int | None) -> None:
        """Keeps unsaved work safe at most so often; 0 is at once, None never."""
        self._keeper.keep_every(None if seconds is None else 1000 * seconds)

    def adopt(self, opened: Opened) -> Snapshot | None:
        """Takes over what was opened, right before the session shows it.

        Returns:
            The edit to show; None for a recording as it is.
        """
        self._leave()
        loaded = opened.loaded
        self._given_up = None
        self._path = loaded.path if loaded is not None else None
        self._saved = loaded.saved if loaded is not None else None
        self._digest = loaded.digest if loaded is not None else ""
        self._takes = loaded.project.takes if loaded is not None else ()
        self._hash = _known_hashes(loaded.project.sources[0]) if loaded is not None else ""
        copy = loaded.copy if loaded is not None else None
        self._copy = copy or UnsavedCopy(self._path)
        self._keeper.follow(self._copy)
        if loaded is None:
            if not opened.source.tracks:
                self._remember(opened.source.path)
            elif opened.source.path is not None:  # in the list it would be opened alone
                self._settings.open_folder = str(opened.source.path.parent)
            return None
        self._remember(self._path)
        if loaded.found:
            sentence = self.tr("The recording was found at {path}.")
            places = ", ".join(str(path) for path in opened.source.paths)
            self.noticed.emit(sentence.format(path=places), "", None)
        work = loaded.project
        mix = tuple(track.level for track in work.sources[0].tracks)
        return Snapshot(work.edit_list, work.proposal, work.changes, markers=work.markers, mix=mix)

    def follow_takes(self, store: TakeStore) -> None:
        """Keeps the takes of a store with the project; without one, those of the file stay."""
        self._take_store = store
        store.changed.connect(self._note_change)
        store.take_changed.connect(self._note_change)

    def restore_takes(self) -> None:
        """Gives the store the takes of the project, right after the session shows it."""
        if self._take_store is not None:
            self._take_store.restore(self._takes)

    def _leave(self) -> None:
        """Ends the copy of what was open; what nobody has decided about stays to be found."""
        self._cancel_hashing()
        wanted = self.modified and self._given_up != self._session.revision
        self._end_copy(self._current() if wanted else None)

    def _end_copy(self, work: Project | None) -> None:
        """Leaves work in the copy to be found at the next start, or nothing."""
        self._runner.start(
            Lane.SAVE,
            keep_work,
            KeepRequest(self._copy, work, last=True),
            words=self.tr("Keeping unsaved work…"),
            on_done=lambda _: None,
            quiet=True,
        )

    def _current(self) -> Project | None:
        """Returns what a project file of the document would hold now."""
        source = self._session.source
        if source is None or source.path is None:
            return None
        snapshot = self._session.snapshot
        recording = project_source(source, snapshot.mix, self._hash.split())
        return Project(
            (recording,),
            snapshot.edit_list,
            snapshot.proposal,
            snapshot.changes,
            self._takes if self._take_store is None else self._take_store.saved(),
            self._options(),
            markers=snapshot.markers,
        )

    def _unsaved(self) -> Project | None:
        return self._current() if self.modified else None

    def _remember(self, path: Path | None) -> None:
        if path is not None and resource_path() not in path.parents:
            self._settings.add_recent_file(path)
            self._settings.open_folder = str(path.parent)

    # Opening --------------------------------------------------------------------------------------

    def open(self, path: Path) -> None:
        """Begins to open a project or a recording, once the changes to what is open are safe."""
        if is_project(path):
            self.when_safe(lambda: self._open_project(OpenProjectRequest(path)))
        else:
            self.when_safe(lambda: self._open_recording(path))

    def restore(self, kept: KeptWork) -> None:
        """Begins to open unsaved work, once the changes to what is open are safe."""
        path = kept.project or kept.copy
        self.when_safe(
            lambda: self._open_project(OpenProjectRequest(path, copy=kept.copy, ask=False))
        )

    def look_for_kept_work(self) -> None:
        """Offers work that was left when the program ended without being asked."""
        recent = tuple(path for path in self._settings.recent_files if is_project(path))
        self._runner.start(
            Lane.IO,
            _find_kept_work,
            recent,
            words=self.tr("Looking for unsaved work…"),
            on_done=self._offer,
            quiet=True,
        )

    def open_together(self, request: OpenTogetherRequest) -> None:
        """Begins to open several files as one recording, once the changes so far are safe."""
        self.when_safe(lambda: self._open_together(request))

    def _open_together(self, request: OpenTogetherRequest) -> None:
        self._cancel_hashing()
        self._opener.open_by(request.microphones[0].path, open_together, request)

    def _open_recording(self, path: Path) -> None:
        self._cancel_hashing()
        self._opener.open(path)

    def _open_project(self, request: OpenProjectRequest) -> None:
        self._cancel_hashing()
        self._opener.open_by(request.recording or request.path, open_project, request)

    def _offer(self, works: tuple[KeptWork, ...]) -> None:
        works = tuple(kept for kept in works if kept.copy not in self._asked_about)
        if not works:
            return
        if self._session.source is None and not self._opener.opening and not self._asked_about:
            self._show_kept(works)
        else:
            self.noticed.emit(
                self.tr("EditorBot was ended before other changes were saved."),
                self.tr("Show them…"),
                lambda: self._show_kept(works),
            )

    def _show_kept(
        self, works: tuple[KeptWork, ...], request: OpenProjectRequest | None = None
    ) -> None:
        name = request.path.stem if request is not None else ""
        self._asked_about |= {kept.copy for kept in works}
        dialog = RecoverDialog(works, self._window, name)
        dialog.restored.connect(self.restore)
        dialog.discarded.connect(self._discard_kept)
        if request is not None:
            dialog.put_off.connect(lambda: self._open_project(replace(request, ask=False)))
        dialog.open()

    def _discard_kept(self, kept: KeptWork) -> None:
        def discard(path: Path, _cancel: CancelToken, _progress: Progress) -> None:
            copy = UnsavedCopy.taken_over(path, None)
            if copy is not None:
                copy.retire(remove=True)

        self._runner.start(
            Lane.SAVE,
            discard,
            kept.copy,
            words=self.tr("Discarding unsaved work…"),
            on_done=lambda _: None,
            quiet=True,
        )

    def _ask(self, question: object) -> None:
        """Shows what has to be decided before a project can be opened."""
        if isinstance(question, LeftWork):
            self._show_kept(question.works, question.request)
        elif isinstance(question, LostRecording):
            ask_for_recording(
                self._window,
                question,
                lambda path: self._open_project(question.answered(path, accept=False)),
                lambda: self._open_project(question.answered(question.path, accept=True)),
            )

    # Asking first ---------------------------------------------------------------------------------

    def when_safe(self, do: Then) -> None:
        """Does something that ends the document, once its changes are saved or given up.

        Nothing happens if the person cancels, or while they are being asked already.
        """
        if self._saving:
            self._after_saving.append(lambda: self.when_safe(do))
        elif not self.modified or self._given_up == self._session.revision:
            do()
        elif self._question is None:
            self._question = ask_to_save(
                self._window,
                self.name,
                lambda: self.save(do),
                lambda: self._give_up_and(do),
            )
            self._question.finished.connect(self._forget_question)

    def may_close(self) -> bool:
        """Whether the window may close; if not, the person is asked and it closes by itself."""
        allowed: list[bool] = []
        asking = True

        def close() -> None:
            if asking:
                allowed.append(True)
            else:
                self._window.close()

        self.when_safe(close)
        asking = False
        return bool(allowed)

    def give_up(self) -> None:
        """Lets the changes be lost, as long as no further ones are made."""
        self._given_up = self._session.revision

    def _give_up_and(self, do: Then) -> None:
        self.give_up()
        do()

    def close(self) -> None:
        """Ends the copy of unsaved work; called when no job is running any more."""
        self._keeper.stop()
        kept = self.modified and self._given_up != self._session.revision
        self._copy.retire(remove=not kept)

    def _forget_question(self) -> None:
        self._question = None

    # Saving ---------------------------------------------------------------------------------------

    def save(self, then: Then | None = None) -> None:
        """Saves the project where it is, or asks where; then goes on with something."""
        if self._path is None:
            self.save_as(then)
        else:
            self._save(self._path, then)

    def save_as(self, then: Then | None = None) -> None:
        """Asks for a file and saves the project there; then goes on with something."""
        if self._session.path is None:
            return
        title = self.tr("Save the project")
        dialog = QFileDialog(self._window, title, str(self._suggested_path()))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([self.tr("EditorBot projects") + f" (*{SUFFIX})"])
        dialog.setDefaultSuffix(SUFFIX[1:])
        dialog.fileSelected.connect(lambda name: self.save_to(Path(name), then))
        dialog.open()

    def save_to(self, path: Path, then: Then | None = None) -> None:
        """Saves the project in a file, which may be there; then goes on with something."""
        if not is_project(path):
            path = path.with_name(f"{path.name}{SUFFIX}")
            if path.exists():  # nobody was asked about this one
                error = FileWriteError(f"“{path.name}” exists already.", "Choose another name.")
                self.failed.emit(error)
                return
        self._save(path, then, replacing=True)

    def _suggested_path(self) -> Path:
        if self._path is not None:
            return self._path
        recording = self._session.path or Path("recording")
        folder = recording.absolute().parent
        if not os.access(folder, os.W_OK) or resource_path() in recording.parents:
            music = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MusicLocation)
            folder = Path(music) if music and Path(music).is_dir() else Path.home()
        return folder / f"{recording.stem}{SUFFIX}"

    def _save(self, path: Path, then: Then | None, *, replacing: bool = False) -> None:
        if self._session.path is None:
            return
        if self._saving:
            self._after_saving.append(lambda: self._save(path, then, replacing=replacing))
            return
        self._saving = True
        if then is not None:
            self._after_saving.append(then)
        self._when_hashed(lambda: self._write(path, replacing=replacing))

    def _write(self, path: Path, *, replacing: bool) -> None:
        project = self._current()
        if project is None:
            self._end_saving()
            return
        self._runner.start(
            Lane.SAVE,
            save_project,
            SaveRequest(path, project, self._copy, None if replacing else self._digest),
            words=self.tr("Saving {name}…").format(name=path.name),
            on_done=self._take_saved,
            on_failed=self._take_failure,
            on_cancelled=self._end_saving,
            quiet=True,
        )

    def _take_saved(self, saved: Saved) -> None:
        request = saved.request
        if request.copy is self._copy:
            if request.path != self._path:
                self._path = request.path
                self._end_copy(None)  # changes that were made meanwhile are kept elsewhere
                self._copy = UnsavedCopy(self._path)
                self._keeper.follow(self._copy)
            self._saved, self._digest = request.project, saved.digest
        self._remember(request.path)
        self.told.emit(self.tr("Saved {name}.").format(name=request.path.name))
        self._note_change()
        self._end_saving(go_on=True)

    def _take_failure(self, error: Exception) -> None:
        waiting = self._after_saving
        self._end_saving()
        if isinstance(error, ProjectChangedError):
            then = waiting[0] if waiting else None
            ask_to_replace(
                self._window,
                error.path.stem,
                lambda: self._save(error.path, then, replacing=True),
                lambda: self.save_as(then),
            )
        else:
            self.failed.emit(error)

    def _end_saving(self, *, go_on: bool = False) -> None:
        waiting, self._after_saving = self._after_saving, []
        self._saving = False
        for then in waiting if go_on else ():
            then()

    # Knowing the recording again ------------------------------------------------------------------

    def _when_hashed(self, do: Then) -> None:
        """Does something once the recording's hash is known, as far as it can be."""
        self._cancel_hashing()
        source = self._session.source
        if self._hash or source is None or not source.paths:
            do()
            return

        def take(content_hash: str) -> None:
            self._hash = content_hash
            do()

        def go_on_without(error: Exception) -> None:
            log.warning("the recording can't be hashed: %s", error)
            do()

        def cancel() -> None:
            self._end_saving()
            self.told.emit(self.tr("Saving was cancelled; nothing was written."))

        self._hashing = self._runner.start(
            Lane.IO,
            hash_recording,
            source.paths,
            words=self.tr("Reading the recording, to know it again…"),
            on_done=take,
            on_failed=go_on_without,
            on_cancelled=cancel,
        )

    def _hash_quietly(self) -> None:
        """Begins to find out the hash, so that saving needn't wait for it."""
        source = self._session.source
        if self._hash or self._hashing is not None or source is None or not source.paths:
            return

        def take(content_hash: str) -> None:
            self._hash = content_hash
            self._note_change()

        self._hashing = self._runner.start(
            Lane.IO,
            hash_recording,
            source.paths,
            words=self.tr("Reading the recording, to know it again…"),
            on_done=take,
            quiet=True,
        )

    def _cancel_hashing(self) -> None:
        hashing, self._hashing = self._hashing, None
        if hashing is not None:
            self._runner.cancel(hashing)

    # Showing it -----------------------------------------------------------------------------------

    def _note_change(self) -> None:
        name, modified = self.name, self.modified
        self._window.setWindowTitle(f"{name}[*] – {APP_NAME}" if name else APP_NAME)
        self._window.setWindowModified(modified)
        if modified:
            self._hash_quietly()
        self._keeper.note_change()

    def _tell_unkept(self, error: Exception) -> None:
        log.warning("unsaved work can't be kept: %s", error)
        said = error.sentence if isinstance(error, EditorBotError) else ""
        sentence = self.tr("Unsaved changes can't be kept safe: save the project soon.")
        self.noticed.emit(f"{sentence} {said}".strip(), "", None)
