"""Where a person's own models lie. Without any widget."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from editorbot_gui.settings import APP_NAME
from model_core.models.folder import ModelFolder
from resources import resource_path


def models_folder() -> Path:
    """Returns where the person's own models lie; it need not be there yet."""
    return Path(platformdirs.user_data_dir(APP_NAME, appauthor=False)) / "training" / "models"


def own_models() -> ModelFolder:
    """Returns the person's models, with the bundled one."""
    return ModelFolder(models_folder(), resource_path("model", "editorbot.safetensors"))
