"""Lets a new model be heard beside the one in use: two takes of the same recording."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from editorbot_gui.generation import EngineLoader, load_bundled_engine
from editorbot_gui.models.trial import Named

if TYPE_CHECKING:
    from editorbot_gui.models.trial import Made, Trial
    from editorbot_gui.session import Session
    from editorbot_gui.takes.desk import TakesDesk


@dataclass(frozen=True, slots=True)
class Hearable:
    """A model that is to be heard.

    Attributes:
        model: Its file.
        is_in_use: Whether it makes the edits already, so that it is heard beside the bundled one.
        recording: What to open if nothing is open; None for nothing.
    """

    model: Path
    is_in_use: bool = False
    recording: Path | None = None


class Hearing(QObject):
    """Makes the two takes.

    Args:
        session: The document.
        trial: Makes them.
        in_use: Gives the network that makes the edits.
        desk: Shows one of them.
        parent: The owner.
    """

    told = Signal(str)
    """A sentence for the status bar."""
    open_requested = Signal(object)
    """A recording is to be opened first; carries its `Path`."""

    def __init__(
        self,
        session: Session,
        trial: Trial,
        in_use: EngineLoader,
        desk: TakesDesk,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._trial = trial
        self._in_use = in_use
        self._desk = desk
        self._waiting: Hearable | None = None
        session.source_changed.connect(self._go_on)

    def hear(self, what: Hearable) -> None:
        """Begins to make the takes, or to open a recording first."""
        if self._session.source is not None:
            self._try(what)
        elif what.recording is not None:
            self._waiting = what
            self.open_requested.emit(what.recording)
        else:
            self.told.emit(self.tr("Open a recording first."))

    def _go_on(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and self._session.path == waiting.recording:
            self._try(waiting)

    def _try(self, what: Hearable) -> None:
        if what.is_in_use:
            first = Named(self.tr("Bundled model"), EngineLoader(load_bundled_engine))
            second = Named(what.model.stem, self._in_use)
        else:
            first = Named(self.tr("Model in use"), self._in_use)
            new = EngineLoader(partial(load_bundled_engine, what.model))
            second = Named(what.model.stem, new)
        self._trial.start(first, second, partial(self._take, first.name, second.name))

    def _take(self, before: str, name: str, made: Made) -> None:
        self._desk.show_take(made.second)
        words = self.tr("Two takes: “{before}” and “{name}”. Switch between them by number.")
        if made.are_alike:
            words = self.tr("Here “{name}” makes the same edit as “{before}”.")
        self.told.emit(words.format(before=before, name=name))
