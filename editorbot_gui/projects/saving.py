"""Writing projects and copies of unsaved work, away from the GUI thread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from model_core.edit.project import (
    Project,
    ProjectSource,
    digest_of,
    parse_project,
    project_bytes,
    read_project_bytes,
)
from model_core.errors import ProjectError
from model_core.files import refuse_overwriting_source, write_bytes_atomically
from model_core.progress import part_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editorbot_gui.projects.copies import UnsavedCopy
    from model_core.progress import CancelToken, Progress


class ProjectChangedError(ProjectError):
    """A project file isn't what it was when it was opened or saved last.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"“{path.name}” was changed by another window or program.",
            "Save under another name, or replace what is there.",
        )
        self.path = path


@dataclass(frozen=True, slots=True)
class SaveRequest:
    """What is saved where.

    Attributes:
        path: The project file.
        project: What goes into it.
        copy: The copy of unsaved work that isn't needed any more then.
        digest: Of the file as it should still be; None to replace whatever is there.
    """

    path: Path
    project: Project
    copy: UnsavedCopy
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved.

    Attributes:
        request: What was asked for.
        digest: Of the file's bytes.
    """

    request: SaveRequest
    digest: str


@dataclass(frozen=True, slots=True)
class KeepRequest:
    """What is kept safe, though not saved.

    Attributes:
        copy: Where.
        project: What; None to keep nothing any more.
        last: Whether the document is left: the copy ends then.
    """

    copy: UnsavedCopy
    project: Project | None
    last: bool = False


def save_project(request: SaveRequest, _cancel: CancelToken, _progress: Progress) -> Saved:
    """Writes a project file, then removes the copy of unsaved work; a job function.

    At every moment the file, the copy or both hold the work: the copy is brought up to date first.

    Raises:
        ProjectChangedError: If somebody else has changed the file.
        ProjectError: If the project can't be written in its format.
        FileWriteError: If the file can't be written.
    """
    path, project = request.path, _with_size(replace(request.project, autosave_of=None))
    data = project_bytes(path, project)
    parse_project(path, data)  # what couldn't be read again mustn't replace what can
    refuse_overwriting_source(path, [file for each in project.sources for file in each.paths])
    if request.digest is not None and path.exists():
        try:
            current = digest_of(read_project_bytes(path))
        except ProjectError:
            current = ""
        if current != request.digest:
            raise ProjectChangedError(path)
    if request.copy.path is not None:
        request.copy.keep(project)
    write_bytes_atomically(path, data)
    request.copy.remove()
    return Saved(request, digest_of(data))


def keep_work(request: KeepRequest, _cancel: CancelToken, _progress: Progress) -> None:
    """Brings the copy of unsaved work up to date; a job function.

    Raises:
        ProjectError: If the work can't be written as a project.
        FileWriteError: If there is no place where it can be written.
    """
    try:
        if request.project is None:
            request.copy.remove()
        else:
            request.copy.keep(_with_size(request.project))
    finally:
        if request.last:
            request.copy.retire(remove=False)


def hash_recording(paths: Sequence[Path], cancel: CancelToken, progress: Progress) -> str:
    """Returns the hashes that find the files of a recording again, in one text; a job function.

    Raises:
        AudioReadError: If the recording can't be read any more.
        CancelledError: If the person has changed their mind.
    """
    from model_core.audio.direct import hash_file

    shares = [index / len(paths) for index in range(len(paths) + 1)]
    parts = [part_of(progress, start, stop) for start, stop in pairwise(shares)]
    return " ".join(hash_file(path, part, cancel) for path, part in zip(paths, parts, strict=True))


def _with_size(project: Project) -> Project:
    """Returns a project that knows how large its recordings' files are."""

    def size_of(path: str) -> int:
        try:
            return Path(path).stat().st_size
        except OSError:  # it has gone away meanwhile; the work is kept all the same
            return 0

    def sized(source: ProjectSource) -> ProjectSource:
        tracks = tuple(
            replace(track, n_bytes=track.n_bytes or size_of(track.path)) for track in source.tracks
        )
        return replace(source, n_bytes=source.n_bytes or size_of(source.path), tracks=tracks)

    return replace(project, sources=tuple(map(sized, project.sources)))
