"""Hypothesis strategies and small helpers for edit lists."""

from __future__ import annotations

from typing import TypeAlias

from hypothesis import strategies as st

from model_core.edit.types import EditList, FadeLaw, Gap, Item, Join, Segment

SOURCE_LENGTHS = (120, 50)
"""Lengths of the sources that `edit_lists` draws from: small, so that stretches often meet."""

Sample: TypeAlias = tuple[int, int] | None
"""What is heard at one edited position: source and sample, or None in a gap."""


@st.composite
def segments(draw: st.DrawFn, n_sources: int = 2) -> Segment:
    source = draw(st.integers(0, n_sources - 1))
    start = draw(st.integers(0, SOURCE_LENGTHS[source] - 1))
    stop = draw(st.integers(start + 1, SOURCE_LENGTHS[source]))
    return Segment(source, start, stop, draw(st.sampled_from([0.0, 0.0, 0.0, -3.0])))


def items(n_sources: int = 2) -> st.SearchStrategy[Item]:
    return st.one_of(segments(n_sources), segments(n_sources), st.builds(Gap, st.integers(1, 30)))


joins = st.builds(Join, st.sampled_from(FadeLaw), st.none() | st.integers(0, 20))


@st.composite
def edit_lists(draw: st.DrawFn, n_sources: int = 2, min_items: int = 0) -> EditList:
    """Draws edits with gaps, splits, loops, gains and joins of their own."""
    drawn: list[Item] = []
    for item in draw(st.lists(items(n_sources), min_size=min_items, max_size=8)):
        split_up = isinstance(item, Segment) and item.length > 1 and draw(st.integers(0, 3)) == 0
        if isinstance(item, Segment) and split_up:
            middle = draw(st.integers(item.start + 1, item.stop - 1))
            drawn.append(Segment(item.source, item.start, middle, item.gain_db))
            drawn.append(Segment(item.source, middle, item.stop, item.gain_db))
        else:
            drawn.append(item)
    return EditList(tuple(drawn), tuple(draw(joins) for _ in drawn[1:]))


def heard(edit: EditList) -> list[Sample]:
    """Returns what is heard at each edited position, the slow and obvious way."""
    samples: list[Sample] = []
    for item in edit.items:
        if isinstance(item, Segment):
            samples += [(item.source, sample) for sample in range(item.start, item.stop)]
        else:
            samples += [None] * item.length
    return samples


def loudness(edit: EditList) -> list[float]:
    """Returns the gain at each edited position, 0 in gaps."""
    gains: list[float] = []
    for item in edit.items:
        gains += [item.gain_db if isinstance(item, Segment) else 0.0] * item.length
    return gains
