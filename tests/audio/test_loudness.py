from __future__ import annotations

import numpy as np
import pytest

from model_core.audio.loudness import LoudnessProfile, k_weighting
from model_core.audio.source import ArraySource
from model_core.edit.types import EditList, Gap, Segment
from model_core.errors import CancelledError
from model_core.progress import CancelToken


def profile(samples: np.ndarray, rate: int = 48_000) -> LoudnessProfile:
    return LoudnessProfile.of(
        ArraySource(samples, rate), CancelToken(), lambda _share, _words: None
    )


def tone(seconds: float, level: float = 1.0, rate: int = 48_000) -> np.ndarray:
    return (level * np.sin(2 * np.pi * 997 * np.arange(int(seconds * rate)) / rate)).astype(
        np.float32
    )


def test_the_weighting_is_that_of_the_standard() -> None:
    shelf, low_cut = k_weighting(48_000)
    np.testing.assert_allclose(
        shelf,
        [1.5351248596, -2.6916961894, 1.1983928109, 1, -1.6906592932, 0.7324807742],
        atol=1e-8,
    )  # fmt: skip
    np.testing.assert_allclose(low_cut, [1, -2, 1, 1, -1.9900474548, 0.9900722504], atol=1e-8)


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 48_000, 96_000])
def test_a_full_scale_sine_is_at_minus_three(rate: int) -> None:
    loudness = profile(tone(5, rate=rate), rate).whole()
    assert loudness.lufs == pytest.approx(-3.01, abs=0.1)
    assert loudness.peak == pytest.approx(1.0, abs=1e-3)


def test_two_channels_are_three_decibels_louder_and_softer_is_softer() -> None:
    stereo = np.repeat(tone(5, 0.1)[:, None], 2, axis=1)
    assert profile(stereo).whole().lufs == pytest.approx(-20.0, abs=0.05)
    pcm = np.round(stereo * 32767).astype(np.int16)
    assert profile(pcm).whole().lufs == pytest.approx(-20.0, abs=0.05)


def test_pauses_do_not_count() -> None:
    pause = np.zeros(48_000 * 20, np.float32)
    measured = profile(np.concatenate((tone(20, 0.1), pause, tone(20, 0.1))))
    assert measured.whole().lufs == pytest.approx(-23.0, abs=0.1)


def test_an_edit_is_as_loud_as_if_it_were_measured_itself() -> None:
    rng = np.random.default_rng(3)
    rate = 16_000
    levels = np.repeat(rng.uniform(0.01, 0.4, 60), rate // 2)
    samples = (rng.normal(size=len(levels)) * levels / 3).clip(-1, 1).astype(np.float32)
    ranges = [(1234, 70_001), (90_017, 200_000), (150_000, 260_003), (300, 900)]
    edit = EditList.from_ranges(ranges)
    itself = profile(np.concatenate([samples[first:last] for first, last in ranges]), rate).whole()
    told = profile(samples, rate).of_edit(edit)
    assert told.lufs == pytest.approx(itself.lufs, abs=0.05)
    assert told.peak == pytest.approx(itself.peak, abs=1e-6)


def test_gain_and_gaps_count() -> None:
    measured = profile(tone(10, 0.1))
    softer = EditList((Segment(0, 0, 48_000 * 5, gain_db=-6.0), Gap(48_000 * 30)))
    loudness = measured.of_edit(softer)
    # Windows half in the gap are a little softer; the gate lets some of them through.
    assert loudness.lufs == pytest.approx(-29.0, abs=0.3)
    assert loudness.peak == pytest.approx(0.1 * 10 ** (-6 / 20), rel=1e-3)


def test_silence_and_next_to_nothing() -> None:
    silent = profile(np.zeros(48_000, np.float32))
    assert silent.whole().lufs == -np.inf
    assert silent.of_edit(EditList()).lufs == -np.inf
    assert profile(tone(0.05)).whole().lufs == pytest.approx(-3.0, abs=1.0)
    assert profile(tone(5)).of_edit(EditList.from_ranges([(0, 10)])).peak <= 1


def test_measuring_can_be_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        LoudnessProfile.of(ArraySource(tone(1), 48_000), token, lambda _share, _words: None)
