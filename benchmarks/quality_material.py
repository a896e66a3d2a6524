"""What the quality benchmark's recordings are made of; training has none of it.

Speech and music come from the `test` part of the audio folder and from the clips whose licence
keeps them out of training; noises from the `test` part. Speech is found by a detector of this
benchmark's own, which also judges the real takes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import ndimage, signal

from training.corpus import Clip, is_permissive, read_clip, read_manifest

if TYPE_CHECKING:
    from pathlib import Path

RATE_HZ = 22_050
Mono: TypeAlias = npt.NDArray[np.float32]
"""Samples of shape `[n]` at `RATE_HZ`, full scale at 1."""
IntArray: TypeAlias = npt.NDArray[np.int64]

_CELL = 220
"""Samples of the speech detector's cells, 10 ms."""
_VOICE_BAND_HZ = (100, 4000)
_OVER_FLOOR_DB = 9.0
_UNDER_SPEECH_DB = 32.0
_SHORTEST_WORD_S = 0.12
_ATTACK_S = 0.04
_RELEASE_S = 0.09
_SPOKEN_DB = -23.0
_SHORTEST_PHRASE_S = 1.0
_LONGEST_BREATH_S = 0.8
_LONGEST_PHRASE_S = 10.0
_MOST_CLIPS_OF_A_VOICE = 12
_SAID_ELSEWHERE = ("menu", "screen-callee", "vm-")
"""Telephone prompts that say what other prompts say too: an editor might take them for retakes."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One speaker.

    Attributes:
        name: The speaker or session.
        kind: What kind of speech it is, for the table of kinds.
        phrases: What is said between pauses, in order; all at the same level.
        tone: Spectrum of the speaker's own pauses: magnitudes of white noise's, `[m]` from 0 Hz to
            half of `RATE_HZ`.
    """

    name: str
    kind: str
    phrases: tuple[Mono, ...]
    tone: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Material:
    """All that recordings are made of.

    Attributes:
        voices: Speakers.
        tracks: Music by name.
        noises: Recorded noises by name.
        takes: Real untrimmed talk by name.
    """

    voices: tuple[Voice, ...]
    tracks: dict[str, Mono]
    noises: dict[str, Mono]
    takes: dict[str, Mono]


def load_material(folder: Path, *, n_tracks: int | None = None) -> Material:
    """Reads what training never touches from an audio folder.

    Args:
        folder: The audio folder, with its `MANIFEST.csv`.
        n_tracks: Stop after so many tracks.

    Raises:
        AudioReadError: The folder or a clip of it can't be read.
    """
    spoken: dict[str, list[Clip]] = {}
    music: list[Clip] = []
    noises: dict[str, Mono] = {}
    takes: dict[str, Mono] = {}
    for clip in read_manifest(folder):
        if clip.split != "test" and is_permissive(clip.licence):
            continue
        if clip.section == "music":
            music.append(clip)
        elif clip.section == "noise":
            if clip.split == "test":
                noises[clip.group] = read_clip(folder / clip.name)
        elif "mfa_" in clip.name and "corpus" not in clip.name:
            continue  # they show slips of the tongue, which an editor may well cut
        elif any(part in clip.name for part in _SAID_ELSEWHERE):
            continue
        elif clip.group.startswith(("kerstin", "ami")):
            takes[clip.group] = read_clip(folder / clip.name)
        else:
            spoken.setdefault(speaker_of(clip), []).append(clip)
    voices = [
        voice_of(
            name,
            kind_of(clips[0]),
            [read_clip(folder / clip.name) for clip in clips[:_MOST_CLIPS_OF_A_VOICE]],
        )
        for name, clips in sorted(spoken.items())
    ]
    # Tracks of both kinds, mixed, so that a few of them are not all by one hand.
    music.sort(key=lambda clip: clip.name[::-1])
    tracks = {clip.group: read_clip(folder / clip.name) for clip in music[:n_tracks]}
    return Material(tuple(v for v in voices if len(v.phrases) >= 2), tracks, noises, takes)


def speaker_of(clip: Clip) -> str:
    """Returns who speaks in a clip: the acted lines are by several people, named in the files."""
    line = re.search(r"filletscs_.*?[-_](m|v)-", clip.name)
    if line:
        return f"Czech actor {line.group(1)}"
    if "filletscs" in clip.name:
        return "Czech actors, others"
    return "M. McAuliffe" if clip.group.startswith("M. Mc") else clip.group.split(" (")[0]


def kind_of(clip: Clip) -> str:
    """Returns the kind of speech in a clip, in words."""
    kinds = (
        ("libri_", "audiobooks, many readers"),
        ("sonnet", "poetry reading"),
        ("asterisk", "telephone prompts"),
        ("filletscs", "acted lines"),
        ("mfa_", "everyday talk"),
    )
    return next((kind for part, kind in kinds if part in clip.name), "other")


def voice_of(name: str, kind: str, clips: list[Mono]) -> Voice:
    """Cuts a speaker's clips into phrases."""
    phrases: list[Mono] = []
    rest: list[Mono] = []
    for clip in clips:
        spoken = _in_phrases(speech_ranges(clip))
        if not len(spoken):
            continue
        heard = np.concatenate([clip[start:stop] for start, stop in spoken.tolist()])
        level = np.sqrt(np.mean(np.square(heard, dtype=np.float64)))
        clip = clip * np.float32(10 ** (_SPOKEN_DB / 20) / max(level, 1e-6))
        peak = float(np.abs(clip).max())
        clip = clip * np.float32(min(1.0, 0.95 / peak))
        for start, stop in spoken.tolist():
            if stop - start <= _LONGEST_PHRASE_S * RATE_HZ:
                phrases.append(clip[start:stop])
        rest.append(_quietest(clip))
    return Voice(name, kind, tuple(phrases), _spectrum(rest))


