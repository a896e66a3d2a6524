"""Reviewing an edit change by change: hear, accept, reject, lock, by key and mouse."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from editorbot_gui import texts
from editorbot_gui.editing.rows import rows_after
from editorbot_gui.waveform.joins import KINDS
from editorbot_gui.waveform.timecode import format_time
from editorbot_gui.waveform.view_state import Axis
from model_core.edit.review import change_at, made_again, remembered, taken_back
from model_core.edit.types import UNDONE, Change, ChangeKind, ChangeState, Reason
from model_core.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from editorbot_gui.actions import ActionSet
    from editorbot_gui.panels.edits.edits_list import EditsList
    from editorbot_gui.session import Session
    from editorbot_gui.transport import Transport
    from editorbot_gui.waveform.view_state import ViewState
    from model_core.edit.types import EditList

LEAD_S = 1.0
"""A change is played from so long before it to so long after."""
_JUMP_S = 0.5
"""A place that is further on than this was not reached by playing."""
_LOCKED = frozenset({ChangeState.LOCKED, ChangeState.KEPT})
_LOCK = {
    ChangeState.PROPOSED: ChangeState.LOCKED,
    ChangeState.ACCEPTED: ChangeState.LOCKED,
    ChangeState.MANUAL: ChangeState.LOCKED,
    ChangeState.REJECTED: ChangeState.KEPT,
}
_UNLOCK = {ChangeState.LOCKED: ChangeState.ACCEPTED, ChangeState.KEPT: ChangeState.REJECTED}


class Reviewing(QObject):
    """Does what a person decides about changes; each decision is one step of the history.

    Args:
        session: The document.
        view: What the views share.
        transport: Plays.
        commands: The window's actions.
        edits: The list of changes.
        show_change: Shows a change in the views.
        parent: The owner.
    """

    told = Signal(str)
    """A sentence for the person: what was done, or why it can't be."""

    def __init__(
        self,
        session: Session,
        view: ViewState,
        transport: Transport,
        commands: ActionSet,
        edits: EditsList,
        show_change: Callable[[Change], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._view = view
        self._transport = transport
        self._commands = commands
        self._edits = edits
        self._show_change = show_change
        self._showing = False
        self._ear = _Ear()
        self._stop_at: int | None = None
        self._again_from = 0
        does: dict[str, Callable[[], object]] = {
            "accept_change": self.accept,
            "reject_change": self.reject,
            "lock_change": self.lock,
            "next_unreviewed": self.go_to_next,
            "reject_last_join": self.reject_last_join,
        }
        for name, function in does.items():
            commands[name].triggered.connect(lambda _checked=False, do=function: do())
        commands["play_chosen"].toggled.connect(self._play_what_is_chosen)
        edits.change_chosen.connect(self._show)
        edits.choice_changed.connect(self.refresh)
        edits.play_requested.connect(self.play)
        view.selection_changed.connect(self._follow_selection)
        transport.moved.connect(self._follow)
        transport.playing_changed.connect(self._follow_playing)
        transport.heard_changed.connect(self._listen_afresh)
        session.edit_changed.connect(self._follow_edit)
        session.document_changed.connect(self.refresh)
        self.refresh()

    # Deciding -------------------------------------------------------------------------------------

    def accept(self) -> None:
        """Accepts the chosen changes; those that were rejected are made again."""
        chosen = [row for row in self._edits.chosen if row.state not in _LOCKED]
        again = [row for row in chosen if row.state in UNDONE]
        edit, refused = self._one_by_one(again, made_again)
        rows = [row for row in chosen if row not in refused]
        self._decide(
            {row.id: ChangeState.ACCEPTED for row in rows},
            edit,
            self._named(
                rows,
                self.tr("Accept the {kind} at {place}"),
                lambda n: self.tr("Accept %n changes", "", n),
            ),
            refused,
        )

    def reject(self) -> None:
        """Rejects the chosen changes: the recording is heard there as it is."""
        self._reject(
            [row for row in self._edits.chosen if row.state not in UNDONE],
            self.tr("Reject the {kind} at {place}"),
        )

    def reject_last_join(self) -> None:
        """Rejects the change at the join that was heard last."""
        if self._transport.heard is not Axis.EDITED:
            self.told.emit(self.tr("Listen to the edit first (A); the recording has no joins."))
            return
        row = self._last_heard()
        if row is None:
            self.told.emit(self.tr("No join was heard yet that could be rejected."))
            return
        self._reject([row], self.tr("Reject the join heard last, the {kind} at {place}"))

    def lock(self) -> None:
        """Locks the chosen changes, or what is selected in the views; or unlocks them."""
        rows = self._edits.chosen or self._selected_rows()
        if not rows:
            self._lock_selection()
            return
        unlocks = all(row.state in _LOCKED for row in rows)
        states = _UNLOCK if unlocks else _LOCK
        rows = tuple(row for row in rows if row.state in states)
        one = (
            self.tr("Unlock the {kind} at {place}")
            if unlocks
            else self.tr("Lock the {kind} at {place}")
        )
        self._decide(
            {row.id: states[row.state] for row in rows},
            self._session.edit_list,
            self._named(
                rows,
                one,
                lambda n: (
                    self.tr("Unlock %n changes", "", n)
                    if unlocks
                    else self.tr("Lock %n changes", "", n)
                ),
            ),
        )

    def _reject(self, rows: Sequence[Change], one: str) -> None:
        free = [row for row in rows if row.state not in _LOCKED]
        edit, refused = self._one_by_one(free, taken_back)
        done = [row for row in free if row not in refused]
        before = self._session.edit_list
        self._decide(
            {row.id: ChangeState.REJECTED for row in done},
            edit,
            self._named(done, one, lambda n: self.tr("Reject %n changes", "", n)),
            refused,
            n_locked=len(rows) - len(free),
            known={row.id: remembered(before, row) for row in done},
        )

    def _one_by_one(
        self,
        rows: Sequence[Change],
        change: Callable[[EditList, Iterable[Change]], EditList],
    ) -> tuple[EditList, dict[Change, EditError]]:
        """Changes the edit for all rows; returns it with the rows that it can't be done for."""
        edit = self._session.edit_list
        refused: dict[Change, EditError] = {}
        for row in reversed(rows):
            if row.kind is not ChangeKind.CUT:
                try:
                    edit = change(edit, (row,))
                except EditError as error:
                    refused[row] = error
        cuts = [row for row in rows if row.kind is ChangeKind.CUT]
        return change(edit, cuts) if cuts else edit, refused

    def _decide(
        self,
        states: dict[int, ChangeState],
        edit: EditList,
        words: str,
        refused: dict[Change, EditError] | None = None,
        n_locked: int = 0,
        known: dict[int, Change] | None = None,
    ) -> None:
        session = self._session
        if session.source is None:
            return
        known = known or {}
        rows = tuple(
            replace(known.get(row.id, row), state=states[row.id]) if row.id in states else row
            for row in session.changes
        )
        sentences = []
        if rows != session.changes:
            if edit is not session.edit_list:
                rows = rows_after(rows, edit, session.source.n_samples)
            self._push(edit, words, rows)
            sentences.append(self.tr("{words}: {left}.").format(words=words, left=self._left()))
        if n_locked:
            stays = (
                self.tr("A locked change stays; unlock it first ({key}).")
                if n_locked == 1
                else self.tr("%n locked changes stay; unlock them first ({key}).", "", n_locked)
            )
            sentences.append(stays.format(key=self._commands.key_text("lock_change")))
        sentences += sorted({str(error) for error in (refused or {}).values()})
        self.told.emit(" ".join(sentences) or self.tr("Nothing has changed: it is so already."))

    def _push(self, edit: EditList, words: str, rows: tuple[Change, ...]) -> None:
        self._session.apply_edit(edit, words, proposal=self._session.proposal, changes=rows)

    def _left(self) -> str:
        n_new = sum(row.state is ChangeState.PROPOSED for row in self._session.changes)
        return self.tr("%n to review", "", n_new) if n_new else self.tr("all reviewed")

    def _named(self, rows: Sequence[Change], one: str, many: Callable[[int], str]) -> str:
        if len(rows) != 1:
            return many(len(rows))
        return one.format(
            kind=texts.kind_text(rows[0].kind).lower(),
            place=format_time(rows[0].start, self._view.sample_rate),
        )

    # What is selected in the views ----------------------------------------------------------------

    def _selected_stretch(self) -> tuple[int, int] | None:
        """Returns what is selected, in samples of the recording, or None."""
        selection, timeline = self._view.selection, self._session.timeline
        if selection is None or selection.start >= selection.stop:
            return None
        if selection.axis is Axis.RAW:
            return selection.start, selection.stop
        first, last = (timeline.to_source(place) for place in (selection.start, selection.stop - 1))
        if (
            first is None
            or last is None
            or last[1] - first[1] != selection.stop - 1 - selection.start
        ):
            return None
        return first[1], last[1] + 1

    def _selected_rows(self) -> tuple[Change, ...]:
        stretch = self._selected_stretch()
        if stretch is None:
            return ()
        start, stop = stretch
        return tuple(
            row for row in self._session.changes if start <= row.start and row.stop <= stop
        )

    def _lock_selection(self) -> None:
        """Locks a stretch that is heard, so that it stays."""
        stretch, session = self._selected_stretch(), self._session
        if stretch is None:
            self.told.emit(
                self.tr("Choose a change in the list, or select a stretch that is to stay.")
            )
            return
        start, stop = stretch
        kept = self._view.kept
        if not np.any((kept[:, 0] <= start) & (stop <= kept[:, 1])):
            self.told.emit(
                self.tr("Part of the selection is cut: select a stretch that is heard whole.")
            )
            return
        number = max((row.id for row in session.changes), default=-1) + 1
        row = Change(number, ChangeKind.CUT, Reason.OTHER, 0, start, stop, state=ChangeState.KEPT)
        rows = sorted((*session.changes, row), key=lambda row: (row.start, row.stop))
        place = format_time(start, self._view.sample_rate)
        words = self.tr("Lock the stretch at {place} to stay").format(place=place)
        self._push(session.edit_list, words, tuple(rows))
        self.told.emit(words + ".")

    def _follow_selection(self) -> None:
        """What is selected elsewhere takes the place of what is chosen in the list."""
        if not self._showing and self._edits.chosen:
            self._edits.clear_choice()
        self.refresh()

    # Going through them ---------------------------------------------------------------------------

    def go_to_next(self) -> None:
        """Goes to the next change that nothing was decided about, shown in the list or not."""
        row = self._edits.next_unreviewed
        if row is None:
            new = (one for one in self._session.changes if one.state is ChangeState.PROPOSED)
            row = next(new, None)
        if row is None:
            self.told.emit(self.tr("Every change is reviewed."))
        elif self._edits.chosen == (row,):
            self._show(row)
        else:
            self._edits.choose(row)

    def _show(self, row: Change) -> None:
        self._showing = True
        try:
            self._show_change(row)
        finally:
            self._showing = False
        if self._commands["play_chosen"].isChecked():
            self.play(row)

    def _play_what_is_chosen(self, wanted: bool) -> None:
        chosen = self._edits.chosen
        if wanted and len(chosen) == 1:
            self.play(chosen[0])

    def play(self, row: Change) -> None:
        """Plays the edit around a change, from a little before it to a little after."""
        transport = self._transport
        first, last = self._places(row)
        lead = round(LEAD_S * self._view.sample_rate)
        length = self._session.timeline.length
        self._stop_at = None
        transport.listen_to(Axis.EDITED)
        self._again_from = max(0, first - lead)
        transport.seek(Axis.EDITED, self._again_from)
        if not transport.playing:
            transport.toggle_play()
        if transport.playing:
            self._stop_at = min(length, last + lead)

    def _places(self, row: Change) -> tuple[int, int]:
        """Returns from where to where in the edit a change is heard."""
        timeline = self._session.timeline
        if row.state not in UNDONE:
            joins = self._view.joins
            alike = np.flatnonzero(joins.kinds == KINDS.index(row.kind)).tolist()
            found = [
                joins.infos[index].position
                for index in alike
                if change_at((row,), joins.infos[index]) is not None
            ]
            if found:
                return found[0], found[-1] if row.kind is ChangeKind.GAP else found[0]
            place = 0 if row.start == 0 else timeline.nearest_edited(row.source, row.stop)
            return place, place
        first = timeline.nearest_edited(row.source, row.start)
        return first, first + row.stop - row.start

    # Listening ------------------------------------------------------------------------------------

    def _last_heard(self) -> Change | None:
        """Returns the change at the last join that was heard, if it makes one."""
        for join in self._transport.joins_heard():
            row = change_at(self._session.changes, join)
            if row is not None:
                return row
        return None

    def _follow(self) -> None:
        transport = self._transport
        place, rate = transport.position, self._view.sample_rate
        if transport.heard is not Axis.EDITED:
            return
        jumped = self._ear.reach(place, _JUMP_S * rate)
        if self._stop_at is None:
            return
        if jumped or not transport.playing:
            self._stop_at = None
        elif place >= self._stop_at:
            self._stop_at = None
            transport.toggle_play()
            transport.seek(Axis.EDITED, self._again_from)

    def _follow_playing(self, playing: bool) -> None:
        if playing:
            self._listen_afresh()

    def _listen_afresh(self) -> None:
        edited = self._transport.heard is Axis.EDITED
        self._ear.begin(self._transport.position if edited else None)
        self._stop_at = None

    def _follow_edit(self) -> None:
        self._ear.forget_place()
        self._stop_at = None

    # What can be done now -------------------------------------------------------------------------

    def refresh(self) -> None:
        """Enables what can be done now and says of the rest why it can't."""
        commands, changes = self._commands, self._session.changes
        chosen = self._edits.chosen
        nothing = "" if chosen else self.tr("Choose a change in the list first.")
        commands.allow("accept_change", nothing)
        commands.allow("reject_change", nothing)
        selected = self._view.selection is not None
        commands.allow(
            "lock_change",
            ""
            if chosen or selected
            else self.tr("Choose a change in the list, or select a stretch, first."),
        )
        unlocks = bool(chosen) and all(row.state in _LOCKED for row in chosen)
        commands["lock_change"].setText(self.tr("Un&lock") if unlocks else self.tr("&Lock"))
        commands["lock_change"].setIconText(self.tr("Unlock") if unlocks else self.tr("Lock"))
        new = any(row.state is ChangeState.PROPOSED for row in changes)
        commands.allow("next_unreviewed", "" if new else self.tr("There is nothing to review."))
        commands.allow(
            "reject_last_join", "" if changes else self.tr("The edit changes nothing yet.")
        )
        no_recording = (
            "" if self._session.source is not None else self.tr("Open a recording first.")
        )
        commands.allow("play_chosen", no_recording)


class _Ear:
    """Knows when the playhead jumps."""

    def __init__(self) -> None:
        self._last: int | None = None

    def begin(self, place: int | None) -> None:
        """Begins to listen at a place, or to something else."""
        self._last = place

    def forget_place(self) -> None:
        """The next place may be anywhere: the edit has changed under the playhead."""
        self._last = None

    def reach(self, place: int, jump: float) -> bool:
        """Takes note of the place that is heard now; returns whether it was jumped to."""
        last, self._last = self._last, place
        return last is not None and (place < last or place > last + jump)
