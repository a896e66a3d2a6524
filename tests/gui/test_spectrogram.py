from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QColor, QContextMenuEvent
from PySide6.QtWidgets import QApplication

from editorbot_gui.main_window import MainWindow
from editorbot_gui.settings import Settings
from editorbot_gui.spectrogram.analysis import FLOOR_DB, ROWS, TILE_COLUMNS, Analysis
from editorbot_gui.spectrogram.colours import colour_table, oklab
from editorbot_gui.spectrogram.tiles import SpectrogramTiles
from editorbot_gui.theme import DARK, LIGHT, Palette, Theme, contrast
from editorbot_gui.waveform.gestures import GUTTER_PX
from editorbot_gui.waveform.view_state import Axis, Selection
from model_core.audio.source import ArraySource, AudioSource
from model_core.edit.types import EditList
from tests.gui.waveform_scene import mouse, wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt
    from pytestqt.qtbot import QtBot

    from editorbot_gui.spectrogram.view import SpectrogramView
    from tests.gui.conftest import Rig

RATE = 44_100
CTRL = Qt.KeyboardModifier.ControlModifier


def sine(frequency_hz: float, seconds: float, rate: int = RATE) -> ArraySource:
    time = np.arange(int(seconds * rate)) / rate
    return ArraySource(np.sin(2 * np.pi * frequency_hz * time).astype(np.float32), rate)


def always() -> bool:
    return True


def frequency_of_row(analysis: Analysis, row: int) -> float:
    edges = np.geomspace(analysis.lowest_hz, analysis.highest_hz, ROWS + 1)
    return float(np.sqrt(edges[row] * edges[row + 1]))


# The analysis -------------------------------------------------------------------------------------


