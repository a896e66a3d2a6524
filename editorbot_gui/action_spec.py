"""What a row of the table of actions says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


def QT_TRANSLATE_NOOP(_context: str, text: str) -> str:  # noqa: N802 - the name that lupdate knows
    """Marks a text of the table for translation; Qt's own one has no types."""
    return text


class Group(StrEnum):
    """The menus, in their order; the sheet of shortcuts has the same headings."""

    FILE = QT_TRANSLATE_NOOP("Actions", "File")
    EDIT = QT_TRANSLATE_NOOP("Actions", "Edit")
    SEGMENTS = QT_TRANSLATE_NOOP("Actions", "Segments")
    CHANGES = QT_TRANSLATE_NOOP("Actions", "Changes")
    MARKERS = QT_TRANSLATE_NOOP("Actions", "Markers")
    TAKES = QT_TRANSLATE_NOOP("Actions", "Takes")
    VIEW = QT_TRANSLATE_NOOP("Actions", "View")
    PLAYBACK = QT_TRANSLATE_NOOP("Actions", "Playback")
    TRAINING = QT_TRANSLATE_NOOP("Actions", "Training")
    HELP = QT_TRANSLATE_NOOP("Actions", "Help")


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One row of the table.

    Attributes:
        name: How the code calls it.
        group: The menu that it is in.
        text: What the menu says, with a mnemonic.
        tip: What it does, in a sentence.
        keys: Shortcuts in Qt's portable spelling; the first is the one that is shown.
        icon: Name in qtawesome; empty for none.
        short: What the toolbar says; empty if it isn't on the toolbar.
        radio: Name of the group of choices that it belongs to; empty if it is none.
        checkable: Whether it is switched on and off.
        number: Which one of several alike it is; stands for {number} in the text. 0 for none.
    """

    name: str
    group: Group
    text: str
    tip: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    short: str = ""
    radio: str = ""
    checkable: bool = False
    number: int = 0
