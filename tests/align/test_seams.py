from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from model_core.align import align
from model_core.align.crossfades import find_crossfade, shapes_of
from model_core.align.seams import _gains_around
from model_core.edit.types import FadeLaw
from tests.align.sounds import RATE, as_source, cut, music, rendered

CENTRE, HALF = 3000, 1102


def compressed(sound: np.ndarray) -> np.ndarray:
    pole = np.exp(-1 / (0.02 * RATE))
    level = signal.lfilter([1 - pole], [1, -pole], np.abs(sound))
    return (sound * np.minimum(1, ((level + 1e-4) / 0.05) ** -0.66)).astype(np.float32)


def test_joins_through_a_compressor() -> None:
    raw = as_source(music(25, seed=2))
    edit = cut(((0.5, 6), (7, 11.2), (14.02, 19), (16, 19), (30, 34), (22, 29)))
    found = align(raw, as_source(compressed(rendered(raw, edit)[:, 0] / 32768)))
    starts = [item.start for item in found.edit_list.segments]
    np.testing.assert_allclose(starts, [item.start for item in edit.segments], atol=20)


@pytest.mark.parametrize("law", FadeLaw)
@pytest.mark.parametrize("length_s", [0.0, 0.02, 0.05])
def test_a_crossfade_is_found_with_the_gains_beside_it(law: FadeLaw, length_s: float) -> None:
    left, right = np.random.default_rng(0).standard_normal((2, 2 * CENTRE))
    length = 2 * round(length_s * RATE / 2)
    begin = CENTRE - length // 2
    share = np.clip((np.arange(left.size) - begin + 0.5) / max(1, length), 0, 1)
    if not length:
        share = (np.arange(left.size) >= CENTRE).astype(float)
    fade_in = share if law is FadeLaw.EQUAL_GAIN else np.sin(share * np.pi / 2)
    fade_out = 1 - share if law is FadeLaw.EQUAL_GAIN else np.cos(share * np.pi / 2)
    heard = 1.5 * left * fade_out + 0.6 * right * fade_in
    found = find_crossfade(heard, 1.5 * left, 0.6 * right, CENTRE - HALF, CENTRE + HALF, RATE)
    assert (found.centre, found.length) == (CENTRE, length)
    assert found.unexplained < 1e-9
    for shape, expected in zip(shapes_of(found, left.size), (fade_out, fade_in), strict=True):
        np.testing.assert_allclose(shape, expected, atol=1e-9)
    around = slice(CENTRE - 2 * HALF, CENTRE + 2 * HALF)
    assert _gains_around(found, heard, left, right, around) == pytest.approx((1.5, 0.6), rel=0.01)
