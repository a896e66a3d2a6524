from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QCheckBox, QMessageBox

from editorbot_gui.actions import ACTIONS
from editorbot_gui.guide.echo import ECHOED
from editorbot_gui.main_window import MainWindow
from editorbot_gui.settings import Settings
from editorbot_gui.theme import DARK, LIGHT, Theme
from editorbot_gui.waveform.view_state import Axis
from model_core.edit.types import EditList
from resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.gui.conftest import Rig

LEFT = Qt.MouseButton.LeftButton
NO_KEYS = Qt.KeyboardModifier.NoModifier
# Newer versions of Qt have another constructor, which older ones lack.
old_drag = pytest.mark.filterwarnings("ignore:.*QDragEnterEvent:DeprecationWarning")


def test_the_empty_window_says_what_to_do_and_why_the_rest_waits(rig: Rig) -> None:
    window = rig.window
    assert window.pages.currentWidget() is window.empty_state
    assert not any(dock.isVisible() for dock in window.docks)
    assert window.commands["open"].isEnabled()
    for name in ("export", "generate", "play", "ab", "zoom_fit"):
        assert not window.commands[name].isEnabled()
        assert "Open a recording first." in window.commands[name].toolTip()


def test_opening_shows_the_recording(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    rig.open(qtbot, speech)
    window = rig.window
    assert window.session.path == speech
    assert speech.name in window.windowTitle()
    assert window.settings.recent_files == (speech,)
    assert "16 kHz   stereo   16-bit   3.00 s" in window.page.facts.raw.text()
    assert all(dock.isVisible() for dock in window.docks)
    assert window.commands["generate"].isEnabled()
    assert window.view.length(Axis.RAW) == window.view.length(Axis.EDITED) == 48_000


@pytest.mark.parametrize("name", ["speech", "music"])
def test_the_demos_open(rig: Rig, qtbot: QtBot, name: str) -> None:
    with qtbot.waitSignal(rig.window.session.source_changed):
        rig.window.commands[f"demo_{name}"].trigger()
    assert rig.window.session.path == resource_path("demo", f"{name}.flac")
    assert rig.window.settings.recent_files == ()


def test_generate_is_one_step_with_its_rows_and_a_line_that_says_so(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    rig.open(qtbot, speech)
    rig.generate(qtbot)
    window = rig.window
    assert window.session.undo_stack.count() == 1
    assert window.edits_list.model.rowCount() == 3
    assert window.happened.text().startswith("3 cuts, 3.00 s → ")
    assert window.transport.heard is Axis.EDITED
    window.commands["undo"].trigger()
    assert window.session.edit_list == EditList.whole(48_000)
    assert window.edits_list.model.rowCount() == 0
    assert window.happened.text().startswith("Undone: Generate.")
    window.commands["redo"].trigger()
    assert window.edits_list.model.rowCount() == 3


def test_undo_is_named_in_the_menu(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    rig.open(qtbot, speech)
    assert not rig.window.commands["undo"].isEnabled()
    rig.generate(qtbot)
    assert rig.window.commands["undo"].text() == "&Undo Generate"


def test_a_chosen_row_is_selected_and_shown(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    rig.open(qtbot, speech)
    rig.generate(qtbot)
    window = rig.window
    window.view.show_range(Axis.RAW, 0, 1000)
    window.edits_list.table.selectRow(2)
    change = window.session.changes[2]
    selection = window.view.selection
    assert selection is not None
    assert (selection.start, selection.stop) == (change.start, change.stop)
    start, stop = window.view.visible(Axis.RAW)
    assert start <= change.start
    assert change.stop <= stop
    assert window.view.playhead(Axis.EDITED) == pytest.approx(
        window.session.timeline.nearest_edited(0, change.start), abs=1
    )


def test_a_click_in_a_view_moves_the_playheads(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    rig.open(qtbot, speech)
    view = rig.window.page.raw
    middle = QPoint(view.plot.center().x(), view.height() // 2)
    qtbot.mouseClick(view, LEFT, pos=middle)
    assert rig.window.view.playhead(Axis.RAW) == pytest.approx(24_000, rel=0.02)
    assert rig.window.player.position() == rig.window.view.playhead(Axis.RAW)


def test_keys_reach_the_commands(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    rig.open(qtbot, speech)
    rig.generate(qtbot)
    window = rig.window
    assert window.transport.heard is Axis.EDITED
    qtbot.keyClick(window, Qt.Key.Key_A)
    assert window.transport.heard is Axis.RAW
    assert not window.commands["ab"].isChecked()
    qtbot.keyClick(window, Qt.Key.Key_End)
    assert window.transport.position == 48_000
    qtbot.keyClick(window, Qt.Key.Key_Home)
    assert window.transport.position == 0
    qtbot.keyClick(window, Qt.Key.Key_Down)
    assert window.transport.position == window.session.edit_list.segments[0].start
    qtbot.keyClick(window, Qt.Key.Key_Up)
    assert window.transport.position == 0
    span = window.view.span
    qtbot.keyClick(window, Qt.Key.Key_Plus)
    assert window.view.span < span
    qtbot.keyClick(window, Qt.Key.Key_F)
    assert window.view.span == span


def test_space_plays_and_shift_space_returns(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    rig.open(qtbot, speech)
    window = rig.window
    window.transport.seek(Axis.RAW, 1000)
    qtbot.keyClick(window, Qt.Key.Key_Space)
    assert window.transport.playing
    assert window.commands["play"].iconText() == "Pause"
    window.player.feed()
    rig.backend.stream.pull(4000)
    qtbot.waitUntil(lambda: window.transport.position > 3000)
    qtbot.keyClick(window, Qt.Key.Key_Space, Qt.KeyboardModifier.ShiftModifier)
    assert not window.transport.playing
    assert window.transport.position == 1000
    assert window.commands["play"].iconText() == "Play"


def test_a_focused_box_keeps_its_space_and_a_list_its_arrows(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    rig.open(qtbot, speech)
    rig.generate(qtbot)
    window = rig.window
    window.activateWindow()
    box = window.generate_panel.own_tightness
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Space)
    assert not box.isChecked()
    assert not window.transport.playing
    field = window.generate_panel.target_length
    field.setFocus()
    qtbot.waitUntil(lambda: field.lineEdit().hasSelectedText())
    qtbot.keyClicks(field, "2")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert not field.hasFocus()
    assert field.seconds == 2.0
    table = window.edits_list.table
    table.selectRow(0)
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_Down)
    assert table.currentIndex().row() == 1


def test_a_control_that_comes_later_keeps_its_keys_too(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    rig.open(qtbot, speech)
    box = QCheckBox("later", rig.window.docks[0].widget())
    box.show()
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Space)
    assert box.isChecked()
    assert not rig.window.transport.playing
    qtbot.keyClick(box, Qt.Key.Key_A)  # a letter means nothing to it
    assert rig.window.transport.heard is Axis.EDITED


def test_without_a_sound_device_a_sentence_says_so(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    rig.open(qtbot, speech)
    rig.backend.refusal = "There is no sound device."
    rig.window.commands["play"].trigger()
    assert rig.window.happened.text() == "There is no sound device."
    assert not rig.window.transport.playing
    rig.generate(qtbot)


def drop(window: MainWindow, *paths: Path) -> bool:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    enter = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, data, LEFT, NO_KEYS)
    QApplication.sendEvent(window, enter)
    accepted = enter.isAccepted()
    if accepted:
        QApplication.sendEvent(
            window, QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, LEFT, NO_KEYS)
        )
    return accepted


@old_drag
def test_a_dropped_file_opens(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    with qtbot.waitSignal(rig.window.session.source_changed):
        assert drop(rig.window, speech)
    assert rig.window.session.path == speech


@old_drag
def test_of_several_dropped_files_the_first_can_be_opened(
    rig: Rig, qtbot: QtBot, speech: Path, tmp_path: Path
) -> None:
    drop(rig.window, speech, tmp_path / "other.wav")
    first = next(each for each in rig.dialog.buttons() if each.text() == "Only the first")
    with qtbot.waitSignal(rig.window.session.source_changed):
        first.click()
    assert rig.window.session.path == speech


@old_drag
def test_what_is_no_file_cannot_be_dropped(rig: Rig) -> None:
    data = QMimeData()
    data.setText("words")
    enter = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, LEFT, NO_KEYS)
    enter.ignore()
    QApplication.sendEvent(rig.window, enter)
    assert not enter.isAccepted()


def write_bad(kind: str, folder: Path) -> Path:
    path = folder / f"bad {kind}.wav"
    if kind == "folder":
        path.mkdir()
    elif kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("This is no sound at all. " * 100)
    elif kind == "zero-length":
        soundfile.write(path, np.zeros((0, 1)), 8000)
    return path


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "text", "zero-length"])
def test_bad_input_is_told_in_words_and_nothing_is_lost(
    rig: Rig, qtbot: QtBot, speech: Path, tmp_path: Path, kind: str
) -> None:
    rig.open(qtbot, speech)
    rig.generate(qtbot)
    window, path = rig.window, write_bad(kind, tmp_path)
    window.projects.give_up()
    edit, revision = window.session.edit_list, window.session.revision
    with qtbot.waitSignal(window.opener.failed):
        window.open_path(path)
    text = rig.dialog.text()
    assert text.endswith(".")
    assert path.name in text
    assert not rig.dialog.detailedText()
    assert window.session.path == speech
    assert window.session.edit_list is edit
    assert window.session.revision == revision
    assert path not in window.settings.recent_files
    assert window.commands["undo"].isEnabled()


@pytest.mark.parametrize(
    ("channels", "rate", "n_samples"),
    [(1, 8000, 1), (8, 48_000, 5000), (2, 192_000, 20_000), (1, 11_025, 30_000)],
)
def test_odd_recordings_simply_work(
    rig: Rig, qtbot: QtBot, tmp_path: Path, channels: int, rate: int, n_samples: int
) -> None:
    path = tmp_path / "odd.wav"
    samples = np.random.default_rng(0).normal(0, 0.1, (n_samples, channels))
    samples[n_samples // 2] = np.nan
    soundfile.write(path, samples, rate, subtype="FLOAT")
    rig.open(qtbot, path)
    rig.generate(qtbot)
    rig.window.commands["play"].trigger()
    rig.window.grab()
    assert rig.window.findChildren(QMessageBox) == []


def test_a_truncated_recording_opens_with_a_note(
    rig: Rig, qtbot: QtBot, speech: Path, tmp_path: Path
) -> None:
    path = tmp_path / "cut short.wav"
    path.write_bytes(speech.read_bytes()[:100_000])
    rig.open(qtbot, path)
    assert rig.window.notice.isVisible()
    assert rig.window.notice.sentence.text()
    rig.window.notice.close_button.click()
    assert not rig.window.notice.isVisible()


def test_a_recent_file_that_is_gone_is_forgotten(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    rig.open(qtbot, speech)
    speech.unlink()
    with qtbot.waitSignal(rig.window.opener.failed):
        rig.window.recent_menu.chosen.emit(speech)
    assert rig.window.settings.recent_files == ()


def test_recent_files_are_listed_newest_first_without_doubles(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.ini")
    for name in ("a", "b", "a"):
        settings.add_recent_file(tmp_path / name)
    settings.save()
    again = Settings(tmp_path / "settings.ini")
    assert again.recent_files == (tmp_path / "a", tmp_path / "b")
    for number in range(20):
        settings.add_recent_file(tmp_path / str(number))
    assert len(settings.recent_files) == 10
    settings.clear_recent_files()
    assert settings.recent_files == ()


@pytest.fixture
def restored_theme(rig: Rig) -> Iterator[Rig]:
    yield rig
    Theme.current().set_scheme("system")


def test_the_theme_is_switched_and_remembered(restored_theme: Rig) -> None:
    window, theme = restored_theme.window, Theme.current()
    window.commands["theme_light"].trigger()
    assert theme.palette is LIGHT
    assert window.settings.theme == "light"
    light = window.styleSheet()
    window.commands["theme_dark"].trigger()
    assert theme.palette is DARK
    assert window.styleSheet() != light
    assert window.commands["theme_dark"].isChecked()
    assert not window.commands["theme_light"].isChecked()


def test_closing_cancels_and_waits(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    rig.open(qtbot, speech)
    rig.engine.gate.clear()
    rig.window.commands["generate"].trigger()
    qtbot.waitUntil(rig.window.job_bar.isVisible)
    rig.window.close()
    assert not rig.window.isVisible()
    assert rig.window.runner.jobs == ()


def test_the_window_comes_back_as_it_was(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    rig.open(qtbot, speech)
    rig.window.resize(780, 640)
    rig.window.docks[0].hide()
    rig.window.close()
    again = MainWindow(Settings(rig.window.settings.path))
    qtbot.addWidget(again)
    again.show()
    assert again.size() == rig.window.size()
    assert again.settings.recent_files == (speech,)
    with qtbot.waitSignal(again.session.source_changed):
        again.open_path(speech)
    shown = [False, True, True]
    qtbot.waitUntil(lambda: [dock.isVisible() for dock in again.docks] == shown)


def test_everything_that_takes_focus_has_an_accessible_name(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    from PySide6.QtWidgets import QAbstractButton, QWidget

    rig.open(qtbot, speech)
    nameless = [
        widget
        for widget in rig.window.findChildren(QWidget)
        if widget.isVisible()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not widget.accessibleName()
        and not (isinstance(widget, QAbstractButton) and widget.text())
        and type(widget).__name__ not in ("QLineEdit", "QScrollBar")
    ]
    assert nameless == []


def test_every_command_does_something(rig: Rig) -> None:
    for spec in ACTIONS:
        action = rig.window.commands[spec.name]
        answers = spec.name in ECHOED  # they only say what was done
        assert action.receivers("2triggered(bool)") > answers, spec.name
