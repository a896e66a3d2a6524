"""Draws the views one after another, each in an event of its own, and then shows them together.

Qt paints all that has changed in one event, and after an edit or a step of the wheel that is every
view. So what takes long, the drawing of their layers, is done before, view by view; between two of
them the event loop gets round to the keyboard and the mouse. The paint event only copies.
"""

from __future__ import annotations

from typing import Protocol

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal


class Drawn(Protocol):
    """What takes turns."""

    def draw(self) -> None:
        """Draws what has become out of date, if anything has."""

    def update(self) -> None:
        """Has what was drawn shown."""

    def isVisible(self) -> bool:  # noqa: N802 - Qt's own
        """Whether anybody could see it."""


class DrawingTurns(QObject):
    """Whose turn it is to draw.

    A view that asks again while others draw has to wait until these are shown, so that a wheel that
    never rests can't keep any from being seen.

    Args:
        parent: The owner.
    """

    _posted = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: list[Drawn] = []
        self._drawing: list[Drawn] = []
        self._drawn: list[Drawn] = []
        self._comes = False
        self._posted.connect(self._give_turn, Qt.ConnectionType.QueuedConnection)

    @property
    def due(self) -> bool:
        """Whether any view has still to draw or to be shown."""
        return self._comes

    def ask(self, view: Drawn) -> None:
        """Gives a view a turn."""
        if view not in self._drawing and view not in self._waiting:
            self._waiting.append(view)
        self._post()

    def _give_turn(self) -> None:
        """Has the next view draw; after the last one, all are shown."""
        self._comes = False
        if not self._drawing:
            self._drawing, self._waiting = self._waiting, []
        while self._drawing:
            view = self._drawing.pop(0)
            # What is hidden asks again when it is shown.
            if shiboken6.isValid(view) and view.isVisible():
                view.draw()
                self._drawn.append(view)
                break
        if not self._drawing:
            for view in filter(shiboken6.isValid, self._drawn):
                view.update()
            self._drawn.clear()
        if self._drawing or self._waiting:
            self._post()

    def _post(self) -> None:
        if not self._comes:
            self._comes = True
            self._posted.emit()
