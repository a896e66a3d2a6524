"""The dialog that asks which files are the microphones of one recording, and how they lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui import texts
from editorbot_gui.dialogs.plain import without_icons
from editorbot_gui.errors import describe
from editorbot_gui.jobs import Job, JobRunner, Lane
from editorbot_gui.microphones.opening import (
    FileFacts,
    Lying,
    OpenTogetherRequest,
    line_up_files,
    look_at_files,
)
from editorbot_gui.opening import name_filters
from editorbot_gui.panels.file_drop import files_of
from editorbot_gui.theme import GRID_PX, Theme
from editorbot_gui.waveform.timecode import format_length

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH_PX, _HEIGHT_PX = 760, 400
_LATEST_S = 24 * 3600.0
_NAME, _LENGTH, _FORMAT, _OFFSET = range(4)


@dataclass(slots=True)
class _Row:
    """A file of the list.

    Attributes:
        facts: What is known of it.
        offset_s: Where it begins, in seconds after the first one.
        note: What is to be known of how it was lined up.
    """

    facts: FileFacts
    offset_s: float = 0.0
    note: str = ""
    field: QDoubleSpinBox | None = field(default=None, repr=False)


class MicrophonesDialog(QDialog):
    """Lists files with where each of them begins; lines them up by sound when asked.

    Args:
        runner: Looks at files and lines them up, in the background.
        paths: Files to begin with; with none it asks for them.
        folder: Where the dialog that chooses files begins.
        parent: The window.
    """

    chosen = Signal(object)
    """An `OpenTogetherRequest` was made."""

    def __init__(
        self, runner: JobRunner, paths: Sequence[Path], folder: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Open several microphones as one recording"))
        self.setAcceptDrops(True)
        self._runner = runner
        self._folder = folder
        self._rows: list[_Row] = []
        self._job: Job | None = None
        self._said = ""
        self.table = QTableWidget(0, 4)
        self.table.setHorizontalHeaderLabels(
            [self.tr("File"), self.tr("Length"), self.tr("Format"), self.tr("Begins at")]
        )
        self.table.setAccessibleName(self.tr("The microphones' files"))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(5 * GRID_PX)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        for column in (_LENGTH, _FORMAT):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_OFFSET, QHeaderView.ResizeMode.Fixed)
        self.table.setColumnWidth(_OFFSET, 20 * GRID_PX)
        self.add = QPushButton(self.tr("&Add files…"))
        self.remove = QPushButton(self.tr("&Remove"))
        self.by_sound = QPushButton(self.tr("&Line up by sound"))
        self.by_sound.setToolTip(
            self.tr("Find out from what is heard in all of them where each file begins.")
        )
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setMinimumHeight(6 * GRID_PX)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.open_button = self.buttons.addButton(
            self.tr("Open"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        without_icons(self.buttons.buttons())
        stop = self.buttons.button(QDialogButtonBox.StandardButton.Cancel)
        for button in (self.add, self.remove, self.by_sound, stop):
            button.setAutoDefault(False)
        self._lay_out()
        self.add.clicked.connect(self.ask_for_files)
        self.remove.clicked.connect(self._remove)
        self.by_sound.clicked.connect(self.line_up)
        self.table.itemSelectionChanged.connect(self._judge)
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        self.finished.connect(self._stop)
        self._judge()
        if paths:
            self.add_files(list(paths))

    def _lay_out(self) -> None:
        intro = QLabel(
            self.tr(
                "All of them are drawn, heard and cut together, and exported mixed or one by one. "
                "The first one gives the sample rate."
            )
        )
        intro.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self.add)
        row.addWidget(self.remove)
        row.addStretch()
        row.addWidget(self.by_sound)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID_PX, 3 * GRID_PX, 3 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(2 * GRID_PX)
        layout.addWidget(intro)
        layout.addWidget(self.table, 1)
        layout.addLayout(row)
        layout.addWidget(self.message)
        layout.addWidget(self.buttons)
        self.resize(_WIDTH_PX, _HEIGHT_PX)

    @property
    def request(self) -> OpenTogetherRequest:
        """What is chosen now."""
        from model_core.audio.synchronised import Microphone

        rate = self._rows[0].facts.sample_rate if self._rows else 1
        return OpenTogetherRequest(
            tuple(Microphone(row.facts.path, round(row.offset_s * rate)) for row in self._rows)
        )

    # Files ----------------------------------------------------------------------------------------

    def ask_for_files(self) -> None:
        """Asks for files."""
        dialog = QFileDialog(self, self.tr("The microphones' files"), self._folder)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters(name_filters())
        dialog.filesSelected.connect(lambda names: self.add_files([Path(name) for name in names]))
        dialog.open()

    def add_files(self, paths: list[Path]) -> None:
        """Begins to look at files; those that can be read are added to the list."""
        there = {row.facts.path for row in self._rows}
        new = [path for path in dict.fromkeys(paths) if path not in there]
        twice = next((path for path in paths if path in there), None)
        self._say(
            self.tr("“{name}” is in the list already.").format(name=twice.name) if twice else ""
        )
        if new and self._job is None:
            self._folder = str(new[0].parent)
            self._start(
                self._runner.start(
                    Lane.EXPORT,
                    look_at_files,
                    tuple(new),
                    words=self.tr("Looking at the files…"),
                    on_done=self._take_facts,
                    on_failed=self._fail,
                    on_cancelled=self._end,
                    on_progress=self._judge,
                )
            )

    def _take_facts(self, found: tuple[FileFacts, ...]) -> None:
        self._end()
        problems = [facts.problem for facts in found if facts.problem]
        self._rows += [_Row(facts) for facts in found if not facts.problem]
        if problems:
            self._say(" ".join(problems))
        self._fill()

    def _remove(self) -> None:
        chosen = {index.row() for index in self.table.selectionModel().selectedRows()}
        self._rows = [row for index, row in enumerate(self._rows) if index not in chosen]
        if self._rows:  # places count from the first one
            first = self._rows[0].offset_s
            for row in self._rows:
                row.offset_s -= first
        self._say("")
        self._fill()

    def _fill(self) -> None:
        self.table.setRowCount(len(self._rows))
        for index, row in enumerate(self._rows):
            facts = row.facts
            name = QTableWidgetItem(facts.path.name)
            name.setToolTip(str(facts.path))
            form = f"{texts.rate_text(facts.sample_rate)}, {texts.channels_text(facts.channels)}"
            length = format_length(facts.n_samples, facts.sample_rate)
            for column, item in (
                (_NAME, name),
                (_LENGTH, QTableWidgetItem(length)),
                (_FORMAT, QTableWidgetItem(form)),
            ):
                self.table.setItem(index, column, item)
            row.field = self._offset_field(row, is_first=index == 0)
            holder = QWidget()
            box = QHBoxLayout(holder)
            box.setContentsMargins(GRID_PX // 2, GRID_PX // 2, GRID_PX // 2, GRID_PX // 2)
            box.addWidget(row.field)
            self.table.setCellWidget(index, _OFFSET, holder)
        self._judge()
        if self.open_button.isEnabled():
            self.open_button.setFocus()

    def _offset_field(self, row: _Row, *, is_first: bool) -> QDoubleSpinBox:
        entry = QDoubleSpinBox()
        entry.setRange(-_LATEST_S, _LATEST_S)
        entry.setDecimals(3)
        entry.setSingleStep(0.01)
        entry.setSuffix(self.tr(" s"))
        entry.setAlignment(Qt.AlignmentFlag.AlignRight)
        entry.setValue(row.offset_s)
        entry.setEnabled(not is_first)
        entry.setAccessibleName(
            self.tr("Where {name} begins, in seconds after the first").format(
                name=row.facts.path.name
            )
        )

        def take(seconds: float) -> None:
            row.offset_s, row.note = seconds, ""

        entry.valueChanged.connect(take)
        return entry

    # Lining up ------------------------------------------------------------------------------------

    def line_up(self) -> None:
        """Begins to find out by sound where each file begins."""
        if len(self._rows) < 2 or self._job is not None:
            return
        self._say("")
        self._start(
            self._runner.start(
                Lane.EXPORT,
                line_up_files,
                tuple(row.facts.path for row in self._rows),
                words=self.tr("Lining up the microphones…"),
                on_done=self._take_places,
                on_failed=self._fail,
                on_cancelled=self._end,
                on_progress=self._judge,
            )
        )

    def _take_places(self, found: tuple[Lying, ...]) -> None:
        from model_core.audio.lining_up import lining_up_note

        self._end()
        first = self._rows[0].facts
        by_path = {lying.path: lying.found for lying in found}
        for row in self._rows[1:]:
            if row.facts.path not in by_path:
                continue
            place = by_path[row.facts.path]
            row.note = lining_up_note(row.facts.path.name, first.path.name, place)
            if place is not None:
                row.offset_s = place.offset / first.sample_rate
        notes = [row.note for row in self._rows if row.note]
        self._say(" ".join(notes) or self.tr("All of them are lined up."))
        exact = {id(row): (row.offset_s, row.note) for row in self._rows}
        self._fill()
        for row in self._rows:  # the fields show milliseconds, samples are finer
            row.offset_s, row.note = exact[id(row)]

    # Both -----------------------------------------------------------------------------------------

    def _start(self, job: Job) -> None:
        self._job = job
        self._judge()

    def _end(self) -> None:
        self._job = None
        self._judge()

    def _fail(self, error: Exception) -> None:
        self._end()
        self._say(describe(error).sentence)

    def _stop(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            self._runner.cancel(job)

    def _say(self, sentence: str) -> None:
        self._said = sentence
        self._judge()

    def _judge(self) -> None:
        """Allows what can be done now, and says what is to be said."""
        busy, enough = self._job is not None, len(self._rows) > 1
        self.add.setEnabled(not busy)
        self.table.setEnabled(not busy)
        self.remove.setEnabled(not busy and bool(self.table.selectionModel().selectedRows()))
        self.by_sound.setEnabled(not busy and enough)
        self.open_button.setEnabled(not busy and enough)
        self.open_button.setDefault(not busy and enough)
        if self._job is not None:
            share = self._job.share
            percent = f" {100 * share:.0f} %" if share is not None else ""
            words = f"{self._job.words}{percent}"
        else:
            words = self._said or ("" if enough else self._hint())
        palette = Theme.current().palette
        self.message.setStyleSheet(
            f"color: {(palette.text if self._said and not busy else palette.muted).name()}"
        )
        self.message.setText(words)

    def _hint(self) -> str:
        if not self._rows:
            return self.tr("Add the files of all microphones, or drop them here.")
        return self.tr("Add the file of another microphone.")

    def _accept(self) -> None:
        if self.open_button.isEnabled():
            self.chosen.emit(self.request)
            self.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Takes files, and nothing else."""
        if files_of(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Adds what was dropped."""
        if files := files_of(event):
            event.acceptProposedAction()
            self.add_files(files)
