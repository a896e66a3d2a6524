"""Opening a project: the file, work on it that was left unsaved, and the recording it edits."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from editorbot_gui.microphones.opening import (
    OpenTogetherRequest,
    open_together,
    project_source,
)
from editorbot_gui.opening import Opened, OpenRequest, open_recording
from editorbot_gui.projects.copies import KeptWork, UnsavedCopy, kept_work_of, remove_leftovers
from editorbot_gui.projects.locating import Fault, fault_of, is_same_file, look_beside
from model_core.edit.project import (
    Project,
    ProjectSource,
    digest_of,
    parse_project,
    read_project,
    read_project_bytes,
)
from model_core.errors import AudioReadError, ProjectError
from model_core.progress import part_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model_core.audio.source import AudioSource
    from model_core.progress import CancelToken, Progress

_CHECKED = 0.5


@dataclass(frozen=True, slots=True)
class OpenProjectRequest:
    """Which project to open, and what a person has decided about it already.

    Attributes:
        path: The project file; a copy of unsaved work for work that was never saved.
        copy: A copy of unsaved work to go on from instead; None for what the file holds.
        recording: Where the recording is; None to find it.
        accept: Whether to take that recording although its content is another.
        ask: Whether to look for unsaved work first.
        tracks: For some files of a recording with several, by their indices: where they are, and
            whether to take them although their content is another.
    """

    path: Path
    copy: Path | None = None
    recording: Path | None = None
    accept: bool = False
    ask: bool = True
    tracks: Mapping[int, tuple[Path, bool]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A project that is open.

    Attributes:
        project: What is worked on; its source is where the recording really lies.
        path: The project file; None for work that was never saved.
        saved: What the file holds, or None.
        digest: Of the file's bytes; empty without a file.
        copy: The copy that the work comes from, or None.
        found: Whether the recording was found elsewhere than the project says.
    """

    project: Project
    path: Path | None
    saved: Project | None
    digest: str
    copy: UnsavedCopy | None
    found: bool


@dataclass(frozen=True, slots=True)
class LostRecording:
    """The recording of a project isn't there, or isn't what it was: a question for the person.

    Attributes:
        request: What was asked for.
        wanted: The recording, as the project knows it.
        path: The file that is the matter.
        fault: What is wrong with it.
        sample_rate: Of that file, in Hz; 0 where it isn't known.
        track: Which of the files of a recording with several it is; None for the recording.
    """

    request: OpenProjectRequest
    wanted: ProjectSource
    path: Path
    fault: Fault
    sample_rate: int = 0
    track: int | None = None

    @property
    def was_chosen(self) -> bool:
        """Whether the person has said that this is the file."""
        if self.track is not None:
            return self.track in self.request.tracks
        return self.request.recording is not None

    def answered(self, path: Path, *, accept: bool) -> OpenProjectRequest:
        """Returns what to open once the person has decided.

        Args:
            path: Where the file is.
            accept: Whether to take it although its content is another.
        """
        request = replace(self.request, ask=False)
        if self.track is not None:
            return replace(request, tracks={**request.tracks, self.track: (path, accept)})
        return replace(request, recording=path, accept=accept)


@dataclass(frozen=True, slots=True)
class LeftWork:
    """There is unsaved work on the project: a question for the person.

    Attributes:
        request: What was asked for.
        works: The work, newest first.
    """

    request: OpenProjectRequest
    works: tuple[KeptWork, ...]


def open_project(
    request: OpenProjectRequest, cancel: CancelToken, progress: Progress
) -> Opened | LostRecording | LeftWork:
    """Opens a project with its recording; a job function.

    Returns:
        What was opened, or what a person has to decide first.

    Raises:
        ProjectError: If the project can't be read, or another window restores the same work.
        AudioReadError: If the recording can't be opened.
        CancelledError: If the person has changed their mind.
    """
    if request.copy is None:
        remove_leftovers(request.path.parent)
        if request.ask and (works := kept_work_of(request.path)):
            return LeftWork(request, works)
        data = read_project_bytes(request.path)
        project = parse_project(request.path, data)
        return _with_recording(
            request, Loaded(project, request.path, project, digest_of(data), None, found=False),
            cancel, progress,
        )  # fmt: skip
    work = read_project(request.copy)
    path = Path(work.autosave_of) if work.autosave_of else None
    copy = UnsavedCopy.taken_over(request.copy, path)
    if copy is None:
        raise ProjectError(
            "This unsaved work is open in another window of EditorBot.", "Go on in that window."
        )
    with ExitStack() as unless_opened:
        unless_opened.callback(copy.retire, remove=False)
        saved, digest = _saved(path)
        loaded = Loaded(replace(work, autosave_of=None), path, saved, digest, copy, found=False)
        result = _with_recording(request, loaded, cancel, progress)
        if isinstance(result, Opened):
            unless_opened.pop_all()
        return result


