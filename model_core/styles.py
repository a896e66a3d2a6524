"""Styles of editing as small files. Free of torch, so that the window can list them."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_core.errors import StyleError
from model_core.files import write_text_atomically

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = "editorbot-style"
FORMAT_VERSION = 1
_MEND = "Choose a file that EditorBot saved as a style."
_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Style:
    """A point in the space of styles of one network.

    Attributes:
        name: What a person calls it.
        values: Its place, of shape `[Z]`.
        checkpoint_hash: Of the network; a style means something to that network alone.
    """

    name: str
    values: tuple[float, ...]
    checkpoint_hash: str

    def __post_init__(self) -> None:
        if not self.values or not all(math.isfinite(value) for value in self.values):
            raise ValueError("A style is one or more finite numbers.")


def write_style(path: Path, style: Style) -> None:
    """Writes a style, whole or not at all.

    Raises:
        FileWriteError: It can't be written.
    """
    values = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "name": style.name,
        "checkpoint": style.checkpoint_hash,
        "values": style.values,
    }
    write_text_atomically(path, json.dumps(values, indent=1, ensure_ascii=False) + "\n")


def read_style(path: Path, checkpoint_hash: str | None = None) -> Style:
    """Reads a style.

    Args:
        path: The file.
        checkpoint_hash: Of the network that is to use it; None takes any.

    Raises:
        StyleError: The file is missing or no style, or another network's.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError("too large")
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["format"] != FORMAT:
            raise ValueError(values["format"])
        if int(values["version"]) > FORMAT_VERSION:
            raise StyleError(
                f"{path.name} comes from a newer version of EditorBot.", "Update EditorBot."
            )
        style = Style(
            str(values["name"]),
            tuple(float(value) for value in values["values"]),
            str(values["checkpoint"]),
        )
    except OSError as error:
        raise StyleError(
            f"The style {path.name} can't be read: {error.strerror}.", _MEND
        ) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StyleError(f"{path.name} is not a style of EditorBot.", _MEND) from error
    if checkpoint_hash is not None and style.checkpoint_hash != checkpoint_hash:
        raise StyleError(
            f"The style “{style.name}” belongs to another model.",
            "Choose that model, or read the style from a finished edit again.",
        )
    return style
