from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
import soxr
from pytestqt.qtbot import QtBot

from editorbot_gui.playback.feeder import Feeder, FeederThread
from editorbot_gui.playback.plan import STRAIGHT_ON, Course, Material, Plan, PositionMap, Step
from editorbot_gui.playback.pump import OutputPump
from editorbot_gui.playback.ring import SampleRing
from model_core.errors import AudioReadError
from tests.gui.playback_fakes import CountingMaterial, NoiseMaterial, positions

RATE = 8000
GUARD = 40  # the next block and 1 ms


@dataclass
class Deck:
    """A feeder with its ring, and a device pulled by hand."""

    ring: SampleRing
    pump: OutputPump
    feeder: Feeder
    steps: tuple[Step, ...] = ()

    def plan(
        self,
        material: Material,
        to_new: PositionMap | int,
        *,
        sounding: bool = True,
        course: Course = STRAIGHT_ON,
        gain: float = 1.0,
    ) -> int:
        """Sets a plan and returns its generation."""
        step = (lambda _position: to_new) if isinstance(to_new, int) else to_new
        generation = len(self.steps) + 1
        self.steps = (*self.steps, Step(generation, step))
        self.feeder.plan = Plan(material, sounding, generation, self.steps, course, gain)
        return generation

    def pull(self, n_frames: int) -> npt.NDArray[np.float32]:
        out = np.full((n_frames, self.ring.channels), np.nan, dtype=np.float32)
        self.pump.pull(out, 0.0)
        return out

    def hear(self, n_frames: int, block_frames: int = 32) -> npt.NDArray[np.float32]:
        """Pulls in blocks, feeding before each."""
        blocks = []
        while n_frames > 0:
            self.feeder.fill()
            blocks.append(self.pull(min(block_frames, n_frames)))
            n_frames -= block_frames
        return np.concatenate(blocks)

    def place(self, frame: int) -> tuple[int, int]:
        span = self.feeder.spans.at(frame)
        assert span is not None
        return span.generation, span.position_at(frame)


MakeDeck = Callable[..., Deck]


@pytest.fixture
def make_deck() -> MakeDeck:
    def make(ramp_s: float = 0.0, rate: int = RATE, channels: int = 2) -> Deck:
        ring = SampleRing(16384, channels)
        pump = OutputPump(ring)
        return Deck(ring, pump, Feeder(ring, pump, rate, ramp_s))

    return make


@pytest.mark.parametrize("block_frames", [1, 37, 256, 3000])
def test_samples_arrive_untouched_and_in_order(make_deck: MakeDeck, block_frames: int) -> None:
    deck = make_deck(rate=44100)
    noise = NoiseMaterial(30_000, 44100, 2)
    deck.plan(noise, 0)
    heard = deck.hear(30_000, block_frames)
    np.testing.assert_array_equal(heard[:30_000] * 32768, noise.pcm)
    assert not heard[30_000:].any()
    assert deck.pump.underruns == 0


def test_nothing_is_heard_before_the_first_plan(make_deck: MakeDeck) -> None:
    deck = make_deck()
    assert not deck.hear(100).any()
    assert deck.feeder.spans.at(100) is None
    assert not deck.feeder.is_busy


def test_the_end_is_known_and_no_underrun(make_deck: MakeDeck) -> None:
    deck = make_deck()
    generation = deck.plan(CountingMaterial(1000), 900)
    assert deck.feeder.rest_frame(generation) is None
    deck.feeder.fill()
    assert deck.feeder.rest_frame(generation) == 100
    assert deck.feeder.rest_frame(generation + 1) is None
    assert positions(deck.hear(128)) == [*range(901, 1001), *[0] * 28]
    assert deck.place(99) == (generation, 999)
    assert deck.place(5000) == (generation, 1000)
    assert deck.pump.underruns == 0
    assert not deck.feeder.is_busy


@pytest.mark.parametrize(("length", "start"), [(0, 0), (1000, 1000), (1, 0)])
def test_next_to_nothing_to_play(make_deck: MakeDeck, length: int, start: int) -> None:
    deck = make_deck(ramp_s=0.003)
    generation = deck.plan(CountingMaterial(length), start)
    deck.hear(64)
    assert deck.feeder.rest_frame(generation) == length - start
    assert deck.place(64) == (generation, length)


