"""Which networks can be chosen: the bundled one, and the person's own."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final

import platformdirs

from editorbot_gui.generation import load_bundled_engine
from editorbot_gui.settings import APP_NAME
from model_core.errors import CheckpointError

if TYPE_CHECKING:
    from editorbot_gui.generation import Engine
    from model_core.progress import CancelToken, Progress

log = logging.getLogger(__name__)

SUFFIX: Final = ".safetensors"
BUNDLED: Final = ""
"""How the choice of the bundled one is kept."""


def models_folder() -> Path:
    """Returns where the person's own networks lie; it need not be there yet."""
    return Path(platformdirs.user_data_dir(APP_NAME, appauthor=False)) / "training" / "models"


def find_models(folder: Path, _cancel: CancelToken, _progress: Progress) -> tuple[str, ...]:
    """Returns the file names of a person's own networks; a job function."""
    try:
        found = [path.name for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith(".")]
    except OSError:
        found = []
    return tuple(sorted(found, key=str.casefold))


def path_of(name: str) -> Path | None:
    """Returns the file of a network by its kept name; None for the bundled one."""
    return models_folder() / name if name else None


def load_chosen(path: Path) -> Engine:
    """Loads a network, or the bundled one where that can't be: it may have been removed."""
    try:
        return load_bundled_engine(path)
    except CheckpointError as error:
        log.warning("the chosen model can't be used: %s", error)
        return load_bundled_engine()
