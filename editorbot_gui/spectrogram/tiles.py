"""Tiles of the spectrogram, computed by a thread of their own and kept."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, Signal

from editorbot_gui.spectrogram.analysis import ROWS, TILE_COLUMNS, Analysis, Tile
from editorbot_gui.waveform.sample_blocks import Runner
from model_core.audio.source import AudioSource
from model_core.errors import EditorBotError

log = logging.getLogger(__name__)

_CAPACITY = 512
"""Tiles that are kept: 24 MiB."""
_COARSER_LEVELS = 6
"""So much coarser a tile may be that stands in for one that isn't there yet."""

Key = tuple[int, int]
"""Level and index of a tile."""


class SpectrogramTiles(QObject):
    """What is known of a recording's spectrogram.

    Args:
        source: The recording.
        parent: The owner.
        run: Runs the computing; left out, a thread that lives as long as something is wanted.
    """

    tile_arrived = Signal()
    """More can be drawn now."""

    _computed = Signal(object, object)

    def __init__(
        self, source: AudioSource, parent: QObject | None = None, run: Runner | None = None
    ) -> None:
        super().__init__(parent)
        self.source = source
        self.analysis = Analysis(source.sample_rate)
        self._run = run or self._run_in_thread
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._wanted: list[Key] = []
        self._working = False
        self._closed = False
        self._tiles: OrderedDict[Key, Tile] = OrderedDict()
        self._computed.connect(self._store)

    def n_tiles(self, level: int) -> int:
        """Returns how many tiles a level has."""
        return -(-self.source.n_samples // self.analysis.tile_samples(level))

    def want(self, level: int, first: int, last: int) -> None:
        """Says what is looked at; what was wanted before and isn't begun yet is forgotten.

        Args:
            level: The resolution.
            first: The first tile.
            last: The last tile, inclusive; the neighbours of both are prepared, too.
        """
        indices = [*range(first, last + 1), first - 1, last + 1]
        keys = [
            (level, index)
            for index in indices
            if 0 <= index < self.n_tiles(level) and (level, index) not in self._tiles
        ]
        with self._lock:
            if self._closed:
                return
            self._wanted = keys
            start = bool(keys) and not self._working
            self._working = self._working or start
        if start:
            self._run(self._compute_wanted)

    def image(self, level: int, first: int, last: int) -> Tile:
        """Returns what is there of neighbouring tiles, and coarser tiles in place of the rest.

        Args:
            level: The resolution.
            first: The first tile.
            last: The last tile, inclusive.

        Returns:
            Levels of shape `[ROWS, (last - first + 1) * TILE_COLUMNS]`; 0 where nothing is known.
        """
        image = np.zeros((ROWS, (last - first + 1) * TILE_COLUMNS), np.uint8)
        for index in range(first, last + 1):
            place = (index - first) * TILE_COLUMNS
            found = self._best(level, index)
            if found is not None:
                image[:, place : place + TILE_COLUMNS] = found
        return image

    def close(self) -> None:
        """Stops computing and waits for the thread; call it before the recording is closed."""
        with self._lock:
            self._closed = True
            self._wanted = []
        if self._thread is not None:
            self._thread.join()

    def _best(self, level: int, index: int) -> Tile | None:
        for coarser in range(_COARSER_LEVELS + 1):
            tile = self._tiles.get((level + coarser, index >> coarser))
            if tile is None:
                continue
            self._tiles.move_to_end((level + coarser, index >> coarser))
            width = TILE_COLUMNS >> coarser
            start = (index & (1 << coarser) - 1) * width
            return tile[:, start : start + width].repeat(1 << coarser, axis=1)
        return None

    def _run_in_thread(self, work: Callable[[], None]) -> None:
        if self._thread is not None:
            self._thread.join()  # it has nothing more to do but to end
        self._thread = threading.Thread(target=work, name="editorbot-spectrogram", daemon=True)
        self._thread.start()

    def _go_on(self) -> bool:
        return not self._closed

    def _compute_wanted(self) -> None:
        """Computes what is wanted until nothing is."""
        while True:
            with self._lock:
                if self._closed or not self._wanted:
                    self._working = False
                    return
                key = self._wanted.pop(0)
            try:
                tile = self.analysis.tile(self.source, *key, self._go_on)
            except (EditorBotError, ValueError, OSError):
                # The waveform is there already; the person is told where the file is used.
                log.warning("Tile %d of level %d can't be shown", key[1], key[0], exc_info=True)
                tile = np.zeros((ROWS, TILE_COLUMNS), np.uint8)
            if not self._closed:
                self._computed.emit(key, tile)

    def _store(self, key: Key, tile: Tile) -> None:
        self._tiles[key] = tile
        while len(self._tiles) > _CAPACITY:
            self._tiles.popitem(last=False)
        self.tile_arrived.emit()
