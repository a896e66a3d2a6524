"""What edges and markers are drawn to, as the menu has it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from editorbot_gui.editing.snap_places import SnapPlaces
from editorbot_gui.editing.snapping import SnapTo, snapped

if TYPE_CHECKING:
    from editorbot_gui.actions import ActionSet
    from editorbot_gui.editing.onset_steps import FinderKeeper
    from editorbot_gui.jobs import JobRunner
    from editorbot_gui.session import Session
    from editorbot_gui.settings import Settings
    from editorbot_gui.waveform.waveform_view import WaveformView

AT_FIRST = frozenset({SnapTo.ZERO, SnapTo.SILENCE, SnapTo.ONSET})
"""Beats mean nothing in speech; whoever edits music switches them on."""
_PLACES = frozenset({SnapTo.ONSET, SnapTo.BEAT})


class Snaps(QObject):
    """Draws places to zero crossings, silences, onsets and beats, each as far as it is wanted.

    Args:
        session: The document.
        view: Has the recording's samples.
        actions: The window's actions; four of them switch it.
        runner: Runs the search for beats and onsets.
        keeper: Gives the finder of onsets.
        parent: The owner.
    """

    told = Signal(str)
    """A sentence for the person."""

    def __init__(
        self,
        session: Session,
        view: WaveformView,
        actions: ActionSet,
        runner: JobRunner,
        keeper: FinderKeeper,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._actions = actions
        self._settings: Settings | None = None
        self.places = SnapPlaces(session, runner, keeper, self)
        self.places.beats_found.connect(self._tell_beats)
        for kind in SnapTo:
            actions[kind].setChecked(kind in AT_FIRST)
            actions[kind].toggled.connect(partial(self._switch, kind))

    def remember(self, settings: Settings) -> None:
        """Draws places to what they were drawn to the last time, and remembers every choice."""
        self._settings = settings
        known = settings.snap_to
        if known is not None:
            for kind in SnapTo:
                self._actions[kind].setChecked(kind in known)

    @property
    def wanted(self) -> frozenset[SnapTo]:
        """What places are drawn to."""
        return frozenset(kind for kind in SnapTo if self._actions[kind].isChecked())

    def prepare(self, sample: int) -> None:
        """Begins to look for onsets around a sample of the recording, if they are wanted."""
        if SnapTo.ONSET in self.wanted:
            self.places.look_around(sample)

    def snap(self, sample: int, reach: float) -> int:
        """Returns the place that a sample of the recording is drawn to.

        Args:
            sample: The sample.
            reach: How far it may be moved, in samples.
        """
        data, wanted = self._view.data, self.wanted
        if data is None or not wanted:
            return sample
        self.prepare(sample)
        near = self.places.near(sample, reach, wanted & _PLACES)
        return snapped(data, sample, reach, wanted, near)

    def beats(self) -> list[int]:
        """Returns the beats of the recording if they are wanted and known; else none."""
        beats = self.places.beats
        if beats is None or SnapTo.BEAT not in self.wanted:
            return []
        return [int(beat) for beat in beats]

    def _switch(self, kind: SnapTo, on: bool) -> None:
        if kind is SnapTo.BEAT:
            self.places.want_beats(on)
        if self._settings is not None:
            self._settings.snap_to = tuple(sorted(self.wanted))

    def _tell_beats(self, n_beats: int) -> None:
        self.told.emit(
            self.tr("%n beats found: edges are drawn to them.", "", n_beats)
            if n_beats
            else self.tr("No beats were found in this recording.")
        )
