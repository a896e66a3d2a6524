from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest

from model_core.audio.reading import ArraySource
from model_core.edit.serialise import SourceInfo, write_edit_list
from model_core.edit.types import EditList, Gap, Segment
from model_core.errors import EditError
from model_core.export.frame_rates import FRAME_RATES
from model_core.export.import_edit import LabelMeaning, Question, import_edit, question_about
from model_core.export.timelines import TIMELINE_FORMATS, write_timeline
from tests.export.edits import EDITS, RATE, N, hand_over, seconds


@pytest.fixture(scope="module")
def source() -> ArraySource:
    return ArraySource(np.zeros(N, np.int16), RATE)


def segments(edit: EditList) -> list[tuple[int, int]]:
    return [(segment.start, segment.stop) for segment in edit.segments]


class TestThereAndBack:
    @pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
    def test_labels(self, tmp_path: Path, source: ArraySource, edit: EditList) -> None:
        path = tmp_path / "a.txt"
        notes = write_timeline(hand_over(edit, tmp_path), path, "labels").notes
        assert not question_about(path)
        assert segments(import_edit(path, source).edit) == segments(edit)
        assert any("gaps" in note for note in notes) == any(isinstance(i, Gap) for i in edit.items)

    @pytest.mark.parametrize("name", ["cuts", "ends", "whole"])
    def test_labels_of_what_is_left_out(
        self, tmp_path: Path, source: ArraySource, name: str
    ) -> None:
        path = tmp_path / "a.txt"
        write_timeline(hand_over(EDITS[name], tmp_path), path, "labels-removed")
        if name == "whole":
            with pytest.raises(EditError, match="no label"):
                import_edit(path, source)
            return
        assert not question_about(path)
        found = import_edit(path, source).edit
        assert segments(found) == sorted(segments(EDITS[name]))

    @pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
    def test_json_and_otio(self, tmp_path: Path, source: ArraySource, edit: EditList) -> None:
        for name in ("a.json", "a.otio"):
            write_timeline(hand_over(edit, tmp_path), tmp_path / name)
            assert not question_about(tmp_path / name)
            found = import_edit(tmp_path / name, source).edit
            assert found.items == edit.items
        assert import_edit(tmp_path / "a.json", source).edit == edit

    @pytest.mark.parametrize("rate", FRAME_RATES.values(), ids=FRAME_RATES)
    @pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
    def test_edl(self, tmp_path: Path, source: ArraySource, edit: EditList, rate: object) -> None:
        path = tmp_path / "a.edl"
        write_timeline(hand_over(edit, tmp_path, frame_rate=rate), path)
        assert not question_about(path)
        found = import_edit(path, source).edit
        assert [type(item) for item in found.items] == [type(item) for item in edit.items]
        frame = RATE / float(rate.exact)  # type: ignore[attr-defined]
        for (start, stop), (start_2, stop_2) in zip(segments(edit), segments(found), strict=True):
            assert abs(start - start_2) <= frame
            assert abs(stop - stop_2) <= 2 * frame
        assert abs(edit.length - found.length) <= frame


class TestLabels:
    def labels(self, folder: Path, text: str) -> Path:
        path = folder / "a.txt"
        path.write_text(text, "utf-8")
        return path

    def test_what_they_mean_is_asked(self, tmp_path: Path, source: ArraySource) -> None:
        path = self.labels(tmp_path, "2.0\t3.0\tcough\n1,5\t2,25\t\n")
        assert question_about(path) == Question(meaning=True)
        cut = import_edit(path, source, LabelMeaning.CUT).edit
        assert cut == seconds((0, 1.5), (3, 40))
        kept = import_edit(path, source, LabelMeaning.KEEP).edit
        assert kept == seconds((1.5, 3))

    def test_points_and_frequencies(self, tmp_path: Path, source: ArraySource) -> None:
        path = self.labels(tmp_path, "\ufeff1.0\t1.0\there\n2.0\t3.0\tkeep\n\\\t100.0\t200.0\n\n")
        found = import_edit(path, source)
        assert found.edit == seconds((2, 3))
        assert found.notes == ("1 label that marks a point was left out.",)

    def test_the_last_sample_may_be_rounded_beyond_the_end(
        self, tmp_path: Path, source: ArraySource
    ) -> None:
        path = self.labels(tmp_path, "39.0\t40.000011\tkeep 1\n")
        assert import_edit(path, source).edit == seconds((39, 40))

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("", "no label"),
            ("hello\n", "Line 1 is no label"),
            ("1.0\t2.0\ta\n1.0 nonsense\n", "Line 2 is no label"),
            ("100.0\t200.0\tkeep\n", "this one has 40.00 s"),
            ("1.0\t1.0\tpoint\n", "None of the labels"),
        ],
    )
    def test_what_is_wrong_is_told(
        self, tmp_path: Path, source: ArraySource, text: str, sentence: str
    ) -> None:
        with pytest.raises(EditError, match=sentence):
            import_edit(self.labels(tmp_path, text), source)


