"""The dialog in which commands get other keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.action_spec import Group
from editorbot_gui.actions import ACTIONS, plain, shown_key, text_of, translated
from editorbot_gui.dialogs.plain import fit_screen, without_icons
from editorbot_gui.palette.matching import folded
from editorbot_gui.rebinding.keymap import KeyMap, why_not
from editorbot_gui.theme import GRID_PX, Theme, text_font

if TYPE_CHECKING:
    from collections.abc import Mapping

_SIZE_PX = (80 * GRID_PX, 70 * GRID_PX)
_NAME_ROLE = Qt.ItemDataRole.UserRole
_COMMAND, _KEYS = 0, 1


class RebindingDialog(QDialog):
    """Lists all commands with their keys; each change counts at once.

    Args:
        chosen: Keys that were chosen before, by the names of actions.
        parent: The window.
    """

    keys_chosen = Signal(object)
    """Keys were changed; carries the `KeyMap`."""

    def __init__(
        self, chosen: Mapping[str, tuple[str, ...]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Change keys"))
        self.keymap = KeyMap(ACTIONS, chosen)
        self._texts = {spec.name: plain(text_of(spec)) for spec in ACTIONS}
        self._tips = {spec.name: translated(spec.tip) for spec in ACTIONS}
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Find a command or a key"))
        self.search.setAccessibleName(self.tr("Find a command or a key"))
        self.search.setClearButtonEnabled(True)
        self.tree = QTreeWidget()
        self.tree.setColumnCount(2)
        self.tree.setHeaderLabels([self.tr("Command"), self.tr("Keys")])
        self.tree.setAccessibleName(self.tr("Commands and their keys"))
        self.tree.setRootIsDecorated(False)
        self.tree.setItemsExpandable(False)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.tree.setUniformRowHeights(True)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(_COMMAND, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(_KEYS, QHeaderView.ResizeMode.ResizeToContents)
        self._rows: dict[str, QTreeWidgetItem] = {}
        self._fill()
        self.about = QLabel()
        self.about.setFont(text_font(bold=True))
        self._key_row = QHBoxLayout()
        self._key_row.setSpacing(GRID_PX)
        self.key_field = QKeySequenceEdit()
        self.key_field.setMaximumSequenceLength(1)
        self.key_field.setClearButtonEnabled(True)
        self.key_field.setAccessibleName(self.tr("New key: press it"))
        self.key_field.setToolTip(self.tr("Click here, then press the key that you want."))
        line = self.key_field.findChild(QLineEdit)
        if line is not None:
            line.setPlaceholderText(self.tr("Press a new key here"))
            line.setAccessibleName(self.tr("New key: press it"))
        self.add_button = QPushButton(self.tr("Add"))
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setMinimumHeight(5 * GRID_PX)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.reset_button = QPushButton(self.tr("Reset this one"))
        self.reset_all_button = QPushButton(self.tr("Reset all"))
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.remove_buttons: list[QPushButton] = []
        self._lay_out()
        self.search.textChanged.connect(self._show_only)
        self.tree.currentItemChanged.connect(lambda _now, _before: self._show_current())
        self.tree.itemActivated.connect(lambda _item, _column: self.key_field.setFocus())
        self.key_field.keySequenceChanged.connect(self._show_conflict)
        self.add_button.clicked.connect(self._add)
        self.reset_button.clicked.connect(self._reset)
        self.reset_all_button.clicked.connect(self._reset_all)
        self.buttons.rejected.connect(self.reject)
        without_icons((*self.buttons.buttons(),))
        self.tree.setCurrentItem(next(iter(self._rows.values())))
        self.search.setFocus()

    @property
    def current(self) -> str:
        """The command that is chosen; empty for none."""
        item = self.tree.currentItem()
        return str(item.data(_COMMAND, _NAME_ROLE) or "") if item is not None else ""

    def choose(self, name: str) -> None:
        """Chooses a command in the list."""
        self.tree.setCurrentItem(self._rows[name])

    def _fill(self) -> None:
        for group in Group:
            head = QTreeWidgetItem([translated(group)])
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            head.setFont(_COMMAND, text_font(bold=True))
            self.tree.addTopLevelItem(head)
            for spec in ACTIONS:
                if spec.group is group:
                    row = QTreeWidgetItem([self._texts[spec.name]])
                    row.setData(_COMMAND, _NAME_ROLE, spec.name)
                    row.setToolTip(_COMMAND, self._tips[spec.name])
                    head.addChild(row)
                    self._rows[spec.name] = row
            head.setExpanded(True)
        self._refresh()

    def _lay_out(self) -> None:
        below = QHBoxLayout()
        below.setSpacing(GRID_PX)
        below.addLayout(self._key_row)
        below.addWidget(self.key_field, 1)
        below.addWidget(self.add_button)
        foot = QHBoxLayout()
        foot.setSpacing(GRID_PX)
        foot.addWidget(self.reset_button)
        foot.addWidget(self.reset_all_button)
        foot.addStretch()
        foot.addWidget(self.buttons)
        for button in (self.add_button, self.reset_button, self.reset_all_button):
            button.setAutoDefault(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID_PX, 3 * GRID_PX, 3 * GRID_PX, 2 * GRID_PX)
        column.setSpacing(GRID_PX)
        for widget in (self.search, self.tree, self.about):
            column.addWidget(widget)
        column.addLayout(below)
        column.addWidget(self.message)
        column.addLayout(foot)
        fit_screen(self, *_SIZE_PX)

    def _refresh(self) -> None:
        """Shows the keys of all commands; those that were changed stand out."""
        for name, row in self._rows.items():
            changed = self.keymap.is_changed(name)
            row.setText(_KEYS, keys_text(self.keymap.keys[name]))
            row.setFont(_KEYS, text_font(bold=changed))
            row.setToolTip(_KEYS, self.tr("Chosen by you") if changed else "")

    def _show_only(self, text: str) -> None:
        words = folded(text).split()
        for index in range(self.tree.topLevelItemCount()):
            head = self.tree.topLevelItem(index)
            if head is None:
                continue
            shown = 0
            for row in (head.child(place) for place in range(head.childCount())):
                line = folded(f"{head.text(_COMMAND)} {row.text(_COMMAND)} {row.text(_KEYS)}")
                row.setHidden(not all(word in line for word in words))
                shown += not row.isHidden()
            head.setHidden(not shown)

    def _show_current(self) -> None:
        name = self.current
        while self._key_row.count():
            item = self._key_row.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.remove_buttons = []
        keys = self.keymap.keys[name] if name else ()
        for key in keys:
            button = QPushButton(f"{shown_key(key)}  ✕")
            button.setAutoDefault(False)
            button.setToolTip(self.tr("Take this key away"))
            button.setAccessibleName(self.tr("Take away {key}").format(key=shown_key(key)))
            button.clicked.connect(lambda _checked=False, key=key: self._remove(key))
            self._key_row.addWidget(button)
            self.remove_buttons.append(button)
        words = self.tr("Keys of “{command}”") if keys else self.tr("“{command}” has no key")
        self.about.setText(words.format(command=self._texts[name]) if name else "")
        for widget in (self.key_field, self.add_button):
            widget.setEnabled(bool(name))
        self.reset_button.setEnabled(bool(name) and self.keymap.is_changed(name))
        self.reset_all_button.setEnabled(bool(self.keymap.chosen))
        self.key_field.clear()
        self._show_conflict()

    def _show_conflict(self) -> None:
        """Says what stands against the key in the field, and what Add will do about it."""
        key = self._typed()
        owner = self.keymap.owner(key) if key else None
        reason = why_not(key) if key else ""
        words, label, problem = "", self.tr("Add"), bool(reason)
        if reason:
            words = reason
        elif key and owner == self.current:
            words = self.tr("{key} does that already.").format(key=shown_key(key))
        elif key and owner is not None:
            problem = True
            label = self.tr("Use it here instead")
            words = self.tr("{key} is the key of “{command}”, which would lose it.").format(
                key=shown_key(key), command=self._texts[owner]
            )
        self.add_button.setText(label)
        self.add_button.setEnabled(bool(key) and not reason and owner != self.current)
        palette = Theme.current().palette
        self.message.setStyleSheet(f"color: {(palette.text if problem else palette.muted).name()}")
        self.message.setText(words)

    def _typed(self) -> str:
        sequence = self.key_field.keySequence()
        return sequence.toString(QKeySequence.SequenceFormat.PortableText)

    def _add(self) -> None:
        key, name = self._typed(), self.current
        owner = self.keymap.owner(key)
        self.keymap.give(name, key)
        self._changed()
        if owner is not None:
            self.message.setText(
                self.tr("{key} calls “{command}” now, and “{other}” no more.").format(
                    key=shown_key(key), command=self._texts[name], other=self._texts[owner]
                )
            )

    def _remove(self, key: str) -> None:
        self.keymap.take(self.current, key)
        self._changed()

    def _reset(self) -> None:
        self.keymap.reset(self.current)
        self._changed()

    def _reset_all(self) -> None:
        self.keymap.reset_all()
        self._changed()

    def _changed(self) -> None:
        self._refresh()
        self._show_current()
        self.keys_chosen.emit(self.keymap)


def keys_text(keys: tuple[str, ...]) -> str:
    """Returns keys as a cell of the list shows them."""
    return "   ".join(shown_key(key) for key in keys)
