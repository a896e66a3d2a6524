"""Renders the current plan into the ring, ahead of the sound device."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

from editorbot_gui.playback.plan import Plan, Span, SpanLog
from editorbot_gui.playback.pump import OutputPump
from editorbot_gui.playback.ring import SampleRing
from editorbot_gui.playback.voice import Voice
from model_core.errors import EditorBotError

# What waits closer than this is played as it is: so soon is a new plan heard, and so long may it
# take to render its beginning, if the device's next block isn't longer.
_GUARD_S = 0.003
_SPARE_S = 0.001
_HEAD_S = 0.040
_CHUNK_S = 0.040
_WAKE_S = 0.020
_LONGEST_DELAY_S = 5


class Feeder:
    """Keeps the ring full of what the current plan says.

    A new plan is taken up by replacing what waits in the ring beyond the next 3 ms (or the
    device's next block, where that is longer). Old and new are crossfaded for a moment, be the
    one or the other silence: no start, stop, seek or A/B clicks, and between such moments the
    samples are the renderer's own.

    `fill` belongs to one thread. Assigning `plan` is all that others do.

    Args:
        ring: Filled with what is heard.
        pump: Takes it out.
        device_rate: In hertz.
        ramp_s: Length of the crossfades in seconds; 0 switches from one sample to the next.

    Attributes:
        plan: What is to be heard, or None for nothing yet.
        spans: Which frame of the ring is which place.
        failure: A sentence if the material couldn't be read; else empty.
    """

    def __init__(self, ring: SampleRing, pump: OutputPump, device_rate: int, ramp_s: float) -> None:
        self._ring = ring
        self._pump = pump
        self._device_rate = device_rate
        self._ramp_s = ramp_s
        self._ramp_frames = round(ramp_s * device_rate)
        self._generation = 0
        self._voice: Voice | None = None
        self._rest: tuple[int, int] | None = None
        self.plan: Plan | None = None
        self.spans = SpanLog()
        self.failure = ""

    @property
    def is_busy(self) -> bool:
        """Whether there is more of the current plan to render."""
        return self._voice is not None

    def rest_frame(self, generation: int) -> int | None:
        """Returns the frame from which on a plan is silent; None while it sounds or waits."""
        rest = self._rest
        return rest[1] if rest is not None and rest[0] == generation else None

    def fill(self) -> None:
        """Takes up the newest plan and fills the ring as far as it goes."""
        chunk_frames = int(_CHUNK_S * self._device_rate)
        try:
            while True:
                plan = self.plan
                if plan is not None and plan.generation != self._generation:
                    self._take_up(plan)
                if plan is None or self._voice is None or self._ring.room_frames < chunk_frames:
                    return
                block = self._voice.read(chunk_frames)
                self._ring.append(block)
                if len(block) < chunk_frames:
                    self._come_to_rest(plan, self._ring.written, plan.rest_position)
        except (EditorBotError, OSError) as error:
            self._voice = None
            self._pump.flowing = False
            self.failure = str(error)

    def _take_up(self, plan: Plan) -> None:
        """Replaces what waits in the ring by the beginning of a plan."""
        guard_frames = self._guard_frames()
        while True:
            frame = min(self._ring.taken + guard_frames, self._ring.written)
            position = self._place(plan, frame)
            voice = self._voice_at(plan, position)
            wanted_frames = self._head_frames(frame) if voice else 0
            head = voice.read(wanted_frames) if voice else self._silence(0)
            # Rendering takes time. If the device has come close meanwhile, begin further on.
            block = self._faded_in(head, frame)
            if self._ring.replace_if_free(frame, block, self._pump.largest_block_frames):
                break
            guard_frames *= 2
        source_rate = plan.material.sample_rate if voice else 0
        course = plan.course.within(plan.material.length)
        self._begin_span(
            Span(frame, position, plan.generation, source_rate, self._device_rate, course)
        )
        self._generation = plan.generation
        self._rest = None
        self._voice = voice
        self._pump.flowing = voice is not None
        if voice is None:
            self._come_to_rest(plan, self._ring.written, position)
        elif len(head) < wanted_frames:
            self._come_to_rest(plan, frame + len(head), plan.rest_position)

    def _guard_frames(self) -> int:
        spare_frames = int(_SPARE_S * self._device_rate)
        next_block_frames = self._pump.largest_block_frames + spare_frames
        return max(int(_GUARD_S * self._device_rate), next_block_frames)

    def _head_frames(self, frame: int) -> int:
        # The device must not run dry before the loop in `fill` has written more.
        head_frames = max(int(_HEAD_S * self._device_rate), 2 * self._pump.largest_block_frames)
        return min(head_frames, self._ring.capacity_frames - (frame - self._ring.taken))

    def _place(self, plan: Plan, frame: int) -> int:
        span = self.spans.at(frame)
        if span is None:
            return plan.place(0, 0)
        return plan.place(span.position_at(frame), span.generation)

    def _voice_at(self, plan: Plan, position: int) -> Voice | None:
        if not plan.sounding:
            return None
        return Voice(
            plan.material,
            position,
            self._device_rate,
            self._ring.channels,
            plan.course,
            plan.gain,
            self._ramp_s,
        )

    def _silence(self, n_frames: int) -> npt.NDArray[np.float32]:
        return np.zeros((n_frames, self._ring.channels), dtype=np.float32)

    def _faded_in(self, head: npt.NDArray[np.float32], frame: int) -> npt.NDArray[np.float32]:
        """Returns the head, crossfaded from what would have been heard from `frame` on."""
        n_old = min(self._ramp_frames, self._ring.written - frame)
        n_faded = max(n_old, min(self._ramp_frames, len(head)))
        if n_faded == 0:
            return head
        faded = self._silence(max(n_faded, len(head)))
        faded[: len(head)] = head
        gain = (np.arange(1, n_faded + 1, dtype=np.float32) / (n_faded + 1))[:, None]
        faded[:n_faded] *= gain
        faded[:n_old] += self._ring.peek(frame, frame + n_old) * (1.0 - gain[:n_old])
        return faded

    def _come_to_rest(self, plan: Plan, frame: int, position: int) -> None:
        self._voice = None
        self._pump.flowing = False
        self._begin_span(Span(frame, position, plan.generation, 0, self._device_rate))
        self._rest = (plan.generation, frame)

    def _begin_span(self, span: Span) -> None:
        # Longer than any device delays; older places are never asked for.
        self.spans.begin(span, self._ring.taken - _LONGEST_DELAY_S * self._device_rate)


class FeederThread:
    """Runs a feeder until it is stopped."""

    def __init__(self, feeder: Feeder) -> None:
        self._feeder = feeder
        self._wake = threading.Event()
        self._stopping = False
        # A daemon so that a crash elsewhere never leaves the program hanging; `stop` is the rule.
        self._thread = threading.Thread(target=self._run, name="audio-feeder", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Has a new plan taken up at once."""
        self._wake.set()

    def stop(self) -> None:
        """Returns when the thread has ended and reads no material any more."""
        self._stopping = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while True:
                self._feeder.fill()
                # At rest only a new plan can bring work.
                self._wake.wait(_WAKE_S if self._feeder.is_busy else None)
                self._wake.clear()
                if self._stopping:
                    return
        except Exception as error:
            self._feeder.failure = f"Playback stopped because of an internal error: {error}."
            raise
