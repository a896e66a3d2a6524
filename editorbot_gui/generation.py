"""Asking the network for an edit, away from the GUI thread.

The network and its library are loaded here, after the window is up. A recording is encoded once;
the encoding is kept, so that another variation takes only a moment.
"""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, Signal

from editorbot_gui.computing import usable_device
from editorbot_gui.jobs import Job, JobRunner, Lane
from model_core.edit.decided import decided, decisions, with_decisions
from model_core.edit.new_fades import with_new_fades
from model_core.edit.types import EditList
from model_core.progress import part_of
from model_core.targets import AXES, NO_TARGETS, TIGHTNESS

if TYPE_CHECKING:
    from pathlib import Path

    from editorbot_gui.session import Session
    from model_core.audio.source import AudioSource
    from model_core.edit.locks import Range
    from model_core.edit.types import Change, Proposal
    from model_core.options import GenerateOptions
    from model_core.progress import CancelToken, Progress
    from model_core.styles import Style
    from model_core.targets import Targets

log = logging.getLogger(__name__)

_ENCODING_SHARE = 0.8


class Engine(Protocol):
    """What the window needs of a loaded network; `model_core.infer.Engine` is the real one."""

    @property
    def device_name(self) -> str:
        """Where it computes, for the person: "CPU" for example."""

    @property
    def checkpoint_sha256(self) -> str:
        """Tells this network from others; empty where it isn't known."""

    @property
    def card(self) -> Any:  # noqa: ANN401 - a `Card`, whose module imports what starting must not
        """What the network says of itself."""

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

    def preview(
        self,
        encoding: Any,  # noqa: ANN401 - opaque
        options: GenerateOptions,
        start: int,
        stop: int,
    ) -> tuple[Range, ...]:
        """Returns what is kept of a part of a recording, in samples."""

    def read_style(
        self, source: AudioSource, edit_list: EditList, progress: Progress, cancel: CancelToken
    ) -> Style:
        """Returns the style in which a recording was edited; it has no name yet."""


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What the window tells and asks of a loaded network.

    Attributes:
        device_name: Where it computes, for the person.
        checkpoint_hash: Tells it from other networks.
        axes: Names of the directions in which styles differ, without that of the pauses.
        reads_styles: Whether it can tell the style of a finished edit.
    """

    device_name: str = ""
    checkpoint_hash: str = ""
    axes: tuple[str, ...] = ()
    reads_styles: bool = False


def facts_of(engine: Engine) -> EngineFacts:
    """Returns what the window needs to know of a network."""
    space = engine.card.style_space
    others = (
        [axis.name for axis in space.axes if axis.name not in AXES] if space is not None else []
    )
    return EngineFacts(
        engine.device_name,
        engine.checkpoint_sha256,
        # Tightness has a slider of its own, which sets it; a second one would only move it.
        tuple(name for name in (*AXES, *others) if name != TIGHTNESS),
        bool(engine.card.config.use_style_vae),
    )


def load_bundled_engine(path: Path | None = None) -> Engine:
    """Loads the bundled network; takes seconds, as it imports torch.

    Args:
        path: The checkpoint of another network, to load that one.

    Raises:
        CheckpointError: If it is missing, damaged or foreign.
    """
    from editorbot_gui.preload import preload_torch
    from model_core.infer import load_engine as load_real_engine

    preload_torch()
    engine = load_real_engine(path, usable_device())
    import torch

    # One core stays free for the window and the sound.
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
    # The libraries' million objects stay. Looking through them for garbage would hold the
    # interpreter for a sixth of a second now and then, which is heard as a gap in playback.
    gc.freeze()
    return engine


class EngineLoader:
    """Loads the engine on first use, and keeps how it heard the recording that is open.

    Used by the jobs of the model lane alone, one at a time; only `forget` is for the window.

    Args:
        load: Makes the engine.
    """

    def __init__(self, load: Callable[[], Engine] = load_bundled_engine) -> None:
        self._load = load
        self._engine: Engine | None = None
        self._kept: tuple[AudioSource, Any] | None = None

    def get(self) -> Engine:
        """Returns the engine, loading it unless it is there."""
        if self._engine is None:
            self._engine = self._load()
        return self._engine

    def switch(self, load: Callable[[], Engine]) -> Engine:
        """Loads another engine in the place of this one, which stays if that fails.

        Args:
            load: Makes the engine.
        """
        self._engine = load()
        self._load = load
        self._kept = None
        return self._engine

    @property
    def load(self) -> Callable[[], Engine]:
        """Makes the engine that is there, or another one like it."""
        return self._load

    def prefer(self, load: Callable[[], Engine]) -> None:
        """Has another engine be loaded on first use; the usual one only, and before that."""
        if self._engine is None and self._load is load_bundled_engine:
            self._load = load

    def follow(self, load: Callable[[], Engine]) -> None:
        """Has the engine that is there be made otherwise next time: its file is elsewhere now."""
        self._load = load

    def has_heard(self, source: AudioSource) -> bool:
        """Whether the encoding of a recording is there."""
        kept = self._kept
        return kept is not None and kept[0] is source

    def encoding(self, source: AudioSource, progress: Progress, cancel: CancelToken) -> Any:  # noqa: ANN401 - opaque
        """Returns the encoding of a recording, made unless it is that of the last call.

        Raises:
            EditorBotError: The network can't be loaded, or the recording can't be read any more.
            CancelledError: The person has changed their mind.
        """
        kept = self._kept
        if kept is not None and kept[0] is source:
            return kept[1]
        self._kept = None
        encoding = self.get().encode(source, progress, cancel)
        cancel.raise_if_cancelled()
        self._kept = (source, encoding)
        return encoding

    def forget(self) -> None:
        """Lets the encoding go, because another recording is open."""
        self._kept = None


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """What one proposal is made from.

    Attributes:
        loader: Gives the engine.
        source: The recording.
        options: What the person asks for.
        before: The edit whose decided changes are kept, with all its changes; None keeps nothing.
        fade_ms: Length of the crossfades; None leaves it to the program.
    """

    loader: EngineLoader
    source: AudioSource
    options: GenerateOptions
    before: tuple[EditList, tuple[Change, ...]] | None = None
    fade_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Generated:
    """A proposal, and what it is made of.

    Attributes:
        source: The recording.
        proposal: The edit.
    """

    source: AudioSource
    proposal: Proposal


def load_engine(loader: EngineLoader, _cancel: CancelToken, _progress: Progress) -> EngineFacts:
    """Loads the network; a job function. Returns what is known of it."""
    return facts_of(loader.get())


@dataclass(frozen=True, slots=True)
class SwitchRequest:
    """Which engine to use from now on.

    Attributes:
        loader: Keeps it.
        load: Makes it.
    """

    loader: EngineLoader
    load: Callable[[], Engine]


def switch_engine(request: SwitchRequest, _cancel: CancelToken, _progress: Progress) -> EngineFacts:
    """Loads another network in the place of the one that is there; a job function.

    Raises:
        CheckpointError: If it can't be loaded; the one that is there stays.
    """
    return facts_of(request.loader.switch(request.load))


def generate(request: GenerateRequest, cancel: CancelToken, progress: Progress) -> Generated:
    """Makes a proposal; a job function.

    Raises:
        EditorBotError: If the network can't be loaded, or the recording can't be read any more.
        CancelledError: If the person has changed their mind.
    """
    engine = request.loader.get()
    cancel.raise_if_cancelled()
    source, options = request.source, request.options
    kept = None
    if request.before is not None:
        kept = decided(*request.before, source.n_samples, source.sample_rate)
        options = replace(options, locks=kept.locks)
    begin = 0.0 if request.loader.has_heard(request.source) else _ENCODING_SHARE
    encoding = request.loader.encoding(source, part_of(progress, 0.0, begin), cancel)
    proposal = engine.propose(encoding, source, options, part_of(progress, begin, 1.0), cancel)
    if kept is not None:
        proposal = with_decisions(proposal, kept, source.n_samples)
    if request.fade_ms is not None:
        length = round(request.fade_ms / 1000 * source.sample_rate)
        faded = with_new_fades(EditList(), proposal.edit_list, length)
        proposal = replace(proposal, edit_list=faded)
    return Generated(source, proposal)


def as_usual(options: GenerateOptions, usual: Targets) -> GenerateOptions:
    """Returns options that ask for what is usual, where neither a style nor chance decides it."""
    free = options.targets is None and options.style is None and not options.sample_style
    return replace(options, targets=usual) if usual and free else options


class EngineState(Enum):
    """Where the network stands."""

    ABSENT = "absent"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


class Aim(Enum):
    """What becomes of a proposal."""

    NEW = auto()
    """The document's edit, as a new take."""
    CURRENT = auto()
    """The document's edit, as another state of the take that is current."""
    ASIDE = auto()
    """A take to choose later; the document stays as it is."""


