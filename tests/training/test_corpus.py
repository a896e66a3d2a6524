from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from model_core.errors import AudioReadError
from training.corpus import (
    Corpus,
    group_of,
    is_permissive,
    read_clip,
    read_manifest,
    split_of,
)


@pytest.mark.parametrize(
    "licence",
    [
        "Public Domain (LibriVox)",
        "CC0-1.0",
        "BSD-2-Clause",
        "MIT",
        "Unlicense (public domain)",
        "CC-BY-4.0 (AMI; package MIT)",
        "CC-BY-3.0",
    ],
)
def test_permissive_licences(licence: str) -> None:
    assert is_permissive(licence)


@pytest.mark.parametrize("licence", ["GPL-2", "GPL-2+", "CC-BY-SA-3.0", "CC-BY-NC-4.0", "", "?"])
def test_other_licences_are_not_trained_on(licence: str) -> None:
    assert not is_permissive(licence)


def test_sessions_and_room_tones_have_groups_of_their_own() -> None:
    assert group_of("speech/kerstin_session03.ogg", "Kerstin (German)") == "kerstin_session03"
    assert group_of("speech/ami_tst00.ogg", "AMI meeting excerpt") == "ami_tst00"
    assert group_of("speech/libri_103-1240-0000.ogg", "LibriSpeech spk 103") == (
        "LibriSpeech spk 103"
    )
    # A room tone goes with the voice that it was taken from.
    assert group_of("noise/roomtone_libri_103.ogg", "room tone") == "LibriSpeech spk 103"
    assert group_of("noise/dishes.ogg", "dishes") == "dishes"


def test_splits_are_stable_and_share_out_voices() -> None:
    voices = [f"LibriSpeech spk {number}" for number in range(1000)]
    splits = [split_of(voice) for voice in voices]
    assert splits == [split_of(voice) for voice in voices]
    assert 60 <= splits.count("valid") <= 140
    assert 80 <= splits.count("test") <= 170
    assert split_of("LibriSpeech spk 103") == "train"


def test_what_the_demo_uses_is_never_trained_on() -> None:
    assert {split_of(g) for g in ("M. McAuliffe", "sonnet_1", "gr0")} == {"test"}


def write_folder(folder: Path) -> None:
    (folder / "speech").mkdir(parents=True)
    rows = [
        ("speech/libri_22-1-0000.ogg", "CC-BY-4.0", "LibriSpeech spk 22"),
        ("speech/free.wav", "GPL-2", "LibriSpeech spk 103"),
        ("speech/open.wav", "MIT", "LibriSpeech spk 103"),
        ("demo/cut.wav", "MIT", "LibriSpeech spk 103"),
    ]
    with (folder / "MANIFEST.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "source", "licence", "seconds", "native_rate", "speaker_or_title"])
        for name, licence, title in rows:
            writer.writerow([name, "pip", licence, "0.5", "16000", title])
    tone = 0.5 * np.sin(np.arange(22050) * 0.05)
    soundfile.write(folder / "speech" / "open.wav", np.stack([tone, tone], axis=1), 44100)


def test_a_folder_gives_the_permissive_clips_of_one_part(tmp_path: Path) -> None:
    write_folder(tmp_path)
    assert len(read_manifest(tmp_path)) == 3
    corpus = Corpus.from_folder(tmp_path, "train")
    assert split_of("LibriSpeech spk 22") == "valid"
    assert [clip.name for clip in corpus.clips] == ["speech/open.wav"]
    everything = Corpus.from_folder(tmp_path, "train", permissive_only=False)
    assert {clip.name for clip in everything.clips} == {"speech/open.wav", "speech/free.wav"}
    assert corpus.clips[0].native_rate_hz == 16000


def test_clips_are_mono_at_the_models_rate(tmp_path: Path) -> None:
    write_folder(tmp_path)
    corpus = Corpus.from_folder(tmp_path, "train")
    samples = corpus.samples(corpus.clips[0])
    assert samples.dtype == np.float32
    assert samples.shape == (11025,)
    again = corpus.samples(corpus.clips[0])
    np.testing.assert_array_equal(samples, again)
    assert np.max(np.abs(samples)) == pytest.approx(0.5, abs=0.01)


def test_what_was_found_out_about_a_clip_is_remembered(corpus: Corpus) -> None:
    clip = corpus.clips[0]
    asked: list[str] = []

    def compute(_: object) -> int:
        asked.append("asked")
        return 7

    assert corpus.derived(clip, "seven", compute) == 7
    assert corpus.derived(clip, "seven", compute) == 7
    assert asked == ["asked"]


def test_a_folder_without_manifest_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(AudioReadError, match=r"no audio folder.*--audio"):
        Corpus.from_folder(tmp_path, "train")


def test_a_foreign_manifest_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "MANIFEST.csv").write_text("name\nx\n", encoding="utf-8")
    with pytest.raises(AudioReadError, match="can't be understood"):
        Corpus.from_folder(tmp_path, "train")


def test_a_missing_clip_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(AudioReadError, match="can't be read"):
        read_clip(tmp_path / "none.wav")


@pytest.mark.corpus
def test_the_audio_folder_is_divided_cleanly(audio_folder: Path) -> None:
    parts = {split: Corpus.from_folder(audio_folder, split) for split in ("train", "valid", "test")}
    groups = {
        split: {clip.group for clip in corpus.clips if clip.section != "noise"}
        for split, corpus in parts.items()
    }
    assert not groups["train"] & groups["valid"]
    assert not groups["train"] & groups["test"]
    assert not groups["valid"] & groups["test"]
    assert all(is_permissive(clip.licence) for clip in parts["train"].clips)
    assert {"ami_tst00", "ami_dev01", "kerstin_session12", "sonnet_1"} <= groups["test"]
    assert len([g for g in groups["test"] if g.startswith("LibriSpeech")]) >= 20
    for corpus in parts.values():
        for section in ("speech", "music", "noise"):
            assert corpus.groups(section)