@pytest.mark.parametrize("frequency_hz", [110.0, 1000.0, 12_000.0])
@pytest.mark.parametrize("level", [0, 4, 7])
def test_a_tone_is_a_line_at_its_frequency(frequency_hz: float, level: int) -> None:
    analysis = Analysis(RATE)
    tile = analysis.tile(sine(frequency_hz, 10.0), level, 0, always)
    shown = min(TILE_COLUMNS, 10 * RATE // analysis.hop_samples(level))
    loudest = tile[:, 4 : shown - 4].argmax(axis=0)
    for row in np.unique(loudest):
        assert frequency_of_row(analysis, int(row)) == pytest.approx(frequency_hz, rel=0.1)


def test_the_level_is_that_of_the_tone() -> None:
    tile = Analysis(RATE).tile(sine(1000.0, 2.0), 2, 0, always)
    peak_db = FLOOR_DB * (1 - tile.max() / 255)
    assert peak_db == pytest.approx(0.0, abs=5.0)


def test_silence_is_dark_and_so_is_what_lies_beyond_the_end() -> None:
    analysis = Analysis(RATE)
    assert not analysis.tile(ArraySource(np.zeros(RATE, np.int16), RATE), 0, 0, always).any()
    tile = analysis.tile(sine(1000.0, 0.1), 4, 0, always)
    assert tile[:, :2].any()
    assert not tile[:, -(-RATE // 10 // analysis.hop_samples(4)) :].any()


@pytest.mark.parametrize(("rate", "n_samples"), [(8000, 1), (192_000, 3), (11_025, 12_000)])
def test_odd_recordings_have_a_spectrogram(rate: int, n_samples: int) -> None:
    samples = np.full((n_samples, 3), np.nan, np.float32)
    tile = Analysis(rate).tile(ArraySource(samples, rate), 0, 0, always)
    assert tile.shape == (ROWS, TILE_COLUMNS)
    assert not tile.any()


class Counting(AudioSource):
    """Three hours of silence that count what is read of them."""

    def __init__(self) -> None:
        super().__init__()
        self.path, self.sample_rate, self.channels = None, RATE, 2
        self.n_samples = 3 * 3600 * RATE
        self.dtype = np.dtype("int16")
        self.reads = 0
        self.samples_read = 0

    def _read(self, start: int, stop: int) -> npt.NDArray[Any]:
        self.reads += 1
        self.samples_read += stop - start
        return np.zeros((stop - start, 2), np.int16)

    def content_hash(self) -> str:
        return "silence"


def test_three_hours_cost_no_more_than_a_sample_of_them() -> None:
    source, analysis = Counting(), Analysis(RATE)
    level = analysis.level_for(source.n_samples / 1000)
    n_tiles = -(-source.n_samples // analysis.tile_samples(level))
    assert n_tiles <= 6
    for index in range(n_tiles):
        analysis.tile(source, level, index, always)
    assert source.reads <= n_tiles * TILE_COLUMNS
    assert source.samples_read <= n_tiles * TILE_COLUMNS * analysis.window_samples


@pytest.mark.parametrize("level", range(20))
def test_no_tile_reads_more_than_a_few_windows_a_column(level: int) -> None:
    source, analysis = Counting(), Analysis(RATE)
    analysis.tile(source, level, 0, always)
    assert source.samples_read <= 3 * TILE_COLUMNS * analysis.window_samples


def test_an_analysis_that_is_given_up_reads_no_further() -> None:
    source = Counting()
    Analysis(RATE).tile(source, 12, 0, lambda: source.reads < 40)
    assert source.reads < TILE_COLUMNS


# The tiles ----------------------------------------------------------------------------------------


def at_once(work: Callable[[], None]) -> None:
    work()


def test_tiles_are_computed_once_and_coarser_ones_stand_in(qtbot: QtBot) -> None:
    waiting: list[Callable[[], None]] = []
    tiles = SpectrogramTiles(sine(1000.0, 20.0), run=waiting.append)
    tiles.want(3, 0, 0)
    assert not tiles.image(3, 0, 0).any()
    with qtbot.waitSignal(tiles.tile_arrived):
        waiting.pop()()
    coarse = tiles.image(3, 0, 0)
    assert coarse.any()
    fine = tiles.image(2, 0, 1)
    assert fine.shape == (ROWS, 2 * TILE_COLUMNS)
    np.testing.assert_array_equal(fine[:, ::2], coarse)
    tiles.want(3, 0, 0)
    assert waiting == []
    tiles.close()


def test_what_is_no_longer_looked_at_is_not_computed() -> None:
    source = Counting()
    waiting: list[Callable[[], None]] = []
    tiles = SpectrogramTiles(source, run=waiting.append)
    tiles.want(0, 100, 110)
    tiles.want(0, 500, 500)
    waiting.pop()()
    assert source.reads <= 3 * TILE_COLUMNS
    tiles.close()


def test_closing_ends_the_thread() -> None:
    tiles = SpectrogramTiles(Counting())
    tiles.want(14, 0, 3)
    tiles.close()
    assert "editorbot-spectrogram" not in [thread.name for thread in threading.enumerate()]
    tiles.want(14, 0, 3)
    assert "editorbot-spectrogram" not in [thread.name for thread in threading.enumerate()]


def test_a_recording_that_cannot_be_read_any_more_is_silent() -> None:
    class Gone(Counting):
        def _read(self, start: int, stop: int) -> npt.NDArray[Any]:
            raise OSError(f"{start}-{stop} are gone")

    tiles = SpectrogramTiles(Gone(), run=at_once)
    tiles.want(0, 0, 0)
    assert not tiles.image(0, 0, 0).any()
    tiles.close()


# The colours --------------------------------------------------------------------------------------


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=["dark", "light"])
def test_equal_steps_of_level_look_equal(palette: Palette) -> None:
    table = colour_table(palette)
    assert contrast(QColor(*table[0].tolist()), palette.well) < 1.05
    assert contrast(QColor(*table[-1].tolist()), palette.well) > 10
    steps = np.diff(oklab(table / 255)[:, 0])
    assert (np.sign(steps.mean()) * steps > -0.004).all()
    assert np.abs(steps - steps.mean()).max() < 0.008


# The view -----------------------------------------------------------------------------------------


def shown(rig: Rig, qtbot: QtBot, speech: Path) -> SpectrogramView:
    rig.open(qtbot, speech)
    rig.window.commands["spectrogram"].trigger()
    view = rig.window.page.spectrogram
    assert view is not None
    qtbot.waitUntil(lambda: view.image.image is not None and bool(view.image.image.any()))
    return view


def test_starting_does_not_load_pyqtgraph() -> None:
    code = "import sys, editorbot_gui.main_window; sys.exit('pyqtgraph' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_it_is_off_at_first_and_needs_a_recording(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    action = rig.window.commands["spectrogram"]
    assert not action.isEnabled()
    rig.open(qtbot, speech)
    assert action.isEnabled()
    assert not action.isChecked()
    assert rig.window.page.spectrogram is None


def test_it_lies_below_the_recording(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    view, page = shown(rig, qtbot, speech), rig.window.page
    tops = [w.mapTo(page, QPoint(0, 0)).y() for w in (page.raw, view, page.edited, page.plot)]
    assert tops == sorted(tops)
    assert view.height() >= view.minimumSizeHint().height()
    rig.window.commands["spectrogram"].trigger()
    assert page.spectrogram is None
    assert not view.isVisible()


def test_it_is_remembered(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    shown(rig, qtbot, speech)
    rig.window.close()
    again = MainWindow(Settings(rig.window.settings.path))
    qtbot.addWidget(again)
    again.show()
    with qtbot.waitSignal(again.session.source_changed):
        again.open_path(speech)
    qtbot.waitUntil(lambda: again.page.spectrogram is not None)
    assert again.commands["spectrogram"].isChecked()
    again.commands["spectrogram"].trigger()
    again.close()
    assert not Settings(again.settings.path).spectrogram


def test_it_shows_what_the_waveform_shows(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    view, state = shown(rig, qtbot, speech), rig.window.view
    assert view.view_box.viewRange()[0] == pytest.approx(state.visible(Axis.RAW))
    state.show_range(Axis.RAW, 8000, 16_000)
    assert view.view_box.viewRange()[0] == pytest.approx(state.visible(Axis.RAW))
    # Times are in line with the waveform above.
    assert view.sample_at(300) == pytest.approx(rig.window.page.raw.sample_at(300), rel=0.02)


def test_the_wheel_and_the_middle_button_move_all_views(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    view, state = shown(rig, qtbot, speech), rig.window.view
    span, under = state.span, view.sample_at(200)
    wheel(view.viewport(), 200, 2, CTRL)
    assert state.span < span
    assert view.sample_at(200) == pytest.approx(under, rel=0.01)
    start = state.start(Axis.RAW)
    wheel(view.viewport(), 200, -1)
    assert state.start(Axis.RAW) > start
    start, middle = state.start(Axis.RAW), Qt.MouseButton.MiddleButton
    mouse(view.viewport(), QEvent.Type.MouseButtonPress, 200, button=middle)
    mouse(view.viewport(), QEvent.Type.MouseMove, 260, button=middle)
    mouse(view.viewport(), QEvent.Type.MouseButtonRelease, 260, button=middle)
    assert state.start(Axis.RAW) < start
    assert view.view_box.viewRange()[0] == pytest.approx(state.visible(Axis.RAW))


def test_a_click_seeks_and_a_drag_selects(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    view, state = shown(rig, qtbot, speech), rig.window.view
    place = QPoint(GUTTER_PX + 240, 60)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert state.playhead(Axis.RAW) == pytest.approx(view.sample_at(place.x()), abs=200)
    assert rig.window.player.position() == state.playhead(Axis.RAW)
    mouse(view.viewport(), QEvent.Type.MouseButtonPress, 100)
    mouse(view.viewport(), QEvent.Type.MouseMove, 200)
    mouse(view.viewport(), QEvent.Type.MouseButtonRelease, 200)
    assert state.selection is not None
    assert state.selection.axis is Axis.RAW
    assert state.selection.start == pytest.approx(view.sample_at(100), abs=1)
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert state.selection is None


def test_the_arrows_move_the_playhead(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    view, state = shown(rig, qtbot, speech), rig.window.view
    qtbot.keyClick(view, Qt.Key.Key_Right)
    moved = state.playhead(Axis.RAW)
    assert moved > 0
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert state.playhead(Axis.RAW) == 0


def test_gestures_are_those_of_the_waveform(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    view, window = shown(rig, qtbot, speech), rig.window
    state, raw = window.view, window.page.raw
    window.session.apply_edit(EditList.from_ranges([(0, 16_000), (20_000, 48_000)]), "Cut")
    for each, target in ((raw, raw), (view, view.viewport())):
        state.clear_selection()
        x = round(each.x_of(18_000))
        qtbot.mouseClick(target, Qt.MouseButton.LeftButton, pos=QPoint(x, 60))
        assert state.selection == Selection(Axis.RAW, 16_000, 20_000)
        x = round(each.x_of(30_000))
        shift = Qt.KeyboardModifier.ShiftModifier
        qtbot.mouseClick(target, Qt.MouseButton.LeftButton, shift, QPoint(x, 60))
        assert state.selection is not None
        assert state.selection.start == 16_000
        assert state.selection.stop == pytest.approx(30_000, abs=2 * view.samples_per_pixel)
        qtbot.keyClick(each, Qt.Key.Key_End)
        assert state.playhead(Axis.RAW) == 48_000
        qtbot.keyClick(each, Qt.Key.Key_Home)
        assert state.playhead(Axis.RAW) == 0
        qtbot.keyClick(each, Qt.Key.Key_Plus)
        assert state.span == 24_000
        qtbot.keyClick(each, Qt.Key.Key_Minus)
        assert state.span == 48_000


def test_a_drag_that_is_given_up_selects_what_was_selected(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    view, state = shown(rig, qtbot, speech), rig.window.view
    state.select(Axis.RAW, 100, 2000)
    mouse(view.viewport(), QEvent.Type.MouseButtonPress, 300)
    mouse(view.viewport(), QEvent.Type.MouseMove, 420)
    assert state.selection != Selection(Axis.RAW, 100, 2000)
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert state.selection == Selection(Axis.RAW, 100, 2000)
    mouse(view.viewport(), QEvent.Type.MouseButtonRelease, 420)


@pytest.mark.parametrize("by_key", [False, True])
def test_it_has_the_menu_of_the_recording(
    rig: Rig, qtbot: QtBot, speech: Path, *, by_key: bool
) -> None:
    shown(rig, qtbot, speech)
    window = rig.window
    for _ in range(2):  # hidden and shown again, it is another view
        window.commands["spectrogram"].trigger()
    view = window.page.spectrogram
    assert view is not None
    place = QPoint(round(view.x_of(8000)), 40)
    reason = QContextMenuEvent.Reason.Keyboard if by_key else QContextMenuEvent.Reason.Mouse
    target = view if by_key else view.viewport()
    QApplication.sendEvent(target, QContextMenuEvent(reason, place, view.mapToGlobal(place)))
    menu = window.editor.menus.menu(Axis.RAW)
    assert menu.isVisible()
    assert window.commands["keep_again"] in menu.actions()
    menu.close()
    qtbot.waitUntil(lambda: not rig.window.runner.jobs)


def test_the_pointer_is_told_time_and_frequency(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    view, state = shown(rig, qtbot, speech), rig.window.view
    middle = (GUTTER_PX + view.width()) / 2
    mouse(view.viewport(), QEvent.Type.MouseMove, middle, 0)
    assert view.hover_words == "0:01.500   8.00 kHz"
    assert state.hover_on(Axis.RAW) is not None
    mouse(view.viewport(), QEvent.Type.MouseMove, middle, view.height() - 1)
    # The lowest pixel begins at 50 Hz; how much it spans depends on the height of the view.
    time, hertz, unit = view.hover_words.split()
    assert (time, unit) == ("0:01.500", "Hz")
    assert 50 <= int(hertz) <= 55
    mouse(view.viewport(), QEvent.Type.MouseMove, 10, 60)
    assert view.hover_words == ""
    assert state.hover is None


def test_the_scale_is_labelled(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    view = shown(rig, qtbot, speech)
    low, high = np.log10((50, 22_050))
    (_, narrow), *rest = view.frequencies.tickValues(low, high, 120)
    assert rest == []
    assert view.frequencies.tickStrings(narrow, 1.0, 1.0) == ["100 Hz", "1k", "10k"]
    (_, between) = view.frequencies.tickValues(low, high, 300)[1]
    labels = view.frequencies.tickStrings(between, 1.0, 1.0)
    assert labels == ["200", "500", "2k", "5k"]  # 20k would be cut off


def test_another_recording_takes_its_place(
    rig: Rig, qtbot: QtBot, speech: Path, tmp_path: Path
) -> None:
    import soundfile

    view = shown(rig, qtbot, speech)
    other = tmp_path / "other.wav"
    soundfile.write(other, np.zeros(16_000, np.int16), 8000)
    rig.open(qtbot, other)
    assert rig.window.page.spectrogram is view
    assert view.view_box.viewRange()[1][1] == pytest.approx(np.log10(4000))
    qtbot.waitUntil(lambda: view.image.image is not None and not view.image.image.any())


def test_it_follows_the_theme(rig: Rig, qtbot: QtBot, speech: Path) -> None:
    view, theme = shown(rig, qtbot, speech), Theme.current()
    try:
        theme.set_scheme("light")
        np.testing.assert_array_equal(view.image.lut, colour_table(LIGHT))
        theme.set_scheme("dark")
        np.testing.assert_array_equal(view.image.lut, colour_table(DARK))
    finally:
        theme.set_scheme("system")


def test_closing_while_it_computes_leaves_nothing_running(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    rig.open(qtbot, speech)
    rig.window.commands["spectrogram"].trigger()
    rig.window.close()
    assert "editorbot-spectrogram" not in [thread.name for thread in threading.enumerate()]


def test_tab_goes_from_the_waveform_to_its_spectrogram(
    rig: Rig, qtbot: QtBot, speech: Path
) -> None:
    view, page = shown(rig, qtbot, speech), rig.window.page
    rig.window.activateWindow()
    page.raw.setFocus()
    qtbot.keyClick(page.raw, Qt.Key.Key_Tab)
    assert view.hasFocus()
    qtbot.keyClick(view, Qt.Key.Key_Tab)
    assert page.edited.hasFocus()
