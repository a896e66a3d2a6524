"""Noises that happen while recording, all of them synthetic, and pieces of recorded noise.

No recordings of coughs, knocks and the like could be had under a free licence, so they are made of
filtered noise, resonances and pulses, with their parameters drawn widely. They are meant to be
recognised as "a short sound that is not speech", not to pass for real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from scipy import signal

from training.corpus import Corpus
from training.simulator.dsp import band, coloured_noise, faded, ramp, shaped, tilt
from training.simulator.rooms import impulse_response, in_room
from training.simulator.types import SAMPLE_RATE, Mono, samples_of


def _seconds(n: int) -> npt.NDArray[np.float32]:
    return np.arange(n, dtype=np.float32) / np.float32(SAMPLE_RATE)


def _decay(n: int, time_s: float, attack_s: float = 0.001) -> Mono:
    """Returns an envelope that rises in `attack_s` and falls by 60 dB in `time_s`."""
    envelope = np.exp(-6.9 * _seconds(n) / np.float32(time_s)).astype(np.float32)
    attack = min(n, max(1, samples_of(attack_s)))
    envelope[:attack] *= ramp(attack)
    return np.asarray(envelope, dtype=np.float32)


def _hump(n: int) -> Mono:
    """Returns half a sine wave."""
    return np.asarray(np.abs(np.sin(np.linspace(0, np.pi, n))), dtype=np.float32)


def _sequence(rng: np.random.Generator, parts: list[Mono], low_s: float, high_s: float) -> Mono:
    """Places sounds one after the other, `low_s` to `high_s` from onset to onset."""
    places = [0]
    for _ in parts[1:]:
        places.append(places[-1] + samples_of(float(rng.uniform(low_s, high_s))))
    out = np.zeros(max(p + part.size for p, part in zip(places, parts, strict=True)), np.float32)
    for place, part in zip(places, parts, strict=True):
        out[place : place + part.size] += part
    return out


def _pulses(rng: np.random.Generator, n: int, pitch_hz: float, rough: float) -> Mono:
    """Returns a rough voiced source: a pulse train whose period wanders."""
    drift = np.cumsum(rng.standard_normal(n // 220 + 2)) * rough * 0.1
    wander = np.interp(np.arange(n) / 220, np.arange(drift.size), drift)
    phase = np.cumsum(pitch_hz * np.exp(np.clip(wander, -0.4, 0.4)) / SAMPLE_RATE)
    saw = (phase % 1.0).astype(np.float32) - np.float32(0.5)
    return saw + np.float32(rough) * rng.standard_normal(n, dtype=np.float32)


def _formants(rng: np.random.Generator, samples: Mono) -> Mono:
    """Colours a source by three or so broad resonances, as a throat does."""
    hz = np.linspace(0, SAMPLE_RATE / 2, 513)
    response = np.full(hz.size, 0.03)
    for low, high in ((300, 900), (900, 2000), (2000, 3500), (3500, 6500)):
        centre, width = rng.uniform(low, high), rng.uniform(100, 500)
        response += rng.uniform(0.2, 1.0) / (1 + ((hz - centre) / width) ** 2)
    return shaped(samples, response)


def cough(rng: np.random.Generator) -> Mono:
    """One to four coughs: a burst of breath, then a short rough voiced tail."""
    parts = []
    for _ in range(int(rng.integers(1, 5))):
        n = samples_of(float(rng.uniform(0.18, 0.45)))
        burst = rng.standard_normal(n, dtype=np.float32) * _decay(n, float(rng.uniform(0.15, 0.4)))
        voiced = _pulses(rng, n, float(rng.uniform(110, 320)), 0.4)
        swell = _hump(n) ** 2
        voiced *= swell * np.float32(rng.uniform(0, 0.9))
        parts.append(_formants(rng, burst + voiced))
    return _sequence(rng, parts, 0.22, 0.6)


def throat_clearing(rng: np.random.Generator) -> Mono:
    """A rough, low, fluttering sound of the throat."""
    parts = []
    for _ in range(int(rng.integers(1, 4))):
        n = samples_of(float(rng.uniform(0.2, 0.7)))
        source = _pulses(rng, n, float(rng.uniform(60, 180)), 0.6)
        flutter = 1 + np.float32(0.7) * np.sin(
            2 * np.pi * np.float32(rng.uniform(18, 45)) * _seconds(n)
        )
        envelope = _hump(n) ** np.float32(0.7)
        parts.append(_formants(rng, source * flutter * envelope))
    return _sequence(rng, parts, 0.25, 0.8)


def knock(rng: np.random.Generator) -> Mono:
    """One to five knocks on something that rings a little."""
    modes = rng.uniform(90, 1600, int(rng.integers(2, 6)))
    ring_s = float(rng.uniform(0.04, 0.3))
    return _sequence(
        rng,
        [_struck(rng, modes, ring_s) for _ in range(int(rng.integers(1, 6)))],
        0.1,
        float(rng.uniform(0.15, 0.7)),
    )


def _struck(rng: np.random.Generator, modes: npt.NDArray[np.float64], ring_s: float) -> Mono:
    n = samples_of(ring_s * 1.3)
    time = _seconds(n)
    out = rng.standard_normal(n, dtype=np.float32) * _decay(n, 0.015) * np.float32(0.6)
    for hz in modes:
        tone = np.sin(2 * np.pi * np.float32(hz) * time + np.float32(rng.uniform(0, 6)))
        out += tone * _decay(n, ring_s * float(rng.uniform(0.4, 1.1))) * np.float32(rng.random())
    return out * np.float32(rng.uniform(0.5, 1.0))


def thump(rng: np.random.Generator) -> Mono:
    """Something heavy, or the microphone's stand, is touched: a low blow with a rumble."""
    n = samples_of(float(rng.uniform(0.12, 0.6)))
    hz = np.float32(rng.uniform(35, 140))
    sweep = hz * (1 + np.float32(0.8) * np.exp(-_seconds(n) * 40))
    body = np.sin(2 * np.pi * np.cumsum(sweep) / SAMPLE_RATE) * _decay(n, n / SAMPLE_RATE, 0.004)
    rumble = coloured_noise(rng, n, 2.0) * _decay(n, n / SAMPLE_RATE) * np.float32(0.4)
    click = rng.standard_normal(n, dtype=np.float32) * _decay(n, 0.02) * np.float32(rng.random())
    return np.asarray(body + rumble + click * 0.4, dtype=np.float32)


