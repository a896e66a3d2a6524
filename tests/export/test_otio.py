from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
import pytest

from model_core.edit.types import EditList, Segment
from model_core.export.clips import clips_of
from model_core.export.timelines import write_timeline
from tests.export.edits import EDITS, MARKERS, RATE, N, hand_over, media


def read(path: Path) -> otio.schema.Timeline:
    timeline = otio.adapters.read_from_file(str(path))
    assert isinstance(timeline, otio.schema.Timeline)
    return timeline


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_reader_gives_the_same_edit(tmp_path: Path, edit: EditList) -> None:
    write_timeline(hand_over(edit, tmp_path), tmp_path / "a.otio")
    (track,) = read(tmp_path / "a.otio").audio_tracks()
    found = []
    for child in track:
        if isinstance(child, otio.schema.Transition):
            continue
        length = child.source_range.duration
        start = child.source_range.start_time
        assert length.rate == start.rate == RATE
        if isinstance(child, otio.schema.Gap):
            found.append(("gap", length.value))
        else:
            begins = track.range_of_child(child).start_time.value
            found.append((start.value, start.value + length.value, begins))
    expected: list[tuple[object, ...]] = []
    at = 0
    for item in edit.items:
        if isinstance(item, Segment):
            expected.append((item.start, item.stop, at))
        else:
            expected.append(("gap", item.length))
        at += item.length
    assert found == expected
    assert track.duration().value == edit.length


def test_crossfades_are_transitions(tmp_path: Path) -> None:
    for edit in EDITS.values():
        write_timeline(hand_over(edit, tmp_path), tmp_path / "a.otio")
        (track,) = read(tmp_path / "a.otio").audio_tracks()
        found = [
            (child.in_offset.value, child.out_offset.value)
            for child in track
            if isinstance(child, otio.schema.Transition)
        ]
        clips = [clip for clip in clips_of(edit, [N], RATE) if clip.head.crosses]
        assert found == [(c.head.beyond, c.head.fade - c.head.beyond) for c in clips]


def test_media_and_markers(tmp_path: Path) -> None:
    over = hand_over(EDITS["gain"], tmp_path, markers=MARKERS)
    written = write_timeline(over, tmp_path / "a.otio")
    assert "no place for gains" in written.notes[0]
    timeline = read(tmp_path / "a.otio")
    clip = timeline.find_clips()[0]
    assert clip.media_reference.target_url == "a%20talk%20%E2%80%93%20%C3%BC.wav"
    assert clip.media_reference.available_range.duration.value == N
    assert [marker.name for marker in timeline.tracks.markers] == ["Start", "Middle “part”"]


def test_media_of_other_rates_and_folders(tmp_path: Path) -> None:
    over = hand_over(
        EditList.whole(44_101), tmp_path, media=(media(tmp_path / "x" / "a.wav", 44_101, 44_100),)
    )
    (tmp_path / "y").mkdir()
    write_timeline(over, tmp_path / "y" / "a.otio")
    clip = read(tmp_path / "y" / "a.otio").find_clips()[0]
    assert clip.media_reference.target_url == "../x/a.wav"
    assert clip.source_range.duration == otio.opentime.RationalTime(44_101, 44_100)
