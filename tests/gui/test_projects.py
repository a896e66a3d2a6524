"""Projects in the real window: saved, opened, asked about, kept safe, restored, found again."""

from __future__ import annotations

import hashlib
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from PySide6.QtWidgets import QFileDialog, QMessageBox

from editorbot_gui.dialogs.recover import EDIT, NAME, RecoverDialog
from editorbot_gui.generation import EngineLoader
from editorbot_gui.main_window import MainWindow
from editorbot_gui.playback.player import Player
from editorbot_gui.projects import saving
from editorbot_gui.projects.copies import COPY_SUFFIX, UnsavedCopy, data_folder, kept_work_of
from editorbot_gui.settings import Settings
from model_core.edit.project import Project, ProjectSource, Take, read_project, write_project
from model_core.edit.types import ChangeState, EditList
from model_core.errors import ProjectError
from model_core.options import GenerateOptions
from tests.gui.fakes import FakeEngine
from tests.gui.playback_fakes import ManualBackend
from tests.gui.test_main_window import drop, old_drag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from model_core.progress import CancelToken, Progress
    from tests.gui.conftest import Rig

CUT = EditList.from_ranges([(0, 16_000), (24_000, 48_000)])
SHORT = EditList.from_ranges([(0, 16_000)])


@pytest.fixture
def edited(rig: Rig, qtbot: QtBot, speech: Path) -> Rig:
    """A window with a recording and a generated edit that isn't saved."""
    rig.open(qtbot, speech)
    rig.generate(qtbot)
    return rig


@pytest.fixture
def project(tmp_path: Path, speech: Path) -> Path:
    """A saved project of the recording, cut once, with all that a project may hold."""
    from model_core.audio.direct import hash_file
    from model_core.edit.coverage import changes_of

    size = speech.stat().st_size
    source = ProjectSource(str(speech), 16_000, 48_000, hash_file(speech), size)
    (change,) = changes_of(CUT, 48_000)
    path = tmp_path / "talk.editorbot"
    write_project(
        path,
        Project(
            (source,),
            CUT,
            changes=(replace(change, state=ChangeState.LOCKED),),
            takes=(Take("Short", SHORT, starred=True),),
            generate=GenerateOptions(tightness=0.25, target_length_s=12.0),
        ),
    )
    return path


def save(rig: Rig, qtbot: QtBot, path: Path) -> None:
    with qtbot.waitSignal(rig.window.projects.told):
        rig.window.projects.save_to(path)


def button(box: QMessageBox, text: str) -> None:
    """Presses a button of a question."""
    next(each for each in box.buttons() if each.text() == text).click()


def copies_beside(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f".*{COPY_SUFFIX}"))


def leave_work(project: Path | None, work: Project) -> Path:
    """Leaves unsaved work as a program does that is killed."""
    copy = UnsavedCopy(project)
    copy.keep(work)
    path = copy.path
    copy.retire(remove=False)
    assert path is not None
    return path


def recover_dialog(rig: Rig, qtbot: QtBot) -> RecoverDialog:
    qtbot.waitUntil(lambda: rig.window.findChild(RecoverDialog) is not None)
    dialog = rig.window.findChild(RecoverDialog)
    assert dialog is not None
    return dialog


def question(rig: Rig, qtbot: QtBot) -> QMessageBox:
    def shown() -> bool:
        return any(box.isVisible() for box in rig.window.findChildren(QMessageBox))

    qtbot.waitUntil(shown)
    return rig.dialog


# Saving -------------------------------------------------------------------------------------------


