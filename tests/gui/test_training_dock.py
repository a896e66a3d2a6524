"""The training dock, with the real processes on small libraries and tiny networks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QMessageBox

from editorbot_gui.jobs import JobRunner
from editorbot_gui.main_window import MainWindow
from editorbot_gui.models.places import models_folder
from editorbot_gui.settings import Settings
from editorbot_gui.training_dock import hearing, runs
from editorbot_gui.training_dock.pages import TrainingPages
from editorbot_gui.training_dock.places import library_folder, runs_folder, speed_path
from editorbot_gui.training_dock.presets import duration_text
from editorbot_gui.training_dock.process import Command, TrainingCommandError, run_command
from editorbot_gui.training_dock.run_desk import RunDesk
from editorbot_gui.training_dock.speed import Speed, read_speed, write_speed
from model_core.edit.types import EditList
from model_core.errors import CancelledError
from model_core.progress import CancelToken, no_progress
from tests.gui.fakes import FakeEngine
from tests.training.library_pairs import write_pair, write_stranger
from tests.training.personal_runs import SETTINGS, a_library, a_start

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from tests.gui.conftest import Rig

PATIENCE_MS = 60_000
FAST = Speed(0.01, 0.01)


@pytest.fixture(scope="module")
def made_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_library(tmp_path_factory.mktemp("library"))


@pytest.fixture
def library(made_library: Path, own_folders: Path) -> Path:
    """Two aligned pairs in this test's own library, and a known speed."""
    del own_folders
    shutil.copytree(made_library, library_folder())
    write_speed(speed_path(), FAST)
    return library_folder()


@pytest.fixture
def request_of(tmp_path: Path, library: Path) -> dict[str, Any]:
    """A training of a tiny network that takes a second or two."""
    return {
        "library": str(library), "name": "Mine", "models": str(models_folder()),
        "start": str(a_start(tmp_path)), "updates": 16, **SETTINGS,
    }  # fmt: skip


def show(rig: Rig, qtbot: QtBot) -> TrainingPages:
    rig.window.commands["training"].trigger()
    qtbot.waitUntil(lambda: not rig.window.runner.jobs, timeout=PATIENCE_MS)
    return rig.window.training.pages


def settled(rig: Rig, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not rig.window.runner.jobs, timeout=PATIENCE_MS)


def box_of(rig: Rig) -> QMessageBox:
    return [box for box in rig.window.findChildren(QMessageBox) if box.isVisible()][-1]


def press(box: QMessageBox, words: str) -> None:
    next(button for button in box.buttons() if button.text() == words).click()


# The library --------------------------------------------------------------------------------------


