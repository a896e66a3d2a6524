from __future__ import annotations

import numpy as np
import pytest

from model_core.align import align, copies
from model_core.align.copies import settle_copies
from model_core.align.descriptors import CELL_S, HALVES, edit_levels, raw_levels, vectors_of
from model_core.align.pieces import Piece
from model_core.align.waveforms import Waveforms
from model_core.edit.types import EditList, FadeLaw, Join, Segment
from tests.align.sounds import RATE, as_source, music, rendered, voice

NEAR, FAR, OTHER = (slice(start * RATE, (start + 8) * RATE) for start in (20, 108, 80))


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """A jingle of 8 s at 20 s and at 108 s, in noise that differs."""
    monkeypatch.setattr(copies, "_FAR_S", 30.0)
    jingle, rest = voice(8, seed=20), voice(100, seed=21)
    samples = np.concatenate((rest[: 20 * RATE], jingle, rest[20 * RATE :], jingle))
    noise = np.random.default_rng(0).standard_normal(samples.size)
    return samples + 1e-3 * noise.astype(np.float32)


def chosen(
    recording: np.ndarray, used: slice, found: slice, gain: float = 1.0, noise: float = 0.0
) -> list[tuple[int, bool]]:
    """Offsets in samples of what becomes of three pieces, and whether they are exact.

    The edit is 10 s from before the jingle, what is `used`, and 10 s from after it; the reading
    took the middle from what is `found`.
    """
    raw = as_source(recording)
    parts = (slice(10 * RATE, 20 * RATE), used, slice(28 * RATE, 38 * RATE))
    samples = gain * np.concatenate([recording[part] for part in parts])
    hiss = noise * np.random.default_rng(1).standard_normal(samples.size)
    edited = as_source((samples + hiss).astype(np.float32))
    pieces = [
        Piece(start * RATE, stop * RATE, offset, alike=0.7, heard=True, identical=False)
        for start, stop, offset in (
            (0, 10, 10 * RATE),
            (10, 18, found.start - 10 * RATE),
            (18, 28, 10 * RATE),
        )
    ]
    vectors = vectors_of(raw_levels(raw), edit_levels(edited))
    settled = settle_copies(pieces, vectors, Waveforms(raw, edited))
    return [(piece.offset, piece.identical) for piece in settled]


def offsets_s(settled: list[tuple[int, bool]]) -> list[float]:
    return [offset / RATE for offset, _ in settled]


def test_a_copy_that_needs_no_jump_is_preferred(recording: np.ndarray) -> None:
    assert offsets_s(chosen(recording, NEAR, FAR)) == [10]


def test_also_where_nobody_can_know(recording: np.ndarray) -> None:
    assert offsets_s(chosen(recording, FAR, FAR, noise=0.01)) == [10]


@pytest.mark.parametrize("gain", [1.0, 0.7])
@pytest.mark.parametrize("found", [FAR, NEAR], ids=["far", "near"])
def test_unless_the_noise_says_otherwise(recording: np.ndarray, found: slice, gain: float) -> None:
    settled = chosen(recording, FAR, found, gain)
    assert offsets_s(settled) == [10, 98, 10]
    assert settled[1][1] == (gain == 1)


def test_and_unless_something_else_is_heard_there(recording: np.ndarray) -> None:
    assert offsets_s(chosen(recording, OTHER, OTHER, gain=0.7)) == [10, 70, 10]


def test_a_copy_that_falls_on_the_grid_of_cells_is_no_reason_to_jump() -> None:
    half_cell = round(CELL_S / HALVES * RATE)
    track, before, between = music(12, seed=22), voice(10, seed=23), voice(10, seed=24)
    n_copied = 14 * RATE // half_cell * half_cell
    shift = (half_cell // 2 - before.size - track.size) % half_cell  # copies half a half cell apart
    between = between[: 9 * RATE // half_cell * half_cell + shift]
    raw = as_source(np.concatenate((track, before, between, track[:n_copied])))
    first = Segment(0, track.size + 1000, track.size + 1000 + 4 * RATE)
    start = (first.length + half_cell // 2) % half_cell + RATE // half_cell * half_cell
    edit = EditList((first, Segment(0, start, track.size)), (Join(FadeLaw.EQUAL_POWER, 0),))
    found = align(raw, as_source(rendered(raw, edit)))
    assert found.edit_list.items == edit.items
