"""How good an edit is against the true one: counts for each recording, added up later.

An edit is a list of ranges of samples in the order in which they are played.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from benchmarks.quality_material import RATE_HZ, IntArray, Mono, speech_ranges
from benchmarks.quality_music import piece_places
from benchmarks.quality_tape import (
    LONG_SILENCE_S,
    Kind,
    Truth,
    covered,
    union,
    without,
)

if TYPE_CHECKING:
    from benchmarks.quality_speech import Recording

Counts: TypeAlias = dict[str, tuple[float, float]]
"""For each measure the part and the whole, whose quotient is the measure."""

NEAR_S = 0.1
"""A join is right if both its ends lie so near to the true one's."""
IN_TIME_S = 0.02
_EDGE_S = 0.1
_CELL_S = 0.02
_PAUSE_TOLERANCE = 0.25
_LENGTH_TOLERANCE = 0.1


@dataclass(frozen=True, slots=True)
class Edit:
    """What a program did with a recording.

    Attributes:
        kept: Ranges in the order in which they are played, `[k, 2]`, in samples.
        changes: Of each join it proposed: where it leaves, where it lands, and how sure it is.
    """

    kept: IntArray
    changes: tuple[tuple[int, int, float], ...] = ()


@dataclass(slots=True)
class Judged:
    """One recording as one program edited it.

    Attributes:
        recording: Its name.
        section: As in `Recording`.
        source: As in `Recording`.
        kind: As in `Recording`.
        condition: As in `Recording`.
        counts: All measures that apply.
        joins: Of each join with a confidence: the confidence, whether it is right, and whether
            it is right but for its place in a pause.
    """

    recording: str
    section: str
    source: str
    kind: str
    condition: str
    counts: Counts
    joins: list[tuple[float, bool, bool]] = field(default_factory=list)


def judge(recording: Recording, edit: Edit) -> Judged:
    """Measures an edit against what is known of its recording."""
    section, truth = recording.section, recording.truth
    out = Judged(recording.name, section, recording.source, recording.kind, recording.condition, {})
    kept = joined(edit.kept)
    if section == "extended music":
        out.counts = _extension(recording, kept)
        return out
    if section.startswith("finished"):
        left = covered(kept, 0, truth.n_samples)
        out.counts = {"cut": (truth.n_samples - left, truth.n_samples)}
        return out
    truth = truth.nearest_to(kept)
    proposed, true = joins(kept), joins(truth.kept)
    heard, heard_true = sounding(truth, proposed), sounding(truth, true)
    n_joins = float(len(true) + len(proposed))
    out.counts = {
        "wanted kept": _kept(kept, truth.wanted),
        "edges kept": _kept(kept, _edges(truth.wanted)),
        **_gone(kept, truth),
        "joins F1": (2.0 * matches(true, proposed), n_joins),
        "joins but for silence F1": (2.0 * matches(heard_true, heard), n_joins),
        **_reproduced(kept, truth.kept),
    }
    if len(truth.silences):
        out.counts["pauses right"] = _pauses(kept, truth)
    if truth.played:
        out.counts |= _in_phase(proposed, truth)
    for leaving, landing, sure in edit.changes:
        ends = np.array([(leaving, landing)], np.int64)
        right = bool(matches(true, ends))
        out.joins.append((sure, right, bool(matches(heard_true, sounding(truth, ends)))))
    return out


def joined(kept: IntArray) -> IntArray:
    """Returns ranges with those merged that continue each other."""
    out: list[list[int]] = []
    for start, stop in kept.tolist():
        if out and out[-1][1] == start:
            out[-1][1] = stop
        elif start < stop:
            out.append([start, stop])
    return np.array(out, np.int64).reshape(-1, 2)


def joins(kept: IntArray) -> IntArray:
    """Returns where an edit leaves the recording and where it lands, `[k - 1, 2]`."""
    return np.stack((kept[:-1, 1], kept[1:, 0]), axis=1)


