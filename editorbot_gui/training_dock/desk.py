"""Puts the training dock together: its pages, its commands, and what they do to the window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from editorbot_gui.dialogs.leave_training import ask_about_training
from editorbot_gui.jobs import Lane
from editorbot_gui.models.places import models_folder
from editorbot_gui.panels.docks import add_dock, mark_dock
from editorbot_gui.theme import Theme
from editorbot_gui.training_dock import runs
from editorbot_gui.training_dock.hearing import Hearable
from editorbot_gui.training_dock.known_edit import read_known_edit
from editorbot_gui.training_dock.places import library_folder
from editorbot_gui.training_dock.run_desk import RunDesk
from model_core.errors import EditorBotError
from model_core.models.names import file_stem

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QDockWidget, QMainWindow

    from editorbot_gui.actions import ActionSet
    from editorbot_gui.jobs import JobRunner
    from editorbot_gui.library_desk import LibraryDesk
    from editorbot_gui.models.desk import ModelsDesk
    from editorbot_gui.session import Session
    from editorbot_gui.training_dock.known_edit import KnownEdit
    from editorbot_gui.training_dock.pages import TrainingPages
    from editorbot_gui.training_dock.pair_row import PairRow


class TrainingDesk(QObject):
    """The training of one window; its pages are made when they are first shown.

    Args:
        window: Gets the dock.
        session: The document.
        runner: Runs the jobs.
        models: The models that there are.
        commands: The window's actions.
    """

    told = Signal(str)
    """A sentence for the status bar."""
    failed = Signal(object)
    """An exception is to be told."""
    open_requested = Signal(object)
    """A recording of the library is to be opened; carries its `Path`."""
    use_requested = Signal(str)
    """A model is to be used from now on; carries the name of its file."""
    hear_requested = Signal(object)
    """A model is to be heard; carries a `Hearable`."""
    noticed = Signal(str, str, object)
    """Something to know: a sentence, what a button says, and what it does."""

    def __init__(
        self,
        window: QMainWindow,
        session: Session,
        runner: JobRunner,
        models: ModelsDesk,
        commands: ActionSet,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._runner = runner
        self._models = models
        self._commands = commands
        self._library_desk: LibraryDesk | None = None
        self._pages: TrainingPages | None = None
        self._to_fix: tuple[PairRow, KnownEdit] | None = None
        self._is_asked = False
        self.runs = RunDesk(runner, self)
        self.runs.failed.connect(self.failed)
        self.runs.changed.connect(self._refresh)
        self.runs.ended.connect(self._tell_end)
        self.dock: QDockWidget = add_dock(window, "training_dock", self.tr("Training"), QWidget())
        self.dock.hide()
        self.dock.visibilityChanged.connect(self._note_visible)
        Theme.current().theme_changed.connect(self._mark_dock)
        session.source_changed.connect(self._show_fix)
        does: dict[str, Callable[[], object]] = {
            "training": self.show,
            "add_pairs": self.ask_for_files,
            "add_pair_folder": self.ask_for_folder,
            "start_training": self.show_train,
            "pause_training": self.runs.pause,
            "resume_training": self.runs.resume,
            "stop_training": self.runs.finish,
        }
        for name, function in does.items():
            commands[name].triggered.connect(lambda _checked=False, do=function: do())
        self._refresh()

    @property
    def pages(self) -> TrainingPages:
        """The pages; made when they are first asked for."""
        if self._pages is None:
            # What a window may never show is not read when the program starts.
            from editorbot_gui.training_dock.pages import TrainingPages

            self._pages = TrainingPages(self._runner, self.runs, self._models, self.dock)
            self._pages.pairs.told.connect(self.told)
            self._pages.pairs.failed.connect(self.failed)
            self._pages.pairs.rows_changed.connect(self._show_pairs)
            self._pages.library.fix_wanted.connect(self._fix)
            self._pages.train.start_wanted.connect(self._start)
            self._pages.train.use_wanted.connect(self._use)
            self._pages.train.hear_wanted.connect(self._hear)
            self._models.changed.connect(self._show_models)
            self._show_models()
            self.dock.setWidget(self._pages)
            self._pages.pairs.refresh()
            self.runs.find()
        return self._pages

    def follow_library(self, desk: LibraryDesk) -> None:
        """Shows what the window adds to the library."""
        self._library_desk = desk
        desk.added.connect(self._note_added)

    def restore(self, beside: QDockWidget, restore: Callable[[], object]) -> None:
        """Puts the dock where it was, at first as a tab behind another one; it may stay shown.

        Args:
            beside: The other dock.
            restore: Puts all docks where they were.
        """
        was_shown = not self.dock.isHidden()
        self._window.tabifyDockWidget(beside, self.dock)
        self.dock.hide()
        restore()
        if was_shown:
            self._shown()

    def show(self) -> None:
        """Shows the dock, or brings it to the front."""
        pages = self._shown()
        pages.setFocus()
        self.told.emit(self.tr("Training: your library, and what is learned from it."))

    def ask_for_files(self) -> None:
        """Asks for recordings and edits to bring into the library."""
        self._shown().library.ask_for_files()

    def ask_for_folder(self) -> None:
        """Asks for a folder to look through for recordings and edits."""
        self._shown().library.ask_for_folder()

    def show_train(self) -> None:
        """Shows where a training is begun and followed."""
        pages = self._shown()
        pages.show_page(pages.train)
        pages.train.start.setFocus()
        self.told.emit(pages.train.reason or self.tr("Choose how thoroughly to train."))

    def may_close(self) -> bool:
        """Whether the window may be closed; while it trains, that is asked first."""
        is_asked, self._is_asked = self._is_asked, False
        if is_asked or not self.runs.running:
            return True
        ask_about_training(self._window, self._close_window, self._pause_and_close)
        return False

    def close(self) -> None:
        """Follows the training no more, because the window closes."""
        self.runs.close()

    def _close_window(self) -> None:
        self._is_asked = True
        self._window.close()

    def _pause_and_close(self) -> None:
        try:
            self.runs.pause_at_close()
        except EditorBotError as error:
            self.failed.emit(error)
            return
        self._close_window()

    def _shown(self) -> TrainingPages:
        pages = self.pages
        self.dock.show()
        self.dock.raise_()
        return pages

    def _note_visible(self, visible: bool) -> None:
        self._mark_dock()
        if visible:
            _ = self.pages

    def _mark_dock(self) -> None:
        mark_dock(self.dock)

    def _note_added(self) -> None:
        if self._pages is not None:
            self._pages.pairs.refresh()

    # Trainings ------------------------------------------------------------------------------------

    def _show_pairs(self) -> None:
        pages = self.pages
        used = pages.pairs.used
        pages.train.show_pairs(len(used), sum(row.raw_s or 0.0 for row in used) / 60)

    def _start(self, name: str, updates: int) -> None:
        self.runs.start(
            {
                "library": str(library_folder()),
                "name": file_stem(name) or self.tr("My editing"),
                "models": str(models_folder()),
                "updates": updates,
            }
        )

    def _show_models(self) -> None:
        known = frozenset(model.key for model in self._models.listed.usable)
        self.pages.train.show_models(self._models.choice.in_use, known)

    def _use(self) -> None:
        if self.runs.status.model:
            self.use_requested.emit(Path(self.runs.status.model).name)

    def _hear(self) -> None:
        if not self.runs.status.model:
            return
        pages = self.pages
        held = [row for row in pages.pairs.rows if row.raw and row.name in pages.train.held]
        # Where most was cut, most is to be heard.
        most = min(held, key=lambda row: row.coverage or 1.0, default=None)
        recording = most.raw if most is not None else None
        self.hear_requested.emit(
            Hearable(Path(self.runs.status.model), pages.train.is_in_use, recording)
        )

    def _tell_end(self, status: runs.RunStatus) -> None:
        words = {
            runs.DONE: self.tr("The training is done, and the new model is better."),
            runs.NOTHING: self.tr("The training is done; nothing was learned that helps."),
            runs.PAUSED: self.tr("The training is paused; it can go on at any time."),
            runs.FAILED: f"{status.sentence} {status.mend}".strip(),
        }.get(status.state, "")
        if not words:
            return
        self.told.emit(words)
        if status.state == runs.DONE:
            self._models.refresh()
        if status.state != runs.PAUSED:
            self.noticed.emit(words, self.tr("Show it"), self.show_train)

    def _refresh(self) -> None:
        """Shows what can be done, and on the dock's tab how far a training is."""
        desk, commands = self.runs, self._commands
        status = desk.status
        title = self.tr("Training")
        if desk.running and status.updates:
            share = f"{status.step / status.updates:.0%}"
            title = self.tr("Training {share}").format(share=share)
        self.dock.setWindowTitle(title)
        running = desk.running and desk.wanted == runs.RUN
        not_running = "" if running else self.tr("No training is running.")
        not_paused = "" if desk.can_resume else self.tr("No training is paused.")
        commands.allow("pause_training", not_running)
        commands.allow("resume_training", not_paused)
        commands.allow("stop_training", not_running and not_paused)

    # A pair that a person wants to correct --------------------------------------------------------

    def _fix(self, row: PairRow) -> None:
        if row.info is None:
            self._open(row.raw)
            return

        def take(edit: KnownEdit) -> None:
            self._to_fix = (row, edit)
            if self._session.path is not None and self._session.path == row.raw:
                self._show_fix()
            else:
                self._open(row.raw)

        self._runner.start(
            Lane.SAVE,
            read_known_edit,
            row.info,
            words=self.tr("Reading the edit…"),
            on_done=take,
            on_failed=self.failed.emit,
        )

    def _open(self, path: Path | None) -> None:
        if path is not None:
            self.open_requested.emit(path)

    def _show_fix(self) -> None:
        """Makes the edit of the pair that was opened the document's, as one undo step."""
        if self._to_fix is None or self._session.source is None:
            return
        row, edit = self._to_fix
        self._to_fix = None
        if self._session.path != row.raw:
            return
        self._session.apply_edit(
            edit.edit_list,
            self.tr("Edit of “{name}”").format(name=row.name),
            changes=edit.changes,
        )
        if self._library_desk is not None:
            self._library_desk.name_pair(row.name)
