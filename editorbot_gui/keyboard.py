"""Single keys are shortcuts of the window, except where a control needs them itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from collections.abc import Callable, Container

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


def claims(event: QEvent, is_own: Callable[[QKeyEvent], bool]) -> bool:
    """Claims a key for a control before the window's shortcuts, if it is one of its own.

    To be called with every event of the control.

    Args:
        event: Any event; a key that is about to be a shortcut is accepted if it is claimed.
        is_own: Whether the control understands the key.

    Returns:
        Whether the event is dealt with.
    """
    if event.type() is not QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
        return False
    if not is_own(event):
        return False
    event.accept()
    return True


def without_control(keys: Container[int]) -> Callable[[QKeyEvent], bool]:
    """Returns whether a key is one of some, with any modifier but Ctrl; for `claims`."""

    def is_own(event: QKeyEvent) -> bool:
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        return event.key() in keys and not control

    return is_own


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
        return claims(event, _is_of_focus) or super().eventFilter(watched, event)


def is_plain(event: QKeyEvent) -> bool:
    """Returns whether a key is pressed without a modifier, on whichever part of the keyboard."""
    return event.modifiers() in (
        Qt.KeyboardModifier.NoModifier,
        Qt.KeyboardModifier.KeypadModifier,
    )


def _is_of_focus(event: QKeyEvent) -> bool:
    return is_plain(event) and _understands(QApplication.focusWidget(), Qt.Key(event.key()))


def _understands(control: QWidget | None, key: Qt.Key) -> bool:
    return any(isinstance(control, kind) and key in keys for kind, keys in _OWN_KEYS)
