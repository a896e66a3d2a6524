"""What is drawn, before it is drawn: columns, pieces, extremes and samples in the background."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editorbot_gui.waveform.extremes import from_summaries
from editorbot_gui.waveform.lanes import edited_columns, line_columns, raw_columns, stretch_of
from editorbot_gui.waveform.pieces import (
    column_edges,
    column_grid,
    joined_spans,
    kept_share,
    pieces_of,
    runs_of,
)
from editorbot_gui.waveform.raster import N_LEVELS, Columns, colour_table, lane_image
from editorbot_gui.waveform.sample_blocks import (
    BLOCK_SAMPLES,
    MAX_BLOCKS_A_VIEW,
    OVERLAP_SAMPLES,
    SampleBlocks,
)
from editorbot_gui.waveform.waveform_data import WaveformData
from model_core.audio.peaks import PeakBuilder, PeakPyramid
from model_core.audio.source import ArraySource
from model_core.edit.coverage import kept_ranges
from model_core.edit.timeline import Timeline
from model_core.edit.types import EditList, Gap, Segment
from model_core.errors import AudioReadError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt
    from pytestqt.qtbot import QtBot

RATE = 8000


def at_once(work: Callable[[], None]) -> None:
    work()


def noise(n_samples: int, channels: int = 2, seed: int = 0) -> npt.NDArray[np.int16]:
    random = np.random.default_rng(seed)
    envelope = np.abs(np.sin(np.arange(n_samples) / 5000))[:, np.newaxis]
    return (random.normal(0, 5000, (n_samples, channels)) * envelope).astype(np.int16)


def full_peaks(source: ArraySource) -> PeakPyramid:
    builder = PeakBuilder(source)
    for _ in builder:
        pass
    return builder.pyramid


def data_of(samples: npt.NDArray[np.int16]) -> WaveformData:
    source = ArraySource(samples, RATE)
    return WaveformData(source, full_peaks(source), run=at_once)


edits = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 900), st.integers(1, 400)).map(
            lambda row: Segment(0, row[0], row[0] + row[1])
        ),
        st.integers(1, 200).map(Gap),
    ),
    min_size=1,
    max_size=12,
).map(lambda items: EditList(tuple(items)))


@given(edit=edits, start=st.floats(-50, 2000), span=st.floats(20, 4000), n=st.integers(1, 300))
def test_pieces_cover_what_is_visible_once(
    edit: EditList, start: float, span: float, n: int
) -> None:
    timeline = Timeline(edit)
    edges = column_edges(start, span, n)
    pieces = pieces_of(timeline, edges)
    assert len(pieces.column) <= n + len(edit.items)
    assert (np.diff(pieces.column) >= 0).all()
    drawn = np.zeros(edit.length, np.int64)
    for column, item, low, high in zip(
        pieces.column, pieces.item, pieces.start, pieces.stop, strict=True
    ):
        position = low - timeline.source_starts[item] + timeline.starts[item]
        assert edges[column] <= position < edges[column + 1]
        assert position + high - low <= edges[column + 1]
        drawn[position : position + high - low] += 1
    expected = np.zeros(edit.length, np.int64)
    for index, item in enumerate(edit.items):
        if isinstance(item, Segment):
            expected[timeline.starts[index] : timeline.starts[index + 1]] = 1
    expected[: max(0, edges[0])] = 0
    expected[max(0, edges[-1]) :] = 0
    np.testing.assert_array_equal(drawn, expected)


@given(edit=edits, start=st.floats(0, 1200), span=st.floats(1, 1400), n=st.integers(1, 100))
def test_the_kept_share_of_columns_is_right(
    edit: EditList, start: float, span: float, n: int
) -> None:
    kept = kept_ranges(edit, 0, 1300)
    grid = column_grid(start, span, n)
    expected = np.zeros(n)
    for low, high in kept:
        expected += np.clip(np.minimum(grid[1:], high) - np.maximum(grid[:-1], low), 0, None)
    np.testing.assert_allclose(kept_share(kept, grid), expected / np.diff(grid), atol=1e-4)


def test_runs_and_spans() -> None:
    mask = np.array([True, True, False, True, False, False, True])
    assert runs_of(mask) == [(0, 2), (3, 4), (6, 7)]
    assert runs_of(np.zeros(3, np.bool_)) == []
    spans = np.array([[10.0, 20], [0, 5], [19, 25], [25.5, 30], [40, 41]])
    assert joined_spans(spans, 1.0) == [(0, 5), (10, 30), (40, 41)]
    assert joined_spans(np.zeros((0, 2)), 1.0) == []


@settings(deadline=None)
@given(
    ranges=st.lists(
        st.tuples(st.integers(0, 199_000), st.integers(1, 150_000)), min_size=1, max_size=30
    )
)
def test_summaries_enclose_the_truth_and_not_much_more(ranges: list[tuple[int, int]]) -> None:
    starts = np.array([start for start, _ in ranges])
    stops = np.minimum(starts + [length for _, length in ranges], 200_000)
    low, high, body_low, body_high = from_summaries(SUMMED.levels, starts, stops)
    for index, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
        exact = SAMPLES[start:stop] / 32768
        # At most a bucket is looked at beyond either end: half the stretch, or 256 samples.
        beyond = max(256, (stop - start) // 2)
        around = SAMPLES[max(0, start - beyond) : stop + beyond] / 32768
        for channel in range(2):
            assert low[channel, index] <= exact[:, channel].min() + 1e-6
            assert high[channel, index] >= exact[:, channel].max() - 1e-6
            assert low[channel, index] >= around[:, channel].min() - 1e-6
            assert high[channel, index] <= around[:, channel].max() + 1e-6
    assert (low <= body_low + 1e-6).all()
    assert (body_high <= high + 1e-6).all()


SAMPLES = noise(200_000)
SUMMED = full_peaks(ArraySource(SAMPLES, RATE))


def test_close_columns_come_from_the_samples_and_touch_each_other() -> None:
    samples = noise(3 * BLOCK_SAMPLES)
    data = data_of(samples)
    start = BLOCK_SAMPLES - 5000
    edges = column_edges(start, 10_000, 100)
    raw_columns(data, edges)  # fetches
    columns = raw_columns(data, edges)
    for column in range(100):
        low, high = edges[column], edges[column + 1] + 1
        for channel in range(2):
            exact = samples[low:high, channel] / 32768
            assert columns[channel].low[column] == pytest.approx(exact.min())
            assert columns[channel].high[column] == pytest.approx(exact.max())


def test_columns_beyond_the_recording_stay_empty() -> None:
    data = data_of(noise(100_000))
    columns = raw_columns(data, column_edges(-50_000, 200_000, 200))
    assert not columns[0].shown[:50].any()
    assert columns[0].shown[50:150].all()
    assert not columns[0].shown[150:].any()


def test_what_was_not_read_yet_stays_empty() -> None:
    source = ArraySource(noise(2 * 262_144), RATE)
    builder = PeakBuilder(source)
    data = WaveformData(source, builder.pyramid, run=at_once)
    edges = column_edges(0, source.n_samples, 100)
    assert not raw_columns(data, edges)[0].shown.any()
    filled = builder.step()
    assert filled is not None
    shown = raw_columns(data, edges)[0].shown
    assert shown[: 100 * filled[1] // source.n_samples].all()
    assert not shown[-10:].any()


def test_edited_columns_show_the_segments_with_their_gain() -> None:
    samples = np.zeros((100_000, 1), np.int16)
    samples[40_000:60_000] = 16_384
    data = data_of(samples)
    edit = EditList((Segment(0, 41_000, 51_000), Gap(10_000), Segment(0, 41_000, 51_000, -6.0)))
    gains = np.array([1.0, 1.0, 10 ** (-6 / 20)], np.float32)
    columns = edited_columns(data, Timeline(edit), gains, column_edges(0, 40_000, 40))[0]
    np.testing.assert_allclose(columns.high[:10], 0.5, atol=1e-3)
    assert not columns.shown[10:20].any()
    np.testing.assert_allclose(columns.high[21:30], 0.5 * gains[2], atol=1e-3)
    assert not columns.shown[30:].any()


def test_segments_beyond_the_recording_are_not_drawn() -> None:
    data = data_of(noise(1000))
    edit = EditList((Segment(0, 900, 2000), Segment(1, 0, 500)))
    columns = edited_columns(data, Timeline(edit), np.ones(2, np.float32), column_edges(0, 1600, 4))
    assert not columns[0].shown[1:].any()


def test_thousands_of_segments_cost_no_more_than_columns_and_segments() -> None:
    class Counting:
        """Stands for levels of a pyramid, and counts the values that are looked at."""

        n_read = 0

        def __init__(self, array: npt.NDArray[np.int16]) -> None:
            self._array = array
            self.shape, self.dtype = array.shape, array.dtype

        def __len__(self) -> int:
            return len(self._array)

        def __getitem__(self, key: object) -> object:
            if isinstance(key, tuple):
                return Counting(self._array[key])
            found = self._array[key]
            Counting.n_read += np.size(found)
            return found

    n_samples = 3 * 3600 * 48_000
    shapes = [(1, -(-n_samples // (256 * 4**level)), 2) for level in range(6)]
    levels = [Counting(np.zeros(shape, np.int16)) for shape in shapes]
    bounds = np.linspace(0, n_samples, 2 * 3000 + 1).astype(int).tolist()
    edit = EditList.from_ranges(zip(bounds[:-1:2], bounds[1::2], strict=True))
    pieces = pieces_of(Timeline(edit), column_edges(0, edit.length, 1920))
    assert len(pieces.start) <= 1920 + 3000
    from_summaries(levels, pieces.start, pieces.stop)  # type: ignore[arg-type]
    assert Counting.n_read <= 2 * 12 * len(pieces.start)


# Samples in the background ------------------------------------------------------------------------


@pytest.fixture
def blocks() -> Iterator[SampleBlocks]:
    blocks = SampleBlocks(ArraySource(noise(4 * BLOCK_SAMPLES + 100), RATE))
    yield blocks
    blocks.close()


def test_a_missing_block_is_fetched_and_announced(blocks: SampleBlocks, qtbot: QtBot) -> None:
    with qtbot.waitSignal(blocks.blocks_arrived) as arrived:
        assert blocks.block(1) is None
    assert arrived.args == [BLOCK_SAMPLES, 2 * BLOCK_SAMPLES + OVERLAP_SAMPLES]
    block = blocks.block(1)
    assert block is not None
    assert block.shape == (2, BLOCK_SAMPLES + OVERLAP_SAMPLES + 1)


def test_samples_across_blocks_are_those_of_the_recording(
    blocks: SampleBlocks, qtbot: QtBot
) -> None:
    expected = noise(4 * BLOCK_SAMPLES + 100).T / 32768
    for start, stop in ((5, 100), (BLOCK_SAMPLES - 10, BLOCK_SAMPLES + 10), (262_000, 262_244)):
        qtbot.waitUntil(lambda low=start, high=stop: blocks.samples(low, high) is not None)
        found = blocks.samples(start, stop)
        assert found is not None
        np.testing.assert_allclose(found, expected[:, start:stop], atol=1e-6)
    nothing = blocks.samples(10**9, 10**9 + 5)
    assert nothing is not None
    assert nothing.shape == (2, 0)


def test_reading_happens_in_another_thread_which_ends(qtbot: QtBot) -> None:
    readers = []

    class Watched(ArraySource):
        def _read(self, start: int, stop: int) -> npt.NDArray[np.int16]:
            readers.append(threading.current_thread())
            return super()._read(start, stop)

    blocks = SampleBlocks(Watched(noise(1000), RATE))
    with qtbot.waitSignal(blocks.blocks_arrived):
        blocks.block(0)
    blocks.close()
    assert readers
    assert threading.main_thread() not in readers
    assert not readers[0].is_alive()


def test_what_cant_be_read_is_drawn_as_silence() -> None:
    class Broken(ArraySource):
        def _read(self, start: int, stop: int) -> npt.NDArray[np.int16]:
            raise AudioReadError(f"The disk has gone ({start}-{stop}).")

    blocks = SampleBlocks(Broken(noise(1000), RATE), run=at_once)
    blocks.block(0)
    samples = blocks.samples(0, 1000)
    assert samples is not None
    assert not samples.any()


def test_the_cache_forgets_what_was_used_longest_ago() -> None:
    source = ArraySource(np.zeros((200 * BLOCK_SAMPLES, 2), np.int16), RATE)
    blocks = SampleBlocks(source, run=at_once)
    for index in range(200):
        blocks.block(index)
    assert blocks.block(199) is not None
    assert blocks.block(0) is None
    assert len(blocks._blocks) >= 3 * MAX_BLOCKS_A_VIEW


def test_nothing_is_fetched_after_closing() -> None:
    waiting: list[Callable[[], None]] = []
    blocks = SampleBlocks(ArraySource(noise(1000), RATE), run=waiting.append)
    blocks.block(0)
    blocks.close()
    waiting[0]()
    assert blocks.block(0) is None
    assert len(waiting) == 1


def test_a_view_of_too_many_places_does_without_samples() -> None:
    source = ArraySource(np.zeros((64 * BLOCK_SAMPLES, 1), np.int16), RATE)
    waiting: list[Callable[[], None]] = []
    data = WaveformData(source, full_peaks(source), run=waiting.append)
    starts = np.arange(64) * BLOCK_SAMPLES
    assert data.extremes(starts, starts + 100).known.all()
    assert not waiting


def test_quiet_recordings_are_magnified_in_steps() -> None:
    quiet = np.zeros((10_000, 1), np.int16)
    quiet[5000] = 32_768 // 7
    assert data_of(quiet).level_scale == 6
    quiet[5001] = -32_768
    assert data_of(quiet).level_scale == 1
    assert data_of(np.zeros((10, 1), np.int16)).level_scale == 16


# Drawing ------------------------------------------------------------------------------------------


def columns_of(low: list[float], high: list[float], shown: list[bool] | None = None) -> Columns:
    lows, highs = np.array(low, np.float32), np.array(high, np.float32)
    mask = np.array(shown if shown is not None else [True] * len(low))
    return Columns(lows, highs, lows, highs, mask)


def heights(columns: Columns, height: int = 101, scale: float = 1.0) -> list[int]:
    from PySide6.QtGui import QColor

    table = colour_table(QColor("grey"), QColor("white"), QColor("black"), 0.5)
    levels = np.full(len(columns.low), N_LEVELS - 1, np.uint8)
    image = lane_image(columns, levels, height, scale, table)
    assert (image.width(), image.height()) == (len(columns.low), height)
    return [
        sum(image.pixelColor(x, y).alpha() > 100 for y in range(height))
        for x in range(image.width())
    ]


def test_columns_are_as_high_as_their_sound() -> None:
    full, half, silent, unknown = heights(
        columns_of([-1, -0.5, 0, -1], [1, 0.5, 0, 1], [True, True, True, False])
    )
    assert full in range(98, 102)
    assert half in range(48, 52)
    assert silent == 1
    assert unknown == 0


def test_levels_are_magnified_and_stay_in_the_lane() -> None:
    assert heights(columns_of([-0.25, -1], [0.25, 1]), scale=2.0)[0] in range(48, 52)
    assert heights(columns_of([-0.25, -1], [0.25, 1]), scale=8.0) == [101, 101]


def test_a_line_of_samples_is_continuous() -> None:
    data = data_of(noise(1000, channels=1))
    stretch = stretch_of(data, 0, 1000, 0, 1.0) or stretch_of(data, 0, 1000, 0, 1.0)
    assert stretch is not None
    columns = line_columns([stretch], 1, column_grid(100, 50, 800), 0.01)[0]
    assert columns.shown.all()
    assert (columns.low[1:] <= columns.high[:-1]).all()
    assert (columns.high[1:] >= columns.low[:-1]).all()
    values = data.source.read_float(100, 150)[:, 0]
    assert columns.high.max() == pytest.approx(values.max() + 0.005, abs=1e-5)
    assert columns.low.min() == pytest.approx(values.min() - 0.005, abs=1e-5)


def test_a_line_ends_with_its_samples() -> None:
    data = data_of(noise(1000, channels=1))
    stretch_of(data, 0, 10, 0, 1.0)
    stretch = stretch_of(data, 0, 10, 20, 1.0)
    assert stretch is not None
    columns = line_columns([stretch], 1, column_grid(0, 50, 50), 0.01)[0]
    assert np.flatnonzero(columns.shown).tolist() == list(range(20, 30))
