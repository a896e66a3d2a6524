from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from editorbot_gui.comparing import CompareRequest
from editorbot_gui.dialogs.compare import CompareDialog, FileField
from editorbot_gui.waveform.view_state import Axis
from model_core.edit.operations import delete_leaving_gap
from model_core.edit.types import ChangeKind, EditList, Gap, Segment
from tests.align.sounds import RATE, music, voice

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt
    from pytestqt.qtbot import QtBot

    from tests.gui.conftest import Rig

old_drag = pytest.mark.filterwarnings("ignore:.*QDragEnterEvent:DeprecationWarning")
KEPT = ((int(0.5 * RATE), 3 * RATE), (4 * RATE, 6 * RATE), (7 * RATE, 9 * RATE))
"""What the finished edit keeps of ten seconds."""


def saved(path: Path, samples: npt.NDArray[np.float32]) -> Path:
    soundfile.write(path, samples, RATE, subtype="PCM_16")
    return path


@pytest.fixture(scope="module")
def talk() -> npt.NDArray[np.float32]:
    return voice(10, seed=1)


@pytest.fixture
def raw(tmp_path: Path, talk: npt.NDArray[np.float32]) -> Path:
    return saved(tmp_path / "talk.wav", talk)


@pytest.fixture
def finished(tmp_path: Path, talk: npt.NDArray[np.float32]) -> Path:
    parts = [talk[start:stop] for start, stop in KEPT]
    return saved(tmp_path / "final – ü.wav", np.concatenate(parts))


@pytest.fixture
def with_jingle(tmp_path: Path, talk: npt.NDArray[np.float32]) -> Path:
    jingle = music(2, seed=3)[: 2 * RATE]
    (start, stop), (start_2, stop_2), _ = KEPT
    return saved(
        tmp_path / "final.wav",
        np.concatenate((talk[start:stop], jingle, talk[start_2:stop_2])),
    )


def ask(rig: Rig) -> CompareDialog:
    rig.window.commands["compare"].trigger()
    return rig.window.findChildren(CompareDialog)[-1]


def compare(rig: Rig, qtbot: QtBot, finished: Path) -> None:
    source = rig.window.session.source
    assert source is not None
    with qtbot.waitSignal(rig.window.comparison.applied):
        rig.window.comparison.start(CompareRequest(source, finished))


def test_the_finished_edit_of_the_open_recording_becomes_one_step(
    rig: Rig, qtbot: QtBot, raw: Path, finished: Path
) -> None:
    rig.open(qtbot, raw)
    dialog = ask(rig)
    assert not dialog.raw_field.path_field.isEnabled()
    assert not dialog.compare_button.isEnabled()
    dialog.edited_field.show_path(finished)
    with qtbot.waitSignal(rig.window.comparison.applied):
        dialog.compare_button.click()
    window = rig.window
    assert window.session.edit_list == EditList.from_ranges(KEPT)
    assert window.session.undo_stack.count() == 1
    assert window.session.undo_stack.undoText() == "Compare with final – ü.wav"
    assert [change.kind for change in window.session.changes] == [ChangeKind.CUT] * 4
    assert window.edits_list.model.rowCount() == 4
    assert window.view.length(Axis.EDITED) == int(6.5 * RATE)
    assert window.transport.heard is Axis.EDITED
    assert window.player.length == int(6.5 * RATE)
    assert window.notice.sentence.text() == (
        "In “final – ü.wav”, 65\N{NO-BREAK SPACE}% of the recording is heard, with 2 joins; it is "
        "0.65 times as long and runs at the same speed."
    )
    window.commands["undo"].trigger()
    assert window.session.edit_list == EditList.whole(10 * RATE)
    window.commands["redo"].trigger()
    assert window.session.edit_list == EditList.from_ranges(KEPT)
    start = int(0.1 * RATE)
    window.session.apply_edit(
        delete_leaving_gap(window.session.edit_list, start, 2 * start), "Leave a gap"
    )
    assert window.session.undo_stack.count() == 2


def test_without_a_recording_both_are_asked_for(
    rig: Rig, qtbot: QtBot, raw: Path, finished: Path
) -> None:
    dialog = ask(rig)
    dialog.raw_field.show_path(raw)
    assert not dialog.compare_button.isEnabled()
    dialog.edited_field.show_path(finished)
    with qtbot.waitSignal(rig.window.comparison.applied):
        dialog.compare_button.click()
    assert rig.window.session.path == raw
    assert rig.window.session.edit_list == EditList.from_ranges(KEPT)
    assert rig.window.session.undo_stack.count() == 1
    qtbot.waitUntil(lambda: not rig.window.runner.jobs)


def test_what_is_not_from_the_recording_is_a_gap_and_said(
    rig: Rig, qtbot: QtBot, raw: Path, with_jingle: Path
) -> None:
    rig.open(qtbot, raw)
    compare(rig, qtbot, with_jingle)
    window = rig.window
    first, gap, second = window.session.edit_list.items
    assert isinstance(first, Segment)
    assert isinstance(gap, Gap)
    assert isinstance(second, Segment)
    assert gap.length == pytest.approx(2 * RATE, abs=0.1 * RATE)
    assert ChangeKind.GAP in [change.kind for change in window.session.changes]
    said = window.notice.sentence.text()
    assert "1 passage (2.0" in said or "1 passage (1.9" in said
    assert "is not from the recording and is a gap here." in said


