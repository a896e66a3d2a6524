"""Work in the background: a worker each for the model, for opening, for saving and for exports.

A job is a plain function `(request, cancel token, progress) -> result` that never touches a
widget. Its callbacks run in the GUI thread, unless the job was cancelled: then only the
cancellation is told, whatever the function still returns.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any, TypeAlias, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from model_core.errors import CancelledError
from model_core.progress import CancelToken, Progress

log = logging.getLogger(__name__)

POLL_INTERVAL_MS = 50
"""Progress reaches the window at most this often: 20 times a second."""
CANCEL_PATIENCE_S = 0.4
"""A cancelled job that has not answered by then is let go; what it returns later is dropped."""
CLOSE_PATIENCE_S = 30.0
"""How long closing waits for the workers; loading libraries can't be interrupted."""

RequestT = TypeVar("RequestT")
ResultT = TypeVar("ResultT")
Work: TypeAlias = Callable[[RequestT, CancelToken, Progress], ResultT]


class Lane(StrEnum):
    """Jobs of one lane run one after the other."""

    MODEL = "model"
    IO = "io"
    SAVE = "save"
    EXPORT = "export"
    LISTEN = "listen"
    LIBRARY = "library"


class JobState(Enum):
    """Where a job stands, seen from the window."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(eq=False, slots=True)
class Job:
    """One piece of background work, as the window sees it.

    Attributes:
        id: Unique within the runner.
        lane: Where it runs.
        words: What it does, for the person ("Opening talk.wav").
        base_revision: The document's revision when the job was started.
        quiet: Whether the program started it on its own: the person isn't told.
        state: Where it stands.
        share: The finished share, 0 to 1, or None before the first report.
        phrase: What it is doing right now; empty if it didn't say.
        token: Set when the job is cancelled.
    """

    id: int
    lane: Lane
    words: str
    base_revision: int
    quiet: bool = False
    state: JobState = JobState.WAITING
    share: float | None = None
    phrase: str = ""
    token: CancelToken = field(default_factory=CancelToken)

    @property
    def ended(self) -> bool:
        """Whether the job is over for the window."""
        return self.state not in (JobState.WAITING, JobState.RUNNING)

    @property
    def cancelling(self) -> bool:
        """Whether the job was asked to stop and has not answered yet."""
        return self.token.cancelled and not self.ended


@dataclass(slots=True)
class _Entry:
    """A job with all that the runner keeps about it."""

    job: Job
    on_done: Callable[[Any], None]
    on_failed: Callable[[Exception], None] | None
    on_cancelled: Callable[[], None] | None
    on_progress: Callable[[], None] | None
    started: bool = False
    latest: tuple[float, str] | None = None
    cancel_deadline: float | None = None


class _Worker(threading.Thread):
    """Runs the tasks of one lane until it is given None."""

    def __init__(self, name: str) -> None:
        super().__init__(name=f"editorbot-{name}", daemon=True)
        self.tasks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()

    def run(self) -> None:
        while (task := self.tasks.get()) is not None:
            task()
            del task  # a large result must not stay alive until the next job


class JobRunner(QObject):
    """Starts jobs, cancels them and brings their results to the GUI thread.

    Args:
        parent: The owner.
    """

    job_started = Signal(object)
    """A `Job` was asked for; it may still wait for its lane."""
    job_progressed = Signal(object)
    """The share or phrase of a `Job` has changed; at most 20 times a second each."""
    job_ended = Signal(object)
    """A `Job` is done, has failed, or was cancelled."""
    idled = Signal()
    """No worker is doing anything any more."""

    _returned = Signal(int, object)
    _began = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workers: dict[Lane, _Worker] = {}
        self._entries: dict[int, _Entry] = {}
        self._next_id = 1
        self._closed = False
        self._poll = QTimer(self)
        self._poll.setInterval(POLL_INTERVAL_MS)
        self._poll.timeout.connect(self._look_at_jobs)
        self._returned.connect(self._receive)
        self._began.connect(self._note_begin)

    def start(  # a job has that many sides, all but the first three named by the caller
        self,
        lane: Lane,
        work: Work[RequestT, ResultT],
        request: RequestT,
        *,
        words: str,
        on_done: Callable[[ResultT], None],
        on_failed: Callable[[Exception], None] | None = None,
        on_cancelled: Callable[[], None] | None = None,
        on_progress: Callable[[], None] | None = None,
        base_revision: int = 0,
        quiet: bool = False,
    ) -> Job:
        """Queues a job.

        Args:
            lane: Where it runs.
            work: The function; called in the lane's worker.
            request: Its first argument; must not change afterwards.
            words: What it does, for the person.
            on_done: Called with the result.
            on_failed: Called with the exception; left out, it is logged.
            on_cancelled: Called when the job was cancelled.
            on_progress: Called at most 20 times a second while the job reports progress.
            base_revision: The document's revision; handed on in the `Job`.
            quiet: Whether the program starts it on its own; handed on in the `Job`.

        Returns:
            The job, to show and to cancel.
        """
        if self._closed:
            raise RuntimeError("The job runner is closed.")
        job = Job(self._next_id, lane, words, base_revision, quiet)
        self._next_id += 1
        entry = _Entry(job, on_done, on_failed, on_cancelled, on_progress)
        self._entries[job.id] = entry

        def report(share: float, phrase: str) -> None:
            entry.latest = (share, phrase)

        def task() -> None:
            self._began.emit(job.id)
            outcome: object
            try:
                job.token.raise_if_cancelled()
                outcome = (work(request, job.token, report),)
            except Exception as error:  # noqa: BLE001 - told to the caller in the GUI thread
                outcome = error
            self._returned.emit(job.id, outcome)

        if lane not in self._workers:
            self._workers[lane] = _Worker(lane)
            self._workers[lane].start()
        self._workers[lane].tasks.put(task)
        self._poll.start()
        self.job_started.emit(job)
        return job

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs that have not ended, oldest first."""
        return tuple(entry.job for entry in self._entries.values() if not entry.job.ended)

    def cancel(self, job: Job) -> None:
        """Asks a job to stop; `job_ended` follows within half a second."""
        entry = self._entries.get(job.id)
        if entry is None or job.ended or job.token.cancelled:
            return
        job.token.cancel()
        if entry.started:
            entry.cancel_deadline = time.monotonic() + CANCEL_PATIENCE_S
            self.job_progressed.emit(job)
        else:
            self._end(entry, JobState.CANCELLED)

    def cancel_all(self) -> None:
        """Asks every job to stop."""
        for job in self.jobs:
            self.cancel(job)

    def close(self, patience_s: float = CLOSE_PATIENCE_S) -> bool:
        """Cancels every job and waits for the workers; no callback is called any more.

        Args:
            patience_s: How long to wait for each worker.

        Returns:
            Whether all workers have ended.
        """
        self._closed = True
        self._poll.stop()
        for entry in self._entries.values():
            entry.job.token.cancel()
        self._entries.clear()
        for worker in self._workers.values():
            worker.tasks.put(None)
        for worker in self._workers.values():
            worker.join(patience_s)
            if worker.is_alive():
                log.warning("%s did not end within %.0f s", worker.name, patience_s)
        return not any(worker.is_alive() for worker in self._workers.values())

    def _note_begin(self, job_id: int) -> None:
        entry = self._entries.get(job_id)
        if entry is None:
            return
        entry.started = True
        if not entry.job.ended:
            entry.job.state = JobState.RUNNING
            self.job_progressed.emit(entry.job)

    def _receive(self, job_id: int, outcome: object) -> None:
        """Takes what a worker returned: a 1-tuple with the result, or an exception."""
        entry = self._entries.pop(job_id, None)
        if entry is None:  # the runner was closed in the meantime
            return
        if not entry.job.ended:
            if entry.job.token.cancelled or isinstance(outcome, CancelledError):
                self._end(entry, JobState.CANCELLED)
            elif isinstance(outcome, Exception):
                self._end(entry, JobState.FAILED, outcome)
            elif isinstance(outcome, tuple):
                self._show_progress(entry)
                self._end(entry, JobState.DONE, outcome[0])
        if not self._entries:
            self._poll.stop()
            self.idled.emit()

    def _end(self, entry: _Entry, state: JobState, outcome: object = None) -> None:
        entry.job.state = state
        self.job_ended.emit(entry.job)
        if state is JobState.DONE:
            entry.on_done(outcome)
        elif state is JobState.CANCELLED:
            if entry.on_cancelled is not None:
                entry.on_cancelled()
        elif isinstance(outcome, Exception):
            if entry.on_failed is not None:
                entry.on_failed(outcome)
            else:
                log.error("%s failed", entry.job.words, exc_info=outcome)

    def _look_at_jobs(self) -> None:
        for entry in tuple(self._entries.values()):
            if entry.job.ended:
                continue
            if entry.cancel_deadline is not None and time.monotonic() >= entry.cancel_deadline:
                log.info("%s is slow to cancel; its result will be dropped", entry.job.words)
                self._end(entry, JobState.CANCELLED)
            else:
                self._show_progress(entry)

    def _show_progress(self, entry: _Entry) -> None:
        latest, entry.latest = entry.latest, None
        if latest is None or entry.job.token.cancelled:
            return
        entry.job.share, entry.job.phrase = min(1.0, max(0.0, latest[0])), latest[1]
        self.job_progressed.emit(entry.job)
        if entry.on_progress is not None:
            entry.on_progress()
