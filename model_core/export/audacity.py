"""Audacity labels: stretches and points as a text file, in the recording's or the edit's time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model_core.edit.coverage import joins_of, removed_ranges
from model_core.edit.types import ChangeKind
from model_core.export.hand_over import HandOver, Written, gain_notes, one_line

if TYPE_CHECKING:
    from pathlib import Path

    from model_core.edit.types import Change

KEEP: Final = "keep"
"""How the texts of labels begin that name what is heard; the place in the edit follows."""
CUT: Final = "cut"
"""How the texts of labels begin that name what is left out; the reason follows."""
_DECIMALS: Final = 6
_FINEST_RATE_HZ: Final = 500_000
"""Beyond this rate, samples are closer together than the decimals of a label."""


def write_kept_labels(hand_over: HandOver, _folder: Path) -> Written:
    """Returns a label for each segment in the recording's time, with its place in the edit.

    The numbers tell the order, so that loops and passages that were moved come back on import.
    """
    edit = hand_over.edit
    rows = [
        (segment.start, segment.stop, f"{KEEP} {number}")
        for number, segment in enumerate(edit.segments, 1)
    ]
    notes = list(gain_notes(hand_over))
    if len(edit.segments) < len(edit.items):
        notes.append("Labels on the recording can't hold gaps: what follows one moves up.")
    return _labels(hand_over, sorted(rows), notes)


def write_removed_labels(hand_over: HandOver, _folder: Path) -> Written:
    """Returns a label for each stretch of the recording that is heard nowhere, with its reason."""
    rows = []
    for start, stop in removed_ranges(hand_over.edit, 0, hand_over.media[0].n_samples).tolist():
        reason = _reason(hand_over.changes, start, stop)
        rows.append((start, stop, f"{CUT}: {reason}" if reason else CUT))
    notes = []
    kinds = {join.kind for join in joins_of(hand_over.edit)}
    if kinds - {ChangeKind.CUT, None}:
        notes.append("Loops, gaps and passages that were moved are not in these labels.")
    if not rows:
        notes.append("Nothing is left out: there is no label.")
    return _labels(hand_over, rows, notes)


def write_edited_labels(hand_over: HandOver, _folder: Path) -> Written:
    """Returns a label for each segment in the edit's time, and a point for each marker."""
    texts = {
        ChangeKind.CUT: "after a cut",
        ChangeKind.LOOP: "repeated",
        ChangeKind.REORDER: "moved here",
        ChangeKind.GAP: "after a gap",
        None: "split",
    }
    kinds = {join.position: join.kind for join in joins_of(hand_over.edit)}
    rows = []
    for number, clip in enumerate(hand_over.clips, 1):
        why = f", {texts[kinds[clip.at]]}" if clip.at in kinds else ""
        rows.append((clip.at, clip.at + clip.segment.length, f"{number}{why}"))
    rows += [(marker.position, marker.position, marker.name) for marker in hand_over.markers]
    return _labels(hand_over, sorted(rows), [])


def _labels(hand_over: HandOver, rows: list[tuple[int, int, str]], notes: list[str]) -> Written:
    rate = hand_over.sample_rate
    if rate > _FINEST_RATE_HZ:
        notes.append(f"Labels are exact to a microsecond, more than a sample at {rate} Hz.")
    lines = [
        f"{start / rate:.{_DECIMALS}f}\t{stop / rate:.{_DECIMALS}f}\t{one_line(text)}\n"
        for start, stop, text in rows
    ]
    return Written("".join(lines).encode(), tuple(notes))


def _reason(changes: tuple[Change, ...], start: int, stop: int) -> str:
    """Returns the reason of the cut that covers most of a stretch, or nothing."""
    covering = [
        (min(stop, change.stop) - max(start, change.start), change.reason.value)
        for change in changes
        if change.kind is ChangeKind.CUT and change.start < stop and start < change.stop
    ]
    return max(covering, default=(0, ""))[1]
