from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile as sf

from model_core.audio import spool
from model_core.audio.reading import ArraySource, AudioSource, open_audio
from model_core.errors import AudioReadError, CancelledError
from model_core.progress import CancelToken
from tests.audio.sounds import (
    encode_with_ffmpeg,
    film_without_sound,
    integers,
    noise,
    open_on_full_disk,
    tones,
    write,
)

RATE = 44100


def assert_reads_exactly(source: AudioSource, seed: int = 0) -> None:
    """Whatever is read from wherever is what the whole has there."""
    whole = np.concatenate(list(source.blocks(10_007)))
    assert whole.shape == (source.n_samples, source.channels)
    assert whole.dtype == source.dtype
    rng = np.random.default_rng(seed)
    for _ in range(60):
        start = int(rng.integers(0, source.n_samples))
        stop = int(rng.integers(start, min(source.n_samples, start + 5000) + 1))
        np.testing.assert_array_equal(source.read(start, stop), whole[start:stop])


@pytest.mark.parametrize(
    ("name", "encoding", "bits", "dtype"),
    [
        ("a.wav", "PCM_U8", 8, "int16"),
        ("a.wav", "PCM_16", 16, "int16"),
        ("a.wav", "PCM_24", 24, "int32"),
        ("a.wav", "PCM_32", 32, "int32"),
        ("a.aiff", "PCM_16", 16, "int16"),
        ("a.aiff", "PCM_24", 24, "int32"),
        ("a.flac", "PCM_16", 16, "int16"),
        ("a.flac", "PCM_24", 24, "int32"),
        ("a.w64", "PCM_16", 16, "int16"),
        ("a.caf", "PCM_24", 24, "int32"),
        ("a.rf64", "PCM_16", 16, "int16"),
    ],
)
def test_integers_are_read_bit_for_bit(
    tmp_path: Path, name: str, encoding: str, bits: int, dtype: str
) -> None:
    samples = integers(noise(30_000, 2), bits)
    path = write(tmp_path / name, samples, RATE, encoding)
    with open_audio(path) as source:
        assert (source.sample_rate, source.channels, source.n_samples) == (RATE, 2, 30_000)
        assert (source.dtype, source.bits, source.lossy) == (np.dtype(dtype), bits, False)
        assert source.path == path
        assert source.encoding == encoding
        assert not source.notes
        np.testing.assert_array_equal(source.read(0, 30_000), samples)
        assert_reads_exactly(source)


@pytest.mark.parametrize(("encoding", "dtype"), [("FLOAT", "float32"), ("DOUBLE", "float64")])
def test_floats_are_read_bit_for_bit(tmp_path: Path, encoding: str, dtype: str) -> None:
    samples = (noise(9000, 2) * 20).astype(dtype)  # beyond full scale, too
    with open_audio(write(tmp_path / "a.wav", samples, RATE, encoding)) as source:
        assert source.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(source.read(0, 9000), samples)
        np.testing.assert_array_equal(source.read_float(0, 9000), samples.astype(np.float32))


@pytest.mark.parametrize(
    ("name", "encoding", "rate"),
    [
        ("a.ogg", "VORBIS", 44100),
        ("a.opus", "OPUS", 48000),
        ("a.mp3", "MPEG_LAYER_III", 44100),
        ("a.wav", "IMA_ADPCM", 44100),
        ("a.wav", "ULAW", 8000),
    ],
)
def test_lossy_files_are_read_exactly_from_anywhere(
    tmp_path: Path, name: str, encoding: str, rate: int
) -> None:
    samples = tones(5 * rate, rate, 2) + noise(5 * rate, 2)
    path = tmp_path / name
    if encoding == "OPUS":
        sf.write(path, samples, rate, format="OGG", subtype="OPUS")
    else:
        write(path, samples, rate, encoding)
    expected, _ = sf.read(path, dtype="float32", always_2d=True)
    with open_audio(path) as source:
        assert source.lossy
        assert source.bits == 16
        assert not source.notes
        assert (source.n_samples, source.sample_rate) == (len(expected), rate)
        np.testing.assert_allclose(source.read_float(0, len(expected)), expected, atol=1e-4)
        assert_reads_exactly(source)


