from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from editorbot_gui.generation import EngineLoader, EngineState
from editorbot_gui.panels.generate_panel import VARIATION_TEMPERATURE
from editorbot_gui.panels.time_field import seconds_of
from model_core.edit.types import EditList
from model_core.errors import CheckpointError

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.gui.conftest import Rig


@pytest.fixture
def open_rig(rig: Rig, qtbot: QtBot, speech: Path) -> Rig:
    rig.open(qtbot, speech)
    return rig


def begin_and_hold(rig: Rig, qtbot: QtBot) -> None:
    rig.engine.gate.clear()
    rig.window.commands["generate"].trigger()
    qtbot.waitUntil(rig.window.job_bar.isVisible)


def test_the_engine_is_loaded_once_and_its_state_is_shown(rig: Rig, qtbot: QtBot) -> None:
    window = rig.window
    window.load_model()
    assert window.model_label.text() == "Loading the model…"
    assert not window.job_bar.isVisible()
    qtbot.waitUntil(lambda: window.generation.engine_state is EngineState.READY)
    assert window.model_label.text() == "Model ready (CPU)"


def test_a_missing_model_is_told_and_tried_again(
    open_rig: Rig, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, engine = open_rig.window, open_rig.engine
    answers: list[Exception] = [CheckpointError("There is no model.", "Install it again.")] * 2

    def load() -> object:
        if answers:
            raise answers.pop()
        return engine

    monkeypatch.setattr(window.generation, "_loader", EngineLoader(load))  # type: ignore[arg-type]
    window.load_model()
    qtbot.waitUntil(lambda: window.model_label.text() == "No model")
    assert window.happened.text() == "There is no model."
    assert "Install it again." in window.model_label.toolTip()
    window.commands["generate"].trigger()
    qtbot.waitUntil(lambda: not window.generation.running)
    assert open_rig.dialog.text() == "There is no model."
    open_rig.generate(qtbot)
    assert window.model_label.text() == "Model ready (CPU)"


def test_the_recording_is_encoded_once(open_rig: Rig, qtbot: QtBot, speech: Path) -> None:
    open_rig.generate(qtbot)
    open_rig.generate(qtbot)
    assert open_rig.engine.encoded == 1
    open_rig.open(qtbot, speech)
    open_rig.generate(qtbot)
    assert open_rig.engine.encoded == 2


def test_the_controls_become_options(open_rig: Rig, qtbot: QtBot) -> None:
    panel = open_rig.window.generate_panel
    open_rig.generate(qtbot)
    panel.tightness.setValue(80)
    panel.target_length.setValue(75.5)
    open_rig.generate(qtbot)
    first, second = open_rig.engine.options
    assert (first.tightness, first.target_length_s, first.temperature) == (None, None, 0.0)
    assert (second.tightness, second.target_length_s, second.seed) == (0.8, 75.5, 0)
    assert panel.target_length.text() == "1:15.5"
    panel.own_tightness.setChecked(True)
    assert panel.options.tightness is None


def test_each_new_variation_is_another_step(open_rig: Rig, qtbot: QtBot) -> None:
    window = open_rig.window
    open_rig.generate(qtbot)
    first = window.session.edit_list
    with qtbot.waitSignal(window.generation.applied):
        window.commands["new_variation"].trigger()
    assert window.session.undo_stack.undoText() == "Variation 1"
    assert window.session.edit_list != first
    options = open_rig.engine.options[-1]
    assert (options.seed, options.temperature, options.sample_style) == (
        1,
        VARIATION_TEMPERATURE,
        True,
    )
    with qtbot.waitSignal(window.generation.applied):
        window.commands["new_variation"].trigger()
    assert open_rig.engine.options[-1].seed == 2
    window.commands["undo"].trigger()
    window.commands["undo"].trigger()
    assert window.session.edit_list == first


def test_cancelling_answers_at_once_and_changes_nothing(open_rig: Rig, qtbot: QtBot) -> None:
    window = open_rig.window
    begin_and_hold(open_rig, qtbot)
    assert not window.commands["generate"].isEnabled()
    began = time.monotonic()
    window.commands["cancel"].trigger()
    qtbot.waitUntil(lambda: not window.generation.running)
    assert time.monotonic() - began < 0.5
    assert window.happened.text() == "Generating was cancelled; nothing has changed."
    assert window.session.edit_list == EditList.whole(48_000)
    assert not window.job_bar.isVisible()
    assert window.commands["generate"].isEnabled()
    assert not window.commands["cancel"].isEnabled()


def test_a_result_for_a_changed_document_is_offered_not_applied(
    open_rig: Rig, qtbot: QtBot
) -> None:
    window = open_rig.window
    begin_and_hold(open_rig, qtbot)
    mine = EditList.from_ranges([(0, 1000)])
    window.session.apply_edit(mine, "By hand")
    with qtbot.waitSignal(window.generation.offered):
        open_rig.engine.gate.set()
    assert window.session.edit_list == mine
    assert window.notice.isVisible()
    window.notice.button.click()
    assert window.session.edit_list != mine
    assert window.session.undo_stack.undoText() == "Generate"
    assert not window.notice.isVisible()


def test_opening_another_recording_ends_the_proposal_for_the_old_one(
    open_rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    window = open_rig.window
    begin_and_hold(open_rig, qtbot)
    with qtbot.waitSignal(window.session.source_changed):
        window.open_path(speech)
    open_rig.engine.gate.set()
    qtbot.waitUntil(lambda: not window.generation.running)
    assert window.session.edit_list == EditList.whole(48_000)
    assert window.session.undo_stack.count() == 0


def test_a_failure_is_told_and_changes_nothing(open_rig: Rig, qtbot: QtBot) -> None:
    open_rig.engine.error = ZeroDivisionError("odd")
    with qtbot.waitSignal(open_rig.window.generation.failed):
        open_rig.window.commands["generate"].trigger()
    assert "ZeroDivisionError: odd" in open_rig.dialog.detailedText()
    assert open_rig.window.session.undo_stack.count() == 0


def test_what_could_not_be_met_is_said_above_the_views(open_rig: Rig, qtbot: QtBot) -> None:
    open_rig.engine.note = "The nearest sensible edit is 2.0 s long."
    open_rig.generate(qtbot)
    assert open_rig.window.notice.sentence.text() == open_rig.engine.note


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("75", 75.0),
        ("1:15", 75.0),
        ("1:15.5", 75.5),
        ("1:00:01", 3601.0),
        ("12,5 s", 12.5),
        ("abc", None),
        ("", None),
    ],
)
def test_lengths_are_read_as_people_write_them(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


def test_crossfades_are_as_long_as_is_usual(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    rig.open(qtbot, speech)
    rig.window.generation.fade_ms = 20
    rig.generate(qtbot)
    session = rig.window.session
    assert {join.length for join in session.edit_list.joins} == {320}
    take = rig.window.takes.current
    assert take is not None
    assert take.proposal is not None
    assert take.proposal.edit_list == take.edit_list
