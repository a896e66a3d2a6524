"""How samples are stored: which encoding keeps a depth, and the rounding to it, dithered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from model_core.audio.source import full_scale, to_float

if TYPE_CHECKING:
    import numpy.typing as npt

    from model_core.audio.mixdown import Rendered
    from model_core.audio.source import Samples
    from model_core.export.formats import ExportFormat

_INTEGER_BITS: Final = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
_FLOAT_BITS: Final = {"FLOAT": 32, "DOUBLE": 64}
_DEEPEST_DITHERED_BITS: Final = 24
"""Beyond it, rounding lies below the noise of any converter and of float32 itself."""
_DITHER_SEED: Final = 0


def is_integer(encoding: str) -> bool:
    """Whether an encoding rounds samples to whole numbers."""
    return encoding in _INTEGER_BITS


def encoding_bits(encoding: str) -> int:
    """Returns the bits of a sample; 0 where an encoding has no depth."""
    return _INTEGER_BITS.get(encoding) or _FLOAT_BITS.get(encoding, 0)


def default_encoding(renderer: Rendered, kind: ExportFormat) -> str:
    """Returns the encoding of a format that keeps the depth of an edit, as far as it can."""
    if kind.is_lossy:
        return kind.encodings[0]
    is_float = renderer.dtype.kind == "f"
    if all(source.lossy for source in renderer.sources):
        return "PCM_16"
    if is_float:
        wanted = "DOUBLE" if renderer.dtype.itemsize > 4 else "FLOAT"
        return wanted if wanted in kind.encodings else "PCM_24"
    for encoding, bits in _INTEGER_BITS.items():
        if bits >= renderer.bits and encoding in kind.encodings:
            return encoding
    return "PCM_24"


def encoded(
    samples: Samples, encoding: str, noise: npt.NDArray[np.float64] | None = None
) -> Samples:
    """Returns samples as libsndfile has to be given them to store them exactly.

    Integers of another depth are shifted or rounded, floats are rounded, and what is beyond full
    scale saturates.

    Args:
        samples: Of shape `[n, C]`, in one of the kept types.
        encoding: libsndfile's name of the encoding.
        noise: Added before whole numbers are rounded, in steps of theirs; of the same shape.
    """
    if encoding == "DOUBLE":
        return samples.astype(np.float64) / full_scale(samples.dtype)
    if encoding not in _INTEGER_BITS:
        return to_float(samples)
    bits = _INTEGER_BITS[encoding]
    dtype = np.dtype(np.int16 if bits <= 16 else np.int32)
    if noise is None and samples.dtype == dtype and bits == 8 * dtype.itemsize:
        return samples
    full = 2.0 ** (bits - 1)
    levels = samples.astype(np.float64) * (full / full_scale(samples.dtype))
    if noise is not None:
        levels += noise
    whole = np.clip(np.round(levels), -full, full - 1).astype(dtype)
    return whole << (8 * dtype.itemsize - bits)


class Encoder:
    """Stores the blocks of a sound one after the other, with dither where depth is lost.

    The dither is triangular noise of one step to either side, which makes the error of rounding
    a steady hiss that has nothing to do with the sound. It is the same every time.

    Args:
        encoding: libsndfile's name of the encoding.
        bits: Significant bits of the samples to come; None if they were computed.
        dither: Whether to dither.
    """

    def __init__(self, encoding: str, bits: int | None, *, dither: bool = True) -> None:
        depth = _INTEGER_BITS.get(encoding)
        self.loses_depth = depth is not None and (bits is None or bits > depth)
        self.dithers = (
            dither and self.loses_depth and depth is not None and depth <= _DEEPEST_DITHERED_BITS
        )
        self._encoding = encoding
        self._random = np.random.default_rng(_DITHER_SEED)

    def encode(self, samples: Samples) -> Samples:
        """Returns a block of shape `[n, C]` as libsndfile has to be given it."""
        noise = None
        if self.dithers:
            pair = self._random.random((2, *samples.shape))
            noise = pair[0] - pair[1]
        return encoded(samples, self._encoding, noise)
