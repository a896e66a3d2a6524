"""Says what a command did where nothing else does, so that the status line always answers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from editorbot_gui.actions import plain
from editorbot_gui.takes.table import TAKE_NAMES
from editorbot_gui.texts import counts_text
from editorbot_gui.waveform.timecode import format_length, format_time
from editorbot_gui.waveform.view_state import Axis

if TYPE_CHECKING:
    from collections.abc import Callable

    from editorbot_gui.actions import ActionSet
    from editorbot_gui.editing.onset_steps import OnsetSteps
    from editorbot_gui.takes.takes import Takes
    from editorbot_gui.transport import Transport
    from editorbot_gui.waveform.view_state import ViewState

_SWITCHES = (
    "snap_zero", "snap_silence", "snap_onset", "snap_beat", "follow_playhead", "scrub",
    "match_loudness", "play_chosen", "spectrogram",
)  # fmt: skip
_THEMES = ("theme_system", "theme_light", "theme_dark")
_ZOOMS = ("zoom_in", "zoom_out", "zoom_fit", "zoom_selection")
_MOVES = ("to_start", "to_end", "previous_segment", "next_segment", "next_unreviewed")
_PLAYS = ("play", "stop", "play_selection", "shuttle_pause", "shuttle_on", "shuttle_back")
_SELECTS = ("select_in", "select_out", "select_all", "select_nothing")
ECHOED = (
    *_SWITCHES, *_THEMES, *_ZOOMS, *_MOVES, *_PLAYS, *_SELECTS, *TAKE_NAMES,
    "ab", "copy", "history",
)  # fmt: skip
"""The commands that are answered here."""


class Echo(QObject):
    """Answers commands whose effect is only seen or heard.

    Args:
        parent: The owner.
    """

    told = Signal(str)
    """A sentence for the status bar."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._has_been_told = False

    def follow(
        self,
        commands: ActionSet,
        view: ViewState,
        transport: Transport,
        takes: Takes,
        onsets: OnsetSteps,
    ) -> None:
        """Answers from now on; called when everything else is connected, so as to come last.

        Args:
            commands: The window's actions.
            view: What the views share.
            transport: Plays the document.
            takes: The takes of the document.
            onsets: Finds where something begins.
        """
        self._commands = commands
        self._view = view
        self._transport = transport
        self._takes = takes
        answers: dict[str, Callable[[], str]] = {
            **{name: partial(self._switched, name) for name in _SWITCHES},
            **{name: partial(self._named, name) for name in _THEMES},
            **dict.fromkeys(_ZOOMS, self._in_view),
            **dict.fromkeys(_MOVES, self._place),
            **dict.fromkeys(_PLAYS, self._playing),
            **dict.fromkeys(_SELECTS, self._selected),
            **dict.fromkeys(TAKE_NAMES, self._take),
            "ab": self._heard,
            "copy": self._copied,
            "history": lambda: self.tr("The history lists every step; Enter goes to one."),
        }
        for name, answer in answers.items():
            commands[name].triggered.connect(
                lambda _checked=False, answer=answer: self._answer(answer)
            )
        onsets.found.connect(lambda *_: self._answer(self._place))

    def hush(self) -> None:
        """Says nothing about the present command, because something else has told more."""
        if not self._has_been_told:
            self._has_been_told = True
            QTimer.singleShot(0, self._listen)

    def _listen(self) -> None:
        self._has_been_told = False

    def _answer(self, answer: Callable[[], str]) -> None:
        if not self._has_been_told and (words := answer()):
            self.told.emit(words)

    # What is said ---------------------------------------------------------------------------------

    def _switched(self, name: str) -> str:
        words = plain(self._commands[name].text())
        if self._commands[name].isChecked():
            return self.tr("{command}: on").format(command=words)
        return self.tr("{command}: off").format(command=words)

    def _named(self, name: str) -> str:
        words = plain(self._commands[name].text())
        return self.tr("Appearance: {choice}").format(choice=words)

    def _in_view(self) -> str:
        axis = self._transport.heard
        start, stop = self._view.visible(axis)
        rate = self._view.sample_rate
        return self.tr("In view: {start} to {stop}").format(
            start=format_time(round(start), rate), stop=format_time(round(stop), rate)
        )

    def _place(self) -> str:
        words = self.tr("At {time} of the recording")
        if self._transport.heard is Axis.EDITED:
            words = self.tr("At {time} of the edit")
        return words.format(time=self._time())

    def _playing(self) -> str:
        edited = self._transport.heard is Axis.EDITED
        if self._transport.playing:
            words = self.tr("Playing the edit from {time}")
            if not edited:
                words = self.tr("Playing the recording from {time}")
        else:
            words = self.tr("Stopped at {time} of the edit")
            if not edited:
                words = self.tr("Stopped at {time} of the recording")
        return words.format(time=self._time())

    def _heard(self) -> str:
        if self._transport.heard is Axis.EDITED:
            return self.tr("You hear the edit.")
        return self.tr("You hear the recording.")

    def _selected(self) -> str:
        selection, rate = self._view.selection, self._view.sample_rate
        if selection is None:
            return self.tr("Nothing is selected.")
        return self.tr("Selected: {length}, from {start} to {stop}").format(
            length=format_length(selection.stop - selection.start, rate),
            start=format_time(selection.start, rate),
            stop=format_time(selection.stop, rate),
        )

    def _copied(self) -> str:
        selection = self._view.selection
        if selection is None:
            return ""
        length = format_length(selection.stop - selection.start, self._view.sample_rate)
        return self.tr("Copied {length}.").format(length=length)

    def _take(self) -> str:
        take = self._takes.current
        if take is None:
            return ""
        return self.tr("Take “{name}”: {changes}, {length}").format(
            name=take.name,
            changes=counts_text(take.changes),
            length=format_length(take.edit_list.length, self._view.sample_rate),
        )

    def _time(self) -> str:
        return format_time(round(self._transport.position), self._view.sample_rate)
