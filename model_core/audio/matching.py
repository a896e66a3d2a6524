"""Finding the distance at which a jump stays in time.

Where the sound that would have gone on resembles the sound that is landed on (a loop, a repeated
bar, a take played again), there is one distance between the two that keeps the beat. Three kinds
of evidence speak for a distance: onsets in bands and the strengths of the pitch classes, which
also match takes that are played anew, and the whitened waveform, which only the same sound matches
but which is sharper. Each looks at what follows the join, at what precedes it, and at both. They
are weighed against what chance gives at random places of speech, and added up; unrelated material
gives peaks too, and the limits are such that less than one in a hundred places in speech passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from model_core.audio.listening import Listener

Curves: TypeAlias = npt.NDArray[np.floating]

REACH_S = 0.7
"""How far from the proposed landing a match is looked for: both ends may be wrong by half of it."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of evidence.

    Attributes:
        context_s: So much is looked at before and after the join, what is far away less.
        chance: Correlations that chance rarely exceeds: ahead, back, both ways.
        weight: How much it counts.
    """

    context_s: float
    chance: tuple[float, float, float]
    weight: float


@dataclass(frozen=True, slots=True)
class Match:
    """A distance that stays in time.

    Attributes:
        shift_s: How far the landing has to move.
        tolerance_s: How exact that is.
    """

    shift_s: float
    tolerance_s: float


_ONSETS = _Kind(2.5, (0.30, 0.37, 0.23), 0.4)
_PITCHES = _Kind(2.0, (0.30, 0.38, 0.23), 0.4)
_WAVEFORM = _Kind(1.0, (0.15, 0.24, 0.094), 0.2)

# Limits in units of what chance gives, and what a second of moving costs in them. Pauses have so
# few events about them that these are alike more often, and to be wrong there clips words.
_WORTH_A_LOOK = 0.55
_ENOUGH = 1.1
_ENOUGH_IN_PAUSES = 1.25
_RIVAL_S = 0.05
_MOVING_COST = 0.5
_SAME_SOUND = 1.0

_PAUSE_S, _AROUND_PAUSE_S = 0.04, 2.0
_PAUSE = 0.1
"""A pause's level over the level about it."""

_QUIET = 1e-3
_WHITENING = 0.8
_WAVEFORM_STEP = 2


def find_match(
    leaving: Listener, leaving_s: float, landing: Listener, landing_s: float, reach_s: float
) -> Match | None:
    """Looks for the distance at which a jump stays in time.

    Args:
        leaving: Hears the recording that is left.
        leaving_s: Where it is left, in seconds.
        landing: Hears the recording that is landed on; the same one, mostly.
        landing_s: Where it is landed on, in seconds.
        reach_s: How far the landing may move.

    Returns:
        The match, or None where there is nothing that resembles well enough.
    """
    rate_hz = leaving.frame_rate_hz
    left, landed = round(leaving_s * rate_hz), round(landing_s * rate_hz)
    reach = max(1, round(reach_s * rate_hz))
    shifts_s = np.arange(-reach, reach + 1) / rate_hz
    shifts_s += (landed - left) / rate_hz - (landing_s - leaving_s)
    evidence: Curves = np.zeros((3, shifts_s.size))
    for kind, hear_left, hear_landed in (
        (_ONSETS, leaving.onsets, landing.onsets),
        (_PITCHES, leaving.pitches, landing.pitches),
    ):
        context = round(kind.context_s * rate_hz)
        reference = hear_left(left - context, left + context)
        searched = hear_landed(landed - context - reach, landed + context + reach)
        curves = _correlations(
            reference - reference.mean(axis=0), searched - searched.mean(axis=0), _fading(context)
        )
        evidence += kind.weight / np.array(kind.chance)[:, np.newaxis] * curves
    if evidence.max() < _WORTH_A_LOOK * (_ONSETS.weight + _PITCHES.weight):
        return None
    waveform, waveform_shifts_s = _waveform_curves(leaving, leaving_s, landing, landing_s, reach_s)
    evidence += _WAVEFORM.weight * _peaks_at(waveform, waveform_shifts_s, shifts_s)
    evidence -= _MOVING_COST * np.abs(shifts_s)
    direction, best = np.unravel_index(int(np.argmax(evidence)), evidence.shape)
    # What stands out alone is worth more than one of many peaks.
    rivals = evidence[:, np.abs(shifts_s - shifts_s[best]) > _RIVAL_S]
    strength = 2 * evidence[direction, best] - max(0.0, float(rivals.max(initial=0.0)))
    paused = _in_pause(leaving, leaving_s) or _in_pause(landing, landing_s)
    if strength < (_ENOUGH_IN_PAUSES if paused else _ENOUGH):
        return None
    near = np.abs(waveform_shifts_s - shifts_s[best]) < 1.0 / rate_hz
    same = np.where(near, waveform[direction], -np.inf)
    sharp = int(np.argmax(same))
    if same[sharp] > _SAME_SOUND:
        shift_s = waveform_shifts_s[sharp]
        return Match(float(shift_s), _WAVEFORM_STEP / landing.rate_hz)
    shift_s = shifts_s[best] + _parabola_top(evidence[direction], int(best)) / rate_hz
    return Match(float(shift_s), 0.5 / rate_hz)


def _in_pause(listener: Listener, at_s: float) -> bool:
    here, about = (
        listener.waveform(
            round((at_s - half_s) * listener.rate_hz), round((at_s + half_s) * listener.rate_hz)
        )
        for half_s in (_PAUSE_S, _AROUND_PAUSE_S)
    )
    return float(np.mean(here**2)) <= _PAUSE**2 * float(np.mean(about**2))


