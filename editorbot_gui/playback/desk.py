"""Listening in the window: commands, what they say, scrubbing, loudness and the output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from editorbot_gui.playback.device_menu import DeviceMenu
from editorbot_gui.playback.matching import LoudnessMatch
from editorbot_gui.playback.player import SHORTEST_LOOP_S
from editorbot_gui.playback.scrubbing import Scrubber
from editorbot_gui.playback.voice import PITCH_KEPT_UP_TO

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QMenu, QWidget

    from editorbot_gui.actions import ActionSet
    from editorbot_gui.editing.edge_drag import EdgeDrag
    from editorbot_gui.jobs import JobRunner
    from editorbot_gui.panels.editor_page import EditorPage
    from editorbot_gui.panels.level_meter import LevelMeter
    from editorbot_gui.playback.player import Player
    from editorbot_gui.session import Session
    from editorbot_gui.settings import Settings
    from editorbot_gui.transport import Transport
    from editorbot_gui.waveform.view_state import ViewState


_QUICK_MS = 200


class ListeningDesk(QObject):
    """Does what a person asks while listening.

    Args:
        window: The window.
        session: The document.
        view: What the views share.
        transport: Plays the document.
        player: Plays.
        runner: Works in the background.
        commands: The window's actions.
        page: The views.
        edges: Drags the edges of segments.
        meter: Shows levels.
        output_menu: The submenu in which the output is chosen.
        settings: What is remembered.
    """

    told = Signal(str)
    """A sentence for the status bar."""

    def __init__(  # the window's parts, each by its name
        self,
        window: QWidget,
        session: Session,
        view: ViewState,
        transport: Transport,
        player: Player,
        runner: JobRunner,
        commands: ActionSet,
        page: EditorPage,
        edges: EdgeDrag,
        meter: LevelMeter,
        output_menu: QMenu,
        settings: Settings,
    ) -> None:
        super().__init__(window)
        self._session = session
        self._view = view
        self._transport = transport
        self._commands = commands
        self._settings = settings
        self._player = player
        self._speed = 0
        self._told_underruns = 0
        self.scrubber = Scrubber((page.raw_ruler, page.edited_ruler), view, transport, edges, self)
        self.matching = LoudnessMatch(session, player, runner, self)
        self.matching.told.connect(self.told)
        self.matching.shown.connect(meter.show_note)
        player.frames_heard.connect(meter.take)
        player.use_device(settings.output_device or None)
        self.outputs = DeviceMenu(output_menu, player, runner)
        self.outputs.chosen.connect(self._remember_output)
        does: dict[str, Callable[[], object]] = {
            "audition_join": self.audition_join,
            "loop_selection": self.loop_selection,
            "play_selection": transport.play_selection,
            "shuttle_back": lambda: transport.shuttle(-1),
            "shuttle_pause": transport.pause,
            "shuttle_on": lambda: transport.shuttle(1),
            "follow_playhead": self._follow_or_not,
            "scrub": self._scrub_or_not,
            "match_loudness": self._match_or_not,
        }
        for name, function in does.items():
            commands[name].triggered.connect(lambda _checked=False, do=function: do())
        commands["follow_playhead"].setChecked(settings.follow_playhead)
        commands["scrub"].setChecked(settings.scrub)
        transport.follows = settings.follow_playhead
        self.scrubber.audible = settings.scrub
        transport.course_changed.connect(self._tell_speed)
        transport.playing_changed.connect(self._tell_speed)
        transport.playing_changed.connect(self._tell_gaps)
        self._slow_opening = QTimer(self)
        self._slow_opening.setSingleShot(True)
        self._slow_opening.setInterval(_QUICK_MS)
        self._slow_opening.timeout.connect(self._tell_opening)
        player.opening_changed.connect(self._watch_opening)
        session.document_changed.connect(self.refresh)
        view.selection_changed.connect(self.refresh)
        self.refresh()

    def audition_join(self) -> None:
        """Plays around a join, again and again."""
        if self._transport.audition_join():
            if self._transport.playing:
                words = self.tr(
                    "The join is heard again and again; {stop} stops, {reject} rejects it."
                )
                key = self._commands.key_text
                self.told.emit(words.format(stop=key("play"), reject=key("reject_last_join")))
        else:
            self.told.emit(self.tr("The edit has no join there."))

    def loop_selection(self) -> None:
        """Plays what is selected, again and again."""
        if not self._transport.loop_selection():
            shortest = round(SHORTEST_LOOP_S * 1000)
            self.told.emit(
                self.tr("The selection is too short to be looped; {shortest} ms is the least.")
                .format(shortest=shortest)
            )  # fmt: skip
        elif self._transport.playing:
            words = self.tr("The selection is heard again and again; {stop} stops.")
            self.told.emit(words.format(stop=self._commands.key_text("play")))

    def refresh(self) -> None:
        """Enables what can be done now and says of the rest why it can't."""
        commands = self._commands
        closed = "" if self._session.source is not None else self.tr("Open a recording first.")
        for name in ("shuttle_back", "shuttle_on", "shuttle_pause", "match_loudness"):
            commands.allow(name, closed)
        no_join = "" if len(self._view.joins.positions) else self.tr("The edit has no join yet.")
        commands.allow("audition_join", closed or no_join)
        nothing = "" if self._view.selection is not None else self.tr("Select something first.")
        for name in ("loop_selection", "play_selection"):
            commands.allow(name, closed or nothing)

    def _tell_speed(self) -> None:
        before, self._speed = self._speed, self._transport.speed
        speed = self._speed
        if speed == before or (speed in (0, 1) and before in (0, 1)):
            return
        if speed == 0:
            return
        words = self.tr("Playing at {speed}× speed{way}{pitch}.")
        if speed == 1:
            self.told.emit(self.tr("Playing at its own speed."))
            return
        way = self.tr(", backwards") if speed < 0 else ""
        pitch = ""
        if 1 < speed <= PITCH_KEPT_UP_TO:
            pitch = self.tr("; the pitch is kept")
        elif abs(speed) > 1:
            pitch = self.tr("; the pitch rises with it")
        self.told.emit(words.format(speed=abs(speed), way=way, pitch=pitch))

    def _watch_opening(self, opening: bool) -> None:
        if opening:
            self._slow_opening.start()
        else:
            self._slow_opening.stop()

    def _tell_opening(self) -> None:
        """Says why nothing is heard yet, where that takes long enough to be noticed."""
        self.told.emit(self.tr("Opening the sound output…"))

    def _tell_gaps(self, playing: bool) -> None:
        """Says after playing whether it was heard without gaps; the edit has none of them."""
        underruns = self._player.underruns
        new, self._told_underruns = underruns - self._told_underruns, underruns
        if playing or not new:
            return
        words = self.tr("Playback stuttered {count} times because the machine was busy.")
        if new == 1:
            words = self.tr("Playback stuttered once because the machine was busy.")
        self.told.emit(words.format(count=new) + " " + self.tr("The edit itself is whole."))

    def _follow_or_not(self) -> None:
        on = self._commands["follow_playhead"].isChecked()
        self._transport.follows = self._settings.follow_playhead = on

    def _scrub_or_not(self) -> None:
        on = self._commands["scrub"].isChecked()
        self.scrubber.audible = self._settings.scrub = on

    def _match_or_not(self) -> None:
        self.matching.switch(self._commands["match_loudness"].isChecked())

    def _remember_output(self, device_id: str) -> None:
        self._settings.output_device = device_id
