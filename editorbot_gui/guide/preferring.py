"""Makes what is chosen in the preferences count, now and at the next start."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shiboken6
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from editorbot_gui import computing
from editorbot_gui.dialogs.preferences import ChoiceField, PreferencesDialog
from editorbot_gui.errors import describe
from editorbot_gui.guide.cache_jobs import (
    ClearRequest,
    clear,
    folder_now,
    measure,
    move_cache,
    named_from_outside,
    try_folder,
)
from editorbot_gui.jobs import Lane
from editorbot_gui.models.words import name_of
from editorbot_gui.playback.devices import list_inputs, list_outputs
from editorbot_gui.texts import size_text
from model_core.targets import Targets, for_pause

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from editorbot_gui.actions import ActionSet
    from editorbot_gui.computing import ComputeDevice
    from editorbot_gui.editing.editor import Editor
    from editorbot_gui.generation import Engine, Generation
    from editorbot_gui.jobs import JobRunner, Work
    from editorbot_gui.models.desk import ModelsDesk
    from editorbot_gui.playback.devices import SoundDevice
    from editorbot_gui.playback.player import Player
    from editorbot_gui.projects.projects import Projects
    from editorbot_gui.session import Session
    from editorbot_gui.settings import Settings


class Preferring(QObject):
    """Shows the preferences, and does what they say.

    Args:
        window: The dialog belongs to it.
        settings: What is remembered.
        commands: The window's actions.
        session: The document.
        runner: Works in the background.
        player: Plays.
        generation: Makes proposals.
        projects: Keeps unsaved work.
        editor: Edits by hand.
        models: The models that there are.
    """

    told = Signal(str)
    """A sentence for the status bar."""

    def __init__(  # the window's parts, each by its name
        self,
        window: QWidget,
        settings: Settings,
        commands: ActionSet,
        session: Session,
        runner: JobRunner,
        player: Player,
        generation: Generation,
        projects: Projects,
        editor: Editor,
        models: ModelsDesk,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._settings = settings
        self._commands = commands
        self._session = session
        self._runner = runner
        self._player = player
        self._generation = generation
        self._projects = projects
        self._editor = editor
        self._models = models
        self._use_fade(settings.crossfade_ms)
        self._use_targets()
        if settings.keep_every_s != 0:
            projects.keep_every(settings.keep_every_s)
        commands["preferences"].triggered.connect(lambda _checked=False: self.show())

    def show(self) -> PreferencesDialog:
        """Shows the dialog; what has to be looked for comes in a moment later."""
        dialog = PreferencesDialog(self._settings, self._window)
        dialog.outputs.chosen.connect(partial(self._choose_output, dialog))
        dialog.inputs.chosen.connect(partial(self._choose_input, dialog))
        dialog.theme.chosen.connect(self._choose_theme)
        dialog.devices.chosen.connect(partial(self._choose_device, dialog))
        dialog.models.chosen.connect(partial(self._choose_model, dialog))
        dialog.fade_chosen.connect(partial(self._choose_fade, dialog))
        dialog.pause_chosen.connect(partial(self._choose_pause, dialog))
        dialog.margin_chosen.connect(partial(self._choose_margin, dialog))
        dialog.keep_chosen.connect(partial(self._choose_keep, dialog))
        dialog.folder_requested.connect(partial(self._ask_for_folder, dialog))
        dialog.usual_folder_requested.connect(partial(self._move_cache, dialog, ""))
        dialog.clear_requested.connect(partial(self._clear_cache, dialog))
        dialog.keys_requested.connect(dialog.accept)
        dialog.keys_requested.connect(self._commands["change_keys"].trigger)
        self._show_sound(dialog.outputs, self._player.device or "", ())
        self._show_sound(dialog.inputs, self._settings.input_device, ())
        self._show_devices(dialog, ())
        self._show_models(dialog)
        for looking, field, chosen in (
            (list_outputs, dialog.outputs, self._player.device or ""),
            (list_inputs, dialog.inputs, self._settings.input_device),
        ):
            self._look(dialog, Lane.SAVE, looking, None, partial(self._show_sound, field, chosen))
        self._look(
            dialog, Lane.MODEL, computing.find_devices, None, partial(self._show_devices, dialog)
        )
        self._models.refresh(partial(self._show_models, dialog))
        self._show_cache(dialog)
        dialog.open()
        return dialog

    # Looking for what there is --------------------------------------------------------------------

    def _look(  # a job and what it is asked, each by its name
        self,
        dialog: PreferencesDialog,
        lane: Lane,
        work: Work[Any, Any],
        request: object,
        show: Callable[[Any], None],
    ) -> None:
        """Runs a job whose result is shown, unless the dialog is closed by then."""

        def take(result: object) -> None:
            if shiboken6.isValid(dialog):
                show(result)

        def tell(error: Exception) -> None:
            if shiboken6.isValid(dialog):
                dialog.tell(describe(error).sentence)

        self._runner.start(
            lane,
            work,
            request,
            words=self.tr("Looking at what there is"),
            on_done=take,
            on_failed=tell,
            quiet=True,
        )

    def _show_sound(self, field: ChoiceField, chosen: str, found: tuple[SoundDevice, ...]) -> None:
        default = next((device.name for device in found if device.is_default), "")
        words = self.tr("System default")
        choices = [("", f"{words} ({default})" if default else words)]
        choices += [(device.id, device.name) for device in found]
        absent = self.tr("{value} (not connected)") if found else ""
        field.show_choices(choices, chosen, absent)

    def _show_devices(self, dialog: PreferencesDialog, found: tuple[ComputeDevice, ...]) -> None:
        choices = [(computing.AUTO, self.tr("The fastest there is"))]
        choices += [(device.name, device.words) for device in found]
        absent = self.tr("{value} (not found)") if found else ""
        dialog.devices.show_choices(choices, self._settings.compute_device, absent)

    def _show_models(self, dialog: PreferencesDialog) -> None:
        if not shiboken6.isValid(dialog):
            return
        usable = self._models.listed.usable
        choices = [(model.key, name_of(model)) for model in usable]
        absent = self.tr("{value} (not found)") if usable else ""
        dialog.models.show_choices(choices, self._models.choice.in_use, absent)

    def _show_cache(self, dialog: PreferencesDialog) -> None:
        root, can_reset = folder_now(), bool(self._settings.cache_folder)
        outside = named_from_outside()
        dialog.folder_button.setEnabled(not outside)
        if outside:
            can_reset = False
            dialog.folder_button.setToolTip(
                self.tr("The environment variable EDITORBOT_CACHE_DIR says where it is.")
            )
        dialog.show_cache(str(root), None, can_reset=can_reset)
        self._look(
            dialog,
            Lane.SAVE,
            measure,
            root,
            lambda size: dialog.show_cache(str(root), size, can_reset=can_reset),
        )

    # What is chosen -------------------------------------------------------------------------------

    def _choose_output(self, dialog: PreferencesDialog, device_id: str) -> None:
        self._player.use_device(device_id or None)
        self._settings.output_device = device_id
        self._tell(
            dialog,
            self.tr("You hear this through “{name}” now.").format(
                name=dialog.outputs.currentText()
            ),
        )

    def _choose_input(self, dialog: PreferencesDialog, device_id: str) -> None:
        self._settings.input_device = device_id
        self._tell(
            dialog,
            self.tr("Record uses “{name}” from now on.").format(name=dialog.inputs.currentText()),
        )

    def _choose_theme(self, choice: str) -> None:
        self._commands[f"theme_{choice}"].trigger()

    def _choose_device(self, dialog: PreferencesDialog, name: str) -> None:
        before, self._settings.compute_device = self._settings.compute_device, name
        computing.choose(name)

        def take_back() -> None:
            self._settings.compute_device = before
            computing.choose(before)
            if shiboken6.isValid(dialog):
                dialog.devices.select(before)

        self._load(dialog, self._generation.loader.load, take_back)

    def _choose_model(self, dialog: PreferencesDialog, key: str) -> None:
        self._tell(dialog, self.tr("Loading the model…"))

        def failed(error: Exception) -> None:
            if shiboken6.isValid(dialog):
                dialog.models.select(self._models.choice.in_use)
            self._tell(dialog, describe(error).sentence)

        self._models.choice.use(key, partial(self._tell_loaded, dialog), failed)

    def _load(
        self, dialog: PreferencesDialog, load: Callable[[], Engine], take_back: Callable[[], None]
    ) -> None:
        """Begins to load a network in the place of the one that is there.

        Args:
            dialog: Says what comes of it.
            load: Makes the engine.
            take_back: Undoes the choice if it can't be loaded.
        """
        self._tell(dialog, self.tr("Loading the model…"))

        def failed(error: Exception) -> None:
            take_back()
            self._tell(dialog, describe(error).sentence)

        self._generation.use(load, partial(self._tell_loaded, dialog), failed)

    def _tell_loaded(self, dialog: PreferencesDialog) -> None:
        words = self.tr("The model is loaded and computes with: {device}.")
        self._tell(dialog, words.format(device=self._generation.device_name))

    def _choose_fade(self, dialog: PreferencesDialog, length_ms: int | None) -> None:
        self._settings.crossfade_ms = length_ms
        self._use_fade(length_ms)
        words = self.tr("New joins have the program's own crossfades.")
        if length_ms is not None:
            words = self.tr("New joins have crossfades of {n} ms.").format(n=length_ms)
        self._tell(dialog, words)

    def _use_fade(self, length_ms: int | None) -> None:
        self._generation.fade_ms = self._editor.fade_ms = length_ms

    def _choose_pause(self, dialog: PreferencesDialog, length_ms: int | None) -> None:
        self._settings.usual_pause_ms = length_ms
        self._use_targets()
        words = self.tr("How long pauses are is left to the model.")
        if length_ms is not None:
            words = self.tr("Generated edits leave {n} ms of a pause.").format(n=length_ms)
        self._tell(dialog, words)

    def _choose_margin(self, dialog: PreferencesDialog, length_ms: int | None) -> None:
        self._settings.usual_margin_ms = length_ms
        self._use_targets()
        words = self.tr("How much silence is at both ends is left to the model.")
        if length_ms is not None:
            words = self.tr("Generated edits start and end with {n} ms of silence.")
            words = words.format(n=length_ms)
        self._tell(dialog, words)

    def _use_targets(self) -> None:
        pause_ms, margin_ms = self._settings.usual_pause_ms, self._settings.usual_margin_ms
        targets = Targets(margin_s=None if margin_ms is None else margin_ms / 1000)
        if pause_ms is not None:
            targets = for_pause(targets, pause_ms / 1000)
        self._generation.usual = targets

    def _choose_keep(self, dialog: PreferencesDialog, seconds: int | None) -> None:
        self._settings.keep_every_s = seconds
        self._projects.keep_every(seconds)
        self._tell(
            dialog,
            self.tr("Unsaved work is not kept any more.")
            if seconds is None
            else self.tr("Unsaved work is kept from now on."),
        )

    def _ask_for_folder(self, dialog: PreferencesDialog) -> None:
        asking = QFileDialog(dialog, self.tr("Folder of the cache"), str(folder_now()))
        asking.setFileMode(QFileDialog.FileMode.Directory)
        asking.setOption(QFileDialog.Option.ShowDirsOnly)
        asking.fileSelected.connect(partial(self.use_cache_folder, dialog))
        asking.open()

    def use_cache_folder(self, dialog: PreferencesDialog, folder: str) -> None:
        """Begins to use a folder for the cache, if files can be written there."""
        self._look(
            dialog,
            Lane.SAVE,
            try_folder,
            Path(folder),
            lambda found: self._move_cache(dialog, str(found)),
        )

    def _move_cache(self, dialog: PreferencesDialog, folder: str) -> None:
        self._settings.cache_folder = folder
        move_cache(folder)
        self._show_cache(dialog)
        self._tell(dialog, self.tr("From now on the cache is in {folder}.").format(
            folder=folder_now()
        ))  # fmt: skip

    def _clear_cache(self, dialog: PreferencesDialog) -> None:
        def show(freed: int) -> None:
            words = self.tr("The cache was cleared: {size} are free again.")
            self._tell(dialog, words.format(size=size_text(freed)))
            self._show_cache(dialog)

        dialog.clear_button.setEnabled(False)
        self._look(dialog, Lane.SAVE, clear, ClearRequest(folder_now(), self._session.source), show)

    def _tell(self, dialog: PreferencesDialog, sentence: str) -> None:
        if shiboken6.isValid(dialog):
            dialog.tell(sentence)
        self.told.emit(sentence)
