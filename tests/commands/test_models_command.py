from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from editorbot_gui.command import main
from editorbot_gui.models.places import models_folder
from editorbot_gui.settings import Settings
from tests.models.small import TUNED, write_model

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def own_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two models of a person whose folders are this test's alone."""
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    folder = models_folder()
    folder.mkdir(parents=True)
    write_model(folder / "podcast.safetensors", 2, fine_tuned=TUNED)
    write_model(folder / "Audiobook.safetensors", 3)
    return folder


def answer(capsys: pytest.CaptureFixture[str], code: int, *arguments: object) -> dict[str, Any]:
    assert main(["models", *map(str, arguments), "--json"]) == code
    return json.loads(capsys.readouterr().out)


def names(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [model["name"] for model in answer(capsys, 0, "list")["models"]]


def test_models_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    listed = answer(capsys, 0, "list")["models"]
    assert [model["name"] for model in listed] == ["bundled", "Audiobook", "podcast"]
    assert [model["chosen"] for model in listed] == [True, False, False]
    assert listed[2]["pairs"] == 3
    assert listed[2]["nats_per_event_after"] == 6.0
    assert main(["models", "list"]) == 0
    assert "  podcast: own, 2026-11-20, 3 pairs, 8.00 to 6.00 nats" in capsys.readouterr().out


def test_listing_needs_no_network(own_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert own_models.is_dir()
    assert main(["models", "list"]) == 0


def test_the_choice_is_what_the_window_reads_and_follows_a_new_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer(capsys, 0, "choose", "PODCAST")
    assert Settings().model == "podcast.safetensors"
    answer(capsys, 0, "rename", "podcast", "Weekly show")
    assert Settings().model == "Weekly show.safetensors"
    answer(capsys, 0, "choose", "bundled")
    assert Settings().model == ""


def test_a_deleted_model_is_restored(capsys: pytest.CaptureFixture[str]) -> None:
    answer(capsys, 0, "remove", "podcast")
    assert names(capsys) == ["bundled", "Audiobook"]
    assert answer(capsys, 0, "list")["deleted"][0]["name"] == "podcast"
    answer(capsys, 0, "restore", "podcast")
    assert names(capsys) == ["bundled", "Audiobook", "podcast"]


def test_a_model_goes_out_and_comes_in(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    written = answer(capsys, 0, "export", "podcast", tmp_path / "show")["written"]
    assert written == str(tmp_path / "show.editorbot-model")
    assert answer(capsys, 0, "import", written)["new"] is False
    answer(capsys, 0, "remove", "podcast")
    came = answer(capsys, 0, "import", written)
    assert (came["new"], came["name"], came["kind"]) == (True, "show", "imported")
    assert main(["models", "path", "show"]) == 0
    assert capsys.readouterr().out.strip() == came["path"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rename", "nobody", "x"), "no model called “nobody”"),
        (("rename", "podcast", "audiobook"), "“audiobook” already"),
        (("remove", "bundled"), "can't be deleted"),
        (("restore", "podcast"), "no deleted model called"),
        (("import", "missing.editorbot-model"), "no checkpoint at"),
        (("choose", "nobody"), "no model called"),
    ],
)
def test_what_cannot_be_done_is_told(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    said = answer(capsys, 1, *arguments)
    assert words in said["error"]
    assert names(capsys) == ["bundled", "Audiobook", "podcast"]
