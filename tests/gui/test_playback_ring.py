from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from editorbot_gui.playback.plan import Plan, Span, SpanLog, Step
from editorbot_gui.playback.pump import OutputPump, PlayClock
from editorbot_gui.playback.ring import SampleRing
from tests.gui.playback_fakes import CountingMaterial


def counted(start: int, n_frames: int, channels: int = 2) -> np.ndarray:
    values = np.arange(start, start + n_frames, dtype=np.float32)
    return np.repeat(values[:, None], channels, axis=1)


@given(
    capacity=st.integers(1, 50),
    channels=st.integers(1, 3),
    moves=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=40),
)
def test_what_goes_in_comes_out_in_order(
    capacity: int, channels: int, moves: list[tuple[int, int]]
) -> None:
    ring = SampleRing(capacity, channels)
    heard = 0
    for n_in, n_out in moves:
        ring.append(counted(ring.written, min(n_in, ring.room_frames), channels))
        out = np.full((n_out, channels), np.nan, dtype=np.float32)
        n_frames = ring.take_into(out)
        assert n_frames == min(n_out, ring.written - heard)
        np.testing.assert_array_equal(out[:n_frames], counted(heard, n_frames, channels))
        assert not out[n_frames:].any()
        heard += n_frames
        assert (ring.taken, ring.waiting_frames) == (heard, ring.written - heard)


def test_what_waits_can_be_replaced_across_the_wrap() -> None:
    ring = SampleRing(10, 2)
    ring.append(counted(0, 8))
    ring.take_into(np.zeros((6, 2), dtype=np.float32))
    ring.append(counted(8, 8))
    np.testing.assert_array_equal(ring.peek(7, 13), counted(7, 6))
    ring.replace_from(9, counted(100, 4))
    out = np.zeros((10, 2), dtype=np.float32)
    assert ring.take_into(out) == 7
    assert out[:, 0].tolist() == [6, 7, 8, 100, 101, 102, 103, 0, 0, 0]


def test_spans_replace_what_was_to_come_and_forget_what_is_long_past() -> None:
    log = SpanLog()
    assert log.at(0) is None
    for frame in (0, 100, 200, 300):
        log.begin(Span(frame, frame * 10, frame, 1, 1), oldest_frame=0)
    log.begin(Span(150, 7, 9, 2, 3), oldest_frame=120)
    found = [log.at(frame) for frame in (99, 100, 149, 150, 10_000)]
    assert [span and span.frame for span in found] == [None, 100, 100, 150, 150]
    assert log.at(156) == Span(150, 7, 9, 2, 3)
    assert Span(150, 7, 9, 2, 3).position_at(156) == 7 + 4
    assert Span(150, 7, 9, 0, 3).position_at(156) == 7


def test_positions_dont_drift_in_hours() -> None:
    span = Span(0, 0, 1, 44100, 48000)
    assert span.position_at(10 * 3600 * 48000) == 10 * 3600 * 44100


def test_a_place_goes_through_the_steps_it_has_not_gone_through() -> None:
    steps = (Step(4, lambda p: p + 1), Step(5, lambda p: p * 10), Step(6, lambda p: p - 3))
    plan = Plan(CountingMaterial(1000), sounding=True, generation=6, steps=steps)
    assert [plan.place(7, generation) for generation in (3, 4, 5, 6)] == [77, 67, 4, 7]
    assert plan.place(500, 4) == 1000
    assert plan.place(0, 5) == 0


def test_the_pump_counts_blocks_and_only_real_underruns() -> None:
    ring = SampleRing(100, 1)
    pump = OutputPump(ring)
    out = np.zeros((30, 1), dtype=np.float32)
    pump.pull(out, 1.0)
    assert (pump.blocks, pump.underruns, pump.last_stamp) == (1, 0, (0, 0, 0.0))
    ring.append(counted(0, 40, 1))
    pump.flowing = True
    pump.pull(out, 2.0)
    assert (pump.underruns, pump.last_stamp) == (0, (0, 30, 2.0))
    pump.pull(out[:20], 3.0)
    assert (pump.underruns, pump.last_stamp) == (1, (30, 10, 3.0))
    pump.flowing = False
    pump.pull(out, 4.0)
    assert (pump.underruns, pump.last_stamp) == (1, (30, 10, 3.0))
    assert (pump.blocks, pump.largest_block_frames) == (4, 30)


def test_the_clock_counts_the_delay_and_never_goes_back() -> None:
    ring = SampleRing(1000, 1)
    pump = OutputPump(ring)
    clock = PlayClock(pump, sample_rate=1000)
    out = np.zeros((100, 1), dtype=np.float32)
    assert clock.heard_frame(5.0) == 0
    ring.append(counted(0, 250, 1))
    pump.pull(out, 1.5)
    assert clock.heard_frame(1.4) == 0
    assert clock.heard_frame(1.55) == 50
    pump.pull(out, 1.6)
    assert clock.heard_frame(1.55) == 50
    assert clock.heard_frame(1.5) == 50
    assert clock.heard_frame(1.65) == 150
    pump.pull(out, 1.7)
    assert clock.heard_frame(9.9) == 250
    assert clock.heard_frame(0.0) == 250
