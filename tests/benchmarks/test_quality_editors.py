from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality_editors import LibrosaSplit, copied_ranges, ranges_of
from benchmarks.quality_material import RATE_HZ
from benchmarks.quality_recordings import demo_recordings
from benchmarks.quality_tape import Kind
from model_core.edit.types import EditList, Gap, Segment
from resources import resource_path


def test_what_was_copied_is_found_again_bit_for_bit() -> None:
    raw = np.random.default_rng(0).integers(-3000, 3000, 50_000).astype(np.int16)
    parts = [(100, 9_000), (12_345, 30_000), (41_000, 50_000)]
    edited = np.concatenate([raw[start:stop] for start, stop in parts])
    assert copied_ranges(raw, edited).tolist() == [list(part) for part in parts]


def test_what_is_not_of_the_recording_ends_the_search() -> None:
    rng = np.random.default_rng(0)
    raw = rng.integers(-3000, 3000, 5_000).astype(np.int16)
    edited = np.concatenate((raw[:2_000], rng.integers(-3000, 3000, 1_000).astype(np.int16)))
    assert copied_ranges(raw, edited)[0].tolist() == [0, 2_000]
    assert copied_ranges(raw, edited).shape == (1, 2)


def test_gaps_of_an_edit_are_no_part_of_the_recording() -> None:
    edit = EditList((Segment(0, 5, 9), Gap(3), Segment(0, 20, 30)))
    assert ranges_of(edit).tolist() == [[5, 9], [20, 30]]


def test_librosa_keeps_what_is_loud(tmp_path: Path) -> None:
    import soundfile

    sound = np.zeros(4 * RATE_HZ, np.float32)
    sound[RATE_HZ : 2 * RATE_HZ] = 0.5
    soundfile.write(tmp_path / "a.wav", sound, RATE_HZ, "PCM_16")
    kept = LibrosaSplit(60).edit(tmp_path / "a.wav").kept
    assert kept / RATE_HZ == pytest.approx(np.array([[1.0, 2.0]]), abs=0.08)


def test_the_demo_recordings_can_stand_in() -> None:
    speech, music = demo_recordings(resource_path("demo", "speech.json").parent)
    about = json.loads(resource_path("demo", "speech.json").read_text(encoding="utf-8"))
    assert speech.truth.n_samples == pytest.approx(about["n_samples"] / 2, abs=1)
    assert speech.truth.style.pause_s == about["style"]["pause_s"]
    assert {mark.kind for mark in speech.truth.unwanted} >= {Kind.RETAKE, Kind.OFF_MIC}
    assert music.truth.kept[-1, 1] <= music.samples.size
