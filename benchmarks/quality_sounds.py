"""Sounds of the quality benchmark's own: coughs, knocks, rooms, other takes, and recording chains.

Nothing here shares code with the simulator that training uses. All noises of people and things are
synthetic: pulses, resonances and filtered noise with parameters drawn widely.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import soundfile
import soxr
from librosa.effects import time_stretch
from scipy import signal

from benchmarks.quality_material import RATE_HZ, Mono, dips, shaped_noise

Chain: TypeAlias = Callable[[np.random.Generator, Mono], Mono]
"""What a recording goes through after it is laid down; no sample moves."""

_SOUND_M_S = 343.0
_EARLY_S = 0.05
_SEAM = 160
"""Samples of the crossfades between pieces of a varied take, 7 ms."""


def at_db(samples: Mono, level_db: float) -> Mono:
    """Returns a sound at a level: the mean square of all of it, in dB of full scale."""
    now = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if samples.size else 0.0
    scaled = samples * np.float32(10 ** (level_db / 20) / max(now, 1e-7))
    return np.asarray(np.clip(scaled, -0.98, 0.98), np.float32)


def faded(samples: Mono, in_s: float = 0.004, out_s: float = 0.01) -> Mono:
    """Returns a sound with half-cosine ends."""
    out = samples.copy()
    for length_s, end in ((in_s, slice(None)), (out_s, slice(None, None, -1))):
        n = min(round(length_s * RATE_HZ), out.size // 2)
        out[end][:n] *= (0.5 - 0.5 * np.cos(np.pi * (np.arange(n) + 0.5) / max(n, 1))).astype(
            np.float32
        )
    return out


def cough(rng: np.random.Generator) -> Mono:
    """Returns one to three bursts of breath through a throat, some of them voiced at the end."""
    pieces: list[Mono] = []
    throat_hz = rng.uniform((350, 1000, 2200), (750, 1700, 3400))
    for _ in range(int(rng.integers(1, 4))):
        n = round(rng.uniform(0.12, 0.35) * RATE_HZ)
        time_s = np.arange(n) / RATE_HZ
        burst = np.exp(-time_s / rng.uniform(0.02, 0.05))
        tail = 0.3 * np.exp(-((time_s - 0.6 * time_s[-1]) ** 2) / (2 * (0.2 * time_s[-1]) ** 2))
        source = rng.standard_normal(n) * (burst + tail)
        pitch_hz = rng.uniform(90, 220) * (1 - 0.3 * time_s / time_s[-1])
        voiced = signal.sawtooth(2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ)
        source += rng.uniform(0, 1.2) * voiced * tail
        out = 0.2 * source
        for centre_hz in throat_hz:
            b, a = signal.iirpeak(centre_hz, rng.uniform(2.5, 6), fs=RATE_HZ)
            out = out + signal.lfilter(b, a, source)
        pieces += [
            faded(out.astype(np.float32), 0.003, 0.04),
            np.zeros(round(rng.uniform(0.03, 0.2) * RATE_HZ), np.float32),
        ]
    return at_db(np.concatenate(pieces[:-1]), rng.uniform(-30, -18))


def knock(rng: np.random.Generator) -> Mono:
    """Returns one to four blows on a table, a door, a stand: decaying modes and a click."""
    n = round(0.35 * RATE_HZ)
    time_s = np.arange(n) / RATE_HZ
    low_hz = rng.uniform(60, 400)
    modes_hz = low_hz * np.cumprod(np.concatenate(([1.0], rng.uniform(1.25, 2.1, 5))))
    blow = np.zeros(n)
    for order, mode_hz in enumerate(modes_hz[modes_hz < 8000]):
        decay_s = rng.uniform(0.015, 0.09) / (1 + 0.5 * order)
        phase = rng.uniform(0, 2 * np.pi)
        blow += (
            np.exp(-time_s / decay_s) * np.sin(2 * np.pi * mode_hz * time_s + phase) / (1 + order)
        )
    blow[:60] += rng.standard_normal(60) * np.hanning(60) * rng.uniform(0.2, 1.0)
    out = np.zeros(0)
    for _ in range(int(rng.integers(1, 5))):
        gap = round(rng.uniform(0.12, 0.3) * RATE_HZ)
        at = max(0, out.size - n + gap) if out.size else 0
        out = np.pad(out, (0, max(0, at + n - out.size)))
        out[at : at + n] += blow * rng.uniform(0.5, 1.0)
    return at_db(faded(out.astype(np.float32), 0.0005, 0.05), rng.uniform(-38, -22))


def mouth_noise(rng: np.random.Generator) -> Mono:
    """Returns clicks of lips and tongue, or a smack with a short breath after it."""
    n = round(rng.uniform(0.06, 0.3) * RATE_HZ)
    out = np.zeros(n)
    for _ in range(int(rng.integers(1, 6))):
        length = int(rng.integers(20, 160))
        at = int(rng.integers(0, max(1, n - length)))
        click = rng.standard_normal(length) * np.exp(-np.arange(length) / (length / 4))
        b, a = signal.iirpeak(rng.uniform(1500, 6000), rng.uniform(1, 4), fs=RATE_HZ)
        out[at : at + length] += signal.lfilter(b, a, click)[: n - at]
    if rng.random() < 0.4:
        breath = rng.standard_normal(round(rng.uniform(0.15, 0.4) * RATE_HZ))
        band = signal.butter(2, (700, 5000), "bandpass", fs=RATE_HZ, output="sos")
        shaped = signal.sosfilt(band, breath) * np.hanning(breath.size)
        out = np.concatenate((out, shaped * rng.uniform(0.05, 0.2)))
    return at_db(faded(out.astype(np.float32), 0.001, 0.01), rng.uniform(-44, -32))


def clap(rng: np.random.Generator) -> Mono:
    """Returns the clap of a slate, or a reference tone."""
    if rng.random() < 0.5:
        time_s = np.arange(round(rng.uniform(0.2, 0.6) * RATE_HZ)) / RATE_HZ
        tone = np.sin(2 * np.pi * rng.choice((440.0, 1000.0)) * time_s)
        return at_db(faded(tone.astype(np.float32)), rng.uniform(-30, -20))
    n = round(0.15 * RATE_HZ)
    sound = rng.standard_normal(n) * np.exp(-np.arange(n) / (rng.uniform(0.01, 0.03) * RATE_HZ))
    return at_db(faded(sound.astype(np.float32), 0.0005), rng.uniform(-30, -20))


def tuning(rng: np.random.Generator, seconds: float) -> Mono:
    """Returns plucked strings, one after another, turned up or down to their pitch."""
    n = round(seconds * RATE_HZ)
    out = np.zeros(n)
    at = 0
    open_strings_hz = (82.4, 110.0, 146.8, 196.0, 246.9, 329.6)
    while at < n - RATE_HZ // 4:
        length = min(n - at, round(rng.uniform(0.6, 1.8) * RATE_HZ))
        time_s = np.arange(length) / RATE_HZ
        base_hz = float(rng.choice(open_strings_hz))
        off = rng.uniform(-0.05, 0.05) * np.maximum(0, 1 - time_s / rng.uniform(0.5, 1.5))
        phase = 2 * np.pi * np.cumsum(base_hz * (1 + off)) / RATE_HZ
        for harmonic in range(1, 12):
            decay = np.exp(-time_s * (1.2 + 0.5 * harmonic))
            out[at : at + length] += np.sin(harmonic * phase) * decay / harmonic
        at += round(rng.uniform(0.3, 0.9) * length)
    return at_db(faded(out.astype(np.float32), 0.002, 0.1), rng.uniform(-32, -22))


def room_response(
    rng: np.random.Generator, reverberation_s: float, distance_m: tuple[float, float] = (0.3, 0.8)
) -> Mono:
    """Returns a room's impulse response, its direct sound at sample 0 with amplitude 1.

    For 50 ms the image sources of a box, then noise of the level and decay that the images would
    have on average; uniform absorption by Eyring's formula. The images' signs and places are
    jittered, as walls aren't mirrors.

    Args:
        rng: Draws the room, and where speaker and microphone are.
        reverberation_s: Time to fall by 60 dB.
        distance_m: Least and greatest distance of speaker and microphone.
    """
    size = rng.uniform((3.0, 2.5, 2.3), (9.0, 7.0, 3.6))
    volume = float(np.prod(size))
    surface = 2 * float(size[0] * size[1] + size[1] * size[2] + size[0] * size[2])
    absorbed = 1 - np.exp(-0.161 * volume / (surface * reverberation_s))
    reflected = np.sqrt(1 - min(float(absorbed), 0.95))
    microphone = rng.uniform(0.25, 0.75, 3) * size
    direction = rng.standard_normal(3)
    offset = direction / np.linalg.norm(direction) * rng.uniform(*distance_m)
    speaker = np.clip(microphone + offset, 0.2, size - 0.2)
    order = np.arange(-12, 13)
    grids = np.meshgrid(order, order, order, indexing="ij")
    index = np.stack([grid.reshape(-1) for grid in grids], axis=1)
    # Along each axis an even image is a copy and an odd one a mirror image.
    images = index * size + np.where(index % 2 == 0, speaker, size - speaker)
    distance = np.linalg.norm(images - microphone, axis=1)
    bounces = np.abs(index).sum(axis=1)
    direct = float(np.linalg.norm(speaker - microphone))
    reflections = bounces > 0
    distance = np.maximum(distance + reflections * rng.normal(0, 0.04, distance.shape), direct)
    gains = reflected**bounces * direct / distance
    gains[reflections] *= rng.choice((-1.0, 1.0), int(reflections.sum()))
    places = np.round((distance - direct) / _SOUND_M_S * RATE_HZ).astype(np.int64)
    time_s = np.arange(round(1.2 * reverberation_s * RATE_HZ)) / RATE_HZ
    n_early = round(_EARLY_S * RATE_HZ)
    early = np.bincount(places[places < n_early], gains[places < n_early], minlength=time_s.size)
    density = 4 * np.pi * _SOUND_M_S * direct**2 / volume / RATE_HZ
    late = rng.standard_normal(time_s.size) * np.sqrt(density) * 1000 ** (-time_s / reverberation_s)
    response = np.where(time_s < _EARLY_S, early, late)
    # Air and walls take the highs first.
    dull = signal.lfilter(*signal.butter(1, rng.uniform(3000, 7000), fs=RATE_HZ), response)
    dull[0] = response[0]
    return np.asarray(dull, np.float32)


def in_room(samples: Mono, response: Mono) -> Mono:
    """Returns a sound in a room, as long as before."""
    return np.asarray(signal.oaconvolve(samples, response)[: samples.size], np.float32)


def off_microphone(rng: np.random.Generator, samples: Mono) -> Mono:
    """Returns speech as a microphone hears it that points elsewhere: far, dull, soft."""
    response = room_response(rng, rng.uniform(0.3, 0.6), (1.5, 2.5))
    response[0] *= np.float32(rng.uniform(0.2, 0.6))
    dull = signal.butter(1, rng.uniform(1500, 4500), fs=RATE_HZ, output="sos")
    far = signal.sosfilt(dull, in_room(samples, response))
    return at_db(np.asarray(far, np.float32), rng.uniform(-43, -33))


def other_take(rng: np.random.Generator, samples: Mono, strength: float = 1.0) -> Mono:
    """Returns a phrase as the same speaker says it another time.

    Each word has a pace of its own (a phase vocoder), and all of it another pitch, level and
    colour; so the length differs too.

    Args:
        rng: Draws the differences.
        samples: The phrase.
        strength: 1 for another take, less for one that is nearer to the first.
    """
    cuts = [0, *dips(samples).tolist(), samples.size]
    pitch = 2 ** (rng.normal(0, 0.4 * strength) / 12)
    overall = float(np.exp(rng.normal(0, 0.06 * strength)))
    out = np.zeros(0, np.float32)
    for start, stop in itertools.pairwise(cuts):
        pace = overall * float(np.exp(rng.normal(0, 0.05 * strength)))
        piece = samples[max(0, start - _SEAM) : stop]
        if piece.size < 1024:
            out = _joined(out, piece)
            continue
        stretched = time_stretch(
            piece, rate=float(np.clip(pace / pitch, 0.8, 1.25)), n_fft=512, hop_length=128
        )
        out = _joined(out, np.asarray(soxr.resample(stretched, RATE_HZ * pitch, RATE_HZ)))
    out = coloured(rng, out, 3 * strength)
    return np.asarray(out * np.float32(10 ** (rng.normal(0, 2 * strength) / 20)), np.float32)


def coloured(rng: np.random.Generator, samples: Mono, most_db: float) -> Mono:
    """Returns a sound with a gentle equaliser of up to `most_db` a band; no delay."""
    gains = 10 ** (rng.uniform(-most_db, most_db, 6) / 20)
    shape = signal.firwin2(255, (0, 0.02, 0.06, 0.18, 0.45, 1), gains)
    return np.asarray(signal.oaconvolve(samples, shape, "same"), np.float32)


def _joined(left: Mono, right: Mono) -> Mono:
    n = min(_SEAM, left.size, right.size)
    if n == 0:
        return np.concatenate((left, right))
    fade = np.linspace(0, 1, n, dtype=np.float32)
    middle = left[left.size - n :] * (1 - fade) + right[:n] * fade
    return np.concatenate((left[: left.size - n], middle, right[n:]))


def through_codec(samples: Mono, kind: str, level: float) -> Mono:
    """Returns a sound after coding and decoding, in its old place and length.

    Args:
        samples: The sound.
        kind: "MP3" or "OPUS".
        level: libsndfile's compression level, 0 (best) to 1 (smallest).
    """
    rate_hz = 24_000 if kind == "OPUS" else RATE_HZ
    sound = np.asarray(soxr.resample(samples, RATE_HZ, rate_hz), np.float32)
    file = io.BytesIO()
    container, coding = ("OGG", "OPUS") if kind == "OPUS" else ("MP3", "MPEG_LAYER_III")
    soundfile.write(
        file, np.clip(sound, -1, 1), rate_hz, coding, format=container, compression_level=level
    )
    file.seek(0)
    decoded, _ = soundfile.read(file, dtype="float32")
    back = np.asarray(soxr.resample(decoded, rate_hz, RATE_HZ), np.float32)[: samples.size]
    return np.pad(back, (0, samples.size - back.size))


def _noisy(rng: np.random.Generator, samples: Mono) -> Mono:
    """Adds a steady floor of a random colour, 15 to 30 dB under the speech or music."""
    colour = 10 ** (np.interp(np.arange(513), (0, 20, 120, 512), rng.uniform(-18, 6, 4)) / 20)
    return samples + at_db(
        shaped_noise(rng, samples.size, colour), _loud_db(samples) - rng.uniform(15, 30)
    )


def _humming(rng: np.random.Generator, samples: Mono) -> Mono:
    mains_hz = rng.choice((50.0, 60.0)) * (1 + rng.normal(0, 0.0005))
    time_s = np.arange(samples.size) / RATE_HZ
    hum = np.zeros(samples.size)
    for harmonic in range(1, 16):
        phase = rng.uniform(0, 2 * np.pi)
        hum += (
            rng.uniform(0, 1)
            / harmonic**0.7
            * np.sin(2 * np.pi * harmonic * mains_hz * time_s + phase)
        )
    return samples + at_db(hum.astype(np.float32), _loud_db(samples) - rng.uniform(16, 30))


def _telephone(rng: np.random.Generator, samples: Mono) -> Mono:
    """300 to 3,400 Hz, eight bits of mu-law."""
    band = signal.firwin(401, (rng.uniform(250, 350), 3400), fs=RATE_HZ, pass_zero=False)
    narrow = np.clip(2 * signal.oaconvolve(samples, band, "same"), -1, 1)
    coded = np.round(127 * np.sign(narrow) * np.log1p(255 * np.abs(narrow)) / np.log(256)) / 127
    return np.asarray(np.sign(coded) * (256 ** np.abs(coded) - 1) / 255, np.float32)


def _loud_db(samples: Mono) -> float:
    cells = samples[: samples.size // 2205 * 2205].reshape(-1, 2205)
    powers = np.mean(np.square(cells, dtype=np.float64), axis=1)
    return float(10 * np.log10(np.percentile(powers, 80) + 1e-10))


CHAINS: dict[str, Chain] = {
    "clean": lambda _rng, samples: samples,
    "small room": lambda rng, samples: in_room(
        samples, room_response(rng, rng.uniform(0.2, 0.4), (0.4, 1.0))
    ),
    "large room": lambda rng, samples: in_room(
        samples, room_response(rng, rng.uniform(0.6, 1.0), (0.8, 1.8))
    ),
    "noise floor": _noisy,
    "hum": _humming,
    "telephone": _telephone,
    "MP3": lambda _rng, samples: through_codec(samples, "MP3", 0.9),
    "Opus": lambda _rng, samples: through_codec(samples, "OPUS", 0.95),
    "quiet": lambda rng, samples: at_db_of_loud(samples, rng.uniform(-52, -40)),
}
"""Recording chains by name. "recorded noise" is added by those who have one."""


def at_db_of_loud(samples: Mono, level_db: float) -> Mono:
    """Returns a recording whose loud passages have a level in dB of full scale."""
    return np.asarray(samples * np.float32(10 ** ((level_db - _loud_db(samples)) / 20)), np.float32)
