"""Wires the command, the queue and its window; the queue goes on while its window is closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from editorbot_gui.batch.dialog import BatchDialog
from editorbot_gui.batch.queue import FindRequest, find_entries, queue_path, usual_folder
from editorbot_gui.batch.runner import BatchRunner
from editorbot_gui.jobs import JobRunner, Lane
from model_core.files import check_writable
from model_core.styles import BUNDLED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PySide6.QtWidgets import QMainWindow

    from editorbot_gui.actions import ActionSet
    from editorbot_gui.batch.queue import Entry
    from editorbot_gui.models.desk import ModelsDesk
    from editorbot_gui.styles.shelf import StyleShelf
    from model_core.batch.job import JobResult
    from model_core.progress import CancelToken, Progress


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """Which report to write, and of what."""

    path: Path
    results: tuple[JobResult, ...]


def save_report(request: ReportRequest, _cancel: CancelToken, _progress: Progress) -> Path:
    """Writes a report; a job function.

    Raises:
        FileWriteError: It can't be written.
    """
    from model_core.batch.report import write_report

    check_writable(request.path)
    write_report(request.path, request.results)
    return request.path


class BatchDesk(QObject):
    """The batch of one window.

    Args:
        window: The window, which owns the queue's.
        runner: Runs the jobs that find and save.
        shelf: Knows the saved styles.
        models: Knows the models.
        commands: The window's actions.
    """

    told = Signal(str)
    """A sentence for the status bar."""
    failed = Signal(object)
    """An exception ended a job."""
    open_requested = Signal(object)
    """A result is to be opened; carries its `Path`."""

    def __init__(
        self,
        window: QMainWindow,
        runner: JobRunner,
        shelf: StyleShelf,
        models: ModelsDesk,
        commands: ActionSet,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._runner = runner
        self._shelf = shelf
        self._models = models
        self.batch: BatchRunner | None = None
        self.dialog: BatchDialog | None = None
        commands["batch"].triggered.connect(self.show)

    def show(self) -> None:
        """Shows the queue; it is read from disk the first time."""
        if self.dialog is None:
            self._models.refresh(self._open)
            return
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def close(self) -> None:
        """Ends the process and keeps the queue, because the window closes."""
        if self.dialog is not None:
            self.dialog.hide()
        if self.batch is not None:
            self.batch.close()

    def _open(self) -> None:
        if self.dialog is None:
            self.batch = BatchRunner(self._runner, queue_path(), self)
            if self.batch.queue.folder is None:
                self.batch.queue.folder = usual_folder()
            self.batch.all_done.connect(self._tell_done)
            choices = [(self.tr("Bundled"), "")]
            own = [model for model in self._models.listed.usable if not model.is_bundled]
            choices += [(model.name, str(model.path)) for model in own]
            self.dialog = BatchDialog(self.batch, self._styles(), choices, self._window)
            self.dialog.files_added.connect(self.add)
            self.dialog.open_requested.connect(self.open_requested)
            self.dialog.report_requested.connect(self._save_report)
        self.show()

    def _styles(self) -> list[tuple[str, str]]:
        own = [
            (choice.name, str(choice.path))
            for choice in self._shelf.choices
            if choice.path is not None
        ]
        bundled = [(name[:1].upper() + name[1:], name) for name in BUNDLED]
        return [(self.tr("The model's own"), ""), *bundled, *own]

    def add(self, paths: Sequence[Path]) -> None:
        """Looks into files and folders for recordings and appends them."""
        if self.batch is None:
            return
        self._runner.start(
            Lane.IO,
            find_entries,
            FindRequest(tuple(paths), self.batch.queue.folder),
            words=self.tr("Looking for recordings…"),
            on_done=self._take,
            on_failed=self.failed.emit,
        )

    def _take(self, entries: tuple[Entry, ...]) -> None:
        if self.batch is None:
            return
        n_new = self.batch.queue.add(entries)
        self.batch.touch()
        if not entries:
            self.told.emit(self.tr("There is no recording in it."))
        elif n_new == 1:
            self.told.emit(self.tr("1 file was added to the batch."))
        else:
            self.told.emit(self.tr("{n} files were added to the batch.").format(n=n_new))

    def _tell_done(self) -> None:
        if self.dialog is not None:
            self.told.emit(self.tr("The batch: {words}").format(words=self.dialog.summary.text()))

    def _save_report(self, path: Path) -> None:
        if self.batch is None:
            return
        self._runner.start(
            Lane.SAVE,
            save_report,
            ReportRequest(path, tuple(self.batch.queue.results)),
            words=self.tr("Saving the report…"),
            on_done=lambda saved: self.told.emit(
                self.tr("The report is in {path}.").format(path=saved)
            ),
            on_failed=self.failed.emit,
        )
