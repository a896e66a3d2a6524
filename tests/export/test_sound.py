from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile as sf

from model_core.audio.reading import ArraySource, AudioSource, open_audio
from model_core.audio.render import Renderer
from model_core.edit.types import EditList
from model_core.errors import AudioReadError, CancelledError, FileWriteError
from model_core.export import sound
from model_core.export.encoding import encoded
from model_core.export.formats import EXPORT_FORMATS, MP3_RATES_HZ
from model_core.export.sound import export_sound
from model_core.progress import CancelToken
from tests.audio.sounds import integers, noise, open_on_full_disk, tones, write

RATE = 44100
N = 3 * RATE
EDIT = EditList.from_ranges([(0, RATE), (2 * RATE, N), (RATE, 2 * RATE)])


def renderer_of(samples: npt.NDArray[Any], rate: int = RATE, bits: int | None = None) -> Renderer:
    whole = EditList.whole(len(samples))
    return Renderer([ArraySource(samples, rate, bits)], whole)


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("name", "bits"),
    [
        ("a.wav", 8),
        ("a.wav", 16),
        ("a.wav", 24),
        ("a.wav", 32),
        ("a.flac", 8),
        ("a.flac", 16),
        ("a.flac", 24),
    ],
)
def test_depth_rate_and_channels_are_kept_bit_for_bit(tmp_path: Path, name: str, bits: int) -> None:
    encoding = {8: "PCM_U8", 16: "PCM_16", 24: "PCM_24", 32: "PCM_32"}[bits]
    samples = integers(2 * noise(N, 3), bits)
    with open_audio(write(tmp_path / "in.wav", samples, 48000, encoding)) as source:
        renderer = Renderer([source], EDIT)
        written = export_sound(renderer, tmp_path / name)
        assert not written.notes
        expected = renderer.read(0, renderer.length)
    assert (written.sample_rate, written.channels, written.n_samples) == (48000, 3, len(expected))
    with open_audio(tmp_path / name) as copy:
        assert (copy.sample_rate, copy.channels, copy.bits) == (48000, 3, bits)
        np.testing.assert_array_equal(copy.read(0, copy.n_samples), expected)
    assert files_in(tmp_path) == sorted({name, "in.wav"})


@pytest.mark.parametrize(("dtype", "encoding"), [("float32", "FLOAT"), ("float64", "DOUBLE")])
def test_floats_stay_floats(tmp_path: Path, dtype: str, encoding: str) -> None:
    samples = (20 * noise(5000, 2)).astype(dtype)
    assert export_sound(renderer_of(samples), tmp_path / "a.wav").encoding == encoding
    np.testing.assert_array_equal(sf.read(tmp_path / "a.wav", dtype=dtype)[0], samples)


@pytest.mark.parametrize(("name", "tolerance"), [("a.ogg", 0.05), ("a.mp3", 0.05)])
@pytest.mark.parametrize("channels", [1, 2])
def test_lossy_formats_sound_alike(
    tmp_path: Path, name: str, tolerance: float, channels: int
) -> None:
    renderer = renderer_of(integers(tones(N, RATE, channels), 16))
    written = export_sound(renderer, tmp_path / name)
    assert written.encoding in {"VORBIS", "MPEG_LAYER_III"}
    with open_audio(tmp_path / name) as copy:
        assert (copy.sample_rate, copy.channels, copy.n_samples) == (RATE, channels, N)
        difference = copy.read_float(0, N) - renderer.read_float(0, N)
        assert np.sqrt(np.mean(difference**2)) < tolerance * 0.2


def test_lossy_recordings_become_16_bits(tmp_path: Path) -> None:
    with open_audio(write(tmp_path / "in.ogg", tones(N, RATE), RATE, "VORBIS")) as source:
        renderer = Renderer([source], EDIT)
        for name in ("a.wav", "a.flac"):
            written = export_sound(renderer, tmp_path / name)
            assert written.encoding == "PCM_16"
            assert not written.notes


@pytest.mark.parametrize("encoding", EXPORT_FORMATS["WAV"].encodings)
@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
def test_every_depth_from_every_depth(tmp_path: Path, encoding: str, dtype: str) -> None:
    floats = np.concatenate([noise(3000, 2), [[1.0, -1.0], [-1.0, 1.0]]])
    samples = (
        floats.astype(dtype) if dtype[0] == "f" else integers(floats, 8 * np.dtype(dtype).itemsize)
    )
    export_sound(renderer_of(samples), tmp_path / "a.wav", subtype=encoding, dither=False)
    assert sf.info(tmp_path / "a.wav").subtype == encoding
    read, _ = sf.read(tmp_path / "a.wav", dtype="float64")
    bits = {"PCM_U8": 8, "PCM_16": 16, "FLOAT": 24, "DOUBLE": 32, "PCM_24": 24, "PCM_32": 32}[
        encoding
    ]
    half_step = 0.5 / 2 ** (min(bits, 8 * np.dtype(dtype).itemsize) - 1)
    full = 1 - 2 * half_step if encoding.startswith("PCM") or dtype[0] == "i" else 1.0
    np.testing.assert_allclose(read, np.clip(floats, -1, full), atol=1.01 * half_step + 1e-7)


