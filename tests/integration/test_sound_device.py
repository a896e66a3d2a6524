"""Playback through PortAudio and a real sound server, compared sample by sample.

A private PulseAudio with a null sink stands in for the loudspeakers; what arrives at the sink's
monitor is recorded and compared with what was rendered.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from pytestqt.qtbot import QtBot

from benchmarks.sound_server import RATE, SoundServer, SoundServerError, is_installed
from editorbot_gui.playback.native_callback import native_callback
from editorbot_gui.playback.plan import STRAIGHT_ON, Course
from editorbot_gui.playback.player import Player, PlayerState
from editorbot_gui.playback.sound_device import SoundDeviceBackend
from model_core.audio.render import Renderer
from model_core.audio.source import ArraySource
from model_core.edit.types import EditList
from model_core.export.sound import export_sound

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

LEAD_IN = RATE // 4
SHORTEST_GAP = 32

pytestmark = pytest.mark.skipif(
    not is_installed(),
    reason="PulseAudio isn't installed (Debian: pulseaudio, pulseaudio-utils).",
)


@pytest.fixture
def server() -> Iterator[SoundServer]:
    # Not pytest's folder: the path of a socket must be short.
    folder = Path(tempfile.mkdtemp(prefix="ebsound-"))
    try:
        server = SoundServer(folder)
    except SoundServerError as error:
        pytest.skip(str(error))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.variables.items():
            patch.setenv(name, value)
        try:
            library = importlib.import_module("sounddevice")
        except OSError:
            server.end()
            pytest.skip("PortAudio isn't installed (Debian: libportaudio2).")
        # PortAudio lists devices when it starts, so it has to start after the server.
        library._terminate()
        library._initialize()
        if "pulse" not in [device["name"] for device in library.query_devices()]:
            server.end()
            pytest.skip("ALSA can't reach PulseAudio (Debian: libasound2-plugins).")
        server.first_sink = server.add_sink()
        yield server
        server.end()
    library._terminate()
    library._initialize()
    shutil.rmtree(folder, ignore_errors=True)


class Monitor:
    """Records what arrives at the sink."""

    def __init__(self, server: SoundServer, path: Path) -> None:
        self._server = server
        self._path = path
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, qtbot: QtBot, sink: str = "test") -> None:
        """Records anew; returns when the recording runs."""
        self.end()
        self._process = self._server.record(self._path, sink)
        qtbot.waitUntil(lambda: self._path.stat().st_size > 0)

    def arrived(self, n_frames: int) -> npt.NDArray[np.int16]:
        """Returns up to n frames `[n, 2]` from the first that isn't silent on."""
        raw = self._path.read_bytes()
        heard = np.frombuffer(raw[: len(raw) // 4 * 4], dtype=np.int16).reshape(-1, 2)
        sounding = heard.any(axis=1)
        first = int(np.argmax(sounding)) if sounding.any() else len(heard)
        return heard[first : first + n_frames]

    def end(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()


@pytest.fixture
def monitor(server: SoundServer, tmp_path: Path) -> Iterator[Monitor]:
    monitor = Monitor(server, tmp_path / "heard.raw")
    yield monitor
    monitor.end()


MakePlayer = Callable[..., Player]


@pytest.fixture
def make_player(server: SoundServer, qtbot: QtBot) -> Iterator[MakePlayer]:
    assert server is not None
    players: list[Player] = []

    def make(ramp_s: float = 0.003, *, native: bool = True) -> Player:
        backend = SoundDeviceBackend("pulse", native=native)
        players.append(Player(None, backend, ramp_s=ramp_s))
        return players[-1]

    yield make
    for player in players:
        player.close()
        player.deleteLater()
    qtbot.wait(0)


def recorded(channels: int, seed: int = 0) -> ArraySource:
    """Returns a second of noise with silence around: a stream's first moments may get lost."""
    noise = np.random.default_rng(seed).integers(-20000, 20000, (RATE, channels), dtype=np.int16)
    silence = np.zeros((LEAD_IN, channels), dtype=np.int16)
    return ArraySource(np.concatenate([silence, noise, silence]), RATE)


def whole(source: ArraySource) -> Renderer:
    return Renderer((source,), EditList.whole(source.n_samples))


def listen(
    player: Player,
    monitor: Monitor,
    qtbot: QtBot,
    n_frames: int,
    meanwhile: Callable[[], None] = lambda: None,
    course: Course = STRAIGHT_ON,
) -> npt.NDArray[np.int16]:
    """Plays from the beginning to the end and returns what arrived after the lead-in.

    A machine that is too busy leaves gaps: the player's, which it counts, and the server's own.
    Then it is played once more.
    """
    for _attempt in range(5):
        underruns_before = player.underruns
        monitor.start(qtbot)
        player.play(0, course)
        meanwhile()
        qtbot.waitUntil(lambda: player.state is not PlayerState.PLAYING)
        qtbot.waitUntil(lambda: len(monitor.arrived(n_frames)) == n_frames)
        heard = monitor.arrived(n_frames)
        n_silent = np.count_nonzero(~heard.any(axis=1))
        if player.underruns == underruns_before and n_silent < SHORTEST_GAP:
            return heard
    pytest.fail(f"There were gaps each time; the player counted {player.underruns} underruns.")


@pytest.mark.parametrize(("channels", "ramp_s"), [(1, 0.003), (2, 0.003), (2, 0.0)])
def test_what_arrives_is_what_was_rendered(
    make_player: MakePlayer, monitor: Monitor, qtbot: QtBot, channels: int, ramp_s: float
) -> None:
    source = recorded(channels)
    cut, loop = LEAD_IN + RATE // 2, LEAD_IN + RATE // 4
    ranges = ((0, cut), (cut + 5000, cut + 9000), (loop, source.n_samples))
    renderer = Renderer((source,), EditList.from_ranges(ranges))
    expected = np.repeat(renderer.read(0, renderer.length), 3 - channels, axis=1)[LEAD_IN:-LEAD_IN]
    player = make_player(ramp_s)
    player.set_raw(renderer)
    np.testing.assert_array_equal(listen(player, monitor, qtbot, len(expected)), expected)


def test_a_switch_while_playing_is_gapless(
    make_player: MakePlayer, monitor: Monitor, qtbot: QtBot
) -> None:
    raw, edited = recorded(2, seed=1), recorded(2, seed=2)
    player = make_player(ramp_s=0.0)
    player.set_raw(whole(raw))
    player.set_edited(whole(edited))
    switched_at: list[int] = []

    def switch() -> None:
        qtbot.waitUntil(lambda: player.position() > LEAD_IN + RATE // 3)
        switched_at.append(player.position() - LEAD_IN)
        player.listen_to("edited" if player.listening == "raw" else "raw")

    heard = listen(player, monitor, qtbot, RATE, switch)
    sources = (raw, edited) if player.listening == "edited" else (edited, raw)
    before, after = (source.read(LEAD_IN, LEAD_IN + RATE) for source in sources)
    n_before = int(np.argmin((heard == before).all(axis=1)))
    np.testing.assert_array_equal(heard[n_before:], after[n_before:])
    # About 28 ms if the machine isn't busy with something else.
    delay_s = (n_before - switched_at[-1]) / RATE
    assert 0 < delay_s < 0.1


def test_what_arrives_is_what_is_exported(
    make_player: MakePlayer, monitor: Monitor, qtbot: QtBot, tmp_path: Path
) -> None:
    source = recorded(2, seed=3)
    cut = LEAD_IN + RATE // 2
    edit = EditList.from_ranges(((0, cut), (cut + 7000, source.n_samples)))
    renderer = Renderer((source,), edit)
    path = tmp_path / "exported.wav"
    export_sound(renderer, path)
    exported, rate = soundfile.read(path, dtype="int16")
    assert rate == RATE
    player = make_player(ramp_s=0.0)
    player.set_raw(renderer)
    expected = exported[LEAD_IN:-LEAD_IN]
    np.testing.assert_array_equal(listen(player, monitor, qtbot, len(expected)), expected)


def test_a_loop_arrives_sample_by_sample(
    make_player: MakePlayer, monitor: Monitor, qtbot: QtBot
) -> None:
    source = recorded(2)
    start, stop = LEAD_IN + RATE // 10, LEAD_IN + RATE // 2
    rounds = 3
    player = make_player(ramp_s=0.0)
    player.set_raw(whole(source))
    once, again = source.read(LEAD_IN, start), source.read(start, stop)
    expected = np.concatenate((once, *([again] * rounds)))

    def stop_later() -> None:
        qtbot.waitUntil(lambda: len(monitor.arrived(len(expected))) == len(expected))
        player.pause()

    course = Course(loop=(start, stop))
    heard = listen(player, monitor, qtbot, len(expected), stop_later, course)
    np.testing.assert_array_equal(heard, expected)


def test_another_take_is_heard_at_the_same_place_without_a_gap(
    make_player: MakePlayer, monitor: Monitor, qtbot: QtBot
) -> None:
    source = recorded(2, seed=4)
    cut = 5000
    takes = [
        EditList.whole(source.n_samples),
        EditList.from_ranges(((0, LEAD_IN - cut), (LEAD_IN, source.n_samples))),
    ]
    player = make_player(ramp_s=0.0)
    player.set_raw(whole(source))

    def start_over() -> None:
        player.set_edited(Renderer((source,), takes[0]))
        player.listen_to("edited")
        qtbot.waitUntil(lambda: player.position() > LEAD_IN + RATE // 3)
        player.set_edited(Renderer((source,), takes[1]), lambda position: position - cut)
        assert player.state is PlayerState.PLAYING

    heard = listen(player, monitor, qtbot, RATE, start_over)
    # The same sound at the same place: the switch can't be heard at all.
    np.testing.assert_array_equal(heard, source.read(LEAD_IN, LEAD_IN + RATE))
    assert player.position() == source.n_samples - cut


def test_where_a_device_goes_away_playing_goes_on_through_another(
    make_player: MakePlayer, server: SoundServer, monitor: Monitor, qtbot: QtBot
) -> None:
    server.add_sink("other")
    monitor.start(qtbot, "other")
    player = make_player()
    player.set_raw(whole(recorded(2)))
    failures: list[str] = []
    player.device_failed.connect(failures.append)
    player.play(LEAD_IN)
    qtbot.waitUntil(lambda: player.position() > LEAD_IN + 8000)
    # Newer servers move the stream by themselves; else the player opens the device anew.
    server.remove_sink(server.first_sink)
    qtbot.waitUntil(lambda: len(monitor.arrived(4000)) == 4000)
    assert player.state is PlayerState.PLAYING
    assert failures == []


def test_the_playhead_shows_what_arrives(
    make_player: MakePlayer, monitor: Monitor, qtbot: QtBot
) -> None:
    player = make_player()
    player.set_raw(whole(recorded(2)))
    errors_s: list[float] = []

    def compare() -> None:
        errors_s.clear()
        qtbot.waitUntil(lambda: player.position() > LEAD_IN + RATE // 3)
        for _ in range(10):
            n_arrived = len(monitor.arrived(RATE))
            errors_s.append((player.position() - LEAD_IN - n_arrived) / RATE)
            qtbot.waitUntil(lambda n=n_arrived: len(monitor.arrived(RATE)) > n)

    listen(player, monitor, qtbot, RATE, compare)
    # The recording's own delay is in this, too, and differs from look to look.
    assert abs(float(np.median(errors_s))) < 0.010


@pytest.mark.skipif(sys.platform == "win32", reason="This needs a call of POSIX.")
def test_a_thread_that_holds_the_interpreter_is_not_heard(
    make_player: MakePlayer, qtbot: QtBot
) -> None:
    """As some library does while the network works: 60 ms, three times what the device holds."""
    if native_callback() is None:
        pytest.skip("There is no compiler for the callback in machine code.")
    hold = ctypes.PyDLL(None).usleep
    source = ArraySource(np.tile(recorded(2).read(LEAD_IN, LEAD_IN + RATE), (60, 1)), RATE)

    def gaps(player: Player) -> int:
        player.set_raw(whole(source))
        player.play(0)
        qtbot.waitUntil(lambda: player.position() > RATE // 4)
        before = player.underruns
        for _ in range(15):
            hold(60_000)
            qtbot.wait(10)
        found = player.underruns - before
        player.pause()
        return found

    assert gaps(make_player(native=False)) >= 10
    player = make_player()
    # A machine that has no core for the sound server leaves gaps, too; not each time.
    assert any(gaps(player) == 0 for _ in range(4))


def test_a_device_that_goes_away_and_comes_back(
    make_player: MakePlayer, server: SoundServer, qtbot: QtBot
) -> None:
    player = make_player()
    player.set_raw(whole(recorded(2)))
    player.play(5000)
    qtbot.waitUntil(lambda: player.position() > 8000)
    with qtbot.waitSignal(player.device_failed) as failed:
        server.remove_sink()
    # There is no other device to go on with, which is said as well.
    assert failed.args[0].startswith("The sound device “pulse” has gone away.")
    assert player.state is PlayerState.PAUSED
    place = player.position()
    assert place > 8000
    server.add_sink()
    player.play()
    qtbot.waitUntil(lambda: player.position() > place + 2000)


def test_a_sound_server_that_ends_is_a_sentence(
    make_player: MakePlayer, server: SoundServer, qtbot: QtBot
) -> None:
    player = make_player()
    player.set_raw(whole(recorded(2)))
    player.play()
    qtbot.waitUntil(lambda: player.position() > 1000)
    with qtbot.waitSignal(player.device_failed):
        server.end()
    with qtbot.waitSignal(player.device_failed) as failed:
        player.play()
    assert "“pulse”" in failed.args[0]
    assert player.state is PlayerState.PAUSED
