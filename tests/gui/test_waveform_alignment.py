from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtWidgets import QApplication

from editorbot_gui.waveform.view_state import Axis
from model_core.edit.timeline import Timeline
from model_core.edit.types import ChangeKind, EditList, Segment
from tests.gui.waveform_scene import EDIT, LENGTH, S, Scene, click, colours_in, grab, hover, tone

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def scene(qtbot: QtBot) -> Scene:
    scene = Scene(tone())
    for view in scene.views:
        qtbot.addWidget(view)
    scene.plot.resize(800, 400)
    return scene


def test_everything_in_view_shows_the_whole_recording_upwards(scene: Scene) -> None:
    assert scene.plot.raw_range == (0, LENGTH)
    area = scene.plot.area
    assert scene.plot.y_of(0) == pytest.approx(area.bottom())
    assert scene.plot.y_of(LENGTH) == pytest.approx(area.top())


def test_a_part_shows_all_that_it_plays(scene: Scene) -> None:
    scene.state.show_range(Axis.EDITED, 20 * S, 30 * S)  # 25-30 s and 24-29 s
    low, high = scene.plot.raw_range
    assert low < 24 * S
    assert high > 30 * S
    assert high - low < 12 * S


def test_copies_are_diagonals_where_they_belong(scene: Scene) -> None:
    image = grab(scene.plot)
    colour = scene.plot.palette_in_use.edited
    for index, item in enumerate(EDIT.items):
        if not isinstance(item, Segment):
            continue
        position = int(scene.state.timeline.starts[index])
        for share in (0.1, 0.5, 0.9):
            offset = share * item.length
            x = round(scene.plot.x_of(position + offset))
            y = round(scene.plot.y_of(item.start + offset))
            assert colours_in(image, colour, QRect(x - 1, y - 2, 3, 5)) > 0


def test_steps_have_the_colours_of_their_kinds(scene: Scene) -> None:
    image, palette = grab(scene.plot), scene.plot.palette_in_use
    for at_s, from_s, to_s, colour in (
        (9, 10, 14, palette.line_of_kind(ChangeKind.CUT)),
        (25, 30, 24, palette.line_of_kind(ChangeKind.LOOP)),
        (44, 55, 40, palette.line_of_kind(ChangeKind.REORDER)),
    ):
        x = round(scene.plot.x_of(at_s * S))
        top, bottom = sorted(round(scene.plot.y_of(at * S)) for at in (from_s, to_s))
        assert colours_in(image, colour, QRect(x - 1, top, 3, bottom - top)) > 5


def test_a_click_asks_for_a_position_of_the_edit_and_so_moves_both(
    scene: Scene, qtbot: QtBot
) -> None:
    scene.plot.seek_requested.connect(lambda at: scene.state.set_playhead(Axis.EDITED, at))
    with qtbot.waitSignal(scene.plot.seek_requested):
        click(scene.plot, scene.plot.x_of(11 * S) + 0.01, 200)
    assert scene.state.playhead(Axis.EDITED) == pytest.approx(11 * S, abs=S / 50)
    assert scene.state.playhead(Axis.RAW) == pytest.approx(16 * S, abs=S / 50)


def test_hovering_names_the_segment(scene: Scene, qtbot: QtBot) -> None:
    with qtbot.waitSignal(scene.plot.hover_described) as said:
        hover(scene.plot, scene.plot.x_of(12 * S), 200)
    assert said.args == ["Segment 2 of 6  ·  0:14.0 – 0:30.0 of the recording  ·  16.0 s"]
    with qtbot.waitSignal(scene.plot.hover_described) as said:
        hover(scene.plot, scene.plot.x_of(38 * S), 200)
    assert said.args == ["Gap of 2.00 s"]
    with qtbot.waitSignal(scene.plot.hover_described) as said:
        QApplication.sendEvent(scene.plot, QEvent(QEvent.Type.Leave))
    assert said.args == [""]


def test_the_segment_under_the_pointer_is_highlighted_from_any_view(scene: Scene) -> None:
    plain = grab(scene.plot)
    hover(scene.raw, scene.raw.x_of(20 * S))
    assert grab(scene.plot) != plain


def test_thousands_of_segments_look_like_few(qtbot: QtBot) -> None:
    step = LENGTH // 3000
    edit = EditList.from_ranges((index * step, index * step + step // 2) for index in range(3000))
    scene = Scene(tone(), edit)
    qtbot.addWidget(scene.plot)
    scene.plot.resize(800, 400)
    scene.state.set_hover(None)
    assert scene.plot._dense
    image, colour = grab(scene.plot), scene.plot.palette_in_use.edited
    for share in np.linspace(0.05, 0.95, 10).tolist():
        x = round(scene.plot.x_of(share * edit.length))
        y = round(scene.plot.y_of(share * LENGTH))
        assert colours_in(image, colour, QRect(x - 2, y - 3, 5, 7)) > 2
    scene.state.show_range(Axis.EDITED, 0, S / 2)
    assert not scene.plot._dense
    grab(scene.plot)


def test_dense_jumps_back_and_forth_paint_in_all_resolutions(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(2)
    starts = random.integers(0, LENGTH - 200, 2000).tolist()
    scene = Scene(tone(), EditList.from_ranges((start, start + 150) for start in starts))
    qtbot.addWidget(scene.plot)
    for ratio in (1.0, 1.5, 2.0):
        monkeypatch.setattr(scene.plot, "devicePixelRatioF", lambda r=ratio: r, raising=False)
        scene.plot.invalidate()
        grab(scene.plot)


def test_an_edit_without_anything_is_no_error(scene: Scene) -> None:
    scene.state.set_timeline(Timeline(EditList()))
    grab(scene.plot)
    hover(scene.plot, 300, 200)
    click(scene.plot, 300, 200)


def test_the_plot_takes_the_focus(scene: Scene) -> None:
    assert scene.plot.focusPolicy() == Qt.FocusPolicy.StrongFocus
