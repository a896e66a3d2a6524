from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from editorbot_gui.playback import portaudio, sound_device
from editorbot_gui.playback.counters import Field
from editorbot_gui.playback.sound_device import SoundDeviceBackend
from model_core.errors import DeviceError


class PortAudioError(Exception):
    pass


class RawStream:
    """What sounddevice's OutputStream is to the backend."""

    def __init__(self, **asked: object) -> None:
        self.asked: dict[str, Any] = asked
        self.calls: list[str] = []
        self.failing: set[str] = set()
        self.latency = 0.25

    @property
    def time(self) -> float:
        if "time" in self.failing:
            raise PortAudioError("Error getting stream time")
        return 7.0

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name in self.failing:
            raise PortAudioError(f"{name} refused")

    def start(self) -> None:
        self._call("start")

    def abort(self) -> None:
        self._call("abort")

    def close(self) -> None:
        self._call("close")

    def call_back(self, n_frames: int, heard_at_s: float, *, underflow: bool = False) -> np.ndarray:
        out = np.full((n_frames, self.asked["channels"]), np.nan, dtype=np.float32)
        times = SimpleNamespace(outputBufferDacTime=heard_at_s)
        self.asked["callback"](out, n_frames, times, SimpleNamespace(output_underflow=underflow))
        return out


class FakeLibrary:
    """The module sounddevice, with the devices that the test wants."""

    PortAudioError = PortAudioError

    def __init__(self) -> None:
        self.device: dict[str, Any] | None = {
            "name": "Speakers",
            "index": 3,
            "max_output_channels": 32,
            "default_samplerate": 48000.0,
            "default_low_output_latency": 0.0087,
        }
        self.rates = {44100, 48000}
        self.streams: list[RawStream] = []
        self.asked_for: list[object] = []
        self.restarts = 0
        self.missing: set[object] = set()
        self.at_restart: Callable[[], None] = lambda: None

    def query_devices(self, device: object, kind: str) -> dict[str, Any]:
        assert kind == "output"
        self.asked_for.append(device)
        if self.device is None or device in self.missing:
            raise PortAudioError("Error querying device -1")
        return {**self.device, "name": device or self.device["name"]}

    def OutputStream(self, **asked: object) -> RawStream:  # noqa: N802 - the library's name
        if asked["samplerate"] not in self.rates:
            raise PortAudioError("Invalid sample rate", -9997)
        self.streams.append(RawStream(**asked))
        return self.streams[-1]

    def _StreamBase(self, **asked: object) -> RawStream:  # noqa: N802 - the library's name
        return self.OutputStream(**asked)

    @property
    def _ffi(self) -> SimpleNamespace:
        return SimpleNamespace(cast=lambda kind, value: (kind, value))

    def _terminate(self) -> None:
        pass

    def _initialize(self) -> None:
        self.restarts += 1
        self.at_restart()


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> FakeLibrary:
    fake = FakeLibrary()
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    monkeypatch.setattr(sound_device, "native_callback", lambda: None)
    monkeypatch.setattr(portaudio.open_streams, "count", 0)
    monkeypatch.setattr(portaudio.open_streams, "stale", False)
    monkeypatch.setattr(portaudio.open_streams, "looked_at_s", time.monotonic())
    return fake


