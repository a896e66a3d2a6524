"""From what the network says to an edit that measures what was asked for.

What a style leaves of pauses, how much it keeps and how often it loops is met here: by a search for
the bias that brings the length, by the recording's own silences, and by passages that repeat.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from model_core.audio.joins import Allowed
from model_core.audio.loops import Loop, find_loops, with_loops
from model_core.audio.pauses import Fitted, Silences, find_silences, fit_pauses
from model_core.edit.locks import Locks
from model_core.edit.types import EditList, Segment
from model_core.measuring import kept_length
from model_core.nn.lattice import Scores
from model_core.nn.locked import Stretch, search_around
from model_core.options import GenerateOptions
from model_core.pacing import free_of, with_margins, with_pauses
from model_core.targets import LOOPS, Targets

if TYPE_CHECKING:
    from model_core.audio.source import AudioSource
    from model_core.progress import CancelToken

LENGTH_TOLERANCE = 0.03
"""An edit is as long as was asked if it is so near, as a share of the length."""
_TRIES = 4
_MET = 0.01
_HELD_S = 0.012
"""A join that an editor's habit has placed moves no farther: about a hop."""
_NOTHING_REPEATS = "Nothing in this recording repeats in time, so nothing was looped."


class Heard:
    """The pauses and the loops of a recording, found when they are first asked for."""

    def __init__(self) -> None:
        self.known_silences: Silences | None = None
        self._loops: tuple[Loop, ...] | None = None

    def silences(self, source: AudioSource, cancel: CancelToken | None = None) -> Silences:
        """Returns where the recording is silent."""
        if self.known_silences is None:
            self.known_silences = find_silences(source, cancel)
        return self.known_silences

    def loops(self, source: AudioSource, cancel: CancelToken | None = None) -> tuple[Loop, ...]:
        """Returns what can be played again in time, the surest first."""
        if self._loops is None:
            self._loops = find_loops(source, cancel)
        return self._loops


@dataclass(frozen=True, slots=True)
class Asked:
    """What an edit is to be.

    Attributes:
        options: What a person asks for.
        targets: What it is to measure.
        pause_s: What is left of a pause, in seconds; None for what the edit leaves most often.
        after_share: Share of it that lies behind the last sound, where an editor's habit is known.
    """

    options: GenerateOptions
    targets: Targets
    pause_s: float | None
    after_share: float | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """An edit before its joins are refined.

    Attributes:
        rough: What is played, before pauses are fitted and anything is looped.
        fitted: The edit.
        allowed: For every item of `fitted`, where its ends may be moved to; None for anywhere.
        note: A sentence about what could not be met, or empty.
        looped: Whether it repeats what comes back in the recording, beyond the network's own jumps.
    """

    rough: EditList
    fitted: EditList
    allowed: list[Allowed | None] | None
    note: str = ""
    looped: bool = False


