"""What is to be heard, and the record of which frame was which place of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
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
class Course:
    """How the place moves on through the material.

    Attributes:
        speed: Samples of the material for each that is heard; below 0 it goes backwards. Not 0.
        loop: First sample and end of a passage that is played again and again, once its end is
            reached from before it; only forwards.
        stop: Where playing ends; left out, at the end of the material. Only forwards.
    """

    speed: int = 1
    loop: tuple[int, int] | None = None
    stop: int | None = None

    def rest_position(self, length: int) -> int:
        """Returns where it ends in material of a length, unless it goes on for ever."""
        if self.speed < 0:
            return 0
        return length if self.stop is None else min(self.stop, length)

    def within(self, length: int) -> Course:
        """Returns the same for material of a length; a loop that nothing is left of ends."""
        if self.loop is None:
            return self
        start, stop = max(0, self.loop[0]), min(self.loop[1], length)
        return replace(self, loop=(start, stop) if start < stop else None)

    def mapped(self, to_new: PositionMap, shortest_loop: int) -> Course:
        """Returns the same course through other material.

        Args:
            to_new: From positions in the one to positions in the other.
            shortest_loop: A loop that becomes shorter than this, in samples, ends.
        """
        loop, stop = self.loop, self.stop
        if loop is not None:
            # The last sample's place, not the end's: beyond the end there may be something else.
            loop = to_new(loop[0]), to_new(loop[1] - 1) + 1
            loop = loop if loop[1] - loop[0] >= shortest_loop else None
        if stop is not None:
            stop = to_new(max(0, stop - 1)) + 1
        return replace(self, loop=loop, stop=stop)


STRAIGHT_ON = Course()
"""Forwards, at its own speed, to the end."""


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
        course: How the place moves on.
        gain: What the samples are multiplied by; 1 leaves them as they are.
    """

    material: Material
    sounding: bool
    generation: int
    steps: tuple[Step, ...]
    course: Course = STRAIGHT_ON
    gain: float = 1.0

    @property
    def rest_position(self) -> int:
        """Where it ends, in samples, unless it goes on for ever."""
        return self.course.rest_position(self.material.length)

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
        course: How the place moves on.
    """

    frame: int
    position: int
    generation: int
    source_rate: int
    device_rate: int
    course: Course = STRAIGHT_ON

    def position_at(self, frame: int) -> int:
        """Returns the sample of the material heard at a frame of the ring."""
        samples_a_second = self.source_rate * self.course.speed
        moved = max(0, frame - self.frame) * samples_a_second // self.device_rate
        position = max(0, self.position + moved)
        loop = self.course.loop
        if loop is not None and self.position < loop[1] <= position:
            return loop[0] + (position - loop[0]) % (loop[1] - loop[0])
        return position


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
