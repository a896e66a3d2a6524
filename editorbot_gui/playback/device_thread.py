"""Does what takes a sound device's time, such as opening and closing, away from the GUI thread."""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)


class DeviceThread:
    """Does one thing after the other, on a thread that is there only while there is something.

    Args:
        name: Of the thread.
        stays: Whether the thread stays when there is nothing to do.
    """

    def __init__(self, name: str, *, stays: bool = False) -> None:
        self._name = name
        self._stays = stays
        self._changed = threading.Condition()
        self._waiting: deque[Callable[[], None]] = deque()
        self._thread: threading.Thread | None = None

    def ask(self, work: Callable[[], None]) -> None:
        """Has something done, after all that was asked for before."""
        with self._changed:
            self._waiting.append(work)
            self._changed.notify()
            if self._thread is None:
                # A daemon so that a driver that hangs never keeps the program from ending.
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def join(self, timeout_s: float = 5.0) -> None:
        """Returns when all that was asked for is done, or after a while: a driver may hang."""
        with self._changed:
            thread = self._thread
        if thread is None:
            return
        done = threading.Event()
        self.ask(done.set)
        if done.wait(timeout_s) and not self._stays:
            thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._stays and not self._waiting:
                    self._changed.wait()
                if not self._waiting:
                    self._thread = None
                    return
                work = self._waiting.popleft()
            try:
                work()
            except Exception:
                log.exception("a sound device failed unexpectedly")
            del work
