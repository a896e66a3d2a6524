"""Projects as JSON files: recordings, their edit and all that belongs to it.

`docs/project-format.md` describes the format. A file may come from anywhere: what is not exactly
the format is refused with a `ProjectError` that names the place. Files of older versions are
brought up one version at a time.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import numpy as np

from model_core.edit import serialise
from model_core.edit.checked_json import (
    check_keys,
    each,
    number,
    parse_json,
    read_bytes,
    shown,
    text,
    whole,
)
from model_core.edit.markers import LONGEST_NAME, Marker, Markers, sorted_markers
from model_core.edit.mix import TrackLevel
from model_core.edit.serialise import SourceInfo, can_be_path, path_from
from model_core.edit.types import (
    Change,
    ChangeKind,
    ChangeState,
    EditList,
    Join,
    Proposal,
    Provenance,
    Reason,
)
from model_core.errors import EditError, ProjectError
from model_core.files import write_bytes_atomically
from model_core.options import GenerateOptions
from model_core.targets import NO_TARGETS, Targets

if TYPE_CHECKING:
    from enum import StrEnum

    from model_core.files import AnyPath

FORMAT: Final = "editorbot-project"
VERSION: Final = 2
SUFFIX: Final = ".editorbot"

Migration: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]

_NO_TARGETS: Final = NO_TARGETS.to_dict()


def _with_targets(document: dict[str, Any]) -> dict[str, Any]:
    """Makes version 2 of version 1, which knew no targets and not what a take was asked for with.

    What is no document of version 1 is left as it is, to be refused for what is wrong with it.
    """

    def with_origin(work: object) -> object:
        if not isinstance(work, dict):
            return work
        proposal = work.get("proposal")
        origin = proposal.get("provenance") if isinstance(proposal, dict) else None
        if not isinstance(proposal, dict) or not isinstance(origin, dict):
            return work
        return work | {"proposal": proposal | {"provenance": origin | {"targets": _NO_TARGETS}}}

    def with_wishes(take: object) -> object:
        take = with_origin(take)
        return take | {"generate": None, "style_name": ""} if isinstance(take, dict) else take

    document = {**document, "version": 2}
    if isinstance(asked := document.get("generate"), dict):
        document["generate"] = asked | {"targets": None}
    if isinstance(takes := document.get("takes"), list):
        document["takes"] = [with_wishes(take) for take in takes]
    if isinstance(document.get("proposal"), dict):
        document["proposal"] = with_origin({"proposal": document["proposal"]})["proposal"]  # type: ignore[index]
    return document


MIGRATIONS: Final[Mapping[int, Migration]] = {1: _with_targets}
"""By version: what makes a document of that version one of the next. Version 1 is the first."""

_MAX_WHOLE: Final = 2**53
"""JSON readers elsewhere hold numbers as doubles, which are whole up to here."""
_MAX_RATE_HZ: Final = 10_000_000
_KIND: Final = "a project of EditorBot"

_Enum = TypeVar("_Enum", bound="StrEnum")


@dataclass(frozen=True, slots=True)
class ProjectTrack:
    """One of the files of a recording that is made of several, such as a microphone.

    Attributes:
        path: The file; as a source's.
        name: What the track is called.
        sample_rate: Of the file, in Hz.
        n_samples: Length of the file in samples of its own.
        offset: Where in the recording it begins, in samples of the recording.
        content_hash: Hash of the file's bytes; empty if not known yet.
        n_bytes: Size of the file; 0 if not known.
        level: How it goes into the mix.
    """

    path: str
    name: str
    sample_rate: int
    n_samples: int
    offset: int = 0
    content_hash: str = ""
    n_bytes: int = 0
    level: TrackLevel = field(default_factory=TrackLevel)


@dataclass(frozen=True, slots=True)
class ProjectSource:
    """A recording that a project edits, with what finds it again when it was moved.

    Attributes:
        path: The file. In a project file it is relative to the file's folder where possible.
        sample_rate: In Hz.
        n_samples: Length in samples.
        content_hash: Hash of the file's bytes; empty if not known yet.
        n_bytes: Size of the file; 0 if not known.
        tracks: The files of a recording that is made of several; the first of them is also named
            by `path`, `content_hash` and `n_bytes`. None for a recording that is one file.
    """

    path: str
    sample_rate: int
    n_samples: int
    content_hash: str = ""
    n_bytes: int = 0
    tracks: tuple[ProjectTrack, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """All its files."""
        return tuple(track.path for track in self.tracks) or (self.path,)

    def moved(self, to_new: Callable[[str], str]) -> ProjectSource:
        """Returns the same with other paths."""
        tracks = tuple(replace(track, path=to_new(track.path)) for track in self.tracks)
        return replace(self, path=to_new(self.path), tracks=tracks)


@dataclass(frozen=True, slots=True)
class Take:
    """One of several edits that a project keeps of the same recordings.

    Attributes:
        name: How the person calls it.
        edit_list: The edit.
        proposal: The proposal that it came from, or None.
        changes: Its changes, in the order of the recording.
        starred: Whether the person likes it.
        generate: What it was asked for with, locks aside; None where nobody asked the network.
        style_name: What the style that it was asked for in was called; may be empty.
    """

    name: str
    edit_list: EditList
    proposal: Proposal | None = None
    changes: tuple[Change, ...] = ()
    starred: bool = False
    generate: GenerateOptions | None = None
    style_name: str = ""


@dataclass(frozen=True, slots=True)
class Project:
    """All that a project file holds.

    Attributes:
        sources: The recordings, in the order of their indices.
        edit_list: The edit.
        proposal: The proposal that it came from, or None.
        changes: Its changes, in the order of the recording.
        takes: Further edits of the same recordings.
        generate: What was asked for last. Its locks aren't kept: the changes' states tell them.
        autosave_of: None for a project file. In a copy that the program keeps of unsaved work: the
            path of the project, or empty if the work was never saved.
        markers: Named places of the recordings, in order.
    """

    sources: tuple[ProjectSource, ...]
    edit_list: EditList
    proposal: Proposal | None = None
    changes: tuple[Change, ...] = ()
    takes: tuple[Take, ...] = ()
    generate: GenerateOptions = field(default_factory=GenerateOptions)
    autosave_of: str | None = None
    markers: Markers = ()


def digest_of(data: bytes) -> str:
    """Returns what tells the content of one project file from another, in hexadecimal."""
    return hashlib.blake2b(data, digest_size=20).hexdigest()


def write_project(path: AnyPath, project: Project) -> None:
    """Writes a project file, whole or not at all.

    Args:
        path: The file to write.
        project: What goes into it. Paths of recordings may be relative to the current folder.

    Raises:
        ProjectError: The edit doesn't fit its recordings.
        FileWriteError: The file can't be written.
    """
    write_bytes_atomically(path, project_bytes(path, project))


def read_project(path: AnyPath) -> Project:
    """Reads a project file. The recordings' paths come back absolute; they aren't opened.

    Raises:
        ProjectError: The file is missing, malformed or from a newer version.
    """
    return parse_project(path, read_project_bytes(path))


def read_project_bytes(path: AnyPath) -> bytes:
    """Returns the bytes of a project file, for `parse_project`.

    Raises:
        ProjectError: The file can't be read.
    """
    try:
        return read_bytes(path)
    except EditError as error:
        raise ProjectError(error.sentence, error.mend) from error


def project_bytes(path: AnyPath, project: Project) -> bytes:
    """Returns what the file of a project at `path` holds; paths are written as seen from there.

    Raises:
        ProjectError: The edit doesn't fit its recordings.
    """
    folder = Path(path).absolute().parent
    located = replace(
        project,
        sources=tuple(
            source.moved(lambda path: path_from(folder, path)) for source in project.sources
        ),
        autosave_of=project.autosave_of and path_from(folder, project.autosave_of),
    )
    try:
        document = project_to_dict(located)
    except EditError as error:
        raise ProjectError(f"The project can't be written. {error.sentence}", error.mend) from error
    lines = "".join(_lines(document, "")) + "\n"
    # Undecodable bytes of a file name arrive as lone surrogates, which only escapes can hold.
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", lines).encode()


def parse_project(path: AnyPath, data: bytes) -> Project:
    """Returns the project that the bytes of the file at `path` stand for; paths come back absolute.

    Raises:
        ProjectError: They are no project, malformed or from a newer version.
    """
    try:
        document = parse_json(data, path, _KIND)
    except EditError as error:
        raise ProjectError(error.sentence, error.mend) from error
    try:
        project = dict_to_project(document)
    except EditError as error:
        raise ProjectError(f"“{path}” can't be used. {error.sentence}", error.mend) from error
    folder = Path(path).absolute().parent

    def absolute(name: str) -> str:
        return os.path.normpath(folder / name)

    return replace(
        project,
        sources=tuple(source.moved(absolute) for source in project.sources),
        autosave_of=project.autosave_of and absolute(project.autosave_of),
    )


def project_to_dict(project: Project) -> dict[str, Any]:
    """Returns a project as plain values for JSON. Paths are taken as they are.

    Raises:
        EditError: An edit doesn't fit the recordings, or they have different rates.
    """
    document: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "sources": [_source_values(source) for source in project.sources],
        **_work_values(project, project.sources),
        "takes": [
            {
                "name": take.name,
                "starred": take.starred,
                **_work_values(take, project.sources),
                "generate": take.generate and _options_values(take.generate),
                "style_name": take.style_name,
            }
            for take in project.takes
        ],
        "generate": _options_values(project.generate),
    }
    if project.markers:
        document["markers"] = [
            {"position": marker.position, "name": marker.name} for marker in project.markers
        ]
    if project.autosave_of is not None:
        document["autosave_of"] = project.autosave_of
    return document


def dict_to_project(document: object) -> Project:
    """Returns the project that plain values from JSON stand for.

    Args:
        document: What a JSON reader gave; anything else is refused too.

    Raises:
        EditError: It is no project, malformed, or from a newer version.
    """
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise EditError("It is not a project of EditorBot.")
    version = whole(document, "version", "", 1, _MAX_WHOLE)
    if version > VERSION:
        raise EditError(
            f"It was written by a newer EditorBot: its format has version {version}; this program "
            f"reads up to {VERSION}.",
            "Update EditorBot.",
        )
    for old in range(version, VERSION):
        document = MIGRATIONS[old](document)
    needed = (
        "format", "version", "sources", "edit", "proposal", "changes", "takes", "generate",
    )  # fmt: skip
    _check_keys(document, "", needed, ("autosave_of", "markers"))
    sources = tuple(each(document, "sources", _to_source))
    edit_list, proposal, changes = _to_work(document, sources)

    def to_take(value: Mapping[str, object], where: str) -> Take:
        _check_keys(
            value,
            where,
            ("name", "starred", "edit", "proposal", "changes", "generate", "style_name"),
        )
        with _within(where):
            work = _to_work(value, sources)
            asked = _optional(value, "generate", lambda: _to_options(_object(value, "generate")))
        return Take(
            text(value, "name", where),
            *work,
            starred=_flag(value, "starred", where),
            generate=asked,
            style_name=text(value, "style_name", where),
        )

    return Project(
        sources,
        edit_list,
        proposal,
        changes,
        tuple(each(document, "takes", to_take)),
        _to_options(_object(document, "generate")),
        _path(document, "autosave_of", may_be_empty=True) if "autosave_of" in document else None,
        _to_markers(document, sources) if "markers" in document else (),
    )


# From values to JSON ------------------------------------------------------------------------------


def _source_values(source: ProjectSource) -> dict[str, Any]:
    values: dict[str, Any] = {
        "path": source.path,
        "sample_rate": source.sample_rate,
        "samples": source.n_samples,
        "content_hash": source.content_hash,
        "bytes": source.n_bytes,
    }
    if source.tracks:
        values["tracks"] = [
            {
                "path": track.path,
                "name": track.name,
                "sample_rate": track.sample_rate,
                "samples": track.n_samples,
                "offset": track.offset,
                "content_hash": track.content_hash,
                "bytes": track.n_bytes,
                "gain_db": track.level.gain_db,
                "muted": track.level.muted,
                "soloed": track.level.soloed,
            }
            for track in source.tracks
        ]
    return values


def _work_values(work: Project | Take, sources: tuple[ProjectSource, ...]) -> dict[str, Any]:
    """Returns an edit with where it came from and what is thought of it."""
    return {
        "edit": _edit_values(work.edit_list, sources),
        "proposal": _proposal_values(work, sources),
        "changes": [_change_values(change) for change in work.changes],
    }


def _edit_values(edit: EditList, sources: tuple[ProjectSource, ...]) -> dict[str, Any]:
    """Returns an edit list as its own format has it, without what the project says already."""
    values = serialise.edit_list_to_dict(edit, _infos(sources))
    del values["format"], values["sources"]
    if set(edit.joins) == {Join()}:
        values["joins"] = []
    return values


def _proposal_values(
    work: Project | Take, sources: tuple[ProjectSource, ...]
) -> dict[str, Any] | None:
    """Returns a proposal; null stands for an edit or changes that are still those of the work."""
    proposal = work.proposal
    if proposal is None:
        return None
    same_edit = proposal.edit_list == work.edit_list
    same_changes = proposal.changes == work.changes
    origin = proposal.provenance
    return {
        "edit": None if same_edit else _edit_values(proposal.edit_list, sources),
        "changes": (
            None if same_changes else [_change_values(change) for change in proposal.changes]
        ),
        "runs": [[start, stop] for start, stop in proposal.runs],
        "provenance": {
            "checkpoint_hash": origin.checkpoint_hash,
            "seed": origin.seed,
            "style": list(origin.style),
            "tightness": origin.tightness,
            "target_length_s": origin.target_length_s,
            "temperature": origin.temperature,
            "targets": origin.targets.to_dict(),
        },
        "note": proposal.note,
    }


def _change_values(change: Change) -> dict[str, Any]:
    confidence = change.confidence
    # A confidence that is a hair beyond 1 must not make a file that is refused later.
    sure = None if confidence is None or math.isnan(confidence) else min(1.0, max(0.0, confidence))
    values = {
        "id": change.id,
        "kind": change.kind.value,
        "reason": change.reason.value,
        "source": change.source,
        "start": change.start,
        "stop": change.stop,
        "confidence": sure,
        "state": change.state.value,
    }
    if change.after is not None:
        values["after"] = change.after
    if change.silence is not None:
        values["silence"] = change.silence
    return values


def _options_values(options: GenerateOptions) -> dict[str, Any]:
    return {
        "tightness": options.tightness,
        "target_length_s": options.target_length_s,
        "seed": options.seed,
        "temperature": options.temperature,
        "sample_style": options.sample_style,
        "stop_threshold": options.stop_threshold,
        "style": None if options.style is None else list(options.style),
        "axes": dict(options.axes),
        "targets": options.targets and options.targets.to_dict(),
        "extension": options.extension,
        "rescore": options.rescore,
    }


def _infos(sources: tuple[ProjectSource, ...]) -> list[SourceInfo]:
    return [
        SourceInfo(source.path, source.sample_rate, source.n_samples, source.content_hash)
        for source in sources
    ]


def _lines(value: object, indent: str) -> Iterator[str]:
    """Yields JSON with one row of a list a line, so that people can read and compare it.

    Row by row, other threads get their turn, which one call for all rows would not give them.
    """
    if isinstance(value, dict) and _has_parts(value.values()):
        parts = ((f"{json.dumps(key)}: ", content) for key, content in value.items())
        yield from _block("{", parts, "}", indent)
    elif isinstance(value, list) and _has_parts(value):
        yield from _block("[", (("", content) for content in value), "]", indent)
    else:
        yield _JSON.encode(value)


def _has_parts(values: Iterable[object]) -> bool:
    return any(isinstance(value, dict | list) for value in values)


def _block(
    opening: str, parts: Iterable[tuple[str, object]], closing: str, indent: str
) -> Iterator[str]:
    """Yields parts between brackets, each beginning a line."""
    before = f"{opening}\n"
    for label, content in parts:
        yield f"{before}{indent}  {label}"
        yield from _lines(content, indent + "  ")
        before = ",\n"
    yield f"\n{indent}{closing}"


def _plain(value: object) -> object:
    """Returns a number of numpy's as one of Python's."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} can't be written as JSON")


