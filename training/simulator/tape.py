"""The tape that a recording is laid down on, and the editor who cuts it.

Everything that goes onto the tape is either wanted, a pause or unwanted, so the true edit follows
from what was laid down, never from listening to the result.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np
import numpy.typing as npt

from model_core.edit.types import Reason
from training.simulator.loops import Loop
from training.simulator.types import SAMPLE_RATE, EditorStyle, Mono, Phenomenon, Removal

# Where a take starts in the middle of a flow, a kept pause would tear the sentence apart.
_FLOWING_PAUSE_S = 0.05


class PieceKind(Enum):
    """What a piece of tape holds."""

    WANTED = "wanted"
    PAUSE = "pause"
    UNWANTED = "unwanted"


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of tape.

    Attributes:
        samples: The piece with `lead` samples before it and `tail` samples after it, which overlap
            its neighbours in crossfades.
        kind: What it holds.
        reason: Why it goes; SILENCE for pauses.
        what: What it is that goes.
        phrase: Whether what is wanted here counts as a phrase; a breath doesn't.
        lead: Samples before the piece proper.
        tail: Samples after the piece proper.
    """

    samples: Mono
    kind: PieceKind
    reason: Reason = Reason.SILENCE
    lead: int = 0
    tail: int = 0
    what: Phenomenon = Phenomenon.OTHER
    phrase: bool = True

    @property
    def length(self) -> int:
        """Its length on the tape."""
        return self.samples.size - self.lead - self.tail


@dataclass(slots=True)
class Tape:
    """Pieces in the order of recording, sounds laid over them, and what the edit loops."""

    rate_hz: int = SAMPLE_RATE
    pieces: list[Piece] = field(default_factory=list)
    overlays: list[tuple[int, Mono]] = field(default_factory=list)
    length: int = 0
    loops: tuple[Loop, ...] = ()

    def add(self, piece: Piece) -> None:
        """Lays down a piece; an empty one is left out."""
        if piece.length > 0:
            self.pieces.append(piece)
            self.length += piece.length

    def wanted(self, samples: Mono, lead: int = 0, tail: int = 0, *, phrase: bool = True) -> None:
        """Lays down something that the edit keeps."""
        self.add(Piece(samples, PieceKind.WANTED, Reason.OTHER, lead, tail, phrase=phrase))

    def pause(self, samples: Mono, lead: int = 0, tail: int = 0) -> None:
        """Lays down a pause."""
        self.add(Piece(samples, PieceKind.PAUSE, Reason.SILENCE, lead, tail, Phenomenon.PAUSE))

    def unwanted(
        self,
        samples: Mono,
        reason: Reason,
        lead: int = 0,
        tail: int = 0,
        what: Phenomenon = Phenomenon.OTHER,
    ) -> None:
        """Lays down something that the edit removes."""
        self.add(Piece(samples, PieceKind.UNWANTED, reason, lead, tail, what))

    def overlay(self, position: int, samples: Mono) -> None:
        """Mixes a sound over what lies at `position`; it changes nothing in the edit."""
        self.overlays.append((position, samples))

    def extend(self, other: Tape) -> None:
        """Lays down all of another tape behind what is there, but for its loops."""
        self.overlays += [(self.length + place, sound) for place, sound in other.overlays]
        for piece in other.pieces:
            self.add(piece)

    def want(self, what: Phenomenon) -> None:
        """Turns what was to go into something that stays, with its pauses like any other's."""
        self.pieces = [
            replace(piece, kind=PieceKind.WANTED, reason=Reason.OTHER, phrase=False)
            if piece.what is what
            else piece
            for piece in self.pieces
        ]

    def bounds(self) -> npt.NDArray[np.int64]:
        """Returns where the pieces lie, int64 of shape [pieces, 2]."""
        stops = np.cumsum([piece.length for piece in self.pieces], dtype=np.int64)
        return np.stack([np.concatenate([[0], stops[:-1]]), stops], axis=1).astype(np.int64)

    def phrases(self) -> npt.NDArray[np.int64]:
        """Returns the ranges of what is wanted, int64 of shape [n, 2]; touching ones are merged."""
        bounds = self.bounds()
        return merged(
            [
                (int(start), int(stop))
                for piece, (start, stop) in zip(self.pieces, bounds, strict=True)
                if piece.kind is PieceKind.WANTED and piece.phrase
            ]
        )

    def render(self) -> Mono:
        """Returns the tape's sound, float32 of shape [length]."""
        out = np.zeros(self.length, dtype=np.float32)
        position = 0
        tail: Mono = np.zeros(0, dtype=np.float32)
        for piece in self.pieces:
            # One crossfade a join: a tail of the piece before takes the place of this one's lead.
            lead = 0 if tail.size else min(piece.lead, position)
            body = piece.samples[piece.lead : piece.lead + piece.length].copy()
            overlap = min(tail.size, body.size)
            if overlap:
                rise = _rise(overlap)
                body[:overlap] *= rise
                body[:overlap] += tail[:overlap] * rise[::-1]
            out[position : position + body.size] += body
            if lead:
                rise = _rise(lead)
                before = slice(position - lead, position)
                out[before] *= rise[::-1]
                out[before] += piece.samples[piece.lead - lead : piece.lead] * rise
            position += body.size
            tail = piece.samples[piece.samples.size - piece.tail :]
        for start, samples in self.overlays:
            first, last = max(start, 0), min(start + samples.size, out.size)
            if last > first:
                out[first:last] += samples[first - start : last - start]
        return out


def _rise(n: int) -> Mono:
    """Returns the rising half of an equal-power crossfade."""
    phase = (np.arange(n, dtype=np.float32) + np.float32(0.5)) / np.float32(n)
    return np.asarray(np.sin(phase * np.float32(np.pi / 2)), dtype=np.float32)


