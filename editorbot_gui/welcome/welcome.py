"""What the window shows before a recording is open: what it does, and how to begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.actions import tinted_icon
from editorbot_gui.panels.action_button import ActionButton
from editorbot_gui.theme import GRID_PX, Theme, text_font
from editorbot_gui.welcome.recent_list import RecentList

if TYPE_CHECKING:
    from editorbot_gui.actions import ActionSet
    from editorbot_gui.settings import Settings

_BUTTONS = (("open", "record"), ("demo_speech", "demo_music"))
_STEP_ICONS = ("mdi6.waveform", "mdi6.creation", "mdi6.export-variant")
_ICON_PX = 20
_WIDTH_PX = 72 * GRID_PX
_FRAME_PX = 3 * GRID_PX


class Introduction(QWidget):
    """What the program does, in three lines."""

    def __init__(self) -> None:
        super().__init__()
        sentences = (
            self.tr("Open a recording, talk or music. The file itself is never changed."),
            self.tr(
                "Generate an edit: pauses, retakes and noises go, music can loop. Every change is "
                "in a list; keep it, reject it, or ask for another edit."
            ),
            self.tr("Listen, correct by hand what you like, and export it in full quality."),
        )
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * GRID_PX)
        grid.setVerticalSpacing(GRID_PX)
        grid.setColumnStretch(1, 1)
        self._icons = [QLabel() for _ in sentences]
        for row, (icon, sentence) in enumerate(zip(self._icons, sentences, strict=True)):
            words = QLabel(sentence)
            words.setWordWrap(True)
            grid.addWidget(icon, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(words, row, 1)
        Theme.current().theme_changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        colour = Theme.current().palette.muted
        for label, name in zip(self._icons, _STEP_ICONS, strict=True):
            label.setPixmap(tinted_icon(name, colour).pixmap(QSize(_ICON_PX, _ICON_PX)))


class Welcome(QWidget):
    """The empty window: a headline, an introduction, the ways to begin, and what was open last.

    Args:
        actions: The window's actions; the buttons trigger them.
        settings: Knows the recent files, and whether the introduction is wanted.
        parent: The owner.
    """

    chosen = Signal(object)
    """The `Path` of a recent file was chosen."""

    def __init__(
        self, actions: ActionSet, settings: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._icon = QLabel()
        self._icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.headline = QLabel(self.tr("Drop a recording here, or open the demo"))
        self.headline.setFont(text_font(20, bold=True))
        self.headline.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.headline.setWordWrap(True)
        self._formats = QLabel(self.tr("WAV, FLAC, OGG, MP3, AIFF, M4A, MP4, WebM, MKV and more"))
        self._formats.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._formats.setWordWrap(True)
        self.introduction = Introduction()
        self.buttons = {name: ActionButton(actions[name]) for row in _BUTTONS for name in row}
        self.recent = RecentList()
        self.recent.chosen.connect(self.chosen)
        self.introduction_button = QPushButton()
        self.introduction_button.setFlat(True)
        self.introduction_button.clicked.connect(self._switch_introduction)
        self._lay_out()
        Theme.current().theme_changed.connect(self._dress)
        self._show_introduction()
        self.refresh()
        self._dress()

    def refresh(self) -> None:
        """Lists the recent files anew."""
        self.recent.show_files(self._settings.recent_files)
        self.recent.setVisible(bool(self._settings.recent_files))

    def showEvent(self, event: QShowEvent) -> None:
        """Lists what was opened since."""
        super().showEvent(event)
        self.refresh()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the dashed frame that says where to drop."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(Theme.current().palette.line, 2, Qt.PenStyle.DashLine))
        frame = self.rect().adjusted(_FRAME_PX, _FRAME_PX, -_FRAME_PX, -_FRAME_PX)
        painter.drawRoundedRect(frame, GRID_PX, GRID_PX)
        painter.end()

    def _lay_out(self) -> None:
        rows = QVBoxLayout()
        rows.setSpacing(GRID_PX)
        for names in _BUTTONS:
            row = QHBoxLayout()
            row.setSpacing(GRID_PX)
            row.addStretch()
            for name in names:
                row.addWidget(self.buttons[name])
            row.addStretch()
            rows.addLayout(row)
        middle = QWidget()
        middle.setMaximumWidth(_WIDTH_PX)
        column = QVBoxLayout(middle)
        column.setContentsMargins(GRID_PX, GRID_PX, GRID_PX, GRID_PX)
        column.setSpacing(2 * GRID_PX)
        column.addStretch()
        for widget in (self._icon, self.headline, self._formats):
            column.addWidget(widget)
        column.addWidget(self.introduction)
        column.addLayout(rows)
        column.addWidget(self.recent)
        column.addWidget(self.introduction_button, alignment=Qt.AlignmentFlag.AlignHCenter)
        column.addStretch()
        body = QWidget()
        centre = QHBoxLayout(body)
        centre.setContentsMargins(0, 0, 0, 0)
        centre.addStretch(1)
        centre.addWidget(middle, 1000)
        centre.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName(self.tr("Welcome"))
        area.setWidget(body)
        for ground in (area.viewport(), body):
            ground.setAutoFillBackground(False)
        around = QVBoxLayout(self)
        inside = _FRAME_PX + GRID_PX
        around.setContentsMargins(inside, inside, inside, inside)
        around.addWidget(area)

    def _switch_introduction(self) -> None:
        self._settings.introduction = not self._settings.introduction
        self._show_introduction()

    def _show_introduction(self) -> None:
        shown = self._settings.introduction
        self.introduction.setVisible(shown)
        self.introduction_button.setText(
            self.tr("Don't show the introduction again")
            if shown
            else self.tr("What does EditorBot do?")
        )
        self.introduction_button.setToolTip(
            self.tr("Leave the three lines out from now on.")
            if shown
            else self.tr("Show what it does in three lines.")
        )

    def _dress(self) -> None:
        palette = Theme.current().palette
        self._icon.setPixmap(tinted_icon("mdi6.waveform", palette.raw).pixmap(QSize(64, 64)))
        self._formats.setStyleSheet(f"color: {palette.muted.name()}")
        self.introduction_button.setStyleSheet(
            f"QPushButton {{ border: 1px solid transparent; background: transparent;"
            f" color: {palette.muted.name()}; }}"
            f" QPushButton:hover {{ color: {palette.text.name()}; text-decoration: underline; }}"
            f" QPushButton:focus {{ border-color: {palette.muted.name()}; }}"
        )
