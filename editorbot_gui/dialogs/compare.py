"""The dialog that asks for a recording and a finished edit of it: typed, chosen or dropped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.comparing import CompareRequest
from editorbot_gui.dialogs.plain import without_icons
from editorbot_gui.opening import name_filters
from editorbot_gui.panels.file_drop import files_of
from editorbot_gui.theme import GRID_PX, Theme, mixed, text_font

if TYPE_CHECKING:
    from model_core.audio.source import AudioSource

_WIDTH_PX = 600


class FileField(QFrame):
    """A frame that a file can be dropped on, with its path and a button to choose one.

    Args:
        title: What the file is, with a mnemonic.
        browse_title: Title of the dialog that chooses it.
        folder: Where that dialog begins.
        parent: The owner.
    """

    changed = Signal()
    """Another file is meant."""
    more_dropped = Signal(object)
    """More than one file was dropped; carries the other `Path`s."""

    def __init__(self, title: str, browse_title: str, folder: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("fileField")
        self.setAcceptDrops(True)
        self._browse_title = browse_title
        self._folder = folder
        self.title = QLabel(title)
        self.title.setFont(text_font(bold=True))
        self.path_field = QLineEdit()
        self.path_field.setPlaceholderText(self.tr("Drop a file here, or choose one"))
        self.path_field.setAccessibleName(title.replace("&", ""))
        self.path_field.setAcceptDrops(False)  # the frame takes them, and only files
        self.title.setBuddy(self.path_field)
        self.browse = QPushButton(self.tr("Browse…"))
        self.browse.setAutoDefault(False)
        self.browse.setAccessibleName(browse_title)
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self.path_field, 1)
        row.addWidget(self.browse)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID_PX, GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        column.setSpacing(GRID_PX)
        column.addWidget(self.title)
        column.addLayout(row)
        self.path_field.textChanged.connect(self.changed)
        self.browse.clicked.connect(self._choose)
        self.mark(hovered=False)

    @property
    def path(self) -> Path | None:
        """The file that is meant, or None."""
        text = self.path_field.text().strip()
        return Path(text).expanduser() if text else None

    def show_path(self, path: Path) -> None:
        """Fills the field."""
        self.path_field.setText(str(path))

    def fix(self, text: str) -> None:
        """Shows what is given already; it can't be changed here."""
        self.path_field.setText(text)
        self.path_field.setReadOnly(True)
        self.path_field.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.path_field.setEnabled(False)
        self.browse.hide()
        self.setAcceptDrops(False)

    def mark(self, *, hovered: bool) -> None:
        """Draws the frame: dashed where files can be dropped, stronger under a dragged one."""
        palette = Theme.current().palette
        colour = palette.text if hovered else mixed(palette.line, palette.text, 0.3)
        style = "dashed" if self.acceptDrops() else "solid"
        self.setStyleSheet(
            f"#fileField {{ border: 1px {style} {colour.name()}; border-radius: 6px; }}"
        )

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Takes files, and nothing else."""
        if files_of(event):
            event.acceptProposedAction()
            self.mark(hovered=True)

    def event(self, event: QEvent) -> bool:
        """Lets the frame calm down when what was dragged has gone."""
        if event.type() is QEvent.Type.DragLeave:
            self.mark(hovered=False)
        return super().event(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Takes the file; a second one is for the other field."""
        self.mark(hovered=False)
        if files := files_of(event):
            event.acceptProposedAction()
            self.show_path(files[0])
            if files[1:]:
                self.more_dropped.emit(files[1:])

    def _choose(self) -> None:
        path = self.path
        folder = str(path.parent) if path is not None and path.parent.is_dir() else self._folder
        dialog = QFileDialog(self, self._browse_title, folder)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(name_filters())
        dialog.fileSelected.connect(self.path_field.setText)
        dialog.open()


class CompareDialog(QDialog):
    """Asks which finished edit belongs to which recording.

    Args:
        source: The recording that is open, or None to ask for one.
        folder: Where looking for files begins.
        parent: The window.
    """

    chosen = Signal(object)
    """A `CompareRequest` was made."""

    def __init__(
        self, source: AudioSource | None, folder: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Compare with a finished edit"))
        self._source = source
        if source is not None and source.path is not None:
            folder = str(source.path.parent)
        self.raw_field = FileField(
            self.tr("&Recording"), self.tr("Choose the recording"), folder, self
        )
        self.edited_field = FileField(
            self.tr("&Finished edit of it"), self.tr("Choose the finished edit"), folder, self
        )
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setMinimumHeight(5 * GRID_PX)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.compare_button = self.buttons.addButton(
            self.tr("Compare"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        self.compare_button.setDefault(True)
        without_icons(self.buttons.buttons())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID_PX, 3 * GRID_PX, 3 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(2 * GRID_PX)
        layout.addWidget(self.raw_field)
        layout.addWidget(self.edited_field)
        layout.addWidget(self.message)
        layout.addWidget(self.buttons)
        self.setMinimumWidth(_WIDTH_PX)
        if source is not None:
            self.raw_field.fix(str(source.path or self.tr("The open recording")))
            self.raw_field.mark(hovered=False)
            self.edited_field.path_field.setFocus()
        self.raw_field.more_dropped.connect(lambda files: self.edited_field.show_path(files[0]))
        self.edited_field.more_dropped.connect(self._take_more)
        for field in (self.raw_field, self.edited_field):
            field.changed.connect(self._judge)
        self.buttons.accepted.connect(self._try_to_accept)
        self.buttons.rejected.connect(self.reject)
        self._judge()

    def _take_more(self, files: list[Path]) -> None:
        if self._source is None:
            self.raw_field.show_path(files[0])

    def _problem(self) -> str:
        """Returns why these two can't be compared, or nothing."""
        fields = (self.edited_field,) if self._source is not None else self._fields
        for field in fields:
            if field.path is None:
                return (
                    self.tr("Choose the recording.")
                    if field is self.raw_field
                    else self.tr("Choose the finished edit.")
                )
            if not field.path.is_file():
                return self.tr("There is no file “{path}”.").format(path=field.path)
        if _same_file(self._raw_path, self.edited_field.path):
            return self.tr("Both are the same file. Choose the edit that was made of it.")
        return ""

    @property
    def _fields(self) -> tuple[FileField, FileField]:
        return self.raw_field, self.edited_field

    @property
    def _raw_path(self) -> Path | None:
        return self.raw_field.path if self._source is None else self._source.path

    def _judge(self) -> None:
        """Says what will happen, or why it can't."""
        palette = Theme.current().palette
        problem = self._problem()
        unfilled = any(field.path is None for field in self._fields)
        colour = palette.text if problem and not unfilled else palette.muted
        self.compare_button.setEnabled(not problem)
        self.message.setStyleSheet(f"color: {colour.name()}")
        self.message.setText(
            problem
            if problem and not unfilled
            else self.tr(
                "EditorBot listens to both and finds out what was cut, repeated and moved. The "
                "result is an edit of the recording that you can hear, change and undo. "
                "Neither file is changed."
            )
        )

    def _try_to_accept(self) -> None:
        edited = self.edited_field.path
        raw = self._source if self._source is not None else self.raw_field.path
        if not self._problem() and edited is not None and raw is not None:
            self.chosen.emit(CompareRequest(raw, edited))
            self.accept()


def _same_file(one: Path | None, other: Path | None) -> bool:
    if one is None or other is None:
        return False
    try:
        return one.samefile(other)
    except OSError:
        return False
