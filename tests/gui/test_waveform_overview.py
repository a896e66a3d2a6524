from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from editorbot_gui.waveform.view_state import MIN_SPAN_SAMPLES, Axis
from tests.gui.waveform_scene import LENGTH, S, Scene, click, drag, grab, hover, tone, wheel

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def scene(qtbot: QtBot) -> Scene:
    scene = Scene(tone())
    for view in scene.views:
        qtbot.addWidget(view)
    scene.state.show_range(Axis.RAW, 20 * S, 30 * S)
    return scene


def middle_x(scene: Scene) -> float:
    return scene.overview.frame.center().x()


def test_the_frame_shows_what_is_visible(scene: Scene) -> None:
    frame = scene.overview.frame
    assert scene.overview.sample_at(frame.left()) == pytest.approx(20 * S)
    assert scene.overview.sample_at(frame.right()) == pytest.approx(30 * S)


def test_dragging_the_frame_pans(scene: Scene) -> None:
    x = middle_x(scene)
    drag(scene.overview, x, x + 20, x + 62, y=20)
    moved = 62 * scene.overview.samples_per_pixel
    assert scene.state.start(Axis.RAW) == pytest.approx(20 * S + moved)
    assert scene.state.span == pytest.approx(10 * S)


def test_dragging_an_edge_zooms(scene: Scene) -> None:
    right = scene.overview.frame.right()
    drag(scene.overview, right, right + 30, right + 50, y=20)
    start, stop = scene.state.visible(Axis.RAW)
    assert start == pytest.approx(20 * S)
    assert stop == pytest.approx(30 * S + 50 * scene.overview.samples_per_pixel, rel=0.01)
    left = scene.overview.frame.left()
    drag(scene.overview, left, left + 40, y=20)
    assert scene.state.start(Axis.RAW) > 20 * S


def test_a_click_beside_the_frame_seeks_and_goes_there(scene: Scene, qtbot: QtBot) -> None:
    x = scene.overview.x_of(50 * S)
    with qtbot.waitSignal(scene.overview.seek_requested) as asked:
        click(scene.overview, x, 20)
    assert asked.args[0] == pytest.approx(50 * S, abs=scene.overview.samples_per_pixel)
    assert sum(scene.state.visible(Axis.RAW)) / 2 == pytest.approx(50 * S, abs=S)


def test_a_drag_of_the_frame_does_not_seek(scene: Scene, qtbot: QtBot) -> None:
    x = middle_x(scene)
    with qtbot.assertNotEmitted(scene.overview.seek_requested):
        drag(scene.overview, x, x + 40, y=20)


def test_the_frame_can_be_held_at_the_closest_zoom(scene: Scene) -> None:
    scene.state.zoom(Axis.RAW, 25 * S, 1e9)
    assert scene.state.span == MIN_SPAN_SAMPLES
    assert scene.overview.frame.width() >= 6
    grab(scene.overview)
    x = middle_x(scene)
    drag(scene.overview, x, x + 30, y=20)
    assert scene.state.start(Axis.RAW) > 26 * S


def test_the_wheel_pans_and_zooms_the_frame(scene: Scene) -> None:
    wheel(scene.overview, 400, -1)
    assert scene.state.start(Axis.RAW) > 20 * S
    span = scene.state.span
    wheel(scene.overview, 400, 1, Qt.KeyboardModifier.ControlModifier)
    assert scene.state.span < span


def test_pointer_shapes_say_what_can_be_dragged(scene: Scene) -> None:
    frame = scene.overview.frame
    for x, shape in (
        (frame.left(), Qt.CursorShape.SizeHorCursor),
        (frame.center().x(), Qt.CursorShape.OpenHandCursor),
        (frame.right() + 60, Qt.CursorShape.ArrowCursor),
    ):
        hover(scene.overview, x, 20)
        assert scene.overview.cursor().shape() == shape


def test_with_everything_in_view_there_is_no_frame_to_drag(scene: Scene, qtbot: QtBot) -> None:
    scene.state.fit_all()
    with qtbot.waitSignal(scene.overview.seek_requested):
        click(scene.overview, 300, 20)
    assert scene.state.visible(Axis.RAW) == (0, LENGTH)


def test_moving_the_visible_part_does_not_redraw_the_overview(scene: Scene) -> None:
    grab(scene.overview)
    layer = scene.overview._layer
    scene.state.pan(Axis.RAW, S)
    grab(scene.overview)
    assert scene.overview._layer is layer
