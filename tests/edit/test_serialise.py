from __future__ import annotations

import copy
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from model_core.edit.checked_json import shown
from model_core.edit.serialise import (
    FORMAT,
    SavedEdit,
    SourceInfo,
    dict_to_edit_list,
    edit_list_to_dict,
    read_edit_list,
    write_edit_list,
)
from model_core.edit.types import EditList, FadeLaw, Gap, Join, Segment
from model_core.errors import EditError, FileWriteError
from tests.edit.strategies import SOURCE_LENGTHS, edit_lists

GOLDEN = Path(__file__).parents[1] / "golden" / "edit_list_v1.json"
GOLDEN_EDIT = EditList(
    (
        Segment(0, 0, 44100),
        Segment(0, 66150, 110250, -3.5),
        Gap(22050),
        Segment(0, 88200, 132300),
        Segment(1, 0, 1),
    ),
    (Join(), Join(FadeLaw.EQUAL_POWER, 353), Join(FadeLaw.EQUAL_GAIN, 0), Join()),
)
GOLDEN_SOURCES = (
    SourceInfo("Aufnahme 1 – roh.wav", 44100, 132300, "b2-0123abcd"),
    SourceInfo("../takes/two.flac", 44100, 1),
)
SOURCES = tuple(SourceInfo(f"{n}.wav", 120, n) for n in SOURCE_LENGTHS)

reads_files = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([FORMAT, "segment", "gap", "auto", 1, 0, 2**53, 2**53 + 1, 10**400, -1]),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(
            st.text(max_size=5)
            | st.sampled_from(["format", "version", "sources", "items", "joins", "type", "start"]),
            children,
            max_size=6,
        )
    ),
    max_leaves=12,
)


def good() -> dict[str, Any]:
    """Returns the golden file's values, to be spoilt."""
    document: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return document


def test_the_golden_file_of_version_1_is_read() -> None:
    saved = read_edit_list(GOLDEN)
    assert saved.edit_list == GOLDEN_EDIT
    folder = GOLDEN.parent
    assert [Path(source.path) for source in saved.sources] == [
        folder / "Aufnahme 1 – roh.wav",
        folder.parent / "takes" / "two.flac",
    ]
    assert [source.n_samples for source in saved.sources] == [132300, 1]
    assert saved.sources[0].content_hash == "b2-0123abcd"


def test_the_golden_file_of_version_1_is_written_to_the_byte(tmp_path: Path) -> None:
    folder = tmp_path / "edits"
    folder.mkdir()
    sources = [
        SourceInfo(
            str(folder / source.path), source.sample_rate, source.n_samples, source.content_hash
        )
        for source in GOLDEN_SOURCES
    ]
    write_edit_list(folder / "edit.json", GOLDEN_EDIT, sources)
    # Read as text, because git may have given the golden file another system's line ends.
    expected = GOLDEN.read_text(encoding="utf-8")
    assert (folder / "edit.json").read_bytes().decode("utf-8") == expected


def test_the_documented_example_is_what_would_be_written() -> None:
    page = GOLDEN.parents[2] / "docs" / "edit-list-format.md"
    example_text = page.read_text(encoding="utf-8").split("```json\n")[1].split("```")[0]
    document = json.loads(example_text)
    saved = dict_to_edit_list(document)
    assert edit_list_to_dict(saved.edit_list, saved.sources) == document


@given(edit_lists())
def test_an_edit_comes_back_as_it_was(edit: EditList) -> None:
    values = edit_list_to_dict(edit, SOURCES)
    assert dict_to_edit_list(values) == SavedEdit(edit, SOURCES)
    assert dict_to_edit_list(json.loads(json.dumps(values))) == SavedEdit(edit, SOURCES)


@reads_files
@given(edit=edit_lists())
def test_a_file_comes_back_as_it_was(tmp_path: Path, edit: EditList) -> None:
    write_edit_list(tmp_path / "e.json", edit, SOURCES)
    assert read_edit_list(str(tmp_path / "e.json")).edit_list == edit


