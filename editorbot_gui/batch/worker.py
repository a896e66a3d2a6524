"""The process that edits the files of the queue, one at a time and at low priority."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from model_core.batch.running import FRESH_AFTER_S, ROOT, worker_command, worker_environment

if TYPE_CHECKING:
    from model_core.batch.job import BatchJob

_PATIENCE_MS = 3000


class Worker(QObject):
    """Starts the process with the first file and keeps it for the next, with its network.

    Args:
        parent: The owner.
    """

    progressed = Signal(float)
    """The finished share of the file."""
    finished = Signal(object)
    """The file is done or has failed; carries the fields of a `JobResult`."""
    died = Signal(str)
    """The process has ended without an answer; carries the last line that it said."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._rest = b""
        self._busy = False
        self._audio_s = 0.0

    @property
    def busy(self) -> bool:
        """Whether it works on a file."""
        return self._busy

    def start(self, job: BatchJob) -> None:
        """Gives it a file; it must not be busy."""
        if self._audio_s >= FRESH_AFTER_S:
            self.stop()
        if self._process is None:
            self._launch()
        if self._process is not None:
            self._busy = True
            self._process.write(json.dumps(job.to_dict()).encode() + b"\n")

    def stop(self) -> None:
        """Ends the process at once. Nothing half-written is left under a result's name."""
        process, self._process = self._process, None
        self._busy = False
        if process is not None:
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(_PATIENCE_MS)
            process.deleteLater()

    def rest(self) -> None:
        """Lets an idle process go, and the memory of its network with it."""
        if not self._busy:
            self.stop()

    def _launch(self) -> None:
        program, *arguments = worker_command()
        process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        for name, value in worker_environment(1).items():
            environment.insert(name, value)
        process.setProcessEnvironment(environment)
        process.setWorkingDirectory(str(ROOT))
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._end)
        process.errorOccurred.connect(self._fail)
        self._rest = b""
        self._audio_s = 0.0
        self._process = process
        process.start(program, [*arguments, "--background"])

    def _read(self) -> None:
        if self._process is None:
            return
        data = self._rest + bytes(self._process.readAllStandardOutput().data())
        *lines, self._rest = data.split(b"\n")
        for line in lines:
            try:
                event: dict[str, Any] = json.loads(line)
            except ValueError:
                continue
            kind = event.pop("event", "")
            if kind == "progress" and self._busy:
                self.progressed.emit(float(event["share"]))
            elif kind == "result" and self._busy:
                self._busy = False
                self._audio_s += float(event["raw_s"])
                self.finished.emit(event)

    def _end(self) -> None:
        self._read()
        process, self._process = self._process, None
        if process is None:
            return
        said = bytes(process.readAllStandardError().data()).decode("utf-8", "replace").strip()
        process.deleteLater()
        if self._busy:
            self._busy = False
            self.died.emit(said.splitlines()[-1] if said else "")

    def _fail(self, error: QProcess.ProcessError) -> None:
        # Of a crash `finished` tells; a process that was never there ends without it.
        if error is QProcess.ProcessError.FailedToStart:
            self._end()
