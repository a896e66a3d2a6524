"""Finding out by sound how two recordings of the same event lie in time.

First where sounds begin, band by band, is correlated over the whole length: that gives a hundredth
of a second. Then the samples themselves are, in several places: that gives samples, and tells
whether the clocks of the two recorders ran apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import soxr

from model_core.progress import no_progress, part_of

if TYPE_CHECKING:
    from model_core.audio.source import AudioSource
    from model_core.progress import CancelToken, Progress

_FRAMES_A_SECOND = 100
_WINDOW_S = 0.02
_BLOCK_FRAMES = 2000
_BAND_EDGES_HZ = (150.0, 300.0, 600.0, 1200.0, 2400.0, 3800.0)
_FLOOR = 1e-9
_RISE_FRAMES = 2
_LEAST_OVERLAP_S = 3.0
_LEAST_OVERLAP_SHARE = 0.3
_SURE = 10.0
"""So many deviations above all other places the best one must be."""
_SURE_ALONE = 25.0
"""The same where samples don't confirm it."""

_PLACES = 15
_PLACE_S = 3.0
_REACH_S = 0.03
_CLOCKS_PPM = 150.0
"""Clocks of recorders run apart by less than this."""
_SHARP = 7.0
"""A correlation whose peak is so many times its mean square root is no accident."""
_AGREE_S = 0.008
"""Each voice reaches the microphone that isn't its own later: so far do places differ."""
_QUIET = 1e-4
_DRIFT_SPAN_S = 60.0
_DRIFT_HEARD_S = 0.012
"""Less than this may as well come from who speaks where."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LinedUp:
    """How a recording lies beside another one.

    Attributes:
        offset: Where it begins, in samples of the other one; below 0 if before.
        is_exact: Whether the samples agree; else it is known to a hundredth of a second.
        drift_ppm: By how many millionths its clock runs faster than the other one's, so that its
            sounds come later and later; None where that isn't heard or can't be told.
    """

    offset: int
    is_exact: bool
    drift_ppm: float | None = None

    @property
    def drift_ms_an_hour(self) -> float:
        """How far the two run apart in an hour, in milliseconds; 0 where it can't be told."""
        return 3.6 * (self.drift_ppm or 0.0)


def lining_up_note(name: str, first: str, found: LinedUp | None) -> str:
    """Returns what a person should know of how a recording lies beside the first one, or nothing.

    Args:
        name: What it is called.
        first: What the first one is called.
        found: How it lies.
    """
    if found is None:
        return (
            f"{name} has nothing in common with {first} that can be heard; it stays in its place."
        )
    if not found.is_exact:
        return f"{name} could be lined up with {first} to a hundredth of a second only."
    if found.drift_ppm is not None:
        apart = f"{abs(found.drift_ms_an_hour):.0f} ms an hour"
        faster = "faster" if found.drift_ppm > 0 else "slower"
        return (
            f"The clock of {name} runs {apart} {faster} than that of {first}; they are in line in "
            "the middle and apart at the ends."
        )
    return ""


