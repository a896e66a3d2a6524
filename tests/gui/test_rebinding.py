from __future__ import annotations

import pytest

from editorbot_gui.actions import ACTIONS
from editorbot_gui.rebinding.keymap import KeyMap, spelled, why_not

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
