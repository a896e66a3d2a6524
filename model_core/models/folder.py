"""A folder of models that belong to a person. Nothing in it is ever overwritten.

Whatever changes the folder holds its lock, in this process or another; files arrive under temporary
names, so that a list never shows half of one. Deleted models wait in a folder of their own. Which
models came from elsewhere is noted by their hashes: their files stay as they were exported, as
styles know their network by the hash.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from filelock import FileLock, Timeout

from model_core.errors import CheckpointError, FileWriteError
from model_core.files import atomic_path, file_write_error, why_unreadable, write_text_atomically
from model_core.models.model import Model, ModelKind, describe_model
from model_core.models.names import (
    BUNDLED_NAME,
    EXPORT_SUFFIX,
    SUFFIX,
    file_stem,
    free_name,
    is_taken,
    same_name,
)
from model_core.progress import CancelToken, Progress, no_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TRASH: Final = "deleted"
"""Folder that deleted models wait in."""
KEPT_DAYS: Final = 30
"""How long deleted models wait."""

_LOCK, _IMPORTED = ".lock", "imported.json"
_PATIENCE_S = 30.0
_BLOCK_BYTES = 1 << 20
_EXPORTED = "Choose a file that was exported by EditorBot."


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import.

    Attributes:
        model: The model, which is in the folder now.
        is_new: Whether it wasn't there before, under whatever name.
    """

    model: Model
    is_new: bool


