"""The ring of samples between the feeder thread and the sound device's callback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from editorbot_gui.playback.counters import Field, new_counters

if TYPE_CHECKING:
    from collections.abc import Callable

    from editorbot_gui.playback.native_callback import NativeCallback


class SampleRing:
    """A preallocated ring for one producer and one consumer, without a lock.

    Frames are numbered from 0 for as long as the ring lives, and both counters only ever compare
    such numbers, so that a frame's number also says when it is heard. Each counter is assigned by
    one side alone, and an assignment of an integer can't be seen half done. The producer may
    replace frames that wait (`replace_from`), as long as it stays clear of those that the
    consumer can take in its next block.

    Args:
        capacity_frames: Frames that can wait.
        channels: Samples in a frame.
        kept_frames: How many that were taken can still be looked at.
        counters: An array for `Field` in which a consumer in machine code looks; left out, one of
            its own.
        native: What such a consumer needs of the producer: its fences, and its way of replacing.
    """

    def __init__(
        self,
        capacity_frames: int,
        channels: int,
        kept_frames: int = 0,
        counters: npt.NDArray[np.int64] | None = None,
        native: NativeCallback | None = None,
    ) -> None:
        self._size = capacity_frames + kept_frames
        self._samples = np.zeros((self._size, channels), dtype=np.float32)
        self.capacity_frames = capacity_frames
        self.kept_frames = kept_frames
        self.channels = channels
        self.counters = new_counters() if counters is None else counters
        self._native = native
        self._fence: Callable[[], None] = native.fence if native is not None else _nothing
        self.counters[Field.SIZE] = self._size
        self.counters[Field.CHANNELS] = channels
        self._fence()
        self.counters[Field.RING] = self._samples.ctypes.data

    @property
    def written(self) -> int:
        """Number of the frame that the producer writes next."""
        return int(self.counters[Field.WRITTEN])

    @written.setter
    def written(self, frame: int) -> None:
        # Only then may the consumer see the number when it sees the samples, too.
        self._fence()
        self.counters[Field.WRITTEN] = frame

    @property
    def taken(self) -> int:
        """Number of the frame that the consumer takes next."""
        return int(self.counters[Field.TAKEN])

    @taken.setter
    def taken(self, frame: int) -> None:
        self.counters[Field.TAKEN] = frame

    @property
    def waiting_frames(self) -> int:
        """Frames written and not yet taken."""
        return self.written - self.taken

    @property
    def room_frames(self) -> int:
        """Frames that can be appended now."""
        return self.capacity_frames - self.waiting_frames

    def append(self, block: npt.NDArray[np.float32]) -> None:
        """Writes a block `[n, channels]` behind what waits; n is at most `room_frames`."""
        self.replace_from(self.written, block)

    def replace_from(self, frame: int, block: npt.NDArray[np.float32]) -> None:
        """Replaces all that waits from a frame on by a block `[n, channels]`.

        Args:
            frame: From `taken` plus the consumer's next block, to `written`.
            block: What is to be heard from there.
        """
        self._fence()
        first = frame % self._size
        before_wrap = min(len(block), self._size - first)
        self._samples[first : first + before_wrap] = block[:before_wrap]
        self._samples[: len(block) - before_wrap] = block[before_wrap:]
        # Last, so that the consumer never reaches samples that aren't there yet.
        self.written = frame + len(block)

    def replace_if_free(
        self, frame: int, block: npt.NDArray[np.float32], next_block_frames: int
    ) -> bool:
        """Replaces all that waits from a frame on, unless the consumer has come too close.

        Args:
            frame: As in `replace_from`.
            block: As in `replace_from`.
            next_block_frames: How many the consumer may take next.

        Returns:
            Whether it was replaced: what stands behind all that waits always is.
        """
        if self._native is not None:
            samples = np.ascontiguousarray(block, dtype=np.float32)
            return bool(
                self._native.replace(
                    self.counters.ctypes.data, frame, samples.ctypes.data, len(samples)
                )
            )
        if frame != self.written and frame < self.taken + next_block_frames:
            return False
        self.replace_from(frame, block)
        return True

    def peek(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Returns a copy of the waiting frames from `start` to `stop`, `[stop - start, C]`."""
        return self._samples.take(range(start, stop), axis=0, mode="wrap")

    def played(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Returns a copy of frames that were taken, as far as they are still there.

        Args:
            start: First frame.
            stop: Last frame, exclusive; at most `taken`.

        Returns:
            `[n, C]`: the frames from `start` to `stop`, without those at the beginning that are
            more than `kept_frames` before `taken`.
        """
        return self.peek(max(start, self.taken - self.kept_frames), stop)

    def take_into(self, out: npt.NDArray[np.float32]) -> int:
        """Moves waiting frames into `out` `[n, channels]`, fills the rest of it with zeros.

        Returns:
            How many frames were there.
        """
        n_frames = min(len(out), self.written - self.taken)
        first = self.taken % self._size
        before_wrap = min(n_frames, self._size - first)
        out[:before_wrap] = self._samples[first : first + before_wrap]
        out[before_wrap:n_frames] = self._samples[: n_frames - before_wrap]
        out[n_frames:] = 0.0
        self.taken += n_frames
        return n_frames


def _nothing() -> None:
    pass
