"""The menus that a click with the right button, or the menu key, opens on the views."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QAbstractScrollArea, QMenu, QWidget

from editorbot_gui.editing.table import EDITED_MENU, RAW_MENU
from editorbot_gui.waveform.gestures import GUTTER_PX
from editorbot_gui.waveform.view_state import Axis
from editorbot_gui.waveform.waveform_view import WaveformView

if TYPE_CHECKING:
    from editorbot_gui.actions import ActionSet
    from editorbot_gui.panels.editor_page import EditorPage
    from editorbot_gui.spectrogram.view import SpectrogramView
    from editorbot_gui.transport import Transport
    from editorbot_gui.waveform.axis_view import AxisView
    from editorbot_gui.waveform.view_state import ViewState

    AnyView: TypeAlias = AxisView | SpectrogramView


class ContextMenus(QObject):
    """Opens the menu of a view. What isn't selected yet is selected first, as by a click.

    Args:
        page: The views.
        view: What the views share.
        transport: Goes where the menu is opened.
        actions: The window's actions.
        parent: The owner.
    """

    def __init__(
        self,
        page: EditorPage,
        view: ViewState,
        transport: Transport,
        actions: ActionSet,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._state = view
        self._transport = transport
        self._menus: dict[Axis, QMenu] = {}
        for axis, names in ((Axis.RAW, RAW_MENU), (Axis.EDITED, EDITED_MENU)):
            menu = self._menus[axis] = QMenu(page)
            menu.setToolTipsVisible(True)
            for name in names:
                if name:
                    menu.addAction(actions[name])
                else:
                    menu.addSeparator()
        self._views: dict[QObject, AnyView] = {}
        for each in (page.raw, page.edited, page.plot):
            self.watch(each)
        page.spectrogram_made.connect(self.watch)

    def watch(self, view: AnyView) -> None:
        """Gives a view its menu."""
        parts: list[QWidget] = [view]
        if isinstance(view, QAbstractScrollArea):  # the pointer's events go to a part of it
            parts.append(view.viewport())
            # There is one spectrogram at most; another one takes the place of the one before.
            self._views = {
                part: old
                for part, old in self._views.items()
                if not isinstance(old, QAbstractScrollArea)
            }
        for part in parts:
            self._views[part] = view
            part.installEventFilter(self)

    def menu(self, axis: Axis) -> QMenu:
        """Returns the menu of an axis."""
        return self._menus[axis]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Opens the menu of a view."""
        if isinstance(event, QContextMenuEvent):
            view = self._views.get(watched)
            if view is not None and self._state.length(Axis.RAW):
                self._open(view, event)
                return True
        return super().eventFilter(watched, event)

    def _open(self, view: AnyView, event: QContextMenuEvent) -> None:
        place = event.globalPos()
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            x = min(max(view.x_of(self._state.playhead(view.axis)), GUTTER_PX), view.width() - 1)
            place = view.mapToGlobal(QPoint(round(x), view.height() // 2))
        else:
            self._aim(view, QPointF(event.pos()))
        self._menus[view.axis].popup(place)

    def _aim(self, view: AnyView, place: QPointF) -> None:
        """Chooses what lies under the pointer unless it is selected already."""
        edge = view.edge_at(place) if isinstance(view, WaveformView) else None
        if edge is not None:
            self._state.choose_edge(edge)
            return
        if not view.plot.contains(place.toPoint()):
            return
        sample = int(view.sample_at(place.x()))
        if not 0 <= sample < self._state.length(view.axis):
            return
        selected = self._state.selected_ranges(view.axis)
        if len(selected) and ((selected[:, 0] <= sample) & (sample < selected[:, 1])).any():
            if not self._transport.playing:
                self._transport.seek(view.axis, sample)
            return
        view.choose(sample)
        if not self._transport.playing:
            self._transport.seek(view.axis, sample)
