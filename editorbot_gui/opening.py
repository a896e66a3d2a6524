"""Opening a recording: the file first, then its peaks, both away from the GUI thread.

The audio libraries are imported by the jobs, on first use, so that the window is up before them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QObject, Signal

from editorbot_gui.jobs import Job, JobRunner, Lane
from model_core.edit.project import SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from editorbot_gui.jobs import Work
    from editorbot_gui.projects.loading import Loaded
    from model_core.audio.peaks import PeakBuilder
    from model_core.audio.source import AudioSource
    from model_core.progress import CancelToken, Progress

SOUND_SUFFIXES = (
    "wav", "wave", "w64", "rf64", "bwf", "flac", "ogg", "oga", "opus", "mp3", "aif", "aiff",
    "aifc", "au", "caf", "m4a", "m4b", "mp4", "mov", "mkv", "mka", "webm", "aac", "wma", "avi",
)  # fmt: skip


_PACKED_SHARE = 0.8


def name_filters(*, projects: bool = False) -> list[str]:
    """Returns the filters of a dialog that opens files.

    Args:
        projects: Whether projects are opened, too.
    """
    sounds = " ".join(f"*.{suffix}" for suffix in SOUND_SUFFIXES)
    filters = [_tr("Sound and video files") + f" ({sounds})"]
    if projects:
        both = _tr("Projects, sound and video files") + f" (*{SUFFIX} {sounds})"
        filters = [both, _tr("EditorBot projects") + f" (*{SUFFIX})", *filters]
    return [*filters, _tr("All files") + " (*)"]


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Which recording to open.

    Attributes:
        path: The file.
    """

    path: Path


@dataclass(frozen=True, slots=True)
class Opened:
    """A recording that can be read, with the builder of its peaks.

    Attributes:
        source: The recording.
        builder: Reads its peaks in the `peaks` job.
        loaded: What was loaded with it, if it was opened as part of a project.
    """

    source: AudioSource
    builder: PeakBuilder
    loaded: Loaded | None = None


def open_recording(request: OpenRequest, cancel: CancelToken, progress: Progress) -> Opened:
    """Opens a recording; what soundfile can't read is decoded here. A job function.

    Raises:
        AudioReadError: If it can't be opened.
        CancelledError: If the person has changed their mind.
    """
    # The first call of np.unique imports this; done here, it holds up no frame.
    import numpy.ma  # noqa: F401

    from model_core.audio.peaks import PeakBuilder
    from model_core.audio.reading import open_audio

    source = open_audio(request.path, progress=progress, cancel=cancel)
    return Opened(source, PeakBuilder(source))


def read_peaks(builder: PeakBuilder, cancel: CancelToken, progress: Progress) -> None:
    """Reads the rest of a recording's peaks, which views draw as they arrive; a job function.

    Raises:
        AudioReadError: If the recording can't be read any more.
        CancelledError: If another recording is being opened.
    """
    from model_core.audio.peaks import load_peaks, save_peaks

    pyramid = builder.pyramid
    source = pyramid.source
    use_cache = _is_packed(source)
    cached = load_peaks(source) if use_cache else None
    if cached is not None:
        for level, stored in zip(pyramid.levels, cached.levels, strict=True):
            level[...] = stored
        pyramid.n_ready = cached.n_ready
        progress(1.0, "")
        return
    while (filled := builder.step()) is not None:
        progress(filled[1] / source.n_samples, "")
        cancel.raise_if_cancelled()
    if use_cache:
        save_peaks(pyramid)


def _is_packed(source: AudioSource) -> bool:
    """Whether a file's bytes, which name it in the cache, are hashed sooner than its samples read.

    Uncompressed files are read as fast as they are hashed: they would only wait for the cache.
    """
    try:
        n_bytes = sum(path.stat().st_size for path in source.paths)
    except OSError:
        return False
    unpacked = source.n_samples * source.channels * source.dtype.itemsize
    return 0 < n_bytes < _PACKED_SHARE * unpacked


