"""The command palette: type a few letters, press Enter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QTextCharFormat, QTextLayout
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.palette.entries import Entry, Found, search
from editorbot_gui.theme import GRID_PX, SMALL_TEXT_PX, Theme, mixed, text_font

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH_PX = 84 * GRID_PX
_ROW_PX = 5 * GRID_PX
_ROWS_SHOWN = 10
_FEWEST_ROWS = 4
_AROUND_LIST_PX = 14 * GRID_PX
_FROM_TOP_PX = 8 * GRID_PX
_MOVES = frozenset({Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown})
_FOUND_ROLE = Qt.ItemDataRole.UserRole

Index = QModelIndex | QPersistentModelIndex


class FoundModel(QAbstractListModel):
    """The commands that fit, as rows."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: list[Found] = []

    def show_rows(self, rows: list[Found]) -> None:
        """Lists others."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's signature
        """Returns how many there are."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Returns the name, what a screen reader says, or the row itself."""
        entry = self.rows[index.row()].entry
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return entry.sentence
        if role == Qt.ItemDataRole.AccessibleTextRole:
            parts = (entry.text, entry.group, entry.key, entry.sentence)
            return ", ".join(part for part in parts if part)
        return self.rows[index.row()] if role == _FOUND_ROLE else None


class _RowPainter(QStyledItemDelegate):
    """Draws name, sentence and key of a command on one line."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """All rows are of one height."""
        return QSize(_WIDTH_PX // 2, _ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draws a row."""
        found: Found = index.data(_FOUND_ROLE)
        rect: QRect = option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        palette = Theme.current().palette
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.selected)
            painter.drawRoundedRect(rect.adjusted(2, 1, -2, -1), 4, 4)
        room = rect.adjusted(2 * GRID_PX, 0, -2 * GRID_PX, 0)
        muted = mixed(palette.muted, palette.text, 0.35) if chosen else palette.muted
        room = self._paint_key(painter, room, found.entry.key)
        painter.setPen(palette.text if found.entry.usable else muted)
        used = self._paint_name(painter, room, found)
        rest = room.adjusted(used + 2 * GRID_PX, 0, 0, 0)
        painter.setPen(muted)
        painter.setFont(text_font(SMALL_TEXT_PX))
        words = found.entry.sentence or found.entry.group
        words = QFontMetrics(painter.font()).elidedText(
            words, Qt.TextElideMode.ElideRight, max(0, rest.width())
        )
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(rest, flags, words)
        painter.restore()

    def _paint_name(self, painter: QPainter, room: QRect, found: Found) -> int:
        """Draws the name with the letters of the query in bold; returns its width in pixels."""
        layout = QTextLayout(found.entry.text, text_font())
        bold = QTextCharFormat()
        bold.setFontWeight(700)
        formats = []
        for place in found.places:
            part = QTextLayout.FormatRange()
            part.start, part.length, part.format = place, 1, bold
            formats.append(part)
        layout.setFormats(formats)
        layout.beginLayout()
        line = layout.createLine()
        line.setLineWidth(room.width())
        layout.endLayout()
        top = room.top() + (room.height() - line.height()) / 2
        layout.draw(painter, QPoint(room.left(), round(top)).toPointF())
        return round(line.naturalTextWidth())

    def _paint_key(self, painter: QPainter, room: QRect, key: str) -> QRect:
        """Draws the key at the right end; returns what room is left of it."""
        if not key:
            return room
        palette = Theme.current().palette
        font = text_font(SMALL_TEXT_PX)
        width = QFontMetrics(font).horizontalAdvance(key) + 2 * GRID_PX
        height = 3 * GRID_PX
        chip = QRect(room.right() - width, room.center().y() - height // 2 + 1, width, height)
        painter.setPen(mixed(palette.line, palette.text, 0.2))
        painter.setBrush(palette.window)
        painter.drawRoundedRect(chip, 4, 4)
        painter.setPen(palette.text)
        painter.setFont(font)
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, key)
        return room.adjusted(0, 0, -width - 2 * GRID_PX, 0)


