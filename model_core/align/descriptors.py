"""What the aligner compares: one unit vector for each cell of 23 ms of a recording.

A vector holds the levels of mel bands in decibels, without each band's mean and spread over the
recording. That takes gain and equalisers out, and unit length most of what compressors do.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from model_core.audio.features import MelSettings, mel_spectrogram
from model_core.errors import AlignmentError
from model_core.progress import no_progress

if TYPE_CHECKING:
    from model_core.audio.source import AudioSource
    from model_core.progress import CancelToken, Progress

Vectors = npt.NDArray[np.float32]
"""Unit vectors of shape `[cells, bands]`."""

CELL: Final = MelSettings(hop_length=512, n_mels=48)
"""How cells are computed. A hop of 23 ms is fine enough: waveforms find the exact places."""

HALVES: Final = 2
"""The recording has so many vectors for each cell."""

_HALF_CELL: Final = replace(CELL, hop_length=CELL.hop_length // HALVES)

CELL_S: Final = CELL.hop_length / CELL.sample_rate
"""Length of a cell in seconds."""

_LEAST_SPREAD: Final = 0.02  # 1.6 dB; a band that changes less tells nothing
_FEWEST_BANDS: Final = 8


def raw_levels(
    raw: AudioSource, progress: Progress = no_progress, cancel: CancelToken | None = None
) -> Vectors:
    """Computes the mel spectrogram of a recording, `[bands, half cells]`.

    Half cell i is centred on second `i * CELL_S / HALVES`.

    Raises:
        AlignmentError: It is silent.
        AudioReadError: It can't be read.
        CancelledError: `cancel` was set.
    """
    return _heard(mel_spectrogram(raw, _HALF_CELL, progress, cancel), "recording")


def edit_levels(
    edited: AudioSource, progress: Progress = no_progress, cancel: CancelToken | None = None
) -> Vectors:
    """Computes the mel spectrogram of an edit, `[bands, cells]`; as `raw_levels` otherwise."""
    return _heard(mel_spectrogram(edited, CELL, progress, cancel), "finished edit")


def vectors_of(raw: Vectors, edited: Vectors) -> tuple[Vectors, Vectors]:
    """Turns mel spectrograms of shape `[bands, cells]` into vectors of the bands both use.

    An edit at a low rate, or as MP3, lacks the upper bands; comparing them would only add noise.
    """
    spreads = np.minimum(raw.std(axis=1), edited.std(axis=1))
    used = spreads > _LEAST_SPREAD
    if used.sum() < _FEWEST_BANDS:
        used = spreads >= np.sort(spreads)[-_FEWEST_BANDS]
    return standardised(raw[used]), standardised(edited[used])


def pooled(vectors: Vectors, factor: int) -> Vectors:
    """Returns vectors of groups of `factor` cells; the last cells may be left out."""
    n_groups = max(1, len(vectors) // factor)
    groups = vectors[: n_groups * factor].reshape(n_groups, -1, vectors.shape[1])
    return _unit(groups.mean(axis=1))


def standardised(levels: Vectors) -> Vectors:
    """Turns a mel spectrogram into vectors: no band's mean and spread, and unit length."""
    centred = levels - levels.mean(axis=1, keepdims=True)
    centred /= np.maximum(centred.std(axis=1, keepdims=True), _LEAST_SPREAD)
    return _unit(np.ascontiguousarray(centred.T))


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    vectors /= np.maximum(lengths, 1e-6)[:, np.newaxis]
    return vectors


def _heard(levels: Vectors, name: str) -> Vectors:
    if not levels.any():
        raise AlignmentError(f"The {name} is silent.", "Check that it is the right file.")
    return levels