def test_a_slow_feeder_is_an_underrun_and_the_music_goes_on_where_it_was(
    make_deck: MakeDeck,
) -> None:
    deck = make_deck()
    deck.plan(CountingMaterial(100_000), 0)
    deck.feeder.fill()
    waiting = deck.ring.waiting_frames
    assert positions(deck.pull(waiting + 10)) == [*range(1, waiting + 1), *[0] * 10]
    assert deck.pump.underruns == 1
    deck.feeder.fill()
    assert positions(deck.pull(3)) == [waiting + 1, waiting + 2, waiting + 3]


def test_a_switch_is_heard_after_six_milliseconds_at_the_mapped_place(make_deck: MakeDeck) -> None:
    deck = make_deck()
    raw, edited = CountingMaterial(100_000), CountingMaterial(50_000, offset=1_000_001)
    deck.plan(raw, 2000)
    deck.hear(640)
    assert deck.ring.waiting_frames > 10 * GUARD
    generation = deck.plan(edited, lambda position: position - 1500)
    heard = positions(deck.hear(256))
    assert heard[:GUARD] == list(range(2641, 2641 + GUARD))
    first = 2000 + 640 + GUARD - 1500
    assert heard[GUARD:] == list(range(1_000_001 + first, 1_000_001 + first + 256 - GUARD))
    assert deck.place(640 + GUARD - 1) == (1, 2000 + 640 + GUARD - 1)
    assert deck.place(640 + GUARD) == (generation, first)


