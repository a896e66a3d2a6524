"""The recorder as the window sees it: hear an input, count in, record, pause, stop."""

from __future__ import annotations

import logging
import shutil
import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimer, Signal

from editorbot_gui.playback.device_thread import DeviceThread
from editorbot_gui.playback.portaudio import sound_thread
from editorbot_gui.recording.capture import Capture
from editorbot_gui.recording.growing_wave import SAMPLE_BYTES, GrowingWave
from editorbot_gui.recording.hearing_along import HearingAlong
from editorbot_gui.recording.unfinished import Unfinished
from model_core.errors import DeviceError, EditorBotError, FileWriteError
from model_core.files import file_write_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from editorbot_gui.playback.backend import AudioBackend
    from editorbot_gui.recording.backend import InputBackend, InputFormat

log = logging.getLogger(__name__)

_POLL_MS = 33
_COUNT_MS = 1000
_ROOM_POLLS = 60
_CLOSE_PATIENCE_S = 3.0


class RecorderState(StrEnum):
    """What the recorder does."""

    CLOSED = "closed"
    """No input is open."""
    OPENING = "opening"
    """An input is being opened."""
    READY = "ready"
    """Levels are shown; nothing is recorded."""
    COUNTING = "counting"
    """It counts down, or makes the file; recording follows."""
    RECORDING = "recording"
    """What comes in is written to disk."""
    PAUSED = "paused"
    """What comes in is left out."""
    FINISHING = "finishing"
    """The rest is being written."""


BUSY = (
    RecorderState.COUNTING,
    RecorderState.RECORDING,
    RecorderState.PAUSED,
    RecorderState.FINISHING,
)
"""While it does one of these, input and file can't be changed."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording that has ended.

    Attributes:
        path: The file.
        n_frames: Its length; if it is 0, there is no file.
        sample_rate: In hertz.
        remarks: What the person should know of it, as sentences; mostly empty.
    """

    path: Path
    n_frames: int
    sample_rate: int
    remarks: str = ""


