from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from model_core.audio.reading import open_audio
from model_core.audio.render import Renderer
from model_core.edit.markers import Marker
from model_core.edit.types import EditList, FadeLaw, Gap, Join, Segment
from model_core.errors import CancelledError, FileWriteError
from model_core.export.chapters import Chapter
from model_core.export.levelling import LoudnessTarget
from model_core.export.pieces import (
    Piece,
    SoundOptions,
    export_pieces,
    safe_name,
    segment_pieces,
    take_pieces,
)
from model_core.export.tags import Tags, read_tags, write_tags
from model_core.progress import CancelToken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from model_core.audio.source import AudioSource

RATE = 8000
EDIT = EditList(
    (Segment(0, 0, 8000), Segment(0, 12_000, 20_000), Gap(400), Segment(0, 2000, 9000)),
    (Join(FadeLaw.EQUAL_GAIN, 200), Join(), Join()),
)


@pytest.fixture
def source(tmp_path: Path) -> Iterator[AudioSource]:
    path = tmp_path / "talk.flac"
    noise = np.random.default_rng(1).normal(0, 3000, 3 * RATE).astype(np.int16)
    soundfile.write(path, noise, RATE)
    chapters = (Chapter(0.0, "One"), Chapter(1.0, "Two"), Chapter(1.5, "Three"))
    write_tags(path, Tags({"title": ("A talk",)}, (), chapters), "FLAC", 3.0)
    with open_audio(path) as opened:
        yield opened


def test_segments_one_after_the_other_are_the_edit(source: AudioSource, tmp_path: Path) -> None:
    pieces = segment_pieces(EDIT, tmp_path / "out.wav")
    assert [piece.path.name for piece in pieces] == ["out_01.wav", "out_02.wav", "out_03.wav"]
    written = export_pieces((source,), pieces, SoundOptions())
    parts = [soundfile.read(sound.path, dtype="int16")[0] for sound in written]
    whole = Renderer((source,), EDIT).read(0, EDIT.length)[:, 0]
    at = len(parts[0]) + len(parts[1])
    assert np.array_equal(np.concatenate(parts[:2]), whole[:at])
    assert np.array_equal(parts[2], whole[at + 400 :])


def test_takes_get_names_of_their_own(tmp_path: Path) -> None:
    takes = (("Take 1", EDIT), ("take 1", EDIT), ("a/b: c?", EDIT), ("...", EDIT))
    names = [piece.path.name for piece in take_pieces(takes, tmp_path / "t.ogg")]
    assert names == ["t_Take 1.ogg", "t_take 1-2.ogg", "t_a_b_ c_.ogg", "t_take.ogg"]


def test_names_suit_every_system() -> None:
    assert safe_name(' con\n<x>|"y*". ') == "con_x_y_"
    assert len(safe_name("é" * 500)) == 60


def test_a_selection_holds_its_samples_tags_and_chapters(
    source: AudioSource, tmp_path: Path
) -> None:
    piece = Piece(tmp_path / "part.flac", EDIT, (4000, 15_000))
    (sound,) = export_pieces((source,), (piece,), SoundOptions())
    assert sound.n_samples == piece.length == 11_000
    written, _ = soundfile.read(piece.path, dtype="int16")
    assert np.array_equal(written, Renderer((source,), EDIT).read(4000, 15_000)[:, 0])
    tags = read_tags(piece.path)
    assert tags.fields["title"] == ("A talk",)
    assert [chapter.title for chapter in tags.chapters] == ["One", "Three"]
    assert tags.chapters[1].start_s == pytest.approx(0.5)


def test_tags_are_left_out_if_not_wanted(source: AudioSource, tmp_path: Path) -> None:
    piece = Piece(tmp_path / "plain.flac", EDIT)
    export_pieces((source,), (piece,), SoundOptions(keeps_tags=False))
    assert not read_tags(piece.path)


def test_markers_become_chapters_where_they_are_heard(source: AudioSource, tmp_path: Path) -> None:
    markers = (Marker(500, "Start"), Marker(8000, "Two again"), Marker(10_000, "Cut away"),
               Marker(14_000, ""))  # fmt: skip
    straight = EditList.from_ranges([(0, 9000), (12_000, 20_000)])
    piece = Piece(tmp_path / "m.flac", straight)
    options = SoundOptions(keeps_tags=False)
    export_pieces((source,), (piece,), options, markers=markers)
    assert read_tags(piece.path).chapters == (
        Chapter(0.062, "Start"), Chapter(1.0, "Two again"), Chapter(1.125, "Cut away"),
        Chapter(1.375, "Chapter 4"),
    )  # fmt: skip
    export_pieces((source,), (piece,), SoundOptions(), markers=markers)
    assert [chapter.title for chapter in read_tags(piece.path).chapters] == [
        "One", "Start", "Two again", "Three", "Chapter 4",
    ]  # fmt: skip


def test_every_piece_is_brought_to_the_loudness(source: AudioSource, tmp_path: Path) -> None:
    options = SoundOptions(loudness=LoudnessTarget(-30.0))
    for sound in export_pieces((source,), segment_pieces(EDIT, tmp_path / "q.wav"), options):
        assert any("-30.0 LUFS" in note for note in sound.notes)


def test_an_empty_edit_among_others_is_refused_before_any_is_written(
    source: AudioSource, tmp_path: Path
) -> None:
    pieces = (Piece(tmp_path / "a.wav", EDIT), Piece(tmp_path / "b.wav", EditList(())))
    with pytest.raises(FileWriteError, match="empty"):
        export_pieces((source,), pieces, SoundOptions())
    assert list(tmp_path.glob("*.wav")) == []


def test_cancelling_keeps_what_is_finished(source: AudioSource, tmp_path: Path) -> None:
    cancel = CancelToken()
    pieces = segment_pieces(EDIT, tmp_path / "c.wav")

    def progress(share: float, _words: str) -> None:
        if share > 0.5:
            cancel.cancel()

    with pytest.raises(CancelledError):
        export_pieces((source,), pieces, SoundOptions(), progress, cancel)
    assert sorted(path.name for path in tmp_path.glob("c*")) == ["c_01.wav", "c_02.wav"]
