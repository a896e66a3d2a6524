"""What two networks make of the open recording: a take of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, Signal

from editorbot_gui.generation import GenerateRequest, as_usual, generate
from editorbot_gui.jobs import Lane
from model_core.edit.locks import Locks
from model_core.progress import part_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from editorbot_gui.generation import EngineLoader, Generation
    from editorbot_gui.jobs import JobRunner
    from editorbot_gui.session import Session
    from editorbot_gui.takes.takes import Takes
    from model_core.audio.source import AudioSource
    from model_core.edit.types import Proposal
    from model_core.options import GenerateOptions
    from model_core.progress import CancelToken, Progress


class Named(NamedTuple):
    """A network that is tried.

    Attributes:
        name: What its take is called.
        loader: Gives it.
    """

    name: str
    loader: EngineLoader


class Made(NamedTuple):
    """What came of it.

    Attributes:
        first: Number of the first network's take.
        second: Number of the second one's.
        are_alike: Whether both make the same edit.
    """

    first: int
    second: int
    are_alike: bool


@dataclass(frozen=True, slots=True)
class TrialRequest:
    """Which networks to ask for what.

    Attributes:
        source: The recording.
        options: What is asked for.
        loaders: Give the networks.
        fade_ms: Length of the crossfades; None leaves it to the program.
    """

    source: AudioSource
    options: GenerateOptions
    loaders: tuple[EngineLoader, EngineLoader]
    fade_ms: int | None = None


def plain(options: GenerateOptions) -> GenerateOptions:
    """Returns options that every network understands, without what chance decides."""
    return replace(options, style=None, axes=(), sample_style=False, temperature=0.0, locks=Locks())


def try_networks(
    request: TrialRequest, cancel: CancelToken, progress: Progress
) -> tuple[Proposal, Proposal]:
    """Asks both networks for an edit; a job function.

    Raises:
        EditorBotError: A network can't be loaded, or the recording can't be read any more.
        CancelledError: The person has changed their mind.
    """
    first, second = (
        generate(
            GenerateRequest(loader, request.source, request.options, None, request.fade_ms),
            cancel,
            part_of(progress, begun, begun + 0.5),
        ).proposal
        for loader, begun in zip(request.loaders, (0.0, 0.5), strict=True)
    )
    return first, second


class Trial(QObject):
    """Makes the takes, in the background.

    Args:
        session: The document.
        runner: Runs the job.
        generation: Knows how edits are made usually.
        takes: Gets the takes.
        asked: Returns what the controls ask for.
        parent: The owner.
    """

    told = Signal(str)
    """A sentence for the status bar."""
    failed = Signal(object)
    """An exception ended the job."""

    def __init__(
        self,
        session: Session,
        runner: JobRunner,
        generation: Generation,
        takes: Takes,
        asked: Callable[[], GenerateOptions],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._runner = runner
        self._generation = generation
        self._takes = takes
        self._asked = asked

    def start(self, first: Named, second: Named, then: Callable[[Made], None]) -> None:
        """Begins to ask two networks, if a recording is open.

        Args:
            first: One network.
            second: The other.
            then: Called once both takes are there.
        """
        source = self._session.source
        if source is None:
            return
        request = TrialRequest(
            source,
            plain(as_usual(self._asked(), self._generation.usual)),
            (first.loader, second.loader),
            self._generation.fade_ms,
        )
        names = (first.name, second.name)
        self._runner.start(
            Lane.MODEL,
            try_networks,
            request,
            words=self.tr("Editing with both models…"),
            on_done=partial(self._take, request, names, then),
            on_failed=self.failed.emit,
            on_cancelled=lambda: self.told.emit(self.tr("Cancelled; nothing has changed.")),
        )

    def _take(
        self,
        request: TrialRequest,
        names: tuple[str, str],
        then: Callable[[Made], None],
        proposals: tuple[Proposal, Proposal],
    ) -> None:
        if request.source is not self._session.source:
            self.told.emit(self.tr("Another recording is open by now; nothing was changed."))
            return
        first, second = proposals
        numbers = []
        for proposal, name in zip(proposals, names, strict=True):
            self._takes.note_options(proposal, request.options)
            numbers.append(self._takes.add(proposal, name).number)
        then(Made(numbers[0], numbers[1], first.edit_list == second.edit_list))