def test_a_plan_that_was_never_seen_still_maps_the_place(make_deck: MakeDeck) -> None:
    deck = make_deck()
    raw, edited = CountingMaterial(100_000), CountingMaterial(100_000, offset=1_000_001)
    deck.plan(raw, 2000)
    deck.hear(640)
    deck.plan(edited, lambda position: position * 2)
    deck.plan(raw, lambda position: position // 2)
    assert positions(deck.hear(512)) == list(range(2641, 2641 + 512))


def test_a_pause_keeps_the_place_and_playing_on_misses_nothing(make_deck: MakeDeck) -> None:
    deck = make_deck()
    material = CountingMaterial(100_000)
    deck.plan(material, 0)
    deck.hear(640)
    generation = deck.plan(material, lambda position: position, sounding=False)
    assert positions(deck.hear(512)) == [*range(641, 641 + GUARD), *[0] * (512 - GUARD)]
    assert deck.feeder.rest_frame(generation) == 640 + GUARD
    assert deck.place(640 + GUARD) == deck.place(99_999) == (generation, 640 + GUARD)
    assert deck.pump.underruns == 0
    deck.plan(material, lambda position: position)
    # From silence it begins with the next sample that is pulled.
    assert positions(deck.hear(100))[:100] == list(range(641 + GUARD, 741 + GUARD))


def test_fades_last_three_milliseconds_and_all_else_is_exact(make_deck: MakeDeck) -> None:
    ramp = 24
    deck = make_deck(ramp_s=0.003)
    one, two = NoiseMaterial(20_000, RATE, 2, seed=1), NoiseMaterial(20_000, RATE, 2, seed=2)
    deck.plan(one, 0)
    heard = deck.hear(640)
    np.testing.assert_array_equal(heard[ramp:] * 32768, one.pcm[ramp:640])
    assert np.abs(heard[0]).max() < 0.05
    gains = np.arange(1, ramp + 1)[:, None] / (ramp + 1)
    np.testing.assert_allclose(heard[:ramp] * 32768, one.pcm[:ramp] * gains, atol=1e-2)

    deck.plan(two, lambda position: position + 1000)
    heard = deck.hear(640) * 32768
    np.testing.assert_array_equal(heard[:GUARD], one.pcm[640 : 640 + GUARD])
    mixed = (
        one.pcm[640 + GUARD : 640 + GUARD + ramp] * (1 - gains)
        + two.pcm[1640 + GUARD : 1640 + GUARD + ramp] * gains
    )
    np.testing.assert_allclose(heard[GUARD : GUARD + ramp], mixed, atol=1e-2)
    np.testing.assert_array_equal(heard[GUARD + ramp :], two.pcm[1640 + GUARD + ramp : 2280])

    generation = deck.plan(two, lambda position: position, sounding=False)
    heard = deck.hear(640) * 32768
    faded = two.pcm[2280 + GUARD : 2280 + GUARD + ramp] * (1 - gains)
    np.testing.assert_allclose(heard[GUARD : GUARD + ramp], faded, atol=1e-2)
    assert not heard[GUARD + ramp :].any()
    assert deck.feeder.rest_frame(generation) == 1280 + GUARD + ramp
    assert deck.place(1280 + GUARD + ramp) == (generation, 2280 + GUARD)


def test_a_seek_to_the_very_end_fades_out_too(make_deck: MakeDeck) -> None:
    deck = make_deck(ramp_s=0.003)
    noise = NoiseMaterial(20_000, RATE, 2)
    deck.plan(noise, 0)
    deck.hear(640)
    generation = deck.plan(noise, 20_000)
    heard = deck.hear(640)
    assert heard[GUARD : GUARD + 24].any()
    assert not heard[GUARD + 24 :].any()
    assert deck.feeder.rest_frame(generation) == 640 + GUARD


def test_the_same_again_is_not_heard_as_a_fade(make_deck: MakeDeck) -> None:
    deck = make_deck(ramp_s=0.003)
    noise = NoiseMaterial(20_000, RATE, 2)
    deck.plan(noise, 0)
    deck.hear(640)
    deck.plan(noise, lambda position: position)
    heard = np.rint(deck.hear(640) * 32768).astype(np.int64)
    np.testing.assert_array_equal(heard, noise.pcm[640:1280])


def test_a_device_with_long_blocks_gets_a_longer_guard(make_deck: MakeDeck) -> None:
    deck = make_deck()
    one, two = CountingMaterial(100_000), CountingMaterial(100_000, offset=1_000_001)
    deck.plan(one, 0)
    deck.hear(4000, block_frames=1000)
    deck.plan(two, lambda position: position)
    heard = positions(deck.hear(2000, block_frames=1000))
    n_old = sum(value < 1_000_000 for value in heard)
    assert 1000 <= n_old <= 1000 + RATE * 0.005
    assert heard == [(4001 if i < n_old else 1_004_001) + i for i in range(2000)]


def test_a_device_that_comes_close_while_rendering_hears_no_torn_switch(
    make_deck: MakeDeck,
) -> None:
    deck = make_deck()
    one, two = CountingMaterial(100_000), CountingMaterial(100_000, offset=1_000_001)
    deck.plan(one, 0)
    deck.hear(640)
    meanwhile: list[float] = []

    def device_is_faster() -> None:
        if len(meanwhile) < 3 * 64:
            meanwhile.extend(positions(deck.pull(64)))

    two.while_reading = device_is_faster
    deck.plan(two, lambda position: position)
    deck.feeder.fill()
    heard = [*meanwhile, *positions(deck.hear(1000, 50))]
    n_old = sum(value < 1_000_000 for value in heard)
    assert heard == [(641 if i < n_old else 1_000_641) + i for i in range(len(heard))]
    assert deck.place(640 + n_old) == (2, 640 + n_old)
    assert deck.place(640 + n_old - 1) == (1, 640 + n_old - 1)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("source_rate", "device_rate"), [(44100, 48000), (96000, 44100)])
