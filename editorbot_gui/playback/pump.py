"""The sound device's side: a callback that copies, and a clock that tells what is heard."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from editorbot_gui.playback.counters import Field
from editorbot_gui.playback.ring import SampleRing

_TRIES = 100


class OutputPump:
    """Moves samples from the ring into the device's buffer, and counts.

    `pull` runs on the device's own thread: it takes no lock, makes no buffer, logs nothing and
    signals nothing. Where the callback is machine code (`native_callback`), that does the same on
    the ring's counters, and `pull` is never called.

    Args:
        ring: Filled by the feeder.
    """

    def __init__(self, ring: SampleRing) -> None:
        self._ring = ring
        self._counters = ring.counters
        self._times = ring.counters.view(np.float64)

    @property
    def flowing(self) -> bool:
        """Set by the feeder while more samples follow those that wait.

        Only then is a ring that runs empty an underrun, and not the end.
        """
        return bool(self._counters[Field.FLOWING])

    @flowing.setter
    def flowing(self, flowing: bool) -> None:
        self._counters[Field.FLOWING] = flowing

    @property
    def underruns(self) -> int:
        """Blocks that had to be filled up with silence."""
        return int(self._counters[Field.UNDERRUNS])

    @property
    def blocks(self) -> int:
        """Blocks pulled."""
        return int(self._counters[Field.BLOCKS])

    @property
    def largest_block_frames(self) -> int:
        """Length of the longest of them."""
        return int(self._counters[Field.LARGEST])

    @property
    def last_stamp(self) -> tuple[int, int, float]:
        """The newest block that held samples.

        Its first frame's number in the ring, its length in frames, and the time on the device's
        clock at which its first frame is heard; all three of the same block.
        """
        counters = self._counters
        for _ in range(_TRIES):
            before = counters[Field.STAMP]
            frame, n_frames = counters[Field.STAMP_FRAME], counters[Field.STAMP_LENGTH]
            heard_at_s = self._times[Field.STAMP_TIME]
            if counters[Field.STAMP] == before and not before % 2:
                break
        return int(frame), int(n_frames), float(heard_at_s)

    def pull(self, out: npt.NDArray[np.float32], heard_at_s: float) -> None:
        """Fills a block of the device.

        Args:
            out: The device's buffer, `[n, channels]`.
            heard_at_s: When its first frame is heard, on the device's clock.
        """
        frame, counters = self._ring.taken, self._counters
        flowing = self.flowing
        n_frames = self._ring.take_into(out)
        if n_frames:
            counters[Field.STAMP] += 1
            counters[Field.STAMP_FRAME] = frame
            counters[Field.STAMP_LENGTH] = n_frames
            self._times[Field.STAMP_TIME] = heard_at_s
            counters[Field.STAMP] += 1
        if flowing and n_frames < len(out):
            counters[Field.UNDERRUNS] += 1
        counters[Field.LARGEST] = max(self.largest_block_frames, len(out))
        counters[Field.BLOCKS] += 1


class PlayClock:
    """Tells which frame of the ring is heard now, the device's own delay accounted for.

    Args:
        pump: Knows when its last block is heard.
        sample_rate: The device's, in hertz.
    """

    def __init__(self, pump: OutputPump, sample_rate: int) -> None:
        self._pump = pump
        self._sample_rate = sample_rate
        self._heard_frame = 0

    def heard_frame(self, now_s: float) -> int:
        """Returns the frame heard at a time on the device's clock; it never goes back.

        Between blocks the time that has passed is counted, but never beyond the samples that
        the device has got. After a silence the first block is heard a little later than it is
        pulled; until then the answer stays where it was.
        """
        frame, n_frames, heard_at_s = self._pump.last_stamp
        passed_frames = round((now_s - heard_at_s) * self._sample_rate)
        self._heard_frame = max(self._heard_frame, frame + min(passed_frames, n_frames))
        return self._heard_frame
