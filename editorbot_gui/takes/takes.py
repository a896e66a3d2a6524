"""The takes of the document: which there are, and which one the edit is the state of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QObject, Signal

from editorbot_gui.takes.take import Take, from_project, options_of, to_project, unused_name
from model_core.edit.locks import Locks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from editorbot_gui.session import Session
    from model_core.edit import project
    from model_core.edit.types import Proposal
    from model_core.options import GenerateOptions

StyleNames: TypeAlias = Callable[["GenerateOptions"], str]
"""From what is asked for to what the person calls its style; empty for one without a name."""

_SWITCH = "switch takes"


class Takes(QObject):
    """The takes of the document.

    What the session says its edit is a state of is kept up to date, so that a take that is left
    and shown again is as it was left. Undo goes over what takes contain and which one is shown;
    names, stars and the takes themselves are no part of it.

    Args:
        session: The document.
        style_name: Names the styles that are asked for.
        parent: The owner.
    """

    changed = Signal()
    """There are other takes, or they are in another order."""
    take_changed = Signal(int)
    """The take at a place of `all` is another one."""
    current_changed = Signal()
    """The edit is the state of another take, or of none."""

    def __init__(
        self, session: Session, style_name: StyleNames | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._style_name = style_name or (lambda _options: "")
        self._takes: list[Take] = []
        self._dropped: dict[int, Take] = {}
        # By identity, with the proposal itself so that its identity is not used again.
        self._options: dict[int, tuple[Proposal, GenerateOptions]] = {}
        self._current = 0
        self._unnamed = 0
        self._last_seed = 0
        session.source_changed.connect(self._start_over)
        session.document_changed.connect(self._follow)
        session.undo_stack.indexChanged.connect(self._name_after_step)

    @property
    def all(self) -> tuple[Take, ...]:
        """All takes, oldest first."""
        return tuple(self._takes)

    @property
    def current(self) -> Take | None:
        """The take that the document's edit is the state of, or None."""
        return self.find(self._current)

    def find(self, number: int) -> Take | None:
        """Returns the take with a number, or None."""
        return next((take for take in self._takes if take.number == number), None)

    def place_of(self, number: int) -> int:
        """Returns where in `all` a take is, or -1."""
        return next((i for i, take in enumerate(self._takes) if take.number == number), -1)

    # What a person does ---------------------------------------------------------------------------

    def show(self, number: int, words: str = "") -> None:
        """Makes a take the document's edit, as one undo step; switches in a row are one step.

        An edit that belongs to no take, made by hand for example, becomes one before it is left.

        Args:
            number: The take; nothing happens if there is none, or if it is shown already.
            words: What the step is called.
        """
        take = self.find(number)
        if take is None or number == self._session.take:
            return
        self._keep_what_is_left()
        self._session.apply_edit(
            take.edit_list,
            words or self.tr("Take “{name}”").format(name=take.name),
            proposal=take.proposal,
            merge_key=_SWITCH,
            changes=take.changes,
            take=number,
        )

    def add(self, proposal: Proposal, name: str = "") -> Take:
        """Puts a proposal beside the other takes; returns it as a take.

        Args:
            proposal: The edit.
            name: What the take is to be called; left out, by what was asked for.
        """
        take = self._take_of(self._session.new_take(), proposal)
        if name:
            take = replace(take, name=unused_name(name, self._takes))
        self._takes.append(take)
        self.changed.emit()
        return take

    def rename(self, number: int, name: str) -> None:
        """Calls a take otherwise; an empty name changes nothing."""
        name = " ".join(name.split())
        take = self.find(number)
        if take is not None and name and name != take.name:
            self._put(replace(take, name=name))

    def star(self, number: int, starred: bool | None = None) -> None:
        """Marks a take as liked, or takes the mark away; left out, the other one of the two."""
        take = self.find(number)
        if take is not None:
            self._put(replace(take, starred=not take.starred if starred is None else starred))

    def drop(self, number: int) -> Take | None:
        """Takes a take away; the document stays as it is. Returns it, for `bring_back`."""
        take = self.find(number)
        if take is None:
            return None
        self._takes.remove(take)
        self._dropped[number] = take
        self.changed.emit()
        if number == self._current:
            self.current_changed.emit()
        return take

    def bring_back(self, number: int) -> None:
        """Brings back what was dropped, to where the order of numbers has it."""
        take = self._dropped.pop(number, None)
        if take is None:
            return
        place = sum(other.number < number for other in self._takes)
        self._takes.insert(place, take)
        self.changed.emit()
        self._follow()
        if number == self._current:
            self.current_changed.emit()

    def next_seed(self, at_least: int = 1) -> int:
        """Returns the seed of a variation that there is none of yet, and takes it."""
        self._last_seed = max(self._last_seed + 1, at_least)
        return self._last_seed

    # What comes from elsewhere --------------------------------------------------------------------

    def note_options(self, proposal: Proposal, options: GenerateOptions) -> None:
        """Remembers what a proposal was asked for with."""
        # What was locked then says nothing of what is asked for next.
        self._options[id(proposal)] = (proposal, replace(options, locks=Locks()))
        self._last_seed = max(self._last_seed, options.seed)

    def saved(self) -> tuple[project.Take, ...]:
        """Returns the takes as a project file keeps them."""
        return to_project(self._takes)

    def restore(self, saved: Iterable[project.Take]) -> None:
        """Takes over what a project file has kept; the document has to be shown before.

        If its edit is that of one of them, that one is the current one from then on.
        """
        self._start_over()
        self._takes = [from_project(take, self._session.new_take()) for take in saved]
        asked = [take.options for take in self._takes if take.options is not None]
        self._last_seed = max((options.seed for options in asked), default=0)
        shown = self._session.edit_list
        same = next((take for take in self._takes if take.edit_list == shown), None)
        if same is not None:
            self._session.belong_to(same.number)
        self.changed.emit()
        self._follow()

    # Following the document -----------------------------------------------------------------------

    def _start_over(self) -> None:
        had_any = bool(self._takes)
        self._takes.clear()
        self._dropped.clear()
        self._options.clear()
        self._last_seed = 0
        if had_any:
            self.changed.emit()
        self._note_current()

    def _follow(self) -> None:
        """Keeps the take that is shown as it is shown."""
        session = self._session
        take = self.find(session.take)
        if take is not None:
            self._put(self._updated(take))
        elif session.take and session.take not in self._dropped:
            if session.proposal is not None:
                take = self._take_of(session.take, session.proposal)
                take = replace(take, edit_list=session.edit_list, changes=session.changes)
            else:
                name = unused_name(self.tr("Take"), self._takes)
                take = Take(session.take, name, session.edit_list, None, session.changes)
                self._unnamed = take.number  # the step that makes it has its name a moment later
            self._takes.append(take)
            self._takes.sort(key=lambda take: take.number)
            self.changed.emit()
        self._note_current()

    def _name_after_step(self) -> None:
        number, self._unnamed = self._unnamed, 0
        words = self._session.undo_stack.undoText() if number else ""
        if words:
            self.rename(number, unused_name(words, self._takes))

    def _note_current(self) -> None:
        if self._session.take != self._current:
            self._current = self._session.take
            self.current_changed.emit()

    def _updated(self, take: Take) -> Take:
        """Returns a take as the document shows it."""
        session = self._session
        take = replace(take, edit_list=session.edit_list, changes=session.changes)
        if session.proposal is None or session.proposal is take.proposal:
            return take
        options, style_name = self._asked(session.proposal)
        return replace(take, proposal=session.proposal, options=options, style_name=style_name)

    def _put(self, take: Take) -> None:
        place = self.place_of(take.number)
        if self._takes[place] != take:
            self._takes[place] = take
            self.take_changed.emit(place)

    def _keep_what_is_left(self) -> None:
        """Makes a take of an edit that belongs to none, so that leaving it loses nothing."""
        session = self._session
        if self.find(session.take) is not None or not session.is_edited:
            return
        known = (*self._takes, *self._dropped.values())
        if any(take.edit_list == session.edit_list for take in known):
            return
        number = session.new_take()
        name = unused_name(self.tr("By hand"), self._takes)
        self._takes.append(Take(number, name, session.edit_list, session.proposal, session.changes))
        self.changed.emit()

    def _asked(self, proposal: Proposal) -> tuple[GenerateOptions, str]:
        noted = self._options.get(id(proposal))
        options = noted[1] if noted is not None else options_of(proposal.provenance)
        return options, self._style_name(options)

    def _take_of(self, number: int, proposal: Proposal) -> Take:
        """Returns a new take, named by what it was asked for with."""
        options, style_name = self._asked(proposal)
        parts = [style_name] if style_name else []
        if options.seed and (options.temperature > 0 or options.sample_style):
            parts.append(self.tr("Variation {number}").format(number=options.seed))
        name = unused_name(" · ".join(parts) or self.tr("Best"), self._takes)
        return Take(
            number,
            name,
            proposal.edit_list,
            proposal,
            proposal.changes,
            options=options,
            style_name=style_name,
        )