def test_what_was_saved_comes_back(edited: Rig, qtbot: QtBot, tmp_path: Path) -> None:
    window, path = edited.window, tmp_path / "talk.editorbot"
    window.generate_panel.tightness.setValue(80)
    window.generate_panel.target_length.setValue(2.0)
    session = window.session
    changes = (replace(session.changes[0], state=ChangeState.ACCEPTED), *session.changes[1:])
    session.apply_edit(session.edit_list, "Accept", session.proposal, changes=changes)
    before = session.snapshot
    save(edited, qtbot, path)
    assert not window.projects.modified
    edited.open(qtbot, session.path or path)
    assert not session.is_edited
    edited.open(qtbot, path)
    assert replace(session.snapshot, take=before.take) == before
    assert session.undo_stack.count() == 0
    assert window.page.facts.edited.text().startswith("3 cuts")
    assert window.generate_panel.options.tightness == 0.8
    assert window.generate_panel.options.target_length_s == 2.0
    assert not window.projects.modified


def test_a_project_knows_its_recording_by_content(
    edited: Rig, qtbot: QtBot, tmp_path: Path, speech: Path
) -> None:
    before = hashlib.blake2b(speech.read_bytes(), digest_size=20).hexdigest()
    save(edited, qtbot, tmp_path / "talk.editorbot")
    (source,) = read_project(tmp_path / "talk.editorbot").sources
    assert source == ProjectSource(str(speech), 16_000, 48_000, before, speech.stat().st_size)
    after = hashlib.blake2b(speech.read_bytes(), digest_size=20).hexdigest()
    assert after == before, "the recording is never written"


def test_the_title_tells_name_and_changes(edited: Rig, qtbot: QtBot, tmp_path: Path) -> None:
    window = edited.window
    assert window.isWindowModified()
    assert window.windowTitle().startswith("a talk – ü.wav[*]")
    save(edited, qtbot, tmp_path / "talk.editorbot")
    assert window.windowTitle().startswith("talk[*]")
    assert not window.isWindowModified()
    window.commands["undo"].trigger()
    assert window.isWindowModified()
    window.commands["redo"].trigger()
    assert not window.isWindowModified()


def test_the_first_save_asks_where_and_the_next_does_not(
    edited: Rig, qtbot: QtBot, tmp_path: Path
) -> None:
    window, path = edited.window, tmp_path / "a talk – ü.editorbot"
    window.commands["save"].trigger()
    dialog = window.findChild(QFileDialog)
    assert [Path(name) for name in dialog.selectedFiles()] == [path]
    with qtbot.waitSignal(window.projects.told):
        dialog.accept()
    assert window.settings.recent_files[0] == path
    window.session.apply_edit(SHORT, "Cut")
    with qtbot.waitSignal(window.projects.told):
        window.commands["save"].trigger()
    assert read_project(path).edit_list == SHORT


def test_save_as_goes_on_with_the_new_file(edited: Rig, qtbot: QtBot, tmp_path: Path) -> None:
    window = edited.window
    save(edited, qtbot, tmp_path / "one.editorbot")
    window.session.apply_edit(SHORT, "Cut")
    save(edited, qtbot, tmp_path / "two.editorbot")
    assert window.projects.path == tmp_path / "two.editorbot"
    assert read_project(tmp_path / "one.editorbot").edit_list != SHORT
    assert read_project(tmp_path / "two.editorbot").edit_list == SHORT


def test_a_name_without_the_suffix_gets_it_and_replaces_nothing(
    edited: Rig, qtbot: QtBot, tmp_path: Path, speech: Path
) -> None:
    save(edited, qtbot, speech)
    assert edited.window.projects.path == tmp_path / f"{speech.name}.editorbot"
    with qtbot.waitSignal(edited.window.projects.failed):
        edited.window.projects.save_to(speech)
    assert "exists already" in edited.dialog.text()


