"""Copies of unsaved work: one file for each document, owned by the program that works on it.

A copy lies beside its project, hidden, or in the person's data folder where the work was never
saved or the project's folder can't be written. Its name is drawn at random, so that two windows
never write the same one, and a lock file with the process's number tells whether its owner lives.
"""

from __future__ import annotations

import contextlib
import logging
import re
import secrets
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from PySide6.QtCore import QLockFile, QSysInfo

from editorbot_gui.settings import APP_NAME
from model_core.edit.project import (
    Project,
    ProjectSource,
    ProjectTrack,
    project_bytes,
    read_project,
)
from model_core.errors import FileWriteError, ProjectError
from model_core.files import TEMPORARY_PREFIX, write_bytes_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from model_core.edit.mix import TrackLevel

log = logging.getLogger(__name__)

COPY_SUFFIX = ".unsaved"

_BEING_WRITTEN = re.compile(re.escape(TEMPORARY_PREFIX) + r"[0-9a-f]{16}\.(unsaved|editorbot)")
"""Name of a file that is being written, or was when the program was killed; no lock tells which."""
_LEFTOVER_AGE_S = 3600.0
_FOREIGN_AGE_S = 86_400.0


def data_folder() -> Path:
    """Returns where copies of work lie that was never saved."""
    return Path(platformdirs.user_data_dir(APP_NAME, appauthor=False)) / "unsaved"


class UnsavedCopy:
    """The copy of one document. Used by one thread at a time, but by any.

    Args:
        project: The project file that the document belongs to, or None.
    """

    def __init__(self, project: Path | None) -> None:
        self._project = project
        self._guard = threading.Lock()
        self._path: Path | None = None
        self._lock: QLockFile | None = None
        self._retired = False

    @classmethod
    def taken_over(cls, path: Path, project: Path | None) -> UnsavedCopy | None:
        """Returns the copy at `path` as one's own, or None if its owner lives."""
        lock = _locked(path)
        if lock is None:
            return None
        copy = cls(project)
        copy._path, copy._lock = path, lock
        return copy

    @property
    def path(self) -> Path | None:
        """Where it lies, or None if nothing is kept."""
        return self._path

    def keep(self, project: Project) -> None:
        """Replaces what is kept; nothing happens once the copy is retired.

        Raises:
            ProjectError: The work can't be written as a project.
            FileWriteError: Neither folder can be written.
        """
        work = replace(project, autosave_of=str(self._project or ""))
        with self._guard:
            if self._retired:
                return
            if self._path is not None:
                try:
                    write_bytes_atomically(self._path, project_bytes(self._path, work))
                except FileWriteError as error:  # a disk that was taken away: another place then
                    log.warning("the copy of unsaved work moves: %s", error)
                    self._let_go()
                else:
                    return
            self._keep_anew(work)

    def remove(self) -> None:
        """Removes what is kept, because it is saved or not wanted."""
        with self._guard:
            self._remove()

    def retire(self, *, remove: bool) -> None:
        """Ends the copy: nothing is kept from now on.

        Args:
            remove: Whether what is kept goes; else it stays to be found at the next start.
        """
        with self._guard:
            self._retired = True
            if remove:
                self._remove()
            else:
                self._let_go()

    def _keep_anew(self, work: Project) -> None:
        failure: FileWriteError | None = None
        for path in self._places():
            try:
                if path.parent == data_folder():
                    path.parent.mkdir(parents=True, exist_ok=True)
                lock = _locked(path)
                if lock is None:
                    raise FileWriteError(f"“{path.parent}” can't be written.")
                try:
                    write_bytes_atomically(path, project_bytes(path, work))
                except BaseException:
                    lock.unlock()
                    raise
            except FileWriteError as error:
                failure = error
            except OSError as error:
                failure = FileWriteError(f"“{path.parent}” can't be written: {error.strerror}.")
            else:
                self._path, self._lock = path, lock
                return
        if failure is not None:
            raise failure

    def _places(self) -> Iterator[Path]:
        token = secrets.token_hex(4)
        if self._project is not None:
            yield self._project.with_name(f"{_hidden(self._project)}{token}{COPY_SUFFIX}")
        yield data_folder() / f"{token}{COPY_SUFFIX}"

    def _remove(self) -> None:
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
        self._let_go()

    def _let_go(self) -> None:
        if self._lock is not None:
            self._lock.unlock()
        self._path = self._lock = None


@dataclass(frozen=True, slots=True)
class KeptWork:
    """Unsaved work whose program has ended.

    Attributes:
        copy: Where it lies.
        work: What was kept.
        project: The project file that it belongs to, or None.
        changed_s: When it was kept, in seconds since 1970.
    """

    copy: Path
    work: Project
    project: Path | None
    changed_s: float

    @property
    def name(self) -> str:
        """What the person knows it as: the project's name, or the recording's."""
        if self.project is not None:
            return self.project.stem
        return Path(self.work.sources[0].path).name if self.work.sources else self.copy.name


