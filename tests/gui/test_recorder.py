"""The recorder on an input that is pushed by hand: states, samples, losses, ends of all kinds."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from pytestqt.qtbot import QtBot

from editorbot_gui.recording import capture, unfinished
from editorbot_gui.recording import recorder as recorder_module
from editorbot_gui.recording.growing_wave import GrowingWave
from editorbot_gui.recording.recorder import Recorded, Recorder, RecorderState
from editorbot_gui.recording.unfinished import BrokenOff, Unfinished, find_broken_off
from model_core.errors import FileWriteError
from model_core.progress import CancelToken
from tests.gui.playback_fakes import ManualBackend
from tests.gui.recording_fakes import ManualInputs, noise

RATE = 8000


class Rig:
    """A recorder, what it stands on, and what it has said."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.qtbot = qtbot
        self.path = folder / "Recordings" / "a.wav"
        self.inputs, self.outputs = ManualInputs(), ManualBackend()
        self.recorder = Recorder(self.inputs, self.outputs)
        self.said: list[str] = []
        self.arrived: list[npt.NDArray[np.float32]] = []
        self.finished: list[Recorded] = []
        self.recorder.failed.connect(self.said.append)
        self.recorder.told.connect(self.said.append)
        self.recorder.finished.connect(self.finished.append)
        self.recorder.frames_arrived.connect(lambda frames, _rate: self.arrived.append(frames))

    def reach(self, state: RecorderState) -> None:
        self.qtbot.waitUntil(lambda: self.recorder.state is state)

    def listen(self, device: str | None = None, channels: int = 2) -> None:
        self.recorder.listen(device, channels)
        self.reach(RecorderState.READY)

    def record(self) -> None:
        self.listen()
        self.recorder.record(self.path)
        self.reach(RecorderState.RECORDING)

    def end(self) -> Recorded:
        self.recorder.stop()
        self.qtbot.waitUntil(lambda: bool(self.finished))
        return self.finished[-1]

    def recorded(self) -> npt.NDArray[np.float32]:
        samples: npt.NDArray[np.float32] = soundfile.read(
            self.path, dtype="float32", always_2d=True
        )[0]
        return samples