_JSON: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_plain)


# From JSON to values ------------------------------------------------------------------------------


@contextmanager
def _within(where: str) -> Iterator[None]:
    """Says of an error in a part where the part is."""
    try:
        yield
    except EditError as error:
        raise EditError(f"In {where}: {error.sentence}", error.mend) from error


def _check_keys(
    value: Mapping[str, object], where: str, needed: tuple[str, ...], optional: tuple[str, ...] = ()
) -> None:
    check_keys({key: value[key] for key in value if key not in optional}, where, needed, ())


def _to_source(value: Mapping[str, object], where: str) -> ProjectSource:
    _check_keys(
        value, where, ("path", "sample_rate", "samples", "content_hash", "bytes"), ("tracks",)
    )
    with _within(where):
        tracks = tuple(each(value, "tracks", _to_track)) if "tracks" in value else ()
    return ProjectSource(
        _path(value, "path", where),
        whole(value, "sample_rate", where, 1, _MAX_RATE_HZ),
        whole(value, "samples", where, 0, _MAX_WHOLE),
        text(value, "content_hash", where),
        whole(value, "bytes", where, 0, _MAX_WHOLE),
        tracks,
    )


def _to_track(value: Mapping[str, object], where: str) -> ProjectTrack:
    _check_keys(
        value,
        where,
        (
            "path", "name", "sample_rate", "samples", "offset", "content_hash", "bytes",
            "gain_db", "muted", "soloed",
        ),
    )  # fmt: skip
    with _within(where):
        level = TrackLevel(
            _number(value, "gain_db"), _flag(value, "muted", ""), _flag(value, "soloed", "")
        )
    return ProjectTrack(
        _path(value, "path", where),
        text(value, "name", where),
        whole(value, "sample_rate", where, 1, _MAX_RATE_HZ),
        whole(value, "samples", where, 0, _MAX_WHOLE),
        whole(value, "offset", where, 0, _MAX_WHOLE),
        text(value, "content_hash", where),
        whole(value, "bytes", where, 0, _MAX_WHOLE),
        level,
    )


