"""The edit of a pair of the library, as the aligner or a person has told it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_core.edit.coverage import changes_of
from model_core.edit.serialise import dict_to_edit_list
from model_core.errors import EditError
from model_core.files import why_unreadable

if TYPE_CHECKING:
    from pathlib import Path

    from model_core.edit.types import Change, EditList
    from model_core.progress import CancelToken, Progress


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
    """Reads the edit out of what is known of a pair; a job function.

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
