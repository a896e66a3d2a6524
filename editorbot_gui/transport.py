"""Between document, player and views: what is heard, where the playheads are, A/B."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from editorbot_gui.playback.heard_joins import REACTION_S, JoinEar
from editorbot_gui.playback.plan import STRAIGHT_ON, Course
from editorbot_gui.playback.player import SHORTEST_LOOP_S, Listening, Player, PlayerState
from editorbot_gui.session import changed_range
from editorbot_gui.waveform.view_state import Axis, ViewState
from model_core.edit.coverage import kept_ranges
from model_core.edit.types import EditList

if TYPE_CHECKING:
    import numpy.typing as npt

    from editorbot_gui.playback.plan import Material, PositionMap
    from editorbot_gui.session import Session
    from model_core.audio.render import Renderer
    from model_core.audio.source import AudioSource
    from model_core.edit.coverage import JoinInfo
    from model_core.edit.timeline import Timeline

AROUND_JOIN_S = 1.0
"""So much is heard before a join and after it."""
LEAD_IN_S = 0.5
"""So much is heard before a loop, the first time."""
FASTEST = 4
"""Times the speed of the recording."""

_BEFORE_SEAM_S = 1.0
_BACK_AGAIN_S = 0.5
"""So soon after a segment's start, "previous" means the one before it."""