def test_strangers_are_refused_with_the_reason_and_nothing_changes(
    rig: Rig, qtbot: QtBot, raw: Path, tmp_path: Path
) -> None:
    rig.open(qtbot, raw)
    rig.generate(qtbot)
    edit, revision = rig.window.session.edit_list, rig.window.session.revision
    stranger = saved(tmp_path / "stranger.wav", voice(5, seed=99))
    source = rig.window.session.source
    assert source is not None
    with qtbot.waitSignal(rig.window.comparison.failed):
        rig.window.comparison.start(CompareRequest(source, stranger))
    assert "of the finished edit was found in the recording." in rig.dialog.text()
    assert rig.dialog.informativeText() == "Check that the two belong together."
    assert rig.window.session.edit_list is edit
    assert rig.window.session.revision == revision
    assert rig.window.commands["compare"].isEnabled()


@pytest.mark.parametrize("which", ["raw", "edited"])
def test_a_file_that_is_no_sound_is_told_and_no_recording_opened(
    rig: Rig, qtbot: QtBot, raw: Path, tmp_path: Path, which: str
) -> None:
    text = tmp_path / "words.wav"
    text.write_text("This is no sound at all. " * 100)
    pair = (text, raw) if which == "raw" else (raw, text)
    with qtbot.waitSignal(rig.window.comparison.failed):
        rig.window.comparison.start(CompareRequest(*pair))
    assert "words.wav" in rig.dialog.text()
    assert not rig.dialog.detailedText()
    assert rig.window.session.source is None


def test_cancelling_answers_at_once_and_changes_nothing(
    rig: Rig, qtbot: QtBot, raw: Path, finished: Path
) -> None:
    rig.open(qtbot, raw)
    window = rig.window
    source = window.session.source
    assert source is not None
    window.comparison.start(CompareRequest(source, finished))
    assert not window.commands["compare"].isEnabled()
    assert window.job_bar.isVisible()
    began = time.monotonic()
    window.commands["cancel"].trigger()
    qtbot.waitUntil(lambda: not window.comparison.running)
    assert time.monotonic() - began < 0.5
    assert window.happened.text() == "Comparing was cancelled; nothing has changed."
    assert window.session.undo_stack.count() == 0
    qtbot.waitUntil(lambda: not window.runner.jobs)


def test_a_result_for_a_changed_document_is_offered(
    rig: Rig, qtbot: QtBot, raw: Path, finished: Path
) -> None:
    rig.open(qtbot, raw)
    window = rig.window
    source = window.session.source
    assert source is not None
    mine = EditList.from_ranges([(0, 1000)])
    with qtbot.waitSignal(window.comparison.offered):
        window.comparison.start(CompareRequest(source, finished))
        window.session.apply_edit(mine, "By hand")
    assert window.session.edit_list == mine
    window.notice.button.click()
    assert window.session.edit_list == EditList.from_ranges(KEPT)


def test_opening_another_recording_ends_the_comparison(
    rig: Rig, qtbot: QtBot, raw: Path, finished: Path, speech: Path
) -> None:
    rig.open(qtbot, raw)
    source = rig.window.session.source
    assert source is not None
    rig.window.comparison.start(CompareRequest(source, finished))
    with qtbot.waitSignal(rig.window.session.source_changed):
        rig.window.open_path(speech)
    qtbot.waitUntil(lambda: not rig.window.runner.jobs)
    assert not rig.window.comparison.running
    assert rig.window.session.edit_list == EditList.whole(48_000)


def test_the_dialog_says_what_is_wrong(
    rig: Rig, qtbot: QtBot, raw: Path, tmp_path: Path, finished: Path
) -> None:
    rig.open(qtbot, raw)
    dialog = ask(rig)
    dialog.edited_field.path_field.setText(str(tmp_path / "nothing.wav"))
    assert dialog.message.text() == f"There is no file “{tmp_path / 'nothing.wav'}”."
    dialog.edited_field.show_path(raw)
    assert dialog.message.text().startswith("Both are the same file.")
    assert not dialog.compare_button.isEnabled()
    dialog.edited_field.show_path(finished)
    assert dialog.compare_button.isEnabled()
    dialog.reject()


def drop(field: FileField, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left, no_keys = (
        Qt.DropAction.CopyAction,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    enter = QDragEnterEvent(QPoint(5, 5), copy, data, left, no_keys)
    QApplication.sendEvent(field, enter)
    assert enter.isAccepted() == field.acceptDrops()
    if enter.isAccepted():
        QApplication.sendEvent(field, QDropEvent(QPointF(5, 5), copy, data, left, no_keys))


@old_drag
def test_files_are_dropped_on_their_fields(qtbot: QtBot, raw: Path, finished: Path) -> None:
    dialog = CompareDialog(None)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    qtbot.addWidget(dialog)
    dialog.show()
    drop(dialog.edited_field, finished)
    assert dialog.edited_field.path == finished
    drop(dialog.raw_field, raw, finished)
    assert (dialog.raw_field.path, dialog.edited_field.path) == (raw, finished)
    with qtbot.waitSignal(dialog.chosen) as caught:
        dialog.compare_button.click()
    assert caught.args == [CompareRequest(raw, finished)]
