"""What a person has decided about pairs: one that is good may be left out, a doubtful one used."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from model_core.files import file_write_error
from training.library.errors import LibraryError
from training.library.jsonfile import read_object, write_object

if TYPE_CHECKING:
    from training.library.layout import Layout

FORMAT: Final = "editorbot-choices"
VERSION: Final = 1


class Choice(StrEnum):
    """What is to become of a pair."""

    USUAL = "usual"
    """Learnt from if it is good."""
    USE = "use"
    """Learnt from even if a person should look at it first."""
    LEAVE = "leave"
    """Not learnt from."""


@dataclass(frozen=True, slots=True)
class Choices:
    """All that was decided.

    Attributes:
        used: Samples to learn from in any case.
        left: Samples not to learn from.
    """

    used: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()

    def of(self, name: str) -> Choice:
        """Returns what was decided about a pair."""
        if name in self.left:
            return Choice.LEAVE
        return Choice.USE if name in self.used else Choice.USUAL

    def wants(self, name: str, *, usually: bool) -> bool:
        """Whether a pair that is ready is to be learnt from.

        Args:
            name: The sample.
            usually: Whether it would be if nothing were decided.
        """
        choice = self.of(name)
        return usually if choice is Choice.USUAL else choice is Choice.USE


def read_choices(layout: Layout) -> Choices:
    """Reads what was decided; nothing where there is no file.

    Raises:
        LibraryError: The file is damaged: to guess would train on what was to be left out.
    """
    path = layout.choices
    if not path.exists():
        return Choices()
    values = read_object(path)
    used, left = values.get("use"), values.get("leave")
    if values.get("format") != FORMAT or not _are_names(used) or not _are_names(left):
        raise LibraryError(
            f"“{path}” is damaged, or from another version.",
            "Delete it, and exclude again what is not to be learnt from.",
        )
    return Choices(frozenset(used or ()), frozenset(left or ()))


def decide(layout: Layout, name: str, choice: Choice) -> None:
    """Writes down what is to become of a pair.

    Raises:
        LibraryError: What was decided before is damaged.
        FileWriteError: It can't be written.
    """
    before = read_choices(layout)
    if before.of(name) is choice:
        return
    used, left = set(before.used) - {name}, set(before.left) - {name}
    if choice is not Choice.USUAL:
        (used if choice is Choice.USE else left).add(name)
    try:
        layout.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise file_write_error(error, layout.data) from error
    write_object(
        layout.choices,
        {"format": FORMAT, "version": VERSION, "use": sorted(used), "leave": sorted(left)},
    )


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)