class Transport(QObject):
    """Plays the document and keeps the playheads where the sound is.

    Args:
        session: The document.
        view: What the views share.
        player: Plays; belongs to the caller.
        parent: The owner.

    Attributes:
        follows: Whether the views turn the page to where it plays.
    """

    playing_changed = Signal(bool)
    """Whether it plays."""
    heard_changed = Signal()
    """Recording or edit: the other one is listened to now."""
    moved = Signal()
    """The place that is heard is another one."""
    course_changed = Signal()
    """Another speed or loop, or none."""

    def __init__(
        self, session: Session, view: ViewState, player: Player, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._view = view
        self._player = player
        self._timeline: Timeline = session.timeline
        self._return_to: tuple[Axis, int] | None = None
        self._ear = JoinEar()
        self._renderers: dict[Axis, Renderer] = {}
        self.follows = True
        session.source_changed.connect(self._take_source)
        session.edit_changed.connect(self._take_edit)
        session.mix_changed.connect(self._take_mix)
        player.position_polled.connect(self._follow)
        player.state_changed.connect(self._tell_state)
        player.listening_changed.connect(self._tell_heard)
        player.course_changed.connect(self.course_changed)

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
        self._play(self.position, STRAIGHT_ON)

    @property
    def speed(self) -> int:
        """How fast it plays, times the recording's own speed; below 0 backwards, 0 not at all."""
        return self._player.course.speed if self.playing else 0

    @property
    def loop(self) -> tuple[int, int] | None:
        """First sample and end, on the heard axis, of what is played again and again, or None."""
        return self._player.course.loop if self.playing else None

    def shuttle(self, direction: int) -> None:
        """Plays forwards or backwards; again, faster.

        Args:
            direction: 1 for forwards, -1 for backwards.
        """
        if self._session.source is None:
            return
        speed = self.speed * direction
        course = Course(direction * (min(2 * speed, FASTEST) if speed > 0 else 1))
        if self.playing:
            self._player.change_course(course)
        else:
            self._play(self.position, course)

    def pause(self) -> None:
        """Pauses where it is."""
        self._player.pause()

    def audition_join(self) -> bool:
        """Plays around the chosen join, or the nearest one, again and again.

        Returns:
            False if the edit has no join.
        """
        position = self._join_meant()
        if position is None:
            return False
        around = round(AROUND_JOIN_S * self._view.sample_rate)
        start = max(0, position - around)
        stop = min(position + around, self._timeline.length)
        return self._play_loop(Axis.EDITED, start, stop, start)

    def loop_selection(self) -> bool:
        """Plays what is selected again and again, with a little before it the first time.

        While it loops already, goes to a little before the place at which it begins again.

        Returns:
            False if nothing is selected, or too little.
        """
        chosen = self._view.selection
        if chosen is None:
            return False
        start, stop = chosen.start, chosen.stop
        if self.loop == (start, stop) and self.heard is chosen.axis:
            seam = stop - round(_BEFORE_SEAM_S * self._view.sample_rate)
            self.seek(chosen.axis, max(start, seam))
            return True
        lead_in = round(LEAD_IN_S * self._view.sample_rate)
        return self._play_loop(chosen.axis, start, stop, max(0, start - lead_in))

    def play_selection(self) -> bool:
        """Plays what is selected, once.

        Returns:
            False if nothing is selected.
        """
        chosen = self._view.selection
        if chosen is None:
            return False
        self._listen_straight_to(chosen.axis)
        self._play(chosen.start, Course(stop=chosen.stop))
        return True

    def _play_loop(self, axis: Axis, start: int, stop: int, begin: int) -> bool:
        if stop - start < SHORTEST_LOOP_S * self._view.sample_rate:
            return False
        self._listen_straight_to(axis)
        self._play(begin, Course(loop=(start, stop)))
        return True

    def _listen_straight_to(self, axis: Axis) -> None:
        """Listens to an axis of which another place is played next."""
        if axis is not self.heard:
            self._player.pause()
            self.listen_to(axis)

    def _play(self, position: int, course: Course) -> None:
        if not self.playing:
            self._return_to = (self.heard, self.position)
        self._ear.forget()
        if self.heard is Axis.EDITED:
            self._ear.begin(position)
        self._player.play(position, course)
        self._follow(self._player.position())

    def _join_meant(self) -> int | None:
        """Returns the edited position of the chosen join, or of the nearest one."""
        edge, timeline = self._view.edge, self._timeline
        if edge is not None and 0 <= edge.join < len(timeline.starts) - 2:
            return int(timeline.starts[edge.join + 1])
        positions = self._view.joins.positions
        if not len(positions):
            return None
        distances = np.abs(positions - self._view.playhead(Axis.EDITED))
        return int(positions[np.argmin(distances)])

    def joins_heard(self) -> list[JoinInfo]:
        """Returns the joins that were heard since the last jump, the last one first."""
        return self._ear.heard(self._view.joins, round(REACTION_S * self._view.sample_rate))

    def last_join_heard(self) -> JoinInfo | None:
        """Returns the join that was heard last, or None."""
        heard = self.joins_heard()
        return heard[0] if heard else None

    def scrub(self, axis: Axis, sample: int) -> None:
        """Plays a moment at a place that something is dragged to; not while playing.

        Args:
            axis: What the sample counts, and what is heard.
            sample: The place.
        """
        self._player.scrub(sample, str(axis))

    def end_scrub(self) -> None:
        """Is quiet again after scrubbing."""
        self._player.end_scrub()

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
        if self.heard is Axis.EDITED:
            self._ear.begin(self.position)
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

    def _rendered(self, axis: Axis, source: AudioSource) -> Material:
        """Returns what is heard on an axis: all channels, or the mix of a recording's tracks.

        Another mix of the same edit is heard through the same renderer: thousands of crossfades
        aren't laid out anew for each step of a gain.
        """
        from model_core.audio.mixdown import MixOf
        from model_core.audio.render import Renderer

        kept = self._renderers.get(axis)
        raw = axis is Axis.RAW
        edit_list = EditList.whole(source.n_samples) if raw else self._session.edit_list
        if kept is None or kept.sources != (source,) or kept.edit_list != edit_list:
            kept = self._renderers[axis] = Renderer((source,), edit_list)
        return MixOf(kept, self._session.mix) if source.tracks else kept

    def _take_source(self) -> None:
        source = self._session.source
        self._player.pause()
        self._return_to = None
        self._ear.forget()
        self._player.set_edited(None)
        self._renderers.clear()
        if source is None:
            self._player.set_raw(None)
        else:
            self._player.set_raw(self._rendered(Axis.RAW, source))
        self._timeline = self._session.timeline
        self._view.set_document(
            0 if source is None else source.n_samples,
            self._view.sample_rate if source is None else source.sample_rate,
            self._timeline,
        )

    def _take_mix(self) -> None:
        """Has tracks heard louder or softer at once; playing goes on."""
        source = self._session.source
        if source is not None and source.tracks:
            self._player.exchange(
                self._rendered(Axis.RAW, source),
                self._rendered(Axis.EDITED, source),
            )

    def _take_edit(self) -> None:
        source = self._session.source
        if source is None:
            return
        before, self._timeline = self._timeline, self._session.timeline
        to_new = timeline_to_timeline(before, self._timeline)
        self._ear.move(to_new)
        # The view first: what the player then says of its place is told on the new timeline.
        self._view.set_timeline(self._timeline)
        self._player.set_edited(self._rendered(Axis.EDITED, source), to_new)
        if self._return_to is not None and self._return_to[0] is Axis.EDITED:
            self._return_to = (Axis.EDITED, to_new(self._return_to[1]))

    def _follow(self, position: int) -> None:
        if self._session.source is None:
            return
        self._view.set_playhead(self.heard, position)
        if self.playing and self.heard is Axis.EDITED:
            self._ear.reach(position, self._player.course.loop)
        if self.playing and self.follows:
            self._view.bring_into_view(self.heard, position)
        self.moved.emit()

    def _tell_state(self) -> None:
        self.playing_changed.emit(self.playing)

    def _tell_heard(self) -> None:
        self._view.set_heard(self.heard)
        self._ear.forget()
        if self.heard is Axis.EDITED:
            self._ear.begin(self._player.position())
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
