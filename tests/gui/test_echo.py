from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog

from editorbot_gui.action_spec import Group
from editorbot_gui.actions import ACTIONS
from editorbot_gui.guide.echo import ECHOED
from editorbot_gui.waveform.view_state import Axis

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.gui.conftest import Rig

pytestmark = pytest.mark.usefixtures("no_hardware")

LONG_MS = 30_000
_ENDS_OR_LEAVES = {"quit", "open_log_folder", "demo_speech", "demo_music"}
_NEEDS = {"redo": "undo", "paste": "copy"}


@pytest.fixture
def edited(rig: Rig, qtbot: QtBot, speech: Path) -> Rig:
    rig.open(qtbot, speech)
    rig.generate(qtbot)
    return rig


def prepare(rig: Rig, name: str) -> None:
    """Does what most commands need to be of use: an edit, something that is selected."""
    window = rig.window
    window.session.go_to(1)
    window.transport.listen_to(Axis.EDITED)
    window.view.select(Axis.EDITED, 10_000, 14_000)
    if name in _NEEDS:
        window.commands[_NEEDS[name]].trigger()
    if name.endswith("_marker") and "add_marker" in window.commands:
        for place in (11_000, 13_000, 12_000):
            window.transport.seek(Axis.EDITED, place)
            window.commands["add_marker"].trigger()
            close_dialogs()
    if name.startswith(("nudge", "move")):
        window.view.clear_selection()
        window.transport.seek(Axis.EDITED, window.session.edit_list.items[0].length + 10)
        window.commands["previous_edge"].trigger()


def close_dialogs() -> bool:
    """Closes all dialogs; returns whether there were any."""
    shown = [
        widget
        for widget in QApplication.topLevelWidgets()
        if isinstance(widget, QDialog) and widget.isVisible()
    ]
    for dialog in shown:
        dialog.close()
    return bool(shown)


@pytest.mark.parametrize("group", list(Group))
def test_the_status_line_answers_every_command(edited: Rig, qtbot: QtBot, group: Group) -> None:
    window = edited.window
    answered = set()
    for spec in ACTIONS:
        if spec.group is not group or spec.name in _ENDS_OR_LEAVES:
            continue
        prepare(edited, spec.name)
        action = window.commands[spec.name]
        if not action.isEnabled() or not action.isVisible():
            assert window.commands.reason(spec.name) or not action.isVisible(), spec.name
            continue
        window.notice.dismiss()
        qtbot.wait(1)  # what was told before counts no more
        window.tell("")
        qtbot.wait(1)
        action.trigger()
        qtbot.waitUntil(lambda: not window.runner.jobs, timeout=LONG_MS)
        qtbot.wait(1)
        shown = close_dialogs() or window.notice.isVisible()
        assert window.happened.text() or shown, f"{spec.name} says nothing"
        answered.add(spec.name)
        window.player.pause()
    assert answered
    window.commands["theme_system"].trigger()


def test_what_is_said_is_true(edited: Rig, qtbot: QtBot) -> None:
    window = edited.window

    def told(name: str) -> str:
        qtbot.wait(1)
        window.commands[name].trigger()
        return window.happened.text()

    window.transport.listen_to(Axis.RAW)
    window.commands["select_nothing"].trigger()
    assert told("to_end") == "At 0:03.000 of the recording"
    assert told("to_start") == "At 0:00.000 of the recording"
    assert told("select_all") == "Selected: 3.00 s, from 0:00.000 to 0:03.000"
    assert told("copy") == "Copied 3.00 s."
    assert told("select_nothing") == "Nothing is selected."
    assert told("zoom_fit") == "In view: 0:00.000 to 0:03.000"
    assert told("follow_playhead") == "Follow the playhead: off"
    assert told("follow_playhead") == "Follow the playhead: on"
    assert told("ab") == "You hear the edit."
    assert told("theme_light") == "Appearance: Light"
    window.commands["theme_system"].trigger()


def test_a_sentence_of_its_own_is_not_overwritten(edited: Rig, qtbot: QtBot) -> None:
    window = edited.window
    qtbot.wait(1)
    window.tell("No sound device was found.")
    window.echo._answer(lambda: "Playing")
    assert window.happened.text() == "No sound device was found."
    qtbot.wait(1)
    window.echo._answer(lambda: "Playing")
    assert window.happened.text() == "Playing"


def test_going_back_in_the_history_is_told(edited: Rig, qtbot: QtBot) -> None:
    window = edited.window
    window.commands["history"].trigger()
    window.guide.history.go_to(0)
    assert window.happened.text().startswith("Went to “As opened”. ")
    qtbot.keyClick(window.guide.history.list, Qt.Key.Key_Down)
    qtbot.keyClick(window.guide.history.list, Qt.Key.Key_Return)
    assert window.happened.text().startswith("Went to “Generate”. 3 cuts")


def test_only_known_commands_are_echoed() -> None:
    assert set(ECHOED) <= {spec.name for spec in ACTIONS}
