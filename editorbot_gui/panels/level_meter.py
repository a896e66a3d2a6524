"""How loud it is what is heard: peak with hold, RMS, true peak, and whether it clipped."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QHelpEvent, QHideEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from editorbot_gui.playback.levels import LevelReader, to_decibels
from editorbot_gui.theme import GRID_PX, TINY_TEXT_PX, Theme, figures_font, mixed, text_font

if TYPE_CHECKING:
    import numpy.typing as npt

FLOOR_DB = -60.0
"""The lowest level that is shown."""
HOLD_S = 1.5
"""How long a peak stays marked."""

_TICKS_DB = (-60, -48, -36, -24, -12, 0)
_FALL_DB_S = 24.0
_RMS_S = 0.3
_FRAME_MS = 33
_WIDTH_PX = 29 * GRID_PX
_HEIGHT_PX = 4 * GRID_PX
_NAME_PX = 12
_FIELD_PX = 84
_FIGURE_PX = 56
_BAR_PX = 6
_BAR_GAP_PX = 2
_TOP_PX = 3
_NAMES = {1: ("M",), 2: ("L", "R")}


class LevelMeter(QWidget):
    """Shows the levels of frames as they come; a click forgets peak and clipping.

    Args:
        width_px: How wide it is.
        nothing: What is said where nothing has come yet.

    Attributes:
        true_peak_db: The highest true peak since it was reset, in dBTP; minus infinity for none.
        clipped: Whether anything went beyond full scale since it was reset.
    """

    def __init__(self, width_px: int = _WIDTH_PX, nothing: str = "") -> None:
        super().__init__()
        self._width_px = width_px
        self._nothing = nothing or self.tr("Nothing was played yet.")
        self._reader = LevelReader()
        self._n_channels = 2
        self._peaks_db = [FLOOR_DB, FLOOR_DB]
        self._mean_squares = [0.0, 0.0]
        self._held_db = [FLOOR_DB, FLOOR_DB]
        self._held_since = [0.0, 0.0]
        self._painted_at = time.monotonic()
        self._note = ""
        self.true_peak_db = -math.inf
        self.clipped = False
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._advance)
        self.setFixedSize(width_px, _HEIGHT_PX)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Level meter"))
        self._tell()
        Theme.current().theme_changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Room for bars, scale and figures."""
        return QSize(self._width_px, _HEIGHT_PX)

    def take(self, frames: npt.NDArray[np.float32], sample_rate: int) -> None:
        """Takes the frames that were heard since the last time.

        Args:
            frames: `[n, C]` with one or two channels; may be empty.
            sample_rate: In hertz.
        """
        if not len(frames):
            return
        levels = self._reader.read(frames)
        n_channels = frames.shape[1]
        if n_channels != self._n_channels:
            self._n_channels = n_channels
            self._peaks_db, self._held_db = [FLOOR_DB] * n_channels, [FLOOR_DB] * n_channels
            self._mean_squares, self._held_since = [0.0] * n_channels, [0.0] * n_channels
        now = time.monotonic()
        share = 1 - math.exp(-len(frames) / sample_rate / _RMS_S)
        for channel in range(n_channels):
            peak_db = max(FLOOR_DB, to_decibels(float(levels.peak[channel])))
            self._peaks_db[channel] = max(self._peaks_db[channel], peak_db)
            square = float(levels.rms[channel]) ** 2
            self._mean_squares[channel] += share * (square - self._mean_squares[channel])
            if peak_db >= self._held_db[channel]:
                self._held_db[channel], self._held_since[channel] = peak_db, now
        true_peak_db = to_decibels(float(levels.true_peak.max()))
        if true_peak_db > self.true_peak_db:
            self.true_peak_db = true_peak_db
            self.clipped = self.clipped or true_peak_db > 0
            self._tell()
        if not self._timer.isActive() and self.isVisible():
            self._painted_at = now
            self._timer.start()

    def show_note(self, words: str) -> None:
        """Shows a word or two under the figure, such as by how much the level is changed."""
        if words != self._note:
            self._note = words
            self._tell()
            self.update()

    def reset(self) -> None:
        """Forgets the highest peak and that anything clipped."""
        self.true_peak_db, self.clipped = -math.inf, False
        self._held_db = [FLOOR_DB] * self._n_channels
        self._tell()
        self.update()

    def _advance(self) -> None:
        """Lets the bars fall, for one frame."""
        now = time.monotonic()
        passed_s, self._painted_at = now - self._painted_at, now
        for channel in range(self._n_channels):
            fallen = self._peaks_db[channel] - _FALL_DB_S * passed_s
            self._peaks_db[channel] = max(FLOOR_DB, fallen)
            # Also after the last frame; while frames come they put it right again.
            self._mean_squares[channel] *= math.exp(-passed_s / _RMS_S / 4)
            if now - self._held_since[channel] > HOLD_S:
                self._held_db[channel] = self._peaks_db[channel]
        if max(self._peaks_db) <= FLOOR_DB and max(self._held_db) <= FLOOR_DB:
            self._mean_squares = [0.0] * self._n_channels
            self._timer.stop()
        self.update()

    def _figure(self) -> str:
        if not math.isfinite(self.true_peak_db):
            return "–"
        figure = f"{self.true_peak_db:+.1f}"
        return figure.replace("-", "−").replace("+0.0", "0.0").replace("−0.0", "0.0")

    def _tell(self) -> None:
        """Says in words what is painted."""
        if math.isfinite(self.true_peak_db):
            words = self.tr("Highest true peak {figure} dB.").format(figure=self._figure())
        else:
            words = self._nothing
        if self.clipped:
            words += " " + self.tr("It went beyond full scale.")
        if self._note:
            words += " " + self.tr("Loudness is {note}.").format(note=self._note)
        self.setAccessibleDescription(words)

    # Painting -------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paints bars, scale and figures."""
        painter = QPainter(self)
        palette = Theme.current().palette
        left, width = _NAME_PX, self._width_px - _NAME_PX - _FIELD_PX - GRID_PX
        painter.setFont(text_font(TINY_TEXT_PX - 1, bold=True))
        middle = Qt.AlignmentFlag.AlignVCenter
        names = _NAMES[self._n_channels]
        height = _BAR_PX if len(names) == 2 else 2 * _BAR_PX + _BAR_GAP_PX
        for channel, name in enumerate(names):
            top = _TOP_PX + channel * (_BAR_PX + _BAR_GAP_PX)
            painter.setPen(palette.muted)
            area = QRectF(0, top - 3, _NAME_PX - 3, height + 6)
            painter.drawText(area, middle | Qt.AlignmentFlag.AlignRight, name)
            painter.fillRect(QRectF(left, top, width, height), palette.raised)
            self._paint_bar(painter, channel, QRectF(left, top, width, height))
        bottom = _TOP_PX + 2 * _BAR_PX + _BAR_GAP_PX
        painter.setFont(figures_font(TINY_TEXT_PX - 1))
        for tick_db in _TICKS_DB:
            x = left + width * _share(tick_db)
            painter.setPen(palette.line)
            painter.drawLine(QPointF(x, bottom + 1), QPointF(x, bottom + 3))
            painter.setPen(palette.muted)
            area = QRectF(x - 16, bottom + 2, 32, _HEIGHT_PX - bottom - 2)
            words = "dB" if tick_db == FLOOR_DB else str(tick_db).replace("-", "−")
            painter.drawText(area, Qt.AlignmentFlag.AlignHCenter | middle, words)
        self._paint_figures(painter, left + width + GRID_PX)

    def _paint_bar(self, painter: QPainter, channel: int, area: QRectF) -> None:
        palette = Theme.current().palette
        peak_db, held_db = self._peaks_db[channel], self._held_db[channel]
        peak = QRectF(area)
        peak.setWidth(area.width() * _share(peak_db))
        painter.fillRect(peak, mixed(palette.raised, palette.muted, 0.55))
        rms_db = to_decibels(math.sqrt(self._mean_squares[channel]))
        rms = QRectF(area)
        rms.setWidth(area.width() * _share(min(rms_db, peak_db)))
        painter.fillRect(rms, mixed(palette.muted, palette.text, 0.35))
        if held_db > FLOOR_DB:
            x = area.left() + area.width() * _share(held_db)
            colour = palette.problem if held_db >= 0 else palette.text
            painter.fillRect(QRectF(min(x, area.right() - 2), area.top(), 2, area.height()), colour)

    def _paint_figures(self, painter: QPainter, left: float) -> None:
        palette = Theme.current().palette
        upper = QRectF(left + _FIELD_PX - _FIGURE_PX, 0, _FIGURE_PX, _HEIGHT_PX / 2 + 1)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if self.clipped:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.problem)
            painter.drawRoundedRect(upper.adjusted(0, 1, 0, -1), 3, 3)
            painter.setPen(palette.window if palette.is_dark else palette.text)
            painter.setFont(text_font(TINY_TEXT_PX - 1, bold=True))
            painter.drawText(
                upper.adjusted(4, 0, -4, 0),
                Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                "!",
            )
        else:
            painter.setPen(palette.text)
        painter.setFont(figures_font(TINY_TEXT_PX))
        painter.drawText(upper.adjusted(0, 0, -4, 0), right, self._figure())
        painter.setPen(palette.muted)
        painter.setFont(text_font(TINY_TEXT_PX - 1))
        lower = QRectF(left, _HEIGHT_PX / 2, _FIELD_PX, _HEIGHT_PX / 2)
        words = self._note or self.tr("true peak")
        painter.drawText(lower.adjusted(0, 0, -4, 0), right, words)

    # Events ---------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Forgets peak and clipping."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.reset()

    def event(self, event: QEvent) -> bool:
        """Tells in words what is painted, when the pointer rests on it."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            hint = self.tr(
                "Bright: RMS. Dim: peak, with a mark that stays. The figure is the highest true "
                "peak; a click forgets it."
            )
            QToolTip.showText(event.globalPos(), f"{self.accessibleDescription()}\n{hint}", self)
            return True
        return super().event(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Rests while it can't be seen."""
        self._timer.stop()
        super().hideEvent(event)


def _share(decibels: float) -> float:
    """Returns how far along the scale a level is, from 0 to 1."""
    return min(max((decibels - FLOOR_DB) / -FLOOR_DB, 0.0), 1.0)