@given(st.floats(-120, 120))
def test_gains_come_back_exactly(gain_db: float) -> None:
    edit = EditList((Segment(0, 0, 10, gain_db),))
    text = json.dumps(edit_list_to_dict(edit, SOURCES))
    assert dict_to_edit_list(json.loads(text)).edit_list == edit


def test_seconds_are_for_people_and_not_read() -> None:
    document = good()
    assert document["items"][1]["start_s"] == 1.5
    assert document["items"][1]["position_s"] == 1.0
    assert document["items"][2]["length_s"] == 0.5
    for value in (document, *document["sources"], *document["items"]):
        for key in [key for key in value if key.endswith("_s")]:
            value[key] = 123
    assert dict_to_edit_list(document).edit_list == GOLDEN_EDIT
    for value in (document, *document["sources"], *document["items"]):
        for key in [key for key in value if key.endswith("_s")]:
            del value[key]
    assert dict_to_edit_list(document).edit_list == GOLDEN_EDIT


def test_no_joins_mean_default_ones() -> None:
    document = good()
    document["joins"] = []
    assert dict_to_edit_list(document).edit_list == EditList(GOLDEN_EDIT.items)


def test_an_edit_of_silence_needs_no_source() -> None:
    values = edit_list_to_dict(EditList((Gap(5), Gap(6))), ())
    assert dict_to_edit_list(values) == SavedEdit(EditList((Gap(5), Gap(6))), ())
    assert dict_to_edit_list(edit_list_to_dict(EditList(), ())) == SavedEdit(EditList(), ())


def test_what_does_not_fit_its_sources_is_not_written(tmp_path: Path) -> None:
    for sources in (
        (),
        (SourceInfo("a.wav", 44100, 9),),
        (SourceInfo("a.wav", 44100, 10), SourceInfo("b.wav", 48000, 10)),
    ):
        with pytest.raises(EditError):
            write_edit_list(tmp_path / "e.json", EditList.whole(10), sources)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileWriteError, match="doesn't exist"):
        write_edit_list(tmp_path / "missing" / "e.json", EditList(), ())