def merged(ranges: list[tuple[int, int]]) -> npt.NDArray[np.int64]:
    """Returns increasing ranges with touching ones joined, int64 of shape [n, 2]."""
    result: list[tuple[int, int]] = []
    for start, stop in ranges:
        if stop <= start:
            continue
        if result and result[-1][1] == start:
            result[-1] = (result[-1][0], stop)
        else:
            result.append((start, stop))
    return np.array(result, dtype=np.int64).reshape(-1, 2)


def cut(
    tape: Tape, style: EditorStyle, rng: np.random.Generator, *, keep_pauses: bool
) -> tuple[npt.NDArray[np.int64], tuple[Removal, ...]]:
    """Edits a tape as an editor of this style would.

    Args:
        tape: The tape.
        style: The editor.
        rng: Draws the small spread of the cuts' places.
        keep_pauses: Whether pauses belong between what is wanted (speech), or takes are joined
            without one (music).

    Returns:
        The kept ranges, int64 of shape [n, 2], and the removals, which cover the rest.
    """
    bounds = tape.bounds()
    kinds = [piece.kind for piece in tape.pieces]
    wanted = [i for i, kind in enumerate(kinds) if kind is PieceKind.WANTED]
    if not wanted:
        return merged([]), _removals(tape, bounds, merged([]))
    kept: list[tuple[int, int]] = []
    margin = round(style.margin_s * tape.rate_hz)
    first, last = wanted[0], wanted[-1]

    silence, blocked = _quiet_run(kinds, bounds, range(first - 1, -1, -1))
    tolerated = not blocked and silence <= margin * style.tolerance
    stays = silence if tolerated else min(silence, margin + _jitter(style, rng, tape.rate_hz))
    kept.append((int(bounds[first, 0]) - max(stays, 0), int(bounds[first, 0])))

    for here, following in zip(wanted, [*wanted[1:], None], strict=True):
        kept.append((int(bounds[here, 0]), int(bounds[here, 1])))
        if following is not None and following > here + 1:
            left, right = (0, 0)
            if keep_pauses:
                left, right = _gap(
                    kinds, bounds, range(here + 1, following), style, rng, tape.rate_hz
                )
            stop, start = int(bounds[here, 1]), int(bounds[following, 0])
            kept.extend([(stop, stop + left), (start - right, start)])

    silence, blocked = _quiet_run(kinds, bounds, range(last + 1, len(kinds)))
    tolerated = not blocked and silence <= margin * style.tolerance
    stays = silence if tolerated else min(silence, margin + _jitter(style, rng, tape.rate_hz))
    kept.append((int(bounds[last, 1]), int(bounds[last, 1]) + max(stays, 0)))

    ranges = merged(kept)
    return ranges, _removals(tape, bounds, ranges)


def _jitter(style: EditorStyle, rng: np.random.Generator, rate_hz: int) -> int:
    return round(float(np.clip(rng.normal(0.0, 1.0), -3, 3)) * style.jitter_s * rate_hz)


def _quiet_run(
    kinds: list[PieceKind], bounds: npt.NDArray[np.int64], order: range
) -> tuple[int, bool]:
    """Returns the length of the pause met first in `order`, and whether something ends it."""
    total = 0
    for index in order:
        if kinds[index] is not PieceKind.PAUSE:
            return total, True
        total += int(bounds[index, 1] - bounds[index, 0])
    return total, False


def _gap(
    kinds: list[PieceKind],
    bounds: npt.NDArray[np.int64],
    inner: range,
    style: EditorStyle,
    rng: np.random.Generator,
    rate_hz: int,
) -> tuple[int, int]:
    """Returns how many samples stay at the two ends of the pieces between two wanted ones."""
    left, blocked = _quiet_run(kinds, bounds, inner)
    right, _ = _quiet_run(kinds, bounds, inner[::-1])
    flowing = round(_FLOWING_PAUSE_S * rate_hz)
    if blocked and left < flowing:
        return left, min(right, max(0, flowing + _jitter(style, rng, rate_hz)))
    total = left + right if blocked else left
    if total <= style.pause_s * style.tolerance * rate_hz:
        return (left, right) if blocked else (left, 0)
    share = style.after_share
    after = round(style.pause_s * share * rate_hz) + _jitter(style, rng, rate_hz)
    before = round(style.pause_s * (1 - share) * rate_hz) + _jitter(style, rng, rate_hz)
    after, before = max(0, after), max(0, before)
    if not blocked:
        return after, min(before, total - after)
    # What one side can't give, the other side does.
    return min(left, after + max(0, before - right)), min(right, before + max(0, after - left))


def _removals(
    tape: Tape, bounds: npt.NDArray[np.int64], kept: npt.NDArray[np.int64]
) -> tuple[Removal, ...]:
    """Returns what lies between the kept ranges, divided by what it is."""
    edges = [0, *(int(x) for x in kept.reshape(-1)), tape.length]
    removals: list[Removal] = []
    for start, stop in zip(edges[0::2], edges[1::2], strict=True):
        index = int(np.searchsorted(bounds[:, 1], start, side="right"))
        while start < stop:
            until = min(stop, int(bounds[index, 1]))
            piece = tape.pieces[index]
            before = removals[-1] if removals else None
            if before and (before.stop, before.reason, before.what) == (
                start,
                piece.reason,
                piece.what,
            ):
                removals[-1] = before._replace(stop=until)
            else:
                removals.append(Removal(start, until, piece.reason, piece.what))
            start = until
            index += 1
    return tuple(removals)
