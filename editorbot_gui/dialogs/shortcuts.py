"""The sheet of all keys, made from the table of actions."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.action_spec import Group
from editorbot_gui.actions import ACTIONS, plain, shown_key, translated
from editorbot_gui.dialogs.plain import without_icons
from editorbot_gui.takes.table import TAKE_NAMES
from editorbot_gui.theme import GRID_PX, Theme, text_font

_COLUMNS = (
    (Group.FILE, Group.EDIT),
    (Group.SEGMENTS, Group.TAKES, Group.HELP),
    (Group.PLAYBACK, Group.VIEW),
)

_KEY_WIDTH_PX = 17 * GRID_PX


def key_rows(group: Group) -> list[tuple[str, str]]:
    """Returns (keys, what they do) for one heading of the sheet."""
    rows = [
        (
            _tr(" or ").join(shown_key(key) for key in spec.keys),
            plain(translated(spec.text)),
        )
        for spec in ACTIONS
        if spec.group is group and spec.keys and spec.name not in TAKE_NAMES
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
        keys = " ".join(key for spec in ACTIONS if spec.name in TAKE_NAMES for key in spec.keys)
        rows.append((keys, _tr("Hear that take, at the same place")))
    if group is Group.SEGMENTS:
        rows.append((_tr("Drag an edge"), _tr("Move it; with Alt it does not snap")))
    return rows


class ShortcutsDialog(QDialog):
    """Shows every key under the heading of its menu.

    Args:
        parent: The window.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        columns = QHBoxLayout()
        columns.setSpacing(6 * GRID_PX)
        for groups in _COLUMNS:
            column = QVBoxLayout()
            column.setSpacing(3 * GRID_PX)
            for group in groups:
                column.addLayout(self._section(group))
            column.addStretch()
            columns.addLayout(column)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        without_icons(buttons.buttons())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID_PX, 3 * GRID_PX, 3 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(2 * GRID_PX)
        layout.addLayout(columns)
        layout.addWidget(buttons)

    def _section(self, group: Group) -> QVBoxLayout:
        palette = Theme.current().palette
        section = QVBoxLayout()
        section.setSpacing(GRID_PX)
        heading = QLabel(translated(group))
        heading.setFont(text_font(bold=True))
        section.addWidget(heading)
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID_PX)
        grid.setVerticalSpacing(GRID_PX // 2)
        grid.setColumnStretch(1, 1)
        for row, (keys, words) in enumerate(key_rows(group)):
            key_label = QLabel(keys)
            key_label.setStyleSheet(f"color: {palette.muted.name()}")
            key_label.setMinimumWidth(_KEY_WIDTH_PX)
            grid.addWidget(key_label, row, 0)
            grid.addWidget(QLabel(words), row, 1)
        section.addLayout(grid)
        return section


def _tr(text: str) -> str:
    return QCoreApplication.translate("ShortcutsDialog", text)
