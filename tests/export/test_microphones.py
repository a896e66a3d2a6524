"""Recordings with several microphones, exported one by one, mixed, and handed over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rpp
import soundfile

from model_core.audio.synchronised import Microphone, open_together
from model_core.edit.mix import TrackLevel
from model_core.edit.types import EditList, Gap, Join, Segment
from model_core.errors import FileWriteError
from model_core.export.handing_over import TimelineOptions, hand_over_edit
from model_core.export.import_edit import import_edit
from model_core.export.pieces import Piece, SoundOptions, export_pieces, track_pieces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from model_core.audio.synchronised import SynchronisedSource

RATE = 16_000
OFFSET = 1000
EDIT = EditList.from_ranges([(500, 6000), (9000, 15_000)])
FADE = round(0.008 * RATE)


def noise(n_samples: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 3000, n_samples).astype(np.int16)


HOST, GUEST = noise(RATE, 1), noise(RATE // 2, 2)


@pytest.fixture
def source(tmp_path: Path) -> Iterator[SynchronisedSource]:
    soundfile.write(tmp_path / "host.wav", HOST, RATE, subtype="PCM_16")
    soundfile.write(tmp_path / "guest.wav", GUEST, RATE, subtype="PCM_16")
    microphones = (Microphone(tmp_path / "host.wav"), Microphone(tmp_path / "guest.wav", OFFSET))
    with open_together(microphones) as source:
        yield source


def test_tracks_are_the_samples_and_add_up_to_the_mix(
    source: SynchronisedSource, tmp_path: Path
) -> None:
    whole = (Piece(tmp_path / "out.wav", EDIT),)
    tracks = track_pieces(whole, source.tracks)
    assert [piece.path.name for piece in tracks] == ["out_host.wav", "out_guest.wav"]
    written = export_pieces((source,), (*tracks, *whole), SoundOptions())
    assert {(each.n_samples, each.channels, each.encoding) for each in written} == {
        (11_500, 1, "PCM_16")
    }
    host, guest, mix = (
        soundfile.read(each.path, dtype="int16")[0].astype(np.int64) for each in written
    )
    before, after = slice(0, 5500 - FADE), slice(5500 + FADE, 11_500)
    np.testing.assert_array_equal(host[before], HOST[500 : 6000 - FADE])
    np.testing.assert_array_equal(host[after], HOST[9000 + FADE : 15_000])
    laid = np.zeros(RATE, np.int16)
    laid[OFFSET : OFFSET + len(GUEST)] = GUEST
    np.testing.assert_array_equal(guest[before], laid[500 : 6000 - FADE])
    np.testing.assert_array_equal(guest[after], laid[9000 + FADE : 15_000])
    # The mix is rounded with a dither of one step to either side.
    assert np.abs(host + guest - mix).max() <= 1.5


def test_the_mix_without_dither_is_the_very_sum(source: SynchronisedSource, tmp_path: Path) -> None:
    pieces = (Piece(tmp_path / "out.wav", EDIT), Piece(tmp_path / "a.wav", EDIT, track=0))
    quieter = (TrackLevel(), TrackLevel(muted=True))
    for mix in ((), quieter):
        export_pieces((source,), pieces, SoundOptions(dither=False), mix=mix)
        mixed, host = (soundfile.read(piece.path, dtype="int16")[0] for piece in pieces)
        assert np.array_equal(mixed, host) is bool(mix)


def test_a_mix_that_clips_is_told(source: SynchronisedSource, tmp_path: Path) -> None:
    piece = Piece(tmp_path / "out.wav", EDIT)
    loud = (TrackLevel(20.0), TrackLevel(20.0))
    (written,) = export_pieces((source,), (piece,), SoundOptions(), mix=loud)
    assert any("dB louder than the file can hold" in note for note in written.notes)
    (written,) = export_pieces((source,), (piece,), SoundOptions(subtype="FLOAT"), mix=loud)
    assert not written.notes
    assert np.abs(soundfile.read(piece.path)[0]).max() > 1


def test_no_export_replaces_any_of_the_files(source: SynchronisedSource, tmp_path: Path) -> None:
    for index in range(2):
        piece = Piece(tmp_path / "guest.wav", EDIT, track=index)
        with pytest.raises(FileWriteError):
            export_pieces((source,), (piece,), SoundOptions())
    with pytest.raises(FileWriteError):
        hand_over_edit((source,), EDIT, tmp_path / "guest.wav", TimelineOptions("reaper"))
    assert np.array_equal(soundfile.read(tmp_path / "guest.wav", dtype="int16")[0], GUEST)


def test_reaper_gets_a_track_for_each(source: SynchronisedSource, tmp_path: Path) -> None:
    path = tmp_path / "out.rpp"
    mix = (TrackLevel(-6.0), TrackLevel(muted=True))
    written = hand_over_edit((source,), EDIT, path, TimelineOptions(mix=mix))
    assert written.notes == ()
    tracks = rpp.loads(path.read_text("utf-8")).findall("TRACK")
    assert [track.find("NAME")[1] for track in tracks] == ["host", "guest"]
    assert float(tracks[0].find("VOLPAN")[1]) == pytest.approx(10 ** (-6 / 20))
    assert [track.find("MUTESOLO")[1] for track in tracks] == ["0", "1"]
    files = [track.findall(".//SOURCE")[0].find("FILE")[1] for track in tracks]
    assert files == ["host.wav", "guest.wav"]
    # Wherever both have an item, the same sample of the recording lies under both.
    for track, offset, n_samples in zip(tracks, (0, OFFSET), (RATE, RATE // 2), strict=True):
        heard = np.full(11_500, -1)
        for item in track.findall("ITEM"):
            at, length, start = (
                round(float(item.find(name)[1]) * RATE) for name in ("POSITION", "LENGTH", "SOFFS")
            )
            assert 0 <= start < start + length <= n_samples
            heard[at : at + length] = np.arange(start, start + length) + offset
        inside = np.concatenate((np.arange(500, 6000), np.arange(9000, 15_000)))
        inside[(inside < offset) | (inside >= offset + n_samples)] = -1
        wrong = np.flatnonzero(heard != inside)
        assert np.all(np.abs(wrong - 5500) <= FADE)  # where the two items overlap


def children(path: Path) -> list[list[dict[str, Any]]]:
    timeline = json.loads(path.read_text("utf-8"))
    return [track["children"] for track in timeline["tracks"]["children"]]


def test_opentimelineio_gets_a_track_for_each(source: SynchronisedSource, tmp_path: Path) -> None:
    path = tmp_path / "out.otio"
    edit = EditList(
        (Segment(0, 500, 6000), Gap(100), Segment(0, 9000, 15_000)), (Join(), Join())
    )  # fmt: skip
    written = hand_over_edit((source,), edit, path, TimelineOptions(mix=(TrackLevel(-6.0),)))
    assert written.notes == (
        "The format has no place for the mix: every microphone is as recorded.",
    )
    host, guest = children(path)

    def shape(items: list[dict[str, Any]]) -> list[tuple[str, int, int]]:
        return [
            (
                item["OTIO_SCHEMA"],
                int(item["source_range"]["start_time"]["value"]),
                int(item["source_range"]["duration"]["value"]),
            )
            for item in items
            if "source_range" in item
        ]

    assert shape(host) == [
        ("Clip.1", 500, 5500), ("Gap.1", 0, 100), ("Clip.1", 9000, 6000)
    ]  # fmt: skip
    # The guest's file is over at 9000 of the recording.
    assert shape(guest) == [("Gap.1", 0, 500), ("Clip.1", 0, 5000), ("Gap.1", 0, 6100)]


def test_otio_transitions_stay_where_both_sides_have_sound(
    source: SynchronisedSource, tmp_path: Path
) -> None:
    path = tmp_path / "out.otio"
    hand_over_edit((source,), EditList.from_ranges([(500, 3000), (4000, 15_000)]), path)
    host, guest = children(path)
    assert [item["OTIO_SCHEMA"] for item in host] == ["Clip.1", "Transition.1", "Clip.1"]
    assert [item["OTIO_SCHEMA"] for item in guest] == [
        "Gap.1", "Clip.1", "Transition.1", "Clip.1", "Gap.1",
    ]  # fmt: skip


@pytest.mark.parametrize("offset", [OFFSET, -OFFSET])
def test_otio_comes_back_as_the_same_edit(tmp_path: Path, offset: int) -> None:
    for name, samples in (("host", HOST), ("guest", GUEST)):
        soundfile.write(tmp_path / f"{name}.wav", samples, RATE)
    microphones = (Microphone(tmp_path / "host.wav"), Microphone(tmp_path / "guest.wav", offset))
    edit = EditList.from_ranges([(2000, 3000), (4000, 15_000)])
    with open_together(microphones) as source:
        hand_over_edit((source,), edit, tmp_path / "out.otio")
        found = import_edit(tmp_path / "out.otio", source)
    assert [(item.start, item.stop) for item in found.edit.segments] == [
        (2000, 3000), (4000, 15_000)
    ]  # fmt: skip
    assert found.notes == ()


@pytest.mark.parametrize("name", ["dawproject", "final-cut-xml", "json"])
def test_formats_with_one_sound_file_take_the_mix(
    source: SynchronisedSource, tmp_path: Path, name: str
) -> None:
    for _ in range(2):  # the second time the mix is there already
        written = hand_over_edit((source,), EDIT, tmp_path / f"out.{name}", TimelineOptions(name))
        assert written.notes[0] == (
            "The format takes one sound file, so the microphones were mixed to “out_mixed.wav”."
        )
    mixed, rate = soundfile.read(tmp_path / "out_mixed.wav")
    assert (len(mixed), rate) == (RATE, RATE)
    wanted = HOST.astype(float)
    wanted[OFFSET : OFFSET + len(GUEST)] += GUEST
    np.testing.assert_allclose(mixed * 32768, wanted, atol=0.01)
    assert len(list(tmp_path.glob("*.wav"))) == 3


@pytest.mark.parametrize("name", ["labels", "labels-removed", "labels-edited", "edl"])
def test_formats_without_sound_files_write_no_mix(
    source: SynchronisedSource, tmp_path: Path, name: str
) -> None:
    hand_over_edit((source,), EDIT, tmp_path / f"out.{name}", TimelineOptions(name))
    assert len(list(tmp_path.glob("*.wav"))) == 2
