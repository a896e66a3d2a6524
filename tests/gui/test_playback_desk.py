"""Listening in the window: commands and keys, scrubbing, matched loudness, the meter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu

from editorbot_gui.playback.matching import matching_gains_db
from editorbot_gui.playback.player import PlayerState
from editorbot_gui.waveform.view_state import Axis
from model_core.audio.loudness import Loudness
from model_core.edit.types import EditList, Proposal, Provenance, Segment

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.gui.conftest import Rig

RATE = 16_000


@pytest.fixture
def open_rig(rig: Rig, qtbot: QtBot, speech: Path) -> Rig:
    rig.open(qtbot, speech)
    return rig


def hear(rig: Rig, seconds: float) -> np.ndarray:
    blocks = []
    for _ in range(round(seconds / 0.02)):
        rig.window.player.feed()
        blocks.append(rig.backend.stream.pull(320))
        rig.window.player._poll()
    return np.concatenate(blocks)


def press(rig: Rig, qtbot: QtBot, key: Qt.Key) -> None:
    qtbot.keyClick(rig.window, key)


def test_the_keys_shuttle_and_say_so(open_rig: Rig, qtbot: QtBot) -> None:
    window = open_rig.window
    press(open_rig, qtbot, Qt.Key.Key_L)
    press(open_rig, qtbot, Qt.Key.Key_L)
    assert window.transport.speed == 2
    assert window.happened.text() == "Playing at 2× speed; the pitch is kept."
    press(open_rig, qtbot, Qt.Key.Key_L)
    assert window.happened.text() == "Playing at 4× speed; the pitch rises with it."
    press(open_rig, qtbot, Qt.Key.Key_J)
    assert window.happened.text() == "Playing at 1× speed, backwards."
    press(open_rig, qtbot, Qt.Key.Key_K)
    assert not window.transport.playing


def test_joins_and_selections_are_looped_by_key(open_rig: Rig, qtbot: QtBot) -> None:
    window = open_rig.window
    assert not window.commands["audition_join"].isEnabled()
    assert not window.commands["loop_selection"].isEnabled()
    open_rig.generate(qtbot)
    press(open_rig, qtbot, Qt.Key.Key_C)
    assert window.transport.loop is not None
    assert window.happened.text().startswith("The join is heard again and again")
    press(open_rig, qtbot, Qt.Key.Key_Space)
    assert not window.transport.playing
    window.view.select(Axis.RAW, 8000, 8100)
    press(open_rig, qtbot, Qt.Key.Key_R)
    assert window.happened.text() == (
        "The selection is too short to be looped; 20 ms is the least."
    )
    window.view.select(Axis.RAW, 8000, 16_000)
    press(open_rig, qtbot, Qt.Key.Key_R)
    assert window.transport.loop == (8000, 16_000)
    press(open_rig, qtbot, Qt.Key.Key_P)
    assert window.transport.loop is None
    assert window.transport.playing
    hear(open_rig, 0.8)
    assert window.transport.position == 16_000
    assert window.player.state is PlayerState.STOPPED


def test_the_join_that_is_auditioned_can_be_rejected(open_rig: Rig, qtbot: QtBot) -> None:
    open_rig.generate(qtbot)
    window = open_rig.window
    n_joins = len(window.view.joins.positions)
    window.transport.listen_to(Axis.EDITED)
    press(open_rig, qtbot, Qt.Key.Key_C)
    loop = window.transport.loop
    assert loop is not None
    hear(open_rig, (loop[1] - loop[0]) / RATE + 0.1)
    place = window.transport.position
    assert place < loop[0] + 0.2 * RATE  # gone round, and before the join
    press(open_rig, qtbot, Qt.Key.Key_X)
    assert window.session.undo_stack.undoText().startswith("Reject the join heard last")
    assert len(window.view.joins.positions) == n_joins - 1
    assert window.transport.playing


def test_what_is_chosen_is_remembered(open_rig: Rig) -> None:
    window = open_rig.window
    assert window.commands["follow_playhead"].isChecked()
    window.commands["follow_playhead"].trigger()
    assert not window.transport.follows
    assert not window.settings.follow_playhead
    window.commands["scrub"].trigger()
    assert not window.settings.scrub
    assert not window.listening.scrubber.audible
    window.listening.outputs.chosen.emit("USB, ALSA")
    assert window.settings.output_device == "USB, ALSA"


def test_the_output_is_chosen_in_the_playback_menu(rig: Rig) -> None:
    menu = rig.window.menuBar().findChild(QMenu, "sound_output")
    assert menu is not None
    assert menu.actions()[0].text().startswith("System default")


def test_the_meter_shows_what_is_heard(open_rig: Rig) -> None:
    window = open_rig.window
    window.transport.seek(Axis.RAW, 9000)
    window.transport.toggle_play()
    hear(open_rig, 0.2)
    assert window.level_meter.true_peak_db == pytest.approx(-6.0, abs=0.2)
    assert window.level_meter.isVisible()


def test_gaps_are_told_after_playing(open_rig: Rig) -> None:
    window = open_rig.window
    window.transport.toggle_play()
    hear(open_rig, 0.1)
    window.transport.pause()
    assert "stuttered" not in window.happened.text()
    window.transport.toggle_play()
    hear(open_rig, 0.1)
    open_rig.backend.stream.underflows = 2
    window.transport.pause()
    assert window.happened.text() == (
        "Playback stuttered 2 times because the machine was busy. The edit itself is whole."
    )


# Scrubbing ----------------------------------------------------------------------------------------


def at(x: float, y: int = 12) -> QPoint:
    return QPoint(round(x), y)


def test_the_playhead_is_dragged_in_the_ruler_and_heard(open_rig: Rig, qtbot: QtBot) -> None:
    window = open_rig.window
    ruler, view = window.page.raw_ruler, window.view
    window.transport.seek(Axis.RAW, 8000)
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(ruler, left, pos=at(ruler.x_of(8000) + 2))
    qtbot.mouseMove(ruler, at(ruler.x_of(24_500)))
    place = view.playhead(Axis.RAW)
    assert place == pytest.approx(24_500, abs=ruler.samples_per_pixel)
    window.player.feed()
    heard = open_rig.backend.stream.pull(1000)[:, 0]
    expected, _ = soundfile.read(window.session.source.path, dtype="float32")
    ramp = 48
    np.testing.assert_allclose(
        heard[ramp:1000], expected[place + ramp : place + 1000, 0], atol=1e-6
    )
    qtbot.mouseRelease(ruler, left, pos=at(ruler.x_of(24_500)))
    assert window.transport.position == place
    assert not window.transport.playing
    assert view.selection is None


def test_elsewhere_in_the_ruler_dragging_selects(open_rig: Rig, qtbot: QtBot) -> None:
    ruler, view = open_rig.window.page.raw_ruler, open_rig.window.view
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(ruler, left, pos=at(ruler.x_of(20_000)))
    qtbot.mouseMove(ruler, at(ruler.x_of(30_000)))
    qtbot.mouseRelease(ruler, left, pos=at(ruler.x_of(30_000)))
    assert view.selection is not None
    assert open_rig.backend.streams == []


def test_an_edge_is_heard_while_it_is_dragged(open_rig: Rig, qtbot: QtBot) -> None:
    window = open_rig.window
    window.session.apply_edit(EditList.from_ranges([(0, 16_000), (24_000, 48_000)]), "Cut")
    wave = window.page.edited
    left, x, y = Qt.MouseButton.LeftButton, wave.x_of(16_000) - 3, wave.height() // 2
    qtbot.mouseMove(wave, at(x, y))
    qtbot.mousePress(wave, left, pos=at(x, y))
    qtbot.mouseMove(wave, at(x - 60, y))
    assert window.editor.drag.dragging
    window.player.feed()
    assert open_rig.backend.stream.pull(800).any()
    assert not window.transport.playing
    qtbot.mouseRelease(wave, left, pos=at(x - 60, y))
    window.player.feed()
    open_rig.backend.stream.pull(800)
    assert not open_rig.backend.stream.pull(800).any()
    window.projects.give_up()


def test_scrubbing_can_be_silent(open_rig: Rig, qtbot: QtBot) -> None:
    window = open_rig.window
    window.commands["scrub"].trigger()
    ruler = window.page.raw_ruler
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(ruler, left, pos=at(ruler.x_of(0) + 1))
    qtbot.mouseMove(ruler, at(ruler.x_of(24_000)))
    qtbot.mouseRelease(ruler, left, pos=at(ruler.x_of(24_000)))
    assert window.transport.position > 20_000
    assert open_rig.backend.streams == []


# Matched loudness ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "edited", "gains"),
    [
        (Loudness(-20, 0.5), Loudness(-20, 0.5), (0, 0)),
        (Loudness(-20, 0.5), Loudness(-17, 0.5), (0, -3)),
        (Loudness(-20, 0.5), Loudness(-23, 0.5), (0, 3)),
        (Loudness(-20, 0.5), Loudness(-26, 10 ** (-2 / 20)), (-4, 2)),  # as far as it doesn't clip
        (Loudness(-20, 1.2), Loudness(-21, 1.2), (-1, 0)),
        (Loudness(-np.inf, 0), Loudness(-20, 0.5), (0, 0)),
        (Loudness(-20, 0.5), Loudness(-np.inf, 0), (0, 0)),
    ],
)
def test_the_edit_comes_to_the_recording_without_clipping(
    raw: Loudness, edited: Loudness, gains: tuple[float, float]
) -> None:
    assert matching_gains_db(raw, edited) == pytest.approx(gains)


def test_matched_both_are_heard_equally_loud_and_it_is_said(open_rig: Rig, qtbot: QtBot) -> None:
    window = open_rig.window
    softer = EditList((Segment(0, 0, 48_000, gain_db=-6.0),))
    window.session.apply_edit(softer, "Softer")
    window.commands["match_loudness"].trigger()
    qtbot.waitUntil(lambda: not window.runner.jobs)
    assert window.happened.text() == (
        "Loudness is matched: the edit is played +6.0 dB; exports are not changed."
    )
    window.transport.listen_to(Axis.EDITED)
    assert "matched +6.0 dB" in window.level_meter.accessibleDescription()
    window.transport.toggle_play()
    heard = hear(open_rig, 0.9)[9000:13_000]
    expected, _ = soundfile.read(window.session.source.path, dtype="float32")
    level = np.abs(heard[:, 0]).max() / np.abs(expected[:, 0]).max()
    assert 20 * np.log10(level) == pytest.approx(0.0, abs=0.2)
    window.transport.listen_to(Axis.RAW)
    assert "matched ±0 dB" in window.level_meter.accessibleDescription()
    window.transport.listen_to(Axis.EDITED)
    # Another edit is matched at once, without listening again.
    window.session.apply_edit(EditList.whole(48_000), "As it was")
    assert not window.runner.jobs
    assert "matched ±0 dB" in window.level_meter.accessibleDescription()
    window.commands["match_loudness"].trigger()
    assert window.happened.text() == "Recording and edit are heard as loud as they are."
    assert "matched" not in window.level_meter.accessibleDescription()
    window.projects.give_up()


def test_takes_are_heard_equally_loud_when_they_are_switched(open_rig: Rig, qtbot: QtBot) -> None:
    window = open_rig.window
    for gain_db in (-6.0, -3.0):
        edit_list = EditList((Segment(0, 0, 48_000, gain_db=gain_db),))
        window.takes.add(Proposal(edit_list, (), (), Provenance()))
    window.commands["match_loudness"].trigger()
    qtbot.waitUntil(lambda: not window.runner.jobs)
    window.transport.listen_to(Axis.EDITED)
    gains = {-6.0: "+6.0", -3.0: "+3.0"}
    for take in (*window.takes.all, *window.takes.all):
        window.takes.show(take.number)
        (segment,) = window.session.edit_list.segments
        matched = f"matched {gains[segment.gain_db]} dB"
        assert matched in window.level_meter.accessibleDescription()
    assert {take.edit_list.segments[0].gain_db for take in window.takes.all} == set(gains)
    window.projects.give_up()


def test_another_recording_is_measured_anew(open_rig: Rig, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_rig.window
    window.commands["match_loudness"].trigger()
    qtbot.waitUntil(lambda: not window.runner.jobs)
    other = tmp_path / "other.wav"
    soundfile.write(other, np.zeros((4000, 1), np.float32), RATE)
    open_rig.open(qtbot, other)
    assert window.happened.text().startswith("Loudness is matched: the edit is played ±0 dB")


def test_a_device_that_takes_long_to_open_is_told(open_rig: Rig, qtbot: QtBot) -> None:
    window = open_rig.window
    said: list[str] = []
    window.listening.told.connect(said.append)
    window.player.opening_changed.emit(True)
    window.player.opening_changed.emit(False)
    assert not window.listening._slow_opening.isActive()
    assert said == []
    with qtbot.waitSignal(window.listening.told):
        window.player.opening_changed.emit(True)
    assert window.happened.text() == "Opening the sound output…"