def test_what_is_too_loud_saturates() -> None:
    loud = np.array([[2.0, -2.0, 1.0, -1.0]], np.float32).T
    assert encoded(loud, "PCM_16")[:, 0].tolist() == [32767, -32768, 32767, -32768]
    assert encoded(loud, "PCM_32")[:, 0].tolist() == [2**31 - 1, -(2**31), 2**31 - 1, -(2**31)]
    top = np.array([[2**31 - 1]], np.int32)
    assert encoded(top, "PCM_16").item() == 32767


def test_loss_of_depth_is_told(tmp_path: Path) -> None:
    written = export_sound(
        renderer_of(integers(noise(99), 24), bits=24), tmp_path / "a.wav", subtype="PCM_16"
    )
    assert "24 bits were rounded to 16" in written.notes[0]
    written = export_sound(renderer_of(noise(99)), tmp_path / "a.flac")
    assert "rounded to 24 bits" in written.notes[0]


@pytest.mark.parametrize("rate", [8000, 22050, 48000, 192_000])
def test_rate_can_be_changed(tmp_path: Path, rate: int) -> None:
    samples = integers(tones(N, RATE, 2), 24)
    written = export_sound(renderer_of(samples, bits=24), tmp_path / "a.wav", sample_rate=rate)
    read, read_rate = sf.read(tmp_path / "a.wav")
    assert read_rate == written.sample_rate == rate
    assert written.encoding == "PCM_24"
    assert abs(len(read) - 3 * rate) <= 1
    n = min(len(read), 3 * rate)
    error = (read - tones(3 * rate, rate, 2)[: len(read)])[n // 10 : -n // 10]
    assert np.abs(error).max() < 1e-4


def test_a_kind_can_be_named(tmp_path: Path) -> None:
    export_sound(renderer_of(integers(noise(99), 16)), tmp_path / "a.sound", fmt="flac")
    assert sf.info(tmp_path / "a.sound").format == "FLAC"


def test_long_wav_is_rf64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound, "LARGEST_WAV_BYTES", 10_000)
    samples = integers(noise(5001), 16)
    assert export_sound(renderer_of(samples), tmp_path / "a.wav").container == "RF64"
    assert export_sound(renderer_of(samples[:4000]), tmp_path / "b.wav").container == "WAV"
    with open_audio(tmp_path / "a.wav") as copy:
        np.testing.assert_array_equal(copy.read(0, 5001), samples)


