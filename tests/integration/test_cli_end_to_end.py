from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import safetensors.numpy
import soundfile

from model_core.edit.coverage import joins_of
from model_core.edit.pointers import PointerSequence, pointers_to_edit_list, read_pointers
from model_core.edit.serialise import read_edit_list
from model_core.edit.types import EditList, Segment
from model_core.infer import BUNDLED_CHECKPOINT, main
from resources import resource_path

ROOT = Path(__file__).resolve().parents[2]
DEMO = resource_path("demo", "speech.flac")
FADE_S = 0.008
REFINEMENT_REACH_S = 0.5


@dataclass(frozen=True)
class Run:
    folder: Path
    code: int
    said: str

    @property
    def sound(self) -> Path:
        return self.folder / "edited.wav"

    @property
    def edit(self) -> EditList:
        return read_edit_list(self.folder / "edit.json").edit_list

    @property
    def pointers(self) -> npt.NDArray[np.int64]:
        return np.load(self.folder / "pointers.npy", allow_pickle=False)


@pytest.fixture(autouse=True)
def private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITORBOT_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One run as a person would start it, in a process of its own, with all outputs."""
    folder = tmp_path_factory.mktemp("Über die Brücke")
    command = [sys.executable, "-m", "model_core.infer", str(DEMO)]
    command += [f"--output={folder / 'edited.wav'}", f"--pointers={folder / 'pointers.npy'}"]
    command += [f"--edit-list={folder / 'edit.json'}", f"--alignment-plot={folder / 'plot.png'}"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    return Run(folder, done.returncode, done.stderr)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short piece of the demo, for the many runs that need no long one."""
    samples, rate = soundfile.read(DEMO, dtype="int16", frames=14 * 44_100)
    path = tmp_path_factory.mktemp("clip") / "a short talk.wav"
    soundfile.write(path, samples, rate)
    return path


@pytest.fixture
def edited_length(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., int]:
    """Edits the clip with some options and returns how many samples the result has."""

    def edit(*options: str) -> int:
        output = tmp_path / "out.wav"
        assert main([str(clip), "--output", str(output), "--quiet", *options]) == 0
        assert capsys.readouterr().err == ""
        return soundfile.info(output).frames

    return edit


