"""The player as the window sees it: play, pause, seek, and switch between recording and edit."""

from __future__ import annotations

import logging
import threading
from enum import StrEnum

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from editorbot_gui.playback.backend import AudioBackend
from editorbot_gui.playback.output import Output
from editorbot_gui.playback.plan import (
    STRAIGHT_ON,
    Course,
    Material,
    Plan,
    PositionMap,
    Step,
)
from editorbot_gui.playback.portaudio import sound_thread
from editorbot_gui.playback.sound_device import SoundDeviceBackend
from model_core.errors import DeviceError

log = logging.getLogger(__name__)

_POLL_MS = 20
_CLOSE_AFTER_MS = 10_000
_RAMP_S = 0.003
_SCRUBBED_S = 0.08

SHORTEST_LOOP_S = 0.02
"""What is shorter isn't looped: it would be a tone and no passage."""


class PlayerState(StrEnum):
    """What the player does."""

    STOPPED = "stopped"
    """Never started, or the end was reached."""
    PLAYING = "playing"
    PAUSED = "paused"


class Listening(StrEnum):
    """Which of the two is heard."""

    RAW = "raw"
    EDITED = "edited"


class _Opening:
    """A device that is being opened, on another thread.

    Attributes:
        source_format: Rate and channels that are wanted.
        reason: Why, as a sentence that is said with what comes of it; may be empty.
        output: What came of it, or None.
        error: What came of it instead, or None.
    """

    def __init__(self, material: Material, reason: str) -> None:
        self.source_format = (material.sample_rate, material.channels)
        self.reason = reason
        self.output: Output | None = None
        self.error: DeviceError | None = None
        self._guard = threading.Lock()
        self._unwanted = False

    def take(self, output: Output) -> None:
        """Takes what was opened; frees it at once if nobody wants it any more."""
        with self._guard:
            if not self._unwanted:
                self.output = output
                return
        output.close()

    def give_up(self) -> Output | None:
        """Wants it no more; returns what is open already and has to be closed."""
        with self._guard:
            self._unwanted = True
            output, self.output = self.output, None
        return output