def _to_work(
    value: Mapping[str, object], sources: tuple[ProjectSource, ...]
) -> tuple[EditList, Proposal | None, tuple[Change, ...]]:
    edit_list = _to_edit(value, sources)
    changes = _to_changes(value, sources)
    if value["proposal"] is None:
        return edit_list, None, changes
    proposal = _object(value, "proposal")
    with _within("proposal"):
        return edit_list, _to_proposal(proposal, sources, edit_list, changes), changes


def _to_edit(value: Mapping[str, object], sources: tuple[ProjectSource, ...]) -> EditList:
    edit = _object(value, "edit")
    with _within("edit"):
        infos = [
            {
                "path": source.path,
                "sample_rate": source.sample_rate,
                "samples": source.n_samples,
                "content_hash": source.content_hash,
            }
            for source in sources
        ]
        document = {"format": serialise.FORMAT, **edit, "sources": infos}
        return serialise.dict_to_edit_list(document).edit_list


def _to_proposal(
    value: Mapping[str, object],
    sources: tuple[ProjectSource, ...],
    edit_list: EditList,
    changes: tuple[Change, ...],
) -> Proposal:
    _check_keys(value, "", ("edit", "changes", "runs", "provenance", "note"))
    origin = _object(value, "provenance")
    with _within("provenance"):
        _check_keys(
            origin,
            "",
            (
                "checkpoint_hash", "seed", "style", "tightness", "target_length_s", "temperature",
                "targets",
            ),
        )  # fmt: skip
        provenance = Provenance(
            text(origin, "checkpoint_hash", ""),
            _optional(origin, "seed", lambda: whole(origin, "seed", "", -_MAX_WHOLE, _MAX_WHOLE)),
            _numbers(origin, "style"),
            _optional_number(origin, "tightness"),
            _optional_number(origin, "target_length_s"),
            _number(origin, "temperature"),
            _to_targets(_object(origin, "targets")),
        )
    return Proposal(
        edit_list if value["edit"] is None else _to_edit(value, sources),
        _to_runs(value),
        changes if value["changes"] is None else _to_changes(value, sources),
        provenance,
        text(value, "note", ""),
    )


