"""The sheet of all keys, made from the table of actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.action_spec import Group
from editorbot_gui.actions import ACTIONS, plain, shown_key, text_of, translated
from editorbot_gui.dialogs.plain import without_icons
from editorbot_gui.palette.matching import folded
from editorbot_gui.takes.table import TAKE_NAMES
from editorbot_gui.theme import GRID_PX, Theme, text_font

if TYPE_CHECKING:
    from collections.abc import Mapping

_N_COLUMNS = 3
_HEADING_ROWS = 3
_ROW_PX = 20
_HEADING_PX = 3 * GRID_PX
_INSIDE_PX = 2 * GRID_PX
_BETWEEN_PX = 4 * GRID_PX
_AROUND_PX = 12 * GRID_PX
"""Margins, scroll bar and the frame that the system draws."""
_HEIGHT_PX = 76 * GRID_PX


def key_rows(
    group: Group, keys: Mapping[str, tuple[str, ...]] | None = None
) -> list[tuple[str, str]]:
    """Returns (keys, what they do) for one heading of the sheet.

    Args:
        group: The heading.
        keys: The keys of each action by name; left out, those of the table.
    """
    known = {spec.name: spec.keys for spec in ACTIONS}
    known.update(keys or {})
    rows = [
        (
            _tr(" or ").join(shown_key(key) for key in known[spec.name]),
            plain(text_of(spec)),
        )
        for spec in ACTIONS
        if spec.group is group and known[spec.name] and spec.name not in TAKE_NAMES
    ]
    if group is Group.VIEW:
        control = shown_key("Ctrl+A").removesuffix("A")
        shift = shown_key("Shift+A").removesuffix("A")
        rows += [
            (_tr("{control}Wheel").format(control=control), _tr("Zoom at the pointer")),
            (_tr("Wheel"), _tr("Move along the time")),
            (_tr("Middle button"), _tr("Drag to move along the time")),
            (_tr("Click"), _tr("Go there, select the segment")),
            (_tr("Drag"), _tr("Select")),
            (_tr("{shift}Click").format(shift=shift), _tr("Move an end of the selection")),
        ]
    if group is Group.TAKES:
        takes = " ".join(shown_key(key) for name in TAKE_NAMES for key in known[name])
        if takes:
            rows.append((takes, _tr("Hear that take, at the same place")))
    if group is Group.SEGMENTS:
        rows.append((_tr("Drag an edge"), _tr("Move it; with Alt it does not snap")))
    return rows


class Section(QWidget):
    """The keys under one heading, painted: hundreds of labels would take long to be laid out.

    Args:
        group: The heading.
        rows: Keys, and what they do.
    """

    def __init__(self, group: Group, rows: list[tuple[str, str]]) -> None:
        super().__init__()
        self._heading = translated(group)
        self._rows = rows
        self.shown: list[tuple[str, str]] = []
        metrics = QFontMetrics(text_font())
        self._keys_width = max((metrics.horizontalAdvance(keys) for keys, _ in rows), default=0)
        self._words_width = max((metrics.horizontalAdvance(words) for _, words in rows), default=0)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.show_only([])

    def show_only(self, words: list[str]) -> int:
        """Shows the rows that hold all words; returns how many these are."""
        self.shown = [
            (keys, does)
            for keys, does in self._rows
            if all(word in folded(f"{self._heading} {keys} {does}") for word in words)
        ]
        self.setVisible(bool(self.shown))
        spoken = "; ".join(f"{keys}: {does}" for keys, does in self.shown)
        self.setAccessibleName(f"{self._heading}: {spoken}")
        self.updateGeometry()
        self.update()
        return len(self.shown)

    def sizeHint(self) -> QSize:
        """Wide enough for all rows, so that the columns stay when some are left out."""
        width = self._keys_width + _INSIDE_PX + self._words_width
        return QSize(width, _HEADING_PX + _ROW_PX * len(self.shown))

    def minimumSizeHint(self) -> QSize:
        """Nothing is cut off."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draws heading and rows."""
        palette = Theme.current().palette
        painter = QPainter(self)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setPen(palette.text)
        painter.setFont(text_font(bold=True))
        painter.drawText(QRect(0, 0, self.width(), _ROW_PX), flags, self._heading)
        painter.setFont(text_font())
        left = self._keys_width + _INSIDE_PX
        for row, (keys, words) in enumerate(self.shown):
            top = _HEADING_PX + row * _ROW_PX
            painter.setPen(palette.muted)
            painter.drawText(QRect(0, top, left, _ROW_PX), flags, keys)
            painter.setPen(palette.text)
            painter.drawText(QRect(left, top, self.width() - left, _ROW_PX), flags, words)
        painter.end()


