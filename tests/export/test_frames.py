from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pycmx
import pytest

from model_core.edit.types import EditList, Gap, Segment
from model_core.errors import EditError, FileWriteError
from model_core.export.frame_rates import FRAME_RATES, FrameRate, frame_rate
from model_core.export.timelines import write_timeline
from tests.export.edits import EDITS, MARKERS, RATE, N, hand_over, media, seconds

Row = tuple[float, float, float, float]


def expected_rows(edit: EditList) -> list[Row]:
    rows = []
    at = 0
    for item in edit.items:
        if isinstance(item, Segment):
            rows.append((item.start / RATE, item.stop / RATE, at / RATE, (at + item.length) / RATE))
        at += item.length
    return rows


def check_rows(edit: EditList, rows: list[Row], rate: FrameRate) -> None:
    """Record times are within half a frame; source times within one, as lengths must agree."""
    expected = expected_rows(edit)
    assert len(rows) == len(expected)
    half = rate.half_frame_s + 1e-9
    for row, wanted in zip(rows, expected, strict=True):
        assert abs(row[0] - wanted[0]) <= 2 * half
        assert abs(row[1] - wanted[1]) <= 4 * half
        assert abs(row[2] - wanted[2]) <= half
        assert abs(row[3] - wanted[3]) <= half
    for left, right in itertools.pairwise(rows):
        assert right[2] >= left[3] - 1e-9


