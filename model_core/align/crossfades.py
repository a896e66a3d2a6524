"""Finding a crossfade: its place, length and law, from the edit and the two sounds it blends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from model_core.edit.types import FadeLaw

if TYPE_CHECKING:
    from collections.abc import Iterator

Exact = npt.NDArray[np.float64]

_LENGTHS_S: Final = (0.0, 0.002, 0.005, 0.008, 0.012, 0.016, 0.02, 0.025, 0.03, 0.04, 0.05)
_CLEARLY_BETTER: Final = 0.82  # than a butt join; otherwise a fade explains but noise
LONGEST_S: Final = max(_LENGTHS_S)


@dataclass(frozen=True, slots=True)
class Crossfade:
    """A crossfade that was found.

    Attributes:
        centre: The sample, counted in what was searched, from which the right side prevails.
        length: Its length in samples; 0 for a butt join.
        law: Its law.
        unexplained: Share of the power around it that it leaves unexplained.
    """

    centre: int
    length: int
    law: FadeLaw
    unexplained: float


def find_crossfade(
    heard: Exact, left: Exact, right: Exact, low: int, high: int, rate_hz: int
) -> Crossfade:
    """Returns the crossfade that explains the edit best.

    All centres from `low` to `high` are tried with a few lengths and laws; each costs three
    products with its shape for all centres at once, by Fourier transforms.

    Args:
        heard: The edit, `[n]`.
        left: What it would be if the left side went on, `[n]`.
        right: What it would be if the right side had begun before, `[n]`.
        low: First centre to try, at least half the longest fade from the beginning.
        high: Last centre to try, at least as far from the end.
        rate_hz: Samples a second.
    """
    import scipy.fft

    # |heard - f·left - g·right|², multiplied out.
    parts = np.stack((left * left, right * right, -2 * heard * left, -2 * heard * right))
    parts = np.concatenate((parts, (2 * left * right)[np.newaxis]))
    size = scipy.fft.next_fast_len(heard.size, real=True)
    spectra = scipy.fft.rfft(parts, size, axis=1)
    power = _summed_up(heard * heard)
    rest_left, rest_right = _summed_up((heard - left) ** 2), _summed_up((heard - right) ** 2)
    centres = np.arange(low, high + 1)
    best = Crossfade(low, 0, FadeLaw.EQUAL_GAIN, np.inf)
    for length, law, fade_out, fade_in in _shapes(rate_hz):
        begins = centres - length // 2
        ends = begins + length
        cost = rest_left[begins] + rest_right[-1] - rest_right[ends]
        if length:
            shapes = np.stack((fade_out**2, fade_in**2, fade_out, fade_in, fade_out * fade_in))
            product = (spectra * scipy.fft.rfft(shapes, size, axis=1).conj()).sum(axis=0)
            cost += power[ends] - power[begins] + scipy.fft.irfft(product, size)[begins]
        first = int(np.argmin(cost))
        better = _CLEARLY_BETTER if best.length == 0 else 1.0
        if cost[first] < better * best.unexplained:
            best = Crossfade(int(centres[first]), length, law, float(cost[first]))
    share = max(0.0, best.unexplained) / (power[-1] + 1e-20)
    return Crossfade(best.centre, best.length, best.law, share)


def shapes_of(fade: Crossfade, n_samples: int) -> tuple[Exact, Exact]:
    """Returns the gains of the left and the right side over what was searched, `[n]` each."""
    begin = fade.centre - fade.length // 2
    share = (np.arange(n_samples) - begin + 0.5) / max(1, fade.length)
    share = np.clip(share, 0.0, 1.0) if fade.length else (share > 0).astype(np.float64)
    return _gains(fade.law, share)


def _gains(law: FadeLaw, share: Exact) -> tuple[Exact, Exact]:
    if law is FadeLaw.EQUAL_POWER:
        return np.cos(share * np.pi / 2), np.sin(share * np.pi / 2)
    return 1 - share, share


def _shapes(rate_hz: int) -> Iterator[tuple[int, FadeLaw, Exact, Exact]]:
    for length_s in _LENGTHS_S:
        length = 2 * round(length_s * rate_hz / 2)
        share = (np.arange(length) + 0.5) / max(1, length)
        yield length, FadeLaw.EQUAL_GAIN, *_gains(FadeLaw.EQUAL_GAIN, share)
        if length:
            yield length, FadeLaw.EQUAL_POWER, *_gains(FadeLaw.EQUAL_POWER, share)


def _summed_up(values: Exact) -> Exact:
    return np.concatenate((np.zeros(1), np.cumsum(values)))
