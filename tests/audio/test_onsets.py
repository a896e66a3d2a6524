from __future__ import annotations

import numpy as np
import pytest

from model_core.audio.onsets import OnsetFinder
from model_core.audio.source import ArraySource
from model_core.errors import CancelledError
from model_core.progress import CancelToken

ONSETS_S = (0.7, 1.3, 2.05, 3.5, 4.0, 4.31, 9.2)


def plucked(rate: int, channels: int = 1) -> ArraySource:
    """Notes that begin at once and fade, over faint noise."""
    seconds = np.arange(10 * rate) / rate
    samples = np.random.default_rng(0).normal(0, 1e-4, seconds.size)
    for number, onset in enumerate(ONSETS_S):
        since = (seconds - onset).clip(0)
        samples += 0.4 * np.sin(2 * np.pi * 110 * (2 + number % 3) * since) * np.exp(-8 * since)
    return ArraySource(np.repeat(np.int16(32767 * samples)[:, np.newaxis], channels, axis=1), rate)


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000])
def test_every_note_is_found_and_nothing_else(rate: int) -> None:
    source = plucked(rate, channels=2)
    found = OnsetFinder(source).onsets(0, source.n_samples)
    assert found / rate == pytest.approx(ONSETS_S, abs=0.01)


def test_a_part_has_the_onsets_of_the_whole() -> None:
    source = plucked(44_100)
    finder = OnsetFinder(source)
    whole = finder.onsets(0, source.n_samples)
    start, stop = int(whole[1]), int(whole[4])
    assert finder.onsets(start, stop).tolist() == whole[1:4].tolist()
    assert finder.onsets(start + 1, stop + 1).tolist() == whole[2:5].tolist()


def test_the_nearest_onset_in_either_direction() -> None:
    source = plucked(16_000)
    finder = OnsetFinder(source)
    whole = finder.onsets(0, source.n_samples).tolist()
    assert finder.nearest(0, source.n_samples, later=True) == whole[0]
    assert finder.nearest(whole[5] + 1, source.n_samples, later=True) == whole[6]
    assert finder.nearest(0, whole[6], later=False) == whole[5]
    assert finder.nearest(0, whole[0], later=False) is None
    assert finder.nearest(whole[6] + 1, source.n_samples, later=True) is None
    assert finder.nearest(5, 5, later=True) is None


def test_silence_has_none() -> None:
    source = ArraySource(np.zeros(80_000, np.int16), 16_000)
    assert OnsetFinder(source).onsets(0, 80_000).size == 0


def test_a_search_can_be_given_up() -> None:
    source = ArraySource(np.zeros(80_000, np.int16), 16_000)
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        OnsetFinder(source).nearest(0, 80_000, later=True, cancel=cancel)


def test_a_sound_that_breaks_off_at_the_end_does_not_begin_there() -> None:
    seconds = np.arange(48_000) / 16_000
    samples = np.int16(16_000 * np.sin(2 * np.pi * 220.3 * seconds))
    found = OnsetFinder(ArraySource(samples, 16_000)).onsets(8_000, 48_000)
    assert found.size == 0
