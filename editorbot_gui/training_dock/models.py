"""The networks that there are: the bundled one, and the person's own. Without any widget."""

from __future__ import annotations

import re
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from editorbot_gui.training_dock.places import made
from model_core.errors import CheckpointError, FileWriteError
from model_core.files import atomic_path, file_write_error, why_unreadable
from resources import resource_path

if TYPE_CHECKING:
    from model_core.progress import CancelToken, Progress

SUFFIX: Final = ".safetensors"
BUNDLED: Final = resource_path("model", "editorbot.safetensors")
_MOST_LETTERS = 60
_MOST_BYTES = 4 << 30
_BLOCK_BYTES = 1 << 20
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Model:
    """A network that can be chosen.

    Attributes:
        path: Its file.
        name: How the person calls it.
        is_bundled: Whether it came with the program.
        date: When it was trained, as "2026-11-26"; empty if not known.
        n_pairs: Pairs that it has learned from; None if not known.
        before: Nats per event of the edits held out, before training; None if not known.
        after: The same after it.
        held_out: What the two are of; for the person.
        reason: Why it can't be used; empty if it can.
    """

    path: Path
    name: str
    is_bundled: bool = False
    date: str = ""
    n_pairs: int | None = None
    before: float | None = None
    after: float | None = None
    reason: str = ""

    @property
    def file_name(self) -> str:
        """How the choice of it is remembered; empty for the bundled one."""
        return "" if self.is_bundled else self.path.name


def list_models(folder: Path, _cancel: CancelToken, _progress: Progress) -> tuple[Model, ...]:
    """Returns the bundled network and those of a folder, by name; a job function."""
    try:
        paths = sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.name.casefold())
    except OSError:
        paths = []
    found = [model_of(path) for path in paths if not path.name.startswith(".")]
    return (model_of(BUNDLED, is_bundled=True), *found)


def model_of(path: Path, *, is_bundled: bool = False) -> Model:
    """Returns what a checkpoint says of itself, or why it can't be used."""
    from model_core.nn.card import read_card

    name = "EditorBot" if is_bundled else path.stem
    try:
        provenance = read_card(path).provenance
    except CheckpointError as error:
        return Model(path, name, is_bundled, reason=str(error))
    facts: dict[str, Any] = {}
    if isinstance(tuned := provenance.get("fine_tuned"), dict):
        facts = tuned
    pairs = facts.get("pairs")
    date = facts.get("date", provenance.get("date", ""))
    return Model(
        path,
        name,
        is_bundled,
        date=date if isinstance(date, str) else "",
        n_pairs=len(pairs) if isinstance(pairs, list) else None,
        before=_number(facts.get("nats_per_event_before")),
        after=_number(facts.get("nats_per_event_after")),
    )


def file_stem(name: str) -> str:
    """Returns a name that every system takes for a file, as close to what was written as can be."""
    plain = unicodedata.normalize("NFC", name)
    kept = "".join(letter if letter.isalnum() or letter in " -_()" else "-" for letter in plain)
    stem = " ".join(kept.split()).strip(" -.")[:_MOST_LETTERS].strip(" -.") or "model"
    return f"{stem}-model" if _RESERVED.fullmatch(stem) else stem


def free_path(folder: Path, name: str) -> Path:
    """Returns a file for a model of that name, which isn't there yet."""
    stem = file_stem(name)
    path, number = folder / f"{stem}{SUFFIX}", 1
    while path.exists():
        number += 1
        path = folder / f"{stem} {number}{SUFFIX}"
    return path


def rename(model: Model, name: str) -> Path:
    """Calls a model otherwise; returns its file.

    Raises:
        FileWriteError: There is one of that name, or it can't be renamed.
    """
    target = model.path.with_name(f"{file_stem(name)}{SUFFIX}")
    if target.name == model.path.name:
        return model.path
    same_letters = target.name.casefold() == model.path.name.casefold()
    if target.exists() and not same_letters:
        raise FileWriteError(f"There is a model “{target.stem}” already.", "Choose another name.")
    try:
        return model.path.rename(target)
    except OSError as error:
        raise file_write_error(error, target) from error


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """A file to copy.

    Attributes:
        source: The file.
        target: For an export the new file; for an import the folder of models.
    """

    source: Path
    target: Path


def export_model(request: CopyRequest, _cancel: CancelToken, _progress: Progress) -> Path:
    """Writes a model as one file; a job function.

    Raises:
        CheckpointError: It can't be read.
        FileWriteError: The file can't be written.
    """
    try:
        file = request.source.open("rb")
    except OSError as error:
        raise CheckpointError(
            f"“{request.source.name}” can't be read: {why_unreadable(error)}."
        ) from error
    with file, atomic_path(request.target) as temporary, temporary.open("wb") as copy:
        while block := file.read(_BLOCK_BYTES):
            copy.write(block)
    return request.target


def import_model(request: CopyRequest, _cancel: CancelToken, progress: Progress) -> Path:
    """Brings a model in from a file: a checkpoint, or a zip with one in it; a job function.

    It is loaded once before it gets its place, so that a damaged or foreign one never does.

    Raises:
        CheckpointError: It is no checkpoint of EditorBot, is damaged, or from a newer version.
        FileWriteError: It can't be written.
    """
    from editorbot_gui.preload import preload_torch

    preload_torch()
    from model_core.checkpoint import load_checkpoint

    folder = made(request.target)
    target = free_path(folder, request.source.stem)
    progress(0.2, "")
    with atomic_path(target) as temporary:
        _unpack(request.source, temporary)
        try:
            load_checkpoint(temporary)
        except CheckpointError as error:
            sentence = error.sentence.replace(temporary.name, f"“{request.source.name}”")
            raise CheckpointError(
                sentence, "Choose a model that was exported by EditorBot."
            ) from error
    return target


def _unpack(source: Path, target: Path) -> None:
    """Copies a checkpoint, out of a zip where it is in one."""
    try:
        if not zipfile.is_zipfile(source):
            with source.open("rb") as file, target.open("wb") as copy:
                while block := file.read(_BLOCK_BYTES):
                    copy.write(block)
            return
        with zipfile.ZipFile(source) as archive:
            inside = [
                entry
                for entry in archive.infolist()
                if entry.filename.endswith(SUFFIX) and entry.file_size <= _MOST_BYTES
            ]
            if len(inside) != 1:
                raise CheckpointError(f"“{source.name}” holds no model, or more than one.")
            with archive.open(inside[0]) as file, target.open("wb") as copy:
                while block := file.read(_BLOCK_BYTES):
                    copy.write(block)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise CheckpointError(f"“{source.name}” is damaged.") from error
    except OSError as error:
        if error.filename == str(target):
            raise
        raise CheckpointError(f"“{source.name}” can't be read: {why_unreadable(error)}.") from error


def delete_model(model: Model) -> None:
    """Deletes a model of the person's own.

    Raises:
        CheckpointError: It is the bundled one.
        FileWriteError: It can't be deleted.
    """
    if model.is_bundled or model.path.resolve() == BUNDLED.resolve():
        raise CheckpointError("The bundled model can't be deleted.")
    try:
        model.path.unlink(missing_ok=True)
    except OSError as error:
        raise file_write_error(error, model.path) from error


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
