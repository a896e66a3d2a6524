"""Finding the recording of a project: where it was, beside the project, or where a person says."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from editorbot_gui.opening import SOUND_SUFFIXES
from model_core.edit.types import Segment
from model_core.errors import AudioReadError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from model_core.audio.source import AudioSource
    from model_core.edit.project import Project, ProjectSource, Take
    from model_core.progress import CancelToken, Progress


class Fault(Enum):
    """What is wrong with the file that a project should edit."""

    MISSING = "missing"
    """It isn't there, or can't be read."""
    CHANGED = "changed"
    """Its content is another, but the edit fits it."""
    OTHER_RATE = "other rate"
    """Its sample rate is another."""
    TOO_SHORT = "too short"
    """It ends before the edit does."""


def is_same_file(
    path: Path, wanted: ProjectSource, progress: Progress, cancel: CancelToken
) -> bool:
    """Whether a file holds the recording, by its size and the hash of its bytes.

    Raises:
        CancelledError: If `cancel` was set.
    """
    from model_core.audio.direct import hash_file

    try:
        if not path.is_file() or (wanted.n_bytes and path.stat().st_size != wanted.n_bytes):
            return False
        # Work that was never saved may be kept before the hash is known.
        return not wanted.content_hash or hash_file(path, progress, cancel) == wanted.content_hash
    except (OSError, ValueError, AudioReadError):
        return False


def look_beside(
    folder: Path, wanted: ProjectSource, progress: Progress, cancel: CancelToken
) -> Path | None:
    """Returns the recording if it lies in a project's folder, under its own name or another.

    Raises:
        CancelledError: If `cancel` was set.
    """
    if not wanted.content_hash:
        return None
    for path in _sounds_in(folder, Path(wanted.path).name):
        if is_same_file(path, wanted, progress, cancel):
            return path
    return None


def fault_of(source: AudioSource, wanted: ProjectSource, project: Project) -> Fault:
    """Returns what is wrong with a recording whose content isn't what the project was made with."""
    if source.sample_rate != wanted.sample_rate:
        return Fault.OTHER_RATE
    return Fault.TOO_SHORT if source.n_samples < _needed(project) else Fault.CHANGED


def _needed(project: Project) -> int:
    """Returns up to which sample a project uses its recording."""
    works: tuple[Project | Take, ...] = (project, *project.takes)
    proposals = [work.proposal for work in works if work.proposal is not None]
    edits = [each.edit_list for each in (*works, *proposals)]
    stops = [item.stop for edit in edits for item in edit.items if isinstance(item, Segment)]
    stops += [change.stop for each in (*works, *proposals) for change in each.changes]
    return max(stops, default=0)


def _sounds_in(folder: Path, name: str) -> Iterator[Path]:
    """Yields the file of a name first, then the other recordings of a folder."""
    yield folder / name
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return
    for path in paths:
        if path.name != name and path.suffix[1:].lower() in SOUND_SUFFIXES:
            yield path
