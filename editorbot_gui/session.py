"""The document: a recording, its edit, and the history of the edit.

The session alone pushes on the undo stack. Because edit lists are immutable, one command that
keeps what was before and what is after serves every change. Selection, zoom and playhead belong
to the views and are no part of undo.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from model_core.edit.coverage import changes_of
from model_core.edit.timeline import Timeline, timeline_of
from model_core.edit.types import Change, EditList, Proposal

if TYPE_CHECKING:
    from pathlib import Path

    from model_core.audio.source import AudioSource
    from model_core.edit.markers import Markers
    from model_core.edit.mix import Mix

_MERGEABLE = 1
_STRIDE = 128


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that undo brings back.

    Attributes:
        edit_list: The edit.
        proposal: The proposal that it came from, or None.
        changes: Its changes, in the order of the recording.
        take: Number of the take that it is the state of; 0 for none.
        markers: Named places of the recording, in order.
        mix: How loud each track of a recording with several is.
    """

    edit_list: EditList = field(default_factory=EditList)
    proposal: Proposal | None = None
    changes: tuple[Change, ...] = ()
    take: int = 0
    markers: Markers = ()
    mix: Mix = ()


class ReplaceSnapshot(QUndoCommand):
    """The one undo command: goes from one snapshot to another.

    Args:
        session: The document.
        before: What undo brings back.
        after: What redo brings back.
        words: Its name in the history ("Generate").
        merge_key: Neighbouring commands with the same key become one, as a drag does; empty for
            none.
    """

    def __init__(
        self, session: Session, before: Snapshot, after: Snapshot, words: str, merge_key: str = ""
    ) -> None:
        super().__init__(words)
        self._session = session
        self._before = before
        self._after = after
        self._merge_key = merge_key

    def id(self) -> int:
        """Tells Qt whether merging may be tried."""
        return _MERGEABLE if self._merge_key else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Takes over the end of a following command of the same gesture."""
        if not isinstance(other, ReplaceSnapshot) or other._merge_key != self._merge_key:
            return False
        self._after = other._after
        self.setText(other.text())
        return True

    def redo(self) -> None:
        """Shows what is after."""
        self._session._show(self._after)

    def undo(self) -> None:
        """Shows what was before."""
        self._session._show(self._before)


def changed_range(before: EditList, after: EditList) -> tuple[int, int]:
    """Returns the stretch of `after`'s timeline outside which nothing has changed.

    Args:
        before: The edit as it was.
        after: The edit as it is.

    Returns:
        Start and stop in samples of the edited timeline, without the crossfades at both ends and so
        empty where only a crossfade has changed; after `stop` the items are the same but may have
        moved.
    """
    old, new = before.items, after.items
    n_common = min(len(old), len(new))
    head = _n_alike(old[:n_common], new[:n_common])
    # The crossfade before an item belongs to it.
    head = min(head, _n_alike(before.joins, after.joins) + 1) if head else 0
    left = n_common - head
    tail = _n_alike(old[len(old) - left :][::-1], new[len(new) - left :][::-1])
    tail = min(tail, _n_alike(before.joins[::-1], after.joins[::-1]) + 1) if tail else 0
    starts = timeline_of(after).starts
    start, stop = int(starts[head]), int(starts[len(new) - tail])
    return start, max(start, stop)


def _n_alike(one: tuple[object, ...], other: tuple[object, ...]) -> int:
    """Returns how many items two tuples begin with alike; of most, only the identity is seen."""
    n_common = min(len(one), len(other))
    for start in range(0, n_common, _STRIDE):
        stop = min(start + _STRIDE, n_common)
        if one[start:stop] != other[start:stop]:
            return next(n for n in range(start, stop) if one[n] != other[n])
    return n_common


class Session(QObject):
    """The document that the window shows.

    Args:
        parent: The owner.
    """

    document_changed = Signal(int)
    """The source or the edit has changed; carries the new revision."""
    source_changed = Signal()
    """Another recording is open, or none."""
    mix_changed = Signal()
    """Tracks of the recording are louder or softer than before, or another recording is open."""
    edit_changed = Signal(object, object)
    """The edit has changed; carries start and stop on the edited timeline, in samples."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self._source: AudioSource | None = None
        self._snapshot = Snapshot()
        self._timeline = timeline_of(self._snapshot.edit_list)
        self._passing: Snapshot | None = None
        self._revision = 0
        self._last_take = 0

    @property
    def source(self) -> AudioSource | None:
        """The open recording, or None."""
        return self._source

    @property
    def path(self) -> Path | None:
        """Where the open recording lies, or None."""
        return None if self._source is None else self._source.path

    @property
    def edit_list(self) -> EditList:
        """The edit; the whole recording as long as nothing was done."""
        return self._snapshot.edit_list

    @property
    def timeline(self) -> Timeline:
        """The index of the edit, for lookups."""
        return self._timeline

    @property
    def proposal(self) -> Proposal | None:
        """The proposal that the edit came from, or None."""
        return self._snapshot.proposal

    @property
    def changes(self) -> tuple[Change, ...]:
        """What the edit does, in the order of the recording."""
        return self._snapshot.changes

    @property
    def take(self) -> int:
        """The number of the take that the edit is the state of; 0 for none."""
        return self._snapshot.take

    @property
    def markers(self) -> Markers:
        """Named places of the recording, in order; all takes have the same."""
        return self._snapshot.markers

    @property
    def mix(self) -> Mix:
        """How loud each track of a recording with several is; all takes have the same."""
        return self._snapshot.mix

    def new_take(self) -> int:
        """Returns the number of a new take, for `apply_edit`; it is given only once."""
        self._last_take += 1
        return self._last_take

    def belong_to(self, take: int) -> None:
        """Says of which take the edit is the state; no step, as nothing is changed by it."""
        self._snapshot = replace(self._snapshot, take=take)

    @property
    def snapshot(self) -> Snapshot:
        """Edit, proposal and changes together."""
        return self._snapshot

    @property
    def revision(self) -> int:
        """Goes up with every change of the document."""
        return self._revision

    @property
    def is_edited(self) -> bool:
        """Whether the edit differs from the whole recording."""
        return self._source is not None and self.edit_list != EditList.whole(self._source.n_samples)

    def open_source(self, source: AudioSource | None, snapshot: Snapshot | None = None) -> None:
        """Shows another recording with an empty history.

        Args:
            source: The recording, or None to show none. The one that was open is not closed:
                jobs may still read it.
            snapshot: The edit to begin with, which must fit the recording; left out, uncut.
        """
        self._source = source
        self.undo_stack.clear()
        whole = EditList.whole(source.n_samples) if source is not None else EditList()
        self._snapshot = snapshot or Snapshot(whole)
        self._timeline = timeline_of(self._snapshot.edit_list)
        self._revision += 1
        self.source_changed.emit()
        self.mix_changed.emit()
        self.edit_changed.emit(0, self._timeline.length)
        self.document_changed.emit(self._revision)

    def apply_edit(
        self,
        edit_list: EditList,
        words: str,
        proposal: Proposal | None = None,
        merge_key: str = "",
        changes: tuple[Change, ...] | None = None,
        take: int | None = None,
    ) -> None:
        """Replaces the edit as one undo step.

        Args:
            edit_list: The new edit.
            words: The step's name in the history.
            proposal: Where the edit came from, or None if a person made it.
            merge_key: Steps that follow each other with the same key become one.
            changes: The rows of the edits list; left out, the proposal's, or what the edit does.
            take: Of which take this is the state; left out, still of the same one.

        Raises:
            EditError: If the edit reaches beyond the recording.
        """
        n_samples = self._source.n_samples if self._source is not None else 0
        edit_list.check_within((n_samples,))
        if changes is None:
            changes = proposal.changes if proposal is not None else ()
            changes = changes or changes_of(edit_list, n_samples)
        take = self._snapshot.take if take is None else take
        after = Snapshot(edit_list, proposal, changes, take, self.markers, self.mix)
        self._push(after, words, merge_key)

    def apply_markers(self, markers: Markers, words: str, merge_key: str = "") -> None:
        """Replaces the markers as one undo step; the edit stays as it is.

        Args:
            markers: The new ones, in order.
            words: The step's name in the history.
            merge_key: Steps that follow each other with the same key become one.
        """
        if markers != self.markers:
            self._push(replace(self._snapshot, markers=markers), words, merge_key)

    def apply_mix(self, mix: Mix, words: str, merge_key: str = "") -> None:
        """Replaces the mix as one undo step; the edit stays as it is.

        Args:
            mix: The new one.
            words: The step's name in the history.
            merge_key: Steps that follow each other with the same key become one.
        """
        if mix != self.mix:
            self._push(replace(self._snapshot, mix=mix), words, merge_key)

    def _push(self, after: Snapshot, words: str, merge_key: str) -> None:
        self.undo_stack.push(
            ReplaceSnapshot(self, self._snapshot, after, words, merge_key=merge_key)
        )

    def go_to(self, state: int) -> None:
        """Shows the edit as it was after so many steps of the history.

        The states in between are passed over, but for those in which takes are left.

        Args:
            state: Number of steps that are done then; 0 is as it was opened.
        """
        self._passing = self._snapshot
        try:
            self.undo_stack.setIndex(state)
        finally:
            before, self._passing = self._passing, None
            if before is not self._snapshot:
                self._announce(before)

    def _show(self, snapshot: Snapshot) -> None:
        before, self._snapshot = self._snapshot, snapshot
        if self._passing is None:
            self._announce(before)
        elif before.take != snapshot.take and before is not self._passing:
            # Takes follow the document; this is the state that they are in from now on.
            passed, self._snapshot = self._passing, before
            self._announce(passed)
            self._passing, self._snapshot = before, snapshot

    def _announce(self, before: Snapshot) -> None:
        self._revision += 1
        edit_list = self._snapshot.edit_list
        if edit_list != before.edit_list:  # or only what is thought of it has changed
            self._timeline = timeline_of(edit_list)
            self.edit_changed.emit(*changed_range(before.edit_list, edit_list))
        if self._snapshot.mix != before.mix:
            self.mix_changed.emit()
        self.document_changed.emit(self._revision)