def refused(arguments: list[Any], capsys: pytest.CaptureFixture[str]) -> str:
    """Runs the command line on something that can't work and returns the sentence it says."""
    assert main([str(argument) for argument in arguments]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    # The progress bar draws over itself; what stays is the last line.
    sentence = said.err.replace("\r", "\n").strip().splitlines()[-1]
    assert sentence.endswith((".", "…", "”"))
    assert "Traceback" not in said.err
    return sentence


def untouched(path: Path) -> Callable[[], bool]:
    before = path.read_bytes()
    return lambda: path.read_bytes() == before


def test_succeeds_and_says_what_it_did(run: Run) -> None:
    assert run.code == 0, run.said
    assert "→" in run.said
    assert "Traceback" not in run.said
    assert "Warning" not in run.said


def test_keeps_rate_channels_and_depth(run: Run) -> None:
    demo, edited = soundfile.info(DEMO), soundfile.info(run.sound)
    assert (edited.samplerate, edited.channels) == (demo.samplerate, demo.channels)
    assert edited.subtype == demo.subtype
    assert edited.frames == run.edit.length
    assert 0 < edited.frames < demo.frames


def test_every_sample_outside_the_joins_is_the_recordings_own(run: Run) -> None:
    raw, rate = soundfile.read(DEMO, dtype="int32", always_2d=True)
    edited = soundfile.read(run.sound, dtype="int32", always_2d=True)[0]
    edit = run.edit
    expected = np.concatenate([raw[item.start : item.stop] for item in edit.segments])
    assert all(isinstance(item, Segment) for item in edit.items)
    plain = np.ones(edit.length, bool)
    for join in joins_of(edit):
        if join.kind is not None:
            length = edit.joins[join.index].length
            reach = -(-(round(FADE_S * rate) if length is None else length) // 2)
            plain[max(0, join.position - reach) : join.position + reach] = False
    assert plain.mean() > 0.9
    assert np.array_equal(edited[plain], expected[plain])
    assert not np.array_equal(edited, raw[: edit.length])


def test_the_sound_follows_its_own_pointers(run: Run) -> None:
    pointers = run.pointers
    assert pointers.dtype == np.int64
    assert pointers[-1] == -2
    assert np.all(pointers[:-1] >= 0)
    assert np.array_equal(read_pointers(run.folder / "pointers.npy"), pointers[:-1])
    demo = soundfile.info(DEMO)
    hop = Fraction(256 * demo.samplerate, 22050)
    rough = pointers_to_edit_list(PointerSequence(hop, pointers[:-1]), demo.frames)
    edit = run.edit
    assert len(rough.segments) == len(edit.segments) > 1
    # Refinement moves joins, and never further than it may reach.
    reach = round(REFINEMENT_REACH_S * demo.samplerate)
    for before, after in zip(rough.segments, edit.segments, strict=True):
        assert abs(before.start - after.start) <= reach
        assert abs(before.stop - after.stop) <= reach


def test_the_edit_list_names_its_recording(run: Run) -> None:
    written = json.loads((run.folder / "edit.json").read_text(encoding="utf-8"))
    assert (written["format"], written["version"]) == ("editorbot-edit-list", 1)
    (source,) = written["sources"]
    assert source["path"].endswith("speech.flac")
    assert source["samples"] == soundfile.info(DEMO).frames


def test_the_alignment_is_drawn(run: Run) -> None:
    picture = (run.folder / "plot.png").read_bytes()
    assert picture.startswith(b"\x89PNG\r\n")
    assert len(picture) > 5_000


def test_leaves_no_other_files_behind(run: Run) -> None:
    names = {path.name for path in run.folder.iterdir()}
    assert names == {"edited.wav", "pointers.npy", "edit.json", "plot.png"}


def test_help_names_every_option() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "model_core.infer", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for option in (
        *("output", "checkpoint", "pointers", "edit-list", "alignment-plot", "temperature"),
        *("sample-style", "seed", "target-length", "tightness", "stop-threshold", "device"),
        "quiet",
    ):
        assert f"--{option}" in done.stdout


def test_a_failure_is_one_sentence_and_code_1(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "model_core.infer", str(tmp_path / "none.wav")]
    command += ["--output", str(tmp_path / "out.wav"), "--quiet"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "none.wav" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["in.wav"],
        ["in.wav", "--output", "out.wav", "--tightness", "2"],
        ["in.wav", "--output", "out.wav", "--target-length", "-1"],
        ["in.wav", "--output", "out.wav", "--target-length", "nan"],
        ["in.wav", "--output", "out.wav", "--temperature", "-1"],
        ["in.wav", "--output", "out.wav", "--stop-threshold", "1"],
        ["in.wav", "--output", "out.wav", "--seed", "-1"],
        ["in.wav", "--output", "out.wav", "--device", "abacus"],
        ["in.wav", "--output", "out.wav", "--no-such-option"],
    ],
)
def test_wrong_usage_is_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code: int | str | None = main(arguments)
    except SystemExit as end:
        code = end.code
    assert code == 2
    assert "error" in capsys.readouterr().err


def test_tighter_is_not_longer(edited_length: Callable[..., int]) -> None:
    lengths = [edited_length("--tightness", value) for value in ("0", "0.5", "1")]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > lengths[2]


def test_a_target_length_is_met_or_its_absence_explained(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.wav"
    assert main([str(clip), "--output", str(output), "--target-length", "7"]) == 0
    info = soundfile.info(output)
    length_s = info.frames / info.samplerate
    assert abs(length_s - 7) < 0.5 or "nearest sensible edit" in capsys.readouterr().err


def test_seeds_repeat(edited_length: Callable[..., int], tmp_path: Path) -> None:
    drawn = ("--temperature", "1", "--sample-style", "--seed")

    def pointers(seed: str) -> list[int]:
        path = tmp_path / f"{seed}.npy"
        edited_length(*drawn, seed, "--pointers", str(path))
        return read_pointers(path).tolist()

    first = pointers("1")
    assert pointers("1") == first
    assert any(pointers(seed) != first for seed in ("2", "3", "4"))


def test_the_plain_edit_does_not_depend_on_the_seed(edited_length: Callable[..., int]) -> None:
    assert edited_length("--seed", "1") == edited_length("--seed", "2", "--device", "cpu")


def test_another_checkpoint_may_be_named(edited_length: Callable[..., int], tmp_path: Path) -> None:
    copy = tmp_path / "mine.safetensors"
    copy.write_bytes(BUNDLED_CHECKPOINT.read_bytes())
    assert edited_length("--checkpoint", str(copy)) == edited_length()


def test_a_stop_threshold_is_accepted(edited_length: Callable[..., int]) -> None:
    assert edited_length("--stop-threshold", "0.9") > 0


@pytest.mark.parametrize("kind", ["FLAC", "OGG", "MP3"])
def test_the_name_decides_the_format(kind: str, clip: Path, tmp_path: Path) -> None:
    output = tmp_path / f"edited.{kind.lower()}"
    assert main([str(clip), "--output", str(output), "--quiet"]) == 0
    assert soundfile.info(output).format == kind


# Recordings that are not usual, and work -------------------------------------------------------


def sound(seconds: float, rate: int, channels: int) -> npt.NDArray[np.float64]:
    """Phrases of a tone with pauses between them, of shape [n, C]."""
    t = np.arange(round(seconds * rate)) / rate
    spoken = 0.3 * np.sin(2 * np.pi * 220 * t) * (np.sin(2 * np.pi * t / 2) > 0)
    noise = 1e-3 * np.random.default_rng(0).standard_normal(t.size)
    return np.repeat((spoken + noise)[:, None], channels, axis=1)


def with_bad_numbers() -> npt.NDArray[np.float64]:
    samples = sound(2, 22050, 1)
    samples[100], samples[200], samples[300] = np.nan, np.inf, -np.inf
    return samples


@pytest.mark.parametrize(
    ("samples", "rate", "encoding"),
    [
        (sound(2, 8_000, 1), 8_000, "PCM_16"),
        (sound(2, 192_000, 1), 192_000, "PCM_24"),
        (sound(2, 44_100, 8), 44_100, "PCM_32"),
        (sound(2, 48_000, 3), 48_000, "PCM_U8"),
        (np.zeros((44_100, 2)), 44_100, "PCM_16"),
        (np.full((1, 1), 0.5), 44_100, "PCM_16"),
        (with_bad_numbers(), 22_050, "FLOAT"),
    ],
    ids=["8 kHz", "192 kHz", "8 channels", "3 channels", "silent", "one sample", "NaN and Inf"],
)
def test_unusual_recordings_work(
    samples: npt.NDArray[np.float64],
    rate: int,
    encoding: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    recording, output = tmp_path / "Aufnahme \N{MICROPHONE} 1.wav", tmp_path / "kurz gesagt ✂.wav"
    soundfile.write(recording, samples, rate, subtype=encoding)
    assert main([str(recording), "--output", str(output)]) == 0, capsys.readouterr().err
    edited = soundfile.info(output)
    assert (edited.samplerate, edited.channels) == (rate, samples.shape[1])
    assert edited.frames <= len(samples)
    assert np.isfinite(soundfile.read(output)[0]).all()


def test_a_truncated_recording_works_and_says_so(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut_short, output = tmp_path / "cut short.wav", tmp_path / "out.wav"
    data = clip.read_bytes()
    cut_short.write_bytes(data[: len(data) // 2 + 1])
    assert main([str(cut_short), "--output", str(output)]) == 0
    assert "short" in capsys.readouterr().err.splitlines()[-1]
    assert 0 < soundfile.info(output).frames <= soundfile.info(clip).frames // 2


# What can not work: one sentence, code 1, nothing overwritten -----------------------------------


def make_bad_input(kind: str, folder: Path) -> Path:
    path = folder / f"{kind}.wav"
    if kind == "a folder":
        path.mkdir()
    elif kind == "empty":
        path.touch()
    elif kind == "no sound":
        path.write_text("Dear diary, nothing to hear here. " * 100, encoding="utf-8")
    elif kind == "no samples":
        soundfile.write(path, np.zeros((0, 2)), 44_100)
    return path


@pytest.mark.parametrize("kind", ["missing", "a folder", "empty", "no sound", "no samples"])
def test_bad_recordings(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "out.wav"
    sentence = refused([make_bad_input(kind, tmp_path), "--output", output], capsys)
    assert f"{kind}.wav" in sentence
    assert not output.exists()


@pytest.mark.parametrize("option", ["--output", "--pointers", "--edit-list", "--alignment-plot"])
def test_the_recording_is_never_overwritten(
    option: str, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording, link = tmp_path / "talk.wav", tmp_path / "link.wav"
    recording.write_bytes(clip.read_bytes())
    link.hardlink_to(recording)
    is_untouched = untouched(recording)
    for path in (recording, link):
        outputs = {"--output": tmp_path / "out.wav"} | {option: path}
        arguments = [each for pair in outputs.items() for each in pair]
        assert "never overwritten" in refused([recording, *arguments], capsys)
    assert is_untouched()
    assert not (tmp_path / "out.wav").exists()


def test_outputs_that_cannot_be_written_are_told_before_any_work(
    clip: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("model_core.infer.load_engine", None)
    assert "doesn't exist" in refused([clip, "--output", tmp_path / "no" / "out.wav"], capsys)
    assert refused([clip, "--output", tmp_path], capsys)
    (tmp_path / "folder.wav").mkdir()
    assert "folder" in refused([clip, "--output", tmp_path / "folder.wav"], capsys)
    assert refused([clip, "--output", tmp_path / "out.docx"], capsys)
    output = tmp_path / "out.wav"
    refused([clip, "--output", output, "--edit-list", tmp_path / "no" / "edit.json"], capsys)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_read_only_folder(clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "kept"
    folder.mkdir(mode=0o500)
    if os.access(folder, os.W_OK):  # such rules don't bind an administrator, nor Windows
        folder = Path("/sys")
        if not folder.is_mount():
            pytest.skip("this user may write everywhere")
    assert "protected" in refused([clip, "--output", folder / "out.wav"], capsys)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_that_refuses_leaves_the_old_file(
    code: int,
    clip: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output = tmp_path / "out.wav"
    output.write_bytes(b"an older edit")
    is_untouched = untouched(output)

    def refuse(_descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    sentence = refused([clip, "--output", output], capsys)
    assert "out.wav" in sentence
    assert is_untouched()
    assert list(tmp_path.glob(".editorbot-*")) == []


def test_checkpoints_that_are_none(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output, bad = tmp_path / "out.wav", tmp_path / "bad.safetensors"
    arguments = [clip, "--output", output, "--checkpoint", bad]
    assert "bad.safetensors" in refused(arguments, capsys)
    for content in (b"", b"not a checkpoint", BUNDLED_CHECKPOINT.read_bytes()[:10_000]):
        bad.write_bytes(content)
        assert "bad.safetensors" in refused(arguments, capsys)
    safetensors.numpy.save_file({"weight": np.zeros(3, np.float32)}, bad)
    assert "EditorBot" in refused(arguments, capsys)
    assert not output.exists()


def test_a_device_that_is_not_there(
    clip: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    output = tmp_path / "out.wav"
    assert refused([clip, "--output", output, "--device", "cuda"], capsys)
    assert not output.exists()
