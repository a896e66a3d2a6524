from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editorbot_gui.waveform.ruler import scale_between
from editorbot_gui.waveform.timecode import (
    NARROW_SPACE,
    format_length,
    format_samples,
    format_time,
    ticks_for,
)

RATE = 48_000


@pytest.mark.parametrize(
    ("seconds", "decimals", "text"),
    [
        (0, 3, "0:00.000"),
        (1.5, 3, "0:01.500"),
        (83.456, 3, "1:23.456"),
        (3599.9999, 3, "1:00:00.000"),
        (3725.25, 3, "1:02:05.250"),
        (59.6, 0, "1:00"),
        (10_800, 0, "3:00:00"),
        (-2.5, 1, "-0:02.5"),
        (-0.00001, 1, "0:00.0"),
    ],
)
def test_times(seconds: float, decimals: int, text: str) -> None:
    assert format_time(round(seconds * RATE), RATE, decimals) == text


@pytest.mark.parametrize(
    ("samples", "text"),
    [
        (0, "0 ms"),
        (1, "1 sample"),
        (30, "30 samples"),
        (RATE // 20, "50 ms"),
        (RATE - 1, "1.00 s"),
        (RATE * 9, "9.00 s"),
        (RATE * 25, "25.0 s"),
        (RATE * 185, "3:05"),
    ],
)
def test_lengths(samples: int, text: str) -> None:
    assert format_length(samples, RATE) == text


def test_sample_numbers_are_grouped() -> None:
    assert format_samples(518_400_000) == NARROW_SPACE.join(("518", "400", "000"))


@given(
    per_pixel=st.floats(1 / 64, 1e6),
    rate=st.sampled_from([8000, 22_050, 44_100, 48_000, 192_000]),
)
def test_labels_keep_their_distance_and_are_not_sparse(per_pixel: float, rate: int) -> None:
    ticks = ticks_for(per_pixel, rate, 80)
    step_px = ticks.small_step_samples * ticks.divisions / per_pixel
    assert step_px >= 80 * 0.999
    if not ticks.in_samples or ticks.step > 1:
        assert step_px <= 80 * 3.01 or ticks.step * ticks.samples_per_unit <= rate / 1000 * 2


@given(
    start_s=st.floats(0, 10_000),
    span_s=st.floats(0.0005, 10_000),
    rate=st.sampled_from([8000, 44_100, 192_000]),
)
def test_labels_of_a_scale_differ_and_say_where_they_are(
    start_s: float, span_s: float, rate: int
) -> None:
    start, stop = start_s * rate, (start_s + span_s) * rate
    scale = scale_between(start, stop, (stop - start) / 1000, rate, 88)
    labels = [label for _, label in scale.labelled]
    assert len(labels) == len(set(labels))
    assert len(scale.labelled) <= 14
    assert len(scale.small) <= 60
    for sample, label in scale.labelled:
        if scale.in_samples:
            assert int(label.replace(NARROW_SPACE, "")) == sample
        else:
            assert format_time(round(sample * 1000), rate * 1000, 3).startswith(label)


def test_a_ruler_counts_samples_where_milliseconds_are_too_coarse() -> None:
    assert scale_between(0, 50, 0.05, RATE, 88).in_samples
    assert not scale_between(0, 50_000, 50, RATE, 88).in_samples


def test_milliseconds_stay_exact_where_they_hold_no_whole_number_of_samples() -> None:
    labels = [label for _, label in scale_between(0, 441, 0.5, 44_100, 88).labelled]
    assert labels[:3] == ["0:00.000", "0:00.001", "0:00.002"]
