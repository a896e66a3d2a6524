from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from model_core.edit.serialise import SourceInfo, write_edit_list
from model_core.edit.types import EditList, Gap, Segment
from tests.align.sounds import RATE, music, voice
from training.library import Library, LibraryError, PairState
from training.library.__main__ import main
from training.library.choices import Choice, decide, read_choices
from training.library.making import make_pair
from training.library.matching import by_name, role_of

if TYPE_CHECKING:
    import numpy.typing as npt

KEPT = ((0.5, 4.0), (5.5, 9.0))


def write(path: Path, samples: npt.NDArray[np.float32]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, RATE, "PCM_16")
    return path


def edited(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.concatenate([samples[round(a * RATE) : round(b * RATE)] for a, b in KEPT])


def run(root: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[Any]]:
    status = main([
        *arguments, "--json",
        "--data_dir", str(root / "training_data"), "--cache_dir", str(root / "cache"),
    ])  # fmt: skip
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("name", "base", "is_raw", "is_edit"),
    [
        ("talk_raw.wav", "talk", True, False),
        ("Talk Final.mp3", "talk", False, True),
        ("talk (edited).wav", "talk", False, True),
        ("talk.wav", "talk", False, False),
        ("raw/talk.wav", "talk", True, False),
        ("edits/talk.wav", "talk", False, True),
        ("final.wav", "final", False, False),
    ],
)
def test_names_say_what_a_file_is(name: str, base: str, is_raw: bool, is_edit: bool) -> None:
    role = role_of(Path(name))
    assert (role.base, role.is_raw, role.is_edit) == (base, is_raw, is_edit)


def test_nothing_is_guessed_among_three_files_of_one_name() -> None:
    paths = [Path("a_raw.wav"), Path("a_edit.wav"), Path("a_final.wav"), Path("b.wav")]
    matched, rest = by_name([*paths, Path("b final.wav")])
    assert [(one.raw.name, one.edit.name) for one in matched] == [("b.wav", "b final.wav")]
    assert rest == paths[:3]


def test_files_are_matched_by_name_and_by_content(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    talk, other, tune = voice(10, 1), voice(10, 5), music(8, 2)
    theirs = tmp_path / "theirs"
    write(theirs / "monday_raw.wav", talk)
    write(theirs / "monday_edit.wav", edited(talk))
    write(theirs / "take 7.wav", other)
    soundfile.write(theirs / "podcast 12.mp3", 0.7 * edited(other), RATE, format="MP3")
    write(theirs / "jingle.wav", tune)
    root = tmp_path / "library"
    status, events = run(root, capsys, "bring", str(theirs))
    assert status == 1
    added = {one["sample"]: one["by_content"] for one in events if one["event"] == "added"}
    assert added == {"monday": False, "take 7": True}
    (left,) = [one for one in events if one["event"] == "left"]
    assert left["path"].endswith("jingle.wav")
    assert events[-1] == {"event": "end", "added": 2, "left": 1}
    _, rows = run(root, capsys, "list")
    assert [row["edit"] for row in rows] == [
        str(theirs / "monday_edit.wav"), str(theirs / "podcast 12.mp3"),
    ]  # fmt: skip
    # A second time nothing is added twice.
    _, events = run(root, capsys, "bring", str(theirs))
    assert not [one for one in events if one["event"] == "added"]


def test_more_files_than_a_command_line_holds_come_from_the_standard_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, talk = tmp_path / "library", voice(4, 1)
    raw, edit = write(tmp_path / "x_raw.wav", talk), write(tmp_path / "x_edit.wav", talk[RATE:])
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps([str(raw), str(edit)])))
    status, events = run(root, capsys, "bring", "--listed")
    assert status == 0
    assert events[-1] == {"event": "end", "added": 1, "left": 0}


