"""Starts, watches, pauses and stops the training, which is a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from editorbot_gui.jobs import Lane
from editorbot_gui.training_dock import runs
from editorbot_gui.training_dock.line_command import LineCommand
from editorbot_gui.training_dock.places import (
    ROOT,
    Speed,
    command,
    made,
    read_speed,
    write_speed,
)
from model_core.errors import EditorBotError

if TYPE_CHECKING:
    from pathlib import Path

    from editorbot_gui.jobs import JobRunner
    from editorbot_gui.training_dock.places import Places
    from model_core.progress import CancelToken, Progress

POLL_MS = 250
_LOOKS_FOR_LIFE = 4  # every so many polls: asking for the lock is a file operation
CRASHED = "crashed"


class TrainingCrashError(EditorBotError):
    """The process that trains ended without a word."""


def sweep_runs(request: tuple[Places, Path], _cancel: CancelToken, _progress: Progress) -> None:
    """Removes the folders of earlier trainings; a job function."""
    places, keep = request
    runs.sweep(places, keep)


class RunDesk(QObject):
    """The training that was begun last, whether this program started it or an earlier one.

    Args:
        places: Where its folder lies.
        runner: Tidies up.
        parent: The owner.
    """

    changed = Signal()
    """It stands elsewhere, or another one is meant."""
    begun = Signal()
    """Another training is meant; what was told of the one before doesn't count any more."""
    happened = Signal(object)
    """What a training has told: one dict, as `training/personal_run.py` writes it."""
    ended = Signal(object)
    """A training that was watched has ended; carries the `RunStatus`."""
    failed = Signal(object)
    """An exception is to be told."""
    measured = Signal()
    """The time of an update is known, or another one."""

    def __init__(self, places: Places, runner: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._places = places
        self._runner = runner
        self.folder: Path | None = None
        self.status = runs.RunStatus()
        self.request: dict[str, Any] = {}
        self._tail: runs.EventTail | None = None
        self._polls = 0
        self._alive = False
        self._wanted = "run"
        self.speed: Speed | None = None
        self.measuring = LineCommand(self)
        self._poll = QTimer(self)
        self._poll.setInterval(POLL_MS)
        self._poll.timeout.connect(self._look)

    @property
    def running(self) -> bool:
        """Whether a process is training."""
        return self._alive

    @property
    def wanted(self) -> str:
        """What the process was told to do: "run", "pause" or "stop"."""
        return self._wanted

    @property
    def can_resume(self) -> bool:
        """Whether there is a training that can go on from where it stood."""
        return self.folder is not None and not self._alive and self.status.can_resume

    @property
    def crashed(self) -> bool:
        """Whether the process ended without a word."""
        return not self._alive and self.status.state in runs.WORKING

    def find(self) -> None:
        """Takes up the training that was begun last, also by an earlier start of the program."""
        self.speed = read_speed(self._places)
        folder = runs.latest_run(self._places)
        if folder is not None and folder != self.folder:
            self._adopt(folder)
        self.measured.emit()

    def start(self, request: dict[str, Any]) -> None:
        """Begins a training; nothing happens while one is running.

        Args:
            request: As `training/personal_run.py` reads it.
        """
        if self._alive:
            return
        try:
            made(self._places.models)
            folder = runs.new_run(self._places, request)
        except EditorBotError as error:
            self.failed.emit(error)
            return
        self._adopt(folder)
        self._launch()
        self._runner.start(
            Lane.SAVE,
            sweep_runs,
            (self._places, folder),
            words=self.tr("Tidying up"),
            on_done=lambda _nothing: None,
            quiet=True,
        )

    def resume(self) -> None:
        """Goes on from where a paused or ended training stood."""
        if self.can_resume:
            self._launch()

    def pause(self) -> None:
        """Has the process save everything and end; the training can go on at any time."""
        self._want("pause")

    def stop(self) -> None:
        """Has the process end with the best state until then."""
        self._want("stop")

    def forget(self) -> None:
        """Gives a training up that doesn't run: it can't go on any more."""
        if self._alive or self.folder is None:
            return
        try:
            runs.set_state(self.folder, "given up")
        except EditorBotError as error:
            self.failed.emit(error)
        self._refresh()

    def measure(self) -> None:
        """Begins to measure how long an update takes here."""
        if self.measuring.running or self._alive:
            return
        figures: dict[str, object] = {}

        def end(status: int, said: str) -> None:
            update, minute = figures.get("seconds_per_update"), figures.get("seconds_per_minute")
            if status == 0 and isinstance(update, float) and isinstance(minute, float):
                self._take_speed(Speed(update, minute, from_run=False))
            elif status > 0:
                self.failed.emit(TrainingCrashError(said.splitlines()[-1] if said else said))
            self.measured.emit()

        self.measuring.start(
            "training.timing",
            ("--library", str(self._places.library)),
            self.tr("Measuring how fast training is here…"),
            on_event=figures.update,
            on_end=end,
        )
        self.measured.emit()

    def close(self) -> None:
        """Watches no more, because the window closes; the training goes on."""
        self._poll.stop()
        self.measuring.close()

    # ----------------------------------------------------------------------------------------------

    def _adopt(self, folder: Path) -> None:
        self.folder = folder
        self.request = runs.read_request(folder)
        self._tail = runs.EventTail(folder)
        self._alive = runs.is_worked_on(folder)
        self._wanted = "run"
        self.status = runs.read_status(folder)
        self.begun.emit()
        self._tell_events()
        if self._alive:
            self._poll.start()
        self.changed.emit()

    def _launch(self) -> None:
        folder = self.folder
        if folder is None:
            return
        program, *arguments = command("training.personal_run", str(folder))
        process = QProcess()
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONIOENCODING", "utf-8")
        process.setProcessEnvironment(environment)
        process.setProgram(program)
        process.setArguments(arguments)
        process.setWorkingDirectory(str(ROOT))
        process.setStandardInputFile(QProcess.nullDevice())
        log = str(folder / runs.LOG)
        process.setStandardOutputFile(log, QProcess.OpenModeFlag.Append)
        process.setStandardErrorFile(log, QProcess.OpenModeFlag.Append)
        try:
            runs.want(folder, "run")
            # Detached: it outlives the window, and its crash costs the window nothing.
            started, pid = process.startDetached()
            if not started:
                raise TrainingCrashError(self.tr("The training can't be started."))
            runs.set_state(folder, "starting", pid)
        except EditorBotError as error:
            self.failed.emit(error)
            return
        self._wanted = "run"
        self._alive = True
        self._polls = 0
        self.status = runs.read_status(folder)
        self._poll.start()
        self.changed.emit()

    def _want(self, word: str) -> None:
        if not self._alive or self.folder is None:
            return
        try:
            runs.want(self.folder, word)
        except EditorBotError as error:
            self.failed.emit(error)
            return
        self._wanted = word
        self.changed.emit()

    def _look(self) -> None:
        """Reads what the process has written, and now and then whether it is there."""
        if self.folder is None:
            return
        self._polls += 1
        told = self._tell_events()
        if self._polls % _LOOKS_FOR_LIFE == 0 or told:
            self._refresh()

    def _refresh(self) -> None:
        folder = self.folder
        if folder is None:
            return
        alive = runs.is_worked_on(folder)
        if not alive:
            self._tell_events()  # what it wrote last
        self.status = runs.read_status(folder)
        was_alive, self._alive = self._alive, alive
        if not alive:
            self._poll.stop()
        if was_alive and not alive:
            self._note_end()
        self.changed.emit()

    def _note_end(self) -> None:
        status = self.status
        if status.state in {"done", "nothing", "paused"}:
            self._learn_speed()
        self.ended.emit(status)

    def _tell_events(self) -> bool:
        events = self._tail.read() if self._tail is not None else []
        for event in events:
            self.happened.emit(event)
        return bool(events)

    def _learn_speed(self) -> None:
        """Remembers how long the updates of this training took."""
        seconds = runs.read_seconds(self.folder) if self.folder is not None else 0.0
        if self.status.step >= _FEWEST_UPDATES and seconds > 0:
            before = self.speed
            minute = before.seconds_per_minute if before is not None else _USUAL_MINUTE_S
            self._take_speed(Speed(seconds / self.status.step, minute, from_run=True))
            self.measured.emit()

    def _take_speed(self, speed: Speed) -> None:
        self.speed = speed
        write_speed(self._places, speed)


_FEWEST_UPDATES = 10
_USUAL_MINUTE_S = 0.3
