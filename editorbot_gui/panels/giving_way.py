"""A panel that is scrolled where the window is too low for it, and never taller than it needs."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

from editorbot_gui.theme import GRID_PX

_LEAST_PX = 14 * GRID_PX
_REST_PX = 52 * GRID_PX
"""What menus, bars and the panel below need, and a little more: so that a window can be made lower
in steps although the panel wants to be whole."""


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
        """All of its width; of its height as much as the rest of the window leaves."""
        whole = QSize(self._panel.minimumSizeHint().width(), self._panel.sizeHint().height())
        left = self.window().height() - _REST_PX
        low = left < whole.height()
        bar = self.verticalScrollBar().sizeHint().width() if low else 0
        return QSize(whole.width() + bar, max(_LEAST_PX, left) if low else whole.height())

    def showEvent(self, event: QShowEvent) -> None:
        """Looks at the window that it is in now; a dock may float."""
        super().showEvent(event)
        self.window().installEventFilter(self)
        self.updateGeometry()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follows the panel when its controls become more or fewer, and the window's height."""
        if watched is self._panel and event.type() is QEvent.Type.LayoutRequest:
            self._follow()
        elif watched is not self._panel and event.type() is QEvent.Type.Resize:
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def _follow(self) -> None:
        self.setMaximumHeight(self._panel.sizeHint().height())
        self.updateGeometry()