class Player(QObject):
    """Plays the recording or the edit and knows what is heard at this moment.

    Lives on the GUI thread. Positions are samples on the timeline that `listening` names. Every
    change is smoothed by a fade of 3 ms; between those moments the samples heard are the
    material's own. The sound device is opened by the first `play` and given back some seconds
    after playback has stopped; both happen on another thread, as both take a moment. Until the
    device is open the player says that it plays, and the place stands still.

    Args:
        parent: Owner.
        backend: Opens the sound device; PortAudio's default output if left out.
        ramp_s: Length of the fades in seconds; 0 for none.
        threaded: False renders only when `feed` is called, for tests without threads.
        close_after_ms: How long the device is kept after playback has stopped.
    """

    state_changed = Signal(str)
    """Emitted with the new `PlayerState`."""
    listening_changed = Signal(str)
    """Emitted with the new `Listening`."""
    # An int as an object: Qt's own int has 32 bits, and three hours at 192 kHz don't fit in it.
    position_polled = Signal(object)
    """Emitted while playing, some 50 times a second, and after a seek, with `position()`."""
    device_failed = Signal(str)
    """Emitted with a sentence when the device or the recording fails; playback is paused then."""
    notice_given = Signal(str)
    """Emitted with a sentence when what is heard differs from the file in rate or channels, or is
    heard through another device than it was."""
    course_changed = Signal()
    """Another speed or loop, or none."""
    opening_changed = Signal(bool)
    """Whether the device is being opened, so that nothing is heard yet."""
    frames_heard = Signal(object, int)
    """Emitted while playing with the device's samples `[n, C]` that were heard since the last time,
    and its rate in hertz."""

    _opened = Signal(object)

    def __init__(
        self,
        parent: QObject | None = None,
        backend: AudioBackend | None = None,
        *,
        ramp_s: float = _RAMP_S,
        threaded: bool = True,
        close_after_ms: int = _CLOSE_AFTER_MS,
    ) -> None:
        super().__init__(parent)
        self._backend = backend if backend is not None else SoundDeviceBackend()
        self._ramp_s = ramp_s
        self._threaded = threaded
        self._materials: dict[Listening, Material | None] = dict.fromkeys(Listening)
        self._listening = Listening.RAW
        self._state = PlayerState.STOPPED
        self._generation = 0
        self._plan: Plan | None = None
        self._course = STRAIGHT_ON
        self._gains = dict.fromkeys(Listening, 1.0)
        self._scrubbed_from: int | None = None
        self._scrub_refused = False
        self._output: Output | None = None
        self._opening: _Opening | None = None
        self._devices = sound_thread
        self._opened.connect(self._take_opened)
        self._notice = ""
        self._closed_underruns = 0

        self._poll_timer = QTimer(self)
        self._poll_timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._poll_timer.setInterval(_POLL_MS)
        self._poll_timer.timeout.connect(self._poll)
        self._idle_timer = QTimer(self)
        self._idle_timer.setSingleShot(True)
        self._idle_timer.setInterval(close_after_ms)
        self._idle_timer.timeout.connect(self._close_output)

    @property
    def state(self) -> PlayerState:
        """What the player does."""
        return self._state

    @property
    def listening(self) -> Listening:
        """Which of the two is heard, or will be."""
        return self._listening

    @property
    def underruns(self) -> int:
        """Blocks that came too late since the player was made."""
        return self._closed_underruns + (self._output.underruns if self._output else 0)

    @property
    def length(self) -> int:
        """Length of what is listened to, in samples; 0 for nothing."""
        material = self._materials[self._listening]
        return material.length if material is not None else 0

    @property
    def course(self) -> Course:
        """How the place moves on: speed and loop of what plays or was played last."""
        return self._course

    @property
    def device(self) -> str | None:
        """Name of the output that is asked for; None for the system's default one."""
        return self._backend.device

    @property
    def device_in_use(self) -> str:
        """Name of the output that is open; empty if none is."""
        return self._output.format.device_name if self._output is not None else ""

    def position(self) -> int:
        """Returns the sample that is heard now, or where playing would begin.

        It is told on the timeline of `listening` even in the milliseconds after a switch in
        which the other one is still heard.
        """
        return self._heard()[0]

    def set_raw(self, material: Material | None) -> None:
        """Takes a new recording, or none: playing stops and the place is the beginning.

        When this returns, the old recording is not read any more and can be closed, provided
        that the edit was taken away first.
        """
        self._close_output()
        self._materials[Listening.RAW] = material
        self._rest_at(0, PlayerState.STOPPED)
        if material is not None and self._threaded:
            self._devices.ask(self._backend.prepare)

    def set_edited(self, material: Material | None, to_new: PositionMap | None = None) -> None:
        """Takes a new version of the edit, or none. Playing goes on.

        Args:
            material: The edit, rendered.
            to_new: From a position in the old version to the one in the new; it is called on
                another thread, too. Left out, the position stays the same number.
        """
        self._materials[Listening.EDITED] = material
        if self._listening is not Listening.EDITED:
            return
        if material is None:
            self._listen_to(Listening.RAW)
            self._close_output()
            self._rest_at(0, PlayerState.STOPPED)
        elif self._state is PlayerState.PLAYING and self._fits(material):
            self._follow_course(to_new or _same_place, material)
            self._submit(to_new or _same_place)
        else:
            position = self.position()
            self._rest_at(to_new(position) if to_new else position)

    def exchange(self, raw: Material, edited: Material) -> None:
        """Takes recording and edit as they sound from now on, as long as before. Playing goes on.

        Args:
            raw: The recording.
            edited: The edit.
        """
        self._materials = {Listening.RAW: raw, Listening.EDITED: edited}
        if self._state is PlayerState.PLAYING:
            self._submit(_same_place)

    def play(self, from_position: int | None = None, course: Course = STRAIGHT_ON) -> None:
        """Plays on, or from a position.

        Args:
            from_position: In samples; left out, playing goes on where it was, and from the
                beginning if it was at the end.
            course: At which speed, and whether in a loop.
        """
        material = self._materials[self._listening]
        if material is None:
            return
        self.end_scrub()
        if from_position is None:
            if self._state is PlayerState.PLAYING and course == self._course:
                return
            from_position = self.position()
            if from_position >= material.length:
                from_position = 0
        if not self._open_output(material):
            return
        self._set_course(course.within(material.length))
        self._submit(_always(from_position), sounding=True)
        self._idle_timer.stop()
        self._poll_timer.start()
        self._set_state(PlayerState.PLAYING)

    def pause(self) -> None:
        """Pauses; the place is kept."""
        if self._state is PlayerState.PLAYING:
            self._submit(_same_place, sounding=False)
            self._set_state(PlayerState.PAUSED)

    def change_course(self, course: Course) -> None:
        """Goes on from where it is, at another speed or in another loop; only while playing."""
        if self._state is PlayerState.PLAYING and course != self._course:
            self._set_course(course)
            self._submit(_same_place)

    def scrub(self, position: int, which: str | None = None) -> None:
        """Plays a moment at a position, as while something is dragged there; not while playing.

        The place stays where it is until `end_scrub`.

        Args:
            position: In samples.
            which: `"raw"` or `"edited"`; left out, what is listened to.
        """
        material = self._materials[Listening(which) if which else self._listening]
        if material is None or self._state is PlayerState.PLAYING or self._scrub_refused:
            return
        place = self.position()
        if not self._open_output(material):
            # One sentence for a drag is enough.
            self._scrub_refused = True
            return
        self._scrubbed_from = place
        self._idle_timer.stop()
        self._poll_timer.start()
        course = Course(stop=position + round(_SCRUBBED_S * material.sample_rate))
        self._generation += 1
        step = Step(self._generation, _always(position))
        self._hear(Plan(material, True, self._generation, (step,), course))

    def end_scrub(self) -> None:
        """Is quiet after scrubbing; the place is where it was before."""
        self._scrub_refused = False
        if self._scrubbed_from is not None:
            place, self._scrubbed_from = self._scrubbed_from, None
            self._set_plan((), _always(place), sounding=False)

    def set_gains(self, gains: dict[Listening, float]) -> None:
        """Plays recording and edit louder or softer than they are; exports know nothing of it.

        Args:
            gains: What the samples are multiplied by; 1 for what isn't named.
        """
        gains = {which: gains.get(which, 1.0) for which in Listening}
        if gains == self._gains:
            return
        self._gains = gains
        if self._state is PlayerState.PLAYING:
            self._submit(_same_place)

    def use_device(self, name: str | None) -> None:
        """Plays through another output from now on; what plays goes on through it.

        Args:
            name: As the list of devices has it; None for the system's default one.
        """
        if name == self._backend.device:
            return
        self._backend.device = name
        if self._state is PlayerState.PLAYING:
            self._go_on_elsewhere("")
        else:
            self._close_output()

    def devices_changed(self) -> None:
        """Has the devices looked for anew before one is opened the next time."""
        self._backend.forget_devices()

    def toggle(self) -> None:
        """Plays if it is quiet, pauses if it plays."""
        if self._state is PlayerState.PLAYING:
            self.pause()
        else:
            self.play()

    def seek(self, position: int) -> None:
        """Goes to a position in samples, playing or not."""
        if self._state is PlayerState.PLAYING:
            loop = self._course.loop
            if self._course.stop is not None or (loop and not loop[0] <= position < loop[1]):
                self._set_course(Course(self._course.speed))
            self._submit(_always(position))
        else:
            self._rest_at(position)

    def listen_to(self, which: str, mapped: int | PositionMap | None = None) -> None:
        """Switches between the recording and the edit, playing or not.

        Args:
            which: `"raw"` or `"edited"`.
            mapped: Where the same sound is over there: as a position that corresponds to
                `position()` now, or as a map, which is exact also for the moment of the switch
                itself (it is called on another thread, too). Left out, the same number.
        """
        target = Listening(which)
        if target is self._listening or self._materials[target] is None:
            return
        if mapped is None:
            to_new: PositionMap = _same_place
        elif isinstance(mapped, int):
            to_new = _moved_by(mapped - self.position())
        else:
            to_new = mapped
        position = self.position()
        self._listen_to(target)
        material = self._materials[target]
        if self._state is PlayerState.PLAYING and material is not None:
            self._follow_course(to_new, material)
            self._submit(to_new)
        else:
            self._rest_at(to_new(position))

    def close(self) -> None:
        """Pauses, frees the device and ends the thread; due before the player is destroyed.

        The player can be used again.
        """
        self._close_output()
        self._devices.join()

    def free_device(self) -> None:
        """Pauses and gives the device back, so that others can have it."""
        self._close_output()

    def feed(self) -> None:
        """Renders what is due. Only for a player that was made without a thread."""
        if self._output is not None and not self._threaded:
            self._output.feeder.fill()

    def _heard(self) -> tuple[int, int]:
        """Returns the position, and the generation that it was heard in."""
        if self._scrubbed_from is not None:
            return self._scrubbed_from, self._generation
        if self._plan is None:
            return 0, 0
        span, frame = self._output.heard_span() if self._output else (None, 0)
        if span is None:
            return self._plan.place(0, 0), 0
        position = self._plan.place(span.position_at(frame), span.generation)
        return position, span.generation

    def _submit(self, to_new: PositionMap, *, sounding: bool = True) -> None:
        """Makes a plan that follows the current one and has it heard."""
        earlier: tuple[Step, ...] = ()
        if self._plan is not None:
            heard_generation = self._heard()[1]
            earlier = tuple(s for s in self._plan.steps if s.generation > heard_generation)
        self._set_plan(earlier, to_new, sounding=sounding)

    def _set_course(self, course: Course) -> None:
        if course != self._course:
            self._course = course
            self.course_changed.emit()

    def _follow_course(self, to_new: PositionMap, material: Material) -> None:
        """Has loop and end mean the same sound in other material."""
        shortest = round(SHORTEST_LOOP_S * material.sample_rate)
        self._set_course(self._course.mapped(to_new, shortest).within(material.length))

    def _rest_at(self, position: int, state: PlayerState | None = None) -> None:
        """Stands still at a position and says so."""
        self._scrubbed_from = None
        self._set_plan((), _always(position), sounding=False)
        if state is not None:
            self._set_state(state)
        elif self._state is PlayerState.PLAYING:
            self._set_state(PlayerState.PAUSED)
        self.position_polled.emit(self.position())

    def _set_plan(self, earlier: tuple[Step, ...], to_new: PositionMap, *, sounding: bool) -> None:
        material = self._materials[self._listening]
        if material is None:
            self._plan = None
            return
        self._generation += 1
        steps = (*earlier, Step(self._generation, to_new))
        course, gain = self._course, self._gains[self._listening]
        self._hear(Plan(material, sounding, self._generation, steps, course, gain))

    def _hear(self, plan: Plan) -> None:
        self._plan = plan
        if self._output is not None:
            self._output.set_plan(plan)

    def _fits(self, material: Material) -> bool:
        """Whether the device is open for such material, and well, or is being opened for it."""
        output = self._output
        if self._opening is not None:
            return self._opening.source_format == (material.sample_rate, material.channels)
        if output is None or output.poll_failure():
            return False
        return output.source_format == (material.sample_rate, material.channels)

    def _open_output(self, material: Material, reason: str = "") -> bool:
        """Opens the device, or has it opened, unless it is open and fits.

        Args:
            material: What is to be heard.
            reason: Why it is opened, as a sentence that is said with what comes of it.

        Returns:
            False if it can't be opened, which was said then. If it is opened on another thread,
            that turns out later.
        """
        if self._fits(material):
            return True
        self._close_output()
        opening = _Opening(material, reason)
        if self._threaded:
            self._opening = opening
            self._devices.ask(lambda: self._open_elsewhere(opening, material))
            self.opening_changed.emit(True)
            return True
        self._open(opening, material)
        return self._take_output(opening)

    def _open_elsewhere(self, opening: _Opening, material: Material) -> None:
        """Opens the device, on the devices' thread, and says so in the GUI thread."""
        try:
            self._open(opening, material)
        except Exception as error:
            log.exception("the sound device can't be opened")
            opening.error = DeviceError(f"The sound device can't be opened ({error}).")
        self._opened.emit(opening)

    def _open(self, opening: _Opening, material: Material) -> None:
        try:
            opening.take(Output(self._backend, material, self._ramp_s, threaded=self._threaded))
        except DeviceError as error:
            opening.error = error

    def _take_opened(self, opening: _Opening) -> None:
        """Takes the device that was opened on another thread, if it is still wanted."""
        if opening is not self._opening:
            return
        self._opening = None
        self.opening_changed.emit(False)
        if not self._take_output(opening):
            self._scrub_refused = self._scrubbed_from is not None
            self._rest_at(self.position())
            return
        if self._plan is not None:
            self._hear(self._plan)
        self._poll_timer.start()

    def _take_output(self, opening: _Opening) -> bool:
        """Uses what was opened, and says what there is to say of it."""
        output, reason = opening.output, opening.reason
        if output is None:
            self.device_failed.emit(f"{reason} {opening.error or ''}".strip())
            return False
        self._output = output
        notice = output.notice()
        if reason:
            name = output.format.device_name
            self.notice_given.emit(f"{reason} Playing goes on through “{name}”.")
        elif notice and notice != self._notice:
            self.notice_given.emit(notice)
        self._notice = notice
        return True

    def _close_output(self) -> None:
        """Frees the device; the place is kept, and playing is paused."""
        self._poll_timer.stop()
        self._idle_timer.stop()
        if self._output is None and self._opening is None:
            return
        position = self.position()
        self._give_back()
        self._rest_at(position)

    def _give_back(self) -> None:
        """Frees the device; who calls it says where the place is then."""
        opening, self._opening = self._opening, None
        if opening is not None:
            self._free(opening.give_up())
            self.opening_changed.emit(False)
        output, self._output = self._output, None
        if output is not None:
            self._free(output)
            self._closed_underruns += output.underruns

    def _free(self, output: Output | None) -> None:
        if output is None:
            return
        output.read_no_more()
        if self._threaded:
            self._devices.ask(output.free_device)
        else:
            output.free_device()

    def _go_on_elsewhere(self, reason: str) -> None:
        """Opens a device anew and goes on there; pauses with a sentence where that fails.

        Args:
            reason: Why, as a sentence; empty if it was wished.
        """
        material, position = self._materials[self._listening], self.position()
        self._give_back()
        self._set_plan((), _always(position), sounding=False)
        if material is None or not self._open_output(material, reason):
            self._rest_at(position)
            return
        self._submit(_always(position))
        self._poll_timer.start()

    def _listen_to(self, which: Listening) -> None:
        self._listening = which
        self.listening_changed.emit(str(which))

    def _set_state(self, state: PlayerState) -> None:
        if state is not self._state:
            self._state = state
            self.state_changed.emit(str(state))

    def _poll(self) -> None:
        output, plan = self._output, self._plan
        if output is None or plan is None:
            self._poll_timer.stop()
            return
        sentence = output.poll_failure()
        if sentence:
            plays = self._state is PlayerState.PLAYING
            if plays and output.device_has_failed and output.has_played:
                self._go_on_elsewhere(sentence)
            else:
                self._close_output()
                self.device_failed.emit(sentence)
            return
        self.frames_heard.emit(output.newly_heard(), output.format.sample_rate)
        if self._scrubbed_from is not None:
            return
        if not output.is_at_rest(plan.generation):
            self.position_polled.emit(self.position())
        elif self._state is PlayerState.PLAYING:
            self._rest_at(plan.rest_position, PlayerState.STOPPED)
        else:
            self.position_polled.emit(self.position())
            self._poll_timer.stop()
            self._idle_timer.start()


def _same_place(position: int) -> int:
    return position


def _always(position: int) -> PositionMap:
    return lambda _position: position


def _moved_by(distance: int) -> PositionMap:
    return lambda position: position + distance