@pytest.mark.parametrize(
    ("sample_rate", "frames"), [(8000, 32), (44_100, 128), (48_000, 128), (192_000, 512)]
)
def test_linux_is_asked_for_small_blocks(
    sample_rate: int, frames: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert sound_device.block_frames(sample_rate) == frames


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_other_systems_choose_their_blocks(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert sound_device.block_frames(48_000) == 0


def test_a_missing_library_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        assert name == "sounddevice"
        raise OSError("PortAudio library not found")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(DeviceError, match="PortAudio library is missing") as caught:
        SoundDeviceBackend().open(44100)
    assert "libportaudio2" in caught.value.mend


def test_it_opens_the_default_device_at_the_rate_of_the_recording(library: FakeLibrary) -> None:
    stream = SoundDeviceBackend().open(44100)
    (raw,) = library.streams
    assert (stream.format.sample_rate, stream.format.channels) == (44100, 2)
    assert stream.format.device_name == "Speakers"
    assert raw.asked["device"] == 3
    assert raw.asked["latency"] == 0.02
    assert raw.asked["dtype"] == "float32"
    assert library.asked_for == [None]
    assert library.restarts == 0


def test_a_refused_rate_falls_back_to_the_devices_own(library: FakeLibrary) -> None:
    assert 192_000 not in library.rates
    assert SoundDeviceBackend().open(192_000).format.sample_rate == 48_000


@pytest.mark.parametrize(("offered", "taken"), [(1, 1), (2, 2), (8, 2)])
def test_one_or_two_channels_are_opened(library: FakeLibrary, offered: int, taken: int) -> None:
    assert library.device is not None
    library.device["max_output_channels"] = offered
    assert SoundDeviceBackend().open(44100).format.channels == taken


def test_a_slow_device_gets_the_time_it_needs(library: FakeLibrary) -> None:
    assert library.device is not None
    library.device["default_low_output_latency"] = 0.09
    SoundDeviceBackend().open(44100)
    assert library.streams[0].asked["latency"] == 0.09


def test_no_device_is_one_sentence(library: FakeLibrary) -> None:
    library.device = None
    with pytest.raises(DeviceError, match=r"^No sound device was found\."):
        SoundDeviceBackend().open(44100)
    with pytest.raises(DeviceError, match="“Headphones” was not found"):
        SoundDeviceBackend("Headphones").open(44100)
    assert library.asked_for == [None, None, "Headphones", "Headphones", None]


def test_where_the_chosen_device_is_gone_it_is_the_default_one_and_that_is_said(
    library: FakeLibrary,
) -> None:
    library.missing = {"Headphones"}
    stream = SoundDeviceBackend("Headphones").open(44100)
    assert stream.format.device_name == "Speakers"
    assert stream.format.notice == (
        "The sound device “Headphones” was not found. You hear this through “Speakers”."
    )
    assert library.restarts == 1


def test_a_chosen_device_that_was_plugged_in_later_is_used(library: FakeLibrary) -> None:
    library.missing = {"Headphones"}
    library.at_restart = library.missing.clear
    stream = SoundDeviceBackend("Headphones").open(44100)
    assert stream.format.device_name == "Headphones"
    assert stream.format.notice == ""


def test_a_device_plugged_in_later_is_found(library: FakeLibrary) -> None:
    found, library.device = library.device, None
    library.at_restart = lambda: setattr(library, "device", found)
    assert SoundDeviceBackend().open(44100).format.device_name == "Speakers"


def test_a_sound_system_that_cant_start_is_one_sentence(library: FakeLibrary) -> None:
    def refuse() -> None:
        raise PortAudioError("Error initializing PortAudio")

    library.device = None
    library.at_restart = refuse
    with pytest.raises(DeviceError, match="sound system can't be started"):
        SoundDeviceBackend().open(44100)


def test_a_device_that_cant_be_opened_is_one_sentence(library: FakeLibrary) -> None:
    library.rates = set()
    with pytest.raises(DeviceError, match=r"“Speakers” can't be opened \(Invalid sample rate\)"):
        SoundDeviceBackend().open(44100)


def test_a_device_that_cant_be_started_is_closed(library: FakeLibrary) -> None:
    stream = SoundDeviceBackend().open(44100)
    library.streams[0].failing = {"start"}
    with pytest.raises(DeviceError, match=r"can't be started \(start refused\)"):
        stream.start(lambda _out, _heard_at_s: None)
    assert library.streams[0].calls == ["start", "abort", "close"]


def test_blocks_are_pulled_with_the_time_they_are_heard_at(library: FakeLibrary) -> None:
    pulled: list[tuple[int, float]] = []

    def pull(out: np.ndarray, heard_at_s: float) -> None:
        pulled.append((len(out), heard_at_s))
        out[:] = 0.5

    stream = SoundDeviceBackend().open(44100)
    stream.start(pull)
    (raw,) = library.streams
    assert (raw.call_back(100, 7.5) == 0.5).all()
    raw.call_back(50, 0.0, underflow=True)
    assert pulled == [(100, 7.5), (50, 7.25)]
    assert stream.underflows == 1
    assert stream.now_s() == 7.0


def test_a_device_that_goes_away_is_told_and_can_be_closed(library: FakeLibrary) -> None:
    stream = SoundDeviceBackend().open(44100)
    stream.start(lambda _out, _heard_at_s: None)
    assert stream.failure() == ""
    (raw,) = library.streams
    raw.asked["finished_callback"]()
    raw.failing = {"time", "abort", "close"}
    assert stream.failure() == "The sound device “Speakers” has gone away."
    assert stream.now_s() == 0.0
    stream.close()
    assert raw.calls == ["start", "abort", "close"]


def test_the_default_device_may_be_another_one_after_a_while(library: FakeLibrary) -> None:
    backend = SoundDeviceBackend()
    backend.open(44100).close()
    assert library.restarts == 0
    portaudio.open_streams.looked_at_s -= 11.0
    playing = backend.open(44100)
    assert library.restarts == 1
    # What plays would be ended by looking again.
    portaudio.open_streams.looked_at_s -= 11.0
    backend.open(44100).close()
    assert library.restarts == 1
    playing.close()
    portaudio.open_streams.looked_at_s -= 11.0
    SoundDeviceBackend("Speakers").open(44100).close()
    assert library.restarts == 1
    backend.open(44100).close()
    assert library.restarts == 2


def test_the_callback_in_machine_code_is_used_where_there_is_one(
    library: FakeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    native = SimpleNamespace(address=4711, fence=lambda: None)
    monkeypatch.setattr(sound_device, "native_callback", lambda: native)
    stream = SoundDeviceBackend().open(48_000)
    (raw,) = library.streams
    counters = stream.counters
    assert counters is not None
    assert (raw.asked["kind"], raw.asked["callback"]) == ("output", 4711)
    assert raw.asked["userdata"] == ("void*", counters.ctypes.data)
    assert counters.view(np.float64)[Field.LATENCY] == 0.25
    assert counters[Field.CHANNELS] == 2
    counters[Field.UNDERFLOWS] = 3
    assert stream.underflows == 3
    # Who hands out blocks himself asks for that.
    assert SoundDeviceBackend(native=False).open(48_000).counters is None
