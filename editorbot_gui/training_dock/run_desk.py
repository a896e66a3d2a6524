"""Starts, follows, pauses and finishes the training, which is a process of its own."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from editorbot_gui.jobs import Lane
from editorbot_gui.training_dock import runs
from editorbot_gui.training_dock.places import library_folder, runs_folder, speed_path
from editorbot_gui.training_dock.process import Command, let_go, run_command, why_ended
from editorbot_gui.training_dock.speed import Speed, write_speed
from model_core.errors import EditorBotError

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from editorbot_gui.jobs import JobRunner
    from editorbot_gui.training_dock.process import Event
    from model_core.progress import CancelToken, Progress

POLL_MS = 400


class TrainingCrashError(EditorBotError):
    """The process that trains ended without a word."""


def measure(library: Path, cancel: CancelToken, progress: Progress) -> Speed | None:
    """Measures how fast training is here, and remembers it; a job function.

    Raises:
        TrainingCommandError: It can't be measured; the sentence says why.
        CancelledError: The person has changed their mind.
    """
    command = Command("training.timing", ("--library", str(library)))
    for event in run_command(command, cancel, progress):
        if event.get("event") == "timing":
            speed = Speed(float(event["seconds_per_update"]), float(event["seconds_per_minute"]))
            write_speed(speed_path(), speed)
            return speed
    return None


class RunDesk(QObject):
    """The training that was begun last, whether this window began it or an earlier one.

    Args:
        runner: Runs the jobs that read and write its files.
        parent: The owner.
    """

    changed = Signal()
    """It stands elsewhere, or another one is meant."""
    begun = Signal()
    """Another training is meant; what was told of the one before doesn't count any more."""
    happened = Signal(object)
    """What a training has told: a tuple of dicts, as `training/personal_run.py` writes them."""
    ended = Signal(object)
    """A training that was followed has ended; carries the `RunStatus`."""
    failed = Signal(object)
    """An exception is to be told."""
    measured = Signal()
    """The time of an update is known, or is being measured, or isn't any more."""

    def __init__(self, runner: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._runner = runner
        self.folder: Path | None = None
        self.request: dict[str, Any] = {}
        self.status = runs.RunStatus()
        self.speed: Speed | None = None
        self.is_measuring = False
        self.has_looked = False
        self.reason = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._alive = False
        self._launching = False
        self._looking = False
        self._offset = 0
        self._at = (0, 0.0)
        self.events: list[Event] = []
        self._wanted = runs.RUN
        self._poll = QTimer(self)
        self._poll.setInterval(POLL_MS)
        self._poll.timeout.connect(self._look)

    @property
    def running(self) -> bool:
        """Whether a process is training, or is being started."""
        return self._alive or self._launching

    @property
    def wanted(self) -> str:
        """What the process was told to do."""
        return self._wanted

    @property
    def can_resume(self) -> bool:
        """Whether there is a training that can go on from where it stood."""
        return self.folder is not None and not self.running and self.status.can_resume

    @property
    def crashed(self) -> bool:
        """Whether the process ended without a word."""
        return self.can_resume and self.status.state in runs.WORKING

    # What a person asks for -----------------------------------------------------------------------

    def find(self) -> None:
        """Begins to look for a training that goes on, or was left unfinished."""
        if self.running:
            return
        self._runner.start(
            Lane.SAVE,
            runs.find_run,
            runs.FindRequest(runs_folder(), speed_path()),
            words=self.tr("Looking for a training"),
            on_done=self._take_found,
            quiet=True,
        )

    def start(self, request: dict[str, Any]) -> None:
        """Begins a training; nothing happens while one is running.

        Args:
            request: As `training/personal_run.py` reads it.
        """
        self._launch(runs.LaunchRequest(runs_folder(), request))

    def resume(self) -> None:
        """Goes on from where a paused or ended training stood."""
        if self.can_resume:
            self._launch(runs.LaunchRequest(runs_folder(), {}, self.folder))

    def pause(self) -> None:
        """Has the process save everything and end; the training can go on at any time."""
        self._want(runs.PAUSE)

    def finish(self) -> None:
        """Has the training end with the best state until now, also one that is paused."""
        if self.running:
            self._want(runs.STOP)
        elif self.can_resume:
            self._launch(runs.LaunchRequest(runs_folder(), {}, self.folder, runs.STOP))

    def give_up(self) -> None:
        """Gives a training up that doesn't run: it can't go on any more."""
        if self.running or self.folder is None:
            return
        self._runner.start(
            Lane.SAVE,
            runs.give_up,
            self.folder,
            words=self.tr("Giving the training up"),
            on_done=lambda _nothing: self._forget(),
            on_failed=self.failed.emit,
            quiet=True,
        )

    def measure(self) -> None:
        """Begins to measure how long an update takes here."""
        if self.is_measuring or self.running:
            return
        self._set_measuring(True)

        def take(speed: Speed | None) -> None:
            self.speed = speed or self.speed
            self._set_measuring(False)

        def fail(error: Exception) -> None:
            self._set_measuring(False)
            self.failed.emit(error)

        self._runner.start(
            Lane.LIBRARY,
            measure,
            library_folder(),
            words=self.tr("Measuring how fast training is here…"),
            on_done=take,
            on_failed=fail,
            on_cancelled=lambda: self._set_measuring(False),
        )

    def pause_at_close(self) -> None:
        """Tells the process to save and end, while the window closes.

        Raises:
            FileWriteError: It can't be told.
        """
        if self.folder is not None and self._alive:
            runs.want(self.folder, runs.PAUSE)

    def close(self) -> None:
        """Follows no more, because the window closes; a training goes on."""
        self._poll.stop()
        if self._process is not None:
            let_go(self._process)

    # ----------------------------------------------------------------------------------------------

    def _take_found(self, found: runs.Found) -> None:
        self.has_looked = True
        self.speed = found.speed or self.speed
        if not self.running:
            if found.folder != self.folder or found.is_alive:
                self._adopt(found.folder, found.request, alive=found.is_alive)
            self.status = found.status
            self.changed.emit()
            if found.folder is not None:
                self._look()
        self.measured.emit()

    def _adopt(self, folder: Path | None, request: dict[str, Any], *, alive: bool) -> None:
        self.folder, self.request = folder, request
        self._offset = 0
        self._at = (0, 0.0)
        self.events = []
        self._alive = alive
        self._wanted = runs.RUN
        self.reason = ""
        self.begun.emit()
        if alive:
            self._poll.start()

    def _launch(self, request: runs.LaunchRequest) -> None:
        if self.running:
            return
        before = self.status
        self._launching, self._wanted = True, request.want
        self.status = replace(before, state="starting")

        def fail(error: Exception) -> None:
            self._launching, self.status = False, before
            self.failed.emit(error)
            self.changed.emit()

        self._runner.start(
            Lane.SAVE,
            runs.launch,
            request,
            words=self.tr("Starting the training"),
            on_done=partial(self._take_launched, request.want),
            on_failed=fail,
            on_cancelled=lambda: fail(EditorBotError(self.tr("Starting was cancelled."))),
            quiet=True,
        )
        self.changed.emit()

    def _take_launched(self, told: str, launched: runs.Launched) -> None:
        wanted, self._launching = self._wanted, False
        self._process = launched.process
        if launched.folder != self.folder:
            self._adopt(launched.folder, launched.request, alive=True)
            self.status = runs.RunStatus("starting", updates=_updates_of(launched.request))
        self._alive, self._wanted, self.reason = True, told, ""
        self._poll.start()
        if wanted != told:
            self._want(wanted)
        self.changed.emit()

    def _want(self, word: str) -> None:
        if self._launching:
            self._wanted = word  # told once there is a process
            self.changed.emit()
        if not self._alive or self.folder is None:
            return
        self._wanted = word
        self._runner.start(
            Lane.SAVE,
            runs.tell,
            (self.folder, word),
            words=self.tr("Telling the training"),
            on_done=lambda _nothing: None,
            on_failed=self.failed.emit,
            quiet=True,
        )
        self.changed.emit()

    def _look(self) -> None:
        """Reads what the process has written, and whether it is there."""
        if self.folder is None or self._looking or self._launching:
            return
        self._looking = True
        folder = self.folder

        def take(looked: runs.Looked) -> None:
            self._looking = False
            if folder == self.folder and not self._launching:
                self._take_looked(looked)

        def fail(_error: Exception) -> None:
            self._looking = False

        self._runner.start(
            Lane.SAVE,
            runs.look,
            runs.LookRequest(folder, self._offset, self._process, self._alive, speed_path()),
            words=self.tr("Looking at the training"),
            on_done=take,
            on_failed=fail,
            quiet=True,
        )

    def _take_looked(self, looked: runs.Looked) -> None:
        self._offset = looked.offset
        before, was_alive = self.status, self._alive
        self.status = self._up_to_date(looked)
        if looked.events:
            self.events += looked.events
            self.happened.emit(looked.events)
        if looked.is_alive:
            if self.status != before:
                self.changed.emit()
            return
        self._process = None
        if looked.code == runs.BUSY:
            return  # another window's process works on it; the lock will tell
        self._alive = False
        self._poll.stop()
        self.speed = looked.speed or self.speed
        if self.crashed:
            self.reason = why_ended(looked.code, looked.said)
        self.changed.emit()
        if looked.speed is not None:
            self.measured.emit()
        if was_alive:
            self.ended.emit(self.status)
            if self.crashed:
                sentence = self.tr("The training ended unexpectedly. {reason}")
                self.failed.emit(
                    TrainingCrashError(
                        sentence.format(reason=self.reason),
                        self.tr("What was saved is not lost: go on with it in the training dock."),
                    )
                )

    def _up_to_date(self, looked: runs.Looked) -> runs.RunStatus:
        """Returns where it stands; the status is written more seldom than events are."""
        for event in looked.events:
            step = event.get("step")
            if isinstance(step, int):
                seconds = event.get("seconds", self._at[1])
                self._at = (step, float(seconds))
        status = looked.status
        if status.state != "running" or self._at[0] <= status.step:
            return status
        return replace(status, step=self._at[0], seconds=self._at[1])

    def _forget(self) -> None:
        self.folder, self.request, self.status, self.events = None, {}, runs.RunStatus(), []
        self.begun.emit()
        self.changed.emit()

    def _set_measuring(self, measuring: bool) -> None:
        self.is_measuring = measuring
        self.measured.emit()


def _updates_of(request: dict[str, Any]) -> int:
    updates = request.get("updates")
    return updates if isinstance(updates, int) else 0
