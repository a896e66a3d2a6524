"""How one take differs from another take of the same words or notes.

A retake is never a copy: its pace and its melody run differently, it is louder or softer and
brighter or duller.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from training.simulator.dsp import frequencies, shaped, tilt
from training.simulator.rooms import impulse_response, in_room
from training.simulator.types import SAMPLE_RATE, Mono

_KNOTS_PER_S = 2.5

Places = npt.NDArray[np.int64]
PlaceMap = Callable[[Places], Places]
"""Gives the places in a varied take for places in the take it was made from."""


def unmoved(places: Places) -> Places:
    """Returns the places themselves: the map of a take that wasn't varied."""
    return places


def resampled(samples: Mono, speed: float) -> Mono:
    """Plays a sound faster (`speed` above 1) or slower, its pitch moving along."""
    import soxr

    out = soxr.resample(samples, SAMPLE_RATE * speed, SAMPLE_RATE, quality="MQ")
    return np.asarray(out, dtype=np.float32)


def stretched(
    samples: Mono,
    tempo: npt.NDArray[np.float64] | float,
    frame: int = 1024,
) -> tuple[Mono, npt.NDArray[np.float64]]:
    """Changes the tempo and not the pitch, by overlapping frames that fit (WSOLA).

    Args:
        samples: float32 of shape [n].
        tempo: 1.1 is a tenth faster; an array holds the tempo at evenly spaced places of the sound.
        frame: Frame length in samples; the longer, the better for music.

    Returns:
        The sound, and where its every `frame / 2` samples come from, float64 of shape [k]. Too
        short a sound is returned as it is.
    """
    # How far around its nominal place a fitting frame is looked for.
    hop, reach = frame // 2, frame // 4
    curve = np.atleast_1d(np.asarray(tempo, dtype=np.float64))
    span = max(samples.size, 1)
    nominals = [0.0]
    while nominals[-1] < samples.size - frame - reach - 2 * hop:
        where = nominals[-1] / span * (curve.size - 1)
        nominals.append(nominals[-1] + hop * float(np.interp(where, np.arange(curve.size), curve)))
    count = len(nominals)
    if count < 4:
        return samples.copy(), np.arange(0, samples.size + hop, hop, dtype=np.float64)
    window = np.hanning(frame + 1)[:frame].astype(np.float32)
    padded = np.concatenate([np.zeros(reach, np.float32), samples, np.zeros(frame * 2, np.float32)])
    out = np.zeros((count + 1) * hop, dtype=np.float32)
    # The first frame's rising half stays whole, so that the beginning isn't faded in.
    out[:hop] = padded[reach : reach + hop] * window[hop:]
    out[:frame] += padded[reach : reach + frame] * window
    place = reach
    for index in range(1, count):
        nominal = reach + round(nominals[index])
        # Every other sample is enough to find the place to a pitch period's fraction.
        template = padded[place + hop : place + hop + frame : 2]
        around = padded[nominal - reach : nominal + reach + frame : 2]
        match = np.correlate(around, template, mode="valid")
        place = nominal - reach + 2 * int(np.argmax(match))
        out[index * hop : index * hop + frame] += padded[place : place + frame] * window
    # Likewise the end is not faded out, and the rest follows as it is.
    out[count * hop :] += padded[place + hop : place + frame] * window[:hop]
    rest = padded[place + frame : reach + samples.size]
    sources = [*nominals, *np.arange(place - reach + hop, samples.size + hop, hop)]
    return np.concatenate([out, rest]).astype(np.float32), np.array(sources)


