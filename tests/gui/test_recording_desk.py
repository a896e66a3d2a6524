"""Recording in the window: the command, the dialog, and what becomes of a recording."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from editorbot_gui.playback.devices import SoundDevice
from editorbot_gui.recording import desk as desk_module
from editorbot_gui.recording.dialog import RecordDialog
from editorbot_gui.recording.growing_wave import GrowingWave
from editorbot_gui.recording.places import new_name, recordings_folder
from editorbot_gui.recording.recorder import RecorderState
from editorbot_gui.recording.unfinished import Unfinished
from tests.gui.conftest import Rig
from tests.gui.playback_fakes import ManualBackend
from tests.gui.recording_fakes import ManualInputs, noise

MICROPHONE = SoundDevice("Microphone, ALSA", "Microphone", is_default=True, channels=1)
LINE = SoundDevice("Line & more, ALSA", "Line & more", is_default=False)


class Desk:
    """The window, its dialog, and an input pushed by hand."""

    def __init__(self, rig: Rig, qtbot: QtBot, folder: Path) -> None:
        self.rig, self.qtbot, self.folder = rig, qtbot, folder
        self.desk = rig.window.recording
        self.inputs = self.desk.inputs = ManualInputs()
        self.outputs = self.desk.outputs = ManualBackend()
        rig.window.settings.recording_folder = str(folder)

    @property
    def dialog(self) -> RecordDialog:
        assert self.desk.dialog is not None
        return self.desk.dialog

    @property
    def state(self) -> RecorderState:
        assert self.desk.recorder is not None
        return self.desk.recorder.state

    def reach(self, state: RecorderState) -> None:
        self.qtbot.waitUntil(lambda: self.state is state)

    def ask(self) -> None:
        self.rig.window.commands["record"].trigger()
        self.qtbot.waitUntil(lambda: not self.rig.window.runner.jobs)
        self.reach(RecorderState.READY)

    def record(self, n_frames: int = 4000) -> None:
        self.dialog.record_button.click()
        self.reach(RecorderState.RECORDING)
        self.inputs.stream.push(noise(n_frames, self.inputs.stream.format.channels))

    def opened(self) -> Path:
        window = self.rig.window
        self.qtbot.waitUntil(lambda: window.session.source is not None and not window.runner.jobs)
        assert window.session.path is not None
        return window.session.path


@pytest.fixture
def desk(rig: Rig, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(
        desk_module, "list_inputs", lambda _request, _cancel, _progress: (MICROPHONE, LINE)
    )
    desk = Desk(rig, qtbot, tmp_path)
    yield desk
    desk.desk.close()


def test_what_is_recorded_opens_as_a_new_document(desk: Desk) -> None:
    desk.ask()
    assert desk.dialog.isVisible()
    assert not desk.dialog.along_field.isChecked()
    assert desk.inputs.asked == [(None, 1)]
    desk.record()
    assert desk.dialog.message.text() == "Recording."
    desk.qtbot.waitUntil(lambda: desk.dialog.time.text() == "0:00.5")
    assert desk.dialog.facts.text().startswith("8 kHz · 24 bit · mono")
    desk.dialog.stop_button.click()
    path = desk.opened()
    assert path.parent == desk.folder
    assert path.name.startswith("Recording 20")
    np.testing.assert_array_equal(soundfile.read(path, dtype="float32")[0], noise(4000, 1)[:, 0])
    assert desk.desk.dialog is None
    assert desk.rig.window.projects.path is None  # a new one, not saved yet
    assert not desk.rig.window.notice.isVisible()


def test_what_was_chosen_is_remembered(desk: Desk) -> None:
    desk.ask()
    dialog = desk.dialog
    texts = [dialog.input_field.itemText(row) for row in range(dialog.input_field.count())]
    assert texts == ["System default (Microphone)", "Microphone", "Line & more"]
    dialog.input_field.setCurrentIndex(2)
    dialog.input_field.activated.emit(2)
    dialog.channels_field.setCurrentIndex(1)
    dialog.channels_field.activated.emit(1)
    dialog.count_field.setCurrentIndex(1)
    desk.reach(RecorderState.READY)
    assert desk.inputs.asked[-1] == (LINE.id, 2)
    dialog.reject()
    assert desk.state is RecorderState.CLOSED
    settings = desk.rig.window.settings
    assert settings.input_device == LINE.id
    assert (settings.recording_channels, settings.recording_count_in_s) == (2, 3)
    assert settings.recording_folder == str(desk.folder)
    desk.ask()
    assert desk.dialog.choice.device == LINE.id
    assert desk.inputs.asked[-1] == (LINE.id, 2)


def test_an_input_that_is_not_connected_stays_chosen_and_says_so(desk: Desk) -> None:
    desk.rig.window.settings.input_device = "Headset, ALSA"
    desk.inputs.refusal = "The sound input “Headset” was not found. Connect it, or choose another."
    desk.rig.window.commands["record"].trigger()
    desk.qtbot.waitUntil(lambda: "was not found" in desk.dialog.message.text())
    desk.qtbot.waitUntil(lambda: desk.dialog.input_field.count() == 4)
    assert desk.dialog.input_field.currentText() == "Headset (not connected)"
    assert desk.dialog.record_button.text() == "&Try again"
    desk.inputs.refusal = ""
    desk.dialog.record_button.click()
    desk.reach(RecorderState.READY)
    assert desk.dialog.record_button.text() == "&Record"


def test_keys_pause_go_on_and_end_and_nothing_is_lost_by_closing(desk: Desk) -> None:
    desk.ask()
    assert desk.dialog.focusWidget() is desk.dialog.record_button
    desk.record()
    # The space bar pauses at once, and ends nothing.
    assert desk.dialog.focusWidget() is desk.dialog.pause_button
    desk.qtbot.keyClick(desk.dialog.pause_button, Qt.Key.Key_Space)
    assert desk.state is RecorderState.PAUSED
    assert desk.dialog.pause_button.text() == "&Go on"
    assert "left out" in desk.dialog.message.text()
    desk.inputs.stream.push(noise(300, 1))
    desk.qtbot.keyClick(desk.dialog.pause_button, Qt.Key.Key_Space)
    assert desk.state is RecorderState.RECORDING
    desk.inputs.stream.push(noise(100, 1))
    desk.qtbot.keyClick(desk.dialog, Qt.Key.Key_Escape)
    assert soundfile.info(desk.opened()).frames == 4100


def test_a_count_in_is_shown_and_escape_gives_it_up(desk: Desk) -> None:
    desk.ask()
    desk.dialog.count_field.setCurrentIndex(2)
    desk.dialog.record_button.click()
    assert desk.state is RecorderState.COUNTING
    assert desk.dialog.time.text() == "5"
    assert desk.dialog.stop_button.text() == "&Give up"
    desk.qtbot.keyClick(desk.dialog, Qt.Key.Key_Escape)
    assert desk.state is RecorderState.READY
    assert desk.dialog.time.text() == "0:00.0"
    desk.qtbot.waitUntil(lambda: not list(desk.folder.glob("*.wav")))
    assert desk.rig.window.session.source is None


def test_an_input_that_goes_away_opens_what_there_is_and_says_so(desk: Desk) -> None:
    desk.ask()
    desk.record()
    desk.inputs.stream.failing = "The sound input “By hand” has gone away."
    path = desk.opened()
    assert soundfile.info(path).frames == 4000
    notice = desk.rig.window.notice
    assert notice.sentence.text() == (
        "The sound input “By hand” has gone away. What was recorded until then is kept in "
        f"“{path.name}”."
    )
    assert notice.isVisible()


def test_no_input_is_a_sentence_in_the_dialog(desk: Desk) -> None:
    desk.inputs.refusal = "No sound input was found. Connect a microphone."
    desk.rig.window.commands["record"].trigger()
    desk.qtbot.waitUntil(lambda: desk.dialog.message.text() == desk.inputs.refusal)
    assert not desk.dialog.pause_button.isEnabled()
    desk.dialog.close_button.click()
    assert desk.desk.dialog is None


def test_too_loud_and_too_little_room_are_told(desk: Desk) -> None:
    desk.ask()
    desk.inputs.stream.push(np.full((400, 1), 1.0, dtype=np.float32))
    desk.inputs.stream.push(np.full((400, 1), -1.0, dtype=np.float32))
    desk.qtbot.waitUntil(lambda: desk.dialog.meter.clipped)
    desk.dialog._show_message()
    assert desk.dialog.message.text() == "That was too loud: turn the input down."
    desk.dialog._take_room(24_000 * 90)
    assert desk.dialog.facts.text().endswith("room for 1 min")
    assert desk.dialog.message.text() == "The disk is nearly full."


def test_hearing_along_goes_through_the_chosen_output(desk: Desk) -> None:
    desk.rig.window.settings.output_device = "Headphones"
    desk.ask()
    assert desk.outputs.streams == []
    desk.dialog.along_field.click()
    desk.qtbot.waitUntil(lambda: bool(desk.outputs.streams))
    assert desk.outputs.device == "Headphones"
    desk.dialog.reject()
    desk.qtbot.waitUntil(lambda: desk.outputs.stream.closed)
    desk.ask()
    assert not desk.dialog.along_field.isChecked()  # off each time: it may howl


def test_another_file_is_never_taken_the_place_of(desk: Desk) -> None:
    there = desk.folder / "mine.wav"
    there.write_bytes(b"mine")
    desk.ask()
    desk.dialog.path_field.setText(str(there))
    desk.dialog.record_button.click()
    desk.qtbot.waitUntil(lambda: "is there already" in desk.dialog.message.text())
    assert there.read_bytes() == b"mine"
    desk.dialog.path_field.setText(str(desk.folder / "other"))
    assert "is there already" not in desk.dialog.message.text()
    desk.record()
    desk.dialog.stop_button.click()
    assert desk.opened() == desk.folder / "other.wav"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", None),
        ("  ", None),
        ("talk", "talk.wav"),
        ("sub/talk.WAV", "sub/talk.WAV"),
        ("..", "../{suggested}"),
        ("v1.2", "v1.2.wav"),
    ],
)
def test_whatever_is_typed_is_a_file(desk: Desk, typed: str, meant: str | None) -> None:
    desk.ask()
    suggested = desk.dialog.path.name
    desk.dialog.path_field.setText(typed)
    expected = (meant or "{suggested}").format(suggested=suggested)
    assert desk.dialog.path == desk.folder / expected
    assert desk.dialog.choice.folder == (desk.folder / expected).parent


def test_a_name_that_is_too_long_is_a_sentence(desk: Desk) -> None:
    desk.ask()
    desk.dialog.path_field.setText("a" * 400)
    desk.dialog.record_button.click()
    desk.qtbot.waitUntil(lambda: "can't be written" in desk.dialog.message.text())
    assert desk.state is RecorderState.READY


def test_losses_are_told_while_it_records(desk: Desk) -> None:
    desk.ask()
    desk.record()
    desk.inputs.stream.overflows += 1
    desk.qtbot.waitUntil(lambda: "something was lost" in desk.dialog.message.text())
    desk.dialog.stop_button.click()
    desk.opened()
    assert "a moment is missing there" in desk.rig.window.notice.sentence.text()


def test_the_player_gives_its_device_back_first(desk: Desk, speech: Path) -> None:
    desk.rig.open(desk.qtbot, speech)
    desk.rig.window.transport.toggle_play()
    desk.ask()
    assert not desk.rig.window.transport.playing
    assert desk.rig.backend.stream.closed


def test_closing_the_window_ends_and_keeps_a_recording(desk: Desk) -> None:
    desk.ask()
    desk.record()
    desk.rig.window.close()
    (path,) = desk.folder.glob("*.wav")
    assert soundfile.info(path).frames == 4000


def test_a_recording_that_was_broken_off_is_offered(desk: Desk) -> None:
    for name in ("old.wav", "new.wav"):
        note, wave = Unfinished(desk.folder / name), GrowingWave(desk.folder / name, 8000, 1)
        wave.append(noise(8000, 1))
        wave._file.close()
        assert note._lock is not None
        note._lock.unlock()
    window = desk.rig.window
    desk.desk.look_for_broken_off()
    desk.qtbot.waitUntil(lambda: bool(window.findChildren(QMessageBox)))
    box = desk.rig.dialog
    assert "broken off" in box.text()
    assert "1.00 s" in box.informativeText()
    assert "There are more" in box.informativeText()
    next(button for button in box.buttons() if button.text() == "Open").click()
    assert desk.opened().parent == desk.folder


def test_names_tell_the_time_and_never_take_a_place(tmp_path: Path) -> None:
    now = datetime(2026, 3, 1, 9, 5, 7)  # noqa: DTZ001 - local time
    first = new_name(tmp_path, now)
    assert first.name == "Recording 2026-03-01 09.05.07.wav"
    first.touch()
    assert new_name(tmp_path, now).name == "Recording 2026-03-01 09.05.07 (2).wav"
    assert recordings_folder().name == "Recordings"
