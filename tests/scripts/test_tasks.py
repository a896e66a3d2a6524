from __future__ import annotations

from pathlib import Path

import pytest

from scripts import environment, tasks


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, ...]]:
    made: list[tuple[str, ...]] = []

    def call(*command: str, **_variables: str) -> int:
        made.append(command)
        return 0

    monkeypatch.setattr(tasks, "_call", call)
    monkeypatch.setattr(tasks, "setup", lambda: 0)
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    return made


@pytest.mark.parametrize(
    ("variables", "platform", "expected"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ""}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "darwin", True),
        ({}, "win32", True),
    ],
)
def test_knows_where_a_window_can_be_shown(
    variables: dict[str, str], platform: str, *, expected: bool
) -> None:
    assert tasks.has_display(variables, platform) is expected


def test_run_opens_the_demo_in_the_window(
    calls: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "has_display", lambda *_: True)
    assert tasks.main(["run"]) == 0
    assert tasks.main(["run", "talk.wav"]) == 0
    assert [call[1:] for call in calls] == [("main.py", "--demo"), ("main.py", "talk.wav")]


def test_run_without_a_display_edits_the_demo_and_says_where(
    calls: list[tuple[str, ...]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(tasks, "has_display", lambda *_: False)
    assert tasks.main(["run"]) == 0
    (command,) = calls
    assert command[1:3] == ("-m", "model_core.infer")
    assert (tmp_path / "out").is_dir()
    said = capsys.readouterr().out
    assert str(tmp_path / "out" / "demo_edited.wav") in said
    assert str(tmp_path / "out" / "demo_alignment.png") in said


def test_lint_runs_every_tool_and_fails_if_one_does(
    monkeypatch: pytest.MonkeyPatch, calls: list[tuple[str, ...]]
) -> None:
    def call(*command: str, **_variables: str) -> int:
        calls.append(command)
        return int("mypy" in command)

    monkeypatch.setattr(tasks, "_call", call)
    assert tasks.main(["lint"]) == 1
    assert len(calls) == 4


def test_the_quality_benchmark_is_handed_what_follows_its_name(
    calls: list[tuple[str, ...]],
) -> None:
    assert tasks.main(["bench-quality", "--quick", "--seed", "3"]) == 0
    assert [call[1:] for call in calls] == [("-m", "benchmarks.quality", "--quick", "--seed", "3")]


def test_an_old_python_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tasks.sys, "version_info", (3, 10, 2))
    assert tasks.main(["setup"]) == 1
    assert "needs Python 3.11 or newer" in capsys.readouterr().err


def test_a_failed_installation_is_one_sentence_and_no_stamp(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_arguments: str) -> None:
        raise environment.SetupError("No network.")

    stamp = tmp_path / "stamp"
    monkeypatch.setattr(environment, "_STAMP", stamp)
    monkeypatch.setattr(environment, "_is_usable", lambda: True)
    monkeypatch.setattr(environment, "_pip_install", fail)
    monkeypatch.setattr(tasks.system_libraries, "ensure_libraries", lambda **_: True)
    assert tasks.main(["setup"]) == 1
    assert capsys.readouterr().err == "No network.\n"
    assert not stamp.exists()


def test_the_environment_is_made_anew_when_a_requirement_changes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("numpy==2.0\n", encoding="utf-8")
    monkeypatch.setattr(environment, "_CONSTRAINTS", constraints)
    monkeypatch.setattr(environment, "PYTHON", constraints)
    monkeypatch.setattr(environment, "_STAMP", tmp_path / "stamp")
    monkeypatch.setattr(environment, "_is_usable", lambda: True)
    installed: list[tuple[str, ...]] = []
    monkeypatch.setattr(environment, "_pip_install", lambda *wanted: installed.append(wanted))
    environment.ensure_environment()
    environment.ensure_environment()
    assert len(installed) == 2  # PyTorch, then the rest: once
    constraints.write_text("numpy==2.1\n", encoding="utf-8")
    environment.ensure_environment()
    assert len(installed) == 4


def test_packages_are_made_and_driven_by_their_own_script(
    calls: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    extras: list[str] = []
    monkeypatch.setattr(environment, "ensure_extra", lambda extra, _module: extras.append(extra))
    assert tasks.main(["package", "wheel"]) == 0
    assert extras == []
    assert tasks.main(["package"]) == 0
    assert extras == ["package"]
    assert [call[1:] for call in calls] == [
        ("-m", "scripts.package", "wheel"),
        ("-m", "scripts.package"),
    ]
