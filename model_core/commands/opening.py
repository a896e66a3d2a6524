"""Opening what holds an edit, with its recordings: a project, an edit list, another program's."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from model_core.audio.reading import open_audio
from model_core.audio.synchronised import Microphone, open_together
from model_core.edit.coverage import changes_of
from model_core.edit.project import read_project
from model_core.edit.serialise import read_edit_list
from model_core.errors import EditError
from model_core.export.frame_rates import FRAME_RATES
from model_core.export.import_edit import IMPORT_SUFFIXES, LabelMeaning, import_edit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from model_core.audio.source import AudioSource
    from model_core.edit.markers import Markers
    from model_core.edit.mix import Mix
    from model_core.edit.project import Project, ProjectSource
    from model_core.edit.types import Change, EditList

PROJECT_SUFFIX: Final = ".editorbot"


@dataclass(frozen=True, slots=True)
class OpenedEdit:
    """An edit with its recordings, open.

    Attributes:
        edit: The edit.
        sources: Its recordings, in the order of their indices.
        changes: What it does, for the texts of labels.
        markers: Named places of the first recording.
        mix: How loud each track of a recording with several is.
        notes: Sentences about what could not be taken over.
        takes: Further edits of a project by their names.
    """

    edit: EditList
    sources: tuple[AudioSource, ...]
    changes: tuple[Change, ...] = ()
    markers: Markers = ()
    mix: Mix = ()
    notes: tuple[str, ...] = ()
    takes: tuple[tuple[str, EditList], ...] = field(default=())


@contextmanager
def open_edit(
    path: Path,
    recordings: Sequence[Path] = (),
    *,
    labels: str | None = None,
    frame_rate: str | None = None,
) -> Iterator[OpenedEdit]:
    """Opens an edit and its recordings, and closes them again.

    Args:
        path: A project, an edit list, or a file of another program.
        recordings: Where the recordings lie; left out, where the file says. Files of other programs
            need one.
        labels: Whether labels mark what is kept ("keep") or cut ("cut"); left out, their texts say.
        frame_rate: Of an edit decision list that doesn't say.

    Raises:
        EditError: The edit can't be read, or doesn't fit its recordings.
        ProjectError: The project can't be read.
        AudioReadError: A recording can't be read.
    """
    suffix = path.suffix.lower()
    with ExitStack() as opened:
        if suffix == PROJECT_SUFFIX:
            yield _from_project(read_project(path), recordings, opened)
        elif suffix == ".json":
            saved = read_edit_list(path)
            paths = recordings or [Path(info.path) for info in saved.sources]
            if len(paths) != len(saved.sources):
                raise EditError(
                    f"The edit plays {len(saved.sources)} recordings, and {len(paths)} are named."
                )
            sources = tuple(opened.enter_context(open_audio(each)) for each in paths)
            for source, info in zip(sources, saved.sources, strict=True):
                _check_rate(source, info.sample_rate)
            yield _checked(OpenedEdit(saved.edit_list, sources, _changes(saved.edit_list, sources)))
        elif suffix in IMPORT_SUFFIXES:
            if len(recordings) != 1:
                raise EditError(
                    f"“{path.name}” doesn't hold its recording.", "Name it with --recording."
                )
            source = opened.enter_context(open_audio(recordings[0]))
            found = import_edit(
                path,
                source,
                LabelMeaning(labels) if labels else None,
                FRAME_RATES[frame_rate] if frame_rate else None,
            )
            changes = _changes(found.edit, (source,))
            yield OpenedEdit(found.edit, (source,), changes, notes=found.notes)
        else:
            raise EditError(
                f"“{path.name}” holds no edit.",
                "Name a project (.editorbot), an edit list (.json), or Audacity labels (.txt), an "
                ".edl or an .otio together with --recording.",
            )


def _from_project(project: Project, recordings: Sequence[Path], opened: ExitStack) -> OpenedEdit:
    if recordings and len(recordings) != sum(len(each.paths) for each in project.sources):
        raise EditError(
            f"The project has {sum(len(each.paths) for each in project.sources)} recordings, and "
            f"{len(recordings)} are named."
        )
    own = [Path(name) for each in project.sources for name in each.paths]
    places = iter(recordings or own)
    sources = tuple(
        opened.enter_context(_open_source(each, [next(places) for _ in each.paths]))
        for each in project.sources
    )
    mix = tuple(track.level for track in project.sources[0].tracks) if project.sources else ()
    takes = tuple((take.name, take.edit_list) for take in project.takes)
    return _checked(
        OpenedEdit(project.edit_list, sources, project.changes, project.markers, mix, takes=takes)
    )


def _open_source(about: ProjectSource, paths: list[Path]) -> AudioSource:
    if not about.tracks:
        source = open_audio(paths[0])
        try:
            _check_rate(source, about.sample_rate)
        except EditError:
            source.close()
            raise
        return source
    microphones = [
        Microphone(path, track.offset, track.name)
        for path, track in zip(paths, about.tracks, strict=True)
    ]
    return open_together(microphones, sample_rate=about.sample_rate, n_samples=about.n_samples)


def _check_rate(source: AudioSource, sample_rate: int) -> None:
    if source.sample_rate != sample_rate:
        raise EditError(
            f"The edit was made of a recording at {sample_rate} Hz, and “{source.path}” has "
            f"{source.sample_rate} Hz.",
            "Name the recording that it was made of.",
        )


def _changes(edit: EditList, sources: tuple[AudioSource, ...]) -> tuple[Change, ...]:
    return tuple(changes_of(edit, sources[0].n_samples)) if sources else ()


def _checked(opened: OpenedEdit) -> OpenedEdit:
    opened.edit.check_within(source.n_samples for source in opened.sources)
    return opened
