"""How loud samples are, moment by moment: peak, RMS, and the peak between the samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

OVERSAMPLING = 4
_TAPS = 12
_KAISER_BETA = 5.0


def _phases() -> npt.NDArray[np.float64]:
    """Returns the interpolator's filters, one a phase, `[OVERSAMPLING, _TAPS]`."""
    n_taps = OVERSAMPLING * _TAPS
    places = np.arange(n_taps) - (n_taps - 1) / 2
    taps = np.sinc(places / OVERSAMPLING) * np.kaiser(n_taps, _KAISER_BETA)
    phases = taps.reshape(_TAPS, OVERSAMPLING).T
    unity: npt.NDArray[np.float64] = phases / phases.sum(axis=1, keepdims=True)
    return unity


_PHASES = _phases()


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels of a block, a value for each channel, full scale at 1.

    Attributes:
        peak: The largest sample's magnitude.
        rms: Root of the mean square.
        true_peak: The largest magnitude of the waveform between the samples, too.
    """

    peak: npt.NDArray[np.float64]
    rms: npt.NDArray[np.float64]
    true_peak: npt.NDArray[np.float64]


class LevelReader:
    """Measures block after block of one stream."""

    def __init__(self) -> None:
        self._tail = np.zeros((0, 0))

    def read(self, block: npt.NDArray[np.float32]) -> Levels:
        """Returns the levels of the next block, `[n, C]` with n above 0.

        The peaks between samples come some six samples later than the samples around them.
        """
        samples = block.astype(np.float64)
        if self._tail.shape[1] != samples.shape[1]:
            self._tail = np.zeros((_TAPS - 1, samples.shape[1]))
        extended = np.concatenate((self._tail, samples))
        self._tail = extended[-(_TAPS - 1) :]
        peak = np.abs(samples).max(axis=0)
        between = [
            max(float(np.abs(np.convolve(channel, phase, "valid")).max()) for phase in _PHASES)
            for channel in extended.T
        ]
        return Levels(peak, np.sqrt((samples**2).mean(axis=0)), np.maximum(peak, between))


def to_decibels(level: float) -> float:
    """Returns a level in decibels of full scale; minus infinity for silence."""
    return 20 * float(np.log10(level)) if level > 0 else float("-inf")
