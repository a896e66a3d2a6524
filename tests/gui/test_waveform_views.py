from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from editorbot_gui.theme import ColourScheme, Theme
from editorbot_gui.waveform.gestures import GUTTER_PX
from editorbot_gui.waveform.view_state import Axis, Selection
from model_core.edit.timeline import Timeline
from model_core.edit.types import EditList
from tests.gui.waveform_scene import (
    EDIT,
    LENGTH,
    RATE,
    S,
    Scene,
    click,
    colours_in,
    drag,
    grab,
    hover,
    tone,
    wheel,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from editorbot_gui.waveform.axis_view import AxisView

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
VIEWS = ("overview", "raw_ruler", "raw", "edited_ruler", "edited", "plot")


@pytest.fixture
def scene(qtbot: QtBot) -> Iterator[Scene]:
    scene = Scene(tone())
    for view in scene.views:
        qtbot.addWidget(view)
    yield scene
    assert scene.data is not None
    scene.data.close()


@pytest.fixture(params=[ColourScheme.DARK, ColourScheme.LIGHT])
def scheme(request: pytest.FixtureRequest) -> Iterator[ColourScheme]:
    theme = Theme.current()
    theme.set_scheme(request.param)
    yield request.param
    theme.set_scheme(ColourScheme.SYSTEM)


# Mapping ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VIEWS)
def test_pixels_and_samples_map_both_ways(scene: Scene, name: str) -> None:
    view: AxisView = getattr(scene, name)
    scene.state.show_range(Axis.RAW, 10 * S, 20 * S)
    for x in (GUTTER_PX, 300, 799.5):
        assert view.x_of(view.sample_at(x)) == pytest.approx(x)
    if name != "overview":
        start, stop = scene.state.visible(view.axis)
        assert view.sample_at(view.plot.left()) == pytest.approx(start)
        assert view.sample_at(view.plot.left() + view.plot.width()) == pytest.approx(stop)


def test_the_overview_maps_the_whole_recording_whatever_is_visible(scene: Scene) -> None:
    scene.state.show_range(Axis.RAW, 10 * S, 20 * S)
    assert scene.overview.sample_at(GUTTER_PX) == 0
    assert scene.overview.sample_at(800) == pytest.approx(LENGTH)


# Gestures -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VIEWS)
def test_a_click_asks_for_the_sample_under_it(scene: Scene, qtbot: QtBot, name: str) -> None:
    view = getattr(scene, name)
    expected = int(view.sample_at(300))
    with qtbot.waitSignal(view.seek_requested) as asked:
        click(view, 300, view.height() / 2)
    assert asked.args == [expected]
    assert isinstance(asked.args[0], int)


def test_a_click_beside_the_sound_asks_for_nothing(scene: Scene, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(scene.raw.seek_requested):
        click(scene.raw, 10)


@pytest.mark.parametrize("name", ["raw", "edited", "plot", "raw_ruler", "edited_ruler"])
@pytest.mark.parametrize("notches", [1, 3, -1, 0.25])
def test_ctrl_and_wheel_zoom_at_the_pointer(scene: Scene, name: str, notches: float) -> None:
    view = getattr(scene, name)
    scene.state.show_range(view.axis, 20 * S, 24 * S)
    before, span = view.sample_at(500), scene.state.span
    wheel(view, 500, notches, CTRL)
    assert view.sample_at(500) == pytest.approx(before)
    assert (scene.state.span < span) == (notches > 0)


@pytest.mark.parametrize("modifiers", [Qt.KeyboardModifier.NoModifier, SHIFT])
def test_the_wheel_pans_by_whole_pixels(scene: Scene, modifiers: Qt.KeyboardModifier) -> None:
    scene.state.show_range(Axis.RAW, 20 * S, 24 * S)
    before, span = scene.state.start(Axis.RAW), scene.state.span
    wheel(scene.raw, 500, -2, modifiers)
    moved = (scene.state.start(Axis.RAW) - before) / scene.raw.samples_per_pixel
    assert moved > 10
    assert moved == pytest.approx(round(moved))
    assert scene.state.span == span


def test_the_middle_button_pans(scene: Scene) -> None:
    scene.state.show_range(Axis.RAW, 20 * S, 24 * S)
    held = scene.raw.sample_at(500)
    drag(scene.raw, 500, 450, 300, button=Qt.MouseButton.MiddleButton)
    assert scene.raw.sample_at(300) == pytest.approx(held)
    assert scene.state.selection is None


@pytest.mark.parametrize("name", ["raw", "edited", "plot", "raw_ruler"])
def test_a_drag_selects_in_either_direction(scene: Scene, qtbot: QtBot, name: str) -> None:
    view = getattr(scene, name)
    with qtbot.assertNotEmitted(view.seek_requested):
        drag(view, 500, 450, 400, y=12)
    selection = scene.state.selection
    assert selection is not None
    assert selection.axis is view.axis
    assert selection.start == round(view.sample_at(400))
    assert selection.stop == round(view.sample_at(500))


def test_a_trembling_click_is_a_click(scene: Scene, qtbot: QtBot) -> None:
    with qtbot.waitSignal(scene.raw_ruler.seek_requested):
        drag(scene.raw_ruler, 500, 501, y=12)
    assert scene.state.selection is None
    with qtbot.waitSignal(scene.raw.seek_requested):
        drag(scene.raw, 500, 501)
    assert scene.state.selection == Selection(Axis.RAW, 30 * S, 36 * S)  # all that is there


def test_escape_gives_a_drag_up_and_then_the_selection(scene: Scene, qtbot: QtBot) -> None:
    scene.state.select(Axis.RAW, 100, 200)
    drag(scene.raw, 300, 500, release=False)
    assert scene.state.selection is not None
    assert scene.state.selection.start != 100
    qtbot.keyClick(scene.raw, Qt.Key.Key_Escape)
    assert scene.state.selection is not None
    assert (scene.state.selection.start, scene.state.selection.stop) == (100, 200)
    qtbot.keyClick(scene.raw, Qt.Key.Key_Escape)
    assert scene.state.selection is None


def test_keys_seek_and_zoom(scene: Scene, qtbot: QtBot) -> None:
    scene.state.set_playhead(Axis.EDITED, 5 * S)
    for key, expected in (
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_End, EDIT.length),
        (Qt.Key.Key_Right, 5 * S + round(8 * scene.edited.samples_per_pixel)),
        (Qt.Key.Key_Left, 5 * S - round(8 * scene.edited.samples_per_pixel)),
    ):
        with qtbot.waitSignal(scene.edited.seek_requested) as asked:
            qtbot.keyClick(scene.edited, key)
        assert asked.args == [expected]
    span = scene.state.span
    qtbot.keyClick(scene.edited, Qt.Key.Key_Plus)
    assert scene.state.span < span
    qtbot.keyClick(scene.edited, Qt.Key.Key_Minus)
    assert scene.state.span == pytest.approx(span)


def test_other_keys_go_on_to_the_window(scene: Scene, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(scene.edited.seek_requested):
        qtbot.keyClick(scene.edited, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
        qtbot.keyClick(scene.edited, Qt.Key.Key_S)


# Words --------------------------------------------------------------------------------------------


def test_hovering_the_recording_says_whether_it_is_kept(scene: Scene, qtbot: QtBot) -> None:
    with qtbot.waitSignal(scene.raw.hover_described) as said:
        hover(scene.raw, scene.raw.x_of(12 * S))
    assert "left out, 4.00 s from 0:10.000" in said.args[0]
    with qtbot.waitSignal(scene.raw.hover_described) as said:
        hover(scene.raw, scene.raw.x_of(20 * S))
    assert "kept" in said.args[0]
    with qtbot.waitSignal(scene.raw.hover_described) as said:
        hover(scene.raw, scene.raw.x_of(0.2 * S))
    assert "left out, 1.00 s from 0:00.000" in said.args[0]


def test_hovering_the_edit_names_segments_gaps_and_joins(scene: Scene) -> None:
    describe = scene.edited.describe
    assert describe(5 * S) == "0:05.000  ·  segment 1 of 6  ·  from 0:06.000"
    assert "cut, 4.00 s left out" in describe(9 * S)
    assert "loop, 6.00 s back" in describe(25 * S)
    assert "gap of 2.00 s" in describe(38 * S)
    assert "moved by 15.0 s" in describe(44 * S)


def test_hovering_shows_the_mapped_place_in_the_other_views(scene: Scene) -> None:
    hover(scene.edited, scene.edited.x_of(20 * S))
    assert scene.state.hover_on(Axis.RAW) == pytest.approx(25 * S, abs=RATE / 10)
    QApplication.sendEvent(scene.edited, QEvent(QEvent.Type.Leave))
    assert scene.state.hover is None


def test_hovering_beyond_the_end_says_nothing(scene: Scene) -> None:
    scene.state.set_timeline(Timeline(EditList.from_ranges([(0, 5 * S)])))
    hover(scene.edited, 700)
    assert scene.state.hover is None


def test_everything_has_an_accessible_name(scene: Scene) -> None:
    names = {view.accessibleName() for view in scene.views}
    assert "" not in names
    assert len(names) == len(scene.views)


def test_waveforms_and_plot_can_be_reached_by_keyboard(scene: Scene) -> None:
    for view in (scene.raw, scene.edited, scene.plot, scene.overview):
        assert view.focusPolicy() & Qt.FocusPolicy.TabFocus


# Painting -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ratio", [1.0, 1.25, 2.0])
@pytest.mark.usefixtures("scheme")
def test_every_zoom_paints_in_every_scheme_and_resolution(
    scene: Scene, ratio: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    for view in scene.views:
        monkeypatch.setattr(view, "devicePixelRatioF", lambda: ratio, raising=False)
    scene.state.select(Axis.EDITED, 20 * S, 40 * S)
    scene.state.set_playhead(Axis.RAW, 26 * S)
    for span in (LENGTH, 10 * S, S, 3000, 400, 100, 16):
        for middle in (0, 10 * S, 36 * S, LENGTH):
            scene.state.show_range(Axis.RAW, middle - span / 2, middle + span / 2)
            hover(scene.edited, 400)
            for view in scene.views:
                grab(view)
                layer = view._layer
                assert layer is not None
                assert layer.width() == int(np.ceil(800 * ratio))


@pytest.mark.parametrize("channels", [1, 2, 8])
@pytest.mark.parametrize("length", [1, 2, 300, 5 * RATE])
def test_short_recordings_of_many_channels_paint(qtbot: QtBot, channels: int, length: int) -> None:
    scene = Scene(tone(length, channels), EditList.whole(length))
    for view in scene.views:
        qtbot.addWidget(view)
        grab(view)


def test_empty_views_say_what_to_do(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    from editorbot_gui.waveform.axis_view import AxisView

    said = []
    plain = AxisView._paint_empty

    def remember(self: AxisView, painter: object, title: str, hint: str = "") -> None:
        said.append(title)
        plain(self, painter, title, hint)  # type: ignore[arg-type]

    monkeypatch.setattr(AxisView, "_paint_empty", remember)
    empty = Scene()
    for view in empty.views:
        qtbot.addWidget(view)
        grab(view)
    assert len(said) == 3
    said.clear()
    nothing_kept = Scene(tone(1000), EditList())
    for view in nothing_kept.views:
        qtbot.addWidget(view)
        grab(view)
    assert "Nothing is kept" in said


def test_kept_sound_is_bright_and_what_is_left_out_dim(scene: Scene, scheme: ColourScheme) -> None:
    del scheme
    image = grab(scene.raw)
    raw = scene.raw.palette_in_use.raw

    def bright(start_s: float, stop_s: float) -> float:
        left, right = (round(scene.raw.x_of(at * S)) for at in (start_s, stop_s))
        area = QRect(left, 20, right - left, 130)
        return colours_in(image, raw, area) / (area.width() * area.height())

    assert bright(15, 29) > 0.2
    assert bright(10.5, 13.5) < 0.01


def test_joins_are_marked_in_the_colours_of_their_kinds(scene: Scene, scheme: ColourScheme) -> None:
    del scheme
    image, palette = grab(scene.edited), scene.edited.palette_in_use
    for at_s, colour in ((9, palette.cut), (25, palette.loop), (44, palette.reorder)):
        x = round(scene.edited.x_of(at_s * S))
        assert colours_in(image, colour, QRect(x - 8, 0, 16, 18)) > 60


def test_a_gap_stays_empty(scene: Scene) -> None:
    image = grab(scene.edited)
    left, right = (round(scene.edited.x_of(at * S)) for at in (37.3, 38.7))
    area = QRect(left, 24, right - left, 120)
    assert colours_in(image, scene.edited.palette_in_use.edited, area) == 0


class PaintWatch(QObject):
    """Adds up how wide the painted strips of a widget are, paint by paint."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.widths: list[int] = []
        widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.widths.append(sum(rect.width() for rect in event.region()))
        return False


def test_the_playhead_repaints_strips_only(scene: Scene, qtbot: QtBot) -> None:
    scene.raw.show()
    qtbot.waitUntil(lambda: scene.raw._layer is not None)
    QApplication.processEvents()
    layer, watch = scene.raw._layer, PaintWatch(scene.raw)
    for count, place in enumerate((30 * S, 40 * S), 1):
        scene.state.set_playhead(Axis.RAW, place)
        qtbot.waitUntil(lambda count=count: len(watch.widths) >= count)
    scene.state.set_heard(Axis.EDITED)  # stays where it is, but less bright
    qtbot.waitUntil(lambda: len(watch.widths) >= 3)
    assert max(watch.widths) <= 80
    assert scene.raw._layer is layer
    scene.raw.close()


def test_until_its_turn_a_view_shows_what_it_has_shown_before(scene: Scene, qtbot: QtBot) -> None:
    scene.raw.show()
    qtbot.waitUntil(lambda: scene.raw._layer is not None)
    before = scene.raw.grab().toImage()
    scene.state.show_range(Axis.RAW, 0, 10 * S)
    assert scene.raw.grab().toImage() == before
    qtbot.waitUntil(lambda: scene.raw._layer is not None)
    assert scene.raw.grab().toImage() != before
    scene.raw.close()


def test_a_view_of_another_size_draws_in_its_turn(scene: Scene, qtbot: QtBot) -> None:
    scene.raw.show()
    qtbot.waitUntil(lambda: scene.raw._layer is not None)
    scene.raw.resize(900, 200)

    def fits() -> bool:
        layer = scene.raw._layer
        return layer is not None and (layer.width(), layer.height()) == (900, 200)

    qtbot.waitUntil(fits)
    scene.raw.close()


def test_a_hidden_view_catches_up_when_it_is_shown(scene: Scene, qtbot: QtBot) -> None:
    scene.raw.show()
    qtbot.waitUntil(lambda: scene.raw._layer is not None)
    scene.raw.hide()
    scene.state.show_range(Axis.RAW, 0, 10 * S)
    QApplication.processEvents()
    assert scene.raw._layer is None
    scene.raw.show()
    qtbot.waitUntil(lambda: scene.raw._layer is not None)
    scene.raw.close()


def test_only_what_is_in_view_is_drawn_anew_when_it_improves(scene: Scene) -> None:
    assert scene.data is not None
    scene.state.show_range(Axis.RAW, 40 * S, 50 * S)
    grab(scene.raw)
    layer = scene.raw._layer
    scene.data.announce_peaks(0, 30 * S)
    assert scene.raw._layer is layer
    scene.data.announce_peaks(30 * S, 45 * S)
    assert scene.raw._layer is None


def test_another_recording_takes_the_place_of_the_first(scene: Scene) -> None:
    first = scene.data
    assert first is not None
    scene.open(tone(10 * S, 1), EditList.whole(10 * S))
    grab(scene.raw)
    layer = scene.raw._layer
    first.announce_peaks(0, LENGTH)
    assert scene.raw._layer is layer
    first.close()


def test_a_theme_change_redraws(scene: Scene) -> None:
    theme = Theme.current()
    theme.set_scheme(ColourScheme.DARK)
    dark = grab(scene.raw).pixelColor(30, 120)
    theme.set_scheme(ColourScheme.LIGHT)
    assert grab(scene.raw).pixelColor(30, 120) != dark
    theme.set_scheme(ColourScheme.SYSTEM)


def test_three_hours_with_thousands_of_segments_paint_without_reading_the_whole(
    qtbot: QtBot,
) -> None:
    import benchmarks.paint as paint
    from editorbot_gui.waveform.waveform_data import WaveformData

    read = []

    class Watched(paint._Noise):
        def _read(self, start: int, stop: int) -> paint.Samples:
            read.append(stop - start)
            return super()._read(start, stop)

    source = Watched(3 * 3600 * 48_000)
    scene = Scene()
    scene.data = WaveformData(source, paint._peaks(source))
    scene.state.set_document(source.n_samples, 48_000, Timeline(paint._edit(source.n_samples)))
    for view in (scene.raw, scene.edited, scene.overview):
        view.set_data(scene.data)
    for view in scene.views:
        qtbot.addWidget(view)
        view.resize(1920, view.height())
        grab(view)
    assert not read
    before = time.thread_time()
    for _ in range(5):
        scene.state.zoom(Axis.RAW, 10**8, 2)
        for view in scene.views:
            grab(view)
    # Generous: the benchmark tells the time, this only that it doesn't grow with the recording.
    assert (time.thread_time() - before) / 5 < 0.2
    scene.data.close()
    assert sum(read) < source.n_samples / 20
