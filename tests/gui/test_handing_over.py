from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import rpp

from editorbot_gui.handing_over.dialog import HandOverChoice, HandOverDialog
from editorbot_gui.handing_over.question_dialog import QuestionDialog
from model_core.edit.types import EditList
from model_core.export.frame_rates import FRAME_RATES
from model_core.export.timelines import TIMELINE_FORMATS

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.gui.conftest import Rig

CUT = EditList.from_ranges([(0, 8000), (16_000, 30_000)])


@pytest.fixture
def edited_rig(rig: Rig, qtbot: QtBot, speech: Path) -> Rig:
    rig.open(qtbot, speech)
    rig.window.session.apply_edit(CUT, "Cut")
    return rig


def settle(rig: Rig, qtbot: QtBot) -> None:
    qtbot.waitUntil(rig.window.commands["import_edit"].isEnabled)


def hand_over(rig: Rig, qtbot: QtBot, choice: HandOverChoice) -> None:
    with qtbot.waitSignal(rig.window.handing_over.told):
        rig.window.handing_over.start(choice)


def test_commands_wait_for_a_recording(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    commands = rig.window.commands
    assert not commands["hand_over"].isEnabled()
    assert not commands["import_edit"].isEnabled()
    rig.open(qtbot, speech)
    assert commands["hand_over"].isEnabled()
    rig.window.session.apply_edit(EditList(()), "Delete all")
    assert commands["hand_over"].statusTip() == "Nothing is left in the edit."
    assert commands["import_edit"].isEnabled()


def test_the_dialog_writes_a_project_of_another_program(
    edited_rig: Rig, qtbot: QtBot, tmp_path: Path
) -> None:
    window = edited_rig.window
    window.commands["hand_over"].trigger()
    dialog = window.findChild(HandOverDialog)
    assert dialog.isVisible()
    assert not dialog.rate_field.isEnabled()
    with qtbot.waitSignal(window.handing_over.told):
        dialog.write_button.click()
    path = tmp_path / "a talk – ü_edit.rpp"
    assert window.happened.text() == f"Handed over to {path}."
    project = rpp.loads(path.read_text("utf-8"))
    items = project.findall(".//ITEM")
    assert [float(item.find("SOFFS")[1]) for item in items] == pytest.approx([0.0, 1.0], abs=0.01)
    assert window.settings.timeline_format == "reaper"


@pytest.mark.parametrize("name", TIMELINE_FORMATS)
def test_every_format_is_written(edited_rig: Rig, qtbot: QtBot, tmp_path: Path, name: str) -> None:
    path = tmp_path / TIMELINE_FORMATS[name].file_name("out")
    hand_over(edited_rig, qtbot, HandOverChoice(path, name))
    assert path.stat().st_size >= 50


def test_the_name_follows_the_format_until_it_is_changed(edited_rig: Rig) -> None:
    edited_rig.window.commands["hand_over"].trigger()
    dialog = edited_rig.window.findChild(HandOverDialog)
    names = list(TIMELINE_FORMATS)
    dialog.format_field.setCurrentIndex(names.index("labels"))
    assert dialog.choice.path.name == "a talk – ü_edit_kept.txt"
    dialog.format_field.setCurrentIndex(names.index("edl"))
    assert dialog.choice.path.name == "a talk – ü_edit.edl"
    assert dialog.rate_field.isEnabled()
    assert "20 ms" in dialog.message.text()
    dialog.path_field.setText(str(dialog.choice.path.with_name("mine.edl")))
    dialog.format_field.setCurrentIndex(names.index("otio"))
    assert dialog.choice.path.name == "mine.otio"


def test_nothing_is_overwritten_unasked(edited_rig: Rig, speech: Path) -> None:
    window = edited_rig.window
    window.commands["hand_over"].trigger()
    dialog = window.findChild(HandOverDialog)
    dialog.path_field.setText(str(speech))
    assert not dialog.write_button.isEnabled()
    there = speech.with_name("mine.rpp")
    there.write_text("mine")
    dialog.path_field.setText(str(there))
    dialog.write_button.click()
    assert "already exists" in edited_rig.dialog.text()
    edited_rig.dialog.buttons()[1].click()
    assert there.read_text() == "mine"


def test_an_edit_comes_back_as_one_step(edited_rig: Rig, qtbot: QtBot, tmp_path: Path) -> None:
    session = edited_rig.window.session
    path = tmp_path / "out.otio"
    hand_over(edited_rig, qtbot, HandOverChoice(path, "otio"))
    session.undo_stack.undo()
    before = session.edit_list
    edited_rig.window.handing_over.take_over(path)
    qtbot.waitUntil(lambda: session.undo_stack.undoText() == "Import out.otio")
    assert session.edit_list.segments == CUT.segments
    assert session.changes
    session.undo_stack.undo()
    assert session.edit_list == before


def test_labels_of_unknown_meaning_are_asked_about(
    edited_rig: Rig, qtbot: QtBot, tmp_path: Path
) -> None:
    window, session = edited_rig.window, edited_rig.window.session
    path = tmp_path / "labels.txt"
    path.write_text("0.5\t1.0\tugly\n")
    window.handing_over.take_over(path)
    qtbot.waitUntil(lambda: window.findChild(QuestionDialog) is not None)
    dialog = window.findChild(QuestionDialog)
    assert dialog.rate_field is None
    dialog.meaning_field.setCurrentIndex(1)
    dialog.import_button.click()
    n_samples = session.source.n_samples
    qtbot.waitUntil(
        lambda: session.edit_list == EditList.from_ranges([(0, 8000), (16_000, n_samples)])
    )


def test_the_frame_rate_of_a_foreign_list_is_asked_for(
    edited_rig: Rig, qtbot: QtBot, tmp_path: Path
) -> None:
    window, session = edited_rig.window, edited_rig.window.session
    path = tmp_path / "list.edl"
    path.write_text(
        "TITLE: x\nFCM: NON-DROP FRAME\n"
        "001  RAW  AA  C  00:00:00:15 00:00:01:00 00:00:00:00 00:00:00:15\n"
    )
    window.handing_over.take_over(path)
    qtbot.waitUntil(lambda: window.findChild(QuestionDialog) is not None)
    dialog = window.findChild(QuestionDialog)
    assert dialog.meaning_field is None
    dialog.rate_field.setCurrentIndex(list(FRAME_RATES).index("30"))
    dialog.import_button.click()
    qtbot.waitUntil(lambda: session.edit_list == EditList.from_ranges([(8000, 16_000)]))


def test_a_file_that_is_no_edit_is_told_in_words(
    edited_rig: Rig, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "bad.otio"
    path.write_text("{")
    with qtbot.waitSignal(edited_rig.window.handing_over.failed):
        edited_rig.window.handing_over.take_over(path)
    assert "isn't JSON" in edited_rig.dialog.text()
    assert edited_rig.window.session.edit_list == CUT
    settle(edited_rig, qtbot)


def test_what_arrives_late_is_offered(edited_rig: Rig, qtbot: QtBot, tmp_path: Path) -> None:
    window, session = edited_rig.window, edited_rig.window.session
    path = tmp_path / "out.json"
    hand_over(edited_rig, qtbot, HandOverChoice(path, "json"))
    settle(edited_rig, qtbot)
    window.handing_over.take_over(path)
    session.undo_stack.undo()  # before the answer can come
    qtbot.waitUntil(window.notice.isVisible)
    assert session.edit_list != CUT
    window.notice.button.click()
    assert session.edit_list == CUT