@pytest.mark.corpus
def test_real_vorbis_is_read_exactly_from_anywhere() -> None:
    folder = Path(__file__).parents[3] / "shared" / "audio" / "demo"
    if not folder.is_dir():
        pytest.skip("the audio folder isn't beside the project")
    for path in sorted(folder.glob("*.ogg"))[:3]:
        with open_audio(path) as source:
            assert_reads_exactly(source)


@pytest.mark.parametrize(
    ("name", "codec", "sample_format", "rate"),
    [
        ("a.m4a", "aac", "fltp", 44100),
        ("a.mp4", "aac", "fltp", 48000),
        ("a.webm", "libopus", "flt", 48000),
        ("a.mkv", "aac", "fltp", 22050),
        ("a.aac", "aac", "fltp", 44100),
    ],
)
def test_lossy_containers_are_decoded(
    tmp_path: Path, name: str, codec: str, sample_format: str, rate: int
) -> None:
    samples = tones(3 * rate, rate, 2).astype(np.float32)
    path = encode_with_ffmpeg(tmp_path / name, samples, rate, codec, sample_format)
    with open_audio(path) as source:
        assert (source.sample_rate, source.channels) == (rate, 2)
        assert source.dtype == np.float32
        assert source.lossy
        assert not source.notes
        assert abs(source.n_samples - 3 * rate) <= 4096
        # PyAV's muxer doesn't note the 1024 samples by which its AAC encoder is late.
        shares = []
        for late in (0, 1024):
            decoded = source.read_float(late, late + 2 * rate)
            shares.append(float(np.vdot(decoded, samples[: 2 * rate])))
        assert max(shares) / np.sum(samples[: 2 * rate] ** 2) == pytest.approx(1, abs=0.1)
        assert_reads_exactly(source)


@pytest.mark.parametrize(
    ("name", "codec", "sample_format", "bits"),
    [
        ("a.m4a", "alac", "s16p", 16),
        ("a.m4a", "alac", "s32p", 24),
        ("a.mkv", "pcm_s16le", "s16", 16),
        ("a.mkv", "pcm_s24le", "s32", 24),
        ("a.mkv", "pcm_s32le", "s32", 32),
        ("a.mov", "pcm_s16le", "s16", 16),
    ],
)
def test_lossless_containers_are_decoded_bit_for_bit(
    tmp_path: Path, name: str, codec: str, sample_format: str, bits: int
) -> None:
    samples = integers(noise(20_000, 2), bits)
    path = encode_with_ffmpeg(tmp_path / name, samples, RATE, codec, sample_format)
    with open_audio(path) as source:
        assert (source.dtype, source.bits, source.lossy) == (samples.dtype, bits, False)
        np.testing.assert_array_equal(source.read(0, source.n_samples)[:20_000], samples)


def test_several_tracks_are_told(tmp_path: Path) -> None:
    samples = tones(RATE, RATE).astype(np.float32)
    path = encode_with_ffmpeg(tmp_path / "a.mkv", samples, RATE, "aac", "fltp", tracks=2)
    with open_audio(path) as source:
        assert "2 sound tracks" in source.notes[0]


@pytest.mark.parametrize("channels", range(1, 9))
@pytest.mark.parametrize("rate", [8000, 192_000])
def test_all_channels_and_rates(tmp_path: Path, channels: int, rate: int) -> None:
    samples = integers(noise(2000, channels), 16)
    with open_audio(write(tmp_path / "a.wav", samples, rate, "PCM_16")) as source:
        assert (source.channels, source.sample_rate) == (channels, rate)
        np.testing.assert_array_equal(source.read(0, 2000), samples)
        mean = (samples.astype(np.float64) / 2**15).mean(axis=1)
        np.testing.assert_allclose(source.read_mono(0, 2000), mean, atol=1e-7)


@pytest.mark.parametrize(
    "name", ["mit Leerzeichen.wav", "žluťoučký 音 🎙.flac", "a'b\"c.wav", "-x.wav"]
)
def test_names_with_anything_in_them(tmp_path: Path, name: str) -> None:
    if os.name == "nt" and '"' in name:
        pytest.skip("Windows has no such names")
    with open_audio(write(tmp_path / name, integers(noise(500), 16), RATE, "PCM_16")) as source:
        assert source.n_samples == 500


