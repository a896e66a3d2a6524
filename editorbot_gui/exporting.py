"""Writing the edit as a sound file, away from the GUI thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from editorbot_gui.jobs import Job, JobRunner, Lane

if TYPE_CHECKING:
    from editorbot_gui.dialogs.export import ExportChoice
    from model_core.audio.source import AudioSource
    from model_core.edit.types import EditList
    from model_core.export.sound import ExportedSound
    from model_core.progress import CancelToken, Progress


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What is written.

    Attributes:
        source: The recording.
        edit_list: The edit.
        choice: Where and as what.
    """

    source: AudioSource
    edit_list: EditList
    choice: ExportChoice


def export_edit(request: ExportRequest, cancel: CancelToken, progress: Progress) -> ExportedSound:
    """Writes the edit; a job function.

    Raises:
        FileWriteError: If it can't be written.
        CancelledError: If the person has changed their mind; nothing is left behind then.
    """
    from model_core.audio.render import Renderer
    from model_core.export.sound import export_sound

    choice = request.choice
    return export_sound(
        Renderer((request.source,), request.edit_list),
        choice.path,
        fmt=choice.format,
        subtype=choice.subtype,
        sample_rate=choice.sample_rate,
        progress=progress,
        cancel=cancel,
    )


class Exporter(QObject):
    """Writes edits, one at a time.

    Args:
        runner: Runs the job.
        parent: The owner.
    """

    exported = Signal(object)
    """A file was written; carries the `ExportedSound`."""
    failed = Signal(object)
    """An exception ended it; nothing was written."""
    cancelled = Signal()
    """The person has stopped it; nothing was written."""
    running_changed = Signal(bool)
    """Whether an export is running."""

    def __init__(self, runner: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._runner = runner
        self._job: Job | None = None

    @property
    def running(self) -> bool:
        """Whether an export is running."""
        return self._job is not None

    def start(self, request: ExportRequest) -> None:
        """Begins to write; nothing happens while another export is running."""
        if self._job is not None:
            return
        self._job = self._runner.start(
            Lane.EXPORT,
            export_edit,
            request,
            words=self.tr("Exporting {name}…").format(name=request.choice.path.name),
            on_done=self._take,
            on_failed=self._fail,
            on_cancelled=self._cancel,
        )
        self.running_changed.emit(True)

    def _take(self, exported: ExportedSound) -> None:
        self._end()
        self.exported.emit(exported)

    def _fail(self, error: Exception) -> None:
        self._end()
        self.failed.emit(error)

    def _cancel(self) -> None:
        self._end()
        self.cancelled.emit()

    def _end(self) -> None:
        self._job = None
        self.running_changed.emit(False)
