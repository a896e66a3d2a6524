from __future__ import annotations

import subprocess
import sys
import time

import librosa
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_core.audio.features import (
    MelSettings,
    mel_filterbank,
    mel_from_array,
    mel_spectrogram,
)
from model_core.audio.source import ArraySource
from model_core.errors import CancelledError
from model_core.progress import CancelToken

TOLERANCE = 1e-4

pytestmark = pytest.mark.filterwarnings("ignore:n_fft=2048 is too large")  # librosa's remark


def librosa_mel(samples: npt.NDArray[np.float32], sample_rate: int) -> npt.NDArray[np.float32]:
    """What the front end has to equal, for samples of shape [n, C]."""
    mono = librosa.to_mono(samples.T)
    if sample_rate != 22050:
        mono = librosa.resample(mono, orig_sr=sample_rate, target_sr=22050)
    power = librosa.feature.melspectrogram(y=mono, sr=22050, n_fft=2048, hop_length=256, n_mels=128)
    decibels = librosa.power_to_db(power, ref=np.max, top_db=80)
    return np.clip((decibels + 80) / 80, 0, 1)


def music(
    seconds: float, sample_rate: int, channels: int, seed: int = 0
) -> npt.NDArray[np.float32]:
    """Chords, a beat, noise and a silence: something in every band and at every level."""
    rng = np.random.default_rng(seed)
    n = round(seconds * sample_rate)
    t = np.arange(n) / sample_rate
    out = np.zeros((n, channels))
    for channel in range(channels):
        for pitch_hz in rng.uniform(60, 4000, 6):
            out[:, channel] += 0.1 * np.sin(2 * np.pi * pitch_hz * t) * np.exp(-(t * 2 % 1))
        out[:, channel] += rng.standard_normal(n) * 10 ** (-5 + 4 * (t / max(seconds, 1e-9)))
    out[n // 3 : n // 2] = 0
    return out.astype(np.float32)


@pytest.mark.parametrize("sample_rate", [8000, 16000, 22050, 32000, 44100, 48000, 96000, 192000])
@pytest.mark.parametrize("seconds", [0.011, 0.2, 2.0])
def test_equals_librosa_at_every_rate(sample_rate: int, seconds: float) -> None:
    samples = music(seconds, sample_rate, 2)
    ours = mel_spectrogram(ArraySource(samples, sample_rate))
    theirs = librosa_mel(samples, sample_rate)
    assert ours.shape == theirs.shape
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize(
    "n_samples", [1, 2, 255, 256, 257, 1023, 1024, 1025, 2047, 2048, 2049, 5120]
)
def test_equals_librosa_at_every_length(n_samples: int) -> None:
    samples = np.random.default_rng(n_samples).standard_normal(n_samples).astype(np.float32)
    ours = mel_from_array(samples)
    assert ours.shape == (128, 1 + n_samples // 256)
    np.testing.assert_allclose(
        ours, librosa_mel(samples[:, np.newaxis], 22050), atol=TOLERANCE, rtol=0
    )


def test_equals_librosa_over_several_blocks_and_channels() -> None:
    samples = music(21.7, 44100, 3)
    ours = mel_spectrogram(ArraySource(samples, 44100))
    np.testing.assert_allclose(ours, librosa_mel(samples, 44100), atol=TOLERANCE, rtol=0)


def test_filterbank_equals_librosa() -> None:
    theirs = librosa.filters.mel(sr=22050, n_fft=2048, n_mels=128)
    np.testing.assert_allclose(mel_filterbank(), theirs, atol=1e-7, rtol=0)
    other = MelSettings(sample_rate=16000, n_fft=512, hop_length=160, n_mels=40)
    theirs = librosa.filters.mel(sr=16000, n_fft=512, n_mels=40)
    np.testing.assert_allclose(mel_filterbank(other), theirs, atol=1e-7, rtol=0)


@given(
    block_s=st.floats(0.001, 3.0),
    n_samples=st.integers(1, 50000),
    sample_rate=st.sampled_from([11025, 22050, 44100]),
)
@settings(max_examples=30, deadline=None)
def test_blocks_make_no_difference(block_s: float, n_samples: int, sample_rate: int) -> None:
    samples = music(n_samples / sample_rate, sample_rate, 1, seed=n_samples)
    source = ArraySource(samples, sample_rate)
    whole = mel_spectrogram(source)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("model_core.audio.features._BLOCK_S", block_s)
        in_blocks = mel_spectrogram(source)
    assert whole.shape == in_blocks.shape
    np.testing.assert_allclose(whole, in_blocks, atol=1e-5, rtol=0)


def test_from_array_equals_from_source() -> None:
    samples = music(3.0, 22050, 1)
    np.testing.assert_array_equal(
        mel_from_array(samples[:, 0]), mel_spectrogram(ArraySource(samples, 22050))
    )


@pytest.mark.parametrize("dtype", ["int16", "int32"])
def test_integers_equal_floats(dtype: str) -> None:
    samples = music(1.0, 44100, 2)
    integers = np.round(samples * np.iinfo(dtype).max * 0.5).astype(dtype)
    floats = integers.astype(np.float32) / -float(np.iinfo(dtype).min)
    np.testing.assert_allclose(
        mel_spectrogram(ArraySource(integers, 44100)),
        mel_spectrogram(ArraySource(floats, 44100)),
        atol=1e-6,
        rtol=0,
    )


@pytest.mark.parametrize("n_samples", [0, 1, 1000, 100_000])
def test_silence_is_zero(n_samples: int) -> None:
    silence = np.zeros(n_samples, np.float32)
    assert not mel_from_array(silence).any()
    assert not mel_spectrogram(ArraySource(silence, 48000)).any()


def test_what_is_no_number_counts_as_silence() -> None:
    clean = music(1.0, 22050, 1)
    clean[5000:5003] = 0
    dirty = clean.copy()
    dirty[5000:5003, 0] = [np.nan, np.inf, -np.inf]
    source = ArraySource(dirty, 22050)
    np.testing.assert_array_equal(mel_spectrogram(source), mel_from_array(clean[:, 0]))
    np.testing.assert_array_equal(mel_from_array(dirty[:, 0]), mel_from_array(clean[:, 0]))
    assert any("aren't numbers" in note for note in source.notes)


def test_absurdly_loud_samples_stay_finite() -> None:
    loud = np.full(5000, 3e38, np.float32)
    assert np.isfinite(mel_from_array(loud)).all()
    assert np.isfinite(mel_spectrogram(ArraySource(loud, 44100))).all()


def test_loudest_place_is_one_and_level_makes_no_difference() -> None:
    samples = music(2.0, 22050, 1)[:, 0]
    mel = mel_from_array(samples)
    assert mel.max() == 1.0
    assert mel.min() == 0.0
    np.testing.assert_allclose(mel_from_array(samples * 0.5), mel, atol=1e-4, rtol=0)


def test_progress_rises_to_one() -> None:
    shares: list[float] = []
    mel_spectrogram(
        ArraySource(music(13.0, 8000, 1), 8000), progress=lambda share, _: shares.append(share)
    )
    assert len(shares) > 2
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_cancel_stops_it() -> None:
    token = CancelToken()
    with pytest.raises(CancelledError):
        mel_spectrogram(
            ArraySource(music(20.0, 8000, 1), 8000),
            progress=lambda *_: token.cancel(),
            cancel=token,
        )


@pytest.mark.parametrize("bad", [{"hop_length": 0}, {"n_fft": 1023}, {"hop_length": 4096}])
def test_impossible_settings_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="MelSettings"):
        MelSettings(**bad)


def test_stereo_is_no_mono() -> None:
    with pytest.raises(ValueError, match="shape"):
        mel_from_array(np.zeros((5, 2)))


def test_faster_than_librosa() -> None:
    samples = music(60.0, 44100, 2)
    source = ArraySource(samples, 44100)
    librosa_mel(samples[:44100], 44100)  # loads what librosa loads late
    ours_s = min(_seconds(lambda: mel_spectrogram(source)) for _ in range(3))
    theirs_s = _seconds(lambda: librosa_mel(samples, 44100))
    assert ours_s < theirs_s, f"{ours_s:.3f} s against {theirs_s:.3f} s"


def test_importing_audio_and_export_stays_light() -> None:
    program = (
        "import sys, numpy as np\n"
        "import model_core.audio.joins, model_core.audio.peaks, model_core.audio.reading\n"
        "import model_core.audio.render, model_core.export.sound\n"
        "from model_core.audio.features import mel_from_array\n"
        "early = {'scipy', 'librosa', 'torch', 'av'} & set(sys.modules)\n"
        "mel_from_array(np.ones(5000))\n"
        "late = {'scipy.signal', 'librosa', 'torch', 'av'} & set(sys.modules)\n"
        "sys.exit(bool(early or late))\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def _seconds(work: object) -> float:
    assert callable(work)
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
