"""Names of models, which are names of files on every system."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

SUFFIX: Final = ".safetensors"
"""What models end in where they are kept."""
EXPORT_SUFFIX: Final = ".editorbot-model"
"""What exported models end in; inside they are the same."""
BUNDLED_NAME: Final = "bundled"
"""How commands call the network that came with the program; no other can be called that."""

_MOST_LETTERS = 60
_MOST_BYTES = 200
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)


def file_stem(name: str) -> str:
    """Returns a name that every system takes for a file, as close to what was written as can be.

    Args:
        name: What was written.

    Returns:
        The name without a suffix; empty where no letter of it is left.
    """
    plain = unicodedata.normalize("NFC", name)
    kept = "".join(letter if letter.isalnum() or letter in " -_()+" else "-" for letter in plain)
    stem = " ".join(kept.split()).strip(" -.")[:_MOST_LETTERS]
    while len(stem.encode()) > _MOST_BYTES:
        stem = stem[:-1]
    stem = stem.strip(" -.")
    return f"{stem}-model" if _RESERVED.fullmatch(stem) else stem


def same_name(one: str, other: str) -> bool:
    """Whether two names can't stand beside each other on every system."""
    return unicodedata.normalize("NFC", one).casefold() == (
        unicodedata.normalize("NFC", other).casefold()
    )


def free_name(wanted: str, taken: Collection[str]) -> str:
    """Returns a name that isn't taken: the wanted one, or that with a number."""
    stem = file_stem(wanted) or "model"
    name, number = stem, 1
    while is_taken(name, taken):
        number += 1
        name = f"{stem} {number}"
    return name


def is_taken(name: str, taken: Collection[str]) -> bool:
    """Whether a name is another's, or the bundled model's."""
    return any(same_name(name, other) for other in (BUNDLED_NAME, *taken))
