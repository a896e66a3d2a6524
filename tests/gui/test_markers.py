"""Markers in the real window: keys, rulers, list, projects, against the document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QInputDialog, QMenu

from editorbot_gui.dialogs.export import ExportChoice
from editorbot_gui.editing.snapping import SnapTo
from editorbot_gui.waveform.view_state import Axis
from model_core.edit.markers import Marker
from model_core.edit.project import read_project
from model_core.edit.types import EditList
from model_core.export.tags import read_tags
from tests.gui.waveform_scene import grab

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from editorbot_gui.waveform.ruler import TimeRuler
    from tests.gui.conftest import Rig

S = 16_000
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
PRESS, MOVE, RELEASE, DOUBLE = (
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseMove,
    QEvent.Type.MouseButtonRelease,
    QEvent.Type.MouseButtonDblClick,
)
Y = 6.0


@pytest.fixture
def desk(rig: Rig, qtbot: QtBot, speech: Path) -> Rig:
    rig.open(qtbot, speech)
    for kind in SnapTo:
        rig.window.commands[kind].setChecked(False)
    return rig


def put(rig: Rig, *places: int) -> None:
    for place in places:
        rig.window.transport.seek(Axis.RAW, place)
        rig.window.commands["add_marker"].trigger()


def markers(rig: Rig) -> tuple[tuple[int, str], ...]:
    return tuple((marker.position, marker.name) for marker in rig.window.session.markers)


def send(ruler: TimeRuler, kind: QEvent.Type, x: float) -> None:
    place = QPointF(x, Y)
    button, held = (NONE if kind is MOVE else LEFT), (NONE if kind is RELEASE else LEFT)
    plain = Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(kind, place, ruler.mapToGlobal(place), button, held, plain)
    QApplication.sendEvent(ruler, event)


def test_m_marks_the_place_of_the_recording(desk: Rig, qtbot: QtBot) -> None:
    window = desk.window
    window.session.apply_edit(EditList.from_ranges([(S, 3 * S)]), "Cut")
    window.transport.listen_to(Axis.EDITED)
    window.transport.seek(Axis.EDITED, 500)
    window.page.edited.setFocus()
    qtbot.keyClick(window.page.edited, Qt.Key.Key_M)
    assert markers(desk) == ((S + 500, "Marker 1"),)
    assert window.session.undo_stack.undoText() == "Add a marker"
    assert "Shift+M names it" in window.happened.text()
    qtbot.keyClick(window.page.edited, Qt.Key.Key_M)
    assert "already" in window.happened.text()
    put(desk, 30_000)
    assert markers(desk) == ((S + 500, "Marker 1"), (30_000, "Marker 2"))
    window.commands["undo"].trigger()
    window.commands["undo"].trigger()
    assert markers(desk) == ()
    assert window.session.edit_list == EditList.from_ranges([(S, 3 * S)])


def test_a_marker_is_named_by_key_and_by_double_click(desk: Rig) -> None:
    put(desk, 8000)
    desk.window.commands["rename_marker"].trigger()
    dialog = desk.window.findChildren(QInputDialog)[-1]
    dialog.setTextValue("  The first \n question ")
    dialog.accept()
    assert markers(desk) == ((8000, "The first question"),)
    ruler = desk.window.page.raw_ruler
    send(ruler, DOUBLE, ruler.x_of(8000) + 3)
    dialog = desk.window.findChildren(QInputDialog)[-1]
    assert dialog.textValue() == "The first question"
    dialog.reject()
    assert desk.window.session.undo_stack.undoText() == "Name a marker"


def test_a_marker_is_dragged_as_one_step_and_escape_gives_up(desk: Rig, qtbot: QtBot) -> None:
    put(desk, 8000, 30_000)
    ruler, view = desk.window.page.raw_ruler, desk.window.view
    start, stop = ruler.x_of(8000) + 3, ruler.x_of(20_000) + 3
    send(ruler, PRESS, start)
    send(ruler, MOVE, stop)
    places, numbers = view.marker_places(Axis.RAW)
    assert places[0] == pytest.approx(20_000, abs=ruler.samples_per_pixel)
    assert numbers.tolist() == [0, 1]
    assert markers(desk)[0] == (8000, "Marker 1")
    qtbot.keyClick(ruler, Qt.Key.Key_Escape)
    send(ruler, RELEASE, stop)
    assert view.marker_places(Axis.RAW)[0].tolist() == [8000, 30_000]
    send(ruler, PRESS, start)
    send(ruler, MOVE, start + 50)
    send(ruler, MOVE, ruler.x_of(40_000) + 3)
    send(ruler, RELEASE, ruler.x_of(40_000) + 3)
    (_, second), (place, first) = markers(desk)
    assert (first, second) == ("Marker 1", "Marker 2")
    assert place == pytest.approx(40_000, abs=ruler.samples_per_pixel)
    stack = desk.window.session.undo_stack
    assert (stack.count(), stack.undoText()) == (3, "Move a marker")


def test_a_marker_moves_with_its_sound_in_the_edit(desk: Rig) -> None:
    put(desk, 8000, 24_000)
    window, view = desk.window, desk.window.view
    window.session.apply_edit(EditList.from_ranges([(16_000, 32_000), (20_000, 48_000)]), "Loop")
    places, numbers = view.marker_places(Axis.EDITED)
    assert places.tolist() == [8000, 20_000]
    assert numbers.tolist() == [1, 1]
    ruler = window.page.edited_ruler
    grab(ruler)
    assert [flag.index for flag in ruler.flags] == [1, 1]
    assert ruler.flags[0].words == "Marker 2"
    start = ruler.x_of(20_000) + 3
    send(ruler, PRESS, start)
    send(ruler, MOVE, start + 4000 / ruler.samples_per_pixel)
    send(ruler, RELEASE, start + 4000 / ruler.samples_per_pixel)
    assert markers(desk)[1][0] == pytest.approx(28_000, abs=4 * ruler.samples_per_pixel)


def test_going_from_marker_to_marker(desk: Rig, qtbot: QtBot) -> None:
    put(desk, 8000, 24_000, 40_000)
    window = desk.window
    window.transport.listen_to(Axis.RAW)
    window.transport.seek(Axis.RAW, 10_000)
    alt = Qt.KeyboardModifier.AltModifier
    qtbot.keyClick(window.page.raw, Qt.Key.Key_Right, alt)
    assert window.view.playhead(Axis.RAW) == 24_000
    assert "Marker 2" in window.happened.text()
    qtbot.keyClick(window.page.raw, Qt.Key.Key_Left, alt)
    assert window.view.playhead(Axis.RAW) == 8000
    qtbot.keyClick(window.page.raw, Qt.Key.Key_Left, alt)
    assert "no further marker" in window.happened.text()
    # In the edit they are gone through as they are heard.
    window.session.apply_edit(EditList.from_ranges([(30_000, 48_000), (0, 12_000)]), "Move")
    window.transport.listen_to(Axis.EDITED)
    window.transport.seek(Axis.EDITED, 0)
    window.commands["next_marker"].trigger()
    assert window.view.playhead(Axis.EDITED) == 10_000
    window.commands["next_marker"].trigger()
    assert window.view.playhead(Axis.EDITED) == 26_000
    assert window.view.chosen_marker == 0


def test_markers_are_deleted_by_key_and_from_their_menu(desk: Rig) -> None:
    put(desk, 8000, 24_000)
    window = desk.window
    ruler = window.page.raw_ruler
    place = QPoint(round(ruler.x_of(8000)) + 3, round(Y))
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, ruler.mapToGlobal(place))
    QApplication.sendEvent(ruler, event)
    menu = next(menu for menu in window.findChildren(QMenu) if menu.isVisible())
    assert window.commands["delete_marker"] in menu.actions()
    menu.close()
    window.commands["delete_marker"].trigger()
    assert markers(desk) == ((24_000, "Marker 2"),)
    window.transport.seek(Axis.RAW, 24_000)
    window.commands["delete_marker"].trigger()
    assert markers(desk) == ()
    assert not window.commands["delete_marker"].isEnabled()
    assert "M sets one" in window.commands["next_marker"].toolTip()


def test_the_list_goes_to_markers_and_names_them(desk: Rig) -> None:
    window, panel = desk.window, desk.window.markers.panel
    assert not panel.isVisibleTo(window.edits_list)
    put(desk, 8000, 24_000)
    assert panel.isVisibleTo(window.edits_list)
    assert panel.table.rowCount() == 2
    assert panel.table.item(1, 0).text() == "0:01.500"
    panel.table.selectRow(0)
    assert window.view.playhead(Axis.RAW) == 8000
    assert window.view.chosen_marker == 0
    panel.table.item(1, 1).setText("Answer")
    assert markers(desk) == ((8000, "Marker 1"), (24_000, "Answer"))
    window.commands["undo"].trigger()
    assert panel.table.item(1, 1).text() == "Marker 2"


def test_markers_are_saved_opened_and_exported(desk: Rig, qtbot: QtBot, tmp_path: Path) -> None:
    window = desk.window
    put(desk, 8000)
    assert window.projects.modified
    window.session.apply_edit(EditList.from_ranges([(4000, 48_000)]), "Cut")
    path = tmp_path / "marked.editorbot"
    window.projects._save(path, None)
    qtbot.waitUntil(lambda: not window.projects.modified)
    assert read_project(path).markers == (Marker(8000, "Marker 1"),)
    window.session.apply_markers((), "Delete")
    assert window.projects.modified
    desk.open(qtbot, path)
    assert markers(desk) == ((8000, "Marker 1"),)
    out = tmp_path / "out.flac"
    with qtbot.waitSignal(window.exporter.exported):
        window.export(ExportChoice(out, "FLAC", None, None))
    (chapter,) = read_tags(out).chapters
    assert (chapter.start_s, chapter.title) == (0.25, "Marker 1")


def test_another_recording_has_none(desk: Rig, qtbot: QtBot, speech: Path) -> None:
    put(desk, 8000)
    desk.open(qtbot, speech)
    assert markers(desk) == ()
    assert desk.window.view.markers == ()
    assert desk.window.page.raw_ruler.flags == []
