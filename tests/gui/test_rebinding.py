from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from editorbot_gui.actions import ACTIONS
from editorbot_gui.main_window import MainWindow
from editorbot_gui.rebinding.dialog import RebindingDialog
from editorbot_gui.rebinding.keymap import KeyMap, spelled, why_not
from editorbot_gui.settings import Settings

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from tests.gui.conftest import Rig

DEFAULTS = {spec.name: tuple(map(spelled, spec.keys)) for spec in ACTIONS}


def test_without_choices_the_keys_are_those_of_the_table() -> None:
    keymap = KeyMap(ACTIONS)
    assert keymap.keys == DEFAULTS
    assert keymap.chosen == {}


def test_a_key_that_is_given_is_taken_from_what_it_called_before() -> None:
    keymap = KeyMap(ACTIONS)
    assert keymap.owner("S") == "split"
    keymap.give("play", "S")
    assert keymap.owner("S") == "play"
    assert keymap.keys["play"] == ("Space", "S")
    assert keymap.keys["split"] == ()
    assert keymap.chosen == {"play": ("Space", "S"), "split": ()}
    again = KeyMap(ACTIONS, keymap.chosen)
    assert again.keys == keymap.keys


def test_one_command_gets_its_own_keys_back_and_then_all() -> None:
    keymap = KeyMap(ACTIONS)
    keymap.give("play", "S")
    keymap.give("stop", "Ctrl+G")
    keymap.reset("split")
    assert keymap.keys["split"] == ("S",)
    assert keymap.keys["play"] == ("Space",)
    assert keymap.is_changed("generate")
    keymap.reset_all()
    assert keymap.keys == DEFAULTS


def test_choices_of_another_version_do_no_harm() -> None:
    chosen = {"gone": ("F9",), "play": ("", "no such key", "Tab", "F9"), "stop": ("F9",)}
    keymap = KeyMap(ACTIONS, chosen)
    assert keymap.keys["play"] == ()
    assert keymap.keys["stop"] == ("F9",)
    assert "gone" not in keymap.keys


@pytest.mark.parametrize("key", ["Tab", "Shift+Tab", "Return", "Enter", "", "Ctrl+K, Ctrl+C"])
def test_keys_that_the_window_needs_are_refused_with_a_sentence(key: str) -> None:
    keymap = KeyMap(ACTIONS)
    assert why_not(key).endswith(".")
    with pytest.raises(ValueError, match=r"\.$"):
        keymap.give("play", key)
    assert keymap.chosen == {}


def test_other_keys_are_welcome() -> None:
    for key in ("=", "Ctrl+Return", "F5", "Alt+Shift+Left", "Ctrl+,", "ß"):
        assert why_not(key) == ""


def open_dialog(rig: Rig) -> RebindingDialog:
    rig.window.commands["change_keys"].trigger()
    return rig.window.findChildren(RebindingDialog)[-1]


def press(qtbot: QtBot, dialog: RebindingDialog, key: Qt.Key, *, control: bool = False) -> None:
    modifier = Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier
    qtbot.keyClick(dialog.key_field, key, modifier)


def test_a_new_key_works_at_once_everywhere_and_is_kept(rig: Rig, qtbot: QtBot) -> None:
    window = rig.window
    dialog = open_dialog(rig)
    dialog.choose("select_all")
    press(qtbot, dialog, Qt.Key.Key_F9)
    assert dialog.add_button.text() == "Add"
    dialog.add_button.click()
    action = window.commands["select_all"]
    assert [key.toString() for key in action.shortcuts()] == ["Ctrl+A", "F9"]
    assert "Ctrl+A" in action.toolTip()
    dialog.remove_buttons[0].click()
    assert action.shortcut().toString() == "F9"
    assert "(F9)" in action.toolTip()
    assert window.settings.keys == {"select_all": ("F9",)}
    assert window.happened.text() == "“Select all” has keys of your choice."
    dialog.reject()
    again = MainWindow(Settings(window.settings.path))
    qtbot.addWidget(again)
    assert again.commands["select_all"].shortcut().toString() == "F9"
    assert again.commands.keys("select_all") == ("F9",)
    again.close()


def test_a_conflict_is_told_before_and_after(rig: Rig, qtbot: QtBot) -> None:
    dialog = open_dialog(rig)
    dialog.choose("play")
    press(qtbot, dialog, Qt.Key.Key_G, control=True)
    assert dialog.message.text() == "Ctrl+G is the key of “Generate an edit”, which would lose it."
    assert dialog.add_button.text() == "Use it here instead"
    assert rig.window.commands.keys("generate") == ("Ctrl+G", "G")
    dialog.add_button.click()
    assert rig.window.commands.keys("generate") == ("G",)
    assert rig.window.commands.keys("play") == ("Space", "Ctrl+G")
    assert (
        dialog.message.text() == "Ctrl+G calls “Play or pause” now, and “Generate an edit” no more."
    )
    press(qtbot, dialog, Qt.Key.Key_Space)
    assert not dialog.add_button.isEnabled()
    assert dialog.message.text() == "Space does that already."
    press(qtbot, dialog, Qt.Key.Key_Return)
    assert not dialog.add_button.isEnabled()
    assert "needed to get around" in dialog.message.text()
    dialog.reset_button.click()
    assert rig.window.commands.keys("play") == ("Space",)
    dialog.reset_all_button.click()
    assert rig.window.commands.keys("generate") == ("Ctrl+G", "G")
    assert rig.window.settings.keys == {}
    assert not dialog.reset_all_button.isEnabled()
    dialog.reject()


def test_the_list_is_searched_by_command_and_by_key(rig: Rig, qtbot: QtBot) -> None:
    dialog = open_dialog(rig)

    def shown() -> list[str]:
        heads = [dialog.tree.topLevelItem(i) for i in range(dialog.tree.topLevelItemCount())]
        rows = [head.child(i) for head in heads for i in range(head.childCount())]
        return [row.text(0) for row in rows if not row.isHidden()]

    assert len(shown()) == len(ACTIONS)
    qtbot.keyClicks(dialog.search, "zoom in")
    assert shown() == ["Zoom in"]
    dialog.search.clear()
    qtbot.keyClicks(dialog.search, "ctrl+shift+p")
    assert shown() == ["Find a command"]
    dialog.reject()