class ShortcutsDialog(QDialog):
    """Shows every key under the heading of its menu.

    Args:
        keys: The keys of each action by name; left out, those of the table.
        parent: The window.
    """

    change_requested = Signal()
    """The person wants other keys."""

    def __init__(
        self, parent: QWidget | None = None, keys: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Find a key or a command"))
        self.search.setAccessibleName(self.tr("Find a key or a command"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._show_only)
        self.sections = {group: Section(group, key_rows(group, keys)) for group in Group}
        self.nothing = QLabel(self.tr("No key or command is called like that."))
        self.nothing.hide()
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setAccessibleName(self.tr("Keys"))
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._body = self._columns(keys)
        self.area.setWidget(self._body)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.change_button = buttons.addButton(
            self.tr("Change keys…"), QDialogButtonBox.ButtonRole.ActionRole
        )
        self.change_button.clicked.connect(self.change_requested)
        buttons.rejected.connect(self.reject)
        without_icons(buttons.buttons())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID_PX, 3 * GRID_PX, 3 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(2 * GRID_PX)
        layout.addWidget(self.search)
        layout.addWidget(self.nothing)
        layout.addWidget(self.area, 1)
        layout.addWidget(buttons)
        self._fit()

    def _columns(self, keys: Mapping[str, tuple[str, ...]] | None) -> QWidget:
        """Returns the sections in columns of about the same height, in the order of the menus."""
        heights = {group: len(key_rows(group, keys)) + _HEADING_ROWS for group in Group}
        room = self.screen().availableSize().width() - _AROUND_PX
        for n_columns in range(_N_COLUMNS, 0, -1):
            columns = balanced(heights, n_columns)
            widths = [
                max(self.sections[group].sizeHint().width() for group in groups)
                for groups in columns
            ]
            if sum(widths) + _BETWEEN_PX * (len(columns) - 1) <= room:
                break
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, GRID_PX, 0)
        row.setSpacing(_BETWEEN_PX)
        for groups in columns:
            column = QVBoxLayout()
            column.setSpacing(3 * GRID_PX)
            for group in groups:
                column.addWidget(self.sections[group])
            column.addStretch()
            row.addLayout(column)
        return body

    def _fit(self) -> None:
        """Shows all columns, and as much of their height as the screen has room for."""
        body = self._body.sizeHint()
        bar = self.area.verticalScrollBar().sizeHint().width()
        self.area.setMinimumWidth(body.width() + bar)
        room = self.screen().availableSize().height() - 25 * GRID_PX
        self.area.setMinimumHeight(min(40 * GRID_PX, room))
        self.resize(self.sizeHint().width(), min(_HEIGHT_PX, max(room, 48 * GRID_PX)))

    def _show_only(self, text: str) -> None:
        words = folded(text).split()
        found = sum(section.show_only(words) for section in self.sections.values())
        self.nothing.setVisible(found == 0)


def balanced(heights: Mapping[Group, int], n_columns: int) -> list[list[Group]]:
    """Returns groups split in order into columns, the highest of which is as low as possible."""
    groups = list(heights)
    least = max(heights.values())
    for limit in range(least, sum(heights.values()) + 1):
        columns: list[list[Group]] = [[]]
        used = 0
        for group in groups:
            if used + heights[group] > limit:
                columns.append([])
                used = 0
            columns[-1].append(group)
            used += heights[group]
        if len(columns) <= n_columns:
            return columns
    return [groups]


def _tr(text: str) -> str:
    return QCoreApplication.translate("ShortcutsDialog", text)
