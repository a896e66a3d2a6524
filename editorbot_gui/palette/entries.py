"""What the palette lists, and in which order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from editorbot_gui.actions import plain, shown_key, translated
from editorbot_gui.palette.matching import Match, folded, match

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from PySide6.QtGui import QAction

    from editorbot_gui.actions import ActionSet

_IN_SENTENCE = -20.0
_OUT_OF_USE = -3.0
MOST_RECENT = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """A command.

    Attributes:
        name: How its use is remembered.
        action: What it does.
        text: What it is called, without mnemonic.
        group: The menu that it is in.
        sentence: What it does or, if it can't be used now, why not.
        key: Its key as the person's system spells it; may be empty.
    """

    name: str
    action: QAction
    text: str
    group: str
    sentence: str = ""
    key: str = ""

    @property
    def usable(self) -> bool:
        """Whether it can be used now."""
        return self.action.isEnabled()


@dataclass(frozen=True, slots=True)
class Found:
    """A command that a query fits.

    Attributes:
        entry: The command.
        places: Which letters of its text are the query's.
        recent: Whether it is listed because it was used a moment ago.
    """

    entry: Entry
    places: tuple[int, ...] = field(default=())
    recent: bool = False


def entries_of(
    commands: ActionSet, panels: Iterable[QAction], leave_out: Sequence[str] = ()
) -> tuple[Entry, ...]:
    """Returns all commands, those of no use now too, and the panels that are shown and hidden."""
    found = []
    for name in commands:
        action, spec = commands[name], commands.spec(name)
        if name in leave_out or not action.isVisible():
            continue
        reason = "" if action.isEnabled() else commands.reason(name)
        key = shown_key(commands.keys(name)[0]) if commands.keys(name) else ""
        sentence = reason or translated(spec.tip)
        text = plain(action.text())
        found.append(Entry(name, action, text, translated(spec.group), sentence, key))
    for panel in panels:
        words = (
            _tr("Hide the panel “{name}”") if panel.isChecked() else _tr("Show the panel “{name}”")
        )
        sentence = "" if panel.isEnabled() else _tr("Open a recording first.")
        text = words.format(name=plain(panel.text()))
        found.append(Entry(f"panel_{plain(panel.text())}", panel, text, _tr("View"), sentence))
    return tuple(found)


def search(query: str, entries: Sequence[Entry], recent: Sequence[str] = ()) -> list[Found]:
    """Returns the commands that a query fits, the best first.

    Without a query they are in the order of the menus, but those used last come first.

    Args:
        query: Some letters.
        entries: All commands.
        recent: Names of those that were used last, newest first.
    """
    if not query.strip():
        named = {entry.name: entry for entry in entries}
        head = [Found(named[name], (), recent=True) for name in recent if name in named]
        head = head[:MOST_RECENT]
        taken = {found.entry.name for found in head}
        return head + [Found(entry) for entry in entries if entry.name not in taken]
    scored = []
    for place, entry in enumerate(entries):
        fit = _fit(query, entry)
        if fit is not None:
            score = fit.score + (0.0 if entry.usable else _OUT_OF_USE)
            if entry.name in recent:
                score += 2.0 / (1 + recent.index(entry.name))
            scored.append((-score, place, Found(entry, fit.places)))
    return [found for *_, found in sorted(scored, key=lambda row: row[:2])]


def _fit(query: str, entry: Entry) -> Match | None:
    fit = match(query, entry.text)
    if fit is not None:
        return fit
    # "View dark" and what only the sentence says are found, too.
    head = f"{entry.group} "
    fit = match(query, head + entry.text)
    if fit is not None:
        places = tuple(place - len(head) for place in fit.places if place >= len(head))
        return Match(fit.score + _IN_SENTENCE / 2, places)
    words = folded(query).split()
    sentence = folded(f"{entry.group} {entry.text} {entry.sentence}")
    if all(word in sentence for word in words):
        return Match(_IN_SENTENCE, ())
    return None


def remembered(name: str, recent: Sequence[str]) -> tuple[str, ...]:
    """Returns the names of the commands used last, with another one at the head."""
    return (name, *(other for other in recent if other != name))[:MOST_RECENT]


def _tr(text: str) -> str:
    return QCoreApplication.translate("Palette", text)
