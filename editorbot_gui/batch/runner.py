"""Works the queue off: gives its files to the process, keeps what comes of them."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from editorbot_gui.batch.queue import (
    DONE,
    FAILED,
    RUNNING,
    WAITING,
    Entry,
    Queue,
    read_queue,
    write_queue,
)
from editorbot_gui.batch.worker import Worker
from editorbot_gui.jobs import JobRunner, Lane
from model_core.batch.job import JobResult

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from model_core.progress import CancelToken, Progress

log = logging.getLogger(__name__)

_SAVE_AFTER_MS = 300


class BatchRunner(QObject):
    """The queue, and whether it is worked off.

    Args:
        runner: Runs the job that keeps the queue on disk.
        path: Where the queue is kept.
        parent: The owner.
    """

    changed = Signal()
    """There are other entries, or other states."""
    progressed = Signal(int)
    """The entry at this place has come on."""
    working_changed = Signal(bool)
    """Whether files are given to the process."""
    all_done = Signal()
    """Nothing waits any more."""

    def __init__(self, runner: JobRunner, path: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._runner = runner
        self._path = path
        self.queue = read_queue(path)
        self._working = False
        self.worker = Worker(self)
        self.worker.progressed.connect(self._progress)
        self.worker.finished.connect(self._finish)
        self.worker.died.connect(self._die)
        self._save_soon = QTimer(self)
        self._save_soon.setSingleShot(True)
        self._save_soon.setInterval(_SAVE_AFTER_MS)
        self._save_soon.timeout.connect(self._save)

    @property
    def working(self) -> bool:
        """Whether the next file is begun when one is finished."""
        return self._working

    @property
    def running_row(self) -> int | None:
        """The place of the entry that is being worked on, or None."""
        states = (entry.state == RUNNING for entry in self.queue.entries)
        return next((row for row, running in enumerate(states) if running), None)

    def start(self) -> None:
        """Begins to work the queue off, or goes on."""
        if self.queue.folder is None or self.queue.next_row() is None:
            return
        self._set_working(working=True)
        self._next()

    def pause(self) -> None:
        """Lets the file that is being worked on be finished, and begins no other."""
        self._set_working(working=False)

    def stop_running(self) -> None:
        """Gives up the file that is being worked on; it waits again."""
        row = self.running_row
        self.worker.stop()
        if row is not None:
            self.queue.entries[row] = replace(self.queue.entries[row], state=WAITING, share=0.0)
        self._set_working(working=False)
        self.touch()

    def remove(self, rows: Sequence[int]) -> None:
        """Removes entries, the one that is being worked on, too."""
        row = self.running_row
        was_working = self._working
        if row in rows:
            self.stop_running()
        self.queue.remove(rows)
        self.touch()
        if was_working:
            self.start()

    def touch(self) -> None:
        """Tells that the queue has changed, and keeps it soon."""
        self.changed.emit()
        self._save_soon.start()
        if self._working:
            self._next()

    def close(self) -> None:
        """Ends the process and keeps the queue, because the window closes."""
        self._working = False
        self.worker.stop()
        if self._save_soon.isActive():
            self._save_soon.stop()
            keep_queue(self._kept(), None, None)

    def _set_working(self, *, working: bool) -> None:
        if working != self._working:
            self._working = working
            self.working_changed.emit(working)

    def _next(self) -> None:
        if self.worker.busy or not self._working:
            return
        row = self.queue.next_row()
        if row is None:
            self.worker.rest()
            self._set_working(working=False)
            self.all_done.emit()
            return
        job = self.queue.job(row)
        self.queue.entries[row] = replace(
            self.queue.entries[row], state=RUNNING, share=0.0, output=job.output, result=None
        )
        self.worker.start(job)
        self.changed.emit()

    def _progress(self, share: float) -> None:
        row = self.running_row
        if row is not None:
            self.queue.entries[row] = replace(self.queue.entries[row], share=share)
            self.progressed.emit(row)

    def _finish(self, values: dict[str, Any]) -> None:
        self._settle(JobResult.from_dict(values))

    def _die(self, said: str) -> None:
        row = self.running_row
        if row is None:
            return
        entry = self.queue.entries[row]
        self._settle(
            JobResult(
                entry.source,
                entry.output or entry.source,
                FAILED,
                self.tr("The process that worked on it ended unexpectedly. {said}").format(
                    said=said
                ),
                self.tr("It may have run out of memory. Close other programs and retry."),
            )
        )

    def _settle(self, result: JobResult) -> None:
        row = self.running_row
        if row is not None:
            state = DONE if result.state == DONE else FAILED
            entry = self.queue.entries[row]
            output = entry.output if state == DONE else None
            self.queue.entries[row] = replace(
                entry, state=state, share=1.0, result=result, output=output
            )
        if not self._working:
            self.worker.rest()
        self.touch()

    def _kept(self) -> tuple[Path, Queue]:
        return self._path, Queue(list[Entry](self.queue.entries), self.queue.folder)

    def _save(self) -> None:
        self._runner.start(
            Lane.SAVE,
            keep_queue,
            self._kept(),
            words=self.tr("Keeping the batch"),
            on_done=lambda _done: None,
            on_failed=lambda error: log.warning("the batch can't be kept: %s", error),
            quiet=True,
        )


def keep_queue(
    request: tuple[Path, Queue], _cancel: CancelToken | None, _progress: Progress | None
) -> None:
    """Writes the queue to disk; a job function."""
    write_queue(*request)