class Recorder(QObject):
    """Records from a sound input into a file. Lives on the GUI thread.

    Devices are opened and closed, and files made and finished, on other threads: both take longer
    than a window may stand still.

    Args:
        inputs: Opens inputs.
        outputs: Opens the output through which one hears along.
        parent: The owner.
    """

    state_changed = Signal(str)
    """Emitted with the new `RecorderState`."""
    frames_arrived = Signal(object, int)
    """Frames `[n, C]` that have come in since the last time, and their rate in hertz."""
    progressed = Signal()
    """Some time has passed: how long it is recorded is another number now."""
    counted = Signal(int)
    """So many seconds until recording begins."""
    room_measured = Signal(object)
    """Bytes that are free where the file is written, or None where nobody knows."""
    failed = Signal(str)
    """A sentence: the input or the file can't be used; nothing was recorded."""
    told = Signal(str)
    """A sentence for the person to know."""
    finished = Signal(object)
    """A recording has ended; carries `Recorded`. Whatever has ended it, it is whole."""

    _returned = Signal(object)

    def __init__(
        self, inputs: InputBackend, outputs: AudioBackend, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._inputs = inputs
        self._outputs = outputs
        self._devices = sound_thread
        self._disk = DeviceThread("recording-file")
        self._state = RecorderState.CLOSED
        self._capture: Capture | None = None
        self._along: HearingAlong | None = None
        self._wants_along = False
        self._wave: GrowingWave | None = None
        self._note: Unfinished | None = None
        self._asked = 0
        self._left_to_count = 0
        self._room_folder: Path | None = None
        self._polls = 0
        self._returned.connect(self._go_on_here)
        self._poll_timer = QTimer(self)
        self._poll_timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._poll_timer.setInterval(_POLL_MS)
        self._poll_timer.timeout.connect(self._poll)
        self._count_timer = QTimer(self)
        self._count_timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._count_timer.setInterval(_COUNT_MS)
        self._count_timer.timeout.connect(self._count)

    @property
    def state(self) -> RecorderState:
        """What it does."""
        return self._state

    @property
    def format(self) -> InputFormat | None:
        """What the open input delivers, or None."""
        return self._capture.format if self._capture is not None else None

    @property
    def n_frames(self) -> int:
        """Frames recorded so far."""
        return self._capture.n_frames if self._capture is not None and self._wave else 0

    @property
    def losses(self) -> int:
        """How often something was lost of what is being recorded, as far as it is known."""
        if self._capture is None or self._wave is None:
            return 0
        return self._capture.gaps + bool(self._capture.lost_frames)

    @property
    def bytes_a_second(self) -> int:
        """How fast the file grows; 0 where no input is open."""
        form = self.format
        return form.sample_rate * form.channels * SAMPLE_BYTES if form is not None else 0

    def listen(self, device: str | None, channels: int) -> None:
        """Opens an input and shows its levels; nothing is recorded.

        Args:
            device: As the list of inputs has it; None for the system's default one.
            channels: 1 or 2.
        """
        if self._state in BUSY:
            return
        self._let_go()
        self._set_state(RecorderState.OPENING)
        asked = self._asked
        self._elsewhere(
            self._devices,
            lambda: Capture(self._inputs.open(device, channels)),
            lambda capture: self._take_input(capture, asked),
            lambda error: self._lose_input(error, asked),
        )

    def hear_along(self, wanted: bool) -> None:
        """Plays what comes in, or no more."""
        self._wants_along = wanted
        capture = self._capture
        if not wanted:
            self._end_along()
            return
        if capture is None or self._along is not None or self._state is RecorderState.FINISHING:
            return
        asked = self._asked
        self._elsewhere(
            self._devices,
            lambda: HearingAlong(self._outputs, capture.format),
            lambda along: self._take_along(along, asked),
            lambda error: self.told.emit(str(error)),
        )

    def measure_room(self, folder: Path) -> None:
        """Measures, now and from time to time, how much space is left where the file will be."""
        self._room_folder = folder
        self._elsewhere(self._disk, lambda: _room(folder), self.room_measured.emit, self._no_room)

    def record(self, path: Path, count_in_s: int = 0) -> None:
        """Begins to record, at once or after counting down.

        Args:
            path: The file to write. It must not be there; its folder is made if need be.
            count_in_s: Seconds to count down; none of them is recorded.
        """
        capture = self._capture
        if self._state is not RecorderState.READY or capture is None:
            return
        self._left_to_count = count_in_s
        self._set_state(RecorderState.COUNTING)
        if count_in_s:
            self.counted.emit(count_in_s)
            self._count_timer.start()
        asked, form = self._asked, capture.format
        self._elsewhere(
            self._disk,
            lambda: _new_file(path, form.sample_rate, form.channels),
            lambda made: self._take_file(made, asked),
            lambda error: self._lose_file(error, asked),
        )

    def pause(self) -> None:
        """Leaves out what comes from now on."""
        if self._state is RecorderState.RECORDING and self._capture is not None:
            self._capture.pause()
            self._set_state(RecorderState.PAUSED)

    def go_on(self) -> None:
        """Records again, right behind what was recorded before."""
        if self._state is RecorderState.PAUSED and self._capture is not None:
            self._capture.go_on()
            self._set_state(RecorderState.RECORDING)

    def stop(self) -> None:
        """Ends the recording; before it has begun, gives it up."""
        if self._state is RecorderState.COUNTING:
            self._give_up_file()
            self._set_state(RecorderState.READY)
        elif self._state in (RecorderState.RECORDING, RecorderState.PAUSED):
            self._finish("")

    def close(self) -> None:
        """Ends the recording, if there is one, and frees the devices."""
        self.stop()
        if self._state is not RecorderState.FINISHING:
            self._let_go()
            self._set_state(RecorderState.CLOSED)

    def wait(self) -> None:
        """Returns when all is written and the devices are free; for the end of the program."""
        for _ in range(2):
            self._devices.join()
            self._disk.join(60.0)
            # What came back last may have asked for something to be freed.
            QCoreApplication.sendPostedEvents(self)

    # The input ------------------------------------------------------------------------------------

    def _take_input(self, capture: Capture, asked: int) -> None:
        if asked != self._asked:
            self._devices.ask(capture.let_go)
            return
        self._capture = capture
        self._polls = 0
        self._poll_timer.start()
        self._set_state(RecorderState.READY)
        if capture.format.notice:
            self.told.emit(capture.format.notice)
        if self._wants_along:
            self.hear_along(wanted=True)

    def _lose_input(self, error: Exception, asked: int) -> None:
        if asked == self._asked:
            self._set_state(RecorderState.CLOSED)
            self.failed.emit(str(error))

    def _let_go(self) -> None:
        """Frees the input, or has it freed when it is there."""
        self._asked += 1
        self._poll_timer.stop()
        self._end_along()
        capture, self._capture = self._capture, None
        if capture is not None:
            self._devices.ask(capture.let_go)

    def _take_along(self, along: HearingAlong, asked: int) -> None:
        if asked != self._asked or self._capture is None or not self._wants_along:
            self._devices.ask(along.close)
            return
        self._along = along
        self._capture.send_also_to(along.push)

    def _end_along(self) -> None:
        along, self._along = self._along, None
        if self._capture is not None:
            self._capture.send_also_to(None)
        if along is not None:
            self._devices.ask(along.close)

    # The file -------------------------------------------------------------------------------------

    def _take_file(self, made: tuple[GrowingWave, Unfinished], asked: int) -> None:
        if asked != self._asked or self._state is not RecorderState.COUNTING:
            self._disk.ask(lambda: _discard(*made))
            return
        self._wave, self._note = made
        if not self._left_to_count:
            self._begin()

    def _lose_file(self, error: Exception, asked: int) -> None:
        if asked == self._asked and self._state is RecorderState.COUNTING:
            self._count_timer.stop()
            self._set_state(RecorderState.READY)
            self.failed.emit(str(error))

    def _give_up_file(self) -> None:
        """Removes the file that was made for a recording which has not begun."""
        self._asked += 1
        self._count_timer.stop()
        wave, note = self._wave, self._note
        self._wave = self._note = None
        if wave is not None and note is not None:
            self._disk.ask(lambda: _discard(wave, note))

    def _count(self) -> None:
        self._left_to_count -= 1
        self.counted.emit(self._left_to_count)
        if self._left_to_count <= 0:
            self._count_timer.stop()
            if self._wave is not None:
                self._begin()

    def _begin(self) -> None:
        if self._capture is not None and self._wave is not None:
            self._capture.record_into(self._wave)
            self._set_state(RecorderState.RECORDING)

    def _finish(self, remark: str) -> None:
        """Writes the rest, and says what has become of the recording.

        Args:
            remark: What has ended it, as a sentence; empty if the person has.
        """
        capture, wave, note = self._capture, self._wave, self._note
        if capture is None or wave is None or note is None:
            return
        self._end_along()
        self._poll_timer.stop()
        self._asked += 1
        self._capture = self._wave = self._note = None
        self._set_state(RecorderState.FINISHING)
        remarks = [remark, *_losses(capture)]

        capture.pause()
        is_free = threading.Event()

        def let_go() -> None:
            try:
                capture.let_go()
            finally:
                is_free.set()

        def finish() -> None:
            # What the device still hands out belongs to it; but a driver may hang.
            is_free.wait(_CLOSE_PATIENCE_S)
            try:
                capture.finish_writing()
            except FileWriteError as error:
                if not remark:
                    remarks.insert(0, _kept_words(str(error), wave))
            finally:
                if not wave.n_frames:
                    wave.path.unlink(missing_ok=True)
                note.done()

        def tell(_none: object) -> None:
            self._set_state(RecorderState.CLOSED)
            said = " ".join(filter(None, remarks))
            self.finished.emit(Recorded(wave.path, wave.n_frames, capture.format.sample_rate, said))

        self._devices.ask(let_go)
        self._elsewhere(self._disk, finish, tell, lambda _error: tell(None))

    def _no_room(self, _error: Exception) -> None:
        self.room_measured.emit(None)

    # Time -----------------------------------------------------------------------------------------

    def _poll(self) -> None:
        capture = self._capture
        if capture is None:
            self._poll_timer.stop()
            return
        self.frames_arrived.emit(capture.newly_arrived(), capture.format.sample_rate)
        self.progressed.emit()
        self._polls += 1
        if self._polls % _ROOM_POLLS == 0 and self._room_folder is not None:
            self.measure_room(self._room_folder)
        failure = capture.poll_failure()
        if failure:
            self._fail(failure)

    def _fail(self, failure: str) -> None:
        """The input or the disk has gone away: keeps what there is."""
        if self._state in (RecorderState.RECORDING, RecorderState.PAUSED) and self._wave:
            self._finish(_kept_words(failure, self._wave))
            return
        if self._state is RecorderState.COUNTING:
            self._give_up_file()
        self._let_go()
        self._set_state(RecorderState.CLOSED)
        self.failed.emit(failure)

    def _elsewhere(
        self,
        thread: DeviceThread,
        work: Callable[[], object],
        then: Callable[..., None],
        fail: Callable[[Exception], None],
    ) -> None:
        """Does something on another thread, and the rest with what came of it on this one."""

        def run() -> None:
            try:
                result = work()
            except EditorBotError as error:
                told: Exception = error
            except Exception as error:
                log.exception("recording failed unexpectedly")
                told = DeviceError(f"The sound system has failed ({error}).", "Try again.")
            else:
                self._returned.emit(lambda: then(result))
                return
            self._returned.emit(lambda: fail(told))

        thread.ask(run)

    def _go_on_here(self, then: Callable[[], None]) -> None:
        then()

    def _set_state(self, state: RecorderState) -> None:
        if state is not self._state:
            self._state = state
            self.state_changed.emit(str(state))


def _room(folder: Path) -> int:
    """Returns the bytes that are free where a folder is, or will be.

    Raises:
        FileWriteError: Nobody knows.
    """
    try:
        there = next((place for place in (folder, *folder.parents) if place.is_dir()), folder)
        return shutil.disk_usage(there).free
    except OSError as error:
        raise file_write_error(error, folder) from error


def _new_file(path: Path, sample_rate: int, channels: int) -> tuple[GrowingWave, Unfinished]:
    """Makes the file of a recording, and the note that is found if the program is killed."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        is_there = path.exists()
    except OSError as error:
        raise file_write_error(error, path) from error
    if is_there:
        raise FileWriteError(f"“{path}” is there already.", "Choose another name.")
    note = Unfinished(path)
    try:
        return GrowingWave(path, sample_rate, channels), note
    except BaseException:
        note.done()
        raise


def _discard(wave: GrowingWave, note: Unfinished) -> None:
    """Removes the file of a recording that never began."""
    try:
        wave.close()
        wave.path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("an empty recording can't be removed: %s", error)
    finally:
        note.done()


def _kept_words(failure: str, wave: GrowingWave) -> str:
    return f"{failure} What was recorded until then is kept in “{wave.path.name}”."


def _losses(capture: Capture) -> list[str]:
    """Returns what was lost, as sentences."""
    rate = capture.format.sample_rate
    losses = []
    if capture.gaps:
        times = "once" if capture.gaps == 1 else f"{capture.gaps} times"
        losses.append(
            f"The machine was too busy to take what came in {times}; a moment is missing there."
        )
    if capture.lost_frames:
        losses.append(
            f"The disk was too slow; {capture.lost_frames / rate:.1f} s are missing in all."
        )
    return losses