def mouth_click(rng: np.random.Generator) -> Mono:
    """Smacks and clicks of lips and tongue."""
    parts = []
    for _ in range(int(rng.integers(1, 5))):
        n = samples_of(float(rng.uniform(0.006, 0.04)))
        burst = rng.standard_normal(n, dtype=np.float32) * _decay(
            n, float(rng.uniform(0.004, 0.03))
        )
        low = float(rng.uniform(600, 2500))
        parts.append(shaped(burst, band(low, low * float(rng.uniform(1.5, 4)), order=2)))
    return _sequence(rng, parts, 0.03, 0.25)


def squeak(rng: np.random.Generator) -> Mono:
    """A chair, a door or a floor: a gliding tone with overtones, stuttering."""
    n = samples_of(float(rng.uniform(0.12, 1.0)))
    knots = rng.uniform(250, 2600) * np.exp(np.cumsum(rng.normal(0, 0.18, 6)))
    pitch = np.interp(np.linspace(0, 5, n), np.arange(6), knots)
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    out = np.zeros(n, dtype=np.float32)
    for number in range(1, int(rng.integers(2, 6))):
        out += np.sin(number * phase + rng.uniform(0, 6)).astype(np.float32) / np.float32(number)
    stutter = np.clip(1 + 1.5 * np.sin(2 * np.pi * rng.uniform(8, 60) * _seconds(n)), 0.1, None)
    breath = rng.standard_normal(n, dtype=np.float32) * np.float32(0.15)
    envelope = _hump(n) ** np.float32(0.6)
    return np.asarray((out + breath) * stutter * envelope, dtype=np.float32)


