"""Markers in the window: commands, keys, rulers and list, against the document."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from editorbot_gui.markers.flags import MarkerFlags
from editorbot_gui.markers.panel import MarkersPanel
from editorbot_gui.markers.table import FLAG_MENU
from editorbot_gui.waveform.timecode import format_time
from editorbot_gui.waveform.view_state import Axis
from model_core.edit.markers import (
    Marker,
    heard_markers,
    marker_added,
    marker_at,
    marker_beside,
    marker_moved,
    marker_removed,
    marker_renamed,
)
from model_core.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Callable

    from editorbot_gui.actions import ActionSet
    from editorbot_gui.panels.editor_page import EditorPage
    from editorbot_gui.session import Session
    from editorbot_gui.transport import Transport
    from editorbot_gui.waveform.view_state import ViewState
    from model_core.edit.markers import Markers

_HERE_S = 0.05
"""So near to the playhead a marker is here."""


class MarkersDesk(QObject):
    """Does what a person asks of markers; each is one step of the history.

    Args:
        session: The document.
        view: What the views share.
        transport: Where the playhead is.
        commands: The window's actions.
        page: The views.
        snap: Returns the good place near to a sample of the recording, within a reach in samples.
        window: Dialogs and menus belong to it.
    """

    told = Signal(str)
    """A sentence for the person: what was done, or why it can't be."""

    def __init__(
        self,
        session: Session,
        view: ViewState,
        transport: Transport,
        commands: ActionSet,
        page: EditorPage,
        snap: Callable[[int, float], int],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._session = session
        self._view = view
        self._transport = transport
        self._commands = commands
        self._window = window
        self.panel = MarkersPanel()
        self.flags = MarkerFlags((page.raw_ruler, page.edited_ruler), snap, self)
        does: dict[str, Callable[[], object]] = {
            "add_marker": self.add,
            "rename_marker": self.ask_for_name,
            "delete_marker": self.delete,
            "previous_marker": partial(self.go, later=False),
            "next_marker": partial(self.go, later=True),
        }
        for name, function in does.items():
            commands[name].triggered.connect(lambda _checked=False, do=function: do())
        self.flags.chosen.connect(self.choose)
        self.flags.moved.connect(self.move)
        self.flags.rename_wanted.connect(self.ask_for_name)
        self.flags.menu_wanted.connect(self._show_menu)
        self.panel.chosen.connect(self.choose)
        self.panel.renamed.connect(self.rename)
        self.panel.menu_wanted.connect(self._show_menu)
        session.source_changed.connect(lambda: view.choose_marker(None))
        session.document_changed.connect(self._follow)
        view.playhead_moved.connect(self.refresh)
        self._follow()

    # What a person does ---------------------------------------------------------------------------

    def add(self) -> None:
        """Marks the place of the recording that the playhead is at."""
        place = self._view.playhead(Axis.RAW)
        number = 1
        names = {marker.name for marker in self._session.markers}
        while (name := self.tr("Marker {number}").format(number=number)) in names:
            number += 1
        words = self.tr("Add a marker")
        if self._apply(lambda markers: marker_added(markers, Marker(place, name)), words):
            index = marker_at(self._session.markers, place)
            self._view.choose_marker(index)
            self.panel.choose(index)
            self.refresh()
            self.told.emit(
                self.tr("“{name}” marks {place}; {key} names it.").format(
                    name=name,
                    place=format_time(place, self._view.sample_rate),
                    key=self._commands.key_text("rename_marker"),
                )
            )

    def delete(self) -> None:
        """Takes away the marker that is chosen, or is here."""
        index = self._meant()
        if index is not None:
            name = self._session.markers[index].name
            self._view.choose_marker(None)
            words = self.tr("Delete a marker")
            if self._apply(lambda markers: marker_removed(markers, index), words):
                self.told.emit(self.tr("Deleted “{name}”.").format(name=name))

    def rename(self, index: int, name: str) -> None:
        """Gives a marker another name."""
        self._apply(lambda markers: marker_renamed(markers, index, name), self.tr("Name a marker"))

    def move(self, index: int, place: int) -> None:
        """Puts a marker at another sample of the recording."""
        if self._apply(
            lambda markers: marker_moved(markers, index, place), self.tr("Move a marker")
        ):
            self._view.choose_marker(marker_at(self._session.markers, place))
            self._follow()

    def ask_for_name(self, index: int | None = None) -> None:
        """Asks for the name of a marker; left out, of the one that is chosen, or is here."""
        index = self._meant() if index is None else index
        if index is None or index >= len(self._session.markers):
            return
        marker = self._session.markers[index]
        dialog = QInputDialog(self._window)
        dialog.setWindowTitle(self.tr("Name the marker"))
        place = format_time(marker.position, self._view.sample_rate)
        dialog.setLabelText(self.tr("The marker at {place} is called").format(place=place))
        dialog.setTextValue(marker.name)
        dialog.textValueSelected.connect(partial(self.rename, index))
        self._session.document_changed.connect(dialog.reject)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def choose(self, index: int) -> None:
        """Chooses a marker and goes there; on the edit's side, only if it is heard."""
        markers = self._session.markers
        if index >= len(markers):
            return
        self._view.choose_marker(index)
        self.panel.choose(index)
        self._transport.seek(Axis.RAW, markers[index].position)
        self.refresh()

    def go(self, *, later: bool) -> None:
        """Goes to the next marker, or to the one before; in the edit, in the order it has there."""
        found = self._beside(later=later)
        if found is None:
            self.told.emit(self.tr("There is no further marker."))
            return
        index, axis, place = found
        self._view.choose_marker(index)
        self.panel.choose(index)
        self._transport.seek(axis, place)
        marker = self._session.markers[index]
        self.told.emit(
            self.tr("“{name}”, at {place} of the recording.").format(
                name=marker.name, place=format_time(marker.position, self._view.sample_rate)
            )
        )

    def _beside(self, *, later: bool) -> tuple[int, Axis, int] | None:
        """Returns the marker after or before the playhead, and where that is on which axis."""
        axis, markers = self._transport.heard, self._session.markers
        here = self._view.playhead(axis)
        if axis is Axis.RAW:
            index = marker_beside(markers, here, later=later)
            return None if index is None else (index, axis, markers[index].position)
        places, numbers = heard_markers(markers, self._session.timeline)
        side = places > here if later else places < here
        if not side.any():
            return None
        chosen = int(side.argmax()) if later else int(len(side) - 1 - side[::-1].argmax())
        return int(numbers[chosen]), axis, int(places[chosen])

    def _meant(self) -> int | None:
        """Returns the marker that is chosen, else the one at the playhead; or None."""
        markers, chosen = self._session.markers, self._view.chosen_marker
        if chosen is not None and chosen < len(markers):
            return chosen
        here = self._view.playhead(Axis.RAW)
        reach = _HERE_S * self._view.sample_rate
        near = [
            (abs(markers[index].position - here), index)
            for index in (
                marker_beside(markers, here + 1, later=False),
                marker_beside(markers, here, later=True),
            )
            if index is not None
        ]
        near = [one for one in near if one[0] <= reach]
        return min(near)[1] if near else None

    def _apply(self, change: Callable[[Markers], Markers], words: str) -> bool:
        if self._session.source is None:
            return False
        before = self._session.markers
        try:
            self._session.apply_markers(change(before), words)
        except EditError as error:
            self.told.emit(str(error))
            return False
        return self._session.markers != before

    def _show_menu(self, index: int, place: QPoint) -> None:
        self.choose(index)
        menu = QMenu(self._window)
        menu.setToolTipsVisible(True)
        for name in FLAG_MENU:
            menu.addAction(self._commands[name])
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    # What is shown --------------------------------------------------------------------------------

    def _follow(self) -> None:
        """Shows the markers of the document in rulers and list."""
        self.flags.give_up()
        if self._session.markers is not self._view.markers:
            self._view.set_markers(self._session.markers)
            self.panel.show_markers(
                self._session.markers, self._view.sample_rate, self._view.chosen_marker
            )
        self.refresh()

    def refresh(self) -> None:
        """Enables what can be done now and says of the rest why it can't."""
        commands, any_there = self._commands, bool(self._session.markers)
        closed = "" if self._session.source is not None else self.tr("Open a recording first.")
        none = closed or ("" if any_there else self.tr("There are no markers yet; M sets one."))
        meant = none or (
            "" if self._meant() is not None else self.tr("Click a marker first, or go to one.")
        )
        for name, reason in (
            ("add_marker", closed),
            ("rename_marker", meant),
            ("delete_marker", meant),
            ("previous_marker", none),
            ("next_marker", none),
        ):
            commands.allow(name, reason)
