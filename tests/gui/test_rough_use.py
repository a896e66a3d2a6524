"""What was found by using the window like somebody who is in a hurry."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QAbstractButton, QLabel, QToolBar

from editorbot_gui.dialogs.export import ExportChoice, ExportDialog
from editorbot_gui.settings import Settings
from editorbot_gui.spectrogram.view import SpectrogramView
from editorbot_gui.theme import contrast
from editorbot_gui.waveform.axis_view import HEADER_PX
from editorbot_gui.waveform.view_state import Axis
from tests.gui.waveform_scene import Scene, colours_in, grab, tone

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from model_core.progress import CancelToken, Progress
    from tests.gui.conftest import Rig


@pytest.fixture
def other(tmp_path: Path) -> Path:
    path = tmp_path / "other.wav"
    soundfile.write(path, np.zeros(8000, np.int16), 8000)
    return path


def test_a_recording_opens_while_another_is_exported(
    rig: Rig,
    qtbot: QtBot,
    speech: Path,
    other: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = threading.Event()

    def export_slowly(_request: object, cancel: CancelToken, _progress: Progress) -> None:
        while not gate.wait(0.005):
            cancel.raise_if_cancelled()
        cancel.cancel()
        cancel.raise_if_cancelled()

    monkeypatch.setattr("editorbot_gui.exporting.export_edit", export_slowly)
    rig.open(qtbot, speech)
    rig.window.export(ExportChoice(speech.with_name("out.wav"), "WAV", None, None))
    with qtbot.waitSignal(rig.window.session.source_changed):
        rig.window.open_path(other)
    assert rig.window.exporter.running
    gate.set()
    qtbot.waitUntil(lambda: not rig.window.exporter.running)


def test_undoing_everything_says_that_nothing_is_changed(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    rig.open(qtbot, speech)
    rig.generate(qtbot)
    rig.window.commands["undo"].trigger()
    assert rig.window.happened.text() == "Undone: Generate. Nothing is changed"


def test_an_edit_without_changes_says_so(rig: Rig, qtbot: QtBot, other: Path) -> None:
    rig.open(qtbot, other)
    rig.generate(qtbot)
    assert rig.window.happened.text() == "Nothing is changed"


def test_samples_that_are_no_numbers_are_told_when_they_are_met(
    rig: Rig, qtbot: QtBot, tmp_path: Path
) -> None:
    samples = np.zeros(20_000, np.float32)
    samples[15_000] = np.nan
    path = tmp_path / "nan.wav"
    soundfile.write(path, samples, 8000, subtype="FLOAT")
    rig.open(qtbot, path)
    assert rig.window.notice.isVisible()
    assert "aren't numbers" in rig.window.notice.sentence.text()


def test_the_open_dialog_starts_in_a_folder_that_is_there(
    own_folders: Path, tmp_path: Path
) -> None:
    settings = Settings(own_folders / "settings.ini")
    assert Path(settings.open_folder).is_dir()
    settings.open_folder = str(tmp_path / "gone")
    assert Path(settings.open_folder).is_dir()
    settings.open_folder = str(tmp_path)
    assert settings.open_folder == str(tmp_path)


def test_the_export_dialog_follows_the_edit(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    rig.open(qtbot, speech)
    rig.window.commands["export"].trigger()
    dialog = rig.window.findChild(ExportDialog)
    assert "3.00 s" in dialog.message.text()
    rig.generate(qtbot)
    assert "3.00 s" not in dialog.message.text()


def test_the_export_dialog_does_not_outlive_its_recording(
    rig: Rig, qtbot: QtBot, speech: Path, other: Path
) -> None:
    rig.open(qtbot, speech)
    rig.window.commands["export"].trigger()
    dialog = rig.window.findChild(ExportDialog)
    with qtbot.waitSignal(dialog.rejected):
        rig.window.open_path(other)
    qtbot.waitUntil(lambda: not rig.window.runner.jobs)


def test_a_narrow_window_keeps_the_time_and_gives_up_the_words(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    rig.open(qtbot, speech)
    window = rig.window
    bar = window.findChild(QToolBar, "toolbar")
    window.resize(1400, 700)
    qtbot.waitUntil(lambda: bar.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    window.resize(700, 600)
    qtbot.waitUntil(lambda: bar.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonIconOnly)
    assert window.width() == 700
    assert not window.level_meter.isVisible()
    qtbot.waitUntil(window.time_display.isVisible)
    assert window.time_display.geometry().right() <= bar.width()
    window.resize(1400, 700)
    qtbot.waitUntil(lambda: bar.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonTextBesideIcon)


def test_no_letter_leads_to_two_places(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    rig.open(qtbot, speech)
    texts = [action.text() for action in rig.window.menuBar().actions()]
    texts += [label.text() for label in rig.window.findChildren(QLabel) if label.buddy()]
    texts += [button.text() for button in rig.window.findChildren(QAbstractButton)]
    letters = [QKeySequence.mnemonic(text).toString() for text in texts]
    used = [letter for letter in letters if letter]
    assert len(used) >= 8
    assert len(used) == len(set(used))


def test_all_columns_of_the_edits_stay_in_sight(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    rig.open(qtbot, speech)
    rig.generate(qtbot)
    rig.window.resize(rig.window.minimumSizeHint())
    table = rig.window.edits_list.table
    qtbot.waitUntil(lambda: rig.window.width() == rig.window.minimumSizeHint().width())
    assert not table.horizontalScrollBar().isVisible()
    assert table.horizontalHeader().length() <= table.viewport().width()


def test_the_names_of_narrow_lanes_do_not_overlap(qtbot: QtBot) -> None:
    scene = Scene(tone(8000, channels=8))
    qtbot.addWidget(scene.raw)
    scene.raw.resize(800, 58)
    image, panel = grab(scene.raw), scene.raw.palette_in_use.panel
    written = [
        any(contrast(image.pixelColor(x, y), panel) > 2 for x in range(8, 24))
        for y in range(HEADER_PX, image.height())
    ]
    assert any(written)
    assert "..." in "".join(".#"[row] for row in written).strip(".")


def test_a_spectrogram_ends_where_the_recording_ends(
    rig: Rig, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "one.wav"
    soundfile.write(path, np.array([0.5]), 44_100)
    rig.open(qtbot, path)
    rig.window.commands["spectrogram"].trigger()
    view = rig.window.page.spectrogram
    assert isinstance(view, SpectrogramView)
    qtbot.waitUntil(lambda: view.image.image is not None and bool(view.image.image.any()))
    picture = grab(view)
    beyond = view.rect()
    beyond.setLeft(round(beyond.width() * 0.6))
    well = rig.window.page.raw.palette_in_use.well
    assert rig.window.view.length(Axis.RAW) == 1
    assert colours_in(picture, well, beyond) == beyond.width() * beyond.height()
