from __future__ import annotations

import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pytest

from model_core.edit.types import EditList
from model_core.export.clips import clips_of
from model_core.export.timelines import write_timeline
from tests.export.edits import EDITS, MARKERS, RATE, Laid, N, check_heard, hand_over


def read(path: Path) -> ET.Element:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["project.xml", "metadata.xml"]
        metadata = archive.read("metadata.xml")
        assert metadata.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
        assert ET.fromstring(metadata).findtext("Title") == "a talk – ü"  # noqa: S314
        return ET.fromstring(archive.read("project.xml"))  # noqa: S314


def samples(element: ET.Element, name: str) -> int:
    exact = float(element.attrib[name]) * RATE
    assert abs(exact - round(exact)) < 1e-6
    return round(exact)


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_clips_play_the_same_edit(tmp_path: Path, edit: EditList) -> None:
    write_timeline(hand_over(edit, tmp_path), tmp_path / "a.dawproject")
    laid, faded = [], []
    end = 0
    for clip in read(tmp_path / "a.dawproject").iter("Clip"):
        assert clip.attrib["contentTimeUnit"] == clip.attrib["fadeTimeUnit"] == "seconds"
        at, start = samples(clip, "time"), samples(clip, "playStart")
        fade_in, length = samples(clip, "fadeInTime"), samples(clip, "duration")
        assert at >= end
        if fade_in < 0:  # the clip then begins so much before its time
            assert at == end
            faded.append((at + fade_in, at))
            laid.append(Laid(0, start + fade_in, at + fade_in, length - fade_in))
        else:
            laid.append(Laid(0, start, at, length))
        end = at + length
    check_heard(edit, laid, faded)
    clips = clips_of(edit, [N], RATE)
    assert [stop - start for start, stop in faded] == [c.head.fade for c in clips if c.head.crosses]


def test_references_lead_somewhere_and_ids_are_unique(tmp_path: Path) -> None:
    write_timeline(hand_over(EDITS["cuts"], tmp_path, markers=MARKERS), tmp_path / "a.dawproject")
    project = read(tmp_path / "a.dawproject")
    ids = [element.attrib["id"] for element in project.iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))
    for name in ("track", "destination"):
        used = {element.attrib[name] for element in project.iter() if name in element.attrib}
        assert used
        assert used <= set(ids)
    assert project.attrib == {"version": "1.0"}
    assert [element.tag for element in project] == ["Application", "Structure", "Arrangement"]
    files = {(f.attrib["path"], f.attrib["external"]) for f in project.iter("File")}
    assert files == {("a talk – ü.wav", "true")}
    audio = next(project.iter("Audio")).attrib
    assert (audio["sampleRate"], audio["channels"]) == (str(RATE), "2")
    assert float(audio["duration"]) == N / RATE
    markers = [(m.attrib["time"], m.attrib["name"]) for m in project.iter("Marker")]
    assert markers == [("0", "Start"), ("0.5", "Middle “part”")]


def test_the_same_edit_is_the_same_file(tmp_path: Path) -> None:
    for name in ("a.dawproject", "b.dawproject"):
        write_timeline(hand_over(EDITS["loop"], tmp_path), tmp_path / name)
    assert (tmp_path / "a.dawproject").read_bytes() == (tmp_path / "b.dawproject").read_bytes()


# What the public schema of the format, version 1.0, says of the elements that are written here:
# children in their order, attributes that must be there, and those that may.
NAMED = {"name", "color", "comment"}
REFERRED = NAMED | {"id"}
TIMED = REFERRED | {"timeUnit", "track"}
CLIP = {
    "duration", "contentTimeUnit", "playStart", "playStop", "loopStart", "loopEnd",
    "fadeTimeUnit", "fadeInTime", "fadeOutTime", "enable", "reference",
}  # fmt: skip
SCHEMA: dict[str, tuple[list[str], set[str], set[str]]] = {
    "Project": (
        ["Application", "Transport", "Structure", "Arrangement", "Scenes"], {"version"}, set(),
    ),
    "Application": ([], {"name", "version"}, set()),
    "Structure": (["Track"], set(), set()),
    "Track": (["Channel", "Track"], set(), REFERRED | {"contentType", "loaded"}),
    "Channel": (
        ["Devices", "Mute", "Pan", "Sends", "Volume"],
        set(), REFERRED | {"audioChannels", "destination", "role", "solo"},
    ),
    "Volume": ([], {"unit"}, REFERRED | {"max", "min", "value", "parameterID"}),
    "Arrangement": (["Lanes", "Markers"], set(), REFERRED),
    "Lanes": (["Lanes", "Clips"], set(), TIMED),
    "Clips": (["Clip"], set(), TIMED),
    "Clip": (["Audio", "Clips", "Lanes"], {"time"}, NAMED | CLIP),
    "Audio": (["File"], {"channels", "sampleRate", "duration"}, TIMED | {"algorithm"}),
    "File": ([], {"path"}, {"external"}),
    "Markers": (["Marker"], set(), TIMED),
    "Marker": ([], {"time"}, NAMED),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_the_schema_allows_what_is_written(tmp_path: Path, edit: EditList) -> None:
    write_timeline(hand_over(edit, tmp_path, markers=MARKERS), tmp_path / "a.dawproject")
    for element in read(tmp_path / "a.dawproject").iter():
        children, needed, allowed = SCHEMA[element.tag]
        places = [children.index(child.tag) for child in element]
        assert places == sorted(places), element.tag
        assert needed <= set(element.attrib) <= needed | allowed, element.tag
