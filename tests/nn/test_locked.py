from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_core.edit.locks import Locks, Range, span
from model_core.edit.pointers import frame_count, frame_start
from model_core.errors import EditError
from model_core.nn.lattice import Scores, best_edit
from model_core.nn.locked import Stretch, search_around

HOPS = [Fraction(256 * rate, 22050) for rate in (8000, 22050, 44100)]


def random_scores(n: int, seed: int, n_jumps: int = 0, visits: int = 3) -> Scores:
    rng = np.random.default_rng(seed)
    land = rng.integers(0, n, n_jumps)
    leave = rng.integers(land + 1, n + 1)
    order = np.argsort(leave, kind="stable")
    return Scores(
        rng.normal(0, 5, (n, visits)),
        rng.normal(-3, 2, n + 1),
        rng.normal(-2, 2, n),
        rng.normal(-4, 2, n + 1),
        leave[order],
        land[order],
        rng.normal(2, 4, n_jumps),
    )


def heard(stretches: list[Stretch]) -> list[Range]:
    """Returns what is played, stretches that continue each other taken together."""
    merged: list[Range] = []
    for part in stretches:
        assert part.start < part.stop
        if merged and merged[-1][1] == part.start:
            merged[-1] = (merged[-1][0], part.stop)
        else:
            merged.append((part.start, part.stop))
    return merged


def contradiction(stretches: list[Stretch], locks: Locks, n_samples: int) -> str:
    """Says in which way an edit disregards the locks; nothing if it respects them."""
    played = heard(stretches)
    if any(not 0 <= start < stop <= n_samples for start, stop in played):
        return "outside the recording"
    for start, stop in locks.keep:
        if not any(low <= start and stop <= high for low, high in played):
            return f"{start}-{stop} is not heard whole and unbroken"
    arranged = [part for passage in locks.passages for part in passage]
    by_hand = [(part.start, part.stop) for part in stretches if part.locked]
    if by_hand != arranged:
        return "passages are not heard as they were arranged"
    first = 0
    for passage in locks.passages:
        at = next((i for i in range(first, len(stretches)) if stretches[i].locked), len(stretches))
        first = at + len(passage)
        if not all(part.locked for part in stretches[at:first]):
            return "a passage is broken"
    found = [(part.start, part.stop) for part in stretches if not part.locked]
    # A passage may play what was dropped elsewhere: it was put there by hand.
    for start, stop in (*locks.drop, *(span(passage) for passage in locks.passages)):
        if any(low < stop and start < high for low, high in found):
            return f"{start}-{stop} is heard"
    return ""


@st.composite
def problems(draw: st.DrawFn) -> tuple[Scores, Locks, Fraction, int]:
    """Draws scores of 1 to 60 frames, locks at any samples, and jumps back."""
    hop = draw(st.sampled_from(HOPS))
    n_frames = draw(st.integers(1, 60))
    low = frame_start(n_frames - 1, hop) + 1
    n_samples = draw(st.integers(low, frame_start(n_frames, hop)))
    assert frame_count(n_samples, hop) == n_frames
    edges = draw(st.lists(st.integers(0, n_samples), max_size=10, unique=True).map(sorted))
    keep: list[Range] = []
    drop: list[Range] = []
    passages: list[tuple[Range, ...]] = []
    for start, stop in itertools.pairwise(edges):
        kind = draw(st.sampled_from(["free", "keep", "drop", "passage"]))
        if kind == "keep":
            keep.append((start, stop))
        elif kind == "drop":
            drop.append((start, stop))
        elif kind == "passage":
            inner = draw(st.lists(st.integers(start, stop), max_size=4, unique=True).map(sorted))
            parts = list(itertools.pairwise(inner))
            # The whole span somewhere, so that ends are where they were drawn.
            passages.append((*parts[::-1], (start, stop)))
    scores = random_scores(n_frames, draw(st.integers(0, 999)), draw(st.integers(0, 5)))
    return scores, Locks(tuple(keep), tuple(drop), tuple(passages)), hop, n_samples


@given(problems())
def test_locks_are_respected_to_the_sample(problem: tuple[Scores, Locks, Fraction, int]) -> None:
    scores, locks, hop, n_samples = problem
    stretches = search_around(scores, locks, hop, n_samples)
    assert contradiction(stretches, locks, n_samples) == ""


@given(problems(), st.integers(1, 150))
def test_locks_are_respected_at_any_length(
    problem: tuple[Scores, Locks, Fraction, int], target_frames: int
) -> None:
    scores, locks, hop, n_samples = problem
    stretches = search_around(scores, locks, hop, n_samples, target_frames)
    assert contradiction(stretches, locks, n_samples) == ""


