"""Finding the distance at which a jump stays in time.

Where the sound that would have gone on resembles the sound that is landed on (a loop, a repeated
bar, a take played again), there is one distance between the two that keeps the beat. It is found
by two kinds of evidence: onsets in a few bands, which also match takes that are played anew, and
the whitened waveform, which is sharper. Each looks at what follows the join, at what precedes it,
and at both. Unrelated material gives peaks too; the limits are such that at random places of
speech less than one in a hundred passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from model_core.audio.source import AudioSource

REACH_S = 0.35
"""How far from the proposed landing a match is looked for."""

_LOW_RATE_HZ = 11025
_HOP_S = 0.004
_WINDOW = 256
_FLUX_FRAMES = 3
_BAND_EDGES = (1, 3, 5, 9, 17, 33, 65)
_LOUDNESS = 300.0
_WHITENING = 0.8
_BLOCK_SAMPLES = 1 << 16
_BLOCK_FRAMES = 1024
_CACHED_BLOCKS = 48


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of evidence.

    Attributes:
        context_s: So much is looked at before and after the join.
        guard_s: A rival peak is at least so far from the best one.
        chance: Peaks that one in a hundred random places of speech exceeds: looking ahead,
            looking back, looking both ways.
    """

    context_s: float
    guard_s: float
    chance: tuple[float, float, float]


_ONSETS = _Kind(2.5, 0.04, (0.31, 0.31, 0.19))
_WAVEFORM = _Kind(1.0, 0.005, (0.13, 0.13, 0.09))

# Limits, in units of what chance gives, and lead over the best rival.
_AGREEMENT_S = 0.008
_AGREEING_ONSETS, _AGREEING_WAVEFORM, _AGREEING_LEAD = 0.5, 0.7, 0.02
_ONSETS_WORTH_A_LOOK = 0.35
_ONSETS_ALONE, _ONSETS_LEAD = 1.6, 0.04
_WAVEFORM_ALONE, _WAVEFORM_LEAD = 2.0, 0.08


@dataclass(frozen=True, slots=True)
class _Peak:
    """The best match by one kind of evidence in one direction.

    Attributes:
        shift_s: How far the landing has to move for it.
        strength: Correlation in units of what chance gives.
        lead: Correlation above that of the best rival.
    """

    shift_s: float
    strength: float
    lead: float


@dataclass(frozen=True, slots=True)
class Match:
    """A distance that stays in time.

    Attributes:
        shift_s: How far the landing has to move.
        tolerance_s: How exact that is.
    """

    shift_s: float
    tolerance_s: float