def test_changes_that_are_made_while_saving_stay_unsaved(
    edited: Rig, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, gate, written = edited.window, threading.Event(), saving.write_bytes_atomically

    def write_slowly(path: Path, data: bytes) -> None:
        gate.wait()
        written(path, data)

    monkeypatch.setattr(saving, "write_bytes_atomically", write_slowly)
    saved = window.session.edit_list
    with qtbot.waitSignal(window.projects.told):
        window.projects.save_to(tmp_path / "talk.editorbot")
        qtbot.waitUntil(lambda: any(job.words.startswith("Saving") for job in window.runner.jobs))
        window.session.apply_edit(SHORT, "Cut")
        gate.set()
    assert read_project(tmp_path / "talk.editorbot").edit_list == saved
    assert window.projects.modified


def test_a_disk_that_refuses_is_told_and_nothing_is_lost(
    edited: Rig, qtbot: QtBot, tmp_path: Path
) -> None:
    window, edit = edited.window, edited.window.session.edit_list
    with qtbot.waitSignal(window.projects.failed):
        window.projects.save_to(tmp_path / "absent" / "talk.editorbot")
    assert "doesn't exist" in edited.dialog.text()
    assert window.projects.modified
    assert window.session.edit_list == edit
    save(edited, qtbot, tmp_path / "talk.editorbot")


def test_a_recording_that_is_gone_does_not_keep_the_work_from_being_saved(
    edited: Rig, qtbot: QtBot, tmp_path: Path, speech: Path
) -> None:
    qtbot.waitUntil(lambda: not edited.window.runner.jobs)
    speech.rename(tmp_path / "gone.wav")
    save(edited, qtbot, tmp_path / "talk.editorbot")
    assert read_project(tmp_path / "talk.editorbot").edit_list == edited.window.session.edit_list


def test_takes_that_the_file_holds_stay_in_it(rig: Rig, qtbot: QtBot, project: Path) -> None:
    rig.open(qtbot, project)
    rig.window.session.apply_edit(SHORT, "Cut")
    with qtbot.waitSignal(rig.window.projects.told):
        rig.window.projects.save()
    assert "Short" in [take.name for take in read_project(project).takes]


# Opening ------------------------------------------------------------------------------------------


@old_drag
def test_a_project_is_opened_by_dropping_it(rig: Rig, qtbot: QtBot, project: Path) -> None:
    with qtbot.waitSignal(rig.window.session.source_changed):
        assert drop(rig.window, project)
    assert rig.window.session.edit_list == CUT
    assert [change.state for change in rig.window.session.changes] == [ChangeState.LOCKED]
    assert rig.window.generate_panel.options.tightness == 0.25
    assert rig.window.settings.recent_files == (project,)


def test_the_open_dialog_shows_projects_and_recordings(rig: Rig) -> None:
    rig.window.commands["open"].trigger()
    filters = rig.window.findChild(QFileDialog).nameFilters()
    assert "*.editorbot" in filters[0]
    assert "*.wav" in filters[0]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is not a project of EditorBot"),
        (b'{"format": "editorbot-project", "version": 99}', "newer EditorBot"),
        (b'{"format": "editorbot-project", "version": 1}', "It has no “sources”"),
    ],
)
def test_what_is_no_project_is_told_and_what_is_open_stays(
    edited: Rig, qtbot: QtBot, tmp_path: Path, data: bytes, sentence: str
) -> None:
    path = tmp_path / "bad.editorbot"
    path.write_bytes(data)
    edit = edited.window.session.edit_list
    edited.window.projects.give_up()
    with qtbot.waitSignal(edited.window.opener.failed):
        edited.window.open_path(path)
    assert sentence in edited.dialog.text()
    assert edited.window.session.edit_list == edit
    assert path.read_bytes() == data


def test_a_project_of_two_recordings_is_refused_in_words(
    rig: Rig, qtbot: QtBot, project: Path
) -> None:
    two = read_project(project)
    write_project(project, replace(two, sources=two.sources * 2))
    with qtbot.waitSignal(rig.window.opener.failed):
        rig.window.open_path(project)
    assert "edits 2 recordings" in rig.dialog.text()


