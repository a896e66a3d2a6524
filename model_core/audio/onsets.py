"""Where something begins in a recording: a note, a beat, a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model_core.audio.listening import Listener

if TYPE_CHECKING:
    import numpy.typing as npt

    from model_core.audio.source import AudioSource
    from model_core.progress import CancelToken

_BLOCK_S = 4.0
_AROUND_S = 0.1
"""What rises has to stand out from so much on either side."""
_PEAK_S = 0.03
"""Two onsets are at least so far apart."""
_LEAST_RISE = 2.0
_TIMES_MEAN = 1.5
_END_S = 0.02
_LATE_S = 0.002
"""A peak of the rise lies so much behind the onset itself."""


class OnsetFinder:
    """Finds onsets near to a place; what lies far from it isn't read.

    Not for several threads at once.

    Args:
        source: The recording.
    """

    def __init__(self, source: AudioSource) -> None:
        self._source = source
        self._listener = Listener(source)

    def onsets(self, start: int, stop: int) -> npt.NDArray[np.int64]:
        """Returns the onsets in a stretch of the recording.

        Args:
            start: First sample, inclusive.
            stop: Last sample, exclusive.

        Returns:
            Samples, in order, of shape `[n]`.

        Raises:
            AudioReadError: If the recording can't be read any more.
        """
        from scipy.ndimage import maximum_filter1d, uniform_filter1d

        frame_rate = self._listener.frame_rate_hz
        per_frame = self._source.sample_rate / frame_rate
        around = round(_AROUND_S * frame_rate)
        apart = round(_PEAK_S * frame_rate)
        first = int(start / per_frame) - around - apart
        last = int(stop / per_frame) + around + apart + 2
        rise = self._listener.onsets(first, last).sum(axis=1)
        mean = uniform_filter1d(rise, 2 * around + 1, mode="constant")
        peaks = (rise == maximum_filter1d(rise, 2 * apart + 1, mode="constant")) & (
            rise > _LEAST_RISE + _TIMES_MEAN * mean
        )
        late = _LATE_S * self._source.sample_rate
        found = np.round((first + np.flatnonzero(peaks)) * per_frame - late).astype(np.int64)
        # A sound that breaks off at the recording's end would look like one that begins.
        end = self._source.n_samples - round(_END_S * self._source.sample_rate)
        return found[(found >= start) & (found < min(stop, end))]

    def nearest(
        self, start: int, stop: int, *, later: bool, cancel: CancelToken | None = None
    ) -> int | None:
        """Returns the first onset of a stretch, or the last, or None if it has none.

        Args:
            start: First sample, inclusive.
            stop: Last sample, exclusive.
            later: Whether the first one is wanted; otherwise the last.
            cancel: Looked at every few seconds of the recording.

        Raises:
            AudioReadError: If the recording can't be read any more.
            CancelledError: If `cancel` was set.
        """
        block = round(_BLOCK_S * self._source.sample_rate)
        places = range(start, stop, block)
        for place in places if later else reversed(places):
            if cancel is not None:
                cancel.raise_if_cancelled()
            found = self.onsets(place, min(place + block, stop))
            if len(found):
                return int(found[0] if later else found[-1])
        return None
