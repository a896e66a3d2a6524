"""What libsndfile's names of formats mean for us."""

from __future__ import annotations

from typing import Any

import numpy as np

_INT16, _INT32 = np.dtype("int16"), np.dtype("int32")
_FLOAT32, _FLOAT64 = np.dtype("float32"), np.dtype("float64")

_ENCODINGS: dict[str, tuple[np.dtype[Any], int, bool]] = {
    "PCM_S8": (_INT16, 8, False),
    "PCM_U8": (_INT16, 8, False),
    "DPCM_8": (_INT16, 8, False),
    "PCM_16": (_INT16, 16, False),
    "DPCM_16": (_INT16, 16, False),
    "DWVW_12": (_INT16, 16, False),
    "DWVW_16": (_INT16, 16, False),
    "ALAC_16": (_INT16, 16, False),
    "ALAC_20": (_INT32, 24, False),
    "ALAC_24": (_INT32, 24, False),
    "ALAC_32": (_INT32, 32, False),
    "PCM_24": (_INT32, 24, False),
    "DWVW_24": (_INT32, 24, False),
    "PCM_32": (_INT32, 32, False),
    "FLOAT": (_FLOAT32, 32, False),
    "DOUBLE": (_FLOAT64, 64, False),
    "ULAW": (_INT16, 16, True),
    "ALAW": (_INT16, 16, True),
}
_LOSSY_FLOAT = ("VORBIS", "OPUS", "MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III")

_SEEKABLE_CONTAINERS = frozenset(
    {"WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "FLAC", "AVR", "NIST", "PVF", "VOC"}
)
_SEEKABLE_ENCODINGS = frozenset(
    {"PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"}
)


def describe(encoding: str) -> tuple[np.dtype[Any], int, bool]:
    """Returns what samples of libsndfile's `encoding` are kept in, their bits, and if it is lossy.

    Lossy codings decode to floats of no particular depth; 16 bits is what they are worth.
    """
    if encoding in _ENCODINGS:
        return _ENCODINGS[encoding]
    if encoding in _LOSSY_FLOAT:
        return _FLOAT32, 16, True
    return _INT16, 16, True  # the many kinds of ADPCM


def is_exactly_seekable(container: str, encoding: str) -> bool:
    """Whether libsndfile reaches every sample of such a file exactly, without decoding it all."""
    return container in _SEEKABLE_CONTAINERS and encoding in _SEEKABLE_ENCODINGS
