"""Small things that dialogs have in common: buttons without icons, and a size that fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtWidgets import QAbstractButton, QDialog


def without_icons(buttons: Iterable[QAbstractButton]) -> None:
    """Takes the icons off buttons."""
    for button in buttons:
        button.setIcon(QIcon())


_FRAME_PX = QSize(16, 56)
"""What the system draws around a dialog, or a little more."""


def fit_screen(dialog: QDialog, width: int, height: int) -> None:
    """Gives a dialog a size in pixels, or as much of it as the screen has room for."""
    room = dialog.screen().availableSize() - _FRAME_PX
    dialog.resize(QSize(width, height).boundedTo(room))
