"""JSON files of a library: objects, readable by people, whatever letters a name has."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from model_core.files import why_unreadable, write_text_atomically
from training.library.errors import LibraryError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MOST_BYTES = 256 * 2**20


def read_object(path: Path) -> dict[str, Any]:
    """Reads a JSON file that holds an object.

    Raises:
        LibraryError: It is missing, unreadable or something else.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise LibraryError(f"“{path}” can't be read: {why_unreadable(error)}.") from error
    try:
        values: object = json.loads(data[:_MOST_BYTES].decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise LibraryError(f"“{path}” is damaged: it is not JSON text.") from error
    if not isinstance(values, dict):
        raise LibraryError(f"“{path}” is damaged: it holds no JSON object.")
    return values


def write_object(path: Path, values: Mapping[str, Any]) -> None:
    """Writes a JSON file whole, or not at all.

    Raises:
        FileWriteError: It can't be written.
    """
    write_text_atomically(path, to_text(values, indent=2) + "\n")


def to_text(values: Mapping[str, Any], indent: int | None = None) -> str:
    """Returns an object as JSON text that every encoding of Unicode can hold."""
    text = json.dumps(values, ensure_ascii=False, allow_nan=False, indent=indent)
    # Undecodable bytes of a file name arrive as lone surrogates, which only escapes can hold.
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)
