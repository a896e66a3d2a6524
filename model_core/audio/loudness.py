"""How loud a recording is, and any edit of it, by ITU-R BS.1770: measured once, told at once.

The recording is filtered once and its energy summed up, hop by hop. An edit's loudness follows from
those sums, so that another edit of hours needs no second listening. What the crossfades at joins
change is left out; it is far below what anyone hears.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model_core.audio.source import to_float
from model_core.edit.timeline import GAP_SOURCE, Timeline
from model_core.edit.types import Segment

if TYPE_CHECKING:
    import numpy.typing as npt

    from model_core.audio.source import AudioSource
    from model_core.edit.types import EditList
    from model_core.progress import CancelToken, Progress

_HOP_S = 0.01
_WINDOW_S = 0.4
_STEP_S = 0.1
_BLOCK_HOPS = 400
_OFFSET_LUFS = -0.691
_SILENCE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_HIGHEST_SHARE = 0.49
"""Of the rate: a corner beyond half of it could not be made digital."""


@dataclass(frozen=True, slots=True)
class Loudness:
    """How loud something is.

    Attributes:
        lufs: Integrated loudness in LUFS; minus infinity for silence.
        peak: The largest sample's magnitude, full scale at 1.
    """

    lufs: float
    peak: float


class LoudnessProfile:
    """What is to be known of a recording to tell the loudness of its edits.

    Args:
        hop: Samples in a hop.
        sample_rate: Samples a second.
        energies: Weighted energy up to the start of each hop, and up to the end; `[n + 1]`.
        peaks: The largest magnitude in each hop; `[n]`.
        n_samples: Length of the recording.
    """

    def __init__(
        self,
        hop: int,
        sample_rate: int,
        energies: npt.NDArray[np.float64],
        peaks: npt.NDArray[np.float32],
        n_samples: int,
    ) -> None:
        self._hop = hop
        self._sample_rate = sample_rate
        self._energies = energies
        self._peaks = peaks
        self._n_samples = n_samples

    @classmethod
    def of(cls, source: AudioSource, cancel: CancelToken, progress: Progress) -> LoudnessProfile:
        """Listens to a recording once; a job.

        Raises:
            AudioReadError: The file can't be read any more.
            CancelledError: It was cancelled.
        """
        from scipy.signal import sosfilt

        source = source.heard
        hop = max(1, round(_HOP_S * source.sample_rate))
        sections = k_weighting(source.sample_rate)
        state = np.zeros((len(sections), 2, source.channels))
        energies, peaks = [np.zeros(0)], [np.zeros(0, np.float32)]
        for start in range(0, source.n_samples, hop * _BLOCK_HOPS):
            cancel.raise_if_cancelled()
            stop = min(start + hop * _BLOCK_HOPS, source.n_samples)
            samples = to_float(source.read(start, stop))
            weighted, state = sosfilt(sections, samples.astype(np.float64), axis=0, zi=state)
            starts = np.arange(0, len(samples), hop)
            energies.append(np.add.reduceat((weighted**2).sum(axis=1), starts))
            peaks.append(np.maximum.reduceat(np.abs(samples).max(axis=1), starts))
            progress(stop / source.n_samples, "Measuring loudness")
        summed = np.concatenate(([0.0], np.cumsum(np.concatenate(energies))))
        return cls(hop, source.sample_rate, summed, np.concatenate(peaks), source.n_samples)

    def whole(self) -> Loudness:
        """Returns the loudness of the recording."""
        places = np.arange(0, self._n_samples + 1, self._step, dtype=np.float64)
        sums = self._energy_up_to(places)
        peak = float(self._peaks.max(initial=0.0))
        total = float(self._energies[-1])
        return Loudness(self._integrated(sums, total, self._n_samples), peak)

    def of_edit(self, edit_list: EditList) -> Loudness:
        """Returns the loudness of an edit of the recording."""
        timeline = Timeline(edit_list)
        if timeline.length == 0:
            return Loudness(-math.inf, 0.0)
        power = np.array(
            [
                10.0 ** (item.gain_db / 10.0) if isinstance(item, Segment) else 0.0
                for item in edit_list.items
            ]
        )
        power[timeline.sources == GAP_SOURCE] = 0.0
        before = self._energy_up_to(timeline.source_starts.astype(np.float64))
        after = self._energy_up_to(timeline.source_stops.astype(np.float64))
        at_starts = np.concatenate(([0.0], np.cumsum(power * (after - before))))
        places = np.arange(0, timeline.length + 1, self._step, dtype=np.int64)
        items = np.searchsorted(timeline.starts, places, side="right") - 1
        items = np.minimum(items, len(power) - 1)
        within = places - timeline.starts[items] + timeline.source_starts[items]
        inside = self._energy_up_to(within.astype(np.float64)) - before[items]
        sums = at_starts[items] + power[items] * inside
        peak = 0.0
        for item, factor in enumerate(np.sqrt(power).tolist()):
            first = int(timeline.source_starts[item]) // self._hop
            last = -(-int(timeline.source_stops[item]) // self._hop)
            peak = max(peak, factor * float(self._peaks[first:last].max(initial=0.0)))
        return Loudness(self._integrated(sums, float(at_starts[-1]), timeline.length), peak)

    @property
    def _step(self) -> int:
        return max(1, round(_STEP_S * self._sample_rate))

    def _energy_up_to(self, samples: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        hops = samples / self._hop
        index = np.minimum(hops.astype(np.int64), len(self._energies) - 2)
        share = np.minimum(hops - index, 1.0)
        low, high = self._energies[index], self._energies[index + 1]
        energy: npt.NDArray[np.float64] = low + share * (high - low)
        return energy

    def _integrated(self, sums: npt.NDArray[np.float64], total: float, length: int) -> float:
        """Returns the gated loudness in LUFS from energies up to every tenth of a second."""
        steps = round(_WINDOW_S / _STEP_S)
        if len(sums) > steps:
            powers = (sums[steps:] - sums[:-steps]) / (steps * self._step)
        else:
            powers = np.array([total / max(1, length)])
        powers = powers[powers > power_of(_SILENCE_LUFS)]
        if not len(powers):
            return -math.inf
        gate = lufs_of(float(powers.mean())) + _RELATIVE_GATE_LU
        return lufs_of(float(powers[powers > power_of(gate)].mean()))


def k_weighting(sample_rate: int) -> npt.NDArray[np.float64]:
    """Returns the weighting filter of BS.1770 for a rate, as sections `[2, 6]` for sosfilt.

    The standard gives numbers for 48 kHz; these are its analogue prototypes, made digital for
    `sample_rate` in hertz.
    """
    shelf_hz, shelf_q, shelf_db = 1681.974450955533, 0.7071752369554196, 3.999843853973347
    pass_hz, pass_q = 38.13547087602444, 0.5003270373238773
    k = math.tan(math.pi * min(_HIGHEST_SHARE, shelf_hz / sample_rate))
    high = 10 ** (shelf_db / 20)
    band = high**0.4996667741545416
    a0 = 1 + k / shelf_q + k * k
    shelf = [
        (high + band * k / shelf_q + k * k) / a0,
        2 * (k * k - high) / a0,
        (high - band * k / shelf_q + k * k) / a0,
        1.0,
        2 * (k * k - 1) / a0,
        (1 - k / shelf_q + k * k) / a0,
    ]
    k = math.tan(math.pi * pass_hz / sample_rate)
    a0 = 1 + k / pass_q + k * k
    low_cut = [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / pass_q + k * k) / a0]
    return np.array([shelf, low_cut])


def power_of(lufs: float) -> float:
    """Returns the weighted power of a loudness in LUFS."""
    return float(10 ** ((lufs - _OFFSET_LUFS) / 10))


def lufs_of(power: float) -> float:
    """Returns the loudness in LUFS of a weighted power."""
    return _OFFSET_LUFS + 10 * math.log10(power)
