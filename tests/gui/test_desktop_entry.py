from __future__ import annotations

import configparser
import shlex
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from editorbot_gui import desktop_entry
from editorbot_gui.command import main
from model_core.errors import FileWriteError

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux has them")


def entry_of(folder: Path) -> configparser.ConfigParser:
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[assignment, method-assign]
    entry.read(folder / "applications" / "editorbot.desktop", "utf-8")
    return entry


def test_the_entry_starts_this_program(tmp_path: Path) -> None:
    program = tmp_path / "my 100% $tools" / "editorbot"
    desktop_entry.install(tmp_path / "share", program)
    entry = entry_of(tmp_path / "share")
    assert entry["Desktop Entry"]["TryExec"] == str(program)
    for section in entry.sections():
        line = entry[section]["Exec"].replace("\\\\", "\\").replace("%%", "%")
        line = line.replace("\\$", "$")  # shlex leaves it in double quotes, shells don't
        assert shlex.split(line)[0] == str(program)
    assert entry["Desktop Entry"]["Exec"].endswith(" %f")


def test_projects_get_type_and_icon(tmp_path: Path) -> None:
    written = desktop_entry.install(tmp_path, Path("/usr/bin/editorbot"))
    assert all(path.is_file() for path in written)
    entry = entry_of(tmp_path)["Desktop Entry"]
    root = ET.parse(tmp_path / "mime" / "packages" / "editorbot-mime.xml").getroot()  # noqa: S314
    kind = root[0]
    assert kind.attrib["type"] in entry["MimeType"].split(";")
    assert [each.attrib["pattern"] for each in kind if "pattern" in each.attrib] == ["*.editorbot"]
    icon = tmp_path / "icons" / "hicolor" / "scalable" / "apps" / f"{entry['Icon']}.svg"
    assert icon.is_file()
    assert sorted(desktop_entry.remove(tmp_path)) == sorted(written)
    assert desktop_entry.remove(tmp_path) == []


def test_the_command_installs_for_this_person_and_removes(
    own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = own_folders / "share"
    monkeypatch.setenv("XDG_DATA_HOME", str(share))
    monkeypatch.setattr(desktop_entry, "program_path", lambda: Path("/opt/editorbot"))
    assert main(["desktop", "install"]) == 0
    assert (share / "applications" / "editorbot.desktop").is_file()
    assert main(["desktop", "remove"]) == 0
    assert not (share / "applications" / "editorbot.desktop").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.touch()
    with pytest.raises(FileWriteError):
        desktop_entry.install(blocker, Path("/usr/bin/editorbot"))