# Asking first -------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["close", "open"])
def test_changes_are_never_left_without_asking(
    edited: Rig, qtbot: QtBot, project: Path, way: str
) -> None:
    window, edit = edited.window, edited.window.session.edit_list
    leave: Callable[[], object] = (
        window.close if way == "close" else lambda: window.open_path(project)
    )
    leave()
    assert window.isVisible()
    box = question(edited, qtbot)
    assert "a talk – ü.wav" in box.text()
    leave()
    assert sum(each.isVisible() for each in window.findChildren(QMessageBox)) == 1
    button(box, "Cancel")
    assert window.isVisible()
    assert window.session.edit_list == edit
    leave()
    button(question(edited, qtbot), "Don't save")
    if way == "close":
        assert not window.isVisible()
    else:
        qtbot.waitUntil(lambda: window.session.edit_list == CUT)
        qtbot.waitUntil(lambda: not window.runner.jobs)
    assert not list(data_folder().glob("*"))


def test_save_before_closing_saves_and_closes(edited: Rig, qtbot: QtBot, tmp_path: Path) -> None:
    window, path = edited.window, tmp_path / "talk.editorbot"
    save(edited, qtbot, path)
    window.session.apply_edit(SHORT, "Cut")
    window.close()
    button(question(edited, qtbot), "Save")
    qtbot.waitUntil(lambda: not window.isVisible())
    assert read_project(path).edit_list == SHORT


def test_work_that_was_never_saved_is_asked_for_a_name_before_closing(
    edited: Rig, qtbot: QtBot, tmp_path: Path
) -> None:
    window = edited.window
    window.close()
    button(question(edited, qtbot), "Save")
    window.findChild(QFileDialog).reject()
    assert window.isVisible(), "without a name nothing is saved, and so nothing is left"
    window.close()
    button(question(edited, qtbot), "Save")
    dialog = next(each for each in window.findChildren(QFileDialog) if each.isVisible())
    dialog.selectFile(str(tmp_path / "named.editorbot"))
    dialog.accept()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert read_project(tmp_path / "named.editorbot").edit_list == window.session.edit_list


def test_closing_right_after_saving_waits_for_the_file(
    edited: Rig, qtbot: QtBot, tmp_path: Path
) -> None:
    window, path = edited.window, tmp_path / "talk.editorbot"
    window.projects.save_to(path)
    window.close()
    assert window.isVisible()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert read_project(path).edit_list == window.session.edit_list
    assert window.findChildren(QMessageBox) == []


