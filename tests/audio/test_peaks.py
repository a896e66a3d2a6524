from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_core.audio import peaks
from model_core.audio.peaks import (
    FINEST_BUCKET_SAMPLES,
    PeakBuilder,
    PeakPyramid,
    build_peaks,
    load_peaks,
    save_peaks,
)
from model_core.audio.reading import ArraySource, AudioSource, open_audio
from model_core.errors import CancelledError
from model_core.progress import CancelToken
from tests.audio.sounds import integers, noise, tones, write


def built(source: AudioSource) -> PeakPyramid:
    builder = PeakBuilder(source)
    for _ in builder:
        pass
    return builder.pyramid


def pixel_edges(start: int, stop: int, n_pixels: int) -> list[tuple[int, int]]:
    edges = [start + (stop - start) * pixel // n_pixels for pixel in range(n_pixels + 1)]
    return [(low, max(high, low + 1)) for low, high in itertools.pairwise(edges)]


def as_kept(samples: npt.NDArray[np.float64], dtype: str) -> npt.NDArray[Any]:
    if dtype.startswith("float"):
        return samples.astype(dtype)
    return integers(samples, 8 * np.dtype(dtype).itemsize)


@given(
    n_samples=st.integers(1, 6000),
    place=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    n_pixels=st.integers(1, 400),
    dtype=st.sampled_from(["int16", "int32", "float32", "float64"]),
)
@settings(max_examples=150, deadline=None)
def test_equals_brute_force(
    n_samples: int, place: tuple[float, float], n_pixels: int, dtype: str
) -> None:
    source = ArraySource(as_kept(noise(n_samples, 2, seed=n_samples), dtype), 8000)
    whole = source.read_float(0, n_samples)
    pyramid = built(source)
    start, stop = sorted(round(share * (n_samples - 1)) for share in place)
    stop += 1
    exact = (stop - start) / n_pixels < FINEST_BUCKET_SAMPLES
    reach = 0 if exact else FINEST_BUCKET_SAMPLES
    for channel in range(2):
        minima, maxima = pyramid.range(start, stop, n_pixels, channel)
        assert minima.dtype == maxima.dtype == np.float32
        for pixel, (low, high) in enumerate(pixel_edges(start, stop, n_pixels)):
            seen = whole[low:high, channel]
            around = whole[max(0, low - reach) : high + reach, channel]
            assert around.min() <= minima[pixel] <= seen.min()
            assert seen.max() <= maxima[pixel] <= around.max()


@pytest.mark.parametrize("n_samples", [256, 262_144, 262_145, 900_001])
@pytest.mark.parametrize("n_pixels", [1, 3, 117, 800])
def test_coarse_levels_miss_nothing(n_samples: int, n_pixels: int) -> None:
    source = ArraySource(integers(noise(n_samples, 1), 16), 44100)
    whole = source.read_float(0, n_samples)[:, 0]
    pyramid = built(source)
    for start, stop in [(0, n_samples), (n_samples // 3, n_samples - 1)]:
        minima, maxima = pyramid.range(start, stop, n_pixels, 0)
        reach = (stop - start) / n_pixels
        for pixel, (low, high) in enumerate(pixel_edges(start, stop, n_pixels)):
            seen = whole[low:high]
            wide = int(max(reach, FINEST_BUCKET_SAMPLES))
            around = whole[max(0, low - wide) : high + wide]
            assert around.min() <= minima[pixel] <= seen.min()
            assert seen.max() <= maxima[pixel] <= around.max()


def test_one_click_is_seen_at_every_zoom() -> None:
    n = 2_000_000
    samples = np.zeros((n, 1), np.int16)
    samples[1_234_567] = 20_000
    pyramid = built(ArraySource(samples, 44100))
    for width in (1, 100, 10_000, 300_000, n):
        start = max(0, min(n - width, 1_234_567 - width // 3))
        _, maxima = pyramid.range(start, start + width, 500, 0)
        assert maxima.max() == np.float32(20_000 / 32768)


def test_is_filled_block_by_block() -> None:
    n = 700_000
    source = ArraySource(integers(noise(n, 2), 16), 44100)
    builder = PeakBuilder(source)
    pyramid = builder.pyramid
    assert not pyramid.is_complete
    assert not np.any(pyramid.range(0, n, 100, 0))
    first = builder.step()
    assert first == (0, 262_144)
    assert pyramid.n_ready == 262_144
    minima, maxima = pyramid.range(0, n, 100, 1)
    assert (maxima[:36] > 0).all()
    assert not maxima[40:].any()
    assert not minima[40:].any()
    assert list(builder) == [(262_144, 524_288), (524_288, n)]
    assert pyramid.is_complete
    assert builder.step() is None


def test_integers_stay_small() -> None:
    assert built(ArraySource(integers(noise(999), 16), 8000)).levels[0].dtype == np.int16
    assert built(ArraySource(integers(noise(999), 24), 8000)).levels[0].dtype == np.float32


@pytest.mark.parametrize(
    ("start", "stop", "pixels"), [(0, 0, 5), (-1, 5, 5), (0, 101, 5), (0, 9, 0)]
)
def test_impossible_ranges_are_refused(start: int, stop: int, pixels: int) -> None:
    pyramid = built(ArraySource(noise(100), 8000))
    with pytest.raises(ValueError, match="range to draw"):
        pyramid.range(start, stop, pixels, 0)


class TestCache:
    @pytest.fixture
    def source(self, tmp_path: Path) -> AudioSource:
        return open_audio(write(tmp_path / "a.ogg", tones(400_000, 44100, 2), 44100, "VORBIS"))

    @pytest.fixture
    def folder(self, cache_folder_of_the_test: Path) -> Path:
        return cache_folder_of_the_test / "peaks"

    def test_gives_the_same_again(self, source: AudioSource, folder: Path) -> None:
        assert load_peaks(source) is None
        fresh = build_peaks(source)
        assert len(list(folder.iterdir())) == 1
        cached = load_peaks(source)
        assert cached is not None
        assert cached.is_complete
        for one, other in zip(fresh.levels, cached.levels, strict=True):
            np.testing.assert_array_equal(one, other)
        assert build_peaks(source).levels[0].shape == fresh.levels[0].shape

    @pytest.mark.parametrize("damage", ["empty", "garbage", "cut", "version", "shape", "type"])
    def test_that_is_damaged_is_built_anew(
        self, source: AudioSource, folder: Path, damage: str
    ) -> None:
        fresh = build_peaks(source)
        file = next(folder.iterdir())
        contents: dict[str, Any] = {f"level{i}": level for i, level in enumerate(fresh.levels)}
        contents["version"] = np.int64(1)
        if damage == "empty":
            file.write_bytes(b"")
        elif damage == "garbage":
            file.write_bytes(b"PK\x03\x04" + bytes(100))
        elif damage == "cut":
            file.write_bytes(file.read_bytes()[:-200])
        else:
            if damage == "version":
                contents["version"] = np.int64(999)
            elif damage == "shape":
                contents["level0"] = contents["level0"][:, :-1]
            else:
                contents["level3"] = contents["level3"].astype(object)
            np.savez(file, **contents)
        assert load_peaks(source) is None
        assert build_peaks(source).is_complete
        assert load_peaks(source) is not None

    def test_isnt_used_for_what_is_faster_to_read(self, tmp_path: Path, folder: Path) -> None:
        path = write(tmp_path / "a.wav", integers(noise(9000), 16), 8000, "PCM_16")
        with open_audio(path) as source:
            assert build_peaks(source).is_complete
        assert build_peaks(ArraySource(noise(10), 8000)).is_complete
        assert not folder.exists()

    def test_that_cannot_be_written_is_done_without(
        self, source: AudioSource, folder: Path
    ) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.write_text("a file where the folder should be")
        assert build_peaks(source).is_complete

    def test_is_kept_within_bounds(
        self, source: AudioSource, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(peaks, "CACHE_LIMIT_BYTES", 50_000)
        build_peaks(source)
        other = write(tmp_path / "b.ogg", tones(400_000, 44100, 2)[::-1], 44100, "VORBIS")
        with open_audio(other) as second:
            build_peaks(second)
            assert len(list(folder.iterdir())) == 1
            assert load_peaks(second) is not None

    def test_takes_no_half_pyramid(self, source: AudioSource) -> None:
        builder = PeakBuilder(source)
        builder.step()
        with pytest.raises(ValueError, match="complete"):
            save_peaks(builder.pyramid)

    def test_cancel_stops_the_building(self, source: AudioSource, folder: Path) -> None:
        token = CancelToken()
        with pytest.raises(CancelledError):
            build_peaks(source, progress=lambda *_: token.cancel(), cancel=token)
        assert not list(folder.glob("*"))