class ModelFolder:
    """The models of a person, and the bundled one, which is only ever read.

    Args:
        folder: Where the person's own lie; it is made when something is put there.
        bundled: The checkpoint that came with the program.
    """

    def __init__(self, folder: Path, bundled: Path) -> None:
        self.folder = folder
        self.bundled = bundled

    def models(self) -> tuple[Model, ...]:
        """Returns the bundled model and the person's own, by name; also those that are damaged."""
        imported = self._imported()
        own = [describe_model(path, ModelKind.OWN) for path in _checkpoints(self.folder)]
        return (
            describe_model(self.bundled, ModelKind.BUNDLED),
            *(
                replace(model, kind=ModelKind.IMPORTED) if model.sha256 in imported else model
                for model in own
            ),
        )

    def deleted(self) -> tuple[Model, ...]:
        """Returns the models that were deleted and can be brought back, the latest first."""
        paths = sorted(_checkpoints(self.folder / TRASH), key=_changed_at, reverse=True)
        return tuple(describe_model(path, ModelKind.OWN) for path in paths)

    def find(self, name: str) -> Model:
        """Returns a model by its name, whatever its capitals.

        Raises:
            CheckpointError: There is none of that name.
        """
        return _named(self.models(), name.removesuffix(SUFFIX), "model")

    def path_of(self, key: str) -> Path:
        """Returns the file of a model by its `Model.key`, which need not be there."""
        return self.folder / key if key else self.bundled

    def add(self, name: str, write: Callable[[Path], None]) -> Path:
        """Puts a new model into the folder.

        Args:
            name: What it is to be called; it gets a number if that is another's name.
            write: Writes the file; what was there before is never touched.

        Returns:
            Its file.

        Raises:
            FileWriteError: It can't be written.
        """
        with self._changing():
            path = self._free_path(self.folder, name)
            write(path)
        return path

    def rename(self, model: Model, name: str) -> Model:
        """Calls a model otherwise.

        Raises:
            CheckpointError: It is the bundled one, or isn't there any more.
            FileWriteError: The name can't be given, or is another's.
        """
        _refuse_bundled(model, "renamed")
        stem = file_stem(name)
        if not stem:
            raise FileWriteError("A model needs a name with a letter in it.", "Write one.")
        target = model.path.with_name(stem + SUFFIX)
        with self._changing():
            _check_there(model)
            others = [path.stem for path in _checkpoints(self.folder) if path != model.path]
            if is_taken(stem, others):
                raise FileWriteError(
                    f"There is a model called “{stem}” already.", "Choose another name."
                )
            _move(model.path, target)
        return replace(model, path=target, name=stem)

    def remove(self, model: Model) -> Model:
        """Deletes a model: it waits for `KEPT_DAYS` days and can be brought back.

        Returns:
            The model where it waits, for `restore`.

        Raises:
            CheckpointError: It is the bundled one, or isn't there any more.
            FileWriteError: It can't be moved, because another program has it open for example.
        """
        _refuse_bundled(model, "deleted")
        trash = self.folder / TRASH
        with self._changing():
            _check_there(model)
            _make(trash)
            self._forget_old(trash)
            target = self._free_path(trash, model.name)
            _move(model.path, target)
            with suppress(OSError):
                os.utime(target)  # so long does it wait
        return replace(model, path=target)

    def restore(self, model: Model) -> Model:
        """Brings a deleted model back, under its name if that is still free.

        Raises:
            CheckpointError: It isn't there any more.
            FileWriteError: It can't be moved.
        """
        with self._changing():
            _check_there(model)
            target = self._free_path(self.folder, model.name)
            _move(model.path, target)
        return replace(model, path=target, name=target.stem)

    def find_deleted(self, name: str) -> Model:
        """Returns a deleted model by its name, the latest of several.

        Raises:
            CheckpointError: There is none of that name.
        """
        return _named(self.deleted(), name, "deleted model")

    def export(
        self,
        model: Model,
        target: Path,
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
    ) -> Path:
        """Writes a model as one file, which another computer can import.

        Args:
            model: The model.
            target: The file; what is there is replaced.
            progress: Told the finished share.
            cancel: Looked at between blocks.

        Returns:
            The file.

        Raises:
            CheckpointError: The model is damaged or gone.
            FileWriteError: The file can't be written, or is one of the models themselves.
        """
        target = exported_path(target)
        if self._is_model(target):
            raise FileWriteError(
                "A model can't be exported over one of your models.", "Choose another folder."
            )
        if model.reason:
            raise CheckpointError(model.reason)
        _check_there(model)
        with atomic_path(target) as temporary:
            _copy(model.path, temporary, model.sha256, progress, cancel)
        return target

    def import_file(
        self, source: Path, progress: Progress = no_progress, cancel: CancelToken | None = None
    ) -> Imported:
        """Brings a model in from a file, under the file's name.

        It is loaded once before it gets its place, so that a damaged or foreign one never does.
        One that is here already, under whatever name, isn't brought in twice.

        Args:
            source: What `export` wrote, or any checkpoint of EditorBot.
            progress: Told the finished share.
            cancel: Looked at between blocks.

        Raises:
            CheckpointError: It is no model of EditorBot, is damaged, or from a newer version.
            FileWriteError: It can't be written.
            CancelledError: The person has changed their mind.
        """
        from model_core.checkpoint import load_checkpoint
        from model_core.nn.card import MEND, checkpoint_hash

        try:
            load_checkpoint(source)
            sha256 = checkpoint_hash(source)
        except CheckpointError as error:
            sentence = error.sentence
            if sentence.startswith(source.name):
                sentence = f"“{source.name}”{sentence.removeprefix(source.name)}"
            mend = error.mend if error.mend != MEND else _EXPORTED
            raise CheckpointError(sentence, mend) from error
        except OSError as error:
            raise _unreadable(source, error) from error
        if cancel is not None:
            cancel.raise_if_cancelled()
        with self._changing():
            for model in self.models():
                if model.sha256 == sha256:
                    return Imported(model, is_new=False)
            # Noted first: a note without a model does no harm.
            self._note_import(sha256, source.name)
            target = self._free_path(self.folder, source.stem)
            with atomic_path(target) as temporary:
                _copy(source, temporary, sha256, progress, cancel)
        return Imported(describe_model(target, ModelKind.IMPORTED), is_new=True)

    def _free_path(self, folder: Path, name: str) -> Path:
        taken = [path.stem for path in _checkpoints(folder)]
        return folder / (free_name(name, taken) + SUFFIX)

    def _is_model(self, path: Path) -> bool:
        folders = (self.folder, self.folder / TRASH, self.bundled.parent)
        return path.absolute().parent.resolve() in {folder.resolve() for folder in folders}

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Holds the folder's lock."""
        _make(self.folder)
        lock = self.folder / _LOCK
        try:
            with FileLock(lock, timeout=_PATIENCE_S):
                yield
        except Timeout as error:
            raise FileWriteError(
                "Another EditorBot is changing your models.", "Try again in a moment."
            ) from error

    def _imported(self) -> dict[str, object]:
        """Returns what is known of the models that came from elsewhere, by their hashes."""
        try:
            values = json.loads((self.folder / _IMPORTED).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}  # what is lost with it is only where models came from
        return values if isinstance(values, dict) else {}

    def _note_import(self, sha256: str, name: str) -> None:
        known = self._imported()
        known[sha256] = {"from": name, "date": datetime.now(UTC).date().isoformat()}
        write_text_atomically(self.folder / _IMPORTED, json.dumps(known, indent=1) + "\n")

    @staticmethod
    def _forget_old(trash: Path) -> None:
        """Really deletes what has waited long enough."""
        oldest = time.time() - KEPT_DAYS * 24 * 60 * 60
        for path in _checkpoints(trash):
            if _changed_at(path) < oldest:
                with suppress(OSError):
                    path.unlink()


