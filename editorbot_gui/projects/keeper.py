"""Keeps unsaved work safe: a copy of it is on disk soon after every change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from editorbot_gui.jobs import Job, JobRunner, Lane
from editorbot_gui.projects.saving import KeepRequest, keep_work

if TYPE_CHECKING:
    from collections.abc import Callable

    from editorbot_gui.projects.copies import UnsavedCopy
    from model_core.edit.project import Project

INTERVAL_MS = 500
"""The copy is written at once after a change, but not more often than this."""


class Keeper(QObject):
    """Writes the copy of the document's unsaved work, in the background.

    Args:
        runner: Runs the jobs.
        unsaved: Returns what is to be kept, or None if nothing is unsaved.
        parent: The owner.
    """

    failed = Signal(object)
    """An exception keeps the work from being kept; told once, until it works again."""

    def __init__(
        self, runner: JobRunner, unsaved: Callable[[], Project | None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._runner = runner
        self._unsaved = unsaved
        self._interval_ms: int | None = INTERVAL_MS
        self._copy: UnsavedCopy | None = None
        self._job: Job | None = None
        self._changed_meanwhile = False
        self._has_told = False
        self._since_last = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._keep)

    def follow(self, copy: UnsavedCopy) -> None:
        """Writes another copy from now on, because another document is open."""
        self._copy = copy
        self._job = None
        self._changed_meanwhile = self._has_told = False
        self._timer.stop()

    def keep_every(self, interval_ms: int | None) -> None:
        """Keeps the work at most so often; None keeps nothing more.

        Args:
            interval_ms: In milliseconds; never more often than `INTERVAL_MS`.
        """
        self._interval_ms = None if interval_ms is None else max(INTERVAL_MS, interval_ms)
        self._timer.stop()
        if self._copy is not None:
            self.note_change()

    def note_change(self) -> None:
        """Keeps the work at once, or soon: changes that follow quickly are kept together."""
        interval_ms = self._interval_ms
        if interval_ms is not None and not self._timer.isActive():
            waited_ms = self._since_last.elapsed() if self._since_last.isValid() else interval_ms
            self._timer.start(max(0, interval_ms - waited_ms))

    def stop(self) -> None:
        """Keeps nothing any more."""
        self._timer.stop()

    def _keep(self) -> None:
        if self._copy is None:
            return
        if self._job is not None:
            self._changed_meanwhile = True
            return
        copy, work = self._copy, self._unsaved()
        if work is None and copy.path is None:
            return
        self._since_last.start()
        self._job = self._runner.start(
            Lane.SAVE,
            keep_work,
            KeepRequest(copy, work),
            words=self.tr("Keeping unsaved work…"),
            on_done=lambda _: self._end(copy),
            on_failed=lambda error: self._end(copy, error),
            on_cancelled=lambda: self._end(copy, again=True),
            quiet=True,
        )

    def _end(
        self, copy: UnsavedCopy, error: Exception | None = None, *, again: bool = False
    ) -> None:
        if copy is not self._copy:
            return
        self._job = None
        if error is not None and not self._has_told:
            self.failed.emit(error)
        self._has_told = error is not None
        if again or self._changed_meanwhile:
            self._changed_meanwhile = False
            self.note_change()
