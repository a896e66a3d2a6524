"""One open sound device with all that feeds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from editorbot_gui.playback.backend import AudioBackend
from editorbot_gui.playback.channels import fold_notice
from editorbot_gui.playback.feeder import Feeder, FeederThread
from editorbot_gui.playback.native_callback import native_callback
from editorbot_gui.playback.plan import Material, Plan, Span
from editorbot_gui.playback.pump import OutputPump, PlayClock
from editorbot_gui.playback.ring import SampleRing
from editorbot_gui.playback.short_turns import short_turns

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# Rendered ahead, so that a busy machine isn't heard. A new plan doesn't wait for it to be played.
_AHEAD_S = 0.4
_SMALLEST_RING_FRAMES = 16384

# What the device took is kept so long, for the level meter to look at when it is heard.
_KEPT_S = 1.0

# Looks at a device that pulls nothing before it counts as gone; about five seconds of them.
# Counted in looks, not in seconds, so that a machine that slept isn't taken for a dead device.
_PATIENCE_POLLS = 250


class Output:
    """Ring, pump, feeder, its thread and the device's stream, from opening to closing.

    Args:
        backend: Opens the device.
        material: Says which rate and how many channels are wanted.
        ramp_s: Length of the fades at starts, stops and switches, in seconds.
        threaded: False if `feeder.fill` is called by hand.

    Raises:
        DeviceError: The device can't be opened or started.
    """

    def __init__(
        self, backend: AudioBackend, material: Material, ramp_s: float, *, threaded: bool
    ) -> None:
        self.source_format = (material.sample_rate, material.channels)
        self._stream = backend.open(material.sample_rate)
        self.format = self._stream.format
        rate = self.format.sample_rate
        capacity_frames = max(_SMALLEST_RING_FRAMES, int(_AHEAD_S * rate))
        counters = self._stream.counters
        native = native_callback() if counters is not None else None
        kept_frames = int(_KEPT_S * rate)
        ring = SampleRing(capacity_frames, self.format.channels, kept_frames, counters, native)
        self._ring = ring
        self._seen_frame = 0
        self._pump = OutputPump(ring)
        self._clock = PlayClock(self._pump, rate)
        self.feeder = Feeder(ring, self._pump, rate, ramp_s)
        self._blocks_seen = 0
        self._polls_without_block = 0
        self._stream.start(self._pump.pull)
        self._thread = FeederThread(self.feeder) if threaded else None
        short_turns.begin()

    @property
    def underruns(self) -> int:
        """Blocks that were short of samples, and those that the device got too late."""
        return self._pump.underruns + self._stream.underflows

    def set_plan(self, plan: Plan) -> None:
        """Has a plan heard as soon as can be."""
        self.feeder.plan = plan
        if self._thread is not None:
            self._thread.wake()

    def heard_span(self) -> tuple[Span | None, int]:
        """Returns the span heard now, None before the first, and the frame of it."""
        frame = self._clock.heard_frame(self._stream.now_s())
        return self.feeder.spans.at(frame), frame

    def newly_heard(self) -> npt.NDArray[np.float32]:
        """Returns the frames `[n, C]` that were heard since it was asked for the last time.

        They are the device's samples, without those that were heard more than a second ago.
        """
        frame = min(self._clock.heard_frame(self._stream.now_s()), self._ring.taken)
        start, self._seen_frame = min(self._seen_frame, frame), frame
        return self._ring.played(start, frame)

    def is_at_rest(self, generation: int) -> bool:
        """Whether all that a plan let sound has been heard."""
        rest_frame = self.feeder.rest_frame(generation)
        return rest_frame is not None and self.heard_span()[1] >= rest_frame

    @property
    def has_played(self) -> bool:
        """Whether the device has taken anything yet."""
        return self._pump.blocks > 0

    @property
    def device_has_failed(self) -> bool:
        """Whether it is the device that fails, as far as `poll_failure` has told."""
        return bool(self._stream.failure()) or self._polls_without_block > _PATIENCE_POLLS

    def poll_failure(self) -> str:
        """Returns a sentence when the device or the material fails; else empty.

        To be called regularly: a device that pulls nothing for many calls has failed, too.
        """
        if self._pump.blocks == self._blocks_seen:
            self._polls_without_block += 1
        else:
            self._blocks_seen = self._pump.blocks
            self._polls_without_block = 0
        if self.feeder.failure or self._stream.failure():
            return self.feeder.failure or self._stream.failure()
        if self._polls_without_block > _PATIENCE_POLLS:
            return f"The sound device “{self.format.device_name}” does not answer."
        return ""

    def notice(self) -> str:
        """Returns what the person should know about how this is heard; mostly empty."""
        source_rate, channels = self.source_format
        sentences = [self.format.notice, fold_notice(channels, self.format.channels)]
        if source_rate != self.format.sample_rate:
            sentences.append(
                f"The sound device “{self.format.device_name}” does not play "
                f"{source_rate / 1000:g} kHz, so you hear this resampled to "
                f"{self.format.sample_rate / 1000:g} kHz; exports are not changed by that."
            )
        return " ".join(sentence for sentence in sentences if sentence)

    def close(self) -> None:
        """Frees the device and ends the thread; afterwards no material is read."""
        self.read_no_more()
        self.free_device()

    def read_no_more(self) -> None:
        """Ends the thread; afterwards no material is read, and what waits is played to its end."""
        if self._thread is not None:
            self._thread.stop()
        self._pump.flowing = False

    def free_device(self) -> None:
        """Stops at once and frees the device, which takes a moment; may run on any thread."""
        short_turns.end()
        self._stream.close()
