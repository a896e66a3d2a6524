"""Says that a file may be dropped, while it is held over the window."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from editorbot_gui.theme import GRID_PX, Theme, faded, text_font


class DropHint(QWidget):
    """A veil over its parent with one sentence; lets all events through.

    Args:
        parent: The window that is covered.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._covered = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def appear(self) -> None:
        """Covers the parent."""
        self.setGeometry(self._covered.rect())
        self.raise_()
        self.show()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draws the veil, a dashed frame and the sentence."""
        palette = Theme.current().palette
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), faded(palette.window, 0.85))
        painter.setPen(QPen(palette.raw, 2, Qt.PenStyle.DashLine))
        margin = 3 * GRID_PX
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(margin, margin, -margin, -margin), GRID_PX, GRID_PX
        )
        painter.setPen(palette.text)
        painter.setFont(text_font(20, bold=True))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.tr("Drop to open"))
        painter.end()
