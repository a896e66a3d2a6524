from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QFontMetrics, QImage, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from editorbot_gui.action_spec import Group
from editorbot_gui.actions import ACTIONS, MENUS, TOOLBAR, ActionSet, shown_key
from editorbot_gui.chrome import chrome_sheet
from editorbot_gui.dialogs.shortcuts import ShortcutsDialog, balanced, key_rows
from editorbot_gui.menus import with_mnemonics
from editorbot_gui.theme import Theme, text_font

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


def test_menus_have_different_mnemonics() -> None:
    assert with_mnemonics(["Takes", "Training", "Ta", "aa"]) == [
        "&Takes",
        "T&raining",
        "T&a",
        "&aa",
    ]
    marked = with_mnemonics(list(MENUS))
    letters = [title[title.index("&") + 1].casefold() for title in marked]
    assert len(set(letters)) == len(letters)


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


def test_sentences_call_actions_by_the_key_that_they_have_now(qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    commands = ActionSet(widget)
    assert commands.key_text("cancel") == shown_key("Esc")
    commands.use_keys({"cancel": ("F4",), "play": ()})
    assert commands.key_text("cancel") == "F4"
    assert commands.key_text("play") == "“Play or pause”"


@pytest.mark.usefixtures("qapp")
def test_the_sheet_shows_every_key() -> None:
    words = " ".join(keys for group in MENUS for keys, _ in key_rows(group))
    for spec in ACTIONS:
        for key in spec.keys:
            assert shown_key(key) in words, spec.name


def test_the_sheet_shows_all_groups_whole_and_is_searched(qtbot: QtBot) -> None:
    dialog = ShortcutsDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.width() < 1280
    assert dialog.height() < 700
    assert set(dialog.sections) == set(Group)
    metrics = QFontMetrics(text_font())
    for section in dialog.sections.values():
        for keys, words in section.shown:
            assert metrics.horizontalAdvance(keys) <= section._keys_width, keys
            needed = section._keys_width + metrics.horizontalAdvance(words)
            assert needed <= section.width(), words
        assert section.height() >= section.sizeHint().height()
    assert not dialog.area.horizontalScrollBar().isVisible()
    qtbot.keyClicks(dialog.search, "shift+z")
    shown = {group: section.shown for group, section in dialog.sections.items() if section.shown}
    assert shown == {Group.EDIT: [("Ctrl+Shift+Z or Ctrl+Y", "Redo")]}
    assert [group for group, section in dialog.sections.items() if section.isVisible()] == [
        Group.EDIT
    ]
    qtbot.keyClicks(dialog.search, "qqq")
    assert dialog.nothing.isVisible()
    dialog.search.clear()
    assert not dialog.nothing.isVisible()


def test_the_sheet_has_fewer_columns_on_a_small_screen(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ShortcutsDialog, "screen", lambda _dialog: SmallScreen())
    dialog = ShortcutsDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.width() <= SmallScreen().availableSize().width()
    assert dialog.height() <= SmallScreen().availableSize().height()
    assert not dialog.area.horizontalScrollBar().isVisible()


class SmallScreen:
    """Full HD at 200 %, less the taskbar."""

    def availableSize(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(960, 500)


def test_the_sheet_shows_the_keys_that_were_chosen(qtbot: QtBot) -> None:
    dialog = ShortcutsDialog(keys={"play": ("F9",), "stop": ()})
    qtbot.addWidget(dialog)
    rows = dict(dialog.sections[Group.PLAYBACK].shown)
    assert rows["F9"] == "Play or pause"
    assert "Space" not in rows
    assert "Stop and return" not in rows.values()
    assert "F9: Play or pause" in dialog.sections[Group.PLAYBACK].accessibleName()


def test_columns_are_balanced_in_the_order_of_the_menus() -> None:
    heights = dict(zip(Group, (5, 1, 1, 1, 5, 1, 1, 1), strict=False))
    columns = balanced(heights, 3)
    assert [group for column in columns for group in column] == list(heights)
    assert max(sum(heights[group] for group in column) for column in columns) == 7


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_menu_items_that_are_switched_on_show_a_tick(qtbot: QtBot, scheme: str) -> None:
    theme = Theme.current()
    theme.set_scheme(scheme)
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.setStyleSheet(chrome_sheet(theme.palette))
    commands = ActionSet(widget)
    commands.tint(theme.palette.text)

    def drawn(name: str) -> QImage:
        menu = QMenu(widget)
        menu.addAction(commands[name])
        menu.ensurePolished()
        menu.resize(menu.sizeHint())
        return menu.grab().toImage()

    for spec in ACTIONS:
        if spec.checkable or spec.radio:
            action = commands[spec.name]
            action.setChecked(True)
            on = drawn(spec.name)
            if action.actionGroup() is not None:
                action.actionGroup().setExclusive(False)
            action.setChecked(False)
            off = drawn(spec.name)
            differing = sum(
                on.pixel(x, y) != off.pixel(x, y)
                for x in range(on.width())
                for y in range(on.height())
            )
            assert differing > 12, spec.name
    theme.set_scheme("system")
