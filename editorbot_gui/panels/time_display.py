"""Where the playhead is, large enough to be read from a distance."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from editorbot_gui.theme import GRID_PX, Theme, figures_font, text_font
from editorbot_gui.waveform.timecode import format_time
from editorbot_gui.waveform.view_state import Axis


class TimeDisplay(QWidget):
    """What is listened to, the place in it, and its length.

    Args:
        parent: The owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._axis = Axis.RAW
        self._what = QLabel()
        self._what.setFont(text_font(12, bold=True))
        self.place = QLabel()
        self.place.setFont(figures_font(18))
        self.place.setAccessibleName(self.tr("Position"))
        self._whole = QLabel()
        self._whole.setFont(figures_font(12))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GRID_PX, 0, GRID_PX, 0)
        layout.setSpacing(GRID_PX)
        for label in (self._what, self.place, self._whole):
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            layout.addWidget(label)
        Theme.current().theme_changed.connect(self._dress)
        self._dress()

    def show_place(self, axis: Axis, position: int, length: int, sample_rate: int) -> None:
        """Shows a place.

        Args:
            axis: What is listened to.
            position: The place on it, in samples.
            length: Its length in samples.
            sample_rate: Samples a second.
        """
        if axis is not self._axis:
            self._axis = axis
            self._dress()
        self.place.setText(format_time(position, sample_rate))
        self._whole.setText(f"/ {format_time(length, sample_rate)}")

    def _dress(self) -> None:
        palette = Theme.current().palette
        edited = self._axis is Axis.EDITED
        self._what.setText(self.tr("Edit") if edited else self.tr("Recording"))
        self._what.setStyleSheet(f"color: {palette.text.name()}")
        self._whole.setStyleSheet(f"color: {palette.muted.name()}")
