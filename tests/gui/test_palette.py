from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction

from editorbot_gui.palette.entries import Entry, remembered, search
from editorbot_gui.palette.matching import match
from editorbot_gui.palette.palette import CommandPalette

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.gui.conftest import Rig

CONTROL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def test_letters_in_order_fit_and_others_do_not() -> None:
    fit = match("zin", "Zoom in")
    assert fit is not None
    assert fit.places == (0, 5, 6)
    assert match("niz", "Zoom in") is None
    assert match("zoom in please", "Zoom in") is None
    empty = match("", "Zoom in")
    assert empty is not None
    assert empty.places == ()


def test_case_accents_and_spaces_are_of_no_account() -> None:
    assert match("ECOUTER", "Écouter la jonction") is not None
    assert match("g o s t", "Go to the start") is not None
    fit = match("ß", "Straße")
    assert fit is not None
    assert fit.places == (4,)


@pytest.mark.parametrize(
    ("query", "better", "worse"),
    [
        ("pl", "Play or pause", "Split"),
        ("zs", "Zoom to the selection", "Snap to zero crossings"),
        ("exp", "Export", "Reject the loop"),
        ("so", "Sound output", "Zoom so far"),
    ],
)
def test_starts_of_words_and_neighbours_count_for_more(query: str, better: str, worse: str) -> None:
    one, other = match(query, better), match(query, worse)
    assert one is not None
    assert other is None or one.score > other.score


def make_entries(qapp: object, *texts: str) -> tuple[Entry, ...]:  # noqa: ARG001 - actions need one
    return tuple(Entry(text, QAction(text), text, "View", f"Does {text}.") for text in texts)


def test_recent_ones_come_first_until_something_is_typed(qapp: object) -> None:
    entries = make_entries(qapp, "Alpha", "Beta", "Gamma")
    found = search("", entries, ("Gamma", "gone", "Beta"))
    assert [row.entry.text for row in found] == ["Gamma", "Beta", "Alpha"]
    assert [row.recent for row in found] == [True, True, False]
    assert [row.entry.text for row in search("al", entries, ("Gamma",))] == ["Alpha"]
    assert search("qqq", entries) == []


def test_what_can_be_used_comes_before_what_cannot(qapp: object) -> None:
    entries = make_entries(qapp, "Zoom in", "Zoom out")
    entries[0].action.setEnabled(False)
    assert [row.entry.text for row in search("zoom", entries)] == ["Zoom out", "Zoom in"]


def test_words_of_the_sentence_are_found_too(qapp: object) -> None:
    entries = make_entries(qapp, "Alpha")
    assert [row.entry.text for row in search("does", entries)] == ["Alpha"]
    assert [row.entry.text for row in search("view alp", entries)] == ["Alpha"]


def test_the_last_commands_are_remembered_once_each() -> None:
    names: tuple[str, ...] = ()
    for name in "abcabcdefgh":
        names = remembered(name, names)
    assert names == ("h", "g", "f", "e", "d", "c")


def open_palette(rig: Rig, qtbot: QtBot) -> CommandPalette:
    qtbot.keyClick(rig.window, Qt.Key.Key_P, CONTROL_SHIFT)
    return rig.window.findChildren(CommandPalette)[-1]


def texts(palette: CommandPalette) -> list[str]:
    return [row.entry.text for row in palette.model.rows]


def test_by_keyboard_alone_a_command_is_found_and_done(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    rig.open(qtbot, speech)
    palette = open_palette(rig, qtbot)
    assert palette.isVisible()
    qtbot.keyClicks(palette.field, "sel all")
    assert texts(palette)[0] == "Select all"
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert rig.window.view.selection is not None
    assert rig.window.settings.recent_commands == ("select_all",)
    again = open_palette(rig, qtbot)
    assert texts(again)[0] == "Select all"
    qtbot.keyClick(again.field, Qt.Key.Key_Escape)
    assert not again.isVisible()


def test_every_command_is_listed_with_its_key(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    rig.open(qtbot, speech)
    rig.window.commands.use_keys({"split": ("F9",)})
    palette = open_palette(rig, qtbot)
    by_name = {row.entry.name: row.entry for row in palette.model.rows}
    commands = rig.window.commands
    shown = {name for name in commands if commands[name].isVisible()}  # takes that there are
    assert shown - set(by_name) == {"command_palette"}
    assert "take_1" not in by_name
    assert by_name["split"].key == "F9"
    assert by_name["export"].group == "File"
    assert "Hide the panel “Edits”" in texts(palette)
    palette.reject()


def test_what_cannot_be_done_now_says_why_and_does_nothing(rig: Rig, qtbot: QtBot) -> None:
    palette = open_palette(rig, qtbot)
    qtbot.keyClicks(palette.field, "generate an")
    assert palette.current is not None
    assert palette.current.entry.name == "generate"
    assert palette.message.text() == "Not now: Open a recording first."
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible()
    assert not rig.window.generation.running
    qtbot.keyClicks(palette.field, "zzzzzz")
    assert palette.current is None
    assert palette.message.text() == "No command is called like that."
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    palette.reject()


def test_arrows_and_page_keys_move_in_the_list(rig: Rig, qtbot: QtBot) -> None:
    palette = open_palette(rig, qtbot)
    rows = palette.model.rowCount()

    def row_after(key: Qt.Key) -> int:
        qtbot.keyClick(palette.field, key)
        return palette.list.currentIndex().row()

    assert row_after(Qt.Key.Key_Down) == 1
    assert row_after(Qt.Key.Key_Up) == 0
    assert row_after(Qt.Key.Key_Up) == rows - 1
    assert row_after(Qt.Key.Key_PageDown) == rows - 1
    assert row_after(Qt.Key.Key_Down) == 0
    assert row_after(Qt.Key.Key_PageDown) == 10
    role = Qt.ItemDataRole.AccessibleTextRole
    assert "Ctrl+O" in palette.model.index(0).data(role)
    palette.reject()


def test_a_click_does_it_too(rig: Rig, qtbot: QtBot) -> None:
    palette = open_palette(rig, qtbot)
    qtbot.keyClicks(palette.field, "keyboard shortcuts")
    place = palette.list.visualRect(palette.model.index(0)).center()
    qtbot.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    from editorbot_gui.dialogs.shortcuts import ShortcutsDialog

    sheets = rig.window.findChildren(ShortcutsDialog)
    assert len(sheets) == 1
    sheets[0].reject()
