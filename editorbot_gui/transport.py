"""Between document, player and views: what is heard, where the playheads are, A/B."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from editorbot_gui.playback.player import Listening, Player, PlayerState
from editorbot_gui.session import changed_range
from editorbot_gui.waveform.view_state import Axis, ViewState
from model_core.edit.coverage import kept_ranges

if TYPE_CHECKING:
    import numpy.typing as npt

    from editorbot_gui.playback.plan import PositionMap
    from editorbot_gui.session import Session
    from model_core.edit.timeline import Timeline

_BACK_AGAIN_S = 0.5
"""So soon after a segment's start, "previous" means the one before it."""


class Transport(QObject):
    """Plays the document and keeps the playheads where the sound is.

    Args:
        session: The document.
        view: What the views share.
        player: Plays; belongs to the caller.
        parent: The owner.
    """

    playing_changed = Signal(bool)
    """Whether it plays."""
    heard_changed = Signal()
    """Recording or edit: the other one is listened to now."""
    moved = Signal()
    """The place that is heard is another one."""

    def __init__(
        self, session: Session, view: ViewState, player: Player, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._view = view
        self._player = player
        self._timeline: Timeline = session.timeline
        self._return_to: tuple[Axis, int] | None = None
        session.source_changed.connect(self._take_source)
        session.edit_changed.connect(self._take_edit)
        player.position_polled.connect(self._follow)
        player.state_changed.connect(self._tell_state)
        player.listening_changed.connect(self._tell_heard)

    @property
    def playing(self) -> bool:
        """Whether it plays."""
        return self._player.state is PlayerState.PLAYING

    @property
    def heard(self) -> Axis:
        """Which of the two is listened to."""
        return Axis(str(self._player.listening))

    @property
    def position(self) -> int:
        """The place on the heard axis, in samples."""
        return self._view.playhead(self.heard)

    def toggle_play(self) -> None:
        """Plays from the playhead, or pauses there."""
        if self.playing:
            self._player.pause()
            return
        if self._session.source is None:
            return
        if self.position >= self._view.length(self.heard):
            self.seek(self.heard, 0)
        self._return_to = (self.heard, self.position)
        self._player.play(self.position)

    def stop(self) -> None:
        """Stops, and goes back to where playing began."""
        self._player.pause()
        if self._return_to is not None:
            self.seek(*self._return_to)

    def switch(self) -> None:
        """Listens to the other one, at the same place of the recording."""
        self.listen_to(self.heard.other)

    def listen_to(self, axis: Axis) -> None:
        """Listens to the recording or to the edit, from the same place of the recording."""
        if self._session.source is None or axis is self.heard:
            return
        timeline = self._timeline
        to_new = timeline_to_edited(timeline) if axis is Axis.EDITED else timeline_to_raw(timeline)
        self._player.listen_to(Listening(str(axis)), to_new)

    def seek(self, axis: Axis, sample: int) -> None:
        """Puts the playheads at a place of the recording or of the edit.

        Args:
            axis: What the sample counts; what is listened to stays.
            sample: The place.
        """
        if self._session.source is None:
            return
        self._view.set_playhead(axis, sample)
        self._player.seek(self.position)
        self._view.bring_into_view(self.heard, self.position)
        self.moved.emit()

    def to_start(self) -> None:
        """Goes to the start."""
        self.seek(self.heard, 0)

    def to_end(self) -> None:
        """Goes to the end."""
        self.seek(self.heard, self._view.length(self.heard))

    def next_segment(self) -> None:
        """Goes to the start of the next segment."""
        edges = self._segment_edges()
        later = edges[edges > self.position]
        if later.size:
            self.seek(self.heard, int(later[0]))

    def previous_segment(self) -> None:
        """Goes to the start of this segment; right after it, to the one before."""
        edges = self._segment_edges()
        slack = int(_BACK_AGAIN_S * self._view.sample_rate) if self.playing else 0
        earlier = edges[edges < self.position - slack]
        self.seek(self.heard, int(earlier[-1]) if earlier.size else 0)

    def _segment_edges(self) -> npt.NDArray[np.int64]:
        """Returns where segments begin on the heard axis, and the end, in samples."""
        if self.heard is Axis.EDITED:
            return self._timeline.starts
        length = self._view.length(Axis.RAW)
        kept = kept_ranges(self._session.edit_list, 0, length)
        return np.unique(np.concatenate((np.array([0, length]), kept.ravel())))

    def _take_source(self) -> None:
        from model_core.audio.render import Renderer

        source = self._session.source
        self._player.pause()
        self._return_to = None
        self._player.set_edited(None)
        if source is None:
            self._player.set_raw(None)
        else:
            self._player.set_raw(Renderer((source,), self._session.edit_list))
        self._timeline = self._session.timeline
        self._view.set_document(
            0 if source is None else source.n_samples,
            self._view.sample_rate if source is None else source.sample_rate,
            self._timeline,
        )

    def _take_edit(self) -> None:
        from model_core.audio.render import Renderer

        source = self._session.source
        if source is None:
            return
        before, self._timeline = self._timeline, self._session.timeline
        to_new = timeline_to_timeline(before, self._timeline)
        # The view first: what the player then says of its place is told on the new timeline.
        self._view.set_timeline(self._timeline)
        self._player.set_edited(Renderer((source,), self._session.edit_list), to_new)
        if self._return_to is not None and self._return_to[0] is Axis.EDITED:
            self._return_to = (Axis.EDITED, to_new(self._return_to[1]))

    def _follow(self, position: int) -> None:
        if self._session.source is None:
            return
        self._view.set_playhead(self.heard, position)
        if self.playing:
            self._view.bring_into_view(self.heard, position)
        self.moved.emit()

    def _tell_state(self) -> None:
        self.playing_changed.emit(self.playing)

    def _tell_heard(self) -> None:
        self._view.set_heard(self.heard)
        self.heard_changed.emit()


def timeline_to_raw(timeline: Timeline) -> PositionMap:
    """Returns the map from a place of the edit to the same place of the recording."""

    def to_raw(position: int) -> int:
        place = timeline.nearest_source(position)
        return place[1] if place is not None else 0

    return to_raw


def timeline_to_edited(timeline: Timeline) -> PositionMap:
    """Returns the map from a place of the recording to where it is heard in the edit."""
    return lambda sample: timeline.nearest_edited(0, sample)


def timeline_to_timeline(before: Timeline, after: Timeline) -> PositionMap:
    """Returns the map from a place of an edit to the same sound in the edit that it has become.

    Outside of what has changed that is the same pass of a loop, too; inside, the nearest one.
    """
    start, stop = changed_range(before.edit_list, after.edit_list)
    old_stop = before.length - (after.length - stop)

    def to_new(position: int) -> int:
        if position < start:
            return position
        if position >= old_stop:
            return position + after.length - before.length
        place = before.nearest_source(position)
        if place is None:
            return min(position, after.length)
        heard = after.to_edited(*place)
        if heard:
            return min(heard, key=lambda there: abs(there - position))
        return after.nearest_edited(*place)

    return to_new
