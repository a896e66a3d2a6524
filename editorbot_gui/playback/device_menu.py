"""The submenu in which the sound output is chosen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QActionGroup

from editorbot_gui.jobs import Lane
from editorbot_gui.playback.devices import SoundDevice, list_outputs

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMenu

    from editorbot_gui.jobs import JobRunner
    from editorbot_gui.playback.player import Player


class DeviceMenu(QObject):
    """Lists the outputs anew whenever it is opened.

    Args:
        menu: The submenu.
        player: Plays through the chosen one.
        runner: Looks for them.
    """

    chosen = Signal(str)
    """An output was chosen; carries its id, empty for the system's default one."""

    def __init__(self, menu: QMenu, player: Player, runner: JobRunner) -> None:
        super().__init__(menu)
        self._menu = menu
        self._player = player
        self._runner = runner
        self._found: tuple[SoundDevice, ...] | None = None
        self._looking = False
        self._failure = ""
        self._group: QActionGroup | None = None
        menu.aboutToShow.connect(self.refresh)
        self._show()

    def refresh(self) -> None:
        """Shows what was found the last time, and looks again."""
        self._failure = ""
        self._show()
        if self._looking:
            return
        self._looking = True
        self._runner.start(
            # The lane that is never busy for long: reading a file may take minutes.
            Lane.SAVE,
            list_outputs,
            None,
            words=self.tr("Looking for sound outputs"),
            on_done=self._take,
            on_failed=self._fail,
            on_cancelled=self._give_up,
            quiet=True,
        )

    def _take(self, found: tuple[SoundDevice, ...]) -> None:
        self._looking = False
        if self._found is not None and found != self._found:
            self._player.devices_changed()
        self._found = found
        self._show()

    def _fail(self, error: Exception) -> None:
        self._failure = str(error)
        self._give_up()

    def _give_up(self) -> None:
        self._looking = False
        self._show()

    def _show(self) -> None:
        menu, wanted = self._menu, self._player.device
        menu.clear()
        if self._group is not None:
            self._group.deleteLater()
        self._group = QActionGroup(self)
        found = self._found or ()
        default = next((device.name for device in found if device.is_default), "")
        words = self.tr("System default")
        self._add(f"{words} ({default})" if default else words, "", wanted is None)
        if self._found is None:
            waiting = self._failure or self.tr("Looking for sound outputs…")
            menu.addAction(waiting).setEnabled(False)
        elif not found:
            menu.addAction(self.tr("No sound output was found")).setEnabled(False)
        if found:
            menu.addSeparator()
        for device in found:
            self._add(device.name, device.id, device.id == wanted)
        if wanted is not None and all(device.id != wanted for device in found):
            menu.addSeparator()
            name = wanted.rsplit(", ", 1)[0]
            self._add(self.tr("{name} (not connected)").format(name=name), wanted, is_chosen=True)

    def _add(self, words: str, device_id: str, is_chosen: bool) -> None:
        # A device's own ampersands must not become mnemonics.
        action = self._menu.addAction(words.replace("&", "&&"))
        action.setCheckable(True)
        action.setChecked(is_chosen)
        action.triggered.connect(partial(self._choose, device_id))
        if self._group is not None:
            self._group.addAction(action)

    def _choose(self, device_id: str) -> None:
        self._player.use_device(device_id or None)
        self.chosen.emit(device_id)