class Decider:
    """Decides on one edit.

    Args:
        asked: What it is to be.
        source: The recording.
        hop: Samples per frame.
        heard: Of the recording.
        cancel: Looked at between stages.
    """

    def __init__(
        self,
        asked: Asked,
        source: AudioSource,
        hop: Fraction,
        heard: Heard,
        cancel: CancelToken,
    ) -> None:
        self._options = asked.options
        self._targets = asked.targets
        self._pause_s = asked.pause_s
        self._after_share = asked.after_share
        self._source = source
        self._hop = hop
        self._heard = heard
        self._cancel = cancel

    def decide(
        self, scores: Callable[[], Scores], search: Callable[[], tuple[list[Stretch], str]]
    ) -> Decided:
        """Returns the edit.

        Args:
            scores: Returns the scores of the search.
            search: Returns what is played where nothing but a length may be asked for, and a
                sentence if that was not met.
        """
        targets, options = self._targets, self._options
        note = ""
        if self._wants_loops or targets.loops_per_minute is not None:
            looped, note = self._looped(scores().forward_only())
            if looped is not None:
                return replace(looped, note=note)
        if targets.length is not None and options.target_length_s is None:
            return replace(self._paced(scores().forward_only()), note=note)
        found, unmet = search()
        return replace(self._with_pauses(found), note=unmet or note)

    @property
    def _whole_s(self) -> float:
        return self._source.n_samples / self._source.sample_rate

    @property
    def _more_than_whole(self) -> bool:
        asked_s = self._options.target_length_s
        return asked_s is not None and asked_s > self._whole_s

    @property
    def _wants_loops(self) -> bool:
        longer = self._options.extension > 1 or self._more_than_whole
        return longer or bool(self._targets.loops_per_minute)

    @property
    def _asks_for_loops(self) -> bool:
        """Whether a person asks for loops, rather than a style that was drawn."""
        options = self._options
        asked = options.targets is not None or LOOPS in dict(options.axes)
        return options.extension > 1 or asked

    def _looped(self, scores: Scores) -> tuple[Decided | None, str]:
        """Returns the edit with loops in time, or None where the network's are left to try."""
        options = self._options
        loops = self._heard.loops(self._source, self._cancel) if self._wants_loops else ()
        if self._wants_loops and not loops and not self._targets.loops_per_minute:
            return None, _NOTHING_REPEATS if not self._more_than_whole else ""
        base = self._paced(scores)
        if not self._wants_loops:
            return base, ""
        wanted: float | None = None
        if self._more_than_whole and options.target_length_s is not None:
            wanted = options.target_length_s * self._source.sample_rate
        elif options.extension > 1 and options.target_length_s is None:
            wanted = options.extension * base.fitted.length
        looped, number = self._with_loops(base, loops, wanted)
        if wanted is not None and not number:
            return None, ""
        if wanted is not None and self._more_than_whole:
            length_s = looped.fitted.length / self._source.sample_rate
            met = abs(looped.fitted.length - wanted) <= LENGTH_TOLERANCE * wanted
            return looped, "" if met else why_not(self._whole_s, length_s, options)
        return looped, "" if number or not self._asks_for_loops else _NOTHING_REPEATS

    def _with_loops(
        self, decided: Decided, loops: Sequence[Loop], wanted: float | None
    ) -> tuple[Decided, int]:
        """Plays passages again: until an edit is as long as is wanted, or as often as is."""
        length = decided.fitted.length
        count = round((self._targets.loops_per_minute or 0.0) * self._whole_s / 60)

        def missing(number: int, added: int, last: int) -> bool:
            if wanted is None:
                return number < count
            return abs(length + added - wanted) < abs(length + added - last - wanted)

        def may_jump(place: int) -> bool:
            return not any(low < place < high for low, high in self._options.locks.keep)

        allowed = decided.allowed or [None] * len(decided.fitted.items)
        edit_list, limits, number = with_loops(decided.fitted, allowed, loops, missing, may_jump)
        known = limits if decided.allowed is not None else None
        looped = replace(decided, fitted=edit_list, allowed=known, looped=number > 0)
        return looped, number

    def _paced(self, scores: Scores) -> Decided:
        """Searches the edit that is as long, before anything is looped, as is wanted."""
        n_samples, locks = self._source.n_samples, self._options.locks

        def decided(frames: int | None) -> Decided:
            self._cancel.raise_if_cancelled()
            return self._with_pauses(search_around(scores, locks, self._hop, n_samples, frames))

        asked_s, length = self._options.target_length_s, self._targets.length
        if self._more_than_whole or (asked_s is None and length is None):
            return decided(None)
        if asked_s is not None:
            wanted = asked_s * self._source.sample_rate
        else:
            own = kept_length(decided(None).fitted, n_samples)
            wanted = wanted_length(length or 0.0, own, n_samples)
        frames = max(1, round(wanted / self._hop))
        best = decided(frames)
        nearest = wanted - kept_length(best.fitted, n_samples)
        missing = nearest
        for _ in range(_TRIES - 1):
            if abs(missing) <= _MET * wanted:
                break
            # What pauses lose or gain on the way to their length is asked for beforehand.
            frames = min(max(1, frames + round(missing / self._hop)), scores.n_frames)
            tried = decided(frames)
            missing = wanted - kept_length(tried.fitted, n_samples)
            if abs(missing) < abs(nearest):
                best, nearest = tried, missing
        return best

    def _with_pauses(self, stretches: Sequence[Stretch]) -> Decided:
        """Gives pauses and margins the lengths that are wanted."""
        locks, source, targets = self._options.locks, self._source, self._targets
        rate, free = source.sample_rate, free_of(locks)
        share = 0.5 if self._after_share is None else self._after_share
        if targets.shortest_s is not None and self._pause_s is not None:
            silences = self._heard.silences(source, self._cancel)
            stretches = with_pauses(
                stretches, silences, self._pause_s, targets.shortest_s, rate, free, share
            )
        if targets.margin_s is not None:
            silences = self._heard.silences(source, self._cancel)
            stretches = with_margins(
                stretches, silences.ranges, targets.margin_s, rate, source.n_samples, free
            )
        rough = as_edit_list(stretches)
        allowed = _allowed(stretches, locks, source.n_samples) if locks else None
        fitted = fit_pauses(rough, source, self._pause_s, allowed, self._cancel, share)
        if self._after_share is not None:
            allowed = _held(fitted, allowed, round(_HELD_S * rate), source.n_samples)
        return Decided(rough, fitted.edit_list, allowed)


