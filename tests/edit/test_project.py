from __future__ import annotations

import copy
import dataclasses
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_core.edit.locks import Locks
from model_core.edit.markers import Marker
from model_core.edit.mix import TrackLevel
from model_core.edit.project import (
    FORMAT,
    MIGRATIONS,
    VERSION,
    Project,
    ProjectSource,
    ProjectTrack,
    Take,
    dict_to_project,
    digest_of,
    parse_project,
    project_bytes,
    project_to_dict,
    read_project,
    write_project,
)
from model_core.edit.types import (
    Change,
    ChangeKind,
    ChangeState,
    EditList,
    FadeLaw,
    Gap,
    Join,
    Proposal,
    Provenance,
    Reason,
    Segment,
)
from model_core.errors import EditError, FileWriteError, ProjectError
from model_core.options import GenerateOptions
from model_core.targets import Targets
from tests.edit.strategies import SOURCE_LENGTHS, edit_lists

GOLDEN = Path(__file__).parents[1] / "golden" / "project_v2.editorbot"
GOLDEN_1 = GOLDEN.with_name("project_v1.editorbot")
TARGETS = Targets(0.4, 0.8, 0.2, -0.25, 3.0)
CHANGES = (
    Change(0, ChangeKind.CUT, Reason.SILENCE, 0, 44100, 66150, 0.875, ChangeState.LOCKED),
    Change(1, ChangeKind.LOOP, Reason.REPEAT, 0, 88200, 110250, None, ChangeState.MANUAL),
)
PROPOSED = EditList.from_ranges([(0, 44100), (66150, 132300)])
PROVENANCE = Provenance("ab" * 32, 3, (0.25, -1.5), 0.5, 30.0, 0.7, TARGETS)
ASKED = GenerateOptions(
    tightness=0.5, target_length_s=30.0, seed=3, temperature=0.7, sample_style=True,
    style=(0.25, -1.5), axes=(("pauses", 1.5),), targets=TARGETS, extension=2.0, rescore=True,
)  # fmt: skip
EDIT = EditList(
    (Segment(0, 0, 44100), Segment(0, 66150, 110250, -3.5), Gap(22050), Segment(0, 88200, 132300)),
    (Join(), Join(FadeLaw.EQUAL_POWER, 353), Join(FadeLaw.EQUAL_GAIN, 0)),
)
SOURCE = ProjectSource("Aufnahme 1 – roh.wav", 44100, 132300, "0123abcd", 264644)
GOLDEN_PROJECT = Project(
    (SOURCE,),
    EDIT,
    Proposal(PROPOSED, ((0, 86), (129, 258)), CHANGES[:1], PROVENANCE, "A note."),
    CHANGES,
    (
        Take(
            "Best", PROPOSED, Proposal(PROPOSED, (), CHANGES[:1]), CHANGES[:1], True, ASKED, "Tight"
        ),
        Take("By hand", EditList()),
    ),
    ASKED,
)

reads_files = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def good() -> dict[str, Any]:
    """Returns the golden file's values, to be spoilt."""
    document: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return document


def located(project: Project, folder: Path) -> Project:
    """Returns a project with the paths that reading it from a folder gives."""
    return replace(
        project,
        sources=tuple(source.moved(lambda path: str(folder / path)) for source in project.sources),
    )


def test_a_file_of_version_1_is_brought_up(tmp_path: Path) -> None:
    best, by_hand = GOLDEN_PROJECT.takes
    assert GOLDEN_PROJECT.proposal is not None
    before = replace(
        GOLDEN_PROJECT,
        proposal=replace(
            GOLDEN_PROJECT.proposal, provenance=replace(PROVENANCE, targets=Targets())
        ),
        takes=(replace(best, generate=None, style_name=""), by_hand),
        generate=replace(ASKED, targets=None),
    )
    assert read_project(GOLDEN_1) == located(before, GOLDEN_1.parent)
    path = tmp_path / "p.editorbot"
    write_project(path, read_project(GOLDEN_1))
    assert json.loads(path.read_text(encoding="utf-8"))["version"] == VERSION
    assert read_project(path) == read_project(GOLDEN_1)


@pytest.mark.parametrize("key", ["takes", "generate", "proposal"])
def test_what_is_wrong_in_a_file_of_version_1_is_named(key: str) -> None:
    document = json.loads(GOLDEN_1.read_text(encoding="utf-8"))
    for wrong in (7, [3], {"provenance": 3}, "x"):
        with pytest.raises(EditError):
            dict_to_project(document | {key: wrong})


@pytest.mark.parametrize(
    "wrong", [{"pause_s": -1.0}, {"length": 2}, {"warmth": 1.0}, {"pause_s": "x"}]
)
def test_targets_are_checked(wrong: dict[str, Any]) -> None:
    document = good()
    document["generate"]["targets"] |= wrong
    with pytest.raises(EditError, match=next(iter(wrong))):
        dict_to_project(document)


