"""Samples for close zooms, read by a thread of their own so that no frame waits for a file."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from model_core.audio.source import AudioSource
from model_core.errors import EditorBotError

log = logging.getLogger(__name__)

BLOCK_SAMPLES = 1 << 16
OVERLAP_SAMPLES = 512
"""Samples of the following block at the end of each, so that a column never lies in two blocks."""
MAX_BLOCKS_A_VIEW = 20
"""A view that needs more does without samples; both views together never outgrow the cache."""
_CACHE_BYTES = 64 << 20
_MAX_WANTED = 64

Runner: TypeAlias = Callable[[Callable[[], None]], None]
"""Runs a function that takes a while, at once or later, in any thread."""


class SampleBlocks(QObject):
    """A cache of a recording's samples, in blocks.

    Asking for a block that isn't there returns None at once and fetches it in the background, what
    was asked for last first; `blocks_arrived` says when it can be drawn.

    Args:
        source: The recording.
        parent: The owner.
        run: Runs the reading; left out, a thread that lives as long as there is something to read.
    """

    blocks_arrived = Signal(object, object)
    """Samples are there now; carries start and stop, in samples."""

    _fetched = Signal(int, object)

    def __init__(
        self, source: AudioSource, parent: QObject | None = None, run: Runner | None = None
    ) -> None:
        super().__init__(parent)
        self._source = source
        self._run = run or self._run_in_thread
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._wanted: OrderedDict[int, None] = OrderedDict()
        self._working = False
        self._closed = False
        self._blocks: OrderedDict[int, npt.NDArray[np.float32]] = OrderedDict()
        bytes_a_block = 4 * source.channels * (BLOCK_SAMPLES + OVERLAP_SAMPLES)
        self._capacity = max(3 * MAX_BLOCKS_A_VIEW, _CACHE_BYTES // bytes_a_block)
        self.n_blocks = -(-source.n_samples // BLOCK_SAMPLES)
        self._fetched.connect(self._store)

    def block(self, index: int) -> npt.NDArray[np.float32] | None:
        """Returns a block with, at its end, the beginning of the next and one sample of padding.

        Args:
            index: Its number; it begins at sample `index * BLOCK_SAMPLES`.

        Returns:
            An array of shape `[C, n]`, full scale at 1, or None while it isn't there.
        """
        found = self._blocks.get(index)
        if found is not None:
            self._blocks.move_to_end(index)
            return found
        self._ask(index)
        return None

    def prefetch(self, index: int) -> None:
        """Fetches a block that may soon be wanted, if there is nothing better to do."""
        if 0 <= index < self.n_blocks and index not in self._blocks:
            self._ask(index, urgent=False)

    def samples(self, start: int, stop: int) -> npt.NDArray[np.float32] | None:
        """Returns samples of shape `[C, stop - start]`, or None while some aren't there."""
        start, stop = max(0, start), min(stop, self._source.n_samples)
        if stop <= start:
            return np.zeros((self._source.channels, 0), np.float32)
        parts: list[npt.NDArray[np.float32] | None] = []
        for index in range(start // BLOCK_SAMPLES, (stop - 1) // BLOCK_SAMPLES + 1):
            block = self.block(index)
            offset = index * BLOCK_SAMPLES
            if block is not None:
                low, high = max(start - offset, 0), min(stop - offset, BLOCK_SAMPLES)
                parts.append(block[:, low:high])
            else:
                parts.append(None)
        known = [part for part in parts if part is not None]
        return np.concatenate(known, axis=1) if len(known) == len(parts) else None

    def close(self) -> None:
        """Stops reading and waits for the thread."""
        with self._lock:
            self._closed = True
            self._wanted.clear()
        if self._thread is not None:
            self._thread.join()

    def _ask(self, index: int, *, urgent: bool = True) -> None:
        with self._lock:
            if self._closed:
                return
            known = index in self._wanted
            self._wanted[index] = None
            if urgent or not known:
                self._wanted.move_to_end(index, last=urgent)
            while len(self._wanted) > _MAX_WANTED:
                self._wanted.popitem(last=False)
            start = not self._working
            self._working = True
        if start:
            self._run(self._fetch_wanted)

    def _run_in_thread(self, work: Callable[[], None]) -> None:
        self._thread = threading.Thread(target=work, name="editorbot-samples", daemon=True)
        self._thread.start()

    def _fetch_wanted(self) -> None:
        """Reads what is wanted until nothing is."""
        while True:
            with self._lock:
                if self._closed or not self._wanted:
                    self._working = False
                    return
                index, _ = self._wanted.popitem(last=True)
            start = index * BLOCK_SAMPLES
            stop = min(start + BLOCK_SAMPLES + OVERLAP_SAMPLES, self._source.n_samples)
            try:
                samples = self._source.read_float(start, stop).T
            except (EditorBotError, ValueError, OSError):
                # The envelope is there already; the person is told where the file is used.
                log.warning("Samples %d-%d can't be shown", start, stop, exc_info=True)
                samples = np.zeros((self._source.channels, stop - start), np.float32)
            self._fetched.emit(index, np.pad(samples, ((0, 0), (0, 1)), mode="edge"))

    def _store(self, index: int, samples: npt.NDArray[np.float32]) -> None:
        self._blocks[index] = samples
        while len(self._blocks) > self._capacity:
            self._blocks.popitem(last=False)
        start = index * BLOCK_SAMPLES
        self.blocks_arrived.emit(start, start + samples.shape[1] - 1)