def bent(samples: Mono, speed: npt.NDArray[np.float64]) -> tuple[Mono, npt.NDArray[np.float64]]:
    """Plays a sound at a speed that changes smoothly, its pitch moving along.

    Args:
        samples: float32 of shape [n].
        speed: The speed at evenly spaced places of the sound.

    Returns:
        The sound, and where each of its samples comes from, float64 of shape [m].
    """
    places = np.linspace(0, speed.size - 1, samples.size)
    duration = 1.0 / np.interp(places, np.arange(speed.size), speed)
    arrivals = np.concatenate([[0.0], np.cumsum(duration)])
    sources = np.interp(
        np.arange(int(arrivals[-1])), arrivals, np.arange(arrivals.size, dtype=np.float64)
    )
    out = ndimage.map_coordinates(samples, [sources], order=3, mode="nearest", prefilter=True)
    return np.asarray(out, dtype=np.float32), sources


def _contour(rng: np.random.Generator, seconds: float, spread: float) -> npt.NDArray[np.float64]:
    """Returns a smooth random curve around 0, float64 of shape [at least 3]."""
    count = max(3, round(seconds * _KNOTS_PER_S) + 1)
    knots = ndimage.gaussian_filter1d(rng.normal(0, spread * 1.6, count), 0.8, mode="nearest")
    return np.asarray(np.clip(knots, -2.5 * spread, 2.5 * spread))


