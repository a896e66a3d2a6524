"""What comes in: to the meter always, to disk while it records."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from editorbot_gui.playback.ring import SampleRing
from editorbot_gui.playback.short_turns import short_turns
from model_core.errors import EditorBotError

if TYPE_CHECKING:
    from editorbot_gui.recording.backend import InputStream, PushBlock
    from editorbot_gui.recording.growing_wave import GrowingWave

# So long may a disk keep the writer waiting before anything is lost.
_WAITING_S = 10.0
_METERED_S = 1.0
_WRITE_EVERY_S = 0.1
SETTLE_EVERY_S = 0.5
"""What was written longer ago than this (and the time that takes) survives a power cut, too."""

# Looks at an input that hands nothing out before it counts as gone; some five seconds of them.
_PATIENCE_POLLS = 150


class Capture:
    """An open input with all that takes from it.

    `push` runs on the device's own thread: it copies and counts, and does nothing else. The rest
    belongs to one thread, except `let_go` and `finish_writing`, which may be called on others.

    Args:
        stream: The input; belongs to this from now on.

    Attributes:
        format: What the input delivers.
        lost_frames: Frames that came while the disk had kept the writer waiting for too long.

    Raises:
        DeviceError: The input can't be started.
    """

    def __init__(self, stream: InputStream) -> None:
        self._stream = stream
        self.format = stream.format
        rate, channels = self.format.sample_rate, self.format.channels
        self._to_meter = SampleRing(int(_METERED_S * rate), channels)
        self._to_disk = SampleRing(int(_WAITING_S * rate), channels)
        self._records = False
        self._also: PushBlock | None = None
        self._writer: Writer | None = None
        self._n_blocks = 0
        self._n_blocks_seen = 0
        self._polls_without_block = 0
        self._overflows_before = 0
        self._paused_at_overflow = 0
        self.lost_frames = 0
        stream.start(self.push)
        short_turns.begin()

    def push(self, block: npt.NDArray[np.float32]) -> None:
        """Takes a block `[n, C]` from the device."""
        if self._records:
            if self._to_disk.room_frames >= len(block):
                self._to_disk.append(block)
            else:
                self.lost_frames += len(block)
        if self._to_meter.room_frames >= len(block):
            self._to_meter.append(block)
        if self._also is not None:
            self._also(block)
        self._n_blocks += 1

    @property
    def gaps(self) -> int:
        """How often the device has lost samples since recording has begun, as far as it tells."""
        return self._stream.overflows - self._overflows_before

    @property
    def n_frames(self) -> int:
        """Frames recorded so far."""
        return self._to_disk.written

    def newly_arrived(self) -> npt.NDArray[np.float32]:
        """Returns the frames `[n, C]` that have come since it was asked for the last time."""
        frames = np.empty((self._to_meter.waiting_frames, self.format.channels), dtype=np.float32)
        self._to_meter.take_into(frames)
        return frames

    def send_also_to(self, push: PushBlock | None) -> None:
        """Hands every block to somebody else, too, on the device's thread; None to nobody."""
        self._also = push

    def record_into(self, wave: GrowingWave) -> None:
        """Begins to record; what comes from now on is written to a file."""
        self._overflows_before = self._stream.overflows
        self._writer = Writer(self._to_disk, wave)
        self._records = True

    def pause(self) -> None:
        """Leaves out what comes from now on."""
        self._records = False
        self._paused_at_overflow = self._stream.overflows

    def go_on(self) -> None:
        """Records again, right behind what was recorded before."""
        self._overflows_before += self._stream.overflows - self._paused_at_overflow
        self._records = self._writer is not None

    def poll_failure(self) -> str:
        """Returns a sentence when the input or the disk fails; else empty. Called regularly."""
        if self._writer is not None and self._writer.failure is not None:
            return str(self._writer.failure)
        if self._stream.failure():
            return self._stream.failure()
        if self._n_blocks == self._n_blocks_seen:
            self._polls_without_block += 1
        else:
            self._n_blocks_seen, self._polls_without_block = self._n_blocks, 0
        if self._polls_without_block > _PATIENCE_POLLS:
            return f"The sound input “{self.format.device_name}” does not answer."
        return ""

    def let_go(self) -> None:
        """Frees the device, which takes a moment; nothing comes in any more."""
        self._records = False
        self._also = None
        short_turns.end()
        self._stream.close()

    def finish_writing(self) -> None:
        """Writes what waits and closes the file; takes a moment, and comes after `let_go`.

        Raises:
            FileWriteError: Not all of it could be written; what could is kept.
        """
        if self._writer is not None:
            self._writer.finish()


class Writer:
    """Empties a ring into a file, on a thread of its own.

    Args:
        ring: Filled by the device.
        wave: The file.

    Attributes:
        failure: Why no more is written, or None.
    """

    def __init__(self, ring: SampleRing, wave: GrowingWave) -> None:
        self._ring = ring
        self._wave = wave
        self._stopping = threading.Event()
        self.failure: EditorBotError | None = None
        # A daemon so that a crash elsewhere never leaves the program hanging.
        self._thread = threading.Thread(target=self._run, name="audio-writer", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Writes what waits and closes the file.

        Raises:
            FileWriteError: Not all of it could be written.
        """
        self._stopping.set()
        self._thread.join()
        if self.failure is not None:
            raise self.failure

    def _run(self) -> None:
        try:
            settled_at = time.monotonic()
            while not self._stopping.wait(_WRITE_EVERY_S):
                self._write_waiting()
                if time.monotonic() - settled_at >= SETTLE_EVERY_S:
                    self._wave.settle()
                    settled_at = time.monotonic()
            self._write_waiting()
        except EditorBotError as error:
            self.failure = error
        finally:
            try:
                self._wave.close()
            except EditorBotError as error:
                self.failure = self.failure or error

    def _write_waiting(self) -> None:
        frames = np.empty((self._ring.waiting_frames, self._ring.channels), dtype=np.float32)
        self._ring.take_into(frames)
        self._wave.append(frames)
