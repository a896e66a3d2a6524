from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtWidgets import QMessageBox

from editorbot_gui.dialogs.export import ExportChoice, ExportDialog, kept_encoding, suggested_path
from editorbot_gui.dialogs.export_formats import FORMATS, format_named
from editorbot_gui.errors import DefectReporter, describe, show_error
from editorbot_gui.export_parts import ExportMaterial
from model_core.audio.source import ArraySource
from model_core.edit.types import EditList
from model_core.errors import AudioReadError

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


WHOLE = EditList.whole(441_000)


def make_source(
    path: Path, dtype: str = "int16", rate: int = 44_100, channels: int = 2, bits: int | None = None
) -> ArraySource:
    source = ArraySource(np.zeros((1000, channels), dtype), rate, bits)
    source.path = path
    source.container = "WAV"
    path.touch()
    return source


@pytest.fixture
def source(tmp_path: Path) -> ArraySource:
    return make_source(tmp_path / "talk.wav")


def open_dialog(qtbot: QtBot, source: ArraySource, format_name: str = "") -> ExportDialog:
    dialog = ExportDialog(source, ExportMaterial(WHOLE), format_name)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_the_suggestion_lies_beside_the_recording_and_keeps_everything(
    qtbot: QtBot, source: ArraySource, tmp_path: Path
) -> None:
    dialog = open_dialog(qtbot, source)
    assert dialog.choice == ExportChoice(tmp_path / "talk_edit.wav", "WAV", "PCM_16", None)
    assert dialog.export_button.isEnabled()
    assert "10.0 s, stereo, about 1.8 MB" in dialog.message.text()


@pytest.mark.parametrize(
    ("dtype", "bits", "container", "expected"),
    [
        ("int16", None, "WAV", ("WAV", "PCM_16")),
        ("int32", 24, "WAV", ("WAV", "PCM_24")),
        ("int32", None, "WAV", ("WAV", "PCM_32")),
        ("float32", None, "WAV", ("WAV", "FLOAT")),
        ("int16", None, "AIFF", ("WAV", "PCM_16")),
        ("int32", 24, "FLAC", ("FLAC", "PCM_24")),
        ("int16", None, "MP3", ("MP3", None)),
    ],
)
def test_format_and_depth_follow_the_recording(
    qtbot: QtBot,
    tmp_path: Path,
    dtype: str,
    bits: int | None,
    container: str,
    expected: tuple[str, str | None],
) -> None:
    source = make_source(tmp_path / "a.wav", dtype, bits=bits)
    source.container = container
    choice = open_dialog(qtbot, source).choice
    assert (choice.format, choice.subtype) == expected


def test_depth_of_a_float_recording_in_flac_is_the_best_that_it_holds(tmp_path: Path) -> None:
    source = make_source(tmp_path / "a.wav", "float32")
    assert kept_encoding(format_named("FLAC"), source) == "PCM_24"


def test_format_and_name_follow_each_other(qtbot: QtBot, source: ArraySource) -> None:
    dialog = open_dialog(qtbot, source)
    dialog.format_field.setCurrentIndex(1)
    assert dialog.choice.path.name == "talk_edit.flac"
    dialog.path_field.setText(str(source.path.with_name("other.ogg")))
    assert dialog.choice.format == "OGG"
    assert not dialog.depth_field.isEnabled()


def test_mp3_offers_no_more_than_it_holds(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = open_dialog(qtbot, make_source(tmp_path / "a.wav", rate=96_000), "MP3")
    assert dialog.choice.sample_rate == 48_000
    dialog = open_dialog(qtbot, make_source(tmp_path / "b.wav", channels=6), "MP3")
    assert not dialog.export_button.isEnabled()
    assert "at most 2 channels" in dialog.message.text()


def test_the_recording_is_never_overwritten(qtbot: QtBot, source: ArraySource) -> None:
    dialog = open_dialog(qtbot, source)
    dialog.path_field.setText(str(source.path))
    assert not dialog.export_button.isEnabled()
    assert "never overwritten" in dialog.message.text()
    dialog.path_field.setText(str(source.path.parent / "missing" / "a.wav"))
    assert not dialog.export_button.isEnabled()
    assert "doesn't exist" in dialog.message.text()
    dialog.path_field.setText("")
    assert not dialog.export_button.isEnabled()


def test_a_name_without_ending_gets_one(qtbot: QtBot, source: ArraySource, tmp_path: Path) -> None:
    dialog = open_dialog(qtbot, source)
    dialog.path_field.setText(str(tmp_path / "part 1.5"))
    with qtbot.waitSignal(dialog.chosen) as caught:
        dialog.export_button.click()
    assert caught.args[0].path == tmp_path / "part 1.5.wav"


@pytest.mark.parametrize("answer", ["Replace", "Choose another name"])
def test_another_file_is_replaced_only_when_asked(
    qtbot: QtBot, source: ArraySource, tmp_path: Path, answer: str
) -> None:
    (tmp_path / "talk_edit.wav").write_bytes(b"old")
    dialog = open_dialog(qtbot, source)
    chosen: list[ExportChoice] = []
    dialog.chosen.connect(chosen.append)
    dialog.export_button.click()
    box = dialog.findChild(QMessageBox)
    assert chosen == []
    next(button for button in box.buttons() if button.text() == answer).click()
    assert len(chosen) == (1 if answer == "Replace" else 0)


def test_suggestion_for_a_folder_that_cannot_be_written_is_elsewhere(
    source: ArraySource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    path = suggested_path(source, FORMATS[0])
    assert path.name == "talk_edit.wav"
    assert path.parent != tmp_path
    assert path.parent.is_dir()


@pytest.mark.usefixtures("qapp")
def test_expected_errors_are_shown_in_their_own_words() -> None:
    box = show_error(None, AudioReadError("It can't be read.", "Convert it."))
    assert box.text() == "It can't be read."
    assert box.informativeText() == "Convert it."
    assert not box.detailedText()
    box.close()


def test_defects_are_shown_once_with_details(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = ExportDialog(make_source(tmp_path / "a.wav"), ExportMaterial(WHOLE))
    qtbot.addWidget(dialog)
    reporter = DefectReporter(dialog)
    reporter.report(ValueError("odd"))
    reporter.report(ValueError("odder"))
    boxes = dialog.findChildren(QMessageBox)
    assert len(boxes) == 1
    assert "ValueError: odd" in boxes[0].detailedText()
    boxes[0].close()
    reporter.report(ValueError("later"))
    assert "later" in dialog.findChildren(QMessageBox)[-1].detailedText()


def test_lack_of_memory_is_told_in_words() -> None:
    assert "memory" in describe(MemoryError()).sentence
