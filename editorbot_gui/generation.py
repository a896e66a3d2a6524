"""Asking the network for an edit, away from the GUI thread.

The network and its library are loaded here, after the window is up. A recording is encoded once;
the encoding is kept, so that another variation takes only a moment.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, Signal

from editorbot_gui.jobs import Job, JobRunner, Lane
from model_core.progress import part_of

if TYPE_CHECKING:
    from editorbot_gui.session import Session
    from model_core.audio.source import AudioSource
    from model_core.edit.types import Proposal
    from model_core.options import GenerateOptions
    from model_core.progress import CancelToken, Progress

log = logging.getLogger(__name__)

_ENCODING_SHARE = 0.8


class Engine(Protocol):
    """What the window needs of a loaded network; `model_core.infer.Engine` is the real one."""

    @property
    def device_name(self) -> str:
        """Where it computes, for the person: "CPU" for example."""

    def encode(self, source: AudioSource, progress: Progress, cancel: CancelToken) -> Any:  # noqa: ANN401 - opaque
        """Returns what `propose` needs of a recording."""

    def propose(
        self,
        encoding: Any,  # noqa: ANN401 - opaque
        source: AudioSource,
        options: GenerateOptions,
        progress: Progress,
        cancel: CancelToken,
    ) -> Proposal:
        """Returns an edit of a recording."""


def load_bundled_engine() -> Engine:
    """Loads the bundled network; takes seconds, as it imports torch.

    Raises:
        CheckpointError: If it is missing or damaged.
    """
    from editorbot_gui.preload import preload_torch
    from model_core.infer import load_engine as load_real_engine

    preload_torch()
    engine = load_real_engine()
    import torch

    # One core stays free for the window and the sound.
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
    return engine


class EngineLoader:
    """Loads the engine on first use. Used by the jobs of the model lane alone, one at a time.

    Args:
        load: Makes the engine.
    """

    def __init__(self, load: Callable[[], Engine] = load_bundled_engine) -> None:
        self._load = load
        self._engine: Engine | None = None

    def get(self) -> Engine:
        """Returns the engine, loading it unless it is there."""
        if self._engine is None:
            self._engine = self._load()
        return self._engine


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """What one proposal is made from.

    Attributes:
        loader: Gives the engine.
        source: The recording.
        encoding: What an earlier proposal kept of it, or None.
        options: What the person asks for.
    """

    loader: EngineLoader
    source: AudioSource
    encoding: Any
    options: GenerateOptions


@dataclass(frozen=True, slots=True)
class Generated:
    """A proposal, with what a further one can start from.

    Attributes:
        source: The recording.
        encoding: To be kept for it.
        proposal: The edit.
    """

    source: AudioSource
    encoding: Any
    proposal: Proposal


def load_engine(loader: EngineLoader, _cancel: CancelToken, _progress: Progress) -> str:
    """Loads the network; a job function. Returns where it computes."""
    return loader.get().device_name


def generate(request: GenerateRequest, cancel: CancelToken, progress: Progress) -> Generated:
    """Makes a proposal; a job function.

    Raises:
        EditorBotError: If the network can't be loaded, or the recording can't be read any more.
        CancelledError: If the person has changed their mind.
    """
    engine = request.loader.get()
    cancel.raise_if_cancelled()
    encoding, begin = request.encoding, 0.0
    if encoding is None:
        begin = _ENCODING_SHARE
        encoding = engine.encode(request.source, part_of(progress, 0.0, begin), cancel)
    proposal = engine.propose(
        encoding, request.source, request.options, part_of(progress, begin, 1.0), cancel
    )
    return Generated(request.source, encoding, proposal)


class EngineState(Enum):
    """Where the network stands."""

    ABSENT = "absent"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


class Generation(QObject):
    """Loads the network, asks it for edits and brings them to the document.

    Args:
        session: The document.
        runner: Runs the jobs.
        loader: Gives the engine.
        parent: The owner.
    """

    engine_changed = Signal()
    """The network's state is another one."""
    applied = Signal(object)
    """A `Proposal` is the document's edit now."""
    offered = Signal(object)
    """A `Proposal` came after the document had changed; `accept` takes it nevertheless."""
    failed = Signal(object)
    """An exception ended loading or generating."""
    cancelled = Signal()
    """The person has stopped it."""
    running_changed = Signal(bool)
    """Whether a proposal is being made."""

    def __init__(
        self, session: Session, runner: JobRunner, loader: EngineLoader, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._runner = runner
        self._loader = loader
        self._kept: tuple[AudioSource, Any] | None = None
        self._job: Job | None = None
        self.engine_state = EngineState.ABSENT
        self.device_name = ""
        self.load_error: Exception | None = None
        session.source_changed.connect(self._forget_source)

    @property
    def running(self) -> bool:
        """Whether a proposal is being made."""
        return self._job is not None

    def load(self) -> None:
        """Begins to load the network; proposals asked for meanwhile wait for it."""
        self._set_engine_state(EngineState.LOADING)
        self._runner.start(
            Lane.MODEL,
            load_engine,
            self._loader,
            words=self.tr("Loading the model…"),
            on_done=self._take_engine,
            on_failed=self._note_load_failure,
            quiet=True,
        )

    def start(self, options: GenerateOptions, words: str) -> None:
        """Begins to make a proposal for the open recording; nothing happens without one.

        Args:
            options: What the person asks for.
            words: What the undo step is called.
        """
        source = self._session.source
        if source is None or self._job is not None:
            return
        encoding = self._kept[1] if self._kept is not None and self._kept[0] is source else None
        self._job = self._runner.start(
            Lane.MODEL,
            generate,
            GenerateRequest(self._loader, source, encoding, options),
            words=self.tr("Generating an edit…"),
            on_done=lambda generated: self._take_proposal(generated, words),
            on_failed=self._note_failure,
            on_cancelled=self._note_cancel,
            base_revision=self._session.revision,
        )
        self.running_changed.emit(True)

    def accept(self, proposal: Proposal, words: str = "") -> None:
        """Makes a proposal the document's edit, as one undo step."""
        self._session.apply_edit(
            proposal.edit_list, words or self.tr("Generate"), proposal=proposal
        )
        self.applied.emit(proposal)

    def _take_engine(self, device_name: str) -> None:
        self.device_name = device_name
        self.load_error = None
        self._set_engine_state(EngineState.READY)

    def _note_load_failure(self, error: Exception) -> None:
        log.warning("the model can't be loaded: %s", error)
        self.load_error = error
        self._set_engine_state(EngineState.FAILED)

    def _take_proposal(self, generated: Generated, words: str) -> None:
        job = self._end_job()
        if generated.source is not self._session.source:
            return
        self._kept = (generated.source, generated.encoding)
        if self.engine_state is not EngineState.READY:
            self._take_engine(self._loader.get().device_name)
        if job is not None and job.base_revision == self._session.revision:
            self.accept(generated.proposal, words)
        else:
            self.offered.emit(generated.proposal)

    def _note_failure(self, error: Exception) -> None:
        self._end_job()
        self.failed.emit(error)

    def _note_cancel(self) -> None:
        self._end_job()
        self.cancelled.emit()

    def _end_job(self) -> Job | None:
        job, self._job = self._job, None
        self.running_changed.emit(False)
        return job

    def _forget_source(self) -> None:
        """Another recording is open: what was worked out for the old one is of no use."""
        self._kept = None
        if self._job is not None:
            self._runner.cancel(self._job)

    def _set_engine_state(self, state: EngineState) -> None:
        self.engine_state = state
        self.engine_changed.emit()
