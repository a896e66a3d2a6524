from __future__ import annotations

import numpy as np
import pytest
import soxr

from model_core.align import AlignSettings, Verdict, align
from model_core.align.descriptors import raw_levels
from model_core.align.pieces import Probe
from model_core.align.reading import Course
from model_core.align.speed import AtSpeed, drift_of, search_speed, steps_of
from model_core.align.viterbi import FOREIGN
from model_core.audio.source import ArraySource
from model_core.errors import AlignmentError
from tests.align.sounds import RATE, as_source, cut, rendered, share_within, voice

RANGES = ((0.5, 16), (17, 21.2), (21.5, 34), (24.02, 39), (46, 59))


@pytest.fixture(scope="module")
def raw() -> ArraySource:
    return as_source(voice(60, seed=1))


def sped_up(raw: ArraySource, factor: float) -> ArraySource:
    body = rendered(raw, cut(RANGES))[:, 0].astype(np.float32) / 32768
    return as_source(soxr.resample(body, RATE * factor, RATE, "VHQ"))


@pytest.mark.parametrize("factor", [1.00005, 1.004, 0.99, 1.015, 0.96])
def test_a_speed_is_found_and_the_edit_at_that_speed(raw: ArraySource, factor: float) -> None:
    edited = sped_up(raw, factor)
    found = align(raw, edited)
    assert found.speed == pytest.approx(factor, abs=3e-6)
    assert found.report.speed == found.speed
    assert share_within(found.edit_list, cut(RANGES), 256) > 0.999
    assert found.report.length_ratio == pytest.approx(edited.n_samples / raw.n_samples, abs=1e-3)
    assert found.report.verdict is Verdict.CHECK
    assert "times as fast" in found.report.remarks[0]


@pytest.mark.parametrize("factor", [0.99, 1.015, 1.1])
def test_a_speed_is_searched_to_a_thousandth(raw: ArraySource, factor: float) -> None:
    found = search_speed(raw_levels(raw), sped_up(raw, factor))
    assert found is not None
    assert not found.keeps_pitch
    assert found.factor == pytest.approx(factor, abs=1e-3)


def test_its_own_speed_is_no_finding(raw: ArraySource) -> None:
    assert search_speed(raw_levels(raw), sped_up(raw, 1.0)) is None
    assert search_speed(raw_levels(raw), as_source(voice(40, seed=99))) is None


def test_a_change_of_tempo_alone_is_found(raw: ArraySource) -> None:
    body = rendered(raw, cut(RANGES))[:, 0].astype(np.float32) / 32768
    found = align(raw, as_source(overlapped(body, 0.9)))
    assert found.speed == pytest.approx(0.9, abs=2e-3)
    assert len(found.edit_list.segments) < 12
    assert found.report.confidence < 0.6
    assert any("waveform" in remark for remark in found.report.remarks)


def overlapped(samples: np.ndarray, factor: float) -> np.ndarray:
    """Another tempo, the plain way: windows put closer together or further apart."""
    size, hop = 1024, 256
    window = np.hanning(size).astype(np.float32) / 2
    out = np.zeros(int(samples.size / factor) + size, np.float32)
    for start in range(0, out.size - size, hop):
        taken = samples[int(start * factor) :][:size]
        out[start : start + taken.size] += taken * window[: taken.size]
    return out


def test_speed_is_not_looked_for_when_it_is_not_wanted(raw: ArraySource) -> None:
    with pytest.raises(AlignmentError):
        align(raw, sped_up(raw, 1.1), AlignSettings(find_speed=False))


def test_many_small_cuts_are_no_change_of_speed(raw: ArraySource) -> None:
    edit = cut([(2 * i + 0.03, 2 * i + 2) for i in range(25)])
    found = align(raw, as_source(rendered(raw, edit)))
    assert found.speed == 1
    assert found.edit_list.items == edit.items


def test_drift_needs_steady_probes() -> None:
    def probes(offsets: list[float]) -> list[list[Probe]]:
        return [
            [
                Probe(i * 1000, i * 1000 + 500, offset, True, False)
                for i, offset in enumerate(offsets)
            ]
        ]

    assert drift_of(probes([0, 0.1, 0.2, 0.3])) == pytest.approx(1e-4)
    assert drift_of(probes([0, 0.1, 50.2, 50.3, 50.4])) == pytest.approx(1e-4)
    assert drift_of(probes([5, 5, 5, 5])) == 0
    assert drift_of(probes([0, 3, -1, 7, 2])) == 0
    assert drift_of([]) == 0


def test_steps_need_to_go_one_way() -> None:
    def courses(firsts: list[int]) -> list[Course]:
        return [Course(i * 100, i * 100 + 100, i * 200 + first) for i, first in enumerate(firsts)]

    assert steps_of(courses([0, 1, 2, 3, 4])) == pytest.approx(0.005)
    assert steps_of(courses([0, 1, 0, 1, 0])) == 0
    assert steps_of(courses([0, 900, 30, 700, 4])) == 0
    assert steps_of([Course(0, 50, FOREIGN), Course(50, 90, 3)]) == 0


def test_an_edit_at_the_speed_of_its_recording(raw: ArraySource) -> None:
    slower = AtSpeed(raw, 1.25)
    assert slower.duration_s == pytest.approx(1.25 * raw.duration_s)
    assert slower.content_hash() == raw.content_hash()
    np.testing.assert_array_equal(slower.read(5, 50), raw.read(5, 50))