def test_unusual_names_reach_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = tones(RATE, RATE).astype(np.float32)
    folder = tmp_path / "žluťoučký kůň"
    folder.mkdir()
    monkeypatch.chdir(folder)
    encode_with_ffmpeg(folder / "a.m4a", samples, RATE, "aac", "fltp")
    with open_audio((folder / "a.m4a").rename(folder / "pipe 音.m4a").name) as source:
        assert source.sample_rate == RATE


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
def test_one_sample(tmp_path: Path, name: str) -> None:
    sf.write(tmp_path / name, np.full((1, 2), 0.5), RATE)
    with open_audio(tmp_path / name) as source:
        assert source.n_samples == 1
        assert source.read(0, 1).shape == (1, 2)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
def test_silence(tmp_path: Path, name: str) -> None:
    sf.write(tmp_path / name, np.zeros((RATE, 2)), RATE)
    with open_audio(tmp_path / name) as source:
        assert np.abs(source.read_float(0, RATE)).max() < 1e-4


def test_what_is_no_number_is_silence_and_is_told(tmp_path: Path) -> None:
    samples = noise(1000, 2).astype(np.float32)
    samples[10] = np.nan
    samples[20, 1] = np.inf
    samples[30, 0] = -np.inf
    with open_audio(write(tmp_path / "a.wav", samples, RATE, "FLOAT")) as source:
        source.read(100, 1000)
        assert not source.notes
        read = source.read(0, 1000)
        source.read(0, 1000)
        assert len(source.notes) == 1
        assert "aren't numbers" in source.notes[0]
    expected = np.where(np.isfinite(samples), samples, 0)
    np.testing.assert_array_equal(read, expected)


def test_what_is_no_number_is_told_of_decoded_files_too(tmp_path: Path) -> None:
    samples = noise(5000, 2).astype(np.float32)
    samples[10] = np.nan
    path = encode_with_ffmpeg(tmp_path / "a.mkv", samples, RATE, "pcm_f32le", "flt")
    with open_audio(path) as source:
        assert not source.read(10, 11).any()
        np.testing.assert_array_equal(source.read(11, 5000), samples[11:])
        assert "aren't numbers" in source.notes[0]


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("a.wav", "PCM_16"),
        ("a.wav", "PCM_24"),
        ("a.aiff", "PCM_16"),
        ("a.flac", "PCM_16"),
        ("a.ogg", "VORBIS"),
        ("a.mp3", "MPEG_LAYER_III"),
        ("a.wav", "IMA_ADPCM"),
    ],
)
@pytest.mark.parametrize("share", [0.4, 0.9])
def test_truncated_files_give_what_is_there(
    tmp_path: Path, name: str, encoding: str, share: float, capfd: pytest.CaptureFixture[str]
) -> None:
    samples = tones(8 * RATE, RATE, 2) + noise(8 * RATE, 2)
    path = write(tmp_path / name, samples, RATE, encoding)
    expected, _ = sf.read(path, dtype="float32")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with open_audio(path) as source:
        assert len(source.notes) == 1
        assert "cut short" in source.notes[0]
        assert f"{source.n_samples / RATE:.1f} s" in source.notes[0]
        assert abs(source.n_samples / RATE - 8 * share) < 0.8
        read = source.read_float(0, source.n_samples)
        safe = source.n_samples - 4096  # a lossy coder's last frame lacks what overlaps it
        np.testing.assert_allclose(read[:safe], expected[:safe], atol=1e-4)
        assert_reads_exactly(source)
    assert capfd.readouterr().err == ""


def test_truncated_webm(tmp_path: Path) -> None:
    samples = tones(8 * 48000, 48000, 2).astype(np.float32)
    path = encode_with_ffmpeg(tmp_path / "a.webm", samples, 48000, "libopus", "flt")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with open_audio(path) as source:
        assert "cut short" in source.notes[0]
        assert 2 < source.duration_s < 6