def test_files_are_dropped_matched_aligned_and_what_is_wrong_is_told(
    rig: Rig, qtbot: QtBot, tmp_path: Path
) -> None:
    pages = show(rig, qtbot)
    assert pages.library.model.rowCount() == 0
    write_pair(tmp_path / "data", "talk")
    folder = tmp_path / "given"
    folder.mkdir()
    for path in (tmp_path / "data").rglob("*.wav"):
        path.rename(folder / path.name)
    soundfile.write(folder / "lonely.wav", np.zeros(22050, np.float32), 22050)
    (folder / "broken_raw.wav").write_bytes(b"RIFF")
    soundfile.write(folder / "broken_edit.wav", np.zeros(22050, np.float32), 22050)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder))])
    pages.library.dropEvent(
        QDropEvent(
            QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )  # fmt: skip
    assert pages.library.progress.isVisibleTo(pages.library)
    settled(rig, qtbot)
    (row,) = pages.library.model.rows
    assert (row.name, row.verdict_text, row.trains) == ("talk", "Good", True)
    assert row.raw_s == pytest.approx(16.0)
    assert pages.library.message.text() == "1 pair was added."
    table = pages.library.left_out.table
    told = {
        table.item(line, 0).text(): table.item(line, 1).text() for line in range(table.rowCount())
    }
    assert "No mate" in told["lonely.wav"]
    assert any("isn't a sound file" in why for why in told.values())
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert not pages.library.progress.isVisibleTo(pages.library)
    pages.library.choose("talk")
    qtbot.waitUntil(lambda: pages.library.plot.isVisibleTo(pages.library), timeout=PATIENCE_MS)
    assert len(pages.library.state.timeline.edit_list.segments) == 4
    pages.library.left_out.dismiss.click()
    assert not pages.library.left_out.isVisibleTo(pages.library)


def test_a_pair_is_excluded_included_and_removed(rig: Rig, qtbot: QtBot, library: Path) -> None:
    pages = show(rig, qtbot)
    pages.library.choose("monday")
    pages.library.include.click()
    settled(rig, qtbot)
    monday, tuesday = pages.library.model.rows
    assert (monday.verdict_text, monday.trains, tuesday.trains) == ("Excluded by you", False, True)
    assert "1 of 2" in pages.library.summary.text()
    assert pages.library.include.text() == "Include"
    pages.library.include.click()
    settled(rig, qtbot)
    assert pages.library.model.rows[0].trains
    pages.library.table.setFocus()
    qtbot.keyClick(pages.library.table, Qt.Key.Key_Delete)
    settled(rig, qtbot)
    assert [row.name for row in pages.library.model.rows] == ["tuesday"]
    assert "your own files" in rig.window.happened.text()
    kept = [path.name for path in (library / "training_data").rglob("monday*")]
    assert sorted(kept) == ["monday_edit.wav", "monday_raw.wav"], "put away, not deleted"


def test_a_pair_is_corrected_in_the_window_and_put_back(
    rig: Rig, qtbot: QtBot, library: Path
) -> None:
    pages = show(rig, qtbot)
    pages.library.choose("monday")
    pages.library.fix.click()
    session = rig.window.session
    qtbot.waitUntil(lambda: session.is_edited, timeout=PATIENCE_MS)
    settled(rig, qtbot)
    assert session.path == library / "training_data" / "input" / "monday_raw.wav"
    assert session.undo_stack.undoText() == "Edit of “monday”"
    assert len(session.edit_list.segments) == 4
    corrected = EditList.from_ranges([(0, 100_000)])
    session.apply_edit(corrected, "Cut")
    rig.window.commands["add_to_library"].trigger()
    settled(rig, qtbot)
    assert [row.name for row in pages.library.model.rows] == ["monday", "tuesday"]
    monday = pages.library.model.rows[0]
    assert (monday.by_hand, monday.verdict_text) == (True, "Good")
    assert monday.edit_s == pytest.approx(100_000 / 22_050, abs=1e-3)
    # What lies nowhere else goes only after a question.
    pages.library.choose("monday")
    pages.library.remove.click()
    press(box_of(rig), "Keep it")
    settled(rig, qtbot)
    assert len(pages.library.model.rows) == 2
    pages.library.remove.click()
    press(box_of(rig), "Remove it")
    settled(rig, qtbot)
    assert [row.name for row in pages.library.model.rows] == ["tuesday"]


def test_a_damaged_library_is_a_sentence(rig: Rig, qtbot: QtBot, library: Path) -> None:
    (library / "training_data" / "choices.json").write_text("{")
    show(rig, qtbot)
    assert "choices.json" in rig.dialog.text()
    assert "Traceback" not in rig.dialog.text()


def test_a_refused_pair_says_why_and_cannot_be_included(
    rig: Rig, qtbot: QtBot, tmp_path: Path
) -> None:
    pages = show(rig, qtbot)
    write_stranger(tmp_path / "data", "stranger")
    pages.library.files_given.emit([tmp_path / "data"])
    settled(rig, qtbot)
    (row,) = pages.library.model.rows
    assert (row.verdict_text, row.trains, row.is_problem) == ("Can't be aligned", False, True)
    assert "finished edit was found" in pages.library.explanation.text()
    assert not pages.library.include.isEnabled()
    assert not pages.library.plot.isVisibleTo(pages.library)


def test_what_is_being_done_is_stopped_and_nothing_is_lost(
    rig: Rig, qtbot: QtBot, library: Path
) -> None:
    shutil.rmtree(library / "training_data" / "pointer_sequences")
    rig.window.commands["training"].trigger()
    page = rig.window.training.pages.library
    qtbot.waitUntil(lambda: page.progress.isVisibleTo(page), timeout=PATIENCE_MS)
    assert page.doing.text() == "Aligning 2 pairs…"
    page.stop.click()
    settled(rig, qtbot)
    assert "kept" in rig.window.happened.text()
    assert [row.name for row in page.model.rows] == ["monday", "tuesday"]
    assert page.model.rows[1].verdict_text == "Not aligned yet"


def test_the_dock_is_hidden_at_first_and_comes_back_where_it_was(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    window = rig.window
    assert window.training.dock.isHidden()
    rig.open(qtbot, speech)
    qtbot.waitUntil(window.docks[1].isVisible)
    assert window.training.dock.isHidden()
    show(rig, qtbot)
    assert window.training.dock in window.tabifiedDockWidgets(window.docks[1])
    window.close()
    again = MainWindow(Settings(window.settings.path))
    qtbot.addWidget(again)
    again.show()
    again.open_path(speech)
    qtbot.waitUntil(lambda: not again.training.dock.isHidden(), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not again.runner.jobs, timeout=PATIENCE_MS)
    assert again.training.dock in again.tabifiedDockWidgets(again.docks[1])
    again.close()


def test_the_dock_that_is_shown_stays_when_a_recording_is_opened(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    show(rig, qtbot)
    rig.open(qtbot, speech)
    qtbot.waitUntil(rig.window.docks[0].isVisible)
    assert not rig.window.training.dock.isHidden()


# Trainings ----------------------------------------------------------------------------------------


def test_without_two_pairs_nothing_can_be_trained(rig: Rig, qtbot: QtBot) -> None:
    pages = show(rig, qtbot)
    rig.window.commands["start_training"].trigger()
    assert "two recordings" in rig.window.happened.text()
    assert not pages.train.start.isEnabled()
    pages.train.begin()
    assert not runs_folder().exists()
    for name in ("pause_training", "resume_training", "stop_training"):
        assert rig.window.commands.reason(name)


def test_presets_tell_how_long_they_take_here(rig: Rig, qtbot: QtBot, library: Path) -> None:
    del library
    write_speed(speed_path(), Speed(1.0, 0.0))
    pages = show(rig, qtbot)
    words = [label.text() for label in pages.train.times.values()]
    assert words == [
        "about 2 min (100 updates)", "about 5 min (300 updates)", "about 17 min (1000 updates)",
    ]  # fmt: skip
    assert duration_text(20) == "20 s"
    assert duration_text(3600 + 1200) == "1 h 20 min"


def test_what_is_chosen_is_what_is_asked_for(rig: Rig, qtbot: QtBot, library: Path) -> None:
    pages = show(rig, qtbot)
    pages.train.presets["thorough"].setChecked(True)
    pages.train.name.setText("A/B: mine")
    pages.train.start.click()
    qtbot.waitUntil(lambda: rig.window.training.runs.folder is not None, timeout=PATIENCE_MS)
    desk = rig.window.training.runs
    assert desk.request["updates"] == 1000
    assert desk.request["library"] == str(library)
    assert "/" not in desk.request["name"]
    assert "mine" in desk.request["name"]
    assert pages.train.reason == "A training is running."
    rig.window.commands["pause_training"].trigger()
    with qtbot.waitSignal(desk.ended, timeout=PATIENCE_MS):
        pass
    assert desk.status.state == runs.PAUSED


def test_a_training_is_followed_and_its_model_used(
    rig: Rig, qtbot: QtBot, request_of: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = show(rig, qtbot)
    desk = rig.window.training.runs
    desk.start(request_of)
    with qtbot.waitSignal(desk.ended, timeout=PATIENCE_MS) as ended:
        pass
    assert ended.args[0].state == runs.DONE
    settled(rig, qtbot)
    page = pages.train
    assert page.outcome.text().startswith("Better: the ends of your recordings")
    assert {0, 16} <= set(page.curves.checks)
    assert page.curves.losses
    assert not page.curves.grab().isNull()
    assert page.held == ("monday", "tuesday")
    model = models_folder() / "Mine.safetensors"
    assert model.is_file()
    assert (read_speed(speed_path()) or FAST).is_of_run
    assert page.start.isVisibleTo(page)
    # Heard on a recording of the library, as nothing is open.
    other = FakeEngine()
    monkeypatch.setattr(hearing, "load_bundled_engine", lambda _path: other)
    page.hear.click()
    qtbot.waitUntil(lambda: len(rig.window.takes.all) == 2, timeout=PATIENCE_MS)
    assert [take.name for take in rig.window.takes.all] == ["Model in use", "Mine"]
    assert (rig.engine.encoded, other.encoded) == (1, 1)
    assert rig.window.session.take == rig.window.takes.all[1].number
    settled(rig, qtbot)
    qtbot.waitUntil(lambda: page.use.isVisibleTo(page), timeout=PATIENCE_MS)
    page.use.click()
    settled(rig, qtbot)
    assert not page.use.isEnabled()
    assert rig.window.settings.model == "Mine.safetensors"
    assert "makes the edits from now on" in rig.window.happened.text()
    assert rig.window.generation.facts.checkpoint_hash != rig.engine.checkpoint_sha256


def test_nothing_is_called_better_that_is_not(
    rig: Rig, qtbot: QtBot, request_of: dict[str, Any]
) -> None:
    pages = show(rig, qtbot)
    desk = rig.window.training.runs
    desk.start(request_of | {"updates": 1, "learning_rate": 1e-9})
    with qtbot.waitSignal(desk.ended, timeout=PATIENCE_MS):
        pass
    assert pages.train.outcome.text().startswith("Not better")
    assert not pages.train.use.isVisibleTo(pages.train)
    assert not models_folder().exists()


def test_what_hinders_a_training_is_told(
    rig: Rig, qtbot: QtBot, request_of: dict[str, Any], tmp_path: Path
) -> None:
    pages = show(rig, qtbot)
    desk = rig.window.training.runs
    desk.start(request_of | {"library": str(tmp_path / "none")})
    with qtbot.waitSignal(desk.ended, timeout=PATIENCE_MS):
        pass
    assert "holds no library" in pages.train.doing.text()
    assert "holds no library" in rig.window.happened.text()
    pages.train.give_up.click()
    qtbot.waitUntil(lambda: not desk.can_resume, timeout=PATIENCE_MS)
    assert pages.train.start.isVisibleTo(pages.train)


def test_damaged_savings_are_a_sentence_and_a_new_start_is_possible(
    rig: Rig, qtbot: QtBot, request_of: dict[str, Any]
) -> None:
    pages = show(rig, qtbot)
    desk = rig.window.training.runs
    desk.start(request_of | {"updates": 100_000})
    desk.pause()
    with qtbot.waitSignal(desk.ended, timeout=PATIENCE_MS):
        pass
    assert desk.folder is not None
    (desk.folder / "latest.pt").write_bytes(b"damaged")
    with qtbot.waitSignal(desk.ended, timeout=PATIENCE_MS):
        pages.train.resume.click()
    assert desk.status.state == runs.FAILED
    assert desk.status.sentence in pages.train.doing.text()
    pages.train.give_up.click()
    press(box_of(rig), "Keep it")
    assert desk.can_resume
    pages.train.give_up.click()
    press(box_of(rig), "Discard it")
    qtbot.waitUntil(lambda: not desk.can_resume, timeout=PATIENCE_MS)
    assert pages.train.start.isEnabled()


@pytest.fixture
def long_run(rig: Rig, qtbot: QtBot, request_of: dict[str, Any]) -> RunDesk:
    """A training that is in the middle of it, and would go on for long."""
    show(rig, qtbot)
    desk = rig.window.training.runs
    desk.start(request_of | {"updates": 100_000})
    qtbot.waitUntil(lambda: desk.status.step > 0, timeout=PATIENCE_MS)
    return desk


def another_desk(qtbot: QtBot) -> RunDesk:
    """What another start of the program would have."""
    runner = JobRunner()
    desk = RunDesk(runner, runner)
    desk.find()
    qtbot.waitUntil(lambda: desk.has_looked and not runner.jobs, timeout=PATIENCE_MS)
    return desk


def test_a_paused_training_goes_on_after_a_restart(
    rig: Rig, qtbot: QtBot, long_run: RunDesk
) -> None:
    with qtbot.waitSignal(long_run.ended, timeout=PATIENCE_MS):
        long_run.pause()
    assert long_run.status.state == runs.PAUSED
    step = long_run.status.step
    later = another_desk(qtbot)
    runner = later.parent()
    assert isinstance(runner, JobRunner)
    assert (later.folder, later.can_resume, later.status.step) == (long_run.folder, True, step)
    assert later.events
    # Beginning another one, too, leaves what can go on.
    runs.sweep(runs_folder())
    assert later.folder is not None
    assert later.folder.is_dir()
    later.resume()
    qtbot.waitUntil(lambda: later.status.step > step, timeout=PATIENCE_MS)
    assert {"event": "resumed", "step": step} in later.events
    with qtbot.waitSignal(later.ended, timeout=PATIENCE_MS):
        later.finish()
    assert later.status.state in {runs.DONE, runs.NOTHING}
    later.close()
    runner.close()
    rig.window.training.runs.find()
    settled(rig, qtbot)
    assert rig.window.training.runs.status.state in {runs.DONE, runs.NOTHING}


def test_a_training_that_was_left_running_is_found_and_followed(
    qtbot: QtBot, long_run: RunDesk
) -> None:
    later = another_desk(qtbot)
    runner = later.parent()
    assert isinstance(runner, JobRunner)
    assert later.running
    seen = later.status.step
    qtbot.waitUntil(lambda: later.status.step > seen, timeout=PATIENCE_MS)
    with qtbot.waitSignal(later.ended, timeout=PATIENCE_MS):
        later.pause()
    assert later.status.state == runs.PAUSED
    later.close()
    runner.close()
    qtbot.waitUntil(lambda: not long_run.running, timeout=PATIENCE_MS)
    assert long_run.can_resume


def test_a_crash_is_told_and_costs_nothing(rig: Rig, qtbot: QtBot, long_run: RunDesk) -> None:
    assert rig.window.training.dock.windowTitle().startswith("Training 0%")
    process = long_run._process
    assert process is not None
    with qtbot.waitSignal(long_run.ended, timeout=PATIENCE_MS):
        process.kill()
    assert "ended unexpectedly" in rig.dialog.text()
    assert "not lost" in rig.dialog.informativeText()
    assert long_run.crashed
    page = rig.window.training.pages.train
    assert "ended unexpectedly" in page.doing.text()
    rig.dialog.accept()
    rig.window.commands["resume_training"].trigger()
    qtbot.waitUntil(lambda: long_run.status.state == "running", timeout=PATIENCE_MS)
    with qtbot.waitSignal(long_run.ended, timeout=PATIENCE_MS):
        rig.window.commands["stop_training"].trigger()
    assert long_run.status.state in {runs.DONE, runs.NOTHING}


def test_closing_the_window_asks_and_can_keep_the_progress(
    rig: Rig, qtbot: QtBot, long_run: RunDesk
) -> None:
    window = rig.window
    window.close()
    assert window.isVisible()
    press(box_of(rig), "Cancel")
    assert window.isVisible()
    window.close()
    press(box_of(rig), "Stop it, keep progress")
    assert not window.isVisible()
    folder = long_run.folder
    assert folder is not None
    qtbot.waitUntil(lambda: runs.read_status(folder).state == runs.PAUSED, timeout=PATIENCE_MS)


def test_closing_the_window_can_leave_it_running(rig: Rig, qtbot: QtBot, long_run: RunDesk) -> None:
    folder = long_run.folder
    assert folder is not None
    rig.window.close()
    press(box_of(rig), "Leave it running")
    assert not rig.window.isVisible()
    qtbot.waitUntil(lambda: runs.is_worked_on(folder), timeout=PATIENCE_MS)
    runs.want(folder, runs.PAUSE)
    qtbot.waitUntil(lambda: runs.read_status(folder).state == runs.PAUSED, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not runs.is_worked_on(folder), timeout=PATIENCE_MS)


# The door -----------------------------------------------------------------------------------------


def test_a_command_that_fails_tells_why(library: Path) -> None:
    arguments = ("choose", "--data_dir", str(library / "training_data"), "--", "nobody", "leave")
    with pytest.raises(TrainingCommandError, match="no sample “nobody”"):
        run_command(Command("training.library", arguments), CancelToken(), no_progress)
    with pytest.raises(TrainingCommandError):
        run_command(Command("training.nothing"), CancelToken(), no_progress)


def test_a_cancelled_command_ends() -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        run_command(Command("training.timing"), cancel, no_progress)


def test_damaged_files_of_a_training_are_as_none(tmp_path: Path) -> None:
    (tmp_path / "status.json").write_text('{"state": "running", "step": "x"')
    (tmp_path / "events.jsonl").write_bytes(b'{"event": "update", "step": 1}\n\xff\n{"event": "up')
    assert runs.read_status(tmp_path) == runs.RunStatus()
    looked = runs.look(
        runs.LookRequest(tmp_path, 0, None, False, tmp_path / "speed.json"),
        CancelToken(),
        no_progress,
    )
    assert looked.events == ({"event": "update", "step": 1},)
    speed = tmp_path / "speed.json"
    speed.write_text(json.dumps({"seconds_per_update": 0}))
    assert read_speed(speed) is None
