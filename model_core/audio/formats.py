"""What libsndfile's names of formats mean for us."""

from __future__ import annotations

from typing import Any

import numpy as np

_INT16, _INT32 = np.dtype("int16"), np.dtype("int32")
_FLOAT32, _FLOAT64 = np.dtype("float32"), np.dtype("float64")

_ENCODINGS: dict[str, tuple[np.dtype[Any], int, bool]] = {
    "PCM_S8": (_INT16, 8, False),
    "PCM_U8": (_INT16, 8, False),
    "PCM_16": (_INT16, 16, False),
    "PCM_24": (_INT32, 24, False),
    "PCM_32": (_INT32, 32, False),
    "FLOAT": (_FLOAT32, 32, False),
    "DOUBLE": (_FLOAT64, 64, False),
    "ULAW": (_INT16, 16, True),
    "ALAW": (_INT16, 16, True),
    "VORBIS": (_FLOAT32, 16, True),
    "OPUS": (_FLOAT32, 16, True),
}

_SEEKABLE_CONTAINERS = frozenset({"WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "FLAC"})
_SEEKABLE_ENCODINGS = frozenset(
    {"PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"}
)
_DECODED_CONTAINERS = frozenset({"OGG", "WAV", "WAVEX", "AIFF", "AU"})
_DECODED_ENCODINGS = frozenset({"VORBIS", "OPUS", "IMA_ADPCM", "MS_ADPCM", "GSM610", "G721_32"})


def describe(encoding: str) -> tuple[np.dtype[Any], int, bool]:
    """Returns what samples of libsndfile's `encoding` are kept in, their bits, and if it is lossy.

    Lossy codings decode to floats of no particular depth; 16 bits is what they are worth.
    """
    return _ENCODINGS.get(encoding, (_INT16, 16, True))  # the rest are kinds of ADPCM


def is_exactly_seekable(container: str, encoding: str) -> bool:
    """Whether libsndfile reaches every sample of such a file exactly, without decoding it all."""
    return container in _SEEKABLE_CONTAINERS and encoding in _SEEKABLE_ENCODINGS


def is_decodable(container: str, encoding: str) -> bool:
    """Whether libsndfile is trusted to decode such a file from beginning to end."""
    return container in _DECODED_CONTAINERS and encoding in _DECODED_ENCODINGS
