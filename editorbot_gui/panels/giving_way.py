"""A panel that is scrolled where the window is too low for it, and never taller than it needs."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QFrame,
    QMainWindow,
    QScrollArea,
    QSizePolicy,
    QWidget,
)

from editorbot_gui.theme import GRID_PX

_LEAST_PX = 14 * GRID_PX


class GivingWay(QScrollArea):
    """Shows a panel whole where there is room for it.

    Args:
        panel: The panel; its height may change.
    """

    def __init__(self, panel: QWidget) -> None:
        super().__init__()
        self._panel = panel
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setWidget(panel)
        for ground in (self.viewport(), panel):
            ground.setAutoFillBackground(False)
        panel.installEventFilter(self)
        self._follow()

    def sizeHint(self) -> QSize:
        """As the panel would have it."""
        return self._panel.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """All of its width, with room for the scroll bar where there is one; a little height."""
        whole = self._panel.minimumSizeHint()
        low = self.height() < self._panel.sizeHint().height()
        bar = self.verticalScrollBar().sizeHint().width() if low else 0
        return QSize(whole.width() + bar, min(_LEAST_PX, whole.height()))

    def showEvent(self, event: QShowEvent) -> None:
        """Looks at the window that it is in now; a dock may float."""
        super().showEvent(event)
        self.window().installEventFilter(self)
        QTimer.singleShot(0, self._claim)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Makes room for the scroll bar, or takes it back."""
        super().resizeEvent(event)
        self.updateGeometry()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follows the panel when its controls become more or fewer, and the window's height."""
        if watched is self._panel and event.type() is QEvent.Type.LayoutRequest:
            self._follow()
            QTimer.singleShot(0, self._claim)
        elif watched is not self._panel and event.type() is QEvent.Type.Resize:
            QTimer.singleShot(0, self._claim)
        return super().eventFilter(watched, event)

    def _claim(self) -> None:
        """Asks for the panel's height, as docks share theirs without regard to what they hold."""
        if not shiboken6.isValid(self):
            return  # the window was closed meanwhile
        window, dock = self.window(), self.parentWidget()
        lacking = self._panel.sizeHint().height() - self.height()
        if isinstance(window, QMainWindow) and isinstance(dock, QDockWidget) and lacking > 0:
            window.resizeDocks([dock], [dock.height() + lacking], Qt.Orientation.Vertical)

    def _follow(self) -> None:
        self.setMaximumHeight(self._panel.sizeHint().height())
        self.updateGeometry()
