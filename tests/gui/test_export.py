from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from editorbot_gui.dialogs.export import ExportChoice, ExportDialog
from editorbot_gui.export_parts import Part
from editorbot_gui.waveform.view_state import Axis
from model_core.audio.render import Renderer

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.gui.conftest import Rig


@pytest.fixture
def edited_rig(rig: Rig, qtbot: QtBot, speech: Path) -> Rig:
    rig.open(qtbot, speech)
    rig.generate(qtbot)
    return rig


def export(rig: Rig, qtbot: QtBot, choice: ExportChoice) -> None:
    with qtbot.waitSignal(rig.window.exporter.running_changed):
        rig.window.export(choice)
    qtbot.waitUntil(lambda: not rig.window.exporter.running)


def test_the_dialog_writes_the_edit_as_it_is_heard(
    edited_rig: Rig, qtbot: QtBot, tmp_path: Path
) -> None:
    window = edited_rig.window
    window.commands["export"].trigger()
    dialog = window.findChild(ExportDialog)
    assert dialog.isVisible()
    with qtbot.waitSignal(window.exporter.exported):
        dialog.export_button.click()
    path = tmp_path / "a talk – ü_edit.wav"
    assert window.happened.text() == f"Exported to {path}."
    info = soundfile.info(path)
    assert (info.samplerate, info.channels, info.subtype) == (16_000, 2, "PCM_16")
    written, _ = soundfile.read(path, dtype="int16", always_2d=True)
    source, edit = window.session.source, window.session.edit_list
    assert source is not None
    assert len(written) == edit.length
    segment = edit.segments[0]
    margin = 200
    copied = source.read(segment.start + margin, segment.stop - margin)
    assert np.array_equal(written[margin : segment.length - margin], copied)
    assert window.settings.export_format == "WAV"


@pytest.mark.parametrize("name", ["FLAC", "OGG", "MP3"])
def test_every_format_is_written(edited_rig: Rig, qtbot: QtBot, tmp_path: Path, name: str) -> None:
    path = tmp_path / f"out.{name.lower()}"
    export(edited_rig, qtbot, ExportChoice(path, name, None, None))
    assert soundfile.info(path).channels == 2


def test_a_file_that_cannot_be_written_is_told_in_words(
    edited_rig: Rig, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "gone" / "out.wav"
    with qtbot.waitSignal(edited_rig.window.exporter.failed):
        edited_rig.window.export(ExportChoice(path, "WAV", None, None))
    assert "gone" in edited_rig.dialog.text()
    assert not edited_rig.dialog.detailedText()


def test_the_recording_is_refused_even_past_the_dialog(
    edited_rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    before = speech.read_bytes()
    with qtbot.waitSignal(edited_rig.window.exporter.failed):
        edited_rig.window.export(ExportChoice(speech, "WAV", None, None))
    assert speech.read_bytes() == before


def hold_export(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets an export go on until it is cancelled."""

    def endless(*_args: object, cancel: object, **_options: object) -> None:
        while True:
            cancel.raise_if_cancelled()  # type: ignore[attr-defined]

    monkeypatch.setattr("model_core.export.pieces.export_sound", endless)


def test_cancelling_says_so(
    edited_rig: Rig, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = edited_rig.window
    hold_export(monkeypatch)
    window.export(ExportChoice(tmp_path / "out.wav", "WAV", None, None))
    qtbot.waitUntil(window.job_bar.isVisible)
    assert not window.commands["export"].isEnabled()
    window.commands["cancel"].trigger()
    qtbot.waitUntil(lambda: not window.exporter.running)
    assert window.happened.text() == "The export was cancelled; no file was written."


def test_closing_while_exporting_asks_first(
    edited_rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = edited_rig.window
    window.projects.give_up()
    hold_export(monkeypatch)
    window.export(ExportChoice(tmp_path / "out.wav", "WAV", None, None))
    window.close()
    assert window.isVisible()
    box = edited_rig.dialog
    next(button for button in box.buttons() if button.text() == "Go on").click()
    assert window.isVisible()
    window.close()
    box = edited_rig.dialog
    next(button for button in box.buttons() if button.text() == "Stop it and quit").click()
    assert not window.isVisible()
    assert not (tmp_path / "out.wav").exists()


def test_a_selection_is_exported_as_it_is_heard(
    edited_rig: Rig, qtbot: QtBot, tmp_path: Path
) -> None:
    window = edited_rig.window
    window.view.select(Axis.EDITED, 1000, 9000)
    path = tmp_path / "part.wav"
    export(edited_rig, qtbot, ExportChoice(path, "WAV", None, None, Part.SELECTION))
    source = window.session.source
    assert source is not None
    expected = Renderer((source,), window.session.edit_list).read(1000, 9000)
    written, _ = soundfile.read(path, dtype="int16", always_2d=True)
    assert np.array_equal(written, expected)
    window.view.select(Axis.RAW, 500, 4000)
    export(edited_rig, qtbot, ExportChoice(path, "WAV", None, None, Part.SELECTION))
    written, _ = soundfile.read(path, dtype="int16", always_2d=True)
    assert np.array_equal(written, source.read(500, 4000))


def test_segments_and_takes_become_files(edited_rig: Rig, qtbot: QtBot, tmp_path: Path) -> None:
    window = edited_rig.window
    edited_rig.generate(qtbot)
    export(edited_rig, qtbot, ExportChoice(tmp_path / "s.wav", "WAV", None, None, Part.SEGMENTS))
    n_segments = len(window.session.edit_list.segments)
    assert len(list(tmp_path.glob("s_*.wav"))) == n_segments > 1
    assert window.happened.text() == f"Exported {n_segments} files to {tmp_path}."
    export(edited_rig, qtbot, ExportChoice(tmp_path / "t.wav", "WAV", None, None, Part.TAKES))
    assert len(list(tmp_path.glob("t_*.wav"))) == len(window.takes.all) > 1


def test_the_dialog_offers_what_there_is(edited_rig: Rig) -> None:
    window = edited_rig.window
    window.commands["export"].trigger()
    dialog = window.findChild(ExportDialog)
    offered = [dialog.part_field.itemData(row) for row in range(dialog.part_field.count())]
    assert offered == [Part.WHOLE, Part.SEGMENTS]
    dialog.part_field.setCurrentIndex(1)
    dialog.loudness_field.setCurrentIndex(1)
    dialog.dither_field.setChecked(False)
    choice = dialog.choice
    assert (choice.part, choice.loudness, choice.dither) == (Part.SEGMENTS, -16.0, False)
    assert "_01.wav to " in dialog.message.text()


def test_several_files_are_replaced_only_when_asked(edited_rig: Rig) -> None:
    window = edited_rig.window
    window.commands["export"].trigger()
    dialog = window.findChild(ExportDialog)
    dialog.part_field.setCurrentIndex(1)
    there = dialog.choice.path.with_name(f"{dialog.choice.path.stem}_01.wav")
    there.write_bytes(b"mine")
    dialog.export_button.click()
    assert "already exists" in edited_rig.dialog.text()
    edited_rig.dialog.buttons()[1].click()
    assert there.read_bytes() == b"mine"
    assert not window.exporter.running
