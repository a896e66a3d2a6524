"""Styles of editing as small files. Free of torch, so that the window can list them."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

from model_core.errors import StyleError
from model_core.files import write_text_atomically
from model_core.targets import NO_TARGETS, Targets
from resources import resource_path

FORMAT = "editorbot-style"
FORMAT_VERSION = 2
"""Version 1 had no targets."""
_MEND = "Choose a file that EditorBot saved as a style."
_MOST_BYTES = 1_000_000
BUNDLED = ("tight", "natural", "gentle", "short", "extended")
"""Names of the styles that come with EditorBot. They are targets alone, for any network."""


@dataclass(frozen=True, slots=True)
class Style:
    """A point in the space of styles of one network, and what edits in it measure.

    Attributes:
        name: What a person calls it.
        values: Its place, of shape `[Z]`; empty for wherever the network is on its own.
        checkpoint_hash: Of the network; a place means something to that network alone. Empty for a
            style without a place, which any network follows.
        targets: What decoding meets.
    """

    name: str
    values: tuple[float, ...]
    checkpoint_hash: str
    targets: Targets = NO_TARGETS

    def __post_init__(self) -> None:
        if not all(math.isfinite(value) for value in self.values):
            raise ValueError("A style is made of finite numbers.")
        if not (self.values or self.targets):
            raise ValueError("A style is a place in a network's space, or targets, or both.")

    @property
    def place(self) -> tuple[float, ...] | None:
        """Where it is, for `GenerateOptions.style`; None for wherever the network is."""
        return self.values or None


def bundled_styles() -> dict[str, Path]:
    """Returns the styles that come with EditorBot, by the names of their files."""
    return {name: resource_path("styles", f"{name}.json") for name in BUNDLED}


def find_style(name: str) -> Path:
    """Returns the file of a style: a bundled one's by its name, else the file of that name.

    Raises:
        StyleError: There is neither.
    """
    path = Path(name)
    bundled = bundled_styles().get(name.lower())
    if bundled is not None and not path.is_file():
        return bundled
    if not path.is_file():
        raise StyleError(
            f"There is no style “{name}”.",
            f"Name a file that EditorBot saved, or one of: {', '.join(BUNDLED)}.",
        )
    return path


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
        "targets": style.targets.to_dict(),
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
        version = int(values["version"])
        if version > FORMAT_VERSION:
            raise StyleError(
                f"{path.name} comes from a newer version of EditorBot.", "Update EditorBot."
            )
        style = Style(
            str(values["name"]),
            tuple(float(value) for value in values["values"]),
            str(values["checkpoint"]),
            Targets.from_dict(values["targets"]) if version > 1 else Targets(),
        )
    except OSError as error:
        raise StyleError(
            f"The style {path.name} can't be read: {error.strerror}.", _MEND
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StyleError(f"{path.name} is not a style of EditorBot.", _MEND) from error
    if checkpoint_hash is not None and style.checkpoint_hash not in ("", checkpoint_hash):
        raise StyleError(
            f"The style “{style.name}” belongs to another model.",
            "Choose that model, or read the style from a finished edit again.",
        )
    return style