@pytest.mark.parametrize("hop", HOPS)
@pytest.mark.parametrize("seed", range(5))
def test_without_locks_it_is_the_plain_search(hop: Fraction, seed: int) -> None:
    scores = random_scores(200, seed, n_jumps=4)
    n_samples = frame_start(200, hop) - 3
    stretches = search_around(scores, Locks(), hop, n_samples)
    plain = best_edit(scores).runs
    assert [(part.start, part.stop) for part in stretches] == [
        (frame_start(start, hop), min(frame_start(stop, hop), n_samples))
        for start, stop in plain.tolist()
    ]
    assert not any(part.locked for part in stretches)


def steady(n: int, gain: float) -> Scores:
    """Every frame is worth the same, and nothing speaks for a cut."""
    nothing = np.full(n + 1, -20.0)
    none = np.zeros(0, np.int64)
    gains = np.full((n, 2), -50.0)
    gains[:, 0] = gain
    return Scores(gains, nothing, nothing[:-1], nothing, none, none, np.zeros(0))


HOP = Fraction(256)


def test_a_kept_range_stays_where_everything_else_goes() -> None:
    (only,) = search_around(steady(50, -50.0), Locks(keep=((1000, 1500),)), HOP, 50 * 256)
    # Frames that hold something of the range are heard whole.
    assert (only.start, only.stop) == (768, 1536)


def test_a_dropped_range_goes_to_the_sample_where_everything_else_stays() -> None:
    n_samples = 50 * 256
    stretches = search_around(steady(50, 50.0), Locks(drop=((1000, 3001),)), HOP, n_samples)
    assert [(part.start, part.stop) for part in stretches] == [(0, 1000), (3001, n_samples)]


def test_a_passage_is_put_in_where_its_span_was() -> None:
    n_samples = 50 * 256
    passage = ((4000, 5000), (2000, 3000), (4500, 6001))
    stretches = search_around(steady(50, 50.0), Locks(passages=(passage,)), HOP, n_samples)
    assert [(part.start, part.stop, part.locked) for part in stretches] == [
        (0, 2000, False),
        *((*part, True) for part in passage),
        (6001, n_samples, False),
    ]


def test_an_edit_may_be_the_passage_alone() -> None:
    passage = ((0, 100), (12700, 12800))
    stretches = search_around(steady(50, 50.0), Locks(passages=(passage,)), HOP, 50 * 256)
    assert [(part.start, part.stop) for part in stretches] == list(passage)


def test_a_loop_over_a_kept_range_is_still_possible() -> None:
    scores = steady(100, 5.0)
    scores.gain[20:60, 1] = 50.0
    looped = Scores(
        scores.gain,
        scores.leave,
        scores.land,
        scores.finish,
        np.array([60]),
        np.array([20]),
        np.array([-1.0]),
    )
    locks = Locks(keep=((30 * 256, 40 * 256),))
    stretches = search_around(looped, locks, HOP, 100 * 256)
    ranges = [(part.start, part.stop) for part in stretches]
    assert ranges == [(0, frame_start(60, HOP)), (frame_start(20, HOP), 100 * 256)]
    # One into it would break it.
    inside = Locks(keep=((10 * 256, 30 * 256),))
    assert len(search_around(looped, inside, HOP, 100 * 256)) == 1


def test_the_length_counts_what_was_arranged_by_hand() -> None:
    rng = np.random.default_rng(0)
    n = 3000
    scores = Scores(
        rng.normal(0, 1, (n, 1)),
        np.full(n + 1, -1.0),
        np.full(n, -1.0),
        np.full(n + 1, -3.0),
        *(np.zeros(0, np.int64),) * 2,
        np.zeros(0),
    )
    passage = ((100 * 256, 400 * 256), (150 * 256, 350 * 256))
    stretches = search_around(scores, Locks(passages=(passage,)), HOP, n * 256, 2000)
    played = sum(part.stop - part.start for part in stretches)
    assert played / 256 == pytest.approx(2000, rel=0.01)


def test_a_lock_beyond_the_recording_is_refused() -> None:
    with pytest.raises(EditError, match="beyond the recording"):
        search_around(steady(10, 1.0), Locks(keep=((0, 2561),)), HOP, 2560)


def test_passages_heard_in_another_order_are_heard_once() -> None:
    """Their edges lie within frames, of which the gaps beside them play the rest only."""
    n = 50
    nothing = np.full(n + 1, -1.0)
    none = np.zeros(0, np.int64)
    scores = Scores(np.full((n, 1), 50.0), nothing, nothing[:-1], nothing, none, none, np.zeros(0))
    passages = (((5000, 6000),), ((1000, 2000),))
    stretches = search_around(scores, Locks(passages=passages), Fraction(256), n * 256)
    heard = np.zeros(n * 256, int)
    for stretch in stretches:
        heard[stretch.start : stretch.stop] += 1
    assert heard.max() == 1
    assert [(s.start, s.stop) for s in stretches if s.locked] == [(5000, 6000), (1000, 2000)]
