"""Full collections of garbage wait until nobody would notice.

With hours of work in the history Python looks through hundreds of thousands of objects for garbage
in cycles, and holds the interpreter meanwhile: for two or three frames, just when something is
being done. Young objects are still looked through as usual, which takes a millisecond at most.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QCursor

if TYPE_CHECKING:
    from collections.abc import Callable

_LOOK_MS = 10_000
_NEVER = 1_000_000_000
_DUE = 10
"""Python's own measure: so many collections of younger objects since the last full one."""


class FullCollections(QObject):
    """Has garbage collected in full while the person does nothing in the window.

    Args:
        at_work: What is different after anything that a person does, or None while a pause would
            be noticed, as when something is played.
        parent: The owner.
    """

    def __init__(self, at_work: Callable[[], object], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._at_work = at_work
        self._seen: object = None
        self._thresholds = gc.get_threshold()
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """Takes the full collections over from Python."""
        young, middle, _ = self._thresholds
        gc.set_threshold(young, middle, _NEVER)
        self._timer.start()

    def stop(self) -> None:
        """Leaves them to Python again."""
        self._timer.stop()
        gc.set_threshold(*self._thresholds)

    def look(self) -> None:
        """Collects if that is due, and nothing has been done since the last look."""
        now = self._at_work()
        seen, self._seen = self._seen, (now, QCursor.pos())
        if now is not None and seen == self._seen and gc.get_count()[2] >= _DUE:
            gc.collect()
