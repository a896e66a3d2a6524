"""Recordings with known true edits: a tape is laid down piece by piece, and the edit follows.

The editor of this benchmark leaves half of a pause after a phrase and half before the next. Where
two copies of the same thing stand side by side, either may stay.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from benchmarks.quality_material import RATE_HZ, IntArray, Mono

_SEAM_S = 0.008
LONG_SILENCE_S = 1.0
"""Silences longer than this are to be brought to the style's length."""
TOLERATED = 1.2
"""Pauses up to so many times the style's stay as they are."""


class Kind(StrEnum):
    """What lies on a tape."""

    WANTED = "wanted"
    PAUSE = "pause"
    FALSE_START = "false starts"
    RETAKE = "retakes"
    REPEATED_WORD = "repeated words"
    COUGH = "coughs"
    KNOCK = "knocks"
    MOUTH = "mouth noise"
    OFF_MIC = "off-mic talk"
    SLATE = "slates"
    WRONG_BARS = "wrong bars"
    EXTRA_PASSAGE = "extra passages"
    TALK = "talk between takes"
    TUNING = "tuning"


NOISES = frozenset({Kind.COUGH, Kind.KNOCK, Kind.MOUTH})


@dataclass(frozen=True, slots=True)
class Style:
    """How the editor works.

    Attributes:
        pause_s: What stays of a long pause.
        margin_s: What stays before the first and after the last sound.
    """

    pause_s: float = 0.6
    margin_s: float = 0.3


@dataclass(frozen=True, slots=True)
class Mark:
    """One piece on a tape.

    Attributes:
        kind: What it is.
        start: First sample.
        stop: Its end, exclusive.
        follows_s: Before a wanted piece: how long a pause stays where something before it is taken
            out; None for the style's.
    """

    kind: Kind
    start: int
    stop: int
    follows_s: float | None = None


@dataclass(frozen=True, slots=True)
class Twins:
    """The same thing twice: the true edit leaves out the first, but the other would do as well.

    Attributes:
        start: Where the true edit leaves the recording.
        first_stop: End of the first copy.
        second_stop: End of the second copy.
    """

    start: int
    first_stop: int
    second_stop: int


