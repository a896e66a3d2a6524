"""Takes in the real window: made, shown while playing, named, deleted, compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit

from editorbot_gui.playback.player import PlayerState
from editorbot_gui.takes.cards import TAKE_ROLE
from editorbot_gui.takes.compare_dialog import CompareTakesDialog
from editorbot_gui.theme import DARK, LIGHT, Theme
from editorbot_gui.waveform.view_state import Axis
from model_core.edit.types import EditList

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from editorbot_gui.takes.strip import CardsView
    from tests.gui.conftest import Rig

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def open_rig(rig: Rig, qtbot: QtBot, speech: Path) -> Rig:
    rig.open(qtbot, speech)
    return rig


@pytest.fixture
def three(open_rig: Rig, qtbot: QtBot) -> Rig:
    """Three takes, the last of which is shown."""
    open_rig.generate(qtbot)
    for _ in range(2):
        with qtbot.waitSignal(open_rig.window.generation.applied):
            open_rig.window.commands["new_variation"].trigger()
    return open_rig


def names(rig: Rig) -> list[str]:
    return [take.name for take in rig.window.takes.all]


def cards(rig: Rig) -> CardsView:
    return rig.window.desk.strip.cards


def click(rig: Rig, qtbot: QtBot, row: int, *, star: bool = False) -> None:
    view = cards(rig)
    area = view.visualRect(view.takes_model.index(row))
    place = view.cards.star_area(area).center() if star else area.center()
    qtbot.mouseClick(view.viewport(), LEFT, pos=place)


def test_before_anything_is_generated_the_strip_says_what_it_is_for(open_rig: Rig) -> None:
    strip = open_rig.window.desk.strip
    assert not strip.cards.isVisible()
    assert "becomes a take here" in strip._empty.text()
    assert not open_rig.window.commands["take_1"].isVisible()
    assert not open_rig.window.commands["compare_takes"].isEnabled()


def test_generate_and_variations_become_takes(three: Rig) -> None:
    assert names(three) == ["Best", "Variation 1", "Variation 2"]
    window = three.window
    assert window.takes.current == window.takes.all[2]
    assert window.commands["take_3"].isChecked()
    assert not window.commands["take_1"].isChecked()
    assert window.commands["take_2"].text() == "&2  Variation 1"
    assert cards(three).isVisible()
    assert cards(three).takes_model.rowCount() == 3


def test_variations_wait_for_their_turn_and_the_first_one_is_shown(
    open_rig: Rig, qtbot: QtBot
) -> None:
    window = open_rig.window
    window.commands["four_variations"].trigger()
    assert len(window.runner.jobs) == 4
    qtbot.waitUntil(lambda: not window.generation.running)
    assert names(open_rig) == [f"Variation {number}" for number in (1, 2, 3, 4)]
    assert [options.seed for options in open_rig.engine.options] == [1, 2, 3, 4]
    assert window.takes.current == window.takes.all[0]
    assert window.session.undo_stack.count() == 1
    assert open_rig.engine.encoded == 1
    assert not window.notice.isVisible()


def test_variations_beside_a_running_one_do_not_disturb(open_rig: Rig, qtbot: QtBot) -> None:
    window, engine = open_rig.window, open_rig.engine
    engine.gate.clear()
    window.commands["generate"].trigger()
    qtbot.keyClick(window, Qt.Key.Key_N)
    qtbot.keyClick(window, Qt.Key.Key_N)
    engine.gate.set()
    qtbot.waitUntil(lambda: not window.generation.running)
    assert names(open_rig) == ["Best", "Variation 1", "Variation 2"]
    assert window.takes.current == window.takes.all[0]


def test_esc_stops_all_that_wait_and_says_so_once(open_rig: Rig, qtbot: QtBot) -> None:
    window = open_rig.window
    open_rig.engine.gate.clear()
    told: list[str] = []
    window.generation.cancelled.connect(lambda: told.append("cancelled"))
    window.commands["four_variations"].trigger()
    qtbot.waitUntil(window.commands["cancel"].isEnabled)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.generation.running)
    assert told == ["cancelled"]
    assert names(open_rig) == []
    assert not window.session.is_edited


def test_a_failure_ends_those_that_wait_and_is_told_once(open_rig: Rig, qtbot: QtBot) -> None:
    window = open_rig.window
    open_rig.engine.error = ZeroDivisionError("odd")
    failures: list[object] = []
    window.generation.failed.connect(failures.append)
    window.commands["four_variations"].trigger()
    qtbot.waitUntil(lambda: not window.generation.running)
    assert len(failures) == 1
    assert names(open_rig) == []


def test_a_late_proposal_is_a_take_that_waits(open_rig: Rig, qtbot: QtBot) -> None:
    window, engine = open_rig.window, open_rig.engine
    engine.gate.clear()
    window.commands["generate"].trigger()
    mine = EditList.from_ranges([(0, 1000)])
    window.session.apply_edit(mine, "By hand")
    with qtbot.waitSignal(window.generation.offered):
        engine.gate.set()
    assert window.session.edit_list == mine
    assert names(open_rig) == ["Best"]
    window.notice.button.click()
    assert names(open_rig) == ["Best", "By hand"]
    assert window.takes.current == window.takes.all[0]


def test_number_keys_switch_in_one_step(three: Rig, qtbot: QtBot) -> None:
    window = three.window
    steps = window.session.undo_stack.count()
    qtbot.keyClick(window, Qt.Key.Key_1)
    assert window.takes.current == window.takes.all[0]
    assert window.session.edit_list == window.takes.all[0].edit_list
    assert window.session.undo_stack.count() == steps + 1
    qtbot.keyClick(window, Qt.Key.Key_9)
    assert window.takes.current == window.takes.all[0]
    window.commands["undo"].trigger()
    assert window.takes.current == window.takes.all[2]


def test_switching_plays_on_at_the_same_place_of_the_recording(three: Rig, qtbot: QtBot) -> None:
    window = three.window
    window.transport.seek(Axis.RAW, 28_000)
    window.transport.toggle_play()
    window.player.feed()
    three.backend.stream.pull(2000)
    window.player._poll()
    before = window.view.playhead(Axis.RAW)
    assert before > 28_000
    states: list[str] = []
    window.player.state_changed.connect(states.append)
    qtbot.keyClick(window, Qt.Key.Key_1)
    assert window.transport.playing
    window.player.feed()
    three.backend.stream.pull(400)
    window.player._poll()
    assert states == []
    assert window.player.state is PlayerState.PLAYING
    after = window.view.playhead(Axis.RAW)
    assert before <= after <= before + 4000
    edited = window.session.timeline.nearest_edited(0, after)
    assert window.view.playhead(Axis.EDITED) == pytest.approx(edited, abs=1)


def test_a_number_key_lets_the_take_be_heard(three: Rig, qtbot: QtBot) -> None:
    window = three.window
    window.transport.listen_to(Axis.RAW)
    qtbot.keyClick(window, Qt.Key.Key_2)
    assert window.transport.heard is Axis.EDITED
    window.transport.listen_to(Axis.RAW)
    qtbot.keyClick(window, Qt.Key.Key_2)
    assert window.transport.heard is Axis.EDITED


def test_a_click_shows_and_a_click_on_the_star_stars(three: Rig, qtbot: QtBot) -> None:
    window = three.window
    click(three, qtbot, 0)
    assert window.takes.current == window.takes.all[0]
    click(three, qtbot, 1, star=True)
    assert window.takes.all[1].starred
    assert window.takes.current == window.takes.all[0]
    click(three, qtbot, 1, star=True)
    assert not window.takes.all[1].starred


def test_a_card_is_renamed_with_f2(three: Rig, qtbot: QtBot) -> None:
    view = cards(three)
    three.window.activateWindow()
    view.setFocus()
    view.setCurrentIndex(view.takes_model.index(1))
    qtbot.keyClick(view, Qt.Key.Key_F2)
    field = view.viewport().findChild(QLineEdit)
    assert field is not None
    field.selectAll()
    qtbot.keyClicks(field, "Short one")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: names(three) == ["Best", "Short one", "Variation 2"])
    assert three.window.commands["take_2"].text() == "&2  Short one"


def test_a_double_click_renames_too(three: Rig, qtbot: QtBot) -> None:
    view = cards(three)
    place = view.visualRect(view.takes_model.index(0)).center()
    qtbot.mouseClick(view.viewport(), LEFT, pos=place)
    qtbot.mouseDClick(view.viewport(), LEFT, pos=place)
    assert view.viewport().findChild(QLineEdit) is not None


def test_cards_have_their_keys_before_the_window(three: Rig) -> None:
    view = cards(three)
    view.setFocus()
    for key in (Qt.Key.Key_Delete, Qt.Key.Key_Return, Qt.Key.Key_Left):
        event = QKeyEvent(QEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.NoModifier)
        event.ignore()
        QApplication.sendEvent(view, event)
        assert event.isAccepted()
    space = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Space, Qt.KeyboardModifier(0))
    space.ignore()
    QApplication.sendEvent(view, space)
    assert not space.isAccepted()


def test_the_keyboard_shows_stars_and_deletes(three: Rig, qtbot: QtBot) -> None:
    window, view = three.window, cards(three)
    edit = window.session.edit_list
    view.setCurrentIndex(view.takes_model.index(0))
    qtbot.keyClick(view, Qt.Key.Key_Asterisk)
    assert window.takes.all[0].starred
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert names(three) == ["Variation 1", "Variation 2"]
    assert window.session.edit_list == edit
    assert window.notice.sentence.text() == "The take “Best” was deleted."
    window.notice.button.click()
    assert names(three) == ["Best", "Variation 1", "Variation 2"]
    view.setCurrentIndex(view.takes_model.index(0))
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert window.takes.current == window.takes.all[0]


def test_the_menu_of_a_card_says_what_can_be_done(three: Rig) -> None:
    view = cards(three)
    menu = view.menu_for(view.takes_model.index(0))
    shown = view.menu_for(view.takes_model.index(2))
    assert menu is not None
    assert shown is not None
    enabled = {action.text(): action.isEnabled() for action in menu.actions() if action.text()}
    assert all(enabled.values())
    assert not shown.actions()[0].isEnabled()
    assert view.menu_for(view.takes_model.index(99)) is None


def test_a_card_is_read_out_as_a_sentence(three: Rig) -> None:
    window, model = three.window, cards(three).takes_model
    window.takes.star(window.takes.all[2].number)
    spoken = model.index(2).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Variation 2, 2.25 s, 3 cuts, seed 2, starred, shown now"
    spoken = model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.endswith("3 cuts, key 1")


@pytest.mark.parametrize("palette", [DARK, LIGHT])
def test_the_shown_card_is_marked_by_more_than_its_colour(
    three: Rig, qtbot: QtBot, palette: object
) -> None:
    Theme.current().set_scheme("dark" if palette is DARK else "light")
    try:
        view = cards(three)
        click(three, qtbot, 1)
        image = view.viewport().grab().toImage()
        edges = []
        for row in range(3):
            area = view.visualRect(view.takes_model.index(row))
            ratio = image.devicePixelRatio()
            column = round((area.left() + 5) * ratio)
            edges.append(image.pixelColor(column, round(area.center().y() * ratio)).lightness())
        text = Theme.current().palette.text.lightness()
        far = [abs(edge - text) for edge in edges]
        assert far[1] < 30
        assert min(far[0], far[2]) > 60
    finally:
        Theme.current().set_scheme("system")


def test_another_recording_takes_the_takes_away(three: Rig) -> None:
    three.window.session.open_source(three.window.session.source)
    assert three.window.takes.all == ()
    assert not cards(three).isVisible()
    assert not three.window.commands["take_1"].isVisible()


def test_two_takes_side_by_side(three: Rig, qtbot: QtBot) -> None:
    window = three.window
    qtbot.keyClick(window, Qt.Key.Key_1)
    window.commands["compare_takes"].trigger()
    dialog = window.findChild(CompareTakesDialog)
    assert dialog is not None
    a, b = dialog.sides
    assert (a.chooser.currentText(), b.chooser.currentText()) == ("Best", "Variation 1")
    one, two = window.takes.all[:2]
    assert a.state.timeline.edit_list == one.edit_list
    assert b.state.timeline.edit_list == two.edit_list
    assert dialog.table.rowCount() == 5
    assert dialog.table.item(0, 2).text() == "only B: Variation 1"
    assert dialog.summary.text() == "Only in A: 0 ms of the recording. Only in B: 250 ms."
    dialog.table.selectRow(1)
    row = dialog.row
    assert row is not None
    assert a.state.playhead(Axis.RAW) == b.state.playhead(Axis.RAW) == row.start
    dialog.grab()
    b.play.click()
    assert window.takes.current == two
    assert window.transport.playing
    assert window.view.playhead(Axis.RAW) < row.start
    b.chooser.setCurrentIndex(0)
    assert dialog.summary.text() == "Both are the same edit."
    assert dialog.table.rowCount() == 0


def test_the_comparison_goes_with_the_window(three: Rig) -> None:
    three.window.commands["compare_takes"].trigger()
    dialog = three.window.findChild(CompareTakesDialog)
    assert dialog is not None
    three.window.projects.give_up()
    three.window.close()
    assert not dialog.isVisible()


def test_the_comparison_follows_the_takes_and_ends_with_them(three: Rig) -> None:
    window = three.window
    window.desk.compare(window.takes.all[0].number)
    dialog = window.findChild(CompareTakesDialog)
    assert dialog is not None
    first, second = window.takes.all[2], window.takes.all[0]
    assert (dialog.sides[0].number, dialog.sides[1].number) == (first.number, second.number)
    window.takes.rename(second.number, "Other")
    assert dialog.sides[1].chooser.currentText() == "Other"
    window.session.apply_edit(EditList.from_ranges([(0, 48_000)]), "Keep all")
    assert dialog.sides[0].state.timeline.edit_list.length == 48_000
    for take in window.takes.all:
        window.takes.drop(take.number)
    assert not dialog.isVisible()


def test_a_card_carries_its_take(three: Rig) -> None:
    model = cards(three).takes_model
    assert model.index(1).data(TAKE_ROLE) == three.window.takes.all[1]
    assert cards(three).take_at(cards(three).indexAt(QPoint(5000, 5))) is None
