"""Where a clean clip speaks, where it rests, and what its room sounds like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage, signal

from training.corpus import Clip, Corpus
from training.simulator.dsp import gain, rms
from training.simulator.types import SAMPLE_RATE, Mono, samples_of

SPEECH_LEVEL_DB = -22.0

_HOP = 220  # 10 ms
_BEFORE_S = 0.06
_AFTER_S = 0.1
_SHORTEST_PAUSE_S = 0.09
_SHORTEST_PHRASE_S = 0.14


@dataclass(frozen=True, slots=True)
class SpokenClip:
    """A clip of speech, brought to one level, and what was found in it.

    Attributes:
        samples: float32 of shape [n].
        phrases: Sample ranges of speech with their soft edges, int64 of shape [p, 2].
        dips: Samples between words or syllables, where speech is weak, int64 of shape [d].
        room: Stretches without speech, loud ones left out; may be empty.
        native_rate_hz: The rate the clip was recorded at.
    """

    samples: Mono
    phrases: npt.NDArray[np.int64]
    dips: npt.NDArray[np.int64]
    room: tuple[Mono, ...]
    native_rate_hz: int


def spoken(corpus: Corpus, clip: Clip) -> SpokenClip:
    """Returns what was found in a clip; computed once for each corpus."""
    return corpus.derived(clip, "spoken", lambda c: analyse(corpus.samples(c), c.native_rate_hz))


def frame_levels_db(samples: Mono) -> npt.NDArray[np.float64]:
    """Returns the level of 20 ms every 10 ms, float64 of shape [n / 220].

    Rumble is taken out and treble raised, so that weak consonants count as speech.
    """
    if samples.size < 2 * _HOP:
        return np.zeros(0)
    lifted = np.empty_like(samples)
    lifted[0] = 0.0
    lifted[1:] = samples[1:] - np.float32(0.9) * samples[:-1]
    squares = np.square(lifted, dtype=np.float64)
    count = samples.size // _HOP
    power = squares[: count * _HOP].reshape(count, _HOP).mean(axis=1)
    smooth = np.convolve(power, [0.5, 0.5], mode="same")
    return np.asarray(10 * np.log10(smooth + 1e-10))


def find_phrases(samples: Mono) -> npt.NDArray[np.int64]:
    """Finds speech in a clean clip by its energy.

    A phrase begins where the level rises clearly over the clip's own noise, and reaches out from
    there for as long as anything is above it, plus 60 ms before and 100 ms after.

    Returns:
        Sample ranges, increasing and disjoint, int64 of shape [p, 2].
    """
    levels = frame_levels_db(samples)
    if levels.size == 0:
        return np.zeros((0, 2), dtype=np.int64)
    thresholds = _thresholds_db(levels)
    if thresholds is None:
        # No pause in it: all of it is one phrase.
        return np.array([[0, samples.size]], dtype=np.int64)
    possible, certain = thresholds
    labels, count = ndimage.label(levels > possible)
    if count == 0:
        return np.zeros((0, 2), dtype=np.int64)
    peaks = ndimage.maximum(levels, labels, np.arange(1, count + 1))
    ranges: list[list[int]] = []
    for place, peak in zip(ndimage.find_objects(labels), np.atleast_1d(peaks), strict=True):
        start, stop = place[0].start * _HOP, place[0].stop * _HOP
        if peak < certain:
            continue
        start = max(0, start - samples_of(_BEFORE_S))
        stop = min(samples.size, stop + samples_of(_AFTER_S))
        if ranges and start - ranges[-1][1] < samples_of(_SHORTEST_PAUSE_S):
            ranges[-1][1] = stop
        else:
            ranges.append([start, stop])
    shortest = samples_of(_SHORTEST_PHRASE_S + _BEFORE_S + _AFTER_S)
    long_enough = [r for r in ranges if r[1] - r[0] >= shortest]
    return np.array(long_enough, dtype=np.int64).reshape(-1, 2)


def _thresholds_db(levels: npt.NDArray[np.float64]) -> tuple[float, float] | None:
    """Returns the levels over which sound may be and must be speech; None without contrast."""
    loud, quiet = float(np.percentile(levels, 95)), float(np.percentile(levels, 4))
    span = loud - quiet
    if span < 8:
        return None
    return max(quiet + 0.24 * span, loud - 44), max(quiet + 0.42 * span, loud - 34)


def find_dips(samples: Mono, phrases: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Finds the weak places between words or syllables, int64 of shape [d]."""
    levels = frame_levels_db(samples)
    if levels.size < 5:
        return np.zeros(0, dtype=np.int64)
    smooth = ndimage.uniform_filter1d(levels, 3)
    places, _ = signal.find_peaks(-smooth, prominence=9, distance=8)
    dips = places.astype(np.int64) * _HOP + _HOP // 2
    inside = np.zeros(dips.size, dtype=bool)
    edge = samples_of(0.15)
    for start, stop in phrases:
        inside |= (dips > start + edge) & (dips < stop - edge)
    return dips[inside]


