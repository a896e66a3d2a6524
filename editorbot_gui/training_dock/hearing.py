"""Lets a new model be heard beside the one in use: two takes of the same recording."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from editorbot_gui.generation import EngineLoader, as_usual, load_bundled_engine
from editorbot_gui.jobs import Lane
from editorbot_gui.training_dock.trial import TrialRequest, try_network

if TYPE_CHECKING:
    from collections.abc import Callable

    from editorbot_gui.generation import Generation
    from editorbot_gui.jobs import JobRunner
    from editorbot_gui.session import Session
    from editorbot_gui.takes.desk import TakesDesk
    from editorbot_gui.takes.takes import Takes
    from editorbot_gui.training_dock.trial import Tried
    from model_core.edit.types import Proposal
    from model_core.options import GenerateOptions


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
        runner: Runs the job.
        generation: Has the network that is in use.
        takes: Gets the takes.
        desk: Shows one of them.
        asked: Returns what the controls ask for.
        parent: The owner.
    """

    told = Signal(str)
    """A sentence for the status bar."""
    failed = Signal(object)
    """An exception ended the job."""
    open_requested = Signal(object)
    """A recording is to be opened first; carries its `Path`."""

    def __init__(  # the window's parts, each by its name
        self,
        session: Session,
        runner: JobRunner,
        generation: Generation,
        takes: Takes,
        desk: TakesDesk,
        asked: Callable[[], GenerateOptions],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._runner = runner
        self._generation = generation
        self._takes = takes
        self._desk = desk
        self._asked = asked
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
        source = self._session.source
        if source is None:
            return
        in_use = self._generation.loader
        request = TrialRequest(
            source,
            as_usual(self._asked(), self._generation.usual),
            EngineLoader(load_bundled_engine) if what.is_in_use else in_use,
            in_use.get if what.is_in_use else partial(load_bundled_engine, what.model),
            self._generation.fade_ms,
        )
        self._runner.start(
            Lane.MODEL,
            try_network,
            request,
            words=self.tr("Editing with both models…"),
            on_done=partial(self._take, what),
            on_failed=self.failed.emit,
            on_cancelled=lambda: self.told.emit(self.tr("Cancelled; nothing has changed.")),
        )

    def _take(self, what: Hearable, tried: Tried) -> None:
        if tried.source is not self._session.source:
            self.told.emit(self.tr("Another recording is open by now; nothing was changed."))
            return
        name, before = what.model.stem, self.tr("Model in use")
        if what.is_in_use:
            before = self.tr("Bundled model")
        self._add(tried.present, tried.options, before)
        self._desk.show_take(self._add(tried.other, tried.options, name))
        words = self.tr("Two takes: “{before}” and “{name}”. Switch between them by number.")
        if tried.present.edit_list == tried.other.edit_list:
            words = self.tr("Here “{name}” makes the same edit as “{before}”.")
        self.told.emit(words.format(before=before, name=name))

    def _add(self, proposal: Proposal, options: GenerateOptions, name: str) -> int:
        self._takes.note_options(proposal, options)
        return self._takes.add(proposal, name).number
