"""The types that everything else speaks: segments, gaps, joins, edit lists and changes.

Positions are half-open ranges of integer samples at the source's own rate. All types are
immutable, so an edit list can be shared between threads and kept in the undo history as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from model_core.errors import EditError
from model_core.targets import NO_TARGETS, Targets

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_GAIN_DB: Final = 120
"""The largest gain or attenuation of a segment, far beyond what is useful."""


class FadeLaw(StrEnum):
    """How the two sides of a crossfade are weighted."""

    AUTO = "auto"
    """Constant power for the correlation that is measured at the join."""
    EQUAL_GAIN = "equal_gain"
    """Linear; right for material that continues itself."""
    EQUAL_POWER = "equal_power"
    """Right for unrelated material."""


@dataclass(frozen=True, slots=True)
class Join:
    """How two neighbouring items meet.

    The crossfade is centred on the cut and uses material beyond it, so the timeline keeps its
    length. Where the neighbours continue each other in the source nothing is faded.

    Attributes:
        law: The crossfade's law.
        length: The crossfade's length in samples; None asks for the renderer's default (8 ms) and
            0 for a butt join.
    """

    law: FadeLaw = FadeLaw.AUTO
    length: int | None = None

    def __post_init__(self) -> None:
        if self.length is not None and self.length < 0:
            raise EditError(f"A crossfade can't have a negative length ({self.length} samples).")


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a source.

    Attributes:
        source: Index of the source in the document's tuple of sources.
        start: First sample, inclusive.
        stop: Last sample, exclusive.
        gain_db: Gain in decibels, within ±`MAX_GAIN_DB`; 0 copies the samples untouched.
    """

    source: int
    start: int
    stop: int
    gain_db: float = 0.0

    def __post_init__(self) -> None:
        if self.source < 0 or self.start < 0 or self.stop <= self.start:
            raise EditError(f"Not a stretch of a source: {self.source}, {self.start}-{self.stop}.")
        if not abs(self.gain_db) <= MAX_GAIN_DB:  # not: > would let NaN pass
            raise EditError(
                f"A gain of {self.gain_db} dB is out of reach.",
                f"Stay between -{MAX_GAIN_DB} and {MAX_GAIN_DB} dB.",
            )

    @property
    def length(self) -> int:
        """Length in samples."""
        return self.stop - self.start

    def continues(self, other: Item) -> bool:
        """Whether this segment goes on exactly where `other` stops, at the same gain."""
        return (
            isinstance(other, Segment)
            and other.source == self.source
            and other.stop == self.start
            and other.gain_db == self.gain_db
        )


@dataclass(frozen=True, slots=True)
class Gap:
    """Silence on the edited timeline, `length` samples long."""

    length: int

    def __post_init__(self) -> None:
        if self.length <= 0:
            raise EditError(f"A gap must be at least one sample long, not {self.length}.")


Item: TypeAlias = Segment | Gap