class TestEdl:
    def rows(self, path: Path, rate: FrameRate) -> list[Row]:
        with path.open(encoding="utf-8") as file:
            edl = pycmx.parse_cmx3600(file)
        rows = []
        for event in edl.events:
            (edit,) = event.edits
            codes = (edit.source_in, edit.source_out, edit.record_in, edit.record_out)
            times = [rate.parse_time_code(code) / float(rate.exact) for code in codes]
            rows.append((times[0], times[1], times[2], times[3]))
            assert edit.clip_name == "a talk – ü.wav"
            assert edit.channels.a1
            assert edit.channels.a2
            assert not edit.channels.video
            assert len(edit.source) <= 8
        return rows

    @pytest.mark.parametrize("name", FRAME_RATES)
    @pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
    def test_pycmx_reads_the_same_edit(self, tmp_path: Path, edit: EditList, name: str) -> None:
        rate = FRAME_RATES[name]
        over = hand_over(edit, tmp_path, frame_rate=rate)
        written = write_timeline(over, tmp_path / "a.edl")
        check_rows(edit, self.rows(tmp_path / "a.edl", rate), rate)
        assert f"counts {name} frames a second" in written.notes[0]

    def test_opentimelineio_reads_the_same_cuts(self, tmp_path: Path) -> None:
        over = hand_over(EDITS["cuts"], tmp_path, frame_rate=FRAME_RATES["25"])
        write_timeline(over, tmp_path / "a.edl")
        timeline = otio.adapters.read_from_file(str(tmp_path / "a.edl"), rate=25)
        rows = [
            (
                clip.source_range.start_time.to_seconds(),
                clip.source_range.end_time_exclusive().to_seconds(),
                clip.range_in_parent().start_time.to_seconds(),
                clip.range_in_parent().end_time_exclusive().to_seconds(),
            )
            for clip in timeline.tracks[0].find_clips()
        ]
        check_rows(EDITS["cuts"], rows, FRAME_RATES["25"])

    def test_lines_are_those_of_the_format(self, tmp_path: Path) -> None:
        over = hand_over(seconds((5, 8.6)), tmp_path, frame_rate=FRAME_RATES["25"])
        write_timeline(over, tmp_path / "a.edl")
        lines = (tmp_path / "a.edl").read_bytes().decode().split("\r\n")
        assert lines[:2] == ["TITLE: a talk – ü", "FCM: NON-DROP FRAME"]
        event = "001  AX       AA    C        00:00:05:00 00:00:08:15 00:00:00:00 00:00:03:15"
        assert event in lines
        assert "* FROM CLIP NAME: a talk – ü.wav" in lines
        assert not any(line.startswith(("* FROM CLIP:", "* FROM FILE")) for line in lines)

    def test_what_the_list_cannot_hold_is_told(self, tmp_path: Path) -> None:
        over = hand_over(EDITS["gain"], tmp_path, markers=MARKERS)
        notes = " ".join(write_timeline(over, tmp_path / "a.edl").notes)
        for words in ("may move by 20 ms", "no place for gains", "crossfades", "Chapter marks"):
            assert words in notes
        tiny = EditList((Segment(0, 0, RATE), Segment(0, 99_000, 99_010), Segment(0, 5, RATE)))
        notes = " ".join(write_timeline(hand_over(tiny, tmp_path), tmp_path / "a.edl").notes)
        assert "1 segment is shorter than half a frame" in notes
        many = EditList.from_ranges([(i * 4000, i * 4000 + 3900) for i in range(470)] * 3)
        notes = " ".join(write_timeline(hand_over(many, tmp_path), tmp_path / "a.edl").notes)
        assert "only 999 events; this list has 1410" in notes

    def test_more_than_a_day_is_refused(self, tmp_path: Path) -> None:
        n = 25 * 3600 * 8000
        over = hand_over(EditList.whole(n), tmp_path, media=(media(tmp_path / "a.wav", n, 8000),))
        with pytest.raises(EditError, match="24 hours"):
            write_timeline(over, tmp_path / "a.edl")
        assert not list(tmp_path.iterdir())

    def test_errors_do_not_add_up(self, tmp_path: Path) -> None:
        edit = EditList.from_ranges([(i * 40_000, i * 40_000 + 2_903) for i in range(48)] * 20)
        rate = FRAME_RATES["25"]
        write_timeline(hand_over(edit, tmp_path, frame_rate=rate), tmp_path / "a.edl")
        check_rows(edit, self.rows(tmp_path / "a.edl", rate), rate)

    def test_a_split_repeats_and_loses_no_frame(self, tmp_path: Path) -> None:
        edit = EditList.from_ranges([(i * 3_001, (i + 1) * 3_001) for i in range(300)])
        rate = FRAME_RATES["25"]
        write_timeline(hand_over(edit, tmp_path, frame_rate=rate), tmp_path / "a.edl")
        rows = self.rows(tmp_path / "a.edl", rate)
        assert all(left[1] == right[0] for left, right in itertools.pairwise(rows))

    def test_several_recordings_get_reels_of_their_own(self, tmp_path: Path) -> None:
        files = (media(tmp_path / "a.wav"), media(tmp_path / "b.wav"))
        edit = EditList((Segment(0, 0, RATE), Segment(1, 0, RATE)))
        write_timeline(hand_over(edit, tmp_path, media=files), tmp_path / "a.edl")
        with (tmp_path / "a.edl").open(encoding="utf-8") as file:
            edits = [event.edits[0] for event in pycmx.parse_cmx3600(file).events]
        assert [(e.source, e.clip_name) for e in edits] == [("AX001", "a.wav"), ("AX002", "b.wav")]