@pytest.mark.parametrize(
    ("name", "options", "sentence", "mend"),
    [
        ("a.mp3", {"rate": 96_000}, "can't hold a sample rate of 96000 Hz", "Export at 48000 Hz"),
        ("a.mp3", {"rate": 15_000}, "only 8000, 11025, 12000", "Export at 16000 Hz"),
        ("a.mp3", {"channels": 6}, "at most 2 channels, and this recording has 6", "WAV"),
        ("a.ogg", {"rate": 384_000}, "up to 192000 Hz", "Export at 192000 Hz"),
        ("a.flac", {"channels": 9}, "at most 8 channels", "WAV"),
        ("a.flac", {"subtype": "FLOAT"}, "FLAC files can't hold FLOAT", "PCM_24"),
        ("a.mp3", {"subtype": "PCM_16"}, "MP3 files can't hold PCM_16", "MPEG"),
        ("a.doc", {}, "can't write “.doc” files", "FLAC, OGG, Opus or MP3"),
        ("a", {}, "no ending", "Add .wav"),
        ("a.wav", {"fmt": "AIFF"}, "can't write AIFF files", "WAV"),
        ("a.wav", {"n": 0}, "empty", "Keep some"),
        ("no/such/a.wav", {}, "folder", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told(
    tmp_path: Path, name: str, options: dict[str, Any], sentence: str, mend: str
) -> None:
    samples = integers(noise(100, options.pop("channels", 1)), 16)
    source = ArraySource(samples, options.pop("rate", RATE))
    renderer = Renderer([source], EditList.whole(options.pop("n", 100)))
    with pytest.raises(FileWriteError, match=sentence) as caught:
        export_sound(renderer, tmp_path / name, **options)
    assert mend in caught.value.mend
    assert not files_in(tmp_path)


@pytest.mark.parametrize("rate", MP3_RATES_HZ)
def test_mp3_at_each_of_its_rates(tmp_path: Path, rate: int) -> None:
    export_sound(renderer_of(integers(tones(rate, rate, 2), 16), rate), tmp_path / "a.mp3")
    with open_audio(tmp_path / "a.mp3") as copy:
        assert (copy.sample_rate, copy.n_samples) == (rate, rate)


@pytest.mark.parametrize("channels", range(1, 9))
@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg"])
def test_up_to_eight_channels(tmp_path: Path, channels: int, name: str) -> None:
    export_sound(renderer_of(integers(noise(900, channels), 16)), tmp_path / name)
    assert sf.info(tmp_path / name).channels == channels


class TestTheRecordingItself:
    @pytest.fixture
    def source(self, tmp_path: Path) -> AudioSource:
        return open_audio(write(tmp_path / "in.wav", integers(noise(N), 16), RATE, "PCM_16"))

    def refused(self, source: AudioSource, path: Path) -> None:
        assert source.path is not None
        before = source.path.read_bytes()
        with pytest.raises(FileWriteError, match="the recording itself"):
            export_sound(Renderer([source], EDIT), path, fmt="WAV")
        assert source.path.read_bytes() == before

    def test_is_refused(self, source: AudioSource, tmp_path: Path) -> None:
        self.refused(source, tmp_path / "in.wav")

    def test_is_refused_by_another_spelling(
        self, source: AudioSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "sub").mkdir()
        self.refused(source, tmp_path / "sub" / ".." / "in.wav")
        monkeypatch.chdir(tmp_path)
        self.refused(source, Path("in.wav"))
        self.refused(source, Path("./in.wav"))

    @pytest.mark.skipif(os.name == "nt", reason="links need privileges there")
    def test_is_refused_by_links(self, source: AudioSource, tmp_path: Path) -> None:
        (tmp_path / "soft.wav").symlink_to(tmp_path / "in.wav")
        self.refused(source, tmp_path / "soft.wav")
        (tmp_path / "hard.wav").hardlink_to(tmp_path / "in.wav")
        self.refused(source, tmp_path / "hard.wav")

    def test_is_refused_when_decoded(self, tmp_path: Path) -> None:
        path = write(tmp_path / "in.ogg", noise(N), RATE, "VORBIS")
        with open_audio(path) as source:
            self.refused(source, path)


def test_cancel_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"before")
    token = CancelToken()
    shares: list[float] = []

    def progress(share: float, _phrase: str) -> None:
        shares.append(share)
        token.cancel()

    with pytest.raises(CancelledError):
        export_sound(
            renderer_of(integers(noise(N), 16)), tmp_path / "a.wav", progress=progress, cancel=token
        )
    assert len(shares) == 1
    assert files_in(tmp_path) == ["a.wav"]
    assert (tmp_path / "a.wav").read_bytes() == b"before"


def test_progress_rises_to_one(tmp_path: Path) -> None:
    shares: list[float] = []
    export_sound(
        renderer_of(integers(noise(N), 16)), tmp_path / "a.wav",
        progress=lambda share, _: shares.append(share),
    )  # fmt: skip
    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
@pytest.mark.parametrize("room_bytes", [0, 3000, 20_000])
def test_full_disk_leaves_what_was_there(
    tmp_path: Path, name: str, room_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_bytes(b"before")
    monkeypatch.setattr(Path, "open", open_on_full_disk(room_bytes))
    with pytest.raises(FileWriteError, match="no space is left"):
        export_sound(renderer_of(integers(2 * noise(N, 2), 16)), tmp_path / name)
    monkeypatch.undo()
    assert files_in(tmp_path) == [name]
    assert (tmp_path / name).read_bytes() == b"before"


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
def test_full_disk_at_the_very_end(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer = renderer_of(integers(2 * noise(N // 3, 2), 16))
    export_sound(renderer, tmp_path / name)
    size_bytes = (tmp_path / name).stat().st_size
    (tmp_path / name).unlink()
    monkeypatch.setattr(Path, "open", open_on_full_disk(size_bytes - 1))
    with pytest.raises(FileWriteError, match="no space is left"):
        export_sound(renderer, tmp_path / name)
    assert not files_in(tmp_path)


def test_read_only_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path, *_args: object, **_options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "touch", denied)
    with pytest.raises(FileWriteError, match="protected"):
        export_sound(renderer_of(integers(noise(99), 16)), tmp_path / "a.wav")
    assert not files_in(tmp_path)


@pytest.mark.parametrize("name", ["mit Leerzeichen.wav", "žluťoučký 音 🎙.flac", "🎧.ogg", "ü.mp3"])
def test_names_with_anything_in_them(tmp_path: Path, name: str) -> None:
    export_sound(renderer_of(integers(noise(2000), 16)), tmp_path / name)
    assert files_in(tmp_path) == [name]


def test_damaged_recording_leaves_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "in.wav", integers(noise(N), 16), RATE, "PCM_16")
    with open_audio(path) as source:
        renderer = Renderer([source], EDIT)
        os.truncate(path, 5000)
        with pytest.raises(AudioReadError, match="damaged"):
            export_sound(renderer, tmp_path / "out.wav")
    assert files_in(tmp_path) == ["in.wav"]
