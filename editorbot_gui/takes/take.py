"""What a take is, and how it goes into a project file and comes back. Without any widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_core.edit import project
from model_core.options import GenerateOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from model_core.edit.types import Change, EditList, Proposal, Provenance

MOST_KEYS = 9
"""So many takes have a key of their own."""


@dataclass(frozen=True, slots=True)
class Take:
    """One edit of the recording among others.

    Attributes:
        number: Tells it from others as long as the program runs; `Session.new_take` gives it.
        name: How the person calls it.
        edit_list: The edit as it was last, changes by hand included.
        proposal: What the network had proposed, or None.
        changes: The rows of its edits list.
        starred: Whether the person likes it.
        options: What it was asked for with, or None where nobody asked the network.
        style_name: Of the saved or read style that it was asked for in; may be empty.
    """

    number: int
    name: str
    edit_list: EditList
    proposal: Proposal | None = None
    changes: tuple[Change, ...] = ()
    starred: bool = False
    options: GenerateOptions | None = None
    style_name: str = ""

    @property
    def edited_by_hand(self) -> bool:
        """Whether it is not, or not any more, what the network had proposed."""
        return self.proposal is None or self.edit_list != self.proposal.edit_list


def unused_name(wanted: str, takes: Iterable[Take]) -> str:
    """Returns a name that no take has: the wanted one, or that with a number."""
    names = {take.name for take in takes}
    name, number = wanted, 1
    while name in names:
        number += 1
        name = f"{wanted} ({number})"
    return name


def to_project(takes: Iterable[Take]) -> tuple[project.Take, ...]:
    """Returns takes as a project file keeps them."""
    return tuple(
        project.Take(
            take.name,
            take.edit_list,
            take.proposal,
            take.changes,
            take.starred,
            take.options,
            take.style_name,
        )
        for take in takes
    )


def from_project(saved: project.Take, number: int) -> Take:
    """Returns a take that a project file has kept, under a number of its own."""
    options = saved.generate
    if options is None and saved.proposal is not None:
        options = options_of(saved.proposal.provenance)
    return Take(
        number,
        saved.name,
        saved.edit_list,
        saved.proposal,
        saved.changes,
        saved.starred,
        options,
        saved.style_name,
    )


def options_of(provenance: Provenance) -> GenerateOptions:
    """Returns what a proposal was asked for with, as far as it tells.

    A named style that it started from is not told, but the one that it ended at is; of that,
    nothing is taken, as tightness would not move it in every network.
    """
    drawn = provenance.seed is not None
    return GenerateOptions(
        tightness=provenance.tightness,
        target_length_s=provenance.target_length_s,
        seed=provenance.seed or 0,
        temperature=provenance.temperature,
        sample_style=drawn,
    )
