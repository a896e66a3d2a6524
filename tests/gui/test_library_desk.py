from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from editorbot_gui.training_dock.places import library_folder
from model_core.audio.render import Renderer
from model_core.edit.types import EditList

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.gui.conftest import Rig

CUT = EditList.from_ranges([(0, 16_000), (24_000, 40_000)])
PATIENCE_MS = 60_000


def add(rig: Rig, qtbot: QtBot) -> None:
    desk = rig.window.library_desk
    with qtbot.waitSignal(desk.told, timeout=PATIENCE_MS):
        rig.window.commands["add_to_library"].trigger()


def test_the_command_says_why_not(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    commands = rig.window.commands
    assert commands["add_to_library"].statusTip() == "Open a recording first."
    rig.open(qtbot, speech)
    assert commands["add_to_library"].statusTip() == "Nothing is changed yet."
    rig.window.session.apply_edit(EditList(()), "Delete all")
    assert commands["add_to_library"].statusTip() == "Nothing is left in the edit."
    rig.window.session.apply_edit(CUT, "Cut")
    assert commands["add_to_library"].isEnabled()


def test_an_edit_becomes_a_pair_and_a_later_one_takes_its_place(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    before = speech.read_bytes()
    rig.open(qtbot, speech)
    session = rig.window.session
    source = session.source
    assert source is not None
    for edit in (CUT, EditList.from_ranges([(8000, 48_000)])):
        session.apply_edit(edit, "Cut")
        add(rig, qtbot)
        assert "is in your library now" in rig.window.happened.text()
        (finished,) = (library_folder() / "training_data" / "desired_output").iterdir()
        written, _ = soundfile.read(finished, dtype="int16", always_2d=True)
        assert np.array_equal(written, Renderer((source,), edit).read(0, edit.length))
        (kept,) = (library_folder() / "training_data").rglob("*_edits.json")
        ranges = [
            (item["start"], item["stop"]) for item in json.loads(kept.read_text("utf-8"))["items"]
        ]
        assert ranges == [(segment.start, segment.stop) for segment in edit.segments]
    assert speech.read_bytes() == before


def test_a_library_that_cannot_be_written_is_told_in_words(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    rig.open(qtbot, speech)
    rig.window.session.apply_edit(CUT, "Cut")
    library_folder().parent.mkdir(parents=True)
    library_folder().write_text("in the way")
    desk = rig.window.library_desk
    with qtbot.waitSignal(desk.failed, timeout=PATIENCE_MS):
        rig.window.commands["add_to_library"].trigger()
    assert rig.dialog.text()
    assert "Traceback" not in rig.dialog.text()
    assert rig.window.commands["add_to_library"].isEnabled()
    assert library_folder().read_text() == "in the way"


def test_cancelling_leaves_no_pair(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    rig.open(qtbot, speech)
    rig.window.session.apply_edit(CUT, "Cut")
    rig.window.commands["add_to_library"].trigger()
    assert rig.window.commands["add_to_library"].statusTip() == "It is being added."
    rig.window.commands["cancel"].trigger()
    qtbot.waitUntil(lambda: not rig.window.runner.jobs, timeout=PATIENCE_MS)
    assert list((library_folder() / "training_data").rglob("*_edits.json")) == []
