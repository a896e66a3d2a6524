from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy import signal

from model_core.align import AlignSettings, Verdict, align
from model_core.edit.pointers import edit_list_to_pointers, hop_samples
from model_core.edit.types import EditList, Gap, Segment
from model_core.errors import AlignmentError, CancelledError
from model_core.progress import CancelToken
from tests.align.sounds import RATE, as_source, cut, music, rendered, share_within, voice

HOP = 256
# Cuts of all lengths, one passage twice, two that changed places.
RANGES = ((0.5, 6), (7, 11.2), (11.5, 14), (14.02, 19), (16, 19), (30, 34), (22, 29), (35, 39.5))


@pytest.fixture(scope="module")
def recording() -> np.ndarray:
    return voice(40, seed=1)


def test_an_unprocessed_edit_is_found_to_the_sample(recording: np.ndarray) -> None:
    raw, edit = as_source(recording), cut(RANGES)
    found = align(raw, as_source(rendered(raw, edit)))
    assert found.edit_list.items == edit.items
    assert found.pointers == edit_list_to_pointers(edit, hop_samples(RATE), raw.n_samples)
    assert found.foreign == ()
    assert found.speed == 1
    assert found.report.verdict is Verdict.GOOD
    assert found.report.matched == 1
    assert found.report.identical == 1
    assert found.report.joins == len(RANGES) - 1
    assert found.report.coverage == pytest.approx(32.68 / 40, abs=0.01)
    assert found.report.length_ratio == pytest.approx(edit.length / raw.n_samples)
    assert found.report.confidence > 0.9


def test_stereo_at_44100_hz(recording: np.ndarray) -> None:
    wide = signal.resample_poly(recording, 2, 1)
    raw = as_source(np.stack((wide, 0.5 * np.roll(wide, 31)), axis=1), 2 * RATE)
    edit = cut(RANGES, 2 * RATE)
    assert align(raw, as_source(rendered(raw, edit), 2 * RATE)).edit_list.items == edit.items


