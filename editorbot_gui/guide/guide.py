"""Puts together what helps a person to find the way in the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QChildEvent, QEvent, QObject, Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabBar

from editorbot_gui.actions import ACTIONS, plain
from editorbot_gui.dialogs.shortcuts import ShortcutsDialog
from editorbot_gui.history.history_dock import HistoryPanel
from editorbot_gui.jobs import Lane
from editorbot_gui.legal import read_credits
from editorbot_gui.logs import open_log_folder
from editorbot_gui.palette.entries import entries_of, remembered
from editorbot_gui.palette.palette import CommandPalette
from editorbot_gui.panels.docks import add_dock, mark_dock
from editorbot_gui.rebinding.dialog import RebindingDialog
from editorbot_gui.rebinding.keymap import KeyMap
from editorbot_gui.texts import edit_text
from editorbot_gui.theme import Theme

if TYPE_CHECKING:
    from collections.abc import Callable

    from editorbot_gui.actions import ActionSet
    from editorbot_gui.dialogs.about import AboutDialog
    from editorbot_gui.jobs import JobRunner
    from editorbot_gui.legal import Credits
    from editorbot_gui.session import Session
    from editorbot_gui.settings import Settings


class Guide(QObject):
    """Palette, sheet of keys, other keys, history and credits.

    Args:
        window: Dialogs and the dock belong to it.
        commands: The window's actions.
        session: The document.
        settings: What is remembered.
        runner: Works in the background.
    """

    told = Signal(str)
    """A sentence for the status bar."""

    def __init__(
        self,
        window: QMainWindow,
        commands: ActionSet,
        session: Session,
        settings: Settings,
        runner: JobRunner,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._commands = commands
        self._session = session
        self._settings = settings
        self._runner = runner
        self._placed = False
        self._use(KeyMap(ACTIONS, settings.keys))
        self.history = HistoryPanel(session)
        self.history_dock = add_dock(window, "history_dock", self.tr("History"), self.history)
        does: dict[str, Callable[[], object]] = {
            "command_palette": self.show_palette,
            "shortcuts": self.show_sheet,
            "change_keys": self.change_keys,
            "history": self.show_history,
            "about": self.show_about,
            "open_log_folder": open_log_folder,
        }
        self.history.went.connect(self._tell_state)
        self.history_dock.visibilityChanged.connect(self._mark_dock)
        Theme.current().theme_changed.connect(self._mark_dock)
        session.source_changed.connect(self._refresh)
        window.installEventFilter(self)
        self._refresh()
        for name, function in does.items():
            commands[name].triggered.connect(lambda _checked=False, do=function: do())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Gives the tabs of docks, which Qt makes when it likes, a name for screen readers."""
        if event.type() is QEvent.Type.ChildPolished and isinstance(event, QChildEvent):
            tabs = event.child()
            if isinstance(tabs, QTabBar):
                tabs.setAccessibleName(self.tr("Panels"))
        return super().eventFilter(watched, event)

    def show_palette(self) -> CommandPalette:
        """Shows the command palette."""
        panels = [dock.toggleViewAction() for dock in self._window.findChildren(QDockWidget)]
        entries = entries_of(self._commands, panels, leave_out=("command_palette",))
        palette = CommandPalette(entries, self._settings.recent_commands, self._window)
        palette.chosen.connect(self._remember)
        palette.open()
        return palette

    def show_sheet(self) -> ShortcutsDialog:
        """Shows all keys."""
        keys = {name: self._commands.keys(name) for name in self._commands}
        sheet = ShortcutsDialog(self._window, keys)
        sheet.change_requested.connect(sheet.accept)
        sheet.change_requested.connect(self.change_keys)
        sheet.open()
        return sheet

    def change_keys(self) -> RebindingDialog:
        """Shows the dialog in which commands get other keys."""
        dialog = RebindingDialog(self._settings.keys, self._window)
        dialog.keys_chosen.connect(self._take_keys)
        dialog.open()
        return dialog

    def show_about(self) -> AboutDialog:
        """Shows version, licences and credits."""
        from editorbot_gui.dialogs.about import AboutDialog

        dialog = AboutDialog(self._window)

        def show(read: Credits) -> None:
            if shiboken6.isValid(dialog):  # it may be closed by now
                dialog.show_credits(read)

        self._runner.start(
            Lane.SAVE, read_credits, None, words=self.tr("Reading licences"), on_done=show,
            quiet=True,
        )  # fmt: skip
        dialog.open()
        return dialog

    def show_history(self) -> None:
        """Shows the history, or brings it to the front."""
        self.history_dock.show()
        self.history_dock.raise_()
        self.history.list.setFocus()

    def show_dock(self, shown: bool, beside: QDockWidget) -> None:
        """Shows the history where there is a recording, as a tab behind another dock at first.

        Args:
            shown: Whether there is a recording.
            beside: The other dock.
        """
        dock = self.history_dock
        dock.toggleViewAction().setEnabled(shown)
        if shown and not self._placed:
            self._placed = True
            self._window.tabifyDockWidget(beside, dock)
            dock.show()
            beside.raise_()
        elif not shown:
            dock.hide()

    def _take_keys(self, keymap: KeyMap) -> None:
        self._settings.keys = keymap.chosen
        self._use(keymap)
        n_changed = len(keymap.chosen)
        if n_changed == 0:
            self.told.emit(self.tr("All commands have their own keys."))
        elif n_changed == 1:
            name = next(iter(keymap.chosen))
            words = plain(self._commands[name].text())
            self.told.emit(self.tr("“{command}” has keys of your choice.").format(command=words))
        else:
            self.told.emit(self.tr("%n commands have keys of your choice.", "", n_changed))

    def _tell_state(self, name: str) -> None:
        self.told.emit(
            self.tr("Went to “{step}”. {edit}").format(step=name, edit=edit_text(self._session))
        )

    def _refresh(self) -> None:
        closed = self._session.source is None
        self._commands.allow("history", self.tr("Open a recording first.") if closed else "")

    def _mark_dock(self) -> None:
        mark_dock(self.history_dock)

    def _use(self, keymap: KeyMap) -> None:
        self._commands.use_keys(keymap.keys)

    def _remember(self, name: str) -> None:
        self._settings.recent_commands = remembered(name, self._settings.recent_commands)