def _event(number: str, reel: str, source_in: int, record_in: int, length: int = 1) -> str:
    codes = (source_in, source_in + length, record_in, record_in + length)
    return f"{number}  {reel}  A  C  {' '.join(f'00:00:{second:02}:00' for second in codes)}\n"


class TestEdl:
    def edl(self, folder: Path, text: str) -> Path:
        path = folder / "a.EDL"
        path.write_text(text, "utf-8")
        return path

    def test_of_another_program(self, tmp_path: Path, source: ArraySource) -> None:
        path = self.edl(
            tmp_path,
            "TITLE: cut\nFCM: NON-DROP FRAME\n\n"
            "001  TALK     V     C        00:00:01:00 00:00:02:00 01:00:00:00 01:00:01:00\n"
            "001  TALK     A     C        00:00:01:00 00:00:02:00 01:00:00:00 01:00:01:00\n"
            "001  TALK     A2    C        00:00:01:00 00:00:02:00 01:00:00:00 01:00:01:00\n"
            "002  BL       A     C        00:00:00:00 00:00:00:12 01:00:01:00 01:00:01:12\n"
            "003  TALK     AA    D    010 00:00:05:00 00:00:06:12 01:00:01:12 01:00:03:00\n",
        )
        assert question_about(path) == Question(frame_rate=True)
        found = import_edit(path, source, frame_rate=FRAME_RATES["24"])
        assert found.edit.items == (
            Segment(0, RATE, 2 * RATE),
            Gap(RATE // 2),
            Segment(0, 5 * RATE, round(6.5 * RATE)),
        )
        assert found.notes == ("Transitions became plain cuts.",)

    @pytest.mark.parametrize(
        ("lines", "sentence"),
        [
            ("FCM: DROP FRAME", "drop-frame"),
            ("nothing", "no event"),
            (
                _event("001", "A", 0, 0) + _event("002", "B", 0, 1),
                "2 recordings",
            ),
            (
                _event("001", "A", 0, 0, 2) + _event("002", "A", 5, 1),
                "at once",
            ),
            ("001 A A C 00:01:00:00 00:01:01:00 00:00:00:00 00:00:01:00", "check the frame rate"),
            ("001 A A C 00:00:00:29 00:00:01:00 00:00:00:00 00:00:01:00", "no time code at 25"),
        ],
    )
    def test_what_is_wrong_is_told(
        self, tmp_path: Path, source: ArraySource, lines: str, sentence: str
    ) -> None:
        with pytest.raises(EditError, match=sentence):
            import_edit(self.edl(tmp_path, lines), source)


class TestOtio:
    def test_of_another_program(self, tmp_path: Path, source: ArraySource) -> None:
        """Built by OpenTimelineIO itself: video at 25 frames, media that begin at one hour."""
        time, span = otio.opentime.RationalTime, otio.opentime.TimeRange
        media = otio.schema.ExternalReference(
            "file:///somewhere/talk.mov", span(time(90_000, 25), time(1000, 25))
        )
        track = otio.schema.Track(kind=otio.schema.TrackKind.Audio)
        track.append(otio.schema.Clip("a", media.clone(), span(time(90_025, 25), time(50, 25))))
        track.append(otio.schema.Gap(duration=time(25, 25)))
        track.append(otio.schema.Clip("b", media.clone(), span(time(90_250, 25), time(25, 25))))
        track.append(otio.schema.Transition(in_offset=time(2, 25), out_offset=time(3, 25)))
        track.append(otio.schema.Clip("c", media.clone(), span(time(90_500, 25), time(25, 25))))
        video = otio.schema.Track(kind=otio.schema.TrackKind.Video)
        video.append(otio.schema.Clip("v", None, span(time(0, 25), time(5, 25))))
        timeline = otio.schema.Timeline("cut")
        timeline.tracks.extend([video, track])
        otio.adapters.write_to_file(timeline, str(tmp_path / "a.otio"))
        edit = import_edit(tmp_path / "a.otio", source).edit
        assert edit.items == (
            Segment(0, RATE, 3 * RATE),
            Gap(RATE),
            Segment(0, 10 * RATE, 11 * RATE),
            Segment(0, 20 * RATE, 21 * RATE),
        )
        assert [join.length for join in edit.joins] == [None, None, RATE // 5]

    @pytest.mark.parametrize(
        ("document", "sentence"),
        [
            ("{", "isn't JSON"),
            ("[]", "no OpenTimelineIO timeline"),
            ('{"OTIO_SCHEMA": "Clip.1"}', "no OpenTimelineIO timeline"),
            ('{"OTIO_SCHEMA": "Timeline.1", "tracks": {"children": []}}', "no track"),
            ('{"OTIO_SCHEMA": "Timeline.1", "tracks": 5}', "no OpenTimelineIO timeline"),
        ],
    )
    def test_what_is_wrong_is_told(
        self, tmp_path: Path, source: ArraySource, document: str, sentence: str
    ) -> None:
        (tmp_path / "a.otio").write_text(document)
        with pytest.raises(EditError, match=sentence):
            import_edit(tmp_path / "a.otio", source)

    def test_numbers_that_are_none_are_refused(self, tmp_path: Path, source: ArraySource) -> None:
        write_timeline(hand_over(EDITS["cuts"], tmp_path), tmp_path / "a.otio")
        document = json.loads((tmp_path / "a.otio").read_text())
        clip = document["tracks"]["children"][0]["children"][0]
        for value in ("NaN", None, -1e300, [], {}):
            clip["source_range"]["start_time"]["value"] = value
            (tmp_path / "b.otio").write_text(json.dumps(document))
            with pytest.raises(EditError):
                import_edit(tmp_path / "b.otio", source)


class TestJson:
    def test_of_another_recording(self, tmp_path: Path, source: ArraySource) -> None:
        path = tmp_path / "a.json"
        write_edit_list(path, EDITS["cuts"], [SourceInfo("b.wav", RATE, N + 1)])
        with pytest.raises(EditError, match=r"was made for “b\.wav”"):
            import_edit(path, source)
        write_edit_list(path, EDITS["cuts"], [SourceInfo("b.wav", RATE, N, "other")])
        assert "other content" in import_edit(path, source).notes[0]

    def test_of_one_of_several(self, tmp_path: Path, source: ArraySource) -> None:
        path = tmp_path / "a.json"
        files = [SourceInfo("a.wav", RATE, 5), SourceInfo("b.wav", RATE, N)]
        write_edit_list(path, EditList((Segment(1, 5, 50, 1.0), Gap(3))), files)
        assert import_edit(path, source).edit.items == (Segment(0, 5, 50, 1.0), Gap(3))
        write_edit_list(path, EditList((Segment(1, 5, 50), Segment(0, 0, 5))), files)
        with pytest.raises(EditError, match="plays 2 recordings"):
            import_edit(path, source)


def test_other_files_are_refused(tmp_path: Path, source: ArraySource) -> None:
    for name, content in (("a.wav", b"RIFF"), ("a.txt", b"\0\1\2"), ("a.otio", b"\xff\xfe\0")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(EditError):
            import_edit(tmp_path / name, source)
    with pytest.raises(EditError, match="can't be read"):
        question_about(tmp_path / "missing.edl")


def test_every_format_has_its_own_file_name() -> None:
    names = [kind.file_name("a") for kind in TIMELINE_FORMATS.values()]
    assert len(names) == len(set(names))