class CommandPalette(QDialog):
    """A field and the commands that fit what is typed, over the upper part of the window.

    The focus stays in the field: the arrow keys move in the list, Enter does what is chosen, Esc
    closes it.

    Args:
        entries: All commands.
        recent: Names of those that were used last, newest first.
        parent: The window.
    """

    chosen = Signal(str)
    """A command was chosen and is about to be done; carries its name."""

    def __init__(
        self, entries: Sequence[Entry], recent: Sequence[str] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("commandPalette")
        self.setWindowTitle(self.tr("Command palette"))
        self._entries = entries
        self._recent = recent
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("What would you like to do?"))
        self.field.setAccessibleName(self.tr("Find a command"))
        self.field.setFont(text_font(15))
        self.field.installEventFilter(self)
        self.model = FoundModel(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(_RowPainter(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(self.tr("Commands"))
        self.message = QLabel()
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID_PX, GRID_PX, GRID_PX, GRID_PX)
        column.setSpacing(GRID_PX)
        column.addWidget(self.field)
        column.addWidget(self.list)
        column.addWidget(self.message)
        self.field.textChanged.connect(self._search)
        self.list.clicked.connect(lambda _index: self._do())
        selection = self.list.selectionModel()
        selection.currentChanged.connect(lambda _now, _before: self._tell())
        Theme.current().theme_changed.connect(self._dress)
        self._dress()
        self._search("")
        self._place()

    @property
    def current(self) -> Found | None:
        """The row that Enter would do."""
        row = self.list.currentIndex().row()
        return self.model.rows[row] if row >= 0 else None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Moves in the list although the field has the focus."""
        if (
            watched is self.field
            and event.type() is QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
        ):
            key = Qt.Key(event.key())
            if key in _MOVES:
                self._move(key)
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._do()
                return True
        return super().eventFilter(watched, event)

    def _search(self, query: str) -> None:
        self.model.show_rows(search(query, self._entries, self._recent))
        if self.model.rows:
            self.list.setCurrentIndex(self.model.index(0))
        self._tell()

    def _move(self, key: Qt.Key) -> None:
        n_rows = len(self.model.rows)
        if not n_rows:
            return
        row = self.list.currentIndex().row()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            row = (row + (1 if key == Qt.Key.Key_Down else -1)) % n_rows
        else:
            step = _ROWS_SHOWN if key == Qt.Key.Key_PageDown else -_ROWS_SHOWN
            row = min(max(0, row + step), n_rows - 1)
        self.list.setCurrentIndex(self.model.index(row))

    def _tell(self) -> None:
        found = self.current
        if found is None:
            words = self.tr("No command is called like that.")
        elif not found.entry.usable:
            reason = found.entry.sentence or self.tr("This can't be used now.")
            words = self.tr("Not now: {reason}").format(reason=reason)
        else:
            words = found.entry.sentence
        self.message.setText(words)

    def _do(self) -> None:
        found = self.current
        if found is None or not found.entry.usable:
            return  # the line below says why
        self.accept()
        window = self.parentWidget()
        if window is not None:  # some desktops give the keyboard back late, or to none
            window.activateWindow()
        self.chosen.emit(found.entry.name)
        found.entry.action.trigger()

    def _place(self) -> None:
        window = self.parentWidget()
        room = window.width() - 4 * GRID_PX if window is not None else _WIDTH_PX
        self.setFixedWidth(min(_WIDTH_PX, max(room, _WIDTH_PX // 2)))
        below = window.height() - _FROM_TOP_PX - _AROUND_LIST_PX if window is not None else 0
        rows = min(_ROWS_SHOWN, max(_FEWEST_ROWS, below // _ROW_PX))
        self.list.setFixedHeight(rows * _ROW_PX + GRID_PX // 2)
        if window is not None:
            top = window.mapToGlobal(QPoint((window.width() - self.width()) // 2, _FROM_TOP_PX))
            self.move(top)

    def _dress(self) -> None:
        palette = Theme.current().palette
        edge = mixed(palette.line, palette.text, 0.15).name()
        self.setStyleSheet(
            f"#commandPalette {{ background: {palette.panel.name()}; border: 1px solid {edge}; }}"
            f" QListView {{ background: {palette.panel.name()}; border: none; outline: none; }}"
            f" QLabel {{ color: {palette.muted.name()}; padding: 0 8px; }}"
        )
