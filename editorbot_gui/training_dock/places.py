"""Where library, trainings and what was measured lie on this system. Without any widget."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from editorbot_gui.settings import APP_NAME


def training_folder() -> Path:
    """Returns the folder of all that has to do with training; it need not be there yet."""
    return Path(platformdirs.user_data_dir(APP_NAME, appauthor=False)) / "training"


def library_folder() -> Path:
    """Returns where the personal library lies; it need not be there yet."""
    return training_folder() / "library"


def runs_folder() -> Path:
    """Returns where trainings lie, a folder each; it need not be there yet."""
    return training_folder() / "runs"


def speed_path() -> Path:
    """Returns the file that says how fast training is here; it need not be there yet."""
    return training_folder() / "speed.json"


def library_options(library: Path) -> tuple[str, ...]:
    """Returns what a command of the library is given to find it."""
    return (
        "--data_dir", str(library / "training_data"),
        "--cache_dir", str(library / "cache"),
    )  # fmt: skip