def _in_phrases(spoken: IntArray) -> IntArray:
    """Joins lone words with what follows soon; words that nothing follows are dropped."""
    phrases: list[tuple[int, int]] = []
    begin: int | None = None
    before = 0
    for start, stop in spoken.tolist():
        if begin is not None and start - before > _LONGEST_BREATH_S * RATE_HZ:
            begin = None
        begin = start if begin is None else begin
        before = stop
        if stop - begin >= _SHORTEST_PHRASE_S * RATE_HZ:
            phrases.append((begin, stop))
            begin = None
    return np.array(phrases, np.int64).reshape(-1, 2)


def levels_db(samples: Mono) -> npt.NDArray[np.float64]:
    """Returns the level of the voice's band in each cell of 10 ms, `[ceil(n / 220)]`, in dB."""
    band = signal.butter(2, _VOICE_BAND_HZ, "bandpass", fs=RATE_HZ, output="sos")
    heard = np.asarray(signal.sosfilt(band, samples), np.float64)
    cells = np.pad(heard, (0, -len(heard) % _CELL)).reshape(-1, _CELL)
    return np.asarray(10 * np.log10(np.mean(cells**2, axis=1) + 1e-10), np.float64)


def speech_ranges(samples: Mono, gap_s: float = 0.2) -> IntArray:
    """Finds speech by its level in the voice's band, against the recording's own floor.

    A cell is speech 9 dB above the floor (the 10th percentile) and within 32 dB of the loud cells
    (the 95th); clicks too short for a word are dropped and gaps below `gap_s` closed.

    Args:
        samples: The recording.
        gap_s: Shortest pause between two phrases.

    Returns:
        Sorted `(start, stop)` in samples, with 40 ms before and 90 ms after; int64, `[n, 2]`.
    """
    if samples.size < _CELL:
        return np.empty((0, 2), np.int64)
    levels = ndimage.median_filter(levels_db(samples), 3)
    floor, loud = np.percentile(levels, (10, 95))
    threshold = max(floor + min(_OVER_FLOOR_DB, 0.4 * (loud - floor)), loud - _UNDER_SPEECH_DB)
    speech = ndimage.binary_closing(levels > threshold, np.ones(_cells(gap_s), bool))
    speech = ndimage.binary_opening(speech, np.ones(_cells(_SHORTEST_WORD_S), bool))
    ranges = runs(speech) * _CELL
    ranges[:, 0] -= round(_ATTACK_S * RATE_HZ)
    ranges[:, 1] += round(_RELEASE_S * RATE_HZ)
    return np.clip(ranges, 0, samples.size)


def dips(samples: Mono) -> IntArray:
    """Returns places inside a phrase where one word may end and the next begin, in samples."""
    levels = ndimage.gaussian_filter1d(levels_db(samples), 1.5)
    lows, _ = signal.find_peaks(-levels, prominence=6.0, distance=_cells(0.12))
    inside = (lows > _cells(0.15)) & (lows < len(levels) - _cells(0.15))
    return np.asarray(lows[inside], np.int64) * _CELL


def runs(mask: npt.NDArray[np.bool_]) -> IntArray:
    """Returns the stretches where a mask holds, `(start, stop)`, int64, `[n, 2]`."""
    edges = np.diff(np.concatenate(([False], mask, [False])).astype(np.int8))
    return np.stack((np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)), axis=1)


def _cells(seconds: float) -> int:
    return max(1, round(seconds * RATE_HZ / _CELL))


def _quietest(clip: Mono) -> Mono:
    """Returns the quietest twentieth of a clip's half-overlapping frames, one after another."""
    frames = np.lib.stride_tricks.sliding_window_view(clip, 1024)[::512]
    order = np.argsort(np.mean(np.square(frames, dtype=np.float64), axis=1))
    return np.ascontiguousarray(frames[order[: max(2, len(order) // 20)]]).reshape(-1)


def _spectrum(quiet: list[Mono]) -> npt.NDArray[np.float64]:
    """Returns the magnitudes that give white noise of unit variance the colour of `quiet`."""
    if not quiet:
        return np.zeros(513)
    _, power = signal.welch(np.concatenate(quiet), RATE_HZ, nperseg=1024)
    return np.sqrt(np.maximum(np.asarray(power, np.float64), 0.0) * RATE_HZ / 2)


def shaped_noise(
    rng: np.random.Generator, n_samples: int, magnitudes: npt.NDArray[np.float64]
) -> Mono:
    """Returns Gaussian noise of a given colour, `[n_samples]`.

    Args:
        rng: Where it is drawn from.
        n_samples: Its length.
        magnitudes: Of white noise's spectrum, from 0 Hz to half of `RATE_HZ`.
    """
    if n_samples == 0:
        return np.zeros(0, np.float32)
    spectrum = np.fft.rfft(rng.standard_normal(n_samples))
    places = np.linspace(0, len(magnitudes) - 1, len(spectrum))
    spectrum *= np.interp(places, np.arange(len(magnitudes)), magnitudes)
    return np.fft.irfft(spectrum, n_samples).astype(np.float32)