def _bumps(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Returns a response's random shape around 0 at 513 frequencies, of spread about 1."""
    octaves = np.log2(np.maximum(frequencies(), 40.0))
    knots = np.arange(octaves[0], octaves[-1] + 1.5, 1.5)
    return np.interp(octaves, knots, rng.normal(0, 1, knots.size))


@dataclass(frozen=True, slots=True)
class Variation:
    """How a take differs from another one.

    Attributes:
        speed: Factor of speed and pitch together.
        tempo: Factor of speed alone.
        semitones: Pitch alone.
        level_db: Level.
        tilt_db: Tilt of the spectrum in dB per octave.
        tempo_spread: How much the pace wanders, as a share.
        pitch_spread: How much the melody wanders, in semitones.
        level_spread_db: How much the level wanders.
        rt60_s: Reverberation of a take that is spoken farther from the microphone; 0 for none.
        direct_db: Level of the direct sound over that reverberation.
        bumps_db: How much the microphone's colour differs from there.
        seed: Draws what wanders.
    """

    speed: float = 1.0
    tempo: float = 1.0
    semitones: float = 0.0
    level_db: float = 0.0
    tilt_db: float = 0.0
    tempo_spread: float = 0.0
    pitch_spread: float = 0.0
    level_spread_db: float = 0.0
    rt60_s: float = 0.0
    direct_db: float = 0.0
    bumps_db: float = 0.0
    seed: int = 0

    @classmethod
    def of_speech(cls, rng: np.random.Generator, distances: float = 0.0) -> Variation:
        """Returns how a speaker varies a sentence from one take to the next.

        Args:
            rng: Draws everything.
            distances: Chance of another distance from the microphone.
        """
        way = rng.random()
        wanders = rng.random() < 0.7
        # The pace differs by -15 to 18 % at most, and mostly by less.
        pace = float(np.exp(rng.uniform(np.log(0.85), np.log(1.18)) * rng.choice([0.5, 1.0])))
        speed = float(rng.uniform(0.94, 1.06)) if way < 0.55 else 1.0
        moves = rng.random() < distances
        return cls(
            speed=speed,
            tempo=float(np.clip(pace / speed, 0.85, 1.18)) if way > 0.3 else 1.0,
            semitones=float(rng.uniform(-1.5, 1.5)) if way > 0.7 else 0.0,
            level_db=float(rng.uniform(-5, 5)),
            tilt_db=float(rng.uniform(-1.2, 1.2)),
            rt60_s=float(rng.uniform(0.12, 0.5)) if moves else 0.0,
            direct_db=float(rng.uniform(1.0, 13.0)),
            bumps_db=float(rng.uniform(1.0, 6.0)) if moves else 0.0,
            tempo_spread=float(rng.uniform(0.02, 0.14)) if wanders else 0.0,
            pitch_spread=float(rng.uniform(0.1, 1.2)) if wanders else 0.0,
            level_spread_db=float(rng.uniform(0.0, 3.0)),
            seed=int(rng.integers(2**31)),
        )

    @classmethod
    def of_music(cls, rng: np.random.Generator) -> Variation:
        """Returns how a player varies a passage; it stays nearly in tune and in time."""
        way = rng.random()
        return cls(
            speed=float(rng.uniform(0.995, 1.005)) if way < 0.5 else 1.0,
            tempo=float(rng.uniform(0.98, 1.02)) if way > 0.5 else 1.0,
            level_db=float(rng.uniform(-3, 3)),
            tilt_db=float(rng.uniform(-1, 1)),
            tempo_spread=float(rng.uniform(0.0, 0.012)) if way > 0.7 else 0.0,
            level_spread_db=float(rng.uniform(0.0, 1.5)),
            seed=int(rng.integers(2**31)),
        )

    def apply(self, samples: Mono, frame: int = 1024) -> Mono:
        """Returns the varied take; its length changes with speed and tempo."""
        return self.apply_and_map(samples, frame)[0]

    def apply_and_map(self, samples: Mono, frame: int = 1024) -> tuple[Mono, PlaceMap]:
        """Returns the varied take and where the places of the given one lie in it."""
        rng = np.random.default_rng(self.seed)
        seconds = samples.size / SAMPLE_RATE
        shift = 2 ** (self.semitones / 12)
        maps: list[PlaceMap] = []
        out = samples
        tempo = self.tempo / shift * np.exp(_contour(rng, seconds, self.tempo_spread))
        if np.max(np.abs(tempo - 1)) > 1e-3:
            before = out.size
            out, sources = stretched(out, tempo, frame)
            maps.append(_placed(sources, np.arange(sources.size) * (frame // 2), before, out.size))
        speed = self.speed * shift * 2 ** (_contour(rng, seconds, self.pitch_spread) / 12)
        if self.pitch_spread > 0:
            before = out.size
            out, sources = bent(out, speed)
            thinned = np.arange(0, sources.size, 256)
            maps.append(_placed(sources[thinned], thinned, before, out.size))
        elif abs(self.speed * shift - 1) > 1e-4:
            before = out.size
            out = resampled(out, self.speed * shift)
            maps.append(_placed(np.zeros(1), np.zeros(1), before, out.size))
        if self.tilt_db or self.bumps_db:
            response = tilt(self.tilt_db)
            if self.bumps_db:
                response = response * 10 ** (self.bumps_db * _bumps(rng) / 20)
            out = shaped(out, response)
        if self.rt60_s > 0:
            room = impulse_response(rng, self.rt60_s, self.direct_db)
            out = in_room(out, room) / np.float32(np.sqrt(np.sum(np.square(room))))
        levels_db = self.level_db + _contour(rng, seconds, self.level_spread_db)
        curve = np.interp(
            np.linspace(0, levels_db.size - 1, out.size), np.arange(levels_db.size), levels_db
        )
        out = out * np.exp(curve.astype(np.float32) * np.float32(np.log(10) / 20))

        def moved(places: Places) -> Places:
            for step in maps:
                places = step(places)
            return places

        return np.asarray(out, dtype=np.float32), moved


def _placed(
    sources: npt.NDArray[np.float64],
    targets: npt.NDArray[np.floating] | Places,
    size_before: int,
    size_after: int,
) -> PlaceMap:
    """Returns the map that goes through `sources` -> `targets` and through both ends."""
    inner = (sources > 0) & (sources < size_before) & (targets < size_after)
    xs = np.concatenate([[0.0], sources[inner], [float(size_before)]])
    ys = np.concatenate([[0.0], targets[inner].astype(np.float64), [float(size_after)]])

    def moved(places: Places) -> Places:
        return np.asarray(np.round(np.interp(places, xs, ys)), dtype=np.int64)

    return moved
