"""Which networks can be chosen: the bundled one, and the person's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import platformdirs

from editorbot_gui.settings import APP_NAME

if TYPE_CHECKING:
    from model_core.progress import CancelToken, Progress

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
