"""Several microphones in the window: opened together, mixed, shown as they are heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from editorbot_gui.dialogs.question import Answer, ask
from editorbot_gui.microphones.dialog import MicrophonesDialog
from editorbot_gui.microphones.mixer import Mixer
from editorbot_gui.texts import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from PySide6.QtWidgets import QMainWindow

    from editorbot_gui.actions import ActionSet
    from editorbot_gui.jobs import JobRunner
    from editorbot_gui.panels.editor_page import EditorPage
    from editorbot_gui.projects.projects import Projects
    from editorbot_gui.session import Session
    from editorbot_gui.settings import Settings
    from model_core.edit.mix import Mix


class MicrophonesDesk(QObject):
    """Wires the command, the dialog and the strip with the mix.

    Args:
        window: The window, which owns the dialogs.
        session: The document.
        runner: Works in the background.
        projects: Opens files once the changes so far are safe.
        commands: The window's actions.
        settings: Knows the folder that was opened last.
        page: The views.
        open_path: Opens a single file.
    """

    told = Signal(str)
    """A sentence for the status bar."""

    def __init__(  # the window's parts, each by its name
        self,
        window: QMainWindow,
        session: Session,
        runner: JobRunner,
        projects: Projects,
        commands: ActionSet,
        settings: Settings,
        page: EditorPage,
        open_path: Callable[[Path], None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._runner = runner
        self._projects = projects
        self._settings = settings
        self._open_path = open_path
        self.mixer = Mixer()
        self._page = page
        page.put_below_facts(self.mixer)
        commands["open_microphones"].triggered.connect(lambda _checked=False: self.ask())
        self.mixer.changed.connect(self._change)
        session.source_changed.connect(self._follow_source)
        session.mix_changed.connect(self._follow_mix)

    def ask(self, paths: Sequence[Path] = ()) -> None:
        """Shows the dialog that asks for the files; without any it asks for some at once."""
        dialog = MicrophonesDialog(self._runner, paths, self._settings.open_folder, self._window)
        dialog.setWindowModality(Qt.WindowModality.WindowModal)
        dialog.chosen.connect(self._projects.open_together)
        dialog.open()
        if not paths:
            dialog.ask_for_files()

    def ask_about(self, paths: Sequence[Path]) -> None:
        """Asks whether several files that were dropped are the microphones of one recording."""
        ask(
            self._window,
            self.tr("Open these {n} files as one recording with several microphones?").format(
                n=len(paths)
            ),
            self.tr(
                "They are cut together then, each on a track of its own. Otherwise only “{name}” "
                "is opened."
            ).format(name=shortened(paths[0].name)),
            (
                Answer(self.tr("As one recording"), lambda: self.ask(paths)),
                Answer(self.tr("Only the first"), lambda: self._open_path(paths[0]), loses=True),
            ),
            self.tr("Cancel"),
        )

    def _change(self, mix: Mix, index: int, what: str) -> None:
        source = self._session.source
        if source is None:
            return
        name = source.tracks[index].name
        level = mix[index]
        if what == "gain":
            words = self.tr("Gain of {name}").format(name=name)
            self._session.apply_mix(mix, words, f"mix-{index}")
            self.told.emit(
                self.tr("{name} is heard at {gain:+.1f} dB.").format(name=name, gain=level.gain_db)
            )
            return
        before = self._session.mix
        was_muted = index < len(before) and before[index].muted
        if level.muted != was_muted:
            words = self.tr("Mute {name}") if level.muted else self.tr("Unmute {name}")
            said = self.tr("{name} is muted.") if level.muted else self.tr("{name} is heard again.")
        else:
            words = self.tr("Hear {name} alone") if level.soloed else self.tr("Hear all")
            said = (
                self.tr("Only {name} is heard.")
                if level.soloed
                else self.tr("All are heard again.")
            )
        self._session.apply_mix(mix, words.format(name=name))
        self.told.emit(said.format(name=name))

    def _follow_source(self) -> None:
        source = self._session.source
        self.mixer.show_tracks(source.tracks if source is not None else ())
        self.mixer.show_mix(self._session.mix)

    def _follow_mix(self) -> None:
        self.mixer.show_mix(self._session.mix)
        self._page.show_mix(self._session.mix)