def _to_runs(value: Mapping[str, object]) -> tuple[tuple[int, int], ...]:
    runs = value["runs"]
    if not isinstance(runs, list):
        raise EditError("runs is not a list.")
    for index, run in enumerate(runs):
        counts = isinstance(run, list) and all(type(frame) is int for frame in run)
        if not counts or len(run) != 2 or not 0 <= run[0] < run[1] <= _MAX_WHOLE:
            raise EditError(f"runs[{index}] is not a range of frames.")
    return tuple((start, stop) for start, stop in runs)


def _to_changes(
    value: Mapping[str, object], sources: tuple[ProjectSource, ...]
) -> tuple[Change, ...]:
    changes = tuple(each(value, "changes", _to_change))
    for index, change in enumerate(changes):
        source = change.source
        if source >= len(sources) or change.stop > sources[source].n_samples:
            raise EditError(f"changes[{index}] reaches beyond its recording.")
    return changes


def _to_change(value: Mapping[str, object], where: str) -> Change:
    _check_keys(
        value,
        where,
        ("id", "kind", "reason", "source", "start", "stop", "confidence", "state"),
        ("after", "silence"),
    )
    confidence = None if value["confidence"] is None else _number(value, "confidence", where)
    if confidence is not None and not 0 <= confidence <= 1:
        raise EditError(f"{where}.confidence is not from 0 to 1.")
    start = whole(value, "start", where, 0, _MAX_WHOLE)
    return Change(
        whole(value, "id", where, -_MAX_WHOLE, _MAX_WHOLE),
        _one_of(ChangeKind, value, "kind", where),
        _one_of(Reason, value, "reason", where),
        whole(value, "source", where, 0, _MAX_WHOLE),
        start,
        whole(value, "stop", where, start, _MAX_WHOLE),
        confidence,
        _one_of(ChangeState, value, "state", where),
        whole(value, "after", where, 0, _MAX_WHOLE) if "after" in value else None,
        whole(value, "silence", where, 1, _MAX_WHOLE) if "silence" in value else None,
    )


