"""The sound device's side: a callback that copies, and a clock that tells what is heard."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from editorbot_gui.playback.ring import SampleRing


class OutputPump:
    """Moves samples from the ring into the device's buffer, and counts.

    `pull` runs on the device's own thread: it takes no lock, makes no buffer, logs nothing and
    signals nothing.

    Attributes:
        flowing: Set by the feeder while more samples follow those that wait; only then is a ring
            that runs empty an underrun, and not the end.
        underruns: Blocks that had to be filled up with silence.
        blocks: Blocks pulled.
        largest_block_frames: Length of the longest of them.
        last_stamp: The newest block that held samples: its first frame's number in the ring, its
            length in frames, and the time on the device's clock at which its first frame is
            heard. One tuple, assigned at once, so that its parts belong together.
    """

    def __init__(self, ring: SampleRing) -> None:
        self._ring = ring
        self.flowing = False
        self.underruns = 0
        self.blocks = 0
        self.largest_block_frames = 0
        self.last_stamp = (0, 0, 0.0)

    def pull(self, out: npt.NDArray[np.float32], heard_at_s: float) -> None:
        """Fills a block of the device.

        Args:
            out: The device's buffer, `[n, channels]`.
            heard_at_s: When its first frame is heard, on the device's clock.
        """
        frame = self._ring.taken
        flowing = self.flowing
        n_frames = self._ring.take_into(out)
        if n_frames:
            self.last_stamp = (frame, n_frames, heard_at_s)
        if flowing and n_frames < len(out):
            self.underruns += 1
        self.largest_block_frames = max(self.largest_block_frames, len(out))
        self.blocks += 1


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
