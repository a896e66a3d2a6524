"""Takes in the window: made, shown, heard, deleted and compared by commands, keys and cards."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from editorbot_gui.generation import Aim
from editorbot_gui.panels.generate_panel import VARIATION_TEMPERATURE
from editorbot_gui.takes.compare_dialog import CompareTakesDialog
from editorbot_gui.takes.strip import TakesStrip
from editorbot_gui.takes.table import TAKE_NAMES
from editorbot_gui.waveform.view_state import Axis

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from editorbot_gui.actions import ActionSet
    from editorbot_gui.generation import Generation
    from editorbot_gui.panels.notice_bar import NoticeBar
    from editorbot_gui.session import Session
    from editorbot_gui.takes.takes import Takes
    from editorbot_gui.transport import Transport
    from model_core.edit.types import Proposal
    from model_core.options import GenerateOptions

_SEVERAL = 4


class TakesDesk(QObject):
    """Does what a person asks of takes.

    Args:
        window: Dialogs belong to it.
        session: The document.
        takes: Its takes.
        generation: Makes proposals.
        transport: Plays.
        commands: The window's actions.
        notice: Says what can be taken back.
        asked: Returns what the controls ask for.
    """

    told = Signal(str)
    """A sentence for the status bar."""

    def __init__(  # the window's parts, each by its name
        self,
        window: QWidget,
        session: Session,
        takes: Takes,
        generation: Generation,
        transport: Transport,
        commands: ActionSet,
        notice: NoticeBar,
        asked: Callable[[], GenerateOptions],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._takes = takes
        self._generation = generation
        self._transport = transport
        self._commands = commands
        self._notice = notice
        self._asked = asked
        self.strip = TakesStrip(takes, session, commands)
        self.strip.cards.show_requested.connect(self.show_take)
        self.strip.cards.drop_requested.connect(self.drop)
        self.strip.cards.compare_requested.connect(self.compare)
        generation.made.connect(takes.note_options)
        generation.put_aside.connect(self._take_aside)
        for name, function in (
            ("four_variations", lambda: self.vary(_SEVERAL)),
            ("compare_takes", self.compare),
        ):
            commands[name].triggered.connect(lambda _checked=False, do=function: do())
        for place, name in enumerate(TAKE_NAMES):
            commands[name].triggered.connect(
                lambda _checked=False, place=place: self._show_place(place)
            )
        session.source_changed.connect(self.refresh)
        takes.changed.connect(self.refresh)
        takes.take_changed.connect(lambda _place: self.refresh())
        takes.current_changed.connect(self.refresh)
        self.refresh()

    def vary(self, count: int = 1) -> None:
        """Begins to make variations. The first one is shown if nothing else is being made.

        Args:
            count: How many; they are made one after the other and become takes.
        """
        for _ in range(count):
            options = self._asked()
            seed = self._takes.next_seed(at_least=options.seed + 1)
            aim = Aim.ASIDE if self._generation.running else Aim.NEW
            self._generation.start(
                replace(options, seed=seed, temperature=VARIATION_TEMPERATURE, sample_style=True),
                self.tr("Variation {number}").format(number=seed),
                aim,
            )

    def show_take(self, number: int) -> None:
        """Makes a take the document's edit and listens to it, at the same place."""
        self._takes.show(number)
        self._transport.listen_to(Axis.EDITED)
        self.refresh()

    def hear(self, number: int, raw_sample: int) -> None:
        """Plays a take from a place of the recording, in samples."""
        self.show_take(number)
        self._transport.seek(Axis.RAW, raw_sample)
        if not self._transport.playing:
            self._transport.toggle_play()

    def offer(self, proposal: Proposal) -> None:
        """Puts a proposal that came late beside the others and offers to show it."""
        take = self._takes.add(proposal)
        self._notice.tell(
            self.tr(
                "The proposed edit is ready, but the document has changed meanwhile. It is the "
                "take “{name}”."
            ).format(name=take.name),
            self.tr("Show it"),
            lambda: self._takes.show(take.number, self.tr("Generate")),
        )

    def drop(self, number: int) -> None:
        """Takes a take away; the strip above the views brings it back."""
        take = self._takes.drop(number)
        if take is not None:
            self._notice.tell(
                self.tr("The take “{name}” was deleted.").format(name=take.name),
                self.tr("Bring it back"),
                lambda: self._takes.bring_back(number),
            )

    def compare(self, number: int = 0) -> None:
        """Shows two takes side by side.

        Args:
            number: The one beside the one that is shown; left out, the next one.
        """
        if len(self._takes.all) < 2:
            return
        all_numbers = [take.number for take in self._takes.all]
        current = self._takes.current
        first = current.number if current is not None else all_numbers[0]
        others = [other for other in all_numbers if other != first]
        later = [other for other in others if other > first]
        second = number if number in others else (later or others)[0]
        self.compare_two(first, second)

    def compare_two(self, first: int, second: int) -> None:
        """Shows two takes side by side, by their numbers."""
        dialog = CompareTakesDialog(
            self._takes, self._session, (first, second), self.hear, self._window
        )
        dialog.show()

    def refresh(self) -> None:
        """Enables what can be done now and names the takes in the menu."""
        takes, commands = self._takes.all, self._commands
        no_recording = (
            "" if self._session.source is not None else self.tr("Open a recording first.")
        )
        commands.allow("four_variations", no_recording)
        commands.allow(
            "compare_takes",
            no_recording
            or ("" if len(takes) > 1 else self.tr("Generate a second take to compare with.")),
        )
        current = self._takes.current
        for place, name in enumerate(TAKE_NAMES):
            action = commands[name]
            action.setVisible(place < len(takes))
            if place >= len(takes):
                commands.allow(name, self.tr("There is no such take yet."))
                continue
            commands.allow(name)
            words = takes[place].name.replace("&", "&&")
            action.setText(f"&{place + 1}  {words}")
            action.setChecked(current is not None and current.number == takes[place].number)

    def _show_place(self, place: int) -> None:
        takes = self._takes.all
        if place < len(takes):
            self.show_take(takes[place].number)

    def _take_aside(self, proposal: Proposal) -> None:
        take = self._takes.add(proposal)
        self.told.emit(self.tr("“{name}” is a take now.").format(name=take.name))
