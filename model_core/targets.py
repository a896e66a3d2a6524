"""What an edit in a style measures, whatever the recording. Free of torch.

A network's place in its space of styles says little of how an edit comes out; these quantities are
measured on finished edits, and decoding meets them.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

TIGHTNESS, LENGTH, LOOPS = "tightness", "length", "loops"
AXES = (TIGHTNESS, LENGTH, LOOPS)
"""Axes that decoding follows with every network."""

OWN_PAUSE_S = 0.42
"""What the mean editor of training leaves of a pause."""
PAUSE_DEVIATION = 0.6
"""Deviation of its logarithm among these editors."""
_LONGER_SHARE = 1 / 3
"""Share of what would go that stays, for each deviation of length."""
_SHORTER_SHARE = 0.1
"""Share of what would stay that goes, for each deviation of length."""
_LOOPS_A_DEVIATION = 3.0
_MOST_PAUSE_S, _MOST_LOOPS = 10.0, 30.0
_LEAST_PAUSE_S = 0.05
_STAYING, _STAYING_AT_LEAST_S = 1.5, 0.2
"""Pauses up to so many times what is left of one, and at least so much longer, are left alone."""
OWN_MARGIN_S = 0.16
"""What the mean editor leaves before the first and behind the last sound."""
_MARGIN_DEVIATION = 0.66
_DRAWN_REACH = 1.7


@dataclass(frozen=True, slots=True)
class Targets:
    """Quantities that decoding meets; what is None is left to the network.

    Attributes:
        pause_s: Silence that is left of a pause, in seconds.
        shortest_s: Pauses up to this long stay as they are, longer ones are shortened; in seconds.
        margin_s: Silence before the first and behind the last sound, in seconds.
        length: How much is kept: 0 as much as the network does with the same pauses, 1 all of the
            recording, -1 nothing; between them in proportion.
        loops_per_minute: Jumps back for each minute of the recording, in time with its beat.
    """

    pause_s: float | None = None
    shortest_s: float | None = None
    margin_s: float | None = None
    length: float | None = None
    loops_per_minute: float | None = None

    def __post_init__(self) -> None:
        for name, low, high in (
            ("pause_s", 0.0, _MOST_PAUSE_S),
            ("shortest_s", 0.0, 2 * _MOST_PAUSE_S),
            ("margin_s", 0.0, _MOST_PAUSE_S),
            ("length", -1.0, 1.0),
            ("loops_per_minute", 0.0, _MOST_LOOPS),
        ):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ValueError(f"{name} goes from {low:g} to {high:g}, not {value}.")

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return any(getattr(self, entry.name) is not None for entry in fields(self))

    def to_dict(self) -> dict[str, float | None]:
        """Returns plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Targets:
        """Returns the targets that `to_dict` described.

        Raises:
            ValueError, TypeError: `values` is no such description.
        """
        known = {entry.name for entry in fields(cls)}
        if not known.issuperset(values):
            raise ValueError(f"{min(set(values) - known)} is no quantity of a style.")
        return cls(**{name: None if v is None else float(v) for name, v in values.items()})


NO_TARGETS = Targets()
"""All is left to the network."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What one editor does to pauses, measured on edits that a network learned from.

    Attributes:
        pause_s: Silence that is left of a pause, in seconds.
        shortest_s: Pauses up to this long stay as they are, in seconds.
        after_share: Share of what is left that lies behind the last sound, the rest lying before
            the next one.
    """

    pause_s: float
    shortest_s: float
    after_share: float

    def __post_init__(self) -> None:
        self.targets()
        if not 0 <= self.after_share <= 1:
            raise ValueError(f"after_share goes from 0 to 1, not {self.after_share}.")

    def targets(self) -> Targets:
        """Returns what decoding meets where nobody asks for anything else."""
        return Targets(pause_s=self.pause_s, shortest_s=self.shortest_s)


def for_pause(targets: Targets, pause_s: float) -> Targets:
    """Returns targets that leave so much of a pause, and shorten those that are clearly longer."""
    pause_s = min(max(pause_s, _LEAST_PAUSE_S), _MOST_PAUSE_S)
    shortest_s = max(_STAYING * pause_s, pause_s + _STAYING_AT_LEAST_S)
    return replace(targets, pause_s=pause_s, shortest_s=shortest_s)


def moved(
    targets: Targets, along: Mapping[str, float], own_pause_s: float = OWN_PAUSE_S
) -> Targets:
    """Moves targets along the axes of styles.

    Args:
        targets: Where to start.
        along: How far along each axis, in deviations among editors; other names are left aside.
        own_pause_s: What is left of a pause where the targets don't say it, in seconds.
    """
    if tighter := along.get(TIGHTNESS):
        factor = math.exp(-PAUSE_DEVIATION * tighter)
        if targets.pause_s is None or targets.shortest_s is None:
            targets = for_pause(targets, factor * (targets.pause_s or own_pause_s))
        else:
            targets = replace(
                targets,
                pause_s=min(max(factor * targets.pause_s, _LEAST_PAUSE_S), _MOST_PAUSE_S),
                shortest_s=min(factor * targets.shortest_s, 2 * _MOST_PAUSE_S),
            )
    if longer := along.get(LENGTH):
        change = longer * (_LONGER_SHARE if longer > 0 else _SHORTER_SHARE)
        length = min(max((targets.length or 0.0) + change, -1.0), 1.0)
        targets = replace(targets, length=length)
    if more := along.get(LOOPS):
        loops = (targets.loops_per_minute or 0.0) + _LOOPS_A_DEVIATION * more
        targets = replace(targets, loops_per_minute=min(max(loops, 0.0), _MOST_LOOPS))
    return targets


def draw_targets(rng: np.random.Generator) -> Targets:
    """Draws the targets of an editor as they may be, seldom far from the mean one."""
    tighter, margin, longer, loops = (
        min(max(float(value), -_DRAWN_REACH), _DRAWN_REACH) for value in rng.standard_normal(4)
    )
    drawn = for_pause(Targets(), OWN_PAUSE_S * math.exp(-PAUSE_DEVIATION * tighter))
    margin_s = OWN_MARGIN_S * math.exp(_MARGIN_DEVIATION * margin)
    drawn = replace(drawn, margin_s=margin_s)
    return moved(drawn, {LENGTH: 0.5 * longer, LOOPS: max(0.0, loops)})
