from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from model_core.audio.reading import open_audio
from model_core.audio.source import ArraySource
from model_core.edit.types import EditList, Segment
from model_core.errors import CancelledError, EditError, FileWriteError
from model_core.export.chapters import Chapter
from model_core.export.handing_over import TimelineOptions, hand_over_edit
from model_core.export.import_edit import import_edit
from model_core.export.tags import Tags, write_tags
from model_core.export.timelines import TIMELINE_FORMATS
from model_core.progress import CancelToken

if TYPE_CHECKING:
    from pathlib import Path

RATE = 44_100
EDIT = EditList.from_ranges([(0, 30_000), (50_000, 100_000), (50_000, 100_000), (10_000, 20_000)])


def recording(path: Path, seconds: float = 3.0) -> Path:
    noise = np.random.default_rng(2).normal(0, 0.1, (round(seconds * RATE), 2))
    soundfile.write(path, noise, RATE)
    return path


@pytest.mark.parametrize("name", ["otio", "json", "labels", "edl"])
def test_what_is_handed_over_comes_back(tmp_path: Path, name: str) -> None:
    kind = TIMELINE_FORMATS[name]
    with open_audio(recording(tmp_path / "talk – ü.wav")) as source:
        path = tmp_path / kind.file_name("talk")
        hand_over_edit((source,), EDIT, path, TimelineOptions(name))
        back = import_edit(path, source).edit
    half_frame = round(RATE / 25 / 2) if kind.has_frames else 0
    assert len(back.items) == len(EDIT.items)
    for one, other in zip(back.segments, EDIT.segments, strict=True):
        assert abs(one.start - other.start) <= half_frame
        assert abs(one.length - other.length) <= 2 * half_frame


def test_a_lossy_recording_is_decoded_beside_the_timeline(tmp_path: Path) -> None:
    told: list[float] = []
    with open_audio(recording(tmp_path / "talk.mp3")) as source:
        done = hand_over_edit(
            (source,),
            EDIT,
            tmp_path / "talk.rpp",
            progress=lambda share, _words: told.append(share),
        )
    assert soundfile.info(tmp_path / "talk_decoded.wav").frames == source.n_samples
    assert "talk_decoded.wav" in done.notes[0]
    assert 'FILE "talk_decoded.wav"' in (tmp_path / "talk.rpp").read_text("utf-8").replace("'", '"')
    assert told[-1] == 1.0
    assert told == sorted(told)


def test_formats_without_sound_leave_lossy_recordings_alone(tmp_path: Path) -> None:
    with open_audio(recording(tmp_path / "talk.mp3")) as source:
        done = hand_over_edit((source,), EDIT, tmp_path / "l.txt", TimelineOptions("labels"))
    assert not (tmp_path / "talk_decoded.wav").exists()
    assert done.notes == ()


def test_chapters_become_markers(tmp_path: Path) -> None:
    path = recording(tmp_path / "talk.flac")
    write_tags(path, Tags(chapters=(Chapter(0.0, "Hello"), Chapter(1.2, "There"))), "FLAC", 3.0)
    with open_audio(path) as source:
        hand_over_edit((source,), EDIT, tmp_path / "a.rpp")
        hand_over_edit((source,), EDIT, tmp_path / "b.rpp", TimelineOptions(keeps_chapters=False))
    assert "There" in (tmp_path / "a.rpp").read_text("utf-8")
    assert "MARKER" not in (tmp_path / "b.rpp").read_text("utf-8")


def test_stopping_leaves_nothing_behind(tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with open_audio(recording(tmp_path / "talk.mp3")) as source, pytest.raises(CancelledError):
        hand_over_edit((source,), EDIT, tmp_path / "talk.rpp", cancel=cancel)
    assert [path.name for path in tmp_path.iterdir()] == ["talk.mp3"]


def test_what_cannot_be_handed_over_says_why(tmp_path: Path) -> None:
    path = recording(tmp_path / "talk.wav")
    other = ArraySource(np.zeros((10, 1), np.int16), 8000)
    with open_audio(path) as source:
        with pytest.raises(EditError, match="nothing to hand over"):
            hand_over_edit((source,), EditList(()), tmp_path / "a.rpp")
        with pytest.raises(FileWriteError, match="no ending"):
            hand_over_edit((source,), EDIT, tmp_path / "a.xyz")
        with pytest.raises(EditError, match="several sample rates"):
            hand_over_edit((source, other), EditList((Segment(1, 0, 5),)), tmp_path / "a.rpp")
        before = path.read_bytes()
        with pytest.raises(FileWriteError):
            hand_over_edit((source,), EDIT, path, TimelineOptions("json"))
    assert path.read_bytes() == before