def _to_markers(value: Mapping[str, object], sources: tuple[ProjectSource, ...]) -> Markers:
    longest = max((source.n_samples for source in sources), default=0)

    def to_marker(marker: Mapping[str, object], where: str) -> Marker:
        _check_keys(marker, where, ("position", "name"))
        position = whole(marker, "position", where, 0, _MAX_WHOLE)
        if position > longest:
            raise EditError(f"{where} is beyond the end of the recording.")
        return Marker(position, text(marker, "name", where)[:LONGEST_NAME])

    return sorted_markers(tuple(each(value, "markers", to_marker)))


def _to_options(value: Mapping[str, object]) -> GenerateOptions:
    with _within("generate"):
        _check_keys(
            value,
            "",
            (
                "tightness", "target_length_s", "seed", "temperature", "sample_style",
                "stop_threshold", "style", "axes", "targets", "extension", "rescore",
            ),
        )  # fmt: skip
        axes = _object(value, "axes")
        try:
            return GenerateOptions(
                tightness=_optional_number(value, "tightness"),
                target_length_s=_optional_number(value, "target_length_s"),
                seed=whole(value, "seed", "", -_MAX_WHOLE, _MAX_WHOLE),
                temperature=_number(value, "temperature"),
                sample_style=_flag(value, "sample_style", ""),
                stop_threshold=_number(value, "stop_threshold"),
                style=_optional(value, "style", lambda: _numbers(value, "style")),
                axes=tuple((name, _number(axes, name, "axes")) for name in axes),
                targets=_optional(value, "targets", lambda: _to_targets(_object(value, "targets"))),
                extension=_number(value, "extension"),
                rescore=_flag(value, "rescore", ""),
            )
        except ValueError as error:
            raise EditError(str(error)) from error


