from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyloudnorm
import pytest
import soundfile as sf
from scipy import signal

from model_core.audio.reading import ArraySource
from model_core.audio.render import Renderer
from model_core.edit.types import EditList
from model_core.errors import CancelledError, FileWriteError
from model_core.export.levelling import LoudnessTarget, levelled, planned_level
from model_core.export.loudness import SILENT_LUFS, LoudnessMeter, PeakMeter
from model_core.export.sound import export_sound
from model_core.progress import CancelToken
from tests.audio.sounds import integers, noise, tones

Floats = npt.NDArray[np.float64]


def speechlike(seconds: float, rate: int, channels: int = 1) -> Floats:
    """Noise in words and pauses, with peaks far above its loudness."""
    n = round(seconds * rate)
    t = np.arange(n) / rate
    words = np.clip(np.sin(2 * np.pi * 0.7 * t), 0, 1) ** 2
    sound = 0.05 * np.random.default_rng(3).standard_normal((n, channels)) * words[:, None]
    sound[:: rate // 2] *= 12
    return sound


def measured(samples: Floats, rate: int, block: int = 4096) -> tuple[float, float]:
    loudness = LoudnessMeter(rate, samples.shape[1])
    peaks = PeakMeter(rate, samples.shape[1])
    for part in in_blocks(samples, block):
        loudness.add(part)
        peaks.add(part)
    return loudness.integrated_lufs(), 20 * np.log10(peaks.finish())


def in_blocks(samples: Floats, block: int) -> Iterator[Floats]:
    for start in range(0, len(samples), block):
        yield samples[start : start + block]


def true_peak_db(samples: Floats) -> float:
    """The peak of the band-limited curve through the samples, by a long filter of scipy's."""
    fine = signal.resample_poly(samples, 8, 1, axis=0, window=("kaiser", 9.0))
    return float(20 * np.log10(np.abs(fine).max()))


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 96000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("kind", [speechlike, "tones"])
def test_loudness_is_that_of_pyloudnorm(rate: int, channels: int, kind: object) -> None:
    samples = (
        tones(5 * rate, rate, channels) if kind == "tones" else speechlike(7.3, rate, channels)
    )
    reference = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(samples)
    assert measured(samples, rate)[0] == pytest.approx(reference, abs=0.05)


def test_the_standards_own_tone() -> None:
    # BS.1770: a 997 Hz sine at full scale on one channel is -3.01 LUFS; EBU 3341: two at -23 dBFS
    # are -23 LUFS.
    t = np.arange(5 * 48000) / 48000
    sine = np.sin(2 * np.pi * 997 * t)[:, None]
    assert measured(sine, 48000)[0] == pytest.approx(-3.01, abs=0.02)
    quiet = 10 ** (-23 / 20) * np.repeat(sine, 2, axis=1)
    assert measured(quiet, 48000)[0] == pytest.approx(-23.0, abs=0.05)


def test_pauses_do_not_count() -> None:
    sound = tones(5 * 48000, 48000)
    quiet = np.concatenate([sound, 0.001 * noise(20 * 48000)])
    assert measured(quiet, 48000)[0] == pytest.approx(measured(sound, 48000)[0], abs=0.2)


@pytest.mark.parametrize("block", [1, 77, 4800, 10**6])
def test_blocks_make_no_difference(block: int) -> None:
    samples = speechlike(0.5 if block == 1 else 3, 8000, 2)
    assert measured(samples, 8000, block) == pytest.approx(measured(samples, 8000))


def test_silence_and_moments() -> None:
    assert measured(np.zeros((48000, 2)) + 1e-30, 48000)[0] == SILENT_LUFS
    assert LoudnessMeter(48000, 1).integrated_lufs() == SILENT_LUFS
    assert measured(tones(4800, 48000), 48000)[0] == pytest.approx(
        measured(tones(48000, 48000), 48000)[0], abs=3
    )


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 96000, 192_000])
def test_true_peak_between_the_samples(rate: int) -> None:
    t = np.arange(rate) / rate
    # At a quarter of the rate and 45 degrees, every sample is 3 dB below the sine's own peak.
    sine = (
        np.sin(2 * np.pi * rate / 4 * t + np.pi / 4)[:, None] * signal.windows.tukey(rate)[:, None]
    )
    peak_db = measured(sine, rate, 1000)[1]
    if rate < 192_000:  # beyond, samples are taken as they are
        assert peak_db == pytest.approx(0.0, abs=0.15)
    assert measured(0.5 * sine, rate)[1] == pytest.approx(peak_db - 6.02, abs=0.01)


