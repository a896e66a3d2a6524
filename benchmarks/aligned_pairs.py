"""Pairs of a recording and a finished edit whose true edit list is known.

The recordings are talk, music, and music of repeated bars, made from the audio folder beside the
project (or from the bundled demo recordings); the edits have cuts, passages heard twice, passages
that changed places and, where asked for, crossfades, before they are processed.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
from scipy import signal

from benchmarks.recordings import BENCH_FOLDER, SAMPLE_RATE, audio_folder, make_recording
from model_core.audio.render import Renderer
from model_core.edit.types import EditList, FadeLaw, Join, Segment

if TYPE_CHECKING:
    from model_core.audio.source import AudioSource

Sound: TypeAlias = npt.NDArray[np.float32]
"""Samples of shape `[n, C]`, full scale at 1."""

_PART_S = 600


@dataclass(frozen=True, slots=True)
class Processing:
    """What happens to an edit after its cuts.

    Attributes:
        name: For the table.
        apply: Turns samples at `SAMPLE_RATE` into what is written.
        rate_hz: Rate of the file that is written.
        fade_s: Length of the crossfades; 0 for butt joins.
        exact: Whether joins can be expected to the sample.
    """

    name: str
    apply: Callable[[Sound], Sound]
    rate_hz: int = SAMPLE_RATE
    fade_s: float = 0.0
    exact: bool = False


def processings() -> tuple[Processing, ...]:
    """Returns all kinds of processing that the aligner must bear."""
    return (
        Processing("none", _as_is, exact=True),
        Processing("crossfades 10 ms", _as_is, fade_s=0.01),
        Processing("crossfades 50 ms", _as_is, fade_s=0.05),
        Processing("gain -9 dB", lambda sound: sound * np.float32(0.35)),
        Processing("equaliser", _equalised),
        Processing("compressor", _compressed),
        Processing("limiter", lambda sound: _limited(4 * sound)),
        Processing("noise reduction", _denoised),
        Processing("22.05 kHz", lambda sound: _resampled(sound, 22050), 22050),
        Processing("48 kHz", lambda sound: _resampled(sound, 48000), 48000),
        Processing("MP3 128 kbit/s", _as_mp3),
        Processing("mono", lambda sound: sound.mean(axis=1, keepdims=True)),
        Processing("mono, left only", lambda sound: sound[:, :1]),
        Processing("part of a sample late", _late),
        Processing(
            "all of it, 20 ms fades",
            lambda sound: _as_mp3(_limited(2 * _compressed(_equalised(_denoised(sound))))),
            fade_s=0.02,
        ),
    )


def recording(kind: str, minutes: float) -> Path:
    """Returns the path of a recording: "talk", "music" or "bars"."""
    if kind == "talk":
        return make_recording(minutes)
    path = BENCH_FOLDER / "recordings" / f"{kind}_{minutes:g}_min.wav"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    left = round(minutes * 60 * SAMPLE_RATE)
    unfinished = path.with_suffix(".part")
    with soundfile.SoundFile(
        unfinished, "w", SAMPLE_RATE, channels=2, subtype="PCM_16", format="WAV"
    ) as file:
        for piece in _tracks(bars=kind == "bars"):
            file.write(piece[:left])
            left -= piece[:left].shape[0]
            if left <= 0:
                break
    unfinished.replace(path)
    return path


def make_edit(
    n_samples: int, seed: int, fade_s: float = 0.0, *, jumps_back: bool = True
) -> EditList:
    """Returns an edit that keeps about two thirds of a recording."""
    rng = np.random.default_rng(seed)
    ranges: list[tuple[int, int]] = []
    position = round(rng.uniform(0, 3) * SAMPLE_RATE)
    while position < n_samples - SAMPLE_RATE:
        stop = position + round(rng.gamma(2.0, 4.0) * SAMPLE_RATE) + SAMPLE_RATE // 2
        ranges.append((position, min(stop, n_samples)))
        position = stop + round((0.1 + min(20.0, rng.exponential(3.0))) * SAMPLE_RATE)
    for _ in range(len(ranges) // 15 if jumps_back else 0):
        index = int(rng.integers(1, len(ranges) - 2))
        ranges.insert(index + 1, ranges[index])
        index = int(rng.integers(1, len(ranges) - 2))
        ranges[index], ranges[index + 1] = ranges[index + 1], ranges[index]
    segments: list[Segment] = []
    for start, stop in ranges:
        if segments and segments[-1].stop == start:
            segments[-1] = Segment(0, segments[-1].start, stop)
        else:
            segments.append(Segment(0, start, stop))
    join = Join(FadeLaw.EQUAL_POWER, round(fade_s * SAMPLE_RATE))
    return EditList(tuple(segments), (join,) * (len(segments) - 1))


def write_edit(raw: AudioSource, edit: EditList, processing: Processing, path: Path) -> None:
    """Renders and processes an edit; one of hours part by part, so that memory holds it."""
    parts = _processed(Renderer([raw], edit), processing)
    first = next(parts)
    with soundfile.SoundFile(
        path, "w", processing.rate_hz, first.shape[1], "PCM_16", format="WAV"
    ) as file:
        for part in chain((first,), parts):
            file.write(part)


def _processed(renderer: Renderer, processing: Processing) -> Iterator[npt.NDArray[Any]]:
    length = _PART_S * SAMPLE_RATE
    for start in range(0, renderer.length, length):
        stop = min(renderer.length, start + length)
        if processing.apply is _as_is:  # as integers: not one sample may differ
            yield renderer.read(start, stop)
        else:
            yield np.clip(processing.apply(renderer.read_float(start, stop)), -1, 1)


def _tracks(*, bars: bool) -> Iterator[Sound]:
    """Yields music without end; with `bars`, its steadiest tracks' bars again and again."""
    rng = np.random.default_rng(1)
    folder = audio_folder()
    paths = sorted((folder / "music").glob("*.ogg")) if folder else []
    if not paths:
        paths = sorted((BENCH_FOLDER.parent / "resources" / "demo").glob("music*"))
    while True:
        for index in rng.permutation(len(paths)):
            track, rate = soundfile.read(paths[index], dtype="float32", always_2d=True)
            track = _resampled(np.repeat(track, 2, axis=1)[:, :2], SAMPLE_RATE, rate)
            if bars:
                bar = track[: 2 * SAMPLE_RATE]
                track = np.concatenate([bar] * 6 + [track[: 20 * SAMPLE_RATE]])
            yield track


