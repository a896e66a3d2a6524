"""Recording for real: through a sound server, sample by sample, and killed in the middle."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from pytestqt.qtbot import QtBot

from benchmarks.sound_server import RATE, SoundServer, SoundServerError, is_installed
from editorbot_gui.playback.sound_device import SoundDeviceBackend
from editorbot_gui.recording.recorder import Recorded, Recorder, RecorderState
from editorbot_gui.recording.sound_input import SoundInputBackend
from editorbot_gui.recording.unfinished import find_broken_off
from model_core.progress import CancelToken
from tests.integration.recording_child import RATE as CHILD_RATE

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

_ROOT = Path(__file__).resolve().parents[2]
_FOLDERS = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "HOME")
_PROBE = 200

needs_server = pytest.mark.skipif(
    not is_installed(), reason="PulseAudio isn't installed (Debian: pulseaudio, pulseaudio-utils)."
)


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*_FOLDERS, "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


@pytest.fixture
def server() -> Iterator[SoundServer]:
    # Not pytest's folder: the path of a socket must be short.
    folder = Path(tempfile.mkdtemp(prefix="ebrecord-"))
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
        library._terminate()
        library._initialize()
        if "pulse" not in [device["name"] for device in library.query_devices()]:
            server.end()
            pytest.skip("ALSA can't reach PulseAudio (Debian: libasound2-plugins).")
        server.first_sink = server.add_sink()
        server.use_as_input()
        yield server
        server.end()
    library._terminate()
    library._initialize()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def recorder(server: SoundServer, qtbot: QtBot) -> Iterator[Recorder]:
    assert server is not None
    recorder = Recorder(SoundInputBackend(), SoundDeviceBackend("pulse", native=False))
    yield recorder
    recorder.close()
    recorder.wait()
    qtbot.wait(0)
    recorder.deleteLater()


def begin(recorder: Recorder, qtbot: QtBot, path: Path, channels: int = 2) -> list[Recorded]:
    """Begins to record and returns where the end will be found."""
    finished: list[Recorded] = []
    recorder.finished.connect(finished.append)
    recorder.listen("pulse", channels)
    qtbot.waitUntil(lambda: recorder.state is RecorderState.READY)
    recorder.record(path)
    qtbot.waitUntil(lambda: recorder.state is RecorderState.RECORDING)
    return finished


def pcm_noise(n_frames: int) -> npt.NDArray[np.int16]:
    rng = np.random.default_rng(5)
    return rng.integers(-20_000, 20_000, (n_frames, 2), dtype=np.int16)


def read_pcm(path: Path) -> npt.NDArray[np.int16]:
    """Returns the samples of a recording, which has to be one of 16 bits kept in 24."""
    assert soundfile.info(path).subtype == "PCM_24"
    wide = soundfile.read(path, dtype="int32", always_2d=True)[0]
    assert not (wide & 0xFFFF).any()
    samples: npt.NDArray[np.int16] = (wide >> 16).astype(np.int16)
    return samples


def found_at(recorded: npt.NDArray[np.int16], played: npt.NDArray[np.int16]) -> int | None:
    """Returns where in a recording something begins that was played, or None."""
    starts = np.flatnonzero((recorded[:-_PROBE] == played[0]).all(axis=1))
    same = (int(at) for at in starts if (recorded[at : at + _PROBE] == played[:_PROBE]).all())
    return next(same, None)


@needs_server
def test_what_is_recorded_is_what_was_played_to_the_input(
    recorder: Recorder, server: SoundServer, qtbot: QtBot, tmp_path: Path
) -> None:
    played = pcm_noise(2 * RATE)
    raw = tmp_path / "played.raw"
    raw.write_bytes(played.tobytes())
    # A machine that is too busy leaves gaps, which are counted; then it is recorded once more.
    for attempt in range(4):
        path = tmp_path / f"{attempt}.wav"
        finished = begin(recorder, qtbot, path)
        assert recorder.format is not None
        assert recorder.format.sample_rate == RATE
        player = server.play(raw)
        qtbot.waitUntil(lambda p=player: p.poll() is not None, timeout=20_000)  # type: ignore[misc]
        end = recorder.n_frames + RATE // 2
        qtbot.waitUntil(lambda end=end: recorder.n_frames > end)  # type: ignore[misc]
        recorder.stop()
        qtbot.waitUntil(lambda f=finished: bool(f))  # type: ignore[misc]
        recorded = read_pcm(path)
        assert len(recorded) == finished[0].n_frames
        start = found_at(recorded, played)
        if start is not None and np.array_equal(recorded[start : start + len(played)], played):
            return
        recorder.finished.disconnect()
    pytest.fail("What was recorded differed from what was played, four times.")


@needs_server
def test_an_input_that_goes_away_leaves_what_was_recorded(
    recorder: Recorder, server: SoundServer, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "a.wav"
    finished = begin(recorder, qtbot, path, channels=1)
    qtbot.waitUntil(lambda: recorder.n_frames > RATE // 2)
    before = recorder.n_frames
    server.remove_sink(server.first_sink)
    qtbot.waitUntil(lambda: bool(finished), timeout=15_000)
    assert finished[0].remarks.startswith("The sound input “pulse” ")
    assert "is kept in “a.wav”" in finished[0].remarks
    assert soundfile.info(path).frames == finished[0].n_frames >= before
    assert soundfile.info(path).channels == 1


@needs_server
def test_what_comes_in_is_heard_along(
    recorder: Recorder, server: SoundServer, qtbot: QtBot, tmp_path: Path
) -> None:
    server.add_sink("headphones")
    server.use_as_output("headphones")
    played = pcm_noise(2 * RATE)
    raw, heard_path = tmp_path / "played.raw", tmp_path / "heard.raw"
    raw.write_bytes(played.tobytes())
    listener = server.record(heard_path, "headphones")
    recorder.listen("pulse", 2)
    qtbot.waitUntil(lambda: recorder.state is RecorderState.READY)
    recorder.hear_along(wanted=True)
    qtbot.waitUntil(lambda: recorder._along is not None)
    player = server.play(raw)
    places = range(RATE // 4, 2 * RATE - _PROBE, RATE // 4)

    def is_heard() -> bool:
        raw_heard = heard_path.read_bytes()
        heard = np.frombuffer(raw_heard[: len(raw_heard) // 4 * 4], "<i2").reshape(-1, 2)
        return any(found_at(heard, played[at:]) is not None for at in places)

    try:
        qtbot.waitUntil(is_heard, timeout=15_000)
    finally:
        for process in (player, listener):
            process.terminate()
            process.wait()


@needs_server
def test_without_an_input_there_is_a_sentence(
    recorder: Recorder, server: SoundServer, qtbot: QtBot
) -> None:
    server.end()
    with qtbot.waitSignal(recorder.failed, timeout=15_000) as failed:
        recorder.listen(None, 1)
    assert "sound input" in failed.args[0]
    assert recorder.state is RecorderState.CLOSED


@pytest.mark.parametrize("seconds", [0.3, 1.2, 1.9])
def test_a_killed_program_loses_less_than_a_second(tmp_path: Path, seconds: float) -> None:
    path = tmp_path / "killed.wav"
    with subprocess.Popen(
        [sys.executable, "-m", "tests.integration.recording_child", str(path)],
        cwd=_ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        taken = 0
        for line in child.stdout:
            taken = int(line)
            if taken > seconds * CHILD_RATE:
                break
        child.kill()
        taken = max([taken, *(int(rest) for rest in child.stdout if rest.strip().isdigit())])
    header_says = soundfile.info(path).frames  # before anything was put right
    found = find_broken_off(None, CancelToken(), lambda _share, _words: None)
    if taken > CHILD_RATE:
        assert header_says > taken - CHILD_RATE
        assert [broken.path for broken in found] == [path]
    if path.exists():
        samples = soundfile.read(path, dtype="int32")[0] >> 8
        # All that there is is right, and no more than a fraction of a second is missing.
        np.testing.assert_array_equal(samples, np.arange(len(samples)))
        assert len(samples) > taken - CHILD_RATE // 2
