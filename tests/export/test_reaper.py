from __future__ import annotations

from pathlib import Path

import pytest
import rpp

from model_core.edit.types import EditList, FadeLaw, Segment
from model_core.export.clips import clips_of
from model_core.export.reaper import quoted
from model_core.export.timelines import write_timeline
from tests.export.edits import EDITS, MARKERS, RATE, Laid, N, check_heard, hand_over, media


def read(path: Path) -> rpp.Element:
    return rpp.loads(path.read_text("utf-8"))


def value(item: rpp.Element, name: str) -> list[str]:
    return next(child[1:] for child in item if isinstance(child, list) and child[0] == name)


def samples(text: str) -> int:
    exact = float(text) * RATE
    assert abs(exact - round(exact)) < 1e-6
    return round(exact)


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_reader_hears_the_same_edit(tmp_path: Path, edit: EditList) -> None:
    write_timeline(hand_over(edit, tmp_path), tmp_path / "a.rpp")
    items = read(tmp_path / "a.rpp").findall(".//ITEM")
    laid = [
        Laid(
            0,
            samples(value(item, "SOFFS")[0]),
            samples(value(item, "POSITION")[0]),
            samples(value(item, "LENGTH")[0]),
        )
        for item in items
    ]
    clips = clips_of(edit, [N], RATE)
    faded = [(c.track_start, c.track_start + c.head.fade) for c in clips if c.head.crosses]
    check_heard(edit, laid, faded)
    for item, clip in zip(items, clips, strict=True):
        assert samples(value(item, "FADEIN")[1]) == clip.head.fade
        assert samples(value(item, "FADEOUT")[1]) == clip.tail.fade
        assert value(item, "FADEIN")[0] == str(int(clip.head.law is not FadeLaw.EQUAL_GAIN))
        assert value(item, "LOOP") == ["0"]
        gain = 10 ** (clip.segment.gain_db / 20)
        assert float(value(item, "VOLPAN")[0]) == pytest.approx(gain)


def test_media_are_found_from_the_folder_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    files = (
        media(tmp_path / "audio" / 'it\'s "so"  wide.wav'),
        media(tmp_path / "audio" / "b.flac"),
    )
    files = (files[0], type(files[0])(files[1].path, RATE, 1, N, "FLAC"))
    edit = EditList((Segment(0, 0, RATE), Segment(1, 0, RATE)))
    (tmp_path / "projects").mkdir()
    path = tmp_path / "projects" / "a.rpp"
    write_timeline(hand_over(edit, tmp_path, media=files), path)
    found = read(path).findall(".//SOURCE")
    assert [source.attrib for source in found] == [["WAVE"], ["FLAC"]] or [
        list(source.attrib) for source in found
    ] == [["WAVE"], ["FLAC"]]
    names = [value(source, "FILE")[0] for source in found]
    assert names == ['../audio/it\'s "so"  wide.wav', "../audio/b.flac"]


def test_markers_and_rate(tmp_path: Path) -> None:
    write_timeline(hand_over(EDITS["cuts"], tmp_path, markers=MARKERS), tmp_path / "a.rpp")
    project = read(tmp_path / "a.rpp")
    assert value(project, "SAMPLERATE")[0] == str(RATE)
    markers = [child[1:4] for child in project if isinstance(child, list) and child[0] == "MARKER"]
    assert markers == [["1", "0", "Start"], ["2", "0.5", "Middle “part”"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a", '"a"'), ('a "b"', "'a \"b\"'"), ("'a' \"b\"", "`'a' \"b\"`"), ("\"'`", "`\"''`")],
)
def test_quotes(text: str, expected: str) -> None:
    assert quoted(text) == expected
