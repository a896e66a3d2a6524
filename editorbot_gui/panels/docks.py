"""The panels beside the views."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QDockWidget, QMainWindow, QWidget

from editorbot_gui.actions import tinted_icon
from editorbot_gui.theme import Theme


def add_dock(
    window: QMainWindow,
    name: str,
    title: str,
    widget: QWidget,
    area: Qt.DockWidgetArea = Qt.DockWidgetArea.RightDockWidgetArea,
) -> QDockWidget:
    """Puts a panel at the right of the window, or elsewhere; it can be moved and closed.

    Args:
        window: The window.
        name: How its place is remembered.
        title: What the person reads.
        widget: The panel.
        area: The side.
    """
    dock = QDockWidget(title)
    dock.setObjectName(name)
    dock.setWidget(widget)
    dock.setFeatures(
        QDockWidget.DockWidgetFeature.DockWidgetMovable
        | QDockWidget.DockWidgetFeature.DockWidgetClosable
    )
    window.addDockWidget(area, dock)
    return dock


def mark_dock(dock: QDockWidget) -> None:
    """Gives a dock a close button of the one family; Qt takes it back when it likes."""
    close = dock.findChild(QAbstractButton, "qt_dockwidget_closebutton")
    if close is not None:
        close.setIcon(tinted_icon("mdi6.close", Theme.current().palette.muted))