@dataclass(frozen=True, slots=True)
class EditList:
    """An edit: items in the order in which they are heard. It may be empty.

    Neighbours that continue each other are kept apart (a person's splits survive);
    `model_core.edit.operations.normalised` merges them.

    Attributes:
        items: Segments and gaps.
        joins: `joins[i]` is where `items[i]` meets `items[i + 1]`; there is one fewer than items.
            Left out, every join is a default one.
    """

    items: tuple[Item, ...] = ()
    joins: tuple[Join, ...] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", tuple(self.items))
        expected = max(0, len(self.items) - 1)
        joins = tuple(self.joins) or (Join(),) * expected
        if len(joins) != expected:
            raise EditError(f"{len(self.items)} items need {expected} joins, not {len(joins)}.")
        object.__setattr__(self, "joins", joins)

    @property
    def length(self) -> int:
        """Length of the edited timeline in samples."""
        return sum(item.length for item in self.items)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments, without the gaps."""
        return tuple(item for item in self.items if isinstance(item, Segment))

    @classmethod
    def whole(cls, n_samples: int, source: int = 0) -> EditList:
        """Returns the edit list that keeps all of a source."""
        return cls((Segment(source, 0, n_samples),) if n_samples else ())

    @classmethod
    def from_ranges(cls, ranges: Iterable[tuple[int, int]], source: int = 0) -> EditList:
        """Returns the edit list that plays `(start, stop)` ranges of one source in turn."""
        return cls(tuple(Segment(source, start, stop) for start, stop in ranges))

    def check_within(self, source_lengths: Iterable[int]) -> None:
        """Raises `EditError` if a segment reaches beyond its source."""
        lengths = tuple(source_lengths)
        for segment in self.items:
            if type(segment) is not Segment:
                continue
            if segment.source >= len(lengths) or segment.stop > lengths[segment.source]:
                raise EditError(
                    f"The edit reaches beyond its recording (sample {segment.stop}).",
                    "Check that it was made for this recording.",
                )


class ChangeKind(StrEnum):
    """What an edit does at a join, or at the two ends."""

    CUT = "cut"
    LOOP = "loop"
    REORDER = "reorder"
    GAP = "gap"


class Reason(StrEnum):
    """Why a stretch was left out or repeated."""

    SILENCE = "silence"
    RETAKE = "retake"
    NOISE = "noise"
    OTHER_VOICE = "other voice"
    REPEAT = "repeat"
    OTHER = "other"


REASONS = tuple(Reason)
"""The reasons in the order in which networks and files of training number them."""


class ChangeState(StrEnum):
    """What the person thinks of a change."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    """The edit doesn't make the change (any more): what it concerned is heard as recorded."""
    LOCKED = "locked"
    """Accepted, and not to be rejected before it is unlocked."""
    MANUAL = "manual"
    KEPT = "kept"
    """Rejected, and not to be accepted before it is unlocked: a stretch that is to stay."""


DONE: Final = frozenset({ChangeState.ACCEPTED, ChangeState.LOCKED, ChangeState.MANUAL})
"""The states of what a person wants the edit to do."""
UNDONE: Final = frozenset({ChangeState.REJECTED, ChangeState.KEPT})
"""The states of what a person doesn't want the edit to do, and what it therefore doesn't do."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the recording and the edit: a row of the edits list.

    Attributes:
        id: Unique within the document.
        kind: What happens.
        reason: Why.
        source: Index of the source.
        start: First sample of the raw stretch that is cut or repeated.
        stop: Its end, exclusive.
        confidence: 0 to 1, or None where it isn't known (a change made by hand).
        state: What the person thinks of it.
        after: Of a move that was rejected: the end of what was heard before the passage, in
            samples of the source; None elsewhere.
        silence: Of a gap that was rejected: how long it was, in samples; None elsewhere.
    """

    id: int
    kind: ChangeKind
    reason: Reason
    source: int
    start: int
    stop: int
    confidence: float | None = None
    state: ChangeState = ChangeState.PROPOSED
    after: int | None = None
    silence: int | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a proposed edit came from, enough to make it again.

    Attributes:
        checkpoint_hash: SHA-256 of the checkpoint file, in hexadecimal.
        seed: Seed of the sampling, or None for the best path.
        style: Style vector; empty for a network without styles.
        tightness: 0 to 1, or None for the model's own.
        target_length_s: Length that was asked for, in seconds, or None.
        temperature: Sampling temperature; 0 for the best path.
        targets: What the edit was to measure.
    """

    checkpoint_hash: str = ""
    seed: int | None = None
    style: tuple[float, ...] = ()
    tightness: float | None = None
    target_length_s: float | None = None
    temperature: float = 0.0
    targets: Targets = NO_TARGETS


@dataclass(frozen=True, slots=True)
class Proposal:
    """An edit that the network proposes for one source.

    Attributes:
        edit_list: The edit, joins refined.
        runs: Ranges of the network's frames that are played in turn, before refinement.
        changes: What it does, in the order of the recording.
        provenance: Where it came from.
        note: A sentence for the person when something could not be met; else empty.
    """

    edit_list: EditList
    runs: tuple[tuple[int, int], ...]
    changes: tuple[Change, ...] = ()
    provenance: Provenance = field(default_factory=Provenance)
    note: str = ""