class TestPaths:
    def test_are_relative_to_the_file_and_survive_a_move(self, tmp_path: Path) -> None:
        (tmp_path / "one" / "edits").mkdir(parents=True)
        source = SourceInfo(str(tmp_path / "one" / "raw 1.wav"), 8000, 10)
        write_edit_list(tmp_path / "one" / "edits" / "e.json", EditList.whole(10), [source])
        (tmp_path / "one").rename(tmp_path / "two")
        path = tmp_path / "two" / "edits" / "e.json"
        assert json.loads(path.read_text(encoding="utf-8"))["sources"][0]["path"] == "../raw 1.wav"
        assert Path(read_edit_list(path).sources[0].path) == tmp_path / "two" / "raw 1.wav"

    def test_given_relative_to_the_current_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "edits").mkdir()
        monkeypatch.chdir(tmp_path)
        write_edit_list("edits/e.json", EditList(), [SourceInfo("raw.wav", 8000, 10)])
        assert Path(read_edit_list("edits/e.json").sources[0].path) == tmp_path / "raw.wav"

    def test_on_another_drive_are_absolute(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def no_way(_path: object, _start: object) -> str:
            raise ValueError("path is on mount 'D:', start on mount 'C:'")

        monkeypatch.setattr(os.path, "relpath", no_way)
        write_edit_list(tmp_path / "e.json", EditList(), [SourceInfo(str(tmp_path / "a"), 8000, 1)])
        assert Path(read_edit_list(tmp_path / "e.json").sources[0].path) == tmp_path / "a"

    @pytest.mark.skipif(sys.platform == "win32", reason="names are bytes on POSIX only")
    def test_undecodable_names_come_back(self, tmp_path: Path) -> None:
        path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9 \xf0\x9f\x8e\x99.wav")
        write_edit_list(tmp_path / "e.json", EditList(), [SourceInfo(path, 8000, 1)])
        (tmp_path / "e.json").read_bytes().decode("utf-8")
        assert read_edit_list(tmp_path / "e.json").sources[0].path == path


def spoil_segment(key: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["items"][1].__setitem__(key, value)


def spoil_source(key: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["sources"][0].__setitem__(key, value)


def spoil_join(key: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["joins"][1].__setitem__(key, value)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda d: d.pop("format"), "not an edit list"),
        (lambda d: d.update(format="other"), "not an edit list"),
        (lambda d: d.update(version=2), "version 2"),
        (lambda d: d.update(version=0), "version is not"),
        (lambda d: d.update(version="1"), "version is not"),
        (lambda d: d.pop("version"), "version is not"),
        (lambda d: d.pop("items"), "It has no “items”"),
        (lambda d: d.update(more=1), "unknown “more”"),
        (lambda d: d.update(items={}), "items is not a list"),
        (lambda d: d.update(sources=None), "sources is not a list"),
        (lambda d: d.update(length_s="long"), "length_s is not a number"),
        (lambda d: d["items"].append(None), r"items\[5\] is not an object"),
        (lambda d: d["items"].append({"type": "gap", "length": 1}), "6 items need 5 joins"),
        (lambda d: d["items"][2].update(length=0), r"items\[2\].length"),
        (lambda d: d["items"][2].update(length=2**53), "longer than any"),
        (spoil_segment("type", "clip"), r"items\[1\].type is “clip”"),
        (spoil_segment("type", "\x1b[2J\n" * 99), r"type is “\\x1b\[2J\\n"),
        (spoil_segment("type", 7), r"items\[1\].type is not text"),
        (spoil_segment("source", 2), "beyond its recording"),
        (spoil_segment("source", -1), r"items\[1\].source"),
        (spoil_segment("start", 1.0), r"items\[1\].start"),
        (spoil_segment("start", True), r"items\[1\].start"),
        (spoil_segment("start", None), r"items\[1\].start"),
        (spoil_segment("start", 110250), r"items\[1\].stop"),
        (spoil_segment("stop", 132301), "beyond its recording"),
        (spoil_segment("stop", 10**400), r"items\[1\].stop"),
        (spoil_segment("gain_db", "loud"), r"items\[1\].gain_db is not a number"),
        (spoil_segment("gain_db", 121), r"items\[1\].gain_db is beyond"),
        (spoil_segment("gain_db", 10**400), r"items\[1\].gain_db is beyond"),
        (spoil_segment("gain_db", float("nan")), "nan"),
        (spoil_segment("gain_db", float("inf")), r"items\[1\].gain_db is beyond"),
        (spoil_segment("start_s", "1.5"), r"items\[1\].start_s is not a number"),
        (spoil_segment("gain", 0), r"items\[1\] has an unknown “gain”"),
        (spoil_source("path", ""), r"sources\[0\].path"),
        (spoil_source("path", "a\0b"), r"sources\[0\].path"),
        (spoil_source("path", "a\ud800"), r"sources\[0\].path"),
        (spoil_source("path", 5), r"sources\[0\].path is not text"),
        (spoil_source("sample_rate", 0), r"sources\[0\].sample_rate"),
        (spoil_source("sample_rate", 48000), "same sample rate"),
        (spoil_source("samples", 132299), "beyond its recording"),
        (spoil_source("content_hash", None), r"sources\[0\].content_hash"),
        (spoil_join("law", "slow"), r"joins\[1\].law is “slow”"),
        (spoil_join("law", None), r"joins\[1\].law is not text"),
        (spoil_join("length", -1), r"joins\[1\].length"),
        (spoil_join("length", "8ms"), r"joins\[1\].length"),
        (lambda d: d["joins"][0].pop("length"), r"joins\[0\] has no “length”"),
        (lambda d: d["joins"].pop(), "5 items need 4 joins, not 3"),
    ],
)
def test_each_fault_has_a_sentence_that_names_its_place(
    spoil: Callable[[dict[str, Any]], object], words: str
) -> None:
    document = good()
    spoil(document)
    with pytest.raises(EditError, match=words):
        dict_to_edit_list(document)


@pytest.mark.parametrize("document", [None, 5, "x", [], [{"format": FORMAT}], True])
def test_other_values_are_no_edit_list(document: object) -> None:
    with pytest.raises(EditError, match="not an edit list"):
        dict_to_edit_list(document)


@given(json_values)
def test_any_values_give_the_one_error(document: object) -> None:
    with pytest.raises(EditError):
        dict_to_edit_list(document)


@settings(max_examples=300)
@given(st.data())
def test_mutated_values_give_an_edit_or_the_one_error(data: st.DataObject) -> None:
    document: Any = copy.deepcopy(good())
    place: Any = document
    for _ in range(data.draw(st.integers(1, 3))):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
            place = place[key]
            continue
        place[key] = data.draw(json_values)
        break
    try:
        saved = dict_to_edit_list(document)
    except EditError as error:
        str(error).encode("utf-8")
        return
    saved.edit_list.check_within(source.n_samples for source in saved.sources)


@reads_files
@given(data=st.binary(max_size=200))
@example(data=b"")
@example(data=b"[" * 100_000)
@example(data=b'{"a":' * 50_000)
@example(data=b"\xff\xfe")
@example(data=b"NaN")
@example(data=b"1" * 10_000)
@example(data=b'"\\ud800"')
def test_any_bytes_give_the_one_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "e.json").write_bytes(data)
    with pytest.raises(EditError):
        read_edit_list(tmp_path / "e.json")