def exported_path(path: Path) -> Path:
    """Returns the name of an exported file with its suffix."""
    return path if path.suffix == EXPORT_SUFFIX else path.with_name(path.name + EXPORT_SUFFIX)


def _checkpoints(folder: Path) -> list[Path]:
    """Returns the checkpoints of a folder by name, without files that are being written."""
    try:
        found = [path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith(".")]
    except OSError:
        return []
    return sorted(found, key=lambda path: (path.stem.casefold(), path.stem))


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _named(models: tuple[Model, ...], name: str, what: str) -> Model:
    exact = [model for model in models if model.name == name]
    close = [model for model in models if same_name(model.name, name)]
    if not close:
        there = ", ".join(f"“{model.name}”" for model in models) or "none"
        raise CheckpointError(f"There is no {what} called “{name}”.", f"There is: {there}.")
    return (exact or close)[0]


def _refuse_bundled(model: Model, what: str) -> None:
    if model.is_bundled:
        raise CheckpointError(f"The {BUNDLED_NAME} model can't be {what}.")


def _check_there(model: Model) -> None:
    if not model.path.is_file():
        raise CheckpointError(f"The model “{model.name}” isn't there any more.")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise file_write_error(error, folder) from error


def _move(path: Path, target: Path) -> None:
    try:
        path.rename(target)
    except OSError as error:
        raise file_write_error(error, path) from error


def _copy(
    source: Path, target: Path, sha256: str, progress: Progress, cancel: CancelToken | None
) -> None:
    """Copies a file and looks whether the copy is what it should be.

    Raises:
        CheckpointError: It can't be read, or is another than it was.
    """
    from model_core.nn.card import checkpoint_hash

    try:
        reading = source.open("rb")
    except OSError as error:
        raise _unreadable(source, error) from error
    with reading, target.open("wb") as writing:
        size = max(1, os.fstat(reading.fileno()).st_size)
        while block := reading.read(_BLOCK_BYTES):
            if cancel is not None:
                cancel.raise_if_cancelled()
            writing.write(block)
            progress(min(1.0, writing.tell() / size), "")
    if checkpoint_hash(target) != sha256:
        raise CheckpointError(f"“{source.name}” has changed meanwhile.", "Try again.")


def _unreadable(path: Path, error: OSError) -> CheckpointError:
    return CheckpointError(f"“{path.name}” can't be read: {why_unreadable(error)}.")
