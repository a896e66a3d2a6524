"""The callback in machine code does what the one in Python does, and needs no interpreter."""

from __future__ import annotations

import ctypes
import importlib
import sys

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editorbot_gui.playback import native_callback as module
from editorbot_gui.playback.counters import Field, new_counters
from editorbot_gui.playback.native_callback import NativeCallback, native_callback
from editorbot_gui.playback.pump import OutputPump
from editorbot_gui.playback.ring import SampleRing

pytest.importorskip("llvmlite", reason="without it, the callback in Python is used")

_SIGNATURE = (
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_ulong,
    ctypes.c_void_p,
    ctypes.c_ulong,
    ctypes.c_void_p,
)


class Device:
    """Calls the callback as PortAudio does."""

    def __init__(self, native: NativeCallback, counters: npt.NDArray[np.int64]) -> None:
        self._call = ctypes.CFUNCTYPE(*_SIGNATURE)(native.address)
        self._counters = counters

    def pull(
        self, n_frames: int, channels: int, heard_at_s: float, *, now_s: float = 0.0, flags: int = 0
    ) -> npt.NDArray[np.float32]:
        out = np.full((n_frames, channels), np.nan, dtype=np.float32)
        times = (ctypes.c_double * 3)(0.0, now_s, heard_at_s)
        answer = self._call(
            None,
            out.ctypes.data,
            n_frames,
            ctypes.addressof(times),
            flags,
            self._counters.ctypes.data,
        )
        assert answer == 0  # go on
        return out


@pytest.fixture
def native() -> NativeCallback:
    found = native_callback()
    assert found is not None
    return found


STEPS = st.lists(
    st.tuples(st.sampled_from(["write", "replace", "pull", "flow"]), st.integers(1, 40)),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(steps=STEPS, channels=st.integers(1, 2), capacity=st.integers(1, 30))
def test_it_does_what_the_one_in_python_does(
    steps: list[tuple[str, int]], channels: int, capacity: int
) -> None:
    native = native_callback()
    assert native is not None
    rings = [SampleRing(capacity, channels, 7, new_counters(), each) for each in (native, None)]
    pumps = [OutputPump(ring) for ring in rings]
    device = Device(native, rings[0].counters)
    value = 0
    for count, (what, size) in enumerate(steps):
        if what == "write":
            n_frames = min(size, rings[0].room_frames)
            block = np.arange(value, value + n_frames * channels, dtype=np.float32)
            value += n_frames * channels
            for ring in rings:
                ring.append(block.reshape(n_frames, channels))
        elif what == "replace":
            ring = rings[0]
            frame = min(ring.taken + size, ring.written)
            n_frames = min(size, ring.capacity_frames - (frame - ring.taken))
            block = np.full((n_frames, channels), -value, dtype=np.float32)
            largest = pumps[0].largest_block_frames
            answers = [ring.replace_if_free(frame, block, largest) for ring in rings]
            assert answers[0] == answers[1]
        elif what == "flow":
            for pump in pumps:
                pump.flowing = size % 2 == 0
        else:
            expected = np.full((size, channels), np.nan, dtype=np.float32)
            pumps[1].pull(expected, 3.0 + count)
            np.testing.assert_array_equal(device.pull(size, channels, 3.0 + count), expected)
    np.testing.assert_array_equal(*(ring.peek(ring.taken, ring.written) for ring in rings))
    names = [field for field in Field if field is not Field.RING]
    assert [int(rings[0].counters[name]) for name in names] == [
        int(rings[1].counters[name]) for name in names
    ]
    assert pumps[0].last_stamp == pumps[1].last_stamp


def test_where_a_device_does_not_tell_the_time_its_delay_is_added(native: NativeCallback) -> None:
    ring = SampleRing(100, 2, counters=new_counters(), native=native)
    ring.append(np.ones((50, 2), dtype=np.float32))
    ring.counters.view(np.float64)[Field.LATENCY] = 0.25
    Device(native, ring.counters).pull(20, 2, heard_at_s=0.0, now_s=7.0)
    assert OutputPump(ring).last_stamp == (0, 20, 7.25)


def test_what_the_device_tells_of_gaps_is_counted(native: NativeCallback) -> None:
    ring = SampleRing(100, 1, counters=new_counters(), native=native)
    device = Device(native, ring.counters)
    for flags in (0, 4, 2, 4 | 8):
        device.pull(10, 1, 1.0, flags=flags)
    assert ring.counters[Field.UNDERFLOWS] == 2


def test_before_there_is_a_ring_it_is_silent(native: NativeCallback) -> None:
    counters = new_counters()
    counters[Field.CHANNELS] = 2
    assert not Device(native, counters).pull(32, 2, 1.0).any()


@pytest.mark.skipif(sys.platform == "win32", reason="This needs threads of POSIX.")
def test_it_works_while_the_interpreter_is_held(native: NativeCallback) -> None:
    """Another thread takes samples while this one never lets the interpreter go."""
    ring = SampleRing(1000, 1, counters=new_counters(), native=native)
    ring.append(np.ones((1000, 1), dtype=np.float32))
    out = np.zeros((10, 1), dtype=np.float32)
    times = (ctypes.c_double * 3)(0.0, 1.0, 1.0)
    caller = _caller(native, out, times, ring.counters)
    thread = ctypes.c_ulong()
    # Called through PyDLL, they keep the interpreter until the other thread has ended.
    system = ctypes.PyDLL(None)
    system.pthread_create(ctypes.byref(thread), None, ctypes.c_void_p(caller.address), None)
    system.pthread_join(thread, None)
    assert out.all()
    assert ring.taken == 10


class _Caller:
    """A function without arguments, compiled, that calls the callback once."""

    def __init__(self, code: str) -> None:
        binding = importlib.import_module("llvmlite.binding")
        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        machine = binding.Target.from_default_triple().create_target_machine()
        self._compiler = binding.create_mcjit_compiler(binding.parse_assembly(code), machine)
        self._compiler.finalize_object()
        self.address = self._compiler.get_function_address("call")


def _caller(
    native: NativeCallback,
    out: npt.NDArray[np.float32],
    times: ctypes.Array[ctypes.c_double],
    counters: npt.NDArray[np.int64],
) -> _Caller:
    ulong = f"i{8 * ctypes.sizeof(ctypes.c_ulong)}"
    arguments = (
        f"ptr null, ptr inttoptr (i64 {out.ctypes.data} to ptr), {ulong} {len(out)}, "
        f"ptr inttoptr (i64 {ctypes.addressof(times)} to ptr), {ulong} 0, "
        f"ptr inttoptr (i64 {counters.ctypes.data} to ptr)"
    )
    return _Caller(
        "define ptr @call(ptr %nothing) {\n"
        f"  %answer = call i32 inttoptr (i64 {native.address} to ptr)({arguments})\n"
        "  ret ptr null\n}\n"
    )


def test_without_a_compiler_it_goes_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(module.importlib, "import_module", missing)
    assert native_callback.__wrapped__() is None


def test_longs_of_windows_are_known() -> None:
    assert "i32 %frames" in module._code(4)
    assert "zext i32 %frames to i64" in module._code(4)
    assert "i64 %frames" in module._code(8)