@pytest.mark.parametrize("given", ["", "{", '{"a": 1}', "[1]"])
def test_a_list_that_is_none_is_refused(
    given: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(given))
    assert main(["bring", "--listed", "--data_dir", str(tmp_path / "data")]) != 0
    assert "holds no list of names" in capsys.readouterr().err


def test_no_file_at_all_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bring", "--data_dir", str(tmp_path / "data")]) != 0
    assert "No file was named" in capsys.readouterr().err


def test_removing_a_pair_deletes_nothing_of_the_person(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, talk = tmp_path / "library", voice(4, 1)
    theirs = [write(tmp_path / "x_raw.wav", talk), write(tmp_path / "x_edit.wav", talk[RATE:])]
    run(root, capsys, "bring", *map(str, theirs))
    data = root / "training_data"
    write(data / "input" / "own_raw.wav", talk)
    write(data / "desired_output" / "own_edit.wav", talk[RATE:])
    for name in ("x", "own"):
        assert run(root, capsys, "remove", name)[0] == 0
    assert all(path.is_file() for path in theirs)
    assert sorted(path.name for path in (data / "removed").iterdir()) == [
        "own_edit.wav", "own_raw.wav",
    ]  # fmt: skip
    assert Library(root).pairs() == []
    with pytest.raises(LibraryError, match="no sample"):
        Library(root).remove("x")


def test_an_edit_made_here_is_the_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, raw = tmp_path / "library", write(tmp_path / "talk.wav", voice(10, 1))
    edit = EditList((
        Segment(0, 1000, 40_000), Gap(2000), Segment(0, 90_000, 150_000), Segment(0, 1000, 30_000),
    ))  # fmt: skip
    path = tmp_path / "edits.json"
    write_edit_list(path, edit, [SourceInfo(str(raw), RATE, 10 * RATE, "")])
    assert run(root, capsys, "take", "talk", str(raw), str(path))[0] == 0
    library = Library(root)
    outcome = make_pair(library.pair("talk").task())
    pair = library.pair("talk")
    assert outcome.is_ready
    assert pair.state is PairState.READY
    assert pair.info is not None
    assert pair.info.found is not None
    assert pair.info.found.edit_list == edit
    assert pair.info.found.foreign == ((39_000, 41_000),)
    assert library.training_pairs() == [pair]
    # The same name again is refused, and replaces the edit if that is asked for.
    assert run(root, capsys, "take", "talk", str(raw), str(path))[0] == 2
    other = EditList.from_ranges([(0, 50_000)])
    write_edit_list(path, other, [SourceInfo(str(raw), RATE, 10 * RATE, "")])
    assert run(root, capsys, "take", "talk", str(raw), str(path), "--replace")[0] == 0
    assert library.pair("talk").state is PairState.NEW
    make_pair(library.pair("talk").task())
    found = library.pair("talk").info
    assert found is not None
    assert found.found is not None
    assert found.found.edit_list == other
    stranger = write(tmp_path / "other.wav", voice(10, 4))
    assert run(root, capsys, "take", "talk", str(stranger), str(path), "--replace")[0] == 2


def test_what_a_person_decides_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, talk = tmp_path / "library", voice(10, 1)
    files = [write(tmp_path / "x_raw.wav", talk), write(tmp_path / "x_edit.wav", edited(talk))]
    run(root, capsys, "bring", *map(str, files))
    library = Library(root)
    make_pair(library.pair("x").task())
    assert [pair.name for pair in library.training_pairs()] == ["x"]
    assert run(root, capsys, "choose", "x", "leave")[0] == 0
    assert library.training_pairs() == []
    _, (row,) = run(root, capsys, "list")
    assert (row["choice"], row["trains"], row["raw_s"]) == ("leave", False, 10.0)
    assert Path(row["picture"]).is_file()
    decide(library.layout, "x", Choice.USUAL)
    assert len(library.training_pairs()) == 1
    library.layout.choices.write_text("{}")
    with pytest.raises(LibraryError, match="damaged"):
        read_choices(library.layout)
