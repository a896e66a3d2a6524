"""The page of the library: its pairs, what is to be said of each, and how to bring more in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.opening import name_filters
from editorbot_gui.panels.elided_label import ElidedLabel
from editorbot_gui.panels.file_drop import files_of
from editorbot_gui.theme import GRID_PX, SMALL_TEXT_PX, Theme, text_font
from editorbot_gui.training_dock.left_out import LeftOutTable
from editorbot_gui.training_dock.pair_row import LEAVE, USE, USUAL
from editorbot_gui.training_dock.pairs_table import PairsModel, PairsTable
from editorbot_gui.waveform.alignment_plot import AlignmentPlot
from editorbot_gui.waveform.view_state import ViewState
from model_core.edit.timeline import Timeline

if TYPE_CHECKING:
    from PySide6.QtCore import SignalInstance

    from editorbot_gui.training_dock.known_edit import KnownEdit
    from editorbot_gui.training_dock.pair_row import PairRow

_PLOT_PX = 18 * GRID_PX
_TABLE_PX = 14 * GRID_PX


class LibraryPage(QWidget):
    """Table, plot of the chosen pair, and what can be done.

    Args:
        parent: The owner.
    """

    files_given = Signal(object)
    """Files and folders are to be brought in; carries a list of `Path`s."""
    pair_chosen = Signal(object)
    """Another `PairRow` is chosen, or None."""
    choice_wanted = Signal(object, str)
    """A `PairRow` is to be learned from or not; carries what is decided."""
    fix_wanted = Signal(object)
    """A `PairRow` is to be opened in the editor."""
    remove_wanted = Signal(object)
    """A `PairRow` is to be taken out."""
    stop_wanted = Signal()
    """What is being done with the library is to end."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.model = PairsModel(self)
        self.table = PairsTable(self.model)
        self.add_files = QPushButton(self.tr("Add files…"))
        self.add_files.setToolTip(
            self.tr("Choose recordings and your finished edits of them, all at once.")
        )
        self.add_folder = QPushButton(self.tr("Add a folder…"))
        self.add_folder.setToolTip(
            self.tr("Look through a folder for recordings and finished edits of them.")
        )
        self.summary = QLabel()
        self.summary.setFont(text_font(SMALL_TEXT_PX))
        self.summary.setWordWrap(True)
        self._empty = QLabel(
            self.tr(
                "Drop recordings here together with your finished edits of them: files, or a whole "
                "folder. EditorBot finds out what belongs together, by name or by listening, and "
                "can then learn how you edit.\n\nYour files stay where they are and are never "
                "changed. Two pairs are the least; eight are better."
            )
        )
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setMargin(2 * GRID_PX)
        self.state = ViewState(self)
        self.plot = AlignmentPlot(self.state)
        self.plot.setFixedHeight(_PLOT_PX)
        self.plot.setAccessibleName(self.tr("How the chosen pair aligns"))
        self.files = ElidedLabel()
        self.files.setFont(text_font(SMALL_TEXT_PX))
        self.explanation = QLabel()
        self.explanation.setWordWrap(True)
        self.explanation.setTextFormat(Qt.TextFormat.PlainText)
        self.include = QPushButton()
        self.fix = QPushButton()
        self.remove = QPushButton(self.tr("Remove"))
        self.remove.setToolTip(
            self.tr("Take the pair out of the library. Your own files are not deleted.")
        )
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(GRID_PX)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.doing = ElidedLabel()
        self.stop = QPushButton(self.tr("Stop"))
        self.stop.setToolTip(self.tr("End here; what is done is kept."))
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.left_out = LeftOutTable()
        self._lay_out()
        self._connect()
        self.show_rows(())
        self.show_doing("")
        self.tell("")
        self._dress()

    def _lay_out(self) -> None:
        for button in (
            self.add_files, self.add_folder, self.include, self.fix, self.remove, self.stop,
        ):  # fmt: skip
            button.setAutoDefault(False)
        top = QHBoxLayout()
        top.setSpacing(GRID_PX)
        top.addWidget(self.add_files)
        top.addWidget(self.add_folder)
        top.addStretch()
        self._pages = QStackedLayout()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.table)
        self.table.setMinimumHeight(_TABLE_PX)
        acts = QHBoxLayout()
        acts.setSpacing(GRID_PX)
        for button in (self.fix, self.include, self.remove):
            acts.addWidget(button)
        acts.addStretch()
        self.details = QWidget()
        below = QVBoxLayout(self.details)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(GRID_PX // 2)
        below.addWidget(self.plot)
        below.addWidget(self.files)
        below.addWidget(self.explanation)
        below.addSpacing(GRID_PX // 2)
        below.addLayout(acts)
        self.progress = QWidget()
        row = QHBoxLayout(self.progress)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID_PX)
        words = QVBoxLayout()
        words.setSpacing(GRID_PX // 2)
        words.addWidget(self.doing)
        words.addWidget(self.bar)
        row.addLayout(words, 1)
        row.addWidget(self.stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID_PX, GRID_PX, GRID_PX, GRID_PX)
        column.setSpacing(GRID_PX)
        column.addLayout(top)
        column.addWidget(self.progress)
        column.addWidget(self.message)
        column.addWidget(self.left_out)
        column.addWidget(self.summary)
        column.addLayout(self._pages, 1)
        column.addWidget(self.details)
        self.details.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def _connect(self) -> None:
        self.add_files.clicked.connect(self.ask_for_files)
        self.add_folder.clicked.connect(self.ask_for_folder)
        self.table.selectionModel().selectionChanged.connect(self._tell_choice)
        self.table.activated.connect(lambda _index: self._ask(self.fix_wanted))
        self.table.remove_wanted.connect(lambda: self._ask(self.remove_wanted))
        self.fix.clicked.connect(lambda: self._ask(self.fix_wanted))
        self.remove.clicked.connect(lambda: self._ask(self.remove_wanted))
        self.include.clicked.connect(self._include)
        self.stop.clicked.connect(self.stop_wanted)
        self.left_out.dismissed.connect(lambda: self.show_left_out([]))
        Theme.current().theme_changed.connect(self._dress)

    @property
    def chosen(self) -> PairRow | None:
        """The pair whose row is chosen, or None."""
        rows = self.table.selectionModel().selectedRows()
        return self.model.rows[rows[0].row()] if rows else None

    def show_rows(self, rows: tuple[PairRow, ...]) -> None:
        """Shows the pairs; the one that was chosen stays so."""
        before = self.chosen
        self.model.show_rows(rows)
        self._pages.setCurrentWidget(self.table if rows else self._empty)
        self.summary.setVisible(bool(rows))
        self.summary.setText(self._summary_text(rows))
        names = [row.name for row in rows]
        if rows:
            self.choose(before.name if before is not None and before.name in names else names[0])
        else:
            self._tell_choice()

    def choose(self, name: str) -> None:
        """Chooses a pair by its name, as the person would."""
        for place, row in enumerate(self.model.rows):
            if row.name == name:
                index = self.model.index(place, 0)
                self.table.selectionModel().setCurrentIndex(
                    index,
                    QItemSelectionModel.SelectionFlag.ClearAndSelect
                    | QItemSelectionModel.SelectionFlag.Rows,
                )
                self.table.scrollTo(index)

    def show_plot(self, edit: KnownEdit | None) -> None:
        """Shows how the chosen pair aligns; None where that isn't known."""
        self.plot.setVisible(edit is not None)
        if edit is not None:
            self.state.set_document(edit.n_samples, edit.sample_rate, Timeline(edit.edit_list))

    def show_doing(self, words: str, share: float | None = None) -> None:
        """Shows what is being done; nothing where that is empty."""
        self.progress.setVisible(bool(words))
        self.doing.setText(words)
        self.bar.setRange(0, 0 if share is None else 1000)
        if share is not None:
            self.bar.setValue(round(1000 * share))

    def tell(self, sentences: str) -> None:
        """Says what came of bringing files in."""
        self.message.setText(sentences)
        self.message.setVisible(bool(sentences))

    def show_left_out(self, files: list[tuple[Path, str]]) -> None:
        """Shows which files were left out, and why."""
        self.left_out.show_files(files)

    # What a person does ---------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Takes files and folders, and nothing else."""
        if files_of(event):
            event.acceptProposedAction()
            self._mark(hovered=True)

    def event(self, event: QEvent) -> bool:
        """Lets the page calm down when what was dragged has gone."""
        if event.type() is QEvent.Type.DragLeave:
            self._mark(hovered=False)
        return super().event(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Brings them in."""
        self._mark(hovered=False)
        if files := files_of(event):
            event.acceptProposedAction()
            self.files_given.emit(files)

    def ask_for_files(self) -> None:
        """Shows the dialog that asks for recordings and edits."""
        dialog = QFileDialog(self, self.tr("Recordings and finished edits"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters(name_filters())
        dialog.filesSelected.connect(
            lambda names: self.files_given.emit([Path(name) for name in names])
        )
        dialog.open()

    def ask_for_folder(self) -> None:
        """Shows the dialog that asks for a folder of recordings and edits."""
        dialog = QFileDialog(self, self.tr("Folder with recordings and finished edits"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda name: self.files_given.emit([Path(name)]))
        dialog.open()

    def _ask(self, signal: SignalInstance) -> None:
        row = self.chosen
        if row is not None:
            signal.emit(row)

    def _include(self) -> None:
        row = self.chosen
        if row is None:
            return
        if row.trains:
            self.choice_wanted.emit(row, LEAVE)
        else:
            self.choice_wanted.emit(row, USUAL if row.verdict == "good" else USE)

    # Showing the state ----------------------------------------------------------------------------

    def _summary_text(self, rows: tuple[PairRow, ...]) -> str:
        used = [row for row in rows if row.trains]
        minutes = sum(row.raw_s or 0.0 for row in used) / 60
        shown = f"{minutes:.1f}" if minutes < 10 else f"{minutes:.0f}"
        return self.tr("{used} of {all} pairs are learned from: {minutes} min.").format(
            used=len(used),
            all=len(rows),
            minutes=shown,
        )

    def _tell_choice(self) -> None:
        row = self.chosen
        self.details.setVisible(row is not None)
        self.show_plot(None)
        if row is not None:
            names = [path.name if path is not None else "–" for path in (row.raw, row.edit)]
            self.files.setText(" → ".join(names))
            self.explanation.setText(row.explanation)
            self.include.setText(self.tr("Exclude") if row.trains else self.tr("Include"))
            self.include.setEnabled(row.is_ready)
            self.include.setToolTip(
                self.tr("Leave this pair out of training, or take it in again.")
                if row.is_ready
                else self.tr("It can't be learned from as it is.")
            )
            self.fix.setText(
                self.tr("Open with this edit") if row.is_ready else self.tr("Open the recording")
            )
            self.fix.setEnabled(row.raw is not None)
            self.fix.setToolTip(
                self.tr(
                    "Hear and correct it in the window; then File > Add this edit to my library "
                    "puts it back."
                )
                if row.is_ready
                else self.tr("See and hear the recording in the window.")
            )
        self.pair_chosen.emit(row)

    def _mark(self, *, hovered: bool) -> None:
        palette = Theme.current().palette
        ground = palette.raised if hovered else palette.window
        self._empty.setStyleSheet(
            f"color: {palette.muted.name()}; background: {ground.name()};"
            f"border: 1px dashed {palette.muted.name() if hovered else palette.line.name()};"
            "border-radius: 6px;"
        )

    def _dress(self) -> None:
        palette = Theme.current().palette
        for label in (self.summary, self.files, self.doing, self.message):
            label.setStyleSheet(f"color: {palette.muted.name()}")
        self._mark(hovered=False)
