"""Writing the edit as a sound file, away from the GUI thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, Signal

from editorbot_gui.jobs import Job, JobRunner, Lane

if TYPE_CHECKING:
    from model_core.audio.source import AudioSource
    from model_core.edit.markers import Markers
    from model_core.edit.mix import Mix
    from model_core.export.pieces import Piece, SoundOptions
    from model_core.export.sound import ExportedSound
    from model_core.progress import CancelToken, Progress


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What is written.

    Attributes:
        source: The recording.
        pieces: The files, and what each of them holds.
        options: How they are written.
        markers: Named places of the recording; they become chapter marks.
        mix: How loud each microphone of a recording with several is in their mix.
    """

    source: AudioSource
    pieces: tuple[Piece, ...]
    options: SoundOptions
    markers: Markers = ()
    mix: Mix = ()

    @property
    def name(self) -> str:
        """Of the first file."""
        return self.pieces[0].path.name if self.pieces else ""


def export_edit(
    request: ExportRequest, cancel: CancelToken, progress: Progress
) -> tuple[ExportedSound, ...]:
    """Writes the files; a job function.

    Raises:
        FileWriteError: If one can't be written.
        CancelledError: If the person has changed their mind; nothing half-written is left then.
    """
    from model_core.export.pieces import export_pieces

    return export_pieces(
        (request.source,),
        request.pieces,
        request.options,
        progress,
        cancel,
        request.markers,
        request.mix,
    )


def exported_text(sounds: tuple[ExportedSound, ...]) -> str:
    """Returns what a person should know about what was written."""
    if len(sounds) == 1:
        words = _tr("Exported to {path}.").format(path=sounds[0].path)
    else:
        words = _tr("Exported {n} files to {folder}.").format(
            n=len(sounds), folder=sounds[0].path.parent
        )
    notes = dict.fromkeys(note for sound in sounds for note in sound.notes)
    return " ".join((words, *notes))


class Exporter(QObject):
    """Writes edits, one at a time.

    Args:
        runner: Runs the job.
        parent: The owner.
    """

    exported = Signal(object)
    """Files were written; carries a tuple of `ExportedSound`."""
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
            words=self.tr("Exporting {name}…").format(name=request.name),
            on_done=self._take,
            on_failed=self._fail,
            on_cancelled=self._cancel,
        )
        self.running_changed.emit(True)

    def _take(self, exported: tuple[ExportedSound, ...]) -> None:
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


def _tr(text: str) -> str:
    return QCoreApplication.translate("Exporter", text)
