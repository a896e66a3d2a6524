"""How loud each microphone of a recording is in the mix that is heard and exported."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, TypeAlias

from model_core.errors import EditError

LOWEST_GAIN_DB: Final = -60.0
HIGHEST_GAIN_DB: Final = 24.0


@dataclass(frozen=True, slots=True)
class TrackLevel:
    """How one track goes into the mix.

    Attributes:
        gain_db: How much louder it is than recorded, in decibels, from -60 to 24.
        muted: Whether it is left out.
        soloed: Whether it is heard alone, with others of which the same is said.
    """

    gain_db: float = 0.0
    muted: bool = False
    soloed: bool = False

    def __post_init__(self) -> None:
        gain = self.gain_db
        if not (math.isfinite(gain) and LOWEST_GAIN_DB <= gain <= HIGHEST_GAIN_DB):
            raise EditError(
                f"A track's gain can't be {gain} dB.",
                f"It goes from {LOWEST_GAIN_DB:g} to {HIGHEST_GAIN_DB:g} dB.",
            )


Mix: TypeAlias = tuple[TrackLevel, ...]
"""One level for each track, in their order; tracks beyond its end are as they were recorded."""


def factors(mix: Mix, n_tracks: int) -> tuple[float, ...]:
    """Returns what the samples of each track are multiplied by; 0 for those that aren't heard."""
    levels = (*mix, *(TrackLevel() for _ in range(n_tracks - len(mix))))[:n_tracks]
    solo = any(level.soloed for level in levels)
    return tuple(
        float(10.0 ** (level.gain_db / 20.0))
        if not level.muted and (level.soloed or not solo)
        else 0.0
        for level in levels
    )


def is_plain(mix: Mix) -> bool:
    """Whether all tracks are as they were recorded."""
    return all(level == TrackLevel() for level in mix)