def test_wav_of_a_pipe_is_not_called_cut_short(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", integers(noise(500), 16), RATE, "PCM_16")
    data = bytearray(path.read_bytes())
    data[4:8] = b"\xff\xff\xff\xff"
    data[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    with open_audio(path) as source:
        assert source.n_samples == 500
        assert not source.notes


@pytest.mark.parametrize("rate", [0, 3, 0x7FFFFFFF])
def test_impossible_rates_are_refused(tmp_path: Path, rate: int) -> None:
    path = write(tmp_path / "a.wav", integers(noise(500), 16), RATE, "PCM_16")
    data = bytearray(path.read_bytes())
    data[24:28] = rate.to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(AudioReadError):
        open_audio(path)


def test_damage_inside_a_flac_is_told_when_it_is_met(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", integers(noise(10 * RATE), 16), RATE, "PCM_16")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 20_000] = bytes(20_000)
    path.write_bytes(data)
    with open_audio(path) as source:
        source.read(0, RATE)
        with pytest.raises(AudioReadError, match="damaged"):
            source.read(0, source.n_samples)
        source.read(0, RATE)


def _nothing(_path: Path) -> None:
    pass


def _text(path: Path) -> None:
    path.write_text("This is no sound.\n" * 500)


def _cut_header(path: Path) -> None:
    sf.write(path, np.zeros(RATE), RATE)
    path.write_bytes(path.read_bytes()[:30])


@pytest.mark.parametrize(
    ("name", "make", "sentence"),
    [
        ("missing.wav", _nothing, "doesn't exist"),
        ("folder.wav", lambda path: path.mkdir(), "is a folder"),
        ("empty.wav", lambda path: path.touch(), "is empty"),
        ("empty.mp3", lambda path: path.touch(), "is empty"),
        ("text.wav", _text, "isn't a sound file"),
        ("text.mp3", _text, "isn't a sound file"),
        ("text.m4a", _text, "isn't a sound file"),
        ("zeros.wav", lambda path: path.write_bytes(bytes(5000)), "isn't a sound file"),
        ("random.mp3", lambda path: path.write_bytes(np.random.default_rng(0).bytes(9999)),
         "isn't a sound file"),
        ("header.wav", _cut_header, "isn't a sound file"),
        ("header.flac", _cut_header, "sound"),
        ("header.ogg", _cut_header, "isn't a sound file"),
        ("header.mp3", _cut_header, "isn't a sound file"),
        ("list.wav", lambda path: path.write_text("#EXTM3U\n#EXTINF:1,\nhttp://localhost/a.wav\n"),
         "isn't a sound file"),
        ("headerless.raw", lambda path: path.write_bytes(bytes(5000)), "isn't a sound file"),
        ("none.wav", lambda path: sf.write(path, np.zeros((0, 2)), RATE), "its length is zero"),
        ("none.ogg", lambda path: sf.write(path, np.zeros((0, 2)), RATE), "No sound"),
        ("film.mp4", film_without_sound, "pictures but no sound"),
        ("film.mkv", film_without_sound, "pictures but no sound"),
        ("null\0.wav", _nothing, "isn't the name of a file"),
    ],
)  # fmt: skip
def test_what_is_no_recording_is_refused_in_a_sentence(
    tmp_path: Path, name: str, make: object, sentence: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    assert callable(make)
    make(path)
    with pytest.raises(AudioReadError, match=sentence) as caught:
        open_audio(path)
    assert str(caught.value).endswith(".")
    assert capfd.readouterr().err == ""


def test_index_of_an_m4a_is_missing(tmp_path: Path) -> None:
    samples = tones(RATE, RATE).astype(np.float32)
    path = encode_with_ffmpeg(tmp_path / "a.m4a", samples, RATE, "aac", "fltp")
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(AudioReadError, match="badly damaged"):
        open_audio(path)


def test_permission_denied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.wav", integers(noise(500), 16), RATE, "PCM_16")

    def denied(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(AudioReadError, match="permission was denied"):
        open_audio(path)


@pytest.mark.skipif(os.name == "nt", reason="devices are files on POSIX systems only")
def test_devices_are_refused() -> None:
    with pytest.raises(AudioReadError, match="is a device"):
        open_audio("/dev/zero")


def test_ranges_beyond_the_recording_are_an_error() -> None:
    source = ArraySource(noise(100), 8000)
    for start, stop in [(-1, 5), (0, 101), (50, 40), (101, 101)]:
        with pytest.raises(ValueError, match="isn't within"):
            source.read(start, stop)
    assert source.read(100, 100).shape == (0, 1)
    assert source.read_mono(7, 7).shape == (0,)


def test_reading_after_closing_is_an_error(tmp_path: Path) -> None:
    source = open_audio(write(tmp_path / "a.wav", integers(noise(500), 16), RATE, "PCM_16"))
    source.close()
    source.close()
    with pytest.raises(AudioReadError, match="closed"):
        source.read(0, 10)


def test_threads_do_not_disturb_each_other(tmp_path: Path) -> None:
    samples = integers(noise(200_000, 2), 16)
    with open_audio(write(tmp_path / "a.flac", samples, RATE, "PCM_16")) as source:
        starts = np.random.default_rng(0).integers(0, 190_000, 400)

        def matches(start: int) -> bool:
            return np.array_equal(source.read(start, start + 500), samples[start : start + 500])

        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(matches, starts.tolist()))


def test_content_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ogg", noise(500), RATE, "VORBIS")
    expected = hashlib.blake2b(path.read_bytes(), digest_size=20).hexdigest()
    with open_audio(path) as source:
        assert source.content_hash() == expected


def test_array_source_hash_depends_on_all() -> None:
    samples = integers(noise(50), 16)
    hashes = {
        ArraySource(samples, 8000).content_hash(),
        ArraySource(samples, 8001).content_hash(),
        ArraySource(samples[:-1], 8000).content_hash(),
        ArraySource(samples.reshape(-1, 2), 8000).content_hash(),
    }
    assert len(hashes) == 4


@pytest.mark.parametrize(
    "bad", [np.zeros(5, np.int64), np.zeros((5, 2, 2), np.int16), np.zeros((5, 0), np.int16)]
)
def test_array_source_refuses_other_arrays(bad: npt.NDArray[np.generic]) -> None:
    with pytest.raises(ValueError, match="samples"):
        ArraySource(bad, 8000)


class TestLongDecodedFiles:
    """Beyond a size, decoded samples lie in a file of the cache."""

    @pytest.fixture
    def path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(spool, "MEMORY_LIMIT_BYTES", 100_000)
        return write(tmp_path / "a.ogg", tones(5 * RATE, RATE, 2), RATE, "VORBIS")

    def test_are_the_same(self, path: Path, cache_folder_of_the_test: Path) -> None:
        expected, _ = sf.read(path, dtype="float32")
        for _ in range(2):
            with open_audio(path) as source:
                assert (source.container, source.encoding, source.lossy) == ("OGG", "VORBIS", True)
                assert source.path == path
                np.testing.assert_array_equal(source.read(0, source.n_samples), expected)
                assert_reads_exactly(source)
        assert len(list((cache_folder_of_the_test / "decoded").glob("*.w64"))) == 1

    def test_are_not_decoded_again(self, path: Path) -> None:
        shares: list[float] = []
        open_audio(path, progress=lambda share, _: shares.append(share)).close()
        assert shares
        assert shares == sorted(shares)
        again: list[float] = []
        open_audio(path, progress=lambda share, _: again.append(share)).close()
        assert not again

    @pytest.mark.parametrize("victim", ["*.w64", "*.json"])
    @pytest.mark.parametrize("damage", [b"", b"{}", b"garbage"])
    def test_survive_a_damaged_cache(
        self, path: Path, cache_folder_of_the_test: Path, victim: str, damage: bytes
    ) -> None:
        expected, _ = sf.read(path, dtype="float32")
        open_audio(path).close()
        next((cache_folder_of_the_test / "decoded").glob(victim)).write_bytes(damage)
        with open_audio(path) as source:
            np.testing.assert_array_equal(source.read(0, source.n_samples), expected)

    def test_cancel_leaves_nothing(self, path: Path, cache_folder_of_the_test: Path) -> None:
        token = CancelToken()
        with pytest.raises(CancelledError):
            open_audio(path, progress=lambda *_: token.cancel(), cancel=token)
        assert not [p for p in cache_folder_of_the_test.rglob("*") if p.is_file()]

    def test_full_disk_is_told(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Path, "open", open_on_full_disk(300_000))
        with pytest.raises(AudioReadError, match="no space is left") as caught:
            open_audio(path)
        assert "EDITORBOT_CACHE_DIR" in caught.value.mend

    def test_cache_is_kept_within_bounds(
        self, path: Path, cache_folder_of_the_test: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(spool, "CACHE_LIMIT_BYTES", 3_000_000)
        open_audio(path).close()
        other = write(path.with_name("b.ogg"), tones(5 * RATE, RATE, 2)[::-1], RATE, "VORBIS")
        open_audio(other).close()
        assert len(list((cache_folder_of_the_test / "decoded").glob("*.w64"))) == 1
