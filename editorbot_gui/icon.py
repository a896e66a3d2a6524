"""The program's own icon."""

from __future__ import annotations

from PySide6.QtGui import QIcon

from resources import resource_path


def app_icon() -> QIcon:
    """Returns the program's icon, drawn at any size."""
    return QIcon(str(resource_path("icons", "editorbot.svg")))
