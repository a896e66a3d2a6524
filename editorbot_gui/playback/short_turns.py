"""Hands the interpreter over more often while a sound device is open."""

from __future__ import annotations

import sys
import threading

# A device's callback waits for the interpreter while other threads compute. Python hands it over
# every 5 ms by default, which is too long a wait for a device that holds 20 ms.
_SWITCH_INTERVAL_S = 0.001


class ShortTurns:
    """Counts those who want short turns; the last one to leave puts back what was."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._users = 0
        self._interval_s = 0.0

    def begin(self) -> None:
        """Makes the turns short, if they aren't yet."""
        with self._guard:
            if self._users == 0:
                self._interval_s = sys.getswitchinterval()
                sys.setswitchinterval(_SWITCH_INTERVAL_S)
            self._users += 1

    def end(self) -> None:
        """Gives up one's wish for short turns."""
        with self._guard:
            self._users -= 1
            if self._users == 0:
                sys.setswitchinterval(self._interval_s)


short_turns = ShortTurns()
"""Of the process."""