def test_no_gap_is_left_at_the_end_of_an_edit_at_a_lower_rate() -> None:
    raw = as_source(voice(8, seed=11)[: round(7.999 * RATE) + 13])
    body = rendered(raw, cut(((1, 4.00005), (5, 7.999))))[:, 0].astype(np.float64) / 32768
    half = signal.resample_poly(body, 1, 2).astype(np.float32)
    found = align(raw, as_source(half, RATE // 2))
    assert not found.foreign
    assert len(found.edit_list.items) == 2


def test_a_cut_of_a_few_milliseconds_is_found(recording: np.ndarray) -> None:
    raw, edit = as_source(recording), cut(((1, 12), (12.005, 25)))
    found = align(raw, as_source(rendered(raw, edit)))
    assert found.edit_list.items == edit.items


@pytest.mark.parametrize("fade_s", [0.01, 0.05])
def test_crossfades(recording: np.ndarray, fade_s: float) -> None:
    raw, edit = as_source(recording), cut(RANGES, fade_s=fade_s)
    found = align(raw, as_source(rendered(raw, edit)))
    assert len(found.edit_list.items) == len(RANGES)
    starts = [item.start for item in found.edit_list.segments]
    np.testing.assert_allclose(starts, [item.start for item in edit.segments], atol=HOP)
    assert share_within(found.edit_list, edit, HOP) > 0.999


def test_the_recording_itself() -> None:
    raw = as_source(voice(3, seed=2))
    assert align(raw, raw).edit_list == EditList.whole(raw.n_samples)


def test_sound_that_is_not_from_the_recording_becomes_a_gap(recording: np.ndarray) -> None:
    raw = as_source(recording)
    jingle = as_source(music(3, seed=3)).read(0, RATE * 2 + 77)
    body = rendered(raw, cut(RANGES))
    silence = np.zeros((RATE, 1), np.int16)
    edited = as_source(
        np.concatenate((jingle, body[: 9 * RATE], jingle[:30_000], body[9 * RATE :], silence))
    )
    found = align(raw, edited)
    first, second = jingle.shape[0], jingle.shape[0] + 9 * RATE
    end = edited.n_samples - RATE
    expected = ((0, first), (second, second + 30_000), (end, edited.n_samples))
    np.testing.assert_allclose(found.foreign, expected, atol=4)
    gaps = [item.length for item in found.edit_list.items if isinstance(item, Gap)]
    assert gaps == [stop - start for start, stop in found.foreign]
    assert found.edit_list.length == edited.n_samples
    assert found.report.verdict is Verdict.CHECK
    assert "not from this recording" in found.report.remarks[0]


def test_repeated_bars_are_read_with_the_fewest_jumps() -> None:
    track = music(12, seed=4)
    raw, edit = as_source(track), cut(((0.2, 4.9), (9.7, 16), (3.3, 8.1)))
    found = align(raw, as_source(rendered(raw, edit)))
    assert found.edit_list.items == edit.items


def test_bars_that_are_the_same_sample_for_sample_need_no_jump() -> None:
    bar = music(1, seed=5)
    raw = as_source(np.tile(bar, 10))
    edit = EditList((Segment(0, 2 * bar.size, 7 * bar.size),))
    found = align(raw, as_source(rendered(raw, edit)))
    assert len(found.edit_list.items) == 1


@pytest.mark.parametrize(
    "edited",
    [voice(20, seed=60), music(10, seed=61), voice(20, seed=62)[::-1].copy()],
    ids=["another voice", "music", "backwards"],
)
def test_a_pair_that_does_not_belong_together_is_refused(
    recording: np.ndarray, edited: np.ndarray
) -> None:
    with pytest.raises(AlignmentError, match="of the finished edit was found") as error:
        align(as_source(recording), as_source(edited))
    assert "belong together" in error.value.mend


def test_too_little_of_the_edit_is_refused_by_the_settings(recording: np.ndarray) -> None:
    raw = as_source(recording)
    half = np.concatenate((recording[: 5 * RATE], voice(4, seed=63)))
    assert align(raw, as_source(half)).report.matched < 0.6
    with pytest.raises(AlignmentError):
        align(raw, as_source(half), AlignSettings(least_matched=0.9))


def test_silence_and_clicks_are_refused(recording: np.ndarray) -> None:
    raw, silent = as_source(recording), as_source(np.zeros(3 * RATE, np.float32))
    with pytest.raises(AlignmentError, match="finished edit is silent"):
        align(raw, silent)
    with pytest.raises(AlignmentError, match="recording is silent"):
        align(silent, raw)
    with pytest.raises(AlignmentError, match="too short"):
        align(raw, as_source(recording[:100]))


def test_progress_rises_and_it_can_be_cancelled(recording: np.ndarray) -> None:
    raw = as_source(recording)
    shares: list[float] = []
    align(raw, raw, progress=lambda share, _phrase: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == 1
    token = CancelToken()
    with pytest.raises(CancelledError):
        align(raw, raw, progress=lambda _share, _phrase: token.cancel(), cancel=token)


def test_it_needs_neither_torch_nor_qt_nor_librosa() -> None:
    script = (
        "import sys, model_core.align\n"
        "heavy = {'torch', 'PySide6', 'librosa', 'numba', 'scipy.signal'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_stretch_of_another_pause_is_found_by_its_noise() -> None:
    room = 2e-3 * np.random.default_rng(7).standard_normal((2, 6 * RATE)).astype(np.float32)
    raw = as_source(
        np.concatenate((voice(10, seed=8), room[0], voice(10, seed=9), room[1], voice(8, seed=10)))
    )
    edit = cut(((0.5, 11), (27, 30), (14, 24)))
    assert align(raw, as_source(rendered(raw, edit))).edit_list.items == edit.items


def test_a_stretch_of_nothing_but_noise_is_found_by_its_noise() -> None:
    room = 3e-4 * np.random.default_rng(12).standard_normal(12 * RATE).astype(np.float32)
    raw = as_source(np.concatenate((voice(20, seed=13), room, voice(12, seed=14))))
    edit = cut(((0.5, 19), (27, 29.9), (23.1, 25), (34, 43)))
    assert align(raw, as_source(rendered(raw, edit))).edit_list.items == edit.items
