"""Bringing many files into a library: matched, added by reference, what is left over told."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from model_core.errors import EditorBotError
from model_core.progress import no_progress
from training.library.errors import LibraryError
from training.library.layout import scan
from training.library.matching import Fingerprint, Matched, by_content, by_name, listened_to
from training.library.references import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from model_core.progress import Progress
    from training.library.pairs import Library, Pair

SOUND_SUFFIXES: Final = frozenset({
    ".wav", ".wave", ".w64", ".rf64", ".bwf", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif",
    ".aiff", ".aifc", ".au", ".caf", ".m4a", ".m4b", ".mp4", ".mov", ".mkv", ".mka", ".webm",
    ".aac", ".wma", ".avi",
})  # fmt: skip
"""Files of a folder that are looked at; a file that is named itself may have any suffix."""

_MOST_BY_CONTENT: Final = 200
_SAME = "“{name}” is in the library already."


@dataclass(frozen=True, slots=True)
class Brought:
    """A pair that was added.

    Attributes:
        pair: The pair; it isn't aligned yet.
        by_content: Whether the two were matched by their sound.
    """

    pair: Pair
    by_content: bool


@dataclass(frozen=True, slots=True)
class LeftOver:
    """A file that was not brought in.

    Attributes:
        path: The file.
        sentence: Why.
        mend: What to do about it.
    """

    path: Path
    sentence: str
    mend: str = ""


def bring_files(
    library: Library, paths: Sequence[Path], progress: Progress = no_progress
) -> Iterator[Brought | LeftOver]:
    """Matches files to pairs and adds them by reference; nothing is copied.

    Args:
        library: The library; made where there is none.
        paths: Files, and folders that are looked through to the bottom.
        progress: Told how far listening is, where names don't tell what belongs together.

    Raises:
        FileWriteError: The library can't be written.
    """
    library.create()
    known = _known_files(library)
    new, left = [], []
    for path in sounds_below(paths):
        if _identity(path) in known:
            left.append(LeftOver(path, _SAME.format(name=path.name)))
        else:
            new.append(path)
    yield from left
    matched, rest = by_name(new)
    if len(rest) > 1:
        too_many = rest[_MOST_BY_CONTENT:]
        prints = []
        for heard in listened_to(rest[:_MOST_BY_CONTENT], progress):
            if isinstance(heard, Fingerprint):
                prints.append(heard)
            else:
                path, error = heard
                yield _left_over(path, error)
        more, rest = by_content(prints)
        matched += more
        rest += too_many
    for pair in matched:
        yield _added(library, pair)
    for path in rest:
        yield LeftOver(
            path,
            f"No mate was found for “{path.name}”.",
            "Add it together with its recording or finished edit.",
        )


def sounds_below(paths: Sequence[Path]) -> list[Path]:
    """Returns files and the sound files of folders, each once, in the order of their names."""
    found: dict[tuple[int, int] | str, Path] = {}
    for path in paths:
        below = [path]
        if path.is_dir():
            below = [
                file
                for file in sorted(path.rglob("*"))
                if file.suffix.lower() in SOUND_SUFFIXES
                and not file.name.startswith(".")
                and file.is_file()
            ]
        for file in below:
            found.setdefault(_identity(file), file)
    return list(found.values())


def free_name(library: Library, wanted: str) -> str:
    """Returns a name that no sample has: the wanted one, or that with a number."""
    taken = {name.casefold() for name in scan(library.layout).samples}
    name, number = wanted, 1
    while name.casefold() in taken:
        number += 1
        name = f"{wanted} {number}"
    return name


def _added(library: Library, found: Matched) -> Brought | LeftOver:
    try:
        name = free_name(library, found.name)
        pair = library.add(name, found.raw, found.edit, by_reference=True)
    except EditorBotError as error:
        return _left_over(found.edit, error)
    return Brought(pair, found.by_content)


def _left_over(path: Path, error: Exception) -> LeftOver:
    if isinstance(error, EditorBotError):
        return LeftOver(path, error.sentence, error.mend)
    return LeftOver(path, str(error))


def _known_files(library: Library) -> set[tuple[int, int] | str]:
    known = set()
    for sample in scan(library.layout).samples.values():
        # One recording may have several edits, but an edit has one recording.
        for path in sample.edits:
            try:
                known.add(_identity(resolve(path)))
            except LibraryError:
                continue
    return known


def _identity(path: Path) -> tuple[int, int] | str:
    """Tells a file from others, by whatever name or link it is reached."""
    try:
        status = path.stat()
    except OSError:
        return os.path.normcase(path.absolute())
    # Windows gives no number to files on some disks.
    if not status.st_ino:
        return os.path.normcase(os.path.realpath(path))
    return (status.st_dev, status.st_ino)
