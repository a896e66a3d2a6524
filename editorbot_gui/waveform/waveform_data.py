"""What there is to draw of a recording: its peaks as they arrive, and its samples."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from editorbot_gui.waveform.extremes import Extremes, Floats, from_samples, from_summaries
from editorbot_gui.waveform.pieces import Positions
from editorbot_gui.waveform.sample_blocks import Runner, SampleBlocks
from model_core.audio.peaks import FINEST_BUCKET_SAMPLES, PeakPyramid
from model_core.audio.source import AudioSource, full_scale
from model_core.edit.mix import Mix, factors

_SCALES = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)
_HEADROOM = 0.98


class WaveformData(QObject):
    """A recording as the views draw it; one for all views.

    Attributes:
        source: As given.
        peaks: As given.
        track_factors: How loud each of its tracks is heard, if it has several; 0 is not at all.

    Args:
        source: The recording.
        peaks: Its summaries; they may still be filled by another thread, which is announced by
            `announce_peaks`.
        parent: The owner.
        run: Runs the reading of samples for close zooms; left out, a thread of its own.
    """

    improved = Signal(object, object)
    """More or better can be drawn now between two samples of the recording."""

    def __init__(
        self,
        source: AudioSource,
        peaks: PeakPyramid,
        parent: QObject | None = None,
        run: Runner | None = None,
    ) -> None:
        super().__init__(parent)
        self.source = source
        self.peaks = peaks
        self.track_factors = factors((), len(source.tracks))
        self._blocks = SampleBlocks(source, self, run)
        self._blocks.blocks_arrived.connect(self.improved)

    def show_mix(self, mix: Mix) -> None:
        """Tells the views which tracks are heard."""
        wanted = factors(mix, len(self.source.tracks))
        if wanted != self.track_factors:
            self.track_factors = wanted
            self.improved.emit(0, self.n_samples)

    @property
    def n_samples(self) -> int:
        """Length of the recording in samples."""
        return self.source.n_samples

    @property
    def channels(self) -> int:
        """Number of lanes."""
        return self.source.channels

    @property
    def sample_rate(self) -> int:
        """Samples a second."""
        return self.source.sample_rate

    @property
    def level_scale(self) -> float:
        """The magnification at which the loudest sample so far fills the lane; in steps."""
        peak = max(self._peak(), 1e-3)
        return max(scale for scale in _SCALES if scale * peak <= 1.0 or scale == _SCALES[0])

    def announce_peaks(self, start: int, stop: int) -> None:
        """Tells the views that the peaks between two samples are there now."""
        self.improved.emit(start, stop)

    def extremes(self, starts: Positions, stops: Positions) -> Extremes:
        """Returns what is known of many stretches of the recording.

        Short stretches come from samples where those are there, all others from the peaks; nothing
        here waits for a file.

        Args:
            starts: First samples, of shape `[P]`.
            stops: Ends, exclusive.
        """
        lows, highs, body_lows, body_highs = from_summaries(self.peaks.levels, starts, stops)
        known = starts < self.peaks.n_ready
        if len(starts) and int((stops - starts).max()) <= FINEST_BUCKET_SAMPLES:
            exact = from_samples(self._blocks, starts, stops)
            if exact is not None:
                here = exact.known
                for ours, theirs in (
                    (lows, exact.low), (highs, exact.high),
                    (body_lows, exact.body_low), (body_highs, exact.body_high),
                ):  # fmt: skip
                    ours[:, here] = theirs[:, here]
                known |= here
        return Extremes(lows, highs, body_lows, body_highs, known)

    def samples(self, start: int, stop: int) -> Floats | None:
        """Returns samples of shape `[C, stop - start]`, or None while they are being read."""
        return self._blocks.samples(start, stop)

    def close(self) -> None:
        """Stops reading; call it before the recording is closed."""
        self._blocks.close()

    def _peak(self) -> float:
        coarsest = self.peaks.levels[-1]
        peak = max(float(coarsest.max(initial=0)), -float(coarsest.min(initial=0)))
        return peak / full_scale(coarsest.dtype)