def matches(true: IntArray, proposed: IntArray) -> int:
    """Counts joins whose ends are both near a true join's, each used once, nearest pairs first."""
    if not len(true) or not len(proposed):
        return 0
    apart = np.abs(true[:, None, :] - proposed[None, :, :]).max(axis=2)
    used_true: set[int] = set()
    used_proposed: set[int] = set()
    for flat in np.argsort(apart, axis=None).tolist():
        row, column = divmod(flat, len(proposed))
        if apart[row, column] > NEAR_S * RATE_HZ:
            break
        if row not in used_true and column not in used_proposed:
            used_true.add(row)
            used_proposed.add(column)
    return len(used_true)


def sounding(truth: Truth, places: IntArray) -> IntArray:
    """Returns how much sound, wanted or not, comes before places of a recording, in samples.

    Measured so, all places of a pause are one: two joins are alike if they differ in silence alone.
    """
    sound = union(
        np.concatenate(
            [truth.wanted, *(np.array([(m.start, m.stop)], np.int64) for m in truth.unwanted)]
        )
    )
    edges = sound.reshape(-1)
    before = np.concatenate(([0], np.cumsum(sound[:, 1] - sound[:, 0])))
    heard = np.stack((before[:-1], before[1:]), axis=1).reshape(-1)
    return np.asarray(np.round(np.interp(places, edges, heard)), np.int64)


def common_length(first: IntArray, second: IntArray) -> int:
    """Returns the length of the longest sequence that two sequences of integers share in order.

    Neighbouring numbers count as equal: a cell may be cut anywhere.
    """
    row = np.zeros(len(second) + 1, np.int64)
    for value in first.tolist():
        gained = row[:-1] + (np.abs(second - value) <= 1)
        row[1:] = np.maximum.accumulate(np.maximum(row[1:], gained))
    return int(row[-1])


def judge_take(name: str, samples: Mono, edit: Edit) -> Judged:
    """Measures the edit of a real recording, of which no true edit is known.

    Speech is what the benchmark's own detector finds, silence all the rest; a silence of over a
    second is gone if at most a second of it is left.
    """
    kept = joined(edit.kept)
    speech = speech_ranges(samples, 0.3)
    silence = np.array([(0, samples.size)], np.int64)
    for start, stop in speech.tolist():
        silence = without(silence, start, stop)
    left_s = np.array([covered(kept, *stretch) / RATE_HZ for stretch in silence.tolist()])
    long = (silence[:, 1] - silence[:, 0]) / RATE_HZ > LONG_SILENCE_S
    counts: Counts = {
        "speech kept": _kept(kept, speech),
        "silence gone": _gone_share(kept, silence),
        "silences over 1 s gone": (
            float((left_s[long] <= LONG_SILENCE_S).sum()),
            float(long.sum()),
        ),
        "seconds left of each": (float(left_s[long].sum()), float(long.sum())),
    }
    kind = "German takes" if name.startswith("kerstin") else "meetings"
    return Judged(name, "real takes", name, kind, "as recorded", counts)


def _kept(kept: IntArray, ranges: IntArray) -> tuple[float, float]:
    parts = union(kept)
    part = sum(covered(parts, start, stop) for start, stop in ranges.tolist())
    return float(part), float((ranges[:, 1] - ranges[:, 0]).sum())


def _gone_share(kept: IntArray, ranges: IntArray) -> tuple[float, float]:
    part, whole = _kept(kept, ranges)
    return whole - part, whole


def _edges(wanted: IntArray) -> IntArray:
    """Returns the first and last 100 ms of each wanted piece."""
    length = round(_EDGE_S * RATE_HZ)
    firsts = np.stack((wanted[:, 0], np.minimum(wanted[:, 0] + length, wanted[:, 1])), axis=1)
    lasts = np.stack((np.maximum(wanted[:, 1] - length, wanted[:, 0]), wanted[:, 1]), axis=1)
    return np.concatenate((firsts, lasts))


