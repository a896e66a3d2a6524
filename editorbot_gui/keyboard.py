"""Single keys are shortcuts of the window, except where a control needs them itself."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDockWidget,
    QWidget,
)

_MOVING = frozenset(
    {
        Qt.Key.Key_Up,
        Qt.Key.Key_Down,
        Qt.Key.Key_Left,
        Qt.Key.Key_Right,
        Qt.Key.Key_Home,
        Qt.Key.Key_End,
    }
)
_OWN_KEYS: tuple[tuple[type[QWidget], frozenset[Qt.Key]], ...] = (
    (QAbstractButton, frozenset({Qt.Key.Key_Space})),
    (QAbstractItemView, _MOVING),
    (QAbstractSlider, _MOVING),
    (QAbstractSpinBox, _MOVING | {Qt.Key.Key_Plus, Qt.Key.Key_Minus}),
    (QComboBox, _MOVING | {Qt.Key.Key_Space}),
)


class KeyGuard(QObject):
    """Lets a focused control have the keys that it understands before the window's shortcuts.

    Without it, Space would play instead of ticking the box that has the focus, and Down would go
    to the next segment instead of to the next row.
    """

    def watch(self, window: QWidget) -> None:
        """Looks after all controls of a window, also those that come later.

        What a control doesn't claim of a key goes on to its parents, and so to the window; a dock
        that floats is a window of its own.
        """
        for around in (window, *window.findChildren(QDockWidget)):
            around.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Claims a key for the control that has the focus."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() in (
                Qt.KeyboardModifier.NoModifier,
                Qt.KeyboardModifier.KeypadModifier,
            )
            if plain and _understands(QApplication.focusWidget(), Qt.Key(event.key())):
                event.accept()
                return True
        return super().eventFilter(watched, event)


def _understands(control: QWidget | None, key: Qt.Key) -> bool:
    return any(isinstance(control, kind) and key in keys for kind, keys in _OWN_KEYS)
