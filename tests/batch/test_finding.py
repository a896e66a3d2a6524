from __future__ import annotations

import json
from pathlib import Path

import pytest

from model_core.batch.finding import find_jobs, read_list
from model_core.batch.job import BatchJob, JobOptions, fingerprint
from model_core.errors import EditError, FileWriteError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "in"
    for name in ("b.wav", "a.MP3", "deep/er/c.m4a", "notes.txt", ".hidden/d.wav", ".e.wav"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def places(jobs: list[BatchJob], output: Path) -> list[str]:
    return [job.output.relative_to(output).as_posix() for job in jobs]


def test_folders_are_mirrored_and_only_recordings_taken(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    jobs = find_jobs([folder], out)
    assert places(jobs, out) == ["a.MP3", "b.wav", "deep/er/c.wav"]
    assert places(find_jobs([folder], out, suffix=".flac"), out) == [
        "a.flac", "b.flac", "deep/er/c.flac",
    ]  # fmt: skip


def test_results_inside_the_folder_are_not_taken_for_recordings(folder: Path) -> None:
    out = folder / "edited"
    out.mkdir()
    (out / "b.wav").touch()
    assert len(find_jobs([folder], out)) == 3


def test_what_is_named_twice_is_done_once_and_names_do_not_collide(tmp_path: Path) -> None:
    for name in ("x/talk.wav", "x/talk.m4a", "y/talk.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    out = tmp_path / "out"
    inputs = [tmp_path / "x", tmp_path / "x" / "talk.wav", tmp_path / "y" / "talk.wav"]
    jobs = find_jobs(inputs, out)
    assert len(jobs) == 3
    assert len({path.casefold() for path in places(jobs, out)}) == 3


def test_what_is_written_beside_the_sound_does_not_collide_either(tmp_path: Path) -> None:
    for name in ("talk.wav", "talk.flac"):
        (tmp_path / name).touch()
    out = tmp_path / "out"
    plain = find_jobs([tmp_path], out)
    assert places(plain, out) == ["talk.flac", "talk.wav"]
    with_lists = find_jobs([tmp_path], out, JobOptions(edit_list=True))
    assert len({job.output.stem for job in with_lists}) == 2


def test_a_recording_is_never_replaced(folder: Path) -> None:
    with pytest.raises(FileWriteError, match="replace a recording"):
        find_jobs([folder], folder)


def test_a_list_says_what_holds_for_each_file(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        "Input;Preset;format;target_length;timeline;edit_list\n"
        "one.wav;tight;flac;;;\n"
        "two.wav;;;300,5;reaper otio;yes\n".replace("300,5", "300.5"),
        encoding="utf-8-sig",
    )
    one, two = read_list(path, tmp_path / "out", JobOptions(seed=4, style="gentle"))
    assert one.source == tmp_path / "one.wav"
    assert one.output == tmp_path / "out" / "one.flac"
    assert one.options == JobOptions(seed=4, style="tight")
    assert two.options == JobOptions(
        seed=4, style="gentle", target_length_s=300.5, timelines=("reaper", "otio"), edit_list=True
    )


def test_a_list_as_json_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    row = {"input": "one.wav", "output": "deep/x.mp3", "tightness": 0.5, "edit_list": True}
    path.write_text(json.dumps([row]))
    (job,) = read_list(path, tmp_path / "out")
    assert job.output == tmp_path / "out" / "deep" / "x.mp3"
    assert job.options == JobOptions(tightness=0.5, edit_list=True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("input,tightness\na.wav,much\n", "Row 1 .*“much” is no number"),
        ("input,tightness\na.wav,0.5\nb.wav,7\n", "Row 2 .*Tightness"),
        ("input,colour\na.wav,red\n", "no column “colour”"),
        ("style\ntight\n", "names no input"),
        ("input\n", "names no recording"),
    ],
)
def test_a_bad_list_names_the_row(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text)
    with pytest.raises(EditError, match=words):
        read_list(path, tmp_path / "out")


def test_a_list_that_is_no_list_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    for text in ("{}", "[1]", "["):
        path.write_text(text)
        with pytest.raises(EditError):
            read_list(path, tmp_path / "out")


def test_jobs_go_through_json_unchanged(tmp_path: Path) -> None:
    job = BatchJob(tmp_path / "ä.wav", tmp_path / "b.flac", JobOptions("tight", timelines=("edl",)))
    assert BatchJob.from_dict(json.loads(json.dumps(job.to_dict()))) == job


def test_other_options_are_another_fingerprint(tmp_path: Path) -> None:
    style = tmp_path / "mine.json"
    style.write_text("{}")
    out = Path("x.wav")
    prints = [
        fingerprint(options, out)
        for options in (JobOptions(), JobOptions(seed=1), JobOptions(style=str(style)))
    ]
    style.write_text("{ }")
    prints += [
        fingerprint(JobOptions(style=str(style)), out),
        fingerprint(JobOptions(), Path("x.ogg")),
    ]
    assert len(set(prints)) == 5
    assert fingerprint(JobOptions(device="cpu"), out) == prints[0]
