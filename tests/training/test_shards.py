from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from model_core.edit.types import REASONS
from model_core.errors import AudioReadError
from training import simulate
from training.corpus import Corpus, split_of
from training.shards import KINDS, example_of, read_shard, write_shard
from training.simulator import EditorStyle, SimulatorSettings, simulate_recording
from training.simulator.types import PHENOMENA, SAMPLE_RATE


def test_a_shard_comes_back_as_it_was_written(corpus: Corpus, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    style = EditorStyle(0.4, 0.1, 1.5)
    recordings = [
        simulate_recording(rng, corpus, kind, style, SimulatorSettings()) for kind in KINDS
    ]
    path = tmp_path / "a.npz"
    write_shard(path, [example_of(recording) for recording in recordings])
    with np.load(path, allow_pickle=False) as data:
        assert {"mel_0", "kept_0", "removed_0", "reason_0", "kind_0", "n_samples_0"} <= set(data)
        assert data["style"].dtype == np.float32
    for example, recording, kind in zip(read_shard(path), recordings, KINDS, strict=True):
        assert example.mel.dtype == np.uint8
        assert example.mel.shape == (128, recording.samples.size // 256 + 1)
        assert example.mel.max() == 255
        assert example.kind == kind
        assert example.n_samples == recording.samples.size
        np.testing.assert_array_equal(example.kept, recording.kept)
        np.testing.assert_array_equal(example.phrases, recording.phrases)
        np.testing.assert_allclose(example.style, [0.4, 0.1, 1.5], rtol=1e-6)
        found = [
            (int(start), int(stop), REASONS[reason], PHENOMENA[what])
            for (start, stop), reason, what in zip(
                example.removed, example.reasons, example.phenomena, strict=True
            )
        ]
        assert found == [tuple(removal) for removal in recording.removed]


def test_a_damaged_shard_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "bad.npz"
    path.write_bytes(b"PK\x03\x04 nothing of the kind")
    with pytest.raises(AudioReadError, match=r"bad\.npz can't be read"):
        read_shard(path)
    with pytest.raises(AudioReadError):
        read_shard(tmp_path / "none.npz")


@pytest.fixture
def small_folder(corpus: Corpus, tmp_path: Path) -> Path:
    folder = tmp_path / "audio"
    rows = []
    number = 0
    for section in ("speech", "music", "noise"):
        for clips in corpus.groups(section).values():
            number += 1
            group = f"{section} {number}"
            while split_of(group) != "train":
                group += "x"
            for index, clip in enumerate(clips):
                # The group of a noise is its file's name.
                stem = group if section == "noise" else f"{group}-{index}"
                path = folder / section / f"{stem}.wav"
                path.parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(path, corpus.samples(clip), SAMPLE_RATE)
                name = f"{section}/{path.name}"
                rows.append([name, "CC0-1.0", clip.seconds, SAMPLE_RATE, group])
    with (folder / "MANIFEST.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "licence", "seconds", "native_rate", "speaker_or_title"])
        writer.writerows(rows)
    return folder


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(simulate, "RECORDINGS_PER_SHARD", 1)
    monkeypatch.setattr(os, "nice", lambda _: 0, raising=False)
    monkeypatch.setenv("EDITORBOT_CACHE_DIR", str(tmp_path / "cache"))


def run(audio: Path, out: Path, *more: str) -> int:
    return simulate.main(["--audio", str(audio), "--out", str(out), "--seed", "5", *more])


@pytest.mark.usefixtures("quick")
def test_the_command_makes_shards_and_goes_on_where_it_stopped(
    small_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "shards"
    assert run(small_folder, out, "--hours", "0.035") == 0
    assert "x real time" in capsys.readouterr().err
    paths = sorted(out.glob("train-5-*.npz"))
    assert len(paths) >= 3
    before = {path: path.read_bytes() for path in paths}
    stamps = {path: path.stat().st_mtime_ns for path in paths}
    paths[0].unlink()
    paths[1].write_bytes(before[paths[1]][:1000])
    assert run(small_folder, out, "--hours", "0.035") == 0
    assert sorted(out.glob("*.npz")) == paths
    # What was there stays; what was lost or cut short comes back the same.
    assert {path: path.stat().st_mtime_ns for path in paths[2:]} == {
        path: stamps[path] for path in paths[2:]
    }
    for path in paths[:2]:
        again = read_shard(path)
        path.write_bytes(before[path])
        for one, two in zip(again, read_shard(path), strict=True):
            np.testing.assert_array_equal(one.mel, two.mel)
            np.testing.assert_array_equal(one.kept, two.kept)


def test_the_command_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "nice", lambda _: 0, raising=False)
    assert run(tmp_path / "none", tmp_path / "out") == 1
    assert "There is no audio folder" in capsys.readouterr().err
    (tmp_path / "MANIFEST.csv").write_text(
        "file,licence,seconds,native_rate,speaker_or_title\n", encoding="utf-8"
    )
    assert run(tmp_path, tmp_path / "out") == 1
    assert "has no speech" in capsys.readouterr().err
    monkeypatch.delenv("EDITORBOT_AUDIO", raising=False)
    with pytest.raises(SystemExit) as stopped:
        simulate.main(["--out", str(tmp_path)])
    assert stopped.value.code == 2
