"""Saved styles on disk and on the shelf, without a window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QObject

from editorbot_gui.jobs import JobRunner
from editorbot_gui.styles.presets import (
    SaveRequest,
    file_stem,
    list_presets,
    save_preset,
    styles_folder,
)
from editorbot_gui.styles.reading import ReadStyle
from editorbot_gui.styles.shelf import StyleShelf
from model_core.errors import FileWriteError
from model_core.options import GenerateOptions
from model_core.progress import CancelToken, no_progress
from model_core.styles import Style

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

OURS, THEIRS = "aa" * 32, "bb" * 32
VALUES = (0.5, -1.0, 2.0)


def save(folder: Path, name: str, values: tuple[float, ...] = VALUES, of: str = OURS) -> Path:
    return save_preset(SaveRequest(folder, Style(name, values, of)), CancelToken(), no_progress)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "not there yet" / "styles"


def test_styles_lie_in_the_persons_data_folder(own_folders: Path) -> None:
    assert own_folders in styles_folder().parents


def test_what_is_saved_is_listed_by_name(folder: Path) -> None:
    assert list_presets(folder, OURS) == ()
    for name in ("tight", "Airy", "Übergang / 3"):
        save(folder, name)
    presets = list_presets(folder, OURS)
    assert [preset.name for preset in presets] == ["Airy", "tight", "Übergang / 3"]
    assert all(preset.style is not None and preset.style.values == VALUES for preset in presets)


def test_a_name_of_the_same_network_is_replaced_and_another_networks_kept(folder: Path) -> None:
    save(folder, "Tight")
    save(folder, "Tight", of=THEIRS)
    path = save(folder, "Tight", (1.0, 1.0, 1.0))
    assert len(list(folder.iterdir())) == 2
    ours = next(preset for preset in list_presets(folder, OURS) if preset.style is not None)
    assert ours.path == path
    assert ours.style is not None
    assert ours.style.values == (1.0, 1.0, 1.0)


def test_names_that_are_one_file_name_are_two_files(folder: Path) -> None:
    assert save(folder, "A/B") != save(folder, "A:B")
    assert [preset.name for preset in list_presets(folder, OURS)] == ["A/B", "A:B"]


def test_what_cant_be_used_says_why(folder: Path) -> None:
    save(folder, "Foreign", of=THEIRS)
    (folder / "damaged.json").write_text("{", encoding="utf-8")
    damaged, foreign = list_presets(folder, OURS)
    assert (damaged.name, damaged.style) == ("damaged", None)
    assert damaged.reason == "damaged.json is not a style of EditorBot."
    assert foreign.style is None
    assert foreign.reason.startswith("The style “Foreign” belongs to another model. ")


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Tight podcast", "Tight podcast"),
        ("a/b\\c:d*e", "a-b-c-d-e"),
        ("../..", "style"),
        ("CON", "CON-style"),
        ("  .. ", "style"),
        ("é" * 200, "é" * 48),
    ],
)
def test_file_names_are_taken_by_every_system(name: str, stem: str) -> None:
    assert file_stem(name) == stem


def test_a_folder_that_cant_be_made_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "styles").write_text("in the way")
    with pytest.raises(FileWriteError, match="can't be written"):
        save(tmp_path / "styles", "Tight")


@pytest.fixture
def shelf(qtbot: QtBot, folder: Path) -> Iterator[StyleShelf]:
    owner = QObject()
    runner = JobRunner(owner)
    shelf = StyleShelf(runner, owner, folder)
    shelf.use_network(OURS)
    yield shelf
    qtbot.waitUntil(lambda: not runner.jobs)
    runner.close()
    owner.deleteLater()


def test_saving_puts_a_style_on_the_shelf(shelf: StyleShelf, qtbot: QtBot) -> None:
    with qtbot.waitSignal(shelf.saved) as caught:
        shelf.save("Tight", VALUES, OURS)
    assert caught.args == ["Tight"]
    assert [choice.name for choice in shelf.choices] == ["Tight"]
    assert shelf.name_of(GenerateOptions(style=VALUES)) == "Tight"
    assert shelf.name_of(GenerateOptions(style=(9.0,))) == ""
    assert shelf.name_of(GenerateOptions()) == ""
    assert shelf.is_saved("Tight")
    assert not shelf.is_saved("Airy")


def test_a_style_that_was_read_is_chosen_and_keeps_being_so_under_a_name(
    shelf: StyleShelf, qtbot: QtBot
) -> None:
    shelf.add(ReadStyle("talk", VALUES, OURS))
    assert shelf.chosen is not None
    assert shelf.chosen.name == "As in “talk”"
    with qtbot.waitSignal(shelf.saved):
        shelf.save("Tight", VALUES, OURS)
    assert [choice.name for choice in shelf.choices] == ["Tight"]
    assert shelf.chosen is not None
    assert shelf.chosen.name == "Tight"


def test_deleting_removes_file_and_choice(shelf: StyleShelf, qtbot: QtBot, folder: Path) -> None:
    with qtbot.waitSignal(shelf.saved):
        shelf.save("Tight", VALUES, OURS)
    shelf.choose(shelf.choices[0])
    shelf.delete(shelf.choices[0])
    assert shelf.choices == ()
    assert shelf.chosen is None
    assert list(folder.iterdir()) == []
    shelf.add(ReadStyle("talk", VALUES, OURS))
    shelf.delete(shelf.choices[0])
    assert shelf.choices == ()
    assert shelf.chosen is None


def test_what_cant_be_used_is_not_chosen(shelf: StyleShelf, folder: Path) -> None:
    save(folder, "Foreign", of=THEIRS)
    shelf.refresh()
    shelf.choose(shelf.choices[0])
    assert shelf.chosen is None
    shelf.use_network(THEIRS)
    shelf.choose(shelf.choices[0])
    assert shelf.chosen is not None


def test_a_folder_in_the_way_is_told_and_nothing_is_lost(
    shelf: StyleShelf, qtbot: QtBot, folder: Path
) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    with qtbot.waitSignal(shelf.failed) as caught:
        shelf.save("Tight", VALUES, OURS)
    assert isinstance(caught.args[0], FileWriteError)
    assert folder.read_text() == "in the way"
