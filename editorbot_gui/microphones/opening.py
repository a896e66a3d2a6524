"""Looking at the files of several microphones, lining them up, and opening them; all jobs."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from editorbot_gui.opening import Opened
from model_core.errors import AudioReadError, EditorBotError
from model_core.progress import part_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from model_core.audio.lining_up import LinedUp
    from model_core.audio.source import AudioSource
    from model_core.audio.synchronised import Microphone
    from model_core.edit.mix import Mix
    from model_core.edit.project import ProjectSource
    from model_core.progress import CancelToken, Progress


@dataclass(frozen=True, slots=True)
class OpenTogetherRequest:
    """Which files to open as one recording.

    Attributes:
        microphones: The files.
        sample_rate: Of the recording; None for that of the first file.
        n_samples: Length of the recording, at least.
    """

    microphones: tuple[Microphone, ...]
    sample_rate: int | None = None
    n_samples: int = 0


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of a file that may become a track.

    Attributes:
        path: The file.
        sample_rate: In Hz; 0 if it can't be read.
        channels: Number of channels.
        n_samples: Length in samples of its own rate.
        problem: Why it can't be read, as a sentence; empty if it can.
    """

    path: Path
    sample_rate: int = 0
    channels: int = 0
    n_samples: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Lying:
    """How a file lies beside the first one, as far as that can be heard.

    Attributes:
        path: The file.
        found: How it lies; None if it has nothing in common with the first one.
    """

    path: Path
    found: LinedUp | None


def open_together(request: OpenTogetherRequest, cancel: CancelToken, progress: Progress) -> Opened:
    """Opens several files as one recording; a job function.

    Raises:
        AudioReadError: If one of them can't be opened, or they make no recording.
        CancelledError: If the person has changed their mind.
    """
    # The first call of np.unique imports this; done here, it holds up no frame.
    import numpy.ma  # noqa: F401

    from model_core.audio.peaks import PeakBuilder
    from model_core.audio.synchronised import open_together

    source = open_together(
        request.microphones,
        sample_rate=request.sample_rate,
        n_samples=request.n_samples,
        progress=progress,
        cancel=cancel,
    )
    return Opened(source, PeakBuilder(source))


def look_at_files(
    paths: Sequence[Path], cancel: CancelToken, progress: Progress
) -> tuple[FileFacts, ...]:
    """Returns what there is to know of files; a job function. One that can't be read says why.

    Raises:
        CancelledError: If the person has changed their mind.
    """
    from model_core.audio.reading import open_audio

    facts = []
    for index, path in enumerate(paths):
        part = part_of(progress, index / len(paths), (index + 1) / len(paths))
        try:
            with open_audio(path, part, cancel) as file:
                facts.append(FileFacts(path, file.sample_rate, file.channels, file.n_samples))
        except AudioReadError as error:
            facts.append(FileFacts(path, problem=str(error)))
    return tuple(facts)


def line_up_files(
    paths: Sequence[Path], cancel: CancelToken, progress: Progress
) -> tuple[Lying, ...]:
    """Finds out how files lie beside the first of them; a job function.

    Raises:
        AudioReadError: If one of them can't be read.
        CancelledError: If the person has changed their mind.
    """
    from model_core.audio.lining_up import line_up
    from model_core.audio.reading import open_audio

    found = []
    with ExitStack() as opened:
        first = opened.enter_context(open_audio(paths[0], cancel=cancel))
        for index, path in enumerate(paths[1:]):
            part = part_of(progress, index / (len(paths) - 1), (index + 1) / (len(paths) - 1))
            with open_audio(path, part_of(part, 0.0, 0.1), cancel) as file:
                found.append(Lying(path, line_up(first, file, part_of(part, 0.1, 1.0), cancel)))
    return tuple(found)


def project_source(source: AudioSource, mix: Mix, hashes: Sequence[str]) -> ProjectSource:
    """Returns a recording as a project keeps it.

    Args:
        source: The recording, which has a path.
        mix: How loud each of its tracks is, if it has several.
        hashes: Of its files, in their order; may be empty where they aren't known yet.
    """
    from model_core.edit.mix import TrackLevel
    from model_core.edit.project import ProjectSource, ProjectTrack

    if source.path is None:
        raise EditorBotError("The recording is no file.", "Save it as one.")
    known = (*hashes, *("" for _ in (*source.tracks, source)))
    levels = (*mix, *(TrackLevel() for _ in source.tracks))
    tracks = tuple(
        ProjectTrack(
            str(track.file.path.absolute() if track.file.path is not None else ""),
            track.name,
            track.file.sample_rate,
            track.file.n_samples,
            track.offset,
            content_hash,
            level=level,
        )
        for track, content_hash, level in zip(source.tracks, known, levels, strict=False)
    )
    path = str(source.path.absolute())
    return ProjectSource(path, source.sample_rate, source.n_samples, known[0], tracks=tracks)
