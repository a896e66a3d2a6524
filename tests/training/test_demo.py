from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from model_core.edit.types import EditList, Reason
from scripts import make_demo

DEMO = Path(__file__).resolve().parents[2] / "resources" / "demo"
NAMES = ("speech", "music")


def truth(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((DEMO / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("name", NAMES)
def test_the_demo_is_a_recording_of_some_length(name: str) -> None:
    info = soundfile.info(DEMO / f"{name}.flac")
    assert info.samplerate == 44100
    assert 20 <= info.duration <= 60
    assert info.frames == truth(name)["n_samples"]
    samples, _ = soundfile.read(DEMO / f"{name}.flac", dtype="float32")
    assert 0.1 < np.max(np.abs(samples)) < 0.99


def test_the_demos_are_small() -> None:
    assert sum((DEMO / f"{name}.flac").stat().st_size for name in NAMES) < 6e6


@pytest.mark.parametrize("name", NAMES)
def test_the_true_edit_covers_the_demo_exactly(name: str) -> None:
    demo = truth(name)
    ranges = sorted([*demo["kept"], *(removed[:2] for removed in demo["removed"])])
    edges = [0, *(edge for pair in ranges for edge in pair), demo["n_samples"]]
    assert edges[0::2] == edges[1::2]
    EditList.from_ranges(tuple(pair) for pair in demo["kept"]).check_within([demo["n_samples"]])
    for start, stop in demo["phrases"]:
        assert any(a <= start < stop <= b for a, b in demo["kept"])


def test_the_demos_hold_what_they_are_to_show() -> None:
    reasons = {name: [removed[2] for removed in truth(name)["removed"]] for name in NAMES}
    assert reasons["speech"].count(Reason.RETAKE) == 2
    assert {Reason.SILENCE, Reason.NOISE, Reason.OTHER_VOICE} <= set(reasons["speech"])
    assert reasons["music"].count(Reason.RETAKE) == 2


def test_dead_air_is_the_rooms_own_tone() -> None:
    samples, rate = soundfile.read(DEMO / "speech.flac", dtype="float32")
    start = samples[: rate // 2]
    assert 1e-4 < np.std(start) < 0.02


def test_joins_of_the_music_demo_are_in_time() -> None:
    demo = truth("music")
    samples, rate = soundfile.read(DEMO / "music.flac", dtype="float32")
    (_, leaving), (landing, _) = demo["kept"][:2]
    # A second before the join and a second before the landing's own place in the track lie whole
    # bars apart: the sound that would have gone on fits what is landed on.
    one = samples[leaving : leaving + rate // 5]
    two = samples[landing : landing + rate // 5]
    size = 2 * one.size
    cross = np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(two, size)))
    lag = int(np.argmax(cross))
    assert min(lag, size - lag) < 0.02 * rate


def test_the_script_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make_demo.main(["--audio", str(tmp_path), "--out", str(tmp_path)]) == 1
    assert "can't be read" in capsys.readouterr().err


@pytest.mark.corpus
def test_the_script_makes_the_demos_again(audio_folder: Path) -> None:
    for make, name in zip(make_demo.MAKERS, NAMES, strict=True):
        demo = make(audio_folder)
        bundled, _ = soundfile.read(DEMO / f"{name}.flac", dtype="int16")
        assert demo.description() == truth(name)
        # Other versions of the libraries round otherwise.
        apart = np.abs(demo.samples.astype(np.int32) - bundled)
        assert np.quantile(apart, 0.999) <= 4
