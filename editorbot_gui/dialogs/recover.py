"""Offers unsaved work that was left when the program ended without being asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.dialogs.plain import without_icons
from editorbot_gui.dialogs.question import Answer, ask
from editorbot_gui.plain_table import show_rows
from editorbot_gui.settings import APP_NAME
from editorbot_gui.texts import counts_text, shortened
from editorbot_gui.theme import GRID_PX, text_font
from editorbot_gui.waveform.timecode import format_length

if TYPE_CHECKING:
    from editorbot_gui.projects.copies import KeptWork

NAME, CHANGED, EDIT = range(3)

_WIDTH_PX = 600
_ROW_PX = 28
_MOST_ROWS = 8


def kept_edit_text(kept: KeptWork) -> str:
    """Returns what the edit comes to: "8 cuts, 41.2 s → 29.8 s"."""
    work = kept.work
    if not work.sources:
        return ""
    source = work.sources[0]
    before = format_length(source.n_samples, source.sample_rate)
    after = format_length(work.edit_list.length, source.sample_rate)
    return f"{counts_text(work.changes)}, {before} → {after}"


class RecoverDialog(QDialog):
    """A list of unsaved work to restore or to discard; what is neither is offered again.

    Args:
        works: The work, newest first.
        parent: The window.
        saved_name: The project that is being opened, if this is about its unsaved work.
    """

    restored = Signal(object)
    """The person goes on from a `KeptWork`."""
    discarded = Signal(object)
    """The person doesn't want a `KeptWork` any more."""
    put_off = Signal()
    """Nothing was decided; what was left stays."""

    def __init__(
        self, works: tuple[KeptWork, ...], parent: QWidget | None = None, saved_name: str = ""
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(APP_NAME)
        self._works = list(works)
        self._saved_name = saved_name
        headline = QLabel(
            self.tr("There are unsaved changes to “{name}”.").format(name=shortened(saved_name))
            if saved_name
            else self.tr("EditorBot was ended before these changes were saved.")
        )
        headline.setFont(text_font(bold=True))
        headline.setTextFormat(Qt.TextFormat.PlainText)
        headline.setWordWrap(True)
        more = QLabel(self._advice())
        more.setWordWrap(True)
        self.table = QTableWidget(len(works), 3)
        self._fill()
        self.buttons = QDialogButtonBox()
        role = QDialogButtonBox.ButtonRole
        self.restore = self.buttons.addButton(self.tr("Restore"), role.AcceptRole)
        self.discard = self.buttons.addButton(self.tr("Discard…"), role.DestructiveRole)
        self.later = self.buttons.addButton(
            self.tr("Open as saved") if saved_name else self.tr("Not now"), role.RejectRole
        )
        self.restore.setDefault(True)
        without_icons(self.buttons.buttons())
        self.restore.clicked.connect(self._restore)
        self.discard.clicked.connect(self._ask_to_discard)
        self.later.clicked.connect(self.reject)
        self.rejected.connect(self.put_off)
        self.table.doubleClicked.connect(self._restore)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID_PX, 3 * GRID_PX, 3 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(2 * GRID_PX)
        words = QVBoxLayout()
        words.setSpacing(GRID_PX // 2)
        words.addWidget(headline)
        words.addWidget(more)
        layout.addLayout(words)
        layout.addWidget(self.table)
        layout.addWidget(self.buttons)
        self.setMinimumWidth(_WIDTH_PX)
        # Left to itself, it has room for labels that wrap their words in half this width.
        self.resize(_WIDTH_PX, layout.totalHeightForWidth(_WIDTH_PX))
        self.table.setFocus()

    @property
    def chosen(self) -> KeptWork:
        """The work whose row is selected."""
        return self._works[max(0, self.table.currentRow())]

    def _advice(self) -> str:
        if self._saved_name:
            return self.tr(
                "Restore them, or open the project as it was saved; they stay until you decide."
            )
        if len(self._works) == 1:
            return self.tr("Restore them to go on; if you don't, they are offered again.")
        return self.tr("Choose what to go on with; the rest is offered again.")

    def _fill(self) -> None:
        table = self.table
        table.setAccessibleName(self.tr("Unsaved work"))
        table.setHorizontalHeaderLabels([self.tr("Name"), self.tr("Changed"), self.tr("Edit")])
        show_rows(table)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setWordWrap(False)
        table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        locale = QLocale()
        for row, kept in enumerate(self._works):
            moment = QDateTime.fromSecsSinceEpoch(int(kept.changed_s))
            place = str(kept.project or (kept.work.sources[0].path if kept.work.sources else ""))
            cells = (
                shortened(kept.name),
                locale.toString(moment, QLocale.FormatType.ShortFormat),
                kept_edit_text(kept),
            )
            for column, text in enumerate(cells):
                cell = QTableWidgetItem(text)
                cell.setToolTip(place)
                table.setItem(row, column, cell)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(CHANGED, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(EDIT, QHeaderView.ResizeMode.ResizeToContents)
        rows = min(len(self._works), _MOST_ROWS)
        height = QFontMetrics(self.font()).height() + 2 * GRID_PX
        table.setFixedHeight(height + rows * _ROW_PX + GRID_PX)
        table.selectRow(0)

    def _restore(self) -> None:
        self.restored.emit(self.chosen)
        self.accept()

    def _ask_to_discard(self) -> None:
        kept = self.chosen
        ask(
            self,
            self.tr("Discard the unsaved changes to “{name}”?").format(name=shortened(kept.name)),
            self.tr("They can't be brought back."),
            (Answer(self.tr("Discard"), lambda: self._discard(kept), loses=True),),
            self.tr("Cancel"),
            stays_by_default=True,
            warns=True,
        )

    def _discard(self, kept: KeptWork) -> None:
        row = self._works.index(kept)
        del self._works[row]
        self.table.removeRow(row)
        self.discarded.emit(kept)
        if not self._works:
            self.reject()