@settings(reads_files, max_examples=300)
@given(data=st.data())
def test_mutated_files_give_an_edit_or_the_one_error(tmp_path: Path, data: st.DataObject) -> None:
    mutated = bytearray(GOLDEN.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(mutated) - 1))
        length = data.draw(st.integers(0, 3))
        mutated[place : place + length] = data.draw(
            st.binary(max_size=3)
            | st.sampled_from([b"9", b"-", b"1e999", b"null", b"]", b"\\ud800"])
        )
    (tmp_path / "e.json").write_bytes(mutated)
    try:
        saved = read_edit_list(tmp_path / "e.json")
    except EditError as error:
        str(error).encode("utf-8")
        return
    saved.edit_list.check_within(source.n_samples for source in saved.sources)


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "e.json").write_bytes(b"\xef\xbb\xbf" + GOLDEN.read_bytes())
    assert read_edit_list(tmp_path / "e.json").edit_list == GOLDEN_EDIT


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path, words in [
        (tmp_path / "missing.json", "does not exist"),
        (tmp_path, "folder|protected"),
        (Path("a\0b"), "null"),
    ]:
        with pytest.raises(EditError, match=words):
            read_edit_list(path)


def test_a_file_of_another_kind_is_not_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model_core.edit.checked_json._MAX_BYTES", 1000)
    (tmp_path / "e.json").write_bytes(b" " * 1001)
    with pytest.raises(EditError, match="too large"):
        read_edit_list(tmp_path / "e.json")


def test_sentences_name_the_file(tmp_path: Path) -> None:
    (tmp_path / "e.json").write_text("{}")
    with pytest.raises(EditError, match=r"e\.json” can't be used\. It is not an edit list"):
        read_edit_list(tmp_path / "e.json")


def test_shown_texts_are_short_and_printable() -> None:
    assert shown("größe") == "größe"
    assert shown("a" * 99) == "a" * 40
    assert shown("\ud800\x07") == r"\ud800\x07"
