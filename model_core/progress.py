"""Progress and cancellation, handed to every function that takes longer than a moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeAlias

from model_core.errors import CancelledError

Progress: TypeAlias = Callable[[float, str], None]
"""Called with the finished share, 0 to 1, and a phrase for the person."""


class CancelToken:
    """A flag that one thread sets and the working thread looks at."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Asks the work to stop."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether the work was asked to stop."""
        return self._event.is_set()

    def raise_if_cancelled(self) -> None:
        """Raises `CancelledError` if the work was asked to stop."""
        if self._event.is_set():
            raise CancelledError


def no_progress(_share: float, _phrase: str) -> None:
    """Ignores progress."""


def part_of(progress: Progress, start: float, stop: float) -> Progress:
    """Returns a progress whose 0 to 1 covers `start` to `stop` of another."""

    def report(share: float, phrase: str) -> None:
        progress(start + (stop - start) * share, phrase)

    return report
