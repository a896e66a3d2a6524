"""The file that a recording grows into, whole at every moment."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from editorbot_gui.recording import growing_wave
from editorbot_gui.recording.growing_wave import GrowingWave, encoded, repair
from model_core.errors import AudioReadError, FileWriteError
from tests.gui.recording_fakes import noise

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path

RATE = 44_100


class FullDisk:
    """A file on a disk with so much room and no more."""

    def __init__(self, file: FileIO, room_bytes: int) -> None:
        self._file = file
        self._room_bytes = room_bytes

    def write(self, data: memoryview) -> int:
        end = self._file.tell() + len(data)
        fits = len(data) - max(0, end - self._room_bytes)
        if fits <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return int(self._file.write(data[:fits]))

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)


@pytest.mark.parametrize("channels", [1, 2])
def test_every_sample_of_24_bits_is_kept(tmp_path: Path, channels: int) -> None:
    samples = noise(10_001, channels)
    path = tmp_path / "Aufnahme 1 äöü.wav"
    wave = GrowingWave(path, RATE, channels)
    for start in range(0, len(samples), 777):
        wave.append(samples[start : start + 777])
    wave.close()
    read, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == RATE
    assert soundfile.info(path).subtype == "PCM_24"
    np.testing.assert_array_equal(read, samples)
    assert path.stat().st_size % 2 == 0


def test_beyond_full_scale_it_clips_and_does_not_wrap() -> None:
    loud = np.array([[1.0], [1.5], [-1.0], [-2.0]], dtype=np.float32)
    assert encoded(loud) == b"\xff\xff\x7f" * 2 + b"\x00\x00\x80" * 2


def test_other_programs_can_read_it_while_it_grows(tmp_path: Path) -> None:
    samples = noise(5000, 2)
    wave = GrowingWave(tmp_path / "a.wav", RATE, 2)
    assert soundfile.info(wave.path).frames == 0
    wave.append(samples[:3000])
    wave.settle()
    wave.append(samples[3000:])
    # What isn't settled yet is there, but not told.
    np.testing.assert_array_equal(soundfile.read(wave.path, dtype="float32")[0], samples[:3000])
    wave.close()
    np.testing.assert_array_equal(soundfile.read(wave.path, dtype="float32")[0], samples)


def test_a_broken_off_file_is_put_right_to_its_last_whole_frame(tmp_path: Path) -> None:
    samples = noise(5000, 2)
    path = tmp_path / "a.wav"
    wave = GrowingWave(path, RATE, 2)
    wave.append(samples)
    wave._file.write(b"half")
    wave._file.close()  # as a killed program leaves it: never settled
    assert repair(path) == 5000 / RATE
    np.testing.assert_array_equal(soundfile.read(path, dtype="float32")[0], samples)
    whole = path.read_bytes()
    assert repair(path) == 5000 / RATE
    assert path.read_bytes() == whole


def test_beyond_the_limit_of_riff_it_becomes_an_rf64(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing_wave, "_RIFF_LIMIT", 15_000)
    samples = noise(6001, 1)
    path = tmp_path / "long.wav"
    wave = GrowingWave(path, RATE, 1)
    wave.append(samples[:4000])
    wave.settle()
    assert soundfile.info(path).format == "WAV"
    wave.append(samples[4000:])
    wave.close()
    assert soundfile.info(path).format == "RF64"
    np.testing.assert_array_equal(soundfile.read(path, dtype="float32")[0], samples[:, 0])
    assert repair(path) == pytest.approx(6001 / RATE)


def test_beyond_four_gigabytes_lengths_are_right() -> None:
    n_frames = 1_000_000_000
    header = growing_wave._header(RATE, 2, n_frames)
    assert len(header) == growing_wave._HEADER_BYTES
    assert header[:4] == b"RF64"
    assert int.from_bytes(header[28:36], "little") == 6 * n_frames
    assert int.from_bytes(header[36:44], "little") == n_frames
    assert int.from_bytes(header[20:28], "little") == 6 * n_frames + 72


def test_a_full_disk_keeps_what_was_written(tmp_path: Path) -> None:
    samples = noise(1000, 2)
    path = tmp_path / "a.wav"
    wave = GrowingWave(path, RATE, 2)
    wave._file = FullDisk(wave._file, 80 + 6 * 700 + 4)  # type: ignore[assignment]
    wave.append(samples[:500])
    with pytest.raises(FileWriteError, match="no space is left"):
        wave.append(samples[500:])
    assert wave.n_frames == 700
    wave.close()
    np.testing.assert_array_equal(soundfile.read(path, dtype="float32")[0], samples[:700])


def test_it_never_takes_the_place_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"mine")
    with pytest.raises(FileWriteError):
        GrowingWave(path, RATE, 2)
    assert path.read_bytes() == b"mine"
    with pytest.raises(FileWriteError):
        GrowingWave(tmp_path / "nowhere" / "a.wav", RATE, 2)


def test_files_of_others_are_not_put_right(tmp_path: Path) -> None:
    other = tmp_path / "other.wav"
    soundfile.write(other, noise(1000, 2), RATE, "PCM_24")
    short, text = tmp_path / "short.wav", tmp_path / "text.wav"
    short.write_bytes(b"RIFF")
    text.write_bytes(b"not a sound" * 100)
    for path in (other, short, text):
        before = path.read_bytes()
        with pytest.raises(AudioReadError, match="not a recording that was broken off"):
            repair(path)
        assert path.read_bytes() == before
    with pytest.raises(AudioReadError, match="can't be opened"):
        repair(tmp_path / "gone.wav")
