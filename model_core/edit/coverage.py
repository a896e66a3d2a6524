"""What an edit does to its recording: which stretches it keeps, and what happens at each join."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Final

import numpy as np

from model_core.edit.timeline import GAP_SOURCE, Timeline, timeline_of
from model_core.edit.types import Change, ChangeKind, ChangeState, EditList, Reason

if TYPE_CHECKING:
    import numpy.typing as npt

JOIN_KINDS: Final = (None, *ChangeKind)
"""What can happen at a join."""


def kept_ranges(edit: EditList, source: int, n_samples: int) -> npt.NDArray[np.int64]:
    """Returns the stretches of a source that are heard, once or more often.

    Args:
        edit: The edit.
        source: Index of the source.
        n_samples: Its length; what reaches beyond is clipped.

    Returns:
        Rows of `(start, stop)`, sorted, neither overlapping nor touching; int64, `[n, 2]`.
    """
    timeline = timeline_of(edit)
    heard = (timeline.sources == source) & (timeline.sources != GAP_SOURCE)
    return _merged(timeline.source_starts[heard], timeline.source_stops[heard], n_samples)


def removed_ranges(edit: EditList, source: int, n_samples: int) -> npt.NDArray[np.int64]:
    """Returns the stretches of a source that are heard nowhere, ends included.

    Args:
        edit: The edit.
        source: Index of the source.
        n_samples: Its length.

    Returns:
        Rows of `(start, stop)`, sorted, neither overlapping nor touching; int64, `[n, 2]`.
    """
    kept = kept_ranges(edit, source, n_samples)
    starts = np.concatenate((np.zeros(1, np.int64), kept[:, 1]))
    stops = np.concatenate((kept[:, 0], np.array([max(0, n_samples)], np.int64)))
    removed = np.stack((starts, stops), axis=1)
    return removed[starts < stops]


_PLACE = itemgetter(0, 1)


@dataclass(frozen=True, slots=True)
class JoinInfo:
    """What happens where two neighbouring items meet.

    Attributes:
        index: Index of the join: between items `index` and `index + 1`.
        position: Edited position of the join in samples.
        kind: CUT where something is left out for good; LOOP where something is played again;
            REORDER where passages change places, or the source changes; GAP beside a gap; None
            where the source simply goes on.
        leaving: The sample that would have been heard next without the join. Beside a gap, the
            end of the last segment before it; without one the same as `landing`.
        landing: The sample that is heard next. Beside a gap, the start of the first segment after
            it; without one the same as `leaving`.
        skipped: `landing - leaving` in samples, below 0 for a jump back; 0 between two sources.
    """

    index: int
    position: int
    kind: ChangeKind | None
    leaving: int
    landing: int
    skipped: int


@dataclass(frozen=True, slots=True)
class JoinArrays:
    """What happens at each join of an edit, in edited order; all of shape `[J]`.

    Attributes:
        positions: Edited positions of the joins; int64.
        codes: Their kinds, as indices into `JOIN_KINDS`; int64.
        leaving: As in `JoinInfo`; int64.
        landing: As in `JoinInfo`; int64.
        skipped: As in `JoinInfo`; int64.
    """

    positions: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int64]
    leaving: npt.NDArray[np.int64]
    landing: npt.NDArray[np.int64]
    skipped: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.positions)

    def info(self, index: int) -> JoinInfo:
        """Returns what happens at one join."""
        return JoinInfo(
            index,
            int(self.positions[index]),
            JOIN_KINDS[int(self.codes[index])],
            int(self.leaving[index]),
            int(self.landing[index]),
            int(self.skipped[index]),
        )


def join_arrays(edit: EditList) -> JoinArrays:
    """Returns what happens at each join of an edit, thousands of them at once."""
    return _join_arrays(timeline_of(edit))


@lru_cache(maxsize=2)  # the views and the list of changes ask for the same
def _join_arrays(timeline: Timeline) -> JoinArrays:
    n_joins = len(timeline.edit_list.joins)
    if not n_joins:
        none = np.zeros(0, np.int64)
        return JoinArrays(none, none, none, none, none)
    before, after = _segments_around(timeline)
    left, right = before[:n_joins], after[1:]
    # Where there is no segment on one side, the other side stands in for it.
    leaving = np.where(left >= 0, timeline.source_stops[left], timeline.source_starts[right])
    landing = np.where(right >= 0, timeline.source_starts[right], leaving)
    both = (left >= 0) & (right >= 0)
    same = both & (timeline.sources[left] == timeline.sources[right])
    skipped = np.where(same, landing - leaving, 0)
    codes = _kind_codes(timeline, skipped, same)
    return JoinArrays(timeline.starts[1:-1], codes, leaving, landing, skipped)


def joins_of(edit: EditList) -> tuple[JoinInfo, ...]:
    """Returns what happens at each join of an edit, in edited order."""
    joins = join_arrays(edit)
    return tuple(
        map(
            JoinInfo,
            range(len(joins)),
            joins.positions.tolist(),
            [JOIN_KINDS[code] for code in joins.codes.tolist()],
            joins.leaving.tolist(),
            joins.landing.tolist(),
            joins.skipped.tolist(),
        )
    )


def changes_of(
    edit: EditList,
    n_samples: int,
    *,
    source: int = 0,
    state: ChangeState = ChangeState.PROPOSED,
    first_id: int = 0,
) -> tuple[Change, ...]:
    """Returns the differences between a recording and an edit of it: rows of the edits list.

    - a CUT for each stretch that is heard nowhere, before the first and after the last kept
      sample too;
    - a LOOP for each jump back over what is then heard again: the stretch between the two ends;
    - a REORDER for each passage that is heard after a later one: that passage;
    - a GAP for each silence: the stretch that it stands for, empty where it was only inserted. What
      a gap stands for is not listed as a cut as well.

    Args:
        edit: The edit.
        n_samples: Length of the recording in samples.
        source: Index of the recording among the document's sources.
        state: State of every change.
        first_id: Id of the first change; the others count on.

    Returns:
        The changes in the order of the recording, without confidence. Loops have the reason
        REPEAT, everything else has OTHER: an edit list does not know why it was made.
    """
    return tuple(
        Change(
            id=number,
            kind=kind,
            reason=Reason.REPEAT if kind is ChangeKind.LOOP else Reason.OTHER,
            source=source,
            start=start,
            stop=stop,
            state=state,
        )
        for number, (start, stop, kind) in enumerate(
            change_rows(edit, n_samples, source=source), first_id
        )
    )


def change_rows(
    edit: EditList, n_samples: int, *, source: int = 0
) -> list[tuple[int, int, ChangeKind]]:
    """Returns what `changes_of` is about: start, stop and kind of each, in their order."""
    jumps = _jumps_back(edit, source)
    silences = _silences(edit, source, n_samples)
    stretches = {(start, stop) for start, stop, _ in (*jumps, *silences)}
    rows = [*jumps, *silences]
    rows += [
        (start, stop, ChangeKind.CUT)
        for start, stop in removed_ranges(edit, source, n_samples).tolist()
        if (start, stop) not in stretches
    ]
    rows.sort(key=_PLACE)
    return rows


def _jumps_back(edit: EditList, source: int) -> list[tuple[int, int, ChangeKind]]:
    """Returns a row for each jump back within a source, over a gap too."""
    timeline = timeline_of(edit)
    if (timeline.sources == GAP_SOURCE).any():
        timeline = Timeline(EditList(edit.segments))
    joins = _join_arrays(timeline)
    back = np.flatnonzero((joins.skipped < 0) & (timeline.sources[:-1] == source))
    if not back.size:
        return []
    run_stops = _run_stops(timeline)
    loop = JOIN_KINDS.index(ChangeKind.LOOP)
    rows: list[tuple[int, int, ChangeKind]] = []
    for index in back.tolist():
        landing = int(joins.landing[index])
        if joins.codes[index] == loop:
            rows.append((landing, int(joins.leaving[index]), ChangeKind.LOOP))
        else:
            rows.append((landing, int(run_stops[index + 1]), ChangeKind.REORDER))
    return rows


def _silences(edit: EditList, source: int, n_samples: int) -> list[tuple[int, int, ChangeKind]]:
    """Returns a row for each group of gaps that begins beside a segment of a source."""
    timeline = timeline_of(edit)
    gaps = np.flatnonzero(timeline.sources == GAP_SOURCE)
    if not gaps.size:
        return []
    before, after = _segments_around(timeline)
    rows: list[tuple[int, int, ChangeKind]] = []
    for index in gaps.tolist():
        if index and timeline.sources[index - 1] == GAP_SOURCE:
            continue
        left, right = int(before[index]), int(after[index])
        beside = left if left >= 0 else right
        if beside < 0 or timeline.sources[beside] != source:
            continue
        start = int(timeline.source_stops[left]) if left >= 0 else 0
        stop = int(timeline.source_starts[right]) if right >= 0 else n_samples
        if right >= 0 and timeline.sources[right] != source:
            stop = start
        rows.append((start, max(start, stop), ChangeKind.GAP))
    return rows


def _merged(
    starts: npt.NDArray[np.int64], stops: npt.NDArray[np.int64], n_samples: int
) -> npt.NDArray[np.int64]:
    """Returns the union of ranges, clipped to `[0, n_samples)`."""
    inside = starts < n_samples
    starts, stops = starts[inside], np.minimum(stops[inside], n_samples)
    if not starts.size:
        return np.empty((0, 2), np.int64)
    order = np.argsort(starts, kind="stable")
    starts = starts[order]
    reached = np.maximum.accumulate(stops[order])
    begins = np.concatenate(([True], starts[1:] > reached[:-1]))
    lasts = np.concatenate((np.flatnonzero(begins)[1:] - 1, [starts.size - 1]))
    return np.stack((starts[begins], reached[lasts]), axis=1)


def _segments_around(timeline: Timeline) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Returns for each item the last segment up to it and the first one from it on, or -1."""
    n_items = len(timeline.sources)
    indices = np.arange(n_items, dtype=np.int64)
    is_segment = timeline.sources != GAP_SOURCE
    before = np.maximum.accumulate(np.where(is_segment, indices, -1))
    after = np.minimum.accumulate(np.where(is_segment, indices, n_items)[::-1])[::-1]
    return before, np.where(after < n_items, after, -1)


