"""How fast training is on this machine, measured, and what follows for how long one takes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from model_core.errors import EditorBotError
from model_core.files import write_text_atomically

if TYPE_CHECKING:
    from pathlib import Path

_START_S: Final = 8.0
_LOOKS: Final = 12
_USUAL_MINUTE_S: Final = 0.3
_HELD_OUT_SHARE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast training is on this machine.

    Attributes:
        seconds_per_update: For one update.
        seconds_per_minute: To look at one minute of a held-out recording.
        is_of_run: Whether it is of a training rather than of a short trial.
    """

    seconds_per_update: float
    seconds_per_minute: float
    is_of_run: bool = False

    @classmethod
    def of_run(cls, seconds_per_update: float, before: Speed | None) -> Speed:
        """Returns what a training has told, with the rest as it was known before."""
        minute = before.seconds_per_minute if before is not None else _USUAL_MINUTE_S
        return cls(seconds_per_update, minute, is_of_run=True)

    def estimate(self, updates: int, minutes: float) -> float:
        """Returns how long a training takes, in seconds.

        Args:
            updates: How many it makes.
            minutes: Length of the recordings that are learned from or held out.
        """
        # All pairs are looked at once, and a part of them again and again.
        looked_at = minutes * (1 + _LOOKS * _HELD_OUT_SHARE)
        return _START_S + updates * self.seconds_per_update + looked_at * self.seconds_per_minute


def read_speed(path: Path) -> Speed | None:
    """Returns what was measured; None where nothing was, or what is there is damaged."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        speed = Speed(
            float(values["seconds_per_update"]),
            float(values["seconds_per_minute"]),
            bool(values["is_of_run"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return speed if speed.seconds_per_update > 0 and speed.seconds_per_minute >= 0 else None


def write_speed(path: Path, speed: Speed) -> None:
    """Remembers what was measured; where that can't be, it is measured again the next time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomically(path, json.dumps(asdict(speed)) + "\n")
    except (EditorBotError, OSError):
        return
