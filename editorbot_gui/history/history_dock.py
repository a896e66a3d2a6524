"""The history as a list: every step of the edit by name, the present one marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shiboken6
from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QIcon, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.actions import tinted_icon
from editorbot_gui.theme import GRID_PX, Theme, text_font

if TYPE_CHECKING:
    from PySide6.QtGui import QUndoStack

    from editorbot_gui.session import Session

Index = QModelIndex | QPersistentModelIndex


class HistoryModel(QAbstractListModel):
    """One row for each state: as it was opened, then after every step.

    Args:
        stack: The steps.
        parent: The owner.
    """

    def __init__(self, stack: QUndoStack, parent: QObject) -> None:
        super().__init__(parent)
        self._stack = stack
        self._n_rows = stack.count() + 1
        self._now = stack.index()
        self._here = QIcon()
        stack.indexChanged.connect(self.refresh)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's signature
        """Returns how many states there are."""
        return 0 if parent.isValid() else self._n_rows

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Returns name, mark, colour and what a screen reader says of a state."""
        row = index.row()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._name(row)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(row)
        if role == Qt.ItemDataRole.DecorationRole:
            return self._here if row == self._now else None
        if role == Qt.ItemDataRole.FontRole:
            return text_font(bold=True) if row == self._now else QFont()
        if role == Qt.ItemDataRole.ForegroundRole and row > self._now:
            return QColor(Theme.current().palette.muted)
        if role == Qt.ItemDataRole.ToolTipRole:
            if row == self._now:
                return self.tr("The edit is in this state.")
            return (
                self.tr("Go back to this state.")
                if row < self._now
                else self.tr("Do again what was taken back, up to here.")
            )
        return None

    def mark_with(self, icon: QIcon) -> None:
        """Marks the present state with another icon."""
        self._here = icon
        self.dataChanged.emit(self.index(0), self.index(self._n_rows - 1))

    def refresh(self) -> None:
        """Follows the stack; only as much as has changed."""
        if not shiboken6.isValid(self._stack):
            return  # it tells that it is emptied while the window is being destroyed
        before = self._now
        n_rows, self._now = self._stack.count() + 1, self._stack.index()
        if n_rows > self._n_rows:
            self.beginInsertRows(QModelIndex(), self._n_rows, n_rows - 1)
            self._n_rows = n_rows
            self.endInsertRows()
        elif n_rows < self._n_rows:
            self.beginRemoveRows(QModelIndex(), n_rows, self._n_rows - 1)
            self._n_rows = n_rows
            self.endRemoveRows()
        first, last = sorted((min(before, n_rows - 1), self._now))
        self.dataChanged.emit(self.index(first), self.index(last))

    def _name(self, row: int) -> str:
        return self._stack.text(row - 1) if row else self.tr("As opened")

    def _spoken(self, row: int) -> str:
        if row == self._now:
            return self.tr("{step}, the present state").format(step=self._name(row))
        if row > self._now:
            return self.tr("{step}, taken back").format(step=self._name(row))
        return self._name(row)


class _StateList(QTableView):
    """Goes to a state by click, or by arrow keys and Enter.

    A table of one column, as a list asks its model about every row when anything changes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(3 * GRID_PX)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Has Enter mean what a click means."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.clicked.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)


class HistoryPanel(QWidget):
    """Lists the steps, and goes to any of them.

    Args:
        session: The document.
        parent: The owner.
    """

    went = Signal(str)
    """The person has gone to another state; carries its name."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.model = HistoryModel(session.undo_stack, self)
        self.list = _StateList()
        self.list.setModel(self.model)
        self.list.setAccessibleName(self.tr("History"))
        self.list.setObjectName("historyList")
        self.list.clicked.connect(lambda index: self.go_to(index.row()))
        hint = QLabel(self.tr("Click a step to go back to it, or forth again."))
        hint.setWordWrap(True)
        self._hint = hint
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.list, 1)
        column.addWidget(hint)
        session.undo_stack.indexChanged.connect(self._follow)
        Theme.current().theme_changed.connect(self._dress)
        self._dress()
        self._follow()

    def go_to(self, state: int) -> None:
        """Shows a state: 0 is as it was opened, then the number of steps."""
        if state != self._session.undo_stack.index():
            self._session.go_to(state)
            self.went.emit(self.model.index(state).data())

    def showEvent(self, event: QShowEvent) -> None:
        """Catches up with the document."""
        super().showEvent(event)
        self._follow()

    def _follow(self) -> None:
        # Behind another tab nothing is laid out; it catches up when it is shown.
        if not self.isVisible() or not shiboken6.isValid(self._session.undo_stack):
            return
        now = self.model.index(self._session.undo_stack.index())
        self.list.setCurrentIndex(now)
        self.list.scrollTo(now)

    def _dress(self) -> None:
        palette = Theme.current().palette
        self.model.mark_with(tinted_icon("mdi6.arrow-right-thin", palette.text))
        self._hint.setStyleSheet(
            f"color: {palette.muted.name()}; padding: {GRID_PX}px;"
            f" border-top: 1px solid {palette.line.name()}"
        )
        self.setStyleSheet(
            f"#historyList {{ background: {palette.window.name()}; border: none;"
            f" outline: none; selection-background-color: {palette.selected.name()}; }}"
            f" #historyList::item {{ padding: 4px 8px; }}"
            f" #historyList::item:selected {{ background: {palette.selected.name()};"
            f" color: {palette.text.name()}; }}"
            f" #historyList::item:hover:!selected {{ background: {palette.raised.name()}; }}"
        )
