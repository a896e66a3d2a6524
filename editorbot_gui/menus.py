"""Menus and toolbar, built from the table of actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QSizePolicy,
    QToolBar,
    QToolButton,
    QWidget,
)

from editorbot_gui.actions import MENUS, SUBMENUS, TOOLBAR, ActionSet, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from PySide6.QtGui import QAction

    from editorbot_gui.settings import Settings

_ICON_PX = 18


class RecentMenu(QObject):
    """The submenu of recent files.

    Args:
        menu: The submenu.
        settings: Knows the files.
    """

    chosen = Signal(object)
    """The `Path` of a recent file was chosen."""

    def __init__(self, menu: QMenu, settings: Settings) -> None:
        super().__init__(menu)
        self._menu = menu
        self._settings = settings
        menu.aboutToShow.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Lists the files anew."""
        self._menu.clear()
        files = self._settings.recent_files
        for number, path in enumerate(files, 1):
            # The mnemonic; a file's own ampersands must not become one.
            name = path.name.replace("&", "&&")
            action = self._menu.addAction(f"&{number % 10}  {name}")
            action.setToolTip(str(path))
            action.triggered.connect(self._chooser(path))
        if not files:
            self._menu.addAction(self.tr("Nothing was opened yet")).setEnabled(False)
            return
        self._menu.addSeparator()
        self._menu.addAction(self.tr("Forget these")).triggered.connect(self._forget)

    def _chooser(self, path: Path) -> Callable[[], None]:
        return lambda: self.chosen.emit(path)

    def _forget(self) -> None:
        self._settings.clear_recent_files()


def build_menus(window: QMainWindow, actions: ActionSet, settings: Settings) -> RecentMenu:
    """Fills the menu bar; returns the submenu of recent files.

    The submenu "panels" shows and hides the window's docks, so they must be there before.
    """
    recent: RecentMenu | None = None
    inside = {name: text for text, names in SUBMENUS.items() for name in names}
    titles = with_mnemonics([translated(group) for group in MENUS])
    for title, names in zip(titles, MENUS.values(), strict=True):
        menu = window.menuBar().addMenu(title)
        menu.setToolTipsVisible(True)
        for name in names:
            if name == "recent":
                submenu = menu.addMenu(_tr("Open &recent"))
                submenu.setToolTipsVisible(True)
                recent = RecentMenu(submenu, settings)
            elif name == "panels":
                panels = menu.addMenu(_tr("&Panels"))
                for dock in window.findChildren(QDockWidget):
                    panels.addAction(dock.toggleViewAction())
            elif name == "sound_output":
                menu.addMenu(_tr("Sound &output")).setObjectName("sound_output")
            elif name in inside:
                if name == SUBMENUS[inside[name]][0]:
                    submenu = menu.addMenu(translated(inside[name]))
                    submenu.setToolTipsVisible(True)
                    submenu.addActions([actions[each] for each in SUBMENUS[inside[name]]])
            elif name:
                menu.addAction(actions[name])
            else:
                menu.addSeparator()
    if recent is None:
        raise RuntimeError("The table of menus has no place for recent files.")
    return recent


def with_mnemonics(titles: Sequence[str]) -> list[str]:
    """Returns the titles of menus, each with the first letter as mnemonic that none has before."""
    taken: set[str] = set()
    marked = []
    for title in titles:
        free = (i for i, letter in enumerate(title.casefold()) if letter not in taken)
        place = next(free, 0)
        taken.add(title[place].casefold())
        marked.append(f"{title[:place]}&{title[place:]}")
    return marked


class Toolbar(QToolBar):
    """Buttons with text; with icons alone where a window is too narrow for it.

    Otherwise Qt would hide what is at the right end.

    Args:
        title: What it is called.
        gives_way: Is hidden where not even the icons would have room beside it.
    """

    def __init__(self, title: str, gives_way: QWidget | None = None) -> None:
        super().__init__(title)
        self._text_width_px = self._icons_width_px = 0
        self._gives_way = gives_way
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    def event(self, event: QEvent) -> bool:
        """Looks whether the text still has room."""
        done = super().event(event)
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._choose_style()
        return done

    def _choose_style(self) -> None:
        with_text = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        if self.toolButtonStyle() is with_text:
            self._text_width_px = self.sizeHint().width()
        fits = self.width() >= self._text_width_px
        style = with_text if fits else Qt.ToolButtonStyle.ToolButtonIconOnly
        if style is not self.toolButtonStyle():
            self.setToolButtonStyle(style)
        if self._gives_way is not None:
            if style is not with_text and not self._gives_way.isHidden():
                self._icons_width_px = self.sizeHint().width()
            self._gives_way.setHidden(
                style is not with_text and self.width() < self._icons_width_px
            )


def build_toolbar(
    window: QMainWindow, actions: ActionSet, gives_way: QWidget, right: QWidget
) -> QAction:
    """Fills the toolbar: text beside icons, and two widgets at the right end.

    Args:
        window: Gets the toolbar.
        actions: The window's actions.
        gives_way: The left one of the two; hidden where there is no room for it.
        right: The other one.

    Returns:
        The action that shows and hides both.
    """
    bar = Toolbar(_tr("Toolbar"), gives_way)
    bar.setObjectName("toolbar")
    bar.setMovable(False)
    bar.setIconSize(QSize(_ICON_PX, _ICON_PX))
    bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
    for name in TOOLBAR:
        if not name:
            bar.addSeparator()
            continue
        bar.addAction(actions[name])
        button = bar.widgetForAction(actions[name])
        if isinstance(button, QToolButton):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(actions[name].iconText())
    spacer = QWidget()
    spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    bar.addWidget(spacer)
    shown = bar.addWidget(side_by_side(gives_way, right))
    window.addToolBar(bar)
    return shown


def submenu(window: QMainWindow, name: str) -> QMenu:
    """Returns a submenu of the menu bar by its name in the table of menus."""
    menu = window.menuBar().findChild(QMenu, name)
    if menu is None:
        raise RuntimeError(f"The table of menus has no submenu {name}.")
    return menu


def side_by_side(*widgets: QWidget) -> QWidget:
    """Returns a widget that holds others in a row."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for widget in widgets:
        layout.addWidget(widget, alignment=Qt.AlignmentFlag.AlignVCenter)
    return row


def _tr(text: str) -> str:
    return QCoreApplication.translate("Menus", text)