def _run_stops(timeline: Timeline) -> npt.NDArray[np.int64]:
    """Returns for each item the sample up to which its source is heard on without a jump."""
    goes_on = (
        (timeline.sources[:-1] == timeline.sources[1:])
        & (timeline.sources[:-1] != GAP_SOURCE)
        & (timeline.source_stops[:-1] == timeline.source_starts[1:])
    )
    n_items = len(timeline.sources)
    # The last item of each item's run: the first one from it on that does not go on.
    ends = np.arange(n_items)
    ends[:-1][goes_on] = n_items
    return timeline.source_stops[np.minimum.accumulate(ends[::-1])[::-1]]


def _kind_codes(
    timeline: Timeline, skipped: npt.NDArray[np.int64], same: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """Returns the kind of each join, as an index into `JOIN_KINDS`.

    Args:
        timeline: The edit's index.
        skipped: Samples from leaving to landing at each join.
        same: Whether the segments on both sides, over gaps too, are of one source.
    """
    n_joins = len(skipped)
    left, right = slice(0, n_joins), slice(1, n_joins + 1)
    gaps = timeline.sources == GAP_SOURCE
    beside_gap = gaps[left] | gaps[right]
    same = same & ~beside_gap
    landing = timeline.source_starts[right]
    leaving = timeline.source_stops[left]
    codes = np.full(n_joins, JOIN_KINDS.index(ChangeKind.REORDER))
    codes[beside_gap] = JOIN_KINDS.index(ChangeKind.GAP)
    codes[same & (skipped == 0)] = JOIN_KINDS.index(None)
    # A jump back repeats if it lands on what was heard, or plays on to where it left.
    plays_on = (landing < leaving) & (leaving <= _run_stops(timeline)[right])
    heard_before = np.zeros(n_joins, np.bool_)
    back = np.flatnonzero(same & (skipped < 0) & ~plays_on)
    if back.size:
        heard_before[back] = _first_items(timeline)[back + 1] <= back
    codes[same & (skipped < 0) & (plays_on | heard_before)] = JOIN_KINDS.index(ChangeKind.LOOP)
    for source in np.unique(timeline.sources[right][same]).tolist():
        # A jump forward cuts if the first removed stretch that ends after it begins before it ends.
        here = np.flatnonzero(same & (skipped > 0) & (timeline.sources[right] == source))
        removed = removed_ranges(timeline.edit_list, source, int(timeline.source_stops.max()))
        starts = np.append(removed[:, 0], np.iinfo(np.int64).max)
        next_removed = starts[np.searchsorted(removed[:, 1], leaving[here], side="right")]
        codes[here[next_removed < landing[here]]] = JOIN_KINDS.index(ChangeKind.CUT)
    return codes


def _first_items(timeline: Timeline) -> npt.NDArray[np.int64]:
    """Returns for each item the first item in which its own first sample is heard."""
    first = np.arange(len(timeline.sources), dtype=np.int64)
    for source in np.unique(timeline.sources[timeline.sources != GAP_SOURCE]).tolist():
        here = np.flatnonzero(timeline.sources == source)
        edges = np.unique(
            np.concatenate((timeline.source_starts[here], timeline.source_stops[here]))
        )
        lows = np.searchsorted(edges, timeline.source_starts[here])
        highs = np.searchsorted(edges, timeline.source_stops[here])
        earliest = np.empty(len(edges), np.int64)
        # Painted from the last to the first, so that the first item's colour stays on top.
        for item, low, high in zip(
            here[::-1].tolist(), lows[::-1].tolist(), highs[::-1].tolist(), strict=True
        ):
            earliest[low:high] = item
        first[here] = earliest[lows]
    return first
