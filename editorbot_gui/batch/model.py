"""The queue as a table, with a bar for the progress of each file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from editorbot_gui.batch.queue import DONE, FAILED, RUNNING, WAITING
from editorbot_gui.theme import GRID_PX, Theme, faded
from editorbot_gui.waveform.timecode import format_length

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtCore import QObject
    from PySide6.QtGui import QPainter

    from editorbot_gui.batch.queue import Entry
    from editorbot_gui.batch.runner import BatchRunner

FILE, STYLE, MODEL, FORMAT, STATE, RESULT = range(6)
SHARE_ROLE = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex


class QueueModel(QAbstractTableModel):
    """The entries as rows.

    Args:
        batch: The queue.
        parent: The owner.
    """

    def __init__(self, batch: BatchRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._batch = batch
        self._n_rows = len(batch.queue.entries)
        batch.changed.connect(self._refresh)
        batch.progressed.connect(self._refresh_row)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's own
        """Number of files."""
        return 0 if parent.isValid() else self._n_rows

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's own
        """Number of columns."""
        return 0 if parent.isValid() else RESULT + 1

    def headerData(  # noqa: N802 - Qt's own
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:  # noqa: ANN401 - Qt's own
        """What the columns are."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (
                self.tr("File"),
                self.tr("Style"),
                self.tr("Model"),
                self.tr("Format"),
                self.tr("Progress"),
                self.tr("Result"),
            )[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own
        """What a cell says."""
        entry, column = self._batch.queue.entries[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(entry, column)
        if role == SHARE_ROLE and column == STATE and entry.state == RUNNING:
            return entry.share
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(entry, column)
        if role == Qt.ItemDataRole.ForegroundRole:
            palette = Theme.current().palette
            if entry.state == FAILED and column in (STATE, RESULT):
                return palette.problem
            if entry.state == DONE and column != RESULT:
                return palette.muted
        return None

    def _text(self, entry: Entry, column: int) -> str:
        if column == FILE:
            return entry.source.name
        if column == STYLE:
            return _name_of(entry.options.style) or self.tr("The model's own")
        if column == MODEL:
            return _name_of(entry.options.model) or self.tr("Bundled")
        if column == FORMAT:
            return entry.ending.lstrip(".").upper()
        if column == STATE:
            return {
                WAITING: self.tr("Waiting"),
                RUNNING: f"{entry.share:.0%}",
                DONE: self.tr("Done"),
                FAILED: self.tr("Failed"),
            }[entry.state]
        result = entry.result
        if result is None or entry.state not in (DONE, FAILED):
            return ""
        if entry.state == FAILED:
            return result.sentence
        lengths = f"{_seconds(result.raw_s)} → {_seconds(result.edited_s)}"
        cuts = self.tr("1 cut") if result.cuts == 1 else self.tr("{n} cuts").format(n=result.cuts)
        return f"{lengths}, {cuts}"

    @staticmethod
    def _tip(entry: Entry, column: int) -> str:
        if column == FILE:
            return str(entry.source)
        if column == RESULT and entry.result is not None:
            parts = (str(entry.output or ""), entry.result.sentence, entry.result.mend)
            return "\n".join(part for part in parts if part)
        return ""

    def _refresh(self) -> None:
        n_rows = len(self._batch.queue.entries)
        if n_rows == self._n_rows:
            self.dataChanged.emit(self.index(0, 0), self.index(max(0, n_rows - 1), RESULT))
            return
        self.beginResetModel()
        self._n_rows = n_rows
        self.endResetModel()

    def _refresh_row(self, row: int) -> None:
        self.dataChanged.emit(self.index(row, STATE), self.index(row, STATE))


def _name_of(text: str) -> str:
    """Returns what a person calls a style or a model that is given by name or by file."""
    name = text.replace("\\", "/").rpartition("/")[2]
    stem, dot, ending = name.rpartition(".")
    name = stem if dot and ending in ("json", "safetensors") else name
    return name[:1].upper() + name[1:]


def _seconds(seconds: float) -> str:
    """Returns a length as people read it; milliseconds are fine enough."""
    return format_length(round(seconds * 1000), 1000)


def label_of(path: Path) -> str:
    """Returns what a person calls a file of a style or of a model."""
    return _name_of(str(path))


class ProgressDelegate(QStyledItemDelegate):
    """Draws a bar behind the share of the file that is being worked on."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draws the bar, then the text."""
        share = index.data(SHARE_ROLE)
        if share is not None:
            palette = Theme.current().palette
            area = QRectF(option.rect).adjusted(
                GRID_PX / 4, GRID_PX / 2, -GRID_PX / 4, -GRID_PX / 2
            )
            painter.save()
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(faded(palette.edited, 0.15))
            painter.drawRect(area)
            area.setWidth(area.width() * float(share))
            painter.setBrush(faded(palette.edited, 0.5))
            painter.drawRect(area)
            painter.restore()
        super().paint(painter, option, index)
