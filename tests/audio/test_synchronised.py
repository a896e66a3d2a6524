"""Several files as one recording: where each of them lies, what is heard, lining up by sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from model_core.audio.features import mel_spectrogram
from model_core.audio.lining_up import line_up
from model_core.audio.mixdown import MixOf, TrackOf, mix_weights
from model_core.audio.peaks import build_peaks, load_peaks
from model_core.audio.reading import open_audio
from model_core.audio.render import Renderer
from model_core.audio.source import ArraySource
from model_core.audio.synchronised import Microphone, open_together
from model_core.edit.mix import TrackLevel, factors
from model_core.edit.types import EditList
from model_core.errors import AudioReadError, EditError

RATE = 16_000


def noise(n_samples: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 3000, (n_samples, channels)).astype(np.int16)


def bursts(n_samples: int, rate: int = RATE, seed: int = 0) -> np.ndarray:
    """Noise that begins and ends at random, in the rhythm of eighths of a second."""
    random = np.random.default_rng(seed)
    steps = random.random(n_samples * 8 // rate + 2) > 0.5
    envelope = np.repeat(steps, rate // 8)[:n_samples] * 0.9 + 0.002
    return (random.normal(0, 0.2, n_samples) * envelope).astype(np.float32)


def write(path: Path, samples: np.ndarray, rate: int = RATE, subtype: str = "PCM_16") -> Path:
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


def pair(tmp_path: Path, offset: int = 0) -> tuple[Microphone, Microphone]:
    one = write(tmp_path / "host.wav", noise(RATE, seed=1))
    other = write(tmp_path / "guest.wav", noise(RATE // 2, 2, seed=2))
    return Microphone(one), Microphone(other, offset)


def test_channels_lie_side_by_side_and_what_is_missing_is_silent(tmp_path: Path) -> None:
    with open_together(pair(tmp_path, 100)) as source:
        assert (source.n_samples, source.channels, source.sample_rate) == (RATE, 3, RATE)
        assert [track.name for track in source.tracks] == ["host", "guest"]
        assert source.dtype == np.int16
        samples = source.read(0, RATE)
    np.testing.assert_array_equal(samples[:, :1], noise(RATE, seed=1))
    np.testing.assert_array_equal(samples[100 : 100 + RATE // 2, 1:], noise(RATE // 2, 2, seed=2))
    assert not samples[:100, 1:].any()
    assert not samples[100 + RATE // 2 :, 1:].any()


@pytest.mark.parametrize("block", [1, 997, 5000])
def test_blocks_are_what_the_whole_is(tmp_path: Path, block: int) -> None:
    with open_together(pair(tmp_path, 4321)) as source:
        whole = source.read(0, source.n_samples)
        starts = range(3000, 9000, block) if block > 1 else range(4318, 4325)
        for start in starts:
            np.testing.assert_array_equal(
                source.read(start, start + block), whole[start : start + block]
            )


def test_a_file_that_begins_before_the_first_one_moves_the_beginning(tmp_path: Path) -> None:
    with open_together(pair(tmp_path, -250)) as source:
        assert [track.offset for track in source.tracks] == [250, 0]
        assert source.n_samples == RATE + 250
        np.testing.assert_array_equal(source.read(0, 1)[0, 1:], noise(1, 2, seed=2)[0])


def test_other_depths_lose_nothing(tmp_path: Path) -> None:
    deep = (np.random.default_rng(3).integers(-(2**23), 2**23, (500, 1)) << 8).astype(np.int32)
    one, _ = pair(tmp_path)
    path = write(tmp_path / "deep.wav", deep, subtype="PCM_24")
    with open_together((one, Microphone(path))) as source:
        assert (source.dtype, source.bits) == (np.int32, 24)
        samples = source.read(0, 500)
    np.testing.assert_array_equal(samples[:, 1:], deep)
    np.testing.assert_array_equal(samples[:, 0] >> 16, noise(RATE, seed=1)[:500, 0])


def test_another_rate_is_converted_and_said(tmp_path: Path) -> None:
    seconds = np.arange(2 * 48_000) / 48_000
    tone = np.sin(2 * np.pi * 440 * seconds) * 0.5
    one = write(tmp_path / "one.wav", noise(2 * RATE))
    other = write(tmp_path / "other.wav", tone, 48_000, "PCM_24")
    with open_together((Microphone(one), Microphone(other))) as source:
        assert source.n_samples == 2 * RATE
        assert source.notes == (
            "other was converted from 48000 Hz to 16000 Hz, the rate of the recording.",
        )
        heard = source.read_float(0, 2 * RATE)[:, 1]
    wanted = np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE) * 0.5
    np.testing.assert_allclose(heard[500:-500], wanted[500:-500], atol=1e-4)


def test_long_files_at_another_rate_go_through_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = write(tmp_path / "one.wav", noise(RATE))
    other = write(tmp_path / "other.wav", noise(22_050, seed=5), 22_050)
    microphones = (Microphone(one), Microphone(other))
    with open_together(microphones) as source:
        wanted = source.read(0, RATE)
    monkeypatch.setattr("model_core.audio.resampling.MEMORY_LIMIT_BYTES", 10)
    for _ in range(2):  # the second time it is there already
        with open_together(microphones) as source:
            np.testing.assert_array_equal(source.read(0, RATE), wanted)


def test_the_network_hears_each_track_as_loud_as_the_other(tmp_path: Path) -> None:
    with open_together(pair(tmp_path)) as source:
        samples = source.read_float(0, 4000)
        mixed = samples[:, 0] + samples[:, 1:].mean(axis=1)
        np.testing.assert_allclose(source.read_mono(0, 4000), mixed, atol=1e-6)
        np.testing.assert_allclose(source.heard.read(0, 4000)[:, 0], mixed, atol=1e-6)
        mel = mel_spectrogram(source)
        alone = mel_spectrogram(source.heard)
    np.testing.assert_allclose(mel, alone, atol=1e-5)


def test_the_hash_tells_how_the_files_lie(tmp_path: Path) -> None:
    hashes = set()
    for offset in (0, 1):
        with open_together(pair(tmp_path, offset)) as source:
            hashes.add(source.content_hash())
            assert source.content_hash() == source.content_hash()
    assert len(hashes) == 2


def test_peaks_of_packed_files_are_kept_by_content(tmp_path: Path) -> None:
    tone = (np.sin(np.arange(RATE) / 10) * 9000).astype(np.int16)[:, None]
    paths = [tmp_path / "one.flac", tmp_path / "two.flac"]
    for index, path in enumerate(paths):
        soundfile.write(path, tone // (index + 1), RATE)
    with open_together([Microphone(path, 300 * i) for i, path in enumerate(paths)]) as source:
        built = build_peaks(source)
        kept = load_peaks(source)
        assert kept is not None
        np.testing.assert_array_equal(kept.levels[0], built.levels[0])
        assert kept.levels[0].shape[0] == 2
    with open_together([Microphone(path) for path in paths]) as source:
        assert load_peaks(source) is None


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("host.wav",), "A recording with several microphones needs at least two files."),
        (("host.wav", "host.wav"), "“host.wav” is there twice."),
    ],
)
def test_files_that_make_no_recording(
    tmp_path: Path, names: tuple[str, ...], sentence: str
) -> None:
    pair(tmp_path)
    with pytest.raises(AudioReadError) as raised:
        open_together([Microphone(tmp_path / name) for name in names])
    assert raised.value.sentence == sentence
    assert raised.value.mend


def test_one_that_cannot_be_read_is_named_and_the_others_are_closed(tmp_path: Path) -> None:
    one, _ = pair(tmp_path)
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF")
    with pytest.raises(AudioReadError, match=r"broken\.wav"):
        open_together((one, Microphone(broken)))
    with pytest.raises(AudioReadError, match=r"gone\.wav"):
        open_together((one, Microphone(tmp_path / "gone.wav")))


def test_what_looks_like_a_mistake_is_said(tmp_path: Path) -> None:
    long = write(tmp_path / "long.wav", noise(30 * 8000), 8000)
    copy = write(tmp_path / "copy.wav", noise(30 * 8000), 8000)
    short = write(tmp_path / "short.wav", np.zeros((8000, 1), np.int16), 8000)
    with open_together([Microphone(path) for path in (long, copy, short)]) as source:
        assert source.notes == (
            "short is 29 s shorter than long; where it has no sound it is silent.",
            "short is silent from beginning to end.",
            "copy seems to hold the same sound as long.",
        )


def test_names_are_never_alike(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    one = write(tmp_path / "mic.wav", noise(100))
    other = write(tmp_path / "b" / "Mic.wav", noise(100, seed=1))
    with open_together((Microphone(one), Microphone(other))) as source:
        assert [track.name for track in source.tracks] == ["mic", "Mic 2"]


# The mix ------------------------------------------------------------------------------------------


def test_tracks_of_an_edit_are_the_files_samples_and_add_up_to_the_mix(tmp_path: Path) -> None:
    edit = EditList.from_ranges([(0, 4000), (9000, 15_000)])
    with open_together(pair(tmp_path, 777)) as source:
        renderer = Renderer([source], edit)
        tracks = [TrackOf(renderer, index) for index in range(2)]
        mix = MixOf(renderer)
        assert [track.length for track in tracks] == [10_000, 10_000]
        one, other = (track.read(0, 10_000) for track in tracks)
        mixed = mix.read(0, 10_000)
    np.testing.assert_array_equal(one[:3000], noise(RATE, seed=1)[:3000])
    np.testing.assert_array_equal(one[5000:], noise(RATE, seed=1)[10_000:15_000])
    np.testing.assert_array_equal(other[777:3000], noise(RATE // 2, 2, seed=2)[: 3000 - 777])
    assert mix.channels == 2
    np.testing.assert_allclose(mixed * 32768, one.astype(float) + other, atol=1e-6)
    assert mix.peak == pytest.approx(np.abs(mixed).max())


def test_gain_mute_and_solo() -> None:
    quieter, muted, soloed = (
        TrackLevel(-20.0), TrackLevel(muted=True), TrackLevel(soloed=True)
    )  # fmt: skip
    assert factors((), 2) == (1.0, 1.0)
    assert factors((quieter, muted), 3) == pytest.approx((0.1, 0.0, 1.0))
    assert factors((quieter, soloed), 3) == (0.0, 1.0, 0.0)
    assert factors((TrackLevel(muted=True, soloed=True),), 2) == (0.0, 0.0)
    with pytest.raises(EditError):
        TrackLevel(float("nan"))


def test_stereo_tracks_keep_their_sides(tmp_path: Path) -> None:
    with open_together(pair(tmp_path)) as source:
        weights = mix_weights(source.tracks, (TrackLevel(), TrackLevel(muted=True)), 2)
        assert weights.tolist() == [[1, 1], [0, 0], [0, 0]]
        assert mix_weights(source.tracks, (), 2).tolist() == [[1, 1], [1, 0], [0, 1]]
        assert mix_weights(source.tracks, (), 1).tolist() == [[1], [0.5], [0.5]]


# Lining up ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("offset", [-30_000, 0, 1234, 50_001])
def test_lining_up_finds_the_sample(offset: int) -> None:
    scene = bursts(16 * RATE)
    hiss = np.random.default_rng(9).normal(0, 0.003, (2, scene.size)).astype(np.float32)
    ours, theirs = scene + hiss[0], 0.2 * scene + hiss[1]
    start = max(0, offset)
    found = line_up(ArraySource(ours[max(0, -offset) :], RATE), ArraySource(theirs[start:], RATE))
    assert found is not None
    assert found.is_exact
    assert found.offset == offset
    assert found.drift_ppm is None


def test_lining_up_hears_clocks_run_apart() -> None:
    rate = 8000
    scene = bursts(150 * rate, rate)
    slow = np.interp(np.arange(scene.size) * (1 - 100e-6), np.arange(scene.size), scene)
    found = line_up(ArraySource(scene, rate), ArraySource(slow.astype(np.float32), rate))
    assert found is not None
    assert found.drift_ppm == pytest.approx(100, abs=5)
    assert found.drift_ms_an_hour == pytest.approx(360, abs=18)


def test_lining_up_says_when_there_is_nothing_in_common() -> None:
    one = ArraySource(bursts(20 * RATE, seed=1), RATE)
    assert line_up(one, ArraySource(bursts(20 * RATE, seed=2), RATE)) is None
    assert line_up(one, ArraySource(np.zeros(5 * RATE, np.float32), RATE)) is None
    assert line_up(one, ArraySource(bursts(10, seed=2), RATE)) is None


def test_lining_up_works_between_rates(tmp_path: Path) -> None:
    scene = bursts(12 * 48_000, 48_000)
    one = write(tmp_path / "one.wav", scene, 48_000)
    other = write(tmp_path / "other.wav", scene[48_000 * 2 :: 3], RATE)
    with open_audio(one) as ours, open_audio(other) as theirs:
        found = line_up(ours, theirs)
    assert found is not None
    assert abs(found.offset - 2 * 48_000) <= 3
