from __future__ import annotations

import numpy as np
import pytest

from model_core.audio.joins import Allowed
from model_core.audio.pauses import fit_pauses
from model_core.audio.source import ArraySource
from model_core.edit.types import EditList
from model_core.errors import CancelledError
from model_core.progress import CancelToken

RATE = 22050
SOUNDS_S = ((0.5, 2.0), (4.0, 5.5), (7.0, 8.5), (11.0, 12.5))
"""Where it isn't silent."""


def samples(*seconds: float) -> list[int]:
    return [round(second * RATE) for second in seconds]


def a_source(
    floor: float = 1e-3, sounds: tuple[tuple[float, float], ...] = SOUNDS_S
) -> ArraySource:
    rng = np.random.default_rng(0)
    sound = rng.normal(0, floor, 13 * RATE)
    for start, stop in sounds:
        first, last = samples(start, stop)
        sound[first:last] += rng.normal(0, 0.1, last - first)
    return ArraySource(sound.astype(np.float32)[:, None], RATE)


def an_edit(*seconds: float) -> EditList:
    places = samples(*seconds)
    return EditList.from_ranges(zip(places[::2], places[1::2], strict=True))


def seconds(edit: EditList) -> list[tuple[float, float]]:
    return [(part.start / RATE, part.stop / RATE) for part in edit.segments]


def pauses(edit: EditList) -> list[float]:
    """Returns the silence left at each join, in seconds."""
    sounds = np.array(SOUNDS_S)
    left = []
    for (_, stop), (start, _) in zip(seconds(edit), seconds(edit)[1:], strict=False):
        ended = sounds[sounds[:, 1] <= stop + 0.01, 1].max()
        began = sounds[sounds[:, 0] >= start - 0.01, 0].min()
        left.append((stop - ended) + (began - start))
    return left


def fitted_edit(
    edit: EditList,
    source: ArraySource,
    pause_s: float | None = None,
    allowed: list[Allowed] | None = None,
    cancel: CancelToken | None = None,
) -> EditList:
    return fit_pauses(edit, source, pause_s, allowed, cancel).edit_list


def test_pauses_get_as_long_as_is_asked() -> None:
    edit = an_edit(0, 2.2, 3.9, 6.2, 6.3, 8.6, 10.0, 13)
    fitted = fitted_edit(edit, a_source(), 0.5)
    # Words are taken to reach 80 ms beyond their level on either side.
    assert pauses(fitted) == pytest.approx([0.66] * 3, abs=0.03)
    for _, stop in seconds(fitted)[:-1]:
        ended = max(end for _, end in SOUNDS_S if end < stop)
        assert stop - ended == pytest.approx(0.33, abs=0.02)


def test_words_that_were_cut_off_come_back() -> None:
    edit = an_edit(0, 1.85, 4.15, 13)
    (_, stop), (start, _) = seconds(fitted_edit(edit, a_source()))
    assert stop == pytest.approx(2.13, abs=0.02)
    assert start == pytest.approx(3.87, abs=0.02)


def test_an_onset_that_was_to_go_goes() -> None:
    (_, stop), _ = seconds(fitted_edit(an_edit(0, 4.03, 7.0, 13), a_source()))
    assert stop < 4.0


def test_without_a_wish_pauses_become_alike() -> None:
    edit = an_edit(0, 2.2, 3.6, 6.2, 6.3, 8.8, 10.5, 13)
    usual = float(np.median(pauses(edit)))
    assert pauses(fitted_edit(edit, a_source())) == pytest.approx([usual] * 3, abs=0.05)


def test_what_a_side_lacks_the_other_gives() -> None:
    # Behind the second sound 1.5 s are silent; before the third retake only 0.3 s.
    sounds = ((0.5, 2.0), (4.0, 5.5), (5.8, 6.6), (11.0, 12.5))
    source = a_source(sounds=sounds)
    (_, stop), (start, _) = seconds(fitted_edit(an_edit(0, 2.1, 5.75, 13), source, 1.0))
    assert 5.5 < start < 5.8
    assert (stop - 2.08) + (5.72 - start) == pytest.approx(1.0, abs=0.05)


def test_joins_inside_sound_stay() -> None:
    edit = an_edit(0, 1.2, 4.7, 13)
    assert fitted_edit(edit, a_source(), 0.5) == edit


@pytest.mark.parametrize("source", [
    a_source(floor=0.1, sounds=()),
    a_source(floor=0.1),
    ArraySource(np.zeros((13 * RATE, 1), np.float32), RATE),
    ArraySource(np.zeros((13 * RATE, 2), np.int16), RATE),
])  # fmt: skip
def test_where_the_level_tells_nothing_joins_stay(source: ArraySource) -> None:
    edit = an_edit(0, 2.2, 3.9, 13)
    assert fitted_edit(edit, source, 0.5) == edit


def test_joins_stay_within_what_is_allowed() -> None:
    edit = an_edit(0, 2.2, 3.5, 13)
    stop, start = edit.segments[0].stop, edit.segments[1].start
    allowed = [Allowed((0, 0), (stop, stop + 100)), Allowed((start - 50, start), (0, 13 * RATE))]
    fitted = fitted_edit(edit, a_source(), 1.5, allowed)
    assert fitted.segments[0].stop == stop + 100
    assert fitted.segments[1].start == start - 50


def test_a_recording_of_one_sample_and_an_empty_edit() -> None:
    one = ArraySource(np.zeros((1, 1), np.float32), RATE)
    assert fitted_edit(EditList.whole(1), one, 0.5) == EditList.whole(1)
    assert fitted_edit(EditList(), one) == EditList()


def test_it_can_be_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        fitted_edit(an_edit(0, 2, 3, 13), a_source(), cancel=token)
