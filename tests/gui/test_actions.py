from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget

from editorbot_gui.actions import ACTIONS, MENUS, TOOLBAR, ActionSet, shown_key
from editorbot_gui.dialogs.shortcuts import ShortcutsDialog, key_rows

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

NAMES = [spec.name for spec in ACTIONS]


def test_every_action_is_in_one_menu_and_the_toolbar_has_known_ones() -> None:
    in_menus = [name for names in MENUS.values() for name in names if name]
    assert sorted(in_menus) == sorted([*NAMES, "recent", "panels", "sound_output"])
    assert {name for name in TOOLBAR if name} <= set(NAMES)


def test_actions_lie_in_the_menu_of_their_heading() -> None:
    for spec in ACTIONS:
        assert spec.name in MENUS[spec.group], spec.name


def test_no_key_is_given_twice_and_none_is_the_equals_sign() -> None:
    keys = [QKeySequence(key).toString() for spec in ACTIONS for key in spec.keys]
    assert [key for key, n in Counter(keys).items() if n > 1] == []
    assert "=" not in keys
    assert all(keys)


def test_what_is_on_the_toolbar_has_icon_and_short_text() -> None:
    specs = {spec.name: spec for spec in ACTIONS}
    for name in TOOLBAR:
        if name:
            assert specs[name].icon
            assert specs[name].short


def test_tooltips_carry_the_key_and_a_disabled_action_its_reason(qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    commands = ActionSet(widget)
    assert shown_key("Ctrl+O") in commands["open"].toolTip()
    commands.allow("export", "Open a recording first.")
    assert not commands["export"].isEnabled()
    assert "Open a recording first." in commands["export"].toolTip()
    assert commands["export"].statusTip() == "Open a recording first."
    commands.allow("export")
    assert commands["export"].isEnabled()
    assert "Open a recording first." not in commands["export"].toolTip()


@pytest.mark.usefixtures("qapp")
def test_the_sheet_shows_every_key() -> None:
    words = " ".join(keys for group in MENUS for keys, _ in key_rows(group))
    for spec in ACTIONS:
        for key in spec.keys:
            assert shown_key(key) in words, spec.name


def test_the_sheet_opens(qtbot: QtBot) -> None:
    dialog = ShortcutsDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.width() < 1200
    assert dialog.height() < 700
