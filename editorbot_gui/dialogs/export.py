"""The export dialog: where to, as what, and how large it gets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QStandardPaths, Qt, Signal
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

from editorbot_gui import texts
from editorbot_gui.dialogs.export_formats import (
    FORMATS,
    depth_label,
    depths_of,
    format_label,
    format_named,
    format_of,
    is_own_depth,
    loudness_choices,
    rates_of,
    refusal,
    size_bytes,
    usual_format,
)
from editorbot_gui.dialogs.plain import without_icons
from editorbot_gui.dialogs.target_file import ask_to_replace, name_problem, overwriting_problem
from editorbot_gui.export_parts import ExportMaterial, Part
from editorbot_gui.theme import GRID_PX, Theme
from editorbot_gui.waveform.timecode import format_length
from model_core.audio.mixdown import export_channels
from model_core.edit.types import EditList
from resources import resource_path

if TYPE_CHECKING:
    from model_core.audio.source import AudioSource
    from model_core.export.formats import ExportFormat
    from model_core.export.pieces import Piece, SoundOptions

_WIDTH_PX = 560


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """What the person decided.

    Attributes:
        path: The file to write.
        format: Name of its kind.
        subtype: How samples are kept, in soundfile's words; None for the format's own.
        sample_rate: In hertz; None keeps the recording's.
        part: What of the document is written; where that is several files, `path` names them all.
        loudness: In LUFS; None leaves it as it is.
        dither: Whether to dither where depth is lost.
        keeps_tags: Whether tags, pictures and chapter marks are carried over.
        separately: Whether each microphone of a recording with several becomes a file.
    """

    path: Path
    format: str
    subtype: str | None
    sample_rate: int | None
    part: Part = Part.WHOLE
    loudness: float | None = None
    dither: bool = True
    keeps_tags: bool = True
    separately: bool = False

    @property
    def options(self) -> SoundOptions:
        """The same in the words of the export."""
        from model_core.export.levelling import LoudnessTarget
        from model_core.export.pieces import SoundOptions

        target = None if self.loudness is None else LoudnessTarget(self.loudness)
        return SoundOptions(
            self.format, self.subtype, self.sample_rate, target, self.dither, self.keeps_tags
        )


def suggested_path(source: AudioSource, kind: ExportFormat) -> Path:
    """Returns "<name>_edit.<ext>" beside the recording, or in a folder that can be written."""
    stem = (source.path or Path("recording")).stem
    return writable_folder(source) / f"{stem}_edit{kind.suffixes[0]}"


def writable_folder(source: AudioSource) -> Path:
    """Returns the folder of a recording, or another one if that can't be written."""
    original = source.path or Path("recording")
    if os.access(original.parent, os.W_OK) and resource_path() not in original.parents:
        return original.parent
    music = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MusicLocation)
    return Path(music) if music and Path(music).is_dir() else Path.home()


def kept_encoding(kind: ExportFormat, source: AudioSource) -> str:
    """Returns the encoding of a format that keeps a recording's depth, as far as it can."""
    from model_core.audio.render import Renderer
    from model_core.export.encoding import default_encoding

    return default_encoding(Renderer((source,), EditList.whole(source.n_samples)), kind)


