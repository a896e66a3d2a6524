"""Dropping files on the window: says that it is possible, and tells which were dropped."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from editorbot_gui.theme import GRID_PX, Theme, faded, text_font


class _Hint(QWidget):
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
        painter.fillRect(self.rect(), faded(palette.window, 0.93))
        painter.setPen(QPen(palette.raw, 2, Qt.PenStyle.DashLine))
        margin = 3 * GRID_PX
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(margin, margin, -margin, -margin), GRID_PX, GRID_PX
        )
        painter.setPen(palette.text)
        painter.setFont(text_font(20, bold=True))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.tr("Drop to open"))
        painter.end()


class FileDrop(QObject):
    """Lets files be dropped anywhere on a window.

    Args:
        window: The window.
    """

    dropped = Signal(object)
    """Files were dropped; carries a list of at least one `Path`."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._hint = _Hint(window)
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Accepts files, and nothing else."""
        if isinstance(event, QDragEnterEvent):
            if files_of(event):
                event.acceptProposedAction()
                self._hint.appear()
            return True
        if event.type() is QEvent.Type.DragLeave:
            self._hint.hide()
        if event.type() is QEvent.Type.Drop and isinstance(event, QDropEvent):
            self._hint.hide()
            if files := files_of(event):
                event.acceptProposedAction()
                self.dropped.emit(files)
            return True
        return super().eventFilter(watched, event)


def files_of(event: QDropEvent) -> list[Path]:
    """Returns the local files that are dragged."""
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
