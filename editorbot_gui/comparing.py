"""Finding out how a finished edit was made of its recording, away from the GUI thread.

The edit that is found is brought to the document as one step, to be heard, changed and exported
like any other.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, Signal

from editorbot_gui.jobs import Job, JobRunner, Lane
from editorbot_gui.opening import Opened, OpenRequest, open_recording
from editorbot_gui.texts import shortened
from editorbot_gui.waveform.timecode import format_length
from model_core.edit.coverage import changes_of
from model_core.progress import part_of

if TYPE_CHECKING:
    from editorbot_gui.session import Session
    from model_core.align.types import Alignment
    from model_core.audio.source import AudioSource
    from model_core.edit.types import Change
    from model_core.progress import CancelToken, Progress

_RAW_OPEN = 0.05
_BOTH_OPEN = 0.1
_SAME_SPEED = 1e-5


@dataclass(frozen=True, slots=True)
class CompareRequest:
    """Which two belong together.

    Attributes:
        raw: The recording: the one that is open, or the file of another one.
        edited: The file of the finished edit.
    """

    raw: AudioSource | Path
    edited: Path


@dataclass(frozen=True, slots=True)
class Compared:
    """What came out.

    Attributes:
        source: The recording.
        opened: The same with its peaks still to be read, if it was opened for this; else None.
        edited: The file of the finished edit.
        edited_rate: Its sample rate in Hz, which the foreign ranges are counted in.
        alignment: How it is made of the recording.
        changes: The same as rows of the edits list.
    """

    source: AudioSource
    opened: Opened | None
    edited: Path
    edited_rate: int
    alignment: Alignment
    changes: tuple[Change, ...]


def compare(request: CompareRequest, cancel: CancelToken, progress: Progress) -> Compared:
    """Aligns a recording with a finished edit of it; a job function.

    Raises:
        AlignmentError: If the two don't belong together.
        AudioReadError: If one of them can't be read.
        CancelledError: If the person has changed their mind.
    """
    from model_core.align import align
    from model_core.audio.reading import open_audio

    with ExitStack() as unless_done:
        opened: Opened | None = None
        if isinstance(request.raw, Path):
            opened = open_recording(
                OpenRequest(request.raw), cancel, part_of(progress, 0.0, _RAW_OPEN)
            )
            source = opened.source
            unless_done.callback(source.close)
        else:
            source = request.raw
        opening = part_of(progress, _RAW_OPEN, _BOTH_OPEN)
        with open_audio(request.edited, progress=opening, cancel=cancel) as edited:
            found = align(
                source, edited, progress=part_of(progress, _BOTH_OPEN, 1.0), cancel=cancel
            )
            changes = changes_of(found.edit_list, source.n_samples)
            rate = edited.sample_rate
        cancel.raise_if_cancelled()
        unless_done.pop_all()
        return Compared(source, opened, request.edited, rate, found, changes)


def comparison_text(compared: Compared) -> str:
    """Returns what a person should know about an edit that was found."""
    report, foreign = compared.alignment.report, compared.alignment.foreign
    sentences = [
        _tr(
            "In “{name}”, {coverage} of the recording is heard, {joins}; it is {ratio} times as "
            "long{speed}."
        ).format(
            name=shortened(compared.edited.name),
            coverage=_share(report.coverage),
            joins=_tr("with 1 join") if report.joins == 1 else _tr("with %n joins", report.joins),
            ratio=f"{report.length_ratio:.2f}",
            speed=(
                _tr(" and runs at the same speed") if abs(report.speed - 1) <= _SAME_SPEED else ""
            ),
        )
    ]
    if foreign:
        length = format_length(sum(stop - start for start, stop in foreign), compared.edited_rate)
        words = (
            _tr("1 passage ({length}) is not from the recording and is a gap here.")
            if len(foreign) == 1
            else _tr(
                "%n passages ({length}) are not from the recording and are gaps here.", len(foreign)
            )
        )
        sentences.append(words.format(length=length))
    return " ".join((*sentences, *report.remarks))


class Comparison(QObject):
    """Aligns one pair at a time and brings the edit to the document.

    Args:
        session: The document.
        runner: Runs the job.
        parent: The owner.
    """

    recording_opened = Signal(object)
    """An `Opened` recording has to be shown, as the edit that follows is of it."""
    applied = Signal(object)
    """What was `Compared` is the document's edit now."""
    offered = Signal(object)
    """Something was `Compared`, but the document has changed meanwhile; `accept` takes it."""
    failed = Signal(object)
    """An exception ended it; nothing has changed."""
    cancelled = Signal()
    """The person has stopped it; nothing has changed."""
    running_changed = Signal(bool)
    """Whether a pair is being compared."""

    def __init__(self, session: Session, runner: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._runner = runner
        self._job: Job | None = None
        session.source_changed.connect(self._give_up)

    @property
    def running(self) -> bool:
        """Whether a pair is being compared."""
        return self._job is not None

    def start(self, request: CompareRequest) -> None:
        """Begins to compare; nothing happens while another pair is being compared."""
        if self._job is not None:
            return
        self._job = self._runner.start(
            Lane.MODEL,
            compare,
            request,
            words=self.tr("Comparing with {name}…").format(name=request.edited.name),
            on_done=self._take,
            on_failed=self._fail,
            on_cancelled=self._cancel,
            base_revision=self._session.revision,
        )
        self.running_changed.emit(True)

    def accept(self, compared: Compared) -> None:
        """Makes what was found the document's edit, as one undo step."""
        name = shortened(compared.edited.name)
        self._session.apply_edit(
            compared.alignment.edit_list,
            self.tr("Compare with {name}").format(name=name),
            changes=compared.changes,
            take=self._session.new_take(),
        )
        self.applied.emit(compared)

    def _take(self, compared: Compared) -> None:
        job = self._end()
        if compared.opened is not None:
            self.recording_opened.emit(compared.opened)
        elif job is not None and job.base_revision != self._session.revision:
            self.offered.emit(compared)
            return
        self.accept(compared)

    def _fail(self, error: Exception) -> None:
        self._end()
        self.failed.emit(error)

    def _cancel(self) -> None:
        self._end()
        self.cancelled.emit()

    def _end(self) -> Job | None:
        job, self._job = self._job, None
        self.running_changed.emit(False)
        return job

    def _give_up(self) -> None:
        """Another recording is open: what would be found is not of it."""
        if self._job is not None:
            self._runner.cancel(self._job)


def _share(share: float) -> str:
    return f"{share:.0%}".replace("%", "\N{NO-BREAK SPACE}%")


def _tr(text: str, n: int = -1) -> str:
    return QCoreApplication.translate("Comparing", text, None, n)
