"""Where the beats of a recording are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model_core.audio.compiled import import_librosa
from model_core.audio.listening import Listener
from model_core.progress import no_progress

if TYPE_CHECKING:
    import numpy.typing as npt

    from model_core.audio.source import AudioSource
    from model_core.progress import CancelToken, Progress

_PART_S = 45.0
"""The tempo is found anew for each part: it drifts in long recordings, and memory stays bounded."""
_AROUND_S = 8.0
_PER_STEP = 3
"""Frames of the listener in a step of the search for beats, of about 24 ms."""
_START_BPM = 120.0
_REFINE_S = 0.04
_LATE_S = 0.002
"""A peak of the rise lies so much behind the onset itself."""
_LEAST_S = 2.0
"""In less than this no tempo is found."""
_LEAST_SHARE = 0.6
"""Where two parts meet, beats nearer than this share of a beat are one."""


def find_beats(
    source: AudioSource, cancel: CancelToken | None = None, progress: Progress = no_progress
) -> npt.NDArray[np.int64]:
    """Returns the beats of a recording; in what has none, such as speech, they mean nothing.

    Args:
        source: The recording.
        cancel: Looked at before each part of less than a minute.
        progress: Told how much is done.

    Returns:
        Samples, in order, int64, of shape `[n]`; none in silence.

    Raises:
        AudioReadError: If the recording can't be read any more.
        CancelledError: If `cancel` was set.
    """
    listener = Listener(source)
    per_frame = source.sample_rate / listener.frame_rate_hz
    n_frames = int(source.n_samples / per_frame)
    around, part = (round(s * listener.frame_rate_hz) for s in (_AROUND_S, _PART_S))
    found: list[npt.NDArray[np.int64]] = []
    bpm = _START_BPM
    for first in range(0, n_frames, part):
        if cancel is not None:
            cancel.raise_if_cancelled()
        low, high = max(0, first - around), min(first + part + around, n_frames)
        beats, bpm = _beats_of(listener, low, high, bpm)
        last = min(first + part, n_frames)
        inside = beats[(beats >= first) & (beats < last)]
        if found and len(found[-1]) and len(inside):
            interval = _LEAST_SHARE * 60 / bpm * listener.frame_rate_hz
            inside = inside[inside - found[-1][-1] >= interval]
        found.append(inside)
        progress(last / n_frames, "Listening for beats")
    frames = np.concatenate(found) if found else np.zeros(0, np.int64)
    samples = np.round(frames * per_frame - _LATE_S * source.sample_rate).astype(np.int64)
    return np.clip(samples, 0, source.n_samples)


def _beats_of(
    listener: Listener, first: int, last: int, bpm: float
) -> tuple[npt.NDArray[np.int64], float]:
    """Returns the beats between two frames of the listener, and the tempo in beats a minute."""
    if last - first < _LEAST_S * listener.frame_rate_hz:
        return np.zeros(0, np.int64), bpm
    import_librosa()
    from librosa.beat import beat_track

    rise = listener.onsets(first, last).sum(axis=1)
    n_steps = len(rise) // _PER_STEP
    steps = rise[: n_steps * _PER_STEP].reshape(n_steps, _PER_STEP).sum(axis=1)
    if not steps.any():
        return np.zeros(0, np.int64), bpm
    tempo, places = beat_track(
        onset_envelope=steps,
        sr=listener.frame_rate_hz / _PER_STEP,
        hop_length=1,
        start_bpm=bpm,
        trim=False,
    )
    frames = np.asarray(places, np.int64) * _PER_STEP + _PER_STEP // 2
    reach = max(1, round(_REFINE_S * listener.frame_rate_hz))
    window = frames[:, np.newaxis] + np.arange(-reach, reach + 1)
    window = np.clip(window, 0, len(rise) - 1)
    peaks = window[np.arange(len(frames)), rise[window].argmax(axis=1)] if len(frames) else frames
    found = float(np.atleast_1d(tempo)[0])
    return first + np.unique(peaks), found if found > 0 else bpm
