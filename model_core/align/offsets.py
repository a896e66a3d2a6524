"""How many samples lie between a stretch of the edit and the stretch of the recording it is from.

Both waveforms are whitened and correlated. A copy gives one sharp peak, even after equalisers,
compressors, noise reduction and lossy coding; sound that merely resembles gives none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from model_core.align.waveforms import Wave

CLEAR_PEAK: Final = 9.0
"""Peaks of so many times the usual correlation, and more, don't come about by chance."""

_SILENCE: Final = 1e-5  # -100 dB
_WHITENING_FLOOR: Final = 0.02
_NEAR: Final = 16  # samples; nearer peaks are one that moved, as clocks drift apart
_ALIKE: Final = 1e-4  # remainder, by amplitude, up to which two stretches are the same samples


@dataclass(frozen=True, slots=True)
class Peak:
    """Where a stretch of the edit was found.

    Attributes:
        lag: Samples by which the stretch lies later than expected; fractions are by a parabola.
        strength: Height of the peak in units of what is usual between unrelated sounds.
        identical: Whether the samples are the same.
    """

    lag: float
    strength: float
    identical: bool

    @property
    def is_clear(self) -> bool:
        """Whether it is the same sound."""
        return self.strength >= CLEAR_PEAK or self.identical


def find_peak(edit: Wave, raw: Wave, preferred: int | None = None) -> Peak:
    """Looks for a stretch of the edit in a longer stretch of the recording.

    Args:
        edit: Of shape `[n]`.
        raw: Of shape `[n + 2 · reach]`; a lag of 0 is its middle.
        preferred: A lag that is taken if its peak is nearly as high as the highest.

    Returns:
        The peak; of strength 0 where either is silent.
    """
    import scipy.fft

    reach = (raw.size - edit.size) // 2
    if _rms(edit) < _SILENCE or _rms(raw) < _SILENCE:
        return Peak(0.0, 0.0, identical=False)
    size = scipy.fft.next_fast_len(raw.size, real=True)
    window = np.hanning(edit.size + 2)[1:-1].astype(np.float32)
    cross = scipy.fft.rfft(raw, size) * scipy.fft.rfft(edit * window, size).conj()
    magnitude = np.abs(cross)
    cross /= magnitude + np.float32(_WHITENING_FLOOR * magnitude.mean() + 1e-20)
    # The sign is left open: some edits have their polarity turned.
    correlation = np.abs(scipy.fft.irfft(cross, size)[: 2 * reach + 1])
    usual = float(np.median(correlation)) / 0.6745 + 1e-20
    best = int(np.argmax(correlation))
    if preferred is not None and abs(preferred) <= reach and abs(preferred + reach - best) > _NEAR:
        near = slice(max(0, reach + preferred - 1), reach + preferred + 2)
        rival = near.start + int(np.argmax(correlation[near]))
        if correlation[rival] > 0.6 * correlation[best]:
            best = rival
    # Not the ends, which may lie beyond a join.
    inner = slice(edit.size // 4, edit.size - edit.size // 4)
    remainder = _rms(raw[best : best + edit.size][inner] - edit[inner])
    return Peak(
        best - reach + _parabola_top(correlation, best),
        float(correlation[best]) / usual,
        identical=remainder <= _ALIKE * _rms(edit[inner]),
    )


def _parabola_top(values: Wave, index: int) -> float:
    """Returns how far from `index` the top of the parabola through its neighbours lies."""
    if not 0 < index < values.size - 1:
        return 0.0
    before, here, after = (float(value) for value in values[index - 1 : index + 2])
    bend = before - 2 * here + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0


def _rms(wave: Wave) -> float:
    return float(np.sqrt(np.mean(np.square(wave, dtype=np.float64)))) if wave.size else 0.0