def test_the_golden_file_of_this_version_is_read_and_written_as_it_is(tmp_path: Path) -> None:
    assert read_project(GOLDEN) == located(GOLDEN_PROJECT, GOLDEN.parent)
    path = tmp_path / "p.editorbot"
    write_project(path, located(GOLDEN_PROJECT, tmp_path))
    assert path.read_text(encoding="utf-8") == GOLDEN.read_text(encoding="utf-8")


def test_the_example_of_the_description_is_a_project() -> None:
    page = (Path(__file__).parents[2] / "docs" / "project-format.md").read_text(encoding="utf-8")
    example = page.split("```json\n")[1].split("```")[0]
    project = dict_to_project(json.loads(example))
    assert project.edit_list == PROPOSED
    assert project.changes == (replace(CHANGES[0], state=ChangeState.ACCEPTED),)


def test_every_version_before_this_one_has_its_migration() -> None:
    assert set(MIGRATIONS) == set(range(1, VERSION))


@pytest.mark.parametrize(
    ("kind", "kept_elsewhere"),
    [
        (Change, {"after", "silence"}),  # only where something was rejected
        (Provenance, set()),
        (Take, set()),
        (ProjectSource, {"tracks"}),  # only where a recording is several files
        (ProjectTrack, {"level"}),
        (GenerateOptions, {"locks"}),
    ],
)
def test_no_field_is_forgotten(kind: type, kept_elsewhere: set[str]) -> None:
    """A field that is added to a type must be added to the format, with a new version."""
    document = project_to_dict(GOLDEN_PROJECT)
    values = {
        Change: document["changes"][0],
        Provenance: document["proposal"]["provenance"],
        Take: document["takes"][0],
        ProjectSource: document["sources"][0],
        ProjectTrack: _source_with_tracks()["tracks"][0],
        GenerateOptions: document["generate"],
    }[kind]
    renamed = {"edit_list": "edit", "n_samples": "samples", "n_bytes": "bytes"}
    fields = {renamed.get(field.name, field.name) for field in dataclasses.fields(kind)}
    levels = {field.name for field in dataclasses.fields(TrackLevel)}
    assert set(values) == (fields - kept_elsewhere) | (levels if kind is ProjectTrack else set())


TRACKS = (
    ProjectTrack("host.wav", "Host", 44_100, 132_301, 0, "ab" * 20, 12, TrackLevel(-3.5)),
    ProjectTrack(
        "sub/guest.flac", "Guest", 48_000, 100, 77, level=TrackLevel(muted=True, soloed=True)
    ),
)


def _source_with_tracks() -> dict[str, Any]:
    source = replace(SOURCE, tracks=TRACKS)
    return project_to_dict(Project((source,), EditList.whole(SOURCE.n_samples)))["sources"][0]


def test_several_microphones_are_kept(tmp_path: Path) -> None:
    source = replace(SOURCE, tracks=TRACKS)
    path = tmp_path / "p.editorbot"
    write_project(path, located(Project((source,), EditList.whole(SOURCE.n_samples)), tmp_path))
    found = read_project(path).sources[0]
    assert (
        found.tracks
        == replace(source, tracks=TRACKS).moved(lambda name: str(tmp_path / name)).tracks
    )
    assert found.paths == (str(tmp_path / "host.wav"), str(tmp_path / "sub" / "guest.flac"))


@pytest.mark.parametrize(
    "wrong", [{"offset": -1}, {"gain_db": 99.0}, {"gain_db": "loud"}, {"muted": 1}, {"path": ""}]
)
def test_microphones_are_checked(wrong: dict[str, Any]) -> None:
    document = project_to_dict(
        Project((replace(SOURCE, tracks=TRACKS),), EditList.whole(SOURCE.n_samples))
    )
    document["sources"][0]["tracks"][1] |= wrong
    with pytest.raises(EditError, match=r"tracks\[1\]"):
        dict_to_project(document)


def test_what_it_takes_to_make_a_rejected_change_again_is_kept() -> None:
    rejected = replace(CHANGES[0], state=ChangeState.REJECTED, after=77, silence=3)
    project = replace(GOLDEN_PROJECT, changes=(rejected,))
    document = json.loads(json.dumps(project_to_dict(project)))
    assert dict_to_project(document).changes == (rejected,)
    document["changes"][0]["silence"] = 0
    with pytest.raises(EditError, match="silence"):
        dict_to_project(document)


