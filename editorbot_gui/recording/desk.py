"""Recording in the window: the command, the dialog, and what becomes of a recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from editorbot_gui.dialogs.question import Answer, ask
from editorbot_gui.jobs import Lane
from editorbot_gui.playback.devices import SoundDevice, list_inputs
from editorbot_gui.playback.sound_device import SoundDeviceBackend
from editorbot_gui.recording.dialog import RecordChoice, RecordDialog
from editorbot_gui.recording.places import recordings_folder
from editorbot_gui.recording.recorder import Recorded, Recorder
from editorbot_gui.recording.sound_input import SoundInputBackend
from editorbot_gui.recording.unfinished import BrokenOff, find_broken_off
from editorbot_gui.waveform.timecode import format_length

if TYPE_CHECKING:
    from collections.abc import Callable

    from editorbot_gui.actions import ActionSet
    from editorbot_gui.jobs import JobRunner
    from editorbot_gui.panels.notice_bar import NoticeBar
    from editorbot_gui.playback.backend import AudioBackend
    from editorbot_gui.playback.player import Player
    from editorbot_gui.recording.backend import InputBackend
    from editorbot_gui.session import Session
    from editorbot_gui.settings import Settings


class RecordingDesk(QObject):
    """Records when it is asked to, and opens what was recorded.

    Args:
        window: The window.
        session: The document.
        player: Plays; gives its device back before an input is opened.
        runner: Works in the background.
        commands: The window's actions.
        settings: What is remembered.
        notice: Says what there is to know of a recording.
        open_path: Opens a file.
    """

    told = Signal(str)
    """A sentence for the status bar."""

    def __init__(  # the window's parts, each by its name
        self,
        window: QWidget,
        session: Session,
        player: Player,
        runner: JobRunner,
        commands: ActionSet,
        settings: Settings,
        notice: NoticeBar,
        open_path: Callable[[Path], None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._player = player
        self._runner = runner
        self._settings = settings
        self._notice = notice
        self._open_path = open_path
        self._looking = False
        self._closing = False
        self._remarks: tuple[Path, str] | None = None
        self.inputs: InputBackend = SoundInputBackend()
        self.outputs: AudioBackend = SoundDeviceBackend(native=False)
        self.recorder: Recorder | None = None
        self.dialog: RecordDialog | None = None
        commands["record"].triggered.connect(self.ask)
        session.source_changed.connect(self._tell_remarks)

    def ask(self) -> None:
        """Shows the dialog in which one records."""
        if self.dialog is not None:
            self.dialog.raise_()
            return
        self._player.free_device()
        settings = self._settings
        self.outputs.device = settings.output_device or None
        if self.recorder is None:
            self.recorder = Recorder(self.inputs, self.outputs, self)
            self.recorder.finished.connect(self._take)
        folder = Path(settings.recording_folder) if settings.recording_folder else None
        choice = RecordChoice(
            settings.input_device,
            settings.recording_channels,
            settings.recording_count_in_s,
            folder if folder is not None and folder.is_dir() else recordings_folder(),
        )
        dialog = RecordDialog(self.recorder, choice, self._window)
        self.dialog = dialog
        dialog.setWindowModality(Qt.WindowModality.WindowModal)
        dialog.inputs_wanted.connect(self._look_for_inputs)
        dialog.finished.connect(self._end)
        dialog.show()
        dialog.begin()

    def look_for_broken_off(self) -> None:
        """Looks for recordings whose program was ended; asks whether to open them."""
        self._runner.start(
            Lane.SAVE,
            find_broken_off,
            None,
            words=self.tr("Looking for recordings that were broken off"),
            on_done=self._offer_broken_off,
            quiet=True,
        )

    def close(self) -> None:
        """Ends and keeps a recording, and frees the devices; waits until that is done."""
        self._closing = True
        if self.recorder is not None:
            self.recorder.close()
            self.recorder.wait()
        if self.dialog is not None:
            self.dialog.close()

    def _look_for_inputs(self) -> None:
        if self._looking:
            return
        self._looking = True
        self._runner.start(
            Lane.SAVE,
            list_inputs,
            None,
            words=self.tr("Looking for sound inputs"),
            on_done=self._show_inputs,
            on_failed=lambda _error: self._give_up_looking(),
            on_cancelled=self._give_up_looking,
            quiet=True,
        )

    def _show_inputs(self, found: tuple[SoundDevice, ...]) -> None:
        self._looking = False
        if self.dialog is not None:
            self.dialog.show_inputs(found)

    def _give_up_looking(self) -> None:
        self._looking = False

    def _end(self) -> None:
        """The dialog has closed: remembers what was chosen, and frees the devices."""
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            choice, settings = dialog.choice, self._settings
            settings.input_device = choice.device
            settings.recording_channels = choice.channels
            settings.recording_count_in_s = choice.count_in_s
            settings.recording_folder = str(choice.folder)
        if self.recorder is not None:
            self.recorder.hear_along(wanted=False)
            self.recorder.close()

    def _take(self, recorded: Recorded) -> None:
        """A recording has ended, however that came: opens it."""
        if self.dialog is not None:
            self.dialog.accept()
        if self._closing:
            return
        if not recorded.n_frames:
            self.told.emit(f"{recorded.remarks} {self.tr('Nothing was recorded.')}".strip())
            return
        length = format_length(recorded.n_frames, recorded.sample_rate)
        words = self.tr("Recorded {length} into {name}.")
        said = words.format(length=length, name=recorded.path.name)
        self.told.emit(f"{recorded.remarks} {said}".strip())
        self._remarks = (recorded.path, recorded.remarks) if recorded.remarks else None
        self._open_path(recorded.path)

    def _tell_remarks(self) -> None:
        """Says above the views what there is to know of the recording that was opened."""
        remarks, self._remarks = self._remarks, None
        source = self._session.source
        if remarks is not None and source is not None and source.path == remarks[0]:
            self._notice.tell(remarks[1])

    def _offer_broken_off(self, found: tuple[BrokenOff, ...]) -> None:
        if not found:
            return
        newest = found[-1]
        length = format_length(round(newest.seconds * 1000), 1000)
        kept = [self.tr("“{path}”, {length}.").format(path=newest.path, length=length)]
        if len(found) > 1:
            others = self.tr("There are more in the same way:")
            kept.append(" ".join([others, *(f"“{other.path}”" for other in found[:-1])]))
        ask(
            self._window,
            self.tr("A recording was broken off when EditorBot ended. Open what is kept of it?"),
            "\n".join(kept),
            (Answer(self.tr("Open"), lambda: self._open_path(newest.path)),),
            self.tr("Not now"),
        )