def kept_work(projects: Iterable[Path]) -> tuple[KeptWork, ...]:
    """Returns the work that programs which ended without saving have left, newest first.

    A copy that equals its project is removed: the program was ended between the two.

    Args:
        projects: The project files beside which to look, too.
    """
    places = dict.fromkeys([*_copies_in(data_folder()), *_beside(projects)])
    found = [kept for path in places if (kept := _left_alone(path)) is not None]
    return tuple(sorted(found, key=lambda kept: -kept.changed_s))


def kept_work_of(project: Path) -> tuple[KeptWork, ...]:
    """Returns the work on one project that was left, newest first."""
    return tuple(kept for kept in kept_work((project,)) if _same_path(kept.project, project))


def same_work(work: Project, saved: Project) -> bool:
    """Whether what is saved holds the same edits of the same recordings as some work."""
    return (
        work.edit_list == saved.edit_list
        and work.proposal == saved.proposal
        and work.changes == saved.changes
        and work.takes == saved.takes
        and work.markers == saved.markers
        and len(work.sources) == len(saved.sources)
        and all(map(_same_recording, work.sources, saved.sources))
    )


def _same_recording(source: ProjectSource, saved: ProjectSource) -> bool:
    if [_how_it_lies(track) for track in source.tracks] != list(map(_how_it_lies, saved.tracks)):
        return False
    ours = _hashes_by_place(source)
    return all(
        place in ours and (not known or ours[place] == known)
        for place, known in _hashes_by_place(saved).items()
    )


def _hashes_by_place(source: ProjectSource) -> dict[tuple[int, str], str]:
    """Returns the hashes of a recording's files by their places in it and their paths."""
    files = {(-1, source.path): source.content_hash}
    return files | {
        (index, track.path): track.content_hash for index, track in enumerate(source.tracks)
    }


def _how_it_lies(track: ProjectTrack) -> tuple[str, int, TrackLevel]:
    return track.name, track.offset, track.level


def remove_leftovers(folder: Path) -> None:
    """Removes what a program that was killed has left: half-written files, locks of no copy."""
    with contextlib.suppress(OSError):
        for path in folder.glob(f"{TEMPORARY_PREFIX}*"):
            if _BEING_WRITTEN.fullmatch(path.name) and _age_s(path) > _LEFTOVER_AGE_S:
                path.unlink(missing_ok=True)
        for path in folder.glob(f"*{COPY_SUFFIX}.lock"):
            copy = path.with_suffix("")
            if not copy.exists() and _age_s(path) > _LEFTOVER_AGE_S and (lock := _locked(copy)):
                lock.unlock()  # which removes it


def _left_alone(path: Path) -> KeptWork | None:
    """Returns what a copy holds if nobody works on it any more."""
    lock = _locked(path)
    if lock is None:
        return None
    try:
        work = read_project(path)
        changed_s = path.stat().st_mtime
        project = Path(work.autosave_of) if work.autosave_of else None
        if project is not None and _is_saved(work, project):
            path.unlink(missing_ok=True)
            return None
    except (ProjectError, OSError) as error:
        log.warning("a copy of unsaved work can't be used: %s", error)
        return None
    finally:
        lock.unlock()
    return KeptWork(path, work, project, changed_s)


def _is_saved(work: Project, project: Path) -> bool:
    try:
        return same_work(work, read_project(project))
    except ProjectError:
        return False


def _locked(path: Path) -> QLockFile | None:
    """Returns the lock of a copy, locked, or None if another program holds it."""
    lock = QLockFile(f"{path}.lock")
    lock.setStaleLockTime(0)  # only the end of its process makes a lock stale, never its age
    if lock.tryLock(0):
        return lock
    # Of a process on another computer nobody can tell whether it lives.
    _, host, _ = lock.getLockInfo()
    with contextlib.suppress(OSError):
        if host not in ("", QSysInfo.machineHostName()) and _age_s(path) > _FOREIGN_AGE_S:
            lock.setStaleLockTime(1)
            if lock.tryLock(0):
                return lock
    return None


def _copies_in(folder: Path) -> list[Path]:
    """Returns the copies in a folder, without those that are being written."""
    try:
        paths = sorted(folder.glob(f"*{COPY_SUFFIX}"))
        return [path for path in paths if not _BEING_WRITTEN.fullmatch(path.name)]
    except OSError:
        return []


def _beside(projects: Iterable[Path]) -> Iterator[Path]:
    for project in projects:
        hidden = _hidden(project)
        for path in _copies_in(project.parent):
            if path.name.startswith(hidden):
                yield path


def _hidden(project: Path) -> str:
    """Returns how the names of a project's copies begin."""
    return f".{project.stem}."


def _same_path(one: Path | None, other: Path) -> bool:
    if one is None:
        return False
    try:
        return one.samefile(other)
    except OSError:
        return one.absolute() == other.absolute()


def _age_s(path: Path) -> float:
    return time.time() - path.stat().st_mtime