class ExportDialog(QDialog):
    """Asks where and how to write the edit.

    Args:
        source: The recording.
        material: What can be exported.
        format_name: The format that was used last; empty for the one that fits the recording.
        parent: The window.
    """

    chosen = Signal(object)
    """An `ExportChoice` was made."""

    def __init__(
        self,
        source: AudioSource,
        material: ExportMaterial,
        format_name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Export the edit"))
        self._source = source
        self._material = material
        self.part_field = QComboBox()
        self.tracks_field = QComboBox()
        self.tracks_field.addItem(self.tr("Mixed, as they are heard"), False)
        self.tracks_field.addItem(
            self.tr("One file for each, as recorded: {n}").format(n=len(source.tracks)), True
        )
        self.format_field = QComboBox()
        for kind in FORMATS:
            self.format_field.addItem(format_label(kind), kind)
        self.rate_field = QComboBox()
        self.depth_field = QComboBox()
        self.loudness_field = QComboBox()
        for target, words in loudness_choices():
            self.loudness_field.addItem(words, target)
        self.loudness_field.setToolTip(
            self.tr("Measured as EBU R128 has it; true peaks are held below -1 dBTP.")
        )
        self.dither_field = QCheckBox(self.tr("Dither &where depth is lost"))
        self.dither_field.setChecked(True)
        self.tags_field = QCheckBox(self.tr("&Keep tags, cover and chapter marks"))
        self.tags_field.setChecked(True)
        self.path_field = QLineEdit()
        self.path_field.setMinimumWidth(40 * GRID_PX)
        self.browse = QPushButton(self.tr("Browse…"))
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setMinimumHeight(5 * GRID_PX)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.export_button = self.buttons.addButton(
            self.tr("Export"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        without_icons(self.buttons.buttons())
        self._name_fields()
        self._lay_out()
        start = format_named(format_name) if format_name else usual_format(source)
        self.path_field.setText(str(suggested_path(source, start)))
        self.format_field.setCurrentIndex(FORMATS.index(start))
        self._offer_parts()
        self._offer_choices()
        self.part_field.currentIndexChanged.connect(self._judge)
        self.tracks_field.currentIndexChanged.connect(self._change_tracks)
        self.format_field.currentIndexChanged.connect(self._change_format)
        self.rate_field.currentIndexChanged.connect(self._judge)
        self.depth_field.currentIndexChanged.connect(self._judge)
        self.path_field.textChanged.connect(self._follow_name)
        self.browse.clicked.connect(self._browse)
        self.buttons.accepted.connect(self._try_to_accept)
        self.buttons.rejected.connect(self.reject)
        self.path_field.setFocus()
        name = Path(self.path_field.text())
        self.path_field.setSelection(len(str(name)) - len(name.name), len(name.stem))

    @property
    def choice(self) -> ExportChoice:
        """What is chosen now."""
        rate: int = self.rate_field.currentData()
        return ExportChoice(
            Path(self.path_field.text().strip()).expanduser(),
            self._format.name,
            self._depth,
            None if rate == self._source.sample_rate else rate,
            self._part,
            None if self._separately else self.loudness_field.currentData(),
            self.dither_field.isChecked(),
            self.tags_field.isChecked(),
            self._separately,
        )

    @property
    def _format(self) -> ExportFormat:
        kind: ExportFormat = self.format_field.currentData()
        return kind

    @property
    def _depth(self) -> str | None:
        depth: str | None = self.depth_field.currentData()
        return depth

    @property
    def _part(self) -> Part:
        part: Part | None = self.part_field.currentData()
        return part or Part.WHOLE

    @property
    def _pieces(self) -> tuple[Piece, ...]:
        return self._material.pieces(self._part, self.choice.path, separately=self._separately)

    @property
    def _separately(self) -> bool:
        return bool(self._source.tracks) and bool(self.tracks_field.currentData())

    @property
    def _channels(self) -> int:
        return export_channels(self._source, separately=self._separately)

    def _name_fields(self) -> None:
        self.part_field.setAccessibleName(self.tr("What is exported"))
        self.tracks_field.setAccessibleName(self.tr("Microphones"))
        self.loudness_field.setAccessibleName(self.tr("Loudness"))
        self.path_field.setAccessibleName(self.tr("File"))
        self.format_field.setAccessibleName(self.tr("Format"))
        self.rate_field.setAccessibleName(self.tr("Sample rate"))
        self.depth_field.setAccessibleName(self.tr("Bit depth"))
        self.browse.setAccessibleName(self.tr("Choose the file to write"))

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self.path_field, 1)
        row.addWidget(self.browse)
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID_PX)
        form.setVerticalSpacing(GRID_PX + GRID_PX // 2)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        file_label = QLabel(self.tr("&File"))
        file_label.setBuddy(self.path_field)
        form.addRow(file_label, row)
        form.addRow(self.tr("&What"), self.part_field)
        if self._source.tracks:
            form.addRow(self.tr("&Microphones"), self.tracks_field)
        form.addRow(self.tr("F&ormat"), self.format_field)
        form.addRow(self.tr("Sample &rate"), self.rate_field)
        form.addRow(self.tr("Bit &depth"), self.depth_field)
        form.addRow(self.tr("&Loudness"), self.loudness_field)
        form.addRow("", self.dither_field)
        form.addRow("", self.tags_field)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID_PX, 3 * GRID_PX, 3 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(2 * GRID_PX)
        layout.addLayout(form)
        layout.addWidget(self.message)
        layout.addWidget(self.buttons)
        self.setMinimumWidth(_WIDTH_PX)

    def _offer_parts(self) -> None:
        """Fills what can be exported; what was chosen stays if it is still there."""
        before = self._part
        with QSignalBlocker(self.part_field):
            self.part_field.clear()
            for part in self._material.parts:
                self.part_field.addItem(self._material.label(part), part)
            self.part_field.setCurrentIndex(max(0, self.part_field.findData(before)))
        self.part_field.setEnabled(self.part_field.count() > 1)

    def _offer_choices(self) -> None:
        """Fills rates and depths with what the format can hold; the recording's own come first."""
        kind, source = self._format, self._source
        with QSignalBlocker(self.rate_field), QSignalBlocker(self.depth_field):
            self.rate_field.clear()
            for rate in rates_of(kind, source.sample_rate):
                text = texts.rate_text(rate)
                if rate == source.sample_rate:
                    text = self.tr("{rate}, as the recording").format(rate=text)
                self.rate_field.addItem(text, rate)
            self.depth_field.clear()
            for depth in depths_of(kind, kept_encoding(kind, source)):
                text = depth_label(depth)
                if is_own_depth(depth, source):
                    text = self.tr("{depth}, as the recording").format(depth=text)
                self.depth_field.addItem(text, depth)
            if not self.depth_field.count():
                self.depth_field.addItem(
                    self.tr("chosen by {format}").format(format=kind.name), None
                )
        self.depth_field.setEnabled(self._depth is not None)
        self._judge()

    def _change_format(self) -> None:
        path = Path(self.path_field.text().strip())
        if format_of(path) is not self._format:
            known = format_of(path) is not None
            name = path.stem if known else path.name
            self.path_field.setText(str(path.with_name(f"{name}{self._format.suffixes[0]}")))
        self._offer_choices()

    def _change_tracks(self) -> None:
        """Each microphone brought to a loudness of its own would be no recording any more."""
        self.loudness_field.setEnabled(not self._separately)
        self._judge()

    def _follow_name(self) -> None:
        """A name that ends like another format asks for that format."""
        kind = format_of(Path(self.path_field.text().strip()))
        if kind is not None and kind is not self._format:
            self.format_field.setCurrentIndex(FORMATS.index(kind))
        self._judge()

    def _problem(self) -> str:
        """Returns why it can't be exported like this, or nothing."""
        return (
            name_problem(self.path_field.text(), self.choice.path)
            or overwriting_problem((piece.path for piece in self._pieces), self._source)
            or refusal(self._format, self._channels)
        )

    def follow(self, source: AudioSource | None, material: ExportMaterial) -> None:
        """Shows what the edit has become meanwhile; closes if another recording is open.

        Args:
            source: The open recording.
            material: What can be exported.
        """
        if source is not self._source:
            self.reject()
            return
        self._material = material
        self._offer_parts()
        self._judge()

    def _judge(self) -> None:
        """Shows what will be written, or why it can't."""
        palette = Theme.current().palette
        problem = self._problem()
        self.export_button.setEnabled(not problem)
        self.message.setStyleSheet(f"color: {(palette.text if problem else palette.muted).name()}")
        self.message.setText(problem or self._summary())

    def _summary(self) -> str:
        source = self._source
        rate: int = self.rate_field.currentData()
        pieces = self._pieces
        length_samples = sum(piece.length for piece in pieces)
        n_values = length_samples / source.sample_rate * rate * self._channels
        size = size_bytes(self._format, self._depth, n_values)
        words = (
            self.tr("{files}, {length}, {channels}, about {size}")
            if len(pieces) > 1
            else self.tr("{length}, {channels}, about {size}")
        )
        return words.format(
            files=self.tr("{first} to {last}").format(
                first=pieces[0].path.name, last=pieces[-1].path.name
            ),
            length=format_length(length_samples, source.sample_rate),
            channels=texts.channels_text(self._channels),
            size=texts.size_text(size),
        )

    def _browse(self) -> None:
        dialog = QFileDialog(self, self.tr("Export as"), str(self.choice.path))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)  # asked for by Export
        filters = {kind: f"{kind.name} (*{' *'.join(kind.suffixes)})" for kind in FORMATS}
        dialog.setNameFilters(list(filters.values()))
        dialog.selectNameFilter(filters[self._format])
        dialog.setDefaultSuffix(self._format.suffixes[0][1:])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.path_field.setText)
        dialog.open()

    def _try_to_accept(self) -> None:
        if self._problem():
            return
        path = self.choice.path
        if format_of(path) is not self._format:
            self.path_field.setText(f"{path}{self._format.suffixes[0]}")
            self._judge()
            if self._problem():
                return
        there = [piece.path for piece in self._pieces if piece.path.exists()]
        if there:
            ask_to_replace(self, there, self._accept)
        else:
            self._accept()

    def _accept(self) -> None:
        self.chosen.emit(self.choice)
        self.accept()