def _as_is(sound: Sound) -> Sound:
    return sound


def _equalised(sound: Sound) -> Sound:
    shape = signal.firwin2(511, [0, 0.003, 0.006, 0.1, 0.3, 1], [0, 0.2, 1.2, 0.8, 2, 0.3])
    return np.asarray(signal.oaconvolve(sound, shape[:, np.newaxis], "same", axes=0), np.float32)


def _compressed(sound: Sound) -> Sound:
    pole = np.exp(-1 / (0.02 * SAMPLE_RATE))
    level = signal.lfilter([1 - pole], [1, -pole], np.abs(sound).max(axis=1))
    gain = np.minimum(1.0, ((level + 1e-4) / 0.05) ** -0.66) * 2.5
    return sound * gain[:, np.newaxis].astype(np.float32)


def _limited(sound: Sound) -> Sound:
    return np.asarray(np.tanh(sound * 1.2) * 0.8, np.float32)


def _denoised(sound: Sound) -> Sound:
    channels = []
    for channel in sound.T:
        _, _, spectrum = signal.stft(channel, SAMPLE_RATE, nperseg=2048)
        size = np.abs(spectrum)
        floor = 3 * np.quantile(size[:, :4000], 0.1, axis=1, keepdims=True)
        gain = np.maximum(0.1, 1 - floor / (size + 1e-9))
        _, cleaned = signal.istft(spectrum * gain, SAMPLE_RATE, nperseg=2048)
        channels.append(cleaned[: channel.size])
    return np.stack(channels, axis=1).astype(np.float32)


def _resampled(sound: Sound, rate_hz: int, from_hz: int = SAMPLE_RATE) -> Sound:
    return np.asarray(soxr.resample(sound, from_hz, rate_hz), np.float32)


def _late(sound: Sound) -> Sound:
    """Delays by 0.37 samples, through a filter as long as that of a good converter."""
    places = np.arange(-32, 33)
    taps = np.sinc(places - 0.37) * np.hanning(67)[1:-1]
    return np.asarray(signal.oaconvolve(sound, taps[:, np.newaxis], "same", axes=0), np.float32)


def _as_mp3(sound: Sound) -> Sound:
    file = io.BytesIO()
    soundfile.write(
        file,
        np.clip(sound, -1, 1),
        SAMPLE_RATE,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="CONSTANT",
        compression_level=_LEVEL_OF_128_KBIT,
    )
    file.seek(0)
    decoded, _ = soundfile.read(file, dtype="float32", always_2d=True)
    return np.asarray(decoded[: sound.shape[0]], np.float32)


# libsndfile spreads levels over 32 to 320 kbit/s, from the best to the worst.
_LEVEL_OF_128_KBIT = (320 - 128) / (320 - 32)
