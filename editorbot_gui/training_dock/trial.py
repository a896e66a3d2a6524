"""What another network makes of the open recording, beside what the present one makes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from editorbot_gui.generation import EngineLoader, GenerateRequest, generate
from model_core.edit.locks import Locks
from model_core.progress import part_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from editorbot_gui.generation import Engine
    from model_core.audio.source import AudioSource
    from model_core.edit.types import Proposal
    from model_core.options import GenerateOptions
    from model_core.progress import CancelToken, Progress


@dataclass(frozen=True, slots=True)
class TrialRequest:
    """Which networks to ask for what.

    Attributes:
        source: The recording.
        options: What is asked for.
        present: Gives the network that is in use.
        load_other: Loads the other one.
        fade_ms: Length of the crossfades; None leaves it to the program.
    """

    source: AudioSource
    options: GenerateOptions
    present: EngineLoader
    load_other: Callable[[], Engine]
    fade_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it.

    Attributes:
        source: The recording.
        options: What was asked for.
        present: The edit of the network that is in use.
        other: The edit of the other one.
    """

    source: AudioSource
    options: GenerateOptions
    present: Proposal
    other: Proposal


def plain(options: GenerateOptions) -> GenerateOptions:
    """Returns options that every network understands, without what chance decides."""
    return replace(options, style=None, axes=(), sample_style=False, temperature=0.0, locks=Locks())


def try_network(request: TrialRequest, cancel: CancelToken, progress: Progress) -> Tried:
    """Asks both networks for an edit; a job function.

    Raises:
        EditorBotError: A network can't be loaded, or the recording can't be read any more.
        CancelledError: The person has changed their mind.
    """
    options = plain(request.options)
    proposals = [
        generate(
            GenerateRequest(loader, request.source, options, None, request.fade_ms), cancel, part
        ).proposal
        for loader, part in (
            (request.present, part_of(progress, 0.0, 0.5)),
            (EngineLoader(request.load_other), part_of(progress, 0.5, 1.0)),
        )
    ]
    return Tried(request.source, options, *proposals)
