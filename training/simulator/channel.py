"""What happens to a whole recording between the mouth and the file.

Every step keeps the length and the places of the samples, so that the edit stays true.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from scipy import fft, signal

from training.corpus import Corpus
from training.simulator.dsp import band, coloured_noise, frequencies, gain, rms, shaped
from training.simulator.rooms import impulse_response, in_room, random_room
from training.simulator.types import SAMPLE_RATE, Mono, SimulatorSettings, samples_of

# Whole recordings are brought near this level before they are impaired.
_LEVEL_DB = -20.0


def impair(
    rng: np.random.Generator,
    samples: Mono,
    corpus: Corpus,
    settings: SimulatorSettings,
    upper_hz: float,
) -> Mono:
    """Returns a recording as a real microphone, room and file would have it.

    Args:
        rng: Draws what happens.
        samples: The clean recording, float32 of shape [n].
        corpus: Gives recorded noises.
        settings: How often what happens.
        upper_hz: Where the narrowest material on the tape ends; everything is cut off there, so
            that bandwidth doesn't tell one piece of tape from another.

    Returns:
        float32 of shape [n] in [-1, 1].
    """
    out = samples
    if upper_hz < SAMPLE_RATE / 2:
        out = shaped(out, band(0, upper_hz * 0.94, order=24))
    steps: tuple[tuple[float, Callable[[Mono], Mono]], ...] = (
        (settings.rooms, lambda x: in_room(x, random_room(rng))),
        (settings.microphones, lambda x: _microphone(rng, x)),
        (settings.noise_floors, lambda x: x + _noise_floor(rng, corpus, x.size)),
        (settings.babble, lambda x: x + _babble(rng, corpus, x.size)),
        (settings.hums, lambda x: x + _hum(rng, x.size)),
        (settings.drifts, lambda x: _drifting(rng, x)),
        (settings.compression, lambda x: _compressed(rng, x)),
        (settings.saturation, lambda x: _saturated(rng, x)),
        (settings.narrow_bands, lambda x: _narrow(rng, x)),
        (settings.levels, lambda x: x * gain(float(rng.uniform(-18.0, 8.0)))),
        (settings.coarse_steps, lambda x: _quantised(rng, x)),
        (settings.codecs, lambda x: _through_codec(rng, x)),
    )
    chosen = [step for chance, step in steps if rng.random() < chance]
    if chosen:
        out = _levelled(out)
    for step in chosen:
        out = step(out)
    return np.clip(out, -1.0, 1.0).astype(np.float32)


def _levelled(samples: Mono) -> Mono:
    """Brings a recording to the level at which it is impaired."""
    return samples * gain(_LEVEL_DB - _level_db(samples))


def _quantised(rng: np.random.Generator, samples: Mono) -> Mono:
    """Rounds to 7 to 12 bits, or to the 8 logarithmic ones of a telephone."""
    if rng.random() < 0.35:
        companded = np.log1p(255 * np.minimum(np.abs(samples), 1)) / np.log(256)
        levels = (256 ** (np.round(companded * 127) / 127) - 1) / 255
        return np.asarray(np.sign(samples) * levels, dtype=np.float32)
    steps = np.float32(2 ** int(rng.integers(7, 13)))
    return np.asarray(np.round(samples * steps) / steps, dtype=np.float32)


def _level_db(samples: Mono) -> float:
    """Returns the level of the louder parts."""
    step = 2205
    count = samples.size // step
    if count < 2:
        return float(20 * np.log10(rms(samples)))
    power = np.square(samples[: count * step]).reshape(count, step).mean(axis=1)
    return float(10 * np.log10(np.percentile(power, 80) + 1e-10))


def _microphone(rng: np.random.Generator, samples: Mono) -> Mono:
    """Colours the spectrum by a tilt, a few bumps and a low cut."""
    hz = frequencies()
    octaves = np.log2(np.maximum(hz, 40) / 1000)
    curve = float(rng.uniform(-2.5, 2.5)) * octaves
    for _ in range(int(rng.integers(1, 5))):
        centre, width = rng.uniform(-4, 3.2), rng.uniform(0.2, 1.2)
        curve += rng.uniform(-7, 7) * np.exp(-0.5 * ((octaves - centre) / width) ** 2)
    response = 10 ** (curve / 20)
    if rng.random() < 0.5:
        response = response * band(float(rng.uniform(40, 250)), 30000, order=2)
    return shaped(samples, response)


def _noise_floor(rng: np.random.Generator, corpus: Corpus, n: int) -> Mono:
    """Returns steady noise 5 to 50 dB under the speech, quiet more often than loud."""
    below_db = 5 + 45 * float(rng.beta(2.6, 1.4))
    groups = corpus.groups("noise")
    if groups and rng.random() < 0.3:
        clips = groups[list(groups)[int(rng.integers(len(groups)))]]
        noise = _endless(rng, corpus.samples(clips[int(rng.integers(len(clips)))]), n)
    else:
        noise = coloured_noise(rng, n, float(rng.choice([0.0, 0.6, 1.0, 1.4, 2.0])))
    if rng.random() < 0.3:
        noise = shaped(noise, band(0, float(np.exp(rng.uniform(np.log(1500), np.log(10000)))), 2))
    return noise * np.float32(gain(_LEVEL_DB - below_db) / rms(noise))


def _babble(rng: np.random.Generator, corpus: Corpus, n: int) -> Mono:
    """Returns many voices at once, far away: 18 to 45 dB under the speech, none intelligible."""
    groups = corpus.groups("speech")
    out = np.zeros(n, dtype=np.float32)
    if not groups:
        return out
    for _ in range(int(rng.integers(5, 10))):
        clips = groups[list(groups)[int(rng.integers(len(groups)))]]
        samples = corpus.samples(clips[int(rng.integers(len(clips)))])
        voice = _endless(rng, samples[: samples_of(30.0)], n)
        out += voice * np.float32(rng.uniform(0.4, 1.0) / rms(voice))
    away = in_room(out, impulse_response(rng, float(rng.uniform(0.4, 1.0)), -10.0))
    away = shaped(away, band(100, float(rng.uniform(1500, 5000)), 1.5))
    return away * np.float32(gain(_LEVEL_DB - float(rng.uniform(18, 45))) / rms(away))


def _endless(rng: np.random.Generator, samples: Mono, n: int) -> Mono:
    """Returns `n` samples of a recording that is repeated with long crossfades."""
    overlap = min(samples_of(1.0), samples.size // 3)
    fade = np.sin(np.linspace(0, np.pi / 2, overlap, dtype=np.float32))
    loop = samples[: samples.size - overlap].copy()
    loop[:overlap] = loop[:overlap] * fade + samples[samples.size - overlap :] * fade[::-1]
    start = int(rng.integers(loop.size))
    times = (n + start) // loop.size + 1
    return np.tile(loop, times)[start : start + n]


def _hum(rng: np.random.Generator, n: int) -> Mono:
    """Returns mains hum with overtones, 25 to 60 dB under the speech."""
    mains = float(rng.choice([50.0, 60.0]))
    period = 441 if mains == 50.0 else 735
    cycles = round(period * mains / SAMPLE_RATE)
    phase = 2 * np.pi * cycles * np.arange(period) / period
    wave = np.zeros(period)
    slope = float(rng.uniform(0.4, 1.6))
    for number in range(1, int(rng.integers(3, 12))):
        wave += rng.uniform(0.2, 1) * np.sin(number * phase + rng.uniform(0, 6)) / number**slope
    loop = wave.astype(np.float32)
    loop *= np.float32(gain(_LEVEL_DB - float(rng.uniform(25, 60))) / rms(loop))
    return np.tile(loop, n // period + 1)[:n]


def _drifting(rng: np.random.Generator, samples: Mono) -> Mono:
    """Moves the level slowly by up to about 8 dB."""
    count = max(3, samples.size // samples_of(8.0) + 2)
    knots_db = np.clip(np.cumsum(rng.normal(0, 1.5, count)), -8, 8)
    places = np.linspace(0, samples.size, count)
    steps = np.arange(0, samples.size + 512, 512)
    curve = np.interp(steps, places, knots_db)
    factors = np.interp(np.arange(samples.size), steps, 10 ** (curve / 20))
    return samples * factors.astype(np.float32)


def _compressed(rng: np.random.Generator, samples: Mono) -> Mono:
    """Evens out the level, as a compressor or a gain control does."""
    block = 220
    count = samples.size // block + 1
    padded = np.zeros(count * block, dtype=np.float32)
    padded[: samples.size] = samples
    peaks = np.abs(padded).reshape(count, block).max(axis=1)
    release = float(np.exp(-block / SAMPLE_RATE / rng.uniform(0.05, 1.5)))
    smooth = signal.lfilter([1 - release], [1, -release], peaks)
    level_db = 20 * np.log10(np.maximum(smooth, 1e-5))
    threshold, ratio = float(rng.uniform(-40, -18)), float(rng.uniform(1.5, 6))
    change_db = -np.maximum(level_db - threshold, 0) * (1 - 1 / ratio)
    places = (np.arange(count) + 0.5) * block
    factors = np.interp(np.arange(samples.size), places, 10 ** (change_db / 20))
    out = samples * factors.astype(np.float32)
    return _levelled(out)


def _saturated(rng: np.random.Generator, samples: Mono) -> Mono:
    """Drives the recording into a soft or a hard limit."""
    peak = float(np.percentile(np.abs(samples[::7]), 99.9)) + 1e-6
    drive = np.float32(rng.uniform(1.2, 5.0) / peak)
    if rng.random() < 0.5:
        out = np.tanh(samples * drive) / drive
    else:
        out = np.clip(samples * drive, -1.0, 1.0) / drive
    return np.asarray(out, dtype=np.float32)


def _narrow(rng: np.random.Generator, samples: Mono) -> Mono:
    """Limits the bandwidth: telephone, or a low-pass at 4, 5.5 or 8 kHz."""
    low, high = [(300.0, 3400.0), (80.0, 4000.0), (0.0, 5500.0), (0.0, 8000.0)][
        int(rng.integers(4))
    ]
    spread = float(rng.uniform(0.9, 1.1))
    return shaped(samples, band(low, high * spread, order=float(rng.uniform(4, 16))))


def _through_codec(rng: np.random.Generator, samples: Mono) -> Mono:
    """Encodes and decodes; a codec that moves the sound is put back in place, or left out."""
    import soundfile

    container, subtype = [("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS"), ("OGG", "OPUS")][
        int(rng.integers(3))
    ]
    rate = 24000 if subtype == "OPUS" else SAMPLE_RATE
    sound = _at_rate(np.clip(samples, -1, 1), SAMPLE_RATE, rate)
    store = io.BytesIO()
    try:
        with soundfile.SoundFile(
            store,
            "w",
            samplerate=rate,
            channels=1,
            format=container,
            subtype=subtype,
            compression_level=float(rng.uniform(0.5, 0.99)),
        ) as file:
            # In blocks: the Vorbis encoder of libsndfile overruns its stack on long writes.
            for start in range(0, sound.size, 8192):
                file.write(sound[start : start + 8192])
        store.seek(0)
        decoded, _ = soundfile.read(store, dtype="float32")
    except soundfile.LibsndfileError:
        return samples
    return _aligned(samples, _at_rate(decoded, rate, SAMPLE_RATE))


def _at_rate(samples: Mono, rate: int, wanted: int) -> Mono:
    import soxr

    if rate == wanted:
        return samples
    return np.asarray(soxr.resample(samples, rate, wanted, quality="MQ"), dtype=np.float32)


def _aligned(samples: Mono, decoded: Mono, reach: int = 4096) -> Mono:
    """Moves a decoded sound to where it correlates best with its original."""
    if decoded.size < reach or samples.size < reach:
        return samples
    size = fft.next_fast_len(samples.size + decoded.size, real=True)
    cross = fft.irfft(fft.rfft(decoded, size) * np.conj(fft.rfft(samples, size)), size)
    lags = np.concatenate([np.arange(reach), np.arange(-reach, 0)])
    lag = int(lags[int(np.argmax(np.concatenate([cross[:reach], cross[-reach:]])))])
    out = np.zeros_like(samples)
    source = decoded[max(lag, 0) :]
    place = max(-lag, 0)
    count = min(source.size, out.size - place)
    out[place : place + count] = source[:count]
    return out