class Opener(QObject):
    """Opens recordings, one at a time, and closes those that are no longer shown.

    Args:
        runner: Runs the jobs.
        parent: The owner.
    """

    opened = Signal(object)
    """An `Opened` recording can be shown."""
    failed = Signal(object, object)
    """A file can't be opened; carries its path and the exception."""
    asked = Signal(object)
    """A file can be opened only after the person has decided something; carries the question."""
    cancelled = Signal()
    """The person has stopped it."""
    peaks_arrived = Signal(object, object)
    """Peaks are there from one sample to another."""
    peaks_read = Signal(object)
    """All peaks of an `AudioSource` are there; what was unusual in it is known by now."""
    peaks_failed = Signal(object)
    """An exception ended the reading of the peaks."""

    def __init__(self, runner: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._runner = runner
        self._opening: Job | None = None
        self._reading: Job | None = None
        self._shown: Opened | None = None
        self._retired: list[AudioSource] = []
        runner.idled.connect(self.close_retired)

    @property
    def opening(self) -> bool:
        """Whether a file is being opened."""
        return self._opening is not None and not self._opening.ended

    def open(self, path: Path) -> None:
        """Begins to open a recording; a file that is still being opened is given up."""
        self.open_by(path, open_recording, OpenRequest(path))

    def open_by(self, path: Path, work: Work[Any, object], request: object) -> None:
        """Begins to open a file by a job function; one that is still being opened is given up.

        Args:
            path: The file.
            work: Returns what is `Opened`, or anything else for the person to decide.
            request: What it is given.
        """
        opening, self._opening = self._opening, None
        for job in (opening, self._reading):
            if job is not None:
                self._runner.cancel(job)
        self._opening = self._runner.start(
            Lane.IO,
            work,
            request,
            words=self.tr("Opening {name}…").format(name=path.name),
            on_done=self._take,
            on_failed=lambda error: self._give_up(lambda: self.failed.emit(path, error)),
            on_cancelled=lambda: self._give_up(self.cancelled.emit),
        )

    def _take(self, result: object) -> None:
        if isinstance(result, Opened):
            self.opened.emit(result)
        else:
            self._give_up(lambda: self.asked.emit(result))

    def read_peaks(self, opened: Opened) -> None:
        """Begins to read the peaks of a recording, in place of the one before."""
        if self._reading is not None:
            self._runner.cancel(self._reading)
        self._shown = opened
        self._go_on_reading()

    def _go_on_reading(self) -> None:
        pyramid = self._shown.builder.pyramid if self._shown is not None else None
        if self._shown is None or pyramid is None or pyramid.is_complete:
            return
        source = self._shown.source
        told = pyramid.n_ready

        def tell() -> None:
            nonlocal told
            if pyramid.n_ready > told:
                self.peaks_arrived.emit(told, pyramid.n_ready)
                told = pyramid.n_ready

        def end(_: None) -> None:
            tell()
            self.peaks_read.emit(source)

        self._reading = self._runner.start(
            Lane.IO,
            read_peaks,
            self._shown.builder,
            words=self.tr("Reading the waveform…"),
            on_done=end,
            on_failed=self.peaks_failed.emit,
            on_progress=tell,
            quiet=True,
        )

    def _give_up(self, tell: Callable[[], None]) -> None:
        """The recording that is shown stays: its peaks are read on."""
        if self._opening is not None and self._opening.ended:
            self._opening = None
            self._go_on_reading()
            tell()

    def retire(self, source: AudioSource) -> None:
        """Closes a recording as soon as no job can read it any more."""
        self._retired.append(source)

    def close_retired(self) -> None:
        """Closes what is no longer shown."""
        while self._retired:
            self._retired.pop().close()


def _tr(text: str) -> str:
    return QCoreApplication.translate("Opener", text)
