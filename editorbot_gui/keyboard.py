"""Single keys are shortcuts of the window, except where a control needs them itself."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
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
        """Looks after all controls that are in a window now."""
        for kind, _ in _OWN_KEYS:
            for control in window.findChildren(kind):
                control.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Claims a key for the control that has the focus."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() in (
                Qt.KeyboardModifier.NoModifier,
                Qt.KeyboardModifier.KeypadModifier,
            )
            key = Qt.Key(event.key())
            if plain and any(isinstance(watched, kind) and key in keys for kind, keys in _OWN_KEYS):
                event.accept()
                return True
        return super().eventFilter(watched, event)
