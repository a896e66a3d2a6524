"""Reading the style of a finished edit, away from the GUI thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from editorbot_gui.jobs import Job, JobRunner, Lane
from editorbot_gui.texts import shortened
from model_core.progress import part_of
from model_core.targets import NO_TARGETS, Targets

if TYPE_CHECKING:
    from pathlib import Path

    from editorbot_gui.generation import EngineLoader
    from model_core.progress import CancelToken, Progress

_OPEN_SHARE = 0.1
_ALIGNED_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """Which pair to read from.

    Attributes:
        loader: Gives the network.
        raw: The recording.
        edited: Its finished edit.
    """

    loader: EngineLoader
    raw: Path
    edited: Path


@dataclass(frozen=True, slots=True)
class ReadStyle:
    """A style that was read from a finished edit.

    Attributes:
        name: What it may be called.
        values: Its place in the network's space of styles, `[Z]`.
        checkpoint_hash: Of the network.
        remarks: What a person should know about how well the pair fits; may be empty.
        targets: What was measured on the edit.
    """

    name: str
    values: tuple[float, ...]
    checkpoint_hash: str
    remarks: str = ""
    targets: Targets = NO_TARGETS


def read_finished_pair(request: ReadRequest, cancel: CancelToken, progress: Progress) -> ReadStyle:
    """Aligns a recording with its finished edit and reads the style; a job function.

    Raises:
        AlignmentError: If the two don't belong together.
        AudioReadError: If one of them can't be read.
        StyleError: If the network reads no styles, or nothing was changed.
        CancelledError: If the person has changed their mind.
    """
    from model_core.align import align
    from model_core.audio.reading import open_audio

    engine = request.loader.get()
    opening = part_of(progress, 0.0, _OPEN_SHARE)
    with (
        open_audio(request.raw, progress=opening, cancel=cancel) as raw,
        open_audio(request.edited, cancel=cancel) as edited,
    ):
        found = align(
            raw, edited, progress=part_of(progress, _OPEN_SHARE, _ALIGNED_SHARE), cancel=cancel
        )
        style = engine.read_style(
            raw, found.edit_list, part_of(progress, _ALIGNED_SHARE, 1.0), cancel
        )
    return ReadStyle(
        shortened(request.edited.stem),
        style.values,
        style.checkpoint_hash,
        " ".join(found.report.remarks),
        style.targets,
    )


class StyleReader(QObject):
    """Reads the style of one pair at a time.

    Args:
        runner: Runs the job.
        parent: The owner.
    """

    read = Signal(object)
    """A `ReadStyle` is there."""
    failed = Signal(object)
    """An exception ended it."""
    cancelled = Signal()
    """The person has stopped it."""
    running_changed = Signal(bool)
    """Whether a style is being read."""

    def __init__(self, runner: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._runner = runner
        self._job: Job | None = None

    @property
    def running(self) -> bool:
        """Whether a style is being read."""
        return self._job is not None

    def start(self, request: ReadRequest) -> None:
        """Begins to read; nothing happens while another pair is being read."""
        if self._job is not None:
            return
        self._job = self._runner.start(
            Lane.MODEL,
            read_finished_pair,
            request,
            words=self.tr("Reading the style of {name}…").format(name=request.edited.name),
            on_done=self._take,
            on_failed=self._fail,
            on_cancelled=self._cancel,
        )
        self.running_changed.emit(True)

    def _take(self, style: ReadStyle) -> None:
        self._end()
        self.read.emit(style)

    def _fail(self, error: Exception) -> None:
        self._end()
        self.failed.emit(error)

    def _cancel(self) -> None:
        self._end()
        self.cancelled.emit()

    def _end(self) -> None:
        self._job = None
        self.running_changed.emit(False)
