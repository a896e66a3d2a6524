"""Reading JSON that may come from anywhere: each value is checked, and errors name its place.

A place is written as `items[3].stop`; `where` is the part before the last dot, empty at the top.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

from model_core.errors import EditError
from model_core.files import AnyPath, why_unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_Read = TypeVar("_Read")

_MAX_BYTES: Final = 256 * 2**20
_SHOWN_LETTERS: Final = 40


def read_json(path: AnyPath) -> object:
    """Returns the values in a JSON file of at most 256 MB.

    Raises:
        EditError: The file can't be read, or is no JSON.
    """
    return parse_json(read_bytes(path), path, "an edit list")


def read_bytes(path: AnyPath) -> bytes:
    """Returns the bytes of a file, of which `parse_json` refuses more than 256 MB.

    Raises:
        EditError: The file can't be read.
    """
    try:
        with Path(path).open("rb") as file:
            return file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise EditError(f"“{path}” can't be read: {why_unreadable(error)}.") from error
    except ValueError as error:  # a null character in the path
        raise EditError(f"“{path}” can't be read: {error}.") from error


def parse_json(data: bytes, path: AnyPath, kind: str) -> object:
    """Returns the values in the bytes of a JSON file.

    Args:
        data: The bytes.
        path: The file, for errors.
        kind: What it should be, for errors: "an edit list".

    Raises:
        EditError: It is no JSON, or too large.
    """
    if len(data) > _MAX_BYTES:
        raise EditError(f"“{path}” is too large to be {kind}.")
    try:
        values: object = json.loads(data.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise EditError(f"“{path}” is not {kind}: it is not JSON text.") from error
    return values


def check_keys(
    value: Mapping[str, object], where: str, needed: Sequence[str], informative: Sequence[str]
) -> None:
    """Checks that an object has every needed key, no unknown one, and numbers for information.

    Raises:
        EditError: It has not.
    """
    for key in needed:
        if key not in value:
            raise EditError(f"{where or 'It'} has no “{key}”.")
    for key in value:
        if key in informative:
            number(value, key, where)
        elif key not in needed:
            raise EditError(f"{where or 'It'} has an unknown “{shown(key)}”.")


def each(
    document: Mapping[str, object], key: str, read: Callable[[Mapping[str, object], str], _Read]
) -> list[_Read]:
    """Reads every object of a list with a function that is told where it stands.

    Raises:
        EditError: It is no list of objects, or one of them is refused by `read`.
    """
    values = document.get(key)
    if not isinstance(values, list):
        raise EditError(f"{key} is not a list.")
    results: list[_Read] = []
    for index, value in enumerate(values):
        where = f"{key}[{index}]"
        if not isinstance(value, dict):
            raise EditError(f"{where} is not an object.")
        results.append(read(value, where))
    return results


def whole(value: Mapping[str, object], key: str, where: str, lowest: int, highest: int) -> int:
    """Returns a whole number of an object, or raises `EditError`."""
    count = value.get(key)
    # True is an int to Python; 3.0 is none, for samples are counted, not measured.
    if isinstance(count, bool) or not isinstance(count, int) or not lowest <= count <= highest:
        raise EditError(f"{_place(where, key)} is not a whole number from {lowest} to {highest}.")
    return count


def number(value: Mapping[str, object], key: str, where: str) -> float:
    """Returns a number of an object, whole or not, or raises `EditError`."""
    content = value.get(key)
    if isinstance(content, bool) or not isinstance(content, int | float):
        raise EditError(f"{_place(where, key)} is not a number.")
    return content


def text(value: Mapping[str, object], key: str, where: str) -> str:
    """Returns a text of an object, or raises `EditError`."""
    content = value.get(key)
    if not isinstance(content, str):
        raise EditError(f"{_place(where, key)} is not text.")
    return content


def shown(content: str) -> str:
    """Returns a text from a file as it may stand in a sentence: short and printable."""
    short = content[:_SHOWN_LETTERS]
    return short if short.isprintable() else ascii(short)[1:-1]


def _place(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
