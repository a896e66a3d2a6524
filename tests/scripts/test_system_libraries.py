from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from scripts import system_libraries
from scripts.system_libraries import LIBRARIES, how_to_install, missing_libraries


def load_all_but(*lacking: str) -> Callable[[str], object]:
    def load(soname: str) -> object:
        if soname in lacking:
            raise OSError(f"{soname}: cannot open shared object file")
        return object()

    return load


def test_names_exactly_what_the_loader_does_not_find() -> None:
    load = load_all_but("libportaudio.so.2", "libxcb-cursor.so.0")
    missing = missing_libraries(load, "linux")
    assert [library.apt for library in missing] == ["libportaudio2", "libxcb-cursor0"]
    assert missing_libraries(load_all_but(), "linux") == ()


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_platforms_lack_nothing(platform: str) -> None:
    assert missing_libraries(load_all_but(*(each.soname for each in LIBRARIES)), platform) == ()


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        ("apt-get", "sudo apt-get install libportaudio2 libxcb-randr0 libxcb-xkb1"),
        ("dnf", "sudo dnf install libxcb portaudio"),
        ("pacman", "sudo pacman -S libxcb portaudio"),
        (None, "install the packages with libportaudio.so.2 libxcb-randr.so.0 libxcb-xkb.so.1"),
    ],
)
def test_one_line_in_the_words_of_the_system(tool: str | None, expected: str) -> None:
    lacking = ("libportaudio.so.2", "libxcb-randr.so.0", "libxcb-xkb.so.1")
    missing = missing_libraries(load_all_but(*lacking), "linux")
    assert (
        how_to_install(missing, lambda name: f"/bin/{name}" if name == tool else None) == expected
    )


def test_what_cannot_be_installed_is_named_and_nothing_is_raised(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(system_libraries, "missing_libraries", lambda: LIBRARIES[:1])
    monkeypatch.setattr(system_libraries, "_root_prefix", lambda: None)
    assert not system_libraries.ensure_libraries(may_install=True)
    assert "portaudio" in capsys.readouterr().err


def test_installs_with_apt_where_that_is_permitted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lacking = [LIBRARIES[:2], ()]
    commands: list[list[str]] = []

    def run(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(system_libraries, "missing_libraries", lambda: lacking.pop(0))
    monkeypatch.setattr(system_libraries, "_root_prefix", tuple)
    monkeypatch.setattr(system_libraries.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(system_libraries.subprocess, "run", run)
    assert system_libraries.ensure_libraries(may_install=True)
    assert commands[-1][-2:] == ["libportaudio2", "libgl1"]
    assert capsys.readouterr().err == ""