def _held(
    fitted: Fitted, allowed: Sequence[Allowed | None] | None, reach: int, n_samples: int
) -> list[Allowed | None]:
    """Keeps joins that were placed in a pause near there."""
    items = fitted.edit_list.items
    held: list[Allowed | None] = [*allowed] if allowed is not None else [None] * len(items)
    anywhere = Allowed((0, n_samples), (0, n_samples))
    for index in sorted(fitted.placed):
        left, right = items[index], items[index + 1]
        if isinstance(left, Segment) and isinstance(right, Segment):
            one, other = held[index] or anywhere, held[index + 1] or anywhere
            held[index] = replace(one, stop=_near(left.stop, reach, one.stop))
            held[index + 1] = replace(other, start=_near(right.start, reach, other.start))
    return held


def _near(position: int, reach: int, limits: tuple[int, int]) -> tuple[int, int]:
    """Returns the part of the limits within reach of a position that lies in them."""
    return max(limits[0], position - reach), min(limits[1], position + reach)


def wanted_length(length: float, own: int, whole: int) -> int:
    """Returns how much is to be kept where the network on its own keeps `own` of `whole`."""
    return round(own + length * (whole - own) if length > 0 else own * (1 + length))


def why_not(whole_s: float, length_s: float, options: GenerateOptions) -> str:
    """Says why an edit of a recording of `whole_s` is not as long as was asked."""
    asked_s = options.target_length_s or 0.0
    if asked_s > whole_s and length_s > whole_s * (1 - LENGTH_TOLERANCE):
        return (
            f"The recording is only {whole_s:.1f} s long, and there is nothing more in it to "
            f"loop: the edit has {length_s:.1f} s."
        )
    why = "what is locked stands against it" if options.locks else "passages come or go as a whole"
    return f"The nearest sensible edit is {length_s:.1f} s long, not {asked_s:.1f} s: {why}."


def as_edit_list(stretches: Sequence[Stretch]) -> EditList:
    """Returns an edit that plays stretches in turn."""
    return EditList.from_ranges((stretch.start, stretch.stop) for stretch in stretches)


def _allowed(stretches: Sequence[Stretch], locks: Locks, n_samples: int) -> list[Allowed | None]:
    """Returns where the ends of what is played may be moved to without touching what is locked."""
    allowed: list[Allowed | None] = []
    for stretch in stretches:
        start, stop = stretch.start, stretch.stop
        if stretch.locked:
            allowed.append(Allowed((start, start), (stop, stop)))
            continue
        inside = [kept for kept in locks.keep if start <= kept[0] and kept[1] <= stop]
        before = max((high for _, high in locks.taken if high <= start), default=0)
        after = min((low for low, _ in locks.taken if low >= stop), default=n_samples)
        allowed.append(
            Allowed(
                (before, min((low for low, _ in inside), default=stop)),
                (max((high for _, high in inside), default=start), after),
            )
        )
    return allowed
