"""Which joins of the edit were heard, so that the last one can be rejected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from editorbot_gui.playback.plan import PositionMap
    from editorbot_gui.waveform.joins import Joins
    from model_core.edit.coverage import JoinInfo

REACTION_S = 0.15
"""Nobody answers faster: what was heard later than this isn't meant, if something was before it."""


class JoinEar:
    """Follows a playhead and knows through what it went without a jump."""

    def __init__(self) -> None:
        self._from: int | None = None
        self._last = 0
        self._round: tuple[int, int] | None = None

    def begin(self, position: int) -> None:
        """Begins to listen at a position in samples; what was heard before counts no more."""
        self._from = self._last = position
        self._round = None

    def forget(self) -> None:
        """Has heard nothing, as when the recording is listened to."""
        self._from = self._round = None

    def reach(self, position: int, loop: tuple[int, int] | None) -> None:
        """Takes note of the place that is heard now.

        Args:
            position: In samples.
            loop: First sample and end of what is heard again and again, or None.
        """
        if self._from is None:
            return
        if position < self._last:
            if loop is None or not loop[0] <= position < loop[1]:
                self.begin(position)
                return
            # It went round: all of the loop has been heard.
            self._from, self._round = loop[0], loop
        self._last = position

    def move(self, to_new: PositionMap) -> None:
        """Takes over what was heard into another edit."""
        if self._from is not None:
            self._from, self._last = to_new(self._from), to_new(self._last)
        if self._round is not None:
            self._round = to_new(self._round[0]), to_new(self._round[1])

    def heard(self, joins: Joins, reaction: int) -> list[JoinInfo]:
        """Returns the joins that were heard, the last one first.

        Args:
            joins: Those of the edit.
            reaction: Samples that pass before a person can answer; a join that was heard since
                comes after those before it.
        """
        if self._from is None:
            return []
        positions = joins.positions
        first, meant, last = np.searchsorted(
            positions, (self._from, self._last - reaction, self._last), side="right"
        ).tolist()
        meant = max(first, meant)
        order = [*range(meant - 1, first - 1, -1)]
        just_now = [*range(last - 1, meant - 1, -1)]
        earlier: list[int] = []
        if self._round is not None:
            end = int(np.searchsorted(positions, self._round[1], side="left"))
            earlier = [*range(end - 1, last - 1, -1)]
        return [joins.infos[index] for index in (*order, *earlier, *just_now)]
