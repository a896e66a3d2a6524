"""Everything can be reached by keyboard, and says what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QDockWidget,
    QHeaderView,
    QLineEdit,
    QMenu,
    QScrollBar,
    QSizeGrip,
    QTabBar,
    QTextEdit,
    QToolButton,
    QWidget,
)

from editorbot_gui.actions import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.gui.conftest import Rig

pytestmark = pytest.mark.usefixtures("no_hardware")

LONG_MS = 30_000
INTERACTIVE = (
    QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit,
    QTabBar, QTextEdit,
)  # fmt: skip
DIALOGS = (
    "preferences", "shortcuts", "change_keys", "command_palette", "about", "gain", "crossfade",
    "repeat", "export", "compare", "hand_over",
)  # fmt: skip


def interactive(root: QWidget) -> Iterator[QWidget]:
    """The widgets that a person works with, without the parts that others are made of."""
    for widget in root.findChildren(QWidget):
        if not widget.isVisibleTo(root):
            continue
        takes_focus = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
        if not (isinstance(widget, INTERACTIVE) or takes_focus) or is_part(widget):
            continue
        yield widget


def is_part(widget: QWidget) -> bool:
    if isinstance(widget, QScrollBar | QHeaderView | QSizeGrip):
        return True
    # Title bars of docks and menus bring buttons that Qt names itself.
    if isinstance(widget.parent(), QDockWidget) and isinstance(widget, QAbstractButton):
        return True
    if isinstance(widget.parent(), QAbstractScrollArea) and widget is widget.parent().viewport():
        return True
    owner = widget.parent()
    while isinstance(owner, QWidget) and not isinstance(owner, QDialog):
        if isinstance(owner, QAbstractSpinBox | QComboBox | QLineEdit | QMenu):
            return True
        owner = owner.parent()
    return False


def spoken(widget: QWidget) -> str:
    """Returns what a screen reader calls a widget."""
    interface = QAccessible.queryAccessibleInterface(widget)
    said = interface.text(QAccessible.Text.Name) if interface is not None else ""
    return said or widget.accessibleName()


def nameless(root: QWidget) -> list[str]:
    return [
        f"{type(widget).__name__} {widget.objectName()} in {type(widget.parent()).__name__}"
        for widget in interactive(root)
        if not spoken(widget).strip()
    ]


def unreachable(root: QWidget) -> list[str]:
    """Returns the buttons and fields that no key leads to, and that repeat no command."""
    commands = {spec.name for spec in ACTIONS}
    found = []
    for widget in interactive(root):
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus or not widget.isEnabled():
            continue
        action = widget.defaultAction() if isinstance(widget, QToolButton) else None
        if action is not None and action.objectName() in commands:
            continue
        found.append(f"{type(widget).__name__} “{spoken(widget)}”")
    return found


def test_the_empty_window_says_what_it_is(rig: Rig) -> None:
    assert nameless(rig.window) == []
    assert unreachable(rig.window) == []


def test_the_window_with_all_its_docks_does_too(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    window = rig.window
    rig.open(qtbot, speech)
    rig.generate(qtbot)
    window.commands["spectrogram"].trigger()
    for dock in window.findChildren(QDockWidget):
        dock.show()
        dock.raise_()
        qtbot.wait(1)
        assert nameless(dock) == [], dock.objectName()
        assert unreachable(dock) == [], dock.objectName()
    assert nameless(window) == []
    assert unreachable(window) == []


def open_dialog(rig: Rig, name: str) -> QDialog:
    window = rig.window
    window.commands["select_all"].trigger()
    assert window.commands[name].isEnabled(), window.commands.reason(name)
    window.commands[name].trigger()
    return [widget for widget in window.findChildren(QDialog) if widget.isVisible()][-1]


def test_dialogs_do_too(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    rig.open(qtbot, speech)
    rig.generate(qtbot)
    for name in DIALOGS:
        dialog = open_dialog(rig, name)
        assert dialog.windowTitle(), name
        assert nameless(dialog) == [], name
        # The list of the palette is moved in from its field; Esc closes every dialog.
        if name != "command_palette":
            assert unreachable(dialog) == [], name
        qtbot.keyClick(dialog.focusWidget() or dialog, Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda: not rig.window.runner.jobs, timeout=LONG_MS)
        assert not any(shown.isVisible() for shown in rig.window.findChildren(QDialog)), name


def test_tab_goes_round_the_whole_window(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    """What takes the focus by Tab is in the circle of Tab, and nothing holds it."""
    window = rig.window
    rig.open(qtbot, speech)
    rig.generate(qtbot)
    window.activateWindow()
    wanted = {
        widget
        for widget in interactive(window)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.isVisible()
        and widget.isEnabled()
        and not isinstance(widget, QTabBar)
    }
    window.page.raw.setFocus()
    reached = set()
    for _ in range(4 * len(wanted)):
        focus = QApplication.focusWidget()
        if focus is None:
            break
        reached.add(focus)
        qtbot.keyClick(focus, Qt.Key.Key_Tab)
    missed = [f"{type(widget).__name__} “{spoken(widget)}”" for widget in wanted - reached]
    assert missed == []


class SmallScreen:
    """Full HD at 200 %, less the taskbar."""

    def availableSize(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(960, 500)


def test_dialogs_fit_a_small_screen(
    rig: Rig, qtbot: QtBot, speech: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QDialog, "screen", lambda _dialog: SmallScreen())
    rig.open(qtbot, speech)
    rig.generate(qtbot)
    rig.window.resize(960, 500)
    for name in DIALOGS:
        dialog = open_dialog(rig, name)
        assert dialog.width() <= 960, name
        assert dialog.height() <= 500, name
        dialog.reject()
        qtbot.waitUntil(lambda: not rig.window.runner.jobs, timeout=LONG_MS)
