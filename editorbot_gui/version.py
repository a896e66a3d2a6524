"""The program's version, installed or run from its source tree."""

from __future__ import annotations

import importlib.metadata
import tomllib
from pathlib import Path

_PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def editorbot_version() -> str:
    """Returns the version as in "0.1.0"; empty if nothing tells it."""
    try:
        project = tomllib.loads(_PYPROJECT.read_text(encoding="utf-8"))["project"]
        if project["name"] == "editorbot":
            return str(project["version"])
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        pass
    return version_of("editorbot")


def version_of(distribution: str) -> str:
    """Returns an installed version; empty where there is none, as in a frozen program."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""
