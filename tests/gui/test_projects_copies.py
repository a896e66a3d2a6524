"""Copies of unsaved work: where they lie, whose they are, and which are offered again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QLockFile, QSysInfo

from editorbot_gui.projects.copies import (
    COPY_SUFFIX,
    KeptWork,
    UnsavedCopy,
    data_folder,
    kept_work,
    kept_work_of,
    remove_leftovers,
)
from model_core.edit.project import Project, ProjectSource, read_project, write_project
from model_core.edit.types import EditList
from model_core.errors import FileWriteError

if TYPE_CHECKING:
    from collections.abc import Iterator

CUT = EditList.from_ranges([(0, 300), (500, 1000)])


@pytest.fixture
def work(tmp_path: Path) -> Project:
    return Project((ProjectSource(str(tmp_path / "a.wav"), 1000, 1000, "f0", 44),), CUT)


@pytest.fixture
def project(tmp_path: Path, work: Project) -> Path:
    path = tmp_path / "talk.editorbot"
    write_project(path, replace(work, edit_list=EditList.whole(1000)))
    return path


def copies_beside(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f".*{COPY_SUFFIX}"))


def test_a_copy_lies_hidden_beside_its_project(project: Path, work: Project) -> None:
    copy = UnsavedCopy(project)
    copy.keep(work)
    assert copies_beside(project) == [copy.path]
    assert read_project(copy.path or "") == replace(work, autosave_of=str(project))
    copy.retire(remove=True)
    assert list(project.parent.iterdir()) == [project]


def test_work_that_was_never_saved_lies_in_the_data_folder(work: Project) -> None:
    copy = UnsavedCopy(None)
    copy.keep(work)
    assert copy.path is not None
    assert copy.path.parent == data_folder()
    assert read_project(copy.path).autosave_of == ""
    copy.retire(remove=True)
    assert list(data_folder().iterdir()) == []


def test_a_project_whose_folder_went_away_is_kept_in_the_data_folder(
    tmp_path: Path, work: Project
) -> None:
    gone = tmp_path / "stick" / "talk.editorbot"
    copy = UnsavedCopy(gone)
    copy.keep(work)
    assert copy.path is not None
    assert copy.path.parent == data_folder()
    assert not gone.parent.exists()
    copy.retire(remove=False)
    assert [kept.project for kept in kept_work_of(gone)] == [gone]


def test_a_copy_moves_when_its_folder_goes_away(tmp_path: Path, work: Project) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    copy = UnsavedCopy(folder / "talk.editorbot")
    copy.keep(work)
    folder.rename(tmp_path / "pulled out")
    copy.keep(work)
    assert copy.path is not None
    assert copy.path.parent == data_folder()
    copy.retire(remove=True)


def test_no_place_at_all_is_told(
    tmp_path: Path, work: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(
        "editorbot_gui.projects.copies.data_folder", lambda: tmp_path / "file" / "unsaved"
    )
    copy = UnsavedCopy(None)
    with pytest.raises(FileWriteError):
        copy.keep(work)
    assert copy.path is None


def test_a_retired_copy_keeps_nothing(project: Path, work: Project) -> None:
    copy = UnsavedCopy(project)
    copy.retire(remove=True)
    copy.keep(work)
    assert copies_beside(project) == []


def test_two_windows_on_one_project_have_copies_of_their_own(project: Path, work: Project) -> None:
    one, other = UnsavedCopy(project), UnsavedCopy(project)
    one.keep(work)
    other.keep(replace(work, edit_list=EditList()))
    assert one.path != other.path
    assert kept_work_of(project) == (), "both live"
    other.retire(remove=True)
    assert read_project(one.path or "").edit_list == CUT
    one.retire(remove=False)
    assert [kept.work.edit_list for kept in kept_work_of(project)] == [CUT]


def test_what_is_left_can_be_taken_over_once(project: Path, work: Project) -> None:
    copy = UnsavedCopy(project)
    copy.keep(work)
    path = copy.path
    assert path is not None
    assert UnsavedCopy.taken_over(path, project) is None
    copy.retire(remove=False)
    taken = UnsavedCopy.taken_over(path, project)
    assert taken is not None
    assert UnsavedCopy.taken_over(path, project) is None
    taken.keep(replace(work, edit_list=EditList()))
    assert copies_beside(project) == [path]
    taken.retire(remove=True)


def test_left_work_is_found_newest_first_and_only_where_it_was_looked_for(
    project: Path, work: Project
) -> None:
    for age_s, place in ((50.0, None), (10.0, project), (90.0, None)):
        copy = UnsavedCopy(place)
        copy.keep(work)
        assert copy.path is not None
        moment = time.time() - age_s
        os.utime(copy.path, (moment, moment))
        copy.retire(remove=False)
    assert [kept.name for kept in kept_work(())] == ["a.wav", "a.wav"]
    found = kept_work((project,))
    assert [kept.name for kept in found] == ["talk", "a.wav", "a.wav"]
    assert [kept.project for kept in kept_work_of(project)] == [project]


def test_a_copy_that_is_just_being_written_is_nobodys_left_work(
    work: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = UnsavedCopy(None)
    seen: list[tuple[KeptWork, ...]] = []
    rename = Path.replace

    def look_and_rename(temporary: Path, target: Path) -> Path:
        assert read_project(temporary)
        seen.append(kept_work(()))
        return rename(temporary, target)

    monkeypatch.setattr(Path, "replace", look_and_rename)
    copy.keep(work)
    assert seen == [()]
    copy.retire(remove=True)


def test_a_copy_that_equals_its_project_goes_silently(project: Path, work: Project) -> None:
    write_project(project, work)
    copy = UnsavedCopy(project)
    copy.keep(work)
    copy.retire(remove=False)
    assert kept_work_of(project) == ()
    assert copies_beside(project) == []


def test_a_damaged_copy_is_left_where_it_is(project: Path, work: Project) -> None:
    damaged = project.with_name(f".talk.0badc0de{COPY_SUFFIX}")
    damaged.write_text("{")
    copy = UnsavedCopy(project)
    copy.keep(work)
    copy.retire(remove=False)
    assert [kept.copy for kept in kept_work_of(project)] == [copies_beside(project)[1]]
    assert damaged.exists()


def test_projects_with_names_that_begin_alike_are_told_apart(
    project: Path, work: Project, tmp_path: Path
) -> None:
    alike = tmp_path / "talk.2.editorbot"
    write_project(alike, replace(work, edit_list=EditList.whole(1000)))
    copy = UnsavedCopy(alike)
    copy.keep(work)
    copy.retire(remove=False)
    assert kept_work_of(project) == ()
    assert len(kept_work_of(alike)) == 1


HOLD = """
import sys
from PySide6.QtCore import QLockFile
lock = QLockFile(sys.argv[1])
lock.setStaleLockTime(0)
print(lock.tryLock(0), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(project: Path, work: Project) -> Iterator[subprocess.Popen[str]]:
    """Another process that works on a copy."""
    copy = UnsavedCopy(project)
    copy.keep(work)
    path = copy.path
    copy.retire(remove=False)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, f"{path}.lock"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


def test_work_is_offered_only_once_its_process_is_dead(
    project: Path, holder: subprocess.Popen[str]
) -> None:
    assert kept_work_of(project) == ()
    holder.kill()
    holder.wait()
    assert len(kept_work_of(project)) == 1


def test_the_lock_of_another_computer_counts_for_a_day(project: Path, work: Project) -> None:
    copy = UnsavedCopy(project)
    copy.keep(work)
    path = copy.path
    assert path is not None
    copy.retire(remove=False)
    lock = Path(f"{path}.lock")
    lock.write_text(f"{os.getpid()}\npython\nanother-{QSysInfo.machineHostName()}\nid\nboot\n")
    assert kept_work_of(project) == ()
    day_ago = time.time() - 86_500
    for file in (path, lock):
        os.utime(file, (day_ago, day_ago))
    assert len(kept_work_of(project)) == 1


def test_a_lock_is_never_stale_by_age_while_its_process_lives(project: Path, work: Project) -> None:
    copy = UnsavedCopy(project)
    copy.keep(work)
    week_ago = time.time() - 7 * 86_400
    for file in project.parent.glob(".*"):
        os.utime(file, (week_ago, week_ago))
    assert kept_work_of(project) == ()
    probe = QLockFile(f"{copy.path}.lock")
    probe.setStaleLockTime(0)
    assert not probe.tryLock(0)
    copy.retire(remove=True)


def test_temporary_files_of_a_killed_program_go_after_a_while(tmp_path: Path) -> None:
    names = (
        ".editorbot-0123456789abcdef.editorbot",
        ".editorbot-0123456789abcdef.unsaved",
        ".editorbot-0123456789abcdef.wav",
        ".editorbot-short.editorbot",
        "talk.editorbot",
    )
    hours_ago = time.time() - 7200
    for name in names:
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (hours_ago, hours_ago))
    fresh = tmp_path / ".editorbot-00112233445566ff.editorbot"
    fresh.write_text("")
    remove_leftovers(tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*names[2:], fresh.name}


def test_locks_without_a_copy_go_once_nobody_holds_them(project: Path) -> None:
    hours_ago = time.time() - 7200
    dead, live = (project.with_name(f".talk.{n}{COPY_SUFFIX}.lock") for n in ("dead", "live"))
    dead.write_text(f"999999999\npython\n{QSysInfo.machineHostName()}\n")
    held = QLockFile(str(live))
    assert held.tryLock(0)
    for path in (dead, live):
        os.utime(path, (hours_ago, hours_ago))
    remove_leftovers(project.parent)
    assert not dead.exists()
    assert live.exists()
    held.unlock()
