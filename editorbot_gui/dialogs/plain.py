"""Dialog buttons without the icons that some styles put on them: the words say it all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QIcon

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtWidgets import QAbstractButton


def without_icons(buttons: Iterable[QAbstractButton]) -> None:
    """Takes the icons off buttons."""
    for button in buttons:
        button.setIcon(QIcon())