def test_markers_are_kept_in_order_and_checked() -> None:
    markers = (Marker(5, "Intro"), Marker(90, ""))
    document = json.loads(json.dumps(project_to_dict(replace(GOLDEN_PROJECT, markers=markers))))
    assert dict_to_project(document).markers == markers
    document["markers"].reverse()
    assert dict_to_project(document).markers == markers
    assert "markers" not in project_to_dict(GOLDEN_PROJECT)
    for wrong, sentence in (
        ({"position": -1, "name": ""}, "position"),
        ({"position": 10**12, "name": ""}, "beyond the end"),
        ({"position": 1, "name": 7}, "name"),
        ({"position": 1}, "name"),
    ):
        document["markers"] = [wrong]
        with pytest.raises(EditError, match=sentence):
            dict_to_project(document)


@given(edit=edit_lists(), other=edit_lists(), with_proposal=st.booleans())
def test_what_is_written_is_read(edit: EditList, other: EditList, *, with_proposal: bool) -> None:
    sources = tuple(
        ProjectSource(f"{length}.wav", 120, length, "f0", 44 + 2 * length)
        for length in SOURCE_LENGTHS
    )
    proposal = Proposal(other, ((0, 5),)) if with_proposal else None
    project = Project(sources, edit, proposal, (), (Take("A", other, None), Take("B", edit)))
    assert dict_to_project(json.loads(json.dumps(project_to_dict(project)))) == project


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "projects").mkdir()
    (tmp_path / "sounds").mkdir()
    source = replace(SOURCE, path=str(tmp_path / "sounds" / "a.wav"))
    path = tmp_path / "projects" / "p.editorbot"
    write_project(path, replace(GOLDEN_PROJECT, sources=(source,)))
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["sources"][0]["path"] == "../sounds/a.wav"
    (tmp_path / "moved").mkdir()
    (tmp_path / "projects").rename(tmp_path / "moved" / "projects")
    (tmp_path / "sounds").rename(tmp_path / "moved" / "sounds")
    again = read_project(tmp_path / "moved" / "projects" / "p.editorbot")
    assert again.sources[0].path == str(tmp_path / "moved" / "sounds" / "a.wav")


def test_a_copy_of_unsaved_work_names_its_project(tmp_path: Path) -> None:
    path = tmp_path / "copy.editorbot"
    for of in ("", str(tmp_path / "p.editorbot")):
        project = located(replace(GOLDEN_PROJECT, autosave_of=of), tmp_path)
        assert parse_project(path, project_bytes(path, project)) == project
    assert "autosave_of" not in json.loads(project_bytes(path, GOLDEN_PROJECT))


def test_odd_names_and_numbers_survive(tmp_path: Path) -> None:
    path = tmp_path / "p.editorbot"
    odd = Change(
        0, ChangeKind.CUT, Reason.NOISE, 0, int(np.int64(5)), 9, float(np.float32(1.0000001))
    )
    project = Project(
        (replace(SOURCE, path=str(tmp_path / "\udcff “x”\n.wav")),),
        EditList((Segment(0, np.int64(3), np.int64(9), np.float32(-1.5)),)),  # type: ignore[arg-type]
        changes=(odd, replace(odd, id=1, confidence=math.nan)),
    )
    write_project(path, project)
    again = read_project(path)
    assert again.edit_list == EditList((Segment(0, 3, 9, -1.5),))
    assert [change.confidence for change in again.changes] == [1.0, None]
    assert again.sources[0].path == project.sources[0].path


def test_locks_are_left_to_the_changes() -> None:
    options = GenerateOptions(seed=2, locks=Locks(keep=((0, 5),)))
    again = dict_to_project(project_to_dict(replace(GOLDEN_PROJECT, generate=options)))
    assert again.generate == GenerateOptions(seed=2)


def test_equal_content_has_an_equal_digest() -> None:
    data = GOLDEN.read_bytes()
    assert digest_of(data) == digest_of(bytes(bytearray(data)))
    assert digest_of(data) != digest_of(data + b" ")


def test_an_edit_that_does_not_fit_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "p.editorbot"
    path.write_text("before")
    with pytest.raises(ProjectError, match="beyond its recording"):
        write_project(path, Project((SOURCE,), EditList.whole(132301)))
    assert path.read_text() == "before"
    with pytest.raises(FileWriteError):
        write_project(tmp_path / "absent" / "p.editorbot", GOLDEN_PROJECT)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is not a project of EditorBot: it is not JSON text"),
        (b"\xff\xfe", "is not a project of EditorBot: it is not JSON text"),
        (b"[]", "It is not a project of EditorBot"),
        (b'{"format": "editorbot-edit-list", "version": 1}', "It is not a project of EditorBot"),
        (b'{"format": "editorbot-project"}', "version is not a whole number"),
        (b'{"format": "editorbot-project", "version": 3}', "written by a newer EditorBot"),
        (b'{"format": "editorbot-project", "version": 1}', "It has no “sources”"),
    ],
)
def test_what_is_no_project_is_refused_with_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(ProjectError, match=sentence) as caught:
        parse_project("p.editorbot", data)
    assert "p.editorbot" in caught.value.sentence


