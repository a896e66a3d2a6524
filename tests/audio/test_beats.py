from __future__ import annotations

import numpy as np
import pytest

from model_core.audio.beats import find_beats
from model_core.audio.source import ArraySource
from model_core.errors import CancelledError
from model_core.progress import CancelToken


def drummed(bpm: float, seconds: float, rate: int = 22_050, first_s: float = 0.5) -> ArraySource:
    """Short strokes at a steady tempo, over faint noise."""
    time = np.arange(round(seconds * rate)) / rate
    rng = np.random.default_rng(1)
    since = (time - first_s) % (60 / bpm)
    samples = rng.normal(0, 1.0, time.size) * np.exp(-60 * since) * (time >= first_s)
    samples = 0.3 * samples + rng.normal(0, 1e-4, time.size)
    return ArraySource(np.int16(32767 * samples.clip(-1, 1))[:, np.newaxis], rate)


@pytest.mark.parametrize(("bpm", "rate"), [(120.0, 44_100), (96.0, 22_050), (140.0, 48_000)])
def test_a_steady_tempo_is_found_to_a_few_milliseconds(bpm: float, rate: int) -> None:
    source = drummed(bpm, 20.0, rate)
    beats = find_beats(source) / rate
    strokes = np.arange(0.5, 20.0, 60 / bpm)
    inner = beats[(beats > 1.0) & (beats < 19.0)]
    assert len(inner) == pytest.approx(18.0 * bpm / 60, abs=2)
    nearest = np.abs(inner[:, np.newaxis] - strokes).min(axis=1)
    assert np.quantile(nearest, 0.9) < 0.012


def test_parts_meet_without_a_beat_too_many_or_too_few() -> None:
    source = drummed(120.0, 100.0, 16_000)
    beats = find_beats(source) / 16_000
    gaps = np.diff(beats[(beats > 1.0) & (beats < 99.0)])
    assert gaps == pytest.approx(0.5, abs=0.06)


def test_silence_and_moments_have_no_beats() -> None:
    assert find_beats(ArraySource(np.zeros((80_000, 1), np.int16), 8_000)).tolist() == []
    assert find_beats(drummed(120.0, 1.0)).tolist() == []
    assert find_beats(ArraySource(np.zeros((0, 1), np.int16), 8_000)).tolist() == []


def test_it_can_be_stopped_and_tells_how_far_it_is() -> None:
    source = drummed(120.0, 10.0)
    told: list[float] = []
    find_beats(source, progress=lambda share, _: told.append(share))
    assert told[-1] == 1.0
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        find_beats(source, cancel)
