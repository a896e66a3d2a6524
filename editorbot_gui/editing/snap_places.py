"""Beats and onsets to snap to, looked for in the background; what isn't known yet is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from editorbot_gui.editing.snapping import SnapTo
from editorbot_gui.jobs import Lane

if TYPE_CHECKING:
    import numpy.typing as npt

    from editorbot_gui.editing.onset_steps import FinderKeeper
    from editorbot_gui.jobs import Job, JobRunner
    from editorbot_gui.session import Session
    from model_core.audio.source import AudioSource
    from model_core.progress import CancelToken, Progress

    Places = npt.NDArray[np.int64]

BLOCK_S = 8.0
"""Onsets are looked for in blocks of so much."""
_MOST_BLOCKS = 512
_NONE = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class OnsetsRequest:
    """Which onsets are wanted: those of some blocks, each `length` samples long."""

    keeper: FinderKeeper
    source: AudioSource
    blocks: tuple[int, ...]
    length: int


def find_onsets(
    request: OnsetsRequest, cancel: CancelToken, _progress: Progress
) -> dict[int, Places]:
    """Returns the onsets of blocks, by their numbers; a job function.

    Raises:
        EditorBotError: The recording can't be read any more.
        CancelledError: They aren't wanted any more.
    """
    finder = request.keeper.finder(request.source)
    found = {}
    for block in request.blocks:
        cancel.raise_if_cancelled()
        start = block * request.length
        found[block] = finder.onsets(start, min(start + request.length, request.source.n_samples))
    return found


def find_all_beats(source: AudioSource, cancel: CancelToken, progress: Progress) -> Places:
    """Returns the beats of a recording; a job function.

    Raises:
        EditorBotError: The recording can't be read any more.
        CancelledError: They aren't wanted any more.
    """
    from model_core.audio.beats import find_beats

    return find_beats(source, cancel, progress)


class SnapPlaces(QObject):
    """Knows beats and onsets of the recording that is open, as far as they were looked for.

    Args:
        session: The document.
        runner: Runs the search.
        keeper: Gives the finder of onsets.
        parent: The owner.
    """

    beats_found = Signal(int)
    """The beats are known from now on; carries how many there are."""
    failed = Signal(object)
    """The recording can't be read; carries the exception."""

    def __init__(
        self, session: Session, runner: JobRunner, keeper: FinderKeeper, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._runner = runner
        self._keeper = keeper
        self._wants_beats = False
        self._beats: Places | None = None
        self._listening: Job | None = None
        self._onsets: dict[int, Places] = {}
        self._looking: Job | None = None
        session.source_changed.connect(self._start_over)

    @property
    def beats(self) -> Places | None:
        """The beats of the recording, in order; None as long as they aren't known."""
        return self._beats

    def want_beats(self, wanted: bool) -> None:
        """Looks for the beats of this recording and of those that are opened later, or doesn't."""
        self._wants_beats = wanted
        if wanted:
            self._listen()
        elif self._listening is not None:
            self._runner.cancel(self._listening)
            self._listening = None

    def look_around(self, sample: int) -> None:
        """Begins to look for the onsets near a sample of the recording."""
        source = self._session.source
        if source is None or (self._looking is not None and not self._looking.ended):
            return
        length = self._block(source)
        here = sample // length
        blocks = tuple(
            block
            for block in (here, here - 1, here + 1)
            if block not in self._onsets and 0 <= block * length < source.n_samples
        )
        if not blocks:
            return

        def take(found: dict[int, Places]) -> None:
            if source is self._session.source:
                if len(self._onsets) > _MOST_BLOCKS:
                    self._onsets.clear()
                self._onsets |= found

        self._looking = self._runner.start(
            Lane.IO,
            find_onsets,
            OnsetsRequest(self._keeper, source, blocks, length),
            words=self.tr("Looking for onsets"),
            on_done=take,
            on_failed=self.failed.emit,
            quiet=True,
        )

    def near(self, sample: int, reach: float, to: frozenset[SnapTo]) -> Places:
        """Returns what is known near a sample of what edges are drawn to, in order.

        Args:
            sample: The sample of the recording.
            reach: How far from it is near, in samples.
            to: Beats, onsets or both.
        """
        source, found = self._session.source, []
        if SnapTo.BEAT in to and self._beats is not None:
            found.append(self._beats)
        if SnapTo.ONSET in to and source is not None:
            length = self._block(source)
            first, last = int(sample - reach) // length, int(sample + reach) // length
            found += [self._onsets.get(block, _NONE) for block in range(first, last + 1)]
        parts = []
        for places in found:
            low, high = np.searchsorted(places, (sample - reach, sample + reach))
            parts.append(places[low : high + 1])
        return np.sort(np.concatenate(parts)) if parts else _NONE

    def _block(self, source: AudioSource) -> int:
        return max(1, round(BLOCK_S * source.sample_rate))

    def _listen(self) -> None:
        source = self._session.source
        if source is None or self._beats is not None or self._listening is not None:
            return

        def ended() -> None:
            if self._listening is job:
                self._listening = None

        def take(beats: Places) -> None:
            ended()
            if source is self._session.source:
                self._beats = beats
                self.beats_found.emit(len(beats))

        def fail(error: Exception) -> None:
            ended()
            self.failed.emit(error)

        job = self._listening = self._runner.start(
            Lane.LISTEN,
            find_all_beats,
            source,
            words=self.tr("Listening for beats…"),
            on_done=take,
            on_failed=fail,
            on_cancelled=ended,
        )

    def _start_over(self) -> None:
        self._onsets.clear()
        self._beats = None
        for job in (self._listening, self._looking):
            if job is not None and not job.ended:
                self._runner.cancel(job)
        self._listening = self._looking = None
        if self._wants_beats:
            self._listen()