@pytest.fixture
def rig(qtbot: QtBot, tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(qtbot, tmp_path)
    yield rig
    rig.inputs.gate.set()
    rig.recorder.close()
    rig.recorder.wait()
    rig.recorder.deleteLater()


def notes() -> list[Path]:
    folder = unfinished.notes_folder()
    return sorted(folder.iterdir()) if folder.exists() else []


def test_what_comes_in_is_what_is_recorded(rig: Rig) -> None:
    samples = noise(5000, 2)
    rig.record()
    for start in range(0, 5000, 250):
        rig.inputs.stream.push(samples[start : start + 250])
    assert rig.recorder.n_frames == 5000
    recorded = rig.end()
    assert recorded == Recorded(rig.path, 5000, RATE)
    np.testing.assert_array_equal(rig.recorded(), samples)
    assert rig.recorder.state is RecorderState.CLOSED
    assert rig.inputs.stream.closed
    assert notes() == []


def test_only_what_comes_after_the_beginning_and_not_in_a_pause_is_recorded(rig: Rig) -> None:
    blocks = [noise(100, 2, seed) for seed in range(5)]
    rig.listen()
    rig.inputs.stream.push(blocks[0])
    # The meter sees all of it.
    rig.qtbot.waitUntil(lambda: sum(map(len, rig.arrived)) == 100)
    np.testing.assert_array_equal(np.concatenate(rig.arrived), blocks[0])
    rig.recorder.record(rig.path)
    rig.reach(RecorderState.RECORDING)
    rig.inputs.stream.push(blocks[1])
    rig.recorder.pause()
    assert rig.recorder.state is RecorderState.PAUSED
    rig.inputs.stream.push(blocks[2])
    rig.recorder.go_on()
    rig.inputs.stream.push(blocks[3])
    rig.recorder.pause()
    rig.inputs.stream.push(blocks[4])
    rig.end()
    np.testing.assert_array_equal(rig.recorded(), np.concatenate((blocks[1], blocks[3])))


def test_the_count_in_is_shown_and_not_recorded(rig: Rig) -> None:
    rig.recorder._count_timer.setInterval(1)
    counts: list[int] = []
    rig.recorder.counted.connect(counts.append)
    rig.listen()
    rig.recorder.record(rig.path, 3)
    assert rig.recorder.state is RecorderState.COUNTING
    rig.inputs.stream.push(noise(100, 2))
    rig.reach(RecorderState.RECORDING)
    assert counts == [3, 2, 1, 0]
    samples = noise(100, 2, 1)
    rig.inputs.stream.push(samples)
    rig.end()
    np.testing.assert_array_equal(rig.recorded(), samples)


def test_a_count_in_can_be_given_up_and_leaves_nothing(rig: Rig) -> None:
    rig.listen()
    rig.recorder.record(rig.path, 60)
    rig.qtbot.waitUntil(rig.path.exists)
    rig.recorder.stop()
    assert rig.recorder.state is RecorderState.READY
    rig.qtbot.waitUntil(lambda: not rig.path.exists() and notes() == [])
    assert not rig.recorder._count_timer.isActive()
    # It can begin again at once.
    rig.recorder.record(rig.path)
    rig.reach(RecorderState.RECORDING)
    rig.inputs.stream.push(noise(10, 2))
    assert rig.end().n_frames == 10


def test_a_recording_of_nothing_leaves_no_file(rig: Rig) -> None:
    rig.record()
    assert rig.end().n_frames == 0
    assert not rig.path.exists()


def test_no_input_is_a_sentence(rig: Rig) -> None:
    rig.inputs.refusal = "No sound input was found."
    rig.recorder.listen(None, 2)
    assert rig.recorder.state is RecorderState.OPENING
    rig.qtbot.waitUntil(lambda: rig.said == ["No sound input was found."])
    assert rig.recorder.state is RecorderState.CLOSED
    rig.recorder.record(rig.path)
    assert rig.recorder.state is RecorderState.CLOSED
    assert not rig.path.parent.exists()


def test_an_input_with_one_channel_records_mono_and_says_so(rig: Rig) -> None:
    rig.inputs._channels = 1
    rig.record()
    assert rig.said == ["This input has only one channel."]
    rig.inputs.stream.push(noise(10, 1))
    rig.end()
    assert rig.recorded().shape == (10, 1)


def test_another_input_frees_the_one_before(rig: Rig) -> None:
    rig.listen("one", 1)
    first = rig.inputs.stream
    rig.listen("two", 2)
    rig.qtbot.waitUntil(lambda: first.closed)
    assert rig.inputs.asked == [("one", 1), ("two", 2)]
    # While it records, nothing is changed.
    rig.recorder.record(rig.path)
    rig.reach(RecorderState.RECORDING)
    rig.recorder.listen("three", 2)
    assert rig.recorder.state is RecorderState.RECORDING
    assert len(rig.inputs.asked) == 2


def test_an_input_that_opens_too_late_is_freed(rig: Rig) -> None:
    rig.inputs.gate.clear()
    rig.recorder.listen(None, 2)
    rig.recorder.close()
    assert rig.recorder.state is RecorderState.CLOSED
    rig.inputs.gate.set()
    rig.qtbot.waitUntil(lambda: bool(rig.inputs.streams) and rig.inputs.stream.closed)
    assert rig.recorder.state is RecorderState.CLOSED


def test_an_input_that_goes_away_leaves_what_was_recorded(rig: Rig) -> None:
    samples = noise(2000, 2)
    rig.record()
    rig.inputs.stream.push(samples)
    rig.inputs.stream.failing = "The sound input “By hand” has gone away."
    rig.qtbot.waitUntil(lambda: bool(rig.finished))
    recorded = rig.finished[0]
    assert recorded.n_frames == 2000
    assert recorded.remarks == (
        "The sound input “By hand” has gone away. What was recorded until then is kept in “a.wav”."
    )
    np.testing.assert_array_equal(rig.recorded(), samples)


def test_an_input_that_goes_away_before_recording_is_told(rig: Rig) -> None:
    rig.listen()
    rig.inputs.stream.failing = "The sound input “By hand” has gone away."
    rig.qtbot.waitUntil(lambda: bool(rig.said))
    assert rig.recorder.state is RecorderState.CLOSED
    assert rig.said == ["The sound input “By hand” has gone away."]
    rig.qtbot.waitUntil(lambda: rig.inputs.stream.closed)


def test_an_input_that_delivers_nothing_is_told(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "_PATIENCE_POLLS", 1)
    rig.listen()
    rig.qtbot.waitUntil(lambda: bool(rig.said))
    assert rig.said == ["The sound input “By hand” does not answer."]


def test_what_is_lost_is_counted_and_told(rig: Rig) -> None:
    rig.listen()
    rig.inputs.stream.overflows = 5  # before it records, nobody cares
    rig.recorder.record(rig.path)
    rig.reach(RecorderState.RECORDING)
    rig.inputs.stream.push(noise(100, 2))
    rig.inputs.stream.overflows += 1
    rig.recorder.pause()
    rig.inputs.stream.overflows += 3  # nor in a pause
    rig.recorder.go_on()
    rig.inputs.stream.overflows += 1
    remarks = rig.end().remarks
    assert remarks.startswith("The machine was too busy to take what came in 2 times;")


def test_a_disk_that_is_too_slow_is_told(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    monkeypatch.setattr(capture.Writer, "_write_waiting", lambda _writer: gate.wait(20))
    rig.record()
    for _ in range(11):
        rig.inputs.stream.push(noise(RATE, 2))
    gate.set()
    assert rig.end().remarks == "The disk was too slow; 1.0 s are missing in all."


def test_a_full_disk_ends_it_with_a_sentence_and_keeps_what_there_is(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = noise(1000, 2)
    rig.record()
    rig.inputs.stream.push(samples[:600])
    rig.qtbot.waitUntil(lambda: rig.path.stat().st_size == 80 + 600 * 6)

    write = GrowingWave._write

    def full(wave: GrowingWave, data: bytes) -> None:
        if wave._file.tell() + len(data) > 80 + 600 * 6:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(wave, data)

    monkeypatch.setattr(GrowingWave, "_write", full)
    rig.inputs.stream.push(samples[600:])
    rig.qtbot.waitUntil(lambda: bool(rig.finished))
    monkeypatch.undo()
    assert "no space is left on the disk" in rig.finished[0].remarks
    assert "is kept in “a.wav”." in rig.finished[0].remarks
    assert rig.finished[0].n_frames == 600
    np.testing.assert_array_equal(rig.recorded(), samples[:600])


def test_a_file_that_is_there_or_cant_be_made_is_a_sentence(rig: Rig) -> None:
    rig.listen()
    rig.path.parent.mkdir()
    rig.path.write_bytes(b"mine")
    rig.recorder.record(rig.path)
    rig.reach(RecorderState.READY)
    assert rig.said == [f"“{rig.path}” is there already. Choose another name."]
    assert rig.path.read_bytes() == b"mine"
    rig.recorder.record(rig.path / "below a file.wav")
    rig.reach(RecorderState.READY)
    assert "can't be written" in rig.said[-1]
    assert notes() == []


def test_hearing_along_plays_what_comes_in_and_changes_nothing(rig: Rig) -> None:
    samples = noise(600, 2)
    rig.record()
    rig.inputs.stream.push(samples[:200])
    assert rig.outputs.streams == []  # not before it is asked for
    rig.recorder.hear_along(wanted=True)
    rig.qtbot.waitUntil(lambda: rig.recorder._along is not None)
    rig.inputs.stream.push(samples[200:400])
    np.testing.assert_array_equal(rig.outputs.stream.pull(200), samples[200:400])
    assert not rig.outputs.stream.pull(50).any()
    rig.recorder.hear_along(wanted=False)
    rig.inputs.stream.push(samples[400:])
    rig.qtbot.waitUntil(lambda: rig.outputs.stream.closed)
    rig.end()
    np.testing.assert_array_equal(rig.recorded(), samples)


def test_hearing_along_stays_close_behind(rig: Rig) -> None:
    rig.listen()
    rig.recorder.hear_along(wanted=True)
    rig.qtbot.waitUntil(lambda: rig.recorder._along is not None)
    # The output's clock is a little slower: what waits never grows to an echo.
    for _ in range(100):
        rig.inputs.stream.push(noise(100, 2))
        rig.outputs.stream.pull(90)
    along = rig.recorder._along
    assert along is not None
    assert along._ring.waiting_frames < 0.08 * RATE


def test_an_output_of_another_rate_cant_be_heard_through(rig: Rig) -> None:
    rig.outputs._sample_rate = 48_000
    rig.record()
    rig.recorder.hear_along(wanted=True)
    rig.qtbot.waitUntil(lambda: bool(rig.said))
    assert "does not play the input's 8 kHz" in rig.said[0]
    assert rig.outputs.stream.closed
    assert rig.recorder.state is RecorderState.RECORDING


def test_the_room_on_the_disk_is_measured_where_the_folder_will_be(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rig.qtbot.waitSignal(rig.recorder.room_measured) as measured:
        rig.recorder.measure_room(tmp_path / "not" / "yet")
    assert measured.args[0] > 0

    def unknown(_folder: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(recorder_module.shutil, "disk_usage", unknown)
    with rig.qtbot.waitSignal(rig.recorder.room_measured) as measured:
        rig.recorder.measure_room(tmp_path)
    assert measured.args == [None]


def test_closing_while_it_records_keeps_it(rig: Rig) -> None:
    samples = noise(500, 2)
    rig.record()
    rig.inputs.stream.push(samples)
    rig.recorder.close()
    rig.recorder.wait()
    np.testing.assert_array_equal(rig.recorded(), samples)
    assert notes() == []


def test_a_fault_is_a_sentence(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_device: str | None, _channels: int) -> None:
        raise RuntimeError("a driver's fault")

    monkeypatch.setattr(rig.inputs, "open", broken)
    rig.recorder.listen(None, 1)
    rig.qtbot.waitUntil(lambda: bool(rig.said))
    assert rig.said == ["The sound system has failed (a driver's fault). Try again."]


# Recordings that were broken off -----------------------------------------------------------------


def found() -> tuple[BrokenOff, ...]:
    return find_broken_off(None, CancelToken(), lambda _share, _words: None)


def leave(note: Unfinished, wave: GrowingWave) -> None:
    """Leaves note and file as a killed program does: the system lets go of lock and file."""
    assert note._lock is not None
    note._lock.unlock()
    wave._file.close()


MakeWave = Callable[[str], tuple[Unfinished, GrowingWave]]


@pytest.fixture
def begun(tmp_path: Path) -> MakeWave:
    def begin(name: str) -> tuple[Unfinished, GrowingWave]:
        return Unfinished(tmp_path / name), GrowingWave(tmp_path / name, RATE, 1)

    return begin


def test_a_recording_of_a_killed_program_is_found_once_and_put_right(begun: MakeWave) -> None:
    note, wave = begun("a.wav")
    samples = noise(4000, 1)
    wave.append(samples)
    assert found() == ()  # its program lives
    leave(note, wave)
    assert found() == (BrokenOff(wave.path, 0.5),)
    np.testing.assert_array_equal(
        soundfile.read(wave.path, dtype="float32", always_2d=True)[0], samples
    )
    assert found() == ()
    assert notes() == []


def test_an_empty_one_is_removed_and_one_that_is_gone_forgotten(begun: MakeWave) -> None:
    empty, gone = begun("empty.wav"), begun("gone.wav")
    for note, wave in (empty, gone):
        leave(note, wave)
    gone[1].path.unlink()
    assert found() == ()
    assert not empty[1].path.exists()
    assert notes() == []


def test_a_file_that_is_another_one_now_stays_as_it_is(begun: MakeWave) -> None:
    note, wave = begun("a.wav")
    leave(note, wave)
    wave.path.write_bytes(b"mine")
    assert found() == ()
    assert wave.path.read_bytes() == b"mine"
    assert notes() == []


def test_one_that_cant_be_put_right_now_is_found_the_next_time(
    begun: MakeWave, monkeypatch: pytest.MonkeyPatch
) -> None:
    note, wave = begun("a.wav")
    wave.append(noise(800, 1))
    leave(note, wave)

    def refuse(path: Path) -> float:
        raise FileWriteError(f"“{path}” can't be written: the disk is read-only.")

    with monkeypatch.context() as patch:
        patch.setattr(unfinished, "repair", refuse)
        assert found() == ()
    assert found() == (BrokenOff(wave.path, 0.1),)


def test_without_a_folder_for_notes_it_records_all_the_same(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_bytes(b"")
    monkeypatch.setattr(unfinished, "notes_folder", lambda: blocked / "below")
    rig.record()
    rig.inputs.stream.push(noise(10, 2))
    assert rig.end().n_frames == 10