class Listener:
    """Hears a recording at a low rate, block by block, and remembers the last few blocks.

    Args:
        source: The recording.
    """

    def __init__(self, source: AudioSource) -> None:
        self._source = source
        self._factor = max(1, round(source.sample_rate / _LOW_RATE_HZ))
        self.rate_hz = source.sample_rate / self._factor
        self._hop = max(1, round(_HOP_S * self.rate_hz))
        self.frame_rate_hz = self.rate_hz / self._hop
        self._waveform_block = lru_cache(_CACHED_BLOCKS)(self._read_block)
        self._onset_block = lru_cache(_CACHED_BLOCKS)(self._find_onsets)

    def waveform(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Returns samples at the low rate; beyond the recording there is silence."""
        return _from_blocks(self._waveform_block, _BLOCK_SAMPLES, start, stop)

    def onsets(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Returns frames of shape `[stop - start, bands]` that rise where something begins."""
        return _from_blocks(self._onset_block, _BLOCK_FRAMES, start, stop)

    def _read_block(self, index: int) -> npt.NDArray[np.float32]:
        first = index * _BLOCK_SAMPLES * self._factor
        last = first + _BLOCK_SAMPLES * self._factor
        n_samples = self._source.n_samples
        start, stop = min(max(first, 0), n_samples), min(max(last, 0), n_samples)
        mono = np.zeros(last - first, np.float32)
        mono[start - first : stop - first] = self._source.read_mono(start, stop)
        # A plain mean aliases a little, but on both sides of a comparison alike.
        mean: npt.NDArray[np.float32] = mono[:: self._factor].copy()
        for phase in range(1, self._factor):
            mean += mono[phase :: self._factor]
        mean *= np.float32(1.0 / self._factor)
        return mean

    def _find_onsets(self, index: int) -> npt.NDArray[np.float32]:
        import scipy.fft

        first = index * _BLOCK_FRAMES - _FLUX_FRAMES
        n_frames = _BLOCK_FRAMES + _FLUX_FRAMES
        start = first * self._hop - _WINDOW // 2
        samples = self.waveform(start, start + (n_frames - 1) * self._hop + _WINDOW)
        frames = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[:: self._hop]
        window = np.hanning(_WINDOW).astype(np.float32)
        levels = np.log1p(_LOUDNESS * np.abs(scipy.fft.rfft(frames * window, axis=1)))
        widths = np.diff((*_BAND_EDGES, _WINDOW // 2 + 1)).astype(np.float32)
        bands = np.add.reduceat(levels, _BAND_EDGES, axis=1) / widths
        rises = bands[_FLUX_FRAMES:] - bands[:-_FLUX_FRAMES]
        return np.maximum(rises, np.float32(0.0))


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
    onsets = _onset_peaks(leaving, leaving_s, landing, landing_s, reach_s)
    if max(peak.strength for peak in onsets) < _ONSETS_WORTH_A_LOOK:
        return None
    waveform = _waveform_peaks(leaving, leaving_s, landing, landing_s, reach_s)
    agreeing = [
        (one.strength * other.strength, other)
        for one in onsets
        for other in waveform
        if abs(one.shift_s - other.shift_s) < _AGREEMENT_S
        and one.strength > _AGREEING_ONSETS
        and other.strength > _AGREEING_WAVEFORM
        and other.lead > _AGREEING_LEAD
    ]
    if agreeing:
        best = max(agreeing, key=lambda pair: pair[0])[1]
        return Match(best.shift_s, 1.0 / landing.rate_hz)
    for peaks, strength, lead, rate_hz in (
        (onsets, _ONSETS_ALONE, _ONSETS_LEAD, landing.frame_rate_hz),
        (waveform, _WAVEFORM_ALONE, _WAVEFORM_LEAD, landing.rate_hz),
    ):
        clear = [peak for peak in peaks if peak.lead > lead and peak.strength > strength]
        if clear:
            best = max(clear, key=lambda peak: peak.strength)
            return Match(best.shift_s, 1.0 / rate_hz)
    return None


def _onset_peaks(
    leaving: Listener, leaving_s: float, landing: Listener, landing_s: float, reach_s: float
) -> list[_Peak]:
    rate_hz = leaving.frame_rate_hz
    context, reach = round(_ONSETS.context_s * rate_hz), round(reach_s * rate_hz)
    left, landed = round(leaving_s * rate_hz), round(landing_s * rate_hz)
    reference = leaving.onsets(left - context, left + context)
    searched = landing.onsets(landed - context - reach, landed + context + reach)
    offset_s = (landed - left) / rate_hz - (landing_s - leaving_s)
    return _peaks(
        reference - reference.mean(axis=0),
        searched - searched.mean(axis=0),
        _ONSETS,
        rate_hz,
        offset_s,
    )


def _waveform_peaks(
    leaving: Listener, leaving_s: float, landing: Listener, landing_s: float, reach_s: float
) -> list[_Peak]:
    rate_hz = leaving.rate_hz
    context, reach = round(_WAVEFORM.context_s * rate_hz), round(reach_s * rate_hz)
    left, landed = round(leaving_s * rate_hz), round(landing_s * rate_hz)
    reference = _whitened(leaving.waveform(left - context, left + context))
    searched = _whitened(landing.waveform(landed - context - reach, landed + context + reach))
    offset_s = (landed - left) / rate_hz - (landing_s - leaving_s)
    return _peaks(reference[:, None], searched[:, None], _WAVEFORM, rate_hz, offset_s)


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


def _peaks(
    reference: npt.NDArray[np.float32],
    searched: npt.NDArray[np.float32],
    kind: _Kind,
    rate_hz: float,
    offset_s: float,
) -> list[_Peak]:
    """Correlates both halves of `reference` `[2·n, bands]`, and the whole, with `searched`."""
    import scipy.fft

    length = reference.shape[0]
    half = length // 2
    n_lags = searched.shape[0] - length + 1
    size = scipy.fft.next_fast_len(searched.shape[0], real=True)
    halves = np.zeros((2, length, reference.shape[1]), np.float32)
    halves[0, half:] = reference[half:]
    halves[1, :half] = reference[:half]
    spectrum = scipy.fft.rfft(searched, size, axis=0)
    products = spectrum * scipy.fft.rfft(halves, size, axis=1).conj()
    ahead, back = scipy.fft.irfft(products.sum(axis=2), size, axis=1)[:, :n_lags]
    energy = np.concatenate(([0.0], np.cumsum(np.sum(searched**2, axis=1), dtype=np.float64)))
    own = [
        float(np.sum(part**2, dtype=np.float64)) for part in (reference[half:], reference[:half])
    ]
    peaks = []
    for correlation, begins, ends, power, chance in (
        (ahead, half, length, own[0], kind.chance[0]),
        (back, 0, half, own[1], kind.chance[1]),
        (ahead + back, 0, length, own[0] + own[1], kind.chance[2]),
    ):
        heard = energy[ends : ends + n_lags] - energy[begins : begins + n_lags]
        scale = np.sqrt(np.maximum(heard, 0.0) * power)
        quiet = 1e-6 * np.sqrt(energy[-1] * power) + 1e-12
        normalised = correlation / np.maximum(scale, quiet)
        peaks.append(
            _best_peak(normalised, round(kind.guard_s * rate_hz), rate_hz, offset_s, chance)
        )
    return peaks


def _best_peak(
    correlation: npt.NDArray[np.float64], guard: int, rate_hz: float, offset_s: float, chance: float
) -> _Peak:
    best = int(np.argmax(correlation))
    height = float(correlation[best])
    rivals = np.concatenate((correlation[: max(0, best - guard)], correlation[best + guard + 1 :]))
    lead = height - max(0.0, float(rivals.max(initial=0.0)))
    place = best + _parabola_top(correlation, best)
    shift_s = (place - (correlation.size - 1) / 2) / rate_hz + offset_s
    return _Peak(shift_s, height / chance, lead)


def _parabola_top(values: npt.NDArray[np.float64], index: int) -> float:
    """Returns how far from `index` the top of the parabola through its neighbours lies."""
    if not 0 < index < values.size - 1:
        return 0.0
    before, here, after = values[index - 1 : index + 2]
    bend = before - 2 * here + after
    return float(0.5 * (before - after) / bend) if bend < 0 else 0.0


def _from_blocks(
    block_of: Callable[[int], npt.NDArray[np.float32]], block_length: int, start: int, stop: int
) -> npt.NDArray[np.float32]:
    first, last = start // block_length, (stop - 1) // block_length
    joined = np.concatenate([block_of(index) for index in range(first, last + 1)])
    return joined[start - first * block_length : stop - first * block_length]
