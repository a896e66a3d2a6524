"""Versions and licences of what EditorBot stands on, from the packages themselves."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import PackageMetadata

    from model_core.progress import CancelToken, Progress

_ROOT = Path(__file__).resolve().parents[1]
_DISTRIBUTION = "editorbot"
_LONGEST_LICENCE = 60
_CLASSIFIER = "License :: OSI Approved :: "
THIRD_PARTY = "THIRD_PARTY.md"
LICENCE = "LICENSE"


@dataclass(frozen=True, slots=True)
class Library:
    """A library that is installed beside EditorBot.

    Attributes:
        name: As its makers call the package.
        version: As installed.
        licence: As the package says; empty if it says nothing.
    """

    name: str
    version: str
    licence: str


@dataclass(frozen=True, slots=True)
class Credits:
    """What the About dialog shows.

    Attributes:
        python: Version of Python.
        system: The operating system.
        libraries: What EditorBot asks for, in alphabetical order.
        third_party: The page about the material of others, as Markdown; empty if it is missing.
        licence: EditorBot's own licence; empty if it is missing.
    """

    python: str
    system: str
    libraries: tuple[Library, ...]
    third_party: str
    licence: str


def read_credits(_request: None, _cancel: CancelToken, _progress: Progress) -> Credits:
    """Reads what there is to say of licences; a job function."""
    return Credits(
        platform.python_version(),
        f"{platform.system()} {platform.release()}".strip(),
        libraries(),
        legal_text(THIRD_PARTY),
        legal_text(LICENCE),
    )


def libraries() -> tuple[Library, ...]:
    """Returns the libraries that EditorBot asks for and that are installed."""
    found = []
    for name in sorted(dependencies(), key=str.lower):
        try:
            metadata = importlib.metadata.metadata(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        found.append(Library(metadata["Name"], metadata["Version"], licence_of(metadata)))
    return tuple(found)


def dependencies() -> tuple[str, ...]:
    """Returns the names of the packages that EditorBot asks for, without the optional ones."""
    try:
        project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        wanted = project["dependencies"] if project["name"] == _DISTRIBUTION else []
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        wanted = []
    if not wanted:
        try:
            wanted = importlib.metadata.requires(_DISTRIBUTION) or []
        except importlib.metadata.PackageNotFoundError:
            wanted = []
    names = (re.match(r"[\w.-]+", line) for line in wanted if "extra ==" not in line)
    return tuple(name.group() for name in names if name is not None)


def licence_of(metadata: PackageMetadata) -> str:
    """Returns a package's licence in a few words, from whichever field it uses."""
    fields = metadata.json
    expression = str(fields.get("license_expression") or "")
    if expression:
        return expression
    words = str(fields.get("license") or "").strip()
    if words and len(words) <= _LONGEST_LICENCE and "\n" not in words:
        return words
    # Some put the whole text of their licence into that field.
    names = [
        line.removeprefix(_CLASSIFIER)
        for line in fields.get("classifier") or []
        if line.startswith(_CLASSIFIER)
    ]
    return ", ".join(names)


def legal_text(name: str) -> str:
    """Returns a file that lies beside the program, from its source tree or its package."""
    beside = _ROOT / name
    try:
        if beside.is_file() and (_ROOT / "editorbot_gui").is_dir():
            return beside.read_text(encoding="utf-8")
        for path in importlib.metadata.files(_DISTRIBUTION) or []:
            if path.name == name:
                return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, importlib.metadata.PackageNotFoundError):
        pass
    return ""