def _gone(kept: IntArray, truth: Truth) -> Counts:
    """Returns how much of each kind of what was to go is gone, and of the silence."""
    parts = union(kept)
    counts: dict[str, list[float]] = {}
    quiet = np.array([(0, truth.n_samples)], np.int64)
    for start, stop in truth.kept.tolist():
        quiet = without(quiet, start, stop)
    for mark in truth.unwanted:
        length = mark.stop - mark.start
        gone = length - covered(parts, mark.start, mark.stop)
        pair = counts.setdefault(f"{mark.kind.value} gone", [0.0, 0.0])
        pair[0] += gone
        pair[1] += length
        quiet = without(quiet, mark.start, mark.stop)
    out = {name: (part, whole) for name, (part, whole) in counts.items()}
    return {**out, "silence gone": _gone_share(kept, quiet)}


def _pauses(kept: IntArray, truth: Truth) -> tuple[float, float]:
    """Counts silences of over a second of which the style's pause is left, within a quarter."""
    wanted_s = truth.style.pause_s
    right = 0
    for start, stop in truth.silences.tolist():
        left_s = covered(kept, start, stop) / RATE_HZ
        right += abs(left_s - wanted_s) <= _PAUSE_TOLERANCE * wanted_s
    return float(right), float(len(truth.silences))


def _reproduced(kept: IntArray, true: IntArray) -> Counts:
    first, second = _cells(true), _cells(kept)
    shared = float(common_length(first, second))
    return {
        "true edit reproduced": (shared, float(len(first))),
        "of the edit, true": (shared, float(len(second))),
    }


def _cells(kept: IntArray) -> IntArray:
    """Returns the raw cells of 20 ms that an edit plays in turn."""
    cell = round(_CELL_S * RATE_HZ)
    parts = [np.arange(start, stop, cell) // cell for start, stop in kept.tolist()]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _in_phase(proposed: IntArray, truth: Truth) -> Counts:
    """Counts joins inside the music that land where the piece goes on, or on the beat at least.

    A join is inside the music if what it leaves out holds a failed take or a passage played again,
    and lies between two wanted pieces.
    """
    first, last = int(truth.wanted[0, 0]), int(truth.wanted[-1, 1])
    troubles = [m for m in truth.unwanted if m.kind in {Kind.WRONG_BARS, Kind.EXTRA_PASSAGE}]
    inside = [
        (leaving, landing)
        for leaving, landing in proposed.tolist()
        if first < leaving
        and landing < last
        and any(mark.start < landing and leaving < mark.stop for mark in troubles)
    ]
    counts: Counts = {}
    if inside:
        places = piece_places(truth, inside)
        errors = places[:, 1] - places[:, 0]
        limit = IN_TIME_S * RATE_HZ
        counts["joins land within 20 ms"] = (
            float((np.abs(errors) <= limit).sum()),
            float(len(inside)),
        )
        if truth.beat_samples:
            off = np.abs(errors - truth.beat_samples * np.round(errors / truth.beat_samples))
            counts["joins on the beat"] = (float((off <= limit).sum()), float(len(inside)))
    return counts


def _extension(recording: Recording, kept: IntArray) -> Counts:
    """Judges music that was to become longer: is it, and do its loops keep the beat?"""
    truth = recording.truth
    target_s = recording.target_s or truth.n_samples / RATE_HZ
    length_s = float((kept[:, 1] - kept[:, 0]).sum()) / RATE_HZ
    reached = abs(length_s - target_s) <= _LENGTH_TOLERANCE * target_s
    counts: Counts = {
        "length reached": (float(reached), 1.0),
        "wanted kept": _kept(kept, truth.wanted),
    }
    found = joins(kept)
    if truth.beat_samples and len(found):
        beats = (found[:, 1] - found[:, 0]) / truth.beat_samples
        off_s = np.abs(beats - np.round(beats)) * truth.beat_samples / RATE_HZ
        counts["joins on the beat"] = (float((off_s <= IN_TIME_S).sum()), float(len(found)))
    return counts
