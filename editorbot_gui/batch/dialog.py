"""The window of the queue: files, how each is edited, how far each is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QSignalBlocker, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.batch.model import (
    FILE,
    FORMAT,
    MODEL,
    STATE,
    STYLE,
    ProgressDelegate,
    QueueModel,
    label_of,
)
from editorbot_gui.batch.queue import DONE, FAILED, RUNNING, WAITING
from editorbot_gui.dialogs.plain import fit_screen
from editorbot_gui.opening import name_filters
from editorbot_gui.panels.elided_label import ElidedLabel
from editorbot_gui.panels.file_drop import FileDrop
from editorbot_gui.plain_table import show_rows
from editorbot_gui.theme import GRID_PX, Theme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from editorbot_gui.batch.runner import BatchRunner

_SIZE_PX = (960, 560)
_WIDTHS_PX = {FILE: 188, STYLE: 128, MODEL: 88, FORMAT: 64, STATE: 88}
_FORMATS = ("", ".wav", ".flac", ".ogg", ".opus", ".mp3")


class BatchDialog(QDialog):
    """Shows the queue; the window stays usable beside it.

    Args:
        batch: The queue.
        styles: What can be chosen, as names for people and what jobs are given.
        parent: The window.
    """

    files_added = Signal(object)
    """Files or folders are to be added; carries a list of `Path`."""
    open_requested = Signal(object)
    """A result is to be opened in the editor; carries its `Path`."""
    report_requested = Signal(object)
    """A report is to be written; carries its `Path`."""

    def __init__(
        self,
        batch: BatchRunner,
        styles: Sequence[tuple[str, str]],
        models: Sequence[tuple[str, str]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Batch"))
        self._batch = batch
        self.model = QueueModel(batch, self)
        self.table = self._made_table()
        empty = QLabel(
            self.tr("Drop recordings or folders here, or add them with the buttons above.")
        )
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.pages = QStackedWidget()
        self.pages.addWidget(empty)
        self.pages.addWidget(self.table)
        self.add_files = self._button(self.tr("Add &files…"), self._ask_for_files)
        self.add_folder = self._button(self.tr("Add f&older…"), self._ask_for_folder)
        self.up = self._button(self.tr("Move &up"), lambda: self._move(-1))
        self.down = self._button(self.tr("Move &down"), lambda: self._move(1))
        self.retry = self._button(self.tr("Re&try"), self._retry)
        self.remove = self._button(self.tr("&Remove"), self._remove)
        self.open_result = self._button(self.tr("Open res&ult"), self._open)
        self.show_folder = self._button(self.tr("Sho&w in folder"), self._show_in_folder)
        self.report = self._button(self.tr("Save re&port…"), self._ask_for_report)
        self.start = self._button(self.tr("&Start"), self._start_or_pause)
        self.start.setDefault(True)
        self.close_button = self._button(self.tr("&Close"), self.hide)
        self.style_field = self._chooser(self.tr("Style of the chosen files"), styles, "style")
        self.model_field = self._chooser(self.tr("Model of the chosen files"), models, "model")
        formats = [
            (suffix.lstrip(".").upper() or self.tr("As the recording"), suffix)
            for suffix in _FORMATS
        ]
        self.format_field = self._chooser(self.tr("Format of the chosen files"), formats, "suffix")
        self.folder_label = ElidedLabel()
        self.folder_button = self._button(self.tr("C&hange…"), self._ask_for_output)
        self.summary = QLabel()
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        self._arrange()
        for key, work in (("Del", self._remove), ("Alt+Up", lambda: self._move(-1)),
                          ("Alt+Down", lambda: self._move(1))):  # fmt: skip
            QShortcut(
                QKeySequence(key), self.table, work, context=Qt.ShortcutContext.WidgetShortcut
            )
        self._drop = FileDrop(self)
        self._drop.dropped.connect(self.files_added)
        batch.changed.connect(self.refresh)
        batch.progressed.connect(lambda _row: self._refresh_summary())
        batch.working_changed.connect(lambda _working: self.refresh())
        self.table.selectionModel().selectionChanged.connect(lambda *_: self.refresh())
        Theme.current().theme_changed.connect(self.table.viewport().update)
        self.refresh()
        fit_screen(self, *_SIZE_PX)

    # Building -------------------------------------------------------------------------------------

    def _button(self, text: str, work: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(lambda _checked=False: work())
        return button

    def _chooser(self, name: str, choices: Iterable[tuple[str, str]], option: str) -> QComboBox:
        chooser = QComboBox()
        chooser.setAccessibleName(name)
        chooser.setToolTip(name)
        chooser.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        chooser.setMinimumContentsLength(12)
        for words, value in choices:
            chooser.addItem(words, value)
        chooser.activated.connect(
            lambda _index: self._change(**{option: str(chooser.currentData())})
        )
        return chooser

    def _made_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.model)
        table.setItemDelegateForColumn(STATE, ProgressDelegate(table))
        table.setAccessibleName(self.tr("Files of the batch"))
        show_rows(table)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setWordWrap(False)
        table.verticalHeader().setDefaultSectionSize(3 * GRID_PX + 4)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, width in _WIDTHS_PX.items():
            header.resizeSection(column, width)
        header.setStretchLastSection(True)
        return table

    def _arrange(self) -> None:
        above = _row(self.add_files, self.add_folder, None, self.up, self.down, self.retry,
                     self.remove)  # fmt: skip
        chosen = QGridLayout()
        chosen.setHorizontalSpacing(GRID_PX)
        fields = (
            (self.tr("St&yle"), self.style_field),
            (self.tr("&Model"), self.model_field),
            (self.tr("Form&at"), self.format_field),
        )
        for place, (text, field) in enumerate(fields):
            label = QLabel(text)
            label.setBuddy(field)
            chosen.addWidget(label, 0, 2 * place)
            chosen.addWidget(field, 0, 2 * place + 1)
            chosen.setColumnStretch(2 * place + 1, 1)
        results = QHBoxLayout()
        results.setSpacing(GRID_PX)
        results.addWidget(QLabel(self.tr("Results go to")))
        results.addWidget(self.folder_label, 1)
        results.addWidget(self.folder_button)
        below = _row(
            self.open_result, self.show_folder, self.report, None, self.start, self.close_button
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX)
        layout.addLayout(above)
        layout.addWidget(self.pages, 1)
        layout.addLayout(chosen)
        layout.addLayout(results)
        layout.addWidget(self.summary)
        layout.addLayout(below)

    # What a person does ---------------------------------------------------------------------------

    @property
    def rows(self) -> list[int]:
        """The places of the chosen files."""
        return sorted(index.row() for index in self.table.selectionModel().selectedRows())

    def choose(self, rows: Iterable[int]) -> None:
        """Chooses files by their places."""
        selection = QItemSelection()
        for row in rows:
            selection.select(self.model.index(row, 0), self.model.index(row, 0))
        flags = QItemSelectionModel.SelectionFlag
        self.table.selectionModel().select(selection, flags.ClearAndSelect | flags.Rows)

    def _ask_for_files(self) -> None:
        dialog = self._file_dialog(self.tr("Add files"), QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters(name_filters())
        dialog.filesSelected.connect(
            lambda names: self.files_added.emit([Path(name) for name in names])
        )
        dialog.open()

    def _ask_for_folder(self) -> None:
        dialog = self._file_dialog(self.tr("Add a folder"), QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda name: self.files_added.emit([Path(name)]))
        dialog.open()

    def _ask_for_output(self) -> None:
        dialog = self._file_dialog(
            self.tr("Folder for the results"), QFileDialog.FileMode.Directory
        )
        dialog.fileSelected.connect(lambda name: self.use_folder(Path(name)))
        dialog.open()

    def _ask_for_report(self) -> None:
        dialog = self._file_dialog(self.tr("Save the report"), QFileDialog.FileMode.AnyFile)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([self.tr("Table (*.csv)"), self.tr("For programs (*.json)")])
        dialog.setDefaultSuffix("csv")
        dialog.fileSelected.connect(lambda name: self.report_requested.emit(Path(name)))
        dialog.open()

    def _file_dialog(self, title: str, mode: QFileDialog.FileMode) -> QFileDialog:
        dialog = QFileDialog(self, title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(mode)
        return dialog

    def use_folder(self, folder: Path) -> None:
        """Has results be written to another folder."""
        self._batch.queue.folder = folder
        self._batch.touch()

    def _move(self, by: int) -> None:
        places = self._batch.queue.move(self.rows, by)
        self._batch.touch()
        self.choose(places)

    def _retry(self) -> None:
        self._batch.queue.retry(self.rows)
        self._batch.touch()

    def _remove(self) -> None:
        self._batch.remove(self.rows)

    def _change(self, **values: str) -> None:
        self._batch.queue.change(self.rows, **values)
        self._batch.touch()

    def _open(self) -> None:
        output = self._output
        if output is not None:
            self.open_requested.emit(output)

    def _show_in_folder(self) -> None:
        output = self._output
        if output is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(output.parent)))

    def _start_or_pause(self) -> None:
        if self._batch.working:
            self._batch.pause()
        else:
            self._batch.start()

    # Showing the state ----------------------------------------------------------------------------

    @property
    def _output(self) -> Path | None:
        entries = self._batch.queue.entries
        return entries[self.rows[0]].output if len(self.rows) == 1 else None

    def refresh(self) -> None:
        """Shows what can be done now, and how the chosen files are edited."""
        queue, rows = self._batch.queue, self.rows
        chosen = [queue.entries[row] for row in rows if row < len(queue.entries)]
        self.pages.setCurrentIndex(1 if queue.entries else 0)
        self.up.setEnabled(bool(chosen))
        self.down.setEnabled(bool(chosen))
        self.remove.setEnabled(bool(chosen))
        self.retry.setEnabled(any(entry.state in (DONE, FAILED) for entry in chosen))
        done = len(chosen) == 1 and chosen[0].state == DONE
        self.open_result.setEnabled(done)
        self.show_folder.setEnabled(done)
        self.report.setEnabled(bool(queue.results))
        for field, values in (
            (self.style_field, {entry.options.style for entry in chosen}),
            (self.model_field, {entry.options.model for entry in chosen}),
            (self.format_field, {entry.suffix for entry in chosen}),
        ):
            self._show_choice(field, values)
        self.folder_label.setText(str(queue.folder) if queue.folder is not None else "")
        self.start.setText(self.tr("&Pause") if self._batch.working else self.tr("&Start"))
        waits = queue.next_row() is not None
        self.start.setEnabled(queue.folder is not None and (waits or self._batch.working))
        self._refresh_summary()

    def _show_choice(self, field: QComboBox, values: set[str]) -> None:
        field.setEnabled(bool(values))
        field.setPlaceholderText(self.tr("several") if values else self.tr("Choose files above"))
        with QSignalBlocker(field):
            only = next(iter(values)) if len(values) == 1 else None
            if only is not None and field.findData(only) < 0:
                field.addItem(label_of(Path(only)), only)
            field.setCurrentIndex(field.findData(only) if only is not None else -1)

    def _refresh_summary(self) -> None:
        states = [entry.state for entry in self._batch.queue.entries]
        text = self.tr("{done} of {n} files done").format(done=states.count(DONE), n=len(states))
        if failed := states.count(FAILED):
            text += self.tr(", {n} failed").format(n=failed)
        if RUNNING in states and not self._batch.working:
            text += self.tr("; pausing after this file")
        elif not self._batch.working and WAITING in states and DONE in states:
            text += self.tr("; paused")
        self.summary.setText(f"{text}." if states else self.tr("Nothing is to be done yet."))


def _row(*widgets: QPushButton | None) -> QHBoxLayout:
    """Returns widgets in a row; None stretches."""
    row = QHBoxLayout()
    row.setSpacing(GRID_PX)
    for widget in widgets:
        if widget is None:
            row.addStretch(1)
        else:
            row.addWidget(widget)
    return row
