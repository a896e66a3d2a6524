"""Asking several networks for an edit of the same recording, and reading edits of the library."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from editorbot_gui.generation import load_bundled_engine
from model_core.edit.coverage import changes_of
from model_core.edit.serialise import dict_to_edit_list
from model_core.errors import EditError
from model_core.files import why_unreadable
from model_core.progress import part_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from editorbot_gui.generation import Engine
    from model_core.audio.source import AudioSource
    from model_core.edit.types import Change, EditList, Proposal
    from model_core.options import GenerateOptions
    from model_core.progress import CancelToken, Progress


@dataclass(frozen=True, slots=True)
class TrialRequest:
    """Which networks to ask for what.

    Attributes:
        source: The recording.
        options: What is asked for.
        models: The networks: what the takes are to be called, and the files.
        load: Loads a network.
    """

    source: AudioSource
    options: GenerateOptions
    models: tuple[tuple[str, Path], ...]
    load: Callable[[Path], Engine] = load_bundled_engine


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it.

    Attributes:
        source: The recording.
        proposals: The edits, with what they are to be called.
    """

    source: AudioSource
    proposals: tuple[tuple[str, Proposal], ...]


def try_models(request: TrialRequest, cancel: CancelToken, progress: Progress) -> Tried:
    """Asks each network for an edit; a job function.

    Raises:
        EditorBotError: A network can't be loaded, or the recording can't be read any more.
        CancelledError: The person has changed their mind.
    """
    made = []
    n = len(request.models)
    for place, (name, path) in enumerate(request.models):
        part = part_of(progress, place / n, (place + 1) / n)
        engine = request.load(path)
        cancel.raise_if_cancelled()
        heard = engine.encode(request.source, part_of(part, 0.0, 0.8), cancel)
        proposal = engine.propose(
            heard, request.source, request.options, part_of(part, 0.8, 1.0), cancel
        )
        made.append((name, proposal))
    return Tried(request.source, tuple(made))


@dataclass(frozen=True, slots=True)
class KnownEdit:
    """An edit of the library.

    Attributes:
        edit_list: The edit.
        n_samples: Length of the recording in samples.
        sample_rate: Its rate in Hz.
        changes: The same as rows of the edits list.
    """

    edit_list: EditList
    n_samples: int
    sample_rate: int
    changes: tuple[Change, ...]


def read_known_edit(path: Path, _cancel: CancelToken, _progress: Progress) -> KnownEdit:
    """Reads the edit out of what is known of a pair of the library; a job function.

    Raises:
        EditError: The file is missing or damaged.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        saved = dict_to_edit_list(values["edit_list"])
        sound = saved.sources[0]
    except OSError as error:
        raise EditError(f"“{path}” can't be read: {why_unreadable(error)}.") from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise EditError(f"“{path}” is damaged.", "Align the pair again.") from error
    changes = changes_of(saved.edit_list, sound.n_samples)
    return KnownEdit(saved.edit_list, sound.n_samples, sound.sample_rate, changes)
