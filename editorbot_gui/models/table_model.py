"""The models as a table that is sorted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from editorbot_gui.actions import tinted_icon
from editorbot_gui.models import words
from editorbot_gui.theme import Theme, figures_font, mixed, text_font

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

    from model_core.models.model import Model

NAME, DATE, PAIRS, GAIN = range(4)
_FIGURES = frozenset({DATE, PAIRS, GAIN})
_PROBLEM_INK = 0.25
"""How far the colour of problems goes towards the text's, so that it can be read."""

Index = QModelIndex | QPersistentModelIndex


class ModelsTableModel(QAbstractTableModel):
    """The models as rows; their names can be edited in place.

    Args:
        parent: The owner.
    """

    rename_wanted = Signal(object, str)
    """A `Model` is to be called otherwise."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Model] = []
        self._in_use = ""
        self._column, self._order = NAME, Qt.SortOrder.AscendingOrder

    @property
    def rows(self) -> tuple[Model, ...]:
        """The models from top to bottom."""
        return tuple(self._rows)

    def show_models(self, models: tuple[Model, ...], in_use: str) -> None:
        """Shows other models, and marks the one in use by its `Model.key`."""
        self.beginResetModel()
        self._in_use = in_use
        self._rows = self._sorted(list(models))
        self.endResetModel()

    def row_of(self, key: str) -> int | None:
        """Returns the row of a model by its `Model.key`, or None."""
        return next((row for row, model in enumerate(self._rows) if model.key == key), None)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sorts by a column; what isn't known comes last."""
        self._column, self._order = column, order
        self.layoutAboutToBeChanged.emit()
        before, self._rows = self._rows, self._sorted(self._rows)
        places = {model.key: row for row, model in enumerate(self._rows)}
        for index in self.persistentIndexList():
            row = places[before[index.row()].key]
            self.changePersistentIndex(index, self.index(row, index.column()))
        self.layoutChanged.emit()

    def _sorted(self, models: list[Model]) -> list[Model]:
        descending = self._order is Qt.SortOrder.DescendingOrder
        by_name = sorted(models, key=lambda model: (not model.is_bundled, model.name.casefold()))
        if self._column == NAME:
            return by_name[::-1] if descending else by_name
        values = {model.key: self._value(model) for model in by_name}
        known = [model for model in by_name if values[model.key] is not None]
        known.sort(key=lambda model: values[model.key], reverse=descending)
        return known + [model for model in by_name if values[model.key] is None]

    def _value(self, model: Model) -> Any:  # noqa: ANN401 - words or a number
        return {DATE: model.date or None, PAIRS: model.n_pairs, GAIN: model.gain}[self._column]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's own
        """Number of models."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's own
        """Number of columns."""
        return 0 if parent.isValid() else GAIN + 1

    def headerData(  # noqa: N802 - Qt's own
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:  # noqa: ANN401 - Qt's own
        """What the columns are."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            headings = (
                self.tr("Name"), self.tr("Date"), self.tr("Pairs"), self.tr("Gain"),
            )  # fmt: skip
            return headings[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return {
                DATE: self.tr("When it was trained"),
                PAIRS: self.tr("From how many pairs of your library it has learned"),
                GAIN: self.tr("How much better it tells edits that it has not learned from"),
            }.get(section)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Names can be edited, but for the bundled model's."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.column() == NAME and not self._rows[index.row()].is_bundled:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own
        """What a cell says."""
        model, column = self._rows[index.row()], index.column()
        is_used = model.key == self._in_use
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(model, column)
        if role == Qt.ItemDataRole.EditRole:
            return model.name
        if role == Qt.ItemDataRole.UserRole:
            return model
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.FontRole:
            return figures_font() if column in _FIGURES else text_font(bold=is_used)
        if role == Qt.ItemDataRole.DecorationRole and column == NAME and is_used:
            return tinted_icon("mdi6.check-circle", Theme.current().palette.edited)
        if role == Qt.ItemDataRole.ForegroundRole and model.reason:
            palette = Theme.current().palette
            return mixed(palette.problem, palette.text, _PROBLEM_INK)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return words.about(model, in_use=is_used)
        return None

    def setData(  # noqa: N802 - Qt's own
        self,
        index: Index,
        value: Any,  # noqa: ANN401 - Qt's own
        role: int = Qt.ItemDataRole.EditRole,
    ) -> bool:
        """Asks for another name; it is shown once the file is called so."""
        model, name = self._rows[index.row()], str(value).strip()
        if role != Qt.ItemDataRole.EditRole or not name or name == model.name:
            return False
        self.rename_wanted.emit(model, name)
        return False

    def _text(self, model: Model, column: int) -> str:
        if column == NAME:
            return self.tr("Bundled") if model.is_bundled else model.name
        if column == DATE:
            return model.date
        if column == PAIRS:
            return "" if model.n_pairs is None else str(model.n_pairs)
        return "" if model.gain is None else f"{model.gain:.0%}"


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _FIGURES else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
