"""What the window shows before a recording is open: what to do."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from editorbot_gui.actions import ActionSet, tinted_icon
from editorbot_gui.panels.action_button import ActionButton
from editorbot_gui.theme import GRID_PX, Theme, text_font

_BUTTONS = ("open", "demo_speech", "demo_music")


class EmptyState(QWidget):
    """A card with a sentence and the three ways to begin.

    Args:
        actions: The window's actions; the buttons trigger them.
        parent: The owner.
    """

    def __init__(self, actions: ActionSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = QLabel()
        self._icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        headline = QLabel(self.tr("Drop a recording here, or open the demo"))
        headline.setFont(text_font(20, bold=True))
        headline.setAlignment(Qt.AlignmentFlag.AlignCenter)
        headline.setWordWrap(True)
        self._formats = QLabel(self.tr("WAV, FLAC, OGG, MP3, AIFF, M4A, MP4, WebM, MKV and more"))
        self._formats.setAlignment(Qt.AlignmentFlag.AlignCenter)
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addStretch()
        self.buttons = {name: ActionButton(actions[name]) for name in _BUTTONS}
        for button in self.buttons.values():
            row.addWidget(button)
        row.addStretch()
        column = QVBoxLayout(self)
        column.setSpacing(2 * GRID_PX)
        column.addStretch()
        column.addWidget(self._icon)
        column.addWidget(headline)
        column.addWidget(self._formats)
        column.addSpacing(GRID_PX)
        column.addLayout(row)
        column.addStretch()
        Theme.current().theme_changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        palette = Theme.current().palette
        self._icon.setPixmap(tinted_icon("mdi6.waveform", palette.raw).pixmap(QSize(64, 64)))
        self._formats.setStyleSheet(f"color: {palette.muted.name()}")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the dashed frame that says where to drop."""
        super().paintEvent(event)
        palette = Theme.current().palette
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(palette.line, 2, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        margin = 3 * GRID_PX
        frame = self.rect().adjusted(margin, margin, -margin, -margin)
        painter.drawRoundedRect(frame, GRID_PX, GRID_PX)
        painter.end()