def analyse(samples: Mono, native_rate_hz: int = SAMPLE_RATE) -> SpokenClip:
    """Finds phrases, dips and room tone, and brings the clip to one level of speech."""
    phrases = find_phrases(samples)
    speech = [samples[a:b] for a, b in phrases]
    active = rms(np.concatenate(speech)) if speech else rms(samples)
    scaled = samples * gain(SPEECH_LEVEL_DB - 20 * np.log10(active))
    return SpokenClip(
        samples=np.asarray(scaled, dtype=np.float32),
        phrases=phrases,
        dips=find_dips(samples, phrases),
        room=_quiet_stretches(scaled),
        native_rate_hz=native_rate_hz,
    )


def _quiet_stretches(samples: Mono) -> tuple[Mono, ...]:
    """Returns stretches that hold no speech, those much louder than the quietest left out."""
    levels = frame_levels_db(samples)
    thresholds = _thresholds_db(levels) if levels.size else None
    if thresholds is None:
        return ()
    # Breaths and the ends of words reach around the quiet frames.
    quiet = ndimage.binary_erosion(levels <= thresholds[0] - 2, iterations=2)
    labels, _ = ndimage.label(quiet)
    step = samples_of(0.25)
    pieces: list[Mono] = []
    for (place,) in ndimage.find_objects(labels):
        inner = samples[place.start * _HOP : place.stop * _HOP]
        # In short steps, so that a click costs only its own step.
        pieces += [inner[start : start + step] for start in range(0, inner.size, step)]
    pieces = [piece for piece in pieces if piece.size >= samples_of(0.04)]
    if not pieces:
        return ()
    heights = np.array([20 * np.log10(rms(piece)) for piece in pieces])
    limit = np.percentile(heights, 25) + 5
    return tuple(piece for piece, level in zip(pieces, heights, strict=True) if level <= limit)


def room_tone(rng: np.random.Generator, clip: SpokenClip, n: int) -> Mono:
    """Returns `n` samples of a clip's own room, float32 of shape [n].

    Overlapping grains from random places of the clip's quietest stretches. A clip without any is
    given shaped noise far below its speech.
    """
    total = sum(piece.size for piece in clip.room)
    if total < samples_of(0.1):
        noise = rng.standard_normal(n, dtype=np.float32)
        noise = signal.lfilter([1.0], [1.0, -0.9], noise).astype(np.float32)
        return noise * np.float32(gain(SPEECH_LEVEL_DB - 48) / rms(noise))
    weights = np.array([piece.size for piece in clip.room], dtype=np.float64)
    weights /= weights.sum()
    out = np.zeros(n + 2 * samples_of(0.5), dtype=np.float32)
    power = np.zeros(out.size, dtype=np.float32)
    place = 0
    while place < n + samples_of(0.25):
        piece = clip.room[int(rng.choice(weights.size, p=weights))]
        size = min(piece.size, int(rng.integers(samples_of(0.08), samples_of(0.3))))
        start = int(rng.integers(0, piece.size - size + 1))
        grain = piece[start : start + size]
        if rng.random() < 0.5:
            grain = grain[::-1]
        window = np.sin((np.arange(size, dtype=np.float32) + 0.5) * np.float32(np.pi / size))
        out[place : place + size] += grain * window
        power[place : place + size] += window * window
        place += size // 2
    skip = samples_of(0.2)
    kept = slice(skip, skip + n)
    even = np.sqrt(np.maximum(power[kept], np.float32(0.3)))
    return np.asarray(out[kept] / even, dtype=np.float32)