@dataclass(frozen=True, slots=True)
class Played:
    """A stretch of a tape on which a piece of music is played.

    Attributes:
        start: First sample on the tape.
        stop: Its end.
        piece_start: Where in the piece it begins, in samples of the piece.
        pace: Samples of the piece per sample of the tape.
    """

    start: int
    stop: int
    piece_start: float
    pace: float = 1.0


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known about a recording.

    Attributes:
        n_samples: Its length.
        kept: The true edit: ranges in the order in which they are played, `[k, 2]`.
        wanted: Ranges of what is wanted and stays, `[p, 2]`.
        unwanted: What is to go, silence aside.
        silences: Silences of over a second between two wanted pieces, as `(stop of the one, start
            of the next)`, `[s, 2]`.
        twins: Where another edit would be as right.
        played: For music: where the piece is on the tape.
        beat_samples: Of music with a steady beat; else 0.
        style: The editor's.
    """

    n_samples: int
    kept: IntArray
    wanted: IntArray
    unwanted: tuple[Mark, ...] = ()
    silences: IntArray = field(default_factory=lambda: np.empty((0, 2), np.int64))
    twins: tuple[Twins, ...] = ()
    played: tuple[Played, ...] = ()
    beat_samples: float = 0.0
    style: Style = Style()

    def nearest_to(self, kept: IntArray) -> Truth:
        """Returns this truth with, of each pair of twins, the one that an edit leaves out more."""
        truth = self
        for twin in self.twins:
            first, second = (twin.start, twin.first_stop), (twin.first_stop, twin.second_stop)
            if share_covered(kept, *second) >= share_covered(kept, *first):
                continue
            unwanted = tuple(
                replace(mark, start=second[0], stop=second[1])
                if mark.kind in {Kind.REPEATED_WORD, Kind.EXTRA_PASSAGE}
                and first[0] <= mark.start < first[1]
                else mark
                for mark in truth.unwanted
            )
            truth = replace(
                truth,
                kept=_swapped(truth.kept, first, second),
                wanted=_swapped(truth.wanted, first, second),
                unwanted=unwanted,
            )
        return truth


class Tape:
    """Pieces laid down one after another over a room that never falls silent.

    Args:
        room: The room's own sound, used from its beginning again and again.
    """

    def __init__(self, room: Mono) -> None:
        self.marks: list[Mark] = []
        self.twins: list[Twins] = []
        self.played: list[Played] = []
        self._room = room
        self._pieces: list[Mono] = []
        self.length = 0

    def lay(self, kind: Kind, samples: Mono, follows_s: float | None = None) -> Mark:
        """Lays down a sound; its first and last 8 ms blend with the room."""
        mark = Mark(kind, self.length, self.length + samples.size, follows_s)
        n = min(round(_SEAM_S * RATE_HZ), samples.size // 2)
        weights = np.ones(samples.size, np.float32)
        weights[:n] = np.linspace(0, 1, n, endpoint=False, dtype=np.float32)
        weights[samples.size - n :] = weights[:n][::-1]
        room = self._room_at(mark.start, samples.size)
        self._add(samples * weights + room * np.sqrt(1 - weights**2), mark)
        return mark

    def lay_on(self, kind: Kind, samples: Mono, follows_s: float | None = None) -> Mark:
        """Lays down a sound that goes on from the piece before it: nothing is blended."""
        mark = Mark(kind, self.length, self.length + samples.size, follows_s)
        self._add(samples, mark)
        return mark

    def pause(self, seconds: float) -> Mark:
        """Lays down the room alone."""
        n = round(seconds * RATE_HZ)
        mark = Mark(Kind.PAUSE, self.length, self.length + n)
        self._add(self._room_at(mark.start, n), mark)
        return mark

    def samples(self) -> Mono:
        """Returns all that was laid down."""
        return np.concatenate(self._pieces)

    def truth(
        self, style: Style, beat_samples: float = 0.0, staying: frozenset[Kind] = frozenset()
    ) -> Truth:
        """Returns the edit that follows from what was laid down.

        Args:
            style: The editor's.
            beat_samples: Of music with a steady beat; else 0.
            staying: What this editor keeps of what others take out.
        """
        staying |= {Kind.WANTED}
        wanted = [mark for mark in self.marks if mark.kind in staying]
        kept: list[tuple[int, int]] = []
        silences: list[tuple[int, int]] = []
        margin = round(style.margin_s * RATE_HZ)
        begin = max(wanted[0].start - margin, self._silent_from(wanted[0].start))
        for left, right in itertools.pairwise(wanted):
            between = [m for m in self.marks if left.stop <= m.start < right.start]
            others = [m for m in between if m.kind is not Kind.PAUSE]
            gap_s = (right.start - left.stop) / RATE_HZ
            if not others and gap_s > LONG_SILENCE_S:
                silences.append((left.stop, right.start))
            if not others and gap_s <= TOLERATED * style.pause_s:
                continue
            pause_s = style.pause_s if right.follows_s is None else right.follows_s
            n = round(pause_s * RATE_HZ)
            free_after = (others[0].start if others else right.start) - left.stop
            free_before = right.start - (others[-1].stop if others else left.stop)
            before = min(n // 2, free_before)
            after = min(n - before, free_after)
            before = min(n - after, free_before)
            kept.append((begin, left.stop + after))
            begin = right.start - before
        kept.append((begin, min(wanted[-1].stop + margin, self._silent_to(wanted[-1].stop))))
        return Truth(
            n_samples=self.length,
            kept=np.array(kept, np.int64),
            wanted=np.array([(m.start, m.stop) for m in wanted], np.int64),
            unwanted=tuple(mark for mark in self.marks if mark.kind not in staying | {Kind.PAUSE}),
            silences=np.array(silences, np.int64).reshape(-1, 2),
            twins=tuple(self.twins),
            played=tuple(self.played),
            beat_samples=beat_samples,
            style=style,
        )

    def _add(self, samples: Mono, mark: Mark) -> None:
        self._pieces.append(np.asarray(samples, np.float32))
        self.marks.append(mark)
        self.length = mark.stop

    def _room_at(self, start: int, n: int) -> Mono:
        return np.take(self._room, np.arange(start, start + n), mode="wrap")

    def _silent_from(self, start: int) -> int:
        """Returns where the silence before a place begins."""
        noisy = [m.stop for m in self.marks if m.kind is not Kind.PAUSE and m.stop <= start]
        return max(noisy, default=0)

    def _silent_to(self, stop: int) -> int:
        """Returns where the silence after a place ends."""
        noisy = [m.start for m in self.marks if m.kind is not Kind.PAUSE and m.start >= stop]
        return min(noisy, default=self.length)


def share_covered(ranges: IntArray, start: int, stop: int) -> float:
    """Returns the share of a stretch that ranges cover; the ranges may overlap."""
    return covered(ranges, start, stop) / max(1, stop - start)


def covered(ranges: IntArray, start: int, stop: int) -> int:
    """Returns how many samples of a stretch ranges cover, each counted once."""
    inside = np.clip(union(ranges), start, stop)
    return int((inside[:, 1] - inside[:, 0]).sum())


def union(ranges: IntArray) -> IntArray:
    """Returns ranges sorted and merged."""
    merged: list[list[int]] = []
    for start, stop in sorted(ranges.tolist()):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(stop, merged[-1][1])
        else:
            merged.append([start, stop])
    return np.array(merged, np.int64).reshape(-1, 2)


def without(ranges: IntArray, start: int, stop: int) -> IntArray:
    """Returns ranges with a stretch taken out of them."""
    out = []
    for low, high in ranges.tolist():
        out += [(low, min(high, start)), (max(low, stop), high)]
    return np.array([(a, b) for a, b in out if a < b], np.int64).reshape(-1, 2)


def _swapped(ranges: IntArray, put: tuple[int, int], taken: tuple[int, int]) -> IntArray:
    """Returns forward ranges with one stretch put in and another taken out."""
    return without(union(np.concatenate((ranges, [put]))), *taken)