class TestFinalCutXml:
    def read(self, path: Path) -> otio.schema.Timeline:
        found: Any = otio.adapters.read_from_file(str(path), adapter_name="fcp_xml")
        assert isinstance(found, otio.schema.Timeline)
        return found

    def rows(self, track: otio.schema.Track) -> list[Row]:
        return [
            (
                clip.source_range.start_time.to_seconds(),
                clip.source_range.end_time_exclusive().to_seconds(),
                clip.range_in_parent().start_time.to_seconds(),
                clip.range_in_parent().end_time_exclusive().to_seconds(),
            )
            for clip in track.find_clips()
        ]

    @pytest.mark.parametrize("name", ["24", "25", "29.97", "60"])
    @pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
    def test_reader_gives_the_same_edit(self, tmp_path: Path, edit: EditList, name: str) -> None:
        rate = FRAME_RATES[name]
        write_timeline(hand_over(edit, tmp_path, frame_rate=rate), tmp_path / "a.xml")
        tracks = self.read(tmp_path / "a.xml").audio_tracks()
        assert len(tracks) == 2
        for track in tracks:
            check_rows(edit, self.rows(track), rate)

    def test_media_are_named_by_url(self, tmp_path: Path) -> None:
        write_timeline(hand_over(EDITS["cuts"], tmp_path), tmp_path / "a.xml")
        for clip in self.read(tmp_path / "a.xml").find_clips():
            reference = clip.media_reference
            assert reference.target_url.startswith("file://localhost/")
            assert reference.target_url.endswith("/a%20talk%20%E2%80%93%20%C3%BC.wav")
            assert reference.available_range.duration.to_seconds() == N / RATE

    def test_long_crossfades_are_transitions(self, tmp_path: Path) -> None:
        rate = FRAME_RATES["50"]
        write_timeline(hand_over(EDITS["joins"], tmp_path, frame_rate=rate), tmp_path / "a.xml")
        track = self.read(tmp_path / "a.xml").audio_tracks()[0]
        transitions = [child for child in track if isinstance(child, otio.schema.Transition)]
        assert len(transitions) == 1
        # Half a second around the cut at 50 frames a second: 12 or 13 frames to each side.
        offsets = (transitions[0].in_offset.value, transitions[0].out_offset.value)
        assert sum(offsets) == 25
        assert abs(offsets[0] - offsets[1]) <= 1

    def test_gains_and_markers(self, tmp_path: Path) -> None:
        edit = EditList((Segment(0, 0, RATE, -6.0), Segment(0, 2 * RATE, 3 * RATE, 20.0)))
        written = write_timeline(hand_over(edit, tmp_path, markers=MARKERS), tmp_path / "a.xml")
        assert "Gains end at 12 dB." in written.notes
        timeline = self.read(tmp_path / "a.xml")
        levels = []
        for clip in timeline.audio_tracks()[0].find_clips():
            for effect in (clip.metadata["fcp_xml"]["filter"]["effect"]["parameter"],):
                levels.append(float(effect["value"]))  # noqa: PERF401
        assert levels == pytest.approx([0.501187, 3.98107])
        assert [m.name for m in timeline.tracks.markers] == ["Start", "Middle “part”"]


class TestFrameRates:
    @pytest.mark.parametrize("name", FRAME_RATES)
    def test_time_code_there_and_back(self, name: str) -> None:
        rate = FRAME_RATES[name]
        for frames in (0, 1, 23, 24, 29, 30, 59, 60, 1_799, 1_800, 107_892, 2_000_000):
            assert rate.parse_time_code(rate.time_code(frames)) == frames
            assert rate.frames(rate.samples(frames, 44_100), 44_100) == frames

    def test_ntsc_is_slower_than_its_time_code(self) -> None:
        rate = FRAME_RATES["29.97"]
        assert rate.is_ntsc
        assert rate.nominal == 30
        assert rate.time_code(rate.frames(3600 * RATE, RATE)) == "00:59:56:12"

    @pytest.mark.parametrize("text", ["", "1:2:3:4", "00:00:60:00", "00:00:00:25", "00:60:00:00"])
    def test_what_is_no_time_code_is_refused(self, text: str) -> None:
        with pytest.raises(EditError, match="time code"):
            FRAME_RATES["25"].parse_time_code(text)

    def test_unknown_rates_are_refused(self) -> None:
        with pytest.raises(EditError, match="no frame rate"):
            frame_rate("26")


def test_empty_edits_and_unknown_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EditError, match="empty"):
        write_timeline(hand_over(EditList((Gap(5),)), tmp_path), tmp_path / "a.edl")
    with pytest.raises(FileWriteError, match="no ending"):
        write_timeline(hand_over(EDITS["cuts"], tmp_path), tmp_path / "a.doc")
    with pytest.raises(FileWriteError, match="knows no timeline format"):
        write_timeline(hand_over(EDITS["cuts"], tmp_path), tmp_path / "a.rpp", "cubase")
    assert not list(tmp_path.iterdir())


def test_the_recording_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "talk.rpp"
    path.write_bytes(b"sound")
    with pytest.raises(FileWriteError, match="never overwritten"):
        write_timeline(hand_over(EDITS["cuts"], tmp_path, media=(media(path),)), path)
    assert path.read_bytes() == b"sound"
