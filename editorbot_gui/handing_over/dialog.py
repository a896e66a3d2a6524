"""The dialog that asks for which program, where to, and at which clock an edit is handed over."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.dialogs.export import writable_folder
from editorbot_gui.dialogs.plain import without_icons
from editorbot_gui.dialogs.target_file import ask_to_replace, name_problem, overwriting_problem
from editorbot_gui.theme import GRID_PX, Theme
from model_core.export.frame_rates import DEFAULT_FRAME_RATE, FRAME_RATES
from model_core.export.media import READ_EVERYWHERE
from model_core.export.timelines import TIMELINE_FORMATS, TimelineFormat

if TYPE_CHECKING:
    from model_core.audio.source import AudioSource
    from model_core.export.frame_rates import FrameRate

_WIDTH_PX = 600


@dataclass(frozen=True, slots=True)
class HandOverChoice:
    """What the person decided.

    Attributes:
        path: The file to write.
        format: Name of the timeline format.
        frame_rate: The clock of formats that count video frames.
        keeps_chapters: Whether the recording's chapter marks become markers.
    """

    path: Path
    format: str
    frame_rate: FrameRate = DEFAULT_FRAME_RATE
    keeps_chapters: bool = True


class HandOverDialog(QDialog):
    """Asks how an edit is handed over.

    Args:
        source: The recording.
        format_name: The format that was used last; empty for the first one.
        parent: The window.
    """

    chosen = Signal(object)
    """A `HandOverChoice` was made."""

    def __init__(
        self, source: AudioSource, format_name: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Hand over to another program"))
        self._source = source
        self.format_field = QComboBox()
        for kind in TIMELINE_FORMATS.values():
            self.format_field.addItem(_label(kind), kind)
        self.path_field = QLineEdit()
        self.path_field.setMinimumWidth(40 * GRID_PX)
        self.browse = QPushButton(self.tr("Browse…"))
        self.rate_field = QComboBox()
        for rate in FRAME_RATES.values():
            words = self.tr("{rate} frames a second").format(rate=rate.name)
            self.rate_field.addItem(words, rate)
        self.rate_field.setCurrentIndex(list(FRAME_RATES.values()).index(DEFAULT_FRAME_RATE))
        self.chapters_field = QCheckBox(self.tr("Hand over &chapter marks as markers"))
        self.chapters_field.setChecked(True)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setMinimumHeight(8 * GRID_PX)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.write_button = self.buttons.addButton(
            self.tr("Hand over"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        without_icons(self.buttons.buttons())
        self._lay_out()
        kind = TIMELINE_FORMATS.get(format_name, next(iter(TIMELINE_FORMATS.values())))
        self.format_field.setCurrentIndex(self.format_field.findData(kind))
        folder = writable_folder(source)
        self.path_field.setText(str(folder / kind.file_name(self._stem)))
        self._last_name = Path(self.path_field.text()).name
        self.format_field.currentIndexChanged.connect(self._change_format)
        self.path_field.textChanged.connect(self._judge)
        self.rate_field.currentIndexChanged.connect(self._judge)
        self.browse.clicked.connect(self._browse)
        self.buttons.accepted.connect(self._try_to_accept)
        self.buttons.rejected.connect(self.reject)
        self._judge()

    @property
    def choice(self) -> HandOverChoice:
        """What is chosen now."""
        rate: FrameRate = self.rate_field.currentData()
        return HandOverChoice(
            Path(self.path_field.text().strip()).expanduser(),
            self._kind.name,
            rate,
            self.chapters_field.isChecked(),
        )

    @property
    def _kind(self) -> TimelineFormat:
        kind: TimelineFormat = self.format_field.currentData()
        return kind

    @property
    def _stem(self) -> str:
        return f"{(self._source.path or Path('recording')).stem}_edit"

    def _lay_out(self) -> None:
        self.format_field.setAccessibleName(self.tr("Program or format"))
        self.path_field.setAccessibleName(self.tr("File"))
        self.rate_field.setAccessibleName(self.tr("Frame rate"))
        self.browse.setAccessibleName(self.tr("Choose the file to write"))
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self.path_field, 1)
        row.addWidget(self.browse)
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID_PX)
        form.setVerticalSpacing(GRID_PX + GRID_PX // 2)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("For&mat"), self.format_field)
        file_label = QLabel(self.tr("&File"))
        file_label.setBuddy(self.path_field)
        form.addRow(file_label, row)
        form.addRow(self.tr("Frame &rate"), self.rate_field)
        form.addRow("", self.chapters_field)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID_PX, 3 * GRID_PX, 3 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(2 * GRID_PX)
        layout.addLayout(form)
        layout.addWidget(self.message)
        layout.addWidget(self.buttons)
        self.setMinimumWidth(_WIDTH_PX)

    def _change_format(self) -> None:
        """A name that nobody has changed is made anew; another one gets another ending."""
        path = Path(self.path_field.text().strip())
        name = self._kind.file_name(self._stem)
        if path.name != self._last_name:
            known = {kind.suffix for kind in TIMELINE_FORMATS.values()}
            stem = path.stem if path.suffix.lower() in known else path.name
            name = f"{stem}{self._kind.suffix}"
        else:
            self._last_name = name
        with QSignalBlocker(self.path_field):
            self.path_field.setText(str(path.with_name(name)) if path.name else name)
        self._judge()

    def _problem(self) -> str:
        path = self.choice.path
        return name_problem(self.path_field.text(), path) or overwriting_problem(
            (path,), self._source
        )

    def _judge(self) -> None:
        """Shows what will be written, or why it can't."""
        palette = Theme.current().palette
        problem = self._problem()
        self.rate_field.setEnabled(self._kind.has_frames)
        self.write_button.setEnabled(not problem)
        self.message.setStyleSheet(f"color: {(palette.text if problem else palette.muted).name()}")
        self.message.setText(problem or self._summary())

    def _summary(self) -> str:
        sentences = []
        if self._kind.has_frames:
            rate: FrameRate = self.rate_field.currentData()
            sentences.append(
                self.tr("Its clock counts frames: cuts may move by up to {ms} ms.").format(
                    ms=round(1000 * rate.half_frame_s)
                )
            )
        else:
            sentences.append(self.tr("Every cut stays where it is, to the sample."))
        source = self._source
        if self._kind.has_media and (source.lossy or source.container not in READ_EVERYWHERE):
            sentences.append(
                self.tr(
                    "As other programs begin such recordings elsewhere, a decoded copy is written "
                    "beside it."
                )
            )
        elif self._kind.has_media:
            sentences.append(self.tr("It plays the recording itself, which stays where it is."))
        return " ".join(sentences)

    def _browse(self) -> None:
        dialog = QFileDialog(self, self.windowTitle(), str(self.choice.path))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)  # asked for by Hand over
        dialog.setNameFilter(f"{self._kind.label} (*{self._kind.suffix})")
        dialog.setDefaultSuffix(self._kind.suffix[1:])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.path_field.setText)
        dialog.open()

    def _try_to_accept(self) -> None:
        path = self.choice.path
        if path.suffix.lower() != self._kind.suffix:
            self.path_field.setText(f"{path}{self._kind.suffix}")
            path = self.choice.path
        if self._problem():
            return
        if path.exists():
            ask_to_replace(self, (path,), self._accept)
        else:
            self._accept()

    def _accept(self) -> None:
        self.chosen.emit(self.choice)
        self.accept()


def _label(kind: TimelineFormat) -> str:
    return QCoreApplication.translate("HandOverDialog", "{format} – for {programs}").format(
        format=kind.label, programs=kind.used_by
    )
