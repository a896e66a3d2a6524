"""Editing by hand in the real window: each command by its key or menu, against the document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QWidget

from editorbot_gui.editing.dialogs import CrossfadeDialog, GainDialog, RepeatDialog
from editorbot_gui.editing.snapping import SnapTo
from editorbot_gui.playback.player import PlayerState
from editorbot_gui.waveform.edges import Edge
from editorbot_gui.waveform.gestures import GUTTER_PX
from editorbot_gui.waveform.view_state import Axis, Selection
from model_core.edit.types import ChangeState, EditList, FadeLaw, Gap, Join, Segment
from tests.gui.waveform_scene import click, drag, grab, mouse

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from editorbot_gui.main_window import MainWindow
    from editorbot_gui.session import Session
    from editorbot_gui.waveform.view_state import ViewState
    from tests.gui.conftest import Rig

RATE = 16_000
S = RATE
LENGTH = 3 * S
WHOLE = EditList.whole(LENGTH)
THREE = EditList.from_ranges([(0, S), (S + 4000, 2 * S), (2 * S + 4000, LENGTH)])
PRESS, MOVE, RELEASE = (
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseMove,
    QEvent.Type.MouseButtonRelease,
)
CTRL, ALT, SHIFT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


class Desk:
    """The window with a recording, and the shortest ways to what the tests ask it for."""

    def __init__(self, rig: Rig, qtbot: QtBot) -> None:
        self.rig = rig
        self.qtbot = qtbot
        self.window: MainWindow = rig.window
        self.session: Session = rig.window.session
        self.view: ViewState = rig.window.view
        self.said: list[str] = []
        rig.window.editor.told.connect(self.said.append)

    def edit_as(self, edit: EditList) -> None:
        self.session.apply_edit(edit, "Before")

    def select(self, start: int, stop: int, axis: Axis = Axis.EDITED) -> None:
        self.view.select(axis, start, stop)

    def go(self, place: int) -> None:
        self.window.transport.listen_to(Axis.EDITED)
        self.window.transport.seek(Axis.EDITED, place)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier | None = None) -> None:
        """Presses a key in the waveform of the edit, as a person would."""
        plain = Qt.KeyboardModifier.NoModifier
        self.window.page.edited.setFocus()
        self.qtbot.keyClick(self.window.page.edited, key, modifiers or plain)

    def do(self, name: str) -> None:
        action = self.window.commands[name]
        assert action.isEnabled(), action.toolTip()
        action.trigger()

    def items(self) -> tuple[object, ...]:
        return self.session.edit_list.items

    def selected(self) -> Selection | None:
        return self.view.selection

    def edge(self) -> Edge | None:
        return self.view.edge

    @property
    def steps(self) -> list[str]:
        stack = self.session.undo_stack
        return [stack.text(index) for index in range(stack.index())]


@pytest.fixture
def desk(rig: Rig, qtbot: QtBot, speech: Path) -> Desk:
    rig.open(qtbot, speech)
    return Desk(rig, qtbot)


# Selecting ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["raw", "edited"])
def test_a_drag_selects_in_the_window(desk: Desk, name: str) -> None:
    view = getattr(desk.window.page, name)
    drag(view, view.x_of(S), view.x_of(1.5 * S), view.x_of(2 * S))
    chosen = desk.view.selection
    assert chosen is not None
    assert chosen.axis is view.axis
    assert chosen.start == pytest.approx(S, abs=2 * view.samples_per_pixel)
    assert chosen.stop == pytest.approx(2 * S, abs=2 * view.samples_per_pixel)


def test_in_and_out_set_the_ends_of_the_selection(desk: Desk) -> None:
    desk.go(S)
    desk.key(Qt.Key.Key_I)
    assert desk.selected() == Selection(Axis.EDITED, S, LENGTH)
    desk.go(2 * S)
    desk.key(Qt.Key.Key_O)
    assert desk.selected() == Selection(Axis.EDITED, S, 2 * S)
    desk.go(100)
    desk.key(Qt.Key.Key_O)
    assert desk.selected() == Selection(Axis.EDITED, 0, 100)


def test_escape_clears_the_selection_wherever_the_focus_is(desk: Desk) -> None:
    desk.select(S, 2 * S)
    desk.qtbot.keyClick(desk.window.edits_list, Qt.Key.Key_Escape)
    assert desk.selected() is None
    desk.edit_as(THREE)
    desk.view.choose_edge(Edge(0, at_end=True))
    desk.qtbot.keyClick(desk.window.page.raw, Qt.Key.Key_Escape)
    assert desk.edge() is None


def test_select_all_and_nothing(desk: Desk) -> None:
    desk.key(Qt.Key.Key_A, CTRL)
    assert desk.selected() == Selection(Axis.RAW, 0, LENGTH)
    desk.key(Qt.Key.Key_A, CTRL | SHIFT)
    assert desk.selected() is None


def test_a_click_selects_the_segment_and_puts_the_playhead_there(desk: Desk) -> None:
    edited = desk.window.page.edited
    click(edited, edited.x_of(S // 2))
    assert desk.selected() is None  # there is only one segment: nothing to tell apart
    desk.edit_as(THREE)
    click(edited, edited.x_of(S + 5000))
    assert desk.selected() == Selection(Axis.EDITED, S, 2 * S - 4000)
    assert desk.view.playhead(Axis.EDITED) == pytest.approx(S + 5000, abs=100)
    raw = desk.window.page.raw
    click(raw, raw.x_of(S + 2000))
    assert desk.selected() == Selection(Axis.RAW, S, S + 4000)
    click(edited, edited.x_of(LENGTH - 1000))  # behind its end
    assert desk.selected() is None
    assert desk.view.playhead(Axis.EDITED) == THREE.length


def test_shift_and_a_click_move_the_nearer_end(desk: Desk) -> None:
    edited = desk.window.page.edited
    desk.select(S, 2 * S)
    for place, expected in ((2.5, (1, 2.5)), (0.5, (0.5, 2.5)), (2, (0.5, 2))):
        click(edited, edited.x_of(place * S), modifiers=SHIFT)
        chosen = desk.view.selection
        assert chosen is not None
        assert (chosen.start / S, chosen.stop / S) == pytest.approx(expected, abs=0.01)


def test_up_and_down_select_segments(desk: Desk) -> None:
    desk.edit_as(THREE)
    desk.go(0)
    desk.key(Qt.Key.Key_Down)
    assert desk.selected() == Selection(Axis.EDITED, S, 2 * S - 4000)
    assert desk.view.playhead(Axis.EDITED) == S
    desk.key(Qt.Key.Key_Up)
    assert desk.selected() == Selection(Axis.EDITED, 0, S)


def test_zoom_to_the_selection(desk: Desk) -> None:
    desk.select(S, 2 * S)
    desk.key(Qt.Key.Key_E)
    start, stop = desk.view.visible(Axis.EDITED)
    assert start < S < 2 * S < stop
    assert stop - start < 1.2 * S


def test_going_from_onset_to_onset(rig: Rig, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    since = (np.arange(LENGTH) / RATE - 0.5) % 1.0  # a note at 0.5, 1.5 and 2.5 s
    notes = 0.5 * np.sin(2 * np.pi * 220 * since) * np.exp(-10 * since)
    soundfile.write(path, notes, RATE, subtype="PCM_16")
    rig.open(qtbot, path)
    desk, transport = Desk(rig, qtbot), rig.window.transport

    def step(key: Qt.Key) -> float:
        desk.key(key, CTRL)
        qtbot.waitUntil(lambda: not rig.window.runner.jobs)
        return transport.position / RATE

    right, left = Qt.Key.Key_Right, Qt.Key.Key_Left
    assert [step(right) for _ in range(3)] == pytest.approx([0.5, 1.5, 2.5], abs=0.02)
    assert step(right) == pytest.approx(2.5, abs=0.02)
    assert desk.said[-1] == "There is no further onset."
    assert step(left) == pytest.approx(1.5, abs=0.02)
    assert transport.heard is Axis.RAW
    # In the edit they are where they are heard, in every pass.
    desk.edit_as(EditList.from_ranges([(2 * S, LENGTH), (S, 2 * S), (S, 2 * S)]))
    desk.go(0)
    assert [step(right) for _ in range(3)] == pytest.approx([0.5, 1.5, 2.5], abs=0.02)
    assert step(left) == pytest.approx(1.5, abs=0.02)


# Commands by key ----------------------------------------------------------------------------------


def test_split_and_undo(desk: Desk) -> None:
    desk.go(S)
    desk.key(Qt.Key.Key_S)
    assert desk.items() == (Segment(0, 0, S), Segment(0, S, LENGTH))
    assert desk.steps == ["Split"]
    desk.key(Qt.Key.Key_Z, CTRL)
    assert desk.session.edit_list == WHOLE


def test_delete_moves_the_rest_forward_and_the_playhead_there(desk: Desk) -> None:
    desk.select(S, 2 * S)
    desk.key(Qt.Key.Key_Delete)
    assert desk.session.edit_list == EditList.from_ranges([(0, S), (2 * S, LENGTH)])
    assert desk.selected() is None
    assert desk.window.transport.heard is Axis.EDITED
    assert desk.window.transport.position == S
    [row] = desk.session.changes
    assert (row.start, row.stop, row.state) == (S, 2 * S, ChangeState.MANUAL)


def test_delete_leaving_a_gap(desk: Desk) -> None:
    desk.select(S, 2 * S)
    desk.key(Qt.Key.Key_Delete, SHIFT)
    assert desk.items() == (Segment(0, 0, S), Gap(S), Segment(0, 2 * S, LENGTH))


def test_delete_in_the_recording_and_keep_again(desk: Desk) -> None:
    desk.select(S, 2 * S, Axis.RAW)
    desk.key(Qt.Key.Key_Delete)
    assert desk.session.edit_list == EditList.from_ranges([(0, S), (2 * S, LENGTH)])
    assert not desk.window.commands["delete"].isEnabled()
    desk.key(Qt.Key.Key_K, CTRL)
    assert desk.session.edit_list == WHOLE
    assert desk.session.changes == ()
    assert desk.steps == ["Delete", "Keep again"]


def test_cut_and_paste(desk: Desk) -> None:
    assert not desk.window.commands["paste"].isEnabled()
    desk.select(0, S)
    desk.key(Qt.Key.Key_X, CTRL)
    assert desk.items() == (Segment(0, S, LENGTH),)
    desk.go(S)
    desk.key(Qt.Key.Key_V, CTRL)
    assert desk.items() == (Segment(0, S, 2 * S), Segment(0, 0, S), Segment(0, 2 * S, LENGTH))
    assert desk.selected() == Selection(Axis.EDITED, S, 2 * S)
    assert desk.steps == ["Cut out", "Paste"]


def test_copy_and_paste_twice(desk: Desk) -> None:
    desk.select(0, S)
    desk.key(Qt.Key.Key_C, CTRL)
    desk.go(LENGTH)
    desk.key(Qt.Key.Key_V, CTRL)
    desk.key(Qt.Key.Key_V, CTRL)
    assert desk.items() == (*WHOLE.items, Segment(0, 0, S), Segment(0, 0, S))


def test_what_was_copied_is_gone_with_its_recording(desk: Desk, qtbot: QtBot, speech: Path) -> None:
    desk.select(0, S)
    desk.do("copy")
    desk.rig.open(qtbot, speech)
    assert not desk.window.commands["paste"].isEnabled()


def test_duplicate_a_pass(desk: Desk) -> None:
    desk.select(S, 2 * S)
    desk.key(Qt.Key.Key_D, CTRL)
    desk.key(Qt.Key.Key_D, CTRL)
    assert desk.session.edit_list == EditList.from_ranges(
        [(0, S), (S, 2 * S), (S, 2 * S), (S, 2 * S), (2 * S, LENGTH)]
    )
    assert desk.selected() == Selection(Axis.EDITED, 3 * S, 4 * S)


def test_repeat_asks_how_often(desk: Desk) -> None:
    desk.select(S, 2 * S)
    desk.key(Qt.Key.Key_R, CTRL)
    [dialog] = desk.window.findChildren(RepeatDialog)
    dialog.times.setValue(4)
    assert dialog.length.text() == "6.00 s"
    dialog.accept()
    assert desk.session.edit_list.length == 6 * S
    assert desk.steps == ["Repeat ×4"]


def test_join_back(desk: Desk) -> None:
    desk.edit_as(THREE)
    desk.go(S)
    desk.key(Qt.Key.Key_J, CTRL)
    assert desk.session.edit_list == EditList.from_ranges([(0, 2 * S), (2 * S + 4000, LENGTH)])
    desk.select(0, S * 2 + 100)
    desk.key(Qt.Key.Key_J, CTRL)
    assert desk.session.edit_list == WHOLE


def test_moving_a_segment_goes_on_with_it(desk: Desk) -> None:
    desk.edit_as(THREE)
    one, two, three = THREE.items
    desk.go(0)
    desk.key(Qt.Key.Key_Down, ALT)
    desk.key(Qt.Key.Key_Down, ALT)
    assert desk.items() == (two, three, one)
    assert not desk.window.commands["move_later"].isEnabled()
    desk.key(Qt.Key.Key_Up, ALT)
    assert desk.items() == (two, one, three)


@pytest.mark.parametrize(
    ("key", "modifiers", "moved_ms"),
    [
        (Qt.Key.Key_Comma, None, -1),
        (Qt.Key.Key_Period, None, 1),
        (Qt.Key.Key_Comma, SHIFT, -10),
        (Qt.Key.Key_Period, SHIFT, 10),
    ],
)
def test_nudging_the_chosen_edge(
    desk: Desk, key: Qt.Key, modifiers: Qt.KeyboardModifier | None, moved_ms: int
) -> None:
    desk.edit_as(THREE)
    assert not desk.window.commands["nudge_on"].isEnabled()
    desk.go(S // 2)
    desk.key(Qt.Key.Key_BracketRight)
    assert desk.edge() == Edge(0, at_end=True)
    assert desk.view.playhead(Axis.EDITED) == S
    for _ in range(3):
        desk.key(key, modifiers)
    moved = 3 * moved_ms * RATE // 1000
    assert desk.items() == (Segment(0, 0, S + moved), *THREE.items[1:])
    assert desk.edge() == Edge(0, at_end=True)
    assert desk.steps == ["Before", "Nudge"]


def test_a_nudge_that_goes_no_further_is_no_step(desk: Desk) -> None:
    desk.edit_as(EditList.from_ranges([(0, S), (S, LENGTH)]))
    desk.view.choose_edge(Edge(0, at_end=True))
    desk.do("nudge_on")
    assert desk.steps == ["Before"]
    assert "no further" in desk.said[-1]


def test_gain_by_key_and_by_dialog(desk: Desk) -> None:
    desk.edit_as(THREE)
    desk.go(S + 100)
    desk.key(Qt.Key.Key_Up, CTRL)
    desk.key(Qt.Key.Key_Up, CTRL)
    desk.key(Qt.Key.Key_Down, CTRL)
    assert [item.gain_db for item in desk.session.edit_list.segments] == [0, 1, 0]
    assert desk.steps == ["Before", "Gain"]
    desk.key(Qt.Key.Key_G, SHIFT)
    [dialog] = desk.window.findChildren(GainDialog)
    dialog.gain.setValue(-6.5)
    dialog.accept()
    assert [item.gain_db for item in desk.session.edit_list.segments] == [0, -5.5, 0]


def test_crossfade_of_a_join_and_of_all(desk: Desk) -> None:
    desk.edit_as(THREE)
    desk.go(S)
    desk.key(Qt.Key.Key_F, SHIFT)
    [dialog] = desk.window.findChildren(CrossfadeDialog)
    assert dialog.automatic.isChecked()
    dialog.automatic.setChecked(False)
    dialog.length.setValue(50)
    dialog.law.setCurrentIndex(dialog.law.findData(FadeLaw.EQUAL_POWER))
    dialog.accept()
    chosen = Join(FadeLaw.EQUAL_POWER, round(0.05 * RATE))
    assert desk.session.edit_list.joins == (chosen, Join())
    desk.do("crossfade")
    dialog = desk.window.findChildren(CrossfadeDialog)[-1]
    assert dialog.length.value() == 50
    dialog.everywhere.setChecked(True)
    dialog.accept()
    assert desk.session.edit_list.joins == (chosen, chosen)


def test_what_cannot_be_done_is_disabled_and_says_why(desk: Desk) -> None:
    commands = desk.window.commands
    assert not commands["delete"].isEnabled()
    assert "Select something first" in commands["delete"].toolTip()
    desk.select(0, S)
    assert commands["delete"].isEnabled()
    assert "moves forward" in commands["delete"].toolTip()
    assert not commands["join_back"].isEnabled()
    assert not commands["crossfade"].isEnabled()


def test_deleting_everything_leaves_a_window_that_works(desk: Desk) -> None:
    desk.do("select_all")
    desk.do("delete")
    assert desk.items() == ()
    for name in ("split", "delete", "duplicate", "join_back", "next_edge", "nudge_on"):
        assert not desk.window.commands[name].isEnabled(), name
    grab(desk.window.page.edited)
    desk.select(0, S, Axis.RAW)
    desk.do("keep_again")
    assert desk.items() == (Segment(0, 0, S),)


# The player ---------------------------------------------------------------------------------------


def test_editing_never_stops_the_player(desk: Desk) -> None:
    desk.edit_as(THREE)
    desk.go(100)
    transport, player = desk.window.transport, desk.window.player
    transport.toggle_play()
    for name in ("split", "duplicate", "copy", "paste", "louder", "delete_gap", "join_back",
                 "move_later", "next_edge", "nudge_back", "select_in", "delete"):  # fmt: skip
        if name in ("copy", "delete_gap", "delete"):
            desk.select(1000, 2000)
        if name == "move_later":
            desk.view.clear_selection()
        desk.do(name)
        player.feed()
        desk.rig.backend.stream.pull(64)
        player._poll()
        assert player.state is PlayerState.PLAYING, name
    assert player.underruns == 0


# Menus --------------------------------------------------------------------------------------------


def context_menu(view: QWidget, x: float, *, by_key: bool = False) -> None:
    place = QPoint(round(x), 60)
    reason = QContextMenuEvent.Reason.Keyboard if by_key else QContextMenuEvent.Reason.Mouse
    event = QContextMenuEvent(reason, place, view.mapToGlobal(place))
    QApplication.sendEvent(view, event)


@pytest.mark.parametrize("by_key", [False, True])
def test_every_view_has_a_menu_with_the_same_commands(desk: Desk, by_key: bool) -> None:
    desk.edit_as(THREE)
    page = desk.window.page
    for view, axis, name in (
        (page.raw, Axis.RAW, "keep_again"),
        (page.edited, Axis.EDITED, "split"),
        (page.plot, Axis.EDITED, "join_back"),
    ):
        context_menu(view, view.x_of(S // 2), by_key=by_key)
        menu = desk.window.editor.menus.menu(axis)
        assert menu.isVisible()
        assert desk.window.commands[name] in menu.actions()
        menu.close()


def test_the_menu_is_about_what_is_under_the_pointer(desk: Desk) -> None:
    desk.edit_as(THREE)
    edited = desk.window.page.edited
    context_menu(edited, edited.x_of(S + 6000))
    desk.window.editor.menus.menu(Axis.EDITED).close()
    assert desk.selected() == Selection(Axis.EDITED, S, 2 * S - 4000)
    desk.select(100, 2000)
    context_menu(edited, edited.x_of(1000))
    desk.window.editor.menus.menu(Axis.EDITED).close()
    assert desk.selected() == Selection(Axis.EDITED, 100, 2000)
    context_menu(edited, edited.x_of(S) - 3)
    desk.window.editor.menus.menu(Axis.EDITED).close()
    assert desk.edge() == Edge(0, at_end=True)
    raw = desk.window.page.raw
    context_menu(raw, raw.x_of(S + 2000))
    desk.window.editor.menus.menu(Axis.RAW).close()
    desk.do("keep_again")
    assert desk.session.edit_list == EditList.from_ranges([(0, 2 * S), (2 * S + 4000, LENGTH)])


# Dragging edges -----------------------------------------------------------------------------------


def held(desk: Desk, edge: Edge) -> float:
    """Returns where an edge can be held."""
    edited = desk.window.page.edited
    x = edited.x_of(edge.position(desk.session.timeline))
    return x - 2 if edge.at_end else x + 2


def pointed(desk: Desk) -> Edge | None:
    return desk.view.pointed_edge


@pytest.fixture
def cut_up(desk: Desk) -> Desk:
    desk.edit_as(THREE)
    for kind in SnapTo:
        desk.window.commands[kind].setChecked(False)
    return desk


def test_an_edge_shows_that_it_can_be_held(cut_up: Desk) -> None:
    edited = cut_up.window.page.edited
    for edge in (Edge(0, at_end=True), Edge(1, at_end=False), Edge(2, at_end=True)):
        mouse(edited, MOVE, held(cut_up, edge), button=Qt.MouseButton.NoButton)
        assert pointed(cut_up) == edge
        assert edited.cursor().shape() is Qt.CursorShape.SizeHorCursor
    mouse(edited, MOVE, edited.x_of(S // 2), button=Qt.MouseButton.NoButton)
    assert pointed(cut_up) is None
    assert edited.cursor().shape() is Qt.CursorShape.ArrowCursor
    mouse(edited, MOVE, held(cut_up, Edge(0, at_end=True)), 5, Qt.MouseButton.NoButton)
    assert pointed(cut_up) is None  # the header is for selecting


def test_dragging_an_end_moves_what_follows_as_one_step(cut_up: Desk) -> None:
    edited, edge = cut_up.window.page.edited, Edge(0, at_end=True)
    x, per_pixel = held(cut_up, edge), edited.samples_per_pixel
    drag(edited, x, x - 30, x - 60, x - 40)
    first, second, third = cut_up.session.edit_list.segments
    assert first.start == 0
    assert first.stop == pytest.approx(S - 40 * per_pixel, abs=1)
    assert (second, third) == THREE.segments[1:]
    assert cut_up.steps == ["Before", "Drag an edge"]
    assert cut_up.edge() == edge
    cut_up.do("undo")
    assert cut_up.session.edit_list == THREE


def test_dragging_a_start_keeps_what_follows_under_the_pointer(cut_up: Desk) -> None:
    edited, edge = cut_up.window.page.edited, Edge(1, at_end=False)
    cut_up.view.show_range(Axis.EDITED, S // 2, 2 * S)
    x, per_pixel = held(cut_up, edge), edited.samples_per_pixel
    later = edited.x_of(int(cut_up.session.timeline.starts[2]))
    drag(edited, x, x + 10, x + 50, release=False)
    assert cut_up.view.timeline.edit_list != THREE
    assert cut_up.session.edit_list == THREE
    assert edited.x_of(int(cut_up.view.timeline.starts[2])) == pytest.approx(later, abs=1)
    assert edited.x_of(edge.position(cut_up.view.timeline)) == pytest.approx(x - 2 + 50, abs=1)
    mouse(edited, RELEASE, x + 50)
    second = cut_up.session.edit_list.segments[1]
    assert second.start == pytest.approx(S + 4000 + 50 * per_pixel, abs=1)
    assert second.stop == 2 * S
    assert edited.x_of(edge.position(cut_up.session.timeline)) == pytest.approx(x - 2 + 50, abs=1)


def test_an_edge_stops_where_the_cut_is_closed(cut_up: Desk) -> None:
    edited = cut_up.window.page.edited
    x = held(cut_up, Edge(0, at_end=True))
    drag(edited, x, x + 50, x + 2000)
    assert cut_up.session.edit_list.segments[0] == Segment(0, 0, S + 4000)


def test_escape_gives_a_drag_up(cut_up: Desk) -> None:
    edited = cut_up.window.page.edited
    x = held(cut_up, Edge(0, at_end=True))
    before = cut_up.view.visible(Axis.EDITED)
    drag(edited, x, x - 30, x - 60, release=False)
    assert cut_up.view.timeline.edit_list != THREE
    cut_up.key(Qt.Key.Key_Escape)
    assert cut_up.view.timeline.edit_list == THREE
    assert cut_up.view.visible(Axis.EDITED) == before
    mouse(edited, RELEASE, x - 60)
    assert cut_up.steps == ["Before"]


def test_other_keys_wait_for_the_end_of_a_drag(cut_up: Desk) -> None:
    edited = cut_up.window.page.edited
    x = held(cut_up, Edge(0, at_end=True))
    drag(edited, x, x - 30, release=False)
    cut_up.key(Qt.Key.Key_S)
    mouse(edited, RELEASE, x - 30)
    assert cut_up.steps == ["Before", "Drag an edge"]


def test_an_edit_from_elsewhere_ends_a_drag(cut_up: Desk) -> None:
    edited = cut_up.window.page.edited
    x = held(cut_up, Edge(0, at_end=True))
    drag(edited, x, x - 30, release=False)
    cut_up.session.apply_edit(WHOLE, "Generate")
    mouse(edited, RELEASE, x - 30)
    assert cut_up.session.edit_list == WHOLE
    assert cut_up.view.timeline.edit_list == WHOLE


def test_a_click_on_an_edge_chooses_it_and_changes_nothing(cut_up: Desk) -> None:
    edited = cut_up.window.page.edited
    click(edited, held(cut_up, Edge(1, at_end=False)))
    assert cut_up.edge() == Edge(1, at_end=False)
    assert cut_up.selected() is None
    assert cut_up.session.edit_list == THREE
    click(edited, edited.x_of(S // 2))
    assert cut_up.edge() is None


def test_a_dragged_edge_snaps_to_silence_unless_alt_is_held(
    rig: Rig, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "beeps.wav"
    seconds = np.arange(LENGTH) / RATE
    loud = (seconds % 1.0) < 0.75
    tone = np.sin(2 * np.pi * 200 * seconds) * loud * 0.5
    soundfile.write(path, tone, RATE, subtype="PCM_16")
    rig.open(qtbot, path)
    desk = Desk(rig, qtbot)
    desk.edit_as(EditList.from_ranges([(0, 2 * S), (2 * S + 8000, LENGTH)]))
    assert rig.window.commands["snap_silence"].isChecked()
    edited, edge = rig.window.page.edited, Edge(0, at_end=True)
    x, per_pixel = held(desk, edge), edited.samples_per_pixel
    by = round(0.25 * S / per_pixel)
    data = edited.data
    assert data is not None
    qtbot.waitUntil(lambda: data.samples(S, 2 * S) is not None)
    drag(edited, x, x - by // 2, x - by - 4)
    stop = desk.session.edit_list.segments[0].stop
    assert stop == pytest.approx(1.75 * S, abs=0.006 * S)
    desk.do("undo")
    mouse(edited, PRESS, x)
    mouse(edited, MOVE, x - by // 2, modifiers=ALT)
    mouse(edited, MOVE, x - by - 4, modifiers=ALT)
    mouse(edited, RELEASE, x - by - 4)
    stop = desk.session.edit_list.segments[0].stop
    assert stop == pytest.approx(2 * S - (by + 4) * per_pixel, abs=1)


def test_edges_paint(cut_up: Desk) -> None:
    edited = cut_up.window.page.edited
    plain = grab(edited)
    cut_up.view.choose_edge(Edge(0, at_end=True))
    chosen = grab(edited)
    x = round(edited.x_of(S))
    assert x > GUTTER_PX
    assert chosen.pixelColor(x - 2, 60) != plain.pixelColor(x - 2, 60)
    assert chosen.pixelColor(x - 2, 60) == edited.palette_in_use.text
