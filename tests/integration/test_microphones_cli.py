"""Several microphones from the command line, with the bundled network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from model_core.edit.serialise import read_edit_list
from model_core.infer import main
from resources import resource_path

OFFSET = 30_001
SECONDS = 14


@pytest.fixture(autouse=True)
def private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITORBOT_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """The same talk from near and from far; the second recorder was started later."""
    talk, rate = soundfile.read(
        resource_path("demo", "speech.flac"), dtype="int16", frames=SECONDS * 44_100, always_2d=True
    )
    near = talk[:, 0]
    hiss = np.random.default_rng(0).normal(0, 8, near.size)
    far = np.round(0.25 * near + hiss).astype(np.int16)[OFFSET:]
    paths = tmp_path / "near.wav", tmp_path / "far.wav"
    for path, samples in zip(paths, (near, far), strict=True):
        soundfile.write(path, samples, rate)
    return paths


def read(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="int16")[0].astype(np.int64)


def test_microphones_are_lined_up_and_cut_together(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output, edit_file = tmp_path / "out.wav", tmp_path / "edit.json"
    asked = [*map(str, files), "--together", "--line-up", f"--output={output}", "--seed=1"]
    assert main([*asked, "--separately", f"--edit-list={edit_file}"]) == 0
    assert "cut" in capsys.readouterr().err
    assert not output.exists()
    near, far = read(tmp_path / "out_near.wav"), read(tmp_path / "out_far.wav")
    edit = read_edit_list(edit_file).edit_list
    assert len(near) == len(far) == edit.length < SECONDS * 44_100
    raw, raw_far = read(files[0]), np.concatenate((np.zeros(OFFSET, np.int64), read(files[1])))
    at, room = 0, 2000  # a crossfade is far shorter
    for segment in edit.segments:
        if segment.length > 2 * room:
            here = slice(at + room, at + segment.length - room)
            there = slice(segment.start + room, segment.stop - room)
            np.testing.assert_array_equal(near[here], raw[there])
            np.testing.assert_array_equal(far[here], raw_far[there])
        at += segment.length
    assert main([*asked, "--quiet"]) == 0
    assert np.abs(read(output) - near - far).max() <= 1.5


@pytest.mark.parametrize(
    ("wrong", "code", "said"),
    [
        (["near.wav", "far.wav"], 2, "add --together"),
        (["near.wav", "--separately"], 2, "need --together"),
        (["near.wav", "--together"], 1, "at least two files"),
        (["near.wav", "near.wav", "--together"], 1, "is there twice"),
        (["near.wav", "gone.wav", "--together"], 1, "gone.wav"),
        (["near.wav", "far.wav", "--together", "--output=far.wav"], 1, "far.wav"),
    ],
)
def test_wrong_input_is_told(
    files: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    wrong: list[str],
    code: int,
    said: str,
) -> None:
    before = [path.read_bytes() for path in files]
    arguments = [
        each.replace("--output=", f"--output={tmp_path}/")
        if each.startswith("--output")
        else each
        if each.startswith("--")
        else str(tmp_path / each)
        for each in wrong
    ]
    if not any(each.startswith("--output") for each in wrong):
        arguments.append(f"--output={tmp_path / 'out.wav'}")
    assert main(arguments) == code
    assert said in capsys.readouterr().err
    assert [path.read_bytes() for path in files] == before
    assert not (tmp_path / "out.wav").exists()
