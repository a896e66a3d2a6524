"""The table of the edits list: what it looks like, and the keys that it has for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView

from editorbot_gui.keyboard import claims
from editorbot_gui.panels.edits.badges import BADGE_PX, ConfidenceCell
from editorbot_gui.panels.edits.changes_model import (
    CONFIDENCE,
    KIND,
    LENGTH,
    REASON,
    STATE,
    WHERE,
    ChangesModel,
)
from editorbot_gui.panels.edits.table import ROW_MENU
from editorbot_gui.plain_table import show_rows

if TYPE_CHECKING:
    from editorbot_gui.actions import ActionSet

_WIDTHS_PX = {STATE: 30, KIND: 78, WHERE: 78, LENGTH: 68, CONFIDENCE: 62}
_STATE_WORDS_PX = 92
_REASON_PX = 56
_ROW_PX = 28
_OWN_KEYS = {
    (Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier): "accept_change",
    (Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier): "accept_change",
    (Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier): "reject_change",
    (Qt.Key.Key_Backspace, Qt.KeyboardModifier.NoModifier): "reject_change",
    (Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier): "",
}
"""With the focus here they mean rows: an action, or what a table does by itself."""


class ChangesTable(QTableView):
    """Shows changes; several can be chosen.

    Args:
        model: The changes.
        actions: The window's actions.
    """

    def __init__(self, model: ChangesModel, actions: ActionSet) -> None:
        super().__init__()
        self._actions = actions
        self.setModel(model)
        self.setAccessibleName(self.tr("Edits"))
        show_rows(self)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setItemDelegateForColumn(CONFIDENCE, ConfidenceCell(self))
        self.setWordWrap(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setSortingEnabled(True)
        self.sortByColumn(WHERE, Qt.SortOrder.AscendingOrder)
        self.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(BADGE_PX)
        for column, width in _WIDTHS_PX.items():
            header.resizeSection(column, width)
        header.setSectionResizeMode(REASON, QHeaderView.ResizeMode.Stretch)
        # A window that was small for a while would leave the last columns out of sight.
        self._bar_px = self.verticalScrollBar().sizeHint().width()
        self.setMinimumWidth(sum(_WIDTHS_PX.values()) + _REASON_PX + self._bar_px)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Has states in words where there is room for them."""
        super().resizeEvent(event)
        others = sum(_WIDTHS_PX.values()) - _WIDTHS_PX[STATE] + _REASON_PX + self._bar_px
        roomy = self.width() >= others + _STATE_WORDS_PX
        width = _STATE_WORDS_PX if roomy else _WIDTHS_PX[STATE]
        model = self.model()
        if isinstance(model, ChangesModel):
            model.show_words(roomy)
        self.horizontalHeader().resizeSection(STATE, width)

    def event(self, event: QEvent) -> bool:
        """Claims the keys that mean rows here before the window's shortcuts."""
        return claims(event, _is_own) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Accepts and rejects the chosen rows."""
        action = _OWN_KEYS.get((Qt.Key(event.key()), event.modifiers()))
        if action:
            self._actions[action].trigger()
        else:
            super().keyPressEvent(event)

    def _show_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        for name in ROW_MENU:
            if name:
                menu.addAction(self._actions[name])
            else:
                menu.addSeparator()
        menu.popup(self.viewport().mapToGlobal(place))


def _is_own(event: QKeyEvent) -> bool:
    return (Qt.Key(event.key()), event.modifiers()) in _OWN_KEYS
