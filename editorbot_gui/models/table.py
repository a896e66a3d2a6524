"""The table of models: what it looks like, and the keys that it has for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from editorbot_gui.keyboard import claims, is_plain
from editorbot_gui.models.table_model import DATE, GAIN, NAME, PAIRS, ModelsTableModel
from editorbot_gui.plain_table import show_rows

if TYPE_CHECKING:
    from model_core.models.model import Model

_NAME_PX = 110
_WIDTHS_PX = {DATE: 96, PAIRS: 52, GAIN: 52}
_ROW_PX = 28
_FEWEST_ROWS = 4
_USES = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})
_REMOVES = frozenset({Qt.Key.Key_Delete, Qt.Key.Key_Backspace})
_OWN_KEYS = _USES | _REMOVES | {Qt.Key.Key_F2}


class ModelsTable(QTableView):
    """Shows models; one can be chosen. Enter uses it, F2 renames it, Del deletes it.

    Args:
        model: The models.
        parent: The owner.
    """

    use_wanted = Signal()
    """The chosen model is to make the edits."""
    remove_wanted = Signal()
    """The chosen model is to be deleted."""

    def __init__(self, model: ModelsTableModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._models = model
        self.setModel(model)
        self.setAccessibleName(self.tr("Models"))
        show_rows(self)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.DoubleClicked
        )
        self.setWordWrap(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setSortingEnabled(True)
        self.sortByColumn(NAME, Qt.SortOrder.AscendingOrder)
        self.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        for column, width in _WIDTHS_PX.items():
            header.resizeSection(column, width)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        bar = self.verticalScrollBar().sizeHint().width()
        self.setMinimumWidth(_NAME_PX + sum(_WIDTHS_PX.values()) + bar)

    def sizeHint(self) -> QSize:
        """Asks for no more than a few rows: what is below them is to be seen, too."""
        return self.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        """Has room for a few rows and their heading."""
        height = _FEWEST_ROWS * _ROW_PX + self.horizontalHeader().sizeHint().height()
        return QSize(super().minimumSizeHint().width(), height)

    @property
    def chosen(self) -> Model | None:
        """The chosen model, or None."""
        rows = self.selectionModel().selectedRows()
        return self._models.rows[rows[0].row()] if rows else None

    def choose(self, key: str) -> None:
        """Chooses a model by its `Model.key`; the first one if it isn't there."""
        row = self._models.row_of(key)
        if self._models.rows:
            self.selectRow(0 if row is None else row)

    def rename_chosen(self) -> None:
        """Begins to edit the chosen model's name in its place."""
        rows = self.selectionModel().selectedRows(NAME)
        if rows:
            self.setFocus()
            self.setCurrentIndex(rows[0])
            self.edit(rows[0])

    def event(self, event: QEvent) -> bool:
        """Keeps the keys that models understand from the window's shortcuts."""
        return claims(event, _is_own) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Uses, renames and deletes with the keyboard."""
        if self.state() == QAbstractItemView.State.EditingState:
            super().keyPressEvent(event)
        elif event.key() in _USES:
            self.use_wanted.emit()
        elif event.key() in _REMOVES:
            self.remove_wanted.emit()
        elif event.key() == Qt.Key.Key_F2:
            self.rename_chosen()
        else:
            super().keyPressEvent(event)


def _is_own(event: QKeyEvent) -> bool:
    return event.key() in _OWN_KEYS and is_plain(event)