def _saved(path: Path | None) -> tuple[Project | None, str]:
    """Returns what a project file holds, which may have gone since."""
    if path is None:
        return None, ""
    try:
        data = read_project_bytes(path)
        return parse_project(path, data), digest_of(data)
    except ProjectError:
        return None, ""


def _with_recording(
    request: OpenProjectRequest, loaded: Loaded, cancel: CancelToken, progress: Progress
) -> Opened | LostRecording:
    """Finds and opens the recording."""
    if len(loaded.project.sources) != 1:
        raise ProjectError(
            f"“{request.path}” edits {len(loaded.project.sources)} recordings; this program opens "
            "projects of one.",
            "Update EditorBot.",
        )
    wanted = loaded.project.sources[0]
    if wanted.tracks:
        return _with_tracks(request, loaded, wanted, cancel, progress)
    checking = part_of(progress, 0.0, _CHECKED)
    path = request.recording or Path(wanted.path)
    is_same = is_same_file(path, wanted, checking, cancel)
    if not is_same and request.recording is None:
        folder = (loaded.path or Path(wanted.path)).parent
        beside = look_beside(folder, wanted, checking, cancel)
        path, is_same = beside or path, beside is not None
    if not path.is_file():
        return LostRecording(request, wanted, path, Fault.MISSING)
    with ExitStack() as unless_fit:
        try:
            opened = open_recording(OpenRequest(path), cancel, part_of(progress, _CHECKED, 1.0))
        except AudioReadError:
            if is_same or request.recording is not None:
                raise
            return LostRecording(request, wanted, path, Fault.MISSING)
        source = opened.source
        unless_fit.callback(source.close)
        if not (is_same and _has_shape(source, wanted)):
            fault = fault_of(source, wanted, loaded.project)
            if fault is not Fault.CHANGED or not request.accept:
                return LostRecording(request, wanted, path, fault, source.sample_rate)
        project = replace(
            loaded.project,
            sources=(
                ProjectSource(
                    str(path),
                    source.sample_rate,
                    source.n_samples,
                    wanted.content_hash if is_same else "",
                    path.stat().st_size,
                ),
            ),
        )
        unless_fit.pop_all()
        found = path != Path(wanted.path)
        return replace(opened, loaded=replace(loaded, project=project, found=found))


def _with_tracks(
    request: OpenProjectRequest,
    loaded: Loaded,
    wanted: ProjectSource,
    cancel: CancelToken,
    progress: Progress,
) -> Opened | LostRecording:
    """Finds and opens the files of a recording with several."""
    from model_core.audio.synchronised import Microphone

    microphones: list[Microphone] = []
    hashes: list[str] = []
    for index, track in enumerate(wanted.tracks):
        share = _CHECKED / len(wanted.tracks)
        checking = part_of(progress, index * share, (index + 1) * share)
        file = ProjectSource(
            track.path, track.sample_rate, track.n_samples, track.content_hash, track.n_bytes
        )
        path, accepted = request.tracks.get(index, (Path(track.path), False))
        is_same = is_same_file(path, file, checking, cancel)
        if not is_same and index not in request.tracks:
            folder = (loaded.path or path).parent
            beside = look_beside(folder, file, checking, cancel)
            path, is_same = beside or path, beside is not None
        if not path.is_file():
            return LostRecording(request, file, path, Fault.MISSING, track=index)
        if not (is_same or accepted):
            return LostRecording(request, file, path, Fault.CHANGED, track=index)
        microphones.append(Microphone(path, track.offset, track.name))
        hashes.append(track.content_hash if is_same else "")
    # Whatever was changed, the edit still fits: rate and length stay.
    opened = open_together(
        OpenTogetherRequest(tuple(microphones), wanted.sample_rate, wanted.n_samples),
        cancel,
        part_of(progress, _CHECKED, 1.0),
    )
    mix = tuple(track.level for track in wanted.tracks)
    source = project_source(opened.source, mix, hashes)
    project = replace(loaded.project, sources=(source,))
    found = any(
        microphone.path != Path(track.path)
        for microphone, track in zip(microphones, wanted.tracks, strict=True)
    )
    return replace(opened, loaded=replace(loaded, project=project, found=found))


def _has_shape(source: AudioSource, wanted: ProjectSource) -> bool:
    return (source.sample_rate, source.n_samples) == (wanted.sample_rate, wanted.n_samples)