@dataclass(eq=False, slots=True)
class _Asked:
    """A proposal that is being made.

    Attributes:
        options: What the person asks for.
        words: What the undo step is called.
        aim: What becomes of it.
        job: The job that makes it.
        superseded: Whether it was stopped because something else is asked for now.
    """

    options: GenerateOptions
    words: str
    aim: Aim
    job: Job | None = None
    superseded: bool = False


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
    made = Signal(object, object)
    """A `Proposal` was made of `GenerateOptions`; what becomes of it is told next."""
    applied = Signal(object)
    """A `Proposal` is the document's edit now."""
    put_aside = Signal(object)
    """A `Proposal` is there to be chosen; the document is as it was."""
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
        self._keeps_decided = True
        self.fade_ms: int | None = None
        self.usual = NO_TARGETS
        self._asked: list[_Asked] = []
        self.engine_state = EngineState.ABSENT
        self.facts = EngineFacts()
        self.load_error: Exception | None = None
        session.source_changed.connect(self._forget_source)

    @property
    def running(self) -> bool:
        """Whether a proposal is being made."""
        return bool(self._asked)

    @property
    def makes_new(self) -> bool:
        """Whether what is being made is to become the document's edit, as a new take."""
        return any(asked.aim is Aim.NEW for asked in self._asked)

    @property
    def loader(self) -> EngineLoader:
        """Gives the engine to the jobs of the model lane."""
        return self._loader

    @property
    def device_name(self) -> str:
        """Where the network computes, for the person."""
        return self.facts.device_name

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

    def use(
        self,
        load: Callable[[], Engine],
        on_done: Callable[[], None],
        on_failed: Callable[[Exception], None],
    ) -> None:
        """Begins to load another network for all that is asked for from now on.

        Args:
            load: Makes the engine.
            on_done: Called when it is the one.
            on_failed: Called with what hindered it; the one that was there stays.
        """

        def take(facts: EngineFacts) -> None:
            self._take_engine(facts)
            on_done()

        self._runner.start(
            Lane.MODEL,
            switch_engine,
            SwitchRequest(self._loader, load),
            words=self.tr("Loading the model…"),
            on_done=take,
            on_failed=on_failed,
        )

    def start(self, options: GenerateOptions, words: str, aim: Aim = Aim.NEW) -> None:
        """Begins to make a proposal for the open recording; nothing happens without one.

        Proposals are made one after the other. What was asked of the current take before and is
        not there yet is not wanted any more.

        Args:
            options: What the person asks for.
            words: What the undo step is called.
            aim: What becomes of the proposal.
        """
        source = self._session.source
        if source is None:
            return
        if aim is Aim.CURRENT:
            for earlier in tuple(self._asked):
                if earlier.aim is aim and earlier.job is not None:
                    earlier.superseded = True
                    self._runner.cancel(earlier.job)
        asked = _Asked(options, words, aim)
        self._asked.append(asked)
        asked.job = self._runner.start(
            Lane.MODEL,
            generate,
            GenerateRequest(
                self._loader, source, as_usual(options, self.usual), self._before(), self.fade_ms
            ),
            words=self.tr("Generating an edit…"),
            on_done=lambda generated: self._take_proposal(generated, asked),
            on_failed=lambda error: self._note_failure(error, asked),
            on_cancelled=lambda: self._note_cancel(asked),
            base_revision=self._session.revision,
        )
        self.running_changed.emit(True)

    def keep_decided(self, wanted: bool) -> None:
        """Has the next proposals be bound by what the person has decided of the edit, or not."""
        self._keeps_decided = wanted

    def _before(self) -> tuple[EditList, tuple[Change, ...]] | None:
        session = self._session
        if not self._keeps_decided or not decisions(session.changes):
            return None
        return session.edit_list, session.changes

    def accept(self, proposal: Proposal, words: str = "", aim: Aim = Aim.NEW) -> None:
        """Makes a proposal the document's edit, as one undo step."""
        self._session.apply_edit(
            proposal.edit_list,
            words or self.tr("Generate"),
            proposal=proposal,
            take=None if aim is Aim.CURRENT else self._session.new_take(),
        )
        self.applied.emit(proposal)

    def _take_engine(self, facts: EngineFacts) -> None:
        self.facts = facts
        self.load_error = None
        self._set_engine_state(EngineState.READY)

    def _note_load_failure(self, error: Exception) -> None:
        log.warning("the model can't be loaded: %s", error)
        self.load_error = error
        self._set_engine_state(EngineState.FAILED)

    def _take_proposal(self, generated: Generated, asked: _Asked) -> None:
        self._end(asked)
        if generated.source is not self._session.source:
            return
        if self.engine_state is not EngineState.READY:
            self._take_engine(facts_of(self._loader.get()))
        proposal = generated.proposal
        self.made.emit(proposal, asked.options)
        if asked.aim is Aim.ASIDE:
            self.put_aside.emit(proposal)
        elif asked.job is not None and asked.job.base_revision == self._session.revision:
            self.accept(proposal, asked.words, asked.aim)
        else:
            self.offered.emit(proposal)

    def _note_failure(self, error: Exception, asked: _Asked) -> None:
        self._end(asked)
        # What hinders one would hinder those that wait; it is told once.
        self._give_up()
        self.failed.emit(error)

    def _note_cancel(self, asked: _Asked) -> None:
        self._end(asked)
        if not asked.superseded:
            self._give_up()  # who stops one of several means them all
            self.cancelled.emit()

    def _end(self, asked: _Asked) -> None:
        self._asked.remove(asked)
        if not self._asked:
            self.running_changed.emit(False)

    def _give_up(self) -> None:
        for asked in tuple(self._asked):
            if asked.job is not None:
                asked.superseded = True
                self._runner.cancel(asked.job)

    def _forget_source(self) -> None:
        """Another recording is open: what was worked out for the old one is of no use."""
        self._loader.forget()
        self._give_up()

    def _set_engine_state(self, state: EngineState) -> None:
        self.engine_state = state
        self.engine_changed.emit()