def _waveform_curves(
    leaving: Listener, leaving_s: float, landing: Listener, landing_s: float, reach_s: float
) -> tuple[Curves, Curves]:
    """Returns correlations of the whitened waveforms in units of chance, and their shifts."""
    rate_hz = leaving.rate_hz / _WAVEFORM_STEP
    left, landed = round(leaving_s * rate_hz), round(landing_s * rate_hz)
    context, reach = round(_WAVEFORM.context_s * rate_hz), round(reach_s * rate_hz)
    reference = _whitened(_halved(leaving, left - context, left + context))
    searched = _whitened(_halved(landing, landed - context - reach, landed + context + reach))
    even = np.ones(2 * context, np.float32)
    curves = _correlations(reference[:, np.newaxis], searched[:, np.newaxis], even)
    shifts_s = np.arange(-reach, reach + 1) / rate_hz
    shifts_s += (landed - left) / rate_hz - (landing_s - leaving_s)
    return curves / np.array(_WAVEFORM.chance)[:, np.newaxis], shifts_s


def _peaks_at(curves: Curves, from_s: Curves, to_s: Curves) -> Curves:
    """Returns the highest value of fine curves `[3, n]` around every one of the coarse shifts."""
    edges_s = np.append(to_s, 2 * to_s[-1] - to_s[-2]) - (to_s[1] - to_s[0]) / 2
    edges = np.clip(np.searchsorted(from_s, edges_s), 0, from_s.size - 1)
    return np.maximum.reduceat(curves, edges[:-1], axis=1)


def _halved(listener: Listener, start: int, stop: int) -> npt.NDArray[np.float32]:
    samples = listener.waveform(_WAVEFORM_STEP * start, _WAVEFORM_STEP * stop)
    return np.float32(0.5) * (samples[::2] + samples[1::2])


def _whitened(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Returns samples with a nearly flat spectrum, so that low tones don't drown the rest."""
    import scipy.fft

    size = scipy.fft.next_fast_len(samples.size, real=True)
    spectrum = scipy.fft.rfft(samples, size)
    magnitude = np.abs(spectrum)
    width = max(1, magnitude.size // 256)
    total = np.cumsum(np.pad(magnitude, (width + 1, width), mode="edge"), dtype=np.float64)
    smooth = (total[2 * width + 1 :] - total[: -2 * width - 1]) / (2 * width + 1)
    floor = 1e-3 * smooth.max() + 1e-12
    shaped = spectrum / ((smooth + floor) ** _WHITENING).astype(np.float32)
    white: npt.NDArray[np.float32] = scipy.fft.irfft(shaped, size)[: samples.size]
    return white


@lru_cache(8)
def _fading(context: int) -> npt.NDArray[np.float32]:
    """Returns weights `[2·context]` that fall from the middle, where the join is."""
    distance = np.abs(np.arange(-context, context, dtype=np.float32))
    return np.asarray(1 - distance / np.float32(context), dtype=np.float32)


def _correlations(
    reference: npt.NDArray[np.float32],
    searched: npt.NDArray[np.float32],
    weights: npt.NDArray[np.float32],
) -> Curves:
    """Correlates what follows the join, what precedes it, and both with what is searched.

    Args:
        reference: About the place that is left, `[2·n, columns]`.
        searched: About the landing, `[2·n + lags - 1, columns]`.
        weights: How much every frame of the reference counts, `[2·n]`.

    Returns:
        Correlations of shape `[3, lags]`, normalised to 1.
    """
    import scipy.fft

    length, half = reference.shape[0], reference.shape[0] // 2
    n_lags = searched.shape[0] - length + 1
    size = scipy.fft.next_fast_len(searched.shape[0], real=True)
    halves = np.zeros((2, length, reference.shape[1] + 1), np.float32)
    for row, part in enumerate((slice(half, None), slice(0, half))):
        # The last column's product with the squares is what the other side has under the weights.
        halves[row, part, :-1] = reference[part] * weights[part, np.newaxis]
        halves[row, part, -1] = weights[part]
    squares = np.einsum("ij,ij->i", searched, searched)
    spectrum = scipy.fft.rfft(np.column_stack((searched, squares)), size, axis=0)
    products = spectrum * scipy.fft.rfft(halves, size, axis=1).conj()
    summed = np.stack((products[:, :, :-1].sum(axis=2), products[:, :, -1]))
    likeness, heard = scipy.fft.irfft(summed, size, axis=2)[:, :, :n_lags]
    own = np.einsum("rij,ij->r", halves[:, :, :-1], reference)
    likeness = np.concatenate((likeness, likeness.sum(axis=0, keepdims=True)))
    heard = np.concatenate((heard, heard.sum(axis=0, keepdims=True)))
    own = np.append(own, own.sum())[:, np.newaxis]
    quiet = _QUIET * heard.max() + 1e-12
    return np.asarray(likeness / np.sqrt(np.maximum(heard, quiet) * (own + 1e-12)))


def _parabola_top(values: Curves, index: int) -> float:
    """Returns how far from `index` the top of the parabola through its neighbours lies."""
    if not 0 < index < values.size - 1:
        return 0.0
    before, here, after = values[index - 1 : index + 2]
    bend = before - 2 * here + after
    return float(0.5 * (before - after) / bend) if bend < 0 else 0.0
