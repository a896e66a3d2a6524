"""Where a person's own models lie. Without any widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from editorbot_gui.training_dock.places import training_folder
from model_core.models.folder import ModelFolder
from resources import resource_path

if TYPE_CHECKING:
    from pathlib import Path


def models_folder() -> Path:
    """Returns where the person's own models lie; it need not be there yet."""
    return training_folder() / "models"


def own_models() -> ModelFolder:
    """Returns the person's models, with the bundled one."""
    return ModelFolder(models_folder(), resource_path("model", "editorbot.safetensors"))