def test_another_rate_is_resampled_as_a_whole(
    make_deck: MakeDeck, source_rate: int, device_rate: int, channels: int
) -> None:
    deck = make_deck(rate=device_rate)
    noise = NoiseMaterial(source_rate // 2, source_rate, channels)
    generation = deck.plan(noise, 0)
    heard = deck.hear(device_rate // 2, block_frames=200)
    whole = soxr.resample(noise.read_float(0, noise.length), source_rate, device_rate)
    expected = np.repeat(whole, 2, axis=1) if channels == 1 else whole
    np.testing.assert_allclose(heard[: len(expected)], expected, atol=1e-6)
    assert deck.feeder.rest_frame(generation) == len(expected)
    assert deck.place(device_rate // 4) == (generation, source_rate // 4)
    assert deck.place(device_rate) == (generation, noise.length)


def test_resampling_begins_where_it_is_asked_to(make_deck: MakeDeck) -> None:
    deck = make_deck(rate=48000)
    noise = NoiseMaterial(10_000, 44100, 2)
    deck.plan(noise, 9999)
    deck.hear(64)
    deck.plan(noise, 10_000)
    assert not deck.hear(640)[576:].any()


def test_material_that_cant_be_read_is_told(make_deck: MakeDeck) -> None:
    deck = make_deck()
    material = CountingMaterial(100_000)
    deck.plan(material, 0)
    deck.hear(64)

    def vanish() -> None:
        raise AudioReadError("The file is gone.")

    material.while_reading = vanish
    waiting = deck.ring.waiting_frames
    heard = positions(deck.hear(waiting + 6000))
    assert heard[:waiting] == list(range(65, 65 + waiting))
    assert deck.feeder.failure == "The file is gone."
    assert not any(heard[-10:])
    assert not deck.feeder.is_busy


@pytest.fixture
def running(make_deck: MakeDeck) -> Iterator[tuple[Deck, FeederThread]]:
    deck = make_deck()
    thread = FeederThread(deck.feeder)
    yield deck, thread
    thread.stop()
    assert not any(thread.name == "audio-feeder" for thread in threading.enumerate())


def test_the_thread_takes_up_plans_and_keeps_the_ring_full(
    running: tuple[Deck, FeederThread], qtbot: QtBot
) -> None:
    deck, thread = running
    material = CountingMaterial(200_000)
    deck.plan(material, 5)
    thread.wake()
    heard: list[int] = []
    for _ in range(6):
        qtbot.waitUntil(lambda: deck.ring.waiting_frames > 12_000)
        heard.extend(positions(deck.pull(10_000)))
    assert heard == list(range(6, 60_006))
    generation = deck.plan(material, lambda position: position, sounding=False)
    thread.wake()
    qtbot.waitUntil(lambda: deck.feeder.rest_frame(generation) is not None)
    assert deck.pump.underruns == 0


def test_the_thread_ends_at_once_when_it_has_nothing_to_do(make_deck: MakeDeck) -> None:
    for _ in range(200):
        FeederThread(make_deck().feeder).stop()
    assert not any(thread.name == "audio-feeder" for thread in threading.enumerate())


def test_a_defect_in_the_thread_is_told_and_handed_on(
    make_deck: MakeDeck, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    handed_on: list[type[BaseException]] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: handed_on.append(args.exc_type))
    deck = make_deck()
    material = CountingMaterial(1000)

    def fail() -> None:
        raise ZeroDivisionError("by zero")

    material.while_reading = fail
    deck.plan(material, 0)
    thread = FeederThread(deck.feeder)
    qtbot.waitUntil(lambda: bool(handed_on))
    thread.stop()
    assert handed_on == [ZeroDivisionError]
    assert "by zero" in deck.feeder.failure


@pytest.mark.parametrize("block_frames", [7, 64, 500])
def test_a_loop_begins_again_with_a_crossfade_and_is_exact_elsewhere(
    make_deck: MakeDeck, block_frames: int
) -> None:
    ramp = 24
    deck = make_deck(ramp_s=0.003)
    noise = NoiseMaterial(20_000, RATE, 2)
    deck.plan(noise, 900, course=Course(loop=(1000, 1500)))
    heard = deck.hear(1400, block_frames) * 32768
    np.testing.assert_array_equal(heard[ramp:600], noise.pcm[900 + ramp : 1500])
    gains = np.arange(1, ramp + 1)[:, None] / (ramp + 1)
    mixed = noise.pcm[1500 : 1500 + ramp] * (1 - gains) + noise.pcm[1000 : 1000 + ramp] * gains
    for first in (600, 1100):
        np.testing.assert_allclose(heard[first : first + ramp], mixed, atol=1e-2)
    np.testing.assert_array_equal(heard[600 + ramp : 1100], noise.pcm[1000 + ramp : 1500])
    assert deck.place(599) == (1, 1499)
    assert deck.place(600) == (1, 1000)
    assert deck.place(1101) == (1, 1001)
    assert deck.feeder.rest_frame(1) is None


def test_a_loop_up_to_the_end_of_the_material_goes_round(make_deck: MakeDeck) -> None:
    deck = make_deck(ramp_s=0.003)
    noise = NoiseMaterial(1000, RATE, 1)
    deck.plan(noise, 800, course=Course(loop=(800, 5000)))
    heard = deck.hear(600) * 32768
    np.testing.assert_array_equal(heard[24:200, 0], noise.pcm[824:, 0])
    np.testing.assert_array_equal(heard[224:400, 0], noise.pcm[824:, 0])


@pytest.mark.parametrize("speed", [4, -1, -4])
def test_other_speeds_are_resampled_as_a_whole(make_deck: MakeDeck, speed: int) -> None:
    deck = make_deck(rate=44100)
    noise = NoiseMaterial(60_000, 44100, 2)
    start = 0 if speed > 0 else 60_000
    generation = deck.plan(noise, start, course=Course(speed))
    n_frames = 60_000 // abs(speed)
    heard = deck.hear(n_frames + 100, block_frames=200)
    read = noise.read_float(0, 60_000)[:: 1 if speed > 0 else -1]
    expected = soxr.resample(read, 44100 * abs(speed), 44100) if abs(speed) > 1 else read
    np.testing.assert_allclose(heard[: len(expected)], expected, atol=1e-6)
    assert deck.feeder.rest_frame(generation) == len(expected)
    assert deck.place(n_frames // 2) == (generation, 30_000)
    assert deck.place(n_frames + 99) == (generation, 60_000 - start)


@pytest.mark.parametrize("channels", [1, 2])
def test_twice_as_fast_keeps_the_pitch_and_the_place(make_deck: MakeDeck, channels: int) -> None:
    rate = 44100
    deck = make_deck(rate=rate)
    seconds = np.arange(4 * rate) / rate
    burst = (seconds % 1.0) > 0.6
    tone = np.round(16000 * np.sin(2 * np.pi * 440 * seconds) * burst).astype(np.int16)
    noise = NoiseMaterial(4 * rate, rate, channels)
    noise.pcm = np.repeat(tone[:, None], channels, axis=1)
    deck.plan(noise, 0, course=Course(2))
    heard = deck.hear(2 * rate, block_frames=512)[:, 0]
    loud = np.abs(heard) > 0.1
    for number in range(4):
        after = int((number + 0.2) * rate / 2)
        begin = after + int(np.argmax(loud[after:]))
        _, place = deck.place(begin)
        assert place / rate == pytest.approx(number + 0.6, abs=0.03)
    within = heard[int(0.4 * rate) : int(0.4 * rate) + 2048] * np.hanning(2048)
    assert np.argmax(np.abs(np.fft.rfft(within, rate))) == pytest.approx(440, abs=4)


def test_a_gain_is_applied(make_deck: MakeDeck) -> None:
    deck = make_deck()
    noise = NoiseMaterial(10_000, RATE, 2)
    deck.plan(noise, 0, gain=0.5)
    np.testing.assert_array_equal(deck.hear(500) * 65536, noise.pcm[:500])


def test_what_was_played_can_be_looked_at_for_a_while() -> None:
    ring = SampleRing(100, 1, kept_frames=50)
    for first in range(0, 400, 40):
        ring.append(np.arange(first, first + 40, dtype=np.float32)[:, None])
        ring.take_into(np.empty((40, 1), np.float32))
    ring.append(np.full((ring.room_frames, 1), -1.0, np.float32))
    assert ring.played(380, 400)[:, 0].tolist() == list(range(380, 400))
    assert ring.played(0, 400)[:, 0].tolist() == list(range(350, 400))
    assert len(ring.played(400, 400)) == 0
