"""Going from onset to onset; they are looked for in the background, near the playhead only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from editorbot_gui.jobs import Lane
from editorbot_gui.waveform.view_state import Axis

if TYPE_CHECKING:
    from editorbot_gui.editing.situation import Situation
    from editorbot_gui.jobs import Job, JobRunner
    from model_core.audio.onsets import OnsetFinder
    from model_core.audio.source import AudioSource
    from model_core.edit.timeline import Timeline
    from model_core.progress import CancelToken, Progress

Stretch = tuple[int, int, int]
"""Start and stop in the recording, and how far from there its place on the axis is."""

_BACK_AGAIN_S = 0.5
"""While it plays, an onset so soon behind the playhead is one to go back over."""


class FinderKeeper:
    """Keeps the finder of the recording that is open. Used by the jobs of one lane alone."""

    def __init__(self) -> None:
        self._kept: tuple[AudioSource, OnsetFinder] | None = None

    def finder(self, source: AudioSource) -> OnsetFinder:
        """Returns the finder of a recording, with all that it remembers of it."""
        from model_core.audio.onsets import OnsetFinder

        if self._kept is None or self._kept[0] is not source:
            self._kept = (source, OnsetFinder(source))
        return self._kept[1]


@dataclass(frozen=True, slots=True)
class OnsetRequest:
    """Which onset is wanted.

    Attributes:
        keeper: Gives the finder.
        source: The recording.
        stretches: Where to look, the nearest first.
        later: Whether the next one is wanted; otherwise the one before.
    """

    keeper: FinderKeeper
    source: AudioSource
    stretches: tuple[Stretch, ...]
    later: bool


def find_onset(request: OnsetRequest, cancel: CancelToken, _progress: Progress) -> int | None:
    """Returns where the wanted onset is on its axis, or None; a job function.

    Raises:
        EditorBotError: The recording can't be read any more.
        CancelledError: Another recording was opened.
    """
    finder = request.keeper.finder(request.source)
    for start, stop, shift in request.stretches:
        found = finder.nearest(start, stop, later=request.later, cancel=cancel)
        if found is not None:
            return found + shift
    return None


def stretches_from(timeline: Timeline, place: int, *, later: bool) -> tuple[Stretch, ...]:
    """Returns what is heard after a place of the edit, or before it, the nearest first.

    Args:
        timeline: The edit.
        place: The place; what begins just there is left out.
        later: Whether what is after it is wanted.
    """
    shift = timeline.starts[:-1] - timeline.source_starts
    starts, stops = timeline.source_starts, timeline.source_stops
    if later:
        starts = np.maximum(starts, place + 1 - shift)
    else:
        stops = np.minimum(stops, place - shift)
    chosen = np.flatnonzero((timeline.sources == 0) & (starts < stops))
    rows = np.stack((starts, stops, shift), axis=1)[chosen if later else chosen[::-1]]
    return tuple((int(low), int(high), int(by)) for low, high, by in rows.tolist())


class OnsetSteps(QObject):
    """Looks for the next onset, or for the one before.

    Args:
        runner: Runs the search.
        keeper: Gives the finder.
        parent: The owner.
    """

    found = Signal(object, int)
    """The `Axis` and the place of an onset."""
    missed = Signal()
    """There is none in that direction."""
    failed = Signal(object)
    """The recording can't be read; carries the exception."""

    def __init__(self, runner: JobRunner, keeper: FinderKeeper, parent: QObject) -> None:
        super().__init__(parent)
        self._runner = runner
        self._keeper = keeper
        self._job: Job | None = None

    def look(self, source: AudioSource, now: Situation, *, later: bool, playing: bool) -> None:
        """Begins to look from the playhead on; while it looks, nothing else is begun.

        Args:
            source: The recording.
            now: The situation.
            later: Whether the next one is wanted.
            playing: Whether the playhead moves.
        """
        if self._job is not None and not self._job.ended:
            return
        heard = now.heard
        place = now.playhead if heard is Axis.EDITED else now.raw_playhead
        if playing and not later:
            place -= round(_BACK_AGAIN_S * now.sample_rate)
        if heard is Axis.EDITED:
            stretches = stretches_from(now.timeline, place, later=later)
        else:
            whole = (place + 1, now.raw_length, 0) if later else (0, place, 0)
            stretches = (whole,) if whole[0] < whole[1] else ()

        def tell(found: int | None) -> None:
            if found is None:
                self.missed.emit()
            else:
                self.found.emit(heard, found)

        self._job = self._runner.start(
            Lane.IO,
            find_onset,
            OnsetRequest(self._keeper, source, stretches, later),
            words=self.tr("Looking for an onset"),
            on_done=tell,
            on_failed=self.failed.emit,
            quiet=True,
        )

    def give_up(self) -> None:
        """Stops looking, because another recording is open."""
        if self._job is not None:
            self._runner.cancel(self._job)
            self._job = None
