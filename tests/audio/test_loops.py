from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from model_core.audio.joins import Allowed
from model_core.audio.loops import Loop, find_loops, with_loops
from model_core.audio.source import ArraySource
from model_core.edit.types import EditList
from model_core.errors import CancelledError
from model_core.progress import CancelToken

if TYPE_CHECKING:
    import numpy.typing as npt

RATE = 22_050
BEAT_S = 0.5


def a_piece(seconds: float, *, repeats: bool) -> npt.NDArray[np.float32]:
    """Drums and notes at 120 beats a minute; the notes of each fourth bar come back, or don't."""
    rng = np.random.default_rng(3)
    n_beats = round(seconds / BEAT_S)
    time = np.arange(round(BEAT_S * RATE)) / RATE
    tune = rng.integers(0, 24, 16 if repeats else n_beats)
    hits = [
        rng.normal(0, 1, len(time)) * np.exp(-time * 30) for _ in range(16 if repeats else n_beats)
    ]
    beats = []
    for number in range(n_beats):
        hz = 220 * 2 ** (tune[number % len(tune)] / 12)
        note = np.sin(2 * np.pi * hz * time) * np.exp(-time * 4)
        beats.append(0.3 * note + 0.2 * hits[number % len(hits)] * (1 + (number % 2)))
    return np.concatenate(beats).astype(np.float32)[:, None]


@pytest.fixture(scope="module")
def loops() -> tuple[Loop, ...]:
    return find_loops(ArraySource(a_piece(40, repeats=True), RATE))


def test_what_comes_back_can_be_looped_in_time(loops: tuple[Loop, ...]) -> None:
    assert len(loops) >= 5
    for loop in loops:
        beats = loop.length / RATE / BEAT_S
        assert abs(beats - 16 * round(beats / 16)) * BEAT_S < 0.01
        assert beats >= 16
    assert list(loops) == sorted(loops, key=lambda loop: -loop.alike)


def test_what_never_comes_back_is_not_looped() -> None:
    assert find_loops(ArraySource(a_piece(40, repeats=False), RATE)) == ()


@pytest.mark.parametrize("n_samples", [1, 100, 3 * RATE])
def test_silence_and_short_recordings_have_no_loops(n_samples: int) -> None:
    assert find_loops(ArraySource(np.zeros((n_samples, 1), np.float32), RATE)) == ()


def test_the_search_can_be_stopped() -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        find_loops(ArraySource(a_piece(4, repeats=True), RATE), cancel)


LOOPS = (Loop(200, 300, 0.9), Loop(250, 350, 0.8), Loop(600, 650, 0.7), Loop(950, 1050, 0.6))
EDIT = EditList.from_ranges([(100, 500), (550, 1000)])


def ranges(edit: EditList) -> list[tuple[int, int]]:
    return [(segment.start, segment.stop) for segment in edit.segments]


def test_as_many_passages_are_played_again_as_are_wanted() -> None:
    for count in range(5):

        def missing(number: int, _added: int, _last: int, count: int = count) -> bool:
            return number < count

        found, limits, number = with_loops(EDIT, [None, None], LOOPS, missing)
        backs = sum(b[0] < a[1] for a, b in zip(ranges(found)[:-1], ranges(found)[1:], strict=True))
        assert number == backs == count
        assert len(limits) == len(found.items)
    once, _, _ = with_loops(EDIT, [None, None], LOOPS, lambda n, _added, _last: n < 2)
    # The overlapping one and the one that is cut into are left out; each of the others comes once.
    assert ranges(once) == [(100, 300), (200, 500), (550, 650), (600, 1000)]


def test_limits_hold_what_was_put_in_and_locked_places_are_not_left() -> None:
    allowed = [Allowed((90, 110), (480, 520)), Allowed((540, 560), (990, 1010))]
    found, limits, _ = with_loops(
        EDIT, allowed, LOOPS, lambda n, _added, _last: n < 1, lambda place: place < 600
    )
    assert ranges(found) == [(100, 300), (200, 500), (550, 1000)]
    assert limits[0] == Allowed((90, 110), (300, 300))
    assert limits[1] == Allowed((200, 200), (480, 520))
    assert limits[2] == allowed[1]
    nothing = with_loops(EDIT, allowed, LOOPS, lambda n, _a, _l: n < 3, lambda _place: False)
    assert nothing[0] == EDIT
