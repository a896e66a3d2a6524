"""Dragging segments, loops and edges in the real window, against the document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from editorbot_gui.editing.snapping import SnapTo
from editorbot_gui.main_window import MainWindow
from editorbot_gui.settings import Settings
from editorbot_gui.waveform.edges import Edge
from editorbot_gui.waveform.view_state import Axis, Selection
from model_core.edit.types import EditList, Gap, Proposal, Segment
from tests.gui.waveform_scene import grab

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.gui.conftest import Rig

S = 16_000
LENGTH = 3 * S
THREE = EditList.from_ranges([(0, S), (S + 4000, 2 * S), (2 * S + 4000, LENGTH)])
LOOPED = EditList.from_ranges([(0, 2 * S), (S, 2 * S), (S, 2 * S), (S, LENGTH)])
PRESS, MOVE, RELEASE, DOUBLE = (
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseMove,
    QEvent.Type.MouseButtonRelease,
    QEvent.Type.MouseButtonDblClick,
)
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
PLAIN, SHIFT, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
HEADER_Y, LANES_Y = 8.0, 60.0


def send(
    view: QWidget,
    kind: QEvent.Type,
    x: float,
    y: float = LANES_Y,
    modifiers: Qt.KeyboardModifier = PLAIN,
) -> None:
    place = QPointF(x, y)
    button = NONE if kind is MOVE else LEFT
    held = NONE if kind is RELEASE else LEFT
    event = QMouseEvent(kind, place, view.mapToGlobal(place), button, held, modifiers)
    QApplication.sendEvent(view, event)


def pull(
    view: QWidget,
    start: float,
    stop: float,
    y: float = LANES_Y,
    modifiers: Qt.KeyboardModifier = PLAIN,
) -> None:
    """Takes hold, goes there in three moves, and lets go."""
    send(view, PRESS, start, y, modifiers)
    for share in (0.4, 0.8, 1.0):
        send(view, MOVE, start + share * (stop - start), y, modifiers)
    send(view, RELEASE, stop, y, modifiers)


@pytest.fixture
def cut_up(rig: Rig, qtbot: QtBot, speech: Path) -> Rig:
    """Three segments, and nothing that edges are drawn to."""
    rig.open(qtbot, speech)
    for kind in SnapTo:
        rig.window.commands[kind].setChecked(False)
    rig.window.session.apply_edit(THREE, "Before")
    return rig


def items(rig: Rig) -> tuple[object, ...]:
    return rig.window.session.edit_list.items


def step(rig: Rig) -> str:
    return rig.window.session.undo_stack.undoText()


def at_edge(rig: Rig, edge: Edge) -> float:
    x = rig.window.page.edited.x_of(edge.position(rig.window.session.timeline))
    return x - 2 if edge.at_end else x + 2


# Segments -----------------------------------------------------------------------------------------


def test_a_segment_dragged_by_its_head_goes_to_another_place(cut_up: Rig) -> None:
    edited = cut_up.window.page.edited
    one, two, three = THREE.items
    send(edited, PRESS, edited.x_of(4000), HEADER_Y)
    send(edited, MOVE, edited.x_of(20_000), HEADER_Y)
    drop = cut_up.window.view.drop
    assert drop is not None
    assert (drop.position, drop.start, drop.stop) == (S, 0, S)
    send(edited, MOVE, edited.x_of(THREE.length - 500), HEADER_Y)
    assert cut_up.window.view.drop is not None
    assert cut_up.window.view.drop.position == THREE.length
    assert items(cut_up) == THREE.items  # nothing has changed yet
    grab(edited)
    send(edited, RELEASE, edited.x_of(THREE.length - 500), HEADER_Y)
    assert items(cut_up) == (two, three, one)
    assert step(cut_up) == "Move a segment"
    assert cut_up.window.view.drop is None
    assert cut_up.window.view.selection == Selection(Axis.EDITED, THREE.length - S, THREE.length)
    cut_up.window.commands["undo"].trigger()
    assert items(cut_up) == THREE.items


def test_segments_that_are_selected_go_together_and_earlier(cut_up: Rig) -> None:
    edited, (one, two, three) = cut_up.window.page.edited, THREE.items
    cut_up.window.view.select(Axis.EDITED, S, THREE.length)
    pull(edited, edited.x_of(THREE.length - 4000), edited.x_of(300), HEADER_Y)
    assert items(cut_up) == (two, three, one)
    assert step(cut_up) == "Move segments"


def test_escape_gives_the_drag_up_and_its_own_place_is_no_step(cut_up: Rig, qtbot: QtBot) -> None:
    edited = cut_up.window.page.edited
    send(edited, PRESS, edited.x_of(4000), HEADER_Y)
    send(edited, MOVE, edited.x_of(30_000), HEADER_Y)
    qtbot.keyClick(edited, Qt.Key.Key_Escape)
    assert cut_up.window.view.drop is None
    send(edited, RELEASE, edited.x_of(30_000), HEADER_Y)
    pull(edited, edited.x_of(4000), edited.x_of(15_000), HEADER_Y)
    assert items(cut_up) == THREE.items
    assert step(cut_up) == "Before"
    assert cut_up.window.view.selection is None


def test_a_click_on_the_head_selects_as_elsewhere(cut_up: Rig) -> None:
    edited = cut_up.window.page.edited
    send(edited, PRESS, edited.x_of(4000), HEADER_Y)
    send(edited, RELEASE, edited.x_of(4000), HEADER_Y)
    assert cut_up.window.view.selection == Selection(Axis.EDITED, 0, S)


def test_the_hand_shows_where_segments_can_be_held(cut_up: Rig) -> None:
    edited = cut_up.window.page.edited
    place = QPointF(edited.x_of(4000), HEADER_Y)
    event = QMouseEvent(MOVE, place, edited.mapToGlobal(place), NONE, NONE, PLAIN)
    QApplication.sendEvent(edited, event)
    assert edited.cursor().shape() is Qt.CursorShape.OpenHandCursor
    place.setY(LANES_Y)
    event = QMouseEvent(MOVE, place, edited.mapToGlobal(place), NONE, NONE, PLAIN)
    QApplication.sendEvent(edited, event)
    assert edited.cursor().shape() is not Qt.CursorShape.OpenHandCursor


# Loops --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edge", [Edge(0, at_end=True), Edge(1, at_end=False), Edge(3, False)])
def test_both_ends_of_a_loop_move_together_in_all_passes(cut_up: Rig, edge: Edge) -> None:
    window = cut_up.window
    window.session.apply_edit(LOOPED, "Loop")
    edited = window.page.edited
    x = at_edge(cut_up, edge)
    pull(edited, x, x - 3000 / edited.samples_per_pixel)
    first = window.session.edit_list.items[0]
    assert isinstance(first, Segment)
    by = first.stop - 2 * S
    assert by == pytest.approx(-3000, abs=edited.samples_per_pixel)
    assert window.session.edit_list == EditList.from_ranges(
        [(0, 2 * S + by), (S + by, 2 * S + by), (S + by, 2 * S + by), (S + by, LENGTH)]
    )
    assert window.session.edit_list.length == LOOPED.length
    assert step(cut_up) == "Slide a loop"


def test_with_shift_one_end_moves_alone_in_all_passes(cut_up: Rig) -> None:
    window = cut_up.window
    window.session.apply_edit(LOOPED, "Loop")
    edited = window.page.edited
    x = at_edge(cut_up, Edge(0, at_end=True))
    pull(edited, x, x - 3000 / edited.samples_per_pixel, modifiers=SHIFT)
    segments = window.session.edit_list.segments
    assert {segment.start for segment in segments[1:]} == {S}
    (stop,) = {segment.stop for segment in segments[:-1]}
    assert stop == pytest.approx(2 * S - 3000, abs=edited.samples_per_pixel)
    assert step(cut_up) == "Drag an end of a loop"


def test_with_shift_and_beats_a_loop_is_whole_beats_long(
    rig: Rig, qtbot: QtBot, tmp_path: Path
) -> None:
    rate = 16_000
    time = np.arange(12 * rate) / rate
    rng = np.random.default_rng(1)
    strokes = rng.normal(0, 0.3, time.size) * np.exp(-60 * ((time - 0.25) % 0.5))
    path = tmp_path / "drums.wav"
    soundfile.write(path, strokes.clip(-1, 1), rate, subtype="PCM_16")
    rig.open(qtbot, path)
    window = rig.window
    snaps = window.editor.snaps
    with qtbot.waitSignal(snaps.places.beats_found, timeout=60_000):
        window.commands["snap_beat"].trigger()
    assert "beats found" in window.happened.text()
    beats = snaps.beats()
    assert np.median(np.diff(beats)) == pytest.approx(rate / 2, abs=200)
    start, stop = 4 * rate, 6 * rate
    window.session.apply_edit(
        EditList.from_ranges([(0, stop), (start, stop), (start, 12 * rate)]), "Loop"
    )
    edited = window.page.edited
    x = at_edge(rig, Edge(0, at_end=True))
    pull(edited, x, x + 0.6 * rate / edited.samples_per_pixel, modifiers=SHIFT)
    first, second, _ = window.session.edit_list.segments
    assert first.stop == second.stop
    assert second.length == pytest.approx(2.5 * rate, abs=400)
    # Any other edge goes to a beat.
    window.commands["snap_zero"].setChecked(False)
    window.commands["snap_silence"].setChecked(False)
    window.session.apply_edit(EditList.from_ranges([(0, 3 * rate), (5 * rate, 12 * rate)]), "Cut")
    x = at_edge(rig, Edge(0, at_end=True))
    beat = min(beats, key=lambda place: abs(place - 3.7 * rate))
    pull(edited, x, x + (beat - 3 * rate) / edited.samples_per_pixel + 2)
    assert window.session.edit_list.segments[0].stop == beat
    x = at_edge(rig, Edge(0, at_end=True))
    pull(edited, x, x + 40, modifiers=ALT)
    assert window.session.edit_list.segments[0].stop not in beats
    window.commands["snap_beat"].setChecked(False)
    assert snaps.beats() == []


def test_edges_go_to_onsets_once_they_are_found(cut_up: Rig, qtbot: QtBot) -> None:
    window, edited = cut_up.window, cut_up.window.page.edited
    window.commands["snap_onset"].setChecked(True)
    snaps = window.editor.snaps
    onset = round(2.5 * S)  # where the third burst begins
    snaps.prepare(onset)
    qtbot.waitUntil(lambda: not window.runner.jobs)
    (found,) = snaps.places.near(onset, 1000, frozenset({SnapTo.ONSET})).tolist()
    assert found == pytest.approx(onset, abs=200)
    edge = Edge(2, at_end=False)
    x = at_edge(cut_up, edge)
    pull(edited, x, x + (onset - 2 * S - 4000) / edited.samples_per_pixel + 2)
    assert window.session.edit_list.segments[2].start == found
    qtbot.waitUntil(lambda: not window.runner.jobs)


# Back to the proposal -----------------------------------------------------------------------------


def test_a_double_click_puts_an_edge_back_to_where_it_was_proposed(cut_up: Rig) -> None:
    window, edited = cut_up.window, cut_up.window.page.edited
    window.session.apply_edit(THREE, "Generate", proposal=Proposal(THREE, ()))
    edge = Edge(1, at_end=False)
    x = at_edge(cut_up, edge)
    pull(edited, x, x - 30)
    assert items(cut_up) != THREE.items
    send(edited, DOUBLE, at_edge(cut_up, edge))
    assert items(cut_up) == THREE.items
    assert step(cut_up) == "Reset an edge"
    send(edited, DOUBLE, at_edge(cut_up, edge))
    assert "Nothing has changed" in window.happened.text()


def test_a_loop_goes_back_as_a_whole(cut_up: Rig) -> None:
    window, edited = cut_up.window, cut_up.window.page.edited
    window.session.apply_edit(LOOPED, "Generate", proposal=Proposal(LOOPED, ()))
    x = at_edge(cut_up, Edge(1, at_end=False))
    pull(edited, x, x + 40)
    assert items(cut_up) != LOOPED.items
    send(edited, DOUBLE, at_edge(cut_up, Edge(0, at_end=True)))
    assert items(cut_up) == LOOPED.items


def test_what_was_not_proposed_has_nothing_to_go_back_to(cut_up: Rig) -> None:
    edited = cut_up.window.page.edited
    send(edited, DOUBLE, at_edge(cut_up, Edge(0, at_end=True)))
    assert "was not proposed" in cut_up.window.happened.text()
    proposed = EditList((Gap(5), Segment(0, LENGTH - 10, LENGTH)))
    cut_up.window.session.apply_edit(THREE, "Generate", proposal=Proposal(proposed, ()))
    send(edited, DOUBLE, at_edge(cut_up, Edge(0, at_end=True)))
    assert "leaves this passage out" in cut_up.window.happened.text()


def test_what_is_snapped_to_is_a_submenu(cut_up: Rig) -> None:
    bar = cut_up.window.menuBar()
    (menu,) = (one for one in bar.findChildren(QMenu) if one.title() == "S&nap to")
    assert [action.objectName() for action in menu.actions()] == [str(kind) for kind in SnapTo]


def test_what_is_snapped_to_is_remembered(
    rig: Rig, qtbot: QtBot, speech: Path, own_folders: Path
) -> None:
    assert rig.window.settings.snap_to is None
    rig.open(qtbot, speech)
    rig.window.commands["snap_zero"].trigger()
    assert rig.window.settings.snap_to == ("snap_onset", "snap_silence")
    rig.window.settings.save()
    other = MainWindow(Settings(own_folders / "settings.ini"))
    qtbot.addWidget(other)
    assert [other.commands[kind].isChecked() for kind in SnapTo] == [False, True, True, False]
    other.close()
    for kind in SnapTo:
        rig.window.commands[kind].setChecked(False)
    assert rig.window.settings.snap_to == ()
