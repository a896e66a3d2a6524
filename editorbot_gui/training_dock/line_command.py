"""A command of the package `training` as a process, which tells what it does in lines of JSON."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from editorbot_gui.training_dock.places import ROOT, command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PATIENCE_MS = 3000


class LineCommand(QObject):
    """One process after the other; those that are asked for meanwhile wait.

    Args:
        parent: The owner.
    """

    running_changed = Signal(bool)
    """Whether a process is at work."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._waiting: deque[_Asked] = deque()
        self._now: _Asked | None = None
        self._process: QProcess | None = None
        self._rest = b""
        self._closed = False

    @property
    def running(self) -> bool:
        """Whether a process is at work."""
        return self._now is not None

    @property
    def words(self) -> str:
        """What is being done; empty for nothing."""
        return self._now.words if self._now is not None else ""

    def start(
        self,
        module: str,
        arguments: Sequence[str],
        words: str,
        *,
        on_event: Callable[[dict[str, object]], None],
        on_end: Callable[[int, str], None],
    ) -> None:
        """Starts a command, or lets it wait for its turn.

        Args:
            module: Of the package `training`.
            arguments: What it is given.
            words: What is being done, for the person.
            on_event: Called with each object that the process writes.
            on_end: Called with its exit status and what it has said; -1 where it was stopped, has
                crashed or could not be started.
        """
        if self._closed:
            return
        self._waiting.append(_Asked(module, tuple(arguments), words, on_event, on_end))
        if self._now is None:
            self._next()

    def stop(self) -> None:
        """Ends what is being done and forgets what waits; all that is done stays."""
        self._waiting.clear()
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """Ends everything, because the window closes; nothing is called any more."""
        self._closed = True
        self._waiting.clear()
        self._now = None
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(_PATIENCE_MS)

    def _next(self) -> None:
        was_running = self._now is not None
        self._now = self._waiting.popleft() if self._waiting else None
        if self._now is None:
            if was_running:
                self.running_changed.emit(False)
            return
        program, *arguments = command(self._now.module, *self._now.arguments)
        process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONIOENCODING", "utf-8")
        environment.insert("PYTHONUNBUFFERED", "1")
        process.setProcessEnvironment(environment)
        process.setWorkingDirectory(str(ROOT))
        process.setStandardInputFile(QProcess.nullDevice())
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._finish)
        process.errorOccurred.connect(self._fail)
        self._rest = b""
        self._process = process
        process.start(program, arguments)
        self.running_changed.emit(True)

    def _read(self) -> None:
        process, asked = self._process, self._now
        if process is None or asked is None:
            return
        *lines, self._rest = (self._rest + bytes(process.readAllStandardOutput().data())).split(
            b"\n"
        )
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict):
                asked.on_event(event)

    def _finish(self, code: int, how: QProcess.ExitStatus) -> None:
        self._read()
        self._end(code if how is QProcess.ExitStatus.NormalExit else -1)

    def _fail(self, error: QProcess.ProcessError) -> None:
        # Of a crash `finished` tells; a process that was never there ends without it.
        if error is QProcess.ProcessError.FailedToStart:
            self._end(-1)

    def _end(self, status: int) -> None:
        process, asked = self._process, self._now
        if process is None or asked is None:
            return
        self._process = None
        said = bytes(process.readAllStandardError().data()).decode("utf-8", "replace").strip()
        process.deleteLater()
        asked.on_end(status, said)
        self._next()


class _Asked:
    """A command that is at work or waits."""

    __slots__ = ("arguments", "module", "on_end", "on_event", "words")

    def __init__(
        self,
        module: str,
        arguments: tuple[str, ...],
        words: str,
        on_event: Callable[[dict[str, object]], None],
        on_end: Callable[[int, str], None],
    ) -> None:
        self.module = module
        self.arguments = arguments
        self.words = words
        self.on_event = on_event
        self.on_end = on_end
