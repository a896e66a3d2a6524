from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from editorbot_gui import command
from editorbot_gui.command import build_parser, main
from model_core.edit.serialise import SourceInfo, write_edit_list
from model_core.edit.types import EditList
from model_core.export.timelines import TIMELINE_FORMATS
from resources import resource_path

ROOT = Path(__file__).resolve().parents[2]
RATE = 16_000
COMMANDS = (
    "edit", "render", "export", "align", "batch", "inspect", "train", "models", "devices",
    "completion", "desktop",
)  # fmt: skip


@pytest.fixture(autouse=True)
def private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITORBOT_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    path = tmp_path / "talk – ü.wav"
    soundfile.write(path, rng.uniform(-0.3, 0.3, (4 * RATE, 2)), RATE, subtype="PCM_24")
    return path


@pytest.fixture
def edit(tmp_path: Path, talk: Path) -> Path:
    path = tmp_path / "edit.json"
    cut = EditList.from_ranges([(0, RATE), (2 * RATE, 4 * RATE)])
    write_edit_list(path, cut, [SourceInfo(str(talk), RATE, 4 * RATE)])
    return path


def answer(capsys: pytest.CaptureFixture[str], code: int, *arguments: object) -> dict[str, Any]:
    """Runs a command with --json and returns what it prints, and nothing else, on stdout."""
    assert main([*map(str, arguments), "--json"]) == code
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_has_examples_and_exit_codes(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "examples:" in said
    assert "exit codes: 0 done" in said


def test_help_comes_without_the_heavy_libraries() -> None:
    code = (
        "import sys\nfrom editorbot_gui.command import main\n"
        "try:\n    main(['edit', '--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'numpy', 'scipy', 'soundfile', 'PySide6', 'shtab'}\n"
        "sys.exit(','.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_anything_else_opens_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[list[str]] = []
    monkeypatch.setattr("editorbot_gui.app.main", lambda argv: opened.append(argv) or 0)
    for arguments in ([], ["talk.wav"], ["--demo", "music"], ["./edit"]):
        assert main(arguments) == 0
    assert opened == [[], ["talk.wav"], ["--demo", "music"], ["./edit"]]


def test_render_applies_an_edit_list(
    edit: Path, talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = answer(capsys, 0, "render", edit, "--output", tmp_path / "out.wav")
    (written,) = said["written"]
    assert (said["ok"], written["encoding"], written["channels"]) == (True, "PCM_24", 2)
    before = soundfile.read(talk, dtype="int32")[0]
    after = soundfile.read(tmp_path / "out.wav", dtype="int32")[0]
    assert len(after) == 3 * RATE
    assert np.array_equal(after[: RATE - 200], before[: RATE - 200])
    assert np.array_equal(after[RATE + 200 :], before[2 * RATE + 200 :])


def test_a_recording_that_moved_is_named(
    edit: Path, talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = talk.rename(tmp_path / "moved.wav")
    out = tmp_path / "out.flac"
    said = answer(capsys, 1, "render", edit, "--output", out)
    assert "talk – ü.wav" in said["error"]
    assert not out.exists()
    answer(capsys, 0, "render", edit, "--recording", moved, "--output", out)
    other = tmp_path / "other rate.wav"
    soundfile.write(other, np.zeros((64_000, 1)), 8000)
    said = answer(capsys, 1, "render", edit, "--recording", other, "--output", out)
    assert "16000 Hz" in said["error"]


@pytest.mark.parametrize("name", TIMELINE_FORMATS)
def test_export_writes_every_timeline(
    name: str, edit: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / TIMELINE_FORMATS[name].file_name("out")
    said = answer(capsys, 0, "export", edit, "--output", out, "--timeline", name)
    assert said["written"] == [{"path": str(out), "timeline": name}]
    assert out.stat().st_size > 20


def test_export_writes_several_forms_at_once_and_parts(
    edit: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = answer(
        capsys, 0, "export", edit, "--part", "segments",
        "--output", tmp_path / "a.flac", "--output", tmp_path / "b.otio",
    )  # fmt: skip
    names = [Path(each["path"]).name for each in said["written"]]
    assert names == ["a_01.flac", "a_02.flac", "b.otio"]
    back = answer(
        capsys, 0, "render", tmp_path / "b.otio", "--recording", tmp_path / "talk – ü.wav",
        "--output", tmp_path / "c.wav",
    )  # fmt: skip
    assert back["written"][0]["samples"] == 3 * RATE


def test_contradictions_are_usage_errors(
    edit: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "x.wav"
    for extra in (["--part", "takes"], ["--part", "tracks"], ["--frame-rate", "7"]):
        said = answer(capsys, 2, "export", edit, "--output", out, *extra)
        assert said["ok"] is False
        assert extra[0] in said["error"]
    answer(capsys, 2, "batch", "--output", tmp_path)
    answer(capsys, 2, "batch", tmp_path, "--output", tmp_path / "o", "--tightness", "3")
    with pytest.raises(SystemExit) as ended:
        main(["render"])
    assert ended.value.code == 2


def test_align_finds_the_edit_again(
    edit: Path, talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finished, found = tmp_path / "finished.wav", tmp_path / "found.json"
    answer(capsys, 0, "render", edit, "--output", finished)
    said = answer(capsys, 0, "align", talk, finished, "--output", found)
    assert said["report"]["matched"] > 0.99
    assert said["report"]["joins"] == 1
    described = answer(capsys, 0, "inspect", found)["files"][0]
    assert described["edited_s"] == pytest.approx(3.0, abs=0.01)
    said = answer(capsys, 1, "align", talk, finished, "--output", talk)
    assert "ending" in said["error"]


def test_inspect_knows_what_files_are(
    edit: Path, talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = resource_path("model", "editorbot.safetensors")
    style = resource_path("styles", "tight.json")
    found = answer(capsys, 0, "inspect", edit, talk, model, style)["files"]
    kinds = [each["kind"] for each in found]
    assert kinds == ["edit list", "recording", "model", "style"]
    assert (found[1]["sample_rate"], found[1]["bits"], found[1]["samples"]) == (RATE, 24, 4 * RATE)
    said = answer(capsys, 3, "inspect", talk, tmp_path / "none.wav")
    assert "none.wav" in said["files"][1]["error"]
    answer(capsys, 1, "inspect", tmp_path / "none.wav")
    assert main(["inspect", str(talk)]) == 0
    assert "sample rate: 16000" in capsys.readouterr().out


def test_edit_and_batch_give_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    samples, rate = soundfile.read(resource_path("demo", "speech.flac"), frames=3 * 44_100)
    (tmp_path / "in").mkdir()
    soundfile.write(tmp_path / "in" / "one.wav", samples, rate)
    (tmp_path / "in" / "bad.flac").write_text("no sound")
    one = answer(
        capsys, 0, "edit", tmp_path / "in" / "one.wav", "--output", tmp_path / "one.wav",
        "--quiet", "--style", "tight",
    )  # fmt: skip
    assert one["edited_s"] <= one["raw_s"] == pytest.approx(3.0)
    out, report = tmp_path / "out", tmp_path / "report.csv"
    how = ("--output", out, "--style", "tight", "--edit-list", "--timeline", "reaper")
    once = (*how, "--processes", "1")
    many = answer(capsys, 3, "batch", tmp_path / "in", *once, "--report", report)
    assert (many["done"], many["failed"]) == (1, 1)
    assert (out / "one.wav").read_bytes() == (tmp_path / "one.wav").read_bytes()
    assert "no sound" not in report.read_text("utf-8")
    assert "failed" in report.read_text("utf-8")
    assert sorted(path.name for path in out.iterdir() if path.suffix != ".jsonl") == [
        "one.json", "one.rpp", "one.wav",
    ]  # fmt: skip
    again = answer(capsys, 3, "batch", tmp_path / "in", *how)
    assert (again["done"], again["skipped"], again["failed"]) == (0, 1, 1)


def test_devices_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    said = answer(capsys, 0, "devices")
    assert said["compute"][0]["device"] == "cpu"
    assert isinstance(said["outputs"], list)
    assert isinstance(said["inputs"], list)


def test_train_hands_its_options_to_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[str, list[str]]] = []

    def run(module: str, arguments: list[str]) -> int:
        started.append((module, arguments))
        return 4

    monkeypatch.setattr(command, "run_module", run)
    assert main(["train", "finetune", "--library", "mine", "--json"]) == 4
    assert main(["train", "library", "list"]) == 4
    assert started == [
        ("training.finetune", ["--library", "mine", "--json"]),
        ("training.library", ["list"]),
    ]


def test_the_steps_of_training_are_there() -> None:
    assert all(importlib.util.find_spec(module) for module, _ in command._TRAINING.values())


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_the_shell_completes_commands_and_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    ask = (
        "\nCOMP_WORDS=(editorbot {words}); COMP_CWORD={n}; COMP_LINE='editorbot {words}'\n"
        "COMP_POINT=${{#COMP_LINE}}; _shtab_editorbot; printf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
    )
    for words, n, expected in (("ren", 1, "render"), ("render --lou", 2, "--loudness")):
        done = subprocess.run(
            [str(shutil.which("bash")), "--norc"], input=script + ask.format(words=words, n=n),
            capture_output=True, text=True, check=False, env={**os.environ, "BASH_ENV": ""},
        )  # fmt: skip
        assert expected in done.stdout.split(), done.stderr


def test_every_argument_has_a_help() -> None:
    parser, names = build_parser()
    assert names == COMMANDS
    subparsers = parser._subparsers._group_actions[0].choices
    bare = [
        (name, action.dest)
        for name, each in subparsers.items()
        for action in each._actions
        if not action.help and action.metavar is None and action.choices is None
    ]
    # What a seed, a temperature and so on are, the guide says.
    assert {dest for _, dest in bare} <= {"seed", "temperature"}