@pytest.mark.parametrize("rate", [16000, 44100])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("lufs", [-23.0, -16.0, -12.0])
def test_loudness_and_true_peak_are_reached(rate: int, channels: int, lufs: float) -> None:
    samples = speechlike(4, rate, channels)
    target = LoudnessTarget(lufs)
    level = planned_level(lambda: in_blocks(samples, 5000), target, rate, channels)
    out = np.concatenate(list(levelled(in_blocks(samples, 5000), level, rate, channels)))
    assert out.shape == samples.shape
    reference = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(out)
    assert reference == pytest.approx(lufs, abs=0.3)
    assert true_peak_db(out) <= target.true_peak_db + 0.05


@pytest.mark.parametrize("block", [200, 999, 100_000])
def test_limiting_depends_on_no_block(block: int) -> None:
    samples = speechlike(2, 16000, 2)
    level = planned_level(lambda: in_blocks(samples, 700), LoudnessTarget(-14.0), 16000, 2)
    assert level.ceiling is not None
    whole = np.concatenate(list(levelled(iter([samples]), level, 16000, 2)))
    parts = np.concatenate(list(levelled(in_blocks(samples, block), level, 16000, 2)))
    np.testing.assert_allclose(parts, whole, atol=1e-9)


def test_limiting_leaves_alone_what_is_far_from_peaks() -> None:
    samples = 0.01 * noise(48000)
    samples[24000] = 1.0
    level = planned_level(lambda: iter([samples]), LoudnessTarget(-30.0), 48000, 1)
    gain = 10 ** (level.gain_db / 20)
    out = np.concatenate(list(levelled(iter([samples]), level, 48000, 1)))
    far = np.abs(np.arange(48000) - 24000) > 0.025 * 48000
    np.testing.assert_allclose(out[far], samples[far] * gain, rtol=1e-9)
    assert true_peak_db(out) <= -0.95


def test_notes_say_what_was_done() -> None:
    def notes(samples: Floats, lufs: float) -> str:
        level = planned_level(lambda: iter([samples]), LoudnessTarget(lufs), 8000, 1)
        return " ".join(level.notes)

    assert "to -30.0 LUFS" in notes(tones(16000, 8000), -30.0)
    assert "silent" in notes(np.zeros((8000, 1)), -16.0)
    assert "by 40 dB and no more" in notes(0.01 * tones(16000, 8000), -10.0)
    assert "held below -1 dBTP" in notes(speechlike(3, 8000), -14.0)
    square = np.sign(tones(16000, 8000))
    assert "can't be had" in notes(square * np.linspace(0.1, 1, 16000)[:, None], -0.5)


@pytest.mark.parametrize(("lufs", "peak"), [(0.0, -1.0), (float("nan"), -1.0), (-16.0, 1.0)])
def test_what_makes_no_sense_is_refused(lufs: float, peak: float) -> None:
    with pytest.raises(FileWriteError):
        LoudnessTarget(lufs, peak)


class TestExport:
    @pytest.fixture
    def renderer(self) -> Renderer:
        samples = integers(speechlike(4, 44100, 2), 16)
        return Renderer([ArraySource(samples, 44100)], EditList.whole(len(samples)))

    @pytest.mark.parametrize(
        ("name", "rate", "tolerance_db"),
        [("a.wav", None, 0.1), ("a.flac", 48000, 0.1), ("a.ogg", None, 1.5)],
    )
    def test_the_file_has_the_loudness(
        self, renderer: Renderer, tmp_path: Path, name: str, rate: int | None, tolerance_db: float
    ) -> None:
        written = export_sound(
            renderer, tmp_path / name, sample_rate=rate, loudness=LoudnessTarget(-16.0)
        )
        samples, read_rate = sf.read(tmp_path / name, always_2d=True)
        reference = pyloudnorm.Meter(read_rate, filter_class="DeMan").integrated_loudness(samples)
        assert reference == pytest.approx(-16.0, abs=0.3)
        assert true_peak_db(samples) <= -1.0 + tolerance_db
        assert "The loudness was brought from" in written.notes[0]
        assert len(samples) == written.n_samples

    def test_left_alone_without_a_target(self, renderer: Renderer, tmp_path: Path) -> None:
        export_sound(renderer, tmp_path / "a.wav")
        samples, _ = sf.read(tmp_path / "a.wav", dtype="int16")
        np.testing.assert_array_equal(samples, renderer.read(0, renderer.length))

    def test_progress_rises_and_cancel_leaves_nothing(
        self, renderer: Renderer, tmp_path: Path
    ) -> None:
        token = CancelToken()
        shares: list[float] = []

        def progress(share: float, phrase: str) -> None:
            shares.append(share)
            if phrase == "Exporting":
                token.cancel()

        with pytest.raises(CancelledError):
            export_sound(
                renderer,
                tmp_path / "a.wav",
                loudness=LoudnessTarget(-16.0),
                progress=progress,
                cancel=token,
            )
        assert shares == sorted(shares)
        assert not list(tmp_path.iterdir())