def rustle(rng: np.random.Generator) -> Mono:
    """Paper or clothes: bright noise in many small bursts."""
    n = samples_of(float(rng.uniform(0.25, 2.0)))
    grains = np.zeros(n, dtype=np.float32)
    count = int(n / SAMPLE_RATE * rng.uniform(15, 90)) + 2
    grains[rng.integers(0, n, count)] = rng.exponential(1.0, count)
    width = samples_of(float(rng.uniform(0.01, 0.06)))
    envelope = signal.oaconvolve(grains, np.exp(-np.arange(width * 3) / width))[:n]
    noise = rng.standard_normal(n, dtype=np.float32) * (envelope + 0.05)
    low = float(rng.uniform(300, 2500))
    sound = shaped(noise.astype(np.float32), band(low, float(rng.uniform(4000, 10000)), order=1.5))
    return faded(sound, n // 6, n // 4)


def phone_buzz(rng: np.random.Generator) -> Mono:
    """A telephone that vibrates on a table."""
    hz = float(rng.uniform(110, 230))
    parts = []
    n = samples_of(float(rng.uniform(0.2, 0.9)))
    for _ in range(int(rng.integers(1, 4))):
        phase = 2 * np.pi * np.float32(hz) * _seconds(n)
        buzz = np.tanh(np.float32(rng.uniform(1, 8)) * np.sin(phase))
        rattle = rng.standard_normal(n, dtype=np.float32) * np.float32(0.2) * (np.sin(phase) > 0.5)
        parts.append(faded((buzz + rattle).astype(np.float32), 300, 600))
    gap_s = n / SAMPLE_RATE
    sound = _sequence(rng, parts, gap_s * 1.3, gap_s * 2.2)
    return shaped(sound, tilt(float(rng.uniform(-3, 2))))


def breath(rng: np.random.Generator) -> Mono:
    """A loud breath, a sniff or a sigh."""
    n = samples_of(float(rng.uniform(0.2, 1.2)))
    peak = float(rng.uniform(0.2, 0.8))
    knots = np.array([0.0, 0.6, 1.0, 0.5, 0.0])
    places = np.array([0.0, peak / 2, peak, (1 + peak) / 2, 1.0])
    envelope = np.interp(np.linspace(0, 1, n), places, knots) ** rng.uniform(0.8, 2)
    noise = rng.standard_normal(n, dtype=np.float32) * envelope.astype(np.float32)
    sound = _formants(rng, noise)
    return shaped(sound, band(float(rng.uniform(200, 1200)), float(rng.uniform(3000, 9000)), 1.5))


def typing(rng: np.random.Generator) -> Mono:
    """Keys or a mouse: a train of small clicks."""
    modes = rng.uniform(800, 5000, int(rng.integers(2, 5)))
    parts = [_struck(rng, modes, 0.03) for _ in range(int(rng.integers(2, 14)))]
    return _sequence(rng, parts, 0.05, float(rng.uniform(0.1, 0.35)))


def clink(rng: np.random.Generator) -> Mono:
    """Glass, metal or china: inharmonic partials that ring."""
    modes = rng.uniform(900, 8000, int(rng.integers(3, 8)))
    ring_s = float(rng.uniform(0.1, 1.2))
    parts = [_struck(rng, modes, ring_s) for _ in range(int(rng.integers(1, 4)))]
    return _sequence(rng, parts, 0.05, 0.5)


def chime(rng: np.random.Generator) -> Mono:
    """A notification: one to four tones."""
    parts = []
    base = float(rng.uniform(300, 1600))
    for _ in range(int(rng.integers(1, 5))):
        n = samples_of(float(rng.uniform(0.06, 0.5)))
        hz = base * 2 ** (float(rng.integers(-5, 13)) / 12)
        time = _seconds(n)
        tone = sum(
            (np.sin(2 * np.pi * hz * k * time) * rng.random() / k for k in (1, 2, 3)),
            start=np.zeros(n),
        )
        parts.append(np.asarray(tone * _decay(n, n / SAMPLE_RATE * 1.2, 0.005), dtype=np.float32))
    return _sequence(rng, parts, 0.07, 0.4)


def scrape(rng: np.random.Generator) -> Mono:
    """Something is dragged or the microphone handled: rough, low to middling noise."""
    n = samples_of(float(rng.uniform(0.15, 1.5)))
    speed = np.interp(np.linspace(0, 7, n), np.arange(8), rng.uniform(0.05, 1.0, 8))
    noise = coloured_noise(rng, n, float(rng.uniform(0.3, 2.0))) * speed.astype(np.float32)
    low = float(rng.uniform(40, 600))
    sound = shaped(noise, band(low, low * float(rng.uniform(3, 20)), order=1.5))
    return faded(sound, n // 8, n // 6)


def engine(rng: np.random.Generator) -> Mono:
    """Something passes by outside, or a machine runs for a moment."""
    n = samples_of(float(rng.uniform(0.6, 3.0)))
    hum = _pulses(rng, n, float(rng.uniform(40, 140)), 0.3)
    noise = coloured_noise(rng, n, 1.0) * np.float32(rng.uniform(0.1, 1.0))
    sound = shaped(hum + noise, band(0, float(rng.uniform(300, 2500)), order=1.0))
    return faded(sound, n // 3, n // 3)


def footsteps(rng: np.random.Generator) -> Mono:
    """A few steps, growing or fading."""
    modes = rng.uniform(60, 500, 3)
    count = int(rng.integers(2, 7))
    levels = np.linspace(rng.uniform(0.3, 1), rng.uniform(0.3, 1), count).astype(np.float32)
    parts = [_struck(rng, modes, 0.09) * level for level in levels]
    return _sequence(rng, parts, 0.35, 0.75)


KINDS: Mapping[str, Callable[[np.random.Generator], Mono]] = {
    "cough": cough,
    "throat_clearing": throat_clearing,
    "knock": knock,
    "thump": thump,
    "mouth_click": mouth_click,
    "squeak": squeak,
    "rustle": rustle,
    "phone_buzz": phone_buzz,
    "breath": breath,
    "typing": typing,
    "clink": clink,
    "chime": chime,
    "scrape": scrape,
    "engine": engine,
    "footsteps": footsteps,
}


def recorded(rng: np.random.Generator, corpus: Corpus) -> Mono | None:
    """Returns a piece of a recorded noise, 0.3-2.5 s, faded; None if the corpus has none."""
    groups = corpus.groups("noise")
    if not groups:
        return None
    clips = groups[list(groups)[int(rng.integers(len(groups)))]]
    samples = corpus.samples(clips[int(rng.integers(len(clips)))])
    size = min(samples.size, samples_of(float(rng.uniform(0.3, 2.5))))
    start = int(rng.integers(0, samples.size - size + 1))
    piece = samples[start : start + size]
    return faded(piece, samples_of(float(rng.uniform(0.003, 0.15))), samples_of(0.1))


def random_noise(rng: np.random.Generator, corpus: Corpus) -> Mono:
    """Returns a random noise with a peak of 1, float32 of shape [n]."""
    sound = recorded(rng, corpus) if rng.random() < 0.2 else None
    if sound is None:
        sound = KINDS[list(KINDS)[int(rng.integers(len(KINDS)))]](rng)
    if rng.random() < 0.6:
        sound = shaped(sound, tilt(float(rng.uniform(-3, 3))))
    if rng.random() < 0.4:
        response = impulse_response(rng, float(rng.uniform(0.1, 0.5)), float(rng.uniform(-3, 9)))
        sound = in_room(np.concatenate([sound, np.zeros(response.size // 2, np.float32)]), response)
    sound = faded(sound, 22, min(sound.size // 10, 400))
    return sound / np.float32(np.max(np.abs(sound)) + 1e-9)
