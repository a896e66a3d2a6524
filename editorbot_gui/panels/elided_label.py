"""A line of text that gives way: what doesn't fit is cut with an ellipsis, never the window."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from editorbot_gui.theme import GRID_PX


class ElidedLabel(QLabel):
    """A label of plain text in one line; the tooltip tells what is cut off.

    Args:
        parent: The owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:
        """A few letters wide."""
        return QSize(4 * GRID_PX, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Finds out anew whether the text fits."""
        super().resizeEvent(event)
        self._shorten()

    def setText(self, text: str) -> None:  # noqa: N802 - Qt's own
        """Shows another text."""
        super().setText(text)
        self._shorten()

    def _shorten(self) -> None:
        self._shown = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, self.contentsRect().width()
        )
        self.setToolTip(self.text() if self._shown != self.text() else "")

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draws as much of the text as there is room for."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(
            self.contentsRect(), self.alignment() | Qt.TextFlag.TextSingleLine, self._shown
        )
        painter.end()