def line_up(
    reference: AudioSource,
    other: AudioSource,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> LinedUp | None:
    """Finds where a recording begins beside another one of the same event.

    Args:
        reference: The one whose time counts.
        other: The one that is looked for; it may have another rate.
        progress: Told the share that is done.
        cancel: Looked at after every few seconds of sound.

    Returns:
        Where it lies, or None if the two have nothing in common that can be heard.

    Raises:
        AudioReadError: One of them can't be read.
        CancelledError: `cancel` was set.
    """
    ours = _rises(reference, part_of(progress, 0.0, 0.45), cancel)
    theirs = _rises(other, part_of(progress, 0.45, 0.9), cancel)
    best = _best_lag(ours, theirs)
    if best is None:
        return None
    frames, sureness = best
    coarse = round(frames * reference.sample_rate / _FRAMES_A_SECOND)
    found = _fitted(_places(reference, other, coarse, cancel), coarse, reference.sample_rate)
    progress(1.0, "")
    # Two that only share a rhythm begin sounds together, too; their samples never agree.
    return found if found.is_exact or sureness >= _SURE_ALONE else None


def _rises(source: AudioSource, progress: Progress, cancel: CancelToken | None) -> Floats:
    """Returns where sounds begin: how fast the level rises, of shape `[bands, frames]`."""
    rate = source.sample_rate
    window = max(8, round(_WINDOW_S * rate))
    shape = np.hanning(window)
    bins_hz = np.fft.rfftfreq(window, 1 / rate)
    edges = np.searchsorted(bins_hz, _BAND_EDGES_HZ)
    n_frames = max(1, source.n_samples * _FRAMES_A_SECOND // rate)
    levels = np.full((len(edges) - 1, n_frames), np.log(_FLOOR))
    for first in range(0, n_frames, _BLOCK_FRAMES):
        if cancel is not None:
            cancel.raise_if_cancelled()
        last = min(first + _BLOCK_FRAMES, n_frames)
        starts = np.arange(first, last) * rate // _FRAMES_A_SECOND
        low, high = int(starts[0]), int(starts[-1]) + window
        samples = source.read_mono(low, min(high, source.n_samples))
        samples = np.pad(samples, (0, high - low - len(samples)))
        frames = np.lib.stride_tricks.sliding_window_view(samples, window)[starts - low]
        power = np.abs(np.fft.rfft(frames * shape, axis=1)) ** 2 / window
        for band, (bottom, top) in enumerate(pairwise(edges)):
            if top > bottom:
                levels[band, first:last] = np.log(power[:, bottom:top].mean(axis=1) + _FLOOR)
        progress(last / n_frames, "Lining up by sound")
    rises = np.zeros_like(levels)
    rises[:, _RISE_FRAMES:] = np.maximum(0.0, levels[:, _RISE_FRAMES:] - levels[:, :-_RISE_FRAMES])
    smooth = np.array([0.25, 0.5, 0.25])
    rises = np.stack([np.convolve(band, smooth, "same") for band in rises])
    centred: Floats = rises - rises.mean(axis=1, keepdims=True)
    return centred


def _best_lag(ours: Floats, theirs: Floats) -> tuple[int, float] | None:
    """Returns by how many frames theirs begin after ours, and by how much that place stands out.

    None if it doesn't stand out.
    """
    n_ours, n_theirs = ours.shape[1], theirs.shape[1]
    n_lags = n_ours + n_theirs - 1
    size = 1 << (n_lags - 1).bit_length()

    def correlated(left: Floats, right: Floats) -> Floats:
        """Sums over bands of left[t + lag]·right[t], for lags from `1 - n_theirs` on."""
        spectra = np.fft.rfft(left, size, axis=1) * np.conj(np.fft.rfft(right, size, axis=1))
        circular = np.fft.irfft(spectra.sum(axis=0), size)
        return np.asarray(np.concatenate((circular[size - n_theirs + 1 :], circular[:n_ours])))

    products = correlated(ours, theirs)
    energy_ours = correlated(ours**2, np.ones_like(theirs))
    energy_theirs = correlated(np.ones_like(ours), theirs**2)
    lags = np.arange(1 - n_theirs, n_ours)
    overlap = np.minimum(n_ours, lags + n_theirs) - np.maximum(0, lags)
    least = min(_LEAST_OVERLAP_S * _FRAMES_A_SECOND, _LEAST_OVERLAP_SHARE * min(n_ours, n_theirs))
    energy = np.sqrt(np.maximum(energy_ours, 0.0) * np.maximum(energy_theirs, 0.0))
    usable = (overlap >= least) & (energy > 1e-3)
    if usable.sum() < 3:
        return None
    scores = products[usable] / energy[usable] * np.sqrt(overlap[usable])
    middle = np.median(scores)
    spread = 1.4826 * np.median(np.abs(scores - middle))
    best = int(np.argmax(scores))
    sureness = float(scores[best] - middle) / max(float(spread), 1e-12)
    return (int(lags[usable][best]), sureness) if sureness >= _SURE else None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the two were compared, in samples of the reference, and what is to be added there."""

    at: int
    lag: float


def _places(
    reference: AudioSource, other: AudioSource, offset: int, cancel: CancelToken | None
) -> list[_Place]:
    """Compares samples in several places of what the two have in common."""
    rate = reference.sample_rate
    other_length = other.n_samples * rate // other.sample_rate
    start, stop = max(0, offset), min(reference.n_samples, offset + other_length)
    width = min(round(_PLACE_S * rate), stop - start)
    if width < 64:
        return []
    n_places = max(1, min(_PLACES, (stop - start) // width))
    found = []
    for first in np.linspace(start, stop - width, n_places).astype(np.int64).tolist():
        if cancel is not None:
            cancel.raise_if_cancelled()
        ours = reference.read_mono(first, first + width)
        theirs = _read_at_rate(other, first - offset, first - offset + width, rate)
        if min(np.abs(ours).max(initial=0), np.abs(theirs).max(initial=0)) < _QUIET:
            continue
        apart_s = _CLOCKS_PPM * 1e-6 * abs(first + width / 2 - (start + stop) / 2) / rate
        lag = _sharp_lag(ours, theirs, round((_REACH_S + apart_s) * rate))
        if lag is not None:
            found.append(_Place(first + width // 2, lag))
    return found


def _read_at_rate(source: AudioSource, start: int, stop: int, rate: int) -> npt.NDArray[np.float32]:
    """Returns samples of a range that is counted at another rate; silence beyond the recording."""
    own = source.sample_rate
    low, high = start * own // rate, stop * own // rate
    inside = max(0, low), max(0, min(high, source.n_samples))
    samples = source.read_mono(*inside) if inside[0] < inside[1] else np.zeros(0, np.float32)
    before = min(max(0, -low), high - low)
    samples = np.pad(samples, (before, max(0, high - low - before - len(samples))))
    if own != rate:
        samples = soxr.resample(samples, own, rate)
    n_samples = stop - start
    return np.asarray(np.pad(samples[:n_samples], (0, max(0, n_samples - len(samples)))))


def _sharp_lag(
    ours: npt.NDArray[np.float32], theirs: npt.NDArray[np.float32], reach: int
) -> float | None:
    """Returns what to add to the offset of theirs, in samples; None if no lag stands out.

    Frequencies count alike, whatever the microphones make of them (the phase transform).
    """
    size = 1 << (len(ours) + reach).bit_length()
    cross = np.fft.rfft(ours, size) * np.conj(np.fft.rfft(theirs, size))
    strength = np.abs(cross)
    cross /= strength + 1e-3 * strength.max() + 1e-30
    circular = np.fft.irfft(cross, size)
    near = np.concatenate((circular[-reach:], circular[: reach + 1]))
    best = int(np.argmax(near))
    if near[best] < _SHARP * np.sqrt(np.mean(near**2)) and near[best] < 0.5:
        return None
    return float(best - reach)


def _fitted(found: list[_Place], coarse: int, rate: int) -> LinedUp:
    """Puts a line through what was found: its height is the offset, its slope the drift."""
    if not found:
        return LinedUp(coarse, is_exact=False)
    at = np.array([place.at for place in found], np.float64)
    lags = np.array([place.lag for place in found])
    slope = 0.0
    span_s = float(at.max() - at.min()) / rate
    if len(found) >= 4 and span_s >= _DRIFT_SPAN_S:
        rows, columns = np.triu_indices(len(at), 1)
        slope = float(np.median((lags[columns] - lags[rows]) / (at[columns] - at[rows])))
    height = float(np.median(lags - slope * at))
    agree = np.abs(lags - slope * at - height) <= _AGREE_S * rate
    if agree.sum() < max(1, len(found) / 2):
        return LinedUp(coarse, is_exact=False)
    # In the middle of what they have in common, so that a drift is small on either side.
    middle = float(at.min() + at.max()) / 2
    if abs(slope) * span_s < _DRIFT_HEARD_S:
        slope = 0.0
    # Two people, each at a microphone, give two lags; what they really are lies between them.
    exact = float(np.mean(np.percentile((lags - slope * at)[agree], (10, 90)))) + slope * middle
    # A sound that they have later than we do has a smaller lag to be added.
    drift = -1e6 * slope if slope else None
    return LinedUp(coarse + round(exact), is_exact=True, drift_ppm=drift)