def _to_targets(value: Mapping[str, object]) -> Targets:
    with _within("targets"):
        _check_keys(value, "", tuple(_NO_TARGETS))
        measures = {name: _optional_number(value, name) for name in _NO_TARGETS}
        try:
            return Targets(**measures)
        except ValueError as error:
            raise EditError(str(error)) from error


_Value = TypeVar("_Value")


def _optional(value: Mapping[str, object], key: str, read: Callable[[], _Value]) -> _Value | None:
    return None if value[key] is None else read()


def _optional_number(value: Mapping[str, object], key: str) -> float | None:
    return _optional(value, key, lambda: _number(value, key))


def _numbers(value: Mapping[str, object], key: str) -> tuple[float, ...]:
    values = value[key]
    if not isinstance(values, list):
        raise EditError(f"{key} is not a list.")
    return tuple(
        _number({f"{key}[{index}]": content}, f"{key}[{index}]")
        for index, content in enumerate(values)
    )


def _number(value: Mapping[str, object], key: str, where: str = "") -> float:
    content = number(value, key, where)
    try:
        measure = float(content)
    except OverflowError:
        measure = math.inf
    if not math.isfinite(measure):
        raise EditError(f"{where}{'.' if where else ''}{key} is beyond all bounds.")
    return measure


def _object(value: Mapping[str, object], key: str) -> Mapping[str, object]:
    content = value[key]
    if not isinstance(content, dict):
        raise EditError(f"{key} is not an object.")
    return content


def _flag(value: Mapping[str, object], key: str, where: str) -> bool:
    content = value[key]
    if not isinstance(content, bool):
        raise EditError(f"{where}{'.' if where else ''}{key} is not true or false.")
    return content


def _path(
    value: Mapping[str, object], key: str, where: str = "", *, may_be_empty: bool = False
) -> str:
    content = text(value, key, where)
    if not can_be_path(content) and not (may_be_empty and not content):
        raise EditError(f"{where}{'.' if where else ''}{key} is not the name of a file.")
    return content


def _one_of(kind: type[_Enum], value: Mapping[str, object], key: str, where: str) -> _Enum:
    content = text(value, key, where)
    try:
        return kind(content)
    except ValueError as error:
        known = ", ".join(f"“{member.value}”" for member in kind)
        raise EditError(f"{where}.{key} is “{shown(content)}”, not one of {known}.") from error
