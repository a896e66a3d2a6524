"""Editing by hand: brings commands, gestures and dialogs to the window."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from editorbot_gui.editing import commands as do
from editorbot_gui.editing.context_menu import ContextMenus
from editorbot_gui.editing.dialogs import CrossfadeDialog, GainDialog, RepeatDialog
from editorbot_gui.editing.edge_drag import EdgeDrag
from editorbot_gui.editing.onset_steps import FinderKeeper, OnsetSteps
from editorbot_gui.editing.rows import rows_after
from editorbot_gui.editing.segment_drag import SegmentDrag
from editorbot_gui.editing.situation import Situation
from editorbot_gui.editing.snaps import Snaps
from editorbot_gui.errors import describe
from editorbot_gui.waveform.timecode import format_length, format_time
from editorbot_gui.waveform.view_state import Axis
from model_core.edit.new_fades import with_new_fades
from model_core.edit.types import Join
from model_core.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Callable

    from editorbot_gui.actions import ActionSet
    from editorbot_gui.jobs import JobRunner
    from editorbot_gui.panels.editor_page import EditorPage
    from editorbot_gui.session import Session
    from editorbot_gui.transport import Transport
    from editorbot_gui.waveform.edges import Edge
    from editorbot_gui.waveform.view_state import ViewState
    from model_core.edit.types import EditList, FadeLaw


class Editor(QObject):
    """Changes the document by hand. Nothing that it does stops the player.

    Args:
        session: The document.
        view: What the views share.
        transport: Where the playhead is, and what is heard.
        actions: The window's actions.
        page: The views.
        runner: Runs what takes a while.
        window: The window.
    """

    told = Signal(str)
    """A sentence for the person: what was done, or why it can't be."""

    def __init__(
        self,
        session: Session,
        view: ViewState,
        transport: Transport,
        actions: ActionSet,
        page: EditorPage,
        runner: JobRunner,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._session = session
        self._view = view
        self._transport = transport
        self._actions = actions
        self._window = window
        self._clip: EditList | None = None
        self.fade_ms: int | None = None
        self._refused: dict[str, str] = {}
        self._applying = False
        keeper = FinderKeeper()
        self.snaps = Snaps(session, page.edited, actions, runner, keeper, self)
        self.drag = EdgeDrag(page.edited, lambda: self.situation, self.snaps, self)
        self.drag.dragged.connect(self._end_drag)
        self.drag.reset_wanted.connect(self.reset_edge)
        self.segments = SegmentDrag(page.edited, lambda: self.situation, self)
        self.segments.dropped.connect(
            lambda items, before: self.run(lambda now: do.drop(now, items, before))
        )
        self.onsets = OnsetSteps(runner, keeper, self)
        self.menus = ContextMenus(page, view, transport, actions, self)
        self._connect()
        self.refresh()

    def _connect(self) -> None:
        view, session = self._view, self._session
        does: dict[str, Callable[[], object]] = {
            name: partial(self.run, command) for name, command in do.PLAIN.items()
        }
        does |= {
            "cut": self.cut,
            "copy": self.copy,
            "repeat": self.ask_how_often,
            "gain": self.ask_for_gain,
            "crossfade": self.ask_for_crossfade,
            "previous_edge": partial(self.choose_edge, later=False),
            "next_edge": partial(self.choose_edge, later=True),
            "previous_onset": partial(self.go_to_onset, later=False),
            "next_onset": partial(self.go_to_onset, later=True),
            "select_in": self.select_from_here,
            "select_out": self.select_up_to_here,
            "select_all": self.select_all,
            "select_nothing": self.select_nothing,
            "zoom_selection": view.fit_selection,
            # What goes to a segment selects it; the transport has moved the playhead by then.
            "previous_segment": self._select_segment,
            "next_segment": self._select_segment,
        }
        for name, function in does.items():
            self._actions[name].triggered.connect(lambda _checked=False, do=function: do())
        self.onsets.found.connect(self._transport.seek)
        self.onsets.missed.connect(lambda: self.told.emit(self.tr("There is no further onset.")))
        self.onsets.failed.connect(lambda error: self.told.emit(describe(error).sentence))
        session.source_changed.connect(self._forget_source)
        self.snaps.told.connect(self.told)
        self.snaps.places.failed.connect(lambda error: self.told.emit(describe(error).sentence))
        session.edit_changed.connect(self.drag.give_up)
        session.edit_changed.connect(self.segments.give_up)
        session.document_changed.connect(self.refresh)
        view.selection_changed.connect(self.refresh)
        view.edge_changed.connect(self.refresh)
        view.playhead_moved.connect(self.refresh)
        self._window.installEventFilter(self)

    @property
    def situation(self) -> Situation:
        """What a command would act on now."""
        view = self._view
        return Situation(
            self._session.timeline,
            0 if self._session.source is None else self._session.source.n_samples,
            view.sample_rate,
            view.selection,
            view.edge,
            view.playhead(Axis.EDITED),
            view.playhead(Axis.RAW),
            self._transport.heard,
            self._clip,
        )

    def refresh(self) -> None:
        """Enables what can be done now and says of the rest why it can't."""
        if self.drag.dragging or self._applying:
            return  # once is enough, at the end
        refused = do.refusals(self.situation)
        for name, reason in refused.items():
            if self._refused.get(name) != reason:
                self._actions.allow(name, reason)
        self._refused = refused

    # The commands ---------------------------------------------------------------------------------

    def run(self, command: Callable[[Situation], do.Outcome]) -> bool:
        """Does something to the document as one step; says why if it can't be done.

        Args:
            command: From the situation to what comes of it.

        Returns:
            Whether the document has changed.
        """
        try:
            outcome = command(self.situation)
            if outcome.edit == self._session.edit_list:
                self.told.emit(self.tr("Nothing has changed: it goes no further."))
                return False
            self._applying = True
            self._apply(outcome)
        except EditError as error:
            self.told.emit(str(error))
            return False
        finally:
            if self._applying:
                self._applying = False
                self.refresh()
        return True

    def _apply(self, outcome: do.Outcome) -> None:
        session, view, transport = self._session, self._view, self._transport
        if session.source is None:
            return
        first = not session.is_edited
        edit = outcome.edit
        if self.fade_ms is not None:
            fade = round(self.fade_ms / 1000 * session.source.sample_rate)
            edit = with_new_fades(session.edit_list, edit, fade)
        session.apply_edit(
            edit,
            outcome.words,
            proposal=session.proposal,
            merge_key=outcome.merge_key,
            changes=rows_after(session.changes, edit, session.source.n_samples),
        )
        if outcome.select is not None:
            view.restore_selection(outcome.select)
        elif view.selection is not None:
            view.clear_selection()
        view.choose_edge(outcome.edge)
        if not transport.playing:
            if first:
                transport.listen_to(Axis.EDITED)
            if outcome.playhead is not None:
                transport.seek(Axis.EDITED, outcome.playhead)
        length = format_length(session.timeline.length, view.sample_rate)
        self.told.emit(
            self.tr("{words}: the edit is {length} long.").format(
                words=outcome.words, length=length
            )
        )

    def copy(self) -> bool:
        """Remembers what is selected, to be pasted."""
        try:
            self._clip = do.copied(self.situation)
        except EditError as error:
            self.told.emit(str(error))
            return False
        self.refresh()
        return True

    def cut(self) -> None:
        """Remembers what is selected, and takes it out."""
        if self.copy():
            self.run(do.cut)

    def _end_drag(self, outcome: do.Outcome) -> None:
        self.run(lambda _now: outcome)
        self.refresh()

    def reset_edge(self, edge: Edge) -> None:
        """Puts an edge back to where the proposal has it."""
        proposal = self._session.proposal
        proposed = None if proposal is None else proposal.edit_list
        self.run(lambda now: do.reset_edge(now, edge, proposed))

    # The dialogs ----------------------------------------------------------------------------------

    def ask_how_often(self) -> None:
        """Asks how often the passage is to be heard."""
        now = self.situation
        if now.one_range() is None:
            return
        dialog = RepeatDialog(partial(do.length_after_repeat, now), self._window)
        dialog.chosen.connect(lambda times: self.run(lambda now: do.repeat(now, times)))
        self._open(dialog)

    def ask_for_gain(self) -> None:
        """Asks how much louder or softer the selection is to be."""
        dialog = GainDialog(self._window)
        dialog.chosen.connect(lambda gain_db: self.run(lambda now: do.change_gain(now, gain_db)))
        self._open(dialog)

    def ask_for_crossfade(self) -> None:
        """Asks for the crossfade of the joins that are meant."""
        now = self.situation
        joins = now.joins()
        if not now.edit.joins:
            return
        join = now.edit.joins[joins[0]] if joins else Join()
        dialog = CrossfadeDialog(
            join, now.sample_rate, len(joins), len(now.edit.joins), self._window
        )
        dialog.chosen.connect(self._set_crossfade)
        self._open(dialog)

    def _set_crossfade(self, law: FadeLaw, length: int | None, everywhere: bool) -> None:
        self.run(lambda now: do.set_crossfade(now, law, length, everywhere=everywhere))

    def _open(self, dialog: RepeatDialog | GainDialog | CrossfadeDialog) -> None:
        self._session.document_changed.connect(dialog.reject)
        dialog.open()

    # Selecting ------------------------------------------------------------------------------------

    def select_from_here(self) -> None:
        """Has the selection start at the playhead."""
        self._move_end(start=True)

    def select_up_to_here(self) -> None:
        """Has the selection end at the playhead."""
        self._move_end(start=False)

    def _move_end(self, *, start: bool) -> None:
        view, heard = self._view, self._transport.heard
        place, chosen = self._transport.position, view.selection
        if chosen is None or chosen.axis is not heard:
            low, high = 0, view.length(heard)
        else:
            low, high = chosen.start, chosen.stop
        if start:
            low, high = place, high if high > place else view.length(heard)
        else:
            low, high = low if low < place else 0, place
        view.select(heard, low, high)

    def select_all(self) -> None:
        """Selects all of what is listened to."""
        heard = self._transport.heard
        self._view.select(heard, 0, self._view.length(heard))

    def select_nothing(self) -> None:
        """Gives up the selection and the chosen edge."""
        self._view.clear_selection()
        self._view.choose_edge(None)

    def _select_segment(self) -> None:
        heard = self._transport.heard
        place = min(self._transport.position, max(0, self._view.length(heard) - 1))
        self._view.choose_edge(None)
        self._view.select_stretch(heard, place)

    def choose_edge(self, *, later: bool) -> None:
        """Chooses the next edge, or the one before, and goes there."""
        edge = do.edge_beside(self.situation, later=later)
        if edge is None:
            self.told.emit(self.tr("There is no further edge."))
            return
        timeline, view = self._session.timeline, self._view
        position = edge.position(timeline)
        view.choose_edge(edge)
        words = (
            self.tr("End of segment {number}, at {place} of the recording.")
            if edge.at_end
            else self.tr("Start of segment {number}, at {place} of the recording.")
        )
        place = format_time(edge.source_position(timeline), view.sample_rate)
        self.told.emit(words.format(number=edge.item + 1, place=place))
        if self._transport.playing:
            view.bring_into_view(Axis.EDITED, position)
        else:
            self._transport.seek(Axis.EDITED, position)

    def go_to_onset(self, *, later: bool) -> None:
        """Goes to the next place at which something begins, or to the one before."""
        source, transport = self._session.source, self._transport
        if source is not None:
            self.onsets.look(source, self.situation, later=later, playing=transport.playing)

    def _forget_source(self) -> None:
        self._clip = None
        self.onsets.give_up()
        self.drag.give_up()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes an Esc that nobody else wanted, to select nothing."""
        if (
            watched is self._window
            and event.type() is QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
            and (self._view.selection is not None or self._view.edge is not None)
        ):
            self.select_nothing()
            return True
        return super().eventFilter(watched, event)
