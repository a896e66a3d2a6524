"""What is done with models in the background; plain job functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from editorbot_gui.preload import preload_torch
from model_core.errors import CancelledError, EditorBotError
from model_core.progress import part_of

if TYPE_CHECKING:
    from pathlib import Path

    from model_core.models.folder import Imported, ModelFolder
    from model_core.models.model import Model
    from model_core.progress import CancelToken, Progress


@dataclass(frozen=True, slots=True)
class Listed:
    """Which models there are.

    Attributes:
        models: The bundled one, and the person's own by name.
        deleted: Those that can be brought back, the latest first.
    """

    models: tuple[Model, ...] = ()
    deleted: tuple[Model, ...] = ()

    @property
    def usable(self) -> tuple[Model, ...]:
        """The models that can be chosen."""
        return tuple(model for model in self.models if not model.reason)

    def find(self, key: str) -> Model | None:
        """Returns a model by its `Model.key`, or None."""
        return next((model for model in self.models if model.key == key), None)


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """What a job does something with.

    Attributes:
        folder: The models.
        model: One of them.
        name: What it is to be called, where it is renamed.
        target: The file that it goes into, where it is exported.
    """

    folder: ModelFolder
    model: Model
    name: str = ""
    target: Path | None = None


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """Files that models are brought in from."""

    folder: ModelFolder
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of an import.

    Attributes:
        imported: What is in the folder now, of each file that is a model.
        errors: What hindered the others.
    """

    imported: tuple[Imported, ...]
    errors: tuple[EditorBotError, ...]


def list_models(folder: ModelFolder, _cancel: CancelToken, _progress: Progress) -> Listed:
    """Returns which models there are."""
    return Listed(folder.models(), folder.deleted())


def rename_model(request: ModelRequest, _cancel: CancelToken, _progress: Progress) -> Model:
    """Calls a model otherwise; see `ModelFolder.rename`."""
    return request.folder.rename(request.model, request.name)


def remove_model(request: ModelRequest, _cancel: CancelToken, _progress: Progress) -> Model:
    """Deletes a model so that it can be brought back; see `ModelFolder.remove`."""
    return request.folder.remove(request.model)


def restore_model(request: ModelRequest, _cancel: CancelToken, _progress: Progress) -> Model:
    """Brings a deleted model back; see `ModelFolder.restore`."""
    return request.folder.restore(request.model)


def export_model(request: ModelRequest, cancel: CancelToken, progress: Progress) -> Path:
    """Writes a model as one file; see `ModelFolder.export`."""
    if request.target is None:
        raise ValueError("No file is named.")
    return request.folder.export(request.model, request.target, progress, cancel)


def import_models(request: ImportRequest, cancel: CancelToken, progress: Progress) -> Brought:
    """Brings models in; a file that is none doesn't keep the others out.

    Raises:
        CancelledError: The person has changed their mind; what was brought in by then stays.
    """
    preload_torch()
    imported, errors = [], []
    n_files = len(request.files)
    for place, file in enumerate(request.files):
        part = part_of(progress, place / n_files, (place + 1) / n_files)
        try:
            imported.append(request.folder.import_file(file, part, cancel))
        except CancelledError:
            raise
        except EditorBotError as error:
            errors.append(error)
    return Brought(tuple(imported), tuple(errors))