def test_a_save_that_fails_keeps_the_window_open(edited: Rig, qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    window = edited.window
    save(edited, qtbot, folder / "talk.editorbot")
    window.session.apply_edit(SHORT, "Cut")
    qtbot.waitUntil(lambda: copies_beside(folder / "talk.editorbot") != [])
    folder.rename(tmp_path / "pulled out")
    window.close()
    with qtbot.waitSignal(window.projects.failed):
        button(question(edited, qtbot), "Save")
    assert window.isVisible()
    assert window.projects.modified


def test_an_untouched_recording_closes_without_a_question(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    rig.open(qtbot, speech)
    rig.window.close()
    assert not rig.window.isVisible()


def test_changes_after_giving_up_are_left_to_be_found(
    edited: Rig, qtbot: QtBot, speech: Path
) -> None:
    """Opening takes its time; what is done meanwhile isn't what was given up."""
    window = edited.window
    window.open_path(speech)
    button(question(edited, qtbot), "Don't save")
    with qtbot.waitSignal(window.session.source_changed):
        window.session.apply_edit(SHORT, "Cut")
    qtbot.waitUntil(lambda: not window.runner.jobs)
    (left,) = data_folder().glob(f"*{COPY_SUFFIX}")
    assert read_project(left).edit_list == SHORT


# Kept safe ----------------------------------------------------------------------------------------


def test_unsaved_work_is_on_disk_within_two_seconds(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    def kept() -> list[EditList]:
        edits = []
        for path in data_folder().glob(f"*{COPY_SUFFIX}"):
            # A copy may be taken away between being listed and being read.
            with suppress(ProjectError):
                edits.append(read_project(path).edit_list)
        return edits

    rig.open(qtbot, speech)
    session = rig.window.session
    for edit in (CUT, SHORT):
        session.apply_edit(edit, "Cut")
        qtbot.waitUntil(lambda edit=edit: kept() == [edit], timeout=2000)
    session.undo_stack.undo()
    session.undo_stack.undo()
    qtbot.waitUntil(lambda: kept() == [], timeout=2000)


def test_a_saved_project_is_kept_beside_itself(rig: Rig, qtbot: QtBot, project: Path) -> None:
    rig.open(qtbot, project)
    saved = project.read_bytes()
    rig.window.session.apply_edit(SHORT, "Cut")
    qtbot.waitUntil(lambda: copies_beside(project) != [], timeout=2000)
    assert project.read_bytes() == saved
    with qtbot.waitSignal(rig.window.projects.told):
        rig.window.projects.save()
    qtbot.waitUntil(lambda: copies_beside(project) == [])


def test_work_that_cannot_be_kept_is_told_once(
    rig: Rig, qtbot: QtBot, speech: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(
        "editorbot_gui.projects.copies.data_folder", lambda: tmp_path / "file" / "unsaved"
    )
    rig.open(qtbot, speech)
    told: list[str] = []
    rig.window.projects.noticed.connect(lambda sentence, _button, _do: told.append(sentence))
    for edit in (SHORT, CUT):
        with qtbot.waitSignal(
            rig.window.runner.job_ended, check_params_cb=lambda job: job.words.startswith("Keeping")
        ):
            rig.window.session.apply_edit(edit, "Cut")
    assert len(told) == 1
    assert told[0].startswith("Unsaved changes can't be kept safe")


# Restored -----------------------------------------------------------------------------------------


@pytest.fixture
def again(qtbot: QtBot, own_folders: Path) -> Iterator[Callable[[], Rig]]:
    """Starts the program anew, beside what still runs."""
    from tests.gui.conftest import Rig

    rigs: list[Rig] = []

    def start() -> Rig:
        engine, backend = FakeEngine(), ManualBackend()
        window = MainWindow(
            Settings(own_folders / "settings.ini"),
            EngineLoader(lambda: engine),
            Player(backend=backend, threaded=False),
        )
        qtbot.addWidget(window)
        window.show()
        rigs.append(Rig(window, engine, backend))
        return rigs[-1]

    yield start
    for rig in rigs:
        for box in rig.window.findChildren(QMessageBox):
            box.close()
        rig.window.projects.give_up()
        rig.window.close()


def test_work_that_was_left_is_offered_and_restored(
    edited: Rig, again: Callable[[], Rig], qtbot: QtBot, tmp_path: Path
) -> None:
    before = edited.window.session.snapshot
    qtbot.waitUntil(lambda: len(list(data_folder().glob(f"*{COPY_SUFFIX}"))) == 1)
    other = again()
    with qtbot.waitSignal(other.window.runner.idled):
        other.window.projects.look_for_kept_work()
    assert other.window.findChild(RecoverDialog) is None, "its program still runs"
    edited.window.hide()
    edited.window.close()  # hidden, it asks nobody
    other.window.projects.look_for_kept_work()
    dialog = recover_dialog(other, qtbot)
    assert dialog.table.item(0, NAME).text() == "a talk – ü.wav"
    assert dialog.table.item(0, EDIT).text().startswith("3 cuts, 3.00 s → ")
    with qtbot.waitSignal(other.window.session.source_changed):
        dialog.restore.click()
    assert replace(other.window.session.snapshot, take=before.take) == before
    assert other.window.isWindowModified()
    assert other.window.projects.path is None
    qtbot.waitUntil(lambda: not other.window.runner.jobs)
    save(other, qtbot, tmp_path / "talk.editorbot")
    qtbot.waitUntil(lambda: list(data_folder().iterdir()) == [])


def test_left_work_of_a_recent_project_is_found_at_the_start(
    rig: Rig, qtbot: QtBot, project: Path
) -> None:
    leave_work(project, replace(read_project(project), edit_list=SHORT))
    rig.window.settings.add_recent_file(project)
    rig.window.projects.look_for_kept_work()
    dialog = recover_dialog(rig, qtbot)
    with qtbot.waitSignal(rig.window.session.source_changed):
        dialog.restore.click()
    assert rig.window.session.edit_list == SHORT
    assert rig.window.projects.path == project
    assert rig.window.isWindowModified()
    with qtbot.waitSignal(rig.window.projects.told):
        rig.window.projects.save()
    assert read_project(project).edit_list == SHORT
    qtbot.waitUntil(lambda: copies_beside(project) == [])


def test_opening_a_project_offers_the_work_that_was_left_on_it(
    rig: Rig, qtbot: QtBot, project: Path
) -> None:
    leave_work(project, replace(read_project(project), edit_list=SHORT))
    rig.window.open_path(project)
    dialog = recover_dialog(rig, qtbot)
    with qtbot.waitSignal(rig.window.session.source_changed):
        dialog.later.click()
    assert rig.window.session.edit_list == CUT
    assert len(kept_work_of(project)) == 1, "it stays until somebody decides"


def test_work_is_offered_once_although_it_is_found_twice(
    rig: Rig, qtbot: QtBot, project: Path
) -> None:
    leave_work(project, replace(read_project(project), edit_list=SHORT))
    rig.window.settings.add_recent_file(project)
    rig.window.open_path(project)
    rig.window.projects.look_for_kept_work()
    dialog = recover_dialog(rig, qtbot)
    qtbot.waitUntil(lambda: not rig.window.runner.jobs)
    assert rig.window.findChildren(RecoverDialog) == [dialog]
    dialog.reject()
    qtbot.waitUntil(lambda: rig.window.session.edit_list == CUT)
    qtbot.waitUntil(lambda: not rig.window.runner.jobs)


def test_left_work_goes_only_when_it_is_discarded(rig: Rig, qtbot: QtBot, project: Path) -> None:
    leave_work(project, replace(read_project(project), edit_list=SHORT))
    rig.window.open_path(project)
    dialog = recover_dialog(rig, qtbot)
    dialog.discard.click()
    button(dialog.findChildren(QMessageBox)[-1], "Cancel")
    assert len(copies_beside(project)) == 1
    dialog.discard.click()
    with qtbot.waitSignal(rig.window.session.source_changed):
        button(dialog.findChildren(QMessageBox)[-1], "Discard")
    qtbot.waitUntil(lambda: not rig.window.runner.jobs)
    assert rig.window.session.edit_list == CUT
    assert copies_beside(project) == []


def test_other_work_is_a_notice_where_something_is_open(
    edited: Rig, qtbot: QtBot, project: Path
) -> None:
    leave_work(None, replace(read_project(project), edit_list=SHORT))
    edited.window.projects.look_for_kept_work()
    qtbot.waitUntil(edited.window.notice.isVisible)
    edited.window.notice.button.click()
    dialog = recover_dialog(edited, qtbot)
    dialog.restore.click()
    button(question(edited, qtbot), "Don't save")
    qtbot.waitUntil(lambda: edited.window.session.edit_list == SHORT)
    qtbot.waitUntil(lambda: not edited.window.runner.jobs)


def test_work_is_restored_although_its_project_is_damaged(
    rig: Rig, qtbot: QtBot, project: Path
) -> None:
    leave_work(project, replace(read_project(project), edit_list=SHORT))
    project.write_bytes(b"")
    rig.window.open_path(project)
    dialog = recover_dialog(rig, qtbot)
    with qtbot.waitSignal(rig.window.session.source_changed):
        dialog.restore.click()
    assert rig.window.session.edit_list == SHORT


# Two windows --------------------------------------------------------------------------------------


def test_two_windows_on_one_project_destroy_nothing_of_each_other(
    rig: Rig, again: Callable[[], Rig], qtbot: QtBot, project: Path
) -> None:
    rig.open(qtbot, project)
    rig.window.session.apply_edit(SHORT, "Cut")
    qtbot.waitUntil(lambda: len(copies_beside(project)) == 1)
    other = again()
    other.open(qtbot, project)
    assert other.window.findChild(RecoverDialog) is None
    whole = EditList.whole(48_000)
    other.window.session.apply_edit(whole, "Restore")
    qtbot.waitUntil(lambda: len(copies_beside(project)) == 2)
    kept = {read_project(path).edit_list for path in copies_beside(project)}
    assert kept == {SHORT, whole}
    with qtbot.waitSignal(other.window.projects.told):
        other.window.projects.save()
    qtbot.waitUntil(lambda: len(copies_beside(project)) == 1)
    assert [read_project(path).edit_list for path in copies_beside(project)] == [SHORT]

    rig.window.projects.save()
    button(question(rig, qtbot), "Cancel")
    assert read_project(project).edit_list == whole
    assert rig.window.projects.modified
    rig.window.projects.save()
    with qtbot.waitSignal(rig.window.projects.told):
        button(question(rig, qtbot), "Replace")
    assert read_project(project).edit_list == SHORT


def test_what_another_has_saved_can_be_kept_by_saving_as(
    rig: Rig, qtbot: QtBot, project: Path, tmp_path: Path
) -> None:
    rig.open(qtbot, project)
    rig.window.session.apply_edit(SHORT, "Cut")
    theirs = replace(read_project(project), edit_list=EditList.whole(48_000))
    write_project(project, theirs)
    rig.window.projects.save()
    button(question(rig, qtbot), "Save as…")
    dialog = rig.window.findChild(QFileDialog)
    dialog.selectFile(str(tmp_path / "mine.editorbot"))
    with qtbot.waitSignal(rig.window.projects.told):
        dialog.accept()
    assert read_project(project) == theirs
    assert read_project(tmp_path / "mine.editorbot").edit_list == SHORT


# Found again --------------------------------------------------------------------------------------


def test_a_recording_beside_the_project_is_found_by_content(
    rig: Rig, qtbot: QtBot, project: Path, speech: Path, tmp_path: Path
) -> None:
    (tmp_path / "decoy.wav").write_bytes(bytes(speech.stat().st_size))
    folder = tmp_path / "moved"
    folder.mkdir()
    moved = project.rename(folder / project.name)
    renamed = speech.rename(folder / "new name.wav")
    rig.open(qtbot, moved)
    assert rig.window.session.path == renamed
    assert rig.window.session.edit_list == CUT
    assert "was found at" in rig.window.notice.sentence.text()
    assert rig.window.isWindowModified(), "its new place isn't saved yet"
    with qtbot.waitSignal(rig.window.projects.told):
        rig.window.projects.save()
    assert read_project(moved).sources[0].path == str(renamed)


def test_a_project_and_its_recording_move_together(
    rig: Rig, qtbot: QtBot, project: Path, speech: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "moved"
    folder.mkdir()
    project = project.rename(folder / project.name)
    speech.rename(folder / speech.name)
    rig.open(qtbot, project)
    assert not rig.window.isWindowModified()


def test_a_lost_recording_is_asked_for(
    rig: Rig, qtbot: QtBot, project: Path, speech: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    moved = speech.rename(tmp_path / "elsewhere" / "b.wav")
    rig.window.open_path(project)
    box = question(rig, qtbot)
    assert "isn't where it was" in box.text()
    assert str(speech) in box.informativeText()
    assert "3.00 s, 16 kHz" in box.informativeText()
    button(box, "Choose the recording…")
    dialog = rig.window.findChild(QFileDialog)
    with qtbot.waitSignal(rig.window.session.source_changed):
        dialog.fileSelected.emit(str(moved))
    dialog.close()
    assert rig.window.session.path == moved
    assert rig.window.session.edit_list == CUT
    assert rig.window.isWindowModified()


def test_a_file_that_is_no_recording_costs_nothing(
    rig: Rig, qtbot: QtBot, project: Path, speech: Path
) -> None:
    rig.open(qtbot, project)
    speech.unlink()
    rig.window.open_path(project)
    button(question(rig, qtbot), "Choose the recording…")
    dialog = rig.window.findChild(QFileDialog)
    notes = project.with_name("notes.txt")
    notes.write_text("No sound at all.")
    with qtbot.waitSignal(rig.window.opener.failed):
        dialog.fileSelected.emit(str(notes))
    dialog.close()
    assert rig.window.session.edit_list == CUT
    assert rig.window.settings.recent_files == (project,)


def test_a_recording_that_changed_is_used_only_when_asked_for(
    rig: Rig, qtbot: QtBot, project: Path, speech: Path
) -> None:
    samples, rate = soundfile.read(speech, dtype="int16")
    soundfile.write(speech, samples // 2, rate)
    rig.window.open_path(project)
    box = question(rig, qtbot)
    assert "has changed since the project was saved" in box.text()
    button(box, "Cancel")
    assert rig.window.session.source is None
    rig.window.open_path(project)
    with qtbot.waitSignal(rig.window.session.source_changed):
        button(question(rig, qtbot), "Use this file")
    assert rig.window.session.edit_list == CUT
    assert rig.window.isWindowModified(), "the project doesn't know the new content yet"
    with qtbot.waitSignal(rig.window.projects.told):
        rig.window.projects.save()
    assert not rig.window.isWindowModified()
    changed = hashlib.blake2b(speech.read_bytes(), digest_size=20).hexdigest()
    assert read_project(project).sources[0].content_hash == changed


@pytest.mark.parametrize(
    ("n_samples", "rate", "sentence"),
    [(30_000, 16_000, "ends before the edit does"), (48_000, 44_100, "it has 44.1 kHz")],
)
def test_a_recording_that_cannot_stand_in_is_refused(
    rig: Rig,
    qtbot: QtBot,
    project: Path,
    speech: Path,
    n_samples: int,
    rate: int,
    sentence: str,
) -> None:
    soundfile.write(speech, np.zeros(n_samples, np.int16), rate)
    rig.window.open_path(project)
    box = question(rig, qtbot)
    assert sentence in box.informativeText()
    assert "Use this file" not in [each.text() for each in box.buttons()]


def test_the_original_beside_the_project_is_preferred_to_a_changed_one(
    rig: Rig, qtbot: QtBot, project: Path, speech: Path, tmp_path: Path
) -> None:
    original = tmp_path / "original.wav"
    original.write_bytes(speech.read_bytes())
    soundfile.write(speech, np.zeros(48_000, np.int16), 16_000)
    rig.open(qtbot, project)
    assert rig.window.session.path == original


# The hash -----------------------------------------------------------------------------------------


def test_saving_can_be_cancelled_while_the_recording_is_read(
    edited: Rig, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hash_forever(_path: Path, cancel: CancelToken, _progress: Progress) -> str:
        while True:
            cancel.raise_if_cancelled()

    window = edited.window
    qtbot.waitUntil(lambda: not window.runner.jobs)
    window.projects._hash = ""
    monkeypatch.setattr("editorbot_gui.projects.projects.hash_recording", hash_forever)
    window.projects.save_to(tmp_path / "talk.editorbot")
    qtbot.waitUntil(window.job_bar.isVisible)
    with qtbot.waitSignal(window.projects.told):
        window.commands["cancel"].trigger()
    assert not (tmp_path / "talk.editorbot").exists()
    monkeypatch.undo()
    save(edited, qtbot, tmp_path / "talk.editorbot")
