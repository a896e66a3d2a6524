"""The dialog in which one records: input, level, time, and the file that it becomes."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
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
from editorbot_gui.actions import tinted_icon
from editorbot_gui.dialogs.plain import without_icons
from editorbot_gui.panels.level_meter import LevelMeter
from editorbot_gui.recording.places import SUFFIX, new_name
from editorbot_gui.recording.recorder import BUSY, Recorder, RecorderState
from editorbot_gui.theme import GRID_PX, Theme, figures_font
from editorbot_gui.waveform.timecode import format_time

if TYPE_CHECKING:
    from PySide6.QtGui import QCloseEvent

    from editorbot_gui.playback.devices import SoundDevice

_WIDTH_PX = 560
_TIME_PX = 44
_METER_PX = 50 * GRID_PX
_COUNTS_S = (0, 3, 5, 10)
_SHORT_OF_ROOM_S = 600


@dataclass(frozen=True, slots=True)
class RecordChoice:
    """What is chosen in the dialog.

    Attributes:
        device: The input's id; empty for the system's default one.
        channels: 1 or 2.
        count_in_s: Seconds to count down.
        folder: Where the file goes.
    """

    device: str
    channels: int
    count_in_s: int
    folder: Path


class InputField(QComboBox):
    """The inputs; whoever opens the list sees those of now."""

    opened = Signal()
    """The list is about to be shown."""

    def showPopup(self) -> None:  # noqa: N802 - Qt's name
        """Shows the list."""
        self.opened.emit()
        super().showPopup()


class RecordDialog(QDialog):
    """Shows the recorder and hands on what a person does with it.

    The recording is never given up by closing the dialog: that ends and keeps it.

    Args:
        recorder: Records; belongs to the caller.
        choice: What is chosen at first.
        parent: The window.
    """

    inputs_wanted = Signal()
    """The list of inputs should be made anew; `show_inputs` takes it."""

    def __init__(
        self, recorder: Recorder, choice: RecordChoice, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Record"))
        self._recorder = recorder
        self._inputs: tuple[SoundDevice, ...] = ()
        self._room_bytes: int | None = None
        self._losses_shown = 0
        self._suggested = Path()
        self._problem = ""
        self._note = ""
        self.input_field = InputField()
        self.channels_field = QComboBox()
        for channels in (1, 2):
            self.channels_field.addItem(texts.channels_text(channels).capitalize(), channels)
        self.count_field = QComboBox()
        for seconds in _COUNTS_S:
            words = self.tr("{n} seconds").format(n=seconds) if seconds else self.tr("None")
            self.count_field.addItem(words, seconds)
        self.along_field = QCheckBox(self.tr("&Hear what comes in (use headphones)"))
        self.along_field.setToolTip(
            self.tr("Through loudspeakers a microphone hears itself again, and howls.")
        )
        self.path_field = QLineEdit()
        self.browse = QPushButton(self.tr("Browse…"))
        self.meter = LevelMeter(_METER_PX, self.tr("Nothing has come in yet."))
        self.time = QLabel()
        self.time.setFont(figures_font(_TIME_PX))
        self.time.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.facts = QLabel()
        self.facts.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setMinimumHeight(5 * GRID_PX)
        self.record_button = QPushButton(self.tr("&Record"))
        self.pause_button = QPushButton(self.tr("&Pause"))
        self.stop_button = QPushButton(self.tr("&Stop and open"))
        self.close_button = QPushButton(self.tr("Close"))
        self._buttons = (
            self.record_button,
            self.pause_button,
            self.stop_button,
            self.close_button,
        )
        without_icons(self._buttons[1:])
        self._name_fields()
        self._lay_out()
        self._show_choice(choice)
        self._connect()
        self._dress()
        self._refresh()
        self.record_button.setFocus()

    @property
    def choice(self) -> RecordChoice:
        """What is chosen now."""
        return RecordChoice(
            str(self.input_field.currentData() or ""),
            int(self.channels_field.currentData()),
            int(self.count_field.currentData()),
            self.path.parent,
        )

    @property
    def path(self) -> Path:
        """The file that is chosen; what is no name for a file stands for the suggested one."""
        path = Path(self.path_field.text().strip() or self._suggested)
        with contextlib.suppress(RuntimeError):  # nobody of that name lives here
            path = path.expanduser()
        path = self._suggested.parent / path
        if path.name in ("", ".."):
            path = path / self._suggested.name
        return path if path.suffix.lower() == SUFFIX else path.with_name(f"{path.name}{SUFFIX}")

    def begin(self) -> None:
        """Opens the input and asks what other ones there are; once the dialog is shown."""
        self.inputs_wanted.emit()
        self._listen()
        self._measure_room()

    def show_inputs(self, found: tuple[SoundDevice, ...]) -> None:
        """Offers the inputs that there are; the chosen one stays chosen."""
        chosen = self.choice.device
        self._inputs = found
        with QSignalBlocker(self.input_field):
            self.input_field.clear()
            default = next((device.name for device in found if device.is_default), "")
            words = self.tr("System default")
            self.input_field.addItem(f"{words} ({default})" if default else words, "")
            for device in found:
                self.input_field.addItem(device.name, device.id)
            self._choose_input(chosen)
        self._refresh()

    def tell(self, sentence: str) -> None:
        """Says something that is no problem."""
        self._note = sentence
        self._refresh()

    def fail(self, sentence: str) -> None:
        """Says why it can't record."""
        self._problem = sentence
        self._refresh()

    def _choose_input(self, device: str) -> None:
        at = self.input_field.findData(device)
        if at < 0:
            name = device.rsplit(", ", 1)[0]
            words = self.tr("{name} (not connected)") if self._inputs else "{name}"
            self.input_field.addItem(words.format(name=name), device)
            at = self.input_field.count() - 1
        self.input_field.setCurrentIndex(at)

    def _show_choice(self, choice: RecordChoice) -> None:
        self.input_field.addItem(self.tr("System default"), "")
        self._choose_input(choice.device)
        self.channels_field.setCurrentIndex(self.channels_field.findData(choice.channels))
        self.count_field.setCurrentIndex(max(0, self.count_field.findData(choice.count_in_s)))
        self._suggest(choice.folder)

    def _suggest(self, folder: Path) -> None:
        self._suggested = new_name(folder, datetime.now())  # noqa: DTZ005 - the person's own time
        self.path_field.setText(str(self._suggested))

    def _name_fields(self) -> None:
        self.input_field.setAccessibleName(self.tr("Input"))
        self.channels_field.setAccessibleName(self.tr("Channels"))
        self.count_field.setAccessibleName(self.tr("Count-in"))
        self.path_field.setAccessibleName(self.tr("File"))
        self.browse.setAccessibleName(self.tr("Choose the file to write"))
        self.meter.setAccessibleName(self.tr("Input level"))

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self.path_field, 1)
        row.addWidget(self.browse)
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID_PX)
        form.setVerticalSpacing(GRID_PX + GRID_PX // 2)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("&Input"), self.input_field)
        form.addRow(self.tr("&Channels"), self.channels_field)
        form.addRow(self.tr("Count-i&n"), self.count_field)
        file_label = QLabel(self.tr("&File"))
        file_label.setBuddy(self.path_field)
        form.addRow(file_label, row)
        form.addRow("", self.along_field)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID_PX)
        for button in self._buttons[:-1]:
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID_PX, 3 * GRID_PX, 3 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(2 * GRID_PX)
        layout.addLayout(form)
        layout.addWidget(self.time)
        layout.addWidget(self.meter, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self.facts)
        layout.addWidget(self.message)
        layout.addLayout(buttons)
        self.setMinimumWidth(_WIDTH_PX)

    def _connect(self) -> None:
        recorder = self._recorder
        recorder.state_changed.connect(self._take_state)
        recorder.frames_arrived.connect(self.meter.take)
        recorder.progressed.connect(self._show_time)
        recorder.counted.connect(self._show_count)
        recorder.room_measured.connect(self._take_room)
        recorder.failed.connect(self.fail)
        recorder.told.connect(self.tell)
        self.input_field.opened.connect(self.inputs_wanted)
        self.input_field.activated.connect(self._listen)
        self.channels_field.activated.connect(self._listen)
        self.along_field.toggled.connect(self._hear_along)
        self.path_field.editingFinished.connect(self._measure_room)
        self.path_field.textChanged.connect(self._forget_problem)
        self.browse.clicked.connect(self._browse)
        self.record_button.clicked.connect(self._record)
        self.pause_button.clicked.connect(self._pause_or_go_on)
        self.stop_button.clicked.connect(recorder.stop)
        self.close_button.clicked.connect(self.reject)
        Theme.current().theme_changed.connect(self._dress)

    # What a person does ---------------------------------------------------------------------------

    def _listen(self) -> None:
        self._problem = self._note = ""
        self.meter.reset()
        choice = self.choice
        self._recorder.listen(choice.device or None, choice.channels)

    def _hear_along(self, wanted: bool) -> None:
        self._note = ""
        self._recorder.hear_along(wanted)
        self._refresh()

    def _forget_problem(self) -> None:
        if self._problem:
            self._problem = ""
            self._refresh()

    def _measure_room(self) -> None:
        self._recorder.measure_room(self.path.parent)

    def _record(self) -> None:
        if self._recorder.state is RecorderState.CLOSED:
            self._listen()
            return
        self._problem = self._note = ""
        if self.path == self._suggested:
            # The name tells when the recording was begun, not when the dialog was opened.
            self._suggest(self.path.parent)
        self.path_field.setText(str(self.path))
        self.meter.reset()
        self._recorder.record(self.path, self.choice.count_in_s)

    def _pause_or_go_on(self) -> None:
        if self._recorder.state is RecorderState.PAUSED:
            self._recorder.go_on()
        else:
            self._recorder.pause()

    def _browse(self) -> None:
        dialog = QFileDialog(self, self.tr("Record into"), str(self.path))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(self.tr("WAV files") + f" (*{SUFFIX})")
        dialog.setDefaultSuffix(SUFFIX[1:])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._take_path)
        dialog.open()

    def _take_path(self, name: str) -> None:
        self.path_field.setText(name)
        self._measure_room()

    def reject(self) -> None:
        """Closes; a recording is ended and kept first, a count-in is only given up."""
        state = self._recorder.state
        if state in BUSY:
            self._recorder.stop()
            return
        super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closes as `reject` does."""
        if self._recorder.state in BUSY:
            event.ignore()
        self.reject()

    # What it shows --------------------------------------------------------------------------------

    def _take_state(self, state: str) -> None:
        """Shows another state; the space bar does what is nearest then."""
        self._refresh()
        nearest = {
            RecorderState.READY: self.record_button,
            RecorderState.COUNTING: self.stop_button,
            RecorderState.RECORDING: self.pause_button,
        }
        field = self.focusWidget()
        if RecorderState(state) in nearest and (field is None or field in self._buttons):
            nearest[RecorderState(state)].setFocus()

    def _refresh(self) -> None:
        state = self._recorder.state
        busy, recording = state in BUSY, state is RecorderState.RECORDING
        paused, counting = state is RecorderState.PAUSED, state is RecorderState.COUNTING
        for field in (
            self.input_field,
            self.channels_field,
            self.count_field,
            self.path_field,
            self.browse,
        ):
            field.setEnabled(not busy)
        self.along_field.setEnabled(state is not RecorderState.FINISHING)
        closed = state is RecorderState.CLOSED
        self.record_button.setText(self.tr("&Try again") if closed else self.tr("&Record"))
        self.record_button.setEnabled(state in (RecorderState.READY, RecorderState.CLOSED))
        self.record_button.setDefault(not busy)
        self.pause_button.setEnabled(recording or paused)
        self.pause_button.setText(self.tr("&Go on") if paused else self.tr("&Pause"))
        self.stop_button.setEnabled(recording or paused or counting)
        self.stop_button.setText(self.tr("&Give up") if counting else self.tr("&Stop and open"))
        self.close_button.setEnabled(state is not RecorderState.FINISHING)
        if not counting:
            self._show_time()
        self._show_message()
        self._dress_time()

    def _show_time(self) -> None:
        state, form = self._recorder.state, self._recorder.format
        if state is RecorderState.COUNTING:
            return
        if state is not RecorderState.FINISHING:
            rate = form.sample_rate if form is not None else 1
            self.time.setText(format_time(self._recorder.n_frames, rate, 1))
        self.facts.setText(self._facts())
        if self._recorder.losses != self._losses_shown:
            self._losses_shown = self._recorder.losses
            self._show_message()

    def _show_count(self, seconds: int) -> None:
        self.time.setText(str(seconds))

    def _take_room(self, room_bytes: int | None) -> None:
        self._room_bytes = room_bytes
        self.facts.setText(self._facts())
        self._show_message()

    def _facts(self) -> str:
        form = self._recorder.format
        if form is None:
            return ""
        parts = [texts.rate_text(form.sample_rate), self.tr("24 bit")]
        parts.append(texts.channels_text(form.channels))
        room_s = self._room_s()
        if room_s is not None:
            parts.append(self.tr("room for {length}").format(length=_long_text(room_s)))
        return " · ".join(parts)

    def _room_s(self) -> float | None:
        speed = self._recorder.bytes_a_second
        return None if self._room_bytes is None or not speed else self._room_bytes / speed

    def _show_message(self) -> None:
        state, room_s = self._recorder.state, self._room_s()
        short_of_room = ""
        if room_s is not None and room_s < _SHORT_OF_ROOM_S:
            short_of_room = self.tr("The disk is nearly full.")
        words = {
            RecorderState.OPENING: self.tr("Opening the input…"),
            RecorderState.READY: self.tr("Speak or play, and look at the level, then record."),
            RecorderState.COUNTING: self.tr("Recording is about to begin…"),
            RecorderState.RECORDING: self.tr("Recording."),
            RecorderState.PAUSED: self.tr("Paused. What comes in now is left out."),
            RecorderState.FINISHING: self.tr("Writing the rest…"),
        }
        lost = ""
        if self._recorder.losses:
            lost = self.tr("The machine or the disk is too busy: something was lost.")
        said = self._problem or self._note or lost or short_of_room
        if not said and self.meter.clipped:
            said = self.tr("That was too loud: turn the input down.")
        self.message.setText(said or words.get(state, ""))
        palette = Theme.current().palette
        colour = palette.text if said else palette.muted
        self.message.setStyleSheet(f"color: {colour.name()}")

    def _dress(self) -> None:
        palette = Theme.current().palette
        self.record_button.setIcon(tinted_icon("mdi6.record", palette.problem))
        self.facts.setStyleSheet(f"color: {palette.muted.name()}")
        self._dress_time()
        self._show_message()

    def _dress_time(self) -> None:
        palette = Theme.current().palette
        recording = self._recorder.state is RecorderState.RECORDING
        colour = palette.problem if recording else palette.text
        if self._recorder.state is RecorderState.PAUSED:
            colour = palette.muted
        self.time.setStyleSheet(f"color: {colour.name()}")


def _long_text(seconds: float) -> str:
    """Returns how long one can record, as exactly as anybody wants to know."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return f"{int(seconds)} s"
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h"