def test_a_newer_version_is_told_what_to_do() -> None:
    with pytest.raises(EditError) as caught:
        dict_to_project(good() | {"version": VERSION + 1, "something": "new"})
    assert caught.value.mend == "Update EditorBot."


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="it does not exist"):
        read_project(tmp_path / "absent.editorbot")


def _set(*keys: str | int, to: object) -> Callable[[dict[str, Any]], None]:
    def spoil(document: Any) -> None:  # noqa: ANN401 - goes down into anything
        for key in keys[:-1]:
            document = document[key]
        document[keys[-1]] = to

    return spoil


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_set("surplus", to=1), "unknown “surplus”"),
        (_set("sources", 0, "path", to=""), r"sources\[0\].path is not the name of a file"),
        (_set("sources", 0, "samples", to=5), "In edit: The edit reaches beyond its recording"),
        (_set("sources", to=[]), "beyond its recording"),
        (_set("edit", "items", 1, "stop", to=1.0), r"In edit: items\[1\].stop is not a whole"),
        (_set("edit", "version", to=9), "In edit: Its format has version 9"),
        (_set("edit", to=None), "edit is not an object"),
        (_set("changes", to={}), "changes is not a list"),
        (_set("changes", 0, "state", to="liked"), r"changes\[0\].state is “liked”, not one of"),
        (_set("changes", 1, "stop", to=132301), r"changes\[1\] reaches beyond its recording"),
        (_set("changes", 1, "source", to=1), r"changes\[1\] reaches beyond its recording"),
        (_set("changes", 0, "confidence", to=1.5), r"changes\[0\].confidence is not from 0 to 1"),
        (_set("proposal", to=3), "proposal is not an object"),
        (_set("proposal", "runs", 0, to=[5, 5]), r"In proposal: runs\[0\] is not a range"),
        (_set("proposal", "runs", 0, to=[True, 5]), r"In proposal: runs\[0\] is not a range"),
        (_set("proposal", "provenance", "seed", to="3"), "In provenance: seed is not a whole"),
        (_set("proposal", "provenance", "style", to=[1, None]), r"style\[1\] is not a number"),
        (_set("proposal", "provenance", "temperature", to=10**400), "beyond all bounds"),
        (_set("takes", 0, "starred", to=1), r"takes\[0\].starred is not true or false"),
        (_set("takes", 1, "edit", "items", to=0), r"In takes\[1\]: In edit: items is not a list"),
        (_set("generate", "tightness", to=2), "In generate: Tightness goes from 0 to 1"),
        (_set("generate", "axes", to=[]), "In generate: axes is not an object"),
        (_set("generate", "rescore", to=0), "In generate: rescore is not true or false"),
        (_set("autosave_of", to=1), "autosave_of is not text"),
        (_set("autosave_of", to="\0"), "autosave_of is not the name of a file"),
    ],
)
def test_what_is_wrong_is_named(spoil: Callable[[dict[str, Any]], None], sentence: str) -> None:
    document = good()
    spoil(document)
    with pytest.raises(EditError, match=sentence):
        dict_to_project(document)


def _places(value: object, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value)  # type: ignore[arg-type]
    found: list[tuple[str | int, ...]] = []
    for key, content in parts:
        found.append((*place, key))
        if isinstance(content, dict | list):
            found += _places(content, (*place, key))
    return found


@settings(max_examples=300)
@given(
    place=st.sampled_from(_places(good())),
    value=st.one_of(
        st.none(), st.booleans(), st.integers(-3, 3), st.just(10**400), st.floats(),
        st.text(max_size=3), st.just([]), st.just({}), st.just([{}]), st.just([[]]),
    ),
)  # fmt: skip
def test_any_spoilt_value_is_read_or_refused_but_never_a_crash(
    place: tuple[str | int, ...], value: object
) -> None:
    document = copy.deepcopy(good())
    _set(*place, to=value)(document)
    try:
        project = dict_to_project(document)
    except EditError:
        return
    assert dict_to_project(project_to_dict(project)) == project


@reads_files
@given(length=st.integers(0, len(GOLDEN.read_bytes()) - 3))
def test_a_file_that_is_cut_short_is_refused(length: int) -> None:
    with pytest.raises(ProjectError):
        parse_project("p.editorbot", GOLDEN.read_bytes()[:length])


def test_the_format_names_itself() -> None:
    assert good()["format"] == FORMAT == "editorbot-project"
