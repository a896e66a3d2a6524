"""What is to be heard, and the record of which frame was which place of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

PositionMap: TypeAlias = Callable[[int], int]
"""From a position in what was heard to the position that corresponds to it in what is next.

The feeder's thread calls it too: it must be a pure function of immutable things.
"""


class Material(Protocol):
    """What can be played: the renderer that exports, or anything that reads like it."""

    @property
    def length(self) -> int:
        """Length in samples."""

    @property
    def sample_rate(self) -> int:
        """Samples in a second."""

    @property
    def channels(self) -> int:
        """Samples in a frame."""

    def read_float(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Returns the samples from `start` to `stop`, within the length, `[n, channels]`."""


@dataclass(frozen=True, slots=True)
class Step:
    """How positions changed their meaning when a generation of the plan began."""

    generation: int
    to_new: PositionMap


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be heard from now on. A new plan takes effect by being assigned.

    Where it begins follows from where the one before it is when the feeder gets there, so that
    nothing is heard twice and nothing is skipped. A plan can be replaced before the feeder has
    seen it, which is why it carries the steps of its predecessors that may not have been heard.

    Attributes:
        material: What is played.
        sounding: False for a pause: the place is kept and nothing is heard.
        generation: Counts the plans from 1.
        steps: Oldest first; the last one is this plan's own.
    """

    material: Material
    sounding: bool
    generation: int
    steps: tuple[Step, ...]

    def place(self, position: int, generation: int) -> int:
        """Returns where in this plan a place of an earlier plan is.

        Args:
            position: In samples, as the plan of `generation` counts them.
            generation: Of the plan in which the position was found.

        Returns:
            The position in this plan's material, within it, in samples.
        """
        for step in self.steps:
            if step.generation > generation:
                position = step.to_new(position)
        return min(max(position, 0), self.material.length)


@dataclass(frozen=True, slots=True)
class Span:
    """A run of the ring's frames that plays one stretch of material.

    Attributes:
        frame: The ring's number of the first frame.
        position: Sample of the material heard there.
        generation: Of the plan that it belongs to.
        source_rate: Samples of the material for `device_rate` frames of the ring; 0 where the
            place stands still.
        device_rate: Frames of the ring.
    """

    frame: int
    position: int
    generation: int
    source_rate: int
    device_rate: int

    def position_at(self, frame: int) -> int:
        """Returns the sample of the material heard at a frame of the ring."""
        return self.position + max(0, frame - self.frame) * self.source_rate // self.device_rate


class SpanLog:
    """Which span each frame of the ring belongs to: written by the feeder, read by anyone.

    The spans lie in a tuple that is replaced as a whole, so a reader never sees half a change.
    """

    def __init__(self) -> None:
        self._spans: tuple[Span, ...] = ()

    def begin(self, span: Span, oldest_frame: int) -> None:
        """Adds a span and drops those that it replaces.

        Args:
            span: Takes the place of all that was to come from its first frame on.
            oldest_frame: Spans that ended before this frame are forgotten.
        """
        kept = [old for old in self._spans if old.frame < span.frame]
        while len(kept) > 1 and kept[1].frame <= oldest_frame:
            del kept[0]
        self._spans = (*kept, span)

    def at(self, frame: int) -> Span | None:
        """Returns the span that a frame belongs to, or None before the first."""
        for span in reversed(self._spans):
            if span.frame <= frame:
                return span
        return None
