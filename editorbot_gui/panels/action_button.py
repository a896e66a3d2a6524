"""A push button that is one of the window's actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPushButton, QWidget

from editorbot_gui.actions import plain
from editorbot_gui.theme import GRID_PX

if TYPE_CHECKING:
    from PySide6.QtGui import QAction


class ActionButton(QPushButton):
    """Looks and does as its action says, also when that is disabled for a while.

    Args:
        action: The action; it has to outlive the button.
        parent: The owner.
    """

    def __init__(self, action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._action = action
        self.setMinimumHeight(4 * GRID_PX)
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        self.setText(plain(self._action.text()))
        self.setIcon(self._action.icon())
        self.setToolTip(self._action.toolTip())
        self.setEnabled(self._action.isEnabled())
